"""Every worked example of the shared reference, by its id and to the øre, through the product's own functions.

Here belongs one proof for each id. Examples about a case are proved by a whole derivation, from the ledger's entries to
the published row; examples about a figure by the function of ``kredin_pipeline.law`` that gives it. Variations and
edges beside the examples belong to the tests of the parts. An example that the reference has and this module has not
is a failure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest

from kredin_pipeline.cases.loss_guidance import LossEntry, RecoveryEntry, loss_entry, principal_lost, recovery_entry
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.law.agency import AgencyFee, agency_fee
from kredin_pipeline.law.calendar import deadline, is_business_day
from kredin_pipeline.law.enforcement import (
    bankruptcy_notice_costs,
    court_fee,
    demand_carries_costs,
    enforcement_costs,
    petition_window,
)
from kredin_pipeline.law.fees import Charge, Letter, compensation, legal_maximum, letter_fee, recoverable_costs
from kredin_pipeline.law.interest import BalanceStep, interest_ore, start_without_due_date
from kredin_pipeline.law.limitation import is_in_time
from kredin_pipeline.law.money import to_kroner, to_ore
from kredin_pipeline.law.rates import NoRate, statutory_rates
from tests.unit.cases.histories import KnownBook
from tests.unit.cases_settlement.books import Entry

REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "worked-examples.md"
D = Decimal
day = date.fromisoformat
Proof = Callable[[], None]
PROOFS: dict[str, Proof] = {}


def proves(*examples: str) -> Callable[[Proof], Proof]:
    """Marks a function as the proof of these examples."""

    def register(proof: Proof) -> Proof:
        for example in examples:
            assert example not in PROOFS, example
            PROOFS[example] = proof
        return proof

    return register


def book(**settings: object) -> KnownBook:
    """An empty book whose tenant takes in invoices of any age."""
    return KnownBook(settings=TenantSettings.of({"import_from": None, **settings}))


def claim(
    held: KnownBook, no: int, amount: str, due: str, *payments: tuple[str, str], customer: int | None = None
) -> Entry:
    """An invoice of a customer of its own, with payments (amount, day) matched to it."""
    who = customer or 20000 + no
    entry = held.ledger.invoice(no, amount, due=due, dated=str(day(due) - timedelta(days=14)), customer=who)
    for at, (paid, on) in enumerate(payments):
        held.ledger.payment(f"P{no}-{at}", paid, dated=on, for_=[no], customer=who)
    return entry


def periods(held: KnownBook, no: int) -> list[dict[str, Any]]:
    case_id = held.case(no)["case_id"]
    found = [row for row in held.rows("interest_periods") if row["case_id"] == case_id]
    return sorted(found, key=lambda row: row["from_date"])


def sent(held: KnownBook, *runs: str) -> list[tuple[str, str, Decimal]]:
    """What left on these days: day, step, fee."""
    return [(on, row["step"], row["fee"]) for on in runs for row in held.run(on)]


# A. Interest


@proves("WE-01")
def official_example_with_two_part_payments() -> None:
    held = book(due_date_shift=False)
    claim(held, 1001, "10000.00", "2024-06-15", ("2000.00", "2024-06-27"), ("5000.00", "2025-03-10"))
    held.derive("2025-11-21")
    case = held.case(1001)
    assert (case["interest"], case["principal_open"], case["paid"]) == (D("1001.02"), D("3000.00"), D("7000.00"))
    found = periods(held, 1001)
    shown = ("days", "base", "rate_percent", "year_days")
    assert [(str(row["from_date"]), *(row[name] for name in shown)) for row in found] == [
        ("2024-06-15", 12, 10000, D("12.50"), 366),
        ("2024-06-27", 4, 8000, D("12.50"), 366),
        ("2024-07-01", 184, 8000, D("12.50"), 366),
        ("2025-01-01", 68, 8000, D("12.50"), 365),
        ("2025-03-10", 113, 3000, D("12.50"), 365),
        ("2025-07-01", 143, 3000, D("12.25"), 365),
    ]  # fmt: skip
    exact = [D(int(row["numerator"])) / (365 * 366 * 10_000) / 100 for row in found]
    lines = [exact[0], sum(exact[1:4]), exact[4], exact[5]]
    assert [round(line, 2) for line in lines] == [D("40.98"), D("699.96"), D("116.10"), D("143.98")]
    assert round(sum(exact), 6) == D("1001.021521")


SIMPLE = {  # amount, due, paid or stated on, shifted, interest
    "WE-02": ("3000.00", "2025-08-14", "2025-11-21", True, "99.68"),
    "WE-03": ("25000.00", "2026-05-15", "2026-08-20", True, "805.82"),
    "WE-04": ("10000.00", "2023-12-15", "2024-03-15", True, "307.46"),
    "WE-06": ("36600.00", "2024-02-01", "2024-03-01", True, "362.50"),
    "WE-07": ("12000.00", "2024-02-29", "2024-03-31", True, "127.05"),
    "WE-08": ("36500.00", "2025-01-01", "2026-01-01", False, "4516.50"),
    "WE-09 paid before": ("20000.00", "2026-11-16", "2026-11-10", True, "0.00"),
    "WE-09 paid on the day": ("20000.00", "2026-11-16", "2026-11-16", True, "0.00"),
    "WE-09 one day late": ("20000.00", "2026-11-16", "2026-11-17", True, "6.71"),
    "WE-10 shifted": ("20000.00", "2026-11-15", "2026-11-17", True, "6.71"),
    "WE-10 shifted, paid on Monday": ("20000.00", "2026-11-15", "2026-11-16", True, "0.00"),
    "WE-10 not shifted": ("20000.00", "2026-11-15", "2026-11-17", False, "13.42"),
    "WE-14": ("5000.00", "2012-06-20", "2013-07-10", True, "449.28"),
    "WE-15": ("7500.00", "2019-12-20", "2020-08-01", True, "427.93"),
}


@cache
def published(shift: bool) -> dict[str, Decimal]:
    """The interest of every simple example as published on 2026-11-25, frozen on the day on which each was paid."""
    held = book(due_date_shift=shift)
    chosen = [example for example, (*_, shifted, _) in SIMPLE.items() if shifted == shift]
    for at, example in enumerate(chosen):
        amount, due, on, *_ = SIMPLE[example]
        claim(held, 1001 + at, amount, due, (amount, on))
    held.derive("2026-11-25")
    return {example: held.case(1001 + at)["interest"] for at, example in enumerate(chosen)}


@proves(*sorted({example[:5] for example in SIMPLE}))
def interest_of_a_claim_paid_at_once() -> None:
    found = published(True) | published(False)
    assert found == {example: D(interest) for example, (*_, interest) in SIMPLE.items()}


@proves("WE-05")
def ten_half_years_are_rounded_once() -> None:
    held = book()
    claim(held, 1001, "100000.00", "2022-05-10")
    held.derive("2026-11-25")
    assert held.case(1001)["interest"] == D("52886.30")
    found = periods(held, 1001)
    assert [(row["days"], f"{row['rate_percent']}", row["year_days"]) for row in found] == [
        (52, "8.50", 365), (184, "9.25", 365), (181, "10.75", 365), (184, "11.75", 365), (182, "12.50", 366),
        (184, "12.50", 366), (181, "12.50", 365), (184, "12.25", 365), (181, "12.00", 365), (147, "12.25", 365),
    ]  # fmt: skip
    shown = [D(int(2 * row["numerator"] + 365 * 366 * 10_000) // (2 * 365 * 366 * 10_000)) / 100 for row in found]
    assert sum(shown) == D("52886.29")


@proves("WE-11")
def no_agreed_due_date() -> None:
    """The ledger's invoices always have one, so this is the law's function alone."""
    start = start_without_due_date(day("2026-03-10"))
    owed = [BalanceStep(start, to_ore(D(8000)))]
    assert start == day("2026-04-09")
    assert to_kroner(interest_ore(owed, statutory_rates(), day("2026-05-09"))) == D("78.90")
    assert to_kroner(interest_ore(owed, statutory_rates(), day("2026-04-09"))) == D("0.00")


@proves("WE-12")
def credit_note_dated_after_the_due_date() -> None:
    held = book(due_date_shift=False)
    for no in (1001, 1002):
        entry = claim(held, no, "12500.00", "2026-03-01")
        held.ledger.credit_note(no + 1000, "2500.00", dated="2026-04-10", for_=[no], customer=int(entry.customer))
        held.ledger.payment(f"P{no}", "10000.00", dated="2026-05-01", for_=[no], customer=int(entry.customer))
    held.decide(held.ledger.entries["1002"], "classify", "2026-04-11", reason="goodwill")
    held.derive("2026-05-04")
    assert [held.case(no)["interest"] for no in (1001, 1002)] == [D("200.55"), D("233.42")]
    assert [held.case(no)["credited"] for no in (1001, 1002)] == [D("2500.00")] * 2


@proves("WE-13")
def credit_note_before_the_due_date() -> None:
    held = book()
    entry = claim(held, 1001, "12000.00", "2026-06-10")
    held.ledger.credit_note(2001, "3000.00", dated="2026-06-01", for_=[1001], customer=int(entry.customer))
    held.ledger.payment("P", "9000.00", dated="2026-07-10", for_=[1001], customer=int(entry.customer))
    held.derive("2026-07-13")
    assert held.case(1001)["interest"] == D("89.32")


@proves("WE-16")
def a_rate_that_is_not_known_is_never_rolled_forward() -> None:
    held = book()
    claim(held, 1001, "50000.00", "2026-12-01")
    summary = held.derive("2027-01-15")
    case = held.case(1001)
    assert (case["interest"], case["provisional"]) == (D("520.21"), True)
    assert any("no rate for 2027-01-01" in problem for problem in summary.problems)
    assert held.rows("planned_letters") == []
    with pytest.raises(NoRate, match="no rate for 2027-01-01"):
        interest_ore([BalanceStep(day("2026-12-01"), 5_000_000)], statutory_rates(), day("2027-01-15"))


@proves("WE-17")
def no_interest_on_interest() -> None:
    held = book()
    claim(held, 1001, "10000.00", "2026-07-01")
    for on, expected in (("2026-09-29", "302.05"), ("2026-11-25", "493.36")):
        held.derive(on)
        assert held.case(1001)["interest"] == D(expected)
    assert {row["base"] for row in periods(held, 1001)} == {D("10000.00")}


@proves("WE-18")
def an_agreed_rate_binds_a_business_alone() -> None:
    held = book(interest=18)
    held.ledger.debtor(21002, debtor_kind="person")
    for no in (1001, 1002):
        claim(held, no, "40000.00", "2026-03-02")
    held.derive("2026-04-16")
    statutory = to_kroner(
        interest_ore([BalanceStep(day("2026-03-02"), 4_000_000)], statutory_rates(), day("2026-04-16"))
    )
    assert [held.case(no)["interest"] for no in (1001, 1002)] == [D("887.67"), statutory]


# B. Fees and letters


@proves("WE-20")
def a_reminder_that_is_too_early_is_free() -> None:
    found: list[Decimal] = []
    for after_days, on in ((13, "2026-03-15"), (14, "2026-03-16")):
        held = book(steps={"reminder": {"after_days": after_days}}, send_on_business_days=False)
        claim(held, 1001, "1000.00", "2026-03-02")
        found += [fee for _, step, fee in sent(held, on) if step == "reminder"]
    assert found == [D("0.00"), D("38.00")]


@proves("WE-21")
def the_full_ladder_and_a_third_reminder() -> None:
    held = book()
    claim(held, 1001, "1000.00", "2026-03-02")
    assert sent(held, "2026-03-16", "2026-04-07", "2026-04-27") == [
        ("2026-03-16", "reminder", D("38.00")),
        ("2026-04-07", "collection_notice", D("38.00")),
        ("2026-04-27", "payment_demand", D("113.00")),
    ]
    assert held.letters[0]["deadline"] == day("2026-03-30")
    assert held.case(1001)["fees"] == D("189.00")
    small = [Letter(row["step"], row["sent_on"], row["deadline"], row["fee"]) for row in held.letters[:2]]
    owed = Charge(day("2026-03-02"), day("2026-03-02"))
    assert letter_fee("reminder", day("2026-04-24"), owed, small).amount == 0
    older = book()
    claim(older, 1001, "1000.00", "2025-09-01")
    assert [fee for *_, fee in sent(older, "2025-09-15", "2025-10-03", "2025-10-21")] == [D(35), D(35), D(105)]
    assert older.case(1001)["fees"] == D("175.00")


@proves("WE-22")
def a_second_letter_without_a_missed_deadline_of_14_days() -> None:
    short = book(steps={"reminder": {"deadline_days": 10}})
    claim(short, 1001, "1000.00", "2026-03-02")
    assert [fee for *_, fee in sent(short, "2026-03-16", "2026-04-07")] == [D("38.00"), D("0.00")]
    kept = book()
    entry = claim(kept, 1001, "1000.00", "2026-03-02")
    assert [fee for *_, fee in sent(kept, "2026-03-16", "2026-04-07")] == [D("38.00"), D("38.00")]
    kept.decide(entry, "paid_in_time", "2026-04-08", reason="the bank had the order on 2026-03-30", step="reminder")
    kept.derive("2026-04-08")
    assert kept.case(1001)["fees"] == D("38.00")
    in_time = Letter("reminder", day("2026-03-16"), day("2026-03-30"), D(38), kept=True)
    owed = Charge(day("2026-03-02"), day("2026-03-02"))
    assert letter_fee("collection_notice", day("2026-04-07"), owed, [in_time]).amount == 0


@proves("WE-23")
def the_fee_follows_the_day_of_sending() -> None:
    held = book()
    claim(held, 1001, "1000.00", "2025-12-10")
    assert sent(held, "2025-12-29", "2026-01-20") == [
        ("2025-12-29", "reminder", D("35.00")),
        ("2026-01-20", "collection_notice", D("38.00")),
    ]


@proves("WE-24")
def the_change_of_2020_follows_the_due_date() -> None:
    held = book()
    claim(held, 1001, "1000.00", "2020-09-30")
    claim(held, 1002, "1000.00", "2020-10-01")
    found = sorted(sent(held, "2020-10-20", "2020-11-09", "2020-11-27"))
    assert found == [
        ("2020-10-20", "reminder", 35),
        ("2020-10-20", "reminder", 70),
        ("2020-11-09", "collection_notice", 35),
        ("2020-11-09", "collection_notice", 70),
        ("2020-11-27", "payment_demand", 105),
        ("2020-11-27", "payment_demand", 210),
    ]
    assert (held.case(1001)["fees"], held.case(1002)["fees"]) == (350, 175)


@proves("WE-25")
def fees_may_be_charged_again_after_six_months() -> None:
    """Each step goes once in a course, so this is the law's function alone."""
    two = [
        Letter("reminder", day("2026-01-20"), day("2026-02-03"), D(38)),
        Letter("collection_notice", day("2026-02-10"), day("2026-02-24"), D(38)),
    ]
    owed = Charge(day("2026-01-02"), day("2026-01-02"))
    assert [letter_fee("reminder", day(on), owed, two).amount for on in ("2026-08-10", "2026-08-11")] == [0, 38]


