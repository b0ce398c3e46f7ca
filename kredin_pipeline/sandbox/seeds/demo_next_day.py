"""What the demo's people do between the first letters and the next morning.

Some debtors pay what the letter asked, one a little more, one only the invoice; a bookkeeper writes off two old
invoices, once with the Avskriv button and once wrongly by a journal; goods come back; a debtor goes bankrupt; and trade
goes on. Finds its people by the customer numbers of ``demo_cast.py``, so it also works on a restored snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from ..clock import OSLO
from ..ledger import Company, Entry
from ..ledger.money import kroner
from ..register import Register
from . import demo_cast
from .stage import clock_back_afterwards

_GENEROUS = Decimal("400.00")  # more than any reminder of the demo asks beside the principal
_LITTLE_MORE = Decimal("50.00")

Letters = Iterable[Mapping[str, Any]] | Callable[[], Iterable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Happening:
    """One thing that somebody did. ``amount`` in kroner, as booked on the customer without a sign."""

    what: str  # paid_the_letter, paid_more, paid_the_principal, avskriv, journal_write_off, credit_note, ...
    customer: str
    invoice_no: str | None
    amount: Decimal | None

    def as_json(self) -> dict[str, Any]:
        return vars(self) | {"amount": None if self.amount is None else str(self.amount)}


def play_next_day(company: Company, register: Register, today: date, letters: Letters | None = None) -> list[Happening]:
    """Book what happens between the run of the day before ``today`` and the morning of ``today``.

    ``letters``: what went out, each with ``invoice_no`` and ``total`` (kroner); whoever pays the letter pays that
    total, and without a letter the invoice and 400 kroner more, which covers any reminder's costs and leaves a credit.
    People whose invoice is settled already do nothing. The clock stands afterwards where it stood: move it to the
    morning of ``today`` before the next run, or what was booked lies in its future.
    """
    listed = letters() if callable(letters) else letters or ()
    totals = {str(one["invoice_no"]): Decimal(str(one["total"])) for one in listed}
    yesterday = today - timedelta(days=1)
    with clock_back_afterwards(company.clock):
        company.clock.set(datetime.combine(yesterday, time(14, 5), tzinfo=OSLO))
        happened = list(_payments(company, totals, yesterday))
        happened += _bookkeeping(company, yesterday)
        happened += _trade(company, yesterday)
        company.clock.set(datetime.combine(today, time(4, 30), tzinfo=OSLO))
        unit = company.customers[demo_cast.GOES_BANKRUPT].fields.get("OrganizationNumber")
        if unit:
            register.bankrupt(str(unit), yesterday)
            happened.append(Happening("bankrupt", demo_cast.GOES_BANKRUPT, None, None))
    return happened


def _open_invoice(company: Company, customer: str) -> Entry | None:
    """The customer's oldest open invoice."""
    entries = company.customers[customer].entries if customer in company.customers else []
    open_ones = [e for e in entries if e.invoice_no and e.amount > 0 and e.balance > 0]
    return min(open_ones, key=lambda e: (e.due_date or "", e.id), default=None)


def _payments(company: Company, totals: Mapping[str, Decimal], day: date) -> Iterable[Happening]:
    plans = (
        ("paid_the_letter", demo_cast.PAYS_THE_LETTER, Decimal(0), True),
        ("paid_more", demo_cast.PAYS_A_LITTLE_MORE, _LITTLE_MORE, True),
        ("paid_the_principal", demo_cast.PAYS_ONLY_THE_PRINCIPAL, Decimal(0), False),
    )
    for what, customers, extra, with_costs in plans:
        for customer in customers:
            invoice = _open_invoice(company, customer)
            if invoice is None:
                continue
            number, principal = str(invoice.invoice_no), kroner(invoice.balance)
            asked = totals.get(number, principal + _GENEROUS) if with_costs else principal
            amount = asked + extra
            company.payment(f"N-{day:%y%m%d}-{customer}", customer, amount, for_=[number], kind="ocr")
            yield Happening(what, customer, number, amount)


def _bookkeeping(company: Company, day: date) -> Iterable[Happening]:
    written_off = _open_invoice(company, demo_cast.IS_WRITTEN_OFF)
    if written_off is not None:
        amount = kroner(written_off.balance)
        company.write_off([str(written_off.invoice_no)])
        yield Happening("avskriv", demo_cast.IS_WRITTEN_OFF, written_off.invoice_no, amount)
    lost = _open_invoice(company, demo_cast.IS_WRITTEN_OFF_BY_JOURNAL)
    if lost is not None:
        customer, amount = demo_cast.IS_WRITTEN_OFF_BY_JOURNAL, kroner(lost.balance)
        company.journal(f"N-{day:%y%m%d}-{customer}", customer, -amount, "7830", for_=[str(lost.invoice_no)])
        yield Happening("journal_write_off", customer, lost.invoice_no, amount)


def _trade(company: Company, day: date) -> Iterable[Happening]:
    following = max(int(number) for number in company.books.by_invoice_no) + 1
    returned = _open_invoice(company, demo_cast.RETURNS_GOODS)
    if returned is not None:
        amount = (kroner(returned.balance) / 4).quantize(Decimal("1"))
        company.credit_note(following, demo_cast.RETURNS_GOODS, amount, for_=[str(returned.invoice_no)])
        yield Happening("credit_note", demo_cast.RETURNS_GOODS, returned.invoice_no, amount)
        following += 1
    for place, customer in enumerate(sorted(company.customers)[:5]):
        amount, due = Decimal(1850 + 730 * place), day + timedelta(days=14)
        company.invoice(following + place, customer, amount, due)
        yield Happening("invoice", customer, str(following + place), amount)
