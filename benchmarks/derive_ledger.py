"""The made-up ledger of the derivation's measurement, in a book of its own, and what a derivation of it comes to.

Belongs here: making the ledger (``made_up_ledger.sql``) and the totals that every engine must agree on. Not here: any
engine (``derive``, ``derive_in_sqlite``, ``derive_in_pandas``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb

from kredin_pipeline.cases.claims import create_tables
from kredin_pipeline.ledger.schema import create_tables as create_mirror

TODAY = date(2026, 11, 25)
TENANT = "bench"


@dataclass(frozen=True)
class Totals:
    """What every engine must find, amounts in øre. ``limitation_days``: sum of the last days, in days since 1970."""

    cases: int
    principal: int
    credited: int
    paid: int
    written_off: int
    principal_open: int
    interest: int
    fees: int
    costs_paid: int
    costs_open: int
    limitation_days: int
    states: tuple[tuple[str, int], ...]


TOTALS = """
select count(*), sum(principal * 100)::bigint, sum(credited * 100)::bigint, sum(paid * 100)::bigint,
    sum(written_off * 100)::bigint, sum(principal_open * 100)::bigint,
    sum(interest * 100)::bigint, sum(fees * 100)::bigint,
    sum(costs_paid * 100)::bigint, sum(costs_open * 100)::bigint, sum(limitation_date - date '1970-01-01')::bigint
from case_states
"""


def make_ledger(file: Path, entries: int, customers: int) -> duckdb.DuckDBPyConnection:
    """A book at ``file`` with a ledger of so many entries (three tenths of them invoices), ready to be derived."""
    file.unlink(missing_ok=True)
    con = duckdb.connect(str(file))
    con.execute("set timezone = 'UTC'")
    create_mirror(con)
    create_tables(con)
    con.execute(
        "create temp table size as select ?::bigint as invoices, ?::bigint as customers, ?::date as today",
        [entries * 3 // 10, customers, TODAY],
    )
    con.execute(files("benchmarks").joinpath("made_up_ledger.sql").read_text(encoding="utf-8"))
    con.execute("drop table made_invoices; drop table made_credits; checkpoint")
    return con


def totals_of(con: duckdb.DuckDBPyConnection) -> Totals:
    """The totals of the case table as it stands in the book."""
    row = con.execute(TOTALS).fetchone()
    assert row is not None
    states = con.execute("select state, count(*) from case_states group by state order by state").fetchall()
    return Totals(*map(int, row), states=tuple((str(state), int(count)) for state, count in states))
