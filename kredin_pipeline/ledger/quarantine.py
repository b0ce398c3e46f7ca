"""Rows that a contract refused: set aside with their reasons and their raw text, until they are right or a person
releases them.

Belongs here: putting aside, showing, releasing, and what of the ledger's money lies there. Not here: what is wrong with
a row (`contracts`), and reading one again (`quarantine_retry`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from kredin_pipeline.ledger.wire import TABLES


@dataclass(frozen=True)
class Refused:
    """One refused row: its id (None when it has no readable one), the reasons, and the text as it came."""

    table: str
    record_id: str | None
    reasons: Sequence[str]
    raw: str

    def shown(self, tenant: str, kept: int) -> str:
        """The row as an error text for a person."""
        noun = next((table.noun for table in TABLES.values() if table.table == self.table), self.table)
        name = self.record_id or "without an id"
        release = f" Release: kredin quarantine release {self.record_id}" if self.record_id else ""
        return (
            f"{tenant}: {noun} {name}, {'; '.join(self.reasons)}. The row is in quarantine; {kept:,} others were kept."
            + release
        )


def put_aside(con: duckdb.DuckDBPyConnection, rows: Sequence[Refused], on: date, at: datetime) -> None:
    """Keep refused rows. One that lies there unreleased with the same text is not kept twice."""
    if not rows:
        return
    con.execute(
        """
        insert into quarantine
        select new.table_name, new.record_id, new.reasons, new.raw, $5::date, $6::timestamptz, null
        from (select distinct unnest($1::varchar[]) as table_name, unnest($2::varchar[]) as record_id,
                     unnest($3::varchar[]) as reasons, unnest($4::varchar[]) as raw) as new
        where not exists (
            from quarantine as old
            where old.table_name = new.table_name and old.record_id is not distinct from new.record_id
              and old.raw = new.raw and old.released_at is null)
        """,
        [
            [row.table for row in rows],
            [row.record_id for row in rows],
            ["; ".join(row.reasons) for row in rows],
            [row.raw for row in rows],
            on,
            at,
        ],
    )


def waiting(con: duckdb.DuckDBPyConnection) -> list[Refused]:
    """All rows that lie there unreleased, oldest first."""
    rows = con.execute(
        "select table_name, record_id, reasons, raw from quarantine where released_at is null order by seen_at"
    ).fetchall()
    return [Refused(str(table), record_id, [str(reasons)], str(raw)) for table, record_id, reasons, raw in rows]


def release_superseded(con: duckdb.DuckDBPyConnection, table: str, staged: str, key: str, at: datetime) -> None:
    """Release what lies there of records that ``staged`` now holds in good order."""
    con.execute(
        f"""
        update quarantine set released_at = $1
        where table_name = $2 and released_at is null and record_id in (select {key} from {staged})
        """,
        [at, table],
    )


@dataclass(frozen=True)
class Held:
    """A row as it lies in quarantine. ``released_at``: None while it waits."""

    table: str
    record_id: str | None
    reasons: str
    raw: str
    seen_on: date
    seen_at: datetime
    released_at: datetime | None = None


def held(con: duckdb.DuckDBPyConnection, record_id: str | None = None, *, released: bool = False) -> list[Held]:
    """Rows that wait, oldest first; of one record alone, and with those that were released, where asked for."""
    rows = con.execute(
        "select table_name, record_id, reasons, raw, seen_on, seen_at, released_at from quarantine "
        "where ($1 or released_at is null) and ($2 is null or record_id = $2) order by seen_at, record_id, table_name",
        [released, record_id],
    ).fetchall()
    return [Held(*row) for row in rows]


def is_empty(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether nothing lies in quarantine unreleased."""
    return con.execute("select 1 from quarantine where released_at is null limit 1").fetchone() is None


def release(con: duckdb.DuckDBPyConnection, record_id: str, at: datetime) -> int:
    """A person's word that a row needs no more attention; gives how many rows that were. The row itself stays out of
    the mirror until the ledger sends it in good order; what it would have added is then told by the balances."""
    found = con.execute(
        "update quarantine set released_at = $1 where record_id = $2 and released_at is null returning record_id",
        [at, record_id],
    ).fetchall()
    return len(found)


def amounts_by_customer(con: duckdb.DuckDBPyConnection, until: date) -> dict[str, int]:
    """Øre per customer id of quarantined ledger entries that the mirror does not have, posted up to a day.

    Only rows whose customer, amount and posting date can be read; a row counts once, in its newest reading.
    """
    rows = con.execute(
        """
        select record_id, arg_max(raw, seen_at) from quarantine
        where table_name = 'poweroffice_ledger_entries' and released_at is null
          and record_id not in (select entry_id from poweroffice_ledger_entries)
        group by record_id
        """
    ).fetchall()
    sums: dict[str, int] = {}
    for _, raw in rows:
        entry: Mapping[str, object] = json.loads(str(raw), parse_float=str, parse_int=str)
        customer, ore = entry.get("CustomerId"), _ore(entry.get("Amount"))
        day = str(entry.get("PostingDate") or "")[:10]
        if customer and ore is not None and day and day <= until.isoformat():
            sums[str(customer)] = sums.get(str(customer), 0) + ore
    return sums


def _ore(amount: object) -> int | None:
    """An amount's text in øre, None when it is no amount."""
    text = str(amount)
    whole, _, fraction = text.lstrip("-").partition(".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()) or fraction[2:].strip("0"):
        return None
    ore = int(whole) * 100 + int((fraction + "00")[:2])
    return -ore if text.startswith("-") else ore
