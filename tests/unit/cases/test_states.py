"""Where a case stands, what holds it, and what a person's word does to it (rules §§ 1, 2, 6, 7, 8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.cases.ledger import Ledger, day

D = Decimal


def test_an_invoice_is_a_case_from_the_day_after_it_was_due_and_keeps_its_number() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "3 000.00", due="2025-09-09")
    ledger.payment("P1", "3 000.00", on="2025-09-10T10:00", invoices=[1001])
    ledger.run("2025-09-09")
    assert not ledger.has_case(1001)
    summary = ledger.run("2025-09-10", send=False)
    assert [case.invoice_no for case in summary.new_cases] == ["1001"]
    number = ledger.case(1001)["case_id"]
    assert ledger.run("2025-09-11").new_cases == ()
    assert (ledger.case(1001)["case_id"], ledger.case(1001)["state"]) == (number, "costs_open")


def test_what_was_paid_in_time_or_credited_that_day_never_becomes_a_case() -> None:
    """WE-09, C-08a."""
    ledger = Ledger.of()
    ledger.invoice(1001, "3 000.00", due="2025-03-03")
    ledger.payment("P1", "3 000.00", on="2025-03-03", invoices=[1001])
    ledger.invoice(1002, "3 000.00", due="2025-03-03")
    ledger.credit_note("2002", "3 000.00", on="2025-03-04", invoices=[1002])
    ledger.run("2025-03-04")
    assert not ledger.has_case(1001) and not ledger.has_case(1002)


def test_a_claim_settled_before_we_were_connected_is_history_and_no_case() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "3 000.00", due="2025-03-03")
    ledger.payment("P1", "3 000.00", on="2025-03-10", invoices=[1001])
    ledger.invoice(1002, "3 000.00", due="2024-03-04")
    ledger.write_off(1002, on="2024-12-30")
    ledger.run("2025-03-17")
    assert not ledger.has_case(1001) and not ledger.has_case(1002)


def test_a_write_off_ends_nothing() -> None:
    """C-01."""
    ledger = Ledger.of()
    ledger.invoice(1001, "10 000.00", due="2025-01-31")
    ledger.write_off(1001, on="2025-02-20")
    for on in ("2025-02-03", "2025-02-14", "2025-02-21", "2025-03-04"):
        ledger.run(on)
    case = ledger.case(1001)
    assert (case["state"], case["flags"], case["written_off"], case["principal_open"], case["ledger_balance"]) == (
        "noticed",
        ["written_off"],
        D(10000),
        D(10000),
        D(0),
    )
    assert ledger.sent_on("2025-03-04")[0]["total"] == D("10179.59")


@pytest.mark.parametrize(("paid", "state", "flags"), [("990.01", "closed", []), ("990.00", "overdue", ["written_off"])])
def test_a_write_off_below_ten_kroner_on_a_paid_claim_is_a_rounding(paid: str, state: str, flags: list[str]) -> None:
    """WO-01."""
    ledger = Ledger.of(interest="none")
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", paid, on="2025-03-10", invoices=[1001])
    ledger.write_off(1001, on="2025-03-10T12:00")
    ledger.run("2025-03-04")
    ledger.run("2025-03-11")
    case = ledger.case(1001)
    assert (case["state"], case["flags"], case["written_off"]) == (state, flags, D(1000) - D(paid))


def test_money_after_a_write_off_is_a_recovery_and_no_second_booking() -> None:
    """WE-72."""
    ledger = Ledger.of(interest="none")
    ledger.invoice(1001, "12 500.00", due="2026-03-02")
    ledger.write_off(1001, on="2026-04-01")
    ledger.payment("P1", "1 250.00", on="2026-06-09", invoices=[1001])
    ledger.decide(1001, "pause", "2026-04-02", until="2026-12-31")
    for on in ("2026-03-03", "2026-03-16", "2026-06-10"):
        ledger.run(on)
    case = ledger.case(1001)
    assert (case["paid"], case["principal_open"], case["total_open"], case["holds"]) == (
        D(1250),
        D(11250),
        D(11288),
        ["paused"],
    )
    assert case["flags"] == ["written_off", "recovered_after_write_off"]
    assert ledger.vouchers == []


HOLDS: list[tuple[str, dict[str, Any]]] = [
    ("excluded", {"send_reminders": False}),
    ("bankruptcy", {"register_hold": "bankruptcy"}),
    ("forced_liquidation", {"register_hold": "forced_liquidation"}),
    ("winding_up", {"register_hold": "winding_up"}),
    ("debtor_deleted", {"register_hold": "debtor_deleted"}),
    ("unknown_register", {"unknown_register": True}),
]


@pytest.mark.parametrize(("hold", "customer"), HOLDS, ids=[hold for hold, _ in HOLDS])
def test_the_debtors_state_holds_every_letter_but_an_unknown_number_does_not(
    hold: str, customer: dict[str, Any]
) -> None:
    """Rules § 6, E-11a, F-01."""
    ledger = Ledger.of()
    ledger.customer("10001", **customer)
    ledger.invoice(1001, "2 000.00", due="2025-03-03")
    ledger.run("2025-03-17")
    case = ledger.case(1001)
    assert case["holds"] == [hold]
    assert [row["step"] for row in ledger.sent_on("2025-03-17")] == (["reminder"] if hold == "unknown_register" else [])


def test_a_register_that_is_switched_off_holds_nothing() -> None:
    ledger = Ledger.of(register=False)
    ledger.customer("10001", register_hold="bankruptcy", unknown_register=True, register_stale=True)
    ledger.invoice(1001, "2 000.00", due="2025-03-03")
    ledger.run("2025-03-17")
    assert (ledger.case(1001)["holds"], ledger.case(1001)["flags"]) == ([], [])
    assert len(ledger.sent_on("2025-03-17")) == 1


CREDITS: list[tuple[str, list[str], str, str | None]] = [
    ("payment", ["unallocated_payment"], "5 000.00", None),
    ("credit_note", ["covered_by_credit"], "5 000.00", None),
    ("payment", [], "4 999.99", None),
    ("payment", ["payment_dated_ahead"], "5 000.00", "2025-03-20"),
]


@pytest.mark.parametrize(("kind", "holds", "amount", "dated"), CREDITS)
def test_an_unmatched_credit_that_covers_the_claim_holds_it(
    kind: str, holds: list[str], amount: str, dated: str | None
) -> None:
    """B-09, B-11, C-06b."""
    ledger = Ledger.of()
    ledger.invoice(1001, "5 000.00", due="2025-03-03")
    if kind == "payment":
        ledger.payment("X1", amount, on="2025-03-10", dated=dated)
    else:
        ledger.credit_note("2001", amount, on="2025-03-10")
    ledger.run("2025-03-17")
    case = ledger.case(1001)
    assert (case["holds"], case["principal_open"], case["paid"], case["credited"]) == (holds, D(5000), D(0), D(0))
    assert [letter["principal"] for letter in ledger.sent_on("2025-03-17")] == ([] if holds else [D("0.01")])


def test_a_person_says_that_the_credit_belongs_elsewhere_and_the_letter_goes() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "5 000.00", due="2025-03-03")
    ledger.payment("X1", "5 000.00", on="2025-03-10")
    ledger.decide(1001, "release", "2025-03-18", reason="unallocated_payment")
    ledger.run("2025-03-17")
    assert ledger.sent_on("2025-03-17") == []
    ledger.run("2025-03-18")
    (letter,) = ledger.sent_on("2025-03-18")
    assert (letter["principal"], letter["interest"]) == (D(5000), D("25.68"))


def test_a_leftover_of_one_claim_is_a_credit_for_the_next_less_the_costs_it_covered() -> None:
    ledger = Ledger.of(interest="none")
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.invoice(1002, "70.00", due="2025-03-10")
    ledger.payment("P1", "1 100.00", on="2025-03-18", invoices=[1001])
    for on in ("2025-03-11", "2025-03-17", "2025-03-18", "2025-03-19"):
        ledger.run(on)
    # 100.00 above the principal: 35.00 to the fee, 65.00 left for a claim of 70.00
    assert ledger.case(1001)["state"] == "closed"
    assert ledger.case(1002)["holds"] == []
    ledger.run("2025-03-24")
    assert [letter["principal"] for letter in ledger.sent_on("2025-03-24")] == [D(5)]


def test_a_pause_holds_through_its_last_day_and_an_open_one_until_it_is_ended() -> None:
    """CO-01."""
    ledger = Ledger.of()
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.invoice(1002, "1 000.00", due="2025-03-03", customer="10002")
    ledger.decide(1001, "pause", "2025-03-11", until="2025-03-24")
    ledger.decide(1002, "pause", "2025-03-11")
    for on in ("2025-03-12", "2025-03-24"):
        ledger.run(on)
    assert ledger.case(1001)["holds"] == ledger.case(1002)["holds"] == ["paused"]
    ledger.run("2025-03-25")
    assert [letter["case"] for letter in ledger.sent_on("2025-03-25")] == ["1001"]
    ledger.decide(1002, "resume", "2025-03-25T12:00")
    ledger.run("2025-03-26")
    assert [letter["case"] for letter in ledger.sent_on("2025-03-26")] == ["1002"]


def test_excluding_one_case_holds_all_claims_of_the_customer_until_included_again() -> None:
    """E-11b."""
    ledger = Ledger.of()
    ledger.invoice(1001, "2 000.00", due="2025-03-03")
    ledger.invoice(1002, "2 500.00", due="2025-03-10")
    ledger.decide(1001, "exclude", "2025-03-18", reason="sister company")
    for on in ("2025-03-17", "2025-03-24"):
        ledger.run(on)
    assert ledger.case(1002)["holds"] == ["excluded"] and ledger.sent_on("2025-03-24") == []
    ledger.decide(1002, "include", "2025-03-24T12:00")
    ledger.run("2025-03-25")
    assert [letter["case"] for letter in ledger.sent_on("2025-03-25")] == ["1002"]


def test_a_case_closed_by_a_person_stays_closed_and_can_be_reopened_by_one() -> None:
    """E-13b, D-06."""
    ledger = Ledger.of()
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 000.00", on="2025-03-20", invoices=[1001])
    ledger.decide(1001, "close", "2025-03-21", reason="withdrawn")
    for on in ("2025-03-04", "2025-03-17", "2025-03-24"):
        ledger.run(on)
    assert (ledger.case(1001)["state"], ledger.case(1001)["closed_reason"]) == ("closed", "withdrawn")
    ledger.reverse("P1", on="2025-04-07")
    ledger.run("2025-04-07")
    case = ledger.case(1001)
    assert (case["state"], case["paid"], case["principal_open"], case["fees"]) == ("closed", D(0), D(1000), D(35))
    ledger.decide(1001, "reopen", "2025-04-08T12:00")
    ledger.run("2025-04-09")
    assert [letter["step"] for letter in ledger.sent_on("2025-04-09")] == ["collection_notice"]


def test_a_reversed_payment_reopens_the_case_where_it_was_and_sends_nothing_that_day() -> None:
    """D-01a."""
    ledger = Ledger.of()
    ledger.invoice(1001, "10 000.00", due="2025-02-03")
    ledger.payment("P1", "10 000.00", on="2025-02-20", invoices=[1001])
    for on in ("2025-02-04", "2025-02-17", "2025-02-20"):
        ledger.run(on)
    ledger.reverse("P1", on="2025-03-10")
    ledger.run("2025-03-10")
    case = ledger.case(1001)
    assert (case["state"], case["holds"], case["fees"], case["interest"], case["last_step"]) == (
        "reminded",
        ["reversed_payment"],
        D(35),
        D("119.86"),
        "reminder",
    )
    assert ledger.sent_on("2025-03-10") == []
    ledger.run("2025-03-11")
    assert [(row["step"], row["interest"]) for row in ledger.sent_on("2025-03-11")] == [
        ("collection_notice", D("123.29"))
    ]


def test_an_invoice_that_disappears_closes_as_that_and_never_as_paid() -> None:
    """H-07."""
    ledger = Ledger.of()
    ledger.invoice(1001, "1 500.00", due="2025-03-03")
    ledger.delete(1001, on="2025-03-20")
    ledger.run("2025-03-17")
    ledger.run("2025-03-21")
    case = ledger.case(1001)
    assert (case["state"], case["closed_reason"], case["paid"], case["total_open"]) == (
        "closed",
        "deleted_in_ledger",
        D(0),
        D(0),
    )
    assert str(case["closed_on"]) == "2025-03-20"


def test_a_claim_below_the_minimum_is_followed_and_not_pursued() -> None:
    """CO-06."""
    ledger = Ledger.of(minimum_claim=100)
    ledger.invoice(1001, "50.00", due="2025-03-03")
    ledger.invoice(1002, "100.00", due="2025-03-03", customer="10002")
    ledger.run("2025-03-17")
    assert ledger.case(1001)["holds"] == ["below_minimum"]
    assert [letter["case"] for letter in ledger.sent_on("2025-03-17")] == ["1002"]


LIMITS = [  # WE-50 to WE-56
    ("2023-11-24", "2026-11-24"),
    ("2023-11-29", "2026-11-30"),
    ("2024-02-29", "2027-03-01"),
    ("2023-05-17", "2026-05-18"),
    ("2023-04-03", "2026-04-07"),
    ("2023-12-25", "2026-12-28"),
    ("2011-06-15", "2014-06-16"),
]


def test_limitation_is_three_calendar_years_moved_to_a_business_day() -> None:
    ledger = Ledger.of(import_from="2011-01-01", mode="observe")
    for number, (due, _) in enumerate(LIMITS):
        ledger.invoice(1001 + number, "1 000.00", due=due, customer=str(number))
    ledger.run("2024-04-02")
    assert [str(ledger.case(1001 + number)["limitation_date"]) for number in range(len(LIMITS))] == [
        last for _, last in LIMITS
    ]


def test_warnings_narrow_as_the_last_day_comes_and_after_it_all_is_held() -> None:
    """Rules § 8, G-03b, WE-50; obligation L-1: also when no run happened on exactly that day."""
    ledger = Ledger.of(import_from="2023-01-01")
    ledger.customer("10001", send_reminders=False)
    ledger.invoice(1001, "12 000.00", due="2023-03-17")
    found: dict[str, Any] = {}
    for on in ("2025-09-17", "2025-09-18", "2025-12-18", "2026-02-15", "2026-03-17", "2026-03-18"):
        ledger.run(on)
        found[on] = (ledger.case(1001)["flags"], ledger.case(1001)["holds"])
    assert list(found.values()) == [
        ([], ["excluded"]),
        (["limitation_180"], ["excluded"]),
        (["limitation_90"], ["excluded"]),
        (["limitation_30"], ["excluded"]),
        (["limitation_30"], ["excluded"]),
        ([], ["excluded", "time_barred"]),
    ]


@pytest.mark.parametrize(("acknowledged", "limit"), [("2025-09-10", "2028-09-11"), ("2026-11-25", "2026-11-24")])
def test_an_acknowledgement_starts_three_new_years_unless_it_comes_too_late(acknowledged: str, limit: str) -> None:
    """WE-58, WE-61."""
    ledger = Ledger.of(import_from="2023-01-01", mode="observe")
    ledger.invoice(1001, "3 000.00", due="2023-11-24")
    ledger.decide(1001, "acknowledge", acknowledged)
    ledger.run("2025-09-01")
    ledger.run("2026-11-26")
    assert str(ledger.case(1001)["limitation_date"]) == limit


def test_a_judgment_gives_ten_years_and_the_case_is_with_the_law() -> None:
    """WE-59."""
    ledger = Ledger.of(import_from="2023-01-01", mode="observe")
    ledger.invoice(1001, "3 000.00", due="2023-11-24")
    ledger.decide(1001, "legal", "2026-06-15", legal="judgment")
    ledger.run("2026-06-16")
    assert (str(ledger.case(1001)["limitation_date"]), ledger.case(1001)["state"]) == ("2036-06-16", "legal")


@pytest.mark.parametrize(("setting", "limit"), [(False, "2026-11-24"), (True, "2027-06-10")])
def test_a_part_payment_moves_limitation_only_if_the_tenant_says_so(setting: bool, limit: str) -> None:
    ledger = Ledger.of(import_from="2023-01-01", part_payment_acknowledges=setting, mode="observe")
    ledger.invoice(1001, "3 000.00", due="2023-11-24")
    ledger.payment("P1", "100.00", on="2024-06-10", invoices=[1001])
    ledger.connected_on = day("2024-01-01")
    ledger.run("2025-09-01")
    assert str(ledger.case(1001)["limitation_date"]) == limit


def test_the_loss_may_be_deducted_after_six_months_and_three_letters() -> None:
    """WE-70."""
    ledger = Ledger.of()
    ledger.invoice(1001, "12 500.00", due="2026-03-02")
    for on in ("2026-03-16", "2026-04-07", "2026-04-27", "2026-06-30"):
        ledger.run(on)
    assert ledger.case(1001)["loss_ground"] is None
    ledger.run("2026-09-10")
    case = ledger.case(1001)
    assert (case["loss_ground"], case["costs_open"]) == ("six_months_three_reminders", D("984.12"))


def test_deriving_the_same_day_twice_changes_nothing() -> None:
    ledger = Ledger.of()
    for no in range(1001, 1011):
        ledger.invoice(no, "1 000.00", due="2025-03-03", customer=str(no % 3))
        ledger.payment(f"P{no}", "300.00", on="2025-03-10", invoices=[no])
    ledger.payment("P", "900.00", on="2025-03-20", invoices=[1001])
    for on in ("2025-03-17", "2025-03-21"):
        ledger.run(on)
    tables = ("case_states", "costs", "allocations", "interest_periods", "planned_letters", "planned_vouchers")
    before = [ledger.rows(f"select * from {table} order by all") for table in tables]
    ledger.run("2025-03-21", send=False)
    assert [ledger.rows(f"select * from {table} order by all") for table in tables] == before
