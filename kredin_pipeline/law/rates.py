"""The tables of figures: late interest by half-year, and every fee and tariff, each row with source and confidence.

Belongs here: reading the tables, looking up a day, and saying clearly that a figure is missing. Not here: what is
computed from a figure. The rows are in `data/*.csv`: `valid_from`, `valid_to` (the last day, empty = until further
notice), the value (empty = a figure exists but is not known to us), `source`, `confidence`.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Literal, TypeVar

Confidence = Literal["high", "medium", "low", "unknown"]
END_OF_TIME = date(9999, 12, 31)
Days = tuple[date, date | None]
"""First and last day; None: until further notice."""

LATE_INTEREST = "late_interest"
COLLECTION_RATE = "collection_rate"
COURT_FEE = "court_fee"
STANDARD_COMPENSATION = "standard_compensation"
NEW_ACT_LETTER_FEE = "new_act_letter_fee"
CONCILIATION_FEE = "conciliation_fee"
ENFORCEMENT_FEE = "enforcement_fee"
ENFORCEMENT_WRITING_COST = "enforcement_writing_cost_max"
BANKRUPTCY_NOTICE_FEE = "bankruptcy_notice_service_fee"

NAMES = {
    LATE_INTEREST: "late interest (forsinkelsesrente)",
    COLLECTION_RATE: "collection rate (inkassosats)",
    COURT_FEE: "court fee (rettsgebyr)",
    STANDARD_COMPENSATION: "standard compensation (standardkompensasjon)",
    NEW_ACT_LETTER_FEE: "letter fee of the 2026 act (purregebyr)",
    CONCILIATION_FEE: "conciliation fee (forliksklage)",
    ENFORCEMENT_FEE: "enforcement fee (utlegg)",
    ENFORCEMENT_WRITING_COST: "writing cost of an enforcement petition",
    BANKRUPTCY_NOTICE_FEE: "service fee of a bankruptcy notice (konkursvarsel)",
}


class NoRate(LookupError):
    """No figure is stored for a day. ``day`` is the first day without one, ``kind`` what was looked for."""

    def __init__(self, day: date, kind: str = "rate") -> None:
        self.day = day
        self.kind = kind
        super().__init__(f"no {NAMES.get(kind, kind)} for {day.isoformat()}")


@dataclass(frozen=True)
class Rate:
    """One row of late interest: from ``valid_from`` through ``valid_to``, ``basis_points`` a year (1250 = 12.50 %)."""

    valid_from: date
    valid_to: date
    basis_points: int
    source: str = ""
    confidence: Confidence = "high"


@dataclass(frozen=True)
class Figure:
    """One row of the fee table; ``amount`` in kroner (a plain number for multiples), None = not known to us."""

    kind: str
    valid_from: date
    valid_to: date | None
    amount: Decimal | None
    source: str = ""
    confidence: Confidence = "high"

    def covers(self, day: date) -> bool:
        """True if the row is in force on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


_Row = TypeVar("_Row", Rate, Figure)


