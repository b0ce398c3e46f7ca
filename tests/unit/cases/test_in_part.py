"""A day derived in part, from what has changed, is the day derived whole."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kredin_pipeline.cases import conclusions, finding, remembered
from kredin_pipeline.cases.claims import create_tables, sql_text
from kredin_pipeline.cases.derive import DerivationInput
from kredin_pipeline.cases.settings import TenantSettings
from tests.unit.cases.histories import CustomerLedger, Town, case_of, invoices_of
from tests.unit.cases.whole import Book
from tests.unit.cases_settlement.mirror import create_mirror

TABLES = (*finding.FOUND, *conclusions.CONCLUDED)
CUSTOMERS = 30


@dataclass
class OwnBook(Book):
    """A book in a database of its own; ``whole`` says whether every day is derived anew."""

    whole: bool = False
    last_customers: int = 0

    def __post_init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute("set timezone = 'UTC'")
        create_mirror(self.con)
        create_tables(self.con)
        self.con.execute(sql_text("conclusions.sql"))

    def world(self, on: str, live: bool = True) -> DerivationInput:
        return replace(super().world(on, live), small_ledger=0, whole=self.whole)

    def tables(self) -> dict[str, list[str]]:
        return {table: sorted(map(str, self.con.execute(f"select * from {table}").fetchall())) for table in TABLES}


@dataclass
class Street:
    """A town in which something happens to a few customers at a time."""

    random: Random
    on: date = date(2024, 1, 8)
    town: Town = field(default_factory=Town)
    ledgers: list[CustomerLedger] = field(default_factory=list[CustomerLedger])
    decisions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def __post_init__(self) -> None:
        for number in range(CUSTOMERS):
            self.ledgers.append(CustomerLedger(number=number + 1))
            self.town.customers.append(self.ledgers[-1])
            for _ in range(self.random.randint(1, 3)):
                self.invoice(self.ledgers[-1])

    def live(self) -> None:
        """A few customers do something, and some days pass (perhaps none)."""
        self.on += timedelta(days=self.random.choice((0, 1, 1, 2, 5, 17, 40, 175)))
        for _ in range(self.random.randint(0, 3)):
            ledger = self.random.choice(self.ledgers)
            act = self.random.choice((
                self.invoice, self.pay, self.pay, self.pay, self.credit, self.write_off, self.journal, self.undo,
                self.reverse, self.refund, self.delete, self.debtor, self.decide, self.decide, self.own,
            ))  # fmt: skip
            act(ledger)
        self.town.read(self.on.isoformat())

    def invoice(self, ledger: CustomerLedger) -> None:
        no = ledger.number * 100 + len(ledger.entries)
        due = self.on + timedelta(days=self.random.randint(-30, 20))
        ledger.invoice(
            no, str(self.random.randint(100, 20_000)), due=due.isoformat(), customer=ledger.number,
            dated=min(self.on, due - timedelta(days=14)).isoformat(),
            kid=str(ledger.number * 10 if self.random.random() < 0.3 else no * 10),
        )  # fmt: skip

    def pay(self, ledger: CustomerLedger) -> None:
        invoices = self.random.sample(
            invoices_of([ledger]), k=min(self.random.randint(1, 2), len(invoices_of([ledger])))
        )
        owed = sum(ledger.balance(one) for one in invoices)
        amount = self.random.choice((owed, owed, owed / 2, owed + 60, owed + 500))
        if amount <= 0:
            return
        matched = [] if self.random.random() < 0.25 else [int(one.invoice_no or 0) for one in invoices]
        dated = self.on + timedelta(days=self.random.choice((-9, -1, 0, 0, 0, 3)))
        ledger.payment(
            f"P{len(ledger.entries)}", str(round(amount, 2)), dated=dated.isoformat(), for_=matched,
            customer=ledger.number, kid=self.random.choice((invoices[0].kid, None)), booked=self.on.isoformat(),
        )  # fmt: skip

    def credit(self, ledger: CustomerLedger) -> None:
        one = self.random.choice(invoices_of([ledger]))
        amount = self.random.choice((one.amount, one.amount / 3))
        for_ = [int(one.invoice_no or 0)] if self.random.random() < 0.8 else []
        ledger.credit_note(
            90_000 + ledger.number * 100 + len(ledger.entries), str(round(amount, 2)), dated=self.on.isoformat(),
            for_=for_, customer=ledger.number,
        )  # fmt: skip

    def write_off(self, ledger: CustomerLedger) -> None:
        one = self.random.choice(invoices_of([ledger]))
        if ledger.balance(one) > 0 and f"W{one.invoice_no}" not in ledger.entries:
            ledger.write_off(int(one.invoice_no or 0), dated=self.on.isoformat())

    def journal(self, ledger: CustomerLedger) -> None:
        one = self.random.choice(invoices_of([ledger]))
        account = self.random.choice(("7830", "1920", "8060"))
        amount = -round(one.amount / self.random.choice((1, 2)), 2)
        ledger.journal(
            f"J{len(ledger.entries)}", str(amount), dated=self.on.isoformat(), offset_account=account,
            for_=[int(one.invoice_no or 0)], customer=ledger.number,
        )  # fmt: skip

    def undo(self, ledger: CustomerLedger) -> None:
        if ledger.pairs:
            ledger.unmatch(*self.random.choice(ledger.pairs)[:2])

    def reverse(self, ledger: CustomerLedger) -> None:
        names = [name for name, one in ledger.entries.items() if one.voucher_type in ("BankJournal", "OutgoingInvoice")]
        name = self.random.choice(names)
        if f"-{name}" not in ledger.entries:
            ledger.reverse(name, dated=self.on.isoformat(), named=self.random.random() < 0.7)

    def refund(self, ledger: CustomerLedger) -> None:
        paid = [name for name, one in ledger.entries.items() if name.startswith("P") and not one.is_own]
        if paid:
            of = self.random.choice(paid)
            amount = -ledger.entries[of].amount
            ledger.pairs = [pair for pair in ledger.pairs if of not in pair[:2]]
            ledger.refund(
                f"R{len(ledger.entries)}", str(amount), dated=self.on.isoformat(), of=of, customer=ledger.number
            )

    def delete(self, ledger: CustomerLedger) -> None:
        ledger.delete(str(self.random.choice(invoices_of([ledger])).invoice_no), seen_on=self.on.isoformat())

    def debtor(self, ledger: CustomerLedger) -> None:
        change = self.random.choice((
            {"excluded": True}, {"no_fees": True}, {"register_stale": True}, {"orgnr": "999990134"}, {"email": None},
            {"register_hold": "bankruptcy", "register_hold_from": self.on + timedelta(days=10)}, {"no_interest": True},
        ))  # fmt: skip
        ledger.debtor(ledger.number, **change)

    def own(self, ledger: CustomerLedger) -> None:
        ledger.journal(
            f"O{len(ledger.entries)}", "70", dated=self.on.isoformat(), offset_account=None, customer=ledger.number
        )

    def decide(self, ledger: CustomerLedger) -> None:
        one = self.random.choice(invoices_of([ledger]))
        soon = (self.on + timedelta(days=12)).isoformat()
        kind, payload = self.random.choice((
            ("pause", {"until": soon}), ("resume", {}), ("dispute", {}), ("settle_dispute", {"outcome": "refused"}),
            ("waive_costs", {}), ("close", {"reason": "withdrawn"}), ("reopen", {}), ("classify", {"as": "paid"}),
            ("new_due_date", {"due": soon}), ("acknowledge", {"date": self.on.isoformat()}), ("release", {}),
            ("classify", {"as": "goodwill"}), ("interest_from", {"from": soon}),
        ))  # fmt: skip
        self.decisions.append({
            "decision_id": f"D{len(self.decisions)}", "seq": len(self.decisions) + 1, "kind": kind,
            "case_id": case_of(one), "payload": json.dumps(payload), "effective_on": self.on,
        })  # fmt: skip


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Generator[list[bool]]:
    """Which derivations were made in part, in their order."""
    ways: list[bool] = []
    real = remembered.find_touched

    def find_touched(*given: Any) -> bool:
        ways.append(real(*given))
        return ways[-1]

    monkeypatch.setattr(remembered, "find_touched", find_touched)
    yield ways


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(("principal_first", "costs_first")), st.booleans())
def test_a_day_derived_in_part_is_the_day_derived_whole(seed: int, allocation: str, compensation: bool) -> None:
    street = Street(Random(seed))
    choices = TenantSettings.of({"allocation": allocation, "compensation": compensation})
    books = [OwnBook(settings=choices, ledger=street.town, whole=whole) for whole in (False, True)]
    with pytest.MonkeyPatch.context() as patch, counted(patch) as ways:
        for _ in range(6):
            street.live()
            found: list[dict[str, list[str]]] = []
            for book in books:
                book.ledger, book.decisions = street.town, list(street.decisions)
                for one in invoices_of(street.town.customers):
                    if one.due is not None and one.due + timedelta(days=20) < street.on:
                        book.cases.setdefault(case_of(one), _opened(one, street.on))
                book.derive(street.on.isoformat(), connected_on="2024-01-02")
                before = book.tables()
                _send(book, street.on)
                book.derive(street.on.isoformat(), connected_on="2024-01-02")
                found.append({f"{when} {table}": rows for when, tables in (("first", before), ("again", book.tables()))
                              for table, rows in tables.items()})  # fmt: skip
            for table, rows in found[1].items():
                assert found[0][table] == rows, (seed, street.on, table)
    assert sum(ways) >= 2, ways


def _opened(entry: Any, on: date) -> dict[str, Any]:
    return {
        "case_id": case_of(entry), "voucher_id": entry.voucher_id, "invoice_no": entry.invoice_no,
        "customer_no": entry.customer, "orgnr": "999990126", "opened_on": min(on, entry.due + timedelta(days=20)),
    }  # fmt: skip


def _send(book: Book, on: date) -> None:
    """Today's letters and vouchers leave."""
    kept = (
        "letter_key",
        "case_id",
        "step",
        "channel",
        "deadline",
        "fee",
        "interest",
        "principal",
        "total",
        "bears_fee",
    )
    known = {row["letter_key"] for row in book.letters}
    for row in book.rows("planned_letters"):
        if row["letter_key"] not in known:
            book.letters.append({name: row[name] for name in kept} | {"sent_on": on})
    taken = ("voucher_key", "case_id", "settlement_key", "fee", "interest", "total")
    for row in book.rows("planned_vouchers"):
        if row["voucher_key"] not in {voucher["voucher_key"] for voucher in book.vouchers}:
            book.vouchers.append(
                {name: row[name] for name in taken}
                | {
                    "state": "confirmed",
                    "reference": f"ref-{row['voucher_key']}",
                    "posting_date": on,
                    "reversed": False,
                }
            )


def test_other_settings_figures_or_an_earlier_day_are_derived_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    street = Street(Random(3))
    street.live()
    book = OwnBook(ledger=street.town)
    with counted(monkeypatch) as ways:
        book.derive("2024-03-01", connected_on="2024-01-02")
        book.derive("2024-03-01")  # the cases that were opened are in the journal now
        book.derive("2024-03-02")
        book.settings = book.settings.changed({"grace_days": 9})
        book.derive("2024-03-03")
        book.derive("2024-03-02")
        book.derive("2024-03-02", live=False)
        book.derive("2024-03-02", live=False)
    assert ways == [False, False, True, False, False, False, True]
