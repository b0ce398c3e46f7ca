"""Every route of the sandbox, over HTTP, against the OpenAPI description."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, cast

import httpx
import pytest

from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY, Control

from .conftest import Caller
from .openapi import ContractViolation, check_exchange, document, operations, validate_request, validate_response

pytestmark = pytest.mark.usefixtures("checked")
VAT_0, VAT_3 = 101, 103


def account_id(caller: Caller, number: int) -> int:
    return caller.get("GeneralLedgerAccounts", accountNos=number).json()[0]["Id"]


def customer(caller: Caller, number: int) -> dict[str, Any]:
    return caller.get("Customers", customerNos=number).json()[0]


def sell(control: Control, caller: Caller, no: int, amount: float, customer_no: int = 10001, **more: Any) -> None:
    control.event(caller.client_key, {"event": "invoice", "no": no, "customer": customer_no, "amount": amount,
                                      "due": "2025-03-24", **more})  # fmt: skip


def journal(caller: Caller, *lines: tuple[int, float, int], reference: str | None = "ref-1", day: str = "2025-03-10",
            **more: Any) -> dict[str, Any]:  # fmt: skip
    body: dict[str, Any] = {
        "CurrencyCode": "NOK", "VoucherDate": day, "ExternalImportReference": reference, "Description": "Gebyr",
        "VoucherLines": [
            {"AccountId": account, "CurrencyAmount": amount, "PostingDate": day, "VatId": vat}
            for account, amount, vat in lines
        ],
    }  # fmt: skip
    return body | more


def fee_voucher(caller: Caller, **more: Any) -> dict[str, Any]:
    owner = customer(caller, 10001)["SubledgerAccountId"]
    fees, interest = account_id(caller, 3950), account_id(caller, 8050)
    return journal(caller, (owner, 82.95, VAT_0), (fees, -35, VAT_0), (interest, -47.95, VAT_0), **more)


def rows(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return cast(list[dict[str, Any]], answer.json())


def test_every_described_operation_answers_as_described(control: Control, caller: Caller) -> None:
    """Each operation is called once with success, or with the refusal that it always gives."""
    key = caller.client_key
    sell(control, caller, 1001, 12000.0)
    control.events(key, [
        {"event": "payment", "id": "P1", "customer": 10001, "amount": 5000, "for": [1001], "kind": "ocr"},
        {"event": "credit_note", "no": 2001, "customer": 10001, "amount": 100, "for": [1001]},
    ])  # fmt: skip
    stamp = "2024-01-01T00:00:00.0000000+00:00"
    record = {"CreatedDateTimeOffset": stamp, "Id": 71, "IsActive": True, "LastChangedDateTimeOffset": stamp,
              "Code": "A", "Name": "Avdeling"}  # fmt: skip
    group = {k: v for k, v in record.items() if k not in ("IsActive", "Code")}
    control.change_company(
        key, departments=[record], contact_groups=[group], dimensions=[record | {"Ordinal": 1}],
        projects=[record | {"ProjectStatus": "Active", "CustomerNo": None}],
    )  # fmt: skip
    invoice = rows(caller.get("OutgoingInvoices", invoiceNos=1001))[0]
    owner = customer(caller, 10001)
    posted = caller.post("Vouchers/ManualJournals", fee_voucher(caller)).json()["Id"]
    bank = account_id(caller, 1920)
    draft_lines = [{"DebitAccountId": bank, "CreditAccountId": owner["SubledgerAccountId"], "CurrencyAmount": 10}]
    header = {"CurrencyCode": "NOK", "VoucherDate": "2025-03-10"}
    manual = caller.post("JournalEntryVouchers/ManualJournals", header | {"ManualVoucherLines": draft_lines}).json()
    banked = caller.post("JournalEntryVouchers/BankJournals",
                         header | {"BankJournalLines": [draft_lines[0] | {"InvoiceNo": "1001"}]}).json()  # fmt: skip
    person = caller.post(f"ContactPersons/{owner['Id']}", {"FirstName": "Ola", "LastName": "Berg"}).json()["Id"]
    account = caller.post(f"ContactBankAccounts/{owner['Id']}", {"BankAccountNumber": "86011117947"}).json()["Id"]
    match_id = rows(caller.get("Customerledger/OpenItems", date="2025-03-10", invoiceNos="1001"))[0]["MatchId"]
    period = {"fromDate": "2025-01-01", "toDate": "2025-12-31"}
    gets: list[tuple[str, dict[str, str | int]]] = [
        ("ClientIntegrationInformation", {}), ("Customers", {}), (f"Customers/{owner['Id']}", {}),
        ("ContactPersons", {}), (f"ContactPersons/{owner['Id']}/{person}", {}), ("ContactBankAccounts", {}),
        (f"ContactBankAccounts/{owner['Id']}/{account}", {}), ("ContactGroups", {}), ("ContactGroups/71", {}),
        ("Customerledger/OpenItems", {"date": "2025-03-10"}), ("Customerledger/Statement", dict(period)),
        ("Customerledger/EntriesByMatchId", {"matchId": match_id}),
        ("Customerledger/CustomerBalances", {"date": "2025-03-10"}), ("OutgoingInvoices", {}),
        (f"OutgoingInvoices/{invoice['Id']}", {}), (f"OutgoingInvoices/{invoice['Id']}/Lines", {}),
        ("AccountTransactions", dict(period)), ("TrialBalance", {"date": "2025-03-10"}),
        (f"Vouchers/ManualJournals/{posted}", {}), ("JournalEntryVouchers", {}),
        (f"JournalEntryVouchers/ManualJournals/{manual['Id']}", {}),
        (f"JournalEntryVouchers/BankJournals/{banked['Id']}", {}), ("VoucherDocumentation", {"id": invoice["Id"]}),
        ("VoucherDocumentation/Download", {"id": invoice["Id"], "documentationType": "Pdf"}),
        ("GeneralLedgerAccounts", {}), (f"GeneralLedgerAccounts/{bank}", {}), ("SubLedgerNumberSeries", {}),
        ("VatCodes", {}), ("OrganizationSettings", {}), ("FinancialSettings", {}), ("LockDateSettings", {}),
        ("ClientBankAccounts", {}), ("ClientBankAccounts/8801", {}), ("PaymentTerms", {}), ("PaymentTerms/324", {}),
        ("Currencies", {}), ("Departments", {}), ("Departments/71", {}), ("Projects", {}), ("Projects/71", {}),
        ("CustomDimensions", {}), ("CustomDimensions/71", {}), ("CustomDimensionSettings", {}),
    ]  # fmt: skip
    for path, params in gets:
        assert caller.get(path, **params).status_code == 200, path
    series = rows(caller.get("SubLedgerNumberSeries"))[0]["Id"]
    assert caller.get(f"SubLedgerNumberSeries/{series}").status_code == 200
    patch: list[dict[str, object]] = [{"op": "replace", "path": "/Description", "value": "Ny"}]
    for kind, made, lines in (("ManualJournals", manual, "ManualVoucherLines"),
                              ("BankJournals", banked, "BankVoucherLines")):  # fmt: skip
        base = f"JournalEntryVouchers/{kind}/{made['Id']}"
        line = made[lines][0]["Id"]
        assert caller.patch(base, patch).status_code == 200
        assert caller.post(f"{base}/VoucherLines", {"DebitAccountId": bank, "CurrencyAmount": 5}).status_code == 201
        assert caller.patch(f"{base}/VoucherLines/{line}", patch).status_code == 200
        assert caller.http.delete(f"/v2/{base}/VoucherLines/{line}").status_code == 200
    base = f"/v2/JournalEntryVouchers/{manual['Id']}"
    picture = {"file": ("side.jpg", b"\xff\xd8\xff\xe0jpeg", "image/jpeg")}
    assert caller.http.post(f"{base}/VoucherPages", files=picture).status_code == 201
    page = caller.get(f"JournalEntryVouchers/ManualJournals/{manual['Id']}").json()["Pages"][0]["Id"]
    assert caller.http.get(f"{base}/VoucherPages/{page}").content.startswith(b"\xff\xd8")
    assert caller.http.delete(f"{base}/VoucherPages/{page}").status_code == 200
    assert caller.post(base.removeprefix("/v2/") + "/submitForApproval", {"Comment": "x"}).status_code == 409
    assert caller.http.delete(base).status_code == 200
    name: list[dict[str, object]] = [{"op": "replace", "path": "/LastName", "value": "Dahl"}]
    code: list[dict[str, object]] = [{"op": "replace", "path": "/BankCode", "value": "1"}]
    assert caller.patch(f"ContactPersons/{owner['Id']}/{person}", name).json()["LastName"] == "Dahl"
    assert caller.patch(f"ContactBankAccounts/{owner['Id']}/{account}", code).status_code == 200
    for path in (f"ContactPersons/{owner['Id']}/{person}", f"ContactBankAccounts/{owner['Id']}/{account}"):
        assert caller.http.delete(f"/v2/{path}").status_code == 200
    created = caller.post("Customers", {"Name": "Ny Kunde AS", "EmailAddress": "ny@kunde.example"})
    assert created.status_code == 201
    renamed = caller.patch(f"Customers/{created.json()['Id']}", [{"op": "replace", "path": "/Name", "value": "Nyere"}])
    assert renamed.json()["Name"] == "Nyere"
    assert caller.http.delete(f"/v2/Customers/{created.json()['Id']}").status_code == 200
    lines = [(bank, 100.0, VAT_0), (account_id(caller, 1579), -100.0, VAT_0)]
    for kind in ("BankJournals", "CashJournals"):
        answer = caller.post(f"Vouchers/{kind}", journal(caller, *lines, reference=kind))
        assert answer.status_code == 201
        assert caller.get(f"Vouchers/{kind}/{answer.json()['Id']}").status_code == 200
    for kind, no, sign in (("OutgoingInvoiceJournals", 7001, 1), ("OutgoingCreditNoteJournals", 7002, -1)):
        document_ = {
            "CurrencyCode": "NOK", "VoucherDate": "2025-03-10", "DueDate": "2025-03-24", "InvoiceNo": no,
            "CustomerAccountId": owner["SubledgerAccountId"], "CurrencyAmount": sign * 1250, "VoucherLines": [
                {"AccountId": account_id(caller, 3000), "CurrencyAmount": sign * 1250, "VatId": VAT_3}],
        }  # fmt: skip
        answer = caller.post(f"Vouchers/{kind}", document_)
        assert answer.status_code == 201, answer.text
        assert caller.get(f"Vouchers/{kind}/{answer.json()['Id']}").status_code == 200
    pdf = {"file": ("bilag.pdf", b"%PDF-1.4 x", "application/pdf")}
    assert caller.http.put(f"/v2/VoucherDocumentation?id={posted}", files=pdf).status_code == 202
    assert caller.post(f"Vouchers/Reverse/{posted}").json() == {"IsReversed": True, "VoucherId": posted}
    started = caller.post("Onboarding/Initiate", {"ApplicationKey": DEFAULT_APPLICATION_KEY,
                                                  "RedirectUri": "http://localhost:9/back?state=s1"})  # fmt: skip
    back = caller.http.get(started.json()["TemporaryUrl"]).headers["location"]
    assert "state=s1" in back
    token = {"OnboardingToken": back.rsplit("token=", 1)[1]}
    keys = caller.post("Onboarding/Finalize", token).json()["OnboardedClientsInformation"]
    assert [one["ClientKey"] for one in keys] == [key]
    assert caller.post("Onboarding/Finalize", token).status_code == 400
    called = {(e["method"], template_of(e["method"], e["path"])) for e in control.requests()
              if not e["path"].startswith("/onboarding")}  # fmt: skip
    described = {(op.method, op.template) for op in operations() if op.document == "poweroffice"}
    assert described - called == set()


def template_of(method: str, path: str) -> str:
    return next(op.template for op in operations() if op.method == method and op.pattern.match(path))


def test_rows_carry_every_property_of_their_description(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    period: dict[str, str | int] = {"fromDate": "2025-01-01", "toDate": "2025-12-31"}
    for path, params, schema in (
        ("Customers", {}, "CustomerDto"), ("Customerledger/Statement", period, "CustomerLedgerEntryDto"),
        ("OutgoingInvoices", {}, "OutgoingInvoiceDto"), ("AccountTransactions", period, "AccountTransactionDto"),
        ("GeneralLedgerAccounts", {}, "GeneralLedgerAccountDto"), ("VatCodes", {}, "VatCodeDto"),
    ):  # fmt: skip
        described = document("poweroffice")["components"]["schemas"][schema]["properties"]
        assert set(rows(caller.get(path, **params))[0]) == set(described), path


def test_the_validator_finds_what_is_wrong() -> None:
    with pytest.raises(ContractViolation, match="customerId is not described"):
        validate_request(
            "GET", "/v2/Customerledger/Statement", "fromDate=2025-01-01&toDate=2025-01-02&customerId=1", None
        )
    with pytest.raises(ContractViolation, match="toDate is missing"):
        validate_request("GET", "/v2/Customerledger/Statement", "fromDate=2025-01-01", None)
    with pytest.raises(ContractViolation, match="no such operation"):
        validate_request("GET", "/v2/Invoices", "", None)
    with pytest.raises(ContractViolation, match="is not of type"):
        validate_response("GET", "/v2/Customerledger/CustomerBalances", 200, '[{"Balance": "12.50"}]')
    with pytest.raises(ContractViolation, match="Additional properties"):
        validate_response("GET", "/v2/Customerledger/CustomerBalances", 200, '[{"balance": 12.5}]')
    with pytest.raises(ContractViolation, match="no date"):
        validate_response("GET", "/v2/LockDateSettings", 200, {"LockDate": "31.02.2026"})
    with pytest.raises(ContractViolation, match="status 418 is not described"):
        validate_response("GET", "/v2/VatCodes", 418, None)
    validate_response("GET", "/demo/v2/customerledger/customerbalances", 204, None)
    validate_response("GET", "/enhetsregisteret/api/enheter/974760673", 404, None)


# --- who may call ----------------------------------------------------------------------------------------------


def test_the_subscription_key_is_asked_for_before_everything_else(caller: Caller) -> None:
    bare = httpx.Client(base_url=caller.sandbox.base_url)
    missing, wrong = bare.get("/v2/VatCodes"), bare.get("/v2/VatCodes", headers={"Ocp-Apim-Subscription-Key": "x"})
    assert missing.status_code == wrong.status_code == 401
    assert "missing subscription key" in missing.json()["message"]
    assert "invalid subscription key" in wrong.json()["message"]
    in_query = bare.get(f"/v2/VatCodes?subscription-key={DEFAULT_SUBSCRIPTION_KEY}")
    assert (in_query.status_code, in_query.content) == (401, b"")


def test_wrong_keys_get_no_token(caller: Caller) -> None:
    answer = caller.token(application_key="00000000-0000-0000-0000-000000000000")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
    wrong = caller.http.post("/OAuth/Token", data={"grant_type": "password"}, auth=("a", "b"))
    assert wrong.json()["error"] == "unsupported_grant_type"
    assert caller.token().json()["expires_in"] == 1200


def test_a_token_ends_with_the_sandboxs_clock(control: Control, caller: Caller) -> None:
    control.advance_clock(1199)
    assert caller.get("VatCodes").status_code == 200
    control.advance_clock(1)
    assert (caller.get("VatCodes").status_code, caller.get("VatCodes").content) == (401, b"")


def test_a_missing_privilege_is_403_without_a_body_and_an_old_token_keeps_its_rights(
    control: Control, caller: Caller
) -> None:
    control.change_company(caller.client_key, privileges=["Customer"], invalid_privileges=["CustomerLedger"])
    assert caller.get("Customerledger/OpenItems", date="2025-03-10").status_code == 204
    caller.renew()
    refused = caller.get("Customerledger/OpenItems", date="2025-03-10")
    assert (refused.status_code, refused.content) == (403, b"")
    assert caller.get("Customerledger/OpenItems", date="31.02.2026").status_code == 403, "privilege before validation"
    information = caller.get("ClientIntegrationInformation").json()
    assert information["ValidPrivileges"] == ["Customer"]
    assert information["InvalidPrivileges"] == ["CustomerLedger"]
    control.clear_requests()  # one of the dates is wrong on purpose


def test_a_removed_extension_gives_no_new_token_but_the_old_one_works(control: Control, caller: Caller) -> None:
    control.change_company(caller.client_key, extension=False)
    assert caller.token().json()["error"] == "invalid_client"
    assert caller.get("VatCodes").status_code == 200


def test_ten_requests_a_second_and_then_429(control: Control, caller: Caller) -> None:
    control.set_options(rate_per_second=5)
    answers = [caller.get("VatCodes") for _ in range(8)]
    late = [a for a in answers if a.status_code == 429]
    assert [a.status_code for a in answers[:5]] == [200] * 5 and late
    assert late[0].headers["retry-after"] == "1"
    assert late[0].json() == {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 1 seconds."}
    control.set_options(rate_per_second=1, retry_after_header=False)
    answers = [caller.get("VatCodes") for _ in range(2)]
    assert "retry-after" not in answers[-1].headers and answers[-1].status_code == 429


# --- lists -----------------------------------------------------------------------------------------------------


def test_paths_in_any_case_and_the_demo_prefix(caller: Caller) -> None:
    assert caller.http.get("/V2/vatcodes").status_code == 200
    assert caller.http.get("/Demo/v2/VATCODES").status_code == 200


def test_empty_lists_and_pages_beyond_the_end_are_204(control: Control, caller: Caller) -> None:
    assert caller.get("OutgoingInvoices").status_code == 204
    sell(control, caller, 1001, 100.0)
    assert caller.get("OutgoingInvoices", PageNumber=2, PageSize=1).status_code == 204


def test_pages_cover_every_row_once(control: Control, caller: Caller) -> None:
    for no in range(1001, 1008):
        sell(control, caller, no, 100.0)
    pages = [caller.get("OutgoingInvoices", PageNumber=n, PageSize=3, Fields="InvoiceNo") for n in (1, 2, 3)]
    assert [row["InvoiceNo"] for page in pages for row in rows(page)] == list(range(1001, 1008))
    assert [len(rows(page)) for page in pages] == [3, 3, 1]
    assert rows(pages[0])[0] == {"InvoiceNo": 1001}


def test_order_fields_and_limits(control: Control, caller: Caller) -> None:
    for no, amount in ((1001, 300.0), (1002, 100.0), (1003, 200.0)):
        sell(control, caller, no, amount)
    ordered = rows(caller.get("OutgoingInvoices", OrderBy="TotalAmount desc", Fields="TotalAmount"))
    assert [row["TotalAmount"] for row in ordered] == [300.0, 200.0, 100.0]
    for params in ({"Fields": "Nope"}, {"OrderBy": "Nope"}, {"PageSize": 20001}, {"PageNumber": 0}):
        refused = caller.get("OutgoingInvoices", **params)
        assert (refused.status_code, refused.json()["title"]) == (400, "Invalid resourceParameter"), params


def test_odata_is_refused_and_unknown_names_do_nothing(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 300.0)
    assert caller.http.get("/v2/OutgoingInvoices?$top=1").status_code == 400
    unknown = caller.http.get("/v2/OutgoingInvoices?customerId=99")
    assert len(rows(unknown)) == 1
    control.clear_requests()  # the second call is wrong on purpose


def test_without_the_mandatory_date_there_is_no_such_resource(caller: Caller) -> None:
    for path in ("Customerledger/OpenItems", "Customerledger/Statement", "Customerledger/CustomerBalances",
                 "AccountTransactions", "TrialBalance"):  # fmt: skip
        assert caller.get(path).status_code == 404, path
    assert caller.get("Customerledger/OpenItems", date="31.02.2026").status_code == 400


def test_long_urls_are_refused(control: Control, caller: Caller) -> None:
    numbers = ",".join(str(n) for n in range(10000, 10500))
    assert caller.get("Customers", customerNos=numbers).status_code == 414
    control.clear_requests()


def test_an_unescaped_plus_is_no_timestamp(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 300.0)
    cursor = rows(caller.get("OutgoingInvoices"))[0]["BalanceLastChangedDateTimeOffset"]
    name = "balanceLastChangedDateTimeOffsetGreaterThan"
    assert caller.get("OutgoingInvoices", **{name: cursor}).status_code == 204, "strictly after"
    assert caller.http.get(f"/v2/OutgoingInvoices?{name}={cursor}").status_code == 400


def test_number_filters_take_ranges_and_id_filters_do_not(control: Control, caller: Caller) -> None:
    for no in (1001, 1002, 1005):
        sell(control, caller, no, 100.0, customer_no=9000 + no)
    assert len(rows(caller.get("OutgoingInvoices", invoiceNos="1001-1002,1005"))) == 3
    assert len(rows(caller.get("OutgoingInvoices", voucherNos="2-"))) == 2
    assert [c["Number"] for c in rows(caller.get("Customers", customerNos="10002-"))] == [10002, 10005]
    refused = caller.get("Customers", contactGroupIds="1-3")
    assert (refused.status_code, refused.json()["title"]) == (400, "Unable to cast object(s)")


def test_long_answers_come_compressed_when_asked(control: Control, caller: Caller) -> None:
    control.events(caller.client_key, [{"event": "invoice", "no": 1000 + n, "customer": 10001, "amount": 1,
                                        "due": "2025-04-01"} for n in range(20)])  # fmt: skip
    assert caller.get("OutgoingInvoices").headers["content-encoding"] == "gzip"
    plain = caller.http.get("/v2/OutgoingInvoices", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and len(plain.json()) == 20


def test_some_dates_may_carry_a_time(control: Control, caller: Caller) -> None:
    control.set_options(dates_with_time="sometimes")
    for no in (1001, 1002, 1003):
        sell(control, caller, no, 100.0)
    dates = {row["VoucherDate"] for row in rows(caller.get("OutgoingInvoices"))}
    assert dates == {"2025-03-10", "2025-03-10T00:00:00"}


# --- the ledger on the wire ------------------------------------------------------------------------------------


def test_the_balance_is_that_of_the_query_date(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    control.event(caller.client_key, {"on": "2025-03-20", "event": "payment", "id": "P1", "customer": 10001,
                                      "amount": 400, "for": [1001]})  # fmt: skip
    caller.renew()
    for day, balance in (("2025-03-19", 1000.0), ("2025-03-20", 600.0)):
        entry = rows(caller.get("Customerledger/Statement", fromDate="2025-01-01", toDate=day))[0]
        assert (entry["Amount"], entry["Balance"], entry["InvoiceNo"]) == (1000.0, balance, "1001")
        assert rows(caller.get("Customerledger/CustomerBalances", date=day))[0]["Balance"] == balance
    control.event(caller.client_key, {"event": "payment", "id": "P2", "customer": 10001, "amount": 600, "for": [1001]})
    assert caller.get("Customerledger/OpenItems", date="2025-03-20").status_code == 204
    closed = rows(caller.get("Customerledger/Statement", fromDate="2025-01-01", toDate="2025-03-20"))
    assert {row["Balance"] for row in closed} == {0}
    together = rows(caller.get("Customerledger/EntriesByMatchId", matchId=closed[0]["MatchId"]))
    assert [row["Id"] for row in together] == [row["Id"] for row in closed]


def test_a_write_off_shows_only_by_its_flag(control: Control, caller: Caller) -> None:
    control.set_options(write_off_voucher_type="CorrectionVoucher")
    sell(control, caller, 1001, 1000.0)
    control.event(caller.client_key, {"event": "write_off", "for": [1001]})
    invoice, counter = rows(caller.get("Customerledger/Statement", fromDate="2025-01-01", toDate="2025-12-31"))
    assert counter["IsWriteOff"] is True and invoice["IsWriteOff"] is not True
    assert (counter["Amount"], counter["Balance"], counter["InvoiceNo"]) == (-1000.0, 0, None)
    assert counter["VoucherType"] == "CorrectionVoucher"
    assert rows(caller.get("OutgoingInvoices"))[0]["Balance"] == 0
    period: dict[str, str | int] = {"fromDate": "2025-01-01", "toDate": "2025-12-31"}
    loss = rows(caller.get("AccountTransactions", voucherNos=counter["VoucherNo"], **period))
    assert [(row["AccountNo"], row["Amount"], row["SubLedgerEntryId"]) for row in loss] == [
        (1500, -1000.0, counter["Id"]), (7830, 1000.0, None)]  # fmt: skip


def test_a_merged_customer_answers_404_and_its_entries_moved(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    sell(control, caller, 1002, 500.0, customer_no=10002)
    old = customer(caller, 10001)["Id"]
    control.event(caller.client_key, {"event": "customer_merge", "from": 10001, "into": 10002})
    assert caller.get(f"Customers/{old}").status_code == 404
    assert {row["CustomerNo"] for row in rows(caller.get("OutgoingInvoices"))} == {10002}


def test_a_deleted_document_is_404(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    guid = rows(caller.get("OutgoingInvoices"))[0]["Id"]
    control.event(caller.client_key, {"event": "delete", "no": 1001})
    gone = caller.get(f"OutgoingInvoices/{guid}")
    assert (gone.status_code, gone.json()["title"]) == (404, "Object(s) not found")
    assert caller.get("OutgoingInvoices").status_code == 204


def test_the_invoice_comes_as_a_pdf_in_a_zip(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    guid = rows(caller.get("OutgoingInvoices"))[0]["Id"]
    packed = caller.get("VoucherDocumentation/Download", id=guid, documentationType="Pdf")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        content = archive.read(archive.namelist()[0])
    assert content.startswith(b"%PDF-") and b"Faktura 1001" in content
    assert caller.get("VoucherDocumentation/Download", id=guid, documentationType="Ehf").status_code == 204


def test_a_log_of_exchanges_tells_who_asked_what(control: Control, caller: Caller) -> None:
    caller.get("VatCodes", isActive="true")
    last = control.requests()[-1]
    assert (last["method"], last["path"], last["query"], last["status"]) == (
        "GET",
        "/v2/VatCodes",
        "isActive=true",
        200,
    )
    assert json.loads(last["response_body"])[0]["Code"] == "0"
    assert last["company"] == caller.client_key and check_exchange(last) == []


def test_the_register_is_on_the_same_port(control: Control, caller: Caller) -> None:
    control.event(caller.client_key, {"event": "register", "orgnr": "999990150", "set": {"konkurs": True}})
    found = caller.http.get("/enhetsregisteret/api/enheter/999990150")
    assert found.json()["konkurs"] is True
    assert caller.http.get("/enhetsregisteret/api/enheter/999990169").status_code == 404
    stored = caller.http.put("/letter-drop/2025-03-10/brev.pdf", content=b"%PDF-1")
    assert stored.status_code == 201
    assert control.letter_drop_file("2025-03-10/brev.pdf") == b"%PDF-1"
