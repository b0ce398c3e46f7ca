"""Reading a SAF-T Financial file (v1.00-1.30): what it says about customers, and whether that can be relied on.

Belongs here: which elements are read and what they mean. XML is in ``saft_xml``, the control sums in ``saft_proofs``,
the values in ``saft_content``, what is made of them in a ledger in ``saft``. The file streams by: only customers,
accounts and the vouchers that touch a customer are kept.
Source: the SAF-T Financial schemas 1.10 and 1.30 of Skatteetaten and the reading rules beside the sample files.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from sys import intern
from typing import Final

from .saft_content import SaftCustomer, SaftFile, SaftLine, SaftVoucher, receivable_lines
from .saft_fields import Unreadable, address_of, amount_at, amount_of, balance_of, date_at, nine_digits, whole_at
from .saft_proofs import AccountBalance, Faults, Proofs
from .saft_xml import Element, Fault, SaftError, records

__all__ = ["SaftCustomer", "SaftError", "SaftFile", "SaftLine", "SaftVoucher", "read_saft", "receivable_lines"]

_VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3")
_HEADER: Final = "Header"
_ACCOUNT: Final = "MasterFiles/GeneralLedgerAccounts/Account"
_CUSTOMER: Final = "MasterFiles/Customers/Customer"
_TRANSACTION: Final = "GeneralLedgerEntries/Journal/Transaction"
_TOTALS: Final = tuple(f"GeneralLedgerEntries/{name}" for name in ("NumberOfEntries", "TotalDebit", "TotalCredit"))
_WANTED: Final = frozenset({_HEADER, _ACCOUNT, _CUSTOMER, _TRANSACTION, *_TOTALS})
_MEND: Final = (
    "Mend it in the accounting system and export again, or show its supplier these lines: the file is wrong as it was "
    "written."
)


def read_saft(path: Path) -> SaftFile:
    """Read and prove a file in one pass.

    Raises ``SaftError`` naming line and reason of everything found wrong: no SAF-T Financial file, an amount or date
    that cannot be read, or a voucher, header total or customer that does not add up; ``OSError`` when it cannot be
    opened.
    """
    with path.open("rb") as opened:
        reader = _Reader(path)
        for where, element in records(path, opened, _WANTED):
            reader.take(where, element)
        return reader.file()


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._faults = Faults()
        self._unreadable = 0
        self._proofs = Proofs(self._faults)
        self._header: Element | None = None
        self._accounts: dict[str, str] = {}
        self._balances: dict[str, AccountBalance] = {}
        self._customers: dict[str, SaftCustomer] = {}
        self._vouchers: list[SaftVoucher] = []
        self._totals: dict[str, tuple[Decimal, int]] = {}
        self._days: dict[str, date] = {}
        self._takers: dict[str, Callable[[Element], None]] = {
            _HEADER: self._take_header,
            _ACCOUNT: self._take_account,
            _CUSTOMER: self._take_customer,
            _TRANSACTION: self._take_voucher,
            **dict.fromkeys(_TOTALS, self._take_total),
        }

    def take(self, where: str, element: Element) -> None:
        """Read one record; what cannot be read is kept as a fault, so that the owner learns of all of it at once."""
        try:
            self._takers[where](element)
        except Unreadable as error:
            self._unreadable += 1
            self._faults.add(error.fault.line, error.fault.reason)

    def file(self) -> SaftFile:
        header = self._header
        if header is None:
            raise self._refused(None, "AuditFile: Header is missing")
        opening_posted: frozenset[str] = frozenset()
        notes: list[str] = []
        if not self._unreadable:  # sums without a record that is missing would only repeat what is said already
            opening_posted, notes = self._proofs.finish(self._customers, self._totals, self._balances)
        if self._faults.kept:
            raise SaftError(self._path, self._faults.kept, _MEND, self._faults.more)
        try:
            first, last = self._period(header)
            created = date_at(header, "AuditFileDateCreated")
        except Unreadable as error:
            raise self._refused(error.fault.line, error.fault.reason) from error
        software = (header.text(name) for name in ("SoftwareCompanyName", "SoftwareID", "SoftwareVersion"))
        return SaftFile(
            header.text("Company/Name") or "",
            nine_digits(header.text("Company/RegistrationNumber")),
            header.text("DefaultCurrencyCode") or "NOK",
            first,
            last,
            self._accounts,
            self._customers,
            tuple(self._vouchers),
            opening_posted,
            tuple(notes),
            self._proofs.vouchers,
            self._proofs.last,
            created,
            " ".join(dict.fromkeys(word for word in software if word)),
            header.text("AuditFileVersion") or "",
        )

    # --- the records -------------------------------------------------------------------------------------------

    def _take_header(self, element: Element) -> None:
        version = element.text("AuditFileVersion") or ""
        if not version.startswith(_VERSIONS):
            at = element.find("AuditFileVersion") or element
            raise self._refused(at.line, f"AuditFileVersion: found {version!r}, want 1.00 to 1.30")
        if element.find("Company") is None:
            raise self._refused(element.line, "Header: Company is missing")
        self._header = element

    def _take_account(self, element: Element) -> None:
        number = element.text("AccountID")
        if number is None:
            raise Unreadable(element, "Account: AccountID is missing")
        self._accounts[number] = element.text("AccountDescription") or ""
        self._balances[number] = AccountBalance(balance_of(element, "Opening"), balance_of(element, "Closing"))

    def _take_customer(self, element: Element) -> None:
        number = element.text("CustomerID")
        if not number:
            raise Unreadable(element, "Customer: CustomerID is missing")
        if number in self._customers:
            raise Unreadable(element, f"Customer: CustomerID {number} is there twice, want each once")
        boxes = element.all("BalanceAccount") or [element]  # 1.30 moved the balances into BalanceAccount
        closings = [balance_of(box, "Closing") for box in boxes]
        known = [closing for closing in closings if closing is not None]
        terms = element.find("PartyInfo/PaymentTerms")
        self._customers[number] = SaftCustomer(
            id=number,
            name=element.text("Name") or number,
            orgnr=nine_digits(element.text("RegistrationNumber")),
            is_person=element.text("PartyInfo/Type") == "Private",
            email=element.text("Contact/Email"),
            phone=element.text("Contact/Telephone"),
            address=address_of(element),
            currency=element.text("PartyInfo/CurrencyCode"),
            term_days=whole_at(terms, "Days"),
            term_months=whole_at(terms, "Months"),
            free_billing_month=terms is not None and terms.text("FreeBillingMonth") in ("true", "1"),
            opening=sum((balance_of(box, "Opening") or Decimal(0) for box in boxes), Decimal(0)),
            closing=sum(known, Decimal(0)) if known else None,
            line=element.line,
        )

    def _take_total(self, element: Element) -> None:
        value = amount_of(element, element.name)
        if value is not None:
            self._totals[element.name] = (value, element.line)

    def _take_voucher(self, element: Element) -> None:
        number = element.text("TransactionID")
        if not number:
            raise Unreadable(element, "Transaction: TransactionID is missing")
        dated = self._day(element, "TransactionDate")
        if dated is None:
            raise Unreadable(element, f"Transaction {number}: TransactionDate is missing")
        debits = credits = Decimal(0)
        lines: list[SaftLine] = []
        receivable = False
        for one in element.all("Line"):
            debit, credit = amount_at(one, "DebitAmount/Amount"), amount_at(one, "CreditAmount/Amount")
            if debit is None and credit is None:
                raise Unreadable(one, f"Transaction {number}: a line has neither DebitAmount nor CreditAmount")
            debits += debit or 0
            credits += credit or 0
            lines.append(self._line(one, debit, credit))
            receivable = receivable or lines[-1].customer is not None
        voucher = SaftVoucher(number, dated, element.text("Description") or "", tuple(lines), element.line)
        self._proofs.voucher(voucher, debits, credits)
        if receivable:
            self._vouchers.append(voucher)

    def _line(self, element: Element, debit: Decimal | None, credit: Decimal | None) -> SaftLine:
        side, sign = ("DebitAmount", 1) if debit is not None else ("CreditAmount", -1)
        currency = element.text(f"{side}/CurrencyCode")
        in_currency = None if currency is None else amount_at(element, f"{side}/CurrencyAmount")
        customer = element.text("CustomerID")
        return SaftLine(
            account=intern(element.text("AccountID") or ""),
            amount=(debit or Decimal(0)) - (credit or Decimal(0)),
            customer=None if customer is None else intern(customer),
            description=element.text("Description") or "",
            reference=element.text("ReferenceNumber"),
            source_document=element.text("SourceDocumentID"),
            cross_reference=element.text("CrossReference"),
            kid=element.text("CID"),
            due=self._day(element, "DueDate"),
            currency=None if currency is None else intern(currency),
            currency_amount=None if in_currency is None else sign * in_currency,
            line=element.line,
        )

    def _day(self, element: Element, name: str) -> date | None:
        """The date of a field; a file has few days and many lines."""
        found = element.children.get(name)
        if not found:
            return None
        text = "".join(found[0].texts)
        known = self._days.get(text)
        if known is None:
            known = date_at(element, name)
            if known is not None:
                self._days[text] = known
        return known

    def _period(self, header: Element) -> tuple[date, date]:
        box = header.find("SelectionCriteria")
        if box is not None:
            first, last = date_at(box, "SelectionStartDate"), date_at(box, "SelectionEndDate")
            if first and last:
                return _in_order(box, first, last)
            numbers = [whole_at(box, n, 2199) for n in ("PeriodStartYear", "PeriodStart", "PeriodEndYear", "PeriodEnd")]
            from_year, from_month, to_year, to_month = numbers
            if from_year and from_month and to_year and to_month and max(from_month, to_month) <= 12:
                following = date(to_year + to_month // 12, to_month % 12 + 1, 1)
                return _in_order(box, date(from_year, from_month, 1), following - timedelta(days=1))
        if self._proofs.first is None or self._proofs.last is None:
            raise Unreadable(header, "Header: no SelectionCriteria and no vouchers, so the period is unknown")
        return self._proofs.first, self._proofs.last

    def _refused(self, line: int | None, reason: str) -> SaftError:
        return SaftError(self._path, [Fault(line, reason)], _MEND)


def _in_order(box: Element, first: date, last: date) -> tuple[date, date]:
    if last < first:
        raise Unreadable(box, f"SelectionCriteria: the period ends on {last}, before it begins on {first}")
    return first, last
