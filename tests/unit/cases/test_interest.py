"""Late interest as derived: the worked examples to the øre, and the calculation as data (rules § 3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.unit.cases.ledger import Ledger, day

D = Decimal


def test_the_official_example_with_two_part_payments_and_three_rates() -> None:
    """WE-01: the published lines, and the sum rounded once."""
    ledger = Ledger.of(due_date_shift=False)
    ledger.invoice(1001, "10 000.00", due="2024-06-15")
    ledger.payment("P1", "2 000.00", on="2024-06-27", invoices=[1001])
    ledger.payment("P2", "5 000.00", on="2025-03-10", invoices=[1001])
    ledger.run("2024-06-17", send=False)
    ledger.run("2025-11-21", send=False)
    assert ledger.case(1001)["interest"] == D("1001.02")
    published = [("2024-06-15", "40.98"), ("2024-06-27", "699.96"), ("2025-03-10", "116.10"), ("2025-07-01", "143.98")]
    ends = [*(day(begin) for begin, _ in published[1:]), day("2025-11-21")]
    periods = ledger.rows("select * from interest_periods order by from_date")
    for (begin, line), end in zip(published, ends, strict=True):
        parts = [period["amount"] for period in periods if day(begin) <= period["from_date"] < end]
        assert round(sum(parts, D(0)), 2) == D(line)
    assert {(period["year_days"], period["rate_percent"]) for period in periods} == {
        (366, D("12.50")),
        (365, D("12.50")),
        (365, D("12.25")),
    }


EXAMPLES = [
    ("WE-02", "3000", "2025-08-14", (), "2025-11-21", "99.68"),
    ("WE-03", "25000", "2026-05-15", (), "2026-08-20", "805.82"),
    ("WE-04", "10000", "2023-12-15", (("10000", "2024-03-15"),), "2024-06-28", "307.46"),
    ("WE-05", "100000", "2022-05-10", (), "2026-11-25", "52886.30"),
    ("WE-06", "36600", "2024-02-01", (("36600", "2024-03-01"),), "2024-03-01", "362.50"),
    ("WE-07", "12000", "2024-02-29", (), "2024-03-31", "127.05"),
    ("WE-09 one day late", "20000", "2026-11-16", (("20000", "2026-11-17"),), "2026-11-18", "6.71"),
    ("WE-10", "20000", "2026-11-15", (), "2026-11-17", "6.71"),
    ("WE-14", "5000", "2012-06-20", (("5000", "2013-07-10"),), "2013-07-10", "449.28"),
    ("WE-15", "7500", "2019-12-20", (("7500", "2020-08-01"),), "2020-08-03", "427.93"),
    ("WE-17", "10000", "2026-07-01", (), "2026-11-25", "493.36"),
    ("WE-44", "25000", "2026-05-15", (("25000", "2026-08-20"),), "2026-11-25", "805.82"),
]


@pytest.mark.parametrize(
    ("example", "amount", "due", "payments", "on", "expected"), EXAMPLES, ids=lambda held: str(held)
)
def test_worked_examples_to_the_ore(
    example: str, amount: str, due: str, payments: Sequence[tuple[str, str]], on: str, expected: str
) -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, amount, due=due)
    for number, (paid, dated) in enumerate(payments):
        ledger.payment(f"P{number}", paid, on=f"{dated}T10:00", invoices=[1001])
    ledger.run(str(day(due) + timedelta(days=1)), send=False)
    ledger.run(on, send=False)
    assert ledger.case(1001)["interest"] == D(expected), example
    exact = ledger.rows("select sum(numerator) as n from interest_periods")[0]["n"]
    assert (2 * exact + 1_335_900_000) // 2_671_800_000 == int(D(expected) * 100)


def test_due_days_count_unshifted_when_the_tenant_says_so() -> None:
    """WE-08 and the second half of WE-10."""
    ledger = Ledger.of(due_date_shift=False)
    ledger.invoice(1001, "36 500.00", due="2025-01-01")
    ledger.invoice(1002, "20 000.00", due="2026-11-15", customer="10002")
    ledger.run("2025-01-02", send=False)
    ledger.run("2026-01-01", send=False)
    assert ledger.case(1001)["interest"] == D("4516.50")
    ledger.run("2026-11-17", send=False)
    assert ledger.case(1002)["interest"] == D("13.42")


@pytest.mark.parametrize(("goodwill", "interest"), [(False, "200.55"), (True, "233.42")])
def test_a_correction_counts_from_the_due_date_and_goodwill_from_its_own_day(goodwill: bool, interest: str) -> None:
    """WE-12."""
    ledger = Ledger.of(due_date_shift=False)
    ledger.invoice(1001, "12 500.00", due="2026-03-01")
    ledger.credit_note("2001", "2 500.00", on="2026-04-10", invoices=[1001], goodwill=goodwill)
    ledger.run("2026-03-02", send=False)
    ledger.run("2026-05-01", send=False)
    case = ledger.case(1001)
    assert (case["credited"], case["principal_open"], case["interest"]) == (D(2500), D(10000), D(interest))


def test_an_agreed_rate_binds_a_business_and_never_a_consumer() -> None:
    """WE-18."""
    ledger = Ledger.of(interest=18)
    ledger.customer("10002", person=True)
    ledger.invoice(1001, "40 000.00", due="2026-03-02")
    ledger.invoice(1002, "40 000.00", due="2026-03-02", customer="10002")
    ledger.run("2026-04-16", send=False)
    assert ledger.case(1001)["interest"] == D("887.67")
    assert ledger.case(1002)["interest"] == D("591.78")


def test_no_interest_is_zero_and_not_the_statutory_rate() -> None:
    for settings, customer in (({"interest": "none"}, {}), ({"interest": 0}, {}), ({}, {"no_interest": True})):
        ledger = Ledger.of(**settings)
        ledger.customer("10001", **customer)
        ledger.invoice(1001, "1 000.00", due="2025-03-03")
        ledger.run("2025-04-02", send=False)
        assert ledger.case(1001)["interest"] == D(0)


def test_past_the_last_stored_rate_the_figure_is_provisional_and_nothing_leaves() -> None:
    """WE-16."""
    ledger = Ledger.of()
    ledger.invoice(1001, "50 000.00", due="2026-12-01")
    ledger.run("2026-12-02")
    ledger.run("2026-12-15")
    summary = ledger.run("2027-01-15")
    case = ledger.case(1001)
    assert (case["interest"], case["provisional"], case["state"]) == (D("520.21"), True, "reminded")
    assert any("no rate for 2027-01-01" in problem for problem in summary.problems)
    assert ledger.sent_on("2027-01-15") == []


def test_a_claim_settled_before_the_last_known_day_stays_final() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "50 000.00", due="2026-12-01")
    ledger.payment("P1", "50 000.00", on="2026-12-20", invoices=[1001])
    ledger.run("2026-12-02", send=False)
    ledger.run("2027-02-01", send=False)
    assert not ledger.case(1001)["provisional"]


def test_an_unmatched_credit_of_the_customer_stops_the_interest_on_what_it_covers() -> None:
    """Rules § 2: interest runs on the difference from the credit's date."""
    ledger = Ledger.of()
    ledger.invoice(1001, "5 000.00", due="2025-03-03")
    ledger.payment("P1", "2 000.00", on="2025-03-13")
    ledger.run("2025-03-04")
    ledger.run("2025-03-23", send=False)
    case = ledger.case(1001)
    # 10 days on 5 000 and 10 days on 3 000 at 12.50 %
    assert (case["holds"], case["principal_open"], case["interest"]) == ([], D(5000), D("27.40"))
    ledger.run("2025-03-24")
    (letter,) = ledger.sent_on("2025-03-24")
    assert letter["principal"] == D(3000)


def test_interest_stops_at_an_unexplained_settlement_and_in_a_bankruptcy() -> None:
    ledger = Ledger.of()
    ledger.invoice(1001, "10 000.00", due="2025-03-03")
    ledger.journal("J1", "10 000.00", on="2025-03-13", invoices=[1001])
    ledger.invoice(1002, "10 000.00", due="2025-03-03", customer="10002")
    ledger.customer("10002", register_hold="bankruptcy", register_hold_from=day("2025-03-13"))
    ledger.run("2025-03-04", send=False)
    ledger.run("2025-04-10")
    case = ledger.case(1001)
    assert (case["interest"], case["holds"], case["paid"], case["principal_open"]) == (
        D("34.25"),
        ["settled_without_bank"],
        D(0),
        D(10000),
    )
    assert (ledger.case(1002)["interest"], ledger.case(1002)["holds"]) == (D("34.25"), ["bankruptcy"])
    assert ledger.sent_on("2025-04-10") == []