@proves("WE-26")
def the_compensation_offsets_the_fees() -> None:
    held = book(compensation=True)
    held.ledger.debtor(21002, debtor_kind="person", orgnr=None)
    for no in (1001, 1002):
        claim(held, no, "9000.00", "2026-07-01")
    assert [fee for *_, fee in sent(held, "2026-07-15", "2026-08-03", "2026-08-21")] == [38, 38, 38, 38, 113, 113]
    business, consumer = held.case(1001), held.case(1002)
    assert (business["compensation"], business["fees"]) == (D("430.00"), D("189.00"))
    assert business["costs_open"] - business["interest"] == D("430.00")
    assert (consumer["compensation"], consumer["fees"]) == (D("0.00"), D("189.00"))
    assert consumer["costs_open"] - consumer["interest"] == D("189.00")
    assert recoverable_costs(D(189), D(430)) == D(430)


@proves("WE-27")
def the_compensation_is_that_of_the_due_date() -> None:
    held = book(compensation=True)
    claim(held, 1001, "25000.00", "2026-05-15", ("25000.00", "2026-08-20"))
    held.derive("2026-08-21")
    assert (held.case(1001)["compensation"], held.case(1001)["costs_open"]) == (D("460.00"), D("1265.82"))
    assert compensation(day("2026-08-20"), "business", claimed=True) == D("430.00")


