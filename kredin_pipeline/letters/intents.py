"""What today's letters mean for the outbox: which become intents, which old ones fall away.

Here belongs the comparison of today's letters with what lies in the outbox, and the shape of a letter's content there.
Not here: writing it (``kredin_pipeline.journal``), sending (``dispatch``).

A letter that was written on an earlier day and never left is written anew with today's sums under its own key; if it is
not due today, it is dropped. A letter that the mail server refused for good goes by post from the next day on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from kredin_pipeline.letters.content import LetterContent, from_json, to_json

NO_LONGER_DUE = "no_longer_due"
ANEW_NEXT_RUN = "did_not_leave_written_anew_by_the_next_run"


class Item(Protocol):
    """An outbox item of kind ``letter``."""

    @property
    def key(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...
    @property
    def planned_on(self) -> date: ...


@dataclass(frozen=True)
class LetterIntent:
    """One letter for the outbox: key, cases (fee bearer first) and content as plain JSON values."""

    key: str
    case_ids: tuple[str, ...]
    payload: Mapping[str, object]


@dataclass(frozen=True)
class IntentPlan:
    """What to write. ``requeue``: refused before today, tried another way. ``cancel``: key → reason.

    ``left_alone``: letters that may have left already; nothing is written for them.
    """

    intents: tuple[LetterIntent, ...]
    requeue: tuple[str, ...]
    cancel: Mapping[str, str]
    left_alone: tuple[str, ...]
    problems: tuple[str, ...]


def plan_intents(
    letters: Sequence[LetterContent],
    open_credits: Mapping[str, Decimal],
    outbox: Iterable[Item],
    business_date: date,
    proved_absent: Collection[str] = (),
) -> IntentPlan:
    """Today's letters against the letters of the tenant in the outbox, in any state.

    ``proved_absent``: letters that a look-up has just found not to have left. They were not planned today, because when
    the day was derived they might have left; they are dropped, and the next run writes them with its own sums.
    """
    known = {item.key: item for item in outbox}
    intents: list[LetterIntent] = []
    requeue: list[str] = []
    left_alone: list[str] = []
    problems: list[str] = []
    for letter in letters:
        item = known.get(letter.letter_key)
        state = "new" if item is None else item.state
        if item is not None and state == "rejected":
            if item.planned_on >= business_date:
                left_alone.append(letter.letter_key)
                continue
            other_way = _by_post(letter, item)
            if other_way is None:
                problems.append(
                    f"{letter.tenant}: letter {letter.letter_key} was refused by the debtor's mail server, and "
                    f"customer {letter.recipient.customer_no} has no postal address; "
                    "set one or another e-mail address in PowerOffice"
                )
                continue
            requeue.append(letter.letter_key)
            intents.append(_intent(other_way, open_credits))
        elif state in ("new", "intended", "cancelled"):
            intents.append(_intent(letter, open_credits))
        else:
            left_alone.append(letter.letter_key)
    due = {letter.letter_key for letter in letters}
    stale = {
        key: ANEW_NEXT_RUN if key in proved_absent else NO_LONGER_DUE
        for key, item in known.items()
        if item.state == "intended" and key not in due
    }
    return IntentPlan(tuple(intents), tuple(requeue), stale, tuple(left_alone), tuple(problems))


def _by_post(letter: LetterContent, item: Item) -> LetterContent | None:
    """The letter by another way than the one that was refused: a new e-mail address if there is one, else paper."""
    refused: Mapping[str, Any] = item.payload.get("recipient") or {}
    if letter.channel == "post" or letter.recipient.email != refused.get("email"):
        return letter
    return replace(letter, channel="post") if letter.recipient.has_postal_address else None


def _intent(letter: LetterContent, open_credits: Mapping[str, Decimal]) -> LetterIntent:
    customers = {claim.customer_no for claim in letter.claims}
    credits = {number: f"{amount:.2f}" for number, amount in sorted(open_credits.items()) if number in customers}
    return LetterIntent(letter.letter_key, letter.case_ids, {**to_json(letter), "open_credits": credits})


def letter_of(item: Item) -> LetterContent:
    """The letter that lies in an outbox item. Raises ``LetterError``."""
    return from_json({name: value for name, value in item.payload.items() if name != "open_credits"})


def credits_of(item: Item) -> dict[str, Decimal]:
    """The open credits that a letter was written with: customer number → kroner, <= 0."""
    stored: Mapping[str, str] = item.payload.get("open_credits") or {}
    return {number: Decimal(amount) for number, amount in stored.items()}
