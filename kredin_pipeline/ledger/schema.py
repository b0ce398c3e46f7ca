"""The mirror's tables in a book. Here belongs creating them; their columns are described in ``tables.sql``."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import duckdb

from kredin_pipeline.ledger.wire import TABLES


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of the mirror's tables, and take the primary keys from those of an older book."""
    con.execute(sql_text("tables.sql"))
    keyed = con.execute(
        "select table_name from duckdb_constraints() where constraint_type = 'PRIMARY KEY' and table_name in "
        "(select unnest($1::varchar[]))",
        [[table.table for table in TABLES.values()]],
    ).fetchall()
    for (name,) in keyed:  # DuckDB cannot drop a primary key
        con.execute(f"create table {name}_without as from {name}")
        con.execute(f"drop table {name}")
        con.execute(f"alter table {name}_without rename to {name}")


@lru_cache(maxsize=16)
def sql_text(path: str) -> str:
    """The text of an SQL file of this package, by its path below it."""
    return files("kredin_pipeline.ledger").joinpath(path).read_text(encoding="utf-8")