@proves("WE-28")
def a_deadline_on_christmas_day_moves_on() -> None:
    assert deadline(day("2026-12-11"), 14) == day("2026-12-28")
    for grace, expected in ((0, "2026-12-29"), (3, "2027-01-04")):  # 1 January and a weekend lie between
        held = book(grace_days=grace)
        claim(held, 1001, "1000.00", "2026-11-27")
        assert [step for _, step, _ in sent(held, "2026-12-11")] == ["reminder"]
        case = held.case(1001)
        assert (str(case["deadline"]), case["next_step"]) == ("2026-12-28", "collection_notice")
        assert str(case["next_step_on"]) == expected
    assert not any(is_business_day(day(on)) for on in ("2027-01-01", "2027-01-02", "2027-01-03"))


@proves("WE-29")
def caps_of_an_agency() -> None:
    def cap(amount: str, kind: Literal["business", "person"] = "person", deducts_vat: bool = True) -> AgencyFee:
        return agency_fee(D(amount), day("2026-01-15"), day("2026-06-01"), kind, deducts_vat)

    assert cap("8000.00") == AgencyFee(D("600.00"), D("1200.00"))
    assert cap("8000.00", "business") == AgencyFee(D("900.00"), D("1800.00"))
    assert cap("8000.00", deducts_vat=False) == AgencyFee(D("750.00"), D("1500.00"))
    edges = {"500.00": "187.50", "500.01": "262.50", "2500.00": "300.00", "2500.01": "600.00"}
    assert {amount: str(cap(amount).light) for amount in edges} == edges


