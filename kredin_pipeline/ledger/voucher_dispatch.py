"""Exactly one voucher per settlement: sending, looking up, reading back (rules § 5.5).

Here belongs the order of the steps that keeps a voucher from being booked twice or not at all, whatever breaks. Not
here: HTTP (``resources``), the outbox's own rules (``kredin_pipeline.journal``), and the lines (``voucher_lines``).

The ledger has no idempotency key, but a voucher carries our reference and a repeated one is refused (PowerOffice
reference, Idempotency). So::

    intended ── claim ──> sending ── POST ──> posted ── read back ──> confirmed
                             │  no answer
                             └─────> outcome_unknown ── look-up finds it ──> posted, or conflict if it differs
                                            └── a later run's look-ups find nothing ──> intended again, same reference

A look-up right after a lost answer may miss a voucher that the ledger is slow to show. The run that lost the answer
therefore waits and looks several times, but never concludes absence; only a later run does. Should even that be wrong,
the repeated reference is refused, and the refusal leads to a look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, Protocol

from kredin_pipeline.ledger.voucher_lines import (
    Accounts,
    FeeAndInterestVoucher,
    FoundLine,
    VoucherError,
    difference,
    manual_journal,
)
from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected

LOOK_UP_WAITS: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0, 4.0)
"""Seconds before each look-up after an answer that was lost just now; ten in all."""
SETTLED_AFTER = timedelta(seconds=60)
"""What was sent longer ago than this is visible if it is there: one look-up is enough."""
GIVE_UP_AFTER = 3
"""So many vouchers in a row that did not reach the ledger end the sending for this run."""


class Item(Protocol):
    """An outbox item of kind ``voucher`` or ``reversal``."""

    @property
    def key(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...
    @property
    def changed_at(self) -> datetime: ...
    @property
    def remote_no(self) -> str | None: ...


class Outbox(Protocol):
    """What of the journal is needed; every change is refused by the journal if the item is in another state."""

    def claim_for_sending(self, key: str, worker: str, at: datetime) -> bool: ...
    def mark_posted(
        self, key: str, remote_id: str, remote_no: str | None, at: datetime, *, sent_on: date | None = None
    ) -> None: ...
    def mark_confirmed(
        self,
        key: str,
        at: datetime,
        *,
        remote_id: str | None = None,
        remote_no: str | None = None,
        sent_on: date | None = None,
    ) -> None: ...
    def mark_outcome_unknown(self, key: str, reason: str, at: datetime, *, worker: str | None = None) -> None: ...
    def mark_conflict(self, key: str, reason: str, at: datetime) -> None: ...
    def mark_rejected(self, key: str, reason: str, at: datetime) -> None: ...
    def mark_nothing_sent(self, key: str, reason: str, at: datetime) -> None: ...
    def requeue(self, key: str, reason: str, at: datetime) -> None: ...


class Ledger(Protocol):
    """The ledger's side. ``post`` and ``reverse`` raise the outcomes; ``find`` may raise anything, it only reads."""

    def find(self, reference: str, around: date) -> Sequence[FoundLine]:
        """The lines of vouchers with our reference, posted around a date; empty when none is visible."""
        ...

    def post(self, body: Mapping[str, object]) -> tuple[str, str | None]:
        """Post a manual journal; gives voucher id and number (None while the ledger has not numbered it)."""
        ...

    def reverse(self, voucher_id: str) -> str:
        """Reverse a voucher of ours; gives the id that the ledger answers with."""
        ...


class Clock(Protocol):
    """Time. ``now`` is aware UTC."""

    def now(self) -> datetime: ...
    def sleep(self, seconds: float) -> None: ...


@dataclass
class VoucherReport:
    """What became of the items, by outbox key; the texts say why."""

    posted: list[str] = field(default_factory=list[str])
    confirmed: list[str] = field(default_factory=list[str])
    requeued: list[str] = field(default_factory=list[str])
    unknown: dict[str, str] = field(default_factory=dict[str, str])
    conflicts: dict[str, str] = field(default_factory=dict[str, str])
    rejected: dict[str, str] = field(default_factory=dict[str, str])
    not_sent: dict[str, str] = field(default_factory=dict[str, str])
    not_visible: list[str] = field(default_factory=list[str])
    unread: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def faults(self) -> dict[str, str]:
        """What a person has to look at: conflicts and refusals."""
        return {**self.conflicts, **self.rejected}


@dataclass(frozen=True)
class _Seen:
    """What a look-up says about one item."""

    verdict: Literal["absent", "same", "different"]
    remote_id: str = ""
    remote_no: str | None = None
    detail: str = ""


