"""A small installation for tests of the graph: a sandbox, one live tenant, and one invoice whose reminder is due today.

Belongs here: setting it up and reading what left it. Not here: what must be true (the tests).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dagster import DagsterInstance, Definitions
from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.definitions import build_definitions
from kredin_pipeline.journal import Journal
from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY, Control
from kredin_pipeline.sandbox.server import RunningSandbox
from resources.book import Book
from resources.clock import OSLO, Clock
from resources.enhetsregisteret import Enhetsregisteret
from resources.journal import JournalResource
from resources.post import Post
from resources.poweroffice import PowerOffice

TENANT = "fjell"
DUE = date(2025, 3, 3)
TODAY = date(2025, 3, 17)
"""Fourteen days after ``DUE``: the reminder's day."""
PAID_WITH_COSTS = "2000.00"


@dataclass
class Installation:
    """Everything a run needs, over one sandbox that others use after it."""

    control: Control
    client_key: str
    journal: Journal
    book: Book
    definitions: Definitions
    instance: DagsterInstance

    def letters(self) -> int:
        """Letters that arrived, by e-mail or on paper."""
        papers = [file for file in self.control.letter_drop_files() if str(file["path"]).endswith(".pdf")]
        return len(self.control.mailbox()) + len(papers)

    def vouchers(self) -> int:
        """Our vouchers in the ledger."""
        return len([one for one in self.control.vouchers(self.client_key) if one["created_by_integration"]])


def install(sandbox: RunningSandbox, folder: Path, now: str, mode: str = "live") -> Installation:
    """Set up ``TENANT`` as connected a month before ``TODAY``, with the clock standing at ``now`` (Oslo, no offset).

    Invoice 1001 is due for its reminder; 1002 was paid with far more than its principal, so its costs are paid.
    """
    control = sandbox.control
    control.reset()
    control.set_clock("2025-02-10T05:00")
    key = control.add_company("Fjellheim AS", "999990002")
    control.events(
        key,
        [
            {
                "on": "2025-02-10",
                "event": "invoice",
                "no": 1001,
                "customer": 10001,
                "amount": "5000.00",
                "due": str(DUE),
            },
            {
                "on": "2025-02-10",
                "event": "invoice",
                "no": 1002,
                "customer": 10002,
                "amount": "1500.00",
                "due": str(DUE),
            },
            {
                "on": "2025-03-14",
                "event": "payment",
                "id": "P1",
                "customer": 10002,
                "amount": PAID_WITH_COSTS,
                "for": [1002],
            },
        ],
    )
    control.set_clock(now)
    made = open_installation(sandbox, folder, key)
    settings = TenantSettings.of({"mode": mode, "creditor_name": "Fjellheim AS", "creditor_orgnr": "999990002"})
    made.journal.add_tenant(
        TENANT, SecretStr(key), "Fjellheim AS", "999990002", date(2025, 2, 17), settings, "test", control.now()
    )
    return made


def open_installation(sandbox: RunningSandbox, folder: Path, key: str) -> Installation:
    """What lies in ``folder`` (or is made there), over the sandbox's world and at its time."""
    control = sandbox.control
    clock = Clock(pinned=control.now().astimezone(OSLO).isoformat())
    journal = JournalResource(url=f"sqlite:///{folder / 'journal.sqlite'}", home=str(folder))
    opened = journal.open()
    book = Book(folder=str(folder / "books"))
    definitions = build_definitions(
        clock=clock,
        book=book,
        journal=journal,
        poweroffice=PowerOffice(
            clock=clock,
            api_url=sandbox.poweroffice_url,
            token_url=sandbox.token_url,
            application_key=DEFAULT_APPLICATION_KEY,
            subscription_key=DEFAULT_SUBSCRIPTION_KEY,
            requests_per_second=0,
            read_timeout_seconds=5,
        ),
        register=Enhetsregisteret(api_url=sandbox.register_url, requests_per_second=0),
        post=Post(
            sender="krav@kredin.example",
            smtp_host=sandbox.smtp_host,
            smtp_port=sandbox.smtp_port,
            smtp_security="none",
            letter_drop=sandbox.letter_drop_url,
        ),
        first_day=date(2025, 1, 1),
    )
    return Installation(control, key, opened, book, definitions, DagsterInstance.ephemeral())
