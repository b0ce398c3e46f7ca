"""A company's own SAF-T file as a ledger: its customers, open and settled items, due dates.

What the file says is read and proved in ``saft_reader.py``; here it is posted. Rules, in order:
- invoice number: ReferenceNumber, else SourceDocumentID, else TransactionID; with the voucher's id behind it when it is
  not unique among the file's invoices;
- due date: DueDate of the debit line, else transaction date + the customer's payment terms, else unknown;
- matching within a customer: CrossReference if it explains the closing balance, then ReferenceNumber, then the exact
  amount, else unmatched.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ...law.calendar import add_months
from ..ledger import Company, Entry, Line, Voucher, chart
from ..ledger.books import EntryDraft
from ..ledger.money import kroner, ore
from .saft_reader import SaftCustomer, SaftError, SaftFile, SaftLine, SaftVoucher, read_saft, receivable_lines

_FIRST_MADE_UP_NUMBER = 900_001  # for customer ids and invoice references without a number in them
_LONGEST_NUMBER = 18  # digits that fit the wire's int64


@dataclass
class SaftResult:
    """What was taken in and what the file cannot tell. Amounts in kroner, customer and invoice numbers as text.

    without_due_date: invoice (or ``opening <customer>``) and amount of every debit whose due date is unknown.
    unmatched: credits that no rule could place, as ``customer voucher amount``.
    renumbered: our number -> what the file calls it, for numbers that were not unique or not numbers.
    closing: balance per customer, equal to the file's.
    """

    company_name: str
    organization_no: str | None
    period_from: date
    period_to: date
    customers: int = 0
    entries: int = 0
    invoices: int = 0
    matched: int = 0
    without_due_date: list[tuple[str, Decimal]] = field(default_factory=list[tuple[str, Decimal]])
    unmatched: list[str] = field(default_factory=list[str])
    renumbered: dict[str, str] = field(default_factory=dict[str, str])
    closing: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    notes: list[str] = field(default_factory=list[str])

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; amounts and dates as text."""
        return _plain(asdict(self))


def seed_saft(company: Company, path: Path) -> SaftResult:
    """Read a SAF-T Financial file into an empty company and return what was taken in.

    Raises ``SaftError`` (line and reason) for a file that does not add up; the company is then as it was. Raises
    ``ValueError`` when the company has entries already.
    """
    if company.books.entries:
        raise ValueError(f"seed saft: {company.name} has {len(company.books.entries)} entries already, want none")
    file = read_saft(path)
    if not file.customers:
        raise SaftError(path, None, "no customers: there is no customer ledger to read")
    return _Seed(company, file).post()


