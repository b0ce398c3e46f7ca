"""The mirror: what the ledger holds, row by row, as of the newest reading of each row.

Belongs here: merging landed pages by the ledger's own id. The newest change time wins, whatever the order of arrival;
a row that comes twice counts once; rows in = rows kept + rows in quarantine, always. Not here: how cells are read
(`reading`), what makes a row bad (`contracts`), whether the mirror is whole (`completeness`).

Every function works inside the caller's transaction, so that a cursor is stored with the rows it stands for.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

import duckdb

from kredin_pipeline.ledger import quarantine
from kredin_pipeline.ledger.contracts import drift_of, faults_of, refuse_broken_frame, unread
from kredin_pipeline.ledger.landing import LandedResource
from kredin_pipeline.ledger.reading import found_text, raw_rows, stage
from kredin_pipeline.ledger.screening import as_frame, cells, to_be_looked_at
from kredin_pipeline.ledger.wire import BOOKKEEPING, TABLES, VOUCHER_TYPES, WireTable

_progress = logging.getLogger("kredin.progress")
BATCH = 204_800
"""Rows that a contract looks at at once; it bounds the memory of a first import."""
VECTOR = 2_048
"""Rows of a DuckDB vector, in which results are fetched."""


@dataclass
class LoadResult:
    """What became of the rows of one read. ``newest``: latest change time among them (aware UTC).

    ``moved_from``: customer ids that entries were moved away from. ``missing``: ids of rows that the mirror holds and a
    full read did not bring. ``examples``: a few refused rows. ``drift``: what is new about the wire.
    """

    resource: str
    pages: int = 0
    rows_in: int = 0
    kept: int = 0
    quarantined: int = 0
    changed: int = 0
    newest: datetime | None = None
    changed_customer_ids: set[str] = field(default_factory=set[str])
    moved_from: set[str] = field(default_factory=set[str])
    missing: list[str] = field(default_factory=list[str])
    examples: list[quarantine.Refused] = field(default_factory=list[quarantine.Refused])
    drift: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class _Refusal:
    reasons: list[str]
    raw: str


def load_pages(
    con: duckdb.DuckDBPyConnection, landed: LandedResource, business_date: date, seen_at: datetime
) -> LoadResult:
    """Merge the landed pages of one resource into its mirror table.

    Raises ``BrokenFrame`` when a page lacks a field that the rows cannot do without; nothing is changed then.
    """
    table = TABLES[landed.resource]
    result = LoadResult(landed.resource, pages=len(landed.files))
    is_first = bool(landed.files) and is_empty(con, table)
    if landed.files:
        refuse_broken_frame(landed)
        result.rows_in = stage(con, landed.resource, landed.paths, to_stay=is_first)
        result.drift += drift_of(landed)
        if landed.claimed_total is not None and landed.claimed_total != result.rows_in:
            claimed, came = landed.claimed_total, result.rows_in
            result.drift.append(f"{landed.resource}: the server claimed {claimed} rows, {came} came")
        if not (is_first and _became_the_mirror(con, table, result, business_date, seen_at)):
            _merge(con, table, landed, result, business_date, seen_at)
    if landed.full and not is_first:
        _look_for_missing(con, table, landed, result, business_date)
    con.execute(f"drop table if exists staged_{landed.resource}")
    result.kept = result.rows_in - result.quarantined
    if landed.full:
        _progress.info("%s: %d rows read, %d set aside", landed.resource, result.rows_in, result.quarantined)
    return result


def is_empty(con: duckdb.DuckDBPyConnection, table: WireTable) -> bool:
    """Whether the mirror holds no row of this table yet."""
    return con.execute(f"select 1 from {table.table} limit 1").fetchone() is None


def mark_gone(
    con: duckdb.DuckDBPyConnection, resource: str, ids: Sequence[str], business_date: date, seen_at: datetime
) -> None:
    """The ledger has confirmed that these rows are gone: the mirror keeps them, marked with the day; an invoice's
    header goes with its entry."""
    if not ids:
        return
    table = TABLES[resource]
    these = f"{table.key} in (select unnest($2::varchar[]))"
    con.execute(f"update {table.table} set gone_on = $1 where gone_on is null and {these}", [business_date, list(ids)])
    if resource == "ledger_entries":
        con.execute(
            "update poweroffice_outgoing_invoices set gone_on = $1 where gone_on is null and voucher_id in "
            "(select voucher_id from poweroffice_ledger_entries where entry_id in (select unnest($2::varchar[])))",
            [business_date, list(ids)],
        )
        con.execute(
            "insert into poweroffice_ledger_entry_changes select entry_id, $1, $2, amount, balance, match_id, true "
            "from poweroffice_ledger_entries where entry_id in (select unnest($3::varchar[]))",
            [business_date, seen_at, list(ids)],
        )


def _became_the_mirror(
    con: duckdb.DuckDBPyConnection, table: WireTable, result: LoadResult, business_date: date, seen_at: datetime
) -> bool:
    """A first read in which no row is doubtful and no id comes twice is the mirror as it stands: nothing is written
    twice. False, and nothing done, for any other."""
    staged = f"staged_{table.resource}"
    rows = f"{staged} as s"
    found = con.execute(_FIRST_COUNT.format(key=table.key, changed=table.changed[-1], staged=staged,
                                            doubt=to_be_looked_at(table.resource, "s"))).fetchone()  # fmt: skip
    ids, doubtful, newest = found or (0, 0, None)
    if doubtful or ids != result.rows_in or not quarantine.is_empty(con):
        return False
    result.newest, result.changed = newest, result.rows_in
    if table.resource == "ledger_entries":
        con.execute(_FIRST_CHANGES, [business_date, seen_at])
        result.drift += _new_voucher_types(con, rows)
    result.changed_customer_ids = _customers_of(con, table, rows)
    con.execute(f"alter table {staged} drop column unread")
    for name, day in (("first_seen_on", business_date), ("last_seen_on", business_date), ("gone_on", None)):
        con.execute(f"alter table {staged} add column {name} date" + (f" default date '{day}'" if day else ""))
        con.execute(f"alter table {staged} alter column {name} drop default")
    con.execute(f"drop table {table.table}")
    con.execute(f"alter table {staged} rename to {table.table}")
    return True


def _new_voucher_types(con: duckdb.DuckDBPyConnection, rows: str) -> list[str]:
    types = con.execute(f"select distinct voucher_type from {rows}").fetchall()
    unknown = sorted({str(row[0]) for row in types} - VOUCHER_TYPES)
    return [f"ledger_entries: voucher type {one} is new; treated as a journal" for one in unknown]


def _customers_of(con: duckdb.DuckDBPyConnection, table: WireTable, rows: str) -> set[str]:
    """Customers of the rows ``s``; none where the table has no such column."""
    if table.resource == "account_transactions":
        return set()
    found = con.execute(f"select distinct s.customer_id from {rows} where s.customer_id is not null").fetchall()
    return {str(row[0]) for row in found}


def _merge(
    con: duckdb.DuckDBPyConnection,
    table: WireTable,
    landed: LandedResource,
    result: LoadResult,
    business_date: date,
    seen_at: datetime,
) -> None:
    name = table.resource
    con.execute(_fresh_sql(name))
    # The last of the change times is the one that the resource's change filter compares.
    counted = con.execute(_FRESH_COUNT.format(name=name, changed=table.changed[-1])).fetchone()
    fresh, result.newest = counted or (0, None)
    if not fresh:
        return
    refused = _refused(con, table, landed)
    if refused:
        _set_aside(con, table, refused, result, business_date, seen_at)
    if not quarantine.is_empty(con):
        quarantine.release_superseded(con, table.table, f"fresh_{name}", table.key, seen_at)
    result.changed = _keep_newest(con, table)
    if not result.changed:
        return
    rows = _FRESH_ROWS.format(name=name)
    if name == "ledger_entries":
        con.execute(_CHANGES, [business_date, seen_at])
        result.drift += _new_voucher_types(con, rows)
        moved = con.execute(
            f"select distinct was_customer_id from {rows} where was_customer_id <> s.customer_id"
        ).fetchall()
        result.moved_from = {str(row[0]) for row in moved}
    result.changed_customer_ids = _customers_of(con, table, rows) | result.moved_from
    con.execute(f"delete from {table.table} where {table.key} in (select {table.key} from fresh_{name})")
    con.execute(_insert_sql(name), [business_date])


def _refused(con: duckdb.DuckDBPyConnection, table: WireTable, landed: LandedResource) -> dict[int, _Refusal]:
    """The bad rows of the read, by ``row_no``: what could not be read, and what the contract says of the rest."""
    name = table.resource
    doubtful = (
        f"from fresh_{name} as f join staged_{name} as s on s.rowid = f.row_no where {to_be_looked_at(name, 's')}"
    )
    if con.execute(f"select 1 {doubtful} limit 1").fetchone() is None:  # an ordinary day loads no pandas
        return {}
    unread_cells: dict[int, list[str]] = {}
    reasons: dict[int, list[str]] = {}
    frames = con.execute(f"select f.row_no, {cells(name, 's')}, s.unread as unread_cells {doubtful} order by f.row_no")
    while len(frame := frames.fetch_df_chunk(BATCH // VECTOR)):
        said = frame.pop("unread_cells")
        at = said.notna()
        unread_cells |= {
            int(no): str(columns).split() for no, columns in zip(frame.loc[at, "row_no"], said[at], strict=True)
        }
        reasons |= faults_of(name, as_frame(name, frame))
    row_nos = sorted(unread_cells.keys() | reasons.keys())
    if not row_nos:
        return {}
    # A row id counts from 0 in a table that has been committed, and from far above in one that has not.
    first = con.execute(f"select min(rowid) from staged_{name}").fetchone()
    before = int(first[0]) - 1 if first else 0
    raw = {no + before: text for no, text in raw_rows(con, landed.paths, [no - before for no in row_nos]).items()}
    found: dict[int, _Refusal] = {}
    for row_no in row_nos:
        columns = [table.column(one) for one in unread_cells.get(row_no, ())]
        said_of = [unread(column, found_text(raw[row_no], column)) for column in columns]
        names = {column.wire for column in columns}
        said_of += [reason for reason in reasons.get(row_no, ()) if reason.partition(":")[0] not in names]
        found[row_no] = _Refusal(said_of, raw[row_no])
    return found


def _set_aside(
    con: duckdb.DuckDBPyConnection,
    table: WireTable,
    refused: dict[int, _Refusal],
    result: LoadResult,
    business_date: date,
    seen_at: datetime,
) -> None:
    row_nos = list(refused)
    ids = dict(
        con.execute(
            f"select row_no, {table.key} from fresh_{table.resource} where row_no in (select unnest($1::bigint[]))",
            [row_nos],
        ).fetchall()
    )
    rows = [quarantine.Refused(table.table, ids.get(no), one.reasons, one.raw) for no, one in refused.items()]
    quarantine.put_aside(con, rows, business_date, seen_at)
    con.execute(f"delete from fresh_{table.resource} where row_no in (select unnest($1::bigint[]))", [row_nos])
    result.quarantined = len(rows)
    result.examples = rows[:5]


def _keep_newest(con: duckdb.DuckDBPyConnection, table: WireTable) -> int:
    """Leave one row an id in ``fresh_*``: the newest reading, and only if it is not older than the mirror's."""
    name, key = table.resource, table.key
    con.execute(
        f"""
        delete from fresh_{name}
        where version < was_version or row_no in (
            select row_no from fresh_{name}
            qualify row_number() over (partition by {key} order by version desc, row_no desc) > 1)
        """
    )
    found = con.execute(f"select count(*) from fresh_{name}").fetchone()
    return int(found[0]) if found else 0


