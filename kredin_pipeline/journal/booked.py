"""The outbox at a glance: its vouchers and reversals in lean rows, for the comparison with the ledger, and its numbers.

Belongs here: reading these. Not here: comparing them (``kredin_pipeline.ledger.voucher_reconciliation``), and what
a person said about a difference (``words.py``).
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import func, select

from kredin_pipeline.journal import schema
from kredin_pipeline.journal.brake import KINDS, handed_over, midnight
from kredin_pipeline.journal.states import DELIVERED, STATES
from kredin_pipeline.journal.store import Store


class Booked(NamedTuple):
    """A voucher or reversal of the outbox in any state. ``total`` is what it puts on the customer, kroner (0 for a
    reversal without one). ``booked_by`` is the latest time at which it can have come into its state (UTC): a later
    change, such as reading it back, does not move it beyond the day on which it was booked."""

    key: str
    kind: str
    state: str
    reference: str
    reverses: str | None
    remote_id: str | None
    remote_no: str | None
    customer_no: str | None
    total: Decimal
    posting_date: date | None
    booked_by: datetime


class StateNumbers(NamedTuple):
    """How many items are in a state, and how many of them were handed over on the day."""

    state: str
    meaning: str
    letters: int
    letters_today: int
    vouchers: int
    vouchers_today: int


class BookedRows(Store):
    def booked(self, tenant: str) -> list[Booked]:
        """Every voucher and reversal of a tenant, oldest first."""
        table = schema.outbox
        query = (
            select(
                table.c.key, table.c.kind, table.c.state, table.c.reference, table.c.reverses, table.c.remote_id,
                table.c.remote_no, table.c.payload, table.c.sent_on, table.c.changed_at,
            )
            .where(table.c.tenant == tenant, table.c.kind.in_(("voucher", "reversal")))
            .order_by(table.c.created_at, table.c.key)
        )  # fmt: skip
        with self.reading() as connection:
            return [_booked(row) for row in connection.execute(query)]

    def outbox_numbers(self, tenant: str, on: date) -> list[StateNumbers]:
        """A tenant's outbox by state, in the order of an item's life; reversals count as vouchers. ``on``: Oslo day."""
        table = schema.outbox
        counted = (
            select(table.c.kind, table.c.state, func.count())
            .where(table.c.tenant == tenant)
            .group_by(table.c.kind, table.c.state)
        )
        with self.reading() as connection:
            in_all = {(row[0], row[1]): row[2] for row in connection.execute(counted)}
            today = {kind: handed_over(connection, tenant, kind, on) for kind in KINDS}
        return [
            StateNumbers(
                state,
                meaning,
                in_all.get(("letter", state), 0),
                list(today["letters"].values()).count(state),
                sum(in_all.get((kind, state), 0) for kind in KINDS["vouchers"]),
                list(today["vouchers"].values()).count(state),
            )
            for state, meaning in STATES.items()
        ]


def _booked(row: Any) -> Booked:
    content: dict[str, Any] = json.loads(row.payload)
    day = content.get("posting_date")
    booked_by = row.changed_at
    if row.sent_on is not None and row.state in DELIVERED:
        booked_by = min(booked_by, midnight(row.sent_on + timedelta(days=1)))
    return Booked(
        row.key, row.kind, row.state, row.reference, row.reverses, row.remote_id, row.remote_no,
        content.get("customer_no"), Decimal(str(content.get("total") or 0)),
        None if day is None else date.fromisoformat(str(day)), booked_by,
    )  # fmt: skip
