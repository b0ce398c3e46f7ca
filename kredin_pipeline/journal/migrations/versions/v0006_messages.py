"""The outbox takes messages to the user beside letters, vouchers and reversals.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OLD = "kind in ('letter', 'voucher', 'reversal')"
NEW = "kind in ('letter', 'voucher', 'reversal', 'message')"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_outbox_kind"), "outbox", type_="check")
        op.create_check_constraint(op.f("ck_outbox_kind"), "outbox", NEW)
    else:
        _loosen(connection)


def _loosen(connection: sa.Connection) -> None:
    """SQLite cannot change a constraint. Its documented way for one that leaves the rows as they are is to edit the
    table's own text (lang_altertable, "making other kinds of table schema changes"); a copy of the table would lose
    its triggers and break the references to it. A journal made by this version has the new text already."""
    made = connection.exec_driver_sql("select sql from sqlite_schema where type = 'table' and name = 'outbox'").scalar()
    if NEW in str(made):
        return
    if str(made).count(OLD) != 1:
        raise RuntimeError("journal: the table outbox is not as revision 0001 makes it; restore a backup and tell us")
    version = int(connection.exec_driver_sql("pragma schema_version").scalar() or 0)
    connection.exec_driver_sql("pragma writable_schema = on")
    connection.exec_driver_sql(
        "update sqlite_schema set sql = replace(sql, ?, ?) where type = 'table' and name = 'outbox'", (OLD, NEW)
    )
    connection.exec_driver_sql(f"pragma schema_version = {version + 1}")
    connection.exec_driver_sql("pragma writable_schema = off")
    found = connection.exec_driver_sql("pragma integrity_check").scalar()
    if found != "ok":
        raise RuntimeError(f"journal: found {found} after the change of the table outbox; nothing was changed")


def downgrade() -> None:
    raise NotImplementedError("the journal is not taken back: restore a backup instead")
