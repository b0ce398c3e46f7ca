"""The mirror's tables in a book. Here belongs creating them; their columns are described in ``tables.sql``."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import duckdb


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of the mirror's tables."""
    con.execute(sql_text("tables.sql"))


@lru_cache(maxsize=16)
def sql_text(path: str) -> str:
    """The text of an SQL file of this package, by its path below it."""
    return files("kredin_pipeline.ledger").joinpath(path).read_text(encoding="utf-8")
