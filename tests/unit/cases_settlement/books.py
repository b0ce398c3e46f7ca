"""A small customer ledger that a bookkeeper can read, and its derivation in an in-memory DuckDB.

Here belong builders only: invoices, payments, matches in PowerOffice's terms (reference §§ 5, 6, 8), written into the
mirror's tables. The ledger remembers which entry met which, as a real one does, and shows the mirror only what the
API shows: balances and match ids. No expectation belongs here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

import duckdb

from kredin_pipeline.cases.claims import (
    Parameters,
    create_tables,
    load_journal,
    load_law,
    load_parameters,
    replace_rows,
)
from kredin_pipeline.cases.finding import derive_claims
from kredin_pipeline.cases.settings import TenantSettings
from tests.unit.cases_settlement.mirror import create_mirror

Row = dict[str, Any]


def kroner(amount: str | int | Decimal) -> Decimal:
    return Decimal(str(amount).replace(" ", "")).quantize(Decimal("0.01"))


def day(text: str | date) -> date:
    return text if isinstance(text, date) else date.fromisoformat(text)


@dataclass
class Entry:
    entry_id: str
    name: str
    amount: Decimal
    posted: date
    voucher_type: str
    customer: str
    due: date | None = None
    invoice_no: str | None = None
    kid: str | None = None
    is_write_off: bool = False
    is_own: bool = False
    reference: str | None = None
    currency: str = "NOK"
    currency_amount: Decimal | None = None
    booked: date | None = None
    gone_on: date | None = None
    offset_account: str | None = None
    reverses: str | None = None
    related_invoice_no: str | None = None

    @property
    def voucher_id(self) -> str:
        return f"v-{self.entry_id}"


@dataclass
class Ledger:
    """One company's customer ledger. Amounts are texts in kroner as printed, days ISO texts."""

    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    pairs: list[tuple[str, str, Decimal]] = field(default_factory=list[tuple[str, str, Decimal]])
    changes: list[Row] = field(default_factory=list[Row])
    debtors: dict[str, Row] = field(default_factory=dict[str, Row])
    listed: dict[str, Row] = field(default_factory=dict[str, Row])

    def invoice(
        self,
        no: int,
        amount: str,
        *,
        due: str | None,
        dated: str | None = None,
        customer: int = 10001,
        kid: str | None = None,
        **more: Any,
    ) -> Entry:
        posted = day(dated) if dated else day(due or "2025-01-01")
        return self._add(
            str(no), kroner(amount), posted, "OutgoingInvoice", customer,
            due=day(due) if due else None, invoice_no=str(no), kid=kid, **more,
        )  # fmt: skip

    def payment(
        self,
        id: str,
        amount: str,
        *,
        dated: str,
        for_: Sequence[int] = (),
        customer: int = 10001,
        kid: str | None = None,
        kind: str = "BankJournal",
        **more: Any,
    ) -> Entry:
        if "booked" in more:
            more["booked"] = day(more["booked"])
        entry = self._add(id, -kroner(amount), day(dated), kind, customer, kid=kid, **more)
        self._settle(entry, for_)
        return entry

    def credit_note(
        self, no: int, amount: str, *, dated: str, for_: Sequence[int] = (), customer: int = 10001, **more: Any
    ) -> Entry:
        more = {"invoice_no": str(no), "due": day(dated), **more}
        entry = self._add(str(no), -kroner(amount), day(dated), "OutgoingCreditNote", customer, **more)
        self._settle(entry, for_)
        return entry

    def journal(
        self,
        id: str,
        amount: str,
        *,
        dated: str,
        offset_account: str | None,
        for_: Sequence[int] = (),
        customer: int = 10001,
        **more: Any,
    ) -> Entry:
        """``amount`` is signed as on the customer: negative credits."""
        more = {"offset_account": offset_account, **more}
        entry = self._add(id, kroner(amount), day(dated), "ManualJournal", customer, **more)
        self._settle(entry, for_)
        return entry

    def write_off(self, of: int, *, dated: str, id: str | None = None) -> Entry:
        """Avskriv: the whole balance, matched at once."""
        claim = self.entries[str(of)]
        entry = self._add(
            id or f"W{of}", -self.balance(claim), day(dated), "ManualJournal", int(claim.customer), is_write_off=True
        )
        self._settle(entry, (of,))
        return entry

    def refund(self, id: str, amount: str, *, dated: str, of: str | None = None, customer: int = 10001) -> Entry:
        entry = self._add(id, kroner(amount), day(dated), "BankJournal", customer)
        if of is not None:
            self.match(of, id)
        return entry

    def own_voucher(self, id: str, amount: str, *, dated: str, customer: int = 10001, **more: Any) -> Entry:
        """A fee and interest voucher that we posted, known by its reference."""
        more = {"is_own": True, "reference": f"ref-{id}", **more}
        return self._add(id, kroner(amount), day(dated), "ManualJournal", customer, **more)

    def reverse(self, of: str | int, *, dated: str, named: bool = True, matched: bool = True) -> Entry:
        """A reversal voucher. ``named``: the transactions say of what; ``matched``: the two meet in the ledger."""
        original = self.entries[str(of)]
        self.pairs = [pair for pair in self.pairs if original.name not in pair[:2]]
        entry = self._add(
            f"-{of}", -original.amount, day(dated), "ReversalVoucher", int(original.customer),
            reverses=original.voucher_id if named else None,
        )  # fmt: skip
        if matched:
            self._pair(original, entry, abs(original.amount))
        return entry

    def match(self, *names: str | int) -> None:
        """What the bookkeeper marks is matched, as one group: credits against debits, oldest due first."""
        chosen = [self.entries[str(name)] for name in names]
        for credit in sorted((e for e in chosen if e.amount < 0), key=lambda e: (e.posted, e.entry_id)):
            for debit in sorted((e for e in chosen if e.amount > 0), key=lambda e: (e.due or e.posted, e.entry_id)):
                self._pair(debit, credit, min(self.balance(debit), -self.balance(credit)))
        self.join(*names)

    def join(self, *names: str | int) -> None:
        """One match id for all of these, with nothing more settled: what merging two groups leaves behind."""
        self.pairs += [(str(names[0]), str(name), Decimal(0)) for name in names[1:]]

    def unmatch(self, *names: str | int) -> None:
        chosen = {str(name) for name in names}
        self.pairs = [pair for pair in self.pairs if not chosen.issuperset(pair[:2])]

    def delete(self, name: str | int, *, seen_on: str) -> None:
        self.pairs = [pair for pair in self.pairs if str(name) not in pair[:2]]
        self.entries[str(name)].gone_on = day(seen_on)

    def debtor(self, customer: int, **columns: Any) -> None:
        self.debtors[str(customer)] = {**self.debtors.get(str(customer), {}), **columns}

    def balance(self, entry: Entry) -> Decimal:
        met = sum((amount for *pair, amount in self.pairs if entry.name in pair), Decimal(0))
        return entry.amount - met if entry.amount > 0 else entry.amount + met

    def match_ids(self) -> dict[str, str]:
        """Entries that are matched with one another, directly or through others, share an id."""
        group: dict[str, str] = {}
        for debit, credit, _ in self.pairs:
            a, b = group.setdefault(debit, debit), group.setdefault(credit, credit)
            for name in [name for name, held in group.items() if held == b]:
                group[name] = a
        return {name: f"m-{held}" for name, held in group.items()}

    def read(self, on: str) -> None:
        """The mirror reads the ledger on this day: what has changed since goes into the log of changes."""
        ids = self.match_ids()
        newest = {row["entry_id"]: (row["balance"], row["match_id"]) for row in self.changes}
        for entry in self.entries.values():
            now = (self.balance(entry), ids.get(entry.name))
            if newest.get(entry.entry_id) != now:
                self.changes.append({
                    "entry_id": entry.entry_id, "seen_on": day(on), "seen_at": _at(day(on)), "amount": entry.amount,
                    "balance": now[0], "match_id": now[1], "gone": entry.gone_on is not None,
                })  # fmt: skip

    def up_to(self, last: str | date) -> Ledger:
        """The ledger as it stood on that day, if its matches were made when the later of the two was posted."""
        kept = {name: replace(entry) for name, entry in self.entries.items() if entry.posted <= day(last)}
        pairs = [pair for pair in self.pairs if pair[0] in kept and pair[1] in kept]
        return Ledger(kept, pairs, list(self.changes), self.debtors, self.listed)

    def rows(self) -> list[Row]:
        ids = self.match_ids()
        return [
            {
                "entry_id": e.entry_id, "customer_id": f"c-{e.customer}", "customer_no": e.customer,
                "customer_name": f"Kunde {e.customer}", "voucher_id": e.voucher_id, "voucher_no": e.entry_id,
                "voucher_type": e.voucher_type, "voucher_date": e.posted, "posting_date": e.posted, "due_date": e.due,
                "invoice_no": e.invoice_no, "kid": e.kid, "amount": e.amount, "balance": self.balance(e),
                "currency_code": e.currency,
                "currency_amount": e.amount if e.currency_amount is None else e.currency_amount,
                "match_id": ids.get(e.name), "is_write_off": e.is_write_off, "external_import_reference": e.reference,
                "is_created_by_current_integration": e.is_own, "created_at": _at(e.booked or e.posted),
                "last_changed": _at(e.booked or e.posted), "first_seen_on": e.booked or e.posted, "gone_on": e.gone_on,
            }
            for e in self.entries.values()
        ]  # fmt: skip

    def transactions(self) -> list[Row]:
        """Only vouchers that need them are read: journals with an offset account, and reversals that name a voucher."""
        found: list[Row] = []
        for e in self.entries.values():
            row: Row = {"voucher_id": e.voucher_id, "voucher_type": e.voucher_type, "posting_date": e.posted}
            if e.reverses is not None or e.offset_account is not None:
                found.append({
                    **row, "transaction_id": f"t-{e.entry_id}", "account_no": "1500", "amount": e.amount,
                    "customer_account_no": e.customer, "sub_ledger_entry_id": e.entry_id,
                    "reversed_voucher_id": e.reverses,
                })  # fmt: skip
            if e.offset_account is not None:
                found.append(
                    {**row, "transaction_id": f"o-{e.entry_id}", "account_no": e.offset_account, "amount": -e.amount}
                )
        return found

    def notes(self) -> list[Row]:
        """The list of invoices and credit notes, as far as a test wants to say something there."""
        related = [
            {"voucher_id": e.voucher_id, "related_invoice_no": e.related_invoice_no}
            for e in self.entries.values()
            if e.related_invoice_no is not None
        ]
        return related + [{"voucher_id": self.entries[name].voucher_id, **row} for name, row in self.listed.items()]

    def _add(self, name: str, amount: Decimal, posted: date, voucher_type: str, customer: int, **more: Any) -> Entry:
        entry = Entry(str(len(self.entries) + 1), name, amount, posted, voucher_type, str(customer), **more)
        self.entries[name] = entry
        return entry

    def _settle(self, credit: Entry, for_: Iterable[int]) -> None:
        debits = [self.entries[str(no)] for no in for_]
        for debit in sorted(debits, key=lambda e: (e.due or e.posted, e.entry_id)):
            self._pair(debit, credit, min(self.balance(debit), -self.balance(credit)))

    def _pair(self, one: Entry, other: Entry, amount: Decimal) -> None:
        if amount > 0:
            debit, credit = (one, other) if one.amount > 0 else (other, one)
            self.pairs.append((debit.name, credit.name, amount))


