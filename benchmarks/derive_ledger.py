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


def change_one_percent(con: duckdb.DuckDBPyConnection, entries: int) -> None:
    """Payments of the next day: one for every 200 entries, each settling an open invoice; so two entries change.

    As the mirror takes them in: a new entry, and the invoice's balance in the ledger and in the invoice list.
    """
    con.execute(
        """
        create or replace temp table paid as
        select entry_id, voucher_id, customer_id, customer_no, kid, match_id, balance
        from poweroffice_ledger_entries
        where voucher_type = 'OutgoingInvoice' and balance > 0
        order by hash(entry_id) limit ?
        """,
        [entries // 200],
    )
    con.execute(
        f"""
        insert into poweroffice_ledger_entries by name
        select 'n' || entry_id as entry_id, customer_id, customer_no, 'nv' || entry_id as voucher_id,
            'IncomingOcrGiro' as voucher_type, date '{TODAY}' + 1 as posting_date, date '{TODAY}' + 1 as voucher_date,
            kid, -balance as amount, 0 as balance, 'NOK' as currency_code, match_id, false as is_write_off,
            timestamptz '{TODAY} 09:00:00' as created_at, timestamptz '{TODAY} 09:00:00' as last_changed,
            date '{TODAY}' + 1 as first_seen_on
        from paid;
        update poweroffice_ledger_entries set balance = 0, last_changed = timestamptz '{TODAY} 09:00:00'
        where entry_id in (select entry_id from paid);
        update poweroffice_outgoing_invoices
        set balance = 0, last_changed = timestamptz '{TODAY} 09:00:00',
            balance_last_changed = timestamptz '{TODAY} 09:00:00'
        where voucher_id in (select voucher_id from paid);
        checkpoint
        """
    )
