"""Which decisions of people cannot be taken, and why (rules § 7).

Belongs here: judging a decision against the published rows of the cases it names, before it goes into the log. Not
here: keeping it (``journal``), or what it does (``sql/40_decided.sql`` and after). A refused attempt is logged too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

CLOSE_REASONS: Final = ("withdrawn", "debtor_insolvent", "time_barred")
CLASSES: Final = ("paid", "written_off", "credited", "goodwill", "correction")
DEMAND_STEPS: Final = ("payment_demand", "enforcement_notice")


def refusal(
    kind: str,
    payload: Mapping[str, Any],
    case: Mapping[str, Any] | None,
    others: Sequence[Mapping[str, Any] | None] = (),
) -> str | None:
    """Why this decision is refused, or None when it may be taken.

    ``case`` is the published row of the case it is about (None: not a case yet), ``others`` those of the cases it names
    beside it (``merge``). The text names what was found and what is wanted.
    """
    match kind:
        case "merge":
            return _merge(case, others)
        case "close":
            return _one_of(kind, "reason", payload.get("reason"), CLOSE_REASONS)
        case "reopen":
            if case is not None and case["state"] != "closed":
                return f"reopen: case {case['case_id']} is {case['state']}, want a closed one"
            return None
        case "classify":
            found = payload.get("as", payload.get("classification", payload.get("reason")))
            return _one_of(kind, "reason", found, CLASSES)
        case "new_due_date":
            return _day(kind, "due", payload.get("due"), case)
        case "pause":
            until = payload.get("until")
            return None if until is None else _day(kind, "until", until, None)
        case _:
            return None


def _merge(case: Mapping[str, Any] | None, others: Sequence[Mapping[str, Any] | None]) -> str | None:
    named = [row for row in (case, *others) if row is not None]
    if not others:
        return "merge: found one case, want at least two"
    closed = [row["case_id"] for row in named if row["state"] == "closed"]
    if closed:
        return f"merge: case {', '.join(closed)} is closed, want open cases"
    demanded = [row["case_id"] for row in named if _demanded(row)]
    if demanded and len(demanded) < 1 + len(others):
        return (
            f"merge: case {', '.join(demanded)} has had its payment demand and the others have not; a common letter "
            "would deny them a step. Merge cases that are all before it, or all after it"
        )
    customers = sorted({str(row["customer_no"]) for row in named})
    if len(customers) > 1:
        return f"merge: found claims of customers {', '.join(customers)}, want claims of one debtor"
    return None


def _demanded(row: Mapping[str, Any]) -> bool:
    return row["state"] in ("demanded", "legal_ready", "legal") or row["last_step"] in DEMAND_STEPS


def _one_of(kind: str, key: str, found: Any, wanted: Sequence[str]) -> str | None:
    text = str(found).strip().lower().replace(" ", "_")
    return None if text in wanted else f"{kind}: {key}: found {found!r}, want one of {', '.join(wanted)}"


def _day(kind: str, key: str, found: Any, case: Mapping[str, Any] | None) -> str | None:
    try:
        day = found if isinstance(found, date) else date.fromisoformat(str(found)[:10])
    except ValueError:
        return f"{kind}: {key}: found {found!r}, want an ISO date"
    if case is not None and case["due_date"] is not None and day < case["due_date"]:
        return f"{kind}: {key}: found {day}, before the due date {case['due_date']}; want a later day"
    return None
