"""What the sending of vouchers needs of the journal, the ledger and the clock, and what it reports.

Belongs here: these shapes alone, so that every part of the sending can name them. Not here: what is done with them
(``voucher_dispatch``, ``voucher_sending``, ``voucher_looking``), and the real ones (``journal``, ``assets``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from kredin_pipeline.ledger.voucher_lines import FoundLine


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
    def attempts(self) -> int: ...
    @property
    def worker(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def changed_at(self) -> datetime: ...
    @property
    def remote_no(self) -> str | None: ...


class Outbox(Protocol):
    """What of the journal is needed. Every change raises ``ItemMoved`` if another run has moved the item meanwhile."""

    def claim_many(self, keys: Sequence[str], worker: str, at: datetime) -> list[str]: ...
    def mark_posted(
        self, key: str, remote_id: str, remote_no: str | None, at: datetime, *, sent_on: date | None = None
    ) -> None: ...
    def adopt(self, key: str, remote_id: str, remote_no: str | None, worker: str, at: datetime) -> str: ...
    def confirm_many(self, numbers: Mapping[str, str | None], at: datetime) -> list[str]: ...
    def mark_outcome_unknown(
        self, key: str, reason: str, at: datetime, *, worker: str | None = None, held_by: str | None = None
    ) -> None: ...
    def mark_conflict(self, key: str, reason: str, at: datetime) -> None: ...
    def mark_rejected(self, key: str, reason: str, at: datetime, *, held_by: str | None = None) -> None: ...
    def mark_nothing_sent(self, key: str, reason: str, at: datetime, *, held_by: str | None = None) -> None: ...
    def requeue(self, key: str, reason: str, at: datetime, *, attempts: int | None = None) -> None: ...


class Ledger(Protocol):
    """The ledger's side. ``post`` and ``reverse`` raise the outcomes and are called from several threads at once; the
    look-ups may raise anything, they only read."""

    def find_all(self, wanted: Mapping[str, date]) -> Mapping[str, Sequence[FoundLine]]:
        """The lines of vouchers with our references, each posted around its date; one without any may be missing."""
        ...

    def seen_on_customers(self, wanted: Mapping[str, str], first: date, last: date) -> AbstractSet[str]:
        """Those references (each with its customer's number) that the customer ledger shows, posted in these days."""
        ...

    def post(self, body: Mapping[str, object]) -> tuple[str, str | None]:
        """Post a voucher; gives its id and number (None while the ledger has not numbered it)."""
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
    """What became of the items, by outbox key and in the order in which they were given; the texts say why.

    ``moved``: another run changed the item meanwhile. That is no fault; what was known was noted all the same.
    """

    posted: list[str] = field(default_factory=list[str])
    confirmed: list[str] = field(default_factory=list[str])
    requeued: list[str] = field(default_factory=list[str])
    unknown: dict[str, str] = field(default_factory=dict[str, str])
    conflicts: dict[str, str] = field(default_factory=dict[str, str])
    rejected: dict[str, str] = field(default_factory=dict[str, str])
    not_sent: dict[str, str] = field(default_factory=dict[str, str])
    not_visible: list[str] = field(default_factory=list[str])
    unread: dict[str, str] = field(default_factory=dict[str, str])
    moved: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def faults(self) -> dict[str, str]:
        """What a person has to look at: conflicts and refusals."""
        return {**self.conflicts, **self.rejected}

    def put_in_order(self, keys: Sequence[str]) -> None:
        """Items that were under way at the same time are told in the order of ``keys``, not of their answers."""
        place = {key: number for number, key in enumerate(keys)}

        def order(key: str) -> int:
            return place.get(key, -1)

        for told in (self.posted, self.confirmed, self.requeued, self.not_visible):
            told.sort(key=order)
        for why in (self.unknown, self.conflicts, self.rejected, self.not_sent, self.unread, self.moved):
            in_order = {key: why[key] for key in sorted(why, key=order)}
            why.clear()
            why.update(in_order)
