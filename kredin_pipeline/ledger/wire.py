"""What PowerOffice sends, field by field, and what it is called and typed in the book.

Belongs here: one registry from which the reading, the contracts, the mirror's columns and the asset's column schema
are made. Not here: the checks (`contracts`) and the merge (`mirror`). Wire names stay verbatim; ids are text in the
book although the wire has numbers. Source: PowerOffice reference §§ 7-10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["id", "text", "money", "rate", "whole", "date", "time", "flag"]

DUCKDB_TYPES: Final[dict[Kind, str]] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "money": "DECIMAL(18,2)",
    "rate": "DECIMAL(18,8)",
    "whole": "INTEGER",
    "date": "DATE",
    "time": "TIMESTAMPTZ",
    "flag": "BOOLEAN",
}


@dataclass(frozen=True)
class Column:
    """One field: its wire name (with a dot into a nested object), our name, its kind, and whether it must be there."""

    wire: str
    name: str
    kind: Kind = "text"
    required: bool = False


@dataclass(frozen=True)
class WireTable:
    """One resource and the mirror table it fills. ``key`` is our name of its id; ``changed`` our names of its change
    times, of which the latest tells two readings of a row apart.

    ``ignored``: documented fields that the pipeline does not use; a field that is in neither list is drift. ``noun`` is
    what a person calls one row.
    """

    resource: str
    table: str
    key: str
    changed: tuple[str, ...]
    noun: str
    columns: tuple[Column, ...]
    ignored: frozenset[str] = frozenset()

    def column(self, name: str) -> Column:
        """The column by our name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def known_fields(self) -> frozenset[str]:
        """Every documented wire name at the top level."""
        return frozenset(column.wire.split(".")[0] for column in self.columns) | self.ignored

    @property
    def required_fields(self) -> frozenset[str]:
        """Wire names without which a page is broken."""
        return frozenset(column.wire for column in self.columns if column.required)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DIMENSIONS = (
    "DepartmentCode DepartmentId Dim1Code Dim1Id Dim2Code Dim2Id Dim3Code Dim3Id LocationCode LocationId ProjectCode "
    "ProjectId "
)

CUSTOMERS: Final = WireTable(
    resource="customers",
    table="poweroffice_customers",
    key="customer_id",
    changed=("last_changed",),
    noun="customer",
    columns=(
        Column("Id", "customer_id", "id", required=True),
        Column("Number", "customer_no", "id", required=True),
        Column("Name", "name"),
        Column("LegalName", "legal_name"),
        Column("FirstName", "first_name"),
        Column("LastName", "last_name"),
        Column("IsPerson", "is_person", "flag"),
        Column("DateOfBirth", "date_of_birth", "date"),
        Column("OrganizationNumber", "organization_number"),
        Column("EmailAddress", "email_address"),
        Column("InvoiceEmailAddress", "invoice_email_address"),
        Column("PaymentReminderEmailAddress", "payment_reminder_email_address"),
        Column("PhoneNumber", "phone_number"),
        Column("SendPaymentReminders", "send_payment_reminders", "flag"),
        Column("DoNotAddLatePaymentFees", "do_not_add_late_payment_fees", "flag"),
        Column("DoNotAddLatePaymentInterest", "do_not_add_late_payment_interest", "flag"),
        Column("DoNotAutomatePaymentNotifications", "do_not_automate_payment_notifications", "flag"),
        Column("IsArchived", "is_archived", "flag"),
        Column("IsActive", "is_active", "flag"),
        Column("CurrencyCode", "currency_code"),
        Column("PaymentTerm", "payment_term", "whole"),
        Column("ReminderDeliveryType", "reminder_delivery_type"),
        Column("SubledgerAccountId", "subledger_account_id", "id"),
        Column("MailAddress.AddressLine1", "address_line1"),
        Column("MailAddress.AddressLine2", "address_line2"),
        Column("MailAddress.ZipCode", "zip_code"),
        Column("MailAddress.City", "city"),
        Column("MailAddress.CountryCode", "country_code"),
        Column("LastChangedDateTimeOffset", "last_changed", "time", required=True),
    ),
    ignored=_names(
        "Allowance BillableRate ContactCreatedDateTimeOffset ContactGroupIds CreatedFromImportJournalId "
        "CustomerCreatedDateTimeOffset CustomerSince DeliveryTerm DeliveryTermId DepartmentCode DepartmentId "
        "ExternalImportReference ExternalNumber InvoiceBrandingThemeCode InvoiceBrandingThemeId InvoiceDeliveryType "
        "InvoiceEmailAddressCC IsVatFree NationalIdNumber NoticeOfDebtCollectionDeliveryType PaymentTermId "
        "SalesPersonEmployeeId SalesPersonEmployeeNumber TransferToDebtCollectionAgency UseInvoiceFee WebsiteUrl "
        "CreateInterestNotes InterestNoteDeliveryType JobStop JobStopReason KeepUpdated"
    ),
)

