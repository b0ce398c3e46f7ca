"""What is to leave the house, committed before anything does: intents and how they enter the outbox (rules §§ 4, 5).

Belongs here: the check of an intent's content, and new, renewed and repeated intents in one transaction. Not here: what
becomes of an item afterwards (``outbox``).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple, cast

from kredin_pipeline.journal.columns import plain, text_of
from kredin_pipeline.journal.direct import Direct, directly
from kredin_pipeline.journal.errors import JournalError, UnknownTenant
from kredin_pipeline.journal.records import letter_rows, voucher_amounts, voucher_reference
from kredin_pipeline.journal.states import POSSIBLY_DELIVERED, ItemKind
from kredin_pipeline.journal.store import Store

KEYS_AT_ONCE: Final = 500
"""Keys that one statement takes."""


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


class _Found(NamedTuple):
    key: str
    tenant: str
    kind: str
    state: str
    payload: str
    planned_on: object  # text in SQLite


class Intents(Store):
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
        wanted = [(intent, _checked(intent)) for intent in intents]
        if not wanted:
            return []
        with directly(self.engine) as journal:
            _hold_tenant(journal, tenant)
            if any(intent.kind == "letter" for intent, _ in wanted):
                unsure = _steps_that_may_have_left(journal, tenant)
                wanted = [
                    (intent, text)
                    for intent, text in wanted
                    if intent.kind != "letter"
                    or not any((case_id, intent.payload.get("step")) in unsure for case_id in intent.case_ids)
                ]
            return [key for portion in _portions(wanted) for key in _enter(journal, tenant, portion, at)]


def _checked(intent: Intent) -> str:
    """The content as text, once its figures are known to be there and its claims are the cases named."""
    content = cast(Mapping[str, Any], plain(intent.payload, f"outbox {intent.key}"))
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
    return text_of(content)


def _hold_tenant(journal: Direct, tenant: str) -> None:
    """Other writers of the tenant wait until this transaction ends; in SQLite they wait for the whole journal."""
    held = " for no key update" if journal.is_postgresql else ""
    if not journal.rows(f"select name from tenants where name = :name{held}", name=tenant):
        raise UnknownTenant(tenant, [name for (name,) in journal.rows("select name from tenants order by name")])


def _steps_that_may_have_left(journal: Direct, tenant: str) -> set[tuple[str, object]]:
    """(case, step) of the letters of which nobody knows whether they left."""
    rows = journal.rows_among(
        "select outbox_cases.case_id, outbox.payload from outbox join outbox_cases on outbox_cases.key = outbox.key "
        "where outbox.tenant = :tenant and outbox.kind = 'letter' and outbox.state in (:wanted)",
        POSSIBLY_DELIVERED,
        tenant=tenant,
    )
    return {(case_id, json.loads(payload).get("step")) for case_id, payload in rows}


def _portions(wanted: Sequence[tuple[Intent, str]]) -> Iterable[list[tuple[Intent, str]]]:
    """The intents in order, in portions that name no key twice: the later of two renews the earlier."""
    portion: dict[str, tuple[Intent, str]] = {}
    for intent, text in wanted:
        if intent.key in portion or len(portion) == KEYS_AT_ONCE:
            yield list(portion.values())
            portion = {}
        portion[intent.key] = (intent, text)
    if portion:
        yield list(portion.values())


def _enter(journal: Direct, tenant: str, portion: Sequence[tuple[Intent, str]], at: datetime) -> list[str]:
    """Writes one portion and gives the keys that are new or were cancelled."""
    there = {
        row[0]: _Found(*row)
        for row in journal.rows_among(
            "select key, tenant, kind, state, payload, planned_on from outbox where key in (:wanted)",
            [intent.key for intent, _ in portion],
        )
    }
    created: list[str] = []
    new: list[tuple[Intent, str]] = []
    named: list[Intent] = []
    for intent, text in portion:
        found = there.get(intent.key)
        if found is None:
            new.append((intent, text))
        elif found.tenant != tenant or found.kind != intent.kind:
            raise JournalError(
                f"outbox {intent.key}: is a {found.kind} of {found.tenant}, not a {intent.kind} of {tenant}"
            )
        elif found.state == "cancelled":
            _renew(journal, intent, text, "planned again", at)
        elif found.state == "intended" and (found.payload, _iso(found.planned_on)) != (text, _iso(intent.planned_on)):
            _renew(journal, intent, text, "planned anew", at)
        else:
            continue
        named.append(intent)
        if found is None or found.state == "cancelled":
            created.append(intent.key)
    _insert(journal, tenant, new, at)
    _name_cases(journal, tenant, named)
    return created


def _insert(journal: Direct, tenant: str, new: Sequence[tuple[Intent, str]], at: datetime) -> None:
    journal.run_each(
        "insert into outbox (key, tenant, kind, state, reference, reverses, payload, planned_on, attempts, reason, "
        "created_at, changed_at) values (:key, :tenant, :kind, 'intended', :reference, :reverses, :payload, "
        ":planned_on, 0, 'planned', :at, :at)",
        [
            {
                "key": intent.key, "tenant": tenant, "kind": intent.kind, "reference": voucher_reference(intent.key),
                "reverses": intent.reverses, "payload": text, "planned_on": intent.planned_on, "at": at,
            }
            for intent, text in new
        ],
    )  # fmt: skip


def _renew(journal: Direct, intent: Intent, text: str, reason: str, at: datetime) -> None:
    journal.run(
        "update outbox set state = 'intended', payload = :payload, planned_on = :planned_on, reason = :reason, "
        "worker = null, changed_at = :at where key = :key and state in ('intended', 'cancelled')",
        key=intent.key,
        payload=text,
        planned_on=intent.planned_on,
        reason=reason,
        at=at,
    )
    journal.run("delete from outbox_cases where key = :key", key=intent.key)


def _name_cases(journal: Direct, tenant: str, intents: Sequence[Intent]) -> None:
    """Writes which cases each item is about. Raises ``JournalError`` for a case that is not open here."""
    wanted = list(dict.fromkeys(case_id for intent in intents for case_id in intent.case_ids))
    known: set[str] = set()
    for begin in range(0, len(wanted), KEYS_AT_ONCE):
        some = wanted[begin : begin + KEYS_AT_ONCE]
        rows = journal.rows_among(
            "select case_id from cases where tenant = :tenant and case_id in (:wanted)", some, tenant=tenant
        )
        known.update(case_id for (case_id,) in rows)
    for intent in intents:
        missing = [case_id for case_id in intent.case_ids if case_id not in known]
        if missing:
            raise JournalError(f"outbox {intent.key}: case {missing[0]} is not open in the journal of {tenant}")
    journal.run_each(
        "insert into outbox_cases (key, position, tenant, case_id) values (:key, :position, :tenant, :case_id)",
        [
            {"key": intent.key, "position": position, "tenant": tenant, "case_id": case_id}
            for intent in intents
            for position, case_id in enumerate(intent.case_ids)
        ],
    )


def _iso(day: object) -> str:
    return str(day)[:10]
