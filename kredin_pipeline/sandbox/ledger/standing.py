"""The standing part of a company: keys, privileges, settings, customers, and what events call things.

What happens on the ledger is in ``company.py``.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Self
from uuid import UUID, uuid5

from ..clock import SandboxClock
from . import chart
from .books import Books
from .collector import collector_at_rest
from .customers import apply_words, default_fields
from .errors import LedgerConflict, LedgerError, NotInLedger
from .identity import CONTACT_ID_FROM, SUBLEDGER_ID_FROM
from .matching import Matching
from .records import Account, Customer, Entry, Voucher

DEFAULT_APPLICATION_KEY = "1a0c5d3e-6b1f-4a57-9d0e-3c5b7f2e9a10"
DEFAULT_SUBSCRIPTION_KEY = "5ab9e2d07c8f4b3e9a6d1c2b3f4e5d60"
DEFAULT_PRIVILEGES = (
    "Customer_Full", "CustomerLedger", "OutgoingInvoice", "AccountTransaction", "TrialBalance", "GeneralLedgerAccount",
    "CommonServices", "ContactPerson_Full", "ContactGroup", "ContactBankAccount_Full", "Department", "Project",
    "CustomDimension", "ClientBankAccount", "VoucherDocumentation_Full", "ManualVoucher_Full", "BankVoucher_Full",
    "CashVoucher_Full", "OutgoingInvoiceVoucher_Full", "OutgoingCreditNoteVoucher_Full", "JournalEntryVoucher_Full",
    "ReverseVoucher_Full",
)  # fmt: skip
DEFAULT_SUBSCRIPTIONS = ("GoBasis", "GoFaktura", "GoRegnskap", "GoApi")
_COMPANY_NAMESPACE = UUID("7b7f1a52-5df5-4f8e-8a6e-0a4b6c0d9e11")

Ref = str | int
"""An invoice number, or the id that an event gave."""


def iso(day: str | date | None) -> str | None:
    return day if day is None or isinstance(day, str) else day.isoformat()


class Standing:
    """What a company is, apart from what happened on its ledger."""

    def __init__(
        self,
        clock: SandboxClock,
        name: str,
        organization_no: str,
        *,
        client_key: str | None = None,
        application_key: str | None = None,
        subscription_key: str | None = None,
        privileges: Sequence[str] | None = None,
        subscriptions: Sequence[str] | None = None,
        write_off_voucher_type: str = "ManualJournal",
    ) -> None:
        self.clock = clock
        self.name = name
        self.organization_no = organization_no
        self.client_key = client_key or str(uuid5(_COMPANY_NAMESPACE, f"{organization_no}:{name}"))
        self.client_id = str(uuid5(_COMPANY_NAMESPACE, f"id:{self.client_key}"))  # not secret, not the client key
        self.application_key = application_key or DEFAULT_APPLICATION_KEY
        self.subscription_key = subscription_key or DEFAULT_SUBSCRIPTION_KEY
        self.privileges: tuple[str, ...] = tuple(DEFAULT_PRIVILEGES if privileges is None else privileges)
        self.invalid_privileges: tuple[str, ...] = ()
        self.subscriptions: tuple[str, ...] = tuple(DEFAULT_SUBSCRIPTIONS if subscriptions is None else subscriptions)
        self.write_off_voucher_type = write_off_voucher_type
        self.conversion_date = "2000-01-01"
        self.lock_date = "1999-12-31"
        self.books = Books(clock, self.client_key)
        self.matching = Matching(self.books)
        self.customers: dict[str, Customer] = {}
        self.customers_by_id: dict[int, Customer] = {}
        self.customers_by_account: dict[int, Customer] = {}
        self.customers_version = 0
        self.named: dict[str, Voucher] = {}  # what events may refer to: invoice numbers and event ids
        self.drafts: dict[str, dict[str, Any]] = {}  # JournalEntryVouchers by id
        self.departments: list[dict[str, Any]] = []
        self.projects: list[dict[str, Any]] = []
        self.dimensions: list[dict[str, Any]] = []
        self.contact_groups: list[dict[str, Any]] = []
        self.founded = clock.ticks()
        self._next_contact = 0
        self._next_detail_id = 1_200_000

    # --- customers ---------------------------------------------------------------------------------------------

    def customer(self, no: Ref, **fields: Any) -> Customer:
        """Create or change a customer by the words of a ``customer`` event (``name``, ``orgnr``, ``person``, ``minor``,
        ``email``, ``address`` {line1, line2, zip, city, country}, ``archived``, ``send_reminders``, ``no_fees``,
        ``no_interest``, ``payment_term``, ...). Raises ``LedgerError`` for an unknown word."""
        key = str(no)
        found = self.customers.get(key)
        if found is None:
            properties = default_fields(key)
            if fields:
                apply_words(properties, fields, key, self.clock.today())
            return self.add_customer(key, properties)
        if fields and apply_words(found.fields, fields, key, self.clock.today()):
            found.changed = self.clock.tick()
        if fields:
            self.customers_version += 1
            self.books.version += 1
        return found

    def add_customer(self, no: str, properties: dict[str, Any]) -> Customer:
        """Create a customer from CustomerDto properties. Raises ``LedgerConflict`` when the number is taken."""
        if no in self.customers:
            raise LedgerConflict(f"Customer with number = {no} already exists.")
        tick = self.clock.tick()
        place = self._next_contact
        self._next_contact += 1
        made = Customer(CONTACT_ID_FROM + place * 3, no, SUBLEDGER_ID_FROM + place * 11 + 5, tick, tick, properties)
        self.customers[no] = made
        self.customers_by_id[made.id] = made
        self.customers_by_account[made.subledger_id] = made
        self.customers_version += 1
        self.books.version += 1
        return made

    def next_detail_id(self) -> int:
        """Ids of contact persons, bank accounts, draft lines and pages."""
        self._next_detail_id += 1
        return self._next_detail_id

    def remove_customer(self, customer: Customer) -> None:
        """Raises ``LedgerConflict`` when it has entries (reference § 4)."""
        if customer.entries:
            raise LedgerConflict(f"Customer with id = {customer.id} is in use and cannot be deleted.",
                                 "Customer conflict")  # fmt: skip
        self._forget(customer)

    def _forget(self, customer: Customer) -> None:
        del self.customers[customer.no]
        del self.customers_by_id[customer.id]
        del self.customers_by_account[customer.subledger_id]
        self.customers_version += 1
        self.books.version += 1

    def merge_customers(self, from_no: Ref, into_no: Ref) -> None:
        """Two customers become one: entries move, the first answers 404 afterwards."""
        old, new = self.existing(from_no), self.customer(into_no)
        if old is new:
            raise LedgerError(f"customer {from_no} cannot be merged into itself")
        moved = list(old.entries)
        for entry in moved:
            entry.customer = new
        new.entries += moved
        old.entries.clear()
        new.persons.update(old.persons)
        for person in old.persons.values():
            person["ContactId"] = new.id
        self._forget(old)
        new.changed = self.clock.tick()
        self.books.touch(moved)

    def existing(self, no: Ref) -> Customer:
        found = self.customers.get(str(no))
        if found is None:
            raise NotInLedger(f"Customer with number = {no} not found.")
        return found

    # --- settings ----------------------------------------------------------------------------------------------

    def today(self) -> str:
        return self.clock.today().isoformat()

    def lock(self, day: str | date) -> None:
        """The books are locked up to and including this day (for postings through the API)."""
        self.lock_date = str(iso(day))

    def account(self, number: Ref, name: str, kind: str | None = None, *, vat_code: str = "0", vat_locked: bool = False,
                active: bool = True, department_required: bool = False,
                project_required: bool = False) -> Account:  # fmt: skip
        """Create or change a general ledger account."""
        no = str(number)
        found = self.books.accounts.get(no)
        made = Account(
            found.id if found else max(a.id for a in self.books.accounts.values()) + 7,
            no, name, kind or chart.account_kind(no), vat_code, vat_locked, bool(found and found.control), active,
            department_required, project_required, self.clock.tick(),
        )  # fmt: skip
        self.books.accounts[no] = made
        self.books.version += 1
        return made

    # --- help --------------------------------------------------------------------------------------------------

    @contextmanager
    def bulk(self) -> Generator[Self, None, None]:
        """For seeds of many thousand events: the garbage collector rests meanwhile."""
        with collector_at_rest():
            yield self

    def entry(self, ref: Ref) -> Entry:
        """The (first) ledger entry of an invoice number or event id."""
        return self.voucher_of(ref).entries[0]

    def settings(self) -> Mapping[str, Any]:
        return {"name": self.name, "organization_no": self.organization_no, "client_key": self.client_key}

    def give_name(self, name: str, voucher: Voucher) -> None:
        taken = self.named.get(name)
        if taken is not None and taken.reversed_by is None:
            raise LedgerError(f"the name {name} is already taken by voucher {taken.no}")
        self.named[name] = voucher

    def voucher_of(self, ref: Ref) -> Voucher:
        """What an event names: an invoice number, an event's id, or the ledger's own id of a voucher."""
        text = str(ref)
        found = self.named.get(text) or self.books.by_invoice_no.get(text) or self.books.voucher_by_id(text)
        if found is None:
            raise NotInLedger(f"{self.name}: nothing is called {ref}; want an invoice number or an id")
        return found

    def entries_of(self, refs: Sequence[Ref]) -> list[Entry]:
        return [entry for ref in refs for entry in self.voucher_of(ref).entries]

    def refuse_taken_invoice_no(self, number: str) -> None:
        if number in self.books.by_invoice_no:
            raise LedgerError(f"InvoiceNo {number} is already in use.")
