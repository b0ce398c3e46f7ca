"""The shapes of an explanation: frozen values that can be printed, compared and given out as JSON.

Belongs here: shapes alone. Not here: how any of them comes about. Amounts are kroner (``Decimal``, two decimals unless
said otherwise), days are Oslo days, ids are text. Nothing here holds a connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Statement:
    """One sentence and what it rests on.

    ``about`` is a word for programs, ``rule`` a section of the rules (``§ 4.2``), ``statute`` the law behind it where
    there is one, ``on`` the day on which it happened (None: a fact without a day).
    """

    about: str
    text: str
    rule: str
    statute: str | None = None
    on: date | None = None

    @property
    def basis(self) -> str:
        """What stands in brackets behind the sentence."""
        return f"[rules {self.rule}]" if self.statute is None else f"[rules {self.rule}; {self.statute}]"


@dataclass(frozen=True)
class Claim:
    """The claim (krav): the invoice, its three due dates and since when it is a case. ``moved_because`` names "
    "the day off."""

    invoice_no: str | None
    voucher_id: str
    entry_id: str
    invoice_date: date
    principal: Decimal
    currency: str
    currency_amount: Decimal | None
    original_due_date: date
    due_date: date
    counted_due_date: date
    moved_because: str | None
    case_since: date
    debtor_kind: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class LedgerRow:
    """One ledger entry that settles the claim, or did once.

    ``amount`` is the part that met this claim, ``entry_amount`` the whole entry as signed in the ledger. ``kind`` is as
    in ``settlements``, or ``no_longer`` for an entry that once settled the claim and does no longer. ``reduces`` says
    whether it reduces what may be claimed; ``counts_from`` is the day from which interest sees it, ``known_on`` the day
    on which it was booked. The first statement says why it is of that kind.
    """

    entry_id: str
    voucher_no: str | None
    voucher_type: str
    posted_on: date
    amount: Decimal
    entry_amount: Decimal
    kind: str
    reduces: bool
    counts_from: date | None
    match_id: str | None
    known_on: date | None
    statements: tuple[Statement, ...]

    @property
    def why(self) -> Statement:
        """Why the entry is of its kind."""
        return self.statements[0]


@dataclass(frozen=True)
class Allocated:
    """How one payment was shared out on this case, in the order that was used (rules § 5.1)."""

    settlement_key: str
    on: date
    order: str
    to_fee: Decimal
    to_interest: Decimal
    to_principal: Decimal
    to_credit: Decimal
    statement: Statement


@dataclass(frozen=True)
class CustomerCredit:
    """An entry of the customer that settles nothing and covers or holds this claim."""

    entry_id: str
    voucher_no: str | None
    voucher_type: str
    amount: Decimal
    effective_on: date
    dated_ahead: bool
    statement: Statement


@dataclass(frozen=True)
class DecisionTold:
    """What a person decided: who, when, why, and what it changed; ``refused_because`` when it had no effect."""

    decision_id: str
    kind: str
    effective_on: date
    decided_by: str | None
    decided_at: str | None
    said: Mapping[str, Any]
    refused_because: str | None
    statement: Statement


