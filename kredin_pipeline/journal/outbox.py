"""The outbox: letters, vouchers and reversals from intent to confirmation, each exactly once (rules §§ 4, 5).

Every change of state is one UPDATE that names the states it may start from; of two workers one wins. The database
refuses any other change and writes the log itself (``triggers.py``). What is sent and how is not decided here.

A worker that lost an item to another one does not know it. So what it *concludes* (refused, nothing sent, no answer)
may name the worker that claimed (``held_by``), and changes nothing once another one has claimed; what it *knows* (the
other side has taken it) is true whoever holds the item, and may always be noted.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from kredin_pipeline.journal import schema
from kredin_pipeline.journal.direct import Direct, directly
from kredin_pipeline.journal.errors import JournalError, TransitionRefused, UnknownItem
from kredin_pipeline.journal.intents import KEYS_AT_ONCE, Intent, Intents
from kredin_pipeline.journal.records import OutboxItem, Transition
from kredin_pipeline.journal.states import OPEN, ItemKind, State, may_become

__all__ = ["KEYS_AT_ONCE", "Intent", "Outbox"]
_OSLO = ZoneInfo("Europe/Oslo")


class Outbox(Intents):
    def claim_for_sending(self, key: str, worker: str, at: datetime) -> bool:
        """Take an intended item for sending, committed before anything leaves. False if another worker was first."""
        return bool(self.claim_many([key], worker, at))

    def claim_many(self, keys: Sequence[str], worker: str, at: datetime) -> list[str]:
        """Take intended items for sending, in one transaction; gives those that no other worker had first, in order.

        Take no more than leave next: what is claimed and not sent has to be looked up if this process ends.
        Raises ``UnknownItem``; then none is taken.
        """
        with directly(self.engine) as journal:
            won = {
                key
                for key in sorted(set(keys))  # always the same order: two workers never wait for each other in a ring
                if _move(journal, key, ("intended",), "sending", {"worker": worker, "reason": None}, at)
            }
            for key in keys:
                if key not in won:
                    _state(journal, key)
        return [key for key in dict.fromkeys(keys) if key in won]

    def mark_posted(
        self, key: str, remote_id: str, remote_no: str | None, at: datetime, *, sent_on: date | None = None
    ) -> None:
        """The other side has taken it: from sending, or found by a look-up. A letter's fee is charged from here on.

        ``remote_no`` may be missing (0 counts as missing) until the ledger has numbered the voucher; ``sent_on`` is the
        Oslo day it left, the day of ``at`` if not given. Raises ``TransitionRefused``.
        """
        values = {"remote_id": remote_id, "sent_on": sent_on or at.astimezone(_OSLO).date(), "reason": None}
        self._change(key, ("sending", "outcome_unknown"), "posted", {**values, **_number(remote_no)}, at)

    def adopt(self, key: str, remote_id: str, remote_no: str | None, worker: str, at: datetime) -> str:
        """Note that the other side has taken an item although another run has moved it meanwhile; gives its new state.

        An item that was put back, refused for that other run, or dropped becomes posted by the changes that are
        allowed, each logged; one that is posted under this very id stays as it is.
        Raises ``TransitionRefused`` when it is in conflict or posted under another id: a person decides.
        """
        reason = f"the other side has taken it as {remote_id} meanwhile"
        values = {"remote_id": remote_id, "sent_on": at.astimezone(_OSLO).date(), "reason": reason}
        with directly(self.engine) as journal:
            found, there = _state(journal, key), journal.rows("select remote_id from outbox where key = :key", key=key)
            if found in ("posted", "confirmed") and there == [(remote_id,)]:
                return found
            if found in ("rejected", "cancelled"):
                _change(journal, key, (found,), "intended", {"reason": reason, "worker": None}, at)
            if found in ("rejected", "cancelled", "intended"):
                _change(journal, key, ("intended",), "sending", {"reason": reason, "worker": worker}, at)
            _change(journal, key, ("sending", "outcome_unknown"), "posted", {**values, **_number(remote_no)}, at)
            return "posted"

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
        with directly(self.engine) as journal:
            if journal.rows("select key from outbox where key = :key and sent_on is null", key=key):
                values |= {"remote_id": remote_id, "sent_on": sent_on or at.astimezone(_OSLO).date()}
            _change(journal, key, ("posted", "outcome_unknown"), "confirmed", values, at)

    def confirm_many(self, numbers: Mapping[str, str | None], at: datetime) -> list[str]:
        """Note in one transaction that posted items were read back; ``numbers`` gives a number that was missing.

        Gives the keys that were noted: one that another run has confirmed meanwhile is left out.
        """
        with directly(self.engine) as journal:
            done = {
                key
                for key in sorted(numbers)
                if _move(journal, key, ("posted",), "confirmed", {"reason": None, **_number(numbers[key])}, at)
            }
        return [key for key in numbers if key in done]

    def note_number(self, key: str, remote_no: str, at: datetime) -> None:
        """Fill in the ledger's number of a posted or confirmed item that had none; the number is written once."""
        with directly(self.engine) as journal:
            done = journal.run(
                "update outbox set remote_no = :remote_no, changed_at = :at "
                "where key = :key and state in ('posted', 'confirmed') and remote_no is null",
                key=key,
                at=at,
                **({"remote_no": None} | _number(remote_no)),
            )
            if not done:
                found = _state(journal, key)
                raise JournalError(f"outbox {key}: is {found} or has a number already; {remote_no} was not noted")

    def mark_outcome_unknown(
        self, key: str, reason: str, at: datetime, *, worker: str | None = None, held_by: str | None = None
    ) -> None:
        """The answer was lost, or the worker that held it is gone: it is looked up before anything else happens."""
        values: dict[str, object] = {"reason": reason} if worker is None else {"reason": reason, "worker": worker}
        self._change(key, ("sending",), "outcome_unknown", values, at, {"worker": held_by})

    def mark_conflict(self, key: str, reason: str, at: datetime) -> None:
        """Found on the other side with other content, or undone there by somebody else: a person decides."""
        self._change(key, ("outcome_unknown", "posted", "confirmed"), "conflict", {"reason": reason}, at)

    def mark_rejected(self, key: str, reason: str, at: datetime, *, held_by: str | None = None) -> None:
        """The other side refused it for good; nothing is there."""
        self._change(key, ("sending",), "rejected", {"reason": reason}, at, {"worker": held_by})

    def mark_nothing_sent(self, key: str, reason: str, at: datetime, *, held_by: str | None = None) -> None:
        """The connection was refused before anything left: intended again."""
        values = {"reason": reason, "worker": None}
        self._change(key, ("sending",), "intended", values, at, {"worker": held_by})

    def cancel(self, key: str, reason: str, at: datetime) -> None:
        """Drop an item before anything leaves (``paid_before_send`` and so on)."""
        self._change(key, ("intended",), "cancelled", {"reason": reason}, at)

    def requeue(self, key: str, reason: str, at: datetime, *, attempts: int | None = None) -> None:
        """Intend again what a look-up proved absent, or what was rejected for a cause that is gone.

        ``attempts``: the attempts that the look-up knew of; after a further one its answer is worth nothing.
        """
        starts: tuple[State, ...] = ("outcome_unknown", "rejected", "conflict")
        values = {"reason": reason, "worker": None}
        self._change(key, starts, "intended", values, at, {"attempts": attempts})

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

    def _change(
        self,
        key: str,
        starts: Sequence[State],
        to: State,
        values: Mapping[str, object],
        at: datetime,
        only: Mapping[str, object] | None = None,
    ) -> None:
        with directly(self.engine) as journal:
            _change(journal, key, starts, to, values, at, only)