@dataclass(frozen=True)
class Rates:
    """Late interest rates in order of time, without overlaps (forsinkelsesrenteloven § 3).

    Raises ``ValueError`` when two rows cover the same day.
    """

    rows: tuple[Rate, ...]

    def __post_init__(self) -> None:
        for earlier, later in zip(self.rows, self.rows[1:], strict=False):
            if later.valid_from <= earlier.valid_to:
                raise ValueError(
                    f"late interest rates: the row from {later.valid_from} begins before the row from "
                    f"{earlier.valid_from} ends on {earlier.valid_to}; end the older row first"
                )

    def row_on(self, day: date) -> Rate:
        """The row in force on ``day``; raises ``NoRate`` naming the day."""
        index = bisect_right(self.rows, day, key=lambda row: row.valid_from) - 1
        if index < 0 or self.rows[index].valid_to < day:
            raise NoRate(day)
        return self.rows[index]

    def on(self, day: date) -> int:
        """Rate of the day in basis points; raises ``NoRate``."""
        return self.row_on(day).basis_points

    def covers(self, day: date) -> bool:
        """True if a rate is stored for ``day``."""
        try:
            self.row_on(day)
        except NoRate:
            return False
        return True

    def known_until(self, first: date, until: date) -> date:
        """First day from ``first`` that has no rate, at most ``until``: interest can be computed up to it."""
        day = first
        while day < until:
            try:
                day = self.row_on(day).valid_to + timedelta(days=1)
            except NoRate:
                return day
        return until

    def pieces(self, first: date, until: date) -> list[tuple[date, date, int]]:
        """The span [``first``, ``until``) cut at every change of rate: (from, to, basis points)."""
        cut: list[tuple[date, date, int]] = []
        day = first
        while day < until:
            row = self.row_on(day)
            end = min(until, row.valid_to + timedelta(days=1))
            cut.append((day, end, row.basis_points))
            day = end
        return cut

    def with_rows(self, extra: Iterable[Rate]) -> Rates:
        """These rates and ``extra`` ones, say a half-year announced after the release; never a changed figure."""
        return Rates(tuple(sorted((*self.rows, *extra), key=lambda row: row.valid_from)))

    def free_days(self, row: Rate) -> list[Days]:
        """The days of ``row`` for which no rate is stored."""
        return days_without(row, self.rows)

    def completed(self, extra: Iterable[Rate]) -> Rates:
        """These rates, and the ``extra`` ones in order on the days that have none: no stored rate is changed."""
        found = self
        for row in extra:
            found = found.with_rows(_pieces(row, found.free_days(row)))
        return found

    def replaced_by(self, other: Sequence[Rate]) -> Rates:
        """The ``other`` rates on their days and these on the rest: for a question, never for a run."""
        kept = [piece for row in self.rows for piece in _pieces(row, days_without(row, other))]
        return Rates(tuple(kept)).with_rows(other)


@dataclass(frozen=True)
class AgreedRate:
    """One agreed yearly rate for every day, in basis points; only business debtors may owe it (rules § 3)."""

    basis_points: int

    def covers(self, day: date) -> bool:
        """True: an agreement has no last day."""
        return True

    def known_until(self, first: date, until: date) -> date:
        """``until``: every day is known."""
        return until

    def pieces(self, first: date, until: date) -> list[tuple[date, date, int]]:
        """The whole span at the one rate."""
        return [(first, until, self.basis_points)] if first < until else []


NO_INTEREST = AgreedRate(0)
"""`interest: none` and customers without interest."""


@dataclass(frozen=True)
class FeeTable:
    """Every stored fee and tariff by kind and day."""

    figures: tuple[Figure, ...]

    def figure(self, kind: str, day: date) -> Figure:
        """The row of ``kind`` in force on ``day``, newest first.

        Raises ``NoRate`` naming kind and day when there is none or its amount is not known; never another year's.
        """
        for row in self._of_kind(kind):
            if row.covers(day) and row.amount is not None:
                return row
        raise NoRate(day, kind)

    def amount(self, kind: str, day: date) -> Decimal:
        """Amount in kroner of ``kind`` on ``day``; raises ``NoRate``."""
        found = self.figure(kind, day).amount
        assert found is not None  # `figure` passes over rows without an amount
        return found

    def covers(self, kind: str, day: date) -> bool:
        """True if an amount of ``kind`` is stored for ``day``."""
        try:
            self.figure(kind, day)
        except NoRate:
            return False
        return True

    def with_rows(self, extra: Iterable[Figure]) -> FeeTable:
        """This table and ``extra`` rows; of two rows that cover a day the one that began later counts."""
        return FeeTable((*self.figures, *extra))

    def known(self, kind: str) -> list[Figure]:
        """The rows of ``kind`` whose amount is known, in order of time."""
        return [row for row in reversed(self._of_kind(kind)) if row.amount is not None]

    def ended_by(self, row: Figure) -> Figure | None:
        """The row "until further notice" for which ``row`` is that notice: it then ends on the day before."""
        return next((held for held in self.known(row.kind) if _gives_way(held, row)), None)

    def free_days(self, row: Figure) -> list[Days]:
        """The days of ``row`` without a known amount of its kind; what it ends (``ended_by``) is not in the way."""
        return days_without(row, [held for held in self.known(row.kind) if not _gives_way(held, row)])

    def completed(self, extra: Iterable[Figure]) -> FeeTable:
        """This table, and the ``extra`` rows in order on the days that have no figure: no stored amount is changed.

        A row that begins later than one "until further notice" ends it, whether or not it has an end itself.
        """
        found = self
        for row in extra:
            ended, free = found.ended_by(row), found.free_days(row)
            kept = (
                replace(held, valid_to=row.valid_from - timedelta(days=1)) if held is ended and free else held
                for held in found.figures
            )
            found = FeeTable((*kept, *_pieces(row, free)))
        return found

    def replaced_by(self, other: Sequence[Figure]) -> FeeTable:
        """The ``other`` rows on their days and these on the rest: for a question, never for a run."""
        kept = [
            piece
            for row in self.figures
            for piece in _pieces(row, days_without(row, [one for one in other if one.kind == row.kind]))
        ]
        return FeeTable((*kept, *other))

    def _of_kind(self, kind: str) -> Sequence[Figure]:
        return sorted((row for row in self.figures if row.kind == kind), key=lambda row: row.valid_from, reverse=True)


