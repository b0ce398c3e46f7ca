"""The outbox's states and the changes between them, as data. The database enforces this very table."""

from collections.abc import Mapping
from typing import Final, Literal

State = Literal["intended", "sending", "posted", "confirmed", "outcome_unknown", "conflict", "rejected", "cancelled"]
ItemKind = Literal["letter", "voucher", "reversal", "message"]
"""``message``: an e-mail to the user, never to a debtor; it charges nothing and is no step of a case."""
DecisionKind = Literal[
    "pause", "resume", "dispute", "settle_dispute", "exclude", "include", "close", "reopen", "waive_costs",
    "acknowledge", "new_due_date", "merge", "unmerge", "classify", "release", "sign", "legal", "interest_from",
    "withdraw_fee", "paid_in_time", "note",
]  # fmt: skip

STATES: Final[Mapping[State, str]] = {
    "intended": "planned and committed here, nothing has left",
    "sending": "one worker holds it and may have sent it",
    "posted": "the other side has taken it and named it",
    "confirmed": "read back from the other side",
    "outcome_unknown": "the answer was lost; it is looked up before anything else happens",
    "conflict": "found on the other side with other content; a person decides",
    "rejected": "the other side refused it for good; nothing is there",
    "cancelled": "dropped before anything left",
}

ALLOWED_TRANSITIONS: Final[frozenset[tuple[State, State]]] = frozenset(
    {
        ("intended", "intended"),  # planned anew with other content, before anything left
        ("intended", "sending"),
        ("intended", "cancelled"),
        ("sending", "posted"),
        ("sending", "outcome_unknown"),
        ("sending", "rejected"),
        ("sending", "intended"),  # only when nothing left: the connection was refused
        ("posted", "confirmed"),
        ("posted", "conflict"),  # read back with other content, or undone there by somebody else
        ("confirmed", "conflict"),
        ("outcome_unknown", "posted"),
        ("outcome_unknown", "confirmed"),
        ("outcome_unknown", "conflict"),
        ("outcome_unknown", "intended"),  # only after a look-up that proved absence
        ("conflict", "intended"),  # only after a person removed the other one and a look-up proved absence
        ("rejected", "intended"),  # the cause was removed
        ("cancelled", "intended"),  # planned again on a later day
    }
)

DELIVERED: Final[tuple[State, ...]] = ("posted", "confirmed")
POSSIBLY_DELIVERED: Final[tuple[State, ...]] = ("sending", "outcome_unknown", "conflict")
OPEN: Final[tuple[State, ...]] = ("intended", "sending", "outcome_unknown", "posted")
DECISION_KINDS: Final[tuple[str, ...]] = DecisionKind.__args__  # pyright: ignore[reportAttributeAccessIssue]


def may_become(found: str) -> list[str]:
    """The states an item in ``found`` may change into, in alphabetical order."""
    return sorted(to for start, to in ALLOWED_TRANSITIONS if start == found)
