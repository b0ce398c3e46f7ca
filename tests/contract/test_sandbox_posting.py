"""What an integration may write: vouchers, reversals, customers; and what the books refuse."""

from __future__ import annotations

from typing import Any

import pytest

from kredin_pipeline.sandbox.control import Control

from .conftest import Caller
from .test_sandbox_contract import VAT_0, VAT_3, account_id, customer, fee_voucher, journal, rows, sell

pytestmark = pytest.mark.usefixtures("checked")


def test_a_posted_voucher_is_in_the_ledger_with_its_reference(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    answer = caller.post("Vouchers/ManualJournals", fee_voucher(caller))
    assert answer.status_code == 201 and answer.json()["VoucherNo"] == 2
    period: dict[str, str | int] = {"fromDate": "2025-03-10", "toDate": "2025-03-10"}
    lines = rows(caller.get("AccountTransactions", voucherTypes="ManualJournal", **period))
    assert [(line["AccountNo"], line["Amount"]) for line in lines] == [(1500, 82.95), (3950, -35.0), (8050, -47.95)]
    assert {line["ExternalImportReference"] for line in lines} == {"ref-1"}
    entry = rows(caller.get("Customerledger/OpenItems", date="2025-03-10", onlyCreatedByCurrentIntegration="true"))[0]
    assert (entry["Amount"], entry["IsCreatedByCurrentIntegration"]) == (82.95, True)
    assert control.vouchers(caller.client_key)[-1]["created_by_integration"] is True


def test_what_the_books_refuse(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    control.event(caller.client_key, {"event": "lock_date", "date": "2025-02-28"})
    sub, bank = customer(caller, 10001)["SubledgerAccountId"], account_id(caller, 1920)
    interest, control_account = account_id(caller, 8050), account_id(caller, 1500)
    number = customer(caller, 10001)["Number"]
    cases: list[tuple[dict[str, Any], int, str]] = [
        (journal(caller, (sub, 10, VAT_0), (bank, -9.99, VAT_0)), 400, "not in balance"),
        (journal(caller, (sub, 10, VAT_0), (bank, -10, VAT_0), day="2025-02-28"), 400, "locked up to and including"),
        (journal(caller, (control_account, 10, VAT_0), (bank, -10, VAT_0)), 400, "control account"),
        (journal(caller, (sub, 10, VAT_0), (interest, -10, VAT_3)), 400, "locked to VAT code 0"),
        (journal(caller, (number, 10, VAT_0), (bank, -10, VAT_0)), 404, f"id = {number} not found"),
        (journal(caller, (sub, 10, VAT_0), (bank, -10, 99)), 404, "VAT code with id = 99"),
        (journal(caller, (sub, 10, VAT_0), (bank, 0, VAT_0)), 400, "must not be zero"),
        (journal(caller, (sub, 10.001, VAT_0), (bank, -10.001, VAT_0)), 400, "more than two decimals"),
        (journal(caller), 400, "VoucherLines is required"),
    ]  # fmt: skip
    for body, status, text in cases:
        refused = caller.post("Vouchers/ManualJournals", body)
        assert refused.status_code == status and text in refused.json()["detail"], (text, refused.text)
    assert len(control.vouchers(caller.client_key)) == 1


def test_nothing_is_posted_before_the_conversion_date(control: Control, caller: Caller) -> None:
    control.change_company(caller.client_key, conversion_date="2024-01-01")
    lines = (account_id(caller, 1920), 5, VAT_0), (account_id(caller, 1579), -5, VAT_0)
    refused = caller.post("Vouchers/ManualJournals", journal(caller, *lines, day="2023-12-31"))
    assert "before the conversion date" in refused.json()["detail"]


def test_a_reference_serves_once_and_again_after_reversal(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    first = caller.post("Vouchers/ManualJournals", fee_voucher(caller)).json()["Id"]
    again = caller.post("Vouchers/ManualJournals", fee_voucher(caller))
    assert again.status_code == 400 and "ExternalImportReference is already in use" in again.json()["detail"]
    assert caller.post(f"Vouchers/Reverse/{first}").status_code == 200
    assert caller.post(f"Vouchers/Reverse/{first}").status_code == 400
    assert caller.post("Vouchers/ManualJournals", fee_voucher(caller)).status_code == 201
    standing = [v for v in control.vouchers(caller.client_key) if v["external_import_reference"] == "ref-1"]
    assert [v["is_reversed"] for v in standing] == [True, False]


def test_only_own_vouchers_are_reversed(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    assert caller.post(f"Vouchers/Reverse/{rows(caller.get('OutgoingInvoices'))[0]['Id']}").status_code == 404


def test_vat_is_split_off_the_gross_amount(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    body = journal(caller, (customer(caller, 10001)["SubledgerAccountId"], 1250, VAT_0),
                   (account_id(caller, 3000), -1250, VAT_3))  # fmt: skip
    caller.post("Vouchers/ManualJournals", body)
    lines = control.vouchers(caller.client_key)[-1]["lines"]
    assert [(x["account_no"], x["amount"]) for x in lines] == [
        ("1500", "1250.00"), ("3000", "-1000.00"), ("2700", "-250.00")]  # fmt: skip


def test_postings_match_by_reference_kid_and_invoice_number(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    sell(control, caller, 1002, 500.0, kid="00200428")
    sub, bank = customer(caller, 10001)["SubledgerAccountId"], account_id(caller, 1920)

    def pay(amount: float, reference: str, **line: Any) -> None:
        body = journal(caller, (bank, amount, VAT_0), (sub, -amount, VAT_0), reference=reference)
        body["VoucherLines"][1] |= line
        assert caller.post("Vouchers/BankJournals", body).status_code == 201

    pay(400, "part", InvoiceNo="1001")
    pay(499, "other amount", Cid="00200428")
    pay(500, "kid", Cid="00200428")
    balances = {row["InvoiceNo"]: row["Balance"] for row in rows(caller.get("OutgoingInvoices"))}
    assert balances == {1001: 600.0, 1002: 0}
    lines = (sub, 70, VAT_0), (account_id(caller, 3950), -70, VAT_0)
    for sign, reference in ((1, "a"), (-1, "b")):
        body = journal(caller, *((account, sign * amount, vat) for account, amount, vat in lines), reference=reference)
        body["VoucherLines"][0]["CustomMatchingReference"] = "same"
        caller.post("Vouchers/ManualJournals", body)
    pair = rows(caller.get("Customerledger/Statement", fromDate="2025-01-01", toDate="2025-12-31",
                           customMatchingReferences="same"))  # fmt: skip
    assert [row["Balance"] for row in pair] == [0, 0] and pair[0]["MatchId"] == pair[1]["MatchId"]


def test_customers_are_checked(control: Control, caller: Caller) -> None:
    sell(control, caller, 1001, 1000.0)
    for body, text in (
        ({}, "Name is required"), ({"IsPerson": True, "FirstName": "Ola"}, "FirstName and LastName"),
        ({"Name": "A", "EmailAddress": "nei"}, "not a valid e-mail"), ({"Name": "A", "Number": 500}, "number series"),
        ({"Name": "A", "Number": 10001}, "already in use"),
        ({"Name": "A", "MailAddress": {"City": "Oslo", "ZipCode": ""}}, "City and ZipCode"),
    ):  # fmt: skip
        refused = caller.post("Customers", body)
        assert refused.status_code == 400 and text in refused.json()["detail"], (body, refused.text)
    made = caller.post("Customers", {"Name": "A", "ExternalImportReference": "X"}).json()
    assert (
        "is used on (contact) Id"
        in caller.post("Customers", {"Name": "B", "ExternalImportReference": "X"}).json()["detail"]
    )
    owner = customer(caller, 10001)["Id"]
    assert caller.http.delete(f"/v2/Customers/{owner}").status_code == 409
    archive: list[dict[str, object]] = [{"op": "replace", "path": "/IsArchived", "value": True}]
    assert "ledger balance" in caller.patch(f"Customers/{owner}", archive).json()["detail"]
    camel = caller.patch(f"Customers/{made['Id']}", [{"op": "replace", "path": "/name", "value": "C"}])
    assert camel.status_code == 400 and "path segment 'name' was not found" in camel.json()["detail"]
    as_object = caller.patch(f"Customers/{made['Id']}", [{"op": "replace", "path": "/Name", "value": {"Value": "C"}}])
    assert as_object.status_code == 400
