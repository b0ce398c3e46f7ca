"""Rules §§ 2 and 5.3: what a payment leaves above the principal, and what stands to a customer's credit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.cases_settlement.books import Ledger, Row, derive


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_what_is_paid_above_the_principal_is_a_surplus(ledger: Ledger) -> None:  # B-07
    ledger.invoice(1001, "10 000.00", due="2025-02-03")
    ledger.payment("P1", "10 300.00", dated="2025-03-26", for_=[1001])

    found = derive(ledger, "2025-03-27")

    assert found.settled(1001) == [("P1", "payment", "10000.00", "2025-03-26")]
    assert found.surplus(1001) == [("P1", "300.00")]
    assert [(row["amount"], row["surplus_case_id"]) for row in found.rows("customer_credits")] == [
        (Decimal("300.00"), found.claim(1001)["case_id"])
    ]


def _booked(ledger: Ledger, case: Row, total: str) -> Row:
    voucher = ledger.own_voucher("V1", total, dated="2025-03-26")
    return {
        "voucher_key": "k", "case_id": case["case_id"], "settlement_key": ledger.entries["P1"].entry_id,
        "reference": voucher.reference, "state": "confirmed", "voucher_id": voucher.voucher_id, "reversed": False,
    }  # fmt: skip


def test_our_voucher_leaves_the_surplus_as_it_was_and_takes_from_the_credit(ledger: Ledger) -> None:  # B-07
    ledger.invoice(1001, "10 000.00", due="2025-02-03")
    ledger.payment("P1", "10 300.00", dated="2025-03-26", for_=[1001])
    voucher = _booked(ledger, derive(ledger, "2025-03-27").claim(1001), "244.66")

    standing_open = derive(ledger, "2025-03-28", vouchers=[voucher])
    ledger.match("P1", "V1")
    matched = derive(ledger, "2025-03-28", vouchers=[voucher])

    for found in (standing_open, matched):
        assert found.settled(1001) == [("P1", "payment", "10000.00", "2025-03-26")]
        assert found.surplus(1001) == [("P1", "300.00")]
        assert found.credits() == [("P1", "payment", "55.34")]
        assert found.unclaimable()["V1"] == "own_voucher"


def test_a_voucher_that_takes_all_of_the_surplus_leaves_no_credit(ledger: Ledger) -> None:
    ledger.invoice(1001, "10 000.00", due="2025-02-03")
    ledger.payment("P1", "10 244.66", dated="2025-03-26", for_=[1001])
    voucher = _booked(ledger, derive(ledger, "2025-03-27").claim(1001), "244.66")

    found = derive(ledger, "2025-03-28", vouchers=[voucher])

    assert (found.surplus(1001), found.credits()) == ([("P1", "244.66")], [])


def test_a_voucher_that_the_mirror_has_not_read_yet_takes_from_the_credit_too(ledger: Ledger) -> None:  # H-11
    ledger.invoice(1001, "10 000.00", due="2025-02-03")
    payment = ledger.payment("P1", "10 300.00", dated="2025-03-26", for_=[1001])
    posted: Row = {
        "voucher_key": "k", "case_id": derive(ledger, "2025-03-27").claim(1001)["case_id"], "reference": "ref-V1",
        "settlement_key": payment.entry_id, "state": "posted", "total": Decimal("244.66"), "voucher_id": "v-late",
    }  # fmt: skip

    assert derive(ledger, "2025-03-27", vouchers=[posted]).credits() == [("P1", "payment", "55.34")]
    intended = {**posted, "state": "intended", "voucher_id": None}
    assert derive(ledger, "2025-03-27", vouchers=[intended]).credits() == [("P1", "payment", "300.00")]


def test_a_voucher_takes_from_the_payment_that_it_rests_on(ledger: Ledger) -> None:  # WE-40, costs first
    ledger.invoice(1001, "1 000.00", due="2025-02-03")
    ledger.payment("P1", "660.00", dated="2025-03-26")
    ledger.payment("P2", "400.00", dated="2025-03-27")
    voucher = _booked(ledger, derive(ledger, "2025-03-27").claim(1001), "60.00")
    ledger.match(1001, "P1", "P2", "V1")  # the bookkeeper marks all that is open

    found = derive(ledger, "2025-03-28", vouchers=[voucher])

    assert [row[:3] for row in found.settled(1001)] == [("P1", "payment", "600.00"), ("P2", "payment", "400.00")]
    assert (found.surplus(1001), found.credits()) == ([("P1", "60.00")], [])


def test_costs_paid_by_kid_after_the_principal_are_a_surplus(ledger: Ledger) -> None:
    ledger.invoice(1001, "10 000.00", due="2025-02-03", kid="4100000019")
    ledger.payment("P1", "10 000.00", dated="2025-03-26", for_=[1001])
    ledger.payment("P2", "244.66", dated="2025-04-02", kid="4100000019", kind="IncomingOcrGiro")

    assert derive(ledger, "2025-04-03").surplus(1001) == [("P2", "244.66")]


def test_a_payment_by_kid_for_an_open_claim_waits_on_account(ledger: Ledger) -> None:  # B-09
    ledger.invoice(1001, "10 000.00", due="2025-02-03", kid="4100000019")
    ledger.payment("P1", "10 300.00", dated="2025-03-26", kid="4100000019")

    found = derive(ledger, "2025-03-27")

    assert (found.open(1001), found.surplus(1001)) == (Decimal("10000.00"), [])
    assert found.credits() == [("P1", "payment", "10300.00")]


def test_another_customers_payment_with_the_same_kid_is_no_surplus(ledger: Ledger) -> None:
    ledger.invoice(1001, "10 000.00", due="2025-02-03", kid="4100000019")
    ledger.payment("P1", "10 000.00", dated="2025-03-26", for_=[1001])
    ledger.payment("P2", "244.66", dated="2025-04-02", kid="4100000019", customer=10002)

    assert derive(ledger, "2025-04-03").surplus(1001) == []


def test_a_surplus_of_two_claims_stands_once_and_names_both_in_order(ledger: Ledger) -> None:
    ledger.invoice(1002, "6 000.00", due="2025-03-04")
    ledger.invoice(1001, "4 000.00", due="2025-03-03")
    ledger.payment("P1", "11 000.00", dated="2025-03-26", for_=[1001, 1002])

    found = derive(ledger, "2025-03-27")

    assert (found.surplus(1001), found.surplus(1002)) == ([("P1", "1000.00")], [])
    ranks = {row["share_rank"]: row["case_id"] for row in found.rows("surplus_claims")}
    assert ranks == {1: found.claim(1001)["case_id"], 2: found.claim(1002)["case_id"]}
    assert found.credits() == [("P1", "payment", "1000.00")]


def test_the_rest_of_an_advance_that_paid_an_invoice_in_time_is_plain_credit(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 500.00", dated="2025-02-26", for_=[1001])

    found = derive(ledger, "2025-03-27")

    assert not found.is_case(1001) and found.rows("surpluses") == []
    assert found.credits() == [("P1", "payment", "500.00")]


def test_another_customers_credit_is_not_this_ones(ledger: Ledger) -> None:  # C-06c
    ledger.invoice(1001, "5 000.00", due="2025-03-03")
    ledger.credit_note(2001, "5 000.00", dated="2025-03-10", customer=10002)

    rows = derive(ledger, "2025-03-17").rows("customer_credits")

    assert [(row["customer_id"], row["kind"]) for row in rows] == [("c-10002", "other")]


def test_what_stands_open_on_both_sides_of_a_group_is_shared_oldest_due_first(ledger: Ledger) -> None:
    ledger.invoice(1001, "4 000.00", due="2025-03-03")
    ledger.invoice(1002, "6 000.00", due="2025-03-04")
    ledger.payment("P1", "7 000.00", dated="2025-03-10")
    ledger.pairs += [("1001", "P1", Decimal("1000.00")), ("1002", "P1", Decimal("2000.00"))]

    found = derive(ledger, "2025-03-11")

    assert (found.open(1001), found.open(1002)) == (Decimal("0.00"), Decimal("3000.00"))
    assert (found.claim(1001)["ledger_balance"], found.credits()) == (Decimal("3000.00"), [])