def _look_for_missing(
    con: duckdb.DuckDBPyConnection,
    table: WireTable,
    landed: LandedResource,
    result: LoadResult,
    business_date: date,
) -> None:
    """In a full read: mark what came as seen today, and name what did not come."""
    came = f"select {table.key} from staged_{table.resource}" if landed.files else "select null where false"
    con.execute(
        f"update {table.table} set last_seen_on = $1 where last_seen_on <> $1 and {table.key} in ({came})",
        [business_date],
    )
    rows = con.execute(
        f"select {table.key} from {table.table} where gone_on is null and {table.key} not in "
        f"(select * from ({came}) where {table.key if landed.files else 'false'} is not null) order by 1"
    ).fetchall()
    result.missing = [str(row[0]) for row in rows]


_FRESH_COUNT = """
select (select count(*) from fresh_{name}), (select max({changed}) from staged_{name})
"""

_FIRST_COUNT = """
select count(distinct {key}), count(*) filter (where {doubt}), max({changed}) from {staged} as s
"""

_FIRST_CHANGES = """
insert into poweroffice_ledger_entry_changes
select entry_id, $1, $2, amount, balance, match_id, false from staged_ledger_entries
"""

_FRESH_ROWS = "fresh_{name} as f join staged_{name} as s on s.rowid = f.row_no"

