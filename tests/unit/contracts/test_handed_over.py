"""What a derivation hands over keeps its contracts; each way of breaking them is found, with table, row and field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pytest

from kredin_pipeline.cases import contracts, published, remembered
from kredin_pipeline.cases.claims import create_tables, sql_text
from kredin_pipeline.cases.settings import TenantSettings
from tests.unit.cases.whole import Book
from tests.unit.cases_settlement.mirror import create_mirror


@dataclass
class OwnBook(Book):
    """A book in a database of its own, which no other test writes into."""

    def __post_init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute("set timezone = 'UTC'")
        create_mirror(self.con)
        create_tables(self.con)
        self.con.execute(sql_text("conclusions.sql"))
        self.con.execute(sql_text("touched/remembered.sql"))


def a_day(allocation: str = "principal_first") -> Book:
    """Three claims: one part paid after its reminder, one credited, one paid with its costs, whose voucher is due."""
    book = OwnBook(settings=TenantSettings.of({"allocation": allocation}))
    for no, amount in ((1001, "10 000.00"), (1002, "2 500.00"), (1003, "1 200.00")):
        book.ledger.invoice(no, amount, due="2026-07-01", dated="2026-06-17")
    book.run("2026-07-20")
    book.ledger.payment("P1", "1 000.00", dated="2026-07-27", for_=[1001])
    book.ledger.credit_note(2002, "2 500.00", dated="2026-07-27", for_=[1002])
    book.ledger.payment("P3", "1 500.00", dated="2026-07-27", for_=[1003])
    book.ledger.read("2026-07-28")
    book.derive("2026-07-28")
    return book


@pytest.fixture(scope="module")
def kept_day() -> Book:
    """A day that is derived once for all that only looks."""
    return a_day()


@pytest.fixture
def same_day(kept_day: Book) -> Iterator[Book]:
    """The same day in a transaction, so that what is done to it is undone."""
    kept_day.con.execute("begin")
    yield kept_day
    kept_day.con.execute("rollback")


@pytest.mark.parametrize("allocation", ["costs_first", "principal_first"])
def test_a_day_hands_over_what_it_owes(allocation: str) -> None:
    book = a_day(allocation)

    found = contracts.everything(book.con)

    assert found.ok, [one.told for one in found.faults]
    assert found.rows["claims"] == found.rows["case_states"] == 3
    assert (
        found.rows["settlements"] >= 3 and found.rows["interest_periods"] >= 1 and found.rows["planned_vouchers"] >= 1
    )
    assert contracts.derived(book.con).told("fjellheim").endswith("rows of 6 tables keep their contracts")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("update case_states set state = 'forgotten' where invoice_no = '1001'",
         'case_states, case {1001}: state: found "forgotten", want one of overdue, reminded'),
        ("update case_states set principal_open = 9000.01, total_open = total_open + 0.01 where invoice_no = '1001'",
         'case_states, {1001}: principal_open: found "9000.01", want the principal less what settled it (9000.00)'),
        ("update case_states set total_open = total_open + 1 where invoice_no = '1001'",
         "want = principal_open + costs_open ("),
        ("update case_states set interest = interest + 0.01 where invoice_no = '1001'",
         "want the sum of its periods, rounded once ("),
        ("delete from settlements where amount = 1000",
         'case_states, {1001}: principal_open: found "9000.00", want the principal less what settled it (10000.00)'),
        ("update settlements set amount = -amount where amount = 1000",
         '/payment: amount: found "-1000.00", want an amount above zero'),
        ("insert into settlements from settlements where amount = 1000", "want it once"),
        ("update settlements set case_id = 'KELSEWHERE' where amount = 1000",
         'settlements, KELSEWHERE: case_id: found "KELSEWHERE", want a claim'),
        ("update interest_periods set case_id = 'KELSEWHERE'", "interest_periods, KELSEWHERE: case_id"),
        ("delete from case_states where invoice_no = '1001'",
         "case_states, {1001}: case_id: found nothing, want one row for each claim that is not settled ({1001})"),
        ("delete from claims where invoice_no = '1001'", 'case_states, {1001}: case_id: found "{1001}"'),
        ("update claims set due_date = date '2205-07-01' where invoice_no = '1001'",
         'claims, claim {1001}: due_date: found "2205-07-01", want a date from 1970 to 2100'),
        ("update claims set principal = 0 where invoice_no = '1001'",
         'principal: found "0.00", want an amount above zero'),
        ("update planned_vouchers set total = total + 1", "want = fee + interest ("),
        ("update planned_vouchers set case_id = 'KELSEWHERE'", 'case_id: found "KELSEWHERE", want a claim'),
        ("insert into planned_letters select 'L1', case_id, 'reminder', 'email', date '2026-07-28', date '2026-08-12', "
         "38, 0, 2500, 0, 2500, 2538, true from claims where invoice_no = '1002'",
         "planned_letters, L1: case_id: found \"{1002}\", want a case with principal open"),
    ],
)  # fmt: skip
def test_each_breach_is_told_with_table_row_and_field(same_day: Book, harm: str, told: str) -> None:
    cases = {str(row["invoice_no"]): str(row["case_id"]) for row in same_day.rows("case_states")}
    same_day.con.execute(harm)

    found = contracts.derived(same_day.con)
    for no, case_id in cases.items():
        told = told.replace(f"{{{no}}}", case_id)
    assert not found.ok
    assert any(told in one.told for one in found.faults), [one.told for one in found.faults]
    assert "Nothing is built on these rows" in found.told("fjellheim")


def test_a_principal_that_is_not_the_ledgers_invoice_is_found_by_the_edge_to_the_mirror(same_day: Book) -> None:
    same_day.con.execute("update poweroffice_ledger_entries set amount = amount + 1 where invoice_no = '1001'")

    faults = [one.told for one in contracts.everything(same_day.con).faults]

    assert any(
        'principal: found "10000.00", want the amount of the ledger\'s invoice (10001.00)' in one for one in faults
    )


def test_only_the_cases_that_were_derived_anew_are_looked_at_when_that_is_asked_for(same_day: Book) -> None:
    same_day.con.execute("update case_states set state = 'forgotten' where invoice_no in ('1001', '1002')")
    same_day.con.execute("create temp table these as select case_id from claims where invoice_no = '1001'")

    found = contracts.derived(same_day.con, "select case_id from these")

    assert found.rows["case_states"] == 1 and found.faulty == {"case_states": 1}


def test_a_whole_derivation_after_one_in_part_is_looked_at_whole() -> None:
    book = a_day()
    book.con.execute("create or replace temp table scope_cases as select case_id from claims limit 1")
    assert remembered.derived_in_part(book.con) == "select case_id from scope_cases"

    book.derive("2026-07-29")

    assert remembered.derived_in_part(book.con) is None


def test_the_published_rows_are_the_derived_ones_each_once(same_day: Book) -> None:
    day = published.derived_on(same_day.con)
    assert day is not None and published.publish(same_day.con, day) == 3
    assert contracts.published(same_day.con, day).ok

    same_day.con.execute("update cases set total_open = total_open + 1 where invoice_no = '1001'")
    same_day.con.execute("insert into cases from cases where invoice_no = '1002'")

    found = contracts.published(same_day.con, day)
    assert [one.reason.wanted.split(" (")[0] for one in found.faults] == [
        "the derived total", "one row for each case", "one row for each case",
    ]  # fmt: skip
