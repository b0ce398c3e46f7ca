"""The last day of a claim and its warnings: WE-50 to WE-61, obligations limitation L-1 to L-4."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kredin_pipeline.law.calendar import is_business_day
from kredin_pipeline.law.limitation import Interruption, InterruptionKind, is_in_time, limitation_date, limitation_flag

D = date.fromisoformat


@pytest.mark.parametrize(
    ("example", "due", "expected"),
    [
        ("WE-50", "2023-11-24", "2026-11-24"),
        ("WE-51", "2023-11-29", "2026-11-30"),
        ("WE-52", "2024-02-29", "2027-03-01"),
        ("WE-53", "2023-05-17", "2026-05-18"),
        ("WE-54", "2023-04-03", "2026-04-07"),
        ("WE-55", "2023-12-25", "2026-12-28"),
        ("WE-56", "2011-06-15", "2014-06-16"),
        ("G-03", "2023-03-17", "2026-03-17"),
    ],
)
def test_worked_example(example: str, due: str, expected: str) -> None:
    assert limitation_date(D(due)) == D(expected), example


def test_we_58_an_acknowledgement_starts_three_new_years() -> None:
    assert limitation_date(D("2023-11-24"), [Interruption(D("2025-09-10"))]) == D("2028-09-11")


def test_we_61_an_acknowledgement_after_the_last_day_changes_nothing() -> None:
    assert limitation_date(D("2023-11-24"), [Interruption(D("2026-11-24"))]) == D("2029-11-26")
    assert limitation_date(D("2023-11-24"), [Interruption(D("2026-11-25"))]) == D("2026-11-24")


@pytest.mark.parametrize(("kind", "expected"), [("judgment", "2036-06-16"), ("no_binding_decision", "2029-06-15")])
def test_we_59_a_judgment_gives_ten_years_and_anything_less_three(kind: InterruptionKind, expected: str) -> None:
    assert limitation_date(D("2024-01-15"), [Interruption(D("2026-06-15"), kind)]) == D(expected)


def test_a_judgment_on_a_complaint_made_in_time_may_come_after_the_last_day() -> None:
    filed = Interruption(D("2026-11-24"), "conciliation_complaint")
    decided = Interruption(D("2027-02-01"), "judgment")
    assert limitation_date(D("2023-11-24"), [decided, filed]) == D("2037-02-02")


def test_we_60_a_complaint_posted_on_the_last_day_is_in_time() -> None:
    last = limitation_date(D("2023-11-24"))
    assert is_in_time(D("2026-11-24"), last) and not is_in_time(D("2026-11-25"), last)


def test_an_acknowledgement_before_the_due_date_never_shortens() -> None:
    assert limitation_date(D("2023-11-24"), [Interruption(D("2023-10-01"))]) == D("2026-11-24")


@pytest.mark.parametrize(
    ("left", "flag"),
    [
        (181, None), (180, "limitation_180"), (91, "limitation_180"), (90, "limitation_90"), (31, "limitation_90"),
        (30, "limitation_30"), (0, "limitation_30"), (-1, None),
    ],
)  # fmt: skip
def test_the_narrowest_warning_stands_from_exactly_its_day(left: int, flag: str | None) -> None:
    last = D("2026-03-17")
    assert limitation_flag(last, last - timedelta(days=left)) == flag


def test_l_4_every_last_day_from_2004_to_2030_is_a_business_day_within_five_days() -> None:
    due = date(2004, 1, 1)
    while due.year <= 2030:
        same_date = due.replace(day=28) if (due.month, due.day) == (2, 29) else due
        three_years_on = same_date.replace(year=due.year + 3)
        last = limitation_date(due)
        assert is_business_day(last)
        assert 0 <= (last - three_years_on).days <= 5, due
        due += timedelta(days=1)


DUE_DAYS = st.dates(date(2004, 1, 1), date(2030, 12, 31))
acknowledged = st.lists(st.dates(date(2004, 1, 1), date(2036, 12, 31)).map(Interruption), max_size=5)


@settings(max_examples=1000, deadline=None)
@given(DUE_DAYS)
def test_l_4_the_last_day_is_the_first_business_day_from_the_same_date_on(due: date) -> None:
    same_date = date(due.year + 3, due.month, 28 if (due.month, due.day) == (2, 29) else due.day)
    last = limitation_date(due)
    assert not any(is_business_day(same_date + timedelta(days=step)) for step in range((last - same_date).days))
    assert limitation_date(due + timedelta(days=1)) >= last


@settings(max_examples=1000, deadline=None)
@given(DUE_DAYS, acknowledged)
def test_an_acknowledgement_never_shortens_and_one_that_is_too_late_never_lengthens(
    due: date, interruptions: list[Interruption]
) -> None:
    last = limitation_date(due, interruptions)
    assert is_business_day(last)
    assert last >= limitation_date(due)
    assert limitation_date(due, interruptions[::-1]) == last
    assert limitation_date(due, [*interruptions, Interruption(last + timedelta(days=1))]) == last
    assert limitation_date(due, [*interruptions, Interruption(last)]) > last
