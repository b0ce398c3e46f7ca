"""The shapes in which the journal answers, and the shape a letter's and a voucher's content must have.

Rows that go into the book's copies (``CaseRow``, ``LetterRow``, ``VoucherRow``, ``DecisionRow``) are named tuples in
the order of those tables' columns. Amounts are kroner (``Decimal``, two decimals), days are Oslo days, times are UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple, cast
from uuid import UUID, uuid5

from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal.errors import JournalError
from kredin_pipeline.journal.states import ItemKind, State

_LETTER_AMOUNTS: Final = ("fee", "interest", "principal", "total")
REFERENCE_NAMESPACE: Final = UUID("6f2d5b0e-5b0b-5c39-9f57-6d1b5a0f3c21")


def voucher_reference(key: str) -> str:
    """The ExternalImportReference of an outbox key: the same for every attempt, another for every other intent."""
    return str(uuid5(REFERENCE_NAMESPACE, key))


@dataclass(frozen=True)
class Tenant:
    """A company (kreditor) whose ledger we read. ``client_key`` never shows itself."""

    name: str
    client_key: SecretStr
    company_name: str
    organization_no: str
    connected_on: date
    settings: TenantSettings

    @property
    def live(self) -> bool:
        """Whether letters and vouchers may leave the house for this tenant."""
        return self.settings.live


@dataclass(frozen=True)
class SettingsChange:
    """One version of a tenant's settings: what was changed, by whom, when, and all settings after it."""

    version: int
    changes: Mapping[str, Any]
    settings: TenantSettings
    changed_by: str
    changed_at: datetime


class CaseRow(NamedTuple):
    """A case (sak) as opened; the columns of the book's ``journal_cases``."""

    case_id: str
    voucher_id: str
    invoice_no: str | None
    customer_no: str | None
    orgnr: str | None
    opened_on: date


@dataclass(frozen=True)
class Decision:
    """What a person decided (rules § 7). ``refused_because`` names why it had no effect; the attempt is kept."""

    decision_id: str
    seq: int
    case_id: str | None
    customer_no: str | None
    kind: str
    payload: Mapping[str, Any]
    effective_on: date
    decided_at: datetime
    decided_by: str
    refused_because: str | None


class DecisionRow(NamedTuple):
    """The columns of the book's ``journal_decisions``; ``payload`` is JSON text. Refused decisions are not in it."""

    decision_id: str
    seq: int
    case_id: str | None
    customer_no: str | None
    kind: str
    payload: str
    effective_on: date
    decided_at: datetime
    decided_by: str


class LetterRow(NamedTuple):
    """One claim in one letter that left; the columns of the book's ``journal_letters``."""

    letter_key: str
    case_id: str
    step: str
    channel: str
    sent_on: date
    deadline: date | None
    fee: Decimal
    interest: Decimal
    principal: Decimal
    total: Decimal
    bears_fee: bool


class VoucherRow(NamedTuple):
    """A fee-and-interest voucher in any state; the columns of the book's ``journal_vouchers``."""

    voucher_key: str
    case_id: str
    settlement_key: str
    reference: str
    state: State
    fee: Decimal
    interest: Decimal
    total: Decimal
    posting_date: date | None
    voucher_id: str | None
    voucher_no: str | None
    reversed: bool


@dataclass(frozen=True)
class JournalRows:
    """What the book copies before it derives.

    ``allocation_orders``: each change of the setting ``allocation`` with the Oslo day from which it counts; the first
    counts from the beginning. A payment keeps the order of its day (rules § 5.1).
    """

    cases: list[CaseRow]
    decisions: list[DecisionRow]
    letters: list[LetterRow]
    vouchers: list[VoucherRow]
    allocation_orders: tuple[tuple[date, str], ...] = ()


