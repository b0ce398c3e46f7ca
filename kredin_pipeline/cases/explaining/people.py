"""What people decided on the case: who, when, why, and what it changed (rules § 7).

Belongs here: one sentence for each kind of decision. Not here: whether one may be taken (``decisions``), or what the
others of its subject say now; the log stays whole, and every word in it is told, also one that a later word took back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from kredin_pipeline.cases.decision_words import classification, kroner, named_hold, outcome
from kredin_pipeline.cases.explaining import words
from kredin_pipeline.cases.explaining.facts import Facts, Row
from kredin_pipeline.cases.explaining.shapes import DecisionTold, Statement
from kredin_pipeline.cases.explaining.words import kr

Payload = Mapping[str, Any]


class Attempt(Protocol):
    """A decision as the journal keeps it, refused ones among them."""

    @property
    def decision_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def payload(self) -> Payload: ...
    @property
    def effective_on(self) -> Any: ...
    @property
    def decided_at(self) -> datetime: ...
    @property
    def decided_by(self) -> str: ...
    @property
    def refused_because(self) -> str | None: ...


def tell_decisions(facts: Facts, attempts: Sequence[Attempt] = ()) -> tuple[DecisionTold, ...]:
    """Every decision on the case or its customer that counts by the derived day, and the attempts that were refused."""
    told = [_counting(facts, each) for each in facts.decisions]
    told += [_refused(each) for each in attempts if each.refused_because and each.effective_on <= facts.on]
    return tuple(sorted(told, key=lambda one: (one.effective_on, one.decided_at or "")))


def _counting(facts: Facts, each: Row) -> DecisionTold:
    kind, payload = str(each["kind"]), each["payload"]
    tell = _EFFECTS.get(kind)
    effect = tell(payload) if tell is not None else "It is noted, and changes no figure."
    if each["case_id"] not in (None, facts.case_id):
        effect += f" Said on case {each['case_id']}."
    who, on = each["decided_by"] or "A person", each["effective_on"]
    rule, statute = _RULES.get(kind, ("§ 7", None))
    text = f"{who} decided on {on}: {words.spoken(kind)}{_why(payload)}. {effect}"
    return DecisionTold(
        decision_id=each["decision_id"],
        kind=kind,
        effective_on=on,
        decided_by=each["decided_by"],
        decided_at=None if each["decided_at"] is None else each["decided_at"].isoformat(),
        said=payload,
        refused_because=None,
        statement=Statement(kind, text, rule, statute, on=on),
    )


def _refused(each: Attempt) -> DecisionTold:
    text = (
        f"{each.decided_by} wanted on {each.effective_on}: {words.spoken(each.kind)}{_why(each.payload)}. It "
        "was refused and "
        f"changed nothing: {each.refused_because}"
    )
    return DecisionTold(
        decision_id=each.decision_id,
        kind=each.kind,
        effective_on=each.effective_on,
        decided_by=each.decided_by,
        decided_at=each.decided_at.isoformat(),
        said=dict(each.payload),
        refused_because=each.refused_because,
        statement=Statement("refused", text, "§ 7", on=each.effective_on),
    )


def _why(payload: Payload) -> str:
    """The reason and note that were given, as they were written."""
    given = [str(payload[key]) for key in ("reason", "note") if payload.get(key)]
    return f" ({'; '.join(given)})" if given else ""


def _pause(payload: Payload) -> str:
    until = payload.get("until")
    return (
        f"No letter goes until {until}, that day included."
        if until
        else "No letter goes until somebody resumes the case."
    )


def _settle_dispute(payload: Payload) -> str:
    if outcome(payload) == "refused":
        return "The objection was refused: steps go on and later fees are chargeable."
    return (
        f"The objection was {words.spoken(outcome(payload))}: fees charged so far are withdrawn, later "
        "letters carry none."
    )


def _waive(payload: Payload) -> str:
    amount = kroner(payload.get("amount"))
    return (
        f"{kr(amount)} of the open costs was given up."
        if amount
        else "All costs that were open that day were given up."
    )


def _acknowledge(payload: Payload) -> str:
    day = payload.get("date")
    return (
        f"The debtor acknowledged the claim{f' on {day}' if day else ''}: limitation starts anew, three "
        "years, if it was in time."
    )


def _new_due_date(payload: Payload) -> str:
    due = next((payload[key] for key in ("due", "due_date", "new_due_date", "until") if payload.get(key)), None)
    return (
        f"The due date is {due} by agreement: interest and steps start anew; fees of before that date + 14 "
        "days are withdrawn."
    )


def _merge(payload: Payload) -> str:
    return f"Letters are common with {words.listed(str(name) for name in payload.get('with') or ())}: one fee a letter."


def _classify(payload: Payload) -> str:
    return f"The entry is {words.spoken(classification(payload))}."


def _release(payload: Payload) -> str:
    hold = named_hold(payload)
    return f"The hold {hold} ended." if hold else "Whatever held the case and can be released ended."


def _withdraw(payload: Payload) -> str:
    step = payload.get("step")
    return (
        f"The fee of {'the ' + words.step(str(step)) if step else 'the letters sent by then'} is owed no "
        "more; the step stands."
    )


def _legal(payload: Payload) -> str:
    kind = payload.get("legal") or payload.get("kind")
    reference = f", reference {payload['reference']}" if payload.get("reference") else ""
    return f"A legal step was recorded: {words.spoken(str(kind))}{reference}."


def _same(text: str) -> Callable[[Payload], str]:
    return lambda payload: text


_EFFECTS: Final[Mapping[str, Callable[[Payload], str]]] = {
    "pause": _pause,
    "resume": _same("Letters go on."),
    "dispute": _same("Steps and fees stop until the objection is settled; interest runs and is shown apart."),
    "settle_dispute": _settle_dispute,
    "exclude": _same("No letter goes to this customer for any claim; interest runs."),
    "include": _same("Letters to this customer go on."),
    "close": _same("The case is closed; no letter, fee or interest after that day, whatever happens in the ledger."),
    "reopen": _same("The case is open again at the step that it was on."),
    "waive_costs": _waive,
    "acknowledge": _acknowledge,
    "new_due_date": _new_due_date,
    "due_date": _new_due_date,
    "merge": _merge,
    "unmerge": _same("The case goes on alone."),
    "classify": _classify,
    "release": _release,
    "interest_from": lambda payload: (
        f"Interest counts from {payload.get('from') or payload.get('date')}; the due date stays."
    ),
    "withdraw_fee": _withdraw,
    "paid_in_time": _withdraw,
    "legal": _legal,
    "sign": lambda payload: f"Document {payload.get('document')} is signed; nothing is filed by that.",
}
_RULES: Final[Mapping[str, tuple[str, str | None]]] = {
    "dispute": ("§ 7", words.NECESSARY_COSTS),
    "settle_dispute": ("§ 4.2", words.NECESSARY_COSTS),
    "waive_costs": ("§ 5.6", None),
    "acknowledge": ("§ 8", words.ACKNOWLEDGED),
    "new_due_date": ("§ 4.8", None),
    "due_date": ("§ 4.8", None),
    "classify": ("§ 2", None),
    "interest_from": ("§ 3", "forsinkelsesrenteloven § 2, second paragraph"),
    "paid_in_time": ("§ 4.2", words.NUMBER_OF_FEES),
    "legal": ("§ 8", words.LEGAL_STEPS),
    "merge": ("§ 7", words.NECESSARY_COSTS),
}
