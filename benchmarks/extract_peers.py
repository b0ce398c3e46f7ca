"""Other ways to get a list of pages into DuckDB, each alone in a process; prints what came and how long as JSON.

Belongs here: the peers of ``extract``. Not here: our own way, and the comparison. Time is told without interpreter and
imports, ``peak_mb`` is the whole process. All of them read the same pages of the same server:

- ``dlt``: its ``rest_api`` source with the parquet loader and two workers to normalise (its own environment)
- ``pandas``: httpx, one page after the other, ``.json()``, a data frame for each, into DuckDB with our types
- ``read_json``: no network at all: DuckDB reads the files of our own landing, all columns named, into a table
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

LIST = "/v2/Customerledger/Statement"
KINDS = {
    "Id": "VARCHAR", "CustomerId": "VARCHAR", "CustomerAccountNo": "VARCHAR", "CustomerName": "VARCHAR",
    "VoucherId": "VARCHAR", "VoucherNo": "VARCHAR", "VoucherType": "VARCHAR", "VoucherDate": "DATE",
    "PostingDate": "DATE", "DueDate": "DATE", "InvoiceNo": "VARCHAR", "Cid": "VARCHAR", "Amount": "DECIMAL(18,2)",
    "Balance": "DECIMAL(18,2)", "CurrencyCode": "VARCHAR", "CurrencyAmount": "DECIMAL(18,2)", "MatchId": "VARCHAR",
    "IsWriteOff": "BOOLEAN", "CustomMatchingReference": "VARCHAR", "ExternalImportReference": "VARCHAR",
    "IsCreatedByCurrentIntegration": "BOOLEAN", "PaidFromBankAccount": "VARCHAR",
    "CreatedDateTimeOffset": "TIMESTAMPTZ", "LastChangedDateTimeOffset": "TIMESTAMPTZ",
}  # fmt: skip
"""The fields that our mirror keeps, with its types."""


def in_dlt(address: str, folder: Path, page_size: int) -> list[Any]:
    """Rows, sum of amounts, sum of balances."""
    os.environ |= {
        "NORMALIZE__WORKERS": "2", "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR",
        "DLT_DATA_DIR": str(folder / "dlt"),
    }  # fmt: skip
    import dlt  # pyright: ignore[reportMissingImports]
    from dlt.sources.helpers.rest_client.paginators import (  # pyright: ignore[reportMissingImports]
        PageNumberPaginator,
    )
    from dlt.sources.rest_api import rest_api_source  # pyright: ignore[reportMissingImports]

    begin = time.perf_counter()
    paginator = PageNumberPaginator(base_page=1, page_param="PageNumber", total_path=None, stop_after_empty_page=True)
    endpoint = {
        "path": LIST.lstrip("/"),
        "params": {"PageSize": page_size},
        "paginator": paginator,
        "response_actions": [{"status_code": 204, "action": "ignore"}],
    }
    source = rest_api_source(
        {"client": {"base_url": address + "/"}, "resources": [{"name": "entries", "endpoint": endpoint}]}
    )
    target = folder / "dlt.duckdb"
    pipeline = dlt.pipeline("extract", destination=dlt.destinations.duckdb(str(target)), dataset_name="peer")
    pipeline.run(source, loader_file_format="parquet")
    seconds = time.perf_counter() - begin
    with duckdb.connect(str(target)) as con:
        return [seconds, *_totals(con, "peer.entries")]


def in_pandas(address: str, folder: Path, page_size: int) -> list[Any]:
    """Rows, sum of amounts, sum of balances."""
    import httpx
    import pandas as pd

    begin = time.perf_counter()
    con = duckdb.connect(str(folder / "pandas.duckdb"))
    con.execute(f"create table entries ({', '.join(f'{name} {kind}' for name, kind in KINDS.items())})")
    cells = ", ".join(f"try_cast({name} as {kind})" for name, kind in KINDS.items())
    number = 1
    with httpx.Client(base_url=address, timeout=60) as http:
        while True:
            answer = http.get(LIST, params={"PageNumber": number, "PageSize": page_size}).raise_for_status()
            if answer.status_code == 204:
                break
            con.register("frame", pd.DataFrame(answer.json()))
            con.execute(f"insert into entries select {cells} from frame")
            number += 1
    con.execute("checkpoint")
    seconds = time.perf_counter() - begin
    return [seconds, *_totals(con, "entries")]


def in_read_json(pages: str, folder: Path) -> list[Any]:
    """Rows, sum of amounts, sum of balances."""
    files = sorted(str(one) for one in Path(pages).glob("*.json.gz"))
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in KINDS.items())
    begin = time.perf_counter()
    con = duckdb.connect(str(folder / "read_json.duckdb"))
    con.execute("set timezone = 'UTC'")
    con.execute(
        f"create table entries as select * from read_json($1, columns = {{{columns}}}, format = 'array')", [files]
    )
    con.execute("checkpoint")
    seconds = time.perf_counter() - begin
    return [seconds, *_totals(con, "entries")]


def _totals(con: duckdb.DuckDBPyConnection, table: str) -> list[Any]:
    found = con.execute(
        f"select count(*), sum(amount::decimal(18, 2))::varchar, sum(balance::decimal(18, 2))::varchar from {table}"
    ).fetchone()
    return list(found or ())


def main() -> None:
    """One peer."""
    parser = argparse.ArgumentParser(prog="benchmarks.extract_peers")
    parser.add_argument("peer", choices=["dlt", "pandas", "read_json"])
    parser.add_argument("source", help="the server's address, or the folder of pages")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--page-size", type=int, default=1000)
    given = parser.parse_args()
    match given.peer:
        case "dlt":
            found = in_dlt(given.source, given.folder, given.page_size)
        case "pandas":
            found = in_pandas(given.source, given.folder, given.page_size)
        case _:
            found = in_read_json(given.source, given.folder)
    usage = [resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds, *totals = found
    print(json.dumps({"seconds": seconds, "totals": totals, "peak_mb": usage[0], "child_mb": usage[1]}))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
