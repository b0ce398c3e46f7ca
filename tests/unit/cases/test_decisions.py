"""Decisions that are refused before they are logged as taken (rules § 7)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kredin_pipeline.cases.decisions import refusal


def row(case_id: str, state: str = "reminded", **more: Any) -> dict[str, Any]:
    held = {"case_id": case_id, "state": state, "last_step": "reminder", "customer_no": "10001"}
    return {**held, "due_date": date(2025, 3, 3), **more}


def test_a_claim_after_its_demand_is_not_merged_with_one_before_it() -> None:
    """Obligation C-3: the reason is named, and both cases go on alone."""
    reason = refusal("merge", {}, row("K1", "demanded", last_step="payment_demand"), [row("K2")])
    assert reason is not None and "K1 has had its payment demand" in reason
    assert refusal("merge", {}, row("K1"), [row("K2"), None]) is None
    assert refusal("merge", {}, row("K1", "legal_ready"), [row("K2", "demanded")]) is None


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any] | None, list[Any], str]] = [
    ("merge", {}, row("K1"), [], "at least two"),
    ("merge", {}, row("K1"), [row("K2", "closed")], "K2 is closed"),
    ("merge", {}, row("K1"), [row("K2", customer_no="10002")], "10001, 10002"),
    ("close", {"reason": "tired"}, row("K1"), [], "withdrawn, debtor_insolvent"),
    ("reopen", {}, row("K1"), [], "want a closed one"),
    ("classify", {"reason": "maybe"}, row("K1"), [], "paid, written_off"),
    ("new_due_date", {"due": "31.02.2025"}, row("K1"), [], "want an ISO date"),
    ("new_due_date", {"due": "2025-03-01"}, row("K1"), [], "before the due date"),
]


@pytest.mark.parametrize(("kind", "payload", "case", "others", "says"), REFUSED)
def test_what_cannot_be_taken_is_refused_and_says_why(
    kind: str, payload: dict[str, Any], case: dict[str, Any] | None, others: list[Any], says: str
) -> None:
    reason = refusal(kind, payload, case, others)
    assert reason is not None and says in reason


def test_ordinary_decisions_are_taken() -> None:
    assert refusal("pause", {"until": "2025-04-01"}, row("K1")) is None
    assert refusal("close", {"reason": "withdrawn"}, row("K1")) is None
    assert refusal("acknowledge", {}, row("K1")) is None
    assert refusal("classify", {"reason": "written off"}, row("K1")) is None
    assert refusal("new_due_date", {"due": "2025-05-01"}, row("K1")) is None
