"""Reading legal documents: drafts without their bytes, the bytes, the signature, and the whole history of one.

Belongs here: queries. Not here: any change (``legal``).
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from kredin_pipeline.journal.legal_schema import (
    legal_attachments,
    legal_draft_cases,
    legal_drafts,
    legal_log,
    legal_refusals,
    legal_signatures,
)
from kredin_pipeline.journal.legal_shapes import (
    LegalAttachment,
    LegalChange,
    LegalDraft,
    LegalSignature,
    UnknownDraft,
)
from kredin_pipeline.journal.legal_states import LegalState
from kredin_pipeline.journal.store import Store

_WITHOUT_BYTES = [column for column in legal_drafts.c if column.name != "pdf"]


class LegalReading(Store):
    """What is read of legal documents. Methods with an id raise ``UnknownDraft``."""

    def drafts(
        self, tenant: str, states: Sequence[LegalState] | None = None, *, case_id: str | None = None
    ) -> list[LegalDraft]:
        """The documents of a tenant, oldest first; in some states or of one case if given. Raises ``UnknownTenant``."""
        conditions: list[Any] = [legal_drafts.c.tenant == tenant]
        if states is not None:
            conditions.append(legal_drafts.c.state.in_(states))
        if case_id is not None:
            of_case = (legal_draft_cases.c.tenant == tenant, legal_draft_cases.c.case_id == case_id)
            conditions.append(legal_drafts.c.draft_id.in_(select(legal_draft_cases.c.draft_id).where(*of_case)))
        with self.reading() as connection:
            self.require_tenant(connection, tenant)
            return drafts(connection, *conditions)

    def one(self, draft_id: str) -> LegalDraft:
        """One document."""
        with self.reading() as connection:
            return draft(connection, draft_id)

    def pdf(self, draft_id: str) -> bytes:
        """The draft's bytes: exactly what a signature must stand on."""
        with self.reading() as connection:
            return pdf(connection, draft_id)

    def attachments(self, draft_id: str) -> list[LegalAttachment]:
        """What goes with the document, in order."""
        table = legal_attachments
        query = select(table).where(table.c.draft_id == draft_id).order_by(table.c.position)
        with self.reading() as connection:
            draft(connection, draft_id)
            return [LegalAttachment(row.name, row.media_type, bytes(row.content)) for row in connection.execute(query)]

    def signature(self, draft_id: str) -> LegalSignature | None:
        """How it was signed, the signed file or scan among it; None while it is not."""
        with self.reading() as connection:
            draft(connection, draft_id)
            query = select(legal_signatures).where(legal_signatures.c.draft_id == draft_id)
            row = connection.execute(query).first()
        if row is None:
            return None
        return LegalSignature(
            row.draft_id, row.way, row.signer, row.role, row.signed_on, row.note, json.loads(row.evidence),
            row.media_type, row.sha256, None if row.content is None else bytes(row.content), row.recorded_by,
            row.recorded_at,
        )  # fmt: skip

    def log(self, draft_id: str) -> list[LegalChange]:
        """Every change of state and every refused file, oldest first."""
        with self.reading() as connection:
            draft(connection, draft_id)
            changes = connection.execute(
                select(legal_log).where(legal_log.c.draft_id == draft_id).order_by(legal_log.c.seq)
            ).all()
            refused = connection.execute(
                select(legal_refusals).where(legal_refusals.c.draft_id == draft_id).order_by(legal_refusals.c.seq)
            ).all()
        told = [LegalChange(row.from_state, row.to_state, None, row.reason, row.who, row.at) for row in changes]
        told += [LegalChange(None, None, row.sha256, row.reason, row.who, row.at) for row in refused]
        return sorted(told, key=lambda change: change.at)


def draft(connection: Connection, draft_id: str) -> LegalDraft:
    found = drafts(connection, legal_drafts.c.draft_id == draft_id)
    if not found:
        raise UnknownDraft(draft_id)
    return found[0]


def held(connection: Connection, draft_id: str) -> LegalDraft:
    """The draft, and nobody else changes it until this transaction ends."""
    query = select(legal_drafts.c.draft_id).where(legal_drafts.c.draft_id == draft_id).with_for_update()
    if connection.execute(query).first() is None:
        raise UnknownDraft(draft_id)
    return draft(connection, draft_id)


def pdf(connection: Connection, draft_id: str) -> bytes:
    content = connection.execute(select(legal_drafts.c.pdf).where(legal_drafts.c.draft_id == draft_id)).scalar()
    if content is None:
        raise UnknownDraft(draft_id)
    return bytes(content)


def drafts(connection: Connection, *conditions: Any) -> list[LegalDraft]:
    order = (legal_drafts.c.drafted_at, legal_drafts.c.draft_id)
    rows = connection.execute(select(*_WITHOUT_BYTES).where(*conditions).order_by(*order)).all()
    ids = select(legal_drafts.c.draft_id).where(*conditions)
    cases = _named(connection, legal_draft_cases, "case_id", ids)
    names = _named(connection, legal_attachments, "name", ids)
    return [_draft(row, cases.get(row.draft_id, ()), names.get(row.draft_id, ())) for row in rows]


def _named(connection: Connection, table: Any, column: str, ids: Any) -> dict[str, tuple[str, ...]]:
    query = select(table.c.draft_id, table.c[column]).where(table.c.draft_id.in_(ids))
    found: dict[str, tuple[str, ...]] = {}
    for draft_id, value in connection.execute(query.order_by(table.c.draft_id, table.c.position)):
        found[draft_id] = (*found.get(draft_id, ()), value)
    return found


def _draft(row: Row[Any], case_ids: tuple[str, ...], names: tuple[str, ...]) -> LegalDraft:
    return LegalDraft(
        row.draft_id, row.tenant, row.kind, row.state, case_ids, row.pdf_sha256, json.loads(row.snapshot), row.template,
        names, row.reason, row.who, row.filed_on, row.filed_reference, row.drafted_at, row.changed_at,
    )  # fmt: skip
