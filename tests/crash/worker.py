"""One posting run in a process of its own: what it is ordered to do, and what it tells before it ends or dies.

Belongs here: putting the product's parts together as the assets do, around the doors that kill. Imported once by the
process that all runs are forked from, so that a run costs milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

import httpx
from pydantic import SecretStr

from assets.vouchers import LedgerDoor
from kredin_pipeline.journal import Journal, SecretBox
from kredin_pipeline.journal.engine import journal_engine
from kredin_pipeline.journal.outbox import Intent
from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY, Control
from resources.http_errors import Waits
from resources.poweroffice_client import PowerOfficeClient
from resources.poweroffice_transport import Keys, Transport, forget_all_tokens
from resources.rate_limit import RateLimit
from tests.crash.fuse import Burn, Fuse
from tests.crash.posting_run import posting_run

for _name in ("httpcore", "sqlalchemy.dialects.sqlite.pysqlite", "sqlalchemy.dialects.postgresql.psycopg2"):
    import_module(_name)  # imported at first use otherwise, which would be in every fork

READ_TIMEOUT = 0.4
"""Seconds after which an answer is lost; the sandbox answers in a few milliseconds."""


@dataclass(frozen=True)
class Addresses:
    """Where the journal and the sandbox are."""

    journal_url: str
    sandbox_url: str
    api_url: str
    token_url: str


@dataclass(frozen=True)
class Order:
    """One run: for whom, when (aware UTC), with which intents, and where it dies by itself."""

    addresses: Addresses
    tenant: str
    client_key: str
    worker: str
    now: datetime
    intents: Sequence[Intent]
    burn: Burn | None = None


class TravellingClock:
    """Starts where it is told and takes the sandbox along when it waits: nobody waits for real seconds."""

    def __init__(self, now: datetime, control: Control) -> None:
        self._now, self._control = now, control

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._now += timedelta(seconds=seconds)
            self._control.advance_clock(seconds)


def ledger_client(addresses: Addresses, client_key: str, clock: Any, http: httpx.Client) -> PowerOfficeClient:
    """The product's client on the sandbox."""
    keys = Keys(SecretStr(DEFAULT_APPLICATION_KEY), SecretStr(DEFAULT_SUBSCRIPTION_KEY), SecretStr(client_key))
    transport = Transport(
        api_url=addresses.api_url, token_url=addresses.token_url, keys=keys, clock=clock, limit=RateLimit(0),
        http=http, waits=Waits(tries=3), whose="crash: PowerOffice",
    )  # fmt: skip
    return PowerOfficeClient(transport, 5000)


def do(order: Order, fuse: Fuse) -> None:
    """Carry the order out in this process. Raises what breaks the run off."""
    forget_all_tokens()
    control = Control(order.addresses.sandbox_url)
    journal = Journal(journal_engine(order.addresses.journal_url), SecretBox(SecretBox.new_key()))
    with httpx.Client(transport=fuse.transport(), timeout=READ_TIMEOUT) as http:
        clock = TravellingClock(order.now, control)
        door = LedgerDoor(ledger_client(order.addresses, order.client_key, clock, http))
        posting_run(fuse.journal(journal), door, clock, order.worker, order.tenant, order.intents)
    journal.close()
    control.close()


def run(order: Order, tell: Connection) -> None:
    """The process. Tells ``("started",)``, then ``("dies", point)``, ``("ended", points)`` or ``("broke", why)``."""
    fuse = Fuse(order.burn, lambda point: tell.send(("dies", point)))
    tell.send(("started",))
    try:
        do(order, fuse)
    except Exception as error:
        tell.send(("broke", f"{type(error).__name__}: {error}"))
        return
    tell.send(("ended", fuse.points))
