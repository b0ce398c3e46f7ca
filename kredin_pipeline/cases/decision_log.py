"""What the log of decisions says at a moment, case by case (rules § 7).

Belongs here: reading the decisions that count, newest word first, also those that no run has derived yet. Not here:
whether another one may be taken (``decisions``), or what they do to figures and letters (``sql/40_decided.sql`` and
after, of which each function here says the same in a few words).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

ANSWERED_BY_RESUMING: Final = ("refunded", "reversed_payment")
"""Holds that wait for a person and that ``resume`` ends as well as ``release`` does (§ 2)."""

PAUSES: Final = ("pause", "resume")
DISPUTES: Final = ("dispute", "settle_dispute")


class Said(Protocol):
    """One decision that counts, as the journal keeps it: ``effective_on`` is the Oslo day, ``seq`` its place."""

    @property
    def seq(self) -> int: ...
    @property
    def case_id(self) -> str | None: ...
    @property
    def customer_no(self) -> str | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...
    @property
    def effective_on(self) -> date: ...


@dataclass(frozen=True)
class Word:
    """The newest word on a subject: its kind, its day, and what was said with it."""

    kind: str
    on: date
    payload: Mapping[str, Any]


def as_day(value: object) -> date | None:
    """An Oslo date from a date or ISO text; None for anything else."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def as_word(value: object) -> str:
    """What a person typed as one of our words: small letters, no blanks."""
    return str(value).strip().lower().replace(" ", "_")


def spoken(word: str) -> str:
    """One of our words as a sentence says it."""
    return word.replace("_", " ")


def of_case(log: Iterable[Said], case_id: str) -> list[Said]:
    """The decisions on one case, in the order of the log."""
    return [said for said in log if said.case_id == case_id]


def newest(log: Iterable[Said], case_id: str, kinds: Sequence[str], lifted: str | None = None) -> Word | None:
    """The newest decision of these kinds on a case; a release that names the hold ``lifted`` counts among them."""
    found = [
        said
        for said in of_case(log, case_id)
        if said.kind in kinds
        or (
            lifted is not None
            and said.kind == "release"
            and lifted in (said.payload.get("hold"), said.payload.get("reason"))
        )
    ]
    return Word(found[-1].kind, found[-1].effective_on, found[-1].payload) if found else None


def pause(log: Iterable[Said], case_id: str) -> Word | None:
    """The pause that was said last, lapsed or not; None when there is none or it was resumed."""
    word = newest(log, case_id, PAUSES, "paused")
    return word if word is not None and word.kind == "pause" else None


def paused(log: Iterable[Said], case_id: str, on: date) -> Word | None:
    """The pause that holds on a day; a pause holds through its ``until`` day."""
    word = pause(log, case_id)
    until = None if word is None else as_day(word.payload.get("until"))
    return None if until is not None and until < on else word


def disputed(log: Iterable[Said], case_id: str) -> Word | None:
    """The dispute that nobody has settled yet."""
    word = newest(log, case_id, DISPUTES, "disputed")
    return word if word is not None and word.kind == "dispute" else None


def closed_by_person(log: Iterable[Said], case_id: str) -> Word | None:
    """The decision that closed the case and that nobody has taken back."""
    word = newest(log, case_id, ("close", "reopen"))
    return word if word is not None and word.kind == "close" else None


def excluded(log: Iterable[Said], customer_no: str | None, case_ids: Iterable[str] = ()) -> Word | None:
    """The exclusion of a customer that stands, by its number or by any of its cases."""
    own = set(case_ids)
    found = [
        said
        for said in log
        if said.kind in ("exclude", "include")
        and ((customer_no is not None and said.customer_no == customer_no) or said.case_id in own)
    ]
    if not found or found[-1].kind != "exclude":
        return None
    return Word("exclude", found[-1].effective_on, found[-1].payload)


def merged_with(log: Sequence[Said], case_id: str) -> tuple[str, ...]:
    """The cases joined with this one, itself among them, the one that keeps the fee first; empty when it is alone."""
    merges = [said for said in log if said.kind == "merge" and case_id in _named(said)]
    if not merges:
        return ()
    group = merges[-1]
    joined = [name for name in _named(group) if _lead(log, name) == group.seq]
    parted = [said for said in log if said.kind == "unmerge" and said.seq > group.seq]
    if any(said.case_id in (case_id, group.case_id) for said in parted):
        return ()
    left = tuple(name for name in joined if name not in {said.case_id for said in parted})
    return left if len(left) > 1 else ()


def agreed_due_date(log: Iterable[Said], case_id: str) -> date | None:
    """The due date that was agreed last; None when the invoice's own stands."""
    word = newest(log, case_id, ("new_due_date", "due_date"))
    return None if word is None else as_day(word.payload.get("due"))


def fee_is_withdrawn(log: Iterable[Said], case_id: str, letter_key: str, step: str, sent_on: date) -> bool:
    """Whether a person has withdrawn the fee of a letter, or said that what it asked had been paid in time."""
    return any(
        said.kind in ("withdraw_fee", "paid_in_time")
        and sent_on <= said.effective_on
        and said.payload.get("step", step) == step
        and said.payload.get("letter_key", letter_key) == letter_key
        for said in of_case(log, case_id)
    )


def _named(said: Said) -> list[str]:
    names = [str(name) for name in said.payload.get("with", ())]
    return [*([said.case_id] if said.case_id is not None else []), *names]


def _lead(log: Iterable[Said], case_id: str) -> int:
    """The newest merge that names the case, by its place in the log."""
    return max((said.seq for said in log if said.kind == "merge" and case_id in _named(said)), default=0)
