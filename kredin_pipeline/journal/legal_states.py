"""The kinds and states of a legal document's draft and the changes between them, as data.

The database enforces this very table (``legal_triggers.py``). What a document says and when it may be drafted is not
decided here.
"""

from collections.abc import Mapping
from typing import Final, Literal

LegalKind = Literal["estate_claim", "conciliation_complaint", "enforcement_petition", "bankruptcy_notice"]
LegalState = Literal["drafted", "handed_out", "signed", "attested", "filed", "withdrawn"]
SignedWay = Literal["pades", "paper"]

LEGAL_KINDS: Final[Mapping[LegalKind, str]] = {
    "estate_claim": "claim sheet for an estate (boets fordringsanmeldelse)",
    "conciliation_complaint": "conciliation complaint (forliksklage)",
    "enforcement_petition": "enforcement petition (utleggsbegjæring)",
    "bankruptcy_notice": "bankruptcy notice (konkursvarsel)",
}

LEGAL_STATES: Final[Mapping[LegalState, str]] = {
    "drafted": "made and kept; nobody has taken it for signing",
    "handed_out": "a person has taken it for signing",
    "signed": "taken back with an electronic signature that was checked",
    "attested": "signed on paper, by the word of a named person",
    "filed": "sent to the court, authority, estate or debtor, with date and reference",
    "withdrawn": "given up, or replaced by a newer draft, before it was filed",
}

LEGAL_TRANSITIONS: Final[tuple[tuple[LegalState, LegalState], ...]] = (
    ("drafted", "handed_out"),
    ("drafted", "withdrawn"),
    ("handed_out", "handed_out"),  # taken once more
    ("handed_out", "signed"),
    ("handed_out", "attested"),
    ("handed_out", "withdrawn"),
    ("signed", "filed"),
    ("signed", "withdrawn"),
    ("attested", "filed"),
    ("attested", "withdrawn"),
)

UNSIGNED: Final[tuple[LegalState, ...]] = ("drafted", "handed_out")


def starts_of(to: LegalState) -> tuple[LegalState, ...]:
    """The states from which a draft may become ``to``."""
    return tuple(start for start, end in LEGAL_TRANSITIONS if end == to)


def legal_may_become(found: str) -> list[str]:
    """The states a draft in ``found`` may change into, in alphabetical order."""
    return sorted(to for start, to in LEGAL_TRANSITIONS if start == found)
