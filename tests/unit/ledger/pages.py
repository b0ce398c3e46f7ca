"""Wire rows and pages as PowerOffice would send them, readable as a ledger. No expectation belongs here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import duckdb

from kredin_pipeline.ledger.landing import LandedResource
from kredin_pipeline.ledger.mirror import LoadResult, load_pages
from kredin_pipeline.ledger.schema import create_tables
from kredin_pipeline.ledger.wire import TABLES

Row = dict[str, Any]
TODAY = date(2025, 3, 10)
NOW = datetime(2025, 3, 10, 5, 0, tzinfo=UTC)


def a_book() -> duckdb.DuckDBPyConnection:
    """An empty book in memory."""
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    create_tables(con)
    return con


def entry(
    no: int, amount: str, balance: str | None = None, *, changed: str = "2025-02-10T05:00:00", **other: Any
) -> Row:
    """A customer ledger entry. ``changed`` without an offset is UTC unless ``changed_text`` is given as it stands."""
    return {
        **dict.fromkeys((c.wire for c in TABLES["ledger_entries"].columns), None),
        "Id": 90_000_000 + no,
        "CustomerId": 4_400_000,
        "CustomerAccountNo": 10018,
        "CustomerName": "Fjellnes AS",
        "VoucherId": str(uuid5(NAMESPACE_OID, str(no))),
        "VoucherNo": no,
        "VoucherType": "OutgoingInvoice",
        "VoucherDate": "2025-02-10",
        "PostingDate": "2025-02-10",
        "DueDate": "2025-03-03",
        "InvoiceNo": str(no),
        "Cid": None,
        "Amount": Decimal(amount),
        "Balance": Decimal(amount if balance is None else balance),
        "CurrencyCode": "NOK",
        "CurrencyAmount": Decimal(amount),
        "LastChangedDateTimeOffset": f"{changed}+00:00",
        "CreatedDateTimeOffset": "2025-02-10T05:00:00.0000000+00:00",
        **other,
    }


def customer(no: int = 10018, **other: Any) -> Row:
    """A customer, a business unless told otherwise."""
    names = (c.wire.split(".")[0] for c in TABLES["customers"].columns)
    return {
        **dict.fromkeys(names, None),
        "Id": 4_400_000 + no - 10018,
        "Number": no,
        "Name": f"Kunde {no} AS",
        "IsPerson": False,
        "SubledgerAccountId": no * 10,
        "LastChangedDateTimeOffset": "2025-01-02T05:00:00.0000000+00:00",
        **other,
    }


def written(rows: Sequence[Row]) -> bytes:
    """Rows as a JSON array, amounts digit by digit."""
    mark = "\x00"
    text = json.dumps(rows, ensure_ascii=False, default=lambda value: f"{mark}{value}{mark}")
    return text.replace('"\\u0000', "").replace('\\u0000"', "").encode()


def landed(
    folder: Path, resource: str, *pages: Sequence[Row], full: bool = False, claimed_total: int | None = None
) -> LandedResource:
    """Pages on disk, as a read leaves them."""
    number = len(list(folder.iterdir())) if folder.exists() else 0
    found = LandedResource(resource, folder / str(number), full, NOW, claimed_total=claimed_total)
    for page in pages:
        found.add_page(written(page))
    return found


def load(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    *pages: Sequence[Row],
    resource: str = "ledger_entries",
    on: date = TODAY,
    full: bool = False,
) -> LoadResult:
    """Land the pages and merge them."""
    return load_pages(con, landed(folder, resource, *pages, full=full), on, NOW)


def mirrored(con: duckdb.DuckDBPyConnection, columns: str = "entry_id, amount, balance") -> list[tuple[Any, ...]]:
    """Columns of the mirrored entries, in order of id."""
    return con.execute(f"select {columns} from poweroffice_ledger_entries order by entry_id").fetchall()
