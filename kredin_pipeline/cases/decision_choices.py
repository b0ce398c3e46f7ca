"""The words that a decision may choose from, once for judging, the command line and the launchpad (rules § 7).

Belongs here: closed lists, each member named as it is stored. Not here: what a word does, or when it may be said.
"""

from __future__ import annotations

from enum import StrEnum, auto


class CloseReason(StrEnum):
    """Why a person closes a case; every other reason is the ledger's."""

    withdrawn = auto()
    debtor_insolvent = auto()
    time_barred = auto()


class Outcome(StrEnum):
    """How a dispute ended."""

    upheld = auto()
    upheld_in_part = auto()
    refused = auto()


class SettlementClass(StrEnum):
    """What an unexplained settlement, or a credit note (the last two), was."""

    paid = auto()
    written_off = auto()
    credited = auto()
    goodwill = auto()
    correction = auto()


class LegalKind(StrEnum):
    """A legal step that was filed or decided."""

    enforcement_petition = auto()
    conciliation_complaint = auto()
    judgment = auto()
    no_binding_decision = auto()
    enforcement_in_vain = auto()
    nothing_to_seize = auto()


class ChargedStep(StrEnum):
    """A letter that may carry a fee."""

    reminder = auto()
    collection_notice = auto()
    payment_demand = auto()


class Hold(StrEnum):
    """A hold that a release lifts; each other one ends in its own way."""

    covered_by_credit = auto()
    unallocated_payment = auto()
    payment_dated_ahead = auto()
    settled_without_bank = auto()
    refunded = auto()
    reversed_payment = auto()
    ledger_conflict = auto()
    unknown_register = auto()
    forced_liquidation = auto()
    winding_up = auto()
    debtor_deleted = auto()
    estate = auto()
    below_minimum = auto()
    document_returned = auto()
