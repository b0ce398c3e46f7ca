"""What the stored figures cover and when they run out, so that a person hears of it before a letter has to wait.

Belongs here: the judgement alone, over tables and days that it is given. Not here: the figures (`rates`), telling it
(`assets.case_checks`, the commands). A figure without a last day never runs out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from kredin_pipeline.law.figures import HALF_YEARLY, half_year_end, stored
from kredin_pipeline.law.rates import LATE_INTEREST, NAMES, STANDARD_COMPENSATION, Days, FeeTable, NoRate, Rates

DAYS_AHEAD: Final = 45
"""How long before the last day a person is told; a half-year's rate is published about two weeks before it begins."""


@dataclass(frozen=True)
class RunningOut:
    """A kind of figure with nothing from ``missing_from`` on.

    ``last_day`` is the last one with a figure before that (None: there is none), ``days_left`` how many days after the
    asked one it is; negative when it has passed.
    """

    kind: str
    last_day: date | None
    missing_from: date
    days_left: int

    @property
    def told(self) -> str:
        """One sentence: kind, last day, days left, and the command that adds the row."""
        if self.last_day is None:
            when = f"no figure is stored up to {self.missing_from}"
        elif self.days_left < 0:
            when = f"ran out on {self.last_day}, {_days(-self.days_left)} ago"
        else:
            when = f"runs out on {self.last_day}, {_days(self.days_left)} left"
        return f"{NAMES[self.kind]}: {when}; add the next figure with: {add_command(self.kind, self.missing_from)}"


def covered(kind: str, rates: Rates, fees: FeeTable) -> tuple[Days, ...]:
    """The days that have a figure of ``kind``, as spans without a gap, in order of time."""
    spans: list[Days] = []
    for row in stored(kind, rates, fees):
        if spans:
            first, last = spans[-1]
            if last is None:
                break
            if row.valid_from <= last + timedelta(days=1):
                spans[-1] = (first, None if row.valid_to is None else max(last, row.valid_to))
                continue
        spans.append((row.valid_from, row.valid_to))
    return tuple(spans)


def running_out(
    kinds: Iterable[str], on: date, rates: Rates, fees: FeeTable, within: int = DAYS_AHEAD
) -> tuple[RunningOut, ...]:
    """The ``kinds`` whose last day with a figure is at most ``within`` days after ``on``, or has passed.

    A later row does not help over a gap: a day in between would have no figure.
    """
    found: list[RunningOut] = []
    for kind in kinds:
        begun = [days for days in covered(kind, rates, fees) if days[0] <= on]
        if not begun:
            found.append(RunningOut(kind, None, on, 0))
            continue
        last = begun[-1][1]
        if last is not None and (last - on).days <= within:
            found.append(RunningOut(kind, last, last + timedelta(days=1), (last - on).days))
    return tuple(found)


def last_day_with_a_rate(rates: Rates, first: date, until: date) -> date | None:
    """The last day with a late interest rate before the first one without, of the days ``first`` up to ``until``.

    None when no day in between lacks a rate, or none before it has one.
    """
    missing = rates.known_until(first, until)
    if missing >= until:
        return None
    return max((row.valid_to for row in rates.rows if row.valid_to < missing), default=None)


def why_provisional(rates: Rates, fees: FeeTable, due: date, until: date, compensation: bool) -> tuple[str, str | None]:
    """Why the sums of a provisional case cannot be final, and the command that would help (None: the next run).

    ``due`` its due date, ``until`` the day it is read as of; ``compensation``: whether the debtor may owe the standard
    one.
    """
    known_to = last_day_with_a_rate(rates, due, until)
    if known_to is not None:
        missing = rates.known_until(due, until)
        why = f"{NoRate(missing)}; the last day with a rate is {known_to}"
        return why, add_command(LATE_INTEREST, missing)
    if rates.known_until(due, until) < until:
        return str(NoRate(rates.known_until(due, until))), add_command(LATE_INTEREST, due)
    if compensation and not fees.covers(STANDARD_COMPENSATION, due):
        return str(NoRate(due, STANDARD_COMPENSATION)), add_command(STANDARD_COMPENSATION, due)
    return "the figures are stored now; the next run of the day makes it final", None


def add_command(kind: str, first: date) -> str:
    """The command that stores a figure of ``kind`` from ``first`` on, with the words that a person fills in."""
    until = f" --to {half_year_end(first)}" if kind in HALF_YEARLY else ""
    unit = "PERCENT" if kind == LATE_INTEREST else "KRONER"
    return f"kredin rates add {kind} --from {first}{until} --value {unit} --source WHERE"


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