@lru_cache(maxsize=1)
def statutory_rates() -> Rates:
    """The stored late interest rates; half-years without a published figure are left out."""
    return Rates(
        tuple(
            Rate(
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]),
                basis_points=int(row["rate_bp"]),
                source=row["source"],
                confidence=_confidence(row["confidence"]),
            )
            for row in _read("interest_rates.csv")
            if row["rate_bp"]
        )
    )


@lru_cache(maxsize=1)
def fee_table() -> FeeTable:
    """The stored fees and tariffs."""
    return FeeTable(
        tuple(
            Figure(
                kind=row["kind"],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                amount=Decimal(row["value"]) if row["value"] else None,
                source=row["source"],
                confidence=_confidence(row["confidence"]),
            )
            for row in _read("fees.csv")
        )
    )


def days_without(row: Rate | Figure, taken: Iterable[Rate | Figure]) -> list[Days]:
    """The days of ``row`` that are in none of the ``taken`` rows, in order of time."""
    first, last = row.valid_from, row.valid_to or END_OF_TIME
    free: list[Days] = []
    for held in sorted(taken, key=lambda held: held.valid_from):
        end = held.valid_to or END_OF_TIME
        if end < first or held.valid_from > last:
            continue
        if held.valid_from > first:
            free.append((first, held.valid_from - timedelta(days=1)))
        if end >= last:
            return free
        first = end + timedelta(days=1)
    return [*free, (first, row.valid_to)]


def rate_rows(rates: Rates | None = None) -> list[tuple[date, date, int]]:
    """Rows for a table of interest rates: first day, last day, basis points."""
    return [(row.valid_from, row.valid_to, row.basis_points) for row in (rates or statutory_rates()).rows]


def fee_rows(fees: FeeTable | None = None) -> list[tuple[str, date, date, Decimal]]:
    """Rows for a table of fees: kind, first day, last day (9999-12-31 = until further notice), kroner.

    Rows whose amount is not known are left out: a day without a row is a day without a figure.
    """
    return [
        (row.kind, row.valid_from, row.valid_to or END_OF_TIME, row.amount)
        for row in (fees or fee_table()).figures
        if row.amount is not None
    ]


def _pieces(row: _Row, days: Iterable[Days]) -> list[_Row]:
    """``row`` cut down to these days."""
    return [replace(row, valid_from=first, valid_to=last) for first, last in days]


def _gives_way(held: Figure, row: Figure) -> bool:
    return held.valid_to is None and held.valid_from < row.valid_from


def _read(name: str) -> list[dict[str, str]]:
    text = files("kredin_pipeline.law").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _confidence(found: str) -> Confidence:
    match found:
        case "high" | "medium" | "low" | "unknown":
            return found
        case _:
            raise ValueError(f'rate table, confidence: found "{found}", want high, medium, low or unknown')
