"""What the book knows when a person decides: published rows, what settles a claim, and claims without a case yet.

Belongs here: reading these few rows of one case. Not here: judging and logging (``kredin_pipeline.journal.deciding``).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import duckdb

from kredin_pipeline.cases.aside import derived_aside
from kredin_pipeline.cases.decision_standing import Entry
from kredin_pipeline.cases.derive import DerivationInput
from kredin_pipeline.journal import CaseRow, Journal, JournalRows
from kredin_pipeline.journal.columns import canonical_json
from kredin_pipeline.journal.deciding import Facts, NothingKnown, Weighed
from kredin_pipeline.journal.records import DecisionRow
from resources.book import Book
from resources.clock import OSLO


class BookFacts:
    """The facts of one tenant's book as of an Oslo day."""

    def __init__(self, con: duckdb.DuckDBPyConnection, on: date) -> None:
        self._con, self._on = con, on

    def row(self, case_id: str) -> Mapping[str, Any] | None:
        """The case's row in the newest case table on or before the day; None when it is not in it."""
        cursor = self._con.execute(
            "select * from cases where case_id = ? and business_date = "
            "(select max(business_date) from cases where business_date <= ?)",
            [case_id, self._on],
        )
        names = [column[0] for column in cursor.description or ()]
        found = cursor.fetchone()
        return None if found is None else dict(zip(names, found, strict=True))

    def derived(self, case_id: str, world: DerivationInput) -> Mapping[str, Any]:
        """The case's row in a derivation beside the book; empty when it would be no case."""
        with derived_aside(self._con, world):
            cursor = self._con.execute("select * from case_states where case_id = ?", [case_id])
            names = [column[0] for column in cursor.description or ()]
            found = cursor.fetchone()
        return {} if found is None else dict(zip(names, found, strict=True))

    def entries(self, case_id: str) -> Sequence[Entry] | None:
        """What settles the claim, by the last run; None while it is not a claim."""
        if self._con.execute("select 1 from claims where case_id = ?", [case_id]).fetchone() is None:
            return None
        rows = self._con.execute(
            "select entry_id, kind, amount, effective_on from settlements where case_id = ? order by effective_on",
            [case_id],
        )
        return [Entry(*row) for row in rows.fetchall()]

    def claims(self, wanted: str) -> Sequence[CaseRow]:
        """The claims of that case id or invoice number."""
        rows = self._con.execute(
            "select case_id, voucher_id, invoice_no, customer_no, orgnr, ?::date from claims "
            "where case_id = ? or invoice_no = ?",
            [self._on, wanted, wanted],
        )
        return [CaseRow(*row) for row in rows.fetchall()]

    def siblings(self, case_id: str) -> Sequence[str]:
        """The claims of the same customer in the ledger, whatever number it had when they were opened."""
        rows = self._con.execute(
            "select case_id from claims where customer_id = (select customer_id from claims where case_id = ?)",
            [case_id],
        )
        return [str(row[0]) for row in rows.fetchall()]


@contextmanager
def facts_of(book: Book, tenant: str, on: date) -> Generator[Facts]:
    """The facts of a tenant; nothing is known before its first run. Raises ``BookIsBusy`` while a run writes."""
    if not book.path(tenant).exists():
        yield NothingKnown()
        return
    with book.read_only(tenant) as con:
        derived = con.execute(
            "select count(*) from duckdb_tables() where table_name in ('cases', 'claims', 'settlements')"
        ).fetchone()
        yield BookFacts(con, on) if derived is not None and derived[0] >= 3 else NothingKnown()


def foretold(
    journal: Journal, weighed: Weighed, facts: Facts, who: str, at: datetime
) -> dict[str, tuple[object, object]]:
    """What a weighed decision changes in the case's row as of today: column, now, then.

    Two derivations beside the book, without and with the decision; nothing is written. Empty for a refused decision, a
    case that is not in the journal yet, or a tenant that has had no run.
    """
    if weighed.refused_because is not None or not isinstance(facts, BookFacts):
        return {}
    if weighed.case is None or weighed.case_is_new:
        return {}
    tenant, rows = journal.tenant(weighed.tenant), journal.export_rows(weighed.tenant)
    case_id, on = weighed.case.case_id, at.astimezone(OSLO).date()
    last = max((row.seq for row in rows.decisions), default=0)
    added = [
        DecisionRow(
            f"foretold-{number}", last + number, case_id, weighed.customer_no, weighed.kind,
            canonical_json(payload, weighed.kind, floats=True), on, at, who,
        )
        for number, payload in enumerate(weighed.payloads, 1)
    ]  # fmt: skip

    def derived(decisions: Sequence[DecisionRow]) -> Mapping[str, object]:
        world = DerivationInput(
            tenant.name, on, tenant.settings, tenant.connected_on, law=journal.law_tables(), live=True,
            journal=JournalRows(rows.cases, list(decisions), rows.letters, rows.vouchers),
            letters_in_flight=frozenset(row.letter_key for row in journal.possibly_delivered_letters(tenant.name)),
        )  # fmt: skip
        return facts.derived(case_id, world)

    now, then = derived(rows.decisions), derived([*rows.decisions, *added])
    return {name: (now.get(name), value) for name, value in then.items() if now.get(name) != value}
