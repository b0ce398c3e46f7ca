"""Fees, compensation, allocation, waiving and closing, and the vouchers that follow (rules §§ 4.6, 5)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.cases.ledger import Ledger, day

D = Decimal


def waiting(ledger: Ledger, on: str, until: str = "2026-12-31") -> None:
    ledger.decide(1001, "pause", on, until=until)


@pytest.mark.parametrize(
    ("allocation", "parts", "principal_open", "open_then", "total_later"),
    [
        ("costs_first", ("38.00", "302.05", "659.95"), "9340.05", "0.00", "9518.73"),
        ("principal_first", ("0.00", "0.00", "1000.00"), "9000.00", "340.05", "9512.23"),
    ],
)
def test_a_part_payment_is_shared_out_in_the_tenants_order(
    allocation: str, parts: tuple[str, ...], principal_open: str, open_then: str, total_later: str
) -> None:
    """WE-40 and WE-41, and the voucher of WE-73."""
    ledger = Ledger.of(allocation=allocation)
    ledger.invoice(1001, "10 000.00", due="2026-07-01")
    waiting(ledger, "2026-07-21")
    ledger.payment("P1", "1 000.00", on="2026-09-29", invoices=[1001])
    for on in ("2026-07-02", "2026-07-20", "2026-09-29"):
        ledger.run(on)
    case = ledger.case(1001)
    assert (case["principal_open"], case["costs_open"]) == (D(principal_open), D(open_then))
    (shared,) = ledger.rows("select to_fee, to_interest, to_principal, to_credit from allocations")
    assert tuple(shared.values()) == (*map(D, parts), D(0))
    ledger.run("2026-11-25")
    assert ledger.case(1001)["total_open"] == D(total_later)
    assert [(row["fee"], row["interest"]) for row in ledger.vouchers] == (
        [(D(38), D("302.05"))] if allocation == "costs_first" else []
    )


def test_above_the_principal_come_fees_then_interest_and_the_rest_is_the_customers() -> None:
    """B-07 and WE-43."""
    ledger = Ledger.of()
    ledger.invoice(1001, "10 000.00", due="2025-02-03")
    ledger.payment("P1", "10 300.00", on="2025-03-26", invoices=[1001])
    for on in ("2025-02-04", "2025-02-17", "2025-03-07", "2025-03-27"):
        ledger.run(on)
    case = ledger.case(1001)
    assert (case["state"], case["closed_reason"], case["costs_paid"], case["total_open"]) == (
        "closed",
        "paid",
        D("244.66"),
        D(0),
    )
    assert ledger.rows("select to_fee, to_interest, to_principal, to_credit from allocations") == [
        {"to_fee": D(70), "to_interest": D("174.66"), "to_principal": D(10000), "to_credit": D("55.34")}
    ]
    assert [(row["fee"], row["interest"], row["total"], row["posting_date"]) for row in ledger.vouchers] == [
        (D(70), D("174.66"), D("244.66"), day("2025-03-26"))
    ]


def test_paying_what_the_letter_asked_by_its_deadline_ends_the_case() -> None:
    """WE-22b: interest since the letter is waived by itself, and nothing more is asked."""
    ledger = Ledger.of()
    ledger.invoice(1001, "10 000.00", due="2026-03-02")
    ledger.payment("P1", "10 084.03", on="2026-04-01", dated="2026-03-30", invoices=[1001])
    for on in ("2026-03-03", "2026-03-16", "2026-04-01", "2026-04-07"):
        ledger.run(on)
    case = ledger.case(1001)
    assert (case["state"], case["costs_paid"], case["costs_open"]) == ("closed", D("84.03"), D(0))
    assert case["fees"] + case["interest"] - case["costs_paid"] == case["costs_waived"] > 0
    assert [(row["fee"], row["interest"]) for row in ledger.vouchers] == [(D(38), D("46.03"))]
    assert ledger.sent_on("2026-04-07") == []


def test_what_exceeds_a_kept_letter_is_the_customers_credit() -> None:
    """Rules § 5.3: no interest since the letter is taken out of a surplus that came in time."""
    ledger = Ledger.of()
    ledger.invoice(1001, "10 000.00", due="2026-03-02")
    ledger.payment("P1", "10 100.00", on="2026-03-30", invoices=[1001])
    for on in ("2026-03-03", "2026-03-16", "2026-03-30"):
        ledger.run(on)
    assert ledger.rows("select to_fee + to_interest as costs, to_credit from allocations") == [
        {"costs": D("84.03"), "to_credit": D("15.97")}
    ]
    assert ledger.case(1001)["state"] == "closed"


def test_one_ore_less_than_the_letter_asked_keeps_the_costs_open() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "10 000.00", due="2026-03-02")
    ledger.payment("P1", "10 084.02", on="2026-03-30", invoices=[1001])
    for on in ("2026-03-03", "2026-03-16", "2026-03-30"):
        ledger.run(on)
    case = ledger.case(1001)
    assert case["state"] == "costs_open"
    assert case["costs_open"] == case["fees"] + case["interest"] - D("84.02")


def test_the_principal_of_a_friendly_reminder_paid_in_time_leaves_nothing_owed() -> None:
    ledger = Ledger.of(steps={"friendly_reminder": {"after_days": 3}})
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 000.00", on="2025-03-12", invoices=[1001])
    for on in ("2025-03-06", "2025-03-12"):
        ledger.run(on)
    case = ledger.case(1001)
    assert (case["state"], case["closed_reason"], case["costs_waived"]) == ("closed", "paid", case["interest"])


def test_a_person_waives_what_is_left_of_the_costs() -> None:
    """C-04."""
    ledger = Ledger.of(interest="none")
    ledger.invoice(1001, "75 000.00", due="2025-03-03")
    ledger.payment("P1", "75 000.00", on="2025-03-24", invoices=[1001])
    ledger.decide(1001, "waive_costs", "2025-03-24T14:00", reason="not worth a letter")
    for on in ("2025-03-04", "2025-03-17", "2025-03-24"):
        ledger.run(on)
    assert (ledger.case(1001)["state"], ledger.case(1001)["costs_open"]) == ("costs_open", D(35))
    ledger.run("2025-03-25")
    case = ledger.case(1001)
    assert (case["state"], case["closed_reason"], case["costs_waived"], case["written_off"]) == (
        "closed",
        "paid",
        D(35),
        D(0),
    )
    assert ledger.vouchers == []


def test_a_credited_claim_drops_its_costs_and_gets_them_back_with_the_credit_note() -> None:
    """C-06a and C-08b."""
    ledger = Ledger.of()
    ledger.invoice(1001, "3 000.00", due="2025-03-03")
    ledger.credit_note("2001", "3 000.00", on="2025-04-10", invoices=[1001])
    for on in ("2025-03-04", "2025-03-17", "2025-04-04"):
        ledger.run(on)
    assert ledger.case(1001)["costs_open"] == D("102.88")
    ledger.run("2025-04-10")
    case = ledger.case(1001)
    assert (case["closed_reason"], case["costs_open"], case["total_open"]) == ("credited", D(0), D(0))
    ledger.reverse("2001", on="2025-04-22")
    ledger.run("2025-04-22")
    case = ledger.case(1001)
    assert (case["state"], case["fees"], case["holds"]) == ("noticed", D(70), ["reversed_payment"])
    assert case["costs_open"] > D("102.88")


def test_a_settlement_from_before_the_tenant_was_connected_claims_nothing() -> None:
    """Rules § 5.3, OP-04."""
    ledger = Ledger.of()
    ledger.connected_on = day("2025-08-01")
    ledger.invoice(1001, "3 000.00", due="2025-06-02")
    ledger.invoice(1002, "3 000.00", due="2025-06-02", customer="10002")
    ledger.payment("P1", "3 100.00", on="2025-06-25", invoices=[1001])
    ledger.run("2025-06-30", live=False)
    assert ledger.case(1001)["principal_open"] == D(0)
    assert ledger.rows("select to_fee + to_interest as costs, to_credit from allocations") == [
        {"costs": D(0), "to_credit": D(100)}
    ]
    ledger.run("2025-08-01")
    assert ledger.vouchers == []
    assert not ledger.has_case(1001)
    assert ledger.has_case(1002)


def test_the_compensation_offsets_the_fees_and_is_a_businesss_alone() -> None:
    """WE-26 and WE-27."""
    ledger = Ledger.of(compensation=True)
    ledger.customer("10002", person=True)
    ledger.invoice(1001, "9 000.00", due="2026-07-01")
    ledger.invoice(1002, "9 000.00", due="2026-07-01", customer="10002")
    for on in ("2026-07-02", "2026-07-15", "2026-08-03", "2026-08-21"):
        ledger.run(on)
    business, consumer = ledger.case(1001), ledger.case(1002)
    assert (business["compensation"], business["fees"], business["total_open"]) == (D(430), D(189), D("9584.05"))
    assert (consumer["compensation"], consumer["fees"], consumer["total_open"]) == (D(0), D(189), D("9343.05"))


def test_a_voucher_is_planned_once_and_what_it_booked_is_not_shared_out_anew() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "10 000.00", due="2025-02-03")
    ledger.payment("P1", "10 082.95", on="2025-02-27", invoices=[1001])
    for on in ("2025-02-17", "2025-02-28", "2025-03-03"):
        ledger.run(on)
    assert len(ledger.vouchers) == 1
    ledger.settings = ledger.settings.changed({"interest": "none"})
    ledger.run("2025-03-04")
    assert ledger.case(1001)["costs_paid"] == D("82.95")
    assert ledger.rows("select * from planned_vouchers") == []


def test_a_payment_bounced_after_our_voucher_reverses_it_and_holds_the_case() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "10 000.00", due="2025-02-03")
    ledger.payment("P1", "10 082.95", on="2025-02-27", invoices=[1001])
    for on in ("2025-02-17", "2025-02-28"):
        ledger.run(on)
    ledger.reverse("P1", on="2025-03-10")
    ledger.run("2025-03-10")
    (reversal,) = ledger.rows("select * from planned_reversals")
    assert reversal["reversal_key"] == ledger.vouchers[0]["voucher_key"] + ":reversal"
    ledger.vouchers[0]["reversed"] = True
    ledger.run("2025-03-20")
    assert ledger.rows("select * from planned_reversals") == []
    assert ledger.case(1001)["holds"] == ["reversed_payment"]
    assert ledger.sent_on("2025-03-20") == []
    ledger.decide(1001, "resume", "2025-03-20T12:00")
    ledger.run("2025-03-21")
    assert [letter["step"] for letter in ledger.sent_on("2025-03-21")] == ["collection_notice"]


def test_a_surplus_over_two_claims_covers_the_costs_of_both_and_no_more() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "4 000.00", due="2025-02-03")
    ledger.invoice(1002, "6 000.00", due="2025-02-10")
    ledger.payment("P1", "10 100.00", on="2025-02-21", invoices=[1001, 1002])
    ledger.run("2025-02-11", send=False)
    ledger.run("2025-02-21", send=False)
    first, second = ledger.case(1001), ledger.case(1002)
    assert (first["costs_paid"], second["costs_paid"]) == (D("24.66"), D("22.60"))
    assert (first["interest"], second["interest"]) == (D("24.66"), D("22.60"))
    assert ledger.rows("select sum(to_credit) as credit from allocations") == [{"credit": D(100) - D("47.26")}]
