"""What a SAF-T Financial file says, as values: the file, its customers, its vouchers.

Belongs here: the shapes that reading gives and posting takes. Not here: XML, proofs, or what is done with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SaftCustomer:
    """A customer as the file has it. Balances are kroner, debit positive; ``closing`` None: the file does not say."""

    id: str
    name: str
    orgnr: str | None
    is_person: bool
    email: str | None
    phone: str | None
    address: dict[str, str] | None  # line1, line2, zip, city, country
    currency: str | None
    term_days: int | None
    term_months: int | None
    free_billing_month: bool
    opening: Decimal
    closing: Decimal | None
    line: int


@dataclass(frozen=True, slots=True)
class SaftLine:
    """One line of a voucher; ``amount`` in kroner, debit positive. ``customer`` None: not a receivable."""

    account: str
    amount: Decimal
    customer: str | None
    description: str
    reference: str | None  # ReferenceNumber
    source_document: str | None
    cross_reference: str | None
    kid: str | None
    due: date | None
    currency: str | None
    currency_amount: Decimal | None
    line: int


@dataclass(frozen=True, slots=True)
class SaftVoucher:
    """One transaction with all its lines; they sum to zero."""

    id: str
    dated: date
    description: str
    lines: tuple[SaftLine, ...]
    line: int


@dataclass(frozen=True)
class SaftFile:
    """A file that adds up.

    ``vouchers``: those with a line that carries a customer, whole; ``voucher_count`` and ``last_voucher`` (Oslo date)
    are of all. ``opening_posted``: customers whose opening balance is among the vouchers already. ``created``: the day
    on which the file was made, None when it does not say. ``software``: what made it, in its own words.
    """

    company_name: str
    organization_no: str | None
    currency: str
    period_from: date
    period_to: date
    accounts: dict[str, str]
    customers: dict[str, SaftCustomer]
    vouchers: tuple[SaftVoucher, ...]
    opening_posted: frozenset[str]
    notes: tuple[str, ...] = field(default=())
    voucher_count: int = 0
    last_voucher: date | None = None
    created: date | None = None
    software: str = ""
    version: str = ""

    def last_day(self, today: date) -> date:
        """The last day that the file can tell of: its period's end, or the day it was made, or today if earlier."""
        days = [self.period_to, today]
        if self.created is not None and self.created >= self.period_from:
            days.append(self.created)
        return min(days)


def receivable_lines(file: SaftFile) -> Iterator[tuple[SaftVoucher, SaftLine]]:
    """Lines that carry a customer, in the file's order; nothing is guessed from text or account."""
    for voucher in file.vouchers:
        for line in voucher.lines:
            if line.customer is not None:
                yield voucher, line
