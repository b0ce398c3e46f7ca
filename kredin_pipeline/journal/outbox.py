"""The outbox: letters, vouchers and reversals from intent to confirmation, each exactly once (rules §§ 4, 5).

Every change of state is one UPDATE that names the states it may start from; of two workers one wins. The database
refuses any other change and writes the log itself (``triggers.py``). What is sent and how is not decided here.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, delete, insert, select, update

from kredin_pipeline.journal import schema
from kredin_pipeline.journal.columns import canonical_json
from kredin_pipeline.journal.errors import JournalError, TransitionRefused, UnknownItem
from kredin_pipeline.journal.records import (
    OutboxItem,
    Transition,
    letter_rows,
    voucher_amounts,
    voucher_reference,
)
from kredin_pipeline.journal.states import OPEN, POSSIBLY_DELIVERED, ItemKind, State, may_become
from kredin_pipeline.journal.store import Store

_OSLO = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True)
class Intent:
    """What is to leave the house. ``key`` is deterministic, one per intent and never per attempt:
    ``letter:TENANT:CASE:STEP``, ``voucher:TENANT:CASE:SETTLEMENT``. ``reverses`` names the voucher a reversal undoes.
    """

    key: str
    kind: ItemKind
    case_ids: Sequence[str]
    payload: Mapping[str, object]
    planned_on: date
    reverses: str | None = None


KEYS_AT_ONCE = 500
"""Keys that one statement takes."""


class Outbox(Store):
    def intend(
        self,
        key: str,
        tenant: str,
        kind: ItemKind,
        case_ids: Sequence[str],
        payload: Mapping[str, object],
        planned_on: date,
        at: datetime,
        *,
        reverses: str | None = None,
    ) -> bool:
        """Commit one intent; see ``intend_all``. True if the item is new or was cancelled before."""
        return bool(self.intend_all(tenant, [Intent(key, kind, case_ids, payload, planned_on, reverses)], at))

    def intend_all(self, tenant: str, intents: Iterable[Intent], at: datetime) -> list[str]:
        """Commit intents in one transaction and give the keys that are new or were cancelled before.

        An item that is still intended takes the new content (logged); one that may have left is not touched, nor is a
        letter intended for a claim whose same step may have left in another letter.
        Raises ``JournalError`` for content without its figures, or a case that is not open in the journal.
        """
        created: list[str] = []
        wanted = list(intents)
        if not wanted:
            return created
        texts = [_checked(intent) for intent in wanted]
        with self.writing() as connection:
            self.hold_tenant(connection, tenant)
            unsure = _steps_that_may_have_left(connection, tenant)
            for intent, text in zip(wanted, texts, strict=True):
                if any((case_id, intent.payload.get("step")) in unsure for case_id in intent.case_ids):
                    continue
                row = connection.execute(select(schema.outbox).where(schema.outbox.c.key == intent.key)).first()
                if row is None:
                    _insert(connection, tenant, intent, text, at)
                    created.append(intent.key)
                    continue
                if row.tenant != tenant or row.kind != intent.kind:
                    raise JournalError(
                        f"outbox {intent.key}: is a {row.kind} of {row.tenant}, not a {intent.kind} of {tenant}"
                    )
                if row.state == "cancelled":
                    _renew(connection, row, intent, text, "planned again", at)
                    created.append(intent.key)
                elif row.state == "intended" and (row.payload != text or row.planned_on != intent.planned_on):
                    _renew(connection, row, intent, text, "planned anew", at)
        return created

    def claim_for_sending(self, key: str, worker: str, at: datetime) -> bool:
        """Take an intended item for sending, committed before anything leaves. False if another worker was first."""
        values = {"worker": worker, "attempts": schema.outbox.c.attempts + 1, "reason": None}
        with self.writing() as connection:
            if _move(connection, key, ("intended",), "sending", values, at):
                return True
            _state(connection, key)
            return False

    def mark_posted(
        self, key: str, remote_id: str, remote_no: str | None, at: datetime, *, sent_on: date | None = None
    ) -> None:
        """The other side has taken it: from sending, or found by a look-up. A letter's fee is charged from here on.

        ``remote_no`` may be missing (0 counts as missing) until the ledger has numbered the voucher; ``sent_on`` is the
        Oslo day it left, the day of ``at`` if not given. Raises ``TransitionRefused``.
        """
        values = {"remote_id": remote_id, "sent_on": sent_on or at.astimezone(_OSLO).date(), "reason": None}
        self._change(key, ("sending", "outcome_unknown"), "posted", {**values, **_number(remote_no)}, at)

    def mark_confirmed(
        self,
        key: str,
        at: datetime,
        *,
        remote_id: str | None = None,
        remote_no: str | None = None,
        sent_on: date | None = None,
    ) -> None:
        """Read back from the other side: from posted, or (with ``remote_id``) from outcome_unknown."""
        values: dict[str, object] = {"reason": None, **_number(remote_no)}
        if remote_id is None:
            self._change(key, ("posted",), "confirmed", values, at)
            return
        with self.writing() as connection:
            row = connection.execute(select(schema.outbox).where(schema.outbox.c.key == key)).first()
            if row is not None and row.sent_on is None:
                values |= {"remote_id": remote_id, "sent_on": sent_on or at.astimezone(_OSLO).date()}
            _change(connection, key, ("posted", "outcome_unknown"), "confirmed", values, at)

    def note_number(self, key: str, remote_no: str, at: datetime) -> None:
        """Fill in the ledger's number of a posted or confirmed item that had none; the number is written once."""
        table = schema.outbox
        here = (table.c.key == key, table.c.state.in_(["posted", "confirmed"]), table.c.remote_no.is_(None))
        with self.writing() as connection:
            done = connection.execute(update(table).where(*here).values(**_number(remote_no), changed_at=at)).rowcount
            if not done:
                found = _state(connection, key)
                raise JournalError(f"outbox {key}: is {found} or has a number already; {remote_no} was not noted")

    def mark_outcome_unknown(self, key: str, reason: str, at: datetime, *, worker: str | None = None) -> None:
        """The answer was lost, or the worker that held it is gone: it is looked up before anything else happens."""
        self._change(key, ("sending",), "outcome_unknown", _because(reason, worker), at)

    def mark_conflict(self, key: str, reason: str, at: datetime) -> None:
        """Found on the other side with other content: a person decides, nothing is sent."""
        self._change(key, ("outcome_unknown",), "conflict", {"reason": reason}, at)

    def mark_rejected(self, key: str, reason: str, at: datetime) -> None:
        """The other side refused it for good; nothing is there."""
        self._change(key, ("sending",), "rejected", {"reason": reason}, at)

    def mark_nothing_sent(self, key: str, reason: str, at: datetime) -> None:
        """The connection was refused before anything left: intended again."""
        self._change(key, ("sending",), "intended", {"reason": reason, "worker": None}, at)

    def cancel(self, key: str, reason: str, at: datetime) -> None:
        """Drop an item before anything leaves (``paid_before_send`` and so on)."""
        self._change(key, ("intended",), "cancelled", {"reason": reason}, at)

    def requeue(self, key: str, reason: str, at: datetime) -> None:
        """Intend again what a look-up proved absent, or what was rejected for a cause that is gone."""
        starts: tuple[State, ...] = ("outcome_unknown", "rejected", "conflict")
        self._change(key, starts, "intended", {"reason": reason, "worker": None}, at)

    def item(self, key: str) -> OutboxItem:
        """One item. Raises ``UnknownItem``."""
        with self.reading() as connection:
            found = _items(connection, schema.outbox.c.key == key)
        if not found:
            raise UnknownItem(key)
        return found[0]

    def items(
        self,
        tenant: str,
        kind: ItemKind | None = None,
        states: Sequence[State] | None = None,
        keys: Sequence[str] | None = None,
    ) -> list[OutboxItem]:
        """The items of a tenant, oldest first, of one kind, in some states and with some keys if given."""
        with self.reading() as connection:
            if keys is not None:  # by the primary key alone: SQLite would else walk through every item of that state
                portions = (keys[at : at + KEYS_AT_ONCE] for at in range(0, len(keys), KEYS_AT_ONCE))
                found = [item for one in portions for item in _items(connection, schema.outbox.c.key.in_(one))]
                return [
                    item
                    for item in found
                    if item.tenant == tenant and kind in (None, item.kind) and (states is None or item.state in states)
                ]
            conditions = [schema.outbox.c.tenant == tenant]
            if kind is not None:
                conditions.append(schema.outbox.c.kind == kind)
            if states is not None:
                conditions.append(schema.outbox.c.state.in_(states))
            return _items(connection, *conditions)

    def open_items(self, tenant: str, kind: ItemKind | None = None, states: Sequence[State] = OPEN) -> list[OutboxItem]:
        """What still needs work: to be sent (intended), looked up (sending, outcome_unknown) or read back (posted)."""
        return self.items(tenant, kind, states)

    def history(self, key: str) -> list[Transition]:
        """Every change of state of an item, oldest first, as the database logged it."""
        table = schema.outbox_transitions
        with self.reading() as connection:
            rows = connection.execute(select(table).where(table.c.key == key).order_by(table.c.seq))
            return [
                Transition(
                    row.seq, row.key, row.from_state, row.to_state, row.reason, row.worker,
                    None if row.payload is None else json.loads(row.payload), row.at,
                )
                for row in rows
            ]  # fmt: skip

    def _change(self, key: str, starts: Sequence[State], to: State, values: Mapping[str, object], at: datetime) -> None:
        with self.writing() as connection:
            _change(connection, key, starts, to, values, at)