CONTACT_PERSONS: Final = WireTable(
    resource="contact_persons",
    table="poweroffice_contact_persons",
    key="contact_person_id",
    changed=("last_changed",),
    noun="contact person",
    columns=(
        Column("Id", "contact_person_id", "id", required=True),
        Column("ContactId", "customer_id", "id", required=True),
        Column("FirstName", "first_name"),
        Column("LastName", "last_name"),
        Column("Title", "title"),
        Column("EmailAddress", "email_address"),
        Column("PhoneNumber", "phone_number"),
        Column("IsDefault", "is_default", "flag"),
        Column("IsActive", "is_active", "flag"),
        Column("LastChangedDateTimeOffset", "last_changed", "time", required=True),
    ),
    ignored=_names("CreatedDateTimeOffset ExternalCode MailAddress"),
)

LEDGER_ENTRIES: Final = WireTable(
    resource="ledger_entries",
    table="poweroffice_ledger_entries",
    key="entry_id",
    changed=("last_changed",),
    noun="ledger entry",
    columns=(
        Column("Id", "entry_id", "id", required=True),
        Column("CustomerId", "customer_id", "id"),
        Column("CustomerAccountNo", "customer_no", "id"),
        Column("CustomerName", "customer_name"),
        Column("VoucherId", "voucher_id", "id", required=True),
        Column("VoucherNo", "voucher_no", "id"),
        Column("VoucherType", "voucher_type", "text", required=True),
        Column("VoucherDate", "voucher_date", "date"),
        Column("PostingDate", "posting_date", "date", required=True),
        Column("DueDate", "due_date", "date"),
        Column("InvoiceNo", "invoice_no", "id"),
        Column("Cid", "kid", "id"),
        Column("Amount", "amount", "money", required=True),
        Column("Balance", "balance", "money", required=True),
        Column("CurrencyCode", "currency_code"),
        Column("CurrencyAmount", "currency_amount", "money"),
        Column("MatchId", "match_id", "id"),
        Column("IsWriteOff", "is_write_off", "flag"),
        Column("CustomMatchingReference", "custom_matching_reference"),
        Column("ExternalImportReference", "external_import_reference"),
        Column("IsCreatedByCurrentIntegration", "is_created_by_current_integration", "flag"),
        Column("PaidFromBankAccount", "paid_from_bank_account", "id"),
        Column("CreatedDateTimeOffset", "created_at", "time"),
        Column("LastChangedDateTimeOffset", "last_changed", "time", required=True),
    ),
    ignored=_names(_DIMENSIONS + "CreatedFromImportJournalId CustomerExternalNo"),
)

OUTGOING_INVOICES: Final = WireTable(
    resource="outgoing_invoices",
    table="poweroffice_outgoing_invoices",
    key="voucher_id",
    changed=("last_changed", "balance_last_changed"),
    noun="invoice",
    columns=(
        Column("Id", "voucher_id", "id", required=True),
        Column("InvoiceNo", "invoice_no", "id"),
        Column("VoucherNo", "voucher_no", "id"),
        Column("VoucherType", "voucher_type", "text", required=True),
        Column("VoucherDate", "voucher_date", "date"),
        Column("DueDate", "due_date", "date"),
        Column("Cid", "kid", "id"),
        Column("CustomerId", "customer_id", "id"),
        Column("CustomerNo", "customer_no", "id"),
        Column("TotalAmount", "total_amount", "money"),
        Column("TotalPostedAmount", "total_posted_amount", "money"),
        Column("Balance", "balance", "money"),
        Column("CurrencyCode", "currency_code"),
        Column("CurrencyExchangeRate", "currency_exchange_rate", "rate"),
        Column("RelatedInvoiceNo", "related_invoice_no", "id"),
        Column("IsReversed", "is_reversed", "flag"),
        Column("SentDateTimeOffset", "sent_at", "time"),
        Column("InvoiceDeliveryType", "invoice_delivery_type"),
        Column("CustomerReference", "customer_reference"),
        Column("BalanceLastChangedDateTimeOffset", "balance_last_changed", "time"),
        Column("LastChangedDateTimeOffset", "last_changed", "time", required=True),
    ),
    ignored=_names(
        _DIMENSIONS + "BrandingThemeCode BrandingThemeId ContractNo CreatedDateTimeOffset CustomMatchingReference "
        "CustomerReferenceContactPersonId DeliveryAddress1 DeliveryAddress2 DeliveryAddressCity "
        "DeliveryAddressCountryCode DeliveryAddressZipCode DeliveryDate DeliveryTerm DeliveryTermId "
        "ExternalImportReference ImportedOrderNo IsCreatedByCurrentIntegration MatchId NetAmount NetPostedAmount "
        "OrderDate OrderNo PaymentTerm PaymentTermId PurchaseOrderReference SellersReferenceEmployeeId "
        "SellersReferenceEmployeeNo"
    ),
)

