"""Books for proofs over many customers at once: each customer has a ledger, all of them are derived in one book.

Here belong building and reading such books. No expectation belongs here, and no random choice: what happens to the
customers is drawn where it is wanted (``random_histories``, the strategies of ``test_histories``). A derivation costs
a fixed fifth of a second for planning, so hundreds of histories in one book cost hardly more than one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from kredin_pipeline.cases.derive import DerivationSummary
from tests.unit.cases.whole import Book
from tests.unit.cases_settlement.books import Entry, Ledger

Row = dict[str, Any]
IDS_OF_A_CUSTOMER = 1_000


@dataclass
class CustomerLedger(Ledger):
    """The ledger of one customer among many: its entry ids are its own, whatever the other customers have."""

    number: int = 0

    def _add(self, name: str, amount: Any, posted: date, voucher_type: str, customer: int, **more: Any) -> Entry:
        entry_id = str(self.number * IDS_OF_A_CUSTOMER + len(self.entries) + 1)
        entry = Entry(entry_id, name, amount, posted, voucher_type, str(customer), **more)
        self.entries[name] = entry
        return entry


@dataclass
class Town(Ledger):
    """The customers' ledgers as one company's ledger. ``order``: in which order the rows arrive."""

    customers: list[Ledger] = field(default_factory=list[Ledger])
    order: Any = None  # a random.Random that shuffles, or None

    def join_up(self) -> None:
        """Takes over what the customers' ledgers hold by now."""
        self.entries = {f"{at}/{name}": e for at, one in enumerate(self.customers) for name, e in one.entries.items()}
        self.debtors = {no: said for one in self.customers for no, said in one.debtors.items()}
        self.changes = [row for one in self.customers for row in one.changes]

    def rows(self) -> list[Row]:
        found: list[Row] = []
        for at, one in enumerate(self.customers):
            for row in one.rows():
                row["match_id"] = row["match_id"] and f"{at}-{row['match_id']}"
                found.append(row)
        return self._arrived(found)

    def transactions(self) -> list[Row]:
        return self._arrived([row for one in self.customers for row in one.transactions()])

    def notes(self) -> list[Row]:
        return self._arrived([row for one in self.customers for row in one.notes()])

    def read(self, on: str) -> None:
        for one in self.customers:
            one.read(on)
        self.join_up()

    def up_to(self, last: str | date) -> Town:
        town = Town(customers=[one.up_to(last) for one in self.customers], order=self.order)
        town.join_up()
        return town

    def _arrived(self, rows: list[Row]) -> list[Row]:
        if self.order is not None:
            self.order.shuffle(rows)
        return rows


@dataclass
class KnownBook(Book):
    """A book whose every overdue invoice was opened as a case in its time, so that also a settled one has a row."""

    def derive(self, on: str, connected_on: str | None = "2004-01-01", live: bool = True) -> DerivationSummary:
        if isinstance(self.ledger, Town):
            self.ledger.join_up()
        day = date.fromisoformat(on)
        for entry in invoices_of([self.ledger]):
            if entry.due is not None and entry.due < day:
                self.cases.setdefault(case_of(entry), opened(entry))
        return super().derive(on, connected_on, live)

    def decide(self, entry: Entry, kind: str, on: str | date, **payload: Any) -> None:
        """A person's word about the case of this invoice, effective on that day."""
        seq = len(self.decisions) + 1
        self.decisions.append({
            "decision_id": f"D{seq}", "seq": seq, "case_id": case_of(entry), "kind": kind,
            "payload": json.dumps(payload), "effective_on": date.fromisoformat(str(on)),
        })  # fmt: skip

    def send(self, entry: Entry, step: str, on: date, deadline: date, fee: Any) -> None:
        """A letter that left for this invoice alone."""
        self.letters.append({
            "letter_key": f"{case_of(entry)}:{step}", "case_id": case_of(entry), "step": step, "channel": "post",
            "sent_on": on, "deadline": deadline, "fee": fee, "interest": 0, "principal": entry.amount,
            "total": entry.amount + fee, "bears_fee": True,
        })  # fmt: skip

    def by_case(self, table: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.rows(table):
            found.setdefault(row["case_id"], []).append(row)
        return found


def case_of(entry: Entry) -> str:
    """The case number under which ``KnownBook`` opened an invoice."""
    return f"K{entry.entry_id}"


def opened(entry: Entry) -> Row:
    """The journal's row of a case opened on the day after its due date."""
    assert entry.due is not None
    return {
        "case_id": case_of(entry), "voucher_id": entry.voucher_id, "invoice_no": entry.invoice_no,
        "customer_no": entry.customer, "orgnr": "999990126", "opened_on": entry.due + timedelta(days=1),
    }  # fmt: skip


def invoices_of(ledgers: Iterable[Ledger]) -> list[Entry]:
    """Every outgoing invoice that claims something, in the order of the ledgers and of the entries in them."""
    entries = (entry for one in ledgers for entry in one.entries.values())
    return [entry for entry in entries if entry.voucher_type == "OutgoingInvoice" and entry.amount > 0]
