"""Documents that left or were signed: their bytes, hash and the figures they state. A stored one never changes."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from kredin_pipeline.journal import schema
from kredin_pipeline.journal.columns import canonical_json
from kredin_pipeline.journal.records import Document
from kredin_pipeline.journal.store import Store


class Documents(Store):
    def add_document(
        self,
        tenant: str,
        content: bytes,
        kind: str,
        media_type: str,
        snapshot: Mapping[str, object],
        at: datetime,
        *,
        key: str | None = None,
        case_id: str | None = None,
    ) -> str:
        """Keep a document and give its SHA-256 (hex); the same bytes for the same item are kept once."""
        sha256 = hashlib.sha256(content).hexdigest()
        table = schema.documents
        row = {
            "tenant": tenant, "sha256": sha256, "key": key, "case_id": case_id, "kind": kind, "media_type": media_type,
            "content": content, "snapshot": canonical_json(snapshot, f"{tenant}: document {kind}"), "stored_at": at,
        }  # fmt: skip
        with self.writing() as connection:
            self.hold_tenant(connection, tenant)
            same = (table.c.tenant == tenant, table.c.sha256 == sha256, table.c.kind == kind, table.c.key.is_(key)
                    if key is None else table.c.key == key)  # fmt: skip
            if connection.execute(select(table.c.seq).where(*same)).first() is None:
                connection.execute(insert(table).values(row))
        return sha256

    def vouchers_without(self, tenant: str, kind: str, named: str) -> list[str]:
        """Keys of confirmed vouchers whose content has the object ``named`` and that keep no document of a kind yet."""
        table, outbox = schema.documents, schema.outbox
        kept = select(table.c.seq).where(table.c.key == outbox.c.key, table.c.kind == kind)
        query = (
            select(outbox.c.key)
            .where(outbox.c.tenant == tenant, outbox.c.kind == "voucher", outbox.c.state == "confirmed")
            .where(outbox.c.payload.contains(f'"{named}":{{', autoescape=True), ~kept.exists())
            .order_by(outbox.c.created_at, outbox.c.key)
        )
        with self.reading() as connection:
            return list(connection.execute(query).scalars())

    def documents(self, tenant: str, *, key: str | None = None, case_id: str | None = None) -> list[Document]:
        """The documents of a tenant, of one outbox item, or of one case, oldest first."""
        table = schema.documents
        query = select(table).where(table.c.tenant == tenant).order_by(table.c.seq)
        if key is not None:
            query = query.where(table.c.key == key)
        if case_id is not None:
            query = query.where(table.c.case_id == case_id)
        with self.reading() as connection:
            return [_document(row) for row in connection.execute(query)]


def _document(row: Row[Any]) -> Document:
    return Document(
        row.seq, row.tenant, row.sha256, row.key, row.case_id, row.kind, row.media_type, bytes(row.content),
        json.loads(row.snapshot), row.stored_at,
    )  # fmt: skip
