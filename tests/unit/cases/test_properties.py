"""Properties that hold for any history of a claim (rules §§ 3, 5, 9)."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.cases.ledger import Ledger, case_id

D = Decimal
FIRST, LAST = date(2019, 1, 1), date(2026, 11, 30)
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)

kroner = st.integers(1, 5_000_000).map(lambda ore: D(ore).scaleb(-2))
payments = st.lists(
    st.tuples(st.integers(-20, 900), kroner, st.sampled_from(["payment", "credit_note", "goodwill"])), max_size=4
)
claims = st.lists(st.tuples(st.dates(FIRST, date(2026, 6, 30)), kroner, payments), min_size=1, max_size=12)


def yearly_rates() -> dict[date, Fraction]:
    """The rate of every day in per cent, read from the table by itself."""
    found: dict[date, Fraction] = {}
    text = files("kredin_pipeline.law").joinpath("data", "interest_rates.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        day = date.fromisoformat(row["valid_from"])
        while row["rate_bp"] and day <= date.fromisoformat(row["valid_to"]):
            found[day] = Fraction(int(row["rate_bp"]), 100)
            day += timedelta(days=1)
    return found


RATES = yearly_rates()


def slow_interest(principal: Decimal, due: date, events: list[tuple[date, Decimal]], until: date) -> Decimal:
    """Day by day in fractions: what each day adds, rounded once half up."""
    total, day = Fraction(0), due
    while day < until:
        base = max(D(0), principal - sum((amount for on, amount in events if on <= day), D(0)))
        year = 366 if (date(day.year, 12, 31) - date(day.year, 1, 1)).days == 365 else 365
        total += Fraction(base) * RATES[day] / 100 / year
        day += timedelta(days=1)
    ore = int(total * 100 + Fraction(1, 2))
    return D(ore).scaleb(-2)


def told(ledger: Ledger, found: list[tuple[date, Decimal, list[Any]]]) -> dict[int, list[tuple[date, Decimal]]]:
    """Writes the claims into the ledger; gives back when each one's principal became smaller, by how much."""
    ledger.connected_on = FIRST
    reduced: dict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    for number, (due, amount, events) in enumerate(found):
        no, left = 1001 + number, amount
        ledger.invoice(no, amount, due=str(due), customer=str(no), on="2018-12-01")
        for index, (after, money, kind) in enumerate(sorted(events, key=lambda event: event[0])):
            on = min(due + timedelta(days=after), LAST)
            if kind == "payment":
                ledger.payment(f"P{no}-{index}", money, on=str(on), invoices=[no])
            else:
                ledger.credit_note(f"C{no}-{index}", money, on=str(on), invoices=[no], goodwill=kind == "goodwill")
            taken = min(money, left)
            left -= taken
            reduced[no].append((due if kind == "credit_note" else on, taken))
    return reduced


@QUICK
@given(claims)
def test_interest_equals_a_slow_count_of_days(found: list[tuple[date, Decimal, list[Any]]]) -> None:
    ledger = Ledger.of(due_date_shift=False, import_from="2018-01-01")
    reduced = told(ledger, found)
    ledger.run(str(LAST), send=False)
    for number, (due, amount, _) in enumerate(found):
        no = 1001 + number
        if ledger.has_case(no):
            assert ledger.case(no)["interest"] == slow_interest(amount, due, reduced[no], LAST)


@QUICK
@given(claims, st.sampled_from(["principal_first", "costs_first"]))
def test_money_in_is_principal_plus_costs_plus_credit(
    found: list[tuple[date, Decimal, list[Any]]], allocation: str
) -> None:
    ledger = Ledger.of(allocation=allocation, import_from="2018-01-01")
    told(ledger, found)
    ledger.run(str(LAST), send=False)
    cases = {row["case_id"] for row in ledger.rows("select case_id from case_states")}
    shared = {
        row["case_id"]: row["total"]
        for row in ledger.rows(
            "select case_id, sum(to_fee + to_interest + to_principal + to_credit) as total from allocations group by 1"
        )
    }
    for number, (_, _, events) in enumerate(found):
        case = case_id(1001 + number)
        if case in cases:
            settled = ledger.rows(
                "select coalesce(sum(amount), 0) as paid from settlements where kind = 'payment' and case_id = ?",
                [case],
            )[0]["paid"]
            surplus = ledger.rows("select coalesce(sum(amount), 0) as over from surpluses where case_id = ?", [case])[
                0
            ]["over"]
            assert shared.get(case, D(0)) == settled + surplus
            assert settled + surplus == sum((money for _, money, kind in events if kind == "payment"), D(0))


@QUICK
@given(claims, st.sampled_from(["principal_first", "costs_first"]), st.booleans())
def test_no_amount_is_negative_and_nothing_is_claimed_twice(
    found: list[tuple[date, Decimal, list[Any]]], allocation: str, compensation: bool
) -> None:
    ledger = Ledger.of(allocation=allocation, compensation=compensation, import_from="2018-01-01", mode="observe")
    told(ledger, found)
    ledger.run(str(LAST))
    for case in ledger.rows("select * from case_states"):
        amounts = (
            "interest",
            "costs_paid",
            "costs_open",
            "costs_waived",
            "principal_open",
            "paid",
            "credited",
            "total_open",
        )
        assert all(case[name] >= 0 for name in amounts)
        assert case["principal"] == case["paid"] + case["credited"] + case["principal_open"]
        assert case["costs_paid"] <= max(case["fees"], case["compensation"]) + case["interest"]
        assert case["total_open"] == case["principal_open"] + case["costs_open"]
        if case["state"] not in ("closed",):
            assert case["costs_open"] == max(case["fees"], case["compensation"]) + case["interest"] - case["costs_paid"]
    for period in ledger.rows("select * from interest_periods"):
        assert period["days"] == (period["to_date"] - period["from_date"]).days > 0
        assert period["base"] > 0 and period["numerator"] >= 0


@QUICK
@given(claims)
def test_the_rows_of_the_calculation_make_the_interest_of_the_case(
    found: list[tuple[date, Decimal, list[Any]]],
) -> None:
    """Obligation interest 2: the exact amounts summed and rounded once give the figure to the øre."""
    ledger = Ledger.of(import_from="2018-01-01")
    told(ledger, found)
    ledger.run(str(LAST), send=False)
    exact = {
        row["case_id"]: row["n"]
        for row in ledger.rows("select case_id, sum(numerator) n from interest_periods group by 1")
    }
    for case in ledger.rows("select case_id, interest from costs"):
        ore = (2 * exact.get(case["case_id"], 0) + 1_335_900_000) // 2_671_800_000
        assert case["interest"] == D(ore).scaleb(-2)
