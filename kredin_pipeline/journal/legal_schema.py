"""The tables of legal documents (revision 0005): drafts and their cases and attachments, signatures, and two logs.

A draft's row changes state as an item of the outbox does; everything else here only grows (``legal_triggers.py``).
"""

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from kredin_pipeline.journal.columns import UtcTime
from kredin_pipeline.journal.schema import Growing, metadata

_LIVE: Final = text("state <> 'withdrawn'")

legal_drafts: Final = Table(
    "legal_drafts",
    metadata,
    Column("draft_id", String(80), primary_key=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("content_sha256", String(64), nullable=False),
    Column("pdf_sha256", String(64), nullable=False),
    Column("pdf", LargeBinary, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("template", String(200), nullable=False),
    Column("case_count", Integer, nullable=False),
    Column("attachment_count", Integer, nullable=False),
    Column("reason", Text),
    Column("who", Text, nullable=False),
    Column("filed_on", Date),
    Column("filed_reference", Text),
    Column("drafted_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    CheckConstraint("kind <> ''", name="kind"),
    CheckConstraint("case_count > 0 and attachment_count >= 0", name="counts"),
    CheckConstraint("who <> ''", name="who"),
    CheckConstraint(
        "(state = 'filed') = (filed_on is not null) and (state = 'filed') = (filed_reference is not null)",
        name="filed",
    ),
    CheckConstraint("filed_reference is null or filed_reference <> ''", name="filed_reference"),
    CheckConstraint("state <> 'withdrawn' or (reason is not null and reason <> '')", name="withdrawn"),
    Index("ix_legal_drafts_tenant", "tenant", "state"),
    Index(
        "uq_legal_drafts_content", "tenant", "content_sha256", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    ),
)
"""``content_sha256`` is of everything that makes a draft: kind, cases, PDF, data, attachments, template."""

legal_draft_cases: Final = Table(
    "legal_draft_cases",
    metadata,
    Column("draft_id", ForeignKey("legal_drafts.draft_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("tenant", String(60), nullable=False),
    Column("case_id", String(40), nullable=False),
    ForeignKeyConstraint(["tenant", "case_id"], ["cases.tenant", "cases.case_id"]),
    Index("ix_legal_draft_cases_case", "tenant", "case_id"),
)

legal_attachments: Final = Table(
    "legal_attachments",
    metadata,
    Column("draft_id", ForeignKey("legal_drafts.draft_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("tenant", String(60), nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    CheckConstraint("name <> ''", name="name"),
)

legal_signatures: Final = Table(
    "legal_signatures",
    metadata,
    Column("seq", Growing, primary_key=True, autoincrement=True),
    Column("draft_id", ForeignKey("legal_drafts.draft_id"), nullable=False, unique=True),
    Column("tenant", String(60), nullable=False),
    Column("way", String(10), nullable=False),
    Column("signer", Text, nullable=False),
    Column("role", Text),
    Column("signed_on", Date, nullable=False),
    Column("note", Text),
    Column("evidence", Text, nullable=False),
    Column("media_type", String(80)),
    Column("sha256", String(64)),
    Column("content", LargeBinary),
    Column("recorded_by", Text, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    CheckConstraint("way in ('pades', 'paper')", name="way"),
    CheckConstraint("signer <> '' and recorded_by <> ''", name="people"),
    CheckConstraint("way <> 'pades' or (content is not null and sha256 is not null)", name="pades"),
    CheckConstraint(
        "way <> 'paper' or (role is not null and role <> '' and note is not null and note <> '')", name="paper"
    ),
    sqlite_autoincrement=True,
)
"""One signature, or one named person's word on a paper signature, for each draft."""

legal_log: Final = Table(
    "legal_log",
    metadata,
    Column("seq", Growing, primary_key=True, autoincrement=True),
    Column("draft_id", ForeignKey("legal_drafts.draft_id"), nullable=False),
    Column("tenant", String(60), nullable=False),
    Column("from_state", String(20)),
    Column("to_state", String(20), nullable=False),
    Column("reason", Text),
    Column("who", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_legal_log_draft", "draft_id", "seq"),
    sqlite_autoincrement=True,
)
"""Every change of a draft's state, written by the database itself."""

legal_refusals: Final = Table(
    "legal_refusals",
    metadata,
    Column("seq", Growing, primary_key=True, autoincrement=True),
    Column("draft_id", ForeignKey("legal_drafts.draft_id"), nullable=False),
    Column("tenant", String(60), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    CheckConstraint("reason <> ''", name="reason"),
    CheckConstraint("who <> ''", name="who"),
    Index("ix_legal_refusals_draft", "draft_id", "seq"),
    sqlite_autoincrement=True,
)
"""Every file that was offered as signed and was refused: its hash, and why."""

__all__ = [
    "LEGAL_TABLES",
    "legal_attachments",
    "legal_draft_cases",
    "legal_drafts",
    "legal_log",
    "legal_refusals",
    "legal_signatures",
    "metadata",
]
LEGAL_TABLES: Final = (
    legal_refusals, legal_log, legal_signatures, legal_attachments, legal_draft_cases, legal_drafts,
)  # fmt: skip
"""In the order in which a purge takes them."""
