"""A whole derivation for the tests: the mirror's rows of ``cases_settlement.books`` through every SQL file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, cast

import duckdb

from kredin_pipeline.cases.claims import create_tables, replace_rows, sql_text
from kredin_pipeline.cases.derive import DerivationInput, DerivationSummary, derive
from kredin_pipeline.cases.settings import TenantSettings
from tests.unit.cases_settlement.books import Ledger
from tests.unit.cases_settlement.mirror import create_mirror

Row = dict[str, Any]
MIRROR = (
    "poweroffice_ledger_entries",
    "poweroffice_account_transactions",
    "poweroffice_outgoing_invoices",
    "poweroffice_ledger_entry_changes",
    "debtors",
)


@dataclass
class Book:
    """One tenant's book, its ledger and a journal that remembers cases, letters and vouchers."""

    settings: TenantSettings = field(default_factory=TenantSettings)
    ledger: Ledger = field(default_factory=Ledger)
    cases: dict[str, Row] = field(default_factory=dict[str, Row])
    decisions: list[Row] = field(default_factory=list[Row])
    letters: list[Row] = field(default_factory=list[Row])
    vouchers: list[Row] = field(default_factory=list[Row])
    connected_on: date | None = None
    allocation_orders: tuple[tuple[date, str], ...] = ()

    def __post_init__(self) -> None:
        self.con = _book()
        self.con.execute("delete from cases; delete from imported_ranges; delete from poweroffice_ledger_entry_changes")

    def derive(self, on: str, connected_on: str | None = None, live: bool = True) -> DerivationSummary:
        day = date.fromisoformat(on)
        self.connected_on = date.fromisoformat(connected_on) if connected_on else self.connected_on or day
        rows = (
            self.ledger.rows(),
            self.ledger.transactions(),
            self.ledger.notes(),
            self.ledger.changes,
            self._debtors(),
        )
        for table, held in zip(MIRROR, rows, strict=True):
            columns = list(dict.fromkeys(name for row in held for name in row))
            replace_rows(self.con, table, columns, [[row.get(name) for name in columns] for row in held])
        summary = derive(self.con, self.world(on, live))
        for case in summary.new_cases if live else ():
            self.cases[case.case_id] = {
                "case_id": case.case_id,
                "voucher_id": case.voucher_id,
                "invoice_no": case.invoice_no,
                "customer_no": case.customer_no,
                "orgnr": case.orgnr,
                "opened_on": case.opened_on,
            }
        return summary

    def world(self, on: str, live: bool = True) -> DerivationInput:
        """The day with the journal as it stands."""
        day = date.fromisoformat(on)
        journal = SimpleNamespace(
            cases=[*map(_Named, self.cases.values())],
            decisions=[*map(_Named, self.decisions)],
            letters=[*map(_Named, self.letters)],
            vouchers=[*map(_Named, self.vouchers)],
            allocation_orders=self.allocation_orders,
        )
        first = self.connected_on or day
        return DerivationInput("fjellheim", day, self.settings, first, live=live, journal=cast(Any, journal))

    def run(self, on: str) -> list[Row]:
        """A day of the pipeline: the mirror is read, letters and vouchers leave, and the day is derived again."""
        self.ledger.read(on)
        self.derive(on)
        letters, vouchers = self.rows("planned_letters"), self.rows("planned_vouchers")
        for row in letters:
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
            self.letters.append({name: row[name] for name in kept} | {"sent_on": date.fromisoformat(on)})
        for row in vouchers:
            kept = ("voucher_key", "case_id", "settlement_key", "fee", "interest", "total")
            self.vouchers.append(
                {name: row[name] for name in kept}
                | {
                    "state": "confirmed",
                    "reference": f"ref-{row['voucher_key']}",
                    "posting_date": row["payment_date"],
                    "reversed": False,
                }
            )
        if letters or vouchers:
            self.derive(on)
        return letters

    def case(self, no: int) -> Row:
        (found,) = [row for row in self.rows("case_states") if row["invoice_no"] == str(no)]
        return found

    def rows(self, table: str) -> list[Row]:
        cursor = self.con.execute(f"select * from {table}")
        names = [str(column[0]) for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _debtors(self) -> list[Row]:
        numbers = {entry.customer for entry in self.ledger.entries.values()}
        return [
            {
                "customer_id": f"c-{no}",
                "customer_no": no,
                "debtor_kind": "business",
                "orgnr": "999990126",
                "email": "post@example.no",
            }
            | self.ledger.debtors.get(no, {})
            for no in numbers
        ]


class _Named:
    """A journal row as the derivation takes it."""

    def __init__(self, row: Row) -> None:
        self._row = row

    def _asdict(self) -> Row:
        return self._row


@lru_cache(maxsize=1)
def _book() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    create_mirror(con)
    create_tables(con)
    con.execute(sql_text("conclusions.sql"))
    return con
