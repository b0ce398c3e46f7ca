"""Landed pages as typed rows: one `read_json` over all files, every column named, nothing guessed.

Belongs here: how a text on the wire becomes a value of the book, and what cannot. Not here: whether the value is
sensible (`contracts`) and what becomes of the row (`mirror`).

The wire's numbers are read as texts first: an amount never passes through a binary float of ours, and an id keeps its
digits. A cell that is no such value becomes null and leaves its column's name in ``unread``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import cast

import duckdb

from kredin_pipeline.ledger.landing import BrokenFrame
from kredin_pipeline.ledger.wire import DUCKDB_TYPES, TABLES, Column, WireTable

LARGEST_ROW = 1_048_576
"""Bytes of one row of a page; reading takes a buffer of twice as much a thread."""
_DAY = r"'\d{4}-\d{2}-\d{2}([T ]00:00:00(\.0+)?(Z|[+-]\d{2}:\d{2})?)?'"
_TIME = r"'\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})'"
_NOT_YET_NUMBERED = "0"


def stage(con: duckdb.DuckDBPyConnection, resource: str, files: Sequence[str], *, to_stay: bool = False) -> int:
    """Read the pages into the table ``staged_<resource>``; gives its number of rows.

    Columns: the table's own; ``version`` (latest change time in 100 ns); ``unread`` (names of columns whose cell is no
    such value, null when there is none). The order of the ``rowid`` is that of arrival; numbering them would have one
    thread read all. ``to_stay``: a table of the book and not a temporary one. Raises ``BrokenFrame`` for a page that is
    not JSON.
    """
    temp = "" if to_stay else "temp "
    try:
        con.execute(f"create or replace {temp}table staged_{resource} as {_stage_sql(resource)}", [list(files)])
    except duckdb.InvalidInputException as error:
        said = str(error).splitlines()[0]
        raise BrokenFrame(f"{resource}: a page cannot be read as JSON ({said}); nothing of the read is kept") from error
    if to_stay:
        _let_go(con)
    found = con.execute(f"select count(*) from staged_{resource}").fetchone()
    return int(found[0]) if found else 0


def _let_go(con: duckdb.DuckDBPyConnection) -> None:
    """Give back the memory of blocks that have been written; DuckDB keeps them up to its limit, for later."""
    (limit,) = con.execute("select current_setting('memory_limit')").fetchone() or ("",)
    with suppress(duckdb.OutOfMemoryException):  # what is still needed stays
        con.execute("set memory_limit = '64MB'")
    con.execute(f"set memory_limit = '{limit}'")


def found_text(raw: str, column: Column) -> str:
    """What a raw row says in a column, as short text."""
    value: object = json.loads(raw, parse_float=str, parse_int=str)
    for name in column.wire.split("."):
        value = cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None
    return str(value)[:60]


def raw_rows(con: duckdb.DuckDBPyConnection, files: Sequence[str], row_nos: Sequence[int]) -> dict[int, str]:
    """The raw JSON text of some rows, by their place in the order of arrival, from 1."""
    rows = con.execute(
        """
        with everything as (select row_number() over () as row_no, json from read_json_objects($1, format = 'array'))
        select row_no, json::varchar from everything where row_no in (select unnest($2::bigint[]))
        """,
        [list(files), list(row_nos)],
    ).fetchall()
    return {int(row_no): str(text) for row_no, text in rows}


@lru_cache(maxsize=len(TABLES))
def _stage_sql(resource: str) -> str:
    table = TABLES[resource]
    wire: dict[str, str] = {}
    for column in table.columns:
        outer, _, inner = column.wire.partition(".")
        wire[outer] = "JSON" if inner else "VARCHAR"
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in wire.items())
    cells = ",\n".join(f"    {_cell(column)} as {column.name}" for column in table.columns)
    texts = ", ".join(f"{_source(column)} as {_text(column)}" for column in table.columns)
    faults = ",\n".join(
        f"    case when {_text(column)} is not null and {column.name} is null then '{column.name} ' end"
        for column in table.columns
        if _can_fail(column)
    )
    return f"""
with texts as (
    select {texts} from read_json($1, columns = {{{columns}}}, format = 'array', maximum_object_size = {LARGEST_ROW})
),
cells as (
    select
{cells},
    {", ".join(_text(column) for column in table.columns if _can_fail(column))}
    from texts
)
select {", ".join(column.name for column in table.columns)},
    {_version(table)} as version,
    nullif(concat(
{faults}), '') as unread
from cells
"""


def _text(column: Column) -> str:
    return f"{column.name}_text"


def _source(column: Column) -> str:
    outer, _, inner = column.wire.partition(".")
    source = f""""{outer}" ->> '$.{inner}'""" if inner else f'"{outer}"'
    return f"nullif({source}, '')"


def _can_fail(column: Column) -> bool:
    return column.kind not in ("id", "text")


def _cell(column: Column) -> str:
    text, kind = _text(column), DUCKDB_TYPES[column.kind]
    match column.kind:
        case "id" | "text":
            return f"nullif({text}, '{_NOT_YET_NUMBERED}')" if column.name == "voucher_no" else text
        case "date":
            return f"case when regexp_full_match({text}, {_DAY}) then try_cast(left({text}, 10) as date) end"
        case "time":
            return f"case when regexp_full_match({text}, {_TIME}) then try_cast({text} as timestamptz) end"
        case "money":  # a double's noise behind the øre is not a fraction of an øre
            return (
                f"case when abs(try_cast({text} as decimal(28, 8)) - try_cast({text} as {kind})) < 0.00001 "
                f"then try_cast({text} as {kind}) end"
            )
        case "flag":
            return f"case lower({text}) when 'true' then true when 'false' then false end"
        case "rate" | "whole":
            return f"try_cast({text} as {kind})"


def _version(table: WireTable) -> str:
    times = [_ticks(table.column(name)) for name in table.changed]
    return times[0] if len(times) == 1 else f"greatest({', '.join(times)})"


def _ticks(column: Column) -> str:
    """A time in 100 ns since 1970: the wire has seven digits after the second, a timestamp here six."""
    text = _text(column)
    seventh = f"coalesce(try_cast(regexp_extract({text}, '\\.\\d{{6}}(\\d)', 1) as tinyint), 0)"
    return f"epoch_us({column.name}) * 10 + {seventh}"
