"""A day's posting as one run does it, with the product's own parts: commit intents, settle, send, read back.

Belongs here: the order of the steps of ``assets/vouchers.py``, without the book and without Dagster, so that a process
that is killed and a model that is explored run the same lines. Not here: what breaks, and what is expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from kredin_pipeline.journal import OutboxItem
from kredin_pipeline.journal.outbox import Intent
from kredin_pipeline.ledger.voucher_dispatch import Clock, Ledger, Outbox, VoucherDispatch

KINDS = ("voucher", "reversal")


class Journal(Outbox, Protocol):
    """The journal as far as a posting run needs it."""

    def intend_all(self, tenant: str, intents: Sequence[Intent], at: datetime) -> list[str]: ...
    def items(self, tenant: str, kind: Any = None, states: Any = None) -> list[OutboxItem]: ...


def posting_run(
    journal: Journal, ledger: Ledger, clock: Clock, worker: str, tenant: str, intents: Sequence[Intent] = ()
) -> None:
    """One run. Raises what breaks it off."""

    def waiting(*states: str) -> list[OutboxItem]:
        items = journal.items(tenant, None, list(states))
        return [item for kind in KINDS for item in items if item.kind == kind]

    if intents:
        journal.intend_all(tenant, list(intents), clock.now())
    sending = VoucherDispatch(journal, ledger, clock, worker)
    sending.settle_earlier(waiting("sending", "outcome_unknown"))
    sending.send(waiting("intended"))
    VoucherDispatch(journal, ledger, clock, worker).confirm(waiting("posted"))
