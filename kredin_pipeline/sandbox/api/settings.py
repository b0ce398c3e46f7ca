"""Settings, chart of accounts, VAT codes, dimensions (reference § 13). Read only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid5

from ..clock import read_ticks, write_ticks
from ..ledger import chart
from ..ledger.company import Company
from ..ledger.records import Account
from .listing import Listing, answer_list
from .protocol import Answer, Call, answer_json, dumps, not_found

_NAMESPACE = UUID("3d0b1f5b-7e0e-4b1f-9a55-6c1a9b6c0b77")
CUSTOMER_SERIES_ID = str(uuid5(_NAMESPACE, "customers"))
Record = dict[str, Any]

PAYMENT_TERMS: tuple[Record, ...] = tuple(
    {
        "CreatedDateTimeOffset": "2020-01-01T00:00:00.0000000+00:00",
        "CreditDays": days,
        "Id": 310 + days,
        "IsActive": True,
        "IsDefault": days == 14,
        "LastChangedDateTimeOffset": "2020-01-01T00:00:00.0000000+00:00",
        "Name": f"Netto {days} dager",
    }
    for days in (0, 10, 14, 20, 30, 45, 60)
)
CURRENCIES: tuple[Record, ...] = tuple(
    {"Code": code, "IsActive": True, "Notation": notation}
    for code, notation in (("NOK", "kr"), ("EUR", "€"), ("USD", "$"), ("GBP", "£"), ("SEK", "kr"), ("DKK", "kr"))
)


def _answer(call: Call, rows: Sequence[Record]) -> Answer:
    names = tuple(rows[0]) if rows else ()
    return answer_list(call, Listing(rows, dumps, names, _changed, {}))


def _changed(record: Record) -> int:
    stamp = record.get("LastChangedDateTimeOffset")
    return read_ticks(stamp) if stamp else 0


def _stamped(call: Call, rows: Sequence[Record]) -> list[Record]:
    """Rows that the created and last-changed filters let through."""
    made, changed = (
        call.query.ticks("createdDateTimeOffsetGreaterThan"),
        call.query.ticks("lastChangedDateTimeOffsetGreaterThan"),
    )
    return [
        row
        for row in rows
        if (made is None or read_ticks(row["CreatedDateTimeOffset"]) > made)
        and (changed is None or _changed(row) > changed)
    ]


def _one(rows: Sequence[Record], what: str) -> Callable[[Call], Record]:
    def find(call: Call) -> Record:
        found = next((row for row in rows if str(row["Id"]).lower() == call.tail[0].lower()), None)
        if found is None:
            raise not_found(what, call.tail[0])
        return found

    return find


# --- accounts and VAT ------------------------------------------------------------------------------------------


def _account(account: Account, company: Company) -> Record:
    return {
        "AccountNo": int(account.no),
        "AgricultureDepartment": None,
        "CurrencyCode": "NOK",
        "DepartmentCode": None,
        "DepartmentId": None,
        "GeneralLedgerAccountType": account.kind,
        "Id": account.id,
        "IsActive": account.active,
        "IsDepartmentRequired": account.department_required,
        "IsProjectRequired": account.project_required,
        "IsVatCodeLocked": account.vat_locked,
        "LastChangedDateTimeOffset": write_ticks(account.changed or company.founded),
        "Name": account.name,
        "Unit1": None,
        "Unit2": None,
        "VatCode": account.vat_code,
        "VatCodeId": chart.VAT_BY_CODE[account.vat_code].id,
        "VatReturnSpecification": "None",
    }


def general_ledger_accounts(call: Call) -> Answer:
    wanted = call.query.numbers("accountNos")
    rows = [_account(a, call.company) for a in sorted(call.company.books.accounts.values(), key=lambda a: a.id)
            if wanted is None or int(a.no) in wanted]  # fmt: skip
    changed = call.query.ticks("lastChangedDateTimeOffsetGreaterThan")
    return _answer(call, [row for row in rows if changed is None or _changed(row) > changed])


def general_ledger_account(call: Call) -> Answer:
    rows = [_account(a, call.company) for a in call.company.books.accounts.values()]
    return answer_json(_one(rows, "GeneralLedgerAccount")(call))


def vat_codes(call: Call) -> Answer:
    active = call.query.maybe_flag("isActive")
    if active is False:
        return Answer(204)
    return _answer(
        call,
        [
            {
                "BaseVatCodeId": None, "Code": vat.code, "Description": vat.name, "Id": vat.id, "IsActive": True,
                "IsCustom": False, "Name": vat.name, "Rate": float(vat.rate), "ValidFrom": "2005-01-01",
                "ValidTo": None, "VatBasisRatio": None, "VatBasisRatioValidFrom": None, "VatBasisRatios": [],
            }
            for vat in chart.VAT_CODES
        ],
    )  # fmt: skip


def _series(company: Company) -> list[Record]:
    return [
        {
            "FromInclusive": first, "GeneralLedgerAccountId": company.books.accounts[no].id,
            "GeneralLedgerAccountNo": int(no), "Id": str(uuid5(_NAMESPACE, name)), "IsClientTrust": False,
            "IsDefault": True, "Name": title, "SubLedgerNumberSeriesType": kind, "ToInclusive": last,
        }
        for no, name, title, kind, first, last in (
            (chart.RECEIVABLES, "customers", "Kunder", "Customer", 10_000, 19_999),
            (chart.PAYABLES, "suppliers", "Leverandører", "Supplier", 20_000, 29_999),
            (chart.EMPLOYEES, "employees", "Ansatte", "Employee", 1, 999),
        )
    ]  # fmt: skip


def sub_ledger_number_series(call: Call) -> Answer:
    accounts, default = call.query.numbers("generalLedgerAccountNos"), call.query.maybe_flag("isDefault")
    kind = call.query.text("subLedgerNumberSeriesType")
    rows = [
        row
        for row in _series(call.company)
        if (accounts is None or row["GeneralLedgerAccountNo"] in accounts)
        and (default is None or row["IsDefault"] == default)
        and (kind is None or row["SubLedgerNumberSeriesType"] == kind)
    ]
    return _answer(call, rows)


def one_sub_ledger_number_series(call: Call) -> Answer:
    return answer_json(_one(_series(call.company), "SubLedgerNumberSeries")(call))


# --- the company -----------------------------------------------------------------------------------------------


def organization_settings(call: Call) -> Answer:
    company = call.company
    address = {
        "AddressLine1": "Havnegata 1", "AddressLine2": None, "City": "Trondheim", "CountryCode": "NO",
        "ZipCode": "7010",
    }  # fmt: skip
    return answer_json(
        {
            "DefaultAgricultureDepartment": None,
            "DeliveryAddress": address,
            "EmailAddress": "faktura@selger.example",
            "Id": company.client_id,
            "InvoiceInboxEhf": True,
            "InvoiceInboxEmail": False,
            "InvoiceInboxEmailAddress": None,
            "IsAgricultureClient": False,
            "LastChangedDateTimeOffset": write_ticks(company.founded),
            "LegalName": company.name,
            "MailAddress": address,
            "MailAddressIsDeliveryAddress": True,
            "Name": company.name,
            "OrganizationNumber": company.organization_no,
            "PhoneNumber": "73000000",
            "WebsiteUrl": None,
        }
    )


def financial_settings(call: Call) -> Answer:
    company = call.company
    gain, loss = company.books.accounts[chart.CURRENCY_GAIN], company.books.accounts[chart.CURRENCY_LOSS]
    return answer_json(
        {
            "ConversionDate": company.conversion_date,
            "CurrencyCode": "NOK",
            "CurrencyGainsAccountId": gain.id,
            "CurrencyGainsAccountNo": int(gain.no),
            "CurrencyLossAccountId": loss.id,
            "CurrencyLossAccountNo": int(loss.no),
            "FinancialYearEndMonth": "December",
            "LastChangedDateTimeOffset": write_ticks(company.founded),
            "UseTrustAccountManagement": False,
        }
    )


def lock_date_settings(call: Call) -> Answer:
    return answer_json({"LockDate": call.company.lock_date})


def _bank_accounts(company: Company) -> list[Record]:
    stamp = write_ticks(company.founded)
    return [
        {
            "ActiveIncomingPaymentService": primary, "ActiveOutgoingPaymentServices": primary,
            "AgricultureDepartment": None, "AllowOverdraft": False, "BankAccountNumber": number,
            "BankName": "Eksempelbanken", "BicSwift": "DNBANOKK", "CountryCode": "NO", "CreatedDateTimeOffset": stamp,
            "CurrencyCode": "NOK", "GeneralLedgerAccountId": company.books.accounts[no].id,
            "GeneralLedgerAccountNo": int(no), "Id": id_, "IsActive": True, "IsClientTrustAccount": False,
            "IsPrimaryAccount": primary, "LastChangedDateTimeOffset": stamp, "OverdraftLimit": None,
        }
        for id_, number, no, primary in ((8801, "86011117947", chart.BANK, True), (8802, "86011117955", "1930", False))
    ]  # fmt: skip


def client_bank_accounts(call: Call) -> Answer:
    numbers = call.query.texts("bankAccountNumbers")
    rows = [r for r in _bank_accounts(call.company) if numbers is None or r["BankAccountNumber"] in numbers]
    return _answer(call, _stamped(call, rows))


def client_bank_account(call: Call) -> Answer:
    return answer_json(_one(_bank_accounts(call.company), "ClientBankAccount")(call))


def payment_terms(call: Call) -> Answer:
    return _answer(call, PAYMENT_TERMS)


def payment_term(call: Call) -> Answer:
    return answer_json(_one(PAYMENT_TERMS, "PaymentTerm")(call))


def currencies(call: Call) -> Answer:
    code, active = call.query.texts("currencyCode"), call.query.maybe_flag("isActive")
    return _answer(call, [c for c in CURRENCIES if (code is None or c["Code"] in code) and active is not False])


# --- dimensions ------------------------------------------------------------------------------------------------


def departments(call: Call) -> Answer:
    codes, active, name = call.query.texts("codes"), call.query.maybe_flag("isActive"), call.query.text("name")
    rows = [
        d
        for d in call.company.departments
        if (codes is None or d["Code"] in codes)
        and (active is None or d["IsActive"] == active)
        and (name is None or name.lower() in str(d["Name"]).lower())
    ]
    return _answer(call, _stamped(call, rows))


def department(call: Call) -> Answer:
    return answer_json(_one(call.company.departments, "Department")(call))


def projects(call: Call) -> Answer:
    codes, status, name = call.query.texts("projectCodes"), call.query.text("status"), call.query.text("name")
    customers = call.query.numbers("customerNos")
    rows = [
        p
        for p in call.company.projects
        if (codes is None or p["Code"] in codes)
        and (status is None or p["ProjectStatus"] == status)
        and (name is None or name.lower() in str(p["Name"]).lower())
        and (customers is None or (p["CustomerNo"] or -1) in customers)
        and not (call.query.flag("excludeArchivedProject") and p["ProjectStatus"] == "Archived")
    ]
    return _answer(call, _stamped(call, rows))


def project(call: Call) -> Answer:
    return answer_json(_one(call.company.projects, "Project")(call))


def custom_dimensions(call: Call) -> Answer:
    codes, ordinal = call.query.texts("codes"), call.query.texts("ordinal")
    reference = call.query.text("externalImportReference")
    rows = [
        d
        for d in call.company.dimensions
        if (codes is None or d["Code"] in codes)
        and (ordinal is None or str(d["Ordinal"]) in ordinal)
        and (reference is None or d["ExternalImportReference"] == reference)
    ]
    return _answer(call, _stamped(call, rows))


def custom_dimension(call: Call) -> Answer:
    return answer_json(_one(call.company.dimensions, "CustomDimension")(call))


def custom_dimension_settings(call: Call) -> Answer:
    return answer_json([{"IsActive": n == 1, "Name": f"Dimensjon {n}", "Ordinal": n} for n in (1, 2, 3)])


def contact_groups(call: Call) -> Answer:
    names = call.query.texts("names")
    rows = [g for g in call.company.contact_groups if names is None or g["Name"] in names]
    return _answer(call, _stamped(call, rows))


def contact_group(call: Call) -> Answer:
    return answer_json(_one(call.company.contact_groups, "ContactGroup")(call))
