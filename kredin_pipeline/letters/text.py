"""A letter as plain text: the body of an e-mail, and what ``kredin`` shows in a terminal.

Here belongs the layout in characters; what is said comes from ``document``.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from kredin_pipeline.letters.content import LetterContent
from kredin_pipeline.letters.document import ClaimBlock, LetterDocument, Line, document

WIDTH = 76


def render_text(content: LetterContent) -> str:
    """The letter as text, lines of at most 76 characters. Raises ``LetterError`` when its sums do not agree."""
    return render_document(document(content))


def render_document(letter: LetterDocument) -> str:
    """The text of a letter that has been laid out already."""
    parts: list[str] = [
        "\n".join(letter.sender),
        "\n".join(letter.recipient),
        _lines(letter.facts),
        f"{letter.title.upper()}\n{'=' * len(letter.title)}",
        *(_wrapped(paragraph) for paragraph in letter.opening),
        *(_claim(claim) for claim in letter.claims),
        f"{_heading(letter.sums_heading)}\n{_lines(letter.sums)}",
        f"{_heading(letter.payment_heading)}\n{_payment(letter)}",
        *(_wrapped(paragraph) for paragraph in letter.closing),
        "\n".join(letter.signature),
    ]
    if letter.figures:
        parts.append(f"{_heading(letter.figures_heading)}\n{_lines(letter.figures)}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(text: str) -> str:
    return f"{text}\n{'-' * len(text)}"


def _wrapped(paragraph: str) -> str:
    return fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)


def _lines(lines: Sequence[Line]) -> str:
    return "\n".join(f"{line.label}: {line.value}" for line in lines)


def _claim(claim: ClaimBlock) -> str:
    rows = [_heading(claim.heading), _lines(claim.lines)]
    if claim.interest_rows:
        table = [claim.interest_columns, *claim.interest_rows]
        rows.append("\n" + _table(table, numbers_from=2))
        rows.append(_lines(claim.interest_sums))
    if claim.interest_note:
        rows.append(claim.interest_note)
    return "\n".join(rows)


def _payment(letter: LetterDocument) -> str:
    rows = [
        "\n".join(f"{name}: {value}" for name, value in zip(letter.payment_columns, row, strict=True))
        for row in letter.payment_rows
    ]
    if letter.payment_note:
        rows.append(_wrapped(letter.payment_note))
    return "\n\n".join(rows)


def _table(rows: Sequence[Sequence[str]], numbers_from: int) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column >= numbers_from else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
