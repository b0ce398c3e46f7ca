"""A booked voucher may turn out a conflict, and what the other side has named is never intended again.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

from kredin_pipeline.journal.migrate import make_triggers

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TRANSITIONS = (("posted", "conflict"), ("confirmed", "conflict"))


def upgrade() -> None:
    connection = op.get_bind()
    put_back = _lift(connection)
    for start, to in TRANSITIONS:  # a journal made by this version has them from its first migration on
        connection.execute(
            sa.text(
                "insert into outbox_allowed_transitions (from_state, to_state) "
                "select cast(:start as varchar(20)), cast(:to as varchar(20)) where not exists "
                "(select 1 from outbox_allowed_transitions where from_state = :start and to_state = :to)"
            ),
            {"start": start, "to": to},
        )
    connection.exec_driver_sql(put_back)
    make_triggers(connection, revision)


def _lift(connection: sa.Connection) -> str:
    """Let rows into ``outbox_allowed_transitions``; gives the statement that closes it again."""
    if connection.dialect.name == "postgresql":
        change = "alter table outbox_allowed_transitions {} trigger outbox_allowed_transitions_fixed"
        connection.exec_driver_sql(change.format("disable"))
        return change.format("enable")
    name = "outbox_allowed_transitions_no_insert"
    made = connection.execute(sa.text("select sql from sqlite_master where name = :name"), {"name": name}).scalar_one()
    connection.exec_driver_sql(f"drop trigger {name}")
    return str(made)


def downgrade() -> None:
    raise NotImplementedError("the journal is not taken back: restore a backup instead")
