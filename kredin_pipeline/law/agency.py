"""What a collection agency could charge the debtor (salær), shown as information only: never part of a case's costs.

Belongs here: the caps of inkassoforskriften chapter 2 by band. Not here: any fee of the creditor's own. Not rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from kredin_pipeline.law.fees import HALVED_FROM
from kredin_pipeline.law.money import ZERO
from kredin_pipeline.law.rates import COLLECTION_RATE, FeeTable, fee_table

BANDS = ((500, "0.25"), (1_000, "0.35"), (2_500, "0.40"), (10_000, "0.80"), (50_000, "1.60"), (250_000, "3.60"))
TOP_FACTOR = Decimal("7.20")
OLD_BANDS = ((2_500, "0.5"), (10_000, "1"), (50_000, "2"), (250_000, "4"))
OLD_TOP_FACTOR = Decimal("8")


@dataclass(frozen=True)
class AgencyFee:
    """Highest fee in kroner: ``light``, and ``heavy`` when the demand is missed by more than 28 days."""

    light: Decimal
    heavy: Decimal


def agency_fee(
    principal: Decimal,
    due_date: date,
    on: date,
    debtor_kind: Literal["business", "person"],
    creditor_deducts_vat: bool = True,
    fees: FeeTable | None = None,
) -> AgencyFee:
    """Caps for a claim of ``principal`` kroner (interest before the due date included) at the rate in force on ``on``.

    One and a half times for a business, a quarter more if the creditor has mostly no VAT deduction (WE-29).
    Raises ``NoRate`` naming kind and day.
    """
    bands, top = (OLD_BANDS, OLD_TOP_FACTOR) if due_date < HALVED_FROM else (BANDS, TOP_FACTOR)
    factor = next((Decimal(factor) for limit, factor in bands if principal <= limit), top)
    light = (fees or fee_table()).amount(COLLECTION_RATE, on) * factor
    if debtor_kind == "business":
        light *= Decimal("1.5")
    if not creditor_deducts_vat:
        light *= Decimal("1.25")
    return AgencyFee(light.quantize(ZERO), (light * 2).quantize(ZERO))
