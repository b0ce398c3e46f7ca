"""Which letters leave today and what each of them asks: sharing, fee, deadline and sums (rules §§ 4.2 to 4.4, 4.7, 7).

Belongs here: pure decisions over the steps that are due today, in kroner. Not here: when a step is due and what holds
it (``sql/80_steps.sql``), the law's figures (``kredin_pipeline.law.fees``), the text of a letter (``letters``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kredin_pipeline.law import fees
from kredin_pipeline.law.calendar import deadline
from kredin_pipeline.law.rates import FeeTable, NoRate

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class DueStep:
    """A claim whose next step goes today. Amounts in kroner.

    ``lead_case_id`` names the first case of a merge ('' if none) and ``position`` the claim's place in it.
    ``principal_asked`` is the open principal less the customer's own unmatched credit; ``fees`` are those charged so
    far; ``costs_settled`` what has been paid or waived of the costs. ``fee_setting`` None means the legal maximum.
    ``round`` is the agreed due date when one restarted the steps, else ''.
    """

    case_id: str
    customer_id: str
    lead_case_id: str
    position: int
    step: fees.Step
    channel: str
    deadline_days: int
    fee_setting: Decimal | None
    due_date: date
    counted_due_date: date
    invoice_no: str
    round: str
    principal: Decimal
    principal_asked: Decimal
    fees: Decimal
    compensation: Decimal
    interest: Decimal
    interest_open: Decimal
    costs_settled: Decimal
    no_fees: bool = False
    is_minor: bool = False
    dispute: fees.Dispute = "none"


@dataclass(frozen=True)
class PlannedClaim:
    """One claim's row of a planned letter, in the columns of ``planned_letters``; amounts in kroner."""

    letter_key: str
    case_id: str
    step: str
    channel: str
    planned_on: date
    deadline: date
    fee: Decimal
    interest: Decimal
    principal_original: Decimal
    principal_paid: Decimal
    principal: Decimal
    total: Decimal
    bears_fee: bool


@dataclass(frozen=True)
class LetterPlan:
    """The letters of a day and what could not be planned, each problem naming the kind of figure and the day."""

    claims: tuple[PlannedClaim, ...]
    problems: tuple[str, ...]


def plan_letters(
    due: Sequence[DueStep],
    earlier: Mapping[str, Sequence[fees.Letter]],
    *,
    tenant: str,
    on: date,
    shared: bool,
    new_act_from: date | None = None,
    fee_table: FeeTable | None = None,
) -> LetterPlan:
    """The letters that leave ``on``: one per group of claims, one fee per letter.

    ``earlier`` holds the letters that left for each case, in order of sending. ``shared`` joins the claims of one
    debtor whose same step goes today (inkassoloven § 17); merged claims are always one letter. The fee is kept on the
    earliest due claim, in a merge on the first-named. A missing figure stops that letter alone.
    """
    claims: list[PlannedClaim] = []
    problems: list[str] = []
    for group in _groups(due, shared):
        bearer = group[0]
        known = _letters_of(group, earlier)
        charge = fees.Charge(
            due_date=bearer.due_date,
            counted_due_date=bearer.counted_due_date,
            minor=any(claim.is_minor for claim in group),
            no_fees=any(claim.no_fees for claim in group),
            dispute=bearer.dispute,
            setting=bearer.fee_setting,
            new_act_from=new_act_from,
        )
        try:
            fee = fees.letter_fee(bearer.step, on, charge, known, fee_table).amount
        except NoRate as missing:
            problems.append(
                f"{tenant}: case {bearer.case_id}, {bearer.step}: {missing}; the letter waits until it is there"
            )
            continue
        key = ":".join(part for part in ("letter", tenant, bearer.case_id, bearer.step, bearer.round) if part)
        last_day = deadline(on, bearer.deadline_days)
        for claim in group:
            bears = claim is bearer
            claims.append(_planned(claim, key, on, last_day, fee if bears else ZERO, bears))
    return LetterPlan(tuple(claims), tuple(dict.fromkeys(problems)))


def _groups(due: Sequence[DueStep], shared: bool) -> list[list[DueStep]]:
    groups: dict[tuple[str, ...], list[DueStep]] = {}
    for claim in due:
        if claim.lead_case_id:
            key = ("merged", claim.lead_case_id, claim.step)
        elif shared:
            key = ("debtor", claim.customer_id, claim.step, claim.channel)
        else:
            key = ("case", claim.case_id, claim.step)
        groups.setdefault(key, []).append(claim)
    return [sorted(group, key=_bearer_first) for _, group in sorted(groups.items())]


def _bearer_first(claim: DueStep) -> tuple[int, date, int, str, str]:
    """In a merge the order of naming, otherwise the earliest due first."""
    return (claim.position, claim.due_date, len(claim.invoice_no), claim.invoice_no, claim.case_id)


def _letters_of(group: Sequence[DueStep], earlier: Mapping[str, Sequence[fees.Letter]]) -> list[fees.Letter]:
    """The bearer's own letters; in a merge those of all its claims, as if it were one claim (§ 7)."""
    cases = [claim.case_id for claim in group] if group[0].lead_case_id else [group[0].case_id]
    found = {letter for case_id in cases for letter in earlier.get(case_id, ())}
    return sorted(found, key=lambda letter: (letter.sent_on, letter.step))


def _planned(claim: DueStep, key: str, on: date, last_day: date, fee: Decimal, bears_fee: bool) -> PlannedClaim:
    if claim.step == "friendly_reminder":  # shows neither interest nor fees
        interest, costs = ZERO, ZERO
    else:
        interest = max(ZERO, claim.interest_open)
        owed = fees.recoverable_costs(claim.fees + fee, claim.compensation) + claim.interest
        costs = max(ZERO, owed - claim.costs_settled)
    return PlannedClaim(
        letter_key=key,
        case_id=claim.case_id,
        step=claim.step,
        channel=claim.channel,
        planned_on=on,
        deadline=last_day,
        fee=fee,
        interest=interest,
        principal_original=claim.principal,
        principal_paid=claim.principal - claim.principal_asked,
        principal=claim.principal_asked,
        total=claim.principal_asked + costs,
        bears_fee=bears_fee,
    )
