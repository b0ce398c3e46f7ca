"""Rules § 2: reversals, refunds and what opens a claim again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.cases_settlement.books import Ledger, derive


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.mark.parametrize("named", [True, False], ids=["named by the transactions", "known by the match alone"])
def test_a_reversed_payment_settles_nothing_and_is_nobodys_credit(ledger: Ledger, named: bool) -> None:  # D-01a
    ledger.invoice(1001, "10 000.00", due="2025-02-03")
    ledger.payment("P1", "10 000.00", dated="2025-02-20", for_=[1001])
    ledger.read("2025-02-20")
    ledger.reverse("P1", dated="2025-03-10", named=named)
    ledger.read("2025-03-10")

    found = derive(ledger, "2025-03-10")

    assert (found.open(1001), found.settled(1001), found.credits()) == (Decimal("10000.00"), [], [])
    assert found.reopened(1001) == [("2025-03-10", "reversed")]


def test_a_reversal_that_the_ledger_left_unmatched_cancels_all_the_same(ledger: Ledger) -> None:
    ledger.invoice(1001, "10 000.00", due="2025-02-03")
    ledger.payment("P1", "10 000.00", dated="2025-02-20", for_=[1001])
    ledger.reverse("P1", dated="2025-03-10", matched=False)

    found = derive(ledger, "2025-03-10")

    assert (found.open(1001), found.settled(1001), found.credits()) == (Decimal("10000.00"), [], [])


def test_a_reversal_that_was_itself_reversed_cancels_nothing(ledger: Ledger) -> None:
    ledger.invoice(1001, "10 000.00", due="2025-02-03")
    ledger.payment("P1", "10 000.00", dated="2025-02-20")
    ledger.reverse("P1", dated="2025-03-10", matched=False)
    ledger.reverse("-P1", dated="2025-03-11")
    ledger.match(1001, "P1")

    assert derive(ledger, "2025-03-12").settled(1001) == [("P1", "payment", "10000.00", "2025-02-20")]


def test_a_reversed_credit_note_opens_the_claim_where_it_was(ledger: Ledger) -> None:  # C-06a
    ledger.invoice(1001, "5 000.00", due="2025-03-03")
    ledger.credit_note(2001, "5 000.00", dated="2025-03-24", for_=[1001])
    ledger.read("2025-03-25")
    before = derive(ledger, "2025-03-25")
    ledger.reverse(2001, dated="2025-04-07")
    ledger.read("2025-04-07")

    after = derive(ledger, "2025-04-07")

    assert (before.open(1001), after.open(1001)) == (0, Decimal("5000.00"))
    assert after.claim(1001)["case_id"] == before.claim(1001)["case_id"]
    reopened = after.rows("reopenings")
    assert [(row["reason"], row["was_settled"], row["amount"]) for row in reopened] == [
        ("reversed", True, Decimal("5000.00"))
    ]


def test_the_reversal_of_a_credit_that_was_never_matched_reopens_nothing(ledger: Ledger) -> None:  # C-14
    ledger.invoice(1001, "800.00", due="2025-03-18")
    ledger.credit_note(2001, "800.00", dated="2025-03-25")
    ledger.read("2025-04-01")
    assert derive(ledger, "2025-04-01").credits() == [("2001", "other", "800.00")]
    ledger.reverse(2001, dated="2025-04-02")
    ledger.read("2025-04-03")

    found = derive(ledger, "2025-04-03")

    assert (found.credits(), found.reopened(1001), found.open(1001)) == ([], [], Decimal("800.00"))


def test_a_reversed_invoice_was_never_owed(ledger: Ledger) -> None:
    ledger.invoice(1001, "800.00", due="2025-03-18")
    ledger.payment("P1", "800.00", dated="2025-03-25", for_=[1001])
    ledger.reverse(1001, dated="2025-04-02")

    found = derive(ledger, "2025-04-03")

    assert found.settled(1001) == [("-1001", "reversal", "800.00", "2025-04-02")]
    assert found.settlement(1001, "-1001")["interest_from_due"]
    assert found.credits() == [("P1", "payment", "800.00")]


def test_an_undone_match_reopens_the_claim_and_leaves_the_money_on_account(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 000.00", dated="2025-03-10", for_=[1001])
    ledger.read("2025-03-11")
    ledger.unmatch(1001, "P1")
    ledger.read("2025-03-18")

    found = derive(ledger, "2025-03-18")

    assert found.reopened(1001) == [("2025-03-18", "unmatched")]
    assert found.credits() == [("P1", "payment", "1000.00")]


def test_an_undone_write_off_reopens_nothing(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.write_off(1001, dated="2025-03-10")
    ledger.read("2025-03-11")
    ledger.reverse("W1001", dated="2025-03-17")
    ledger.read("2025-03-18")

    found = derive(ledger, "2025-03-18")

    assert (found.reopened(1001), found.settled(1001)) == ([], [])
    assert found.claim(1001)["ledger_balance"] == Decimal("1000.00") == found.open(1001)


def test_a_surplus_paid_back_changes_nothing(ledger: Ledger) -> None:  # D-03a
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 500.00", dated="2025-03-10", for_=[1001])
    ledger.read("2025-03-11")
    before = derive(ledger, "2025-03-11")
    ledger.refund("R1", "500.00", dated="2025-03-17", of="P1")
    ledger.read("2025-03-18")

    after = derive(ledger, "2025-03-18")

    assert before.surplus(1001) == [("P1", "500.00")]
    assert (after.surplus(1001), after.credits(), after.reopened(1001)) == ([], [], [])
    assert after.settled(1001) == before.settled(1001) == [("P1", "payment", "1000.00", "2025-03-10")]


def test_paid_then_credited_and_paid_back_is_credited(ledger: Ledger) -> None:  # D-03b
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 000.00", dated="2025-03-10", for_=[1001])
    ledger.read("2025-03-11")
    ledger.unmatch(1001, "P1")
    ledger.credit_note(2001, "1 000.00", dated="2025-03-17", for_=[1001])
    ledger.refund("R1", "1 000.00", dated="2025-03-17", of="P1")
    ledger.read("2025-03-18")

    found = derive(ledger, "2025-03-18")

    assert found.settled(1001) == [("2001", "credit_note", "1000.00", "2025-03-17")]
    assert (found.reopened(1001), found.credits(), found.surplus(1001)) == ([], [], [])


def test_marked_all_at_once_the_refund_takes_the_payment_and_not_the_credit_note(ledger: Ledger) -> None:  # D-03b
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 000.00", dated="2025-03-10")
    ledger.credit_note(2001, "1 000.00", dated="2025-03-17")
    ledger.refund("R1", "1 000.00", dated="2025-03-17")
    ledger.match(1001, "P1", 2001, "R1")

    assert derive(ledger, "2025-03-18").settled(1001) == [("2001", "credit_note", "1000.00", "2025-03-17")]


def test_a_refund_takes_back_the_newest_payment(ledger: Ledger) -> None:  # paid twice, the second one paid back
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 000.00", dated="2025-03-10")
    ledger.payment("P2", "1 000.00", dated="2025-03-12")
    ledger.refund("R1", "1 000.00", dated="2025-03-17")
    ledger.match(1001, "P1", "P2", "R1")

    found = derive(ledger, "2025-03-18")

    assert (found.settled(1001), found.credits()) == ([("P1", "payment", "1000.00", "2025-03-10")], [])


def test_a_claim_that_is_settled_anew_is_no_longer_reopened(ledger: Ledger) -> None:  # D-03b, with a read between
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 000.00", dated="2025-03-10", for_=[1001])
    ledger.read("2025-03-11")
    ledger.unmatch(1001, "P1")
    ledger.refund("R1", "1 000.00", dated="2025-03-17", of="P1")
    ledger.read("2025-03-17")
    assert derive(ledger, "2025-03-17").reopened(1001) == [("2025-03-17", "refunded")]

    ledger.credit_note(2001, "1 000.00", dated="2025-03-18", for_=[1001])
    ledger.read("2025-03-18")

    assert derive(ledger, "2025-03-18").reopened(1001) == []


def test_paid_by_mistake_and_paid_back_is_refunded_for_good(ledger: Ledger) -> None:  # D-03c
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 000.00", dated="2025-03-10", for_=[1001])
    ledger.read("2025-03-11")
    ledger.unmatch(1001, "P1")
    ledger.refund("R1", "1 000.00", dated="2025-03-17", of="P1")
    ledger.read("2025-03-18")

    for on in ("2025-03-18", "2025-03-19"):
        found = derive(ledger, on)
        assert found.reopened(1001) == [("2025-03-18", "refunded")]
        assert found.open(1001) == Decimal("1000.00")


def test_a_rebuilt_book_still_knows_a_refund_by_its_kid(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2025-03-03", kid="4100000019")
    ledger.payment("P1", "1 000.00", dated="2025-03-10", kid="4100000019")
    ledger.refund("R1", "1 000.00", dated="2025-03-17", of="P1")

    assert derive(ledger, "2025-03-19").reopened(1001) == [("2025-03-17", "refunded")]


def test_a_rebuilt_book_still_knows_that_a_voucher_lost_its_settlement(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    payment = ledger.payment("P1", "1 100.00", dated="2025-03-20", for_=[1001])
    case = derive(ledger, "2025-03-20").claim(1001)
    voucher = {
        "voucher_key": "k", "case_id": case["case_id"], "settlement_key": payment.entry_id, "state": "confirmed",
        "reversed": False,
    }  # fmt: skip
    ledger.reverse("P1", dated="2025-04-01")

    found = derive(ledger, "2025-04-03", vouchers=[voucher])

    assert found.reopened(1001) == [("2025-04-01", "reversed")]
    assert found.rows("reopenings")[0]["settlement_key"] == payment.entry_id


def test_a_part_payment_taken_back_is_seen_too(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "400.00", dated="2025-03-10", for_=[1001])
    ledger.read("2025-03-11")
    ledger.reverse("P1", dated="2025-03-17")
    ledger.read("2025-03-18")

    row = derive(ledger, "2025-03-18").rows("reopenings")[0]

    assert (row["reason"], row["was_settled"], row["amount"]) == ("reversed", False, Decimal("400.00"))


def test_reversed_and_paid_again_between_two_reads_reopens_nothing(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 000.00", dated="2025-03-10", for_=[1001])
    ledger.read("2025-03-11")
    ledger.reverse("P1", dated="2025-03-17")
    ledger.payment("P2", "1 000.00", dated="2025-03-17", for_=[1001])
    ledger.read("2025-03-18")

    found = derive(ledger, "2025-03-18")

    assert (found.reopened(1001), found.settled(1001)) == ([], [("P2", "payment", "1000.00", "2025-03-17")])
