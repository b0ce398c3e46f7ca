"""A company's own SAF-T file as a ledger: its customers, open and settled items, due dates.

What the file says is read and proved in ``saft_reader.py``; here it is posted, and matched by ``saft_matching.py``:
- invoice number: ReferenceNumber, else SourceDocumentID, else TransactionID; with the voucher's id behind it when it is
  not unique among the file's invoices;
- due date: DueDate of the debit line, else transaction date + the customer's payment terms, else unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ...law.calendar import add_months
from ..ledger import Company, Entry, Line, Voucher, chart
from ..ledger.books import EntryDraft
from ..ledger.money import kroner, ore
from .saft_content import SaftCustomer, SaftFile, SaftLine, SaftVoucher, receivable_lines
from .saft_kinds import LONGEST_NUMBER, SEVERAL, account_number, has_sales, is_number, kind_of, reference_of
from .saft_matching import Item, match_items
from .saft_reader import read_saft
from .saft_result import SaftResult
from .saft_xml import Fault, SaftError

__all__ = ["SaftResult", "post_saft", "seed_saft"]

_FIRST_MADE_UP_NUMBER = 900_001  # for customer ids and invoice references without a number in them
_EQUITY = "2050"  # the other side of what is carried forward


def seed_saft(company: Company, path: Path) -> SaftResult:
    """Read a SAF-T Financial file into an empty company and return what was taken in.

    Raises ``SaftError`` (line and reason) for a file that does not add up; the company is then as it was. Raises
    ``ValueError`` when the company has entries already.
    """
    return post_saft(company, read_saft(path), path)


def post_saft(company: Company, file: SaftFile, path: Path, until: date | None = None) -> SaftResult:
    """The same with a file that is read already; ``until`` leaves out what is dated later, as the books stood then.

    ``path`` is for the words of an error.
    """
    if company.books.entries:
        raise ValueError(f"seed saft: {company.name} has {len(company.books.entries)} entries already, want none")
    if not file.customers:
        reason = "no customers: there is no customer ledger to read"
        raise SaftError(path, [Fault(None, reason)], "Export it with the customers (MasterFiles, Customers).")
    return _Seed(company, file, until or date.max).post()


class _Seed:
    def __init__(self, company: Company, file: SaftFile, until: date) -> None:
        self._company = company
        self._until = until
        self._file = file
        self._result = SaftResult(
            file.company_name, file.organization_no, file.period_from, file.period_to, notes=list(file.notes)
        )
        self._numbers: dict[str, str] = {}  # the file's customer id -> ours
        self._items: dict[str, list[Item]] = defaultdict(list)
        self._made_up = _FIRST_MADE_UP_NUMBER

    def post(self) -> SaftResult:
        result = self._result
        for number, name in self._file.accounts.items():
            account = account_number(number)
            if account is not None and account not in self._company.books.accounts:
                self._company.account(account, name)
        for customer in self._file.customers.values():
            self._add_customer(customer)
        self._post_openings()
        references = Counter(
            reference_of(voucher, line) for voucher, line in receivable_lines(self._file) if line.amount > 0
        )
        for voucher in self._file.vouchers:
            if voucher.dated > self._until:
                result.left_out += 1
            else:
                self._post_voucher(voucher, references)
        for customer in self._file.customers.values():
            ours = self._company.customers[self._numbers[customer.id]]
            settled, left = match_items(self._company, self._items[customer.id])
            result.matched += settled
            result.unmatched += [f"{ours.no} {item.dated} {kroner(item.entry.balance)}" for item in left]
            result.closing[ours.no] = kroner(sum(entry.balance for entry in ours.entries))
        result.customers = len(self._file.customers)
        result.entries = len(self._company.books.entries)
        self._note_terms()
        return result

    # --- customers ---------------------------------------------------------------------------------------------

    def _add_customer(self, customer: SaftCustomer) -> None:
        number = customer.id.lstrip("0")
        if not is_number(number) or number in self._company.customers:
            number = self._next_made_up()
            self._result.renumbered_customers[number] = customer.id
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
                "ManualJournal", (EntryDraft(owner, ore(customer.opening)),), day, offset_account=_EQUITY,
                description=f"Inngående balanse {customer.id}",
            )  # fmt: skip
            self._items[customer.id].append(Item(made.entries[0], day, None, None))
            if customer.opening > 0:
                self._result.without_due_date.append((f"opening {owner.no}", customer.opening))

    def _post_voucher(self, voucher: SaftVoucher, references: Counter[str]) -> None:
        ours = [line for line in voucher.lines if line.customer is not None and line.amount]
        if not ours:
            return
        others = [line for line in voucher.lines if line.customer is None]
        kind = kind_of(ours, others)
        if kind == "OutgoingInvoice":
            for line in ours:
                self._post_invoice(voucher, line, others if len(ours) == 1 else None, references)
        elif kind == SEVERAL:
            for line in ours:
                self._post_one_of_several(voucher, line, has_sales(others), references)
        else:
            self._post_whole(kind, voucher, ours, others)

    def _post_whole(self, kind: str, voucher: SaftVoucher, ours: list[SaftLine], others: list[SaftLine]) -> None:
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

    def _post_one_of_several(self, voucher: SaftVoucher, line: SaftLine, sales: bool, references: Counter[str]) -> None:
        """A document out of a transaction that holds debits and credits, posted whole against one account."""
        if line.amount > 0 and (sales or line.due or line.kid):
            self._post_invoice(voucher, line, None, references)
            return
        draft = self._draft(line)
        if sales:
            draft.invoice_no = self._invoice_number(voucher, line, None)
        made = self._company.books.post(
            "OutgoingCreditNote" if sales else "ManualJournal", (draft,), voucher.dated.isoformat(),
            offset_account=chart.SALES if sales else _EQUITY, description=line.description or voucher.description,
        )  # fmt: skip
        if draft.invoice_no is not None:
            self._name_document(draft.invoice_no, made)
        self._keep(made.entries[0], voucher, line)

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
        account = account_number(number) or "2990"
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
        item = Item(entry, voucher.dated.isoformat(), line.cross_reference, line.reference)
        self._items[str(line.customer)].append(item)

    def _name_document(self, number: str, voucher: Voucher) -> None:
        voucher.sent = voucher.created
        self._company.books.by_invoice_no[number] = voucher
        self._company.named[number] = voucher

    def _invoice_number(self, voucher: SaftVoucher, line: SaftLine, references: Counter[str] | None) -> str:
        """The document's number as the wire can carry it: digits, unique in the company."""
        written = reference_of(voucher, line)
        unique = references is None or references[written] == 1
        wished = written if unique else f"{written}-{voucher.id}"
        number = "".join(c for c in wished if c.isascii() and c.isdigit()).lstrip("0")[:LONGEST_NUMBER]
        if not number or number in self._company.books.by_invoice_no:
            number = self._next_made_up()
        if number != written:
            self._result.renumbered_invoices[number] = wished
        return number

    def _due(self, voucher: SaftVoucher, line: SaftLine) -> date | None:
        if line.due is not None:
            return line.due
        customer = self._file.customers[str(line.customer)]
        if customer.term_days is None and customer.term_months is None:
            return None
        return add_months(voucher.dated, customer.term_months or 0) + timedelta(days=customer.term_days or 0)
