"""What a letter to a debtor may cost, and the standard compensation: the flat fees of inkassoforskriften chapter 1.

Belongs here: the amount of one letter's fee and the reason for it, given the letters before it. Not here: when a letter
goes (`cases`), what an agency could charge (`agency`), what a court takes (`enforcement`). The fraction follows the due
date, the amount the day of sending; from 2026 it is rounded to whole kroner. A missing figure is an error, never
another year's amount. Reference § 3, rules § 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from kredin_pipeline.law.calendar import add_months
from kredin_pipeline.law.money import ZERO, to_nearest_krone
from kredin_pipeline.law.rates import COLLECTION_RATE, NEW_ACT_LETTER_FEE, STANDARD_COMPENSATION, FeeTable, fee_table

Step = Literal["friendly_reminder", "reminder", "collection_notice", "payment_demand", "enforcement_notice"]
Dispute = Literal["none", "open", "upheld", "refused"]
"""An objection: none, not yet answered, found right even in part, or refused with reasons (inkassoloven § 17)."""

Reason = Literal[
    "charged",
    "free_step",
    "minor",
    "customer_without_fees",
    "dispute",
    "set_to_zero",
    "earlier_than_14_days",
    "two_fees_in_six_months",
    "demand_fee_in_six_months",
    "no_missed_deadline",
    "new_act_without_figure",
]

SMALL_FEE_STEPS: frozenset[str] = frozenset({"reminder", "collection_notice"})
DEADLINE_STEPS: frozenset[str] = frozenset({"reminder", "collection_notice"})
HALVED_FROM = date(2020, 10, 1)
"""Claims due from this day have half the fractions (FOR-2020-06-19-1248)."""
ROUNDED_FROM = date(2026, 1, 1)
"""Letters sent from this day have fees in whole kroner (FOR-2025-12-19-2709)."""
EARLIEST_FEE = timedelta(days=14)
SHORTEST_DEADLINE = timedelta(days=14)
MONTHS_UNTIL_NEW_FEES = 6


@dataclass(frozen=True)
class Letter:
    """A letter that left. ``fee`` in kroner; ``deadline`` the day printed in it.

    ``kept`` is true when the debtor did what it asked by its deadline, also if the bank booked it later (WE-22).
    """

    step: Step
    sent_on: date
    deadline: date
    fee: Decimal = ZERO
    kept: bool = False


@dataclass(frozen=True)
class Fee:
    """The fee of one letter in kroner, and why it is that."""

    amount: Decimal
    reason: Reason


class FeeAboveMaximum(ValueError):
    """A tenant's own fee is above the law's maximum; the message names the step, the amount and the maximum."""


@dataclass(frozen=True)
class Charge:
    """What a fee depends on besides the letters.

    ``due_date`` as agreed decides the fraction; ``counted_due_date`` (moved to a business day where the tenant shifts)
    is what the 14 days count from. ``setting`` is the tenant's: ``None`` for the legal maximum, else kroner.
    ``new_act_from``: from that day of sending the regime of LOV-2026-05-22-19 applies.
    """

    due_date: date
    counted_due_date: date
    minor: bool = False
    no_fees: bool = False
    dispute: Dispute = "none"
    setting: Decimal | None = None
    new_act_from: date | None = None


def letter_fee(
    step: Step, sent_on: date, charge: Charge, earlier: Sequence[Letter] = (), fees: FeeTable | None = None
) -> Fee:
    """Fee of a letter of ``step`` sent on ``sent_on`` after the ``earlier`` ones (in order of sending).

    The reasons for charging nothing are tried before a figure is looked up, so a year without one stops no free letter.
    Raises ``NoRate`` naming kind and day when a fee is due and no figure is stored (rules § 4.2).
    """
    why_free = _why_free(step, sent_on, charge, earlier)
    if why_free is not None:
        return Fee(ZERO, why_free)
    table = fees or fee_table()
    if charge.new_act_from is not None and sent_on >= charge.new_act_from:
        if not table.covers(NEW_ACT_LETTER_FEE, sent_on):
            return Fee(ZERO, "new_act_without_figure")
        maximum = table.amount(NEW_ACT_LETTER_FEE, sent_on)
    else:
        maximum = legal_maximum(step, charge.due_date, sent_on, table)
    return Fee(maximum if charge.setting is None else min(charge.setting, maximum), "charged")


def legal_maximum(step: Step, due_date: date, sent_on: date, fees: FeeTable | None = None) -> Decimal:
    """Highest fee in kroner of a letter of ``step`` (inkassoforskriften §§ 1-2, 1-3); zero for steps without a fee.

    Small fee 1/20, demand 3/20 of the rate in force on ``sent_on``; twice that for claims due before 2020-10-01.
    Raises ``NoRate`` naming kind and day.
    """
    twentieths = {"reminder": 1, "collection_notice": 1, "payment_demand": 3}.get(step, 0)
    if twentieths == 0:
        return ZERO
    if due_date < HALVED_FROM:
        twentieths *= 2
    exact = (fees or fee_table()).amount(COLLECTION_RATE, sent_on) * twentieths / 20
    return to_nearest_krone(exact) if sent_on >= ROUNDED_FROM else exact.quantize(ZERO)


def refuse_above_maximum(step: Step, amount: Decimal, on: date, fees: FeeTable | None = None) -> Decimal:
    """``amount`` itself, to be called where a tenant's own fee is set; claims due on ``on`` set the fraction.

    Raises ``FeeAboveMaximum`` when it is above the law's maximum of the day, or negative.
    """
    maximum = legal_maximum(step, on, on, fees)
    if not ZERO <= amount <= maximum:
        raise FeeAboveMaximum(
            f"steps.{step}.fee: found {amount}, want 0 to {maximum} (the legal maximum on {on.isoformat()}) or max"
        )
    return amount


def missed_deadline(letter: Letter, on: date) -> bool:
    """True if on ``on`` the letter's deadline of 14 days or more has passed without being kept.

    The last day belongs to the debtor. A shorter deadline gives no right to a further fee (inkassoforskriften § 1-3).
    """
    return letter.deadline - letter.sent_on >= SHORTEST_DEADLINE and on > letter.deadline and not letter.kept


def fees_to_withdraw(letters: Sequence[Letter], new_counted_due_date: date) -> list[Letter]:
    """The letters whose fee falls away when the due date is moved by agreement: sent before the new date + 14 days.

    Rules § 4.8.
    """
    return [letter for letter in letters if letter.fee > 0 and letter.sent_on < new_counted_due_date + EARLIEST_FEE]


def compensation(due_date: date, debtor_kind: str, claimed: bool, fees: FeeTable | None = None) -> Decimal:
    """Standard compensation in kroner (standardkompensasjon, forsinkelsesrenteloven § 3 a), zero unless claimed.

    Businesses only, never a consumer or an unknown kind of debtor; the figure of the half-year of ``due_date``.
    Raises ``NoRate`` naming kind and day when none is stored.
    """
    if not claimed or debtor_kind != "business":
        return ZERO
    return (fees or fee_table()).amount(STANDARD_COMPENSATION, due_date).quantize(ZERO)


def recoverable_costs(charged_fees: Decimal, standard_compensation: Decimal) -> Decimal:
    """The larger of the two, in kroner: each is deducted from the other (inkassoforskriften § 1-5; WE-26)."""
    return max(charged_fees, standard_compensation)


def _why_free(step: Step, sent_on: date, charge: Charge, earlier: Sequence[Letter]) -> Reason | None:
    """The first reason for charging nothing, in the order of rules § 4.2; None when a fee may be charged."""
    if step not in SMALL_FEE_STEPS and step != "payment_demand":
        return "free_step"
    if charge.minor:
        return "minor"
    if charge.no_fees:
        return "customer_without_fees"
    if charge.dispute in ("open", "upheld"):
        return "dispute"
    if charge.setting is not None and charge.setting <= 0:
        return "set_to_zero"
    if sent_on < charge.counted_due_date + EARLIEST_FEE:
        return "earlier_than_14_days"
    counting = _still_counting(earlier, sent_on)
    if step == "payment_demand":
        if any(letter.step == "payment_demand" for letter in counting):
            return "demand_fee_in_six_months"
        asked = [letter for letter in earlier if letter.step in DEADLINE_STEPS]
        return None if any(missed_deadline(letter, sent_on) for letter in asked) else "no_missed_deadline"
    small = [letter for letter in counting if letter.step in SMALL_FEE_STEPS]
    if len(small) >= 2:
        return "two_fees_in_six_months"
    if small and not missed_deadline(small[0], sent_on):
        return "no_missed_deadline"
    return None


def _still_counting(earlier: Sequence[Letter], sent_on: date) -> list[Letter]:
    """The charged letters that still limit new fees: all since a gap of more than six months between two of them.

    The anniversary itself is still inside (WE-25; inkassoforskriften § 1-3 second paragraph).
    """
    counting: list[Letter] = []
    for letter in earlier:
        if letter.fee <= 0:
            continue
        if counting and letter.sent_on > add_months(counting[-1].sent_on, MONTHS_UNTIL_NEW_FEES):
            counting = []
        counting.append(letter)
    if counting and sent_on > add_months(counting[-1].sent_on, MONTHS_UNTIL_NEW_FEES):
        return []
    return counting
