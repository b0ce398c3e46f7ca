"""What the books consist of: customers, vouchers, ledger entries, allocations, match groups, lines.

Only shapes and what follows from one record alone. Amounts are whole øre, debit positive; dates are ISO texts (Oslo
calendar dates, shared strings, comparable as they stand); timestamps are 100 ns ticks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(slots=True)
class Account:
    """A general ledger account. ``control`` accounts take postings only through a sub-ledger account."""

    id: int
    no: str
    name: str
    kind: str  # Asset, Liability, Equity, Income, Expense
    vat_code: str = "0"
    vat_locked: bool = False
    control: bool = False
    active: bool = True
    department_required: bool = False
    project_required: bool = False
    changed: int = 0


@dataclass(frozen=True, slots=True)
class VatCode:
    """A VAT code (SAF-T). ``rate`` is a fraction; ``account`` takes the VAT amount."""

    id: int
    code: str
    name: str
    rate: Decimal
    account: str | None = None


@dataclass(slots=True, eq=False, repr=False)
class Customer:
    """A contact in the customer role. ``fields`` holds CustomerDto properties that differ from the defaults."""

    id: int
    no: str
    subledger_id: int
    created: int
    changed: int
    fields: dict[str, Any]
    entries: list[Entry] = field(default_factory=lambda: list[Entry]())
    persons: dict[int, dict[str, Any]] = field(default_factory=lambda: dict[int, dict[str, Any]]())
    bank_accounts: dict[int, dict[str, Any]] = field(default_factory=lambda: dict[int, dict[str, Any]]())

    @property
    def name(self) -> str:
        own = self.fields.get("Name")
        if own:
            return str(own)
        return " ".join(str(self.fields[k]) for k in ("FirstName", "LastName") if self.fields.get(k))


@dataclass(slots=True, eq=False, repr=False)
class MatchGroup:
    """Entries matched with one another; they share the id on the wire (reference § 5)."""

    id: int
    members: list[Entry]


@dataclass(slots=True, eq=False, repr=False)
class Allocation:
    """So much of a credit entry settles a debit entry. In force from the later of the two posting dates (§ 15, 16)."""

    debit: Entry
    credit: Entry
    amount: int  # øre, positive
    date: str


@dataclass(slots=True, eq=False, repr=False)
class Entry:
    """One customer-ledger entry. Immutable but for its customer (merge) and its match state."""

    id: int
    customer: Customer
    voucher: Voucher
    amount: int
    posting_date: str
    due_date: str | None
    invoice_no: str | None
    kid: str | None
    currency: str
    currency_amount: int
    matching_reference: str | None
    is_write_off: bool
    paid_from: str | None
    created: int
    changed: int
    matched: int = 0  # øre, same sign as amount; amount - matched = balance
    links: tuple[Allocation, ...] = ()
    group: MatchGroup | None = None

    @property
    def balance(self) -> int:
        """What no match has taken, whatever the matches' dates."""
        return self.amount - self.matched

    def balance_at(self, day: str) -> int:
        """What was open at the end of a day: only matches in force by then count."""
        links = self.links
        if not links:
            return self.amount
        taken = 0
        for link in links:
            if link.date <= day:
                taken += link.amount
        return self.amount - taken if self.amount > 0 else self.amount + taken


@dataclass(slots=True)
class Line:
    """One general-ledger transaction of a voucher. ``vat_amount`` is the VAT part as stated on the line."""

    account_no: str
    amount: int
    posting_date: str
    entry: Entry | None = None
    vat_code: str = "0"
    vat_amount: int = 0
    currency_amount: int | None = None  # None: same as amount
    description: str | None = None
    dimensions: dict[str, Any] | None = None  # DepartmentId, ProjectId, Dim1Id, Quantity ... as posted


@dataclass(slots=True, eq=False, repr=False)
class Voucher:
    """A posted voucher. Its lines sum to zero.

    ``lines`` is None for the plain shape (each entry on the control account against ``offset_account``, VAT split off
    by ``vat_code``): the lines are then made when somebody reads them, which keeps a million vouchers small.
    """

    sequence: int
    no: int | None  # None until the number is given (fault number_late)
    type: str
    date: str
    posting_date: str
    created: int
    entries: tuple[Entry, ...]
    first_line_id: int
    offset_account: str = ""
    vat_code: str = "0"
    lines: tuple[Line, ...] | None = None
    currency: str = "NOK"
    description: str | None = None
    reference: str | None = None  # ExternalImportReference
    application_key: str | None = None  # the integration that posted it
    posted: dict[str, Any] | None = None  # the request body, PascalCase, when it came through the API
    reversed_by: Voucher | None = None
    reverses: Voucher | None = None
    corrects: Voucher | None = None
    related_invoice_no: str | None = None
    customer_reference: str | None = None
    sent: int | None = None
    documentation: bytes | None = None
    changed: int = 0
