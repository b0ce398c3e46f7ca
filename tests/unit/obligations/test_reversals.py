"""Reversals: the case keeps its number and its history, and a closed one is told about once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.sandbox.server import RunningSandbox
from tests.unit.cases.whole import Book
from tests.unit.obligations.played import Watched, play

D = Decimal
TOLD = """
select reopenings.case_id, reopenings.on_date::varchar as on_date, reopenings.reason,
    settled.voucher_type as what, settled.voucher_no, reversal.voucher_type as by_what, reversal.voucher_no as by_no
from reopenings
left join poweroffice_ledger_entries as settled on settled.entry_id = reopenings.entry_id
left join poweroffice_account_transactions as cause on cause.reversed_voucher_id = settled.voucher_id
left join poweroffice_ledger_entries as reversal on reversal.voucher_id = cause.voucher_id
"""


@pytest.mark.parametrize(
    ("settings", "settled_on", "reversed_on", "state_before"),
    [({}, "2025-02-20", "2025-03-10", "costs_open"), ({"interest": "none"}, "2025-02-10", "2025-02-25", "closed")],
    ids=["D-01a", "D-01b"],
)
def test_reversals_1_the_case_keeps_its_number_and_the_book_tells_what_happened(
    settings: dict[str, Any], settled_on: str, reversed_on: str, state_before: str
) -> None:
    book = Book(settings=TenantSettings.of(settings))
    book.ledger.invoice(1001, "10 000.00", due="2025-02-03", dated="2025-01-20")
    book.run("2025-02-04")
    number = book.case(1001)["case_id"]
    if state_before == "costs_open":
        book.run("2025-02-17")
    payment = book.ledger.payment("P1", "10 000.00", dated=settled_on, for_=[1001])
    book.run(settled_on)
    assert (book.case(1001)["case_id"], book.case(1001)["state"]) == (number, state_before)
    assert [(row["entry_id"], row["amount"]) for row in book.rows("settlements")] == [(payment.entry_id, D(10000))]
    letters = list(book.letters)

    reversal = book.ledger.reverse("P1", dated=reversed_on)
    book.run(reversed_on)

    (case,) = book.rows("case_states")
    assert (case["case_id"], case["principal_open"], case["paid"]) == (number, D(10000), D(0))
    assert book.letters == letters and list(book.cases) == [number]
    assert book.con.execute(TOLD).fetchall() == [
        (number, reversed_on, "reversed", "BankJournal", payment.entry_id, reversal.voucher_type, reversal.entry_id)
    ]


WITHDRAWN = """
case: D-06
title: the payment of a case that a person had withdrawn is reversed
runs: [2025-03-04, 2025-03-17, 2025-03-20, 2025-03-24, 2025-04-07, 2025-04-08]
world:
  - {on: 2025-02-17, event: invoice, no: 1001, customer: 10001, amount: 1000.00, due: 2025-03-03}
  - {on: 2025-03-20, event: payment, id: P1, customer: 10001, amount: 1000.00, for: [1001]}
  - {on: 2025-03-21, event: decide, case: 1001, do: close, reason: withdrawn, note: "costs are not pursued"}
  - {on: 2025-04-07, event: reverse, of: P1}
expect:
  - {on: 2025-03-24, case: 1001, state: closed, closed_reason: withdrawn}
  - {on: 2025-04-07, run: ok}
  - {on: 2025-04-07, case: 1001, state: closed, closed_reason: withdrawn, principal_open: 1000.00}
  - {on: 2025-04-08, letters: []}
"""


def test_reversals_2_the_reversal_on_a_closed_case_is_noted(sandbox: RunningSandbox, tmp_path: Path) -> None:
    found: list[list[tuple[Any, ...]]] = []

    def look(house: Watched) -> None:
        with house.book.session("kreditor") as con:
            found.append(con.execute("select case_id, on_date::varchar, reason from reopenings").fetchall())

    done = play(WITHDRAWN, sandbox, tmp_path, on_2025_04_07=look, on_2025_04_08=look)

    (case,) = done.journal_resource.open().cases("kreditor")
    done.journal_resource.close()
    assert found == [[(case.case_id, "2025-04-07", "reversed")]] * 2


def test_reversals_2_the_user_is_asked_once_to_decide_on_reopening(sandbox: RunningSandbox, tmp_path: Path) -> None:
    told: list[list[str]] = []

    def look(house: Watched) -> None:
        """What a run says to people, about this case: its flags and the texts of its checks."""
        day = house.outcomes["kreditor"]
        flags = [flag for flag in house.row(1001, look_on.pop(0))["flags"] if "reversed" in flag or "reopen" in flag]
        told.append([*flags, *(message for message in day.messages if "1001" in message)])

    look_on = ["2025-04-07", "2025-04-08"]
    play(WITHDRAWN, sandbox, tmp_path, on_2025_04_07=look, on_2025_04_08=look)
    first, second = told
    assert len(first) == 1
    assert second in ([], first)
