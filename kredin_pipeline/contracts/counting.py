"""A stage hands over: its tables counted in SQL, and only what is suspicious looked at row by row.

Belongs here: the counts, and the faults behind one that is not zero. Not here: what is asked (`rules`, and each
package's own registry), and in which words a row is named (`naming`).

One statement counts a stage: for each table its rows, the rows that break a rule, and the rows too many of a key; for
each edge its differences. A healthy day costs that statement and little else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import duckdb

from kredin_pipeline.contracts.naming import NotThisFrame, Reason, exact, frame_sql, reasons
from kredin_pipeline.contracts.rules import TYPES, Edge, Owed, TableContract

MOST_NAMED = 20
"""So many faulty rows of a table are named; all are counted."""
_NO_COLUMN = "no such column"


@dataclass(frozen=True)
class Fault:
    """One fault: the table, the row by its key, and what is wrong with which column."""

    table: str
    record: str
    reason: Reason

    @property
    def told(self) -> str:
        """The fault as a text, without the tenant."""
        return f"{self.table}, {self.record}: {self.reason.told()}"


@dataclass
class HandedOver:
    """What a stage handed over: rows by table, faulty rows by table or edge (those with any), and some by name."""

    rows: dict[str, int] = field(default_factory=dict[str, int])
    faulty: dict[str, int] = field(default_factory=dict[str, int])
    faults: list[Fault] = field(default_factory=list[Fault])

    @property
    def ok(self) -> bool:
        """Whether every table keeps its contract."""
        return not self.faulty

    def told(self, tenant: str) -> str:
        """One sentence for a person."""
        if self.ok:
            return f"{tenant}: {sum(self.rows.values()):,} rows of {len(self.rows)} tables keep their contracts"
        more = sum(self.faulty.values()) - 1
        first = self.faults[0].told if self.faults else ", ".join(self.faulty)
        rest = f" and {more:,} more rows" if more > 0 else ""
        return (
            f"{tenant}: {first}{rest}. Nothing is built on these rows. Run the day again; if it stays, report it with "
            "this text"
        )


def handed_over(
    con: duckdb.DuckDBPyConnection,
    contracts: Sequence[TableContract],
    edges: Sequence[Edge] = (),
    only: str | None = None,
) -> HandedOver:
    """Count the rows of these tables and what breaks their contracts and edges; the faults are named.

    ``only``: a query of the keys that are looked at, in a column of the tables' common key (``select case_id from
    ...``); the others were looked at before. A column of a wrong type is a fault of its table. Raises ``duckdb.Error``
    when a table is not there.
    """
    result = HandedOver()
    scope = _scope(tuple(contracts), only)
    at_once = tuple(edge for edge in edges if not edge.reads)
    counted = _counted(con, scope + count_sql(tuple(contracts), at_once))
    suspicious: list[TableContract] = []
    for contract in contracts:
        result.rows[contract.table], faulty = counted[contract.table]
        if faulty:
            result.faulty[contract.table] = faulty
            suspicious.append(contract)
    for contract, column, found in wrong_types(con, contracts):
        wanted = " or ".join(TYPES[contract.rule(column).check]) or "no binary float"
        result.faulty.setdefault(contract.table, 1)
        result.faults.append(Fault(contract.table, f"column {column}", Reason(column, found, wanted)))
    for contract in suspicious:
        result.faults += named(con, contract, scope)
    for edge in edges:
        if edge.reads and result.rows.get(edge.reads, 1):
            counted |= _counted(con, scope + count_sql((), (edge,)))
        _follow(con, edge, [counted.get(_called(owed), (0, 0))[1] for owed in edge.owed], scope, result)
    return result


@lru_cache(maxsize=32)
def count_sql(contracts: tuple[TableContract, ...], edges: tuple[Edge, ...] = ()) -> str:
    """The statement that counts: for each table its name, rows, bad rows and rows too many of a key; for each thing
    that an edge owes its name and the differences as bad rows."""
    parts = [
        f"select '{one.table}', count(*), "
        f"count(*) - count(*) filter (where {one.good_sql}), {_twice(one)} from {one.table}"
        for one in contracts
    ]
    for edge in edges:
        counts = ", ".join(f"count(*) filter (where {_differs(owed)})" for owed in edge.owed)
        names = ", ".join(f"'{_called(owed)}'" for owed in edge.owed)
        parts.append(f"select unnest([{names}]), 0, unnest([{counts}]), 0 from ({edge.query})")
    return "\nunion all\n".join(parts)


def _counted(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, tuple[int, int]]:
    """Rows and faulty rows by name."""
    return {str(name): (int(rows), int(bad) + int(twice)) for name, rows, bad, twice in con.execute(query).fetchall()}


def _called(owed: Owed) -> str:
    return f"{owed.table}.{owed.name} {owed.found}"


def _differs(owed: Owed) -> str:
    return f"{owed.found} is distinct from {owed.wanted}"


def _follow(con: duckdb.DuckDBPyConnection, edge: Edge, counts: Sequence[int], scope: str, result: HandedOver) -> None:
    """Count and name what differs at an edge."""
    for owed, count in zip(edge.owed, counts, strict=True):
        if not count:
            continue
        result.faulty[owed.table] = result.faulty.get(owed.table, 0) + count
        rows = con.execute(
            f"{scope}select record, {owed.found}, {owed.wanted} from ({edge.query}) where {_differs(owed)} "
            f"order by 1 limit {MOST_NAMED}"
        ).fetchall()
        for record, said, wanted in rows:
            meaning = owed.meaning if wanted is None else f"{owed.meaning} ({wanted})"
            reason = Reason(owed.name, None if said is None else str(said), meaning)
            result.faults.append(Fault(owed.table, str(record), reason))


@lru_cache(maxsize=32)
def _types_sql(contracts: tuple[TableContract, ...]) -> str:
    columns = ", ".join(f"{one.table}.{rule.name}" for one in contracts for rule in one.rules)
    return f"select {columns} from {', '.join(one.table for one in contracts)} limit 0"


def _type_of(con: duckdb.DuckDBPyConnection, table: str, column: str) -> str:
    found = con.execute(
        "select data_type from duckdb_columns() where table_name = ? and column_name = ?", [table, column]
    ).fetchone()
    return _NO_COLUMN if found is None else str(found[0])


def _scope(contracts: tuple[TableContract, ...], only: str | None) -> str:
    """The tables cut down to the keys that are looked at, under their own names."""
    if only is None:
        return ""
    (key,) = {only.split()[1]}
    return "with " + ", ".join(
        f"{one.table} as materialized (select * from {one.table} where {key} in ({only}))" for one in contracts
    ) + " "  # fmt: skip


def wrong_types(
    con: duckdb.DuckDBPyConnection, contracts: Sequence[TableContract]
) -> list[tuple[TableContract, str, str]]:
    """Columns that are missing or of a type that their kind may not have, with what was found."""
    asked = [(contract, rule) for contract in contracts for rule in contract.rules]
    if not asked:
        return []
    try:  # one statement that reads nothing; half of what the catalogue costs
        described = con.execute(_types_sql(tuple(contracts))).description or []
        held = [str(kind) for _, kind, *_ in described]
    except duckdb.BinderException:
        held = [_type_of(con, contract.table, rule.name) for contract, rule in asked]
    wrong: list[tuple[TableContract, str, str]] = []
    for (contract, rule), found in zip(asked, held, strict=True):
        allowed = TYPES[rule.check]
        if (found not in allowed) if allowed else found in ("DOUBLE", "FLOAT", _NO_COLUMN):
            wrong.append((contract, rule.name, found))
    return wrong


def named(con: duckdb.DuckDBPyConnection, contract: TableContract, scope: str = "") -> list[Fault]:
    """The faults of a table's rows, by pandera: of rows that break a rule, and of rows that share a key."""
    where = f"({contract.good_sql}) is not true"
    if contract.key and not contract.enforced:
        key = ", ".join(contract.key)
        where += f" or ({key}) in (select ({key}) from {contract.table} group by {key} having count(*) > 1)"
    frame = exact(contract, con.execute(f"{scope}{frame_sql(contract, where)} limit {MOST_NAMED}").df())
    try:
        found = reasons(contract, frame)
    except NotThisFrame as error:
        return [Fault(contract.table, contract.noun, Reason(contract.table, str(error), "rows that can be read"))]
    return [
        Fault(contract.table, _record(contract, dict(frame.loc[place])), reason)
        for place, several in found.items()
        for reason in several
    ]


def _twice(contract: TableContract) -> str:
    """Rows too many of a key: hashes are counted, which is fast and may only find too many."""
    if not contract.key or contract.enforced:
        return "0"
    return f"count(*) - count(distinct hash({', '.join(contract.key)}))"


def _record(contract: TableContract, row: dict[str, object]) -> str:
    key = "/".join(str(row[name]) for name in contract.key)
    return f"{contract.noun} {key}" if key else contract.noun