@proves("WE-30")
def costs_of_a_petition() -> None:
    then, now = day("2018-06-01"), day("2026-06-01")
    letters = 2 * legal_maximum("reminder", then, then) + legal_maximum("payment_demand", then, then)
    assert letters == D("350.00")
    assert enforcement_costs(letters, then).total == D("3401.00")
    assert bankruptcy_notice_costs(letters, then).total == D("2045.00")
    today = enforcement_costs(D("189.00"), now)
    assert (today.writing, today.fee, today.total, today.unconfirmed) == (D("672.50"), D(1627), D("2488.50"), True)


@proves("WE-31")
def court_fees_are_rounded_down() -> None:
    found = [("1.54", "2024-08-01"), ("1.15", "2019-08-01"), ("1.1", "2024-02-01"), ("1.21", "2026-02-01")]
    assert [court_fee(D(multiple), day(on)) for multiple, on in found] == [1966, 1322, 1404, 1627]


@proves("WE-32")
def flat_fees_are_rounded_to_the_nearest_krone() -> None:
    now, then = day("2026-02-01"), day("2025-12-31")
    assert [legal_maximum(step, now, now) for step in ("reminder", "payment_demand")] == [D("38.00"), D("113.00")]
    assert legal_maximum("reminder", then, then) == D("35.00")


