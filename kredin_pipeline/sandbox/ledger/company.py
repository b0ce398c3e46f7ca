"""One company in Go: its customers, books and settings, and the things a bookkeeper or a customer does there.

Each public method is one event of the acceptance format or one button of the GUI. What the API lets an integration do
is built from the same pieces in ``posting.py``. Amounts come in as kroner and are kept as øre.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from ..clock import SandboxClock
from . import chart
from .books import Books, EntryDraft
from .customers import apply_words, default_fields
from .errors import LedgerConflict, LedgerError, NotInLedger
from .identity import CONTACT_ID_FROM, SUBLEDGER_ID_FROM, kid_for
from .matching import Matching
from .money import ore, type_of_amount
from .records import Account, Customer, Entry, Line, Voucher

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


class Company:
    """A Go client. ``books`` are its vouchers and entries, ``matching`` their settlement.

    >>> company = Company(SandboxClock("2025-03-10T05:00"), "Fjellheim AS", "999990002")
    >>> company.invoice(1001, 10001, "12000.00", due="2025-03-24")
    >>> company.payment("P1", 10001, "5000.00", for_=[1001])
    """

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
        old, new = self._existing(from_no), self.customer(into_no)
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

    def _existing(self, no: Ref) -> Customer:
        found = self.customers.get(str(no))
        if found is None:
            raise NotInLedger(f"Customer with number = {no} not found.")
        return found

    # --- what happens on the ledger ----------------------------------------------------------------------------

    def today(self) -> str:
        return self.clock.today().isoformat()

    def invoice(
        self,
        no: Ref,
        customer: Ref,
        amount: type_of_amount,
        due: str | date,
        dated: str | date | None = None,
        kid: str | None = None,
        currency: str | None = None,
        currency_amount: type_of_amount | None = None,
        description: str | None = None,
        income_account: str = chart.SALES,
        vat_code: str = "3",
    ) -> Voucher:
        """A sent outgoing invoice. ``amount`` is gross in kroner; with a ``currency`` it is what the
        ``currency_amount`` was worth. Without a KID it gets one of its own; ``kid=""`` leaves it without."""
        number, owner = str(no), self.customer(customer)
        day, total = iso(dated) or self.today(), ore(amount)
        draft = EntryDraft(
            owner, total, iso(due), number, kid_for(owner.no, number) if kid is None else (kid or None),
            currency or "NOK", total if currency_amount is None else ore(currency_amount),
        )  # fmt: skip
        self._refuse_taken_invoice_no(number)
        made = self.books.post(
            "OutgoingInvoice", (draft,), day, offset_account=income_account, vat_code=vat_code,
            description=description or f"Faktura {number}", currency=currency or "NOK",
        )  # fmt: skip
        made.sent = made.created
        self.books.by_invoice_no[number] = made
        self._name(number, made)
        return made

    def credit_note(
        self,
        no: Ref,
        customer: Ref,
        amount: type_of_amount,
        for_: Sequence[Ref] = (),
        dated: str | date | None = None,
        reason: str | None = None,
        currency: str | None = None,
        currency_amount: type_of_amount | None = None,
    ) -> Voucher:
        """A credit note of so many kroner (positive), matched with ``for_``. ``reason`` becomes the customer reference
        text; the ledger itself knows none."""
        number, owner = str(no), self.customer(customer)
        day, total = iso(dated) or self.today(), ore(amount)
        partners = self._entries(for_)
        self._refuse_taken_invoice_no(number)
        draft = EntryDraft(
            owner, -total, day, number, None, currency or "NOK",
            None if currency_amount is None else -ore(currency_amount),
        )  # fmt: skip
        made = self.books.post(
            "OutgoingCreditNote", (draft,), day, offset_account=chart.SALES, vat_code="3",
            description=f"Kreditnota {number}", currency=currency or "NOK",
        )  # fmt: skip
        made.sent = made.created
        made.customer_reference = reason
        if len(for_) == 1 and partners and partners[0].invoice_no is not None:
            made.related_invoice_no = partners[0].invoice_no
        self.books.by_invoice_no[number] = made
        self._name(number, made)
        self.matching.match([*made.entries, *partners])
        return made

    def payment(
        self,
        id: Ref,
        customer: Ref,
        amount: type_of_amount,
        for_: Sequence[Ref] = (),
        dated: str | date | None = None,
        kid: str | None = None,
        kind: str | None = None,
        currency: str | None = None,
        currency_amount: type_of_amount | None = None,
    ) -> Voucher:
        """Money on the bank, matched with ``for_`` (oldest due first). ``kind``: ``bank``, or ``ocr`` (the default when
        it has a KID). What finds no balance stays open and carries the invoice's KID."""
        owner, total = self.customer(customer), ore(amount)
        partners = self._entries(for_)
        ocr = kind == "ocr" or (kind is None and kid is not None)
        if kind not in (None, "ocr", "bank", "cash"):
            raise LedgerError(f"payment {id}: kind {kind!r}, want ocr or bank")
        if kid is None and partners and (ocr or sum(max(p.balance, 0) for p in partners) < total):
            kid = partners[0].kid
        draft = EntryDraft(
            owner, -total, None, None, kid, currency or "NOK",
            None if currency_amount is None else -ore(currency_amount),
            paid_from=f"8601{int(owner.no) % 10_000_000:07d}" if ocr else None,
        )  # fmt: skip
        made = self.books.post(
            "CashJournal" if kind == "cash" else "IncomingOcrGiro" if ocr else "BankJournal",
            (draft,), iso(dated) or self.today(), offset_account="1900" if kind == "cash" else chart.BANK,
            description=f"Innbetaling {owner.no}", currency=currency or "NOK",
        )  # fmt: skip
        self._name(str(id), made)
        if partners:
            self.matching.match([*made.entries, *partners])
            self._settle_currency([*made.entries, *partners])
        return made

    def refund(
        self,
        id: Ref,
        customer: Ref,
        amount: type_of_amount,
        for_: Sequence[Ref] = (),
        dated: str | date | None = None,
    ) -> Voucher:
        """Money paid out to the customer. ``for_`` may name payments and credit notes, or an invoice: then the surplus
        of what was paid on it goes first, and after that its payments are taken off it, the latest first."""
        owner, total = self.customer(customer), ore(amount)
        partners = self._entries(for_)
        made = self.books.post(
            "IncomingBankRemittance", (EntryDraft(owner, total),), iso(dated) or self.today(),
            offset_account=chart.BANK, description=f"Utbetaling til kunde {owner.no}",
        )  # fmt: skip
        self._name(str(id), made)
        pay_out = made.entries[0]
        settled = [e for p in partners for e in ([p] if p.amount < 0 else _payments_of(p))]
        self.matching.match([pay_out, *settled])
        for invoice in (p for p in partners if p.amount > 0):
            for payment in _payments_of(invoice):
                if not pay_out.balance:
                    break
                given_up = min(pay_out.balance, sum(a.amount for a in invoice.links if a.credit is payment))
                self._free(invoice, payment, given_up)
                self.matching.allocate(pay_out, payment, given_up)
        return made

    def _free(self, invoice: Entry, payment: Entry, amount: int) -> None:
        """Take so many øre of a payment off an invoice."""
        held = sum(link.amount for link in invoice.links if link.credit is payment)
        self.matching.unmatch([invoice, payment])
        if held > amount:
            self.matching.allocate(invoice, payment, held - amount)

    def own_reminder(self, id: Ref, customer: Ref, amount: type_of_amount, for_: Ref | Sequence[Ref] = (),
                     voucher_type: str = "OutgoingPaymentReminder") -> Voucher:  # fmt: skip
        """The fee that PowerOffice's own reminder of an invoice put on the customer."""
        owner = self.customer(customer)
        named = [for_] if isinstance(for_, str | int) else list(for_)
        partners = self._entries(named)
        made = self.books.post(
            voucher_type, (EntryDraft(owner, ore(amount), kid=partners[0].kid if partners else None),), self.today(),
            offset_account=chart.REMINDER_INCOME,
            description=f"Purring faktura {', '.join(str(one) for one in named)}".strip(),
        )  # fmt: skip
        self._name(str(id), made)
        return made

    def write_off(self, for_: Sequence[Ref], id: Ref | None = None, account: str = chart.LOSS,
                  dated: str | date | None = None) -> Voucher:  # fmt: skip
        """The Avskriv button (reference § 6): the whole remaining balance of each item, one counter-entry per item in
        one voucher, matched at once. Raises ``LedgerError`` when nothing is open."""
        self.books.account(account)
        items = [entry for entry in self._entries(for_) if entry.balance]
        if not items:
            raise LedgerError(f"write_off: nothing is open on {', '.join(str(one) for one in for_)}")
        made = self.books.post(
            self.write_off_voucher_type,
            [EntryDraft(item.customer, -item.balance, is_write_off=True) for item in items],
            iso(dated) or self.today(), offset_account=account, description="Avskrivning",
        )  # fmt: skip
        for item, counter in zip(items, made.entries, strict=True):
            self.matching.match([item, counter])
        if id is not None:
            self._name(str(id), made)
        return made

    def journal(
        self,
        id: Ref,
        customer: Ref,
        amount: type_of_amount,
        offset_account: Ref,
        for_: Sequence[Ref] = (),
        dated: str | date | None = None,
        voucher_type: str = "ManualJournal",
    ) -> Voucher:
        """A manual journal on the customer (signed kroner, debit positive) against an account, matched with ``for_``."""
        owner = self.customer(customer)
        account = self.books.account(str(offset_account))
        if account.control:
            raise LedgerError(f"Account {account.no} is a control account and cannot be posted to directly.")
        partners = self._entries(for_)
        made = self.books.post(
            voucher_type, (EntryDraft(owner, ore(amount)),), iso(dated) or self.today(), offset_account=account.no,
            description=f"Manuelt bilag {id}",
        )  # fmt: skip
        self._name(str(id), made)
        if partners:
            self.matching.match([*made.entries, *partners])
        return made

    def reverse(self, of: Ref) -> Voucher:
        """A reversal voucher: the matches of the original fall apart, and its entries match those of the reversal."""
        return self.reverse_voucher(self._voucher(of))

    def reverse_voucher(self, voucher: Voucher, application_key: str | None = None) -> Voucher:
        """Raises ``LedgerConflict`` when it is reversed already or is itself a reversal."""
        self.books.refuse_reversed(voucher)
        if voucher.reverses is not None:
            raise LedgerConflict("A reversal voucher cannot be reversed.")
        self.matching.release_entries(voucher.entries)
        day = max(self.today(), voucher.posting_date)
        lines = [
            Line(line.account_no, -line.amount, day, None, line.vat_code, -line.vat_amount,
                 None if line.currency_amount is None else -line.currency_amount, line.description, line.dimensions)
            for line in self.books.lines(voucher)
        ]  # fmt: skip
        drafts = [
            EntryDraft(e.customer, -e.amount, currency=e.currency, currency_amount=-e.currency_amount)
            for e in voucher.entries
        ]
        made = self.books.post(
            "ReversalVoucher", drafts, day, lines=lines, description=f"Reversering av bilag {voucher.no or ''}".strip(),
            currency=voucher.currency, application_key=application_key,
        )  # fmt: skip
        made.reverses, voucher.reversed_by = voucher, made
        voucher.changed = made.created
        if voucher.reference is not None:
            self.books.by_reference.pop(voucher.reference, None)
        for entry, twin in zip(voucher.entries, made.entries, strict=True):
            self.matching.match([entry, twin])
            if entry.invoice_no is not None and self.books.by_invoice_no.get(entry.invoice_no) is voucher:
                del self.books.by_invoice_no[entry.invoice_no]
        return made

    def match(self, entries: Sequence[Ref]) -> None:
        """Matched by hand. Raises ``LedgerError`` when no debit meets a credit."""
        found = self._entries(entries)
        if not self.matching.match(found):
            raise LedgerError(f"match: nothing to settle among {', '.join(str(one) for one in entries)}")
        self._settle_currency(found)

    def unmatch(self, entries: Sequence[Ref]) -> None:
        """Unmatched by hand; one entry alone leaves all its matches."""
        self.matching.unmatch(self._entries(entries))

    def delete(self, no: Ref) -> None:
        """The document disappears from the API; what it was matched with is open again."""
        voucher = self._voucher(no)
        self.matching.release_entries(voucher.entries)
        self.books.remove(voucher)
        for name in [name for name, named in self.named.items() if named is voucher]:
            del self.named[name]

    def lock(self, day: str | date) -> None:
        """The books are locked up to and including this day (for postings through the API)."""
        self.lock_date = str(iso(day))

    def account(self, number: Ref, name: str, kind: str | None = None, *, vat_code: str = "0", vat_locked: bool = False,
                active: bool = True, department_required: bool = False) -> Account:  # fmt: skip
        """Create or change a general ledger account."""
        no = str(number)
        found = self.books.accounts.get(no)
        made = Account(
            found.id if found else max(a.id for a in self.books.accounts.values()) + 7,
            no, name, kind or chart.account_kind(no), vat_code, vat_locked, bool(found and found.control), active,
            department_required, False, self.clock.tick(),
        )  # fmt: skip
        self.books.accounts[no] = made
        self.books.version += 1
        return made

    # --- help --------------------------------------------------------------------------------------------------

    @contextmanager
    def bulk(self) -> Generator[Company, None, None]:
        """For seeds of many thousand events: the collector rests meanwhile and does not visit them again afterwards."""
        enabled = gc.isenabled()
        gc.disable()
        try:
            yield self
        finally:
            gc.freeze()
            if enabled:
                gc.enable()

    def entry(self, ref: Ref) -> Entry:
        """The (first) ledger entry of an invoice number or event id."""
        return self._voucher(ref).entries[0]

    def settings(self) -> Mapping[str, Any]:
        return {"name": self.name, "organization_no": self.organization_no, "client_key": self.client_key}

    def _name(self, name: str, voucher: Voucher) -> None:
        taken = self.named.get(name)
        if taken is not None and taken.reversed_by is None:
            raise LedgerError(f"the name {name} is already taken by voucher {taken.no}")
        self.named[name] = voucher

    def _voucher(self, ref: Ref) -> Voucher:
        found = self.named.get(str(ref)) or self.books.by_invoice_no.get(str(ref))
        if found is None:
            raise NotInLedger(f"{self.name}: nothing is called {ref}; want an invoice number or an event's id")
        return found

    def _entries(self, refs: Sequence[Ref]) -> list[Entry]:
        return [entry for ref in refs for entry in self._voucher(ref).entries]

    def _refuse_taken_invoice_no(self, number: str) -> None:
        if number in self.books.by_invoice_no:
            raise LedgerError(f"InvoiceNo {number} is already in use.")

    def _settle_currency(self, entries: Sequence[Entry]) -> None:
        """When matched items in one foreign currency settle it to zero, the rest in kroner is an exchange difference
        and is posted and matched at once."""
        currencies = {entry.currency for entry in entries}
        if len(currencies) != 1 or "NOK" in currencies or sum(entry.currency_amount for entry in entries):
            return
        rest = [entry for entry in entries if entry.balance]
        total = sum(entry.balance for entry in rest)
        if not total:
            return
        gained = total < 0  # more kroner came in than were owed
        made = self.books.post(
            "ManualJournal", (EntryDraft(rest[0].customer, -total, currency=currencies.pop(), currency_amount=0),),
            max(entry.posting_date for entry in entries),
            offset_account=chart.CURRENCY_GAIN if gained else chart.CURRENCY_LOSS, description="Valutadifferanse",
        )  # fmt: skip
        self.matching.match([*rest, *made.entries])


def _payments_of(invoice: Entry) -> list[Entry]:
    """Credits in the invoice's match group, the latest first."""
    if invoice.group is None:
        return []
    return sorted((e for e in invoice.group.members if e.amount < 0), key=lambda e: e.id, reverse=True)
