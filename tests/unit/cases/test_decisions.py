"""Decisions that are refused before they are logged as taken, with what was found and is wanted (rules § 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kredin_pipeline.cases.decision_effects import effects
from kredin_pipeline.cases.decision_standing import Entry, Standing
from kredin_pipeline.cases.decisions import refusal
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import LetterRow

ON = date(2025, 4, 8)
D = Decimal


@dataclass(frozen=True)
class Said:
    """A decision in the log."""

    seq: int
    case_id: str | None
    kind: str
    payload: Mapping[str, Any]
    effective_on: date = date(2025, 4, 1)
    customer_no: str | None = None


def log(*said: tuple[str, str, dict[str, Any]]) -> list[Said]:
    """Case, kind, payload of each decision, in order."""
    return [Said(seq, case, kind, payload, customer_no="10001") for seq, (case, kind, payload) in enumerate(said, 1)]


def letter(step: str, sent: str, deadline: str, fee: str = "35.00", bears: bool = True, case: str = "K1") -> LetterRow:
    day, last = date.fromisoformat(sent), date.fromisoformat(deadline)
    return LetterRow(f"letter:{step}", case, step, "email", day, last, D(fee), D(0), D(1000), D(1035), bears)


def case(case_id: str = "K1", state: str = "reminded", **more: Any) -> Standing:
    """An open, reminded case of customer 10001, due on 3 March, with 93.22 of costs; ``more`` goes into its row."""
    row: dict[str, Any] = {
        "case_id": case_id, "state": state, "last_step": "reminder", "customer_no": "10001", "holds": [],
        "due_date": date(2025, 3, 3), "limitation_date": date(2028, 3, 3), "costs_open": D("93.22"),
        "closed_reason": None, "principal": D(1000), "principal_open": D(1000), "business_date": ON,
        "next_step": None, "next_step_on": None,
    }  # fmt: skip
    row |= more
    return Standing(case_id, ON, f"10{case_id[1:]}", row["customer_no"], row, entries=[])


CLOSED = case(state="closed", closed_reason="withdrawn")
PAID = case(state="closed", closed_reason="paid")
NOTICED = replace(
    case(),
    letters=[
        letter("reminder", "2025-03-17", "2025-03-31"),
        letter("collection_notice", "2025-04-04", "2025-04-22"),
    ],
)
REFUSED: list[tuple[str, dict[str, Any], Standing, str]] = [
    ("pause", {}, CLOSED, "is closed (withdrawn), want an open case; reopen it first"),
    ("pause", {"until": "2025-04-07"}, case(), "found 2025-04-07, which is past on 2025-04-08"),
    ("pause", {"until": "next week"}, case(), "found 'next week', want an ISO date"),
    ("resume", {}, case(), "is not paused; nothing holds it"),
    ("resume", {}, case(holds=["disputed"]), "is not paused; disputed: a dispute ends with `settle_dispute`"),
    ("resume", {}, replace(case(), log=log(("K1", "pause", {"until": "2025-04-07"}))), "its pause ended on 2025-04-07"),
    ("resume", {}, replace(case(holds=["paused"]), log=log(("K1", "resume", {}))), "is not paused"),
    ("dispute", {}, replace(case(), log=log(("K1", "dispute", {}))), "is disputed since 2025-04-01"),
    ("dispute", {}, PAID, "is closed (paid), want an open case; there is nothing left to claim"),
    ("settle_dispute", {"outcome": "refused"}, case(), "has no open dispute"),
    ("settle_dispute", {"outcome": "lost"}, case(holds=["disputed"]), "want one of upheld, upheld_in_part, refused"),
    ("settle_dispute", {"outcome": "refused", "amount": "5"}, case(holds=["disputed"]), "objection that was refused"),
    ("settle_dispute", {"outcome": "upheld", "amount": "1000.01"}, case(holds=["disputed"]), "the invoice of 1000"),
    ("close", {"reason": "tired"}, case(), "want one of withdrawn, debtor_insolvent, time_barred"),
    ("close", {}, case(), "reason: found None"),
    ("close", {"reason": "withdrawn"}, CLOSED, "is closed already (withdrawn)"),
    ("close", {"reason": "withdrawn"}, PAID, "is closed already (paid)"),
    ("close", {"reason": "time_barred"}, case(), "may be made until 2028-03-03"),
    ("reopen", {}, case(), "is reminded, want a closed one"),
    ("reopen", {}, PAID, "was closed by the ledger (paid)"),
    ("waive_costs", {"amount": "93.23"}, case(), "found 93.23, more than the 93.22 that is open, as published for"),
    ("waive_costs", {"amount": "10.001"}, case(), "want at most two decimals"),
    ("waive_costs", {"amount": "-5"}, case(), "want kroner above zero"),
    ("waive_costs", {"amount": "some"}, case(), "want kroner such as 120.50"),
    ("waive_costs", {}, case(costs_open=D(0)), "no open fee or interest"),
    ("exclude", {}, replace(case(), log=log(("K9", "exclude", {}))), "10001 is excluded since 2025-04-01"),
    ("include", {}, case(), "10001 was not excluded by a person"),
    ("include", {}, case(holds=["excluded"]), "PowerOffice says that it gets no reminders"),
    ("acknowledge", {"date": "2025-04-09"}, case(), "after today 2025-04-08"),
    ("acknowledge", {}, PAID, "no claim left to acknowledge"),
    ("new_due_date", {"due": "31.02.2025"}, case(), "want an ISO date"),
    ("new_due_date", {"due": "2025-03-03"}, case(), "not after the due date 2025-03-03"),
    ("new_due_date", {"due": "2025-05-01"}, CLOSED, "want an open case"),
    (
        "new_due_date", {"due": "2025-05-01"}, replace(case(), log=log(("K1", "new_due_date", {"due": "2025-05-05"}))),
        "not after the due date 2025-05-05",
    ),
    ("unmerge", {}, case(), "is not merged with another"),
    ("classify", {"reason": "maybe"}, case(), "want one of paid, written_off, credited, goodwill, correction"),
    ("classify", {"as": "paid"}, case(), "no unexplained settlement"),
    (
        "classify", {"as": "paid", "entry_id": "8"}, replace(case(), entries=[Entry("7", "unexplained", D(5), ON)]),
        "found 8, which does not settle case K1 (invoice 101); known are 7 (unexplained, 5)",
    ),
    ("release", {"hold": "refunded"}, case(holds=["paused"]), "is not held by refunded; paused: a pause ends with"),
    ("release", {"hold": "hunger"}, case(), "want one of covered_by_credit"),
    ("release", {"hold": "paused"}, case(holds=["paused"]), "a pause ends with `resume`"),
    ("release", {"hold": "disputed"}, case(holds=["disputed"]), "ends with `settle_dispute`"),
    ("release", {"hold": "excluded"}, case(holds=["excluded"]), "ends with `include`"),
    ("release", {"hold": "bankruptcy"}, case(holds=["bankruptcy"]), "file the claim with the estate"),
    ("release", {"hold": "time_barred"}, case(holds=["time_barred"]), "nothing more may be sent"),
    ("release", {}, case(holds=["paused", "bankruptcy"]), "no hold that a release lifts; paused:"),
    ("interest_from", {"from": "2025-03-03", "note": "late"}, case(), "from the due date 2025-03-03 at the earliest"),
    ("interest_from", {"from": "2025-03-20"}, case(), "note: found nothing, want the reason"),
    ("withdraw_fee", {"note": "why"}, case(), "has no fee that stands"),
    ("withdraw_fee", {"note": "why", "step": "payment_demand"}, NOTICED, "its letters are reminder (2025-03-17)"),
    ("withdraw_fee", {}, NOTICED, "want the reason in words"),
    (
        "withdraw_fee", {"note": "why"},
        replace(case(), letters=[
            letter("reminder", "2025-03-17", "2025-03-31", "0.00", False),
            letter("reminder", "2025-03-17", "2025-03-31", case="K2"),
        ]),
        "the fee of their common letter stands on case K2",
    ),
    (
        "withdraw_fee", {"note": "why", "step": "reminder"},
        replace(NOTICED, log=log(("K1", "withdraw_fee", {"step": "reminder"}))), "no reminder fee that stands",
    ),
    ("paid_in_time", {"note": "receipt", "paid_on": "2025-04-09"}, NOTICED, "after today"),
    (
        "paid_in_time", {"note": "receipt", "paid_on": "2025-04-01", "step": "collection_notice"}, NOTICED,
        "after the reminder's deadline 2025-03-31; the collection notice's fee stands",
    ),
    (
        "paid_in_time", {"note": "receipt", "paid_on": "2025-03-17", "step": "reminder"}, NOTICED,
        "the reminder left on 2025-03-17, want before",
    ),
    ("legal", {"kind": "threat"}, case(), "want one of enforcement_petition"),
    ("legal", {"kind": "judgment", "date": "2025-04-09"}, case(), "after today"),
    ("legal", {"kind": "judgment"}, PAID, "want an open case"),
    ("sign", {}, case(), "want the document"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "payload", "standing", "says"), REFUSED)
def test_what_cannot_be_taken_is_refused_and_says_why(
    kind: str, payload: dict[str, Any], standing: Standing, says: str
) -> None:
    reason = refusal(kind, payload, standing)
    assert reason is not None and reason.startswith(f"{kind}: ") and says in reason


def test_a_claim_after_its_demand_is_not_merged_with_one_before_it() -> None:
    """Obligation C-3: the reason is named."""
    demanded = case("K1", "demanded", last_step="payment_demand")
    reason = refusal("merge", {}, demanded, [case("K2")])
    assert reason is not None and "K1 has had its payment demand" in reason
    assert refusal("merge", {}, case("K1", "legal_ready"), [case("K2", "demanded")]) is None
    unpublished = Standing("K3", ON, "103", "10001")
    assert refusal("merge", {}, case("K1"), [case("K2"), unpublished]) is None
    assert "want at least two" in str(refusal("merge", {}, case()))
    assert "K1 is named twice" in str(refusal("merge", {}, case(), [case()]))
    assert "K2 is closed" in str(refusal("merge", {}, case(), [case("K2", "closed", closed_reason="paid")]))
    assert "10001, 10002" in str(refusal("merge", {}, case(), [case("K2", customer_no="10002")]))


TAKEN: list[tuple[str, dict[str, Any], Standing]] = [
    ("pause", {"until": "2025-04-08"}, case()),
    ("resume", {}, case(holds=["paused"])),
    ("resume", {}, case(holds=["refunded"])),
    ("resume", {}, replace(case(), log=log(("K1", "pause", {"until": "2025-04-08"})))),
    ("settle_dispute", {"reason": "signed delivery note"}, case(holds=["disputed"])),
    ("close", {"reason": "debtor insolvent"}, case()),
    ("close", {"reason": "withdrawn"}, replace(CLOSED, log=log(("K1", "close", {}), ("K1", "reopen", {})))),
    ("reopen", {}, CLOSED),
    ("reopen", {}, replace(case(), log=log(("K1", "close", {"reason": "withdrawn"})))),
    ("waive_costs", {"amount": "93.22"}, case()),
    ("acknowledge", {}, case()),
    ("new_due_date", {"due": "2025-05-01"}, case()),
    ("unmerge", {}, replace(case("K2"), log=log(("K1", "merge", {"with": ["K2"]})))),
    ("classify", {"reason": "written off"}, replace(case(), entries=[Entry("7", "unexplained", D(5), ON)])),
    ("classify", {"reason": "goodwill"}, case()),
    ("release", {"reason": "it belongs to something else"}, case(holds=["unallocated_payment"])),
    ("paid_in_time", {"note": "receipt", "paid_on": "2025-03-31", "step": "collection_notice"}, NOTICED),
    ("paid_in_time", {"note": "receipt", "paid_on": "2025-03-16", "step": "reminder"}, NOTICED),
    ("sign", {"document": "enforcement_petition"}, case()),
]


@pytest.mark.parametrize(("kind", "payload", "standing"), TAKEN)
def test_ordinary_decisions_are_taken_and_say_what_they_will_do(
    kind: str, payload: dict[str, Any], standing: Standing
) -> None:
    assert refusal(kind, payload, standing) is None
    assert all(effects(kind, payload, standing, TenantSettings()))


@pytest.mark.parametrize("kind", ["pause", "dispute", "acknowledge", "exclude", "release", "waive_costs", "classify"])
def test_of_a_case_that_nobody_has_published_only_what_is_known_is_judged(kind: str) -> None:
    """A person may decide before the first run; the words then say so."""
    unpublished = Standing("K1", ON, "1001", "10001")
    assert refusal(kind, {"reason": "goodwill"}, unpublished) is None
    told = " ".join(effects(kind, {"reason": "goodwill"}, unpublished, TenantSettings()))
    assert ("No run has published this case yet" in told) is (kind != "exclude")


@pytest.mark.parametrize(("kind", "payload"), [("resume", {}), ("settle_dispute", {}), ("reopen", {}), ("include", {})])
def test_of_an_unpublished_case_the_log_is_known(kind: str, payload: dict[str, Any]) -> None:
    assert refusal(kind, payload, Standing("K1", ON, "1001", "10001")) is not None
