"""Late interest (forsinkelsesrente): simple, on the principal alone, exact to the last digit and rounded once.

Belongs here: periods and their sum. Not here: what the principal was on which day (`cases`), nor where the rates come
from (`rates`). `principal x rate x days / days of the year`, split at every change of rate, year and principal
(forsinkelsesrenteloven §§ 2, 3; rules § 3). Amounts are integer øre, rates integer basis points; a period's interest is
``numerator / DENOMINATOR`` øre, so any number of periods is summed without rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from kredin_pipeline.law.calendar import year_days
from kredin_pipeline.law.money import divide_half_up, to_kroner

DENOMINATOR = 365 * 366 * 10_000
"""Common denominator of both year lengths and of basis points."""


class RateSource(Protocol):
    """What interest needs to know of rates: `rates.Rates` or `rates.AgreedRate`."""

    def pieces(self, first: date, until: date) -> list[tuple[date, date, int]]:
        """The span cut at every change of rate; raises ``NoRate`` naming the first day without one."""
        ...

    def known_until(self, first: date, until: date) -> date:
        """First day without a rate, at most ``until``."""
        ...


@dataclass(frozen=True)
class BalanceStep:
    """From ``on`` (interest of that day included) the principal is ``principal_ore``, until the next step."""

    on: date
    principal_ore: int


@dataclass(frozen=True)
class InterestPeriod:
    """One line of the calculation: ``days`` from ``from_date`` up to ``to_date`` on ``base_ore``.

    ``numerator / DENOMINATOR`` is its exact interest in øre.
    """

    from_date: date
    to_date: date
    days: int
    rate_bp: int
    year_days: int
    base_ore: int
    numerator: int

    @property
    def amount_ore(self) -> int:
        """The line as shown, rounded half up to øre; lines shown need not add up to the claim (WE-05)."""
        return divide_half_up(self.numerator, DENOMINATOR)

    @property
    def rate_percent(self) -> Decimal:
        """Yearly rate in per cent with two decimals."""
        return to_kroner(self.rate_bp)


@dataclass(frozen=True)
class Interest:
    """Interest to a day: its periods, and whether a missing rate cut it short.

    ``known_until`` is the first day without a rate when ``provisional``, else the day asked for.
    """

    periods: tuple[InterestPeriod, ...]
    known_until: date
    provisional: bool

    @property
    def ore(self) -> int:
        """The sum, rounded once, in øre."""
        return sum_ore(self.periods)


def interest_periods(steps: Sequence[BalanceStep], rates: RateSource, until: date) -> tuple[InterestPeriod, ...]:
    """Every period with interest from the first step's day up to ``until``.

    ``steps`` in order of time; the first one's day is the counted due date, and a span without principal has no period.
    The day from d to d + 1 has the rate and the year of d. Nothing before the first step and nothing for a negative
    principal, so the sum is never negative. Raises ``NoRate`` naming the first day for which no rate is stored, and
    ``ValueError`` when the steps are out of order.
    """
    periods: list[InterestPeriod] = []
    for index, step in enumerate(steps):
        following = steps[index + 1].on if index + 1 < len(steps) else until
        if following < step.on and index + 1 < len(steps):
            raise ValueError(f"balance steps: found {following} after {step.on}, want them in order of time")
        end = min(following, until)
        if step.principal_ore > 0 and step.on < end:
            periods.extend(_periods_of(step.principal_ore, step.on, end, rates))
    return tuple(periods)


def interest_to(steps: Sequence[BalanceStep], rates: RateSource, until: date) -> Interest:
    """Interest up to ``until`` or to the last known rate, whichever comes first, marked provisional in the latter case.

    No letter, fee or voucher may rest on a provisional figure (rules § 3).
    """
    known = until
    for index, step in enumerate(steps):
        end = min(steps[index + 1].on if index + 1 < len(steps) else until, until)
        if step.principal_ore > 0 and step.on < end:
            known = rates.known_until(step.on, end)
            if known < end:
                return Interest(interest_periods(steps, rates, known), known, provisional=True)
    return Interest(interest_periods(steps, rates, until), until, provisional=False)


def sum_ore(periods: Iterable[InterestPeriod]) -> int:
    """Interest of all ``periods`` in øre, summed exactly and rounded half up once."""
    return divide_half_up(sum(period.numerator for period in periods), DENOMINATOR)


def interest_ore(steps: Sequence[BalanceStep], rates: RateSource, until: date) -> int:
    """Interest up to ``until`` in øre, rounded once; raises ``NoRate`` as `interest_periods` does."""
    return sum_ore(interest_periods(steps, rates, until))


def start_without_due_date(demand_sent_on: date) -> date:
    """Day from which interest runs when no due date was agreed: 30 days after the written demand was sent.

    forsinkelsesrenteloven § 2; WE-11.
    """
    return demand_sent_on + timedelta(days=30)


def _periods_of(principal_ore: int, first: date, until: date, rates: RateSource) -> list[InterestPeriod]:
    periods: list[InterestPeriod] = []
    for start, end, rate_bp in rates.pieces(first, until):
        day = start
        while day < end:
            to_date = min(end, date(day.year + 1, 1, 1))
            days, length = (to_date - day).days, year_days(day)
            numerator = principal_ore * rate_bp * days * (366 if length == 365 else 365)
            periods.append(InterestPeriod(day, to_date, days, rate_bp, length, principal_ore, numerator))
            day = to_date
    return periods
