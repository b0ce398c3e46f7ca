"""Interest: what an empty setting means, and a claim without an agreed due date."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kredin_pipeline.cases.settings import SettingsError, TenantSettings
from kredin_pipeline.law.interest import BalanceStep, interest_ore, start_without_due_date
from kredin_pipeline.law.rates import statutory_rates
from tests.unit.cases.ledger import Ledger
from tests.unit.cases.whole import Book

D = Decimal
day = date.fromisoformat


@pytest.mark.parametrize(
    ("given", "interest"), [({}, "10.27"), ({"interest": 0}, "0.00"), ({"interest": None}, "0.00")]
)
def test_i1_missing_is_the_statutory_rate_and_zero_is_zero(given: dict[str, object], interest: str) -> None:
    """Settings belong to a tenant; there is no import of settings by customer."""
    ledger = Ledger.of(**given)
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.run("2025-04-02", send=False)
    assert ledger.case(1001)["interest"] == D(interest)


@pytest.mark.parametrize("empty", ["", "  "])
def test_i1_empty_text_is_neither_zero_nor_inherited_and_nothing_of_the_change_is_taken(empty: str) -> None:
    settings = TenantSettings.of({"grace_days": 5})
    with pytest.raises(SettingsError, match="interest: found") as caught:
        settings.changed({"grace_days": 9, "interest": empty})
    assert "grace_days" not in str(caught.value)
    assert (settings.grace_days, settings.interest) == (5, "statutory")


def test_i4_without_an_agreed_due_date_interest_runs_from_30_days_after_the_demand() -> None:
    start = start_without_due_date(day("2026-03-10"))
    assert start == day("2026-04-09")
    owed = [BalanceStep(start, 800_000)]
    assert interest_ore(owed, statutory_rates(), day("2026-04-09")) == 0
    assert interest_ore(owed, statutory_rates(), day("2026-05-09")) == 7_890


def test_i4_an_entry_without_a_due_date_is_listed_and_never_a_case() -> None:
    book = Book()
    book.ledger.invoice(1001, "8 000.00", due=None, dated="2026-03-10")
    book.ledger.invoice(1002, "100.00", due="2026-03-24", dated="2026-03-10")
    book.run("2026-06-10")
    assert [row["invoice_no"] for row in book.rows("case_states")] == ["1002"]
    assert [(row["invoice_no"], row["amount"], row["reason"]) for row in book.rows("unclaimable")] == [
        ("1001", D(8000), "no_due_date")
    ]
