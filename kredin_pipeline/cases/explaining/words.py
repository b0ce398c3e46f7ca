"""How an explanation speaks: kroner, days, steps and statutes in words that a bookkeeper, a lawyer or a judge knows.

Belongs here: notation and names, the Norwegian word beside the English one. Not here: any sentence about a case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from kredin_pipeline.law.calendar import easter_sunday, is_business_day

LATE_INTEREST = "forsinkelsesrenteloven § 2"
INTEREST_RATE = "forsinkelsesrenteloven § 3"
COMPENSATION = "forsinkelsesrenteloven § 3 a"
DUE_ON_A_DAY_OFF = "gjeldsbrevloven § 5, by analogy"
NECESSARY_COSTS = "inkassoloven § 17"
FLAT_FEES = "inkassoforskriften § 1-2"
NUMBER_OF_FEES = "inkassoforskriften § 1-3"
OFFSET = "inkassoforskriften § 1-5"
LIMITATION = "foreldelsesloven §§ 2, 3"
LIMITATION_MOVED = "foreldelsesloven § 29"
ACKNOWLEDGED = "foreldelsesloven §§ 14, 20"
LEGAL_STEPS = "foreldelsesloven §§ 15, 17, 21"
ENFORCEMENT_NOTICE = "tvangsfullbyrdelsesloven § 4-18"
TAX_LOSS = "skatteloven § 6-2, FSFIN § 6-2-1"
VAT_LOSS = "merverdiavgiftsloven § 4-7"
VAT_FREE_COSTS = "merverdiavgiftsloven § 4-1"
NEW_ACT = "LOV-2026-05-22-19 §§ 19-21"

STEPS: Final = {
    "friendly_reminder": "friendly reminder (betalingspåminnelse)",
    "reminder": "reminder (purring)",
    "collection_notice": "collection notice (inkassovarsel)",
    "payment_demand": "payment demand (betalingsoppfordring)",
    "enforcement_notice": "notice of enforcement (varsel etter § 4-18)",
}
STEP_STATUTES: Final = {
    "collection_notice": "inkassoloven § 9",
    "payment_demand": "inkassoloven § 10",
    "enforcement_notice": ENFORCEMENT_NOTICE,
}
VOUCHER_TYPES: Final = {
    "IncomingOcrGiro": "a payment by KID through the bank",
    "BankJournal": "a bank journal",
    "IncomingPayments": "an incoming payment",
    "CashJournal": "a cash journal",
    "IncomingBankRemittance": "an incoming bank remittance",
    "OutgoingPayments": "an outgoing payment",
    "OutgoingInvoice": "an invoice",
    "OutgoingCreditNote": "a credit note",
    "ManualJournal": "a manual journal",
    "ReversalVoucher": "a reversal voucher",
}
_WEEKEND = {5: "a Saturday", 6: "a Sunday"}
_FIXED = {
    (1, 1): "New Year's Day",
    (5, 1): "1 May",
    (5, 17): "Constitution Day (17 May)",
    (12, 25): "Christmas Day",
    (12, 26): "the second day of Christmas",
}
_MOVING = {
    -3: "Maundy Thursday",
    -2: "Good Friday",
    0: "Easter Sunday",
    1: "Easter Monday",
    39: "Ascension Day",
    49: "Whit Sunday",
    50: "Whit Monday",
}


def kr(amount: Decimal) -> str:
    """Kroner as every table of ours shows them, with the unit: ``12 000.00 kr``."""
    return f"{plain(amount)} kr"


def plain(amount: Decimal) -> str:
    """The same without the unit."""
    return f"{amount:,f}".replace(",", " ")


def step(name: str) -> str:
    """A step by its English and its Norwegian name."""
    return STEPS.get(name, name.replace("_", " "))


def voucher(kind: str, voucher_no: str | None) -> str:
    """A voucher by type and number: ``a bank journal, voucher 88``."""
    named = VOUCHER_TYPES.get(kind, f"a voucher of type {kind}")
    return f"{named}, voucher {voucher_no}" if voucher_no else named


def spoken(word: str) -> str:
    """One of our words as a sentence says it."""
    return word.replace("_", " ")


def listed(parts: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    held: Sequence[str] = list(parts)
    return " and ".join((", ".join(held[:-1]), held[-1])) if len(held) > 1 else "".join(held)


def days(count: int) -> str:
    """``1 day``, ``2 days``."""
    return f"{count} day" if count == 1 else f"{count} days"


def why_off(day: date) -> str | None:
    """What keeps ``day`` from being a business day: a named holiday, a Saturday or a Sunday; None when it is one."""
    if is_business_day(day):
        return None
    fixed = _FIXED.get((day.month, day.day))
    moving = _MOVING.get((day - easter_sunday(day.year)).days)
    return fixed or moving or _WEEKEND[day.weekday()]


def moved(day: date, to: date) -> str:
    """Why a day moved on: ``2025-03-02 is a Sunday, so the day is 2025-03-03, the next business day``."""
    between = [day + timedelta(days=at) for at in range((to - day).days)]
    reasons = listed(f"{each.isoformat()} is {why_off(each)}" for each in between if why_off(each))
    return f"{reasons}, so the day is {to.isoformat()}, the next business day"
