"""A book with every table, and rows for it that keep or break each rule. No expectation belongs here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from kredin_pipeline.cases.claims import create_tables as create_case_tables
from kredin_pipeline.cases.claims import sql_text
from kredin_pipeline.contracts.rules import Rule, TableContract
from kredin_pipeline.ledger.schema import create_tables

PLAUSIBLE: dict[str, list[str]] = {
    "day": ["date '2025-03-10'", "date '2025-03-11'"],
    "time": ["timestamptz '2025-03-10 05:00:00Z'"],
    "ore": ["0.00", "1.00", "250.00", "-250.00"],
    "micro": ["0.000000", "12.345678"],
    "digits": ["'4400000'"],
    "guid": ["'0b1f6c0e-7f1d-4b8e-9c53-2f6d0a8e5a11'"],
    "orgnr": ["'999990002'"],
    "id": ["'K1'"],
    "text": ["'a'", "''"],
    "words": ["[]"],
    "flag": ["true", "false"],
    "whole": ["0", "1", "365"],
    "raw": [],
}
IMPLAUSIBLE: dict[str, list[str]] = {
    "day": ["date '1969-12-31'", "date '2205-01-01'"],
    "time": ["timestamptz '1969-12-31 23:59:59Z'", "timestamptz '2205-01-01 00:00:00Z'"],
    "ore": ["-0.01", "1000000000000.01", "-1000000000000.01"],
    "micro": ["-0.000001"],
    "digits": ["''", "'12a'", "'12345678901234567890'"],
    "guid": ["'0b1f6c0e'", "''"],
    "orgnr": ["'99999000'", "'99999 0002'"],
    "id": ["''"],
    "text": ["'nonsense'"],
    "words": ["['nonsense']"],
    "flag": [],
    "whole": [],
    "raw": [],
}


def a_whole_book() -> duckdb.DuckDBPyConnection:
    """An empty book in memory with every table that a day's run makes."""
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    create_tables(con)
    create_case_tables(con)
    con.execute(sql_text("conclusions.sql"))
    con.execute(sql_text("touched/remembered.sql"))
    return con


def cells(rule: Rule) -> list[str]:
    """SQL values for a column, a good one first, null last."""
    found = [*PLAUSIBLE[rule.check], *IMPLAUSIBLE[rule.check]]
    if rule.name == "payload":
        return ["'{}'", "null"]
    if rule.among:
        known = [f"'{value}'" for value in rule.among[:2]]
        found = [*([f"[{value}]" for value in known] if rule.check == "words" else known), *found]
    if rule.least is not None and rule.check == "whole":
        found = [str(rule.least), *found, *([str(rule.least - 1)] if rule.least else [])]
    if rule.least == 1 and rule.check == "ore":
        found = ["250.00", *found]
    return [*found, "null"]


def columns_to_vary(contracts: Sequence[TableContract]) -> dict[str, list[str]]:
    """By table the columns worth varying: those of conditions, and the first of each sort of rule."""
    seen: set[tuple[object, ...]] = set()
    found: dict[str, list[str]] = {}
    for contract in contracts:
        named = {name for condition in contract.conditions for name in condition.columns}
        for rule in contract.rules:
            sort = (rule.check, rule.required, rule.among, rule.least)
            if rule.name in named or sort not in seen:
                found.setdefault(contract.table, []).append(rule.name)
            seen.add(sort)
    return found


def variations(contract: TableContract, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Rows of a table in which each of these columns takes each of its values while the others stay as they are."""
    base = {rule.name: (cells(rule)[0] if len(cells(rule)) > 1 else "null") for rule in contract.rules}
    yield base
    for name in columns:
        for value in cells(contract.rule(name)):
            yield base | {name: value}


def written(con: duckdb.DuckDBPyConnection, contract: TableContract, columns: Sequence[str]) -> int:
    """The variations in a temporary table of the same name and types that refuses nothing; gives the number of rows."""
    (book,) = con.execute("select current_database()").fetchone() or ("",)
    con.execute(f"create or replace temp table {contract.table} as select * from {book}.main.{contract.table} limit 0")
    rows = list(variations(contract, columns))
    names = [rule.name for rule in contract.rules]
    values = ", ".join("(" + ", ".join(row[name] for name in names) + ")" for row in rows)
    con.execute(f"insert into {contract.table} ({', '.join(names)}) values {values}")
    return len(rows)
