"""Direct posting, reading back and reversing (reference §§ 11.1 - 11.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..clock import write_ticks
from ..ledger.errors import DuplicateReference, LedgerError
from ..ledger.posting import INVOICES, JOURNALS, post_invoice, post_journal
from ..ledger.records import Voucher
from .protocol import Answer, ApiError, Call, Json, answer_json, from_ledger, not_found

_LINE_NAMES = (
    "AccountId", "CurrencyAmount", "CurrencyCode", "CurrencyExchangeRate", "CustomMatchingReference", "DepartmentId",
    "Description", "Dim1Id", "Dim2Id", "Dim3Id", "ExternalLineReference", "LocationId", "PostingDate", "ProductId",
    "ProjectId", "Quantity", "Quantity2", "VatId", "VatReturnSpecification",
)  # fmt: skip
_JOURNAL_NAMES = ("CurrencyCode", "Description", "ExternalImportReference", "ImportedVoucherNo", "SaftBatchId",
                  "SaftSourceId", "VoucherDate", "VoucherLines")  # fmt: skip
_INVOICE_NAMES = (
    "Cid", "ContractNo", "CurrencyAmount", "CurrencyCode", "CurrencyExchangeRate", "CustomMatchingReference",
    "CustomerAccountId", "CustomerReference", "DeliveryAddress1", "DeliveryAddress2", "DeliveryAddressCity",
    "DeliveryAddressCountryCode", "DeliveryAddressZipCode", "DeliveryDate", "DeliveryTermId", "DepartmentId",
    "Description", "Dim1Id", "Dim2Id", "Dim3Id", "DueDate", "ExternalImportReference", "ImportedOrderNo",
    "ImportedVoucherNo", "InvoiceNo", "LocationId", "ProjectId", "PurchaseOrderReference", "SaftSourceId",
    "SalesPersonEmployeeId", "VoucherDate", "QualityAssignmentId", "VoucherLines",
)  # fmt: skip
_INVOICE_LINE_NAMES = (
    "AccountId", "CurrencyAmount", "DepartmentId", "Description", "Dim1Id", "Dim2Id", "Dim3Id", "LocationId",
    "ProductId", "ProjectId", "Quantity", "UnitOfMeasureType", "VatId", "VatReturnSpecification",
    "ExternalLineReference", "QualityAssignmentId",
)  # fmt: skip


def _names(route: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(header, line) properties of a route's DTO."""
    if route in INVOICES:
        return _INVOICE_NAMES, _INVOICE_LINE_NAMES
    if route == "BankJournals":
        return (*_JOURNAL_NAMES, "AutoAdjustCurrencyExchangeDifference"), (*_LINE_NAMES, "Cid", "InvoiceNo")
    return _JOURNAL_NAMES, _LINE_NAMES


def poster(route: str) -> Callable[[Call], Answer]:
    """POST /Vouchers/{route}."""
    header, line_names = _names(route)
    bind, bind_line = ({name.lower(): name for name in names} for names in (header, line_names))

    def post(call: Call) -> Answer:
        body = call.object(bind)
        lines = body.get("VoucherLines")
        if isinstance(lines, list):
            body["VoucherLines"] = [
                {bind_line.get(key.lower(), key): value for key, value in line.items()} if isinstance(line, dict)
                else line for line in lines  # pyright: ignore[reportUnknownVariableType]
            ]  # fmt: skip
        reference = body.get("ExternalImportReference")
        if call.world.options.references_in_capitals and isinstance(reference, str):
            body["ExternalImportReference"] = reference.upper()
        fault = call.fault
        late = fault.seconds if fault is not None and fault.kind == "number_late" else None
        make = post_journal if route in JOURNALS else post_invoice
        try:
            voucher = make(call.company, route, body, call.application_key, late)
        except DuplicateReference as error:
            raise ApiError(call.world.options.duplicate_reference_status, error.title, error.detail) from error
        except LedgerError as error:
            raise from_ledger(error, conflict_is_400=True) from error
        return answer_json(voucher_dto(call, voucher, route), 201)

    return post


def reader(route: str) -> Callable[[Call], Answer]:
    """GET /Vouchers/{route}/{id}: only what this integration posted through that endpoint."""
    kind = {**JOURNALS, **INVOICES}[route]

    def read(call: Call) -> Answer:
        voucher = _own(call)
        if voucher.type != kind or call.hidden(voucher.created):
            raise not_found("Voucher", call.tail[0])
        return answer_json(voucher_dto(call, voucher, route))

    return read


def _own(call: Call) -> Voucher:
    voucher = call.company.books.voucher_by_id(call.tail[0])
    if voucher is None or voucher.posted is None or voucher.application_key != call.application_key:
        raise not_found("Voucher", call.tail[0])
    return voucher


def voucher_dto(call: Call, voucher: Voucher, route: str) -> Json:
    """The voucher as posted, with what Go adds. The number is null while it is not given (fault ``number_late``)."""
    posted: dict[str, Any] = voucher.posted or {}
    header, line_names = _names(route)
    created = write_ticks(voucher.created)
    dto: Json = {name: posted.get(name) for name in header if name != "AutoAdjustCurrencyExchangeDifference"}
    dto |= {
        "CreatedDateTimeOffset": created,
        "Id": call.company.books.voucher_id(voucher),
        "IsReversed": voucher.reversed_by is not None,
        "VoucherNo": voucher.no,
    }
    dto["VoucherDate"] = voucher.date
    lines: list[Json] = []
    for place, line in enumerate(posted.get("VoucherLines", ())):
        made: Json = {name: line.get(name) for name in line_names}
        if route in JOURNALS:
            made |= {"CreatedDateTimeOffset": created, "Id": voucher.first_line_id + place}
            made["PostingDate"] = str(made["PostingDate"])[:10]
        lines.append(made)
    dto["VoucherLines"] = lines
    return dto


def reverse(call: Call) -> Answer:
    """POST /Vouchers/Reverse/{id}: a voucher that this integration posted."""
    voucher = _own(call)
    company = call.company
    if company.today() <= company.lock_date:
        raise from_ledger(LedgerError(f"The accounts are locked up to and including {company.lock_date}."))
    try:
        company.reverse_voucher(voucher, call.application_key)
    except LedgerError as error:
        raise from_ledger(error, conflict_is_400=True) from error
    return answer_json({"IsReversed": True, "VoucherId": company.books.voucher_id(voucher)})
