"""One company in Go: the things a bookkeeper or a customer does on its ledger.

Each public method is one event of the acceptance format or one button of the GUI. What the API lets an integration do
is built from the same pieces in ``posting.py``. Amounts come in as kroner and are kept as øre.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from . import chart
from .books import EntryDraft
from .errors import LedgerConflict, LedgerError
from .identity import kid_for
from .money import ore, type_of_amount
from .records import Entry, Line, Voucher
from .standing import Ref, Standing, iso


class Company(Standing):
    """A Go client. ``books`` are its vouchers and entries, ``matching`` their settlement.

    >>> company = Company(SandboxClock("2025-03-10T05:00"), "Fjellheim AS", "999990002")
    >>> company.invoice(1001, 10001, "12000.00", due="2025-03-24")
    >>> company.payment("P1", 10001, "5000.00", for_=[1001])
    """

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
        self.refuse_taken_invoice_no(number)
        made = self.books.post(
            "OutgoingInvoice", (draft,), day, offset_account=income_account, vat_code=vat_code,
            description=description or f"Faktura {number}", currency=currency or "NOK",
        )  # fmt: skip
        made.sent = made.created
        self.books.by_invoice_no[number] = made
        self.give_name(number, made)
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
        partners = self.entries_of(for_)
        self.refuse_taken_invoice_no(number)
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
        self.give_name(number, made)
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
        partners = self.entries_of(for_)
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
        self.give_name(str(id), made)
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
        partners = self.entries_of(for_)
        made = self.books.post(
            "IncomingBankRemittance", (EntryDraft(owner, total),), iso(dated) or self.today(),
            offset_account=chart.BANK, description=f"Utbetaling til kunde {owner.no}",
        )  # fmt: skip
        self.give_name(str(id), made)
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
        partners = self.entries_of(named)
        made = self.books.post(
            voucher_type, (EntryDraft(owner, ore(amount), kid=partners[0].kid if partners else None),), self.today(),
            offset_account=chart.REMINDER_INCOME,
            description=f"Purring faktura {', '.join(str(one) for one in named)}".strip(),
        )  # fmt: skip
        self.give_name(str(id), made)
        return made

    def write_off(self, for_: Sequence[Ref], id: Ref | None = None, account: str = chart.LOSS,
                  dated: str | date | None = None) -> Voucher:  # fmt: skip
        """The Avskriv button (reference § 6): the whole remaining balance of each item, one counter-entry per item in
        one voucher, matched at once. Raises ``LedgerError`` when nothing is open."""
        self.books.account(account)
        items = [entry for entry in self.entries_of(for_) if entry.balance]
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
            self.give_name(str(id), made)
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
        """A manual journal on the customer (signed kroner, debit positive), matched with ``for_``."""
        owner = self.customer(customer)
        account = self.books.account(str(offset_account))
        if account.control:
            raise LedgerError(f"Account {account.no} is a control account and cannot be posted to directly.")
        partners = self.entries_of(for_)
        made = self.books.post(
            voucher_type, (EntryDraft(owner, ore(amount)),), iso(dated) or self.today(), offset_account=account.no,
            description=f"Manuelt bilag {id}",
        )  # fmt: skip
        self.give_name(str(id), made)
        if partners:
            self.matching.match([*made.entries, *partners])
        return made

    def reverse(self, of: Ref) -> Voucher:
        """A reversal voucher: the matches of the original fall apart, and its entries match those of the reversal."""
        return self.reverse_voucher(self.voucher_of(of))

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

    def correct(
        self,
        of: Ref,
        id: Ref,
        amount: type_of_amount | None = None,
        offset_account: Ref | None = None,
        customer: Ref | None = None,
    ) -> Voucher:
        """A payment or journal was wrong: a reversal voucher and, in its place, a correction voucher (reference § 10).

        What is not given stays as it was; the new entry is open until somebody matches it."""
        wrong = self.voucher_of(of)
        if wrong.lines is not None or len(wrong.entries) != 1 or wrong.entries[0].invoice_no is not None:
            raise LedgerError(f"correct {of}: only a payment, refund or journal with one entry can be corrected")
        self.reverse_voucher(wrong)
        before = wrong.entries[0]
        owner = before.customer if customer is None else self.customer(customer)
        account = wrong.offset_account if offset_account is None else self.books.account(str(offset_account)).no
        made = self.books.post(
            "CorrectionVoucher",
            (EntryDraft(owner, before.amount if amount is None else ore(amount), kid=before.kid),),
            max(self.today(), wrong.posting_date),
            offset_account=account,
            description=f"Korrigering av bilag {wrong.no or ''}".strip(),
        )
        made.corrects = wrong
        self.give_name(str(id), made)
        return made

    def match(self, entries: Sequence[Ref]) -> None:
        """Matched by hand. Raises ``LedgerError`` when no debit meets a credit."""
        found = self.entries_of(entries)
        if not self.matching.match(found):
            raise LedgerError(f"match: nothing to settle among {', '.join(str(one) for one in entries)}")
        self._settle_currency(found)

    def unmatch(self, entries: Sequence[Ref]) -> None:
        """Unmatched by hand; one entry alone leaves all its matches."""
        self.matching.unmatch(self.entries_of(entries))

    def delete(self, no: Ref) -> None:
        """The document disappears from the API, with its reversal if it had one; what it was matched with is open."""
        voucher = self.voucher_of(no)
        for gone in (voucher, voucher.reversed_by):
            if gone is not None:
                self.matching.release_entries(gone.entries)
                self.books.remove(gone)
        for name in [name for name, named in self.named.items() if named is voucher]:
            del self.named[name]

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
