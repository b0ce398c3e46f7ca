"""What may be added to the figures, how tables are completed, what they cover, and when they run out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kredin_pipeline.law.coverage import (
    add_command,
    covered,
    last_day_with_a_rate,
    running_out,
    why_provisional,
)
from kredin_pipeline.law.figures import (
    FigureRefused,
    GivenFigure,
    contradicted,
    given_figure,
    refuse_if_stored,
    refuse_if_unusual,
)
from kredin_pipeline.law.rates import (
    COLLECTION_RATE,
    COURT_FEE,
    LATE_INTEREST,
    NEW_ACT_LETTER_FEE,
    STANDARD_COMPENSATION,
    FeeTable,
    Figure,
    NoRate,
    Rate,
    Rates,
    fee_table,
    statutory_rates,
)

D = Decimal
day = date.fromisoformat
RATES, FEES = statutory_rates(), fee_table()


def given(kind: str, first: str, last: str | None, value: object, source: str = "FOR-X") -> GivenFigure:
    return given_figure(kind, day(first), day(last) if last else None, value, source)


def rate(first: str, last: str, bp: int) -> Rate:
    return Rate(day(first), day(last), bp)


def fee(first: str, last: str | None, amount: str | None, kind: str = COLLECTION_RATE) -> Figure:
    return Figure(kind, day(first), day(last) if last else None, None if amount is None else D(amount))


# What may be added ----------------------------------------------------------------------------------------------------


def test_a_decimal_comma_and_a_decimal_point_are_the_same_figure() -> None:
    assert given(LATE_INTEREST, "2027-01-01", "2027-06-30", "11,75").rate().basis_points == 1175
    assert given(LATE_INTEREST, "2027-01-01", "2027-06-30", "11.75").rate() == Rate(
        day("2027-01-01"), day("2027-06-30"), 1175, "FOR-X"
    )
    assert given(COLLECTION_RATE, "2027-01-01", None, "780").figure().amount == D("780.00")


@pytest.mark.parametrize(
    ("kind", "first", "last", "value", "source", "says"),
    [
        ("late_intrest", "2027-01-01", "2027-06-30", "11.75", "x", "found 'late_intrest'; want one of late_interest"),
        ("reminder_fee_max", "2027-01-01", None, "39", "x", "computed from the collection rate"),
        (LATE_INTEREST, "2027-01-01", "2027-06-30", "11.755", "x", "value: found 11.755, want per cent a year"),
        (LATE_INTEREST, "2027-01-01", "2027-06-30", "1175", "x", "found 1175, want per cent a year from 0 to 100"),
        (LATE_INTEREST, "2027-01-01", "2027-06-30", 11.75, "x", "value: found 11.75"),
        (LATE_INTEREST, "2027-01-01", "2027-06-30", "NaN", "x", "value: found NaN"),
        (COLLECTION_RATE, "2027-01-01", None, "-1", "x", "value: found -1, want kroner, 0 or more"),
        (COLLECTION_RATE, "2027-01-01", None, "sju hundre", "x", "value: found 'sju hundre', want kroner"),
        (COLLECTION_RATE, "2027-01-02", "2027-01-01", "780", "x", "before the first day 2027-01-02"),
        (LATE_INTEREST, "2027-01-01", None, "11.75", "x", "valid_to: is missing; want the last day, such as"),
        (LATE_INTEREST, "2027-01-01", "2027-12-31", "11.75", "x", "half a year at a time, so from 2027-01-01 want"),
        (STANDARD_COMPENSATION, "2027-07-01", None, "430", "x", "found no last day; it is set for half a year"),
        (LATE_INTEREST, "2027-01-01", "2027-06-30", "11.75", "  ", "source: is empty"),
    ],
)  # fmt: skip
def test_a_figure_that_cannot_be_right_is_refused_with_field_and_wish(
    kind: str, first: str, last: str | None, value: object, source: str, says: str
) -> None:
    with pytest.raises(FigureRefused) as told:
        given(kind, first, last, value, source)
    assert says in str(told.value)


def test_an_unknown_confidence_is_refused_by_name() -> None:
    with pytest.raises(FigureRefused, match="confidence: found 'sure', want one of high, medium, low, unknown"):
        given_figure(COURT_FEE, day("2027-01-01"), None, "1380", "x", "sure")


def test_a_row_over_stored_days_is_refused_and_the_free_days_are_named() -> None:
    with pytest.raises(FigureRefused) as told:
        refuse_if_stored(given(LATE_INTEREST, "2026-07-01", "2026-12-31", "13"), RATES, FEES)
    assert "2026-07-01 to 2026-12-31 12.25 per cent (FOR-2026-06-25-1372)" in str(told.value)
    assert "these days need no row" in str(told.value)
    with pytest.raises(FigureRefused, match="want days without one: 2008-01-01 to 2008-12-31"):
        refuse_if_stored(given(COLLECTION_RATE, "2007-07-01", "2009-06-30", "570"), RATES, FEES)


def test_days_without_a_figure_may_be_filled_also_between_stored_ones() -> None:
    refuse_if_stored(given(LATE_INTEREST, "2027-01-01", "2027-06-30", "11.75"), RATES, FEES)
    refuse_if_stored(given(COLLECTION_RATE, "2008-01-01", "2008-12-31", "570"), RATES, FEES)
    refuse_if_stored(given(STANDARD_COMPENSATION, "2027-01-01", "2027-06-30", "440"), RATES, FEES)
    refuse_if_stored(given(NEW_ACT_LETTER_FEE, "2027-01-01", None, "40"), RATES, FEES)


def test_a_later_figure_is_the_further_notice_that_an_open_one_waited_for() -> None:
    row = given(COLLECTION_RATE, "2027-01-01", "2027-12-31", "780")
    refuse_if_stored(row, RATES, FEES)
    table = FEES.completed([row.figure()])
    on = {text: table.amount(COLLECTION_RATE, day(text)) for text in ("2026-12-31", "2027-01-01", "2027-12-31")}
    assert [int(amount) for amount in on.values()] == [750, 780, 780]
    with pytest.raises(NoRate):  # never the old figure again once the new one has ended
        table.amount(COLLECTION_RATE, day("2028-01-01"))
    with pytest.raises(FigureRefused, match="2026-01-01 to 2026-12-31 750 kr"):
        refuse_if_stored(given(COLLECTION_RATE, "2026-01-01", None, "780"), RATES, table)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(LATE_INTEREST, "31"), (LATE_INTEREST, "1.17"), (COLLECTION_RATE, "7500"), (COLLECTION_RATE, "0")],
)
def test_a_slip_of_the_finger_is_asked_about(kind: str, value: str) -> None:
    with pytest.raises(FigureRefused, match=rf"found {value}.*confirm it \(--confirm-unusual\)"):
        refuse_if_unusual(given(kind, "2027-01-01", "2027-06-30", value), RATES, FEES)


def test_a_usual_value_and_a_first_one_are_not_asked_about() -> None:
    refuse_if_unusual(given(LATE_INTEREST, "2027-01-01", "2027-06-30", "9"), RATES, FEES)
    refuse_if_unusual(given(NEW_ACT_LETTER_FEE, "2027-01-01", None, "40"), RATES, FEES)


# Tables completed, and replaced for a question ------------------------------------------------------------------------


def test_an_added_rate_fills_only_the_days_that_the_release_leaves_open() -> None:
    released = Rates((rate("2026-01-01", "2026-06-30", 1200), rate("2027-01-01", "2027-03-31", 1150)))
    found = released.completed([rate("2026-06-01", "2027-06-30", 1300)])
    assert [(row.valid_from, row.valid_to, row.basis_points) for row in found.rows] == [
        (day("2026-01-01"), day("2026-06-30"), 1200),
        (day("2026-07-01"), day("2026-12-31"), 1300),
        (day("2027-01-01"), day("2027-03-31"), 1150),
        (day("2027-04-01"), day("2027-06-30"), 1300),
    ]


def test_a_release_that_brings_the_figure_takes_the_place_of_the_added_one_and_a_difference_is_told() -> None:
    mine = given(LATE_INTEREST, "2027-01-01", "2027-06-30", "11.75")
    same, other = (RATES.with_rows([rate("2027-01-01", "2027-06-30", bp)]) for bp in (1175, 1200))
    assert other.completed([mine.rate()]) == other
    assert contradicted(mine, same, FEES) is None
    found = contradicted(mine, other, FEES)
    assert isinstance(found, Rate) and found.basis_points == 1200
    fees = FeeTable((fee("2026-01-01", "2026-12-31", "750"), fee("2027-01-01", None, "800")))
    notice = given(COLLECTION_RATE, "2027-01-01", None, "780")
    assert fees.completed([notice.figure()]).amount(COLLECTION_RATE, day("2027-02-01")) == 800
    assert contradicted(notice, RATES, fees) == fees.figures[1]
    assert contradicted(notice, RATES, FEES) is None, "the stored row until further notice is not contradicted"


def test_an_unknown_amount_until_further_notice_stands_in_nobodys_way() -> None:
    table = FeeTable((fee("2024-07-01", None, None), fee("2020-01-01", "2024-06-30", "500")))
    filled = table.completed([fee("2026-01-01", None, "520")])
    assert [filled.covers(COLLECTION_RATE, day(on)) for on in ("2024-06-30", "2025-01-01", "2026-01-01")] == [
        True, False, True,
    ]  # fmt: skip


def test_for_a_question_figures_stand_in_the_place_of_stored_ones() -> None:
    asked = RATES.replaced_by([rate("2026-08-01", "2026-08-31", 2000)])
    assert [asked.on(day(on)) for on in ("2026-07-31", "2026-08-01", "2026-08-31", "2026-09-01")] == [
        1225, 2000, 2000, 1225,
    ]  # fmt: skip
    fees = FEES.replaced_by([fee("2026-06-01", None, "1000")])
    assert [int(fees.amount(COLLECTION_RATE, day(on))) for on in ("2026-05-31", "2026-06-01")] == [750, 1000]
    assert fees.amount(COURT_FEE, day("2026-06-01")) == FEES.amount(COURT_FEE, day("2026-06-01"))
    assert (RATES.replaced_by([]), FEES.replaced_by([])) == (RATES, FEES)


# What is covered, and when it runs out --------------------------------------------------------------------------------


def test_the_release_covers_what_it_says() -> None:
    assert covered(LATE_INTEREST, RATES, FEES) == ((day("2004-01-01"), day("2026-12-31")),)
    assert covered(COLLECTION_RATE, RATES, FEES)[-1] == (day("2015-01-01"), None)
    assert covered(NEW_ACT_LETTER_FEE, RATES, FEES) == ()


@pytest.mark.parametrize(
    ("on", "left"),
    [("2026-11-15", None), ("2026-11-16", 45), ("2026-12-31", 0), ("2027-01-01", -1), ("2027-01-15", -15)],
)
def test_a_rate_is_warned_of_from_45_days_before_its_last_day_and_after_it(on: str, left: int | None) -> None:
    found = running_out([LATE_INTEREST, COLLECTION_RATE], day(on), RATES, FEES)
    assert [(one.kind, one.last_day, one.days_left) for one in found] == (
        [] if left is None else [(LATE_INTEREST, day("2026-12-31"), left)]
    )


def test_the_warning_names_kind_last_day_days_left_and_the_command() -> None:
    (late, compensation) = running_out([LATE_INTEREST, STANDARD_COMPENSATION], day("2026-11-25"), RATES, FEES)
    assert late.told == (
        "late interest (forsinkelsesrente): runs out on 2026-12-31, 36 days left; add the next figure with: "
        "kredin rates add late_interest --from 2027-01-01 --to 2027-06-30 --value PERCENT --source WHERE"
    )
    assert "standard compensation (standardkompensasjon): runs out on 2026-12-31" in compensation.told
    (gone,) = running_out([LATE_INTEREST], day("2027-01-01"), RATES, FEES)
    assert "ran out on 2026-12-31, 1 day ago" in gone.told
    assert add_command(COLLECTION_RATE, day("2027-01-01")) == (
        "kredin rates add collection_rate --from 2027-01-01 --value KRONER --source WHERE"
    )


def test_a_later_row_does_not_help_over_a_gap_but_a_joined_one_does() -> None:
    gap = RATES.with_rows([rate("2027-02-01", "2027-06-30", 1175)])
    assert [one.missing_from for one in running_out([LATE_INTEREST], day("2026-12-15"), gap, FEES)] == [
        day("2027-01-01")
    ]
    joined = gap.with_rows([rate("2027-01-01", "2027-01-31", 1175)])
    assert running_out([LATE_INTEREST], day("2026-12-15"), joined, FEES) == ()
    (inside,) = running_out([LATE_INTEREST], day("2027-01-15"), gap, FEES)
    assert (inside.last_day, inside.days_left) == (day("2026-12-31"), -15)


def test_a_kind_without_any_figure_up_to_the_day_is_told_too() -> None:
    (before,) = running_out([LATE_INTEREST], day("2003-12-31"), RATES, FEES)
    assert before.last_day is None
    assert "no figure is stored up to 2003-12-31" in before.told
    assert [one.kind for one in running_out([NEW_ACT_LETTER_FEE], day("2026-11-25"), RATES, FEES)] == [
        NEW_ACT_LETTER_FEE
    ]


def test_the_last_day_with_a_rate_is_the_one_before_the_first_without() -> None:
    assert last_day_with_a_rate(RATES, day("2026-12-01"), day("2027-01-15")) == day("2026-12-31")
    assert last_day_with_a_rate(RATES, day("2027-01-05"), day("2027-01-15")) == day("2026-12-31")
    assert last_day_with_a_rate(RATES, day("2026-12-01"), day("2027-01-01")) is None  # the day itself needs no rate
    assert last_day_with_a_rate(RATES, day("2003-01-01"), day("2027-01-01")) is None


def test_why_a_case_is_provisional_names_what_is_missing() -> None:
    why, command = why_provisional(RATES, FEES, day("2026-12-01"), day("2027-01-15"), True)
    assert why == "no rate for 2027-01-01; the last day with a rate is 2026-12-31"
    assert command == add_command(LATE_INTEREST, day("2027-01-01"))
    announced = RATES.with_rows([rate("2027-01-01", "2027-06-30", 1175)])
    why, command = why_provisional(announced, FEES, day("2027-01-05"), day("2027-02-15"), True)
    assert why == "no standard compensation (standardkompensasjon) for 2027-01-05"
    assert command == add_command(STANDARD_COMPENSATION, day("2027-01-05"))
    why, command = why_provisional(announced, FEES, day("2027-01-05"), day("2027-02-15"), False)
    assert (why, command) == ("the figures are stored now; the next run of the day makes it final", None)