class _Seed:
    def __init__(self, company: Company, file: SaftFile) -> None:
        self._company = company
        self._file = file
        self._result = SaftResult(
            file.company_name, file.organization_no, file.period_from, file.period_to, notes=list(file.notes)
        )
        self._numbers: dict[str, str] = {}  # the file's customer id -> ours
        self._items: dict[str, list[_Item]] = defaultdict(list)
        self._made_up = _FIRST_MADE_UP_NUMBER

    def post(self) -> SaftResult:
        result = self._result
        for number, name in self._file.accounts.items():
            account = _account_number(number)
            if account is not None and account not in self._company.books.accounts:
                self._company.account(account, name)
        for customer in self._file.customers.values():
            self._add_customer(customer)
        self._post_openings()
        references = Counter(
            _reference(voucher, line) for voucher, line in receivable_lines(self._file) if line.amount > 0
        )
        for voucher in self._file.vouchers:
            self._post_voucher(voucher, references)
        for customer in self._file.customers.values():
            self._match(customer)
            ours = self._company.customers[self._numbers[customer.id]]
            result.closing[ours.no] = kroner(sum(entry.balance for entry in ours.entries))
        result.customers = len(self._file.customers)
        result.entries = len(self._company.books.entries)
        self._note_terms()
        return result

    # --- customers ---------------------------------------------------------------------------------------------

    def _add_customer(self, customer: SaftCustomer) -> None:
        number = customer.id.lstrip("0")
        if not _is_number(number) or number in self._company.customers:
            number = self._next_made_up()
            self._result.renumbered[number] = f"customer {customer.id}"
        self._numbers[customer.id] = number
        words: dict[str, Any] = {"name": customer.name, "orgnr": customer.orgnr, "email": customer.email}
        words["address"] = customer.address
        if customer.is_person:
            words["person"] = True
        if customer.phone:
            words["phone"] = customer.phone
        if customer.currency:
            words["currency"] = customer.currency
        if customer.term_days is not None:
            words["payment_term"] = customer.term_days
        self._company.customer(number, **words)

    def _note_terms(self) -> None:
        used = {line.customer for _, line in receivable_lines(self._file) if line.amount > 0 and line.due is None}
        free = sorted(
            c.id for c in self._file.customers.values() if c.id in used and c.free_billing_month and c.term_days
        )
        if free:
            self._result.notes.append(
                f"customers {', '.join(free)}: free billing month is set beside the days of payment; due dates count "
                f"the days from the transaction date, the agreed ones may be later"
            )

    def _next_made_up(self) -> str:
        while str(self._made_up) in self._company.customers or str(self._made_up) in self._company.books.by_invoice_no:
            self._made_up += 1
        self._made_up += 1
        return str(self._made_up - 1)

    # --- posting -----------------------------------------------------------------------------------------------

    def _post_openings(self) -> None:
        """An opening balance without lines is one carried-forward item whose due date nobody knows."""
        day = (self._file.period_from - timedelta(days=1)).isoformat()
        for customer in self._file.customers.values():
            if not customer.opening or customer.id in self._file.opening_posted:
                continue
            owner = self._company.customers[self._numbers[customer.id]]
            made = self._company.books.post(
                "ManualJournal", (EntryDraft(owner, ore(customer.opening)),), day, offset_account="2050",
                description=f"Inngående balanse {customer.id}",
            )  # fmt: skip
            self._items[customer.id].append(_Item(made.entries[0], day, None, None))
            if customer.opening > 0:
                self._result.without_due_date.append((f"opening {owner.no}", customer.opening))

    def _post_voucher(self, voucher: SaftVoucher, references: Counter[str]) -> None:
        ours = [line for line in voucher.lines if line.customer is not None and line.amount]
        if not ours:
            return
        others = [line for line in voucher.lines if line.customer is None]
        kind = _voucher_type(ours, others)
        if kind == "OutgoingInvoice":
            for line in ours:
                self._post_invoice(voucher, line, others if len(ours) == 1 else None, references)
            return
        drafts = [self._draft(line) for line in ours]
        numbers = [self._invoice_number(voucher, line, None) for line in ours] if kind == "OutgoingCreditNote" else []
        for draft, number in zip(drafts, numbers, strict=False):
            draft.invoice_no = number
        made = self._post(kind, voucher, ours, drafts, others)
        for number in numbers:
            self._name_document(number, made)
        for entry, line in zip(made.entries, ours, strict=True):
            self._keep(entry, voucher, line)

    def _post_invoice(
        self, voucher: SaftVoucher, line: SaftLine, others: list[SaftLine] | None, references: Counter[str]
    ) -> None:
        """One invoice; ``others`` None when the transaction holds several: then each is posted whole against sales."""
        number = self._invoice_number(voucher, line, references)
        draft = self._draft(line)
        draft.invoice_no, draft.kid = number, line.kid
        due = self._due(voucher, line)
        draft.due_date = None if due is None else due.isoformat()
        if others is not None:
            made = self._post("OutgoingInvoice", voucher, [line], [draft], others)
        else:
            made = self._company.books.post(
                "OutgoingInvoice", (draft,), voucher.dated.isoformat(), offset_account=chart.SALES,
                description=line.description or voucher.description,
            )  # fmt: skip
        self._name_document(number, made)
        self._keep(made.entries[0], voucher, line)
        self._result.invoices += 1
        if due is None:
            self._result.without_due_date.append((number, line.amount))

    def _post(
        self, kind: str, voucher: SaftVoucher, ours: list[SaftLine], drafts: list[EntryDraft], others: list[SaftLine]
    ) -> Voucher:
        """The transaction with all its lines, customers first: the books give entries to control accounts in order."""
        day = voucher.dated.isoformat()
        lines: list[Line] = []
        for line in [*ours, *others]:
            account = chart.RECEIVABLES if line.customer is not None else self._known_account(line.account)
            lines.append(Line(account, ore(line.amount), day, description=line.description or None))
        return self._company.books.post(
            kind, drafts, day, lines=lines, description=voucher.description or f"Bilag {voucher.id}",
            currency=drafts[0].currency,
        )  # fmt: skip

    def _known_account(self, number: str) -> str:
        account = _account_number(number) or "2990"
        if account not in self._company.books.accounts:
            self._company.account(account, f"Konto {number}")
        return account

    def _draft(self, line: SaftLine) -> EntryDraft:
        owner = self._company.customers[self._numbers[str(line.customer)]]
        foreign = (
            line.currency is not None and line.currency != self._file.currency and line.currency_amount is not None
        )
        return EntryDraft(
            owner,
            ore(line.amount),
            kid=line.kid,
            currency=str(line.currency) if foreign else "NOK",
            currency_amount=ore(line.currency_amount or 0) if foreign else None,
        )

    def _keep(self, entry: Entry, voucher: SaftVoucher, line: SaftLine) -> None:
        item = _Item(entry, voucher.dated.isoformat(), line.cross_reference, line.reference)
        self._items[str(line.customer)].append(item)

    def _name_document(self, number: str, voucher: Voucher) -> None:
        voucher.sent = voucher.created
        self._company.books.by_invoice_no[number] = voucher
        self._company.named[number] = voucher

    def _invoice_number(self, voucher: SaftVoucher, line: SaftLine, references: Counter[str] | None) -> str:
        """The document's number as the wire can carry it: digits, unique in the company."""
        written = _reference(voucher, line)
        unique = references is None or references[written] == 1
        wished = written if unique else f"{written}-{voucher.id}"
        number = "".join(c for c in wished if c.isascii() and c.isdigit()).lstrip("0")[:_LONGEST_NUMBER]
        if not number or number in self._company.books.by_invoice_no:
            number = self._next_made_up()
        if number != written:
            self._result.renumbered[number] = wished
        return number

    def _due(self, voucher: SaftVoucher, line: SaftLine) -> date | None:
        if line.due is not None:
            return line.due
        customer = self._file.customers[str(line.customer)]
        if customer.term_days is None and customer.term_months is None:
            return None
        return add_months(voucher.dated, customer.term_months or 0) + timedelta(days=customer.term_days or 0)

    # --- matching ----------------------------------------------------------------------------------------------

    def _match(self, customer: SaftCustomer) -> None:
        items = self._items[customer.id]
        self._match_cross_references(items)
        for group in _groups(items, lambda item: item.reference):
            self._settle([item.entry for item in group])
        self._match_exact_amounts(items)
        for item in items:
            if item.entry.amount < 0 and item.entry.balance:
                amount = kroner(item.entry.balance)
                self._result.unmatched.append(f"{self._numbers[customer.id]} {item.dated} {amount}")

    def _match_cross_references(self, items: list[_Item]) -> None:
        """Cross references are believed when what they leave open is the closing balance and nothing else; otherwise
        only those of them that settle to zero."""
        groups = _groups(items, lambda item: item.cross_reference)
        if not groups:
            return
        in_groups = {id(item) for group in groups for item in group}
        left = [sum(item.entry.amount for item in group) for group in groups]
        left += [item.entry.amount for item in items if id(item) not in in_groups]
        explains = all(rest >= 0 for rest in left) or all(rest <= 0 for rest in left)
        for group in groups:
            if explains or not sum(item.entry.amount for item in group):
                self._settle([item.entry for item in group])

    def _match_exact_amounts(self, items: list[_Item]) -> None:
        for credit in sorted((i for i in items if i.entry.amount < 0), key=lambda i: (i.dated, i.entry.id)):
            if credit.entry.matched:
                continue
            same = [i for i in items if i.entry.amount == -credit.entry.amount and not i.entry.matched]
            if same:
                oldest = min(same, key=lambda i: (i.dated, i.entry.id))
                self._settle([oldest.entry, credit.entry])

    def _settle(self, entries: Sequence[Entry]) -> None:
        if self._company.matching.match(entries):
            self._result.matched += 1


