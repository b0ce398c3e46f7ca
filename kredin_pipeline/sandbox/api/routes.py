"""The route table of the PowerOffice API: method, path, privileges, handler."""

from __future__ import annotations

from dataclasses import dataclass

from . import customers, documents, drafts, general_ledger, onboarding, reads, settings, vouchers
from .protocol import Handler


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` in lower-case segments; ``{}`` stands for one segment that goes into ``Call.tail``. Any of
    ``privileges`` suffices; an empty tuple asks for none. ``token`` False: the subscription key is enough."""

    method: str
    path: tuple[str, ...]
    privileges: tuple[str, ...]
    handler: Handler
    token: bool = True


def _route(spec: str, privileges: str, handler: Handler, token: bool = True) -> Route:
    method, _, path = spec.partition(" ")
    return Route(method, tuple(p for p in path.lower().split("/") if p), tuple(privileges.split()), handler, token)


def _both(name: str) -> str:
    return f"{name} {name}_Full"


_DETAIL = _both("Customer") + " " + _both("Supplier")
_PERSON_READ, _PERSON_WRITE = f"{_both('ContactPerson')} {_DETAIL}", "ContactPerson_Full Customer_Full Supplier_Full"
_ACCOUNT_READ = f"{_both('ContactBankAccount')} {_DETAIL} {_both('Employee')}"
_ACCOUNT_WRITE = "ContactBankAccount_Full Customer_Full Supplier_Full Employee_Full"
_COMMON = _both("CommonServices")
_read_person, _patch_person, _delete_person = customers.detail_routes("ContactPerson")
_read_bank, _patch_bank, _delete_bank = customers.detail_routes("ContactBankAccount")

ROUTES: tuple[Route, ...] = (
    _route("GET ClientIntegrationInformation", "", reads.client_integration_information),
    _route("POST Onboarding/Initiate", "", onboarding.initiate, token=False),
    _route("POST Onboarding/Finalize", "", onboarding.finalize, token=False),
    # customers
    _route("GET Customers", _both("Customer"), customers.list_customers),
    _route("POST Customers", "Customer_Full", customers.create_customer),
    _route("GET Customers/{}", _both("Customer"), customers.read_customer),
    _route("PATCH Customers/{}", "Customer_Full", customers.patch_customer),
    _route("DELETE Customers/{}", "Customer_Full", customers.delete_customer),
    _route("GET ContactPersons", _PERSON_READ, customers.list_persons),
    _route("POST ContactPersons/{}", _PERSON_WRITE, customers.create_person),
    _route("GET ContactPersons/{}/{}", _PERSON_READ, _read_person),
    _route("PATCH ContactPersons/{}/{}", _PERSON_WRITE, _patch_person),
    _route("DELETE ContactPersons/{}/{}", _PERSON_WRITE, _delete_person),
    _route("GET ContactBankAccounts", _ACCOUNT_READ, customers.list_bank_accounts),
    _route("POST ContactBankAccounts/{}", _ACCOUNT_WRITE, customers.create_bank_account),
    _route("GET ContactBankAccounts/{}/{}", _ACCOUNT_READ, _read_bank),
    _route("PATCH ContactBankAccounts/{}/{}", _ACCOUNT_WRITE, _patch_bank),
    _route("DELETE ContactBankAccounts/{}/{}", _ACCOUNT_WRITE, _delete_bank),
    _route("GET ContactGroups", _both("ContactGroup"), settings.contact_groups),
    _route("GET ContactGroups/{}", _both("ContactGroup"), settings.contact_group),
    # ledger
    _route("GET Customerledger/OpenItems", _both("CustomerLedger"), reads.open_items),
    _route("GET Customerledger/Statement", _both("CustomerLedger"), reads.statement),
    _route("GET Customerledger/EntriesByMatchId", _both("CustomerLedger"), reads.entries_by_match_id),
    _route("GET Customerledger/CustomerBalances", _both("CustomerLedger"), reads.customer_balances),
    _route("GET OutgoingInvoices", _both("OutgoingInvoice"), reads.outgoing_invoices),
    _route("GET OutgoingInvoices/{}", _both("OutgoingInvoice"), reads.outgoing_invoice),
    _route("GET OutgoingInvoices/{}/Lines", _both("OutgoingInvoice"), reads.outgoing_invoice_lines),
    _route("GET AccountTransactions", _both("AccountTransaction"), general_ledger.account_transactions),
    _route("GET TrialBalance", _both("TrialBalance"), general_ledger.trial_balance),
    # vouchers
    *(
        _route(f"{method} Vouchers/{kind}{tail}", privilege, make(kind))
        for kind, privilege in (
            ("ManualJournals", "ManualVoucher_Full"),
            ("BankJournals", "BankVoucher_Full"),
            ("CashJournals", "CashVoucher_Full"),
            ("OutgoingInvoiceJournals", "OutgoingInvoiceVoucher_Full"),
            ("OutgoingCreditNoteJournals", "OutgoingCreditNoteVoucher_Full"),
        )
        for method, tail, make in (("POST", "", vouchers.poster), ("GET", "/{}", vouchers.reader))
    ),
    _route("POST Vouchers/Reverse/{}", "ReverseVoucher_Full", vouchers.reverse),
    # drafts
    _route("GET JournalEntryVouchers", _both("JournalEntryVoucher"), drafts.list_drafts),
    *(
        _route(f"{method} JournalEntryVouchers/{kind}{tail}", privilege, make(kind))
        for kind in ("ManualJournals", "BankJournals")
        for method, tail, privilege, make in (
            ("POST", "", "JournalEntryVoucher_Full", drafts.create),
            ("GET", "/{}", _both("JournalEntryVoucher"), drafts.read),
            ("PATCH", "/{}", "JournalEntryVoucher_Full", drafts.patch),
            ("POST", "/{}/VoucherLines", "JournalEntryVoucher_Full", drafts.add_line),
            ("PATCH", "/{}/VoucherLines/{}", "JournalEntryVoucher_Full", drafts.patch_line),
            ("DELETE", "/{}/VoucherLines/{}", "JournalEntryVoucher_Full", drafts.delete_line),
        )
    ),
    _route("DELETE JournalEntryVouchers/{}", "JournalEntryVoucher_Full", drafts.delete),
    _route("POST JournalEntryVouchers/{}/submitForApproval", "JournalEntryVoucher_Full", drafts.submit),
    _route("POST JournalEntryVouchers/{}/VoucherPages", "JournalEntryVoucher_Full", drafts.upload_page),
    _route("GET JournalEntryVouchers/{}/VoucherPages/{}", _both("JournalEntryVoucher"), drafts.read_page),
    _route("DELETE JournalEntryVouchers/{}/VoucherPages/{}", "JournalEntryVoucher_Full", drafts.delete_page),
    # documentation
    _route("GET VoucherDocumentation", _both("VoucherDocumentation"), documents.documentation),
    _route("GET VoucherDocumentation/Download", _both("VoucherDocumentation"), documents.download),
    _route("PUT VoucherDocumentation", "VoucherDocumentation_Full", documents.upload),
    # settings
    _route("GET GeneralLedgerAccounts", _both("GeneralLedgerAccount"), settings.general_ledger_accounts),
    _route("GET GeneralLedgerAccounts/{}", _both("GeneralLedgerAccount"), settings.general_ledger_account),
    _route("GET SubLedgerNumberSeries", _COMMON, settings.sub_ledger_number_series),
    _route("GET SubLedgerNumberSeries/{}", _COMMON, settings.one_sub_ledger_number_series),
    _route("GET VatCodes", _COMMON, settings.vat_codes),
    _route("GET OrganizationSettings", _COMMON, settings.organization_settings),
    _route("GET FinancialSettings", _COMMON, settings.financial_settings),
    _route("GET LockDateSettings", _COMMON, settings.lock_date_settings),
    _route("GET ClientBankAccounts", _both("ClientBankAccount"), settings.client_bank_accounts),
    _route("GET ClientBankAccounts/{}", _both("ClientBankAccount"), settings.client_bank_account),
    _route("GET PaymentTerms", _COMMON, settings.payment_terms),
    _route("GET PaymentTerms/{}", _COMMON, settings.payment_term),
    _route("GET Currencies", _COMMON, settings.currencies),
    _route("GET Departments", _both("Department"), settings.departments),
    _route("GET Departments/{}", _both("Department"), settings.department),
    _route("GET Projects", _both("Project"), settings.projects),
    _route("GET Projects/{}", _both("Project"), settings.project),
    _route("GET CustomDimensions", _both("CustomDimension"), settings.custom_dimensions),
    _route("GET CustomDimensions/{}", _both("CustomDimension"), settings.custom_dimension),
    _route("GET CustomDimensionSettings", _both("CustomDimension"), settings.custom_dimension_settings),
)


def find(method: str, segments: tuple[str, ...]) -> tuple[Route, tuple[str, ...]] | None:
    """The route of a path (segments as sent, any case) and what stands for its ``{}``. Fixed segments win."""
    lowered = tuple(segment.lower() for segment in segments)
    for route in _BY_LENGTH.get((method, len(segments)), ()):
        if all(w == "{}" or w == g for w, g in zip(route.path, lowered, strict=True)):
            return route, tuple(g for w, g in zip(route.path, segments, strict=True) if w == "{}")
    return None


_BY_LENGTH: dict[tuple[str, int], list[Route]] = {}
for _one in sorted(ROUTES, key=lambda route: route.path.count("{}")):
    _BY_LENGTH.setdefault((_one.method, len(_one.path)), []).append(_one)