@proves("WE-33")
def an_objection_stops_letters_and_fees() -> None:
    held = book()
    refused, upheld = (claim(held, no, "1000.00", "2026-03-02") for no in (1001, 1002))
    assert [fee for *_, fee in sent(held, "2026-03-16")] == [38, 38]
    for entry in (refused, upheld):
        held.decide(entry, "dispute", "2026-03-20")
    assert sent(held, "2026-04-07") == []
    assert held.case(1001)["holds"] == held.case(1002)["holds"] == ["disputed"]
    held.decide(refused, "settle_dispute", "2026-04-20", reason="objection refused")
    held.decide(upheld, "settle_dispute", "2026-04-20", outcome="upheld")
    assert sorted(fee for *_, fee in sent(held, "2026-04-20")) == [0, 38]
    assert (held.case(1001)["fees"], held.case(1002)["fees"]) == (76, 0)


# C. Part payments and allocation


@cache
def part_payment(allocation: str) -> dict[str, dict[str, Any]]:
    """WE-40's course: a reminder, then 1 000.00 on 2026-09-29, seen then and on 2026-11-25, with letters paused."""
    held = book(allocation=allocation)
    entry = claim(held, 1001, "10000.00", "2026-07-01")
    assert sent(held, "2026-07-20") == [("2026-07-20", "reminder", D("38.00"))]
    held.decide(entry, "pause", "2026-07-21", until="2026-12-31")
    held.ledger.payment("P", "1000.00", dated="2026-09-29", for_=[1001], customer=int(entry.customer))
    held.run("2026-09-29")
    then, (shared,) = held.case(1001), held.rows("allocations")
    held.run("2026-11-25")
    assert held.rows("allocations") == [shared]  # shared out once, never anew
    return {"then": then, "shared": shared, "later": held.case(1001), "voucher": next(iter(held.vouchers), {})}


