"""Whether a SAF-T file adds up: each voucher, the header's totals, each customer, and (only noted) each account.

Belongs here: the control sums, kept while the file streams by, and the words for one that fails. A file whose
receivables do not add up is refused as a whole: half an import is worse than none. Source: the reading rules beside
Skatteetaten's sample files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from .saft_content import SaftCustomer, SaftVoucher
from .saft_xml import Fault

_KEPT: Final = 100
_ZERO: Final = Decimal(0)


class Faults:
    """Faults as they are found, causes before what follows from them; the first hundred are kept, the rest counted."""

    def __init__(self) -> None:
        self.kept: list[Fault] = []
        self.more = 0

    def add(self, line: int | None, reason: str) -> None:
        if len(self.kept) < _KEPT:
            self.kept.append(Fault(line, reason))
        else:
            self.more += 1


@dataclass(frozen=True)
class AccountBalance:
    """What the file states for an account; kroner, debit positive, None when it does not say."""

    opening: Decimal | None
    closing: Decimal | None


class Proofs:
    """Sums of everything that has streamed by; ``finish`` compares them with what the file states."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._debit = self._credit = _ZERO  # as the columns are written
        self._positive = self._negative = _ZERO  # a negative debit counted as a credit
        self._moved: dict[str, Decimal] = defaultdict(Decimal)
        self._accounts: dict[str, Decimal] = defaultdict(Decimal)
        self._named: dict[str, tuple[int, str]] = {}  # customer -> line and voucher that names it first
        self.vouchers = 0
        self.lines = 0
        self.first: date | None = None
        self.last: date | None = None

    def voucher(self, voucher: SaftVoucher, debit: Decimal, credit: Decimal) -> None:
        """Count a voucher; ``debit`` and ``credit`` are the sums of its two columns."""
        self.vouchers += 1
        self.lines += len(voucher.lines)
        self.first = voucher.dated if self.first is None else min(self.first, voucher.dated)
        self.last = voucher.dated if self.last is None else max(self.last, voucher.dated)
        self._debit += debit
        self._credit += credit
        total = _ZERO
        for line in voucher.lines:
            total += line.amount
            self._accounts[line.account] += line.amount
            if line.amount > 0:
                self._positive += line.amount
            else:
                self._negative -= line.amount
            if line.customer is not None:
                self._moved[line.customer] += line.amount
                self._named.setdefault(line.customer, (line.line, voucher.id))
        if total:
            self._faults.add(voucher.line, f"Transaction {voucher.id}: lines sum to {total}, want zero")

    def finish(
        self,
        customers: Mapping[str, SaftCustomer],
        totals: Mapping[str, tuple[Decimal, int]],
        accounts: Mapping[str, AccountBalance],
    ) -> tuple[frozenset[str], list[str]]:
        """Compare. Gives who has the opening balance among the vouchers, and the notes. ``totals``: by name the stated
        value and its line."""
        for who, (line, voucher) in self._named.items():
            if who not in customers:
                self._faults.add(line, f"Transaction {voucher}: CustomerID {who} is not among the customers")
        notes = self._header(totals)
        posted = self._customers(customers, notes)
        for number, stated in accounts.items():
            given = (stated.opening or _ZERO) + self._accounts[number]
            if stated.closing is not None and given != stated.closing:
                notes.append(f"account {number}: opening and lines give {given}, the file states {stated.closing}")
        return posted, notes

    def _header(self, totals: Mapping[str, tuple[Decimal, int]]) -> list[str]:
        sums = {"TotalDebit": (self._debit, self._positive), "TotalCredit": (self._credit, self._negative)}
        wrong = 0
        for name, (written, signed) in sums.items():
            if name in totals and totals[name][0] not in (written, signed):
                stated, line = totals[name]
                self._faults.add(line, f"{name}: the file states {stated}, its vouchers give {written}")
                wrong += 1
        if "NumberOfEntries" not in totals or totals["NumberOfEntries"][0] == self.vouchers:
            return []
        stated, line = totals["NumberOfEntries"]
        if stated == self.lines and not wrong and set(sums) <= set(totals):  # both sums stand, so no voucher is missing
            return [f"NumberOfEntries counts the {self.lines} lines and not the {self.vouchers} vouchers"]
        self._faults.add(line, f"NumberOfEntries: the file states {stated}, its vouchers give {self.vouchers}")
        return []

    def _customers(self, customers: Mapping[str, SaftCustomer], notes: list[str]) -> frozenset[str]:
        posted: set[str] = set()
        for customer in customers.values():
            lines = self._moved[customer.id]
            given = customer.opening + lines
            if customer.closing is None:
                notes.append(f"customer {customer.id}: no closing balance in the file, its lines are not proved")
            elif given == customer.closing:
                continue
            elif customer.opening and lines == customer.closing:
                posted.add(customer.id)
                notes.append(f"customer {customer.id}: the opening balance is among the vouchers, counted once")
            else:
                self._faults.add(
                    customer.line,
                    f"customer {customer.id}: opening {customer.opening} and lines {lines} give {given}, the file's "
                    f"closing balance is {customer.closing}",
                )
        return frozenset(posted)
