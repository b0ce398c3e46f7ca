"""Where the case stands by which rule, what holds it, what marks it, and what a person may choose (rules §§ 2, 4-8).

Not here: the next step (``steps``), limitation and loss (``limits``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

from kredin_pipeline.cases.decision_words import INSTEAD
from kredin_pipeline.cases.explaining import words
from kredin_pipeline.cases.explaining.facts import Facts, Row
from kredin_pipeline.cases.explaining.shapes import HoldTold, Statement
from kredin_pipeline.cases.explaining.words import kr, listed

CHOICES: Final[tuple[tuple[str, str, str, str | None], ...]] = (
    ("prepare_legal_documents", "Prepare the legal documents: they are drafted, and nothing is filed before a "
                                "person has "
     "signed the drafted content.", "§ 7", words.ENFORCEMENT_NOTICE),
    ("watch_until_limitation", "Watch the case until limitation: interest runs on, and warnings come 180, 90 "
                               "and 30 days "
     "before the last day.", "§ 8", words.LIMITATION),
    ("close_withdrawn", "Close it as withdrawn: we drop the case, and its open costs with it.", "§ 7", None),
    ("close_debtor_insolvent", "Close it as debtor_insolvent: the debtor cannot pay; the loss may then be "
                               "deducted.", "§§ 7, 8",
     words.TAX_LOSS),
)  # fmt: skip
"""What a person may do with a case whose course is over; the last letter is never offered again."""


def tell_state(facts: Facts) -> tuple[Statement, ...]:
    """The state and the rule that made it."""
    row = facts.row
    state = str(row["state"])
    rule, statute = _STATE_RULES[state]
    if state == "closed":
        rule = "§ 7" if facts.account["closed"] else {"paid": "§ 5.2"}.get(str(row["closed_reason"]), "§ 2")
    return (Statement(state, f"State {state}: {_STATES[state](facts)}", rule, statute),)


def tell_holds(facts: Facts) -> tuple[HoldTold, ...]:
    """Why no step is taken: each hold with its cause and what ends it."""
    return tuple(_hold(facts, str(hold)) for hold in facts.row["holds"])


def tell_flags(facts: Facts) -> tuple[Statement, ...]:
    """What marks the case without holding it."""
    return tuple(_flag(facts, str(flag)) for flag in facts.row["flags"])


def tell_choices(facts: Facts) -> tuple[Statement, ...]:
    """What a person may choose once legal steps are open; empty in every other state."""
    if facts.row["state"] != "legal_ready":
        return ()
    since: date = facts.standing["ladder_deadline"] + timedelta(days=facts.parameters["grace_days"] + 1)
    waited = f" (legal_ready since {since}, {words.days((facts.on - since).days)})"
    return tuple(
        Statement(name, text + (waited if at == 0 else ""), rule, statute)
        for at, (name, text, rule, statute) in enumerate(CHOICES)
    )


# States ---------------------------------------------------------------------------------------------------------------


def _closed(facts: Facts) -> str:
    reason, on = facts.row["closed_reason"], facts.row["closed_on"]
    if facts.account["closed"]:
        said = [each for each in facts.decisions if each["kind"] == "close" and each["case_id"] == facts.case_id]
        who = said[-1]["decided_by"] if said and said[-1]["decided_by"] else "a person"
        return f"{who} closed it on {on} as {words.spoken(reason)}. It stays closed whatever happens in the ledger."
    return {
        "paid": f"since {on} the principal is settled and no costs are open: paid.",
        "credited": f"since {on} the whole claim is credited; its fees and interest are dropped.",
        "deleted_in_ledger": f"the invoice was gone from the ledger on {on}; no voucher, and never called paid.",
    }[reason]


def _legal_ready(facts: Facts) -> str:
    deadline, grace = facts.standing["ladder_deadline"], facts.parameters["grace_days"]
    return (
        f"the {_last(facts)} gave until {deadline}; deadline + {words.days(grace)} of grace has passed "
        f"({deadline + timedelta(days=grace)}), so legal steps are open."
    )


def _after_letter(facts: Facts) -> str:
    return f"the {_last(facts)}, with a deadline of {facts.standing['ladder_deadline']}, is the last letter that left."


def _last(facts: Facts) -> str:
    letters = [each for each in facts.letters if each["counts"] and each["rank"] > 1]
    if not letters:
        return "last letter"
    return f"{words.step(str(letters[-1]['step']))} of {letters[-1]['sent_on']}"


_STATES: Final[Mapping[str, Callable[[Facts], str]]] = {
    "closed": _closed,
    "costs_open": lambda facts: (
        f"the principal is settled; {kr(facts.row['costs_open'])} of costs is open, frozen, until it is paid or "
        "waived by a person."
    ),
    "legal": lambda facts: f"a person recorded a legal step ({words.spoken(str(facts.account['legal_kind']))}).",
    "legal_ready": _legal_ready,
    "demanded": _after_letter,
    "noticed": _after_letter,
    "reminded": _after_letter,
    "overdue": lambda facts: (
        f"the due date {facts.claim['counted_due_date']} has passed, {kr(facts.row['principal_open'])} is open, "
        "and no letter of "
        "the course has left."
    ),
}
_STATE_RULES: Final[Mapping[str, tuple[str, str | None]]] = {
    "closed": ("§ 2", None),
    "costs_open": ("§ 5.2", None),
    "legal": ("§ 7", None),
    "legal_ready": ("§ 7", words.ENFORCEMENT_NOTICE),
    "demanded": ("§ 4.1", "inkassoloven § 10"),
    "noticed": ("§ 4.1", "inkassoloven § 9"),
    "reminded": ("§ 4.1", None),
    "overdue": ("§ 1.4", words.LATE_INTEREST),
}

# Holds ----------------------------------------------------------------------------------------------------------------


def _hold(facts: Facts, hold: str) -> HoldTold:
    tell = _HOLDS.get(hold) or _other(f"{words.spoken(hold)}.", "§ 2")
    cause, rule, statute, ends = tell(facts)
    return HoldTold(hold, Statement(hold, f"Hold {hold}: {cause}", rule, statute), ends)


_Told = tuple[str, str, str | None, str]
_STOPPED = "automatic steps stop, a person decides"
_RELEASE = "a person releases it (`kredin decide release`)"


def _said(facts: Facts, kind: str) -> tuple[str, Row]:
    """Who said the newest word of a kind, and that word."""
    found = [each for each in facts.decisions if each["kind"] == kind]
    if not found:
        return "a person", {"effective_on": facts.on, "payload": {}}
    return found[-1]["decided_by"] or "a person", found[-1]


def _paused(facts: Facts) -> _Told:
    who, said = _said(facts, "pause")
    until = said["payload"].get("until")
    ends = f"it ends by itself after {until}, or earlier by `resume`" if until else INSTEAD["paused"]
    return f"{who} paused the case on {said['effective_on']}.", "§ 7", None, ends


def _disputed(facts: Facts) -> _Told:
    who, said = _said(facts, "dispute")
    cause = (
        f"the debtor objected; {who} recorded it on {said['effective_on']}. Steps and fees stop, interest "
        "is shown apart."
    )
    return cause, "§ 7", words.NECESSARY_COSTS, INSTEAD["disputed"]


def _excluded(facts: Facts) -> _Told:
    if facts.debtor.get("excluded"):
        cause = "PowerOffice says that this customer gets no reminders, or a row of the customer is in quarantine."
        return cause, "§ 7", None, INSTEAD["excluded"]
    who, said = _said(facts, "exclude")
    return f"{who} excluded the customer on {said['effective_on']}.", "§ 7", None, INSTEAD["excluded"]


def _credit(facts: Facts) -> _Told:
    held = [each for each in facts.credits if not each["dated_ahead"]]
    named = listed(f"entry {each['entry_id']} of {kr(each['amount'])} dated {each['effective_on']}" for each in held)
    cause = f"the customer's own credit covers the whole claim: {named}. No letter may ask for it."
    return cause, "§ 2", None, f"it ends when the credit is matched in the ledger, or {_RELEASE}"


def _ahead(facts: Facts) -> _Told:
    held = [each for each in facts.credits if each["dated_ahead"]]
    named = listed(f"entry {each['entry_id']} of {kr(each['amount'])} dated {each['effective_on']}" for each in held)
    cause = f"a payment is dated ahead: {named}. It does not count yet."
    return cause, "§ 2", None, f"it ends on its date, when the payment counts, or {_RELEASE}"


def _unexplained(facts: Facts) -> _Told:
    held = [each for each in facts.settlements if each["kind"] == "unexplained"]
    named = listed(
        f"entry {each['entry_id']} of {kr(each['amount'])} on account {each['offset_accounts'] or '(not known)'}"
        for each in held
    )
    cause = f"the ledger settles the claim without money: {named}."
    return (
        cause,
        "§ 2",
        None,
        f"a person says what it was (`kredin decide classify`: paid, written_off, credited), or {_RELEASE}",
    )


def _reversed(facts: Facts) -> _Told:
    seen = max((each["on_date"] for each in facts.reopenings), default=facts.on)
    rests = any(not each["reversed"] for each in facts.vouchers) or bool(facts.vouchers)
    cause = f"a payment or credit that settled the claim was reversed or unmatched, seen on {seen}."
    ends = (
        "a person resumes the case (`kredin decide resume`), for a voucher of ours rested on it"
        if rests
        else "it ends with the next run day"
    )
    return cause, "§ 2", None, ends


def _refunded(facts: Facts) -> _Told:
    cause = "the claim had been paid and the money was paid out again; only a person knows whether the claim stands."
    return cause, "§ 2", None, f"a person resumes or closes the case, or {_RELEASE}"


def _barred(facts: Facts) -> _Told:
    cause = f"the last day of the claim was {facts.row['limitation_date']}; nothing more is sent."
    return cause, "§ 8", words.LIMITATION, INSTEAD["time_barred"]


def _conflict(facts: Facts) -> _Told:
    cause = "two reads of the ledger contradict each other on this claim."
    return cause, "§ 2", None, f"it ends with a read in which they agree, or {_RELEASE}"


def _minimum(facts: Facts) -> _Told:
    cause = (
        f"{kr(facts.row['principal_open'])} is open, less than the setting minimum_claim of "
        f"{kr(facts.parameters['minimum_claim'])}."
    )
    return cause, "§ 4", None, f"the setting is lowered, or {_RELEASE}"


def _register(what: str, so: str, ends: str) -> Callable[[Facts], _Told]:
    def tell(facts: Facts) -> _Told:
        since = facts.debtor.get("register_hold_from")
        return (
            f"Enhetsregisteret says that the debtor {what}{f' since {since}' if since else ''}: {so}.",
            "§ 6",
            None,
            ends,
        )

    return tell


def _other(cause: str, rule: str) -> Callable[[Facts], _Told]:
    return lambda facts: (cause, rule, None, _RELEASE)


_HOLDS: Final[Mapping[str, Callable[[Facts], _Told]]] = {
    "paused": _paused,
    "disputed": _disputed,
    "excluded": _excluded,
    "covered_by_credit": _credit,
    "unallocated_payment": _credit,
    "payment_dated_ahead": _ahead,
    "settled_without_bank": _unexplained,
    "reversed_payment": _reversed,
    "refunded": _refunded,
    "time_barred": _barred,
    "ledger_conflict": _conflict,
    "below_minimum": _minimum,
    "unknown_register": lambda facts: (
        "Enhetsregisteret does not know the organisation number. Letters go; only legal steps wait.", "§ 6", None,
        f"the number is corrected in the ledger, or {_RELEASE}",
    ),
    "bankruptcy": _register("is bankrupt", "no letters, no fees, no legal step", INSTEAD["bankruptcy"]),
    "forced_liquidation": _register("is being wound up by the court", _STOPPED, _RELEASE),
    "winding_up": _register("is being wound up", _STOPPED, _RELEASE),
    "debtor_deleted": _register("is deleted", _STOPPED, _RELEASE),
    "estate": _other("the debtor is an estate.", "§ 6"),
    "document_returned": _other("a document came back.", "§ 7"),
    "deleted_in_ledger": _other("the invoice is gone from the ledger.", "§ 2"),
}  # fmt: skip

# Flags ----------------------------------------------------------------------------------------------------------------


def _flag(facts: Facts, flag: str) -> Statement:
    row = facts.row
    if flag.startswith("limitation_"):
        left = (row["limitation_date"] - facts.on).days
        text = (
            f"{words.days(left)} are left until the last day {row['limitation_date']}; the warnings stand at "
            "180, 90 and 30 days."
        )
        return Statement(flag, f"Flag {flag}: {text}", "§ 8", words.LIMITATION)
    text, rule = {
        "written_off": ("the ledger has written the claim off; that waives nothing and stops nothing.", "§ 2"),
        "recovered_after_write_off": (
            "money came on the claim after the ledger had written it off.",
            "§ 2",
        ),
        "register_stale": (
            "the register could not be read; its last good data stand, letters go, legal steps wait.",
            "§ 6",
        ),
        "debtor_changed": (f"the customer's organisation number changed; the claim stays on {row['orgnr']}.", "§ 6"),
        "double_reminding": (
            "PowerOffice's own reminders have put a fee on this customer; the debtor is reminded twice.",
            "§ 1.1",
        ),
    }.get(flag, (f"{words.spoken(flag)}.", "§ 2"))
    return Statement(flag, f"Flag {flag}: {text}", rule)
