"""The published case table: what it has for columns, how a day gets into it, and how any day is read.

Belongs here: the history table ``cases`` and reading it as of a date. Not here: how a row comes about (``derive``). A
day that a live run published is read as it was published. A day that only a historical import covers is derived when it
is asked for, into temporary tables, from today's knowledge; so an import of years costs no more than its events' rows.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import duckdb

from kredin_pipeline.cases.aside import derived_as_of
from kredin_pipeline.cases.derive import LawTables

COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    ("tenant", "VARCHAR"),
    ("business_date", "DATE"),
    ("case_id", "VARCHAR"),
    ("invoice_no", "VARCHAR"),
    ("kid", "VARCHAR"),
    ("customer_no", "VARCHAR"),
    ("customer_name", "VARCHAR"),
    ("orgnr", "VARCHAR"),
    ("debtor_kind", "VARCHAR"),
    ("due_date", "DATE"),
    ("currency", "VARCHAR"),
    ("principal", "DECIMAL(18,2)"),
    ("credited", "DECIMAL(18,2)"),
    ("paid", "DECIMAL(18,2)"),
    ("written_off", "DECIMAL(18,2)"),
    ("principal_open", "DECIMAL(18,2)"),
    ("interest", "DECIMAL(18,2)"),
    ("fees", "DECIMAL(18,2)"),
    ("compensation", "DECIMAL(18,2)"),
    ("costs_paid", "DECIMAL(18,2)"),
    ("costs_waived", "DECIMAL(18,2)"),
    ("costs_open", "DECIMAL(18,2)"),
    ("total_open", "DECIMAL(18,2)"),
    ("state", "VARCHAR"),
    ("closed_reason", "VARCHAR"),
    ("closed_on", "DATE"),
    ("holds", "VARCHAR[]"),
    ("flags", "VARCHAR[]"),
    ("last_step", "VARCHAR"),
    ("last_step_on", "DATE"),
    ("deadline", "DATE"),
    ("next_step", "VARCHAR"),
    ("next_step_on", "DATE"),
    ("limitation_date", "DATE"),
    ("loss_ground", "VARCHAR"),
    ("ledger_balance", "DECIMAL(18,2)"),
)
"""The published columns in their order, with their DuckDB types; ``provisional`` stands beside them (rules § 3)."""

_SELECTED: Final = ", ".join([name for name, _ in COLUMNS] + ["provisional"])


class NothingPublished(LookupError):
    """The book has no case table for the day asked, nor for any day before it."""


def publish(con: duckdb.DuckDBPyConnection, business_date: date) -> int:
    """Puts the derived rows of ``business_date`` into the history ``cases``, in place of what that day had.

    Returns the number of rows. Raises ``ValueError`` when the last derivation was for another day. For use inside the
    caller's transaction, so that a run that breaks leaves the day as it was.
    """
    found = derived_on(con)
    if found != business_date:
        raise ValueError(f"publish: found a derivation for {found}, want {business_date}; derive that day first")
    con.execute("delete from cases where business_date = ?", [business_date])
    con.execute("insert into cases by name select * from case_states")
    counted = con.execute("select count(*) from case_states").fetchone()
    return 0 if counted is None else int(counted[0])


def derived_on(con: duckdb.DuckDBPyConnection) -> date | None:
    """The business date of the book's last derivation; None before the first."""
    derived = con.execute("select any_value(business_date) from parameters").fetchone()
    return None if derived is None else derived[0]


def mark_imported(con: duckdb.DuckDBPyConnection, first_day: date, last_day: date, at: datetime) -> None:
    """Notes that the days from ``first_day`` to ``last_day`` can be read as of any of them (a historical import).

    For use inside the caller's transaction, like ``publish`` and ``withdraw``.
    """
    con.execute("delete from imported_ranges where first_day = ? and last_day = ?", [first_day, last_day])
    con.execute("insert into imported_ranges values (?, ?, ?)", [first_day, last_day, at])


def withdraw(con: duckdb.DuckDBPyConnection, first_day: date, last_day: date) -> int:
    """Takes what was published of the days from ``first_day`` to ``last_day`` out of the history; gives the days.

    A day inside an imported range is then derived from today's knowledge, as publishing it anew would do.
    """
    found = con.execute(
        "select count(distinct business_date) from cases where business_date between ? and ?", [first_day, last_day]
    ).fetchone()
    con.execute("delete from cases where business_date between ? and ?", [first_day, last_day])
    return 0 if found is None else int(found[0])


def rows(con: duckdb.DuckDBPyConnection, business_date: date, law: LawTables | None = None) -> list[dict[str, Any]]:
    """The published case rows of ``business_date``, one dictionary each, in the order of customer and invoice.

    A day that was published is read from the history; a day inside an imported range is derived as of then; for any
    other day the newest one before it is given (its own ``business_date`` says which). Works on a read-only book.
    Raises ``NothingPublished`` when there is none.
    """
    made = con.execute("select count(*) from duckdb_tables() where table_name = 'cases' and not temporary").fetchone()
    if made is None or made[0] == 0:  # the first run broke off before anything was derived
        raise NothingPublished(f"no day has been derived yet, so there is no case table for {business_date}; run a day")
    newest = con.execute("select max(business_date) from cases where business_date <= ?", [business_date]).fetchone()
    published_on = None if newest is None else newest[0]
    if published_on != business_date and _imported(con, business_date):
        with derived_as_of(con, business_date, law):
            return _read(con, "case_states", business_date)
    if published_on is None:
        raise NothingPublished(f"no case table is published on or before {business_date}; run that day or import it")
    return _read(con, "cases", published_on)


def _imported(con: duckdb.DuckDBPyConnection, business_date: date) -> bool:
    found = con.execute(
        "select count(*) from imported_ranges where ? between first_day and last_day", [business_date]
    ).fetchone()
    return found is not None and found[0] > 0


def _read(con: duckdb.DuckDBPyConnection, table: str, business_date: date) -> list[dict[str, Any]]:
    cursor = con.execute(
        f"select {_SELECTED} from {table} where business_date = ? order by customer_no, due_date, invoice_no, case_id",
        [business_date],
    )
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
