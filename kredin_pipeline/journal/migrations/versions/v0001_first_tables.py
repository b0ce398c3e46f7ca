"""The journal's first tables: tenants, settings, cases, decisions, outbox, documents, and the triggers that guard them.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

from kredin_pipeline.journal.columns import UtcTime
from kredin_pipeline.journal.migrate import fill_states, make_triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

GROWING_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "outbox_states",
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_outbox_states")),
    )
    op.create_table(
        "purges",
        sa.Column("seq", GROWING_KEY, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("purged_by", sa.Text(), nullable=False),
        sa.Column("purged_at", UtcTime(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.CheckConstraint("open in (0, 1)", name=op.f("ck_purges_open")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_purges")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tenants",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("client_key_sealed", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("organization_no", sa.String(length=20), nullable=False),
        sa.Column("connected_on", sa.Date(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_tenants_name")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tenants")),
    )
    op.create_table(
        "cases",
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("voucher_id", sa.String(length=60), nullable=False),
        sa.Column("invoice_no", sa.String(length=60), nullable=True),
        sa.Column("customer_no", sa.String(length=60), nullable=True),
        sa.Column("orgnr", sa.String(length=20), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_cases_tenant")),
        sa.PrimaryKeyConstraint("tenant", "case_id", name=op.f("pk_cases")),
        sa.UniqueConstraint("tenant", "voucher_id", name=op.f("uq_cases_tenant_voucher_id")),
    )
    op.create_table(
        "outbox",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("reverses", sa.String(length=200), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.String(length=200), nullable=True),
        sa.Column("remote_no", sa.String(length=60), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.CheckConstraint("(kind = 'reversal') = (reverses is not null)", name=op.f("ck_outbox_reverses")),
        sa.CheckConstraint("kind in ('letter', 'voucher', 'reversal')", name=op.f("ck_outbox_kind")),
        sa.CheckConstraint("remote_no is null or remote_no not in ('', '0')", name=op.f("ck_outbox_remote_no")),
        sa.CheckConstraint("state <> 'sending' or worker is not null", name=op.f("ck_outbox_sending_has_worker")),
        sa.CheckConstraint(
            "state not in ('posted', 'confirmed') or (remote_id is not null and sent_on is not null)",
            name=op.f("ck_outbox_posted_is_named"),
        ),
        sa.ForeignKeyConstraint(["reverses"], ["outbox.key"], name=op.f("fk_outbox_reverses")),
        sa.ForeignKeyConstraint(["state"], ["outbox_states.state"], name=op.f("fk_outbox_state")),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_outbox_tenant")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_outbox")),
        sa.UniqueConstraint("tenant", "reference", name=op.f("uq_outbox_tenant_reference")),
    )
    op.create_index("ix_outbox_tenant_kind_state", "outbox", ["tenant", "kind", "state"], unique=False)
    op.create_index(
        "uq_outbox_remote",
        "outbox",
        ["tenant", "kind", "remote_id"],
        unique=True,
        sqlite_where=sa.text("remote_id is not null and kind <> 'letter'"),
        postgresql_where=sa.text("remote_id is not null and kind <> 'letter'"),
    )
    op.create_table(
        "outbox_allowed_transitions",
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["from_state"], ["outbox_states.state"], name=op.f("fk_outbox_allowed_transitions_from_state")
        ),
        sa.ForeignKeyConstraint(
            ["to_state"], ["outbox_states.state"], name=op.f("fk_outbox_allowed_transitions_to_state")
        ),
        sa.PrimaryKeyConstraint("from_state", "to_state", name=op.f("pk_outbox_allowed_transitions")),
    )
    op.create_table(
        "settings_history",
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_settings_history_tenant")),
        sa.PrimaryKeyConstraint("tenant", "version", name=op.f("pk_settings_history")),
    )
    op.create_table(
        "decisions",
        sa.Column("seq", GROWING_KEY, autoincrement=True, nullable=False),
        sa.Column("decision_id", sa.String(length=60), nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=True),
        sa.Column("customer_no", sa.String(length=60), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("refused_because", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=False),
        sa.CheckConstraint("decided_by <> ''", name=op.f("ck_decisions_decided_by")),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"], ["cases.tenant", "cases.case_id"], name=op.f("fk_decisions_tenant_case_id")
        ),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_decisions_tenant")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_decisions")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_decisions_decision_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decisions_tenant", "decisions", ["tenant", "seq"], unique=False)
    op.create_table(
        "documents",
        sa.Column("seq", GROWING_KEY, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("case_id", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("stored_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["outbox.key"], name=op.f("fk_documents_key")),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"], ["cases.tenant", "cases.case_id"], name=op.f("fk_documents_tenant_case_id")
        ),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_documents_tenant")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_documents")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_documents_key", "documents", ["key"], unique=False)
    op.create_index("ix_documents_sha256", "documents", ["tenant", "sha256"], unique=False)
    op.create_table(
        "outbox_cases",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["outbox.key"], name=op.f("fk_outbox_cases_key")),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"], ["cases.tenant", "cases.case_id"], name=op.f("fk_outbox_cases_tenant_case_id")
        ),
        sa.PrimaryKeyConstraint("key", "position", name=op.f("pk_outbox_cases")),
        sa.UniqueConstraint("key", "case_id", name=op.f("uq_outbox_cases_key_case_id")),
    )
    op.create_index("ix_outbox_cases_case", "outbox_cases", ["tenant", "case_id"], unique=False)
    op.create_table(
        "outbox_transitions",
        sa.Column("seq", GROWING_KEY, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=True),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["from_state", "to_state"],
            ["outbox_allowed_transitions.from_state", "outbox_allowed_transitions.to_state"],
            name=op.f("fk_outbox_transitions_from_state_to_state"),
        ),
        sa.ForeignKeyConstraint(["key"], ["outbox.key"], name=op.f("fk_outbox_transitions_key")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox_transitions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_transitions_key", "outbox_transitions", ["key", "seq"], unique=False)
    fill_states(op.get_bind())
    make_triggers(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("the journal is not taken back: restore a backup instead")
