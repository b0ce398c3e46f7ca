"""``docs/tables.md``: every table of the book and of the journal with its columns, made from what makes the tables.

Belongs here: turning SQL files, contracts and the journal's schema into that page. Not here: what a column means: that
stands beside it in ``tables.sql``, in the wire's registry, or in its contract. ``make tables`` writes the page, and a
test fails while it is not what the code says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Column, Table
from sqlalchemy.dialects import sqlite

from kredin_pipeline.cases import claims, published
from kredin_pipeline.cases import contracts as case_contracts
from kredin_pipeline.contracts.rules import Rule, TableContract
from kredin_pipeline.journal.schema import metadata
from kredin_pipeline.ledger import schema, table_contracts, wire

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "tables.md"
_FILES: Final = (
    ("the mirror and the register", schema.sql_text, ("tables.sql",)),
    ("the derivation", claims.sql_text, ("tables.sql", "conclusions.sql", "touched/remembered.sql")),
)
_TABLE = re.compile(
    r"^(?P<above>(?:--[^\n]*\n)*)create table if not exists (?P<name>\w+) \((?P<beside>[^\n]*)\n(?P<body>.*?)^\);",
    re.MULTILINE | re.DOTALL,
)
_COLUMN = re.compile(
    r"^ {4}(?P<name>\w+) +(?P<type>\w+(?:\([\d, ]+\))?(?:\[\])?)(?: not null| primary key)?,? *(?:-- *(?P<said>.*))?$"
)
_GOES_ON = re.compile(r"^ {5,}-- *(?P<said>.*)$")
_RULES: Final = frozenset({"day", "time", "text", "flag", "whole", "raw", "ore", "micro", "id", "words"})


@dataclass(frozen=True)
class _Described:
    name: str
    type: str
    said: str


def tables_page() -> str:
    """The whole page, in Markdown."""
    lines = [
        "# Tables",
        "",
        "Written by `make tables` from `tables.sql`, the wire's registry, the contracts and the journal's schema; a",
        "test holds it to them. Money is DECIMAL(18,2) kroner, ids are text, days are Oslo days, times UTC.",
        "",
    ]
    contracts = {one.table: one for one in (*table_contracts.CONTRACTS, *case_contracts.CONTRACTS)}
    for title, read, files in _FILES:
        lines += [f"## The book: {title}", ""]
        for file in files:
            for match in _TABLE.finditer(read(file)):
                lines += _book_table(match, contracts[match["name"]])
        if read is claims.sql_text:
            lines += _published(contracts["cases"])
    lines += ["## The journal", ""]
    for table in metadata.sorted_tables:
        lines += _journal_table(table)
    return "\n".join(lines).rstrip() + "\n"


def write() -> None:
    """Write the page where it belongs."""
    PAGE.write_text(tables_page(), encoding="utf-8")


def _book_table(match: re.Match[str], contract: TableContract) -> list[str]:
    above = [line.strip("- ").strip() for line in match["above"].splitlines()]
    beside = match["beside"].strip().removeprefix("--").strip()
    about = beside or " ".join(line for line in above if not line.endswith("---"))
    return _shown(match["name"], about, contract, _columns(match["body"], contract))


def _published(contract: TableContract) -> list[str]:
    columns = [_Described(name, kind.lower(), _wanted(contract.rule(name))) for name, kind in published.COLUMNS]
    columns.append(_Described("provisional", "boolean", _wanted(contract.rule("provisional"))))
    about = "the published case table: the row of each case of every day that was derived"
    return _shown("cases", about, contract, columns)


def _shown(name: str, about: str, contract: TableContract, columns: Iterable[_Described]) -> list[str]:
    key = f"key: {', '.join(contract.key)}" if contract.key else "rows have no key"
    head = f"{about[:1].upper()}{about[1:]}. " if about else ""
    rows = [f"| `{one.name}` | {one.type} | {one.said} |" for one in columns]
    return [f"### {name}", "", f"{head.replace('..', '.')}One row a {contract.noun}; {key}.", "",
            "| column | type | |", "|---|---|---|", *rows, ""]  # fmt: skip


def _columns(body: str, contract: TableContract) -> Iterator[_Described]:
    waiting: _Described | None = None
    for line in body.splitlines():
        column, more = _COLUMN.match(line), _GOES_ON.match(line)
        if column is not None:
            if waiting is not None:
                yield waiting
            said = _cell(column["said"] or _meaning(contract, column["name"]))
            waiting = _Described(column["name"], column["type"].strip(), said)
        elif more is not None and waiting is not None:
            waiting = _Described(waiting.name, waiting.type, f"{waiting.said} {_cell(more['said'])}")
    if waiting is not None:
        yield waiting


def _meaning(contract: TableContract, name: str) -> str:
    """What the wire calls it, or what its contract asks."""
    for table in wire.TABLES.values():
        if table.table == contract.table:
            for column in table.columns:
                if column.name == name:
                    return f"PowerOffice `{column.wire}`"
    return _wanted(contract.rule(name))


def _wanted(rule: Rule) -> str:
    if rule.among:
        return rule.wanted
    if rule.check == "ore" and rule.least is not None:
        return "kroner, above zero" if rule.least else "kroner, never negative"
    return "" if rule.check in _RULES else rule.wanted


def _journal_table(table: Table) -> list[str]:
    key = ", ".join(column.name for column in table.primary_key.columns)
    rows = [f"| `{column.name}` | {_journal_type(column)} | {_journal_said(column)} |" for column in table.columns]
    return [f"### journal: {table.name}", "", f"Key: {key}.", "", "| column | type | |", "|---|---|---|", *rows, ""]


def _journal_type(column: Column[object]) -> str:
    compiled = column.type.compile(dialect=sqlite.dialect()).lower()
    return "time (UTC)" if type(column.type).__name__ == "UtcTime" else compiled


def _journal_said(column: Column[object]) -> str:
    said = [f"of `{one.column.table.name}.{one.column.name}`" for one in sorted(column.foreign_keys, key=str)]
    return ", ".join([*dict.fromkeys(said), *(["may be empty"] if column.nullable else [])])


def _cell(text: str) -> str:
    return text.strip().replace("|", "/")


if __name__ == "__main__":
    write()