_CHANGES = f"""
insert into poweroffice_ledger_entry_changes
select s.entry_id, $1, $2, amount, balance, match_id, false
from {_FRESH_ROWS.format(name="ledger_entries")}
where was_version is null or was_gone or amount <> was_amount or balance <> was_balance
   or match_id is distinct from was_match_id
order by row_no
"""


@lru_cache(maxsize=len(TABLES))
def _fresh_sql(resource: str) -> str:
    """The places of the rows that the mirror does not hold exactly so; what it holds was checked when it came in."""
    table = TABLES[resource]
    names = [column.name for column in table.columns]
    was = "old.version as was_version, old.gone_on is not null as was_gone, old.first_seen_on as was_first_seen_on"
    if resource == "ledger_entries":
        was += (
            ", old.amount as was_amount, old.balance as was_balance, old.match_id as was_match_id, "
            "old.customer_id as was_customer_id"
        )
    new, old = (", ".join(f"{alias}.{name}" for name in [*names, "version"]) for alias in ("new", "old"))
    return f"""
create or replace temp table fresh_{resource} as
select new.rowid as row_no, new.{table.key}, new.version, {was}
from staged_{resource} as new
left join {table.table} as old on old.{table.key} = new.{table.key}
where old.{table.key} is null or old.gone_on is not null or new.unread is not null
   or row({new}) is distinct from row({old})
"""


@lru_cache(maxsize=len(TABLES))
def _insert_sql(resource: str) -> str:
    table = TABLES[resource]
    names = ", ".join(column.name for column in table.columns)
    cells = ", ".join(f"s.{column.name}" for column in table.columns)
    return f"""
insert into {table.table} ({names}, {", ".join(name for name, _ in BOOKKEEPING)})
select {cells}, s.version, coalesce(was_first_seen_on, $1::date), $1::date, null
from {_FRESH_ROWS.format(name=resource)}
"""
