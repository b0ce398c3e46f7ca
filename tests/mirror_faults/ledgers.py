"""The ledger that the fault runs read: 5,000 entries, of which a busy day brought or changed the last thousand.

Belongs here: making it, and books of it as they were yesterday. Not here: what goes wrong (`sequences`, `killing`).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from pydantic import SecretStr

from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY
from kredin_pipeline.sandbox.server import RunningSandbox
from resources.book import Book
from resources.clock import Clock
from resources.http_errors import Waits
from resources.poweroffice_client import PowerOfficeClient
from resources.poweroffice_sync import SyncReport, SyncSettings, sync_ledger
from resources.poweroffice_transport import Keys, Transport, forget_all_tokens
from resources.rate_limit import RateLimit
from tests.mirror_faults.wire import Wire

OSLO = ZoneInfo("Europe/Oslo")
TENANT = "fjellheim"
PAGE_SIZE = 500
ENTRIES = 5_000
_HISTORY = 4_425
_SEED = 5_000
_FIRST_CUSTOMER, _CUSTOMERS = 100_001, 120
LOADED, YESTERDAY, TODAY, NEXT_WEEK = (
    "2025-03-11T16:00", "2025-03-13T06:00", "2025-03-14T06:00", "2025-03-20T06:00",
)  # fmt: skip


class PatientClock(Clock):
    """A Clock resource that never really waits."""

    def sleep(self, seconds: float) -> None:
        return


def clock_at(moment: str) -> PatientClock:
    """A clock that stands at an Oslo time."""
    return PatientClock(pinned=datetime.fromisoformat(moment).replace(tzinfo=OSLO).astimezone(UTC).isoformat())


@dataclass(frozen=True)
class Morning:
    """A run to be disturbed: when it happens, and which book it finds. ``book`` is None for the first run of all."""

    name: str
    now: str
    book: str | None


MORNINGS = (
    Morning("changes", TODAY, "yesterday"),  # a cursor a day old
    Morning("weekly", NEXT_WEEK, "yesterday"),  # the last full read is a week old
    Morning("first", TODAY, None),
)


_THE_DAY_BEFORE = (
    {"on": "2025-03-12T15:00", "event": "invoice", "no": 2_000_000, "customer": _FIRST_CUSTOMER, "amount": "1500.00",
     "due": "2025-03-26"},
    {"on": "2025-03-12T15:00", "event": "customer", "no": _FIRST_CUSTOMER + 1, "set": {"email": "ny@kunde.example"}},
)  # fmt: skip
"""So that yesterday's cursors stand behind the history."""


@dataclass(frozen=True)
class House:
    """Our side of the company: where PowerOffice is, the client key, and the folder of the books."""

    api_url: str
    token_url: str
    key: str
    folder: Path

    def book(self) -> Book:
        """The books, one a name."""
        return Book(folder=str(self.folder), threads=1)

    def read(self, name: str, clock: Clock, wire: Wire | None = None, *, seconds: float = 10.0) -> SyncReport:
        """One day's read into the book of that name, as the asset does it; ``seconds`` is how long an answer may take.

        It begins without a token.
        """
        forget_all_tokens()
        book = self.book()
        with (
            httpx.Client(transport=wire or Wire(), timeout=seconds, headers={"Accept-Encoding": "gzip"}) as http,
            book.session(name) as con,
        ):
            folder = book.pages_folder(name, clock.today())
            client = PowerOfficeClient(self._office(clock, http), PAGE_SIZE)
            return sync_ledger(client, con, folder, clock, clock.today(), SyncSettings(TENANT))

    def add_contact_persons(self, clock: Clock, first: int, count: int) -> None:
        """Give customers a contact person each, by PowerOffice's own route."""
        with httpx.Client() as http:
            office = self._office(clock, http)
            page = office.get("/Customers", {"Fields": "Id", "PageSize": "500"})
            for place, customer in enumerate(json.loads(page.body)[first : first + count], first):
                name = {"FirstName": "Kari", "LastName": f"Nr {place}", "EmailAddress": f"kari{place}@kunde.example"}
                office.post(f"/ContactPersons/{customer['Id']}", name)

    def _office(self, clock: Clock, http: httpx.Client) -> Transport:
        keys = Keys(SecretStr(DEFAULT_APPLICATION_KEY), SecretStr(DEFAULT_SUBSCRIPTION_KEY), SecretStr(self.key))
        return Transport(
            api_url=self.api_url,
            token_url=self.token_url,
            keys=keys,
            clock=clock,
            limit=RateLimit(0),
            http=http,
            waits=Waits(tries=3),
            whose=f"{TENANT}: PowerOffice",
        )


@dataclass
class Ledger:
    """The company in the sandbox, and where its books and saved worlds lie."""

    sandbox: RunningSandbox
    folder: Path
    changes: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict[str, list[Mapping[str, Any]]])
    """What may happen while the ledger is read, by name."""

    def __post_init__(self) -> None:
        self.house = self._made()

    @property
    def key(self) -> str:
        return self.house.key

    def _made(self) -> House:
        """Fill the company and let yesterday be read; the world is then saved as of today."""
        control = self.sandbox.control
        control.reset()
        control.set_clock(LOADED)
        key = control.add_company("Fjellheim AS", "999990002")
        house = House(self.sandbox.poweroffice_url, self.sandbox.token_url, key, self.folder)
        control.seed(key, "size", entries=_HISTORY, seed=_SEED, customers=_CUSTOMERS)
        house.add_contact_persons(clock_at(LOADED), 0, 40)
        control.events(key, _THE_DAY_BEFORE)
        house.read("yesterday", clock_at(YESTERDAY))
        house.book().close()
        old = [
            (int(row["invoice_no"]), int(row["customer_no"]))
            for row in control.ledger(key)
            if row["invoice_no"] and float(row["balance"]) > 100
        ]
        random.Random(_SEED).shuffle(old)
        control.events(key, list(a_busy_day(random.Random(_SEED), ENTRIES - _HISTORY, old[10:])))
        self.changes = changes_under_way(old[:10])
        house.add_contact_persons(clock_at(TODAY), 40, 8)
        control.set_clock(TODAY)
        control.save(self.folder / "today.jsonl")
        return house

    def as_today(self) -> None:
        """The world as it was saved; for sequences that change it."""
        self.sandbox.control.load(self.folder / "today.jsonl")


