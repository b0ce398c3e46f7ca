"""Letter fees and the compensation: WE-20 to WE-27, WE-32, WE-33 and obligations fees 1, 2, 3, 5, 8, 9."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kredin_pipeline.law.fees import (
    Charge,
    Dispute,
    Fee,
    FeeAboveMaximum,
    Letter,
    Step,
    compensation,
    fees_to_withdraw,
    legal_maximum,
    letter_fee,
    missed_deadline,
    recoverable_costs,
    refuse_above_maximum,
)
from kredin_pipeline.law.rates import NEW_ACT_LETTER_FEE, Figure, NoRate, fee_rows, fee_table

D = date.fromisoformat


def charge(due: str, dispute: Dispute = "none", **settings: object) -> Charge:
    """A charge for a claim due on ``due``, not shifted."""
    return Charge(D(due), D(due), dispute=dispute, **settings)  # type: ignore[arg-type]


def letter(step: Step, sent: str, deadline: str, fee: int = 0, kept: bool = False) -> Letter:
    """A letter that left."""
    return Letter(step, D(sent), D(deadline), Decimal(fee), kept)


def amount(found: Fee) -> str:
    return str(found.amount)


REMINDED = letter("reminder", "2026-03-16", "2026-03-30", 38)
NOTICED = letter("collection_notice", "2026-04-07", "2026-04-21", 38)


def test_we_20_no_fee_before_the_fourteenth_day() -> None:
    early = letter_fee("reminder", D("2026-03-15"), charge("2026-03-02"))
    assert (amount(early), early.reason) == ("0.00", "earlier_than_14_days")
    assert amount(letter_fee("reminder", D("2026-03-16"), charge("2026-03-02"))) == "38.00"


def test_we_20d_the_fourteen_days_count_from_the_shifted_due_date() -> None:
    shifted = Charge(due_date=D("2026-02-28"), counted_due_date=D("2026-03-02"))
    assert letter_fee("reminder", D("2026-03-14"), shifted).reason == "earlier_than_14_days"
    assert amount(letter_fee("reminder", D("2026-03-16"), shifted)) == "38.00"


def test_we_21_the_full_ladder_of_2026_and_of_2025() -> None:
    owed = charge("2026-03-02")
    assert amount(letter_fee("collection_notice", D("2026-04-07"), owed, [REMINDED])) == "38.00"
    third = letter_fee("reminder", D("2026-04-24"), owed, [REMINDED, NOTICED])
    assert (amount(third), third.reason) == ("0.00", "two_fees_in_six_months")
    assert amount(letter_fee("payment_demand", D("2026-04-27"), owed, [REMINDED, NOTICED])) == "113.00"
    older = charge("2025-09-01")
    reminded = letter("reminder", "2025-09-15", "2025-09-29", 35)
    noticed = letter("collection_notice", "2025-10-03", "2025-10-17", 35)
    assert amount(letter_fee("reminder", D("2025-09-15"), older)) == "35.00"
    assert amount(letter_fee("collection_notice", D("2025-10-03"), older, [reminded])) == "35.00"
    assert amount(letter_fee("payment_demand", D("2025-10-21"), older, [reminded, noticed])) == "105.00"


def test_we_22_the_second_small_fee_needs_a_missed_deadline_of_fourteen_days() -> None:
    owed, sent = charge("2026-03-02"), D("2026-04-07")
    ten_days = letter("reminder", "2026-03-16", "2026-03-26", 38)
    kept = letter("reminder", "2026-03-16", "2026-03-30", 38, kept=True)
    assert letter_fee("collection_notice", sent, owed, [ten_days]).reason == "no_missed_deadline"
    assert letter_fee("collection_notice", sent, owed, [kept]).reason == "no_missed_deadline"
    free_notice = letter("collection_notice", "2026-04-07", "2026-04-21")
    assert amount(letter_fee("payment_demand", D("2026-04-27"), owed, [ten_days, free_notice])) == "113.00"


def test_the_last_day_of_a_deadline_belongs_to_the_debtor() -> None:
    assert not missed_deadline(REMINDED, D("2026-03-30"))
    assert missed_deadline(REMINDED, D("2026-03-31"))


def test_we_20c_a_free_first_letter_leaves_the_first_fee_to_the_second() -> None:
    free = letter("reminder", "2026-03-16", "2026-03-30")
    assert amount(letter_fee("collection_notice", D("2026-04-07"), charge("2026-03-03"), [free])) == "38.00"


def test_a_demand_without_an_earlier_deadline_is_free() -> None:
    friendly = letter("friendly_reminder", "2025-03-06", "2025-03-20")
    found = letter_fee("payment_demand", D("2025-04-01"), charge("2025-03-03"), [friendly])
    assert (amount(found), found.reason) == ("0.00", "no_missed_deadline")


def test_we_23_the_amount_is_that_of_the_sending_day() -> None:
    owed = charge("2025-12-10")
    reminded = letter("reminder", "2025-12-29", "2026-01-12", 35)
    assert amount(letter_fee("reminder", D("2025-12-29"), owed)) == "35.00"
    assert amount(letter_fee("collection_notice", D("2026-01-20"), owed, [reminded])) == "38.00"


@pytest.mark.parametrize(("due", "small", "demand"), [("2020-09-30", 70, 210), ("2020-10-01", 35, 105)])
def test_we_24_the_fraction_is_that_of_the_due_date(due: str, small: int, demand: int) -> None:
    assert legal_maximum("reminder", D(due), D("2020-10-20")) == small
    assert legal_maximum("collection_notice", D(due), D("2020-11-09")) == small
    assert legal_maximum("payment_demand", D(due), D("2020-11-27")) == demand


def test_we_25_after_six_months_and_a_day_fees_may_be_charged_again() -> None:
    owed = charge("2025-12-01")
    two = [
        letter("reminder", "2026-01-20", "2026-02-03", 38),
        letter("collection_notice", "2026-02-10", "2026-02-24", 38),
    ]
    assert amount(letter_fee("reminder", D("2026-08-10"), owed, two)) == "0.00"
    assert amount(letter_fee("reminder", D("2026-08-11"), owed, two)) == "38.00"
    again = [*two, letter("reminder", "2026-08-11", "2026-08-25", 38)]
    assert amount(letter_fee("collection_notice", D("2026-09-01"), owed, again)) == "38.00"


def test_a_third_reminder_is_free_and_changes_no_total() -> None:
    letters = [REMINDED, NOTICED, letter("reminder", "2026-04-25", "2026-05-11")]
    assert letter_fee("reminder", D("2026-06-01"), charge("2026-03-02"), letters).amount == 0
    assert sum(sent.fee for sent in letters) == 76


def test_we_26_compensation_and_fees_are_not_added_up() -> None:
    business = compensation(D("2026-07-01"), "business", claimed=True)
    assert recoverable_costs(Decimal("189.00"), business) == Decimal("430.00")
    person = compensation(D("2026-07-01"), "person", claimed=True)
    assert recoverable_costs(Decimal("189.00"), person) == Decimal("189.00")
    assert compensation(D("2026-07-01"), "unknown", claimed=True) == 0
    assert compensation(D("2026-07-01"), "business", claimed=False) == 0


def test_we_27_the_compensation_is_that_of_the_due_dates_half_year() -> None:
    assert compensation(D("2026-05-15"), "business", claimed=True) == 460
    assert compensation(D("2026-08-17"), "business", claimed=True) == 430
    with pytest.raises(NoRate, match=r"no standard compensation \(standardkompensasjon\) for 2027-01-01"):
        compensation(D("2027-01-01"), "business", claimed=True)


def test_we_32_flat_fees_are_rounded_to_the_nearest_krone_from_2026() -> None:
    assert legal_maximum("reminder", D("2026-01-02"), D("2026-02-01")) == 38
    assert legal_maximum("payment_demand", D("2026-01-02"), D("2026-02-01")) == 113
    assert legal_maximum("reminder", D("2025-01-02"), D("2025-12-31")) == 35
    assert legal_maximum("payment_demand", D("2025-01-02"), D("2025-12-31")) == 105
    assert legal_maximum("reminder", D("2020-09-30"), D("2026-02-01")) == 75


@pytest.mark.parametrize(("dispute", "expected"), [("open", "dispute"), ("upheld", "dispute"), ("refused", "charged")])
def test_we_33_an_objection_ends_fees_unless_it_is_refused(dispute: Dispute, expected: str) -> None:
    owed = charge("2026-03-02", dispute)
    assert letter_fee("collection_notice", D("2026-04-20"), owed, [REMINDED]).reason == expected


def test_a_year_without_a_figure_is_an_error_that_names_kind_and_day() -> None:
    with pytest.raises(NoRate, match=r"^no collection rate \(inkassosats\) for 2012-05-02$"):
        letter_fee("reminder", D("2012-05-02"), charge("2012-04-02"))


def test_a_year_without_a_figure_stops_no_free_letter() -> None:
    assert letter_fee("reminder", D("2012-05-02"), charge("2012-04-02", no_fees=True)).reason == "customer_without_fees"


def test_a_minor_pays_no_fee_ever() -> None:
    assert letter_fee("payment_demand", D("2026-04-27"), charge("2026-03-02", minor=True), [REMINDED]) == Fee(
        Decimal("0.00"), "minor"
    )


def test_a_lower_fee_of_the_tenants_is_kept_and_zero_is_zero() -> None:
    sent = D("2025-03-24")
    assert amount(letter_fee("reminder", sent, charge("2025-03-03", setting=Decimal("20.00")))) == "20.00"
    assert letter_fee("reminder", sent, charge("2025-03-03", setting=Decimal(0))).reason == "set_to_zero"
    assert amount(letter_fee("reminder", sent, charge("2025-03-03", setting=Decimal(38)))) == "35.00"


def test_a_fee_above_the_maximum_is_refused_when_it_is_set() -> None:
    assert refuse_above_maximum("reminder", Decimal("38.00"), D("2026-03-01")) == 38
    with pytest.raises(FeeAboveMaximum, match=r"steps.reminder.fee: found 38.01, want 0 to 38.00"):
        refuse_above_maximum("reminder", Decimal("38.01"), D("2026-03-01"))
    with pytest.raises(FeeAboveMaximum):
        refuse_above_maximum("friendly_reminder", Decimal("1.00"), D("2026-03-01"))


def test_under_the_new_act_the_reminder_is_free_until_the_tables_hold_its_figure() -> None:
    owed = charge("2026-03-02", new_act_from=D("2026-03-16"))
    assert letter_fee("reminder", D("2026-03-16"), owed).reason == "new_act_without_figure"
    figure = Figure(NEW_ACT_LETTER_FEE, D("2026-03-01"), None, Decimal("42"))
    assert amount(letter_fee("reminder", D("2026-03-16"), owed, fees=fee_table().with_rows([figure]))) == "42"
    before = charge("2026-03-02", new_act_from=D("2026-03-17"))
    assert amount(letter_fee("reminder", D("2026-03-16"), before)) == "38.00"


def test_a_moved_due_date_takes_back_the_fees_that_came_too_early_for_it() -> None:
    early = letter("reminder", "2025-03-17", "2025-03-31", 35)
    later = letter("collection_notice", "2025-05-12", "2025-05-26", 35)
    assert fees_to_withdraw([early, later], D("2025-04-28")) == [early]


STEPS: dict[str, Step] = {
    "reminder_fee_max": "reminder",
    "collection_notice_fee_max": "collection_notice",
    "payment_demand_fee_max": "payment_demand",
}


def test_the_published_maxima_are_the_computed_ones() -> None:
    published = [row for row in fee_rows() if row[0] in STEPS]
    assert len(published) == 17
    for kind, first, _, kroner in published:
        assert legal_maximum(STEPS[kind], due_date=first, sent_on=first) == kroner
