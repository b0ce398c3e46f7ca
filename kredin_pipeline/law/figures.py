"""A figure as a person gives it: read, held against what the law knows of its kind, and against what is stored.

Belongs here: what may be added to the figures of a release, and why something may not. Not here: keeping it (the
journal), or using it (`rates`). Late interest is in per cent a year, every other kind in kroner; both have at most two
decimals. Late interest and standard compensation are set for half a year at a time (forsinkelsesrenteloven §§ 3, 3 a).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, Literal, get_args

from kredin_pipeline.law.money import to_kroner
from kredin_pipeline.law.rates import (
    LATE_INTEREST,
    NAMES,
    STANDARD_COMPENSATION,
    Confidence,
    Days,
    FeeTable,
    Figure,
    Rate,
    Rates,
    fee_table,
)

KINDS: Final = tuple(NAMES)
"""The kinds that may be added: those that something is computed from."""
HALF_YEARLY: Final = frozenset({LATE_INTEREST, STANDARD_COMPENSATION})
HALF_YEARS_SINCE: Final = date(2004, 1, 1)
CONFIDENCES: Final[tuple[Confidence, ...]] = get_args(Confidence)
HIGHEST_USUAL_RATE: Final = Decimal(30)
"""Late interest has been 8 to 13 per cent since 2004; a rate above this is rather a slip of the finger."""
USUAL_FACTOR: Final = 3
"""A figure more than so many times its neighbour, or less than that part of it, has rather been typed wrongly."""

_Field = Literal["kind", "valid_from", "valid_to", "value", "source", "confidence"]


class FigureRefused(ValueError):
    """A figure that cannot be taken; the message names kind, field, what was found, what is wanted and what to do."""


@dataclass(frozen=True)
class GivenFigure:
    """A figure that could be one of the law: ``value`` in per cent a year for late interest, else in kroner.

    ``valid_to`` is the last day, None until further notice (never for late interest).
    """

    kind: str
    valid_from: date
    valid_to: date | None
    value: Decimal
    source: str = ""
    confidence: Confidence = "high"

    @property
    def named(self) -> str:
        """Kind and days, as messages name it."""
        return f"{NAMES.get(self.kind, self.kind)} {days_named((self.valid_from, self.valid_to))}"

    def rate(self) -> Rate:
        """The row of a late interest figure."""
        assert self.kind == LATE_INTEREST and self.valid_to is not None
        return Rate(self.valid_from, self.valid_to, int(self.value * 100), self.source, self.confidence)

    def figure(self) -> Figure:
        """The row of any other figure."""
        assert self.kind != LATE_INTEREST
        return Figure(self.kind, self.valid_from, self.valid_to, self.value, self.source, self.confidence)


def given_figure(
    kind: str, valid_from: date, valid_to: date | None, value: object, source: str, confidence: str = "high"
) -> GivenFigure:
    """The figure, once each field alone can be right. ``value`` is text (a decimal comma is taken) or a Decimal.

    Raises ``FigureRefused``.
    """
    if kind not in KINDS:
        raise FigureRefused(f"kind: found {kind!r}{_why_not_kept(kind)}; want one of {', '.join(KINDS)}")
    amount = _value(kind, value)
    if valid_to is not None and valid_to < valid_from:
        raise _refused(kind, "valid_to", f"found {valid_to}, before the first day {valid_from}; want that day or later")
    if valid_to is None and kind == LATE_INTEREST:
        raise _refused(kind, "valid_to", f"is missing; want the last day, such as {half_year_end(valid_from)}")
    if kind in HALF_YEARLY and valid_from >= HALF_YEARS_SINCE:
        last = half_year_end(valid_from)
        if valid_to is None or valid_to > last:
            found = "no last day" if valid_to is None else str(valid_to)
            raise _refused(
                kind,
                "valid_to",
                f"found {found}; it is set for half a year at a time, so from {valid_from} want {last} at the latest",
            )
    if not source.strip():
        raise _refused(kind, "source", "is empty; want where the figure is published, such as FOR-2026-06-25-1372")
    for known in CONFIDENCES:
        if confidence == known:
            return GivenFigure(kind, valid_from, valid_to, amount, source.strip(), known)
    raise _refused(kind, "confidence", f"found {confidence!r}, want one of {', '.join(CONFIDENCES)}")


def refuse_if_stored(given: GivenFigure, rates: Rates, fees: FeeTable) -> None:
    """Refuse a figure for days that have one: it would change what was counted on. Raises ``FigureRefused``.

    A row "until further notice" is ended by a later one, which is that notice (``FeeTable.ended_by``).
    """
    free = rates.free_days(given.rate()) if given.kind == LATE_INTEREST else fees.free_days(given.figure())
    if free == [(given.valid_from, given.valid_to)]:
        return
    held = [row for row in stored(given.kind, rates, fees) if _meet(row, given)]
    said = "; ".join(f"{days_named((row.valid_from, row.valid_to))} {shown(row)} ({row.source})" for row in held)
    rest = f"want days without one: {', '.join(map(days_named, free))}" if free else "these days need no row"
    raise FigureRefused(
        f"{given.named}: a figure is stored already for {said}; {rest}. A row that was added wrongly can be withdrawn "
        "or replaced (kredin rates withdraw, kredin rates add --replaces)"
    )


def refuse_if_unusual(given: GivenFigure, rates: Rates, fees: FeeTable) -> None:
    """Refuse what is rather a slip of the finger: a rate above 30 per cent, or a figure far from its neighbour.

    Raises ``FigureRefused``, which says how to insist.
    """
    neighbours = sorted(stored(given.kind, rates, fees), key=lambda row: abs(row.valid_from - given.valid_from))
    known = value_of(neighbours[0]) if neighbours else None
    if given.kind == LATE_INTEREST and given.value > HIGHEST_USUAL_RATE:
        why = f"above {HIGHEST_USUAL_RATE} per cent a year, which no rate has come near"
    elif known and not known / USUAL_FACTOR <= given.value <= known * USUAL_FACTOR:
        row = neighbours[0]
        why = f"far from {shown(row)}, the figure of {days_named((row.valid_from, row.valid_to))}"
    else:
        return
    raise _refused(
        given.kind, "value", f"found {given.value}, {why}; if it is really meant, confirm it (--confirm-unusual)"
    )


def contradicted(given: GivenFigure, rates: Rates, fees: FeeTable) -> Rate | Figure | None:
    """The stored row that says another amount for a day of ``given``; None when nothing does.

    A release may bring a figure for days that a person had filled; the stored one then counts.
    """
    others = (row for row in stored(given.kind, rates, fees) if _meet(row, given) and value_of(row) != given.value)
    return next((row for row in others if isinstance(row, Rate) or not _ends(given, row)), None)


def stored(kind: str, rates: Rates, fees: FeeTable) -> Sequence[Rate | Figure]:
    """The rows of ``kind`` whose value is known, in order of time."""
    return rates.rows if kind == LATE_INTEREST else fees.known(kind)


def value_of(row: Rate | Figure) -> Decimal | None:
    """Per cent a year of a rate, kroner of any other figure; None where the amount is not known."""
    return to_kroner(row.basis_points) if isinstance(row, Rate) else row.amount


def shown(row: Rate | Figure) -> str:
    """The value with its unit."""
    return f"{value_of(row)} {'per cent' if isinstance(row, Rate) else 'kr'}"


def days_named(days: Days) -> str:
    """``2027-01-01 to 2027-06-30``, or ``from 2027-01-01 until further notice``."""
    first, last = days
    return f"from {first} until further notice" if last is None else f"{first} to {last}"


def half_year_end(day: date) -> date:
    """The last day of the half-year that ``day`` is in."""
    return date(day.year, 6, 30) if day.month <= 6 else date(day.year, 12, 31)


def _value(kind: str, value: object) -> Decimal:
    wanted = (
        "per cent a year from 0 to 100, at most two decimals"
        if kind == LATE_INTEREST
        else "kroner, 0 or more, at most two decimals"
    )
    try:
        if isinstance(value, float | bool):
            raise InvalidOperation
        amount = Decimal(str(value).strip().replace(",", "."))
    except InvalidOperation:
        raise _refused(kind, "value", f"found {value!r}, want {wanted}") from None
    highest = Decimal(100) if kind == LATE_INTEREST else Decimal(10) ** 9
    if not amount.is_finite() or not 0 <= amount <= highest or amount != amount.quantize(Decimal("0.01")):
        raise _refused(kind, "value", f"found {value}, want {wanted}")
    return amount.quantize(Decimal("0.01"))


def _why_not_kept(kind: str) -> str:
    if any(row.kind == kind for row in fee_table().figures):
        return ", which is computed from the collection rate (inkassosats) and no figure of its own"
    return ""


def _meet(row: Rate | Figure, given: GivenFigure) -> bool:
    """Whether the two share a day, except that a row until further notice gives way to a later one."""
    if isinstance(row, Figure) and _ends(given, row):
        return False
    starts_in_time = given.valid_to is None or row.valid_from <= given.valid_to
    return starts_in_time and (row.valid_to is None or given.valid_from <= row.valid_to)


def _ends(given: GivenFigure, row: Figure) -> bool:
    return row.valid_to is None and row.valid_from < given.valid_from


def _refused(kind: str, field: _Field, text: str) -> FigureRefused:
    return FigureRefused(f"{NAMES[kind]}: {field}: {text}")
