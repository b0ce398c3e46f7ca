"""Figures of the law that a person adds between two releases, and their withdrawals; both only grow.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

from kredin_pipeline.journal.columns import UtcTime
from kredin_pipeline.journal.migrate import make_triggers

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GROWING_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "law_figures",
        sa.Column("figure_id", GROWING_KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("value", sa.String(length=20), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.CheckConstraint("valid_to is null or valid_from <= valid_to", name=op.f("ck_law_figures_days")),
        sa.CheckConstraint("source <> ''", name=op.f("ck_law_figures_source")),
        sa.CheckConstraint(
            "confidence in ('high', 'medium', 'low', 'unknown')", name=op.f("ck_law_figures_confidence")
        ),
        sa.CheckConstraint("added_by <> ''", name=op.f("ck_law_figures_added_by")),
        sa.PrimaryKeyConstraint("figure_id", name=op.f("pk_law_figures")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "law_figure_withdrawals",
        sa.Column("figure_id", GROWING_KEY, autoincrement=False, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("withdrawn_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", UtcTime(), nullable=False),
        sa.CheckConstraint("why <> ''", name=op.f("ck_law_figure_withdrawals_why")),
        sa.CheckConstraint("withdrawn_by <> ''", name=op.f("ck_law_figure_withdrawals_withdrawn_by")),
        sa.ForeignKeyConstraint(
            ["figure_id"], ["law_figures.figure_id"], name=op.f("fk_law_figure_withdrawals_figure_id")
        ),
        sa.PrimaryKeyConstraint("figure_id", name=op.f("pk_law_figure_withdrawals")),
    )
    make_triggers(op.get_bind(), revision)


def downgrade() -> None:
    raise NotImplementedError("the journal is not taken back: restore a backup instead")
