"""Outbox items, a ledger and a clock for tests of the sending. No expectation belongs here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from kredin_pipeline.ledger.voucher_lines import FoundLine

NOW = datetime(2025, 2, 28, 5, 0, tzinfo=UTC)


@dataclass(frozen=True)
class AnItem:
    """An outbox item as the sending sees it."""

    key: str
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])
    kind: str = "voucher"
    state: str = "intended"
    attempts: int = 0
    worker: str | None = None
    reason: str | None = None
    changed_at: datetime = NOW
    remote_no: str | None = None


def dated(key: str, day: str | date, reference: str | None = None, customer_no: str = "10001") -> AnItem:
    """An item whose voucher is dated on a day."""
    reference = reference or f"ref-{key}"
    return AnItem(key, {"reference": reference, "posting_date": str(day), "customer_no": customer_no})


class ShownLedger:
    """What a ledger shows: lines by reference, references on the customers; ``fails`` on look-ups that reach a day."""

    def __init__(self, *references: str, customers: AbstractSet[str] = frozenset(), fails: date | None = None) -> None:
        self.references, self.customers, self.fails = set(references), set(customers), fails
        self.windows: list[tuple[date, date]] = []

    def find_all(self, wanted: Mapping[str, date]) -> dict[str, Sequence[FoundLine]]:
        self.windows.append((min(wanted.values()), max(wanted.values())))
        if self.fails is not None and self.windows[-1][0] <= self.fails <= self.windows[-1][1]:
            raise ConnectionError("the ledger is away")
        mine = {reference.lower() for reference in wanted}
        line = FoundLine("V1", "901", "1500", "10001", Decimal("35.00"))
        return {reference: [line] for reference in self.references if reference.lower() in mine}

    def seen_on_customers(self, wanted: Mapping[str, str], first: date, last: date) -> set[str]:
        if self.fails is not None and first <= self.fails <= last:
            raise ConnectionError("the customer ledger is away")
        return self.customers & set(wanted)

    def post(self, body: Mapping[str, object]) -> tuple[str, str | None]:
        raise AssertionError("nothing is posted here")

    def reverse(self, voucher_id: str) -> str:
        raise AssertionError("nothing is reversed here")


def days_after(first: date, days: int) -> date:
    return first + timedelta(days=days)
