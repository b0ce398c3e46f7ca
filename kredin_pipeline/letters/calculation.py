"""The calculation beside a voucher: how its fees and interest came about, as a PDF for the accountant (bilagsvedlegg).

Here belongs what the page says, in Norwegian, from figures that are already settled: letters and their fees, the
periods of the interest, and how each payment was shared out. Not here: any sum that is not a sum of these, the layout
(``calculation.typ``), and laying the page beside the voucher (``assets.calculations``).

Bookkeeping wants documentation for what is posted (bokføringsloven § 10); fees and interest have no document of their
own but the letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from pydantic import TypeAdapter

from kredin_pipeline.letters import formats
from kredin_pipeline.letters.pdf import typeset
from kredin_pipeline.letters.wording import STEP_NAMES

_TEMPLATE: Final = "calculation.typ"


@dataclass(frozen=True)
class ChargedLetter:
    """A letter that left, and the fee that it carried for this invoice (kroner; 0.00 when it carried none)."""

    step: str
    sent_on: date
    fee: Decimal


@dataclass(frozen=True)
class InterestPeriod:
    """A row of the calculation as the letters show it: ``days`` from the day after ``first`` to ``last``, ``rate`` in
    percent a year, ``base`` and ``amount`` in kroner."""

    first: date
    last: date
    days: int
    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True)
class SharedPayment:
    """How one payment was shared out, kroner; ``is_this`` marks the one that the voucher rests on."""

    on: date
    to_principal: Decimal
    to_interest: Decimal
    to_fee: Decimal
    to_credit: Decimal
    is_this: bool


@dataclass(frozen=True)
class Calculation:
    """Everything on the page. Amounts are kroner, days Oslo days; numbers of cases and customers are text."""

    company: str
    case_id: str
    invoice_no: str
    customer_no: str
    customer_name: str
    due_date: date
    principal: Decimal
    payment_date: date
    fee: Decimal
    interest: Decimal
    total: Decimal
    fees_charged: Decimal
    compensation: Decimal
    interest_accrued: Decimal
    letters: tuple[ChargedLetter, ...]
    periods: tuple[InterestPeriod, ...]
    payments: tuple[SharedPayment, ...]


_STORED: Final = TypeAdapter(Calculation)


def to_json(calculation: Calculation) -> dict[str, object]:
    """Plain JSON values: amounts and days as text, as they lie in the outbox."""
    return cast(dict[str, object], _plain(asdict(calculation)))


def from_json(stored: Mapping[str, Any]) -> Calculation:
    """The calculation back from its JSON. Raises ``pydantic.ValidationError`` naming each field at fault."""
    return _STORED.validate_python(stored)


def render_calculation(calculation: Calculation) -> bytes:
    """The page as PDF; the same calculation gives the same bytes."""
    page: dict[str, object] = {
        "title": "Beregning av gebyr og forsinkelsesrente",
        "company": calculation.company,
        "facts": [
            ("Faktura", calculation.invoice_no),
            ("Sak", calculation.case_id),
            ("Kunde", f"{calculation.customer_no} {calculation.customer_name}".strip()),
            ("Forfall", formats.short_day(calculation.due_date)),
            ("Opprinnelig hovedstol", formats.money(calculation.principal)),
            ("Betalt", formats.short_day(calculation.payment_date)),
        ],
        "booked": [
            ("Gebyr", formats.amount(calculation.fee)),
            ("Forsinkelsesrente", formats.amount(calculation.interest)),
            ("Bokført", formats.amount(calculation.total)),
        ],
        "letters": [
            (_step(letter.step), formats.short_day(letter.sent_on), formats.amount(letter.fee))
            for letter in calculation.letters
        ],
        "charged": [
            ("Gebyr i alt", formats.amount(calculation.fees_charged)),
            *(
                [("Standardkompensasjon (forsinkelsesrenteloven § 3 a)", formats.amount(calculation.compensation))]
                if calculation.compensation
                else []
            ),
        ],
        "periods": [
            (
                formats.short_day(period.first),
                formats.short_day(period.last),
                str(period.days),
                formats.percent(period.rate),
                formats.amount(period.base),
                formats.amount(period.amount),
            )
            for period in calculation.periods
        ],
        "accrued": ("Rente i alt", formats.amount(calculation.interest_accrued)),
        "payments": [
            (
                formats.short_day(payment.on) + (" *" if payment.is_this else ""),
                *(
                    formats.amount(part)
                    for part in (payment.to_principal, payment.to_interest, payment.to_fee, payment.to_credit)
                ),
            )
            for payment in calculation.payments
        ],
    }
    return typeset(_TEMPLATE, "calculation", page, calculation.payment_date)


def _step(name: str) -> str:
    shown: Mapping[str, str] = cast(Mapping[str, str], STEP_NAMES["nb"])
    return shown.get(name, name)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in cast(Mapping[object, object], value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast(list[object], value)]
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value