def a_busy_day(
    chance: random.Random, entries: int, open_invoices: list[tuple[int, int]]
) -> Iterator[Mapping[str, Any]]:
    """What happened on the 13th from 8 to 17: so many new entries, many of them settling old ones."""
    made = 0
    number, minute = 2_000_001, 0.0
    old = list(open_invoices)
    undone: list[str] = []
    while made < entries:
        minute += 540 / entries
        on = f"2025-03-13T{8 + int(minute) // 60:02}:{int(minute) % 60:02}:{int(minute * 60) % 60:02}"
        customer = _FIRST_CUSTOMER + chance.randrange(_CUSTOMERS)
        amount = f"{chance.randrange(10_000, 900_000) / 100:.2f}"
        kind = chance.choices(
            ["invoice", "paid", "payment", "settle", "write_off", "journal", "credit", "match", "reverse", "customer"],
            [26, 14, 10, 24, 6, 8, 6, 8, 4, 6],
        )[0]
        made += 1
        name = f"E{made}"
        match kind:
            case "invoice":
                yield {"on": on, "event": "invoice", "no": number, "customer": customer, "amount": amount,
                       "due": "2025-03-27"}  # fmt: skip
                number += 1
            case "paid":  # an invoice and its payment on one day: together they leave no trace in a balance
                yield {"on": on, "event": "invoice", "no": number, "customer": customer, "amount": amount,
                       "due": "2025-03-27"}  # fmt: skip
                yield {"on": on, "event": "payment", "id": name, "customer": customer, "amount": amount,
                       "for": [number]}  # fmt: skip
                number, made = number + 1, made + 1
            case "payment":
                yield {"on": on, "event": "payment", "id": name, "customer": customer, "amount": amount}
            case "settle" if old:
                invoice, debtor = old.pop()
                yield {"on": on, "event": "payment", "id": name, "customer": debtor, "amount": "75.25",
                       "for": [invoice]}  # fmt: skip
                undone.append(name)
            case "reverse" if undone:
                yield {"on": on, "event": "reverse", "of": undone.pop(0)}
            case "write_off":
                yield {"on": on, "event": "invoice", "no": number, "customer": customer, "amount": amount,
                       "due": "2025-02-27", "dated": "2025-02-13"}  # fmt: skip
                yield {"on": on, "event": "write_off", "id": name, "for": [number]}
                number, made = number + 1, made + 1
            case "journal":
                yield {"on": on, "event": "journal", "id": name, "customer": customer, "amount": f"-{amount}",
                       "offset_account": "7830"}  # fmt: skip
            case "credit":
                yield {"on": on, "event": "invoice", "no": number, "customer": customer, "amount": amount,
                       "due": "2025-03-27"}  # fmt: skip
                yield {"on": on, "event": "credit_note", "no": number + 1, "customer": customer, "amount": amount,
                       "for": [number]}  # fmt: skip
                number, made = number + 2, made + 1
            case "match":  # old entries that change by hand, and no balance with them
                yield {"on": on, "event": "invoice", "no": number, "customer": customer, "amount": amount,
                       "due": "2025-03-27"}  # fmt: skip
                yield {"on": on, "event": "journal", "id": name, "customer": customer, "amount": f"-{amount}",
                       "offset_account": "1530"}  # fmt: skip
                yield {"on": on, "event": "match", "entries": [number, name]}
                number, made = number + 1, made + 1
            case _:
                yield {"on": on, "event": "customer", "no": customer, "set": {"email": f"faktura{made}@kunde.example"}}


def changes_under_way(old: list[tuple[int, int]]) -> dict[str, list[Mapping[str, Any]]]:
    """What may happen between two requests of a read, by name; ``old`` are open invoices and whose they are."""
    invoice, customer = old[0]
    paid: list[Mapping[str, Any]] = [
        {"event": "payment", "id": "U1", "customer": customer, "amount": "50.25", "for": [invoice]}
    ]
    return {
        "a payment": paid,
        "a reversal": [*paid, {"event": "reverse", "of": "U1"}],
        "an invoice": [
            {"event": "invoice", "no": 3_000_001, "customer": customer, "amount": "700.00", "due": "2025-04-03"}
        ],
        "a deletion": [{"event": "delete", "no": old[1][0]}],
        "a write-off": [{"event": "write_off", "id": "U2", "for": [old[2][0]]}],
        "a match by hand": [  # no balance of a customer tells of it
            {"event": "credit_note", "no": 3_000_002, "customer": old[3][1], "amount": "80.00"},
            {"event": "match", "entries": [old[3][0], 3_000_002]},
        ],
        "a new address": [{"event": "customer", "no": customer, "set": {"email": "under@veis.example"}}],
        "a merger": [{"event": "customer_merge", "from": old[4][1], "into": old[5][1]}],
    }
