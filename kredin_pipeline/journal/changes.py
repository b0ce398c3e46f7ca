"""What came to the journal since the book last copied it: so that a day costs what came, not all there ever was.

Belongs here: the mark up to which a book has read, and the rows after it. Not here: the rows' shapes (``records``), or
what the book does with them (``kredin_pipeline.cases.journal_copies``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, select

from kredin_pipeline.journal import schema
from kredin_pipeline.journal.export import Exports
from kredin_pipeline.journal.records import CaseRow, DecisionRow, LetterRow, VoucherRow

OVERLAP_ROWS: Final = 1_000
"""Log rows read once more: on PostgreSQL a row may be committed after one with a later number was read."""
OVERLAP: Final = timedelta(days=1)
"""Cases are read once more from so long before: the clocks of two machines may differ."""


@dataclass(frozen=True)
class JournalChanges:
    """Rows that came or changed. ``whole``: these are all rows, and take the place of every copy.

    Otherwise ``letters`` and ``vouchers`` take the place of those with ``letter_keys`` and ``voucher_keys``, and cases
    and decisions that are copied already are among the rows. ``mark`` is to be given the next time.
    """

    mark: str
    whole: bool
    cases: list[CaseRow]
    decisions: list[DecisionRow]
    letters: list[LetterRow]
    vouchers: list[VoucherRow]
    letter_keys: list[str]
    voucher_keys: list[str]


class _Mark(NamedTuple):
    journal: str  # when and for whom the tenant was made: another journal has another
    decisions: int
    transitions: int
    cases: int
    opened_at: str | None


class Changes(Exports):
    def changes_since(self, tenant: str, mark: str | None) -> JournalChanges:
        """Everything after ``mark``; all there is without one, or when the journal is another or an older one."""
        with self.reading() as connection:
            now = self._mark(connection, tenant)
        held = _read(mark)
        text = json.dumps(now)
        if held is None or held.journal != now.journal or _behind(now, held):
            rows = self.export_rows(tenant)
            return JournalChanges(text, True, rows.cases, rows.decisions, rows.letters, rows.vouchers, [], [])
        letter_keys, voucher_keys = self._changed_items(tenant, held.transitions)
        return JournalChanges(
            text,
            False,
            self._cases_since(tenant, held.opened_at) if now[3:] != held[3:] else [],
            self.decision_rows(tenant, held.decisions - OVERLAP_ROWS) if now.decisions > held.decisions else [],
            self.delivered_letters(tenant, letter_keys),
            self.vouchers(tenant, voucher_keys),
            letter_keys,
            voucher_keys,
        )

    def has_moved(self, tenant: str, mark: str | None) -> bool:
        """Whether a decision, a letter or a voucher came or changed after ``mark`` (a case alone does not count)."""
        held = _read(mark)
        with self.reading() as connection:
            now = self._mark(connection, tenant)
            if held is None or held.journal != now.journal or held.decisions != now.decisions:
                return True
            log = schema.outbox_transitions
            came = select(log.c.seq).where(log.c.seq > held.transitions, log.c.tenant == tenant).limit(1)
            return connection.execute(came).first() is not None

    def _mark(self, connection: Connection, tenant: str) -> _Mark:
        self.require_tenant(connection, tenant)
        tenants, decisions, cases = schema.tenants, schema.decisions, schema.cases
        made = connection.execute(select(tenants.c.created_at).where(tenants.c.name == tenant)).scalar_one()
        newest_decision = select(func.max(decisions.c.seq)).where(decisions.c.tenant == tenant)
        counted = connection.execute(
            select(func.count(), func.max(cases.c.opened_at)).where(cases.c.tenant == tenant)
        ).one()
        return _Mark(
            f"{tenant} {made.isoformat()}",
            connection.execute(newest_decision).scalar() or 0,
            connection.execute(select(func.max(schema.outbox_transitions.c.seq))).scalar() or 0,
            counted[0],
            None if counted[1] is None else counted[1].isoformat(),
        )

    def _changed_items(self, tenant: str, after: int) -> tuple[list[str], list[str]]:
        """Keys of the letters and vouchers that changed; a reversal changes the voucher that it reverses."""
        log, outbox = schema.outbox_transitions, schema.outbox
        query = (
            select(outbox.c.key, outbox.c.kind, outbox.c.reverses)
            .join(log, log.c.key == outbox.c.key)
            .where(log.c.seq > after - OVERLAP_ROWS, log.c.tenant == tenant)
            .distinct()
        )
        with self.reading() as connection:
            found = connection.execute(query).all()
        letters = sorted(row.key for row in found if row.kind == "letter")
        vouchers = {str(row.reverses or row.key) for row in found if row.kind in ("voucher", "reversal")}
        return letters, sorted(vouchers)

    def _cases_since(self, tenant: str, opened_at: str | None) -> list[CaseRow]:
        cases = schema.cases
        query = select(*(cases.c[name] for name in CaseRow._fields)).where(cases.c.tenant == tenant)
        if opened_at is not None:
            query = query.where(cases.c.opened_at >= datetime.fromisoformat(opened_at) - OVERLAP)
        with self.reading() as connection:
            return [CaseRow(*row) for row in connection.execute(query)]


def _read(mark: str | None) -> _Mark | None:
    if mark is None:
        return None
    try:
        values: list[Any] = json.loads(mark)
        return _Mark(*values)
    except (ValueError, TypeError):
        return None


def _behind(now: _Mark, held: _Mark) -> bool:
    """Whether the journal is older than what was copied: restored from a backup."""
    return now.decisions < held.decisions or now.transitions < held.transitions or now.cases < held.cases
