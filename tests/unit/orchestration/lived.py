"""A tenant with a past that is worth comparing: a live day, a reminder and a voucher of ours, a decision, late news.

Belongs here: living it once, and copies of its folder that tests may spoil. Not here: what must be true (the tests).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kredin_pipeline.cases import published
from kredin_pipeline.jobs import run_day
from kredin_pipeline.sandbox.server import RunningSandbox
from tests.unit.orchestration.installation import TENANT, TODAY, Installation, install, open_installation

NOW = date(2025, 3, 21)
"""The day on which the past is looked at; ``TODAY`` was run live before it."""


@dataclass
class Lived:
    """The past as it lies in ``folder``; nothing there is opened any more."""

    sandbox: RunningSandbox
    folder: Path
    client_key: str
    letters: int
    vouchers: int

    def copy(self, folder: Path) -> Installation:
        """The installation on ``NOW``, in a folder of its own."""
        self.sandbox.control.set_clock(f"{NOW}T06:00")
        shutil.copytree(self.folder, folder)
        return open_installation(self.sandbox, folder, self.client_key)


def live(sandbox: RunningSandbox, folder: Path) -> Lived:
    """``TODAY`` is run live: reminders leave for 1001 and 1004, a voucher is booked for 1002, and 1003 is paid.

    Then, until ``NOW``, a payment of 1001 is booked as of a day before ``TODAY``, and its case is paused; the match of
    1003 is undone, and 1004 is deleted.
    """
    house = install(sandbox, folder, "2025-02-20T06:00")
    control, key = house.control, house.client_key
    more = {"on": "2025-02-20", "event": "invoice", "customer": 10003, "amount": "900.00", "due": "2025-03-03"}
    paid = {"on": "2025-03-05", "event": "payment", "id": "P3", "customer": 10003, "amount": "900.00", "for": [1003]}
    control.events(key, [{**more, "no": 1003}, {**more, "no": 1004, "customer": 10004}, paid])
    house.book.close()
    house.instance.dispose()
    control.set_clock(f"{TODAY}T06:00")
    house = open_installation(sandbox, folder, key)
    assert run_day(house.definitions, house.instance, TENANT, TODAY).ok
    case_id = next(row["case_id"] for row in table(house, TODAY) if row["invoice_no"] == "1001")
    house.journal.decide(TENANT, case_id, "pause", {"until": "2025-04-01"}, date(2025, 3, 18), "Kari", control.now())
    late = {"on": "2025-03-20", "event": "payment", "id": "P2", "customer": 10001, "amount": "700.00", "for": [1001]}
    undone = {"on": "2025-03-20", "event": "unmatch", "entries": [1003, "P3"]}
    control.events(key, [{**late, "dated": "2025-03-14"}, undone, {"on": "2025-03-20", "event": "delete", "no": 1004}])
    house.book.close()
    house.instance.dispose()
    return Lived(sandbox, folder, key, house.letters(), house.vouchers())


def table(house: Installation, day: date) -> list[dict[str, Any]]:
    """The case table of a day."""
    with house.book.read_only(TENANT) as con:
        return published.rows(con, day)
