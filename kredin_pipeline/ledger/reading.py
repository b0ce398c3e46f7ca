"""Landed pages as typed rows: one `read_json` over all files, every column named, nothing guessed.

Belongs here: how a text on the wire becomes a value of the book, and what cannot. Not here: whether the value is
sensible (`contracts`) and what becomes of the row (`mirror`).

The wire's numbers are read as texts first: an amount never passes through a binary float of ours, and an id keeps its
digits. A cell that is no such value becomes null and leaves its reason in ``unread``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import duckdb

from kredin_pipeline.ledger.contracts import unread
from kredin_pipeline.ledger.wire import DUCKDB_TYPES, TABLES, Column, WireTable

_OFFSET = "(right({x}, 1) = 'Z' or substr({x}, -6, 1) in ('+', '-') and substr({x}, -3, 1) = ':')"
_MIDNIGHT = r"'\d{4}-\d{2}-\d{2}[T ]00:00:00(\.0+)?(Z|[+-]\d{2}:\d{2})?'"
_NOT_YET_NUMBERED = "0"


def stage(con: duckdb.DuckDBPyConnection, resource: str, files: Sequence[str]) -> int:
    """Read the pages into the temp table ``staged_<resource>``; gives its number of rows.

    Columns: ``row_no`` (order of arrival), the table's own, ``version`` (latest change time in 100 ns), ``unread``
    (reasons against cells, null when there is none). Raises ``duckdb.Error`` for a page that is not JSON.
    """
    con.execute(_stage_sql(resource), [list(files)])
    found = con.execute(f"select count(*) from staged_{resource}").fetchone()
    return int(found[0]) if found else 0


def raw_rows(con: duckdb.DuckDBPyConnection, files: Sequence[str], row_nos: Sequence[int]) -> dict[int, str]:
    """The raw JSON text of some rows, by their ``row_no``."""
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
    faults = ",\n".join(_fault(column) for column in table.columns if _can_fail(column))
    return f"""
create or replace temp table staged_{resource} as
with texts as (
    select row_number() over () as row_no, {texts}
    from read_json($1, columns = {{{columns}}}, format = 'array', maximum_object_size = 67108864)
),
cells as (
    select row_no,
{cells},
    {_version(table)} as version,
    {", ".join(_text(column) for column in table.columns if _can_fail(column))}
    from texts
)
select row_no, {", ".join(column.name for column in table.columns)}, version,
    nullif(concat_ws('; ', {faults}), '') as unread
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
            return (
                f"case when length({text}) = 10 and substr({text}, 5, 1) = '-' then try_cast({text} as date) "
                f"when regexp_full_match({text}, {_MIDNIGHT}) then try_cast(left({text}, 10) as date) end"
            )
        case "time":
            dated = f"{text} like '____-__-__T__:__:__%' or {text} like '____-__-__ __:__:__%'"
            return f"case when ({dated}) and {_OFFSET.format(x=text)} then try_cast({text} as timestamptz) end"
        case "money":  # a double's noise behind the øre is not a fraction of an øre
            exact = f"try_cast({text} as decimal(28, 8))"
            return f"case when abs({exact} - round({exact}, 2)) < 0.00001 then try_cast({exact} as {kind}) end"
        case "flag":
            return f"case lower({text}) when 'true' then true when 'false' then false end"
        case "rate" | "whole":
            return f"try_cast({text} as {kind})"


def _fault(column: Column) -> str:
    found = f"' || left({_text(column)}, 60) || '"
    said = unread(column, "{}").replace("'", "''").replace("{}", found)
    return f"    case when {_text(column)} is not null and {column.name} is null then '{said}' end"


def _version(table: WireTable) -> str:
    times = [_ticks(table.column(name)) for name in table.changed]
    return times[0] if len(times) == 1 else f"greatest({', '.join(times)})"


def _ticks(column: Column) -> str:
    """A time in 100 ns since 1970: the wire has seven digits after the second, a timestamp here six."""
    text = _text(column)
    seventh = f"coalesce(try_cast(case when substr({text}, 20, 1) = '.' then substr({text}, 27, 1) end as tinyint), 0)"
    return f"epoch_us({_cell(column)}) * 10 + {seventh}"
