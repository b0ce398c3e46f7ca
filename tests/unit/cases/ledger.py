"""A ledger for the tests of the conclusions: it writes claims and settlements as a bookkeeper would tell them.

Belongs here: building the rows that CASES-A's files 10 to 39 would find, running a day, and sending its letters. Not
here: matching as the real ledger does it; ``tests/unit/cases_settlement`` and the acceptance cases prove that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from kredin_pipeline.cases.claims import (
    Parameters,
    create_tables,
    load_journal,
    load_law,
    load_parameters,
    replace_rows,
    sql_text,
)
from kredin_pipeline.cases.derive import DerivationSummary, LawTables, conclude
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.law.calendar import next_business_day

Row = dict[str, Any]
OSLO = ZoneInfo("Europe/Oslo")
DEBTORS = """
create table if not exists debtors (customer_id varchar, customer_no varchar, name varchar, orgnr varchar,
    main_orgnr varchar, debtor_kind varchar, is_minor boolean, email varchar, address_line1 varchar,
    address_line2 varchar, zip_code varchar, city varchar, country_code varchar, excluded boolean, no_fees boolean,
    no_interest boolean, register_hold varchar, register_hold_from date, unknown_register boolean,
    register_stale boolean)
"""


def day(text: str | date) -> date:
    return text if isinstance(text, date) else date.fromisoformat(text)


def kroner(amount: object) -> Decimal:
    return Decimal(str(amount).replace(" ", "")).quantize(Decimal("0.01"))


@dataclass
class Invoice:
    no: str
    customer: str
    amount: Decimal
    due: date
    seen: datetime
    kid: str | None = None
    currency: str = "NOK"
    deleted: date | None = None


@dataclass
class Credit:
    id: str
    kind: str  # payment | credit_note | write_off | unexplained
    customer: str
    amount: Decimal
    dated: date
    seen: datetime
    invoices: tuple[str, ...] = ()
    goodwill: bool = False
    gone: datetime | None = None


@dataclass
class Ledger:
    """One tenant's ledger, journal and runs. Days are ISO texts, amounts kroner as text or numbers."""

    settings: TenantSettings = field(default_factory=TenantSettings)
    tenant: str = "fjellheim"
    connected_on: date | None = None
    law: LawTables = field(default_factory=LawTables.stored)
    invoices: dict[str, Invoice] = field(default_factory=dict[str, Invoice])
    credits: list[Credit] = field(default_factory=list[Credit])
    customers: dict[str, Row] = field(default_factory=dict[str, Row])
    decisions: list[Row] = field(default_factory=list[Row])
    letters: list[Row] = field(default_factory=list[Row])
    vouchers: list[Row] = field(default_factory=list[Row])
    cases: dict[str, Row] = field(default_factory=dict[str, Row])
    reopened: list[Row] = field(default_factory=list[Row])
    sent: dict[date, list[Row]] = field(default_factory=dict[date, list[Row]])

    def __post_init__(self) -> None:
        self.con = _book()
        self.con.execute("delete from cases; delete from imported_ranges")

    @classmethod
    def of(cls, **settings: object) -> Ledger:
        return cls(settings=TenantSettings.of(settings))

    # what the bookkeeper does ---------------------------------------------------------------------------------------

    def invoice(
        self, no: int | str, amount: object, due: str, customer: str = "10001", on: str | None = None, **more: Any
    ) -> None:
        seen = _moment(on or day(due) - timedelta(days=14))
        self.invoices[str(no)] = Invoice(str(no), customer, kroner(amount), day(due), seen, **more)

    def payment(
        self,
        id: str,
        amount: object,
        on: str,
        invoices: Iterable[int | str] = (),
        customer: str | None = None,
        dated: str | None = None,
    ) -> None:
        self._credit(id, "payment", amount, on, invoices, customer, dated)

    def credit_note(
        self,
        id: str,
        amount: object,
        on: str,
        invoices: Iterable[int | str] = (),
        customer: str | None = None,
        goodwill: bool = False,
    ) -> None:
        self._credit(id, "credit_note", amount, on, invoices, customer, None, goodwill)

    def journal(self, id: str, amount: object, on: str, invoices: Iterable[int | str] = ()) -> None:
        self._credit(id, "unexplained", amount, on, invoices, None, None)

    def write_off(self, no: int | str, on: str) -> None:
        self._credit(f"W{no}", "write_off", 0, on, (no,), None, None)

    def reverse(self, id: str, on: str) -> None:
        """The credit is gone from then on; what it settled is open again (seen by the next run)."""
        next(credit for credit in self.credits if credit.id == id).gone = _moment(on)

    def customer(self, no: str, **changes: Any) -> None:
        self.customers.setdefault(no, {}).update(changes)

    def delete(self, no: int | str, on: str) -> None:
        self.invoices[str(no)].deleted = day(on)

    def decide(self, no: int | str, kind: str, on: str, **payload: Any) -> None:
        moment = _moment(on)
        if "with_" in payload:
            payload["with"] = [str(name) for name in payload.pop("with_")]
        self.decisions.append(
            {
                "decision_id": f"D{len(self.decisions) + 1}",
                "seq": len(self.decisions) + 1,
                "case_id": case_id(no),
                "kind": kind,
                "payload": json.dumps(payload, default=str),
                "effective_on": moment.date(),
                "decided_at": moment,
                "decided_by": "Kari",
            }
        )

    # what the pipeline does -----------------------------------------------------------------------------------------

    def run(self, on: str | datetime, send: bool = True, live: bool = True) -> DerivationSummary:
        """A daily run: derives, sends what is planned (in live mode), and derives again."""
        moment = _moment(f"{on}T06:00" if isinstance(on, str) and len(on) == 10 else on)
        self.connected_on = self.connected_on or moment.date()
        summary = self.derive(moment, live)
        planned = self.rows("select * from planned_letters order by letter_key, bears_fee desc")
        self.sent.setdefault(moment.date(), [])
        if send and live and self.settings.live:
            for row in planned:
                self.letters.append(
                    {
                        name: row[name]
                        for name in (
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
                    }
                    | {"sent_on": moment.date()}
                )
            self.sent[moment.date()] += planned
            for row in self.rows("select * from planned_vouchers"):
                if row["voucher_key"] not in [voucher["voucher_key"] for voucher in self.vouchers]:
                    self.vouchers.append(
                        {
                            name: row[name]
                            for name in ("voucher_key", "case_id", "settlement_key", "fee", "interest", "total")
                        }
                        | {"state": "confirmed", "posting_date": row["payment_date"], "reversed": False}
                    )
            if planned or summary.planned_vouchers:
                again = self.derive(moment, live)
                return again if not summary.problems else summary
        return summary

    def derive(self, moment: datetime, live: bool = True) -> DerivationSummary:
        on = moment.date()
        parameters = Parameters.of(self.tenant, on, self.connected_on or on, live, self.settings)
        self.con.execute("begin")
        load_law(self.con, on, self.law.rates)
        load_journal(
            self.con,
            cases=[row for row in self.cases.values() if row["opened_on"] <= on],
            decisions=[row for row in self.decisions if row["decided_at"] <= moment],
            letters=self.letters,
            vouchers=self.vouchers,
        )
        load_parameters(self.con, parameters)
        self._write(moment, parameters)
        summary = conclude(self.con, parameters, self.law)
        self.con.execute("commit")
        for case in summary.new_cases if live else ():
            self.cases[case.case_id] = {
                "case_id": case.case_id,
                "voucher_id": case.voucher_id,
                "invoice_no": case.invoice_no,
                "orgnr": case.orgnr,
                "opened_on": on,
            }
        return summary

    # what can be read -----------------------------------------------------------------------------------------------

    def case(self, no: int | str) -> Row:
        found = self.rows("select * from case_states where invoice_no = ?", [str(no)])
        assert len(found) == 1, f"invoice {no}: {len(found)} rows in case_states"
        return found[0]

    def has_case(self, no: int | str) -> bool:
        return bool(self.rows("select 1 as one from case_states where invoice_no = ?", [str(no)]))

    def sent_on(self, on: str) -> list[Row]:
        """The letters of a day, one row each: the fee bearer's case and the sums over the claims."""
        letters: dict[str, Row] = {}
        for row in self.sent.get(day(on), []):
            letter = letters.setdefault(
                row["letter_key"],
                {
                    "step": row["step"],
                    "channel": row["channel"],
                    "deadline": row["deadline"],
                    "cases": [],
                    "case": None,
                    "fee": Decimal(0),
                    "interest": Decimal(0),
                    "principal": Decimal(0),
                    "total": Decimal(0),
                },
            )
            no = next(no for no in self.invoices if case_id(no) == row["case_id"])
            letter["cases"].append(no)
            letter["case"] = no if row["bears_fee"] else letter["case"]
            for name in ("fee", "interest", "principal", "total"):
                letter[name] += row[name]
        return list(letters.values())

    def rows(self, query: str, values: list[object] | None = None) -> list[Row]:
        cursor = self.con.execute(query, values or [])
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    # the rows that CASES-A would find -------------------------------------------------------------------------------

    def _credit(
        self,
        id: str,
        kind: str,
        amount: object,
        on: str,
        invoices: Iterable[int | str],
        customer: str | None,
        dated: str | None,
        goodwill: bool = False,
    ) -> None:
        named = tuple(str(no) for no in invoices)
        who = customer or (self.invoices[named[0]].customer if named else "10001")
        seen = _moment(on)
        self.credits.append(
            Credit(id, kind, who, kroner(amount), day(dated) if dated else seen.date(), seen, named, goodwill)
        )

    def _write(self, moment: datetime, parameters: Parameters) -> None:
        on = moment.date()
        agreed: dict[str, date] = {}
        for row in self.decisions:
            if row["kind"] == "new_due_date" and row["decided_at"] <= moment:
                agreed[row["case_id"]] = day(json.loads(row["payload"])["due"])
        claims: list[Row] = []
        for invoice in self.invoices.values():
            number = case_id(invoice.no)
            if invoice.seen > moment:
                continue
            due = agreed.get(number, invoice.due)
            if parameters.import_from and invoice.due < parameters.import_from and number not in self.cases:
                continue
            counted = next_business_day(due) if parameters.due_date_shift else due
            first = next_business_day(invoice.due) if parameters.due_date_shift else invoice.due
            claims.append(
                {
                    "case_id": number,
                    "voucher_id": f"V{invoice.no}",
                    "entry_id": f"E{invoice.no}",
                    "invoice_no": invoice.no,
                    "kid": invoice.kid,
                    "customer_id": invoice.customer,
                    "customer_no": invoice.customer,
                    "customer_name": f"Kunde {invoice.customer}",
                    "orgnr": "999990126",
                    "debtor_kind": self._kind(invoice.customer),
                    "invoice_date": invoice.seen.date(),
                    "due_date": due,
                    "original_due_date": invoice.due,
                    "counted_due_date": counted,
                    "currency": invoice.currency,
                    "principal": invoice.amount,
                    "ledger_balance": invoice.amount,
                    "deleted_in_ledger_on": invoice.deleted if invoice.deleted and invoice.deleted <= on else None,
                    "overdue_on": first + timedelta(days=parameters.days_past_due),
                    "in_journal": number in self.cases,
                    "debtor_changed": False,
                    "ledger_conflict": False,
                }
            )
        left = {row["invoice_no"]: row["principal"] for row in claims}
        lost: dict[str, Decimal] = {}
        settlements, surpluses, shares, credits = list[Row](), list[Row](), list[Row](), list[Row]()
        for credit in sorted(self.credits, key=lambda credit: credit.seen):
            if credit.seen > moment or (credit.gone and credit.gone <= moment):
                continue
            ahead = credit.dated > on
            named = [no for no in sorted(credit.invoices, key=lambda no: (self.invoices[no].due, no)) if no in left]
            money = credit.amount
            base = {"entry_id": credit.id, "settlement_key": credit.id, "effective_on": credit.dated}
            for no in () if ahead else named:
                taken = left[no] if credit.kind == "write_off" else min(money, left[no])
                kind, recovered = credit.kind, False
                if credit.kind == "write_off":
                    lost[no] = taken
                    if taken < parameters.rounding_write_off and taken < self.invoices[no].amount:
                        kind = "rounding"
                elif not taken and lost.get(no):
                    taken, recovered = min(money, lost[no]), True
                    lost[no] -= taken
                if not recovered:
                    left[no] -= taken
                money -= taken
                if taken:
                    settlements.append(
                        base
                        | {
                            "case_id": case_id(no),
                            "kind": kind,
                            "amount": taken,
                            "after_write_off": recovered,
                            "interest_from_due": credit.kind == "credit_note" and not credit.goodwill,
                        }
                    )
            if credit.kind == "write_off" or money <= 0:
                continue
            if named and not ahead and credit.kind == "payment":
                surpluses.append(base | {"case_id": case_id(named[0]), "kind": "payment", "amount": money})
                shares += [
                    {"entry_id": credit.id, "case_id": case_id(no), "share_rank": rank + 1}
                    for rank, no in enumerate(named)
                ]
            booked = sum((row["total"] for row in self.vouchers if row["settlement_key"] == credit.id), Decimal(0))
            if money > booked:
                credits.append(
                    {
                        "customer_id": credit.customer,
                        "entry_id": credit.id,
                        "amount": money - booked,
                        "kind": "payment" if credit.kind == "payment" else "other",
                        "effective_on": credit.dated,
                        "dated_ahead": ahead,
                        "surplus_case_id": case_id(named[0]) if named and not ahead else None,
                        "dated_ahead_case_id": case_id(named[0]) if named and ahead else None,
                    }
                )
        for row in claims:
            row["ledger_balance"] = left[row["invoice_no"]]
        customers = {invoice.customer for invoice in self.invoices.values()}
        replace_all(self.con, "claims", claims)
        replace_all(self.con, "settlements", settlements)
        replace_all(self.con, "surpluses", surpluses)
        replace_all(self.con, "surplus_claims", shares)
        replace_all(self.con, "customer_credits", credits)
        replace_all(self.con, "reopenings", self._reopenings(moment))
        replace_all(self.con, "debtors", [self._debtor(no) for no in customers])

    def _reopenings(self, moment: datetime) -> list[Row]:
        for credit in self.credits:
            known = any(row["entry_id"] == credit.id for row in self.reopened)
            if credit.gone and credit.gone <= moment and not known:
                self.reopened += [
                    {
                        "case_id": case_id(no),
                        "on_date": moment.date(),
                        "reason": "reversed",
                        "amount": credit.amount,
                        "was_settled": True,
                        "entry_id": credit.id,
                        "settlement_key": credit.id,
                    }
                    for no in credit.invoices
                ]
        return self.reopened

    def _kind(self, customer: str) -> str:
        return "person" if self.customers.get(customer, {}).get("person") else "business"

    def _debtor(self, no: str) -> Row:
        said = self.customers.get(no, {})
        return {
            "customer_id": no,
            "customer_no": no,
            "debtor_kind": self._kind(no),
            "email": said.get("email", "post@example.no"),
            "is_minor": said.get("minor", False),
            "excluded": not said.get("send_reminders", True),
            "no_fees": said.get("no_fees", False),
            "no_interest": said.get("no_interest", False),
            "register_hold": said.get("register_hold"),
            "register_hold_from": said.get("register_hold_from"),
            "unknown_register": said.get("unknown_register", False),
            "register_stale": said.get("register_stale", False),
        }


@lru_cache(maxsize=1)
def _book() -> duckdb.DuckDBPyConnection:
    """Making the tables takes longer than a derivation, so all tests write into one book in turn."""
    con = duckdb.connect()
    create_tables(con)
    con.execute(DEBTORS)
    con.execute(sql_text("conclusions.sql"))
    return con


def case_id(no: int | str) -> str:
    return f"K{int(no):010X}"


def replace_all(con: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    columns = list(rows[0]) if rows else []
    replace_rows(con, table, columns, [[row[column] for column in columns] for row in rows])


def _moment(on: str | date | datetime) -> datetime:
    """A time in Oslo; a day without one is five in the morning, before the run."""
    if isinstance(on, datetime):
        return on if on.tzinfo else on.replace(tzinfo=OSLO)
    if isinstance(on, date):
        return datetime.combine(on, time(5), OSLO)
    return datetime.fromisoformat(on if len(on) > 10 else on + "T05:00").replace(tzinfo=OSLO)