def _checked(intent: Intent) -> str:
    """The content as text, once its figures are known to be there and its claims are the cases named."""
    text = canonical_json(intent.payload, f"outbox {intent.key}")
    content: Mapping[str, Any] = json.loads(text)
    if not intent.case_ids:
        raise JournalError(f"outbox {intent.key}: names no case")
    if intent.kind == "letter":
        rows = letter_rows(intent.key, content, intent.planned_on)
        named = [row.case_id for row in rows]
        if sorted(named) != sorted(intent.case_ids):
            raise JournalError(
                f"outbox {intent.key}: claims are {named}, but the cases named are {list(intent.case_ids)}"
            )
        charged = [row.case_id for row in rows if row.fee and not row.bears_fee]
        if charged or sum(row.bears_fee for row in rows) > 1:
            raise JournalError(f"outbox {intent.key}: one claim bears a letter's fee, found more: {charged or named}")
    elif intent.kind == "voucher":
        voucher_amounts(intent.key, content)
    if (intent.kind == "reversal") != (intent.reverses is not None):
        raise JournalError(f"outbox {intent.key}: a reversal names the voucher it reverses, and nothing else does")
    return text


def _steps_that_may_have_left(connection: Connection, tenant: str) -> set[tuple[str, object]]:
    """(case, step) of the letters of which nobody knows whether they left."""
    items = _items(
        connection,
        schema.outbox.c.tenant == tenant,
        schema.outbox.c.kind == "letter",
        schema.outbox.c.state.in_(POSSIBLY_DELIVERED),
    )
    return {(case_id, item.payload.get("step")) for item in items for case_id in item.case_ids}


