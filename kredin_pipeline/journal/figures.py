"""Figures of the law that a person added since the release: a log for the whole installation that only grows.

Belongs here: keeping such rows, withdrawing a wrong one, and the tables that runs use: the release's rows completed by
these. Not here: what may be added (``kredin_pipeline.law.figures``), or what a figure does to a case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, insert, select, text

from kredin_pipeline.journal import schema
from kredin_pipeline.journal.errors import JournalError
from kredin_pipeline.journal.store import Store
from kredin_pipeline.law.figures import (
    FigureRefused,
    GivenFigure,
    contradicted,
    given_figure,
    refuse_if_stored,
    refuse_if_unusual,
    shown,
)
from kredin_pipeline.law.rates import LATE_INTEREST, FeeTable, Rates, fee_table, statutory_rates

if TYPE_CHECKING:  # the derivation brings DuckDB, which a journal alone does not need
    from kredin_pipeline.cases.conclusions import LawTables


@dataclass(frozen=True)
class Withdrawal:
    """Why a figure no longer counts, who said so and when (UTC)."""

    why: str
    withdrawn_by: str
    withdrawn_at: datetime


@dataclass(frozen=True)
class AddedFigure:
    """A figure that a person added; it counts unless it is withdrawn."""

    figure_id: int
    given: GivenFigure
    added_by: str
    added_at: datetime
    withdrawn: Withdrawal | None = None


class Figures(Store):
    def add_figure(
        self,
        kind: str,
        valid_from: date,
        valid_to: date | None,
        value: object,
        source: str,
        confidence: str,
        who: str,
        at: datetime,
        *,
        replaces: int | None = None,
        confirm_unusual: bool = False,
    ) -> AddedFigure:
        """Keep a figure for days that have none; from the next run on it counts for every tenant.

        ``value`` is text in per cent a year (late interest) or kroner. ``replaces`` withdraws an earlier added figure
        in the same step. Raises ``JournalError`` saying what is wrong; nothing is kept then.
        """
        _named(who)
        try:
            given = given_figure(kind, valid_from, valid_to, value, source, confidence)
            with self.writing() as connection:
                _alone(connection)
                rates, fees = _completed(
                    [row for row in _figures(connection) if row.withdrawn is None and row.figure_id != replaces]
                )
                refuse_if_stored(given, rates, fees)
                if not confirm_unusual:
                    refuse_if_unusual(given, rates, fees)
                row = {
                    "kind": given.kind, "valid_from": given.valid_from, "valid_to": given.valid_to,
                    "value": format(given.value, "f"), "source": given.source, "confidence": given.confidence,
                    "added_by": who, "added_at": at,
                }  # fmt: skip
                done = connection.execute(insert(schema.law_figures).values(row))
                figure_id = int(done.inserted_primary_key[0]) if done.inserted_primary_key else 0
                if replaces is not None:
                    _withdraw(connection, replaces, f"replaced by figure {figure_id}", who, at)
        except FigureRefused as refused:
            raise JournalError(str(refused)) from None
        return AddedFigure(figure_id, given, who, at)

    def withdraw_figure(self, figure_id: int, why: str, who: str, at: datetime) -> AddedFigure:
        """Say that an added figure was wrong: it stays in the log and counts no longer from the next run on.

        Raises ``JournalError`` when there is no such figure, it is withdrawn already, or the reason is missing.
        """
        _named(who)
        if not why.strip():
            raise JournalError(f"figure {figure_id}: why is it withdrawn? The log needs a reason")
        with self.writing() as connection:
            _alone(connection)
            _withdraw(connection, figure_id, why.strip(), who, at)
            (found,) = [row for row in _figures(connection) if row.figure_id == figure_id]
        return found

    def figures(self) -> list[AddedFigure]:
        """Every figure that was ever added, oldest first, withdrawn ones among them."""
        with self.reading() as connection:
            return _figures(connection)

    def contradicted_figures(self) -> list[str]:
        """What the release says otherwise than an added figure, a sentence each: the release's figure counts."""
        told: list[str] = []
        for row in self.figures():
            other = contradicted(row.given, statutory_rates(), fee_table())
            if row.withdrawn is None and other is not None:
                told.append(
                    f"added figure {row.figure_id}, {row.given.named}: found {row.given.value}, but the release says "
                    f"{shown(other)} ({other.source}), which counts; withdraw it: kredin rates withdraw {row.figure_id}"
                )
        return told

    def law_tables(self) -> LawTables:
        """The figures that runs use: those of the release, completed by the added ones on the days it leaves open."""
        from kredin_pipeline.cases.conclusions import LawTables

        return LawTables(*_completed([row for row in self.figures() if row.withdrawn is None]))


def _figures(connection: Connection) -> list[AddedFigure]:
    table, withdrawals = schema.law_figures, schema.law_figure_withdrawals
    query = (
        select(table, withdrawals.c.why, withdrawals.c.withdrawn_by, withdrawals.c.withdrawn_at)
        .outerjoin(withdrawals, withdrawals.c.figure_id == table.c.figure_id)
        .order_by(table.c.figure_id)
    )
    return [_added(row) for row in connection.execute(query)]


def _added(row: Row[Any]) -> AddedFigure:
    # Not judged anew: what an earlier version has taken must not stop a run.
    given = GivenFigure(row.kind, row.valid_from, row.valid_to, Decimal(row.value), row.source, row.confidence)
    withdrawn = None if row.withdrawn_at is None else Withdrawal(row.why, row.withdrawn_by, row.withdrawn_at)
    return AddedFigure(row.figure_id, given, row.added_by, row.added_at, withdrawn)


def _completed(added: list[AddedFigure]) -> tuple[Rates, FeeTable]:
    """The release's tables with the added figures, in the order in which they were added."""
    givens = [row.given for row in added]
    return (
        statutory_rates().completed(given.rate() for given in givens if given.kind == LATE_INTEREST),
        fee_table().completed(given.figure() for given in givens if given.kind != LATE_INTEREST),
    )


def _withdraw(connection: Connection, figure_id: int, why: str, who: str, at: datetime) -> None:
    known = {row.figure_id: row for row in _figures(connection)}
    if figure_id not in known:
        listed = ", ".join(str(number) for number, row in known.items() if row.withdrawn is None) or "none"
        raise JournalError(f"figure {figure_id}: no such added figure; known are {listed} (kredin rates)")
    gone = known[figure_id].withdrawn
    if gone is not None:
        raise JournalError(f"figure {figure_id}: was withdrawn already, by {gone.withdrawn_by}: {gone.why}")
    row = {"figure_id": figure_id, "why": why, "withdrawn_by": who, "withdrawn_at": at}
    connection.execute(insert(schema.law_figure_withdrawals).values(row))


def _alone(connection: Connection) -> None:
    """No second writer of figures until this transaction ends; SQLite's writers each hold the whole journal anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("lock table law_figures in share row exclusive mode"))


def _named(who: str) -> None:
    if not who.strip():
        raise JournalError("figure: who adds or withdraws it? The log needs a name")
