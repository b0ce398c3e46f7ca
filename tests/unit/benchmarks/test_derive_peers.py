"""The peers of the derivation's measurement find what the product finds, on a small ledger: totals and every row."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from benchmarks import derive_in_pandas, derive_in_sqlite, same_sql_in_sqlite
from benchmarks.derive_ledger import TENANT, TODAY, Totals, make_ledger, totals_of
from kredin_pipeline.cases.claims import Parameters
from kredin_pipeline.cases.derive import DerivationInput, derive
from kredin_pipeline.cases.settings import TenantSettings

ENTRIES, CUSTOMERS = 3_000, 450
CONNECTED_ON = date(2023, 1, 1)
WORLD = DerivationInput(TENANT, TODAY, TenantSettings(), CONNECTED_ON)

TABLES = {
    "claims": 900,
    "unclaimable": 2_100,
    "settlements": 2_000,
    "surpluses": 10,
    "surplus_claims": 10,
    "customer_credits": 10,
    "interest_periods": 2_000,
    "costs": 900,
    "allocations": 2_000,
    "case_states": 900,
    "planned_vouchers": 10,
    "planned_letters": 1,
}
"""What the product writes for this ledger, and the fewest rows that make the comparison worth something."""

PEER_NAMES: dict[str, dict[str, str]] = {
    "interest_periods": {
        "from_date": "from_day",
        "to_date": "to_day",
        "rate_percent": "rate_bp",
        "amount": "amount_in_millionths",
    }
}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A derived book of the small ledger, in which one letter is yet to go: that case lacks its payment demand."""
    con = make_ledger(tmp_path_factory.mktemp("bench") / "book.duckdb", ENTRIES, CUSTOMERS)
    con.execute(
        """
        delete from journal_letters where step = 'payment_demand' and case_id = (
            select min(letters.case_id) from journal_letters as letters
            join journal_cases using (case_id) join poweroffice_ledger_entries using (voucher_id)
            where letters.step = 'payment_demand' and balance > 0)
        """
    )
    derive(con, WORLD)
    yield con
    con.close()


@pytest.fixture(scope="module")
def product(book: duckdb.DuckDBPyConnection) -> Totals:
    return totals_of(book)


@pytest.fixture(scope="module")
def peer(book: duckdb.DuckDBPyConnection) -> Iterator[sqlite3.Connection]:
    con = derive_in_sqlite.load(book, WORLD.parameters())
    con.executescript(derive_in_sqlite.sql())
    yield con
    con.close()


@pytest.fixture(scope="module")
def same_sql(book: duckdb.DuckDBPyConnection) -> Iterator[sqlite3.Connection]:
    con = same_sql_in_sqlite.load(book, WORLD.parameters())
    same_sql_in_sqlite.run(con, WORLD.parameters())
    yield con
    con.close()


def test_the_ledger_has_what_the_engines_could_disagree_on(
    book: duckdb.DuckDBPyConnection, peer: sqlite3.Connection, product: Totals
) -> None:
    kinds = {str(kind) for (kind,) in book.execute("select distinct kind from settlements").fetchall()}
    crowded = peer.execute("select count(*) from uneven where invoices > 1 and not is_torn").fetchone()
    cancelled = peer.execute("select count(*) from cancelled").fetchone()

    assert kinds == {"payment", "credit_note", "write_off", "unexplained"}
    assert crowded[0] > 0 and cancelled[0] > 0
    assert all((product.credited, product.written_off, product.principal_open, product.costs_paid, product.costs_open))
    assert {"closed", "costs_open", "legal_ready"} <= dict(product.states).keys()


def test_sqlite_finds_the_same_totals(book: duckdb.DuckDBPyConnection, product: Totals, tmp_path: Path) -> None:
    found, seconds = derive_in_sqlite.derive(book, WORLD.parameters(), tmp_path / "peer.sqlite")

    assert found == product
    assert seconds > 0


def test_the_same_sql_finds_the_same_totals(book: duckdb.DuckDBPyConnection, product: Totals, tmp_path: Path) -> None:
    found, seconds = same_sql_in_sqlite.derive(book, WORLD.parameters(), tmp_path / "peer.sqlite")

    assert found == product
    assert seconds > 0


def test_pandas_finds_the_same_totals(book: duckdb.DuckDBPyConnection, product: Totals) -> None:
    found, seconds = derive_in_pandas.derive(book, WORLD.parameters())

    assert found == product
    assert seconds > 0


