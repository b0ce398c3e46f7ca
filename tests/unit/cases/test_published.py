"""The published table: its columns, its history, and reading it as of any day."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from kredin_pipeline.cases import published
from tests.unit.cases.ledger import day
from tests.unit.cases.whole import Book

D = Decimal


def test_the_published_columns_are_those_of_the_acceptance_format() -> None:
    """acceptance/README.md, "What can be expected"."""
    book = Book()
    derived = book.con.execute(
        "select column_name, data_type from duckdb_columns() where table_name = 'case_states'"
    ).fetchall()
    assert tuple(derived) == (*published.COLUMNS, ("provisional", "BOOLEAN"))
    assert " ".join(name for name, _ in published.COLUMNS) == (
        "tenant business_date case_id invoice_no kid customer_no customer_name orgnr debtor_kind due_date currency "
        "principal credited paid written_off principal_open interest fees compensation costs_paid costs_waived "
        "costs_open total_open state closed_reason closed_on holds flags last_step last_step_on deadline next_step "
        "next_step_on limitation_date loss_ground ledger_balance"
    )


def test_a_day_is_read_as_it_was_published_and_a_day_between_from_the_one_before() -> None:
    book = Book()
    book.ledger.invoice(1001, "1 000.00", due="2025-03-03", dated="2025-02-10")
    for on in ("2025-03-04", "2025-03-10"):
        book.derive(on)
        assert published.publish(book.con, day(on)) == 1
    assert [row["interest"] for row in published.rows(book.con, day("2025-03-04"))] == [D("0.34")]
    (between,) = published.rows(book.con, day("2025-03-07"))
    assert (between["business_date"], between["interest"]) == (day("2025-03-04"), D("0.34"))
    assert list(between) == [*(name for name, _ in published.COLUMNS), "provisional"]
    assert isinstance(between["customer_no"], str) and between["holds"] == []


def test_publishing_a_day_again_replaces_it() -> None:
    book = Book()
    book.ledger.invoice(1001, "1 000.00", due="2025-03-03", dated="2025-02-10")
    for _ in range(2):
        book.derive("2025-03-04")
        published.publish(book.con, day("2025-03-04"))
    assert len(published.rows(book.con, day("2025-03-04"))) == 1


def test_publishing_another_day_than_the_derived_one_is_refused() -> None:
    book = Book()
    book.derive("2025-03-04")
    with pytest.raises(ValueError, match="found a derivation for 2025-03-04, want 2025-03-05"):
        published.publish(book.con, day("2025-03-05"))


def test_before_the_first_published_day_there_is_nothing_and_the_error_says_what_to_do() -> None:
    book = Book()
    with pytest.raises(published.NothingPublished, match="run that day or import it"):
        published.rows(book.con, day("2025-03-04"))


def test_any_day_of_an_imported_range_is_read_as_of_then_and_leaves_the_book_as_it_was() -> None:
    """OP-04."""
    book = Book()
    book.ledger.invoice(4761, "6 000.00", due="2025-06-02", dated="2025-05-12")
    book.ledger.invoice(4762, "3 000.00", due="2025-06-02", dated="2025-05-12", customer=10002)
    book.ledger.payment("P4761", "2 000.00", dated="2025-06-20", for_=[4761])
    book.ledger.payment("P4762", "3 100.00", dated="2025-06-25", for_=[4762], customer=10002)
    summary = book.derive("2025-08-01", connected_on="2025-08-01")
    published.publish(book.con, day("2025-08-01"))
    published.mark_imported(book.con, day("2025-05-01"), day("2025-07-31"), datetime(2025, 8, 1, tzinfo=UTC))
    states = book.con.execute("select * from case_states").fetchall()

    def read(on: str) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
        return {
            row["invoice_no"]: (row["principal_open"], row["paid"], row["interest"])
            for row in published.rows(book.con, day(on))
        }

    assert read("2025-06-02") == {}
    assert read("2025-06-12")["4761"] == (D(6000), D(0), D("20.55"))
    assert read("2025-06-30") == {"4761": (D(4000), D(2000), D("50.68")), "4762": (D(0), D(3000), D("23.63"))}
    assert read("2025-07-31")["4761"] == (D(4000), D(2000), D("92.33"))
    assert book.con.execute("select * from case_states").fetchall() == states
    assert (summary.planned_vouchers, [row["invoice_no"] for row in published.rows(book.con, day("2025-08-01"))]) == (
        0,
        ["4761"],
    )
