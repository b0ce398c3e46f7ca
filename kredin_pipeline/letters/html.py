"""A letter as HTML: the body that most mail programs show, with the same words and sums as the plain text and the PDF.

Here belongs the layout; what is said comes from ``document``. Nothing is fetched when it is read: no picture, no font,
no script, no style sheet from elsewhere, and nothing that tells anybody that the letter was opened. Every text is shown
as it is, never read as markup. Tables of figures carry their headings, so that a screen reader can follow them.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from kredin_pipeline.letters.document import ClaimBlock, LetterDocument, Line

_PAGE = "max-width:42em;margin:0 auto;padding:1.5em;font:15px/1.5 Georgia,serif;color:#1a1a1a;background:#ffffff"
_TABLE = "width:100%;border-collapse:collapse;margin:.4em 0"
_LEFT, _RIGHT = "text-align:left;padding:.15em 0;vertical-align:top", "text-align:right;padding:.15em 0 .15em 1em"
_SMALL = "font-size:13px;color:#555555"
_SUM = "border-top:1px solid #1a1a1a;border-bottom:1px solid #1a1a1a;padding:.4em 0;margin:.4em 0"


def render_html(letter: LetterDocument) -> str:
    """The page of a letter that has been laid out (``document``)."""
    parts = [
        _block(letter.sender, strong_first=True),
        _block(letter.recipient),
        _account(letter.facts),
        f"<h1 style='font-size:22px'>{escape(letter.title)}</h1>",
        *map(_paragraph, letter.opening),
        *map(_claim, letter.claims),
        _heading(letter.sums_heading),
        f"<div style='{_SUM}'>{_account(letter.sums)}</div>",
        _heading(letter.payment_heading),
        _rows(letter.payment_columns, letter.payment_rows, 3),
        _paragraph(letter.payment_note) if letter.payment_note else "",
        *map(_paragraph, letter.closing),
        _block(letter.signature),
        _heading(letter.figures_heading) + _account(letter.figures) if letter.figures else "",
    ]
    body = "\n".join(part for part in parts if part)
    return (
        f"<!doctype html>\n<html lang='{letter.language}'>\n<head><meta charset='utf-8'>"
        f"<meta name='viewport' content='width=device-width'><title>{escape(letter.title)}</title></head>\n"
        f"<body style='margin:0;background:#ffffff'><div style='{_PAGE}'>\n{body}\n</div></body>\n</html>\n"
    )


def _heading(text: str) -> str:
    return f"<h2 style='font-size:17px;margin:1.4em 0 .3em'>{escape(text)}</h2>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _block(lines: Sequence[str], *, strong_first: bool = False) -> str:
    shown = [escape(line) for line in lines]
    if strong_first and shown:
        shown[0] = f"<strong>{shown[0]}</strong>"
    return f"<p>{'<br>'.join(shown)}</p>" if shown else ""


def _account(lines: Sequence[Line]) -> str:
    """What it is on the left, the amount on the right; sums are bold."""
    if not lines:
        return ""
    rows: list[str] = []
    for line in lines:
        name, value = escape(line.label), escape(line.value)
        if line.strong:
            name, value = f"<strong>{name}</strong>", f"<strong>{value}</strong>"
        rows.append(
            f"<tr><th scope='row' style='{_LEFT};font-weight:normal'>{name}</th><td style='{_RIGHT}'>{value}</td></tr>"
        )
    return f"<table style='{_TABLE}'>{''.join(rows)}</table>"


def _rows(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int) -> str:
    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{tag} style='{_RIGHT if at >= numbers_from else _LEFT}'>{escape(cell)}</{tag.split()[0]}>"
            for at, cell in enumerate(row)
        )

    head = f"<thead style='{_SMALL}'><tr>{cells('th scope=col', columns)}</tr></thead>"
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table style='{_TABLE}'>{head}<tbody>{body}</tbody></table>"


def _claim(claim: ClaimBlock) -> str:
    parts = [_heading(claim.heading), _account(claim.lines)]
    if claim.interest_rows:
        parts += [_rows(claim.interest_columns, claim.interest_rows, 2), _account(claim.interest_sums)]
        if claim.interest_note is not None:
            parts.append(f"<p style='{_SMALL}'>{escape(claim.interest_note)}</p>")
    return "\n".join(parts)
