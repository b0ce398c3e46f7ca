"""One ledger record as one JSON object, every property of the DTO in the reference's order.

Templates rather than dictionaries: a page of 5,000 rows is written in a few hundredths of a second.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ..clock import write_ticks
from ..ledger import chart
from ..ledger.books import Books
from ..ledger.company import Company
from ..ledger.money import net_of, wire
from ..ledger.records import Customer, Entry, Line, Voucher


@lru_cache(maxsize=100_000)
def _text(value: str | None) -> str:
    return "null" if value is None else json.dumps(value, ensure_ascii=False)


def _template(names: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in names.items()) + "}"


_NO_DIMENSIONS = {
    "DepartmentCode": "null", "DepartmentId": "null", "Dim1Code": "null", "Dim1Id": "null", "Dim2Code": "null",
    "Dim2Id": "null", "Dim3Code": "null", "Dim3Id": "null",
}  # fmt: skip

_ENTRY_NAMES: dict[str, str] = {
    "Amount": "%s", "Balance": "%s", "Cid": "%s", "CreatedDateTimeOffset": '"%s"', "CreatedFromImportJournalId": "null",
    "CurrencyAmount": "%s", "CurrencyCode": '"%s"', "CustomMatchingReference": "%s", "CustomerAccountNo": "%s",
    "CustomerExternalNo": "%s", "CustomerId": "%d", "CustomerName": "%s", **_NO_DIMENSIONS, "DueDate": "%s",
    "ExternalImportReference": "%s", "Id": "%d", "InvoiceNo": "%s", "IsCreatedByCurrentIntegration": "%s",
    "IsWriteOff": "%s", "LastChangedDateTimeOffset": '"%s"', "LocationCode": "null", "LocationId": "null",
    "MatchId": "%s", "PaidFromBankAccount": "%s", "PostingDate": '"%s"', "ProjectCode": "null", "ProjectId": "null",
    "VoucherDate": '"%s"', "VoucherId": '"%s"', "VoucherNo": "%d", "VoucherType": '"%s"',
}  # fmt: skip
ENTRY_NAMES = tuple(_ENTRY_NAMES)
_ENTRY = _template(_ENTRY_NAMES)


def entry_writer(company: Company, day: str, application_key: str, times: bool) -> Callable[[Entry], str]:
    """Writes CustomerLedgerEntryDto with the balance of that day. ``times``: some rows carry dates with a time part."""
    guid = company.books.guids.guid

    def write(entry: Entry) -> str:
        voucher, customer = entry.voucher, entry.customer
        late = "T00:00:00" if times and entry.id % 3 == 0 else ""
        amount = wire(entry.amount)
        # An ordinary row may carry null instead of false (reference § 15, 4).
        plain = "null" if entry.id % 4 == 0 else "false"
        return _ENTRY % (
            amount,
            amount if not entry.links else wire(entry.balance_at(day)),
            _text(entry.kid),
            write_ticks(entry.created),
            amount if entry.currency_amount == entry.amount else wire(entry.currency_amount),
            entry.currency,
            _text(entry.matching_reference),
            customer.no,
            customer.fields.get("ExternalNumber") or "null",
            customer.id,
            _text(customer.name),
            "null" if entry.due_date is None else f'"{entry.due_date}{late}"',
            _text(voucher.reference),
            entry.id,
            _text(entry.invoice_no),
            "true" if voucher.application_key == application_key else plain,
            "true" if entry.is_write_off else plain,
            write_ticks(entry.changed),
            entry.group.id if entry.group is not None else "null",
            _text(entry.paid_from),
            entry.posting_date + late,
            voucher.date + late,
            guid(voucher.sequence),
            voucher.no or 0,
            voucher.type,
        )

    return write


_INVOICE_NAMES: dict[str, str] = {
    "Balance": "%s", "BalanceLastChangedDateTimeOffset": '"%s"', "BrandingThemeCode": "null", "BrandingThemeId": "null",
    "Cid": "%s", "ContractNo": "%s", "CreatedDateTimeOffset": '"%s"', "CurrencyCode": '"%s"',
    "CurrencyExchangeRate": "%s", "CustomMatchingReference": "%s", "CustomerId": "%d", "CustomerNo": "%s",
    "CustomerReference": "%s", "CustomerReferenceContactPersonId": "null", "DeliveryAddress1": "null",
    "DeliveryAddress2": "null", "DeliveryAddressCity": "null", "DeliveryAddressCountryCode": "null",
    "DeliveryAddressZipCode": "null", "DeliveryDate": "null", "DeliveryTerm": "null", "DeliveryTermId": "null",
    **_NO_DIMENSIONS, "DueDate": "%s", "ExternalImportReference": "%s", "Id": '"%s"', "ImportedOrderNo": "null",
    "InvoiceDeliveryType": "%s", "InvoiceNo": "%s", "IsCreatedByCurrentIntegration": "%s", "IsReversed": "%s",
    "LastChangedDateTimeOffset": '"%s"', "LocationCode": "null", "LocationId": "null", "MatchId": "%s",
    "NetAmount": "%s", "NetPostedAmount": "%s", "OrderDate": "null", "OrderNo": "null", "PaymentTerm": "%s",
    "PaymentTermId": "null", "ProjectCode": "null", "ProjectId": "null", "PurchaseOrderReference": "%s",
    "RelatedInvoiceNo": "%s", "SellersReferenceEmployeeId": "null", "SellersReferenceEmployeeNo": "null",
    "SentDateTimeOffset": "%s", "TotalAmount": "%s", "TotalPostedAmount": "%s", "VoucherDate": '"%s"',
    "VoucherNo": "%d", "VoucherType": '"%s"',
}  # fmt: skip
INVOICE_NAMES = tuple(_INVOICE_NAMES)
_INVOICE = _template(_INVOICE_NAMES)


def invoice_writer(company: Company, application_key: str, times: bool) -> Callable[[Voucher], str]:
    """Writes OutgoingInvoiceDto; the balance is what no match has taken."""
    guid = company.books.guids.guid

    def write(voucher: Voucher) -> str:
        entry = voucher.entries[0]
        customer = entry.customer
        late = "T00:00:00" if times and entry.id % 3 == 0 else ""
        posted: dict[str, Any] = voucher.posted or {}
        net_posted, net = _net(company.books, voucher, entry)
        rate = "null" if entry.currency == "NOK" or not entry.currency_amount else (
            str((Decimal(entry.amount) / entry.currency_amount).quantize(Decimal("0.00000001")))
        )  # fmt: skip
        delivery = customer.fields.get("InvoiceDeliveryType", "PdfByEmail") if voucher.sent is not None else None
        return _INVOICE % (
            wire(entry.balance),
            write_ticks(entry.changed),
            _text(entry.kid),
            _text(posted.get("ContractNo")),
            write_ticks(voucher.created),
            entry.currency,
            rate,
            _text(entry.matching_reference),
            customer.id,
            customer.no,
            _text(voucher.customer_reference),
            "null" if entry.due_date is None else f'"{entry.due_date}{late}"',
            _text(voucher.reference),
            guid(voucher.sequence),
            _text(delivery),
            entry.invoice_no or "null",
            "true" if voucher.application_key == application_key else "false",
            "true" if voucher.reversed_by is not None else "false",
            write_ticks(voucher.changed),
            entry.group.id if entry.group is not None else "null",
            wire(net),
            wire(net_posted),
            "null" if entry.due_date is None else _days_between(voucher.date, entry.due_date),
            _text(posted.get("PurchaseOrderReference")),
            voucher.related_invoice_no or "null",
            "null" if voucher.sent is None else f'"{write_ticks(voucher.sent)}"',
            wire(entry.currency_amount),
            wire(entry.amount),
            voucher.date + late,
            voucher.no or 0,
            voucher.type,
        )

    return write


@lru_cache(maxsize=20_000)
def _days_between(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _net(books: Books, voucher: Voucher, entry: Entry) -> tuple[int, int]:
    """(kroner, invoice currency) without VAT, in øre."""
    if voucher.lines is None:
        rate = chart.VAT_BY_CODE[voucher.vat_code].rate
        return net_of(entry.amount, rate), net_of(entry.currency_amount, rate)
    income = [line for line in books.lines(voucher) if line.entry is None and not is_vat_account(line.account_no)]
    return (
        -sum(line.amount for line in income),
        -sum(line.amount if line.currency_amount is None else line.currency_amount for line in income),
    )


def is_vat_account(no: str) -> bool:
    return no.startswith("27")


_TRANSACTION_NAMES: dict[str, str] = {
    "AccountId": "%d", "AccountNo": "%s", "AgricultureDepartment": "null", "Amount": "%s", "BankTransferId": "null",
    "ContactId": "%s", "CorrectionOfVoucherId": "%s", "CorrectionOfVoucherNo": "%s", "CreatedDateTimeOffset": '"%s"',
    "CreatedFromImportJournalId": "null", "CurrencyAmount": "%s", "CurrencyCode": '"%s"', "CustomerAccountNo": "%s",
    "DepartmentCode": "%s", "DepartmentId": "%s", "Description": "%s", "Dim1Code": "null", "Dim1Id": "%s",
    "Dim2Code": "null", "Dim2Id": "%s", "Dim3Code": "null", "Dim3Id": "%s", "EmployeeAccountNo": "null",
    "ExternalImportReference": "%s", "Id": "%d", "ImportedVoucherNo": "%s", "IsNoteMainEntry": "%s", "IsReversed": "%s",
    "LastChangedDateTimeOffset": '"%s"', "LocationCode": "null", "LocationId": "null", "PostingDate": '"%s"',
    "ProductCode": "null", "ProductId": "null", "ProjectCode": "%s", "ProjectId": "%s", "Quantity": "%s",
    "Quantity2": "%s", "ReversedVoucherId": "%s", "ReversedVoucherNo": "%s", "SubLedgerEntryId": "%s",
    "SupplierAccountNo": "null", "VatAmount": "%s", "VatCode": '"%s"', "VatId": "%d", "VatRate": "%s",
    "VatReturnSpecification": '"None"', "VoucherDate": '"%s"', "VoucherDescription": "%s", "VoucherId": '"%s"',
    "VoucherNo": "%d", "VoucherType": '"%s"', "ItemDescription": "null", "ItemName": "null",
    "SellersItemIdentification": "null", "QualityAssignmentId": "null",
}  # fmt: skip
TRANSACTION_NAMES = tuple(_TRANSACTION_NAMES)
_TRANSACTION = _template(_TRANSACTION_NAMES)
Transaction = tuple[Voucher, int, Line]


def transaction_writer(company: Company, times: bool) -> Callable[[Transaction], str]:
    """Writes AccountTransactionDto."""
    books = company.books
    guid = books.guids.guid

    def reference(voucher: Voucher | None) -> tuple[str, str]:
        return ("null", "null") if voucher is None else (f'"{guid(voucher.sequence)}"', str(voucher.no or "null"))

    def write(row: Transaction) -> str:
        voucher, id_, line = row
        late = "T00:00:00" if times and id_ % 3 == 0 else ""
        vat = chart.VAT_BY_CODE[line.vat_code]
        own: dict[str, Any] = line.dimensions or {}
        entry = line.entry
        corrects, reverses = reference(voucher.corrects), reference(voucher.reverses)
        return _TRANSACTION % (
            books.account(line.account_no).id,
            line.account_no,
            wire(line.amount),
            "null" if entry is None else entry.customer.id,
            *corrects,
            write_ticks(voucher.created),
            wire(line.amount if line.currency_amount is None else line.currency_amount),
            voucher.currency,
            "null" if entry is None else entry.customer.no,
            _text(code_of(company.departments, own.get("DepartmentId"))),
            own.get("DepartmentId", "null"),
            _text(line.description or voucher.description),
            own.get("Dim1Id", "null"),
            own.get("Dim2Id", "null"),
            own.get("Dim3Id", "null"),
            _text(voucher.reference),
            id_,
            (voucher.posted or {}).get("ImportedVoucherNo") or "null",
            "true" if entry is not None and entry.invoice_no is not None else "false",
            "true" if voucher.reversed_by is not None else "false",
            write_ticks(voucher.created),
            line.posting_date + late,
            _text(code_of(company.projects, own.get("ProjectId"))),
            own.get("ProjectId", "null"),
            own.get("Quantity", "null"),
            own.get("Quantity2", "null"),
            *reverses,
            "null" if entry is None else entry.id,
            wire(line.vat_amount),
            line.vat_code,
            vat.id,
            vat.rate,
            voucher.date + late,
            _text(voucher.description),
            guid(voucher.sequence),
            voucher.no or 0,
            voucher.type,
        )

    return write


def code_of(known: list[dict[str, Any]], id_: Any) -> str | None:
    """The code of a department, project or dimension value by its id."""
    return next((one["Code"] for one in known if one["Id"] == id_), None) if id_ is not None else None


_CUSTOMER_DEFAULTS: dict[str, Any] = {
    "Allowance": None, "BillableRate": None, "ContactCreatedDateTimeOffset": None, "ContactGroupIds": [],
    "CreatedFromImportJournalId": None, "CurrencyCode": "NOK", "CustomerCreatedDateTimeOffset": None,
    "CustomerSince": None, "DateOfBirth": None, "DeliveryTerm": None, "DeliveryTermId": None, "DepartmentCode": None,
    "DepartmentId": None, "DoNotAddLatePaymentFees": False, "DoNotAddLatePaymentInterest": False,
    "DoNotAutomatePaymentNotifications": False, "EmailAddress": None, "ExternalImportReference": None,
    "ExternalNumber": None, "FirstName": None, "Id": None, "InvoiceBrandingThemeCode": None,
    "InvoiceBrandingThemeId": None, "InvoiceDeliveryType": "PdfByEmail", "InvoiceEmailAddress": None,
    "InvoiceEmailAddressCC": None, "IsActive": True, "IsArchived": False, "IsPerson": False, "IsVatFree": False,
    "LastChangedDateTimeOffset": None, "LastName": None, "LegalName": None, "MailAddress": None, "Name": None,
    "NationalIdNumber": None, "NoticeOfDebtCollectionDeliveryType": "PdfByEmail", "Number": None,
    "OrganizationNumber": None, "PaymentReminderEmailAddress": None, "PaymentTerm": 14, "PaymentTermId": None,
    "PhoneNumber": None, "ReminderDeliveryType": "PdfByEmail", "SalesPersonEmployeeId": None,
    "SalesPersonEmployeeNumber": None, "SendPaymentReminders": True, "SubledgerAccountId": None,
    "TransferToDebtCollectionAgency": True, "UseInvoiceFee": True, "WebsiteUrl": None, "CreateInterestNotes": False,
    "InterestNoteDeliveryType": "PdfByEmail", "JobStop": False, "JobStopReason": None, "KeepUpdated": True,
}  # fmt: skip
CUSTOMER_NAMES = tuple(_CUSTOMER_DEFAULTS)
_ADDRESS_DEFAULTS: dict[str, Any] = {
    "AddressLine1": None, "AddressLine2": None, "City": None, "CountryCode": "NO", "ExternalCode": None, "Id": None,
    "LastChangedDateTimeOffset": None, "ZipCode": None,
}  # fmt: skip


def customer_dto(customer: Customer) -> dict[str, Any]:
    """CustomerDto with every property."""
    created = write_ticks(customer.created)
    dto = {
        **_CUSTOMER_DEFAULTS,
        **customer.fields,
        "Id": customer.id,
        "Number": int(customer.no),
        "SubledgerAccountId": customer.subledger_id,
        "ContactCreatedDateTimeOffset": created,
        "CustomerCreatedDateTimeOffset": created,
        "LastChangedDateTimeOffset": write_ticks(customer.changed),
    }
    address = customer.fields.get("MailAddress")
    if address is None:
        del dto["MailAddress"]  # the schema knows no null here
    else:
        dto["MailAddress"] = {
            **_ADDRESS_DEFAULTS, **address, "Id": customer.id + 1, "LastChangedDateTimeOffset": created,
        }  # fmt: skip
    if dto["NationalIdNumber"]:
        dto["NationalIdNumber"] = "hidden"
    return dto
