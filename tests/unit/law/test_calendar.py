"""Business days, moved deadlines and month arithmetic (worked examples C-5, WE-28)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kredin_pipeline.law import calendar
from kredin_pipeline.law.calendar import (
    CalendarDisagreement,
    add_months,
    calendar_rows,
    deadline,
    holidays_by_law,
    holidays_of,
    is_business_day,
    next_business_day,
)

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize("year", range(2000, 2061))
def test_the_library_and_the_law_know_the_same_holidays(year: int) -> None:
    assert holidays_of(year) == holidays_by_law(year)
    assert len(holidays_of(year)) in (11, 12)  # two of them fall on one day when Easter puts them there


def test_the_days_of_2026_are_those_of_the_almanac() -> None:
    expected = [(1, 1), (4, 2), (4, 3), (4, 5), (4, 6), (5, 1), (5, 14), (5, 17), (5, 24), (5, 25), (12, 25), (12, 26)]
    assert sorted(holidays_of(2026)) == [date(2026, month, day) for month, day in expected]


def test_a_disagreement_of_library_and_law_is_an_error_that_names_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    original = calendar.holidays_by_law
    monkeypatch.setattr(calendar, "holidays_by_law", lambda year: original(year) - {date(year, 12, 26)})
    holidays_of.cache_clear()
    try:
        with pytest.raises(CalendarDisagreement, match="2031-12-26"):
            holidays_of(2031)
    finally:
        holidays_of.cache_clear()


def test_christmas_eve_and_new_years_eve_are_ordinary_days() -> None:
    assert is_business_day(date(2026, 12, 24)) and is_business_day(date(2026, 12, 31))
    assert not is_business_day(date(2026, 12, 25))


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("2026-12-11", "2026-12-28"), ("2025-12-11", "2025-12-29"), ("2026-04-07", "2026-04-21")],
)
def test_we_28_a_deadline_moves_on_to_a_business_day(sent: str, expected: str) -> None:
    assert deadline(date.fromisoformat(sent), 14) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2025-01-31", 1, "2025-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2024-03-31", -1, "2024-02-29"),
        ("2025-12-15", 1, "2026-01-15"),
    ],
)
def test_c_5_months_are_clipped_and_never_overflow(start: str, months: int, expected: str) -> None:
    assert add_months(date.fromisoformat(start), months) == date.fromisoformat(expected)


def test_c_5_thirty_days_are_thirty_days() -> None:
    assert date(2025, 1, 31) + timedelta(days=30) == date(2025, 3, 2)


@given(DAYS, st.integers(-60, 120))
def test_adding_months_lands_in_the_month_that_was_meant(day: date, months: int) -> None:
    moved = add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == day.day or (moved + timedelta(days=1)).day == 1


@given(DAYS)
def test_a_day_moves_on_at_most_five_days_and_to_the_first_business_day(day: date) -> None:
    moved = next_business_day(day)
    assert is_business_day(moved) and 0 <= (moved - day).days <= 5
    assert not any(is_business_day(day + timedelta(days=step)) for step in range((moved - day).days))


def test_calendar_rows_say_the_same_as_the_functions() -> None:
    rows = calendar_rows(date(2023, 12, 20), date(2026, 1, 3))
    assert [row[0] for row in rows] == sorted(row[0] for row in rows) and len(rows) == 746
    for day, business, following, length in rows:
        assert (business, following) == (is_business_day(day), next_business_day(day))
        assert length == (366 if day.year == 2024 else 365)