def _at(on: date) -> datetime:
    return datetime.combine(on, time(5, 0), UTC)


TABLES = ("claims", "settlements", "surpluses", "surplus_claims", "customer_credits", "unclaimable", "reopenings")


@dataclass
class Derived:
    """What a derivation found, by the names that the ledger uses. The tables are read at once: the book is shared."""

    con: duckdb.DuckDBPyConnection
    ledger: Ledger
    tables: dict[str, list[Row]] = field(init=False)
    names: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.tables = {table: self._read(table) for table in TABLES}
        self.names = {entry.entry_id: entry.name for entry in self.ledger.entries.values()}

    def rows(self, table: str) -> list[Row]:
        """All rows of a table, in an order that does not depend on how they were written."""
        return self.tables[table]

    def _read(self, table: str) -> list[Row]:
        cursor = self.con.execute(f"select * from {table} order by all")
        names = [str(column[0]) for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def claim(self, no: int) -> Row:
        found = [row for row in self.rows("claims") if row["invoice_no"] == str(no)]
        assert len(found) == 1, f"{len(found)} claims for invoice {no}"
        return found[0]

    def is_case(self, no: int) -> bool:
        return str(no) in {row["invoice_no"] for row in self.rows("claims")}

    def settled(self, no: int) -> list[tuple[str, str, str, str]]:
        """(entry, kind, amount, day) of each settlement of an invoice, in order."""
        case_id = self.claim(no)["case_id"]
        return [
            (self.names[row["entry_id"]], row["kind"], f"{row['amount']}", row["effective_on"].isoformat())
            for row in sorted(self.rows("settlements"), key=lambda row: (row["effective_on"], int(row["entry_id"])))
            if row["case_id"] == case_id
        ]

    def settlement(self, no: int, name: str | int) -> Row:
        entry_id, case_id = self.ledger.entries[str(name)].entry_id, self.claim(no)["case_id"]
        found = [r for r in self.rows("settlements") if r["case_id"] == case_id and r["entry_id"] == entry_id]
        assert len(found) == 1, f"{len(found)} settlements of {no} by {name}"
        return found[0]

    def open(self, no: int) -> Decimal:
        claim = self.claim(no)
        return claim["principal"] - sum(
            (
                row["amount"]
                for row in self.rows("settlements")
                if row["case_id"] == claim["case_id"] and row["kind"] != "write_off"
            ),
            Decimal(0),
        )

    def surplus(self, no: int) -> list[tuple[str, str]]:
        case_id = self.claim(no)["case_id"]
        rows = self.rows("surpluses")
        return [(self.names[row["entry_id"]], f"{row['amount']}") for row in rows if row["case_id"] == case_id]

    def credits(self) -> list[tuple[str, str, str]]:
        """(entry, kind, amount) of what counts to a customer's credit."""
        return [
            (self.names[row["entry_id"]], row["kind"], f"{row['amount']}")
            for row in self.rows("customer_credits")
            if not row["dated_ahead"]
        ]

    def reopened(self, no: int) -> list[tuple[str, str]]:
        case_id = self.claim(no)["case_id"]
        return [
            (row["on_date"].isoformat(), row["reason"]) for row in self.rows("reopenings") if row["case_id"] == case_id
        ]

    def unclaimable(self) -> dict[str, str]:
        return {self.names[row["entry_id"]]: row["reason"] for row in self.rows("unclaimable")}


def derive(
    ledger: Ledger,
    on: str | date,
    *,
    settings: Mapping[str, object] | None = None,
    connected_on: str | None = None,
    live: bool = True,
    tenant: str = "fjellheim",
    cases: Sequence[Mapping[str, object]] = (),
    decisions: Sequence[Mapping[str, object]] = (),
    vouchers: Sequence[Mapping[str, object]] = (),
    shuffled: Sequence[int] | None = None,
) -> Derived:
    """Write the ledger into a fresh book and derive it as of ``on``. ``shuffled`` gives the order of the rows."""
    con = _empty_book()
    rows = ledger.rows()
    if shuffled is not None:
        rows = [rows[at] for at in shuffled]
    filled = (rows, ledger.transactions(), ledger.notes(), ledger.changes, _debtors(ledger))
    for table, held in zip(_MIRROR, filled, strict=True):
        _fill(con, table, held)
    load_law(con, date(2026, 1, 1))
    load_journal(con, cases=cases, decisions=decisions, vouchers=vouchers)
    chosen = TenantSettings.of(settings)
    load_parameters(con, Parameters.of(tenant, day(on), day(connected_on or on), live, chosen))
    derive_claims(con)
    return Derived(con, ledger)


@lru_cache(maxsize=1)
def _shared_book() -> duckdb.DuckDBPyConnection:
    """Making the tables and the calendar takes longer than a derivation, so all tests write into one book in turn."""
    con = duckdb.connect(config={"threads": 1})
    create_mirror(con)
    create_tables(con)
    return con


def _empty_book() -> duckdb.DuckDBPyConnection:
    con = _shared_book()
    for table in (*_MIRROR, "journal_cases", "journal_decisions", "journal_letters", "journal_vouchers"):
        con.execute(f"delete from {table}")
    return con


_MIRROR = (
    "poweroffice_ledger_entries",
    "poweroffice_account_transactions",
    "poweroffice_outgoing_invoices",
    "poweroffice_ledger_entry_changes",
    "debtors",
)


def decision(kind: str, case: Mapping[str, object], on: str, seq: int = 1, payload: str = "{}") -> Row:
    return {
        "decision_id": f"d{seq}", "seq": seq, "case_id": case["case_id"], "kind": kind, "payload": payload,
        "effective_on": day(on),
    }  # fmt: skip


def opened(case: Mapping[str, object], on: str, **columns: object) -> Row:
    """The journal's row of a case that was opened on a day."""
    known = {name: case[name] for name in ("case_id", "voucher_id", "invoice_no", "customer_no", "orgnr")}
    return {**known, "opened_on": day(on), **columns}


def _debtors(ledger: Ledger) -> list[Row]:
    found: list[Row] = []
    for customer in sorted({entry.customer for entry in ledger.entries.values()}):
        standard = {"customer_no": customer, "name": f"Kunde {customer}", "orgnr": None, "debtor_kind": "business"}
        found.append({"customer_id": f"c-{customer}", **standard, **ledger.debtors.get(customer, {})})
    return found


def _fill(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if rows:
        replace_rows(con, table, columns, [[row.get(name) for name in columns] for row in rows])