@dataclass(frozen=True)
class LetterTold:
    """A letter that left with this claim in it, as this claim stood in it, and why its fee was what it was.

    ``fee`` is what this claim was charged, ``fee_reason`` the law module's word for it (``charged``, ``minor``, ...)
    or ``borne_by_another_claim``; ``fee_stands`` is false when the fee was withdrawn later.
    """

    letter_key: str
    step: str
    channel: str | None
    sent_on: date
    deadline: date | None
    principal: Decimal
    interest: Decimal
    total: Decimal
    fee: Decimal
    fee_reason: str
    fee_stands: bool
    with_cases: tuple[str, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class VoucherTold:
    """A fee-and-interest voucher of ours for a settlement of this case, in whatever state."""

    voucher_key: str
    settlement_key: str
    state: str
    reversed: bool
    voucher_no: str | None
    reference: str | None
    posting_date: date | None
    fee: Decimal
    interest: Decimal
    total: Decimal
    statement: Statement


@dataclass(frozen=True)
class InterestPeriodTold:
    """One line of the calculation. ``exact`` has six decimals; fully it is ``numerator`` / 1 335 900 000 øre.

    ``shown`` is the line rounded by itself, as a letter shows it; ``began`` says why a new line begins here.
    """

    from_date: date
    to_date: date
    days: int
    rate_percent: Decimal
    year_days: int
    base: Decimal
    exact: Decimal
    shown: Decimal
    numerator: int
    began: str
    source: str


@dataclass(frozen=True)
class InterestTold:
    """Late interest (forsinkelsesrente): its periods, their sum rounded once, and what was published."""

    periods: tuple[InterestPeriodTold, ...]
    runs_from: date
    until: date
    stopped_because: str | None
    exact_sum: Decimal
    rounded: Decimal
    shown_sum: Decimal
    published: Decimal
    provisional: bool
    statements: tuple[Statement, ...]

    @property
    def agrees(self) -> bool:
        """Whether the exact amounts, summed and rounded half up once, are the published interest."""
        return self.rounded == self.published


@dataclass(frozen=True)
class SumLine:
    """A line of a sum; ``amount`` carries its sign."""

    label: str
    amount: Decimal


@dataclass(frozen=True)
class Sum:
    """An addition that is shown: its lines, what they come to, and what was published."""

    about: str
    lines: tuple[SumLine, ...]
    total: Decimal
    published: Decimal
    statements: tuple[Statement, ...]

    @property
    def agrees(self) -> bool:
        """Whether the lines come to what was published."""
        return self.total == self.published


@dataclass(frozen=True)
class DroppedCosts:
    """Costs that fell away when the claim itself did (rules § 2): logged as one entry."""

    on: date
    fees: Decimal
    compensation: Decimal
    interest: Decimal
    credit_note_no: str | None
    statement: Statement


@dataclass(frozen=True)
class HoldTold:
    """Why no step is taken, and what ends that."""

    hold: str
    cause: Statement
    ends: str


@dataclass(frozen=True)
class NextStep:
    """The next step of the course and how its day was found; None when there is none, and why."""

    step: str | None
    on: date | None
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Limitation:
    """The last day on which the claim can be claimed (foreldelse), as counted here and as published."""

    last_day: date
    published: date
    statements: tuple[Statement, ...]

    @property
    def agrees(self) -> bool:
        """Whether the day counted here is the published one."""
        return self.last_day == self.published


@dataclass(frozen=True)
class Loss:
    """What the claim costs if it is lost, and what the books want then; guidance, nothing is posted by us.

    ``principal_lost`` includes VAT; ``sales_to_cover`` is None when the tenant has set no contribution margin.
    """

    ground: str | None
    principal_lost: Decimal
    vat_rate: Decimal
    loss: Decimal
    output_vat: Decimal
    recovered: Decimal
    costs_waived: Decimal
    sales_to_cover: Decimal | None
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Explanation:
    """Everything that made the state of one case on one day."""

    tenant: str
    case_id: str
    invoice_no: str | None
    customer_no: str | None
    customer_name: str | None
    on: date
    notes: tuple[Statement, ...]
    claim: Claim
    ledger_rows: tuple[LedgerRow, ...]
    allocations: tuple[Allocated, ...]
    credits: tuple[CustomerCredit, ...]
    reopenings: tuple[Statement, ...]
    decisions: tuple[DecisionTold, ...]
    letters: tuple[LetterTold, ...]
    vouchers: tuple[VoucherTold, ...]
    dropped: DroppedCosts | None
    interest: InterestTold
    principal: Sum
    costs: Sum
    state: tuple[Statement, ...]
    holds: tuple[HoldTold, ...]
    flags: tuple[Statement, ...]
    next_step: NextStep
    limitation: Limitation
    loss: Loss | None
    choices: tuple[Statement, ...]
    row: Mapping[str, Any]

    @property
    def agrees(self) -> bool:
        """Whether every sum that is shown here gives the published figure."""
        return all(part.agrees for part in (self.interest, self.principal, self.costs, self.limitation))

    @property
    def happened(self) -> tuple[Statement, ...]:
        """What happened to the claim, in the order of time."""
        told: list[Statement] = [
            *(one for row in self.ledger_rows for one in row.statements),
            *(one.statement for one in self.allocations if one.to_fee or one.to_interest or one.to_credit),
            *self.reopenings,
            *(one.statement for one in self.decisions),
            *(one for letter in self.letters for one in letter.statements),
            *(one.statement for one in self.vouchers),
            *(() if self.dropped is None else (self.dropped.statement,)),
        ]
        return in_order_of_time(told)


def in_order_of_time(told: Iterable[Statement]) -> tuple[Statement, ...]:
    """Sentences by their day; those of one day stay as they came."""
    return tuple(sorted(told, key=lambda one: one.on or date.min))
