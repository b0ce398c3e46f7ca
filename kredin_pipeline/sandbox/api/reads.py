"""Reading the sub-ledger: customer ledger and outgoing invoices (reference §§ 8, 9).

Each function filters rows and hands them to ``listing.py``. A filtered list is kept until the books change, so that the
next page of the same read does not filter a million rows again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..ledger import chart
from ..ledger.money import net_of, wire
from ..ledger.records import Customer, Entry, Voucher
from .listing import Listing, answer_list
from .protocol import Answer, ApiError, Call, Query, answer_json, dumps, missing, not_found
from .rows import (
    ENTRY_NAMES,
    INVOICE_NAMES,
    code_of,
    entry_writer,
    invoice_writer,
)

_ENTRY_KEYS: dict[str, Callable[[Entry], Any]] = {
    "Id": lambda e: e.id,
    "VoucherNo": lambda e: e.voucher.no,
    "PostingDate": lambda e: e.posting_date,
    "VoucherDate": lambda e: e.voucher.date,
    "DueDate": lambda e: e.due_date,
    "LastChangedDateTimeOffset": lambda e: e.changed,
    "CreatedDateTimeOffset": lambda e: e.created,
    "Amount": lambda e: e.amount,
    "InvoiceNo": lambda e: e.invoice_no,
    "CustomerAccountNo": lambda e: int(e.customer.no),
}
_INVOICE_KEYS: dict[str, Callable[[Voucher], Any]] = {
    "Id": lambda v: v.sequence,
    "VoucherNo": lambda v: v.no,
    "InvoiceNo": lambda v: int(v.entries[0].invoice_no or 0),
    "VoucherDate": lambda v: v.date,
    "DueDate": lambda v: v.entries[0].due_date,
    "CustomerNo": lambda v: int(v.entries[0].customer.no),
    "BalanceLastChangedDateTimeOffset": lambda v: v.entries[0].changed,
}
_ENTRY_TEXTS: dict[str, Callable[[Entry], str | None]] = {
    "customMatchingReferences": lambda e: e.matching_reference,
    "invoiceNos": lambda e: e.invoice_no,
    "voucherTypes": lambda e: e.voucher.type,
}
BALANCE_NAMES = ("Balance", "CustomerAccountNo", "CustomerExternalNo", "CustomerId", "CustomerName")


def kept(call: Call, make: Callable[[], list[Any]]) -> list[Any]:
    key = (call.company.client_key, call.path.lower(), call.query.without_paging(), call.application_key)
    return call.world.kept_lists.get(key, call.company.books.version, make)


# --- customer ledger -------------------------------------------------------------------------------------------


def open_items(call: Call) -> Answer:
    day = call.query.needed_day("date")

    def make() -> list[Entry]:
        found = _entries(call, None, day)
        return [e for e in found if (e.balance_at(day) if e.links else e.amount)]

    return _answer_entries(call, kept(call, make), day)


def statement(call: Call) -> Answer:
    first, last = call.query.needed_day("fromDate"), call.query.needed_day("toDate")
    return _answer_entries(call, kept(call, lambda: _entries(call, first, last)), last)


def entries_by_match_id(call: Call) -> Answer:
    match_id = call.query.whole("matchId")
    if match_id is None:
        raise missing("matchId")
    group = call.company.matching.groups.get(match_id)
    rows = [] if group is None else sorted(group.members, key=lambda e: e.id)
    return _answer_entries(call, rows, "9999-12-31")


def _answer_entries(call: Call, rows: list[Entry], day: str) -> Answer:
    write = entry_writer(call.company, day, call.application_key, call.world.options.dates_with_time == "sometimes")
    return answer_list(call, Listing(rows, write, ENTRY_NAMES, lambda e: e.changed, _ENTRY_KEYS))


def _entries(call: Call, first: str | None, last: str) -> list[Entry]:
    query, books = call.query, call.company.books
    changed, created = query.ticks("lastChangedDateTimeOffsetGreaterThan"), query.ticks(
        "createdDateTimeOffsetGreaterThan")  # fmt: skip
    rows: Iterable[Entry] = books.entries.values() if changed is None else books.entries_changed_after(changed)
    customers = _customers(call, query)
    if customers is not None and changed is None:
        rows = sorted((e for c in customers.values() for e in c.entries), key=lambda e: e.id)
    tests: list[Callable[[Entry], bool]] = []
    if customers is not None:
        tests.append(lambda e: e.customer.id in customers)
    if created is not None:
        tests.append(lambda e: e.created > created)
    for name, value in _ENTRY_TEXTS.items():
        wanted = query.texts(name)
        if wanted is not None:
            tests.append(lambda e, wanted=wanted, value=value: value(e) in wanted)
    if query.flag("onlyBalancesLessThanAmount"):
        tests.append(lambda e: abs(e.balance_at(last)) < abs(e.amount))
    if query.flag("onlyCreatedByCurrentIntegration"):
        tests.append(lambda e: e.voucher.application_key == call.application_key)
    for name in ("departmentCodes", "projectCodes"):  # entries carry no dimension: only -1 (without) finds them
        wanted = query.texts(name)
        if wanted is not None and "-1" not in wanted:
            tests.append(lambda _: False)
    if query.text("subLedgerNumberSeriesIds") is not None or query.ids("contactGroupIds") is not None:
        rows = _of_series_and_groups(call, rows)
    found = (
        [e for e in rows if e.posting_date <= last]
        if first is None
        else [e for e in rows if first <= e.posting_date <= last]
    )
    return [e for e in found if all(test(e) for test in tests)] if tests else found


def _of_series_and_groups(call: Call, rows: Iterable[Entry]) -> list[Entry]:
    series = call.query.texts("subLedgerNumberSeriesIds")
    groups = call.query.ids("contactGroupIds")
    if series is not None and call.world.customer_series_id not in {one.lower() for one in series}:
        return []
    return [e for e in rows if groups is None or groups & set(e.customer.fields.get("ContactGroupIds") or ())]


def _customers(call: Call, query: Query) -> dict[int, Customer] | None:
    """Customers that ``customerNos`` and ``externalNos`` name; None without such a filter."""
    numbers, external = query.numbers("customerNos"), query.numbers("externalNos")
    if numbers is None and external is None:
        return None
    found = {
        c.id: c
        for c in call.company.customers.values()
        if (numbers is None or int(c.no) in numbers)
        and (external is None or (c.fields.get("ExternalNumber") or -1) in external)
    }
    if query.flag("UseDatabaseValidation") and numbers is not None:
        known = {int(no) for no in call.company.customers}
        missing = sorted(numbers.singles - known)
        if missing:
            raise ApiError(404, "Object(s) not found", f"Could not find customer(s) with number {missing}.")
    return found


def customer_balances(call: Call) -> Answer:
    day, only_open = call.query.needed_day("date"), call.query.flag("includeOnlyOpenItems")
    groups = call.query.ids("contactGroupIds")
    series = call.query.texts("subLedgerNumberSeriesIds")

    def make() -> list[tuple[Customer, int]]:
        rows: list[tuple[Customer, int]] = []
        if series is not None and call.world.customer_series_id not in {one.lower() for one in series}:
            return rows
        for customer in sorted(call.company.customers.values(), key=lambda c: c.id):
            if groups is not None and not groups & set(customer.fields.get("ContactGroupIds") or ()):
                continue
            entries = [e for e in customer.entries if e.posting_date <= day]
            if not only_open or any(e.balance_at(day) for e in entries):
                rows.append((customer, sum(e.amount for e in entries)))
        return rows

    def write(row: tuple[Customer, int]) -> str:
        customer, balance = row
        values: dict[str, Any] = {
            "CustomerAccountNo": int(customer.no), "CustomerExternalNo": customer.fields.get("ExternalNumber"),
            "CustomerId": customer.id, "CustomerName": customer.name,
        }  # fmt: skip
        return f'{{"Balance":{wire(balance)},' + dumps(values)[1:]

    keys: dict[str, Callable[[tuple[Customer, int]], Any]] = {"CustomerAccountNo": lambda row: int(row[0].no)}
    return answer_list(call, Listing(kept(call, make), write, BALANCE_NAMES, lambda row: row[0].changed, keys))


# --- outgoing invoices -----------------------------------------------------------------------------------------


def outgoing_invoices(call: Call) -> Answer:
    query, books = call.query, call.company.books
    times = call.world.options.dates_with_time == "sometimes"

    def make() -> list[Voucher]:
        changed, sent = query.ticks("balanceLastChangedDateTimeOffsetGreaterThan"), query.ticks(
            "sentDateTimeOffsetGreaterThan")  # fmt: skip
        numbers = query.numbers("voucherNos")
        rows: Iterable[Voucher] = books.vouchers.values()
        if changed is not None:
            rows = sorted({e.voucher.sequence: e.voucher for e in books.entries_changed_after(changed)}.values(),
                          key=lambda v: v.sequence)  # fmt: skip
        elif numbers is not None:
            rows = numbered(call, query)
        customers, invoice_nos = _customers(call, query), query.numbers("invoiceNos")
        first, last = query.day("fromDate"), query.day("toDate")
        ids, references = query.texts("invoiceIds"), query.texts("customMatchingReferences")
        unpaid, own = query.flag("onlyUnpaidInvoices"), query.flag("onlyCreatedByCurrentIntegration")
        without = all("-1" in wanted for name in ("departmentCodes", "projectCodes")
                      if (wanted := query.texts(name)) is not None)  # fmt: skip
        sequences = None if ids is None else {books.guids.sequence(one) for one in ids}
        return [
            v
            for v in rows
            if is_invoice(v)
            and (sequences is None or v.sequence in sequences)
            and (customers is None or v.entries[0].customer.id in customers)
            and (numbers is None or (v.no is not None and v.no in numbers))
            and (invoice_nos is None or int(v.entries[0].invoice_no or 0) in invoice_nos)
            and (first is None or v.date >= first)
            and (last is None or v.date <= last)
            and (sent is None or (v.sent is not None and v.sent > sent))
            and (references is None or v.entries[0].matching_reference in references)
            and (not unpaid or v.entries[0].balance)
            and (not own or v.application_key == call.application_key)
            and without
        ]

    write = invoice_writer(call.company, call.application_key, times)
    changed_at: Callable[[Voucher], int] = lambda v: max(v.changed, v.entries[0].changed)  # noqa: E731
    return answer_list(call, Listing(kept(call, make), write, INVOICE_NAMES, changed_at, _INVOICE_KEYS))


def is_invoice(voucher: Voucher) -> bool:
    return voucher.type in ("OutgoingInvoice", "OutgoingCreditNote")


def _invoice(call: Call) -> Voucher:
    voucher = call.company.books.voucher_by_id(call.tail[0])
    if voucher is None or not is_invoice(voucher) or call.hidden(voucher.entries[0].changed):
        raise not_found("OutgoingInvoice", call.tail[0])
    return voucher


def outgoing_invoice(call: Call) -> Answer:
    write = invoice_writer(call.company, call.application_key, call.world.options.dates_with_time == "sometimes")
    return Answer(200, write(_invoice(call)).encode())


LINE_NAMES = (
    "AccountId", "AccountNo", "AgricultureDepartment", "Allowance", "DepartmentCode", "DepartmentId", "Description",
    "Dim1Code", "Dim1Id", "Dim2Code", "Dim2Id", "Dim3Code", "Dim3Id", "ExternalImportReference", "Id", "IsAccrued",
    "LineType", "LocationCode", "LocationId", "NetAmount", "NetPostedAmount", "ProductCode", "ProductId",
    "ProductUnitCost", "ProductUnitPrice", "ProjectCode", "ProjectId", "Quantity", "SellersReferenceEmployeeId",
    "SellersReferenceEmployeeNo", "SortOrder", "TotalAmount", "TotalPostedAmount", "UnitOfMeasureCode", "VatAmount",
    "VatCode", "VatId", "VatRate", "VatReturnSpecification",
)  # fmt: skip


def outgoing_invoice_lines(call: Call) -> Answer:
    """The income lines of the voucher, as sales lines."""
    voucher, books = _invoice(call), call.company.books
    rows: list[dict[str, Any]] = []
    for place, line in enumerate(books.lines(voucher)):
        if line.entry is not None or line.account_no.startswith("27"):
            continue
        vat = chart.VAT_BY_CODE[line.vat_code]
        in_currency = -(line.amount if line.currency_amount is None else line.currency_amount)
        gross, posted_gross = (
            net if not vat.rate else net + _vat_of(net, vat.rate) for net in (in_currency, -line.amount)
        )
        own = line.dimensions or {}
        rows.append(
            dict.fromkeys(LINE_NAMES)
            | {
                "AccountId": books.account(line.account_no).id,
                "AccountNo": int(line.account_no),
                "DepartmentCode": code_of(call.company.departments, own.get("DepartmentId")),
                "DepartmentId": own.get("DepartmentId"),
                "Description": line.description or voucher.description,
                "Id": voucher.first_line_id + place,
                "LineType": "Normal",
                "NetAmount": in_currency / 100,
                "NetPostedAmount": -line.amount / 100,
                "ProductUnitPrice": in_currency / 100,
                "Quantity": 1,
                "SortOrder": place,
                "TotalAmount": gross / 100,
                "TotalPostedAmount": posted_gross / 100,
                "UnitOfMeasureCode": "EA",
                "VatAmount": (gross - in_currency) / 100,
                "VatCode": vat.code,
                "VatId": vat.id,
                "VatRate": float(vat.rate),
                "VatReturnSpecification": "None",
            }
        )
    return answer_list(call, Listing(rows, dumps, LINE_NAMES, lambda _: voucher.created, {}))


def _vat_of(net: int, rate: Any) -> int:
    """VAT on a net amount: found again so that the gross rounds back to the same net."""
    guess = int(net * (1 + rate))
    for gross in (guess, guess + 1, guess - 1):
        if net_of(gross, rate) == net:
            return gross - net
    return guess - net


def numbered(call: Call, query: Query) -> list[Voucher]:
    """Vouchers that ``voucherNos`` names, in order of posting."""
    numbers = query.numbers("voucherNos")
    assert numbers is not None
    books = call.company.books
    found = {v.sequence: v for low, high in numbers.ranges for v in books.vouchers_numbered(low, high)}
    for one in numbers.singles:
        for voucher in books.vouchers_numbered(one, one):
            found[voucher.sequence] = voucher
    return [found[key] for key in sorted(found)]


def client_integration_information(call: Call) -> Answer:
    company = call.company
    return answer_json(
        {
            "ActiveClientSubscriptions": list(company.subscriptions),
            "ClientId": company.client_id,
            "ClientName": company.name,
            "InvalidPrivileges": list(company.invalid_privileges),
            "ValidPrivileges": list(company.privileges),
        }
    )
