"""Reading a SAF-T Financial file (v1.00-1.30): what it says about customers, and whether it adds up.

Parsing and control totals belong here; what is made of it in a ledger is in ``saft.py``. A file whose receivables do
not add up is refused as a whole, with the line and the reason: half an import is worse than none. What is wrong
elsewhere in the file, or cannot be known, is noted.
Source: the SAF-T Financial schemas 1.10 and 1.30 of Skatteetaten and the reading rules beside the sample files.
"""

# pyright: reportPrivateUsage=false
# lxml has no public name for the type of an element.

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from lxml import etree

_NAMESPACE = "urn:StandardAuditFile-Taxation-Financial:NO"
_VERSIONS = ("1.0", "1.1", "1.2", "1.3")
_PLACEHOLDERS = frozenset({"n.a", "n.a.", "na", "n/a", "-"})


class SaftError(ValueError):
    """A file that is not read: which file, which line, why."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        super().__init__(f"{path.name}, line {line or '?'}: {reason}. Nothing was read from it.")
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class SaftVoucher:
    """One transaction with all its lines; they sum to zero."""

    id: str
    dated: date
    description: str
    lines: tuple[SaftLine, ...]
    line: int


@dataclass(frozen=True)
class SaftFile:
    """A file that adds up. ``opening_posted``: customers whose opening balance is among the vouchers already."""

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


def read_saft(path: Path) -> SaftFile:
    """Read and prove a file. Raises ``SaftError`` naming line and reason when it is no SAF-T Financial file, when a
    voucher, the header totals or a customer's balance do not add up, or when an amount or date cannot be read."""
    return _Reader(path).read()


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._notes: list[str] = []

    def read(self) -> SaftFile:
        root = self._root()
        header = self._one(root, "Header")
        version = self._text(header, "AuditFileVersion") or ""
        if not version.startswith(_VERSIONS):
            raise self._error(header, f"AuditFileVersion: found {version!r}, want 1.00 to 1.30")
        company = self._one(header, "Company")
        currency = self._text(header, "DefaultCurrencyCode") or "NOK"
        masters = self._one(root, "MasterFiles")
        accounts = {
            str(self._text(one, "AccountID")): self._text(one, "AccountDescription") or ""
            for one in masters.findall("GeneralLedgerAccounts/Account")
        }
        customers = {c.id: c for c in (self._customer(e) for e in masters.findall("Customers/Customer"))}
        entries = root.find("GeneralLedgerEntries")
        vouchers = tuple(self._voucher(e) for e in entries.iter("Transaction")) if entries is not None else ()
        self._prove_vouchers(vouchers, customers)
        if entries is not None:
            self._prove_header(entries, vouchers)
        opening_posted = self._prove_customers(customers, vouchers)
        self._note_accounts(masters, vouchers)
        first, last = self._period(header, vouchers)
        return SaftFile(
            self._text(company, "Name") or "",
            _nine_digits(self._text(company, "RegistrationNumber")),
            currency,
            first,
            last,
            accounts,
            customers,
            vouchers,
            opening_posted,
            tuple(self._notes),
        )

    # --- the parts ---------------------------------------------------------------------------------------------

    def _root(self) -> etree._Element:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
        try:
            root = etree.parse(str(self._path), parser).getroot()
        except etree.XMLSyntaxError as error:
            raise SaftError(self._path, error.lineno, f"not well-formed XML ({error.msg})") from error
        name = etree.QName(root)
        if name.localname != "AuditFile" or name.namespace != _NAMESPACE:
            found = f"{{{name.namespace}}}{name.localname}"
            raise SaftError(self._path, root.sourceline, f"root element: found {found}, want AuditFile of SAF-T NO")
        for element in root.iter(etree.Element):
            element.tag = etree.QName(element).localname
        return root

    def _customer(self, element: etree._Element) -> SaftCustomer:
        number = self._text(element, "CustomerID")
        if not number:
            raise self._error(element, "Customer: CustomerID is missing")
        party = element.find("PartyInfo")
        terms = party.find("PaymentTerms") if party is not None else None
        boxes = element.findall("BalanceAccount") or [element]  # 1.30 moved the balances into BalanceAccount
        closings = [self._balance(box, "Closing") for box in boxes]
        known = [closing for closing in closings if closing is not None]
        kind = self._text(party, "Type") if party is not None else None
        return SaftCustomer(
            id=number,
            name=self._text(element, "Name") or number,
            orgnr=_nine_digits(self._text(element, "RegistrationNumber")),
            is_person=kind == "Private",
            email=self._text(element, "Contact/Email"),
            phone=self._text(element, "Contact/Telephone"),
            address=self._address(element),
            currency=self._text(party, "CurrencyCode") if party is not None else None,
            term_days=self._whole(terms, "Days"),
            term_months=self._whole(terms, "Months"),
            free_billing_month=terms is not None and self._text(terms, "FreeBillingMonth") in ("true", "1"),
            opening=sum((self._balance(box, "Opening") or Decimal(0) for box in boxes), Decimal(0)),
            closing=sum(known, Decimal(0)) if known else None,
            line=_line_of(element),
        )

    def _balance(self, element: etree._Element, which: str) -> Decimal | None:
        debit = self._amount(element, f"{which}DebitBalance")
        credit = self._amount(element, f"{which}CreditBalance")
        if debit is None and credit is None:
            return None
        return (debit or Decimal(0)) - (credit or Decimal(0))

    def _address(self, element: etree._Element) -> dict[str, str] | None:
        found = element.findall("Address")
        usable = [a for a in found if self._text(a, "City") or self._text(a, "StreetName")]
        postal = [a for a in usable if self._text(a, "AddressType") == "PostalAddress"]
        chosen = (postal or usable or [None])[0]
        if chosen is None:
            return None
        street = " ".join(t for t in (self._text(chosen, "StreetName"), self._text(chosen, "Number")) if t)
        parts = {
            "line1": street,
            "line2": self._text(chosen, "AdditionalAddressDetail") or "",
            "zip": self._text(chosen, "PostalCode") or "",
            "city": self._text(chosen, "City") or "",
            "country": self._text(chosen, "Country") or "NO",
        }
        return {key: value for key, value in parts.items() if value}

    def _voucher(self, element: etree._Element) -> SaftVoucher:
        number = self._text(element, "TransactionID")
        if not number:
            raise self._error(element, "Transaction: TransactionID is missing")
        dated = self._date(element, "TransactionDate")
        if dated is None:
            raise self._error(element, f"Transaction {number}: TransactionDate is missing")
        lines = tuple(self._line(one) for one in element.findall("Line"))
        return SaftVoucher(number, dated, self._text(element, "Description") or "", lines, _line_of(element))

    def _line(self, element: etree._Element) -> SaftLine:
        debit, credit = self._amount(element, "DebitAmount/Amount"), self._amount(element, "CreditAmount/Amount")
        if debit is None and credit is None:
            raise self._error(element, "Line: neither DebitAmount nor CreditAmount")
        side, sign = ("DebitAmount", 1) if debit is not None else ("CreditAmount", -1)
        in_currency = self._amount(element, f"{side}/CurrencyAmount")
        return SaftLine(
            account=self._text(element, "AccountID") or "",
            amount=(debit or Decimal(0)) - (credit or Decimal(0)),
            customer=self._text(element, "CustomerID"),
            description=self._text(element, "Description") or "",
            reference=self._text(element, "ReferenceNumber"),
            source_document=self._text(element, "SourceDocumentID"),
            cross_reference=self._text(element, "CrossReference"),
            kid=self._text(element, "CID"),
            due=self._date(element, "DueDate"),
            currency=self._text(element, f"{side}/CurrencyCode"),
            currency_amount=None if in_currency is None else sign * in_currency,
            line=_line_of(element),
        )

    # --- proofs ------------------------------------------------------------------------------------------------

    def _prove_vouchers(self, vouchers: tuple[SaftVoucher, ...], customers: dict[str, SaftCustomer]) -> None:
        for voucher in vouchers:
            total = sum((line.amount for line in voucher.lines), Decimal(0))
            if total:
                raise SaftError(self._path, voucher.line, f"Transaction {voucher.id}: lines sum to {total}, want zero")
            for line in voucher.lines:
                if line.customer is not None and line.customer not in customers:
                    reason = f"Transaction {voucher.id}: CustomerID {line.customer} is not among the customers"
                    raise SaftError(self._path, line.line, reason)

    def _prove_header(self, entries: etree._Element, vouchers: tuple[SaftVoucher, ...]) -> None:
        amounts = [line.amount for voucher in vouchers for line in voucher.lines]
        counted: dict[str, Decimal] = {
            "NumberOfEntries": Decimal(len(vouchers)),
            "TotalDebit": sum((a for a in amounts if a > 0), Decimal(0)),
            "TotalCredit": -sum((a for a in amounts if a < 0), Decimal(0)),
        }
        for name, found in counted.items():
            stated = self._amount(entries, name)
            if stated is not None and stated != found:
                raise self._error(entries, f"{name}: the file states {stated}, its vouchers give {found}")

    def _prove_customers(self, customers: dict[str, SaftCustomer], vouchers: tuple[SaftVoucher, ...]) -> frozenset[str]:
        """Opening + lines = closing for each; returns who has the opening balance among the vouchers instead."""
        moved: dict[str, Decimal] = defaultdict(Decimal)
        for voucher in vouchers:
            for line in voucher.lines:
                if line.customer is not None:
                    moved[line.customer] += line.amount
        posted: set[str] = set()
        for customer in customers.values():
            lines = moved[customer.id]
            if customer.closing is None:
                self._notes.append(f"customer {customer.id}: no closing balance in the file, its lines are not proved")
            elif customer.opening + lines == customer.closing:
                continue
            elif customer.opening and lines == customer.closing:
                posted.add(customer.id)
                self._notes.append(f"customer {customer.id}: the opening balance is among the vouchers, counted once")
            else:
                reason = (
                    f"customer {customer.id}: opening {customer.opening} and lines {lines} give "
                    f"{customer.opening + lines}, the file's closing balance is {customer.closing}"
                )
                raise SaftError(self._path, customer.line, reason)
        return frozenset(posted)

    def _note_accounts(self, masters: etree._Element, vouchers: tuple[SaftVoucher, ...]) -> None:
        moved: dict[str, Decimal] = defaultdict(Decimal)
        for voucher in vouchers:
            for line in voucher.lines:
                moved[line.account] += line.amount
        for element in masters.findall("GeneralLedgerAccounts/Account"):
            number = str(self._text(element, "AccountID"))
            opening, closing = self._balance(element, "Opening"), self._balance(element, "Closing")
            if closing is not None and (opening or Decimal(0)) + moved[number] != closing:
                given = (opening or Decimal(0)) + moved[number]
                self._notes.append(f"account {number}: opening and lines give {given}, the file states {closing}")

    def _period(self, header: etree._Element, vouchers: tuple[SaftVoucher, ...]) -> tuple[date, date]:
        box = header.find("SelectionCriteria")
        if box is not None:
            first, last = self._date(box, "SelectionStartDate"), self._date(box, "SelectionEndDate")
            if first and last:
                return first, last
            numbers = [self._whole(box, n) for n in ("PeriodStartYear", "PeriodStart", "PeriodEndYear", "PeriodEnd")]
            from_year, from_month, to_year, to_month = numbers
            if from_year and from_month and to_year and to_month and from_month <= 12 and to_month <= 12:
                following = date(to_year + to_month // 12, to_month % 12 + 1, 1)
                return date(from_year, from_month, 1), following - timedelta(days=1)
        days = [voucher.dated for voucher in vouchers]
        if not days:
            raise self._error(header, "no SelectionCriteria and no vouchers: the period is unknown")
        return min(days), max(days)

    # --- small readings ----------------------------------------------------------------------------------------

    def _error(self, element: etree._Element, reason: str) -> SaftError:
        return SaftError(self._path, _line_of(element), reason)

    def _one(self, element: etree._Element, name: str) -> etree._Element:
        found = element.find(name)
        if found is None:
            raise self._error(element, f"{element.tag}: {name} is missing")
        return found

    def _text(self, element: etree._Element, path: str) -> str | None:
        text = (element.findtext(path) or "").strip()
        return None if not text or text.lower() in _PLACEHOLDERS else text

    def _amount(self, element: etree._Element, path: str) -> Decimal | None:
        text = self._text(element, path)
        if text is None:
            return None
        try:
            value = Decimal(text)
            if value.is_finite() and value == value.quantize(Decimal("0.01")):
                return value
        except InvalidOperation:
            pass
        raise self._error(element, f"{path}: found {text!r}, want an amount with at most two decimals")

    def _whole(self, element: etree._Element | None, path: str) -> int | None:
        text = None if element is None else self._text(element, path)
        if text is None or element is None:
            return None
        if not (text.isascii() and text.isdigit()):
            raise self._error(element, f"{path}: found {text!r}, want a whole number")
        return int(text)

    def _date(self, element: etree._Element, path: str) -> date | None:
        text = self._text(element, path)
        if text is None:
            return None
        try:
            return date.fromisoformat(text[:10])
        except ValueError as error:
            raise self._error(element, f"{path}: found {text!r}, want an ISO date") from error


def _line_of(element: etree._Element) -> int:
    line = element.sourceline
    return line if isinstance(line, int) else 0


def _nine_digits(text: str | None) -> str | None:
    """The organisation number in a registration number such as ``NO 987 654 325 MVA``; None when there is none."""
    cleaned = (text or "").upper().replace(" ", "").removeprefix("NO").removesuffix("MVA")
    return cleaned if len(cleaned) == 9 and cleaned.isascii() and cleaned.isdigit() else None


def receivable_lines(file: SaftFile) -> Iterator[tuple[SaftVoucher, SaftLine]]:
    """Lines that carry a customer, in the file's order; nothing is guessed from text or account."""
    for voucher in file.vouchers:
        for line in voucher.lines:
            if line.customer is not None:
                yield voucher, line
