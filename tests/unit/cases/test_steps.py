"""Which letter goes on which day, to whom, and at what fee (rules § 4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kredin_pipeline.cases.steps import DueStep, plan_letters
from kredin_pipeline.law.fees import Letter
from tests.unit.cases.ledger import Ledger, day

D = Decimal


def letters(ledger: Ledger, *runs: str) -> list[tuple[str, str, Decimal, str]]:
    """What left on these runs: (day, step, fee, deadline)."""
    for on in runs:
        ledger.run(on)
    return [
        (str(sent), letter["step"], letter["fee"], str(letter["deadline"]))
        for sent in sorted(ledger.sent)
        for letter in ledger.sent_on(str(sent))
    ]


def test_the_full_ladder_keeps_off_holidays_and_sends_each_step_once() -> None:
    """WE-21."""
    ledger = Ledger.of()
    ledger.invoice(1001, "8 000.00", due="2026-03-02")
    closed_days = (
        "2026-03-14",
        "2026-03-15",
        "2026-04-02",
        "2026-04-03",
        "2026-04-05",
        "2026-04-06",
        "2026-04-25",
        "2026-05-14",
    )
    steps = (
        "2026-03-13",
        "2026-03-16",
        "2026-03-17",
        "2026-04-01",
        "2026-04-07",
        "2026-04-08",
        "2026-04-24",
        "2026-04-27",
    )
    assert letters(ledger, *sorted((*closed_days, *steps, "2026-05-15", "2026-05-20"))) == [
        ("2026-03-16", "reminder", D(38), "2026-03-30"),
        ("2026-04-07", "collection_notice", D(38), "2026-04-21"),
        ("2026-04-27", "payment_demand", D(113), "2026-05-11"),
    ]
    case = ledger.case(1001)
    assert (case["state"], case["fees"], case["next_step"]) == ("legal_ready", D(189), None)
    assert ledger.sent_on("2026-04-27")[0]["channel"] == "post"


COURSES: list[tuple[str, dict[str, Any], list[str], list[tuple[str, str, Decimal]]]] = [
    (
        "E-03b ten weeks without a run",
        {},
        ["2025-03-10", "2025-05-19", "2025-06-05", "2025-06-06"],
        [("2025-05-19", "reminder", D(35)), ("2025-06-06", "collection_notice", D(35))],
    ),
    (
        "CO-04 the demand alone has no fee",
        {"course": "demand_only"},
        ["2025-03-14", "2025-03-17", "2025-03-18", "2025-04-04"],
        [("2025-03-17", "payment_demand", D(0))],
    ),
    (
        "CO-07 the friendly reminder uses nothing up",
        {"steps": {"friendly_reminder": {"after_days": 3}}},
        ["2025-03-05", "2025-03-06", "2025-03-07", "2025-03-17", "2025-04-04"],
        [
            ("2025-03-06", "friendly_reminder", D(0)),
            ("2025-03-17", "reminder", D(35)),
            ("2025-04-04", "collection_notice", D(35)),
        ],
    ),
    (
        "a missed friendly reminder is not sent beside the reminder",
        {"steps": {"friendly_reminder": {"after_days": 3}}},
        ["2025-03-04", "2025-03-17", "2025-03-18"],
        [("2025-03-17", "reminder", D(35))],
    ),
    (
        "CO-08a own days and amount",
        {"steps": {"reminder": {"after_days": 20, "deadline_days": 21, "fee": 20}}},
        ["2025-03-21", "2025-03-24", "2025-04-17", "2025-04-22"],
        [("2025-03-24", "reminder", D(20)), ("2025-04-22", "collection_notice", D(35))],
    ),
    (
        "CO-08b no days of grace",
        {"grace_days": 0},
        ["2025-03-17", "2025-03-31", "2025-04-01"],
        [("2025-03-17", "reminder", D(35)), ("2025-04-01", "collection_notice", D(35))],
    ),
    (
        "letters on any day when the tenant wants it",
        {"send_on_business_days": False, "steps": {"reminder": {"after_days": 19}}},
        ["2025-03-21", "2025-03-22"],
        [("2025-03-22", "reminder", D(35))],
    ),
    (
        "a course without the reminder begins with the notice",
        {"steps": {"reminder": None}},
        ["2025-03-14", "2025-03-17"],
        [("2025-03-17", "collection_notice", D(35))],
    ),
    ("observe: nothing leaves", {"mode": "observe"}, ["2025-03-17", "2025-04-04"], []),
]


@pytest.mark.parametrize(("title", "settings", "runs", "sent"), COURSES, ids=[course[0] for course in COURSES])
def test_courses(
    title: str, settings: dict[str, Any], runs: Sequence[str], sent: list[tuple[str, str, Decimal]]
) -> None:
    ledger = Ledger.of(**settings)
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    for on in runs:
        ledger.run(on)
    assert [
        (str(on), row["step"], row["fee"]) for on in sorted(ledger.sent) for row in ledger.sent_on(str(on))
    ] == sent, title


def test_observing_plans_what_live_would_send_and_shows_nothing_as_sent() -> None:
    """OP-01, obligation O-5."""
    ledger = Ledger.of(mode="observe")
    ledger.invoice(1001, "5 000.00", due="2025-03-03")
    ledger.run("2025-03-17")
    assert [(row["step"], row["fee"], row["total"]) for row in ledger.rows("select * from planned_letters")] == [
        ("reminder", D(35), D("5058.97"))
    ]
    assert (ledger.case(1001)["state"], ledger.case(1001)["fees"]) == ("overdue", D(0))


@pytest.mark.parametrize(
    ("from_day", "second", "third"),
    [("2026-04-01", "enforcement_notice", None), ("2026-04-08", "collection_notice", "enforcement_notice")],
)
def test_from_its_day_the_new_act_replaces_notice_and_demand(from_day: str, second: str, third: str | None) -> None:
    """CO-05."""
    ledger = Ledger.of(inkassolov_2026_from=from_day)
    ledger.invoice(1001, "8 000.00", due="2026-03-02")
    for on in ("2026-03-16", "2026-04-07", "2026-04-27"):
        ledger.run(on)
    assert [letter["step"] for letter in ledger.sent_on("2026-04-07")] == [second]
    assert [letter["step"] for letter in ledger.sent_on("2026-04-27")] == ([third] if third else [])
    assert ledger.case(1001)["state"] == ("demanded" if third else "legal_ready")


def test_claims_of_one_debtor_share_a_letter_and_its_fee() -> None:
    ledger = Ledger.of()
    for no, due in ((1003, "2025-03-03"), (1001, "2025-03-02"), (1002, "2025-03-10")):
        ledger.invoice(no, "1 000.00", due=due)
    ledger.invoice(1004, "1 000.00", due="2025-03-03", customer="10002")
    ledger.run("2025-03-11")
    ledger.run("2025-03-17")
    shared, alone = sorted(ledger.sent_on("2025-03-17"), key=lambda letter: -len(letter["cases"]))
    assert (shared["case"], shared["cases"], shared["fee"], shared["principal"]) == (
        "1001",
        ["1001", "1003"],
        D(35),
        D(2000),
    )
    assert (alone["cases"], alone["fee"]) == (["1004"], D(35))
    assert (ledger.case(1001)["fees"], ledger.case(1003)["fees"]) == (D(35), D(0))


def test_claims_share_nothing_when_the_tenant_wants_a_letter_each() -> None:
    ledger = Ledger.of(one_letter_per_debtor=False)
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.invoice(1002, "1 000.00", due="2025-03-03")
    ledger.run("2025-03-17")
    assert [letter["fee"] for letter in ledger.sent_on("2025-03-17")] == [D(35), D(35)]


def test_merged_claims_wait_for_each_other_and_keep_the_fee_on_the_first_named() -> None:
    """E-07 and rules § 7: no combined letter denies a claim a step."""
    ledger = Ledger.of(one_letter_per_debtor=False)
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.invoice(1002, "1 000.00", due="2025-03-10")
    ledger.decide(1002, "merge", "2025-03-05", with_=[1001])
    ledger.run("2025-03-11")
    ledger.run("2025-03-17")
    assert ledger.sent_on("2025-03-17") == []
    assert str(ledger.case(1001)["next_step_on"]) == "2025-03-24"
    ledger.run("2025-03-24")
    (letter,) = ledger.sent_on("2025-03-24")
    assert (letter["case"], sorted(letter["cases"]), letter["fee"], letter["principal"]) == (
        "1002",
        ["1001", "1002"],
        D(35),
        D(2000),
    )


def test_a_claim_merged_after_its_reminder_waits_for_the_other_to_be_reminded() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.invoice(1002, "1 000.00", due="2025-03-24")
    ledger.run("2025-03-17")
    ledger.decide(1001, "merge", "2025-03-26", with_=[1002])
    for on in ("2025-03-26", "2025-04-04", "2025-04-07", "2025-04-28"):
        ledger.run(on)
    assert ledger.sent_on("2025-04-04") == []
    assert [(letter["step"], letter["cases"]) for letter in ledger.sent_on("2025-04-07")] == [("reminder", ["1002"])]
    assert [(row["step"], sorted(row["cases"])) for row in ledger.sent_on("2025-04-28")] == [
        ("collection_notice", ["1001", "1002"])
    ]


def test_an_agreed_due_date_starts_the_steps_anew_under_another_key() -> None:
    """CO-02: the fee that was too early is withdrawn, and the second reminder is another letter."""
    ledger = Ledger.of()
    ledger.invoice(4231, "5 000.00", due="2025-03-03")
    ledger.decide(4231, "new_due_date", "2025-03-19", due="2025-04-28")
    for on in ("2025-03-17", "2025-03-20", "2025-05-12"):
        ledger.run(on)
    keys = [row["letter_key"] for row in ledger.letters]
    assert keys == ["letter:fjellheim:K0000001087:reminder", "letter:fjellheim:K0000001087:reminder:2025-04-28"]
    assert (ledger.case(4231)["fees"], ledger.case(4231)["state"]) == (D(35), "reminded")


def test_a_backfill_and_a_past_partition_plan_nothing() -> None:
    """Rules § 9."""
    ledger = Ledger.of()
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 100.00", on="2025-03-17", invoices=[1001])
    ledger.invoice(1002, "1 000.00", due="2025-03-03", customer="10002")
    ledger.connected_on = day("2025-03-04")
    summary = ledger.run("2025-03-17", live=False)
    assert (summary.planned_letters, summary.planned_vouchers) == (0, 0)


def test_a_customer_without_an_address_for_email_is_written_to_by_post() -> None:
    ledger = Ledger.of()
    ledger.customer("10001", email=None)
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.run("2025-03-17")
    assert [letter["channel"] for letter in ledger.sent_on("2025-03-17")] == ["post"]


@pytest.mark.parametrize("said", [{"no_fees": True}, {"minor": True, "person": True}])
def test_no_fee_of_a_minor_or_of_a_customer_without_fees(said: dict[str, Any]) -> None:
    ledger = Ledger.of()
    ledger.customer("10001", **said)
    ledger.invoice(1001, "10 000.00", due="2025-03-03")
    ledger.run("2025-03-17")
    (letter,) = ledger.sent_on("2025-03-17")
    assert (letter["fee"], letter["interest"], letter["total"]) == (D(0), D("47.95"), D("10047.95"))


@pytest.mark.parametrize(
    ("answer", "fee"),
    [({"reason": "objection refused"}, D(35)), ({"outcome": "upheld"}, D(0)), ({"amount": "500.00"}, D(0))],
)
def test_a_dispute_upheld_even_in_part_leaves_no_fee_and_a_refused_one_leaves_them(
    answer: dict[str, str], fee: Decimal
) -> None:
    """Rules § 4.2, WE-33."""
    ledger = Ledger.of()
    ledger.invoice(1001, "9 000.00", due="2025-03-03")
    ledger.decide(1001, "dispute", "2025-03-19")
    ledger.decide(1001, "settle_dispute", "2025-04-08T14:00", **answer)
    for on in ("2025-03-17", "2025-03-20", "2025-04-04", "2025-04-08"):
        ledger.run(on)
    assert ledger.case(1001)["holds"] == ["disputed"]
    ledger.run("2025-04-09")
    assert [(letter["step"], letter["fee"]) for letter in ledger.sent_on("2025-04-09")] == [("collection_notice", fee)]
    assert ledger.case(1001)["fees"] == fee * 2


def due_step(**changes: Any) -> DueStep:
    held: dict[str, Any] = {
        "case_id": "K1",
        "customer_id": "10001",
        "lead_case_id": "",
        "position": 0,
        "step": "reminder",
        "channel": "email",
        "deadline_days": 14,
        "fee_setting": None,
        "due_date": date(2025, 3, 3),
        "counted_due_date": date(2025, 3, 3),
        "invoice_no": "1001",
        "round": "",
        "principal": D(1000),
        "principal_asked": D(1000),
        "fees": D(0),
        "compensation": D(0),
        "interest": D("4.79"),
        "interest_open": D("4.79"),
        "costs_settled": D(0),
    }
    return DueStep(**{**held, **changes})


def test_a_year_without_a_figure_stops_its_letter_alone_and_is_named() -> None:
    """Rules § 4.2; obligation fees 1."""
    old = due_step(due_date=date(2012, 3, 1), counted_due_date=date(2012, 3, 1))
    plan = plan_letters([old], {}, tenant="fjellheim", on=date(2012, 4, 2), shared=True)
    assert plan.claims == ()
    assert "2012-04-02" in plan.problems[0] and "collection rate" in plan.problems[0]


def test_a_letter_asks_for_what_is_left_of_principal_interest_and_all_fees() -> None:
    earlier = {"K1": [Letter("reminder", date(2025, 3, 17), date(2025, 3, 31), D(35))]}
    step = due_step(
        step="collection_notice",
        principal_asked=D(600),
        fees=D(35),
        costs_settled=D(10),
        interest=D(20),
        interest_open=D(20),
    )
    (claim,) = plan_letters([step], earlier, tenant="fjellheim", on=date(2025, 4, 4), shared=True).claims
    assert (claim.principal_original, claim.principal_paid, claim.principal) == (D(1000), D(400), D(600))
    assert (claim.fee, claim.interest, claim.total) == (D(35), D(20), D(600 + 20 + 35 + 35 - 10))


def test_the_compensation_is_asked_for_in_place_of_smaller_fees() -> None:
    (claim,) = plan_letters(
        [due_step(compensation=D(460))], {}, tenant="fjellheim", on=date(2025, 3, 17), shared=True
    ).claims
    assert (claim.fee, claim.total) == (D(35), D("1464.79"))
