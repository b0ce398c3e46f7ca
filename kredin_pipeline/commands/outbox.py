"""``kredin outbox``: what is on its way out, and how an item came to be where it is."""

from __future__ import annotations

from kredin_pipeline.commands.output import failures_told, print_json, print_table
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.journal import Journal, OutboxItem
from kredin_pipeline.journal.states import OPEN, STATES


def list_outbox(tenant: str | None, *, everything: bool, key: str | None, as_json: bool) -> None:
    """Print the open items of one or all tenants, or one item's history."""
    with failures_told():
        session = open_session()
        if key is not None:
            _history(session.journal, key, as_json=as_json)
            return
        states = tuple(STATES) if everything else (*OPEN, "conflict")
        items = [item for name in session.names(tenant) for item in session.journal.items(name, states=states)]
    if as_json:
        print_json([_row(item) for item in items])
        return
    columns = ("tenant", "kind", "state", "cases", "planned", "tries", "number", "since", "reason")
    rows = [
        (
            item.tenant, item.kind, item.state, item.case_ids, item.planned_on, item.attempts, item.remote_no,
            item.changed_at, item.reason,
        )
        for item in items
    ]  # fmt: skip
    print_table("Outbox", columns, rows, "Nothing is on its way out.")


def _row(item: OutboxItem) -> dict[str, object]:
    return {
        "key": item.key, "tenant": item.tenant, "kind": item.kind, "state": item.state, "case_ids": item.case_ids,
        "reference": item.reference, "reverses": item.reverses, "planned_on": item.planned_on,
        "attempts": item.attempts, "remote_id": item.remote_id, "remote_no": item.remote_no, "sent_on": item.sent_on,
        "reason": item.reason, "changed_at": item.changed_at,
    }  # fmt: skip


def _history(journal: Journal, key: str, *, as_json: bool) -> None:
    item = journal.item(key)
    changes = journal.history(key)
    if as_json:
        print_json(
            [
                {"from": change.from_state, "to": change.to_state, "at": change.at, "worker": change.worker,
                 "reason": change.reason}
                for change in changes
            ]
        )  # fmt: skip
        return
    rows = [(change.at, change.to_state, change.worker, change.reason) for change in changes]
    print_table(f"{key} (reference {item.reference})", ("at", "state", "worker", "reason"), rows, "No history.")
