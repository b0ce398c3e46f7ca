"""A load company: as many ledger entries as asked for, the same every time, made fast.

For benchmarks and memory tests. Nothing here is meant to look like a real company; ``demo_company.py`` does that.
Proportions (per million entries: 300,000 invoices, 20,000 customers) are those of the performance reference.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from ..ledger import Company, Customer, kid_for
from ..ledger.books import EntryDraft

_FIRST_CUSTOMER = 100_001
_FIRST_INVOICE = 1_000_001
_YEARS_OF_HISTORY = 3
_DAYS = 365 * _YEARS_OF_HISTORY
_TERM_DAYS = 14
_LEFT_OPEN_PER_MILLE = 80  # invoices whose last part never came
_CREDITED_PER_MILLE = 40  # invoices whose last part is a credit note


@dataclass(frozen=True)
class SizeTotals:
    """What was made. ``amount`` and ``balance`` are kroner over all entries; ``open_invoices`` have a balance."""

    customers: int
    entries: int
    invoices: int
    credit_notes: int
    payments: int
    open_invoices: int
    amount: Decimal
    balance: Decimal

    def as_json(self) -> dict[str, Any]:
        return {key: str(value) if isinstance(value, Decimal) else value for key, value in asdict(self).items()}


def seed_size(company: Company, entries: int, seed: int = 1, customers: int | None = None) -> SizeTotals:
    """Fill an empty company with so many ledger entries up to the sandbox's today and return the totals.

    Three tenths are invoices over three years, the rest what settles them: instalments with the invoice's KID, mostly
    two or three, credit notes, and nothing for the last part of some. Raises ``ValueError`` below ten entries or when
    the company has entries already.
    """
    if entries < 10:
        raise ValueError(f"seed size: found {entries} entries, want at least 10")
    if company.books.entries:
        raise ValueError(f"seed size: {company.name} has {len(company.books.entries)} entries already, want none")
    random = Random(seed)
    invoice_count = entries * 3 // 10
    settling = entries - invoice_count
    today = company.clock.today()
    days = [(today - timedelta(days=_DAYS - back)).isoformat() for back in range(_DAYS + _TERM_DAYS + 1)]
    with company.bulk():
        debtors = [_debtor(company, place) for place in range(customers or max(1, entries // 50))]
        counts = _settle_invoices(company, random, debtors, days, invoice_count, settling)
    ledger = company.books.entries.values()
    return SizeTotals(
        customers=len(debtors),
        entries=len(company.books.entries),
        invoices=invoice_count,
        credit_notes=counts[0],
        payments=counts[1],
        open_invoices=sum(1 for entry in ledger if entry.amount > 0 and entry.balance),
        amount=Decimal(sum(entry.amount for entry in ledger)) / 100,
        balance=Decimal(sum(entry.balance for entry in ledger)) / 100,
    )


def _debtor(company: Company, place: int) -> Customer:
    number = str(_FIRST_CUSTOMER + place)
    person = place % 5 == 4
    return company.customer(number, person=True) if person else company.customer(number)


def _settle_invoices(
    company: Company, random: Random, debtors: list[Customer], days: list[str], invoices: int, settling: int
) -> tuple[int, int]:
    """Post the invoices in order of date, each with its share of the settling entries; (credit notes, payments)."""
    post, match = company.books.post, company.matching.match
    credit_notes = 0
    for place in range(invoices):
        day = place * _DAYS // invoices
        debtor = debtors[random.randrange(len(debtors))]
        number = str(_FIRST_INVOICE + place)
        kid = kid_for(debtor.no, number)
        total = random.randrange(50_000, 5_000_000, 25)
        invoice = post(
            "OutgoingInvoice",
            (EntryDraft(debtor, total, days[day + _TERM_DAYS], number, kid),),
            days[day], offset_account="3000", vat_code="3", description=f"Faktura {number}",
        )  # fmt: skip
        invoice.sent = invoice.created
        company.books.by_invoice_no[number] = invoice
        company.named[number] = invoice
        parts = settling * (place + 1) // invoices - settling * place // invoices
        fate = random.randrange(1000)
        left = total
        for part in range(parts):
            last = part == parts - 1
            amount = left if last and fate >= _LEFT_OPEN_PER_MILLE else left // (parts - part + 1)
            left -= amount
            when = days[min(day + 5 + random.randrange(30) + 20 * part, _DAYS)]
            credited = last and _LEFT_OPEN_PER_MILLE <= fate < _LEFT_OPEN_PER_MILLE + _CREDITED_PER_MILLE
            credit_notes += credited
            if credited:
                note = str(_FIRST_INVOICE + invoices + credit_notes)
                made = post(
                    "OutgoingCreditNote", (EntryDraft(debtor, -amount, when, note),), when,
                    offset_account="3000", vat_code="3", description=f"Kreditnota {note}",
                )  # fmt: skip
                made.sent, made.related_invoice_no = made.created, number
                company.books.by_invoice_no[note] = made
            else:
                made = post(
                    "IncomingOcrGiro", (EntryDraft(debtor, -amount, kid=kid),), when, offset_account="1920",
                    description=f"Innbetaling {number}",
                )  # fmt: skip
            match((invoice.entries[0], made.entries[0]))
    return credit_notes, settling - credit_notes
