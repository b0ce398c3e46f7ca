"""Reading quarantined rows again: their raw text through today's contract, and what is good now into the mirror.

Belongs here: which readings are tried, and what becomes of each. Not here: the contract (`contracts`) and the merge
(`mirror`), which are the same as for any page. The mirror is no longer the one that was proved: the next run proves it.

Of several readings of a record the newest is tried; when that is good the older ones are done with as well. A row that
is still refused stays where it is, with today's reasons and its first day.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb

from kredin_pipeline.ledger.landing import LandedResource
from kredin_pipeline.ledger.mirror import load_pages
from kredin_pipeline.ledger.quarantine import Held, held
from kredin_pipeline.ledger.sync_state import log_read, withdraw_proof
from kredin_pipeline.ledger.wire import TABLES, WireTable


@dataclass
class Retried:
    """What a retry did. ``taken``: rows that are good now; ``changed``: how many of them are news to the mirror;
    ``refused``: rows that stay, with today's reasons."""

    taken: list[Held] = field(default_factory=list[Held])
    changed: int = 0
    refused: list[Held] = field(default_factory=list[Held])


def retry(con: duckdb.DuckDBPyConnection, business_date: date, at: datetime, record_id: str | None = None) -> Retried:
    """Read what waits again, one record's or all; all of it is kept or nothing.

    The proof of the mirror is withdrawn when it changed. Raises ``BrokenFrame`` when a text is no JSON object.
    """
    result = Retried()
    con.execute("begin")
    try:
        for table in TABLES.values():
            rows = _newest([row for row in held(con, record_id) if row.table == table.table])
            if not rows:
                continue
            result.changed += _read_again(con, table, rows, business_date, at)
            refused = _still_there(con, table, rows, at)
            texts = {row.raw for row in refused}
            taken = [row for row in rows if row.raw not in texts]
            _release_older(con, table, taken, at)
            result.taken += taken
            result.refused += refused
        if result.changed:
            withdraw_proof(con)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return result


def _newest(rows: Sequence[Held]) -> list[Held]:
    """The newest reading of each record; of rows without an id, every one."""
    newest = {row.record_id: row for row in rows if row.record_id is not None}  # they come oldest first
    return [*newest.values(), *(row for row in rows if row.record_id is None)]


def _read_again(
    con: duckdb.DuckDBPyConnection, table: WireTable, rows: Sequence[Held], business_date: date, at: datetime
) -> int:
    """Merge the rows' texts as a page of their own; those that are refused are set aside anew."""
    con.execute(
        "update quarantine set released_at = $1 where released_at is null and table_name = $2 "
        "and raw in (select unnest($3::varchar[]))",
        [at, table.table, [row.raw for row in rows]],
    )
    with tempfile.TemporaryDirectory() as folder:
        page = LandedResource(table.resource, Path(folder), False, at)
        page.add_page(("[" + ",\n".join(row.raw for row in rows) + "]").encode())
        page.fields = sorted({*page.fields, *table.required_fields})  # one that a row lacks is that row's fault
        page.absent = []
        found = load_pages(con, page, business_date, at)
    log_read(con, found, business_date, at, at, full=False, requests=0, note="read again from quarantine")
    return found.changed


def _still_there(con: duckdb.DuckDBPyConnection, table: WireTable, rows: Sequence[Held], at: datetime) -> list[Held]:
    """The rows that were refused again, on their first day again and not twice."""
    again = {
        str(raw): str(reasons)
        for raw, reasons in con.execute(
            "select raw, reasons from quarantine where table_name = $1 and released_at is null and seen_at = $2 "
            "and raw in (select unnest($3::varchar[]))",
            [table.table, at, [row.raw for row in rows]],
        ).fetchall()
    }
    refused = [row for row in rows if row.raw in again]
    if refused:
        con.execute(
            "delete from quarantine where table_name = $1 and released_at = $2 "
            "and raw in (select unnest($3::varchar[]))",
            [table.table, at, list(again)],
        )
        for row in refused:
            con.execute(
                "update quarantine set seen_on = $1, seen_at = $2 where table_name = $3 and released_at is null "
                "and seen_at = $4 and raw = $5",
                [row.seen_on, row.seen_at, table.table, at, row.raw],
            )
    return [Held(row.table, row.record_id, again[row.raw], row.raw, row.seen_on, row.seen_at) for row in refused]


def _release_older(con: duckdb.DuckDBPyConnection, table: WireTable, taken: Sequence[Held], at: datetime) -> None:
    con.execute(
        "update quarantine set released_at = $1 where released_at is null and table_name = $2 "
        "and record_id in (select unnest($3::varchar[]))",
        [at, table.table, [row.record_id for row in taken if row.record_id is not None]],
    )