@proves("WE-40")
def costs_then_interest_then_principal() -> None:
    found = part_payment("costs_first")
    shared, later = found["shared"], found["later"]
    assert (shared["to_fee"], shared["to_interest"], shared["to_principal"]) == (D(38), D("302.05"), D("659.95"))
    assert (found["then"]["principal_open"], found["then"]["costs_open"]) == (D("9340.05"), 0)
    assert (later["costs_open"], later["total_open"]) == (D("178.68"), D("9518.73"))


@proves("WE-41")
def principal_first() -> None:
    found = part_payment("principal_first")
    shared, later = found["shared"], found["later"]
    assert (shared["to_fee"], shared["to_interest"], shared["to_principal"]) == (0, 0, D(1000))
    assert (later["principal_open"], later["interest"], later["fees"]) == (D(9000), D("474.23"), D(38))
    assert (later["total_open"], found["voucher"]) == (D("9512.23"), {})


@proves("WE-42")
def the_debtors_choice_wins() -> None:
    by_kid, silent = book(), book()
    for held in (by_kid, silent):
        claim(held, 1, "4000.00", "2026-06-01", customer=20001)
        claim(held, 2, "3000.00", "2026-08-01", customer=20001)
        held.ledger.entries["1"].kid, held.ledger.entries["2"].kid = "4100000019", "4100000027"
    by_kid.ledger.payment("P", "3000.00", dated="2026-08-10", for_=[2], customer=20001, kid="4100000027")
    by_kid.ledger.join(1, 2)  # the bookkeeper merged the groups; the KID still says which it was for
    silent.ledger.payment("P", "3000.00", dated="2026-08-10", for_=[1, 2], customer=20001)
    for held, expected in ((by_kid, (4000, 0)), (silent, (1000, 3000))):
        held.derive("2026-08-11")
        assert (held.case(1)["principal_open"], held.case(2)["principal_open"]) == expected


