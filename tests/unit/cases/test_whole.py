"""Both halves together: the ledger's entries in, case states, letters and vouchers out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kredin_pipeline.cases.settings import TenantSettings
from tests.unit.cases.whole import Book

D = Decimal


@pytest.mark.parametrize(("allocation", "total"), [("costs_first", "9518.73"), ("principal_first", "9512.23")])
def test_a_part_payment_from_the_ledger_to_the_voucher(allocation: str, total: str) -> None:
    """WE-40, WE-41."""
    book = Book(settings=TenantSettings.of({"allocation": allocation}))
    book.ledger.invoice(1001, "10 000.00", due="2026-07-01", dated="2026-06-17")
    for on in ("2026-07-02", "2026-07-20"):
        book.run(on)
    book.decisions.append(
        {
            "decision_id": "D1",
            "seq": 1,
            "case_id": book.case(1001)["case_id"],
            "kind": "pause",
            "payload": '{"until": "2026-12-31"}',
            "effective_on": book.letters[0]["sent_on"],
        }
    )
    book.ledger.payment("P1", "1 000.00", dated="2026-09-29", for_=[1001])
    book.run("2026-09-29")
    book.run("2026-11-25")
    assert book.case(1001)["total_open"] == D(total)
    assert [row["total"] for row in book.vouchers] == ([D("340.05")] if allocation == "costs_first" else [])


def test_a_costs_first_claim_can_be_paid_to_the_end_through_the_ledger() -> None:
    """The voucher's debit stands on the customer; what the debtor then pays closes the case to the øre."""
    book = Book(settings=TenantSettings.of({"allocation": "costs_first"}))
    book.ledger.invoice(1001, "10 000.00", due="2026-07-01", dated="2026-06-17")
    book.run("2026-07-20")
    book.ledger.payment("P1", "1 000.00", dated="2026-07-27", for_=[1001])
    book.run("2026-07-28")
    (first,) = book.vouchers
    reference = first["reference"]
    book.ledger.own_voucher("V1", str(first["total"]), dated="2026-07-27", reference=reference)
    owed = book.case(1001)["total_open"]
    book.ledger.payment("P2", str(owed), dated="2026-07-28", for_=[1001])
    book.run("2026-07-29")
    case = book.case(1001)
    assert (case["state"], case["closed_reason"], case["total_open"]) == ("closed", "paid", D(0))
    assert sum(row["total"] for row in book.vouchers) == case["costs_paid"]


def test_a_surplus_stays_paid_costs_when_our_voucher_comes_back_in_the_ledger() -> None:
    """I-01 and the days after: the voucher, once read back, changes nothing."""
    book = Book()
    book.ledger.invoice(4601, "10 000.00", due="2025-02-03", dated="2025-01-13")
    book.run("2025-02-17")
    book.ledger.payment("P", "10 082.95", dated="2025-02-27", for_=[4601])
    book.run("2025-02-28")
    (voucher,) = book.vouchers
    assert (voucher["fee"], voucher["interest"]) == (D(35), D("47.95"))
    book.ledger.own_voucher("V", "82.95", dated="2025-02-27", reference=voucher["reference"])
    book.run("2025-03-03")
    book.ledger.match("P", "V")
    book.run("2025-03-04")
    case = book.case(4601)
    assert (case["state"], case["closed_reason"], case["costs_paid"], case["costs_open"]) == (
        "closed",
        "paid",
        D("82.95"),
        D(0),
    )
    assert len(book.vouchers) == 1


def test_a_reversed_payment_comes_back_as_it_was_and_the_next_letter_waits_a_day() -> None:
    """D-01a."""
    book = Book()
    book.ledger.invoice(1001, "10 000.00", due="2025-02-03", dated="2025-01-20")
    for on in ("2025-02-04", "2025-02-17"):
        book.run(on)
    book.ledger.payment("P1", "10 000.00", dated="2025-02-20", for_=[1001])
    book.run("2025-02-20")
    assert (book.case(1001)["state"], book.case(1001)["interest"]) == ("costs_open", D("58.22"))
    book.ledger.reverse("P1", dated="2025-03-10")
    assert book.run("2025-03-10") == []
    case = book.case(1001)
    assert (case["state"], case["holds"], case["paid"], case["interest"]) == (
        "reminded",
        ["reversed_payment"],
        D(0),
        D("119.86"),
    )
    assert [(row["step"], row["interest"]) for row in book.run("2025-03-11")] == [("collection_notice", D("123.29"))]


def test_an_unexplained_journal_holds_until_a_person_says_that_it_was_paid() -> None:
    book = Book()
    book.ledger.invoice(1001, "10 000.00", due="2025-03-03", dated="2025-02-10")
    book.run("2025-03-04")
    book.ledger.journal("J1", "-10 000.00", dated="2025-03-13", offset_account="7830", for_=[1001])
    assert book.run("2025-03-17") == []
    assert book.case(1001)["holds"] == ["settled_without_bank"]
    book.decisions.append(
        {
            "decision_id": "D1",
            "seq": 1,
            "case_id": book.case(1001)["case_id"],
            "kind": "classify",
            "payload": '{"reason": "paid"}',
            "effective_on": book.connected_on and "2025-03-18",
        }
    )
    book.run("2025-03-18")
    case = book.case(1001)
    assert (case["state"], case["paid"], case["interest"], case["costs_open"]) == (
        "costs_open",
        D(10000),
        D("34.25"),
        D("34.25"),
    )


def test_a_second_derivation_of_the_same_day_changes_nothing() -> None:
    book = Book()
    for no in range(1001, 1021):
        book.ledger.invoice(no, "1 000.00", due="2025-03-03", dated="2025-02-10", customer=10001 + no % 4)
    book.ledger.payment("P1", "1 050.00", dated="2025-03-10", for_=[1001], customer=10002)
    book.run("2025-03-17")
    tables = ("claims", "settlements", "case_states", "costs", "allocations", "planned_letters", "planned_vouchers")
    before = {table: sorted(map(str, book.rows(table))) for table in tables}
    book.derive("2025-03-17")
    assert {table: sorted(map(str, book.rows(table))) for table in tables} == before
