"""Releases of the brake, what people said about items of the outbox, and an index of when something was sent.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

from kredin_pipeline.journal.columns import UtcTime
from kredin_pipeline.journal.migrate import make_triggers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GROWING_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_index(
        "ix_outbox_transitions_sending",
        "outbox_transitions",
        ["tenant", "at"],
        unique=False,
        sqlite_where=sa.text("to_state = 'sending'"),
        postgresql_where=sa.text("to_state = 'sending'"),
    )
    op.create_table(
        "brake_releases",
        sa.Column("seq", GROWING_KEY, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("up_to", sa.Integer(), nullable=False),
        sa.Column("limit_was", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=False),
        sa.Column("released_at", UtcTime(), nullable=False),
        sa.CheckConstraint("kind in ('letters', 'vouchers')", name=op.f("ck_brake_releases_kind")),
        sa.CheckConstraint("up_to > limit_was and limit_was >= 0", name=op.f("ck_brake_releases_up_to")),
        sa.CheckConstraint("why <> ''", name=op.f("ck_brake_releases_why")),
        sa.CheckConstraint("released_by <> ''", name=op.f("ck_brake_releases_released_by")),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_brake_releases_tenant")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_brake_releases")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_brake_releases_day", "brake_releases", ["tenant", "kind", "on_day"], unique=False)
    op.create_table(
        "outbox_words",
        sa.Column("seq", GROWING_KEY, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("voucher_id", sa.String(length=200), nullable=True),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("said", sa.String(length=20), nullable=False),
        sa.Column("remote_id", sa.String(length=200), nullable=True),
        sa.Column("remote_no", sa.String(length=60), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", UtcTime(), nullable=False),
        sa.CheckConstraint("key is not null or voucher_id is not null", name=op.f("ck_outbox_words_subject")),
        sa.CheckConstraint("said in ('posted', 'not_sent', 'stands')", name=op.f("ck_outbox_words_said")),
        sa.CheckConstraint("why <> ''", name=op.f("ck_outbox_words_why")),
        sa.CheckConstraint("said_by <> ''", name=op.f("ck_outbox_words_said_by")),
        sa.ForeignKeyConstraint(["key"], ["outbox.key"], name=op.f("fk_outbox_words_key")),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_outbox_words_tenant")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox_words")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_words_tenant", "outbox_words", ["tenant", "seq"], unique=False)
    make_triggers(op.get_bind(), revision)


def downgrade() -> None:
    raise NotImplementedError("the journal is not taken back: restore a backup instead")
