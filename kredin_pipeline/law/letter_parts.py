"""What the law requires each letter to a debtor to state, as data: one row per part, by step and regime, with statute.

Here belong which parts a step must have and where they stand: in ``words`` (a sentence that a creditor's own text may
move and never leave out) or in ``figures`` (lines and tables that no text reaches). Not here: how a part is said
(``kredin_pipeline.letters.texts_*``) and what a creditor may write around it (``cases.letter_texts``).

Source: collection-law reference §§ 3.1, 3.2, 4, 5, 7 and 8 (FR-1); rules § 4.4 where the law is silent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Place = Literal["words", "figures"]


@dataclass(frozen=True)
class RequiredPart:
    """One thing that a letter must state: ``name`` is the part's name in texts, ``says`` tells a person what it is."""

    name: str
    statute: str
    says: str
    place: Place = "words"


INKL_8: Final = "inkassoloven § 8"
INKL_9: Final = "inkassoloven § 9"
INKL_10: Final = "inkassoloven § 10"
TVFBL_418: Final = "tvangsfullbyrdelsesloven § 4-18"
RULES: Final = "rules § 4.4"

_AMOUNT: Final = RequiredPart("sums", RULES, "the amount, with principal and additions apart", "figures")
_CONCERNS: Final = RequiredPart("claims", RULES, "what the claim concerns: invoice, due date, what was paid", "figures")
_HOW_TO_PAY: Final = RequiredPart("payment", RULES, "account and KID for each invoice", "figures")
_FIGURES: Final = (_AMOUNT, _CONCERNS, _HOW_TO_PAY)

_OBJECTION: Final = RequiredPart("objection", INKL_8, "that the debtor may object, and that no fee runs meanwhile")
_ENFORCEMENT: Final = (
    RequiredPart("enforcement", TVFBL_418, "that enforcement will be petitioned for, and when at the earliest"),
    RequiredPart("position", "tvisteloven § 5-2", "that the Conciliation Board is next, and a call to take a position"),
)
_CREDITOR: Final = "who the creditor is, and that principal and additions stand apart"
_PAY_OR_OBJECT: Final = "a call to pay or to object within the deadline"
_INTEREST: Final = "the rate of interest and the day it runs from"

_REMINDER: Final = (
    RequiredPart("pay", "inkassoforskriften § 1-3", "the amount and the deadline, without which no second fee follows"),
    _OBJECTION,
    *_FIGURES,
)
_NOTICE: Final = (
    RequiredPart("enforcement_notice", TVFBL_418, "that this is a notice of enforcement"),
    RequiredPart("creditor", TVFBL_418, _CREDITOR),
    RequiredPart("pay_or_object", TVFBL_418, _PAY_OR_OBJECT),
    *_ENFORCEMENT,
    RequiredPart("interest_basis", "tvangsfullbyrdelsesloven § 7-2 f", _INTEREST),
    _OBJECTION,
    *_FIGURES,
)
_FRIENDLY: Final = (RequiredPart("pay", RULES, "the amount and the deadline"), *_FIGURES)

REQUIRED: Final[Mapping[tuple[str, str], tuple[RequiredPart, ...]]] = {
    ("friendly_reminder", "1988"): _FRIENDLY,
    ("friendly_reminder", "2026"): _FRIENDLY,
    ("reminder", "1988"): _REMINDER,
    ("reminder", "2026"): _REMINDER,
    ("collection_notice", "1988"): (
        RequiredPart("collection_notice", INKL_9, "that this is a notice of debt collection (inkassovarsel)"),
        RequiredPart("pay", INKL_9, "the amount and the deadline of at least 14 days"),
        RequiredPart("collection_follows", INKL_9, "unmistakably, that debt collection follows if it is not paid"),
        _OBJECTION,
        *_FIGURES,
    ),
    ("payment_demand", "1988"): (
        RequiredPart("payment_demand", INKL_10, "that this is a payment demand and a notice of enforcement"),
        RequiredPart("creditor", INKL_10, _CREDITOR),
        RequiredPart("pay_or_object", INKL_10, _PAY_OR_OBJECT),
        RequiredPart("legal_steps", INKL_10, "that legal steps and more costs may follow"),
        *_ENFORCEMENT,
        RequiredPart("interest_basis", INKL_10, _INTEREST),
        _OBJECTION,
        *_FIGURES,
    ),
    ("enforcement_notice", "1988"): _NOTICE,
    ("enforcement_notice", "2026"): _NOTICE,
}
"""Step and regime → what its letter must state. No row: a creditor may not send that letter (the act of 2026 §§ 20, 21
leaves notice of collection and payment demand to licensed companies)."""


def required_parts(step: str, regime: str) -> tuple[RequiredPart, ...]:
    """What a letter must state. Raises ``KeyError`` for a letter that a creditor may not send under that regime."""
    return REQUIRED[step, regime]


def missing_parts(step: str, regime: str, stated: Collection[str]) -> tuple[RequiredPart, ...]:
    """The required sentences that are not among the parts ``stated``; empty where the step may not be sent."""
    rows = REQUIRED.get((step, regime), ())
    return tuple(row for row in rows if row.place == "words" and row.name not in stated)