@pytest.mark.parametrize(("table", "fewest"), TABLES.items())
def test_sqlite_leaves_the_same_rows(
    table: str, fewest: int, book: duckdb.DuckDBPyConnection, peer: sqlite3.Connection
) -> None:
    columns = book.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ? and not internal", [table]
    ).fetchall()
    columns = [(str(name), str(kind)) for name, kind in columns]
    ours = ", ".join(_as_the_peer_writes_it(table, name, kind) for name, kind in columns)
    renamed = PEER_NAMES.get(table, {})
    theirs = ", ".join(renamed.get(name, name) for name, _ in columns)

    wanted = Counter(book.execute(f"select {ours} from {table}").fetchall())
    found = Counter(peer.execute(f"select {theirs} from {table}").fetchall())

    assert found == wanted
    assert found.total() >= fewest


@pytest.mark.parametrize(("table", "fewest"), TABLES.items())
def test_the_same_sql_leaves_the_same_rows(
    table: str, fewest: int, book: duckdb.DuckDBPyConnection, same_sql: sqlite3.Connection
) -> None:
    columns = book.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ? and not internal", [table]
    ).fetchall()
    ours = ", ".join(_as_the_peer_writes_it(table, str(name), str(kind)) for name, kind in columns)

    wanted = Counter(book.execute(f"select {ours} from {table}").fetchall())
    found = Counter(same_sql.execute(f"select {', '.join(name for name, _ in columns)} from {table}").fetchall())

    assert found == wanted
    assert found.total() >= fewest


@pytest.mark.parametrize("table", ["journal_decisions", "journal_vouchers"])
def test_the_same_sql_refuses_what_it_does_not_read(table: str, book: duckdb.DuckDBPyConnection) -> None:
    rows = {
        "journal_decisions": "insert into journal_decisions by name"
        " select 'd' as decision_id, 1 as seq, 'pause' as kind, date '2026-11-01' as effective_on",
        "journal_vouchers": "insert into journal_vouchers by name"
        " select 'v' as voucher_key, 'K' as case_id, 's' as settlement_key",
    }
    book.execute("begin")
    try:
        book.execute(rows[table])
        with pytest.raises(ValueError, match=f"{table}: found rows"):
            same_sql_in_sqlite.load(book, WORLD.parameters())
    finally:
        book.execute("rollback")


def test_interest_is_the_sum_of_its_periods(peer: sqlite3.Connection) -> None:
    unequal = peer.execute(
        """
        select count(*) from costs
        join (select case_id, sum(numerator) as numerator from interest_periods group by case_id) using (case_id)
        where interest <> (2 * numerator + 1335900000) / 2671800000
        """
    ).fetchone()

    assert unequal == (0,)


def test_a_setting_that_the_peers_sql_does_not_know_is_refused(book: duckdb.DuckDBPyConnection) -> None:
    settings = TenantSettings().changed({"allocation": "costs_first"})
    parameters = Parameters.of(TENANT, TODAY, CONNECTED_ON, True, settings)

    with pytest.raises(ValueError, match="allocation: found 'costs_first'"):
        derive_in_sqlite.derive(book, parameters)


def test_what_was_paid_before_the_tenant_was_connected_covers_no_costs(
    book: duckdb.DuckDBPyConnection, product: Totals
) -> None:
    later = replace(WORLD.parameters(), connected_on=date(2026, 1, 1))
    wanted = book.execute(
        "select sum(total * 100)::bigint from planned_vouchers where payment_date >= ?", [later.connected_on]
    ).fetchone()

    in_sqlite, _ = derive_in_sqlite.derive(book, later)
    by_same_sql, _ = same_sql_in_sqlite.derive(book, later)
    in_pandas, _ = derive_in_pandas.derive(book, later)

    assert wanted == (in_sqlite.costs_paid,) == (in_pandas.costs_paid,) == (by_same_sql.costs_paid,)
    assert 0 < in_sqlite.costs_paid < product.costs_paid


def _as_the_peer_writes_it(table: str, name: str, kind: str) -> str:
    """Øre, days since 1970, hundredths of a per cent, 0 and 1, and lists as text."""
    if table == "interest_periods" and name == "amount":
        return "(amount * 1000000)::bigint"
    if kind.startswith("DECIMAL"):
        return f"({name} * 100)::bigint"
    if kind == "DATE":
        return f"{name} - date '1970-01-01'"
    if kind == "BOOLEAN":
        return f"{name}::integer"
    if kind == "VARCHAR[]":
        return f"array_to_string({name}, ',')"
    return name
