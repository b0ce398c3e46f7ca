"""Settings: every key of the acceptance format, its default, what null means, and errors that say what to do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kredin_pipeline.cases.settings import ALLOWED_KEYS, SettingsError, TenantSettings

DEFAULTS: dict[str, Any] = {
    "days_past_due": 1, "import_from": "three_years", "register": True, "course": "full", "grace_days": 3,
    "allocation": "principal_first", "interest": "statutory", "compensation": False, "due_date_shift": True,
    "send_on_business_days": True, "one_letter_per_debtor": True, "minimum_claim": Decimal(0),
    "contribution_margin": Decimal("0.30"), "rounding_write_off": Decimal("10.00"), "part_payment_acknowledges": False,
    "inkassolov_2026_from": None, "mode": "live", "fee_account": "3950", "interest_account": "8050",
}  # fmt: skip


def test_the_defaults_are_those_of_the_acceptance_format() -> None:
    settings = TenantSettings.of()
    assert {key: getattr(settings, key) for key in DEFAULTS} == DEFAULTS
    brake = {"daily_letter_limit", "daily_voucher_limit"}
    assert all(getattr(settings, key) is None for key in brake)
    senders = {"creditor_name", "creditor_orgnr", "creditor_address", "creditor_email", "creditor_phone"}
    posting = {"voucher_type", "voucher_department", "voucher_project", "attach_calculation"}
    assert settings.register_accounts is False
    ours = {"bank_account", "reply_to", "register_accounts", "signers"}
    look = {"creditor_logo", "letter_language", "letter_texts"}
    assert set(ALLOWED_KEYS) == {*DEFAULTS, "steps", *ours, *senders, *brake, *posting, *look}


def test_the_full_course_is_reminder_notice_demand_and_the_friendly_reminder_is_off() -> None:
    steps = TenantSettings.of().effective_steps()
    assert [(s.name, s.follows, s.after_days, s.deadline_days, s.fee_is_max, s.channel) for s in steps] == [
        ("reminder", None, 14, 14, True, "email"),
        ("collection_notice", "reminder", None, 14, True, "email"),
        ("payment_demand", "collection_notice", None, 14, True, "post"),
    ]


def test_the_short_course_is_the_demand_fourteen_days_after_due() -> None:
    (demand,) = TenantSettings.of({"course": "demand_only"}).effective_steps()
    assert (demand.name, demand.follows, demand.after_days, demand.channel) == ("payment_demand", None, 14, "post")


def test_a_friendly_reminder_that_is_set_stands_first_and_delays_nothing() -> None:
    steps = TenantSettings.of({"steps": {"friendly_reminder": {"after_days": 3}}}).effective_steps()
    assert [(s.name, s.follows) for s in steps][:2] == [("friendly_reminder", None), ("reminder", None)]
    assert (steps[0].after_days, steps[0].deadline_days, steps[0].fee) == (3, 7, Decimal(0))


def test_a_named_key_of_a_step_leaves_its_others_alone() -> None:
    settings = TenantSettings.of({"steps": {"reminder": {"after_days": 20, "deadline_days": 21, "fee": 20.00}}})
    later = settings.changed({"steps": {"reminder": {"fee": 0}, "payment_demand": {"deadline_days": 21}}})
    reminder, notice, demand = later.effective_steps()
    assert (reminder.after_days, reminder.deadline_days, reminder.fee_is_max, reminder.fee) == (
        20,
        21,
        False,
        Decimal(0),
    )
    assert (notice.fee_is_max, demand.deadline_days, demand.channel) == (True, 21, "post")


def test_null_is_not_set_and_neither_the_default_nor_zero() -> None:
    settings = TenantSettings.of({"interest_account": None, "import_from": None, "interest": None, "grace_days": None})
    assert settings.interest_account is None
    assert settings.import_start(date(2025, 3, 17)) is None
    assert settings.interest is None
    assert TenantSettings.of({"interest": 0}).interest == Decimal(0)
    assert TenantSettings.of({"interest": 0}).agreed_rate() == Decimal(0)
    assert TenantSettings.of({"interest": "none"}).agreed_rate() is None
    assert TenantSettings.of({"steps": None}).effective_steps() == ()
    assert [step.name for step in TenantSettings.of({"steps": {"collection_notice": None}}).effective_steps()] == [
        "reminder",
        "payment_demand",
    ]


def test_a_first_run_decides_three_years_back() -> None:
    assert TenantSettings.of().import_start(date(2025, 3, 17)) == date(2022, 3, 17)
    assert TenantSettings.of().import_start(date(2024, 2, 29)) == date(2021, 2, 28)
    assert TenantSettings.of({"import_from": date(2023, 1, 1)}).import_start(date(2025, 3, 17)) == date(2023, 1, 1)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"fee_acount": 3950}, "unknown setting fee_acount; allowed are days_past_due, import_from"),
        ({"steps": {"remnder": {}}}, "steps.remnder: unknown setting; allowed are friendly_reminder, reminder"),
        ({"steps": {"reminder": {"days": 1}}}, "steps.reminder.days: unknown setting; allowed are after_days"),
        ({"course": None}, "course: found null, which has no meaning here"),
        ({"mode": "dry"}, "mode: found 'dry'"),
        ({"minimum_claim": ""}, "minimum_claim: found ''"),
        ({"interest": ""}, "interest: found ''"),
        ({"fee_account": ""}, "fee_account: found empty text"),
        ({"fee_account": "39 50"}, "fee_account"),
        ({"interest": "twelve"}, "interest: found 'twelve'"),
        ({"interest": -1}, "interest: found '-1'"),
        ({"minimum_claim": "10.005"}, "minimum_claim"),
        ({"minimum_claim": float("nan")}, "minimum_claim"),
        ({"days_past_due": 1.5}, "days_past_due: found 1.5"),
        ({"grace_days": True}, "grace_days: found True"),
        ({"steps": {"reminder": {"fee": "maximum"}}}, "steps.reminder.fee: found 'maximum'"),
        ({"steps": {"friendly_reminder": {"fee": 10}}}, "never carries a fee"),
        ({"steps": {"payment_demand": {"channel": "email"}}}, "always goes by post"),
        ({"steps": {"collection_notice": {"deadline_days": 13}}}, "at least 14 (inkassoloven § 9)"),
        ({"course": "demand_only", "steps": {"payment_demand": None}}, "consists of that letter alone"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name(values: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        TenantSettings.of(values)
    assert says in str(refusal.value)
    with pytest.raises(SettingsError):
        TenantSettings.of().changed(values)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refusal:
        TenantSettings.of({"grace_days": -1, "mode": "dry", "interest": "x"})
    assert all(key in str(refusal.value) for key in ("grace_days", "mode", "interest"))


def test_settings_cannot_be_changed_in_place() -> None:
    settings = TenantSettings.of()
    with pytest.raises(ValidationError):
        settings.grace_days = 9  # pyright: ignore[reportAttributeAccessIssue]


AMOUNTS = st.decimals(0, 99999, places=2)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "days_past_due": st.none() | st.integers(0, 90),
        "grace_days": st.none() | st.integers(0, 30),
        "interest": st.none() | st.sampled_from(["statutory", "none"]) | st.decimals(0, 40, places=2),
        "minimum_claim": st.none() | AMOUNTS,
        "register": st.none() | st.booleans(),
        "fee_account": st.none() | st.integers(3000, 8999),
        "import_from": st.none() | st.just("three_years") | st.dates(),
        "inkassolov_2026_from": st.none() | st.dates(),
        "steps": st.fixed_dictionaries(
            {},
            optional={
                "reminder": st.fixed_dictionaries({}, optional={"fee": AMOUNTS, "after_days": st.integers(0, 60)})
            },
        ),
    },
)


@given(CHANGES)
def test_settings_come_back_from_the_store_as_they_went_in(changes: dict[str, object]) -> None:
    settings = TenantSettings.of().changed(changes)
    assert TenantSettings.from_json(settings.to_json()) == settings
    assert settings.changed({}) == settings


@given(st.decimals(0, 99999, places=2))
def test_an_amount_typed_as_a_float_is_the_amount_that_was_typed(amount: Decimal) -> None:
    assert TenantSettings.of({"minimum_claim": float(amount)}).minimum_claim == amount


def test_a_voucher_is_a_manual_journal_without_dimensions_unless_it_is_set() -> None:
    settings = TenantSettings.of()
    assert settings.voucher_type == "manual_journal" and settings.attach_calculation is False
    assert (settings.voucher_department, settings.voucher_project) == (None, None)
    chosen = settings.changed({"voucher_type": "bank_journal", "voucher_department": 10, "voucher_project": "5.1"})
    assert (chosen.voucher_type, chosen.voucher_department, chosen.voucher_project) == ("bank_journal", "10", "5.1")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("draft", "voucher_type: found 'draft': a draft (bilag til bilagsføring) has no ExternalImportReference"),
        ("cash_journal", "voucher_type: found 'cash_journal': no cash is paid"),
        ("outgoing_invoice", "voucher_type: found 'outgoing_invoice': fees and interest would become an invoice"),
        ("journal", "voucher_type: found 'journal'; input should be 'manual_journal' or 'bank_journal'"),
        (None, "voucher_type: found null, which has no meaning here"),
    ],
)
def test_a_kind_of_voucher_that_is_not_booked_is_refused_with_why(given: object, says: str) -> None:
    with pytest.raises(SettingsError) as told:
        TenantSettings.of({"voucher_type": given})
    assert says in str(told.value)


def test_a_code_is_one_code() -> None:
    with pytest.raises(SettingsError, match="voucher_department: found '10,20'"):
        TenantSettings.of({"voucher_department": "10,20"})
