"""``kredin rates``: the figures of the law with their sources, adding one, and withdrawing one that was typed wrongly.

Belongs here: putting the release's rows and the added ones side by side, and printing. Not here: what may be added
(``kredin_pipeline.law.figures``), keeping it (``kredin_pipeline.journal.figures``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import typer

from kredin_pipeline.commands.output import failures_told, print_json, print_table, wrong_use
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.journal import AddedFigure
from kredin_pipeline.law.coverage import covered
from kredin_pipeline.law.figures import contradicted, days_named, shown, value_of
from kredin_pipeline.law.rates import (
    COLLECTION_RATE,
    COURT_FEE,
    LATE_INTEREST,
    NAMES,
    STANDARD_COMPENSATION,
    FeeTable,
    Figure,
    Rate,
    Rates,
)

if TYPE_CHECKING:
    from kredin_pipeline.cases.derive import LawTables

FIRST_SHOWN: Final = (LATE_INTEREST, COLLECTION_RATE, COURT_FEE, STANDARD_COMPENSATION)
_COLUMNS: Final = ("id", "from", "to", "value", "unit", "source", "confidence", "added by", "note")


@dataclass(frozen=True)
class ListedFigure:
    """A row of the list. ``figure_id`` and ``added_by``: None for a row of the release; ``counts``: runs use it."""

    kind: str
    valid_from: date
    valid_to: date | None
    value: Decimal | None
    unit: str
    source: str
    confidence: str
    figure_id: int | None = None
    added_by: str | None = None
    counts: bool = True
    note: str | None = None


def list_rates(kind: str | None, on: date | None, *, as_json: bool) -> None:
    """Print the figures of every kind or one, or only those in force on a day, and what each kind covers."""
    with failures_told():
        journal = open_session().journal
        law, added = journal.law_tables(), journal.figures()
    kinds = _kinds(law)
    if kind is not None and kind not in kinds:
        wrong_use(f"--kind: found {kind!r}, want one of {', '.join(kinds)}")
    chosen = kinds if kind is None else [kind]
    rows = {name: listed(name, law, added) for name in chosen}
    if on is not None:
        rows = {name: [row for row in held if row.counts and _in_force(row, on)] for name, held in rows.items()}
    if as_json:
        print_json(
            {
                "covered": [
                    {"kind": name, "from": first, "to": last}
                    for name in chosen
                    for first, last in covered(name, law.rates, law.fees)
                ],
                "figures": [_as_row(row) for name in chosen for row in rows[name]],
            }
        )
        return
    if on is not None:
        _print_day(on, chosen, rows, law)
        return
    for name in chosen:
        cells = [_cells(row) for row in rows[name]]
        title = f"{name} · {covers(name, law.rates, law.fees)}"
        print_table(title, _COLUMNS, cells, title)
    for told in journal.contradicted_figures():
        typer.echo(told)


def add_rate(
    kind: str,
    first: date,
    last: date | None,
    value: str,
    source: str,
    confidence: str,
    who: str,
    *,
    replaces: int | None,
    confirm_unusual: bool,
) -> None:
    """Keep a figure for every tenant of this installation. Exit code 1 with the reason when it is refused."""
    with failures_told():
        session = open_session()
        before = session.journal.law_tables().fees
        kept = session.journal.add_figure(
            kind, first, last, value, source, confidence, who, session.now(),
            replaces=replaces, confirm_unusual=confirm_unusual,
        )  # fmt: skip
        law = session.journal.law_tables()
    given = kept.given
    row = given.rate() if kind == LATE_INTEREST else given.figure()
    typer.echo(
        f"figure {kept.figure_id}: {given.named}: {shown(row)} ({given.source}). It counts from the next run on."
    )
    ended = before.ended_by(row) if isinstance(row, Figure) else None
    if ended is not None:
        typer.echo(f"{shown(ended)} ({ended.source}), until further notice, then ends on {first - timedelta(days=1)}.")
    typer.echo(covers(kind, law.rates, law.fees))


def withdraw_rate(figure_id: int, why: str, who: str) -> None:
    """Withdraw an added figure; the row and the reason stay. Exit code 1 when there is none of that number."""
    with failures_told():
        session = open_session()
        gone = session.journal.withdraw_figure(figure_id, why, who, session.now())
        law = session.journal.law_tables()
    typer.echo(f"figure {figure_id}: {gone.given.named}: withdrawn. It counts no longer from the next run on.")
    typer.echo(covers(gone.given.kind, law.rates, law.fees))


def listed(kind: str, law: LawTables, added: Sequence[AddedFigure]) -> list[ListedFigure]:
    """The rows that count for a kind and the unknown ones, in order of time; then the added ones that do not count."""
    held: Sequence[Rate | Figure] = (
        law.rates.rows
        if kind == LATE_INTEREST
        else sorted((row for row in law.fees.figures if row.kind == kind), key=lambda row: row.valid_from)
    )
    counting = {index: _author(kind, row, added) for index, row in enumerate(held)}
    rows = [_listed(kind, row, counting[index]) for index, row in enumerate(held)]
    used = {one.figure_id for one in counting.values() if one is not None}
    return [*rows, *(_idle(one, law) for one in added if one.given.kind == kind and one.figure_id not in used)]


def covers(kind: str, rates: Rates, fees: FeeTable) -> str:
    """``late interest (forsinkelsesrente): 2004-01-01 to 2026-12-31``."""
    spans = ", ".join(map(days_named, covered(kind, rates, fees))) or "no figure is stored"
    return f"{NAMES.get(kind, kind)}: {spans}"


def _kinds(law: LawTables) -> list[str]:
    rest = sorted({*NAMES, *(row.kind for row in law.fees.figures)} - set(FIRST_SHOWN))
    return [*FIRST_SHOWN, *rest]


def _author(kind: str, row: Rate | Figure, added: Sequence[AddedFigure]) -> AddedFigure | None:
    """The added figure that a row of the tables is, or is a part of."""
    for one in added:
        given = one.given
        if one.withdrawn is None and (given.kind, given.value, given.source) == (kind, value_of(row), row.source):
            begins = given.valid_from <= row.valid_from
            ends = given.valid_to is None or (row.valid_to is not None and row.valid_to <= given.valid_to)
            if begins and ends:
                return one
    return None


def _listed(kind: str, row: Rate | Figure, author: AddedFigure | None) -> ListedFigure:
    known = value_of(row)
    value = None if known is None else known.quantize(Decimal("0.01"))
    return ListedFigure(
        kind, row.valid_from, row.valid_to, value, _unit(kind), row.source, row.confidence,
        None if author is None else author.figure_id,
        None if author is None else author.added_by,
        counts=value is not None,
        note="amount not known" if value is None else None,
    )  # fmt: skip


def _idle(one: AddedFigure, law: LawTables) -> ListedFigure:
    given, gone = one.given, one.withdrawn
    other = contradicted(given, law.rates, law.fees)
    why = "the release has this figure" if other is None else f"the release says {shown(other)}, which counts"
    note = why if gone is None else f"withdrawn by {gone.withdrawn_by}: {gone.why}"
    return ListedFigure(
        given.kind, given.valid_from, given.valid_to, given.value, _unit(given.kind), given.source, given.confidence,
        one.figure_id, one.added_by, counts=False, note=note,
    )  # fmt: skip


def _unit(kind: str) -> str:
    return "per cent" if kind == LATE_INTEREST else "kr"


def _in_force(row: ListedFigure, on: date) -> bool:
    return row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)


def _cells(row: ListedFigure) -> list[object]:
    until = "further notice" if row.valid_to is None else row.valid_to
    return [
        row.figure_id, row.valid_from, until, row.value, row.unit, row.source, row.confidence,
        row.added_by or "the release", row.note,
    ]  # fmt: skip


def _as_row(row: ListedFigure) -> dict[str, Any]:
    return {
        "kind": row.kind, "from": row.valid_from, "to": row.valid_to, "value": row.value, "unit": row.unit,
        "source": row.source, "confidence": row.confidence, "id": row.figure_id, "added_by": row.added_by,
        "counts": row.counts, "note": row.note,
    }  # fmt: skip


def _print_day(on: date, kinds: Sequence[str], rows: dict[str, list[ListedFigure]], law: LawTables) -> None:
    cells = [[name, *_cells(row)] for name in kinds for row in rows[name]]
    print_table(f"Figures in force on {on}", ("kind", *_COLUMNS), cells, f"No figure is stored for {on}.")
    for name in kinds:
        if not rows[name] and name in NAMES:
            typer.echo(f"without a figure on {on}: {covers(name, law.rates, law.fees)}")
