"""Days and costs of a petition for enforcement: the notice before it, the age of the demand, court fees and their sum.

Belongs here: what a drafted petition may say about time and cost. Not here: drafting, filing or sending one. Court fees
are multiples of the basic court fee (rettsgebyr), always rounded down (rettsgebyrloven § 6 a); reference §§ 7, 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from kredin_pipeline.law.calendar import add_months
from kredin_pipeline.law.money import ZERO, down_to_krone
from kredin_pipeline.law.rates import (
    BANKRUPTCY_NOTICE_FEE,
    COURT_FEE,
    ENFORCEMENT_FEE,
    ENFORCEMENT_WRITING_COST,
    FeeTable,
    fee_table,
)

NOTICE_PERIOD = timedelta(days=14)


@dataclass(frozen=True)
class PetitionWindow:
    """First and last day on which a notice carries a petition (tvangsfullbyrdelsesloven § 4-18)."""

    first: date
    last: date

    def allows(self, day: date) -> bool:
        """True if a petition may be dated ``day``."""
        return self.first <= day <= self.last


@dataclass(frozen=True)
class PetitionCosts:
    """Costs in kroner of a petition on top of the letters' fees; ``unconfirmed`` unless every figure's
    confidence is high."""

    letters: Decimal
    writing: Decimal
    fee: Decimal
    unconfirmed: bool

    @property
    def total(self) -> Decimal:
        """Everything the debtor is asked to cover."""
        return self.letters + self.writing + self.fee


def petition_window(notice_sent_on: date, due_date: date) -> PetitionWindow | None:
    """Days that a § 4-18 notice opens: after two weeks, for one year (WE-62); None for a notice before the due date."""
    if notice_sent_on < due_date:
        return None
    two_weeks_end = notice_sent_on + NOTICE_PERIOD
    return PetitionWindow(first=two_weeks_end + timedelta(days=1), last=add_months(two_weeks_end, 12))


def demand_carries_costs(demand_sent_on: date, petition_on: date) -> bool:
    """True if out-of-court costs may be claimed: the payment demand is at most six months old (inkassoloven § 11)."""
    return demand_sent_on <= petition_on <= add_months(demand_sent_on, 6)


def court_fee(multiple: Decimal, on: date, fees: FeeTable | None = None) -> Decimal:
    """``multiple`` of the basic court fee of the day, rounded down to kroner; raises ``NoRate`` (WE-31)."""
    return down_to_krone(multiple * (fees or fee_table()).amount(COURT_FEE, on))


def enforcement_costs(letter_fees: Decimal, on: date, fees: FeeTable | None = None) -> PetitionCosts:
    """Costs of an enforcement petition dated ``on`` (WE-30); raises ``NoRate`` naming the kind and the day."""
    return _costs(letter_fees, ENFORCEMENT_FEE, on, fees or fee_table())


def bankruptcy_notice_costs(letter_fees: Decimal, on: date, fees: FeeTable | None = None) -> PetitionCosts:
    """Costs of a bankruptcy notice served on ``on`` (konkursvarsel; WE-30); raises ``NoRate``."""
    return _costs(letter_fees, BANKRUPTCY_NOTICE_FEE, on, fees or fee_table())


def _costs(letter_fees: Decimal, fee_kind: str, on: date, table: FeeTable) -> PetitionCosts:
    writing, fee = table.figure(ENFORCEMENT_WRITING_COST, on), table.figure(fee_kind, on)
    return PetitionCosts(
        letters=letter_fees,
        writing=(writing.amount or ZERO).quantize(ZERO),
        fee=(fee.amount or ZERO).quantize(ZERO),
        unconfirmed={writing.confidence, fee.confidence} != {"high"},
    )