def content_of(voucher: FeeAndInterestVoucher, accounts: Accounts, posting_date: date) -> dict[str, object]:
    """The outbox content of a voucher: plain JSON, amounts and ids as text, days as ISO text."""
    return {
        "case_id": voucher.case_id,
        "invoice_no": voucher.invoice_no,
        "customer_no": voucher.customer_no,
        "settlement_key": voucher.settlement_key,
        "fee": f"{voucher.fee:.2f}",
        "interest": f"{voucher.interest:.2f}",
        "total": f"{voucher.total:.2f}",
        "payment_date": voucher.payment_date.isoformat(),
        "posting_date": posting_date.isoformat(),
        "reference": voucher.reference,
        "tenant": voucher.tenant,
        "subledger_account_id": accounts.subledger_id,
        "fee_account": accounts.fee_account_no,
        "fee_account_id": accounts.fee_account_id,
        "interest_account": accounts.interest_account_no,
        "interest_account_id": accounts.interest_account_id,
        "no_vat_id": accounts.no_vat_id,
    }


def voucher_of(key: str, content: Mapping[str, Any]) -> tuple[FeeAndInterestVoucher, Accounts, date]:
    """The voucher, its accounts and its posting date back from the outbox. Raises ``VoucherError`` naming the field."""
    try:
        voucher = FeeAndInterestVoucher(
            key=key,
            reference=str(content["reference"]),
            tenant=str(content["tenant"]),
            case_id=str(content["case_id"]),
            invoice_no=str(content["invoice_no"]),
            customer_no=str(content["customer_no"]),
            settlement_key=str(content["settlement_key"]),
            fee=Decimal(str(content["fee"])),
            interest=Decimal(str(content["interest"])),
            total=Decimal(str(content["total"])),
            payment_date=date.fromisoformat(str(content["payment_date"])),
        )
        accounts = Accounts(
            subledger_id=str(content["subledger_account_id"]),
            fee_account_no=content["fee_account"],
            fee_account_id=content["fee_account_id"],
            interest_account_no=content["interest_account"],
            interest_account_id=content["interest_account_id"],
            no_vat_id=str(content["no_vat_id"]),
        )
        return voucher, accounts, date.fromisoformat(str(content["posting_date"]))
    except KeyError as error:
        raise VoucherError(f"outbox {key}: {error.args[0]}: found nothing, want it in the voucher's content") from None


