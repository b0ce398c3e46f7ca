"""The voucher's lines: they balance by themselves, to the øre, without VAT (rules § 5.4; obligation V-4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kredin_pipeline.ledger.voucher_content import content_of, type_of, voucher_of
from kredin_pipeline.ledger.voucher_lines import (
    Accounts,
    FeeAndInterestVoucher,
    FoundLine,
    VoucherError,
    difference,
    first_open_day,
    manual_journal,
)

PAID = date(2025, 2, 27)
ACCOUNTS = Accounts("900014601", "3950", "7001", "8050", "7002", "11")
ore = st.integers(min_value=0, max_value=5_000_000_00).map(lambda amount: Decimal(amount) / 100)


def voucher(fee: str | Decimal = "35.00", interest: str | Decimal = "47.95") -> FeeAndInterestVoucher:
    return FeeAndInterestVoucher(
        key="voucher:fjellheim:K1:E9",
        reference="6a1c1c51-0000-5000-8000-000000000001",
        tenant="fjellheim",
        case_id="K1",
        invoice_no="4601",
        customer_no="14601",
        settlement_key="E9",
        fee=Decimal(fee),
        interest=Decimal(interest),
        total=Decimal(fee) + Decimal(interest),
        payment_date=PAID,
    )


def lines(body: Mapping[str, object]) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], body["VoucherLines"])


def test_customer_is_debited_and_income_is_credited_on_the_day_of_the_payment() -> None:
    body = manual_journal(voucher(), ACCOUNTS, PAID)

    assert [(line["AccountId"], line["CurrencyAmount"], line["VatId"]) for line in lines(body)] == [
        (900014601, Decimal("82.95"), 11),
        (7001, Decimal("-35.00"), 11),
        (7002, Decimal("-47.95"), 11),
    ]
    assert {line["PostingDate"] for line in lines(body)} == {"2025-02-27"}
    assert (body["VoucherDate"], body["CurrencyCode"]) == ("2025-02-27", "NOK")
    assert body["ExternalImportReference"] == "6a1c1c51-0000-5000-8000-000000000001"
    assert body["Description"] == "Purregebyr og forsinkelsesrente, faktura 4601, sak K1, betalt 27.02.2025"


@pytest.mark.parametrize(
    ("fee", "interest", "accounts", "text"),
    [
        ("35.00", "0.00", [900014601, 7001], "Purregebyr, faktura 4601, sak K1, betalt 27.02.2025"),
        ("0.00", "0.18", [900014601, 7002], "Forsinkelsesrente, faktura 4601, sak K1, betalt 27.02.2025"),
    ],
)
def test_a_line_of_nothing_is_left_out(fee: str, interest: str, accounts: list[int], text: str) -> None:
    body = manual_journal(voucher(fee, interest), ACCOUNTS, PAID)

    assert [line["AccountId"] for line in lines(body)] == accounts
    assert body["Description"] == text


@settings(max_examples=1000, deadline=None)
@given(fee=ore, interest=ore)
def test_v4_any_settlement_balances_to_the_ore_without_a_rounding_line(fee: Decimal, interest: Decimal) -> None:
    if not fee + interest:
        return
    body = manual_journal(voucher(fee, interest), ACCOUNTS, PAID)
    amounts = [Decimal(str(line["CurrencyAmount"])) for line in lines(body)]

    assert sum(amounts) == 0
    assert amounts[0] == fee + interest
    assert sorted(-amount for amount in amounts[1:]) == sorted(amount for amount in (fee, interest) if amount)
    assert {line["VatId"] for line in lines(body)} == {11}
    assert all(type(line["CurrencyAmount"]) is Decimal for line in lines(body))


@pytest.mark.parametrize(
    "wrong",
    [
        replace(voucher(), total=Decimal("82.96")),
        replace(voucher("0.00", "0.00"), total=Decimal("0.00")),
        replace(voucher(), fee=Decimal("-35.00"), total=Decimal("12.95")),
        replace(voucher("0.005", "1.00"), total=Decimal("1.005")),
    ],
)
def test_a_voucher_whose_sums_disagree_is_not_posted(wrong: FeeAndInterestVoucher) -> None:
    with pytest.raises(VoucherError, match=r"fjellheim: voucher for case K1 \(invoice 4601\).*Nothing is posted"):
        manual_journal(wrong, ACCOUNTS, PAID)


def test_a_missing_account_names_the_setting_and_nothing_is_half_made() -> None:
    with pytest.raises(VoucherError, match="interest_account is not set"):
        manual_journal(voucher(), replace(ACCOUNTS, interest_account_id=None), PAID)


@pytest.mark.parametrize(
    ("locked_to", "dated"),
    [
        (None, PAID),
        (date(2025, 2, 26), PAID),
        (PAID, date(2025, 2, 28)),
        (date(2025, 3, 2), date(2025, 3, 3)),
        (date(2025, 12, 31), date(2026, 1, 1)),
    ],
)
def test_a_locked_day_moves_the_voucher_to_the_first_open_one(locked_to: date | None, dated: date) -> None:
    assert first_open_day(PAID, locked_to) == dated


def test_nothing_is_dated_before_the_first_day_of_bookkeeping_in_the_ledger() -> None:
    assert first_open_day(PAID, None, date(2025, 3, 1)) == date(2025, 3, 1)
    assert first_open_day(PAID, date(2025, 3, 31), date(2025, 3, 1)) == date(2025, 4, 1)
    assert first_open_day(PAID, None, date(2020, 1, 1)) == PAID


def test_department_and_project_stand_on_the_income_lines_alone() -> None:
    customer, *income = lines(manual_journal(voucher(), replace(ACCOUNTS, department_id="71", project_id="82"), PAID))

    assert not {"DepartmentId", "ProjectId"} & set(customer)
    assert [(line["DepartmentId"], line["ProjectId"]) for line in income] == [(71, 82), (71, 82)]


def test_the_content_of_the_outbox_gives_the_same_voucher_back() -> None:
    accounts = replace(ACCOUNTS, department_id="71")

    assert voucher_of("voucher:fjellheim:K1:E9", content_of(voucher(), accounts, PAID)) == (voucher(), accounts, PAID)


def test_content_that_an_earlier_version_wrote_is_a_manual_journal_without_dimensions() -> None:
    written_then = content_of(voucher(), ACCOUNTS, PAID)

    assert not {"voucher_type", "department_id", "project_id", "calculation"} & set(written_then)
    assert voucher_of("voucher:fjellheim:K1:E9", written_then) == (voucher(), ACCOUNTS, PAID)
    assert type_of(written_then) == "ManualJournal"
    with pytest.raises(VoucherError, match="voucher_type: found 'CashJournal'"):
        type_of({**written_then, "voucher_type": "CashJournal"})


def found(*rows: tuple[str, str | None, str], voucher_id: str = "V1") -> list[FoundLine]:
    return [FoundLine(voucher_id, "901", account, customer, Decimal(amount)) for account, customer, amount in rows]


MEANT = (("1500", "14601", "82.95"), ("3950", None, "-35.00"), ("8050", None, "-47.95"))


def test_the_voucher_found_is_compared_by_customer_and_income_account() -> None:
    assert difference(voucher(), ACCOUNTS, found(*MEANT)) is None
    assert difference(voucher(), ACCOUNTS, found(*reversed(MEANT))) is None


@pytest.mark.parametrize(
    "other",
    [
        found(("1500", "14601", "82.94"), ("3950", None, "-35.00"), ("8050", None, "-47.94")),
        found(("1500", "99999", "82.95"), ("3950", None, "-35.00"), ("8050", None, "-47.95")),
        found(("1500", "14601", "82.95"), ("3950", None, "-82.95")),
        found(*MEANT) + found(*MEANT, voucher_id="V2"),
        [],
    ],
)
def test_any_other_voucher_under_our_reference_is_told_apart(other: list[FoundLine]) -> None:
    assert difference(voucher(), ACCOUNTS, other) is not None


def test_one_account_for_both_kinds_of_income_is_compared_by_its_sum() -> None:
    same = replace(ACCOUNTS, interest_account_no="3950", interest_account_id="7001")
    two_lines = found(("1500", "14601", "82.95"), ("3950", None, "-35.00"), ("3950", None, "-47.95"))

    assert difference(voucher(), same, two_lines) is None
