"""Limitation: warnings on their own days whatever holds the case, judgments, and the last day to act."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kredin_pipeline.cases.settings import TenantSettings
from tests.unit.cases.histories import KnownBook
from tests.unit.cases.ledger import Ledger
from tests.unit.cases_settlement.books import Entry

DUE, LAST = "2023-11-24", date(2026, 11, 24)
HELD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("paused", {"kind": "pause"}, {}),
    ("disputed", {"kind": "dispute"}, {}),
    ("excluded", {}, {"send_reminders": False}),
    ("bankruptcy", {}, {"register_hold": "bankruptcy", "register_hold_from": date(2024, 2, 1)}),
]


@pytest.mark.parametrize(("hold", "decision", "debtor"), HELD, ids=[held[0] for held in HELD])
def test_l1_each_warning_comes_on_its_day_also_for_a_case_that_is_held(
    hold: str, decision: dict[str, Any], debtor: dict[str, Any]
) -> None:
    """No run falls on the day with exactly 180, 90 or 30 days left but the first: the next run warns all the same."""
    ledger = Ledger.of(import_from="2023-01-01")
    ledger.customer("10001", **debtor)
    ledger.invoice(1001, "12 000.00", due=DUE)
    if decision:
        ledger.decide(1001, decision["kind"], "2023-12-01")
    found: dict[str, list[str]] = {}
    for on in ("2026-05-27", "2026-05-28", "2026-08-25", "2026-08-27", "2026-10-24", "2026-10-26", "2026-11-24"):
        ledger.run(on)
        case = ledger.case(1001)
        assert hold in case["holds"]
        found[on] = case["flags"]
    assert found == {
        "2026-05-27": [],  # 181 days left
        "2026-05-28": ["limitation_180"],
        "2026-08-25": ["limitation_180"],  # 91 left
        "2026-08-27": ["limitation_90"],  # 89 left, and the first run since 91
        "2026-10-24": ["limitation_90"],  # 31 left
        "2026-10-26": ["limitation_30"],  # 29 left, and the first run since 31
        "2026-11-24": ["limitation_30"],
    }


def filed(kind: str, on: str, recorded: str, run: str) -> dict[str, Any]:
    """The published row on ``run`` of a claim due on ``DUE``, when a legal step of ``on`` was recorded by a person."""
    book = KnownBook(settings=TenantSettings.of({"import_from": None, "mode": "observe"}))
    claim: Entry = book.ledger.invoice(1001, "3 000.00", due=DUE, dated="2023-11-10")
    book.decide(claim, "legal", recorded, legal=kind, date=on)
    book.derive(run)
    return book.case(1001)


@pytest.mark.parametrize(("kind", "limit"), [("judgment", "2036-06-16"), ("no_binding_decision", "2029-06-15")])
def test_l2_a_judgment_gives_ten_years_and_a_case_that_settles_nothing_three(kind: str, limit: str) -> None:
    """WE-59: 15 June 2036 is a Sunday."""
    case = filed(kind, "2026-06-15", "2026-06-17", "2026-06-18")
    assert (str(case["limitation_date"]), case["holds"]) == (limit, [])


@pytest.mark.parametrize(
    ("posted", "limit", "holds"),
    [("2026-11-24", "2029-11-26", []), ("2026-11-25", str(LAST), ["time_barred"])],
)
def test_l3_a_complaint_posted_on_the_last_day_is_in_time_and_a_day_later_is_not(
    posted: str, limit: str, holds: list[str]
) -> None:
    """WE-60: the day of posting counts, although a person records it some days later."""
    case = filed("conciliation_complaint", posted, "2026-11-27", "2026-11-28")
    assert (str(case["limitation_date"]), case["holds"]) == (limit, holds)
