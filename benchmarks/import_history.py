"""What three years cost: 1,096 days of a company in one run, beside importing the same entries as one day.

``make bench BENCH=import``. Each measure is one JSON line; ``ratio`` says how many times as long the peer took, so 0.33
is three times the peer's time. The peer is our own run of a single day over the same ledger into a book of its own: it
reads the same pages, checks, mirrors, proves and derives the same rows, and publishes one day. Both runs end on the
same day; their case tables are compared first, and the benchmark fails if they differ.

- ``import, event rows included``: all of both runs. Dagster keeps an event for each asset and day, when it is planned
  and when it is done: some 30,000 rows for three years, which the UI shows as the days' own status.
- ``import`` (last line): without the time in which event rows are stored, on both sides. ``event_rows`` and
  ``event_seconds`` are those of the import.

The ledger is the sandbox's made-up company, served over HTTP by a process of its own. Runs take turns, and the best of
each counts.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from dagster import DagsterInstance, Definitions, EventLogEntry
from pydantic import SecretStr

from benchmarks.outbox_server import running
from kredin_pipeline.cases import published
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.definitions import build_definitions
from kredin_pipeline.instance import open_instance
from kredin_pipeline.jobs import RunOutcome, run_day, run_history
from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY, Control
from resources.book import Book
from resources.clock import Clock
from resources.enhetsregisteret import Enhetsregisteret
from resources.journal import JournalResource
from resources.post import Post
from resources.poweroffice import PowerOffice

DAYS = 1096
TENANT, ORGNR = "fjell", "999990002"
TODAY = date(2025, 3, 10)
CLOCK = f"{TODAY}T06:00:00+01:00"


@dataclass
class Measured:
    """One run. ``storing``: seconds in which event rows were stored, ``rows`` of them.

    ``cases``: the table of ``TODAY``, and ``mirror`` what the mirror holds, to compare.
    """

    seconds: float
    storing: float
    rows: int
    cases: list[dict[str, Any]]
    mirror: tuple[Any, ...]


def main() -> None:
    """Both measures, one JSON line each."""
    parser = argparse.ArgumentParser(prog="benchmarks.import_history")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    with running(0, 0) as address, tempfile.TemporaryDirectory() as folder:
        control = Control(address)
        company = control.add_company("Fjellheim AS", ORGNR)
        control.seed(company, "size", entries=given.entries)
        place = _Place(Path(folder), address, company)
        place.run("warm", run_one_day)
        days: list[Measured] = []
        imports: list[Measured] = []
        for number in range(given.rounds):
            days.append(place.run(f"day-{number}", run_one_day))
            imports.append(place.run(f"import-{number}", run_three_years))
            _compare(days[-1], imports[-1], given.entries)
        control.close()
    day, whole = (min(some, key=lambda one: one.seconds) for some in (days, imports))
    peer = "the same entries as one day"
    tell("import, event rows included", given.entries, whole.seconds, peer, day.seconds)
    day, whole = (min(some, key=lambda one: one.seconds - one.storing) for some in (days, imports))
    tell(
        "import", given.entries, whole.seconds - whole.storing, peer, day.seconds - day.storing,
        days=DAYS, event_rows=whole.rows, event_seconds=round(whole.storing, 3),
    )  # fmt: skip


def tell(name: str, entries: int, seconds: float, peer: str, peer_seconds: float, **more: object) -> None:
    """One measure; ``peak_mb`` is this process's so far."""
    print(
        json.dumps({
            "name": name, "entries": entries, "seconds": round(seconds, 3), "peer": peer,
            "peer_seconds": round(peer_seconds, 3), "ratio": round(peer_seconds / seconds, 2),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, **more,
        }),
        flush=True,
    )  # fmt: skip


def run_one_day(defs: Definitions, instance: DagsterInstance) -> RunOutcome:
    """The peer."""
    return run_day(defs, instance, TENANT, TODAY)


def run_three_years(defs: Definitions, instance: DagsterInstance) -> RunOutcome:
    """What is measured."""
    return run_history(defs, instance, TENANT, TODAY - timedelta(days=DAYS - 1), TODAY)


@dataclass(frozen=True)
class _Place:
    """Where runs are made: each in a folder of its own, over one ledger."""

    folder: Path
    address: str
    company: str

    def run(self, name: str, work: Callable[[Definitions, DagsterInstance], RunOutcome]) -> Measured:
        home = self.folder / name
        home.mkdir()
        clock, book = Clock(pinned=CLOCK), Book(folder=str(home / "books"))
        journal = JournalResource(url=f"sqlite:///{home / 'journal.sqlite'}", home=str(home))
        settings = TenantSettings.of({"mode": "observe", "register": False, "import_from": date(2020, 1, 1)})
        journal.open().add_tenant(
            TENANT, SecretStr(self.company), "Fjellheim AS", ORGNR, TODAY, settings, "benchmark", clock.now()
        )
        defs = build_definitions(
            clock=clock, book=book, journal=journal, poweroffice=self._poweroffice(clock),
            register=Enhetsregisteret(api_url=f"{self.address}/enhetsregisteret/api", requests_per_second=0),
            post=Post(sender="krav@kredin.example", letter_drop=str(home / "letters")), first_day=date(2022, 1, 1),
        )  # fmt: skip
        with open_instance(home / "dagster") as instance:
            events = _Events(instance)
            begin = time.perf_counter()
            outcome = work(defs, instance)
            seconds = time.perf_counter() - begin
        if not outcome.ok:
            raise SystemExit(f"{name} failed: {'; '.join(outcome.messages)}")
        with book.read_only(TENANT) as con:
            cases = published.rows(con, TODAY)
            mirror = con.execute(
                "select count(*), sum(amount), sum(balance) from poweroffice_ledger_entries"
            ).fetchone()
        book.close()
        journal.close()
        return Measured(seconds, events.seconds, events.rows, cases, mirror or ())

    def _poweroffice(self, clock: Clock) -> PowerOffice:
        return PowerOffice(
            clock=clock, api_url=f"{self.address}/v2", token_url=f"{self.address}/OAuth/Token",
            application_key=DEFAULT_APPLICATION_KEY, subscription_key=DEFAULT_SUBSCRIPTION_KEY, requests_per_second=0,
        )  # fmt: skip


class _Events:
    """Times an instance while it stores events."""

    def __init__(self, instance: DagsterInstance) -> None:
        self.seconds, self.rows = 0.0, 0
        self._store = instance.handle_new_event
        instance.handle_new_event = self._timed

    def _timed(self, event: EventLogEntry, **more: Any) -> None:
        begin = time.perf_counter()
        self._store(event, **more)
        self.seconds += time.perf_counter() - begin
        self.rows += 1


def _compare(day: Measured, whole: Measured, entries: int) -> None:
    """Both runs have mirrored the same ledger, all of it, and say the same of every case."""
    if day.mirror != whole.mirror or day.mirror[0] != entries:
        raise SystemExit(f"the day mirrored {day.mirror}, the import {whole.mirror}, of {entries} entries")
    if not day.cases or day.cases != whole.cases:
        raise SystemExit(f"the case tables differ: {len(day.cases)} rows of the day, {len(whole.cases)} of the import")


if __name__ == "__main__":
    main()
