"""What only a tenant's book has seen: neither the ledger nor the journal can tell it again.

Belongs here: handing it from the book that is given up to the one that takes its place. Not here: making that one
(`kredin_pipeline.rebuilding`). The ledger shows how things stand, not how they came about: when a match was undone,
which rows have disappeared, when a row was first seen; and people have released rows of the quarantine.

Both functions take the old book's connection, which is kept (and with it the lock on the old book), and the file of the
new one, which nobody may hold open meanwhile. Each is all done or nothing of it; raises ``duckdb.Error``.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from kredin_pipeline.ledger.wire import TABLES

CHANGES = "poweroffice_ledger_entry_changes"


def hand_over_before(old: duckdb.DuckDBPyConnection, new: Path) -> dict[str, int]:
    """Before the new book's first read: rows that are gone from the ledger, and the log of changes; rows by table."""
    with _attached(old, new):
        counted = {CHANGES: _insert(old, CHANGES, f"select * from {CHANGES}")}
        for table in TABLES.values():
            counted[table.table] = _insert(old, table.table, f"select * from {table.table} where gone_on is not null")
    return counted


def hand_over_after(old: duckdb.DuckDBPyConnection, new: Path) -> None:
    """After the new book's read: the first sight of each row, what people released, and no change logged twice."""
    with _attached(old, new):
        for table in TABLES.values():
            old.execute(
                f"update fresh.{table.table} as new set first_seen_on = seen.first_seen_on from {table.table} as seen "
                f"where seen.{table.key} = new.{table.key} and seen.first_seen_on < new.first_seen_on"
            )
        old.execute(_ONCE)
        old.execute(_RELEASED)


@contextmanager
def _attached(old: duckdb.DuckDBPyConnection, new: Path) -> Generator[None]:
    text = str(new).replace("'", "''")
    old.execute(f"attach '{text}' as fresh")
    try:
        old.execute("begin")
        try:
            yield
        except BaseException:
            old.execute("rollback")
            raise
        old.execute("commit")
    finally:
        old.execute("detach fresh")


def _insert(old: duckdb.DuckDBPyConnection, table: str, query: str) -> int:
    found = old.execute(f"insert into fresh.{table} by name {query}").fetchone()
    return 0 if found is None else int(found[0])


_ONCE = f"""
with read_by_read as (
    select rowid as id, row(amount, balance, match_id, gone) as state,
        lag(row(amount, balance, match_id, gone))
            over (partition by entry_id order by seen_at, seen_on, rowid) as was
    from fresh.{CHANGES}
)
delete from fresh.{CHANGES}
where rowid in (select id from read_by_read where was is not null and state is not distinct from was)
"""

_RELEASED = """
update fresh.quarantine as new set released_at = seen.released_at
from quarantine as seen
where new.table_name = seen.table_name and new.record_id is not distinct from seen.record_id and new.raw = seen.raw
  and new.released_at is null and seen.released_at is not null
"""
