"""What a person reads about a table in the UI: rows, columns, sums, and a few rows of it.

Belongs here: turning a table of the book into asset metadata. Not here: which numbers matter to an asset.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
from dagster import MetadataValue, TableColumn, TableSchema

Metadata = dict[str, Any]


def row_count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Rows in ``table``, a name of ours and never of a user."""
    found = con.execute(f'select count(*) from "{table}"').fetchone()
    return int(found[0]) if found else 0


def column_schema(con: duckdb.DuckDBPyConnection, table: str) -> TableSchema:
    """Columns and DuckDB types of ``table``, as the UI's column tab shows them."""
    described = con.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index", [table]
    ).fetchall()
    return TableSchema(columns=[TableColumn(name=str(name), type=str(kind)) for name, kind in described])


def about_table(con: duckdb.DuckDBPyConnection, table: str, **more: Any) -> Metadata:
    """Row count and columns of ``table``, with whatever else the asset wants to say."""
    return {
        "dagster/row_count": row_count(con, table),
        "dagster/column_schema": column_schema(con, table),
        **more,
    }


def kroner(amount: Decimal | int | None) -> str:
    """An amount as a person reads it in the UI: `1 234 567,80 kr` with a narrow space."""
    whole, _, fraction = f"{Decimal(amount or 0):.2f}".partition(".")
    sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):,}".replace(",", "\u202f")
    return f"{sign}{grouped},{fraction} kr"


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> MetadataValue:
    """A small table for the UI. Cells are text already; bars and line ends in them are made harmless."""

    def cell(value: Any) -> str:
        return ("" if value is None else str(value)).replace("|", "\\|").replace("\n", " ")

    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return MetadataValue.md("\n".join(lines) if rows else "_none_")


def query_table(con: duckdb.DuckDBPyConnection, query: str, headings: Sequence[str]) -> MetadataValue:
    """The rows of a small query as a table for the UI."""
    return markdown_table(headings, con.execute(query).fetchall())
