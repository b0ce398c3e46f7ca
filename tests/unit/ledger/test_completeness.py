"""The proof that the mirror is whole, and what explains a difference."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kredin_pipeline.ledger.completeness import completeness, matched_groups, store_balances
from kredin_pipeline.ledger.sync_state import advance, is_proved, mark_proved, progress, withdraw_proof
from tests.unit.ledger.pages import NOW, TODAY, a_book, entry, load


def balance(amount: str, customer_id: int = 4_400_000, no: int = 10018) -> dict[str, Any]:
    return {"CustomerId": customer_id, "CustomerAccountNo": no, "Balance": Decimal(amount)}


def test_equal_to_the_øre_is_whole(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "1000.10", "600.10"), entry(2, "-400.00", "0.00", DueDate=None, InvoiceNo=None)])
    store_balances(con, TODAY, [balance("600.10")])
    result = completeness(con, TODAY)
    assert result.ok
    assert result.ledger_total == Decimal("600.10")


@pytest.mark.parametrize("listed", ["600.11", "600.09", "0.00"])
def test_one_øre_is_a_difference_that_names_the_customer(tmp_path: Path, listed: str) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "600.10")])
    store_balances(con, TODAY, [balance(listed)])
    result = completeness(con, TODAY)
    assert not result.ok
    assert "10018" in result.message and "600.10" in result.message


def test_a_customer_on_one_side_alone_is_a_difference(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "600.10")])
    store_balances(con, TODAY, [])
    assert [one.customer_no for one in completeness(con, TODAY).differences] == ["10018"]
    store_balances(con, TODAY, [balance("600.10"), balance("5.00", 1, 10019)])
    assert [one.customer_no for one in completeness(con, TODAY).differences] == ["10019"]


def test_an_entry_dated_ahead_does_not_count_yet(tmp_path: Path) -> None:
    con = a_book()
    ahead = entry(2, "-600.00", PostingDate="2025-03-20", VoucherType="BankJournal", DueDate=None, InvoiceNo=None)
    load(con, tmp_path, [entry(1, "600.00"), ahead])
    store_balances(con, TODAY, [balance("600.00")])
    assert completeness(con, TODAY).ok


def test_a_difference_that_is_a_quarantined_row_is_explained_and_another_is_not(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "600.00"), entry(2, "50.00", DueDate="soon")])
    store_balances(con, TODAY, [balance("650.00")])
    result = completeness(con, TODAY)
    assert result.ok and [one.quarantined for one in result.explained] == [Decimal("50.00")]
    store_balances(con, TODAY, [balance("651.00")])
    assert not completeness(con, TODAY).ok


def test_balances_that_do_not_add_up_to_amounts_are_told(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "600.00", "0.00"), entry(2, "-600.00", DueDate=None, InvoiceNo=None)])
    store_balances(con, TODAY, [])
    result = completeness(con, TODAY)
    assert result.ok and result.loose == ("10018",)


def test_a_cursor_never_goes_back_nor_past_the_start_of_its_read() -> None:
    con = a_book()
    advance(con, "ledger_entries", NOW.replace(hour=4), NOW, TODAY)
    advance(con, "ledger_entries", NOW.replace(hour=3), NOW, TODAY)
    assert progress(con)["ledger_entries"].cursor == NOW.replace(hour=4)
    advance(con, "ledger_entries", NOW.replace(hour=9), NOW, TODAY)
    assert progress(con)["ledger_entries"].cursor == NOW
    assert progress(con)["ledger_entries"].asked_from() == NOW.replace(hour=4)


def test_a_proof_holds_for_its_day_and_until_the_mirror_is_changed() -> None:
    con = a_book()
    assert not is_proved(con, TODAY)
    mark_proved(con, TODAY, NOW)
    assert is_proved(con, TODAY) and not is_proved(con, date(2025, 3, 11))
    withdraw_proof(con)
    assert not is_proved(con, TODAY)


def test_the_totals_of_both_sides_and_what_is_open_and_set_aside_are_told(tmp_path: Path) -> None:
    con = a_book()
    paid = entry(2, "-400.00", "0.00", MatchId=7, DueDate=None, InvoiceNo=None)
    load(con, tmp_path, [entry(1, "1000.10", "600.10", MatchId=7), paid, entry(3, "50.00", DueDate="soon")])
    store_balances(con, TODAY, [balance("650.10")])

    result = completeness(con, TODAY)

    assert (result.ledger_total, result.mirror_total) == (Decimal("650.10"), Decimal("600.10"))
    assert (result.open_total, result.quarantined) == (Decimal("600.10"), Decimal("50.00"))


def test_a_match_group_whose_balances_are_not_what_its_amounts_leave_is_torn_and_named(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [
        entry(1, "1000.00", "600.00", MatchId=7), entry(2, "-400.00", "0.00", MatchId=7, DueDate=None, InvoiceNo=None),
        entry(3, "80.00", "0.00", MatchId=8), entry(4, "90.00"),
    ])  # fmt: skip

    found = matched_groups(con)

    assert found.groups == 2
    assert [(one.match_id, one.rows, one.amounts, one.balances) for one in found.torn] == [
        ("8", 1, Decimal("80.00"), Decimal("0.00"))
    ]
    assert "match group 8 of customer 10018" in found.message and "80.00 kr" in found.message
    load(con, tmp_path, [entry(5, "-80.00", "0.00", MatchId=8, DueDate=None, InvoiceNo=None)])
    assert matched_groups(con).torn == ()
