"""The books: vouchers with their entries and lines, one number series, and where to find them.

Here belongs what may be posted and how it is stored. Settlement between entries is in ``matching.py``; what a business
event means (an invoice, a payment, the Avskriv button) is in ``company.py``.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..clock import SandboxClock
from . import chart
from .errors import DuplicateReference, LedgerConflict, LedgerError, NotInLedger
from .identity import ENTRY_ID_FROM, TRANSACTION_ID_FROM, GuidSeries
from .money import net_of
from .records import Account, Customer, Entry, Line, Voucher


@dataclass(slots=True)
class EntryDraft:
    """What a voucher puts on a customer: øre, debit positive."""

    customer: Customer
    amount: int
    due_date: str | None = None
    invoice_no: str | None = None
    kid: str | None = None
    currency: str = "NOK"
    currency_amount: int | None = None
    matching_reference: str | None = None
    is_write_off: bool = False
    paid_from: str | None = None
    posting_date: str | None = None


class Books:
    """Vouchers and customer-ledger entries of one company.

    ``entries`` is in order of id and so of creation; ``vouchers`` is keyed by sequence, in order of posting;
    the change log holds (tick, entry) in strictly increasing ticks. ``version`` moves with every change, so that a
    reader can keep an answer as long as nothing happened.
    """

    def __init__(self, clock: SandboxClock, seed: str) -> None:
        self.clock = clock
        self.guids = GuidSeries(seed)
        self.accounts: dict[str, Account] = chart.standard_chart()
        self.entries: dict[int, Entry] = {}
        self.vouchers: dict[int, Voucher] = {}
        self.by_reference: dict[str, Voucher] = {}
        self.by_invoice_no: dict[str, Voucher] = {}
        self.version = 0
        self.next_voucher_no = 1
        self._next_sequence = 1
        self._next_entry_id = ENTRY_ID_FROM
        self._next_line_id = TRANSACTION_ID_FROM
        self._change_ticks: array[int] = array("q")
        self._changed_entries: list[Entry] = []
        self._numbers: array[int] = array("q")
        self._numbered: list[Voucher] = []
        self._waiting_for_number: list[tuple[int, Voucher]] = []
        self._days: dict[str, str] = {}

    # --- posting -----------------------------------------------------------------------------------------------

    def post(
        self,
        type_: str,
        drafts: Sequence[EntryDraft],
        posting_date: str,
        *,
        voucher_date: str | None = None,
        offset_account: str = "",
        vat_code: str = "0",
        lines: Sequence[Line] | None = None,
        description: str | None = None,
        reference: str | None = None,
        application_key: str | None = None,
        currency: str = "NOK",
        number_after: float | None = None,
    ) -> Voucher:
        """Post a voucher and return it. Either ``offset_account`` (the plain shape) or explicit ``lines``, in which a
        line with ``entry`` None on a control account stands for the drafts in order. ``number_after`` seconds: the
        voucher gets its number only then.

        Raises ``LedgerError`` when the lines do not sum to zero, ``DuplicateReference`` when a reference is taken.
        """
        if reference is not None and reference in self.by_reference:
            taken = self.by_reference[reference]
            raise DuplicateReference(
                f"ExternalImportReference is already in use. '{reference}' is used on (voucher) Id = "
                f"{self.guids.guid(taken.sequence)}."
            )
        tick = self.clock.tick()
        day = self._days.setdefault(posting_date, posting_date)
        sequence = self._next_sequence
        self._next_sequence = sequence + 1
        voucher = Voucher(
            sequence, None, type_,
            day if voucher_date is None else self._days.setdefault(voucher_date, voucher_date),
            day, tick, (), self._next_line_id, offset_account, vat_code, None, currency, description, reference,
            application_key,
        )  # fmt: skip
        voucher.changed = tick
        entries: list[Entry] = []
        for draft in drafts:
            entry = Entry(
                self._next_entry_id, draft.customer, voucher, draft.amount,
                day if draft.posting_date is None else self._days.setdefault(draft.posting_date, draft.posting_date),
                draft.due_date if draft.due_date is None else self._days.setdefault(draft.due_date, draft.due_date),
                draft.invoice_no, draft.kid, draft.currency,
                draft.amount if draft.currency_amount is None else draft.currency_amount,
                draft.matching_reference, draft.is_write_off, draft.paid_from, tick, tick,
            )  # fmt: skip
            self._next_entry_id += 1
            entries.append(entry)
        voucher.entries = tuple(entries)
        if lines is not None:
            self._give_lines(voucher, lines)
            self._next_line_id += len(lines)
        else:
            self._next_line_id += len(entries) + (1 if vat_code == "0" else 2)
        for entry in entries:
            self.entries[entry.id] = entry
            entry.customer.entries.append(entry)
            self._change_ticks.append(tick)
            self._changed_entries.append(entry)
        self.vouchers[sequence] = voucher
        if reference is not None:
            self.by_reference[reference] = voucher
        if number_after is None:
            self._number(voucher)
        else:
            due = self.clock.ticks() + int(number_after * 10_000_000)
            self._waiting_for_number.append((due, voucher))
        self.version += 1
        return voucher

    def _give_lines(self, voucher: Voucher, lines: Sequence[Line]) -> None:
        waiting = list(voucher.entries)
        for line in lines:
            if line.entry is None and waiting and self.accounts[line.account_no].control:
                line.entry = waiting.pop(0)
        total = sum(line.amount for line in lines)
        if total:
            raise LedgerError(f"The voucher lines must sum to zero; they sum to {total / 100:.2f}.")
        voucher.lines = tuple(lines)

    def _number(self, voucher: Voucher) -> None:
        voucher.no = self.next_voucher_no
        self.next_voucher_no += 1
        self._numbers.append(voucher.no)
        self._numbered.append(voucher)

    def give_late_numbers(self) -> None:
        """Number the vouchers whose waiting time is over; their entries show as changed."""
        if not self._waiting_for_number:
            return
        now = self.clock.ticks()
        due = [voucher for at, voucher in self._waiting_for_number if at <= now]
        self._waiting_for_number = [(at, v) for at, v in self._waiting_for_number if at > now]
        for voucher in due:
            if voucher.sequence in self.vouchers:
                self._number(voucher)
                self.touch(voucher.entries)

    def touch(self, entries: Iterable[Entry]) -> None:
        """The entries' state has changed: move ``LastChangedDateTimeOffset``."""
        for entry in entries:
            tick = self.clock.tick()
            entry.changed = tick
            self._change_ticks.append(tick)
            self._changed_entries.append(entry)
        self.version += 1

    def remove(self, voucher: Voucher) -> None:
        """A document disappears from every answer. Its entries must be unmatched before."""
        for entry in voucher.entries:
            del self.entries[entry.id]
            entry.customer.entries.remove(entry)
        del self.vouchers[voucher.sequence]
        if voucher.reference is not None:
            self.by_reference.pop(voucher.reference, None)
        for entry in voucher.entries:
            if entry.invoice_no is not None and self.by_invoice_no.get(entry.invoice_no) is voucher:
                del self.by_invoice_no[entry.invoice_no]
        self.version += 1

    def restore(self, numbered: Sequence[Voucher], waiting: Sequence[tuple[int, Voucher]]) -> None:
        """Rebuild the number series and the change log from vouchers and entries that were read from a file."""
        self._numbered = list(numbered)
        self._numbers = array("q", [voucher.no or 0 for voucher in numbered])
        self._waiting_for_number = list(waiting)
        self._changed_entries = sorted(self.entries.values(), key=lambda entry: entry.changed)
        self._change_ticks = array("q", [entry.changed for entry in self._changed_entries])

    # --- finding -----------------------------------------------------------------------------------------------

    def voucher_id(self, voucher: Voucher) -> str:
        return self.guids.guid(voucher.sequence)

    def voucher_by_id(self, guid: str) -> Voucher | None:
        sequence = self.guids.sequence(guid)
        return None if sequence is None else self.vouchers.get(sequence)

    def vouchers_numbered(self, first: int, last: int | None) -> list[Voucher]:
        """Vouchers with a number in the inclusive range, ascending; open above when ``last`` is None."""
        low = bisect_left(self._numbers, first)
        high = len(self._numbers) if last is None else bisect_right(self._numbers, last)
        return [v for v in self._numbered[low:high] if v.sequence in self.vouchers]

    def entries_changed_after(self, tick: int) -> list[Entry]:
        """Entries whose last change is strictly later, by id."""
        low = bisect_right(self._change_ticks, tick)
        return sorted(
            {e.id: e for e in self._changed_entries[low:] if e.changed > tick and e.id in self.entries}.values(),
            key=lambda e: e.id,
        )

    def account(self, no: str) -> Account:
        """Raises ``NotInLedger`` for a number that is not in the chart."""
        found = self.accounts.get(no)
        if found is None:
            raise NotInLedger(f"General ledger account with number = {no} not found.")
        return found

    # --- lines -------------------------------------------------------------------------------------------------

    def lines(self, voucher: Voucher) -> Sequence[Line]:
        """The voucher's general-ledger lines; the plain shape is written out here."""
        if voucher.lines is not None:
            return voucher.lines
        made = [Line(chart.RECEIVABLES, e.amount, e.posting_date, e, currency_amount=e.currency_amount)
                for e in voucher.entries]  # fmt: skip
        gross = -sum(entry.amount for entry in voucher.entries)
        currency_gross = -sum(entry.currency_amount for entry in voucher.entries)
        vat = chart.VAT_BY_CODE[voucher.vat_code]
        net = net_of(gross, vat.rate)
        day = voucher.posting_date
        if vat.account is not None:
            currency_net = net_of(currency_gross, vat.rate)
            made.append(Line(voucher.offset_account, net, day, None, vat.code, gross - net, currency_net))
            made.append(Line(vat.account, gross - net, day, None, "0", 0, currency_gross - currency_net))
        else:
            made.append(Line(voucher.offset_account, gross, day, None, vat.code, 0, currency_gross))
        return made

    def transactions(self, vouchers: Iterable[Voucher]) -> Iterator[tuple[Voucher, int, Line]]:
        """(voucher, transaction id, line) of the vouchers, in their order."""
        for voucher in vouchers:
            for place, line in enumerate(self.lines(voucher)):
                yield voucher, voucher.first_line_id + place, line

    def refuse_reversed(self, voucher: Voucher) -> None:
        if voucher.reversed_by is not None:
            raise LedgerConflict(f"Voucher with id = {self.voucher_id(voucher)} is already reversed.")