def _move(
    journal: Direct,
    key: str,
    starts: Sequence[str],
    to: State,
    values: Mapping[str, object],
    at: datetime,
    only: Mapping[str, object] | None = None,
) -> bool:
    """One UPDATE from one of some states; ``only``: columns that must still be as given (None: whatever they are)."""
    held = {f"only_{name}": value for name, value in (only or {}).items() if value is not None}
    statement = _moving(tuple(starts), to, tuple(values), tuple(held))
    return journal.run(statement, key=key, to=to, at=at, **values, **held) == 1


@lru_cache(maxsize=256)
def _moving(starts: tuple[str, ...], to: str, changed: tuple[str, ...], held: tuple[str, ...]) -> str:
    claimed = ", attempts = attempts + 1" if to == "sending" else ""
    return (
        f"update outbox set state = :to, changed_at = :at{claimed}{''.join(f', {name} = :{name}' for name in changed)} "
        f"where key = :key and state in ({', '.join(repr(start) for start in starts)})"
        + "".join(f" and {name.removeprefix('only_')} = :{name}" for name in held)
    )


def _change(
    journal: Direct,
    key: str,
    starts: Sequence[str],
    to: State,
    values: Mapping[str, object],
    at: datetime,
    only: Mapping[str, object] | None = None,
) -> None:
    if not _move(journal, key, starts, to, values, at, only):
        found = _state(journal, key)
        raise TransitionRefused(key, found, to, may_become(found))


def _state(journal: Direct, key: str) -> str:
    found = journal.rows("select state from outbox where key = :key", key=key)
    if not found:
        raise UnknownItem(key)
    return found[0][0]


def _number(remote_no: str | None) -> dict[str, object]:
    return {"remote_no": remote_no} if remote_no not in (None, "", "0") else {}


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
