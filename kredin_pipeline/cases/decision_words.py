"""What a decision says: its words, amounts and days, read the way the derivation reads them (rules § 7).

Belongs here: the vocabulary of each kind and reading a payload by it. Not here: whether it may be taken
(``decisions``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from kredin_pipeline.cases import decision_log as said_before
from kredin_pipeline.cases.decision_choices import Hold, LegalKind, Outcome, SettlementClass
from kredin_pipeline.cases.decision_log import as_day, as_word
from kredin_pipeline.cases.decision_standing import Letter, Standing

CLASSES: Final = tuple(SettlementClass)
CREDIT_NOTE_CLASSES: Final = (SettlementClass.goodwill, SettlementClass.correction)
SETTLEMENT_CLASSES: Final = tuple(word for word in SettlementClass if word not in CREDIT_NOTE_CLASSES)
OUTCOMES: Final = tuple(Outcome)
LEGAL_KINDS: Final = tuple(LegalKind)
DEMAND_STEPS: Final = ("payment_demand", "enforcement_notice")
RELEASABLE: Final = tuple(Hold)
INSTEAD: Final[Mapping[str, str]] = {
    "paused": "a pause ends with `resume`",
    "disputed": "a dispute ends with `settle_dispute`",
    "excluded": "an exclusion ends with `include`, or in PowerOffice, on the customer's card, if it was made there",
    "bankruptcy": "file the claim with the estate; `close` the case as debtor_insolvent when nothing more will come",
    "time_barred": "nothing more may be sent; `close` the case as time_barred",
    "deleted_in_ledger": "the invoice is gone from PowerOffice; the case opens again by itself if it comes back",
}


class Refusal(ValueError):
    """A decision cannot be taken; the text says what was found and what is wanted."""


Payload = Mapping[str, Any]


def releasable(case: Standing) -> tuple[str, ...]:
    """The holds of a case that a release can lift."""
    return tuple(hold for hold in case.holds if hold in RELEASABLE)


def named_hold(payload: Payload) -> str | None:
    """The hold that a release names; None when it means whatever holds."""
    if payload.get("hold") is not None:
        return as_word(payload["hold"])
    reason = as_word(payload.get("reason"))
    return reason if reason in (*RELEASABLE, *INSTEAD) else None


def outcome(payload: Payload) -> str:
    """How a dispute ended. A reason in free text, and no amount, means that the objection was refused."""
    given = payload.get("outcome")
    word = as_word(payload.get("reason") if given is None else given)
    word = {"accepted": "upheld", "partly_upheld": "upheld_in_part"}.get(word, word)
    if word in OUTCOMES:
        return word
    return "upheld_in_part" if kroner(payload.get("amount")) else "refused"


def classification(payload: Payload) -> str:
    """What a person says an entry was."""
    return as_word(payload.get("as", payload.get("classification", payload.get("reason"))))


def kroner(value: object, key: str = "amount") -> Decimal | None:
    """An amount of at most two decimals above zero; None for none. Raises ``Refusal``."""
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise Refusal(f"{key}: found {value!r}, want kroner such as 120.50") from None
    if isinstance(value, bool) or not amount.is_finite() or amount <= 0:
        raise Refusal(f"{key}: found {value!r}, want kroner above zero such as 120.50")
    if amount != amount.quantize(Decimal("0.01")):
        raise Refusal(f"{key}: found {value}, want at most two decimals (whole øre)")
    return amount


def letters_with_fee(payload: Payload, case: Standing) -> list[Letter]:
    """The letters whose fee a ``withdraw_fee`` or ``paid_in_time`` takes back: those of the step or key it names."""
    step, key = payload.get("step"), payload.get("letter_key")
    return [
        letter
        for letter in case.own_letters
        if letter.bears_fee
        and letter.fee > 0
        and letter.sent_on <= case.on
        and step in (None, letter.step)
        and key in (None, letter.letter_key)
        and not said_before.fee_is_withdrawn(case.log, case.case_id, letter.letter_key, letter.step, letter.sent_on)
    ]


def one_of(key: str, found: object, wanted: Sequence[str]) -> str:
    """One of our words. Raises ``Refusal`` naming those that are wanted."""
    word = as_word(found)
    if word not in wanted:
        raise Refusal(f"{key}: found {found!r}, want one of {', '.join(wanted)}")
    return word


def not_ahead(key: str, found: object, case: Standing) -> date:
    """The day named, today when none is. Raises ``Refusal`` for a later one: it has not happened yet."""
    day = case.on if found is None else named_day(key, found)
    if day > case.on:
        raise Refusal(f"{key}: found {day}, which is after today {case.on}; want the day on which it happened")
    return day


def named_day(key: str, found: object) -> date:
    """A day. Raises ``Refusal`` for what is no ISO date."""
    day = as_day(found)
    if day is None:
        raise Refusal(f"{key}: found {found!r}, want an ISO date such as 2026-03-01")
    return day
