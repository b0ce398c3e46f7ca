"""What the contract is handed, and a first read that becomes a table like any other."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kredin_pipeline.ledger.landing import LandedResource
from kredin_pipeline.ledger.mirror import load_pages
from kredin_pipeline.ledger.schema import create_tables
from kredin_pipeline.ledger.wire import TABLES

_DAY, _SEEN = date(2026, 11, 25), datetime(2026, 11, 25, 5, tzinfo=UTC)
_NULL_BESIDE_A_LARGE_AMOUNT = [
    {"Amount": None, "Balance": 0.00},
    {"Amount": 12345678901234.07, "Balance": 0.00},
    {"Amount": 12.5, "Balance": 12.5},
]


def test_a_row_without_an_amount_spoils_no_other_one(tmp_path: Path) -> None:
    """A column of whole numbers with a null in it must not become binary floats on its way to the contract."""
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    create_tables(con)
    row = json.loads(gzip.decompress(_page("ledger_entries")))[0]
    rows = [{**row, "Id": number, **amounts} for number, amounts in enumerate(_NULL_BESIDE_A_LARGE_AMOUNT, start=1)]
    landed = LandedResource("ledger_entries", tmp_path, True, _SEEN)
    landed.add_page(json.dumps(rows).encode())

    result = load_pages(con, landed, _DAY, _SEEN)

    assert (result.rows_in, result.kept, result.quarantined) == (3, 1, 2)
    told = con.execute("select record_id, reasons from quarantine order by record_id").fetchall()
    assert told[0] == ("1", "Amount: found nothing, want an amount below a thousand billion kroner")
    assert told[1][0] == "2"
    assert "12345678901234.07" in told[1][1]


@pytest.mark.parametrize("resource", sorted(TABLES))
def test_a_first_read_without_a_fault_becomes_a_table_of_the_same_shape(resource: str, tmp_path: Path) -> None:
    con = duckdb.connect(str(tmp_path / "book.duckdb"))
    con.execute("set timezone = 'UTC'")
    create_tables(con)
    table = TABLES[resource]
    shape = con.execute(f"describe {table.table}").fetchall()

    landed = LandedResource(resource, tmp_path, True, _SEEN)
    landed.add_page(gzip.decompress(_page(resource)))
    result = load_pages(con, landed, _DAY, _SEEN)

    assert (result.rows_in, result.kept, result.changed) == (1, 1, 1)
    assert con.execute(f"describe {table.table}").fetchall() == shape
    assert con.execute(f"select {table.key}, first_seen_on, last_seen_on, gone_on from {table.table}").fetchall() == [
        (_value(table.column(table.key).kind, table.key), _DAY, _DAY, None)
    ]
    assert con.execute("select count(*) from duckdb_tables() where table_name like 'staged%'").fetchone() == (0,)


def test_an_older_book_loses_its_primary_keys_and_no_row() -> None:
    con = duckdb.connect()
    con.execute("create table poweroffice_customers (customer_id varchar primary key, customer_no varchar)")
    con.execute("insert into poweroffice_customers values ('1', '10001')")
    create_tables(con)
    assert con.execute("from poweroffice_customers").fetchall() == [("1", "10001")]
    assert con.execute(
        "select count(*) from duckdb_constraints() where constraint_type = 'PRIMARY KEY' "
        "and table_name = 'poweroffice_customers'"
    ).fetchone() == (0,)


def _page(resource: str) -> bytes:
    row: dict[str, Any] = {}
    for column in TABLES[resource].columns:
        outer, _, inner = column.wire.partition(".")
        value = _value(column.kind, column.name)
        if inner:
            row.setdefault(outer, {})[inner] = value
        else:
            row[outer] = value
    return gzip.compress(json.dumps([row]).encode())


def _value(kind: str, name: str) -> object:
    if name == "voucher_id":
        return "0b0d1f3c-1111-4222-8333-444455556666"
    values = {"id": "17", "text": "x", "money": 12.5, "rate": 1, "whole": 14, "date": "2026-11-24", "flag": False}
    return values.get(kind, "2026-11-24T10:00:00.1234567+00:00")