@dataclass(frozen=True)
class OutboxItem:
    """A letter, voucher or reversal on its way out. ``remote_no`` is None while the ledger has not numbered it."""

    key: str
    tenant: str
    kind: ItemKind
    state: State
    reference: str
    reverses: str | None
    case_ids: tuple[str, ...]
    payload: Mapping[str, Any]
    planned_on: date
    attempts: int
    worker: str | None
    remote_id: str | None
    remote_no: str | None
    sent_on: date | None
    reason: str | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class Transition:
    """One change of an item's state as the database logged it; ``from_state`` is None for the first."""

    seq: int
    key: str
    from_state: State | None
    to_state: State
    reason: str | None
    worker: str | None
    payload: Mapping[str, Any] | None
    at: datetime


@dataclass(frozen=True)
class Document:
    """A document as it left or was signed: its bytes, their SHA-256, and the figures it states (``snapshot``)."""

    seq: int
    tenant: str
    sha256: str
    key: str | None
    case_id: str | None
    kind: str
    media_type: str
    content: bytes
    snapshot: Mapping[str, Any]
    stored_at: datetime


def letter_rows(key: str, payload: Mapping[str, Any], sent_on: date) -> list[LetterRow]:
    """The claims of a letter, from its content.

    A letter's content has ``step``, ``channel``, ``deadline`` and ``claims``: a list of ``case_id``, ``fee``,
    ``interest``, ``principal``, ``total``, ``bears_fee``. Other keys are kept and not read.
    Raises ``JournalError`` naming the missing or wrong key.
    """
    step, channel = _text(key, payload, "step"), _text(key, payload, "channel")
    deadline = _day(key, payload, "deadline")
    claims = payload.get("claims")
    if not isinstance(claims, list) or not claims:
        raise JournalError(f"outbox {key}: content has no claims; want a list with one row per claim")
    rows: list[LetterRow] = []
    for claim in cast(list[Mapping[str, Any]], claims):
        bears_fee = claim.get("bears_fee")
        if not isinstance(bears_fee, bool):
            raise JournalError(f"outbox {key}: claims.bears_fee: found {bears_fee!r}, want true or false")
        fee, interest, principal, total = (_kroner(key, claim, name) for name in _LETTER_AMOUNTS)
        case_id = _text(key, claim, "case_id")
        rows.append(
            LetterRow(key, case_id, step, channel, sent_on, deadline, fee, interest, principal, total, bears_fee)
        )
    return rows


def voucher_amounts(key: str, payload: Mapping[str, Any]) -> tuple[str, str, Decimal, Decimal, Decimal, date | None]:
    """Case, settlement, fee, interest, total and posting date of a voucher, from its content.

    Raises ``JournalError`` naming the missing or wrong key, or when fee plus interest is not the total.
    """
    case_id, settlement = _text(key, payload, "case_id"), _text(key, payload, "settlement_key")
    fee, interest, total = (_kroner(key, payload, name) for name in ("fee", "interest", "total"))
    if fee + interest != total:
        raise JournalError(f"outbox {key}: fee {fee} plus interest {interest} is not the total {total}")
    return case_id, settlement, fee, interest, total, _day(key, payload, "posting_date")


def _text(key: str, content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise JournalError(f"outbox {key}: {name}: found {value!r}, want text")
    return value


def _day(key: str, content: Mapping[str, Any], name: str) -> date | None:
    value = content.get(name)
    try:
        return None if value is None else date.fromisoformat(str(value)[:10])
    except ValueError:
        raise JournalError(f"outbox {key}: {name}: found {value!r}, want an ISO date") from None


def _kroner(key: str, content: Mapping[str, Any], name: str) -> Decimal:
    value = content.get(name)
    try:
        amount = Decimal(str(value)).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise JournalError(f"outbox {key}: {name}: found {value!r}, want kroner with two decimals") from None
    if isinstance(value, float | bool) or amount != Decimal(str(value)):
        raise JournalError(f"outbox {key}: {name}: found {value!r}, want kroner with two decimals as text")
    return amount