ACCOUNT_TRANSACTIONS: Final = WireTable(
    resource="account_transactions",
    table="poweroffice_account_transactions",
    key="transaction_id",
    changed=("last_changed",),
    noun="account transaction",
    columns=(
        Column("Id", "transaction_id", "id", required=True),
        Column("VoucherId", "voucher_id", "id", required=True),
        Column("VoucherNo", "voucher_no", "id"),
        Column("VoucherType", "voucher_type", "text", required=True),
        Column("AccountNo", "account_no", "id", required=True),
        Column("Amount", "amount", "money", required=True),
        Column("CustomerAccountNo", "customer_account_no", "id"),
        Column("SubLedgerEntryId", "sub_ledger_entry_id", "id"),
        Column("PostingDate", "posting_date", "date", required=True),
        Column("ReversedVoucherId", "reversed_voucher_id", "id"),
        Column("CorrectionOfVoucherId", "correction_of_voucher_id", "id"),
        Column("IsReversed", "is_reversed", "flag"),
        Column("ExternalImportReference", "external_import_reference"),
        Column("VatCode", "vat_code"),
        Column("Description", "description"),
        Column("LastChangedDateTimeOffset", "last_changed", "time", required=True),
    ),
    ignored=_names(
        _DIMENSIONS + "AccountId AgricultureDepartment BankTransferId ContactId CorrectionOfVoucherNo "
        "CreatedDateTimeOffset CreatedFromImportJournalId CurrencyAmount CurrencyCode EmployeeAccountNo "
        "ImportedVoucherNo IsNoteMainEntry ProductCode ProductId Quantity Quantity2 ReversedVoucherNo "
        "SupplierAccountNo VatAmount VatId VatRate VatReturnSpecification VoucherDate VoucherDescription "
        "ItemDescription ItemName SellersItemIdentification QualityAssignmentId"
    ),
)

BOOKKEEPING: Final = (
    ("version", "BIGINT"),
    ("first_seen_on", "DATE"),
    ("last_seen_on", "DATE"),
    ("gone_on", "DATE"),
)
"""What every mirror table carries beside the wire's own columns; see ``tables.sql``."""

TABLES: Final[dict[str, WireTable]] = {
    table.resource: table
    for table in (CUSTOMERS, CONTACT_PERSONS, LEDGER_ENTRIES, OUTGOING_INVOICES, ACCOUNT_TRANSACTIONS)
}

VOUCHER_TYPES: Final = _names(
    "Unknown IncomingInvoice IncomingCreditNote IncomingReminder OutgoingInvoice OutgoingCreditNote "
    "IncomingBankRemittance IncomingOcrGiro ManualJournal Expense CashJournal IncomingPayments OutgoingPayments "
    "YearEndJournal BankJournal VatReturns PayrollJournal OutgoingPaymentReminder OutgoingNoticeOfDebtCollection "
    "OutgoingPaymentDemand OutgoingWarrantOfExecution CorrectionVoucher ReversalVoucher DepreciationJournal "
    "TravelExpense Settlement NegativeSettlement SystemGeneratedDocumentationVoucher"
)
"""Known voucher types (§ 10); another one is reported as drift and treated as a journal that a person explains."""

SELF_EXPLAINING_TYPES: Final = (
    "OutgoingInvoice",
    "OutgoingCreditNote",
    "IncomingOcrGiro",
    "BankJournal",
    "IncomingPayments",
    "OutgoingPayments",
    "IncomingBankRemittance",
    "CashJournal",
    "OutgoingPaymentReminder",
    "OutgoingNoticeOfDebtCollection",
    "OutgoingPaymentDemand",
    "OutgoingWarrantOfExecution",
)
"""What an entry of these types is, is known without its voucher's other lines; all others are read whole."""
