"""The mirror's tables, as the ledger part of the pipeline creates them."""

from __future__ import annotations

from importlib.resources import files

import duckdb


def create_mirror(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(files("kredin_pipeline.ledger").joinpath("tables.sql").read_text(encoding="utf-8"))
