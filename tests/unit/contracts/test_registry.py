"""One registry, two readers: SQL that counts and pandera that names say the same, and every table stands in it."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from kredin_pipeline.cases import contracts as case_contracts
from kredin_pipeline.contracts.counting import count_sql, handed_over, wrong_types
from kredin_pipeline.contracts.naming import exact, frame_sql, reasons
from kredin_pipeline.contracts.rules import TableContract
from kredin_pipeline.ledger import table_contracts
from tests.unit.contracts.book import a_whole_book, columns_to_vary, written

ALL = (*table_contracts.CONTRACTS, *case_contracts.CONTRACTS)


VARIED = columns_to_vary(ALL)


@pytest.fixture(scope="module")
def book() -> duckdb.DuckDBPyConnection:
    """A book whose tables the tests cover with temporary ones."""
    return a_whole_book()


@pytest.mark.parametrize("contract", [one for one in ALL if one.table in VARIED], ids=lambda contract: contract.table)
def test_sql_and_pandera_find_the_same_faults_in_the_same_rows(
    book: duckdb.DuckDBPyConnection, contract: TableContract
) -> None:
    rows = written(book, contract, VARIED[contract.table])

    tests = [(one.name, one.sql()) for one in (*contract.rules, *contract.conditions) if one.sql()]
    asked = ", ".join(f"coalesce({test}, false)" for _, test in tests) or "true"
    by_sql = {
        (at, name)
        for at, verdicts in enumerate(book.execute(f"select {asked} from {contract.table}").fetchall())
        for (name, _), good in zip(tests, verdicts, strict=True)
        if not good
    }
    keyless = replace(contract, key=())
    named = reasons(keyless, exact(keyless, book.execute(frame_sql(keyless)).df()))
    by_pandera = {(at, one.name) for at, several in named.items() for one in several}

    assert by_pandera == by_sql
    (counted,) = book.execute(count_sql((keyless,))).fetchall()
    assert counted[1:] == (rows, len(named), 0)


@pytest.mark.parametrize("table", ["settlements", "case_states", "poweroffice_customer_balances", "interest_periods"])
def test_a_second_row_of_a_key_is_a_fault_of_both(book: duckdb.DuckDBPyConnection, table: str) -> None:
    (contract,) = [one for one in ALL if one.table == table]
    written(book, contract, [])
    book.execute(f"insert into {table} from {table}")

    found = handed_over(book, (contract,))

    assert found.rows == {table: 2}
    assert sum(one.reason.wanted == "it once" for one in found.faults) == 2


def test_every_table_of_a_book_has_a_contract_for_each_of_its_columns() -> None:
    con = a_whole_book()
    held = con.execute(
        "select table_name, column_name from duckdb_columns() join duckdb_tables() using (table_name) "
        "where not duckdb_columns.internal"
    ).fetchall()

    assert sorted(held) == sorted((contract.table, rule.name) for contract in ALL for rule in contract.rules)
    assert wrong_types(con, ALL) == []


def test_a_binary_float_and_a_lost_column_are_faults_of_the_table() -> None:
    con = a_whole_book()
    con.execute("alter table costs alter fees type double; alter table costs drop provisional")

    (contract,) = [one for one in case_contracts.CONTRACTS if one.table == "costs"]
    found = wrong_types(con, (contract,))

    assert [(column, kind) for _, column, kind in found] == [("fees", "DOUBLE"), ("provisional", "no such column")]
