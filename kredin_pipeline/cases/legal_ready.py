"""Which legal document the law allows for a case, and on which days (rules §§ 6, 7; reference §§ 6 to 8).

Belongs here: from what is known of a case, the document that is the right one, or why none is drafted. Pure functions
of facts and a day. Not here: reading the facts (``letters.legal.reading``), the documents themselves, keeping a draft.

The choice is the cautious one. An enforcement petition on a written notice is for a claim nobody has disputed, against
a debtor whom enforcement may reach; after an objection, or against a public body, the way is a complaint to the
conciliation board. A bankruptcy notice is never chosen by itself: a person asks for it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from kredin_pipeline.law.enforcement import petition_window

Document = Literal["enforcement_petition", "conciliation_complaint", "bankruptcy_notice", "estate_claim"]

ESTATE_HOLDS: Final = ("bankruptcy", "forced_liquidation")
"""A debtor under these has an estate; only for ``bankruptcy`` is a claim sheet drafted unasked (rules § 6)."""
PUBLIC_FORMS: Final = frozenset({"STAT", "KOMM", "FYLK", "KF", "FKF", "IKS", "ORGL"})
"""Organisation forms of Enhetsregisteret against which enforcement under chapter 7 is barred, or may be
(tvangsfullbyrdelsesloven § 1-2; reference § 6): sue, do not petition."""
PASSING: Final = frozenset({"register_stale", "provisional"})
"""Reasons to wait that say nothing against a draft that is there."""


@dataclass(frozen=True)
class LegalFacts:
    """What decides about one case. ``notice_on``: when the latest notice under § 4-18 left, the payment demand among
    them; ``objected``: whether the debtor ever disputed the claim; ``unmatched_credit``: money or credit of the debtor
    that matches no invoice and that nobody has said belongs elsewhere; ``estate_on``: the day the estate was opened.
    """

    case_id: str
    state: str
    holds: Collection[str]
    flags: Collection[str]
    provisional: bool
    is_open: bool
    due_date: date
    is_business: bool
    is_minor: bool
    organisation_form: str | None
    country_code: str | None
    objected: bool
    unmatched_credit: bool
    notice_on: date | None
    estate_on: date | None = None
    is_identified: bool = True
    """Whether the ledger says who the debtor is: a person, or an organisation number."""


@dataclass(frozen=True)
class Refusal:
    """Why a document is not drafted. ``name`` is one word; ``needs_a_person``: no later run helps by itself."""

    name: str
    text: str
    needs_a_person: bool = False


def document_for(facts: LegalFacts, on: date) -> Document | Refusal:
    """The document to draft unasked on ``on`` (Oslo day), or why there is none."""
    if "bankruptcy" in facts.holds:
        return refusal("estate_claim", facts, on) or "estate_claim"
    kinds: tuple[Document, ...] = ("enforcement_petition", "conciliation_complaint")
    first = refusal(kinds[0], facts, on)
    if first is None or first.name not in ("public_body", "objected"):
        return first or kinds[0]
    return refusal(kinds[1], facts, on) or kinds[1]


def refusal(kind: Document, facts: LegalFacts, on: date) -> Refusal | None:
    """Why a document of ``kind`` must not be drafted on ``on``; None when it may."""
    if kind == "estate_claim":
        return _no_estate_claim(facts)
    return _not_ready(facts) or {
        "enforcement_petition": _no_petition,
        "conciliation_complaint": _no_complaint,
        "bankruptcy_notice": _no_bankruptcy_notice,
    }[kind](facts, on)


def _no_estate_claim(facts: LegalFacts) -> Refusal | None:
    if not any(hold in facts.holds for hold in ESTATE_HOLDS):
        return Refusal("no_estate", "the register shows no estate of the debtor")
    if not facts.is_open:
        return Refusal("settled", "nothing is open")
    if facts.estate_on is None:
        return Refusal("no_opening", "the register does not say when the estate was opened", needs_a_person=True)
    return Refusal("provisional", "the interest is provisional") if facts.provisional else None


def _not_ready(facts: LegalFacts) -> Refusal | None:
    """What stands against every step against the debtor itself."""
    if facts.state != "legal_ready":
        return Refusal("not_ready", f"the case is {facts.state}, not legal_ready")
    if facts.holds:
        return Refusal("held", f"the case is held: {', '.join(sorted(facts.holds))}")
    if not facts.is_open:
        return Refusal("settled", "nothing is open")
    if "register_stale" in facts.flags:
        return Refusal("register_stale", "the register has not answered lately; legal steps wait (rules § 6)")
    if facts.provisional:
        return Refusal("provisional", "the interest is provisional: no rate is stored for a day of it")
    if "debtor_changed" in facts.flags:
        return Refusal(
            "debtor_changed", "the customer has another organisation number now: say who the debtor is", True
        )
    if not facts.is_identified:
        return Refusal("unidentified", "the customer is no person and has no organisation number in the ledger: say "
                       "there who the debtor is", True)  # fmt: skip
    if facts.unmatched_credit:
        return Refusal("unmatched_credit", "the debtor has money or credit that matches no invoice: match it in the "
                       "ledger, or release the hold", True)  # fmt: skip
    if facts.is_minor:
        return Refusal("minor", "the debtor is a minor: a lawyer decides", True)
    if (facts.country_code or "NO").upper() != "NO":
        return Refusal("abroad", "the debtor's address is abroad: no Norwegian venue follows from it", True)
    if facts.notice_on is None:
        return Refusal("no_notice", "no notice of enforcement has left", True)
    return None


def _no_petition(facts: LegalFacts, on: date) -> Refusal | None:
    if facts.organisation_form in PUBLIC_FORMS:
        return Refusal("public_body", "the debtor is a public body; enforcement is barred (§ 1-2): sue instead")
    if facts.objected:
        return Refusal("objected", "the debtor has disputed the claim; the conciliation board is the way (§ 7-2 f)")
    return _outside_the_notice(facts, on)


def _outside_the_notice(facts: LegalFacts, on: date) -> Refusal | None:
    """tvangsfullbyrdelsesloven § 4-18; obligation C-7."""
    sent = facts.notice_on
    if sent is None:
        return Refusal("no_notice", "no notice of enforcement has left", True)
    window = petition_window(sent, facts.due_date)
    if window is None:
        return Refusal("notice_before_due", f"the notice of {sent.isoformat()} left before the due date "
                       f"{facts.due_date.isoformat()} and does not count (§ 4-18)", True)  # fmt: skip
    if on < window.first:
        return Refusal("too_early", f"two weeks from the notice of {sent.isoformat()} end on the day before "
                       f"{window.first.isoformat()} (§ 4-18)")  # fmt: skip
    if on > window.last:
        return Refusal("notice_too_old", f"the notice of {sent.isoformat()} was good until {window.last.isoformat()}: "
                       "a new notice is needed (§ 4-18)", True)  # fmt: skip
    return None


def _no_complaint(facts: LegalFacts, on: date) -> Refusal | None:
    return None


def _no_bankruptcy_notice(facts: LegalFacts, on: date) -> Refusal | None:
    if not facts.is_business:
        return Refusal("person", "the debtor is a private person without accounting duty (konkursloven § 63)", True)
    if facts.organisation_form in PUBLIC_FORMS:
        return Refusal("public_body", "the debtor is a public body and cannot go bankrupt", True)
    if facts.objected:
        return Refusal("objected", "the debtor has disputed the claim; it is not clear (konkursloven § 63)", True)
    return None
