"""The derivation of the made-up ledger in SQLite: the peer that a program without DuckDB would have been written in.

Belongs here: loading the ledger's rows into SQLite (not timed) and running ``derive_in_sqlite.sql`` (timed). Not here:
any rule; those stand in the SQL. SQLite is given all that makes it fast: no journal, no waiting for the disk, a cache
that holds everything, threads for its sorting, indexes where they pay.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import Final

import duckdb

from benchmarks.derive_ledger import Totals
from kredin_pipeline.cases.claims import CALENDAR_YEARS_AHEAD, FIRST_CALENDAR_DAY, Parameters, case_id_of
from kredin_pipeline.cases.settings import STEP_NAMES
from kredin_pipeline.law.calendar import calendar_rows
from kredin_pipeline.law.fees import legal_maximum
from kredin_pipeline.law.money import to_ore
from kredin_pipeline.law.rates import rate_rows

EPOCH: Final = date(1970, 1, 1)
BATCH: Final = 50_000

INPUTS: Final[Mapping[str, str]] = {
    "ledger_entries": """
        select entry_id, customer_id, customer_no, customer_name, voucher_id, voucher_type,
            voucher_date - {epoch} as voucher_date, posting_date - {epoch} as posting_date,
            due_date - {epoch} as due_date, invoice_no, kid,
            (amount * 100)::bigint as amount, (balance * 100)::bigint as balance, currency_code,
            (currency_amount * 100)::bigint as currency_amount, match_id, is_write_off::integer as is_write_off,
            is_created_by_current_integration::integer as is_own, epoch_us(last_changed) as last_changed,
            gone_on - {epoch} as gone_on
        from poweroffice_ledger_entries order by length(entry_id), entry_id""",
    "outgoing_invoices": """
        select voucher_id, (total_amount * 100)::bigint as total_amount, (balance * 100)::bigint as balance,
            epoch_us(balance_last_changed) as balance_last_changed, gone_on - {epoch} as gone_on
        from poweroffice_outgoing_invoices order by voucher_id""",
    "account_transactions": """
        select voucher_id, account_no, customer_account_no, (amount * 100)::bigint as amount
        from poweroffice_account_transactions""",
    "debtors": """
        select customer_id, customer_no, name, orgnr, debtor_kind, is_minor::integer as is_minor, email,
            excluded::integer as excluded, no_fees::integer as no_fees, no_interest::integer as no_interest,
            unknown_register::integer as unknown_register, register_stale::integer as register_stale
        from debtors order by customer_id""",
    "journal_cases": """
        select case_id, voucher_id, opened_on - {epoch} as opened_on from journal_cases""",
    "journal_letters": """
        select letter_key, case_id, step, sent_on - {epoch} as sent_on, deadline - {epoch} as deadline,
            (fee * 100)::bigint as fee, (principal * 100)::bigint as principal, (total * 100)::bigint as total,
            bears_fee::integer as bears_fee
        from journal_letters""",
}
"""What is read of the book, by the table of SQLite that it fills: money in øre, days since 1970."""

KEYED: Final = frozenset({"outgoing_invoices", "debtors"})
"""Tables whose first column is their key, as in the mirror."""

SETTINGS_KNOWN: Final[Mapping[str, object]] = {
    "allocation": "principal_first",
    "interest": "statutory",
    "course": "full",
    "compensation": False,
    "due_date_shift": True,
    "send_on_business_days": True,
    "one_letter_per_debtor": True,
    "part_payment_acknowledges": False,
    "inkassolov_2026_from": None,
}

TOTALS: Final = """
select count(*), sum(principal), sum(credited), sum(paid), sum(written_off), sum(principal_open), sum(interest),
    sum(fees), sum(costs_paid), sum(costs_open), sum(limitation_date)
