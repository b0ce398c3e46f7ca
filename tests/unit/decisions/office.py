"""A company with its ledger, its book and a real journal, and a person who decides.

Belongs here: runs whose letters and vouchers go through the journal, and deciding as the program does. Not here: what
must be true (the tests).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from kredin_pipeline.cases import published
from kredin_pipeline.cases.derive import DerivationInput, DerivationSummary
from kredin_pipeline.journal import CaseRow, Journal
from kredin_pipeline.journal.deciding import Decided, Facts, NothingKnown, Weighed, decide, weigh
from resources.deciding import BookFacts
from tests.unit.cases.whole import Book, Row

TENANT = "fjellheim"
OSLO = ZoneInfo("Europe/Oslo")


@dataclass
class Office(Book):
    """``whole.Book`` over the journal. Days are ISO texts, a time of day is Oslo's; runs happen at six."""

    journal: Journal = field(kw_only=True)
    published_once: bool = False

    def decide(self, no: int | str, kind: str, at: str, /, *, who: str = "Kari", **payload: Any) -> Decided:
        """A person decides on the case of an invoice; ``at`` is a day (nine o'clock) or a time."""
        when = moment(at)
        return decide(self.journal, TENANT, str(no), kind, _names(payload), who, when, self.facts(when))

    def weigh(self, no: int | str, kind: str, at: str, /, **payload: Any) -> Weighed:
        """What the decision would do; nothing is written."""
        when = moment(at)
        return weigh(self.journal, TENANT, str(no), kind, _names(payload), when, self.facts(when))

    def facts(self, when: datetime) -> Facts:
        return BookFacts(self.con, when.date()) if self.published_once else NothingKnown()

    def run(self, on: str) -> list[Row]:
        """A day of the pipeline, its letters and vouchers sent through the journal, and its case table published."""
        self.ledger.read(on)
        self.derive(on)
        letters, vouchers = self.rows("planned_letters"), self.rows("planned_vouchers")
        for key in dict.fromkeys(row["letter_key"] for row in letters):
            self._deliver(key, "letter", _letter([row for row in letters if row["letter_key"] == key]), on)
        for row in vouchers:
            amounts = {name: str(row[name]) for name in ("fee", "interest", "total")}
            content = {"case_id": row["case_id"], "settlement_key": row["settlement_key"], **amounts}
            self._deliver(row["voucher_key"], "voucher", {**content, "posting_date": str(row["payment_date"])}, on)
        if letters or vouchers:
            self.derive(on)
        published.publish(self.con, date.fromisoformat(on))
        self.published_once = True
        return letters

    def derive(self, on: str, connected_on: str | None = None, live: bool = True) -> DerivationSummary:
        summary = super().derive(on, connected_on, live)
        rows = [
            CaseRow(new.case_id, new.voucher_id, new.invoice_no, new.customer_no, new.orgnr, new.opened_on)
            for new in (summary.new_cases if live else ())
        ]
        self.journal.open_cases(TENANT, rows, moment(on))
        return summary

    def world(self, on: str, live: bool = True) -> DerivationInput:
        kept = self.journal.export_rows(TENANT)
        return replace(super().world(on, live), journal=cast(Any, kept))

    def log(self) -> list[tuple[str, str | None]]:
        """Kind and reason of refusal of every attempt, in order."""
        return [(made.kind, made.refused_because) for made in self.journal.decisions(TENANT)]

    def _deliver(self, key: str, kind: Any, content: Row, on: str) -> None:
        at = moment(f"{on}T06:00")
        cases = [claim["case_id"] for claim in content["claims"]] if kind == "letter" else [content["case_id"]]
        self.journal.intend(key, TENANT, kind, cases, content, date.fromisoformat(on), at)
        assert self.journal.claim_for_sending(key, "worker", at)
        self.journal.mark_posted(key, f"sent-{key}", None, at)


def _letter(rows: list[Row]) -> Row:
    amounts = ("fee", "interest", "principal", "total")
    return {
        "step": rows[0]["step"],
        "channel": rows[0]["channel"],
        "deadline": str(rows[0]["deadline"]),
        "claims": [
            {"case_id": row["case_id"], "bears_fee": row["bears_fee"], **{name: str(row[name]) for name in amounts}}
            for row in rows
        ],
    }


def _names(payload: Row) -> Row:
    """``with_``, ``as_`` and ``from_`` are words of Python's own."""
    return {name.rstrip("_"): value for name, value in payload.items()}


def moment(at: str) -> datetime:
    """A time in Oslo; a day alone means nine in the morning."""
    return datetime.fromisoformat(at if "T" in at else f"{at}T09:00").replace(tzinfo=OSLO)


def said(made: Decided) -> str:
    """The sentences about a decision, as one text."""
    return " ".join(made.weighed.effects)


def payloads(journal: Journal) -> list[Row]:
    return [json.loads(row.payload) for row in journal.decision_rows(TENANT)]
