"""Who the debtors are: the table ``debtors``, built anew from the mirror and what the register said.

Belongs here: running ``sql/debtors.sql``, in which the rule stands. Not here: asking the register
(`resources.enhetsregisteret_sync`).
"""

from __future__ import annotations

from datetime import date

import duckdb

from kredin_pipeline.ledger.schema import sql_text


def build_debtors(con: duckdb.DuckDBPyConnection, register_on: bool, business_date: date) -> int:
    """Build ``debtors`` anew as of an Oslo date; gives the number of rows. ``register_on``: the tenant's setting
    (rules § 6); when off, nothing that the register ever said holds or excludes anybody."""
    built = "create or replace temp table debtors_now as " + sql_text("sql/debtors.sql")
    con.execute(built, [business_date, register_on])
    con.execute("begin")
    try:
        con.execute("delete from debtors")
        con.execute("insert into debtors by name from debtors_now")
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    found = con.execute("select count(*) from debtors").fetchone()
    return int(found[0]) if found else 0