from case_states
"""


def derive(book: duckdb.DuckDBPyConnection, parameters: Parameters, file: Path | None = None) -> tuple[Totals, float]:
    """The totals of the ledger in ``book`` and the seconds that deriving them took, loading not counted.

    ``file`` is where the database is made, in place of one that is there; None: in memory. Raises ``ValueError`` for a
    setting, or a letter paid in time, that the peer's SQL does not know.
    """
    con = load(book, parameters, file)
    try:
        started = perf_counter()
        con.executescript(sql())
        seconds = perf_counter() - started
        return totals(con), seconds
    finally:
        con.close()


def sql() -> str:
    """The text of the derivation."""
    return files("benchmarks").joinpath("derive_in_sqlite.sql").read_text(encoding="utf-8")


def load(book: duckdb.DuckDBPyConnection, parameters: Parameters, file: Path | None = None) -> sqlite3.Connection:
    """A database with the ledger's rows, the journal's copies, law and parameters, not derived yet.

    Raises ``ValueError`` for a setting that the peer's SQL does not know.
    """
    for setting, known in SETTINGS_KNOWN.items():
        if getattr(parameters, setting) != known:
            raise ValueError(
                f"{setting}: found {getattr(parameters, setting)!r}; the peer in SQLite knows {known!r} alone"
            )
    if file is not None:
        file.unlink(missing_ok=True)
    con = sqlite3.connect(":memory:" if file is None else file, isolation_level=None)
    con.executescript(
        "pragma journal_mode = off; pragma synchronous = off; pragma temp_store = memory; pragma cache_size = -2000000;"
        f"pragma locking_mode = exclusive; pragma threads = {os.cpu_count() or 1}"
    )
    con.create_function("new_case_id", 2, _new_case_id, deterministic=True)
    con.execute("begin")
    for table, query in INPUTS.items():
        _copy(con, table, book.execute(query.format(epoch="date '1970-01-01'")))
    _fill(
        con,
        "calendar (day integer primary key, is_business_day, next_business_day integer, year_days)",
        _calendar(parameters),
    )
    _fill(
        con,
        "interest_rates (valid_from integer, valid_to integer, rate_bp integer)",
        [(_day(first), _day(last), rate) for first, last, rate in rate_rows()],
    )
    _fill(
        con,
        "course (reached integer primary key, step, rank, after_days, deadline_days, channel, maximum_fee)",
        _course(parameters),
    )
    _fill(
        con,
        "parameters (tenant, business_date, connected_on, live, days_past_due, import_from, grace_days, minimum_claim,"
        " rounding_write_off)",
        [
            (
                parameters.tenant,
                _day(parameters.business_date),
                _day(parameters.connected_on),
                parameters.live,
                parameters.days_past_due,
                None if parameters.import_from is None else _day(parameters.import_from),
                parameters.grace_days,
                to_ore(parameters.minimum_claim),
                to_ore(parameters.rounding_write_off),
            )
        ],
    )
    con.execute("commit")
    return con


def totals(con: sqlite3.Connection) -> Totals:
    """The totals of the case table that the derivation has left; raises ``ValueError`` for a letter paid in time."""
    if con.execute("select 1 from kept_letters").fetchone() is not None:
        raise ValueError("kept_letters: found a letter paid in time; the peer in SQLite waives no interest")
    row = con.execute(TOTALS).fetchone()
    states = con.execute("select state, count(*) from case_states group by state order by state").fetchall()
    return Totals(*row, states=tuple((state, count) for state, count in states))


def _copy(con: sqlite3.Connection, table: str, rows: duckdb.DuckDBPyConnection) -> None:
    columns = [
        f"{name} {'integer' if kind in ('BIGINT', 'INTEGER') else 'text'}" for name, kind, *_ in rows.description or ()
    ]
    keyed = table in KEYED
    if keyed:
        columns[0] += " primary key"
    con.execute(f"create table {table} ({', '.join(columns)}) {'without rowid' if keyed else ''}")
    holes = ", ".join("?" * len(columns))
    while batch := rows.fetchmany(BATCH):
        con.executemany(f"insert into {table} values ({holes})", batch)


def _fill(con: sqlite3.Connection, table: str, rows: list[tuple[object, ...]]) -> None:
    con.execute(f"create table {table}")
    con.executemany(f"insert into {table.split(' ')[0]} values ({', '.join('?' * len(rows[0]))})", rows)


def _calendar(parameters: Parameters) -> list[tuple[object, ...]]:
    last = date(parameters.business_date.year + CALENDAR_YEARS_AHEAD, 12, 31)
    return [
        (_day(day), is_business, _day(following), days)
        for day, is_business, following, days in calendar_rows(FIRST_CALENDAR_DAY, last)
    ]


def _course(parameters: Parameters) -> list[tuple[object, ...]]:
    """What comes after each step reached, and the most that its letter may cost on the business date, in øre."""
    rows: list[tuple[object, ...]] = []
    ladder = [(STEP_NAMES.index(step.name) + 1, step) for step in parameters.steps]
    for reached in (0, 2, 3, 4):  # no friendly reminder is in this course
        following = next(((rank, step) for rank, step in ladder if rank > reached), None)
        if following is not None:
            rank, step = following
            fee = to_ore(legal_maximum(step.name, parameters.business_date, parameters.business_date))
            rows.append((reached, step.name, rank, step.after_days, step.deadline_days, step.channel, fee))
    return rows


def _day(day: date) -> int:
    return (day - EPOCH).days


def _new_case_id(tenant: str, voucher_id: str) -> str:
    return case_id_of(tenant, voucher_id)