def _insert(connection: Connection, tenant: str, intent: Intent, text: str, at: datetime) -> None:
    row = {
        "key": intent.key, "tenant": tenant, "kind": intent.kind, "state": "intended",
        "reference": voucher_reference(intent.key), "reverses": intent.reverses, "payload": text,
        "planned_on": intent.planned_on, "attempts": 0, "reason": "planned", "created_at": at, "changed_at": at,
    }  # fmt: skip
    connection.execute(insert(schema.outbox).values(row))
    _name_cases(connection, tenant, intent)


def _name_cases(connection: Connection, tenant: str, intent: Intent) -> None:
    here = (schema.cases.c.tenant == tenant, schema.cases.c.case_id.in_(list(intent.case_ids)))
    known = set(connection.execute(select(schema.cases.c.case_id).where(*here)).scalars())
    missing = [case_id for case_id in intent.case_ids if case_id not in known]
    if missing:
        raise JournalError(f"outbox {intent.key}: case {missing[0]} is not open in the journal of {tenant}")
    rows = [
        {"key": intent.key, "position": position, "tenant": tenant, "case_id": case_id}
        for position, case_id in enumerate(intent.case_ids)
    ]
    connection.execute(insert(schema.outbox_cases), rows)


def _renew(connection: Connection, row: Row[Any], intent: Intent, text: str, reason: str, at: datetime) -> None:
    values = {"payload": text, "planned_on": intent.planned_on, "reason": reason, "worker": None}
    _change(connection, row.key, (row.state,), "intended", values, at)
    connection.execute(delete(schema.outbox_cases).where(schema.outbox_cases.c.key == row.key))
    _name_cases(connection, row.tenant, intent)


def _move(
    connection: Connection, key: str, starts: Sequence[State], to: State, values: Mapping[str, object], at: datetime
) -> bool:
    statement = (
        update(schema.outbox)
        .where(schema.outbox.c.key == key, schema.outbox.c.state.in_(starts))
        .values(state=to, changed_at=at, **values)
    )
    return connection.execute(statement).rowcount == 1


def _change(
    connection: Connection, key: str, starts: Sequence[State], to: State, values: Mapping[str, object], at: datetime
) -> None:
    if not _move(connection, key, starts, to, values, at):
        found = _state(connection, key)
        raise TransitionRefused(key, found, to, may_become(found))


def _state(connection: Connection, key: str) -> str:
    found = connection.execute(select(schema.outbox.c.state).where(schema.outbox.c.key == key)).scalar()
    if found is None:
        raise UnknownItem(key)
    return found


def _number(remote_no: str | None) -> dict[str, object]:
    return {"remote_no": remote_no} if remote_no not in (None, "", "0") else {}


def _because(reason: str, worker: str | None) -> dict[str, object]:
    return {"reason": reason} if worker is None else {"reason": reason, "worker": worker}


def _items(connection: Connection, *conditions: Any) -> list[OutboxItem]:
    table, links = schema.outbox, schema.outbox_cases
    rows = connection.execute(select(table).where(*conditions).order_by(table.c.created_at, table.c.key)).all()
    named: dict[str, list[str]] = {}
    linked = select(links.c.key, links.c.case_id).join(table, table.c.key == links.c.key).where(*conditions)
    for link in connection.execute(linked.order_by(links.c.key, links.c.position)):
        named.setdefault(link.key, []).append(link.case_id)
    return [
        OutboxItem(
            row.key, row.tenant, row.kind, row.state, row.reference, row.reverses, tuple(named.get(row.key, ())),
            json.loads(row.payload), row.planned_on, row.attempts, row.worker, row.remote_id, row.remote_no,
            row.sent_on, row.reason, row.created_at, row.changed_at,
        )
        for row in rows
    ]  # fmt: skip
