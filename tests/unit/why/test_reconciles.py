"""Every case of random ledgers: the sums of its explanation are the published figures, and nothing goes unexplained."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest

from kredin_pipeline.cases.conclusions import LawTables
from kredin_pipeline.cases.explaining import Explanation, compare, explain
from kredin_pipeline.cases.explaining.facts import read_facts, rows
from kredin_pipeline.cases.explaining.telling import tell
from kredin_pipeline.cases.settings import TenantSettings
from tests.unit.cases.histories import KnownBook, Town
from tests.unit.cases.random_histories import Drawing, Written, say

CUSTOMERS = 16
BOOKS = [("2026-11-25", True, False), ("2025-01-01", True, True), ("2021-03-05", False, False)]
LAW = LawTables.stored()


def town(last: str, shift: bool, costs_first: bool) -> KnownBook:
    """A company of some customers with random histories, as its ledger stands on the last day."""
    random, day = Random(f"why {last}"), date.fromisoformat(last)
    settings = {
        "import_from": None,
        "due_date_shift": shift,
        "allocation": "costs_first" if costs_first else "principal_first",
        "mode": "observe",
    }
    book = KnownBook(settings=TenantSettings.of(settings))
    histories = {30_000 + at: Drawing(random, 30_000 + at, day, not costs_first).history() for at in range(CUSTOMERS)}
    written = {number: Written.up_to(number, history, day) for number, history in histories.items()}
    book.ledger = Town(customers=[one.ledger for one in written.values()])
    for number, history in histories.items():
        say(book, written[number], history)
    book.derive(last)
    return book


def every_case(book: KnownBook, on: date) -> dict[str, Explanation]:
    """What the book's own derivation of that day says of each case."""
    (parameters,) = rows(book.con, "select * from parameters")
    found = {row["case_id"]: read_facts(book.con, row["case_id"], parameters, LAW) for row in book.rows("case_states")}
    return {case_id: tell(facts, on) for case_id, facts in found.items() if facts is not None}


@pytest.mark.parametrize(("last", "shift", "costs_first"), BOOKS, ids=[last for last, *_ in BOOKS])
def test_the_sums_of_every_explanation_are_the_published_figures(last: str, shift: bool, costs_first: bool) -> None:
    day = date.fromisoformat(last)
    book = town(last, shift, costs_first)
    told = every_case(book, day)
    assert len(told) > CUSTOMERS // 2
    for case_id, one in told.items():
        assert one.interest.agrees, (case_id, one.interest)
        assert one.principal.agrees, (case_id, one.principal)
        assert one.costs.agrees, (case_id, one.costs)
        assert one.limitation.agrees, (case_id, one.limitation)
        assert [hold.hold for hold in one.holds] == one.row["holds"]
        assert [flag.about for flag in one.flags] == one.row["flags"]
    kinds = {row.kind for one in told.values() for row in one.ledger_rows}
    assert {"payment", "credit_note", "write_off"} <= kinds  # the ledgers hold what is to be proved
    earlier = date.fromordinal(day.toordinal() - 60)
    chosen = sorted(told)[:: max(1, len(told) // 3)]
    for case_id in chosen:
        alone = explain(book.con, case_id, day)
        assert alone == told[case_id]  # its customer's entries alone say what the whole ledger says
        try:
            before = explain(book.con, case_id, earlier)
        except LookupError:
            continue
        found = compare(before, alone)
        assert all(change.because for change in found.changes)
        assert {change.column for change in found.changes} == {
            column for column, now in alone.row.items() if column != "business_date" and before.row[column] != now
        }
