"""The last look before a letter leaves: has anything changed since it was written (rules § 4.5)?

Here belongs the comparison of the picture that a letter was made from with what the ledger, the people and the register
say now. A letter that no longer fits is dropped with a reason, and a later run makes it anew from the new picture; what
it would have charged is not charged. Not here: reading the ledger or the register (``resources``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from kredin_pipeline.letters.content import ZERO, LetterContent

PAID = "paid_before_send"
CHANGED = "balance_changed"
DECIDED = "decision_before_send"
REGISTER = "register_before_send"


@dataclass(frozen=True)
class OpenItem:
    """An open entry of the customer ledger as of today. ``balance`` is kroner, debit positive."""

    entry_id: str
    customer_no: str
    balance: Decimal


@dataclass(frozen=True)
class Picture:
    """What is known at the moment of sending.

    ``balances``: entry id → open balance, entries that are settled are missing. ``credits``: customer number → sum of
    open credits, <= 0. ``decided_cases`` and ``decided_customers``: about whom a person decided something after the
    letter was written. ``held_orgnrs``: organisation number → what the register says against a letter.
    """

    balances: Mapping[str, Decimal]
    credits: Mapping[str, Decimal]
    decided_cases: frozenset[str] = frozenset()
    decided_customers: frozenset[str] = frozenset()
    held_orgnrs: Mapping[str, str] = field(default_factory=dict[str, str])


def open_picture(items: Iterable[OpenItem]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Balances by entry and open credits by customer, of the open items of today's customers."""
    balances: dict[str, Decimal] = {}
    credits: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for item in items:
        balances[item.entry_id] = item.balance
        if item.balance < 0:
            credits[item.customer_no] += item.balance
    return balances, dict(credits)


def reason_to_drop(content: LetterContent, credits_then: Mapping[str, Decimal], now: Picture) -> str | None:
    """Why the letter must not leave as it is, or None. ``credits_then`` is what the letter was written with.

    ``paid_before_send``: of one of its claims nothing is open any more, or new credits cover what it asks.
    ``balance_changed``: the balance or the credits are others, so the letter would ask for a wrong sum.
    """
    for claim in content.claims:
        open_now = now.balances.get(claim.entry_id, ZERO)
        if open_now <= 0 < claim.ledger_balance:
            return PAID
    for claim in content.claims:
        if now.balances.get(claim.entry_id, ZERO) != claim.ledger_balance:
            return CHANGED
    for customer_no in sorted({claim.customer_no for claim in content.claims}):
        new_credit = credits_then.get(customer_no, ZERO) - now.credits.get(customer_no, ZERO)
        if new_credit > 0:
            asked = sum((claim.principal for claim in content.claims if claim.customer_no == customer_no), ZERO)
            return PAID if new_credit >= asked else CHANGED
        if new_credit < 0:
            return CHANGED
    if any(claim.case_id in now.decided_cases for claim in content.claims) or any(
        claim.customer_no in now.decided_customers for claim in content.claims
    ):
        return DECIDED
    held = now.held_orgnrs.get(content.recipient.orgnr or "")
    return f"{REGISTER}: {held}" if held else None