@proves("WE-43")
def an_overpayment() -> None:
    held = book()
    claim(held, 1001, "1250.00", "2026-11-10", ("2000.00", "2026-11-25"))
    held.derive("2026-11-25", "2026-11-01")
    (shared,) = held.rows("allocations")
    assert (shared["to_fee"], shared["to_interest"], shared["to_principal"]) == (0, D("6.29"), D("1250.00"))
    assert shared["to_credit"] == D("743.71")
    assert (held.case(1001)["state"], held.case(1001)["total_open"]) == ("closed", 0)


@proves("WE-44")
def principal_paid_and_extras_left() -> None:
    held = book()
    claim(held, 1001, "25000.00", "2026-05-15", ("25000.00", "2026-08-20"))
    for on in ("2026-08-20", "2026-11-25", "2027-02-01"):
        held.derive(on)
        case = held.case(1001)
        assert (case["state"], case["costs_open"]) == ("costs_open", D("805.82")), on


# D. Limitation and notices

LIMITS = {
    "WE-50": ("2023-11-24", "2026-11-24"),
    "WE-51": ("2023-11-29", "2026-11-30"),
    "WE-52": ("2024-02-29", "2027-03-01"),
    "WE-53": ("2023-05-17", "2026-05-18"),
    "WE-54": ("2023-04-03", "2026-04-07"),
    "WE-55": ("2023-12-25", "2026-12-28"),
    "WE-56": ("2011-06-15", "2014-06-16"),
}


def last_day(due: str, on: str, *, reminded: str | None = None, said: Sequence[tuple[str, str, str]] = ()) -> str:
    """The last day that is published for a claim due on ``due``; ``said``: (kind, day, legal step) of decisions."""
    held = book(mode="observe")
    entry = claim(held, 1001, "1000.00", due)
    if reminded is not None:
        held.send(entry, "reminder", day(reminded), day(reminded) + timedelta(days=14), D(35))
    for kind, decided, legal in said:
        held.decide(entry, kind, decided, **({"legal": legal} if legal else {}))
    held.derive(on)
    return str(held.case(1001)["limitation_date"])


@cache
def last_days() -> dict[str, str]:
    held = book(mode="observe")
    for at, (due, _) in enumerate(LIMITS.values()):
        claim(held, 1001 + at, "1000.00", due)
    held.derive("2024-04-02")
    return {example: str(held.case(1001 + at)["limitation_date"]) for at, example in enumerate(LIMITS)}


@proves(*LIMITS)
def three_years_moved_on_to_a_business_day() -> None:
    assert last_days() == {example: last for example, (_, last) in LIMITS.items()}


@proves("WE-57")
def a_reminder_moves_nothing() -> None:
    assert last_day("2023-11-24", "2025-01-20", reminded="2025-01-10") == "2026-11-24"


@proves("WE-58")
def an_acknowledgement_starts_three_new_years() -> None:
    assert last_day("2023-11-24", "2025-09-11", said=[("acknowledge", "2025-09-10", "")]) == "2028-09-11"


@proves("WE-59")
def a_judgment_gives_ten_years() -> None:
    assert last_day("2023-11-24", "2026-06-16", said=[("legal", "2026-06-15", "judgment")]) == "2036-06-16"


@proves("WE-60")
def a_complaint_posted_on_the_last_day_is_in_time() -> None:
    filed = [("legal", "2026-11-24", "conciliation_complaint")]
    assert last_day("2023-11-24", "2026-11-26", said=filed) == "2029-11-26"
    late = [("legal", "2026-11-25", "conciliation_complaint")]
    assert last_day("2023-11-24", "2026-11-26", said=late) == "2026-11-24"
    assert is_in_time(day("2026-11-24"), day("2026-11-24")) and not is_in_time(day("2026-11-25"), day("2026-11-24"))


@proves("WE-61")
def an_acknowledgement_that_comes_too_late() -> None:
    assert last_day("2023-11-24", "2026-11-26", said=[("acknowledge", "2026-11-25", "")]) == "2026-11-24"


