"""Debtors with organisation numbers, a book, and the register in a sandbox; a night is one call. No expectation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from kredin_pipeline.sandbox.register.numbers import invented_numbers
from kredin_pipeline.sandbox.server import RunningSandbox
from resources.enhetsregisteret import Enhetsregisteret
from resources.enhetsregisteret_kept import RegisterReport
from resources.enhetsregisteret_sync import register_sync
from tests.unit.ledger.pages import a_book, customer, entry, load
from tests.unit.resources.doors import PatientClock

NUMBERS = list(islice(invented_numbers(99_999_200), 40))


class Debtors:
    """``count`` customers with an open claim each and an ordinary company behind. Three numbers fit into one search, so
    that with more than three debtors the feed is the shorter way."""

    def __init__(self, sandbox: RunningSandbox, folder: Path, count: int = 8) -> None:
        sandbox.control.reset()
        sandbox.control.set_clock("2025-03-01T05:00:00+01:00")
        self.sandbox, self.register = sandbox, sandbox.world.register
        self.numbers = NUMBERS[:count]
        for number in self.numbers:
            self.register.set_unit(number, navn=f"SELSKAP {number[-3:]} AS")
        self.con = a_book()
        self.folder = folder
        load(
            self.con,
            folder,
            [customer(10018 + at, OrganizationNumber=number) for at, number in enumerate(self.numbers)],
            resource="customers",
        )
        load(
            self.con,
            folder,
            [entry(1 + at, "100.00", CustomerId=4_400_000 + at, CustomerAccountNo=10018 + at) for at in range(count)],
        )
        self.per_search = 3
        self.feed_page = 10_000
        self.reports: list[RegisterReport] = []

    def owe(self, which: Sequence[int], balance: str = "100.00") -> None:
        """These customers' one invoice has this balance."""
        self.con.execute(
            "update poweroffice_ledger_entries set balance = $1::decimal(18, 2) where list_contains($2, customer_id)",
            [balance, [str(4_400_000 + at) for at in which]],
        )

    def on(self, day: str) -> None:
        """What happens in the register from now on happens on that day."""
        self.sandbox.control.set_clock(f"{day}T02:00:00+01:00")

    def night(self, day: str, *, also: Sequence[str] = (), accounts: bool = False) -> list[str]:
        """The round of that day at six; gives the paths that were asked, without the base."""
        moment = datetime.fromisoformat(f"{day}T06:00:00+01:00").astimezone(UTC)
        self.sandbox.control.set_clock(moment.isoformat())
        self.sandbox.control.clear_requests()
        clock = PatientClock(pinned=moment.isoformat())
        door = Enhetsregisteret(
            clock=clock, api_url=self.sandbox.register_url, requests_per_second=0, attempts=1,
            numbers_per_search=self.per_search, feed_page=self.feed_page,
        )  # fmt: skip
        report = register_sync(self.con, door, clock, clock.today(), also, accounts=accounts)
        self.reports.append(report)
        asked = [one["path"].split("/", 3)[3] if "api" in one["path"] else one["path"][1:] for one in self.requests()]
        assert report.requests == len(asked)
        return asked

    def requests(self) -> list[dict[str, Any]]:
        return self.sandbox.control.requests()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()
