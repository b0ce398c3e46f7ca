"""What the ledger must have before a voucher is posted, each fault in words that name the setting (obligation V-5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kredin_pipeline.ledger.voucher_accounts import LedgerRows, Wanted, resolve
from kredin_pipeline.ledger.voucher_lines import Accounts, FeeAndInterestVoucher
from tests.unit.letters.test_voucher_lines import voucher

WANTED = Wanted("3950", "8050")
VAT = ({"Id": 101, "Code": "0", "IsActive": True}, {"Id": 103, "Code": "3", "IsActive": True})


def account(number: int, **more: Any) -> dict[str, Any]:
    return {"Id": number + 900_000, "AccountNo": number, "IsActive": True, "VatCode": "0", **more}


ROWS = LedgerRows(accounts=(account(3950), account(8050)), vat_codes=VAT)


def faults(wanted: Wanted = WANTED, rows: LedgerRows = ROWS, *vouchers: FeeAndInterestVoucher) -> str:
    ids, told = resolve(wanted, rows, vouchers or (voucher(),))
    assert (ids is None) == bool(told)
    return "; ".join(told)


def test_numbers_and_codes_become_the_ledgers_ids() -> None:
    rows = replace(ROWS, departments=({"Id": 7, "Code": "10"},), projects=({"Id": 8, "Code": "5.1"},))

    ids, told = resolve(replace(WANTED, department="10", project="5.1"), rows, [voucher()])

    assert told == () and ids is not None
    assert ids.on("900014601") == Accounts("900014601", "3950", "903950", "8050", "908050", "101", "7", "8")


def test_only_the_accounts_that_a_line_needs_are_asked_for() -> None:
    without = LedgerRows(accounts=(account(3950),), vat_codes=VAT)

    assert faults(Wanted("3950", None), without, voucher("35.00", "0.00")) == ""
    assert faults(Wanted("3950", None), without) == "interest_account is not set, and 47.95 kr waits to be booked on it"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"IsActive": False}, "is not active in PowerOffice"),
        ({"IsVatCodeLocked": True, "VatCode": "3"}, "is locked to VAT code 3, but fees and interest carry no VAT"),
        ({"IsDepartmentRequired": True}, "demands a department on every line, and voucher_department is not set"),
        ({"IsProjectRequired": True}, "demands a project on every line, and voucher_project is not set"),
    ],
)
def test_an_account_that_cannot_take_the_line_names_its_setting(more: dict[str, Any], says: str) -> None:
    rows = replace(ROWS, accounts=(account(3950, **more), account(8050)))

    assert faults(rows=rows) == f"fee_account: found 3950, which {says}; want an income account"


def test_an_account_that_is_locked_to_no_vat_is_fine() -> None:
    rows = replace(ROWS, accounts=(account(3950), account(8050, IsVatCodeLocked=True)))

    assert faults(rows=rows) == ""


def test_a_demand_for_a_department_is_met_by_the_setting() -> None:
    rows = replace(
        ROWS, accounts=(account(3950, IsDepartmentRequired=True), account(8050)), departments=({"Id": 7, "Code": "10"},)
    )

    assert faults(replace(WANTED, department="10"), rows) == ""


def test_every_fault_is_told_at_once() -> None:
    rows = LedgerRows(
        accounts=(account(1500),),
        vat_codes=VAT[1:],
        departments=({"Id": 7, "Code": "10", "IsActive": False},),
        projects=({"Id": 8, "Code": "5", "ProjectStatus": "Archived"},),
        currency="EUR",
    )

    told = faults(Wanted("1500", "8050", department="10", project="6"), rows)

    for text in (
        "fee_account: found 1500, which is a control account of a sub-ledger",
        "interest_account: found 8050, which is not in the company's chart of accounts",
        "voucher_department: found 10, which is not active",
        "voucher_project: found 6, which is not among the company's projects",
        "VAT code 0 (no VAT): the ledger does not list it as active",
        "the company's currency: found EUR, want NOK",
    ):
        assert text in told
    assert faults(Wanted("1500", "8050", project="5"), rows).count("voucher_project: found 5, which is not active") == 1


def test_a_day_without_costs_asks_for_no_account() -> None:
    assert resolve(Wanted(None, None), LedgerRows((), VAT), [])[1] == ()
