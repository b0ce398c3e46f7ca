"""Limitation (foreldelse): the last day on which a claim can be claimed, what moves it, and the warnings before it.

Belongs here: foreldelsesloven §§ 2, 3, 14 to 21, 29 as functions of dates. Not here: who decided that something was an
acknowledgement. Reminders, notices and demands move nothing and so do not occur here (reference § 9, rules § 8).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kredin_pipeline.law.calendar import add_months, next_business_day

YEARS = 3
YEARS_OF_A_JUDGMENT = 10
WARNINGS = (30, 90, 180)

Flag = Literal["limitation_30", "limitation_90", "limitation_180"]
InterruptionKind = Literal[
    "acknowledgement", "conciliation_complaint", "enforcement_petition", "no_binding_decision", "judgment"
]


@dataclass(frozen=True)
class Interruption:
    """Something that starts a new period on ``on``: the day it was posted, received or decided."""

    on: date
    kind: InterruptionKind = "acknowledgement"


def last_day(start: date, years: int = YEARS) -> date:
    """The same date ``years`` on (the month's last where there is none), moved on to a business day (§ 29)."""
    return next_business_day(add_months(start, 12 * years))


def limitation_date(due_date: date, interruptions: Iterable[Interruption] = ()) -> date:
    """Last day of the claim, from the due date as agreed and not shifted (foreldelsesloven §§ 2, 3).

    An interruption on or before the last day starts anew: three years from an acknowledgement, a complaint, a petition
    or a case that ended without a binding decision (the cautious reading of § 21), ten from a judgment. One that comes
    too late changes nothing; a judgment counts whenever it is given, for it says that the claim stands. An
    acknowledgement before the due date never shortens the period.
    """
    last = last_day(due_date)
    for interruption in sorted(interruptions, key=lambda found: found.on):
        if interruption.kind == "judgment":
            last = max(last, last_day(interruption.on, YEARS_OF_A_JUDGMENT))
        elif is_in_time(interruption.on, last):
            last = max(last, last_day(interruption.on))
    return last


def is_in_time(on: date, limitation: date) -> bool:
    """True if a step posted on ``on`` is in time: the last day belongs to the creditor (§ 29; WE-50, WE-60)."""
    return on <= limitation


def limitation_flag(limitation: date, on: date) -> Flag | None:
    """The narrowest warning that applies on ``on``: from the day with exactly 180, 90 or 30 days left.

    None earlier, and none after the last day (the hold `time_barred` says the rest).
    """
    left = (limitation - on).days
    if left < 0 or left > WARNINGS[-1]:
        return None
    if left <= WARNINGS[0]:
        return "limitation_30"
    return "limitation_90" if left <= WARNINGS[1] else "limitation_180"