@dataclass(frozen=True)
class _Item:
    """A posted line with what the file says about its settlement."""

    entry: Entry
    dated: str
    cross_reference: str | None
    reference: str | None


def _groups(items: list[_Item], key: Callable[[_Item], str | None]) -> list[list[_Item]]:
    """Items that share a key, in groups with both debits and credits."""
    found: dict[str, list[_Item]] = defaultdict(list)
    for item in items:
        name = key(item)
        if name is not None:
            found[name].append(item)
    return [
        group
        for group in found.values()
        if any(i.entry.amount > 0 for i in group) and any(i.entry.amount < 0 for i in group)
    ]


def _reference(voucher: SaftVoucher, line: SaftLine) -> str:
    return line.reference or line.source_document or voucher.id


def _voucher_type(ours: list[SaftLine], others: list[SaftLine]) -> str:
    """What the transaction is in PowerOffice's words, from the accounts on its other side."""
    accounts = {line.account[:2] for line in others if line.amount}
    bank = "19" in accounts
    sales = any(account.startswith("3") for account in accounts)
    debits, credits = any(i.amount > 0 for i in ours), any(i.amount < 0 for i in ours)
    if debits and not credits:
        return "IncomingBankRemittance" if bank else "OutgoingInvoice" if sales else "ManualJournal"
    if credits and not debits:
        if bank:
            return "IncomingOcrGiro" if any(line.kid for line in ours) else "BankJournal"
        return "OutgoingCreditNote" if sales else "ManualJournal"
    return "BankJournal" if bank else "ManualJournal"


def _account_number(written: str) -> str | None:
    """The leading digits of an account id such as ``1500:12``."""
    digits = written.split(":")[0].strip()
    return digits if digits.isascii() and digits.isdigit() else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Decimal | date) else value
