"""A live tenant over the sandbox, run day by day through the whole daily job.

Belongs here: setting it up, letting a day pass, and reading journal, book and ledger. Not here: what must be true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from dagster import DagsterInstance
from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.definitions import build_definitions
from kredin_pipeline.jobs import RunOutcome, run_day
from kredin_pipeline.journal import Journal, OutboxItem
from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY, Control
from kredin_pipeline.sandbox.ledger.standing import DEFAULT_PRIVILEGES
from kredin_pipeline.sandbox.server import RunningSandbox
from resources.book import Book
from resources.clock import OSLO, Clock
from resources.enhetsregisteret import Enhetsregisteret
from resources.journal import JournalResource
from resources.post import Post
from resources.poweroffice import PowerOffice

TENANT = "fjell"
REMINDED, PAID, POSTED, NEXT, LATER = "2025-02-17", "2025-02-27", "2025-02-28", "2025-03-03", "2025-03-04"
"""The days of a usual case: the reminder leaves, the debtor pays with costs, the voucher is posted, later runs."""
COSTS = ("35.00", "47.95", "82.95")


class Impatient(Clock):
    """A pinned clock for which waiting takes no time."""

    def sleep(self, seconds: float) -> None:
        """Nothing."""


@dataclass
class Company:
    """One tenant, its ledger in the sandbox, its journal and its book."""

    sandbox: RunningSandbox
    folder: Path
    key: str
    resource: JournalResource
    journal: Journal
    instance: DagsterInstance = field(default_factory=DagsterInstance.ephemeral)

    @property
    def control(self) -> Control:
        return self.sandbox.control

    @property
    def book(self) -> Book:
        return Book(folder=str(self.folder / "books"))

    def event(self, on: str, event: str, **more: Any) -> None:
        self.control.event(self.key, {"on": on, "event": event, **more})

    def overdue(self, no: int) -> None:
        """An invoice of 10 000.00, due on 3 February; its customer has the number before it with a 1 in front."""
        self.event("2025-01-13", "invoice", no=no, customer=10_000 + no, amount="10000.00", due="2025-02-03")

    def paid_with_costs(self, no: int, on: str = PAID, amount: str = "10082.95") -> None:
        """The debtor pays principal, fee and interest; the payment is called P and the number."""
        self.event(on, "payment", id=f"P{no}", customer=10_000 + no, amount=amount, **{"for": [no]})

    def set(self, on: str, **changes: Any) -> None:
        """A person changes settings at noon of the day."""
        self.control.set_clock(f"{on}T12:00")
        self.journal.change_settings(TENANT, changes, "Kari", self.control.now())

    def privileges(self, *missing: str) -> None:
        """The integration has every right but these."""
        self.control.change_company(self.key, privileges=[one for one in DEFAULT_PRIVILEGES if one not in missing])

    def poweroffice(self, clock: Clock | None = None) -> PowerOffice:
        """The door to the ledger."""
        return PowerOffice(
            clock=clock or Impatient(pinned=self.control.now().astimezone(OSLO).isoformat()),
            api_url=self.sandbox.poweroffice_url,
            token_url=self.sandbox.token_url,
            application_key=DEFAULT_APPLICATION_KEY,
            subscription_key=DEFAULT_SUBSCRIPTION_KEY,
            requests_per_second=0,
            read_timeout_seconds=2,
        )

    def run(self, on: str, at: str = "06:00") -> RunOutcome:
        """The whole daily job on that day."""
        self.control.set_clock(f"{on}T{at}")
        clock = Impatient(pinned=self.control.now().astimezone(OSLO).isoformat())
        definitions = build_definitions(
            clock=clock,
            book=self.book,
            journal=self.resource,
            poweroffice=self.poweroffice(clock),
            register=Enhetsregisteret(api_url=self.sandbox.register_url, requests_per_second=0),
            post=Post(
                sender="krav@kredin.example",
                smtp_host=self.sandbox.smtp_host,
                smtp_port=self.sandbox.smtp_port,
                smtp_security="none",
                letter_drop=self.sandbox.letter_drop_url,
            ),
            first_day=date(2025, 1, 1),
        )
        return run_day(definitions, self.instance, TENANT, date.fromisoformat(on))

    def items(self) -> dict[str, OutboxItem]:
        """Every voucher and reversal of the outbox by what is left of its key after the tenant."""
        found = [*self.journal.items(TENANT, "voucher"), *self.journal.items(TENANT, "reversal")]
        return {item.key: item for item in found}

    def item(self, no: int, tail: str = "") -> OutboxItem:
        """The voucher on an invoice's payment, or what followed from it: ``reversal``, ``2``, ``2:reversal``."""
        (found,) = [
            item
            for item in self.items().values()
            if item.payload["invoice_no"] == str(no) and ":".join(item.key.split(":")[4:]) == tail
        ]
        return found

    def ours(self, no: int | None = None) -> list[dict[str, Any]]:
        """Our vouchers in the ledger, reversals by us among them, on one invoice's customer if given."""
        return [
            one
            for one in self.control.vouchers(self.key)
            if one["created_by_integration"]
            and (no is None or any(line["customer_no"] == str(10_000 + no) for line in one["lines"]))
        ]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the book."""
        with self.book.read_only(TENANT) as con:
            return con.execute(query).fetchall()

    def credit(self, no: int) -> Decimal:
        """What stands to the credit of an invoice's customer, kroner."""
        ((amount,),) = self.rows(
            "select coalesce(sum(amount), 0) from customer_credits join poweroffice_customers using (customer_id) "
            f"where customer_no = '{10_000 + no}'"
        )
        return Decimal(amount)

    def case(self, no: int) -> Mapping[str, Any]:
        """The derived row of an invoice's case."""
        with self.book.read_only(TENANT) as con:
            found = con.execute("select * from case_states where invoice_no = ?", [str(no)])
            names = [column[0] for column in found.description or ()]
            (row,) = found.fetchall()
        return dict(zip(names, row, strict=True))

    def posts(self, route: str) -> int:
        """How many writes of a route (its beginning, without the version) the ledger has been asked for."""
        return sum(
            one["method"] in ("POST", "PUT") and str(one["path"]).lower().startswith(f"/v2/{route}".lower())
            for one in self.control.requests()
        )


def found(sandbox: RunningSandbox, folder: Path, **settings: Any) -> Company:
    """A company that was connected in January, live since."""
    control = sandbox.control
    control.reset()
    control.set_clock("2025-01-13T05:00")
    key = control.add_company("Fjellheim AS", "999990002")
    resource = JournalResource(url=f"sqlite:///{folder / 'journal.sqlite'}", home=str(folder))
    journal = resource.open()
    chosen = {"creditor_name": "Fjellheim AS", "creditor_orgnr": "999990002", "interest": "statutory", **settings}
    journal.add_tenant(
        TENANT, SecretStr(key), "Fjellheim AS", "999990002", date(2025, 1, 13), TenantSettings.of(chosen), "t",
        control.now(),
    )  # fmt: skip
    return Company(sandbox, folder, key, resource, journal)
