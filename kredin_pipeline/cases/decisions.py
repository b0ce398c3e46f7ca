"""Which decisions of people cannot be taken, and why (rules § 7).

Belongs here: judging a decision against what is known of the case when it is made. Not here: keeping it (``journal``),
telling what it will do (``decision_effects``), or what it does (``sql/40_decided.sql`` and after). A refused attempt is
logged too. What is not known (a case that no run has published yet) is not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from kredin_pipeline.cases import decision_log as said_before
from kredin_pipeline.cases.decision_log import as_day, spoken
from kredin_pipeline.cases.decision_standing import CLOSE_REASONS, Standing
from kredin_pipeline.cases.decision_words import (
    CLASSES,
    CREDIT_NOTE_CLASSES,
    DEMAND_STEPS,
    INSTEAD,
    LEGAL_KINDS,
    OUTCOMES,
    RELEASABLE,
    SETTLEMENT_CLASSES,
    Payload,
    Refusal,
    classification,
    kroner,
    letters_with_fee,
    named_day,
    named_hold,
    not_ahead,
    one_of,
    outcome,
    releasable,
)


def refusal(kind: str, payload: Payload, case: Standing, others: Sequence[Standing] = ()) -> str | None:
    """Why this decision is refused, or None when it may be taken.

    ``others`` are the cases that it names beside its own (``merge``). The text names field, found, wanted, what to do.
    """
    try:
        if kind == "merge":
            _merge(case, others)
        elif kind in _JUDGES:
            _JUDGES[kind](payload, case)
    except Refusal as found:
        return f"{kind}: {found}"
    return None


# One judge for each kind ----------------------------------------------------------------------------------------------


def _pause(payload: Payload, case: Standing) -> None:
    _open(case)
    until = payload.get("until")
    if until is not None and (last := named_day("until", until)) < case.on:
        raise Refusal(f"until: found {last}, which is past on {case.on}; want that day or a later one, or none")


def _resume(payload: Payload, case: Standing) -> None:
    _open(case)
    if any(hold in case.holds for hold in ("paused", *said_before.ANSWERED_BY_RESUMING)):
        return
    word = said_before.pause(case.log, case.case_id)
    ended = f"; its pause ended on {as_day(word.payload.get('until'))}" if word is not None else ""
    raise Refusal(f"{case.name} is not paused{ended}; {_what_holds(case)}")


def _dispute(payload: Payload, case: Standing) -> None:
    _open(case)
    if "disputed" in case.holds:
        word = said_before.disputed(case.log, case.case_id)
        since = f" since {word.on}" if word is not None else ""
        raise Refusal(f"{case.name} is disputed{since}; settle that dispute first with `settle_dispute`")


def _settle_dispute(payload: Payload, case: Standing) -> None:
    amount = kroner(payload.get("amount"))
    given = payload.get("outcome")
    if given is not None:
        one_of("outcome", given, OUTCOMES)
    if amount is not None and outcome(payload) == "refused":
        raise Refusal(f"amount: found {amount} with an objection that was refused; want upheld or upheld_in_part")
    invoiced = None if case.row is None else case.row.get("principal")
    if amount is not None and invoiced is not None and amount > invoiced:
        raise Refusal(f"amount: found {amount}, more than the invoice of {invoiced}")
    if "disputed" not in case.holds:
        raise Refusal(f"{case.name} has no open dispute; record one first with `dispute`")


def _close(payload: Payload, case: Standing) -> None:
    reason = one_of("reason", payload.get("reason"), CLOSE_REASONS)
    if case.closed is not None:
        raise Refusal(f"{case.name} is closed already ({case.closed}); want an open case")
    last = None if case.row is None else case.row.get("limitation_date")
    if reason == "time_barred" and last is not None and case.on <= last:
        raise Refusal(f"reason: found time_barred, but the claim may be made until {last}; want withdrawn, or wait")


def _reopen(payload: Payload, case: Standing) -> None:
    if case.closed is None:
        state = "open" if case.row is None else case.row["state"]
        raise Refusal(f"{case.name} is {state}, want a closed one")
    if case.closed not in CLOSE_REASONS:
        raise Refusal(
            f"{case.name} was closed by the ledger ({case.closed}), not by a person; it opens again by itself when the "
            "ledger says that something is open. Correct it in PowerOffice"
        )


def _waive_costs(payload: Payload, case: Standing) -> None:
    amount = kroner(payload.get("amount"))
    _open(case)
    left = None if case.row is None else case.row.get("costs_open")
    if case.row is None or left is None:
        return
    known = f"as published for {case.row.get('business_date')}" if case.row.get("business_date") else "as published"
    if left <= 0:
        raise Refusal(f"{case.name} has no open fee or interest, {known}; there is nothing to waive")
    if amount is not None and amount > left:
        raise Refusal(f"amount: found {amount}, more than the {left} that is open, {known}; leave it out to waive all")


def _exclude(payload: Payload, case: Standing) -> None:
    word = case.exclusion
    if word is not None:
        raise Refusal(f"customer {case.customer_no} is excluded since {word.on} already; `include` ends it")


def _include(payload: Payload, case: Standing) -> None:
    if case.exclusion is None:
        by_ledger = (
            "; PowerOffice says that it gets no reminders: change that on the customer's card"
            if "excluded" in case.holds
            else ""
        )
        raise Refusal(f"customer {case.customer_no} was not excluded by a person{by_ledger}")


def _acknowledge(payload: Payload, case: Standing) -> None:
    not_ahead("date", payload.get("date"), case)
    if case.closed is not None and case.closed not in CLOSE_REASONS:
        raise Refusal(f"{case.name} is closed ({case.closed}); there is no claim left to acknowledge")


def _new_due_date(payload: Payload, case: Standing) -> None:
    due = named_day("due", payload.get("due"))
    _open(case)
    old = case.due_date
    if old is not None and due <= old:
        raise Refusal(f"due: found {due}, which is not after the due date {old}; want a later day")


def _merge(case: Standing, others: Sequence[Standing]) -> None:
    named = (case, *others)
    if not others:
        raise Refusal("found one case, want at least two of one debtor")
    twice = sorted({one.case_id for one in named if sum(one.case_id == other.case_id for other in named) > 1})
    if twice:
        raise Refusal(f"case {', '.join(twice)} is named twice, want each case once")
    closed = [one.case_id for one in named if one.closed is not None]
    if closed:
        raise Refusal(f"case {', '.join(closed)} is closed, want open cases")
    known = [one for one in named if one.row is not None]
    demanded = [one.case_id for one in known if _demanded(one)]
    if demanded and len(demanded) < len(named):
        raise Refusal(
            f"case {', '.join(demanded)} has had its payment demand and the others have not; a common letter would "
            "deny them a step. Merge cases that are all before it, or all after it"
        )
    customers = sorted({one.customer_no for one in named if one.customer_no is not None})
    if len(customers) > 1:
        raise Refusal(f"found claims of customers {', '.join(customers)}, want claims of one debtor")


def _unmerge(payload: Payload, case: Standing) -> None:
    if not said_before.merged_with(case.log, case.case_id):
        raise Refusal(f"{case.name} is not merged with another; there is nothing to part")


def _classify(payload: Payload, case: Standing) -> None:
    found = classification(payload)
    one_of("reason", payload.get("as", payload.get("classification", payload.get("reason"))), CLASSES)
    if case.entries is None:
        return
    entry = payload.get("entry_id")
    if entry is not None and str(entry) not in {one.entry_id for one in case.entries}:
        known = ", ".join(f"{one.entry_id} ({one.kind}, {one.amount})" for one in case.entries) or "none"
        raise Refusal(f"entry_id: found {entry}, which does not settle {case.name}; known are {known}")
    if found in CREDIT_NOTE_CLASSES:
        return  # a credit note of today is classified before a run has read it
    earlier = [
        said
        for said in said_before.of_case(case.log, case.case_id)
        if said.kind == "classify" and classification(said.payload) in SETTLEMENT_CLASSES
    ]
    if not earlier and not any(one.kind == "unexplained" for one in case.entries):
        raise Refusal(f"{case.name} has no unexplained settlement; there is nothing to classify as {found}")


def _release(payload: Payload, case: Standing) -> None:
    hold = named_hold(payload)
    if hold is not None and hold in INSTEAD:
        raise Refusal(f"hold: {hold} is not lifted by a release: {INSTEAD[hold]}")
    if hold is not None and hold not in RELEASABLE:
        raise Refusal(f"hold: found {hold}, want one of {', '.join(RELEASABLE)}")
    if case.row is None:
        return
    if hold is not None and hold not in case.holds:
        raise Refusal(f"hold: {case.name} is not held by {hold}; {_what_holds(case)}")
    if hold is None and not releasable(case):
        raise Refusal(f"{case.name} has no hold that a release lifts; {_what_holds(case)}")


def _interest_from(payload: Payload, case: Standing) -> None:
    day = named_day("from", payload.get("from"))
    _why(payload)
    _open(case)
    if case.due_date is not None and day <= case.due_date:
        raise Refusal(f"from: found {day}; interest runs from the due date {case.due_date} at the earliest, want later")


def _withdraw_fee(payload: Payload, case: Standing) -> None:
    _why(payload)
    _has_fee(payload, case)


def _paid_in_time(payload: Payload, case: Standing) -> None:
    ordered = not_ahead("paid_on", payload.get("paid_on"), case)
    _why(payload)
    _has_fee(payload, case)
    for letter in letters_with_fee(payload, case):
        before = [one for one in case.own_letters if one.sent_on < letter.sent_on and one.step != "friendly_reminder"]
        last = before[-1].deadline if before else None
        if last is not None and ordered > last:
            raise Refusal(
                f"paid_on: found {ordered}, after the {spoken(before[-1].step)}'s deadline {last}; the "
                f"{spoken(letter.step)}'s fee stands"
            )
        if last is None and ordered >= letter.sent_on:
            raise Refusal(f"paid_on: found {ordered}; the {spoken(letter.step)} left on {letter.sent_on}, want before")


def _legal(payload: Payload, case: Standing) -> None:
    one_of("kind", payload.get("kind"), LEGAL_KINDS)
    not_ahead("date", payload.get("date"), case)
    _open(case)


def _sign(payload: Payload, case: Standing) -> None:
    if not str(payload.get("document") or "").strip():
        raise Refusal("document: found nothing, want the document that was signed")


_JUDGES: Final[Mapping[str, Callable[[Payload, Standing], None]]] = {
    "pause": _pause,
    "resume": _resume,
    "dispute": _dispute,
    "settle_dispute": _settle_dispute,
    "close": _close,
    "reopen": _reopen,
    "waive_costs": _waive_costs,
    "exclude": _exclude,
    "include": _include,
    "acknowledge": _acknowledge,
    "new_due_date": _new_due_date,
    "unmerge": _unmerge,
    "classify": _classify,
    "release": _release,
    "interest_from": _interest_from,
    "withdraw_fee": _withdraw_fee,
    "paid_in_time": _paid_in_time,
    "legal": _legal,
    "sign": _sign,
}


def _open(case: Standing) -> None:
    if case.closed is not None:
        again = "reopen it first with `reopen`" if case.closed in CLOSE_REASONS else "there is nothing left to claim"
        raise Refusal(f"{case.name} is closed ({case.closed}), want an open case; {again}")


def _demanded(case: Standing) -> bool:
    row = case.row or {}
    return row.get("state") in ("demanded", "legal_ready", "legal") or row.get("last_step") in DEMAND_STEPS


def _has_fee(payload: Payload, case: Standing) -> None:
    step = payload.get("step")
    letters = case.own_letters
    if step is not None and step not in {letter.step for letter in letters}:
        sent = ", ".join(f"{letter.step} ({letter.sent_on})" for letter in letters) or "none"
        raise Refusal(f"step: found {step}, which has not left for {case.name}; its letters are {sent}")
    if letters_with_fee(payload, case):
        return
    shared = [one for one in case.letters if one.bears_fee and one.fee > 0 and one.case_id != case.case_id]
    elsewhere = f"; the fee of their common letter stands on case {shared[-1].case_id}" if shared else ""
    raise Refusal(f"{case.name} has no {spoken(step) + ' ' if step else ''}fee that stands{elsewhere}")


def _why(payload: Payload) -> None:
    if not str(payload.get("note") or payload.get("reason") or "").strip():
        raise Refusal("note: found nothing, want the reason in words")


def _what_holds(case: Standing) -> str:
    if not case.holds:
        return "nothing holds it" if case.row is not None else "no run has published it yet"
    return "; ".join(f"{hold}: {INSTEAD.get(hold, 'lift it with `release`')}" for hold in case.holds)
