"""How far each resource has been read, and the log of reads.

Belongs here: cursors and when they move. A cursor is stored in the transaction of its rows, so that a run that breaks
keeps neither without the other. Not here: what is asked with them (`resources.poweroffice_sync`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from kredin_pipeline.ledger.mirror import LoadResult

OVERLAP = timedelta(hours=1)
"""A read begins this long before the newest change it knows: rows share change times, and some become visible late."""
PROOF = "completeness"
"""The pseudo-resource whose ``business_date`` is the last day on which the mirror was proved whole."""


@dataclass(frozen=True)
class Progress:
    """How far a resource has been read. ``cursor`` is a change time (aware UTC), None before the first read."""

    cursor: datetime | None = None
    last_full_on: date | None = None
    business_date: date | None = None
    pages_digest: str | None = None
    pages_rows: int = 0

    def asked_from(self, overlap: timedelta = OVERLAP) -> datetime | None:
        """What to ask for: everything changed after this time."""
        return None if self.cursor is None else self.cursor - overlap


def progress(con: duckdb.DuckDBPyConnection) -> dict[str, Progress]:
    """The progress of every resource that was ever read."""
    rows = con.execute(
        "select resource, cursor, last_full_on, business_date, pages_digest, coalesce(pages_rows, 0) from sync_state"
    ).fetchall()
    return {str(row[0]): Progress(*row[1:]) for row in rows}


def advance(
    con: duckdb.DuckDBPyConnection,
    resource: str,
    newest: datetime | None,
    started_at: datetime,
    business_date: date,
    *,
    empty_is_all: bool = False,
    digest: str | None = None,
    rows: int | None = None,
) -> None:
    """Store how far a read came, in the transaction of its rows.

    The cursor is the newest change time seen, never later than the start of the read (a server's clock may be ahead)
    and never earlier than it was. A read of everything that brought nothing leaves its start (``empty_is_all``). When
    the last full read was gone through is ``full_read_done``'s to say. ``digest`` and ``rows`` describe pages that were
    merged without a fault.
    """
    seen = min(newest, started_at) if newest is not None else None
    if seen is None and empty_is_all:
        seen = started_at
    con.execute(
        """
        insert into sync_state values ($1, $2, $3, $4, null, $5, $6)
        on conflict (resource) do update set
            cursor = case when excluded.cursor is null then cursor
                          when cursor is null then excluded.cursor else greatest(cursor, excluded.cursor) end,
            business_date = excluded.business_date, completed_at = excluded.completed_at,
            pages_digest = excluded.pages_digest, pages_rows = excluded.pages_rows
        """,
        [resource, seen, business_date, started_at, digest, rows],
    )


def full_read_done(con: duckdb.DuckDBPyConnection, resource: str, business_date: date | None) -> None:
    """A full read has been gone through to its end, missing rows included; None: it was incomplete, so the next read
    is a full one again."""
    con.execute("update sync_state set last_full_on = $1 where resource = $2", [business_date, resource])


def take_turn(con: duckdb.DuckDBPyConnection, what: str, business_date: date, every: timedelta) -> bool:
    """Whether something that is done at most once in a while is due now; if so, its day is noted."""
    found = con.execute("select business_date from sync_state where resource = $1", [what]).fetchone()
    if found is not None and business_date - found[0] < every:
        return False
    con.execute(
        "insert into sync_state values ($1, null, $2, null, null, null, null) "
        "on conflict (resource) do update set business_date = excluded.business_date",
        [what, business_date],
    )
    return True


def mark_proved(con: duckdb.DuckDBPyConnection, business_date: date, at: datetime) -> None:
    """The mirror was proved whole on that business date."""
    con.execute(
        "insert into sync_state values ($1, null, $2, $3, null, null, null) on conflict (resource) do update set "
        "business_date = excluded.business_date, completed_at = excluded.completed_at",
        [PROOF, business_date, at],
    )


def withdraw_proof(con: duckdb.DuckDBPyConnection) -> None:
    """The mirror is being changed: whoever needs it whole has to wait for a new proof."""
    con.execute("delete from sync_state where resource = $1", [PROOF])


def is_proved(con: duckdb.DuckDBPyConnection, business_date: date) -> bool:
    """Whether the mirror was proved whole on that business date and has not been changed since."""
    found = con.execute("select business_date from sync_state where resource = $1", [PROOF]).fetchone()
    return found is not None and found[0] == business_date


def log_read(
    con: duckdb.DuckDBPyConnection,
    result: LoadResult,
    business_date: date,
    started_at: datetime,
    completed_at: datetime,
    *,
    full: bool,
    requests: int,
    note: str = "",
) -> None:
    """Add one line to the log of reads."""
    con.execute(
        "insert into sync_log values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        [
            result.resource, business_date, started_at, completed_at, full, requests, result.pages, result.rows_in,
            result.kept, result.quarantined, note or None,
        ],
    )  # fmt: skip
