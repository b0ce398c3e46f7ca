"""How fast a ledger is read, held to its contract and mirrored; and how much of an allowed rate is used.

``make bench BENCH=extract``. Each measure is one JSON line; ``ratio`` says how many times as long the peer took. Totals
(rows, sums of amounts and balances) are compared first, and the run fails if one differs.

- ``extract beside ...``: a million entries in a thousand pages, from a server in a process of its own that sends them
  from memory, compressed: through the client and ``load_pages`` into a book's mirror (exact amounts, dates, times with
  their zone, the contract, one row an id), raw pages kept. Beside dlt's ``rest_api`` with its parquet loader, beside
  httpx with pandas, and beside DuckDB's ``read_json`` alone, on the pages that our own landing left.
- ``extract at a rate``: 100 ms to every answer and 10 requests a second allowed. ``share_of_rate`` is what was asked of
  what the rate allows in that time; each page must have been asked for once. The peer asks for one after the other.

The book is given ``BOOK_MB`` of memory; each way runs alone in a process, whose peak is told.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from benchmarks.extract_server import PAGE_SIZE, serving
from kredin_pipeline.ledger.landing import LandedResource
from kredin_pipeline.ledger.mirror import load_pages
from resources.book import Book
from resources.clock import Clock
from resources.poweroffice import PowerOffice

BOOK_MB = 440
"""Below it DuckDB writes the mirror's columns with one thread: less memory, half as long again."""
DAY = date(2026, 11, 25)
LATENCY, RATE, THROTTLED_PAGES = 0.1, 10.0, 200
DLT_PYTHON = ".venv-bench/bin/python"


def main() -> None:
    """Everything, one JSON line each."""
    parser = argparse.ArgumentParser(prog="benchmarks.extract")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--ours", nargs=2, metavar=("ADDRESS", "FOLDER"), help="only our own way, in this process")
    parser.add_argument("--rate", type=float, default=0)
    given = parser.parse_args()
    if given.ours:
        print(json.dumps(ours(given.ours[0], Path(given.ours[1]), given.rate)))
        return
    throttled()
    unhindered(given.entries)


def unhindered(entries: int) -> None:
    """Beside the three peers."""
    with tempfile.TemporaryDirectory() as folder, serving(entries) as address:
        httpx.get(f"{address}/asked", timeout=120)
        here, pages = Path(folder), str(Path(folder) / "pages")
        ours_is = _alone("benchmarks.extract", "--ours", address, folder)
        _each_page_once(address, -(-entries // PAGE_SIZE))
        floor = _alone("benchmarks.extract_peers", "read_json", pages, folder)
        pandas = _alone("benchmarks.extract_peers", "pandas", address, folder)
        peers = [("httpx + pandas + DuckDB", pandas), ("read_json, on files already there", floor)]
        if Path(DLT_PYTHON).exists():
            dlt = _alone("benchmarks.extract_peers", "dlt", address, str(here), python=DLT_PYTHON)
            peers.insert(0, ("dlt rest_api, parquet loader", dlt))
        else:
            print(f"dlt is left out: there is no {DLT_PYTHON}; `make bench BENCH=extract` sets it up", file=sys.stderr)
        for name, peer in peers:
            if peer["totals"] != ours_is["totals"]:
                raise SystemExit(f"{name}: {peer['totals']} came, we have {ours_is['totals']}")
        for name, peer in peers[::-1]:
            _tell(f"extract beside {name.split(',')[0]}", entries, ours_is, name, peer, entries_a_second=round(
                entries / ours_is["seconds"]), peer_peak_mb=peer["peak_mb"] + peer.get("child_mb", 0))  # fmt: skip


def throttled() -> None:
    """At 100 ms and 10 requests a second."""
    entries = THROTTLED_PAGES * PAGE_SIZE
    with tempfile.TemporaryDirectory() as folder, serving(entries, latency=LATENCY, rate=RATE) as address:
        httpx.get(f"{address}/asked", timeout=120)
        found = _alone("benchmarks.extract", "--ours", address, folder, "--rate", str(RATE))
        asked = _each_page_once(address, THROTTLED_PAGES)
        one_by_one = _one_after_the_other(address) * THROTTLED_PAGES
        _tell(
            "extract at a rate", entries, {**found, "seconds": found["landing"]}, "one after the other",
            {"seconds": one_by_one}, share_of_rate=round(asked / (RATE * found["landing"]), 3),
            requests=asked,
        )  # fmt: skip


def ours(address: str, folder: Path, rate: float) -> dict[str, Any]:
    """The ledger through our client into a book; seconds in all, and of them the landing."""
    clock = Clock()
    door = PowerOffice(
        clock=clock, api_url=f"{address}/v2", token_url=f"{address}/OAuth/Token", application_key="a",
        subscription_key="s", requests_per_second=rate, page_size=PAGE_SIZE,
    )  # fmt: skip
    client = door.client(SecretStr("k"), "bench")
    book = Book(folder=str(folder), memory_mb=BOOK_MB)
    with book.session("bench") as con:
        begin = time.perf_counter()
        landed = LandedResource("ledger_entries", folder / "pages", True, datetime.now(UTC))
        client.land_ledger_entries(landed, DAY).finish()
        landing = time.perf_counter() - begin
        con.execute("begin")
        result = load_pages(con, landed, DAY, datetime.now(UTC))
        con.execute("commit")
        con.execute("checkpoint")
        seconds = time.perf_counter() - begin
        totals = con.execute(
            "select count(*), sum(amount)::varchar, sum(balance)::varchar from poweroffice_ledger_entries"
        ).fetchone()
    book.close()
    if result.rows_in != result.kept or result.drift:
        raise SystemExit(f"{result.rows_in} rows came, {result.kept} were kept; {'; '.join(result.drift)}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"seconds": seconds, "landing": landing, "totals": list(totals or ()), "peak_mb": peak}


def _alone(module: str, *given: str, python: str = sys.executable) -> dict[str, Any]:
    """One way in a process of its own; its JSON line."""
    done = subprocess.run([python, "-m", module, *given], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def _each_page_once(address: str, pages: int) -> int:
    """Requests for pages since the last time; every page once, and at most a few past the end."""
    told = httpx.get(f"{address}/asked", timeout=120).json()
    asked = {int(number): count for number, count in told["asked"].items()}
    wrong = {number: count for number, count in asked.items() if number <= pages and count != 1}
    if wrong or len([number for number in asked if number <= pages]) != pages:
        raise SystemExit(f"of {pages} pages {len(asked)} were asked for; more than once: {wrong}")
    return sum(asked.values()) + told["refused"]


def _one_after_the_other(address: str) -> float:
    """Seconds a page when each is asked for after the answer to the one before."""
    with httpx.Client(base_url=address) as http:
        time.sleep(1)
        begin = time.perf_counter()
        for number in range(1, 21):
            while http.get("/v2/Customerledger/Statement", params={"PageNumber": number}).status_code == 429:
                time.sleep(0.05)
        return (time.perf_counter() - begin) / 20


def _tell(name: str, entries: int, ours_is: dict[str, Any], peer: str, peer_is: dict[str, Any], **more: object) -> None:
    print(
        json.dumps({
            "name": name, "entries": entries, "seconds": round(ours_is["seconds"], 3), "peer": peer,
            "peer_seconds": round(peer_is["seconds"], 3), "ratio": round(peer_is["seconds"] / ours_is["seconds"], 2),
            "peak_mb": ours_is["peak_mb"], **more,
        }),
        flush=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
