"""Late interest against the worked examples WE-01 to WE-18 and its properties (obligations interest 2, 3, 4, 5)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kredin_pipeline.law.calendar import next_business_day
from kredin_pipeline.law.interest import (
    BalanceStep,
    RateSource,
    interest_ore,
    interest_periods,
    interest_to,
    start_without_due_date,
    sum_ore,
)
from kredin_pipeline.law.money import to_kroner, to_ore
from kredin_pipeline.law.rates import NO_INTEREST, AgreedRate, NoRate, Rate, statutory_rates


def steps(*balances: tuple[str, str]) -> list[BalanceStep]:
    """Balance steps written as ("2024-06-15", "10000.00")."""
    return [BalanceStep(date.fromisoformat(on), to_ore(Decimal(kroner))) for on, kroner in balances]


def interest(*balances: tuple[str, str], until: str, rates: RateSource | None = None) -> str:
    """Interest in kroner as text."""
    return str(to_kroner(interest_ore(steps(*balances), rates or statutory_rates(), date.fromisoformat(until))))


OFFICIAL = (("2024-06-15", "10000"), ("2024-06-27", "8000"), ("2025-03-10", "3000"))

EXAMPLES = {
    "WE-01": (OFFICIAL, "2025-11-21", "1001.02"),
    "WE-02": ((("2025-08-14", "3000"),), "2025-11-21", "99.68"),
    "WE-03": ((("2026-05-15", "25000"),), "2026-08-20", "805.82"),
    "WE-04": ((("2023-12-15", "10000"),), "2024-03-15", "307.46"),
    "WE-05": ((("2022-05-10", "100000"),), "2026-11-25", "52886.30"),
    "WE-06": ((("2024-02-01", "36600"),), "2024-03-01", "362.50"),
    "WE-07": ((("2024-02-29", "12000"),), "2024-03-31", "127.05"),
    "WE-08": ((("2025-01-01", "36500"),), "2026-01-01", "4516.50"),
    "WE-09 paid before": ((("2026-11-16", "20000"),), "2026-11-10", "0.00"),
    "WE-09 paid on the day": ((("2026-11-16", "20000"),), "2026-11-16", "0.00"),
    "WE-09 one day late": ((("2026-11-16", "20000"),), "2026-11-17", "6.71"),
    "WE-10 not shifted": ((("2026-11-15", "20000"),), "2026-11-17", "13.42"),
    "WE-12 correction": ((("2026-03-01", "10000"),), "2026-05-01", "200.55"),
    "WE-12 goodwill": ((("2026-03-01", "12500"), ("2026-04-10", "10000")), "2026-05-01", "233.42"),
    "WE-13": ((("2026-06-10", "9000"),), "2026-07-10", "89.32"),
    "WE-14": ((("2012-06-20", "5000"),), "2013-07-10", "449.28"),
    "WE-15": ((("2019-12-20", "7500"),), "2020-08-01", "427.93"),
    "WE-16 confirmed part": ((("2026-12-01", "50000"),), "2027-01-01", "520.21"),
    "WE-17 first statement": ((("2026-07-01", "10000"),), "2026-09-29", "302.05"),
    "WE-17 second statement": ((("2026-07-01", "10000"),), "2026-11-25", "493.36"),
    "WE-40 after costs first": ((("2026-09-29", "9340.05"),), "2026-11-25", "178.68"),
    "WE-41": ((("2026-07-01", "10000"), ("2026-09-29", "9000")), "2026-11-25", "474.23"),
    "WE-43": ((("2026-11-10", "1250"),), "2026-11-25", "6.29"),
    "WE-44": ((("2026-05-15", "25000"), ("2026-08-20", "0")), "2026-11-25", "805.82"),
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_worked_example(example: str) -> None:
    balances, until, expected = EXAMPLES[example]
    assert interest(*balances, until=until) == expected


def test_we_01_the_published_lines_come_out_one_by_one() -> None:
    lines = [
        to_kroner(interest_ore([BalanceStep(start, to_ore(base))], statutory_rates(), end))
        for start, end, base in [
            (date(2024, 6, 15), date(2024, 6, 27), 10000),
            (date(2024, 6, 27), date(2025, 3, 10), 8000),
            (date(2025, 3, 10), date(2025, 7, 1), 3000),
            (date(2025, 7, 1), date(2025, 11, 21), 3000),
        ]
    ]
    assert [str(line) for line in lines] == ["40.98", "699.96", "116.10", "143.98"]


def test_we_10_a_due_date_on_a_sunday_counts_from_monday() -> None:
    shifted = next_business_day(date(2026, 11, 15))
    assert shifted == date(2026, 11, 16)
    assert interest((shifted.isoformat(), "20000"), until="2026-11-16") == "0.00"
    assert interest((shifted.isoformat(), "20000"), until="2026-11-17") == "6.71"


def test_we_11_without_a_due_date_interest_starts_30_days_after_the_demand() -> None:
    start = start_without_due_date(date(2026, 3, 10))
    assert start == date(2026, 4, 9)
    assert interest((start.isoformat(), "8000"), until="2026-04-09") == "0.00"
    assert interest((start.isoformat(), "8000"), until="2026-05-09") == "78.90"


def test_we_18_an_agreed_rate_replaces_the_statutory_one() -> None:
    assert interest(("2026-03-02", "40000"), until="2026-04-16", rates=AgreedRate(1800)) == "887.67"
    assert interest(("2026-03-02", "40000"), until="2026-04-16") == "591.78"
    assert interest(("2026-03-02", "40000"), until="2026-04-16", rates=NO_INTEREST) == "0.00"


def test_rounding_happens_only_at_the_end() -> None:
    periods = interest_periods(steps(("2022-05-10", "100000")), statutory_rates(), date(2026, 11, 25))
    assert [(p.days, p.rate_bp, p.year_days) for p in periods] == [
        (52, 850, 365), (184, 925, 365), (181, 1075, 365), (184, 1175, 365), (182, 1250, 366),
        (184, 1250, 366), (181, 1250, 365), (184, 1225, 365), (181, 1200, 365), (147, 1225, 365),
    ]  # fmt: skip
    assert to_kroner(sum(period.amount_ore for period in periods)) == Decimal("52886.29")
    assert to_kroner(sum_ore(periods)) == Decimal("52886.30")


def test_we_16_a_day_without_a_rate_is_an_error_that_names_it() -> None:
    with pytest.raises(NoRate, match=r"^no rate for 2027-01-01$"):
        interest_ore(steps(("2026-12-01", "50000")), statutory_rates(), date(2027, 1, 15))


def test_we_16_interest_is_provisional_until_the_new_rate_is_stored() -> None:
    owed, until = steps(("2026-12-01", "50000")), date(2027, 1, 15)
    found = interest_to(owed, statutory_rates(), until)
    assert (to_kroner(found.ore), found.provisional, found.known_until) == (Decimal("520.21"), True, date(2027, 1, 1))
    announced = statutory_rates().with_rows([Rate(date(2027, 1, 1), date(2027, 6, 30), 1200)])
    final = interest_to(owed, announced, until)
    assert (to_kroner(final.ore), final.provisional, final.known_until) == (Decimal("750.34"), False, until)


def test_a_claim_settled_before_the_last_rate_is_never_provisional() -> None:
    found = interest_to(steps(("2026-12-01", "50000"), ("2026-12-20", "0")), statutory_rates(), date(2027, 1, 15))
    assert not found.provisional


def test_two_rates_for_one_day_are_refused() -> None:
    with pytest.raises(ValueError, match="begins before the row from 2026-07-01 ends"):
        statutory_rates().with_rows([Rate(date(2026, 12, 1), date(2027, 6, 30), 1200)])


def test_no_rate_before_the_table_begins() -> None:
    assert not statutory_rates().covers(date(2003, 12, 31))
    with pytest.raises(NoRate, match="2003-12-31"):
        interest_ore(steps(("2003-12-31", "1")), statutory_rates(), date(2004, 2, 1))


def test_balance_steps_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="in order of time"):
        interest_periods(steps(("2025-02-01", "10"), ("2025-01-01", "5")), statutory_rates(), date(2025, 3, 1))


KNOWN_DAYS = st.dates(date(2004, 1, 1), date(2026, 12, 31))
PRINCIPALS = st.integers(0, 10**12)


@given(st.lists(KNOWN_DAYS, min_size=3, max_size=3), PRINCIPALS)
def test_interest_is_additive_over_time(days: list[date], principal: int) -> None:
    first, middle, last = sorted(days)
    rates = statutory_rates()
    whole = interest_periods([BalanceStep(first, principal)], rates, last)
    parts = [
        *interest_periods([BalanceStep(first, principal)], rates, middle),
        *interest_periods([BalanceStep(middle, principal)], rates, last),
    ]
    assert sum(period.numerator for period in whole) == sum(period.numerator for period in parts)
    assert sum(period.days for period in whole) == (last - first).days * (principal > 0)


@given(KNOWN_DAYS, KNOWN_DAYS, PRINCIPALS, PRINCIPALS)
def test_interest_is_additive_over_principal_and_never_negative(start: date, end: date, one: int, other: int) -> None:
    rates = statutory_rates()

    def numerator(principal: int) -> int:
        return sum(period.numerator for period in interest_periods([BalanceStep(start, principal)], rates, end))

    assert numerator(one) + numerator(other) == numerator(one + other)
    assert numerator(one) >= 0


@given(KNOWN_DAYS, PRINCIPALS, st.integers(0, 400))
def test_interest_never_shrinks_as_days_pass(start: date, principal: int, days: int) -> None:
    end = min(start + timedelta(days=days), date(2026, 12, 31))
    rates = statutory_rates()
    assert interest_ore([BalanceStep(start, principal)], rates, end) <= interest_ore(
        [BalanceStep(start, principal)], rates, end + timedelta(days=1)
    )