class VoucherDispatch:
    """One run's work on the vouchers of one tenant. ``worker`` names the run in the outbox's log."""

    def __init__(self, outbox: Outbox, ledger: Ledger, clock: Clock, worker: str) -> None:
        self._outbox, self._ledger, self._clock, self._worker = outbox, ledger, clock, worker
        self.report = VoucherReport()

    def settle_earlier(self, items: Sequence[Item]) -> None:
        """Look up what an earlier run left without an answer; what is proved absent becomes intended again."""
        waiting = [item for item in items if item.state in ("sending", "outcome_unknown")]
        for item in waiting:
            if item.state == "sending":
                self._outbox.mark_outcome_unknown(
                    item.key, "the run that sent it ended before the answer", self._clock.now(), worker=self._worker
                )
        fresh = [item for item in waiting if self._clock.now() - item.changed_at < SETTLED_AFTER]
        absent = self._look_up([item for item in waiting if item not in fresh], LOOK_UP_WAITS[:1])
        absent += self._look_up(fresh, LOOK_UP_WAITS)
        for item in absent:
            self._outbox.requeue(item.key, "looked up by its reference: not in the ledger", self._clock.now())
            self.report.requeued.append(item.key)

    def send(self, items: Sequence[Item]) -> None:
        """Send what is intended, one after the other, then look for those whose answer was lost."""
        lost: list[Item] = []
        failures_in_a_row = 0
        for item in items:
            if failures_in_a_row >= GIVE_UP_AFTER:
                self.report.not_sent[item.key] = "not tried: the ledger could not be reached"
                continue
            sent = self._send_one(item)
            failures_in_a_row = failures_in_a_row + 1 if sent == "nothing_sent" else 0
            if sent == "lost":
                lost.append(item)
        self._look_up(lost, LOOK_UP_WAITS)
        for item in lost:
            if item.key not in self.report.posted and item.key not in self.report.conflicts:
                self.report.unknown[item.key] = "no answer, and not visible in the ledger yet; the next run looks again"

    def confirm(self, items: Sequence[Item]) -> None:
        """Read posted items back and fill in the ledger's number. One that is not visible yet waits for a later run."""
        for item in items:
            if item.state != "posted":
                continue
            seen = self._find(item)
            if seen is None:
                continue
            number = item.remote_no or seen.remote_no
            if seen.verdict == "different":
                self.report.conflicts[item.key] = seen.detail
            elif seen.verdict == "absent" or number is None:
                self.report.not_visible.append(item.key)
            else:
                new = None if item.remote_no else number
                self._outbox.mark_confirmed(item.key, self._clock.now(), remote_no=new)
                self.report.confirmed.append(item.key)

    def _send_one(self, item: Item) -> Literal["done", "lost", "nothing_sent"]:
        try:
            request = self._request(item)
        except VoucherError as error:
            self.report.not_sent[item.key] = str(error)
            return "done"
        if not self._outbox.claim_for_sending(item.key, self._worker, self._clock.now()):
            return "done"  # another worker has it
        try:
            remote_id, remote_no = request()
        except NothingSent as outcome:
            self._outbox.mark_nothing_sent(item.key, outcome.detail, self._clock.now())
            self.report.not_sent[item.key] = outcome.detail
            return "nothing_sent"
        except Rejected as outcome:
            return self._refused(item, outcome)
        except OutcomeUnknown as outcome:
            self._outbox.mark_outcome_unknown(item.key, outcome.detail, self._clock.now())
            return "lost"
        except Exception as error:
            self._outbox.mark_outcome_unknown(item.key, f"broke off: {type(error).__name__}", self._clock.now())
            raise
        self._posted(item, remote_id, remote_no)
        return "done"

    def _request(self, item: Item) -> Callable[[], tuple[str, str | None]]:
        """The call that carries the item out, built before the item is claimed."""
        if item.kind == "reversal":
            voucher_id = str(item.payload["voucher_id"])
            return lambda: (self._ledger.reverse(voucher_id), None)
        voucher, accounts, posting_date = voucher_of(item.key, item.payload)
        body = manual_journal(voucher, accounts, posting_date)
        return lambda: self._ledger.post(body)

    def _refused(self, item: Item, outcome: Rejected) -> Literal["done", "lost"]:
        """A refusal may mean that an earlier attempt had arrived after all; the ledger itself says which."""
        seen = self._find(item)
        if seen is not None and seen.verdict == "same":
            self._posted(item, seen.remote_id, seen.remote_no)
            return "done"
        if seen is not None and seen.verdict == "absent" and not _names_a_repeat(outcome):
            self._outbox.mark_rejected(item.key, outcome.detail, self._clock.now())
            self.report.rejected[item.key] = outcome.detail
            return "done"
        self._outbox.mark_outcome_unknown(item.key, outcome.detail, self._clock.now())
        return "lost"

    def _look_up(self, items: Sequence[Item], waits: Sequence[float]) -> list[Item]:
        """Look for all items after each wait and record what is found; gives those that the last look-up proved absent.

        Of an item that the ledger could not be asked about, nothing is known and nothing is concluded.
        """
        left = list(items)
        absent: list[Item] = []
        for wait in waits:
            if not left:
                break
            if wait:
                self._clock.sleep(wait)
            absent, unread = [], list[Item]()
            for item in left:
                seen = self._find(item)
                if seen is None:
                    unread.append(item)
                elif seen.verdict == "absent":
                    absent.append(item)
                elif seen.verdict == "same":
                    self._posted(item, seen.remote_id, seen.remote_no)
                else:
                    self._outbox.mark_conflict(item.key, seen.detail, self._clock.now())
                    self.report.conflicts[item.key] = seen.detail
            left = absent + unread
        return absent

    def _find(self, item: Item) -> _Seen | None:
        """What the ledger shows of an item; None when it could not be asked (noted in the report)."""
        reference = str(item.payload["reference"])
        around = date.fromisoformat(str(item.payload["posting_date"]))
        try:
            lines = self._ledger.find(reference, around)
        except Exception as error:
            self.report.unread[item.key] = f"the ledger could not be asked: {error}"
            return None
        return _reversal_seen(lines) if item.kind == "reversal" else _voucher_seen(item, lines)

    def _posted(self, item: Item, remote_id: str, remote_no: str | None) -> None:
        self._outbox.mark_posted(item.key, remote_id, remote_no, self._clock.now())
        self.report.posted.append(item.key)


def _voucher_seen(item: Item, lines: Sequence[FoundLine]) -> _Seen:
    if not lines:
        return _Seen("absent")
    voucher, accounts, _ = voucher_of(item.key, item.payload)
    first = lines[0]
    if any(line.is_reversed for line in lines):
        detail = f"voucher {first.voucher_no or first.voucher_id} carries the reference and was reversed in the ledger"
        return _Seen("different", first.voucher_id, first.voucher_no, detail)
    differs = difference(voucher, accounts, lines)
    if differs is not None:
        return _Seen("different", first.voucher_id, first.voucher_no, f"{differs}; nothing more is posted")
    return _Seen("same", first.voucher_id, first.voucher_no)


def _reversal_seen(lines: Sequence[FoundLine]) -> _Seen:
    reversed_lines = [line for line in lines if line.is_reversed]
    if not reversed_lines:
        return _Seen("absent")
    return _Seen("same", reversed_lines[0].voucher_id, reversed_lines[0].voucher_no)


def _names_a_repeat(outcome: Rejected) -> bool:
    """Whether a refusal speaks of the reference, or of a conflict, rather than of the voucher's content."""
    text = outcome.detail.lower()
    return outcome.status == 409 or "externalimportreference" in text.replace(" ", "")
