"""Which document the law allows for a case, and on which days: one fact changed at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kredin_pipeline.cases.legal_ready import LegalFacts, Refusal, document_for, refusal

READY = LegalFacts(
    case_id="K1", state="legal_ready", holds=(), flags=(), provisional=False, is_open=True, due_date=date(2026, 3, 2),
    is_business=True, is_minor=False, organisation_form="AS", country_code="NO", objected=False,
    unmatched_credit=False, notice_on=date(2026, 11, 25),
)  # fmt: skip
ON = date(2026, 12, 10)
ESTATE = replace(READY, state="demanded", holds=("bankruptcy",), estate_on=date(2026, 12, 1))


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({}, "enforcement_petition"),
        ({"objected": True}, "conciliation_complaint"),
        ({"organisation_form": "KOMM"}, "conciliation_complaint"),
        ({"is_business": False, "organisation_form": None}, "enforcement_petition"),
        ({"state": "demanded"}, "not_ready"),
        ({"holds": ("disputed",)}, "held"),
        ({"holds": ("unknown_register",)}, "held"),
        ({"flags": ("register_stale",)}, "register_stale"),
        ({"flags": ("debtor_changed",)}, "debtor_changed"),
        ({"provisional": True}, "provisional"),
        ({"is_open": False}, "settled"),
        ({"is_minor": True}, "minor"),
        ({"is_identified": False, "is_business": False}, "unidentified"),
        ({"country_code": "SE"}, "abroad"),
        ({"unmatched_credit": True}, "unmatched_credit"),
        ({"notice_on": None}, "no_notice"),
        ({"notice_on": date(2026, 3, 1)}, "notice_before_due"),
        ({"notice_on": date(2026, 11, 26)}, "too_early"),
        ({"notice_on": date(2025, 11, 25), "due_date": date(2025, 3, 2)}, "notice_too_old"),
    ],
)  # fmt: skip
def test_the_document_that_is_drafted_unasked(changed: dict[str, Any], wanted: str) -> None:
    found = document_for(replace(READY, **changed), ON)
    assert (found.name if isinstance(found, Refusal) else found) == wanted


def test_an_objection_to_an_old_notice_still_opens_the_conciliation_board() -> None:
    old = replace(READY, objected=True, notice_on=date(2025, 11, 25), due_date=date(2025, 3, 2))
    assert document_for(old, ON) == "conciliation_complaint"


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({}, "estate_claim"),
        ({"state": "closed", "is_open": False}, "settled"),
        ({"estate_on": None}, "no_opening"),
        ({"flags": ("register_stale",), "country_code": "SE", "unmatched_credit": True}, "estate_claim"),
    ],
)
def test_a_bankruptcy_gives_a_claim_sheet_whatever_the_step(changed: dict[str, Any], wanted: str) -> None:
    found = document_for(replace(ESTATE, **changed), ON)
    assert (found.name if isinstance(found, Refusal) else found) == wanted


def test_a_forced_liquidation_gives_one_only_when_asked() -> None:
    forced = replace(ESTATE, state="legal_ready", holds=("forced_liquidation",))
    assert isinstance(document_for(forced, ON), Refusal)
    assert refusal("estate_claim", forced, ON) is None


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({}, None),
        ({"is_business": False}, "person"),
        ({"organisation_form": "FYLK"}, "public_body"),
        ({"objected": True}, "objected"),
        ({"holds": ("paused",)}, "held"),
    ],
)
def test_a_bankruptcy_notice_when_asked(changed: dict[str, Any], wanted: str | None) -> None:
    found = refusal("bankruptcy_notice", replace(READY, **changed), ON)
    assert (found.name if found else None) == wanted
