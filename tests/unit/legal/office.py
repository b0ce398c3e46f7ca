"""A tenant whose days are really derived, with a real journal, for the tests of drafting. No expectations here."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import CaseRow, Journal, LegalDraft, SecretBox, open_journal
from kredin_pipeline.law.rates import fee_table
from kredin_pipeline.letters.legal.content import Kind
from kredin_pipeline.letters.legal.gathering import Writer
from kredin_pipeline.letters.legal.reading import read
from resources.legal_drafting import Drafted, Drafting, standing_cases
from tests.unit.why.told import Told

from .builders import CREDITOR

Row = dict[str, Any]
TENANT = "fjellheim"
ADDRESS: dict[str, Any] = {
    "name": "Dalnes AS", "main_orgnr": "999990134", "orgnr": "999990134", "address_line1": "Bakken 3",
    "zip_code": "5003", "city": "Bergen", "country_code": "NO",
}  # fmt: skip
LADDER = ("2025-03-04", "2025-03-17", "2025-04-04", "2025-04-28")
"""Days on which an invoice due 2025-03-03 becomes a case and gets its three letters."""
READY = "2025-05-16"


@dataclass
class Cabinet:
    """Invoice copies by voucher id; what is not there has a reason."""

    copies: dict[str, bytes] = field(default_factory=dict[str, bytes])
    asked: list[str] = field(default_factory=list[str])

    def of(self, voucher_id: str) -> bytes | str:
        self.asked.append(voucher_id)
        return self.copies.get(voucher_id, "PowerOffice has no PDF of it")


class Office:
    """One tenant: ``book`` derives its days, ``draft`` is the drafting of a day."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.book = Told(settings=TenantSettings.of(settings))
        self.cabinet = Cabinet()
        self.journal: Journal = open_journal(f"sqlite:///{folder / 'journal.sqlite'}", SecretBox(SecretBox.new_key()))
        self.journal.add_tenant(
            TENANT, SecretStr("k"), "Fjellheim AS", "999990126", date(2025, 1, 1), self.book.settings, "Kari",
            at("2025-01-01"),
        )  # fmt: skip
        self.book.con.execute("delete from brreg_roles; delete from brreg_units")

    def invoice(self, no: int, amount: str = "3 000.00", due: str = "2025-03-03", customer: int = 10001) -> None:
        self.book.ledger.invoice(no, amount, due=due, dated="2025-02-17", customer=customer)
        self.debtor(customer=customer)

    def debtor(self, customer: int = 10001, **columns: Any) -> None:
        self.book.ledger.debtor(customer, **{**ADDRESS, **self.book.ledger.debtors.get(str(customer), {}), **columns})

    def climb(self, *invoices: int) -> None:
        """Invoices of 3 000.00 due 2025-03-03 whose three letters have left; legal steps open on READY."""
        for no in invoices:
            self.invoice(no)
        cases, letters = _climbed(invoices)
        self.book.cases, self.book.letters = deepcopy(cases), deepcopy(letters)
        self.book.connected_on = date.fromisoformat(LADDER[0])
        self._open_cases(LADDER[-1])

    def run(self, *days: str) -> None:
        self.book.runs(*days)
        self._open_cases(days[-1])

    def _open_cases(self, on: str) -> None:
        rows = [
            CaseRow(one["case_id"], one["voucher_id"], one["invoice_no"], one["customer_no"], one["orgnr"],
                    one["opened_on"])
            for one in self.book.cases.values()
        ]  # fmt: skip
        self.journal.open_cases(TENANT, rows, at(on))

    def keep_letters(self) -> None:
        """Put the letters that left into the journal's archive, as a dispatch does."""
        for one in self.book.letters:
            payload = {name: str(one[name]) for name in ("step", "channel", "deadline")}
            claim = {"case_id": one["case_id"], "fee": "0.00", "interest": "0.00", "principal": "1.00", "total": "1.00",
                     "bears_fee": True}  # fmt: skip
            on: date = one["sent_on"]
            self.journal.intend(
                one["letter_key"], TENANT, "letter", [one["case_id"]], {**payload, "claims": [claim]}, on, at(on)
            )
            self.journal.add_document(
                TENANT, f"%PDF-1.7 {one['step']}".encode(), one["step"], "application/pdf", {}, at(on),
                key=one["letter_key"],
            )  # fmt: skip

    def case_id(self, no: int) -> str:
        return str(self.book.case(no)["case_id"])

    def drafting(self, on: str) -> Drafting:
        found = read(self.book.con, standing_cases(self.journal, TENANT))
        writer = Writer(TENANT, CREDITOR, date.fromisoformat(on), fee_table())
        return Drafting(self.journal, found, writer, self.cabinet, at(on))

    def draft(self, on: str) -> Drafted:
        self.run(on)
        return self.drafting(on).unasked()

    def asked(self, no: int, on: str, kind: Kind | None = None) -> LegalDraft | str:
        return self.drafting(on).asked(self.case_id(no), kind, "Kari")

    def states(self) -> list[tuple[str, str]]:
        return [(one.kind, one.state) for one in self.journal.legal.drafts(TENANT)]


@lru_cache
def _climbed(invoices: tuple[int, ...]) -> tuple[dict[str, Row], list[Row]]:
    """The cases and letters of the ladder, really derived once for all tests."""
    book = Told(settings=TenantSettings.of({}))
    for no in invoices:
        book.ledger.invoice(no, "3 000.00", due="2025-03-03", dated="2025-02-17")
        book.ledger.debtor(10001, **ADDRESS)
    book.runs(*LADDER)
    return book.cases, book.letters


def at(on: str | date) -> datetime:
    day = date.fromisoformat(on) if isinstance(on, str) else on
    return datetime.combine(day, time(9), UTC)
