"""One company in a running sandbox and our side of it: a day is one call. No expectation belongs here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from pydantic import SecretStr

from kredin_pipeline.ledger.schema import create_tables
from kredin_pipeline.sandbox.server import RunningSandbox
from resources.poweroffice import PowerOffice
from resources.poweroffice_client import PowerOfficeClient
from resources.poweroffice_sync import SyncReport, SyncSettings, land, merge, sync_ledger
from tests.unit.resources.doors import PatientClock

OSLO = ZoneInfo("Europe/Oslo")
APPLICATION, SUBSCRIPTION = "0b1f6c0e-7f1d-4b8e-9c53-2f6d0a8e5a11", "3e0a6f2b51c84d7e8d1f5b9a7c204e66"


@dataclass
class Company:
    """A company and its book. Days are ISO texts; runs are at 06:00 unless a time is given."""

    sandbox: RunningSandbox
    folder: Path
    page_size: int = 5000
    ceiling: int = 20_000
    settings: SyncSettings = field(default_factory=lambda: SyncSettings("fjellheim"))
    reset: bool = True

    def __post_init__(self) -> None:
        control = self.sandbox.control
        if self.reset:
            control.reset()
            control.set_clock("2025-01-01T05:00:00+01:00")
        name, number = ("Fjellheim AS", "999990002") if self.reset else ("Dal AS", "999990010")
        self.key = control.add_company(name, number, application_key=APPLICATION, subscription_key=SUBSCRIPTION)
        self.con = duckdb.connect()
        self.con.execute("set timezone = 'UTC'")
        create_tables(self.con)

    def happens(self, on: str, event: str, **keys: Any) -> None:
        """A world event of the acceptance format; ``for_`` is its ``for``."""
        words = {("for" if name == "for_" else name): value for name, value in keys.items()}
        self.sandbox.control.event(self.key, {"on": on, "event": event, **words})

    def invoice(
        self, no: int, amount: str, on: str = "2025-02-10", due: str = "2025-03-03", customer: int = 10018
    ) -> None:
        self.happens(on, "invoice", no=no, customer=customer, amount=amount, due=due)

    def fault(self, route: str, kind: str, **keys: Any) -> None:
        self.sandbox.control.fault(self.key, {"route": route, "kind": kind, **keys})

    def clock(self, day: str) -> PatientClock:
        moment = datetime.fromisoformat(day if "T" in day else f"{day}T06:00").replace(tzinfo=OSLO).astimezone(UTC)
        self.sandbox.control.set_clock(moment.isoformat())
        return PatientClock(pinned=moment.isoformat())

    def client(self, clock: PatientClock) -> PowerOfficeClient:
        door = PowerOffice(
            clock=clock, api_url=self.sandbox.poweroffice_url, token_url=self.sandbox.token_url,
            application_key=APPLICATION, subscription_key=SUBSCRIPTION, requests_per_second=0,
            read_timeout_seconds=0.5, page_size=self.page_size, read_ceiling=self.ceiling, attempts=3,
        )  # fmt: skip
        return door.client(SecretStr(self.key), "fjellheim")

    def run(self, day: str) -> SyncReport:
        """One day's read."""
        clock = self.clock(day)
        folder = self.folder / "pages" / clock.today().isoformat()
        return sync_ledger(self.client(clock), self.con, folder, clock, clock.today(), self.settings)

    def broken_run(self, day: str, after: str) -> None:
        """A run whose process dies after a step: ``land`` or ``merge``."""
        clock = self.clock(day)
        folder = self.folder / "pages" / clock.today().isoformat()
        landed = land(self.client(clock), self.con, folder, clock, clock.today(), self.settings)
        if after == "merge":
            self.con.execute("begin")
            merge(self.con, landed, self.settings)
            self.con.execute("rollback")  # what opening the book again does

    def balances(self) -> dict[str, str]:
        """Open balance of each invoice in the mirror, entries that are gone left out."""
        rows = self.con.execute(
            "select invoice_no, balance from poweroffice_ledger_entries "
            "where invoice_no is not null and gone_on is null"
        ).fetchall()
        return {str(no): str(balance) for no, balance in rows}

    def one(self, query: str) -> Any:
        """The single value of a query."""
        found = self.con.execute(query).fetchone()
        assert found is not None
        return found[0]

    def asked(self, path: str) -> list[dict[str, Any]]:
        """Requests to a path that the sandbox has seen."""
        return [one for one in self.sandbox.control.requests() if one["path"].lower().endswith(path.lower())]
