"""Legal documents: drafts, their cases and attachments, signatures, and two logs.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

from kredin_pipeline.journal.columns import UtcTime
from kredin_pipeline.journal.migrate import make_triggers

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

GROWING_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "legal_drafts",
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("template", sa.String(length=200), nullable=False),
        sa.Column("case_count", sa.Integer(), nullable=False),
        sa.Column("attachment_count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("filed_reference", sa.Text(), nullable=True),
        sa.Column("drafted_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.CheckConstraint("kind <> ''", name=op.f("ck_legal_drafts_kind")),
        sa.CheckConstraint("case_count > 0 and attachment_count >= 0", name=op.f("ck_legal_drafts_counts")),
        sa.CheckConstraint("who <> ''", name=op.f("ck_legal_drafts_who")),
        sa.CheckConstraint(
            "(state = 'filed') = (filed_on is not null) and (state = 'filed') = (filed_reference is not null)",
            name=op.f("ck_legal_drafts_filed"),
        ),
        sa.CheckConstraint(
            "filed_reference is null or filed_reference <> ''", name=op.f("ck_legal_drafts_filed_reference")
        ),
        sa.CheckConstraint(
            "state <> 'withdrawn' or (reason is not null and reason <> '')", name=op.f("ck_legal_drafts_withdrawn")
        ),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_legal_drafts_tenant")),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_legal_drafts")),
    )
    op.create_index("ix_legal_drafts_tenant", "legal_drafts", ["tenant", "state"], unique=False)
    op.create_index(
        "uq_legal_drafts_content",
        "legal_drafts",
        ["tenant", "content_sha256"],
        unique=True,
        sqlite_where=sa.text("state <> 'withdrawn'"),
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )
    op.create_table(
        "legal_draft_cases",
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["legal_drafts.draft_id"], name=op.f("fk_legal_draft_cases_draft_id")),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"], ["cases.tenant", "cases.case_id"], name=op.f("fk_legal_draft_cases_tenant_case_id")
        ),
        sa.PrimaryKeyConstraint("draft_id", "position", name=op.f("pk_legal_draft_cases")),
    )
    op.create_index("ix_legal_draft_cases_case", "legal_draft_cases", ["tenant", "case_id"], unique=False)
    op.create_table(
        "legal_attachments",
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_legal_attachments_name")),
        sa.ForeignKeyConstraint(["draft_id"], ["legal_drafts.draft_id"], name=op.f("fk_legal_attachments_draft_id")),
        sa.PrimaryKeyConstraint("draft_id", "position", name=op.f("pk_legal_attachments")),
    )
    op.create_table(
        "legal_signatures",
        sa.Column("seq", GROWING_KEY, autoincrement=True, nullable=False),
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.CheckConstraint("way in ('pades', 'paper')", name=op.f("ck_legal_signatures_way")),
        sa.CheckConstraint("signer <> '' and recorded_by <> ''", name=op.f("ck_legal_signatures_people")),
        sa.CheckConstraint(
            "way <> 'pades' or (content is not null and sha256 is not null)", name=op.f("ck_legal_signatures_pades")
        ),
        sa.CheckConstraint(
            "way <> 'paper' or (role is not null and role <> '' and note is not null and note <> '')",
            name=op.f("ck_legal_signatures_paper"),
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["legal_drafts.draft_id"], name=op.f("fk_legal_signatures_draft_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_legal_signatures")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_legal_signatures_draft_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "legal_log",
        sa.Column("seq", GROWING_KEY, autoincrement=True, nullable=False),
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=True),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["legal_drafts.draft_id"], name=op.f("fk_legal_log_draft_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_legal_log")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_legal_log_draft", "legal_log", ["draft_id", "seq"], unique=False)
    op.create_table(
        "legal_refusals",
        sa.Column("seq", GROWING_KEY, autoincrement=True, nullable=False),
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_legal_refusals_reason")),
        sa.CheckConstraint("who <> ''", name=op.f("ck_legal_refusals_who")),
        sa.ForeignKeyConstraint(["draft_id"], ["legal_drafts.draft_id"], name=op.f("fk_legal_refusals_draft_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_legal_refusals")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_legal_refusals_draft", "legal_refusals", ["draft_id", "seq"], unique=False)
    make_triggers(op.get_bind(), revision)


def downgrade() -> None:
    raise NotImplementedError("the journal is not taken back: restore a backup instead")
