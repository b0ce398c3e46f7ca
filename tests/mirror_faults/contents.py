"""What a book holds, in a form that can be compared: all of it to the byte, or the ledger in it alone.

Belongs here: comparing. Not here: which content is right when (`sequences`, `killing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import duckdb

from kredin_pipeline.ledger.wire import TABLES, WireTable
from kredin_pipeline.sandbox.control import Control

Rows = Mapping[str, tuple[Any, ...]]
KEPT_OF_A_RED_RUN = frozenset({"quarantine", "sync_log"})
_FAR = "2100-12-31"


def content(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Every table of the book: how many rows, and the sum of their hashes."""
    tables = [
        str(row[0])
        for row in con.execute("select table_name from duckdb_tables() where not temporary order by 1").fetchall()
    ]
    return {table: _summed(con, f"from {table}") for table in tables}


def _summed(con: duckdb.DuckDBPyConnection, query: str) -> tuple[int, int]:
    found = con.execute(
        f"select count(*), coalesce(sum(hash(one)::hugeint), 0) from (select one from ({query}) as one)"
    )
    rows, total = found.fetchone() or (0, 0)
    return int(rows), int(total)


@dataclass(frozen=True)
class Mirrored:
    """The ledger as a book mirrors it: rows by id per table, what is gone left out, without our own bookkeeping."""

    tables: Mapping[str, Rows]
    sums: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    def differs(self, con: duckdb.DuckDBPyConnection) -> list[str]:
        """What a book has otherwise than this, a few lines a table; nothing when it is the same."""
        return [line for name, table in TABLES.items() for line in self._differs(con, table, name)]

    def _differs(self, con: duckdb.DuckDBPyConnection, table: WireTable, name: str) -> list[str]:
        if _summed(con, _query(table)) == self.sums[name]:
            return []
        return _lines(table, _rows(con, table), self.tables[name])


def mirrored(con: duckdb.DuckDBPyConnection) -> Mirrored:
    """The ledger as this book has it."""
    return Mirrored(
        {name: _rows(con, table) for name, table in TABLES.items()},
        {name: _summed(con, _query(table)) for name, table in TABLES.items()},
    )


def neither(con: duckdb.DuckDBPyConnection, one: Mirrored, other: Mirrored) -> list[str]:
    """Rows of a book that neither of two ledgers has so; a ledger that changed while it was read was both."""
    found: list[str] = []
    for name, table in TABLES.items():
        rows = _rows(con, table)
        first, second = one.tables[name], other.tables[name]
        for key in rows.keys() | (first.keys() & second.keys()):
            if rows.get(key) not in (first.get(key), second.get(key)):
                found += _lines(
                    table, {key: rows[key]} if key in rows else {}, {k: r for k, r in second.items() if k == key}
                )
    return found


def _lines(table: WireTable, found: Rows, wanted: Rows) -> list[str]:
    names = [column.name for column in table.columns]
    lines: list[str] = []
    for key in sorted(found.keys() | wanted.keys()):
        a, b = found.get(key), wanted.get(key)
        if a is None or b is None:
            lines.append(f"{table.table} {key}: {'lacking' if a is None else 'too many'}: {_short(a or b or ())}")
        elif a != b:
            cells = [f"{n} {x} instead of {y}" for n, x, y in zip(names, a, b, strict=False) if x != y]
            lines.append(f"{table.table} {key}: {', '.join(cells) or 'version'}")
    return [*lines[:6], f"{table.table}: {len(lines)} rows differ"] if lines else []


def _short(row: Sequence[Any]) -> str:
    return ", ".join(str(cell) for cell in row if cell is not None)[:160]


def _query(table: WireTable) -> str:
    names = ", ".join(column.name for column in table.columns)
    return f"select {names}, version from {table.table} where gone_on is null"


def _rows(con: duckdb.DuckDBPyConnection, table: WireTable) -> Rows:
    place = [column.name for column in table.columns].index(table.key)
    return {str(row[place]): tuple(row) for row in con.execute(_query(table)).fetchall()}


def told_by_the_ledger(control: Control, client_key: str, book: Mirrored) -> list[str]:
    """Where a book's entries are not what the sandbox holds, asked past all of the product's reading."""
    names = [column.name for column in TABLES["ledger_entries"].columns]
    truth = {str(row["entry_id"]): row for row in control.ledger(client_key, as_of=_FAR)}
    rows = book.tables["ledger_entries"]
    wrong = [f"entry {key} is in one only" for key in truth.keys() ^ rows.keys()]
    for key in truth.keys() & rows.keys():
        row = dict(zip(names, rows[key], strict=False))
        for name in ("customer_no", "voucher_type", "invoice_no", "kid", "match_id"):
            if row[name] != truth[key][name]:
                wrong.append(f"entry {key}, {name}: {row[name]} instead of {truth[key][name]}")
        for name in ("amount", "balance"):
            if row[name] != Decimal(str(truth[key][name])):
                wrong.append(f"entry {key}, {name}: {row[name]} instead of {truth[key][name]}")
        for name in ("posting_date", "due_date"):
            if str(row[name]) != str(truth[key][name]):
                wrong.append(f"entry {key}, {name}: {row[name]} instead of {truth[key][name]}")
    return wrong
