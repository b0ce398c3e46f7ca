"""Temporary tables that stand before the book's own, so that the same SQL reads and writes a part, or another day.

Belongs here: making and dropping them. Not here: which part, or what is done while they stand (``aside``, ``parts``).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

import duckdb

EMPTY = "false"
"""The condition of a shadow that begins without rows."""
ALL = "true"
"""The condition of a shadow that is read alone, and shows every row of its source."""


@contextmanager
def shadows(
    con: duckdb.DuckDBPyConnection, conditions: Mapping[str, str], sources: Mapping[str, str] | None = None
) -> Generator[str]:
    """Each table as a temporary one of the same name with those of its rows that meet the condition (SQL).

    Made in the order given; a condition may read a shadow made before it. ``sources`` names tables that hold the rows
    instead of the book's own. While the block runs, the bare names mean the temporary tables; the block is given the
    schema (``"book".main``) under which the book's own can still be reached.
    """
    book = own_schema(con)
    try:
        for table, condition in conditions.items():
            kept = "limit 0" if condition == EMPTY else f"where {condition}"
            source = (sources or {}).get(table, f"{book}.{table}")
            kind = "view" if condition == ALL else "table"
            con.execute(f"create or replace temp {kind} {table} as select * from {source} {kept}")
        yield book
    finally:
        for table, condition in conditions.items():
            con.execute(f"drop {'view' if condition == ALL else 'table'} if exists temp.{table}")


def own_schema(con: duckdb.DuckDBPyConnection) -> str:
    """The book's own schema, in full; ``main`` alone could mean the temporary tables' schema, named alike."""
    found = con.execute("select current_database()").fetchone()
    assert found is not None
    return f'"{found[0]}".main'
