"""Postings through the API: what an integration may post directly, checked the way Go checks it.

The bodies come in as dicts in PascalCase with ``Decimal`` numbers. A refusal is a ``LedgerError`` with Go's title and a
detail that names the line. Automatic matching follows reference § 5. Drafts (JournalEntryVouchers) are in
``api/drafts.py``: they never reach the books.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

from . import chart
from .books import EntryDraft
from .company import Company
from .errors import LedgerError, NotInLedger
from .money import net_of, ore
from .records import Account, Customer, Entry, Line, Voucher

RATES = {  # kroner for one unit, used when a line names no rate
    "NOK": Decimal(1), "EUR": Decimal("11.4275"), "USD": Decimal("10.5120"), "GBP": Decimal("13.6050"),
    "SEK": Decimal("1.0244"), "DKK": Decimal("1.5318"),
}  # fmt: skip
JOURNALS = {"ManualJournals": "ManualJournal", "BankJournals": "BankJournal", "CashJournals": "CashJournal"}
INVOICES = {"OutgoingInvoiceJournals": "OutgoingInvoice", "OutgoingCreditNoteJournals": "OutgoingCreditNote"}
_DIMENSIONS = ("DepartmentId", "ProjectId", "Dim1Id", "Dim2Id", "Dim3Id", "LocationId", "ProductId", "Quantity",
               "Quantity2")  # fmt: skip


@dataclass(slots=True)
class _Posting:
    """One line of a body, resolved: øre in client currency and in its own."""

    where: str
    account: Account | None
    customer: Customer | None
    amount: int
    currency: str
    currency_amount: int
    posting_date: str
    vat_code: str
    body: Mapping[str, Any]


def post_journal(company: Company, route: str, body: dict[str, Any], application_key: str,
                 number_after: float | None = None) -> Voucher:  # fmt: skip
    """Post a manual, bank or cash voucher (``route`` is the last path segment). Raises ``LedgerError``."""
    header_currency = _currency(body.get("CurrencyCode"), "CurrencyCode")
    voucher_date = _day(body.get("VoucherDate"), "VoucherDate")
    lines = _lines_of(body)
    postings = [_resolve(company, line, place, header_currency) for place, line in enumerate(lines, 1)]
    _balance(postings)
    drafts, made = _written(company, postings)
    voucher = company.books.post(
        JOURNALS[route], drafts, postings[0].posting_date, voucher_date=voucher_date, lines=made,
        description=body.get("Description"), reference=_reference(body), application_key=application_key,
        currency=header_currency, number_after=number_after,
    )  # fmt: skip
    voucher.posted = body
    on_customer = [p for p in postings if p.customer is not None]
    for entry, posting in zip(voucher.entries, on_customer, strict=True):
        match_automatically(company, entry, str(posting.body.get("InvoiceNo") or "") or None)
    return voucher


def post_invoice(company: Company, route: str, body: dict[str, Any], application_key: str,
                 number_after: float | None = None) -> Voucher:  # fmt: skip
    """Post an outgoing invoice or credit note that another system issued. Raises ``LedgerError``."""
    kind = INVOICES[route]
    currency = _currency(body.get("CurrencyCode"), "CurrencyCode")
    voucher_date, due = _day(body.get("VoucherDate"), "VoucherDate"), _day(body.get("DueDate"), "DueDate")
    _refuse_closed(company, voucher_date, "VoucherDate")
    customer = company.customers_by_account.get(_whole(body.get("CustomerAccountId"), "CustomerAccountId"))
    if customer is None:
        raise NotInLedger(f"Customer account with id = {body.get('CustomerAccountId')} not found.")
    number = str(_whole(body.get("InvoiceNo"), "InvoiceNo"))
    if number in company.books.by_invoice_no:
        raise LedgerError(f"InvoiceNo {number} is already in use.")
    total = _amount(body.get("CurrencyAmount"), "CurrencyAmount")
    if (total > 0) != (kind == "OutgoingInvoice"):
        sign = "positive" if kind == "OutgoingInvoice" else "negative"
        raise LedgerError(f"CurrencyAmount must be {sign} for {kind}.")
    rate = _rate(body, currency)
    lines: list[Line] = []
    sum_of_lines = 0
    for place, line in enumerate(_lines_of(body), 1):
        where = f"VoucherLines[{place}]"
        amount = _amount(line.get("CurrencyAmount"), f"{where}.CurrencyAmount")
        sum_of_lines += amount
        account = _gl_account(company, line, where)
        vat_code = _vat(account, line, where)
        lines += _gl_lines(account.no, -_in_kroner(amount, rate), -amount, voucher_date, vat_code, line)
    if sum_of_lines != total:
        raise LedgerError(
            f"CurrencyAmount {total / 100:.2f} must equal the sum of the lines, which is {sum_of_lines / 100:.2f}."
        )
    amount = -sum(line.amount for line in lines)
    draft = EntryDraft(customer, amount, due, number, body.get("Cid") or None, currency, total,
                       body.get("CustomMatchingReference") or None)  # fmt: skip
    voucher = company.books.post(
        kind, (draft,), voucher_date,
        lines=[Line(chart.RECEIVABLES, amount, voucher_date, currency_amount=total), *lines],
        description=body.get("Description"), reference=_reference(body), application_key=application_key,
        currency=currency, number_after=number_after,
    )  # fmt: skip
    voucher.posted = body
    voucher.customer_reference = body.get("CustomerReference")
    company.books.by_invoice_no[number] = voucher
    match_automatically(company, voucher.entries[0], None)
    return voucher


def match_automatically(company: Company, entry: Entry, invoice_no: str | None) -> None:
    """What Go matches at posting (reference § 5): the same matching reference and opposite amount, the same KID and
    opposite amount, and then whatever is open on the invoice that a bank line names."""
    others = [e for e in entry.customer.entries if e is not entry and e.balance == -entry.balance]
    for key in ("matching_reference", "kid"):
        value = getattr(entry, key)
        if value is None:
            continue
        for other in others:
            if getattr(other, key) == value:
                company.matching.match([entry, other])
                return
    if invoice_no is not None:
        invoice = company.books.by_invoice_no.get(invoice_no)
        if invoice is not None and invoice.entries[0].customer is entry.customer:
            company.matching.match([entry, invoice.entries[0]])


# --- one line --------------------------------------------------------------------------------------------------


def _resolve(company: Company, line: Mapping[str, Any], place: int, header_currency: str) -> _Posting:
    where = f"VoucherLines[{place}]"
    account_id = _whole(line.get("AccountId"), f"{where}.AccountId")
    customer = company.customers_by_account.get(account_id)
    account = None if customer is not None else _gl_account(company, line, where)
    posting_date = _day(line.get("PostingDate"), f"{where}.PostingDate")
    _refuse_closed(company, posting_date, f"{where}.PostingDate")
    currency = _currency(line.get("CurrencyCode") or header_currency, f"{where}.CurrencyCode")
    amount = _amount(line.get("CurrencyAmount"), f"{where}.CurrencyAmount")
    vat_code = _vat(account, line, where)
    _dimensions(company, account, line, where)
    return _Posting(where, account, customer, _in_kroner(amount, _rate(line, currency)), currency, amount,
                    posting_date, vat_code, line)  # fmt: skip


def _balance(postings: Sequence[_Posting]) -> None:
    """The lines must sum to zero; what rounding between currencies leaves goes on the last foreign line."""
    total = sum(posting.amount for posting in postings)
    foreign = [posting for posting in postings if posting.currency != "NOK"]
    if total and foreign and abs(total) <= len(foreign):
        foreign[-1].amount -= total
        return
    if total:
        raise LedgerError(f"The voucher is not in balance. The sum of the lines is {total / 100:.2f}, expected 0.")


def _written(company: Company, postings: Sequence[_Posting]) -> tuple[list[EntryDraft], list[Line]]:
    drafts: list[EntryDraft] = []
    lines: list[Line] = []
    for posting in postings:
        body = posting.body
        if posting.customer is None:
            assert posting.account is not None
            lines += _gl_lines(posting.account.no, posting.amount, posting.currency_amount, posting.posting_date,
                               posting.vat_code, body)  # fmt: skip
            continue
        drafts.append(
            EntryDraft(
                posting.customer, posting.amount, None, None, body.get("Cid") or None, posting.currency,
                posting.currency_amount, body.get("CustomMatchingReference") or None,
                posting_date=posting.posting_date,
            )
        )  # fmt: skip
        lines.append(Line(chart.RECEIVABLES, posting.amount, posting.posting_date,
                          currency_amount=posting.currency_amount, description=body.get("Description"),
                          dimensions=_own(body)))  # fmt: skip
    return drafts, lines


def _gl_lines(account_no: str, amount: int, currency_amount: int, day: str, vat_code: str,
              body: Mapping[str, Any]) -> list[Line]:  # fmt: skip
    """A gross amount on an account, and the VAT that Go splits off it."""
    vat = chart.VAT_BY_CODE[vat_code]
    text, own = body.get("Description"), _own(body)
    if vat.account is None:
        return [Line(account_no, amount, day, None, vat_code, 0, currency_amount, text, own)]
    net, currency_net = net_of(amount, vat.rate), net_of(currency_amount, vat.rate)
    return [
        Line(account_no, net, day, None, vat_code, amount - net, currency_net, text, own),
        Line(vat.account, amount - net, day, None, "0", 0, currency_amount - currency_net, text),
    ]


def _own(body: Mapping[str, Any]) -> dict[str, Any] | None:
    return {key: body[key] for key in _DIMENSIONS if body.get(key) is not None} or None


def _gl_account(company: Company, line: Mapping[str, Any], where: str) -> Account:
    account_id = _whole(line.get("AccountId"), f"{where}.AccountId")
    account = next((a for a in company.books.accounts.values() if a.id == account_id), None)
    if account is None:
        raise NotInLedger(f"{where}: Account with id = {account_id} not found.")
    if account.control:
        raise LedgerError(f"{where}: Account {account.no} is a control account; post on a sub-ledger account instead.")
    if not account.active:
        raise LedgerError(f"{where}: Account {account.no} is not active.")
    return account


def _vat(account: Account | None, line: Mapping[str, Any], where: str) -> str:
    vat = chart.VAT_BY_ID.get(_whole(line.get("VatId"), f"{where}.VatId"))
    if vat is None:
        raise NotInLedger(f"{where}: VAT code with id = {line.get('VatId')} not found.")
    if account is None and vat.code != "0":
        raise LedgerError(f"{where}: A sub-ledger account takes no VAT code; found {vat.code}.")
    if account is not None and account.vat_locked and vat.code != account.vat_code:
        raise LedgerError(f"{where}: Account {account.no} is locked to VAT code {account.vat_code}; found {vat.code}.")
    return vat.code


def _dimensions(company: Company, account: Account | None, line: Mapping[str, Any], where: str) -> None:
    for key, known in (
        ("DepartmentId", company.departments), ("ProjectId", company.projects),
        ("Dim1Id", company.dimensions), ("Dim2Id", company.dimensions), ("Dim3Id", company.dimensions),
    ):  # fmt: skip
        value = line.get(key)
        if value is not None and not any(one["Id"] == value for one in known):
            raise NotInLedger(f"{where}: {key.removesuffix('Id')} with id = {value} not found.")
    if account is not None and account.department_required and line.get("DepartmentId") is None:
        raise LedgerError(f"{where}: Account {account.no} requires a department.")
    if account is not None and account.project_required and line.get("ProjectId") is None:
        raise LedgerError(f"{where}: Account {account.no} requires a project.")


# --- one value -------------------------------------------------------------------------------------------------


def _lines_of(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    lines = body.get("VoucherLines")
    if not isinstance(lines, list) or not lines:
        raise LedgerError("VoucherLines is required.")
    for line in cast(list[Any], lines):
        if not isinstance(line, dict):
            raise LedgerError("VoucherLines must be objects.")
    return cast(list[Mapping[str, Any]], lines)


def _reference(body: Mapping[str, Any]) -> str | None:
    value = body.get("ExternalImportReference")
    if value is not None and not isinstance(value, str):
        raise LedgerError("ExternalImportReference must be a text.")
    return value or None


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise LedgerError(f"{where} is required and must be a whole number; found {value!r}.")
    return value


def _amount(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise LedgerError(f"{where} is required and must be a number; found {value!r}.")
    try:
        amount = ore(value)
    except LedgerError as error:
        raise LedgerError(f"{where}: {error.detail}.") from error
    if not amount:
        raise LedgerError(f"{where} must not be zero.")
    return amount


def _day(value: Any, where: str) -> str:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError as error:
        raise LedgerError(f"{where} is required and must be a date; found {value!r}.") from error


def _currency(value: Any, where: str) -> str:
    if value not in RATES:
        raise LedgerError(f"{where} is required and must be a known currency; found {value!r}.")
    return str(value)


def _rate(body: Mapping[str, Any], currency: str) -> Decimal:
    given = body.get("CurrencyExchangeRate")
    return RATES[currency] if given is None or currency == "NOK" else Decimal(str(given))


def _in_kroner(amount: int, rate: Decimal) -> int:
    return int((amount * rate).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _refuse_closed(company: Company, day: str, where: str) -> None:
    if day <= company.lock_date:
        raise LedgerError(f"{where} {day} is in a closed period. The accounts are locked up to and including "
                          f"{company.lock_date}.")  # fmt: skip
    if day < company.conversion_date:
        raise LedgerError(f"{where} {day} is before the conversion date {company.conversion_date}.")