@proves("WE-62")
def a_notice_before_enforcement() -> None:
    window = petition_window(day("2026-11-25"), due_date=day("2026-10-01"))
    assert window is not None
    assert (str(window.first), str(window.last)) == ("2026-12-10", "2027-12-09")
    asked = ("2026-12-09", "2026-12-10", "2027-12-09", "2027-12-10")
    assert [window.allows(day(on)) for on in asked] == [False, True, True, False]
    assert petition_window(day("2026-11-25"), due_date=day("2026-11-26")) is None


@proves("WE-63")
def an_old_demand_carries_no_costs() -> None:
    """The edge day itself is uncertain (31 October has no counterpart in six months from 1 May); both sides are not."""
    assert demand_carries_costs(day("2026-05-01"), day("2026-10-31"))
    assert not demand_carries_costs(day("2026-05-01"), day("2026-11-02"))


# E. Accounting


@cache
def lost() -> dict[str, dict[str, Any]]:
    """WE-70 to WE-72 in the ledger: a whole loss, a dividend before it, and money after it, as read on 2026-06-10."""
    held = book(interest="none")
    for no in (1070, 1071, 1072):
        claim(held, no, "12500.00", "2026-03-02", *([("2500.00", "2026-03-20")] if no == 1071 else []))
        held.ledger.entries[str(no)].kid = f"41{no}"
        held.ledger.write_off(no, dated="2026-04-01")
    held.ledger.payment("P", "1250.00", dated="2026-06-09", customer=21072, kid="411072", kind="IncomingOcrGiro")
    held.derive("2026-06-10")
    assert held.rows("planned_vouchers") == []  # neither the loss nor the recovery is posted by us
    return {example: held.case(no) for example, no in (("WE-70", 1070), ("WE-71", 1071), ("WE-72", 1072))}


@proves("WE-70")
def loss_with_vat() -> None:
    case = lost()["WE-70"]
    amount = principal_lost(case["written_off"], case["principal_open"], case["loss_ground"])
    assert (amount, case["principal_open"]) == (D("12500.00"), D("12500.00"))
    assert loss_entry(amount) == LossEntry(loss=D("10000.00"), output_vat=D("2500.00"), customers=D("-12500.00"))


@proves("WE-71")
def part_loss_after_a_dividend() -> None:
    case = lost()["WE-71"]
    amount = principal_lost(case["written_off"], case["principal_open"], case["loss_ground"])
    assert (amount, case["paid"]) == (D("10000.00"), D("2500.00"))
    assert loss_entry(amount) == LossEntry(loss=D("8000.00"), output_vat=D("2000.00"), customers=D("-10000.00"))


@proves("WE-72")
def late_payment_of_a_claim_that_was_written_off() -> None:
    case = lost()["WE-72"]
    assert (case["paid"], case["principal_open"]) == (D("1250.00"), D("11250.00"))
    assert "recovered_after_write_off" in case["flags"]
    assert recovery_entry(case["paid"]) == RecoveryEntry(bank=D("1250.00"), income=D("1000.00"), output_vat=D("250.00"))


@proves("WE-73")
def fee_and_interest_received() -> None:
    found = part_payment("costs_first")
    voucher, then = found["voucher"], found["then"]
    assert (voucher["fee"], voucher["interest"], voucher["total"]) == (D("38.00"), D("302.05"), D("340.05"))
    assert D(1000) - voucher["total"] == D("659.95") == then["principal"] - then["principal_open"]


@pytest.mark.parametrize("example", sorted(PROOFS))
def test_worked_example(example: str) -> None:
    PROOFS[example]()


def test_every_example_of_the_reference_is_proved_here() -> None:
    if not REFERENCE.is_file():
        pytest.skip(f"the shared reference is not beside the project: no {REFERENCE.parent}")
    found = set(re.findall(r"^(?:#{2,4} |\| *)(WE-\d+)", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE))
    assert len(found) >= 55
    assert found - set(PROOFS) == set(), "worked examples without a proof in this module"
    assert set(PROOFS) - found == set(), "proofs of examples that the reference does not have"
