"""How fast a ledger is derived: whole, beside SQLite and pandas in one run; ten times as large; a day of changes.

``make bench BENCH=derive``. Each measure is one JSON line, the last one against SQLite on the same SQL. The totals of
every engine are compared first, to the øre, and the run fails if one differs. What is ours runs in processes of its
own, so that its peak of memory is its own; the fastest of two runs counts, for the peers as for us. Changing what is
measured: ``--entries`` (a million), ``--large`` (ten times as many; 0 leaves it out).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any

import duckdb

from assets.cases import derive_day
from benchmarks import derive_in_pandas, derive_in_sqlite, same_sql_in_sqlite
from benchmarks.derive_journal import make_journal
from benchmarks.derive_ledger import TENANT, TODAY, change_one_percent, make_ledger, totals_of
from kredin_pipeline.cases.conclusions import CONCLUDED
from kredin_pipeline.cases.derive import DerivationInput, derive
from kredin_pipeline.cases.finding import FOUND
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.law.calendar import is_business_day

MEMORY_LIMIT = "1200MB"  # as a book is opened
PANDAS_ENTRIES = 20_000
WORLD = DerivationInput(TENANT, TODAY, TenantSettings(), date(2023, 1, 1))


def main() -> None:
    """Everything, one JSON line each."""
    parser = argparse.ArgumentParser(prog="benchmarks.derive")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--large", type=int, default=None, help="ten times --entries if left out, 0: none")
    parser.add_argument("--part", choices=("make", "whole", "day"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part is not None:
        _PARTS[given.part](given.file, given.entries)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), given.entries, 10 * given.entries if given.large is None else given.large)


def measure(folder: Path, entries: int, large: int) -> None:
    """Runs every measure and prints it."""
    file = folder / "ledger.duckdb"
    _ask("make", file, entries)
    ours = _ask("whole", file, entries)
    (folder / "day").mkdir()  # what a day changes is no part of what the engines are given
    changed = _ask("day", Path(copyfile(file, folder / "day" / file.name)), entries)
    tell("a day with 1 % changed", entries, changed["seconds"], "the day derived whole", changed["whole_seconds"],
         changed["peak_mb"])  # fmt: skip
    _pandas(folder, ours["seconds"] / entries)
    if large:
        _ask("make", folder / "large.duckdb", large)
        ten = _ask("whole", folder / "large.duckdb", large)
        (folder / "large.duckdb").unlink()
        tell(f"whole, {large // entries} times as large", large, ten["seconds"], f"{entries} entries", ours["seconds"],
             ten["peak_mb"])  # fmt: skip
    tuned = _in_sqlite(derive_in_sqlite, file, folder, ours["totals"])
    tell("whole, beside SQLite with an algorithm of its own", entries, ours["seconds"], "sqlite, tuned", tuned,
         ours["peak_mb"])  # fmt: skip
    same = _in_sqlite(same_sql_in_sqlite, file, folder, ours["totals"])
    tell("derive", entries, ours["seconds"], "sqlite, same SQL", same, ours["peak_mb"])


def tell(name: str, entries: int, seconds: float, peer: str, peer_seconds: float, peak_mb: int) -> None:
    """One measure: ``ratio`` says how many times as long the peer took."""
    print(
        json.dumps({
            "name": name, "entries": entries, "seconds": round(seconds, 3), "peer": peer,
            "peer_seconds": round(peer_seconds, 3), "ratio": round(peer_seconds / seconds, 2), "peak_mb": peak_mb,
        }),
        flush=True,
    )  # fmt: skip


def whole(file: Path, entries: int) -> None:
    """Derives the book at ``file`` whole, twice, and says how long it took."""
    del entries
    con = _open(file)
    seconds = [_timed(con, replace(WORLD, whole=True)) for _ in range(2)]
    _answer(seconds=min(seconds), totals=asdict(totals_of(con)))


def day(file: Path, entries: int) -> None:
    """A company's day as the daily run derives it, journal included: all of it, then the next day with 1 % changed.

    The next day is then derived whole from the same rows, and must be the same.
    """
    con = _open(file)
    is_business_day(TODAY)  # the library of holidays is read once
    journal = make_journal(file.with_name("journal.sqlite"), con)
    tenant = journal.tenant(TENANT)
    begin = time.perf_counter()
    derive_day(con, journal, tenant, TODAY, live=True)
    whole_seconds = time.perf_counter() - begin
    change_one_percent(con, entries)
    tomorrow = TODAY + timedelta(days=1)
    begin = time.perf_counter()
    derive_day(con, journal, tenant, tomorrow, live=True)
    seconds = time.perf_counter() - begin
    in_part = _tables(con)
    derive(con, replace(WORLD, business_date=tomorrow, whole=True))
    if _tables(con) != in_part:
        raise SystemExit("the day derived in part is not the day derived whole")
    _answer(seconds=seconds, whole_seconds=whole_seconds)


def _make(file: Path, entries: int) -> None:
    make_ledger(file, entries, entries * 3 // 20).close()
    _answer()


def _pandas(folder: Path, seconds_per_entry: float) -> None:
    con = make_ledger(folder / "small.duckdb", PANDAS_ENTRIES, PANDAS_ENTRIES * 3 // 20)
    totals, seconds = derive_in_pandas.derive(con, WORLD.parameters())
    derive(con, WORLD)
    _same("pandas", asdict(totals), asdict(totals_of(con)))
    con.close()
    tell(
        "whole, beside pandas by proportion",
        PANDAS_ENTRIES,
        seconds_per_entry * PANDAS_ENTRIES,
        "groupby.apply",
        seconds,
        0,
    )


def _in_sqlite(engine: Any, file: Path, folder: Path, wanted: dict[str, Any]) -> float:
    con = _open(file)
    seconds: list[float] = []
    for _ in range(2):
        place = folder / "peer.sqlite"
        place.unlink(missing_ok=True)
        totals, taken = engine.derive(con, WORLD.parameters(), place)
        _same(engine.__name__, asdict(totals), wanted)
        seconds.append(taken)
    con.close()
    return min(seconds)


def _same(engine: str, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    if json.loads(json.dumps(found)) != json.loads(json.dumps(wanted)):
        raise SystemExit(f"{engine}: found {found}, want {wanted}")


def _timed(con: duckdb.DuckDBPyConnection, world: DerivationInput) -> float:
    begin = time.perf_counter()
    derive(con, world)
    return time.perf_counter() - begin


def _open(file: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(str(file))
    con.execute("set timezone = 'UTC'")
    con.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
    con.execute("set checkpoint_threshold = '1GB'")
    con.execute("set disabled_compression_methods = 'fsst,dict_fsst'")
    return con


def _tables(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """A figure of every table that a derivation leaves, whatever the order of its rows."""
    return {
        table: con.execute(
            f"select count(*), bit_xor(hash({table})), sum(hash({table}) % 1000003) from {table}"
        ).fetchone()
        for table in (*FOUND, *CONCLUDED)
    }


def _answer(**said: object) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({**said, "peak_mb": peak}))


def _ask(part: str, file: Path, entries: int) -> dict[str, Any]:
    """Runs a part in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.derive",
        "--part",
        part,
        "--file",
        str(file),
        "--entries",
        str(entries),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{part}: {done.stderr.strip() or done.stdout.strip()}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


_PARTS = {"make": _make, "whole": whole, "day": day}

if __name__ == "__main__":
    main()
