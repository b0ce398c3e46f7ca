"""Each open balance of the mirror against what the ledger calls open."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest

from kredin_pipeline.ledger.open_items import OpenDifference, open_differences
from kredin_pipeline.ledger.quarantine import Refused, put_aside
from kredin_pipeline.ledger.schema import create_tables

OPEN = {"1": Decimal("100.00"), "3": Decimal("-40.00")}


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """Entry 1 open, 2 closed, 3 an open payment, 4 gone."""
    made = duckdb.connect()
    create_tables(made)
    for entry_id, balance, gone_on in (
        ("1", "100", None),
        ("2", "0", None),
        ("3", "-40", None),
        ("4", "9", "2025-03-01"),
    ):
        made.execute(
            "insert into poweroffice_ledger_entries (entry_id, customer_no, balance, gone_on) "
            "values ($1, '10018', $2, $3)",
            [entry_id, balance, gone_on],
        )
    return made


def test_the_same_open_entries_are_no_difference(con: duckdb.DuckDBPyConnection) -> None:
    assert open_differences(con, OPEN) == ()


def test_a_match_that_was_missed_shows_in_both_its_entries(con: duckdb.DuckDBPyConnection) -> None:
    """Their sum is what it was, so no balance of a customer tells of it."""
    found = open_differences(con, {"1": Decimal("60.00")})
    assert found == (
        OpenDifference("1", "10018", Decimal("60.00"), Decimal("100.00")),
        OpenDifference("3", "10018", Decimal("0.00"), Decimal("-40.00")),
    )


def test_an_entry_that_is_not_there_at_all_is_a_difference_unless_it_lies_in_quarantine(
    con: duckdb.DuckDBPyConnection,
) -> None:
    listed = {**OPEN, "5": Decimal("7.00")}
    assert open_differences(con, listed) == (OpenDifference("5", None, Decimal("7.00"), Decimal("0.00")),)
    aside(con, "5")
    assert open_differences(con, listed) == ()


def test_an_older_reading_is_not_excused_by_the_newer_one_in_quarantine(con: duckdb.DuckDBPyConnection) -> None:
    """It would be claimed as if nothing had been paid."""
    aside(con, "1")
    assert [one.entry_id for one in open_differences(con, {"3": Decimal("-40.00")})] == ["1"]


def aside(con: duckdb.DuckDBPyConnection, entry_id: str) -> None:
    row = Refused("poweroffice_ledger_entries", entry_id, ["Amount: found 'mye', want an amount"], "{}")
    put_aside(con, [row], date(2025, 3, 14), datetime(2025, 3, 14, 5, tzinfo=UTC))
