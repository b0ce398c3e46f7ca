"""Merging pages: nothing lost, nothing doubled, the newest reading wins. Not here: which rows are bad (`contracts`)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kredin_pipeline.ledger.landing import BrokenFrame, read_manifest, rows_at_most
from kredin_pipeline.ledger.mirror import load_pages, mark_gone
from kredin_pipeline.ledger.wire import BOOKKEEPING, DUCKDB_TYPES, TABLES
from tests.unit.ledger.pages import NOW, TODAY, Row, a_book, customer, entry, landed, load, mirrored, written


def test_the_mirror_tables_have_the_registrys_columns() -> None:
    con = a_book()
    for table in TABLES.values():
        described = con.execute(f"describe {table.table}").fetchall()
        wanted = [(column.name, DUCKDB_TYPES[column.kind]) for column in table.columns] + list(BOOKKEEPING)
        times = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}
        assert [(name, times.get(kind, kind)) for name, kind, *_ in described] == wanted


def test_an_amount_is_the_wires_to_the_øre(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "310333722.47"), entry(2, "0.10"), entry(3, "-5000.00"), entry(4, "12000")])
    assert [row[1] for row in mirrored(con)] == [Decimal(x) for x in ("310333722.47", "0.10", "-5000.00", "12000.00")]


def test_a_row_repeated_on_two_pages_counts_once(tmp_path: Path) -> None:
    con = a_book()
    result = load(con, tmp_path, [entry(1, "100.00"), entry(2, "50.00")], [entry(2, "50.00"), entry(3, "-20.00")])
    assert (result.rows_in, result.kept, result.quarantined) == (4, 4, 0)
    assert con.execute("select sum(amount) from poweroffice_ledger_entries").fetchone() == (Decimal("130.00"),)


def test_a_hundred_nanoseconds_decide_which_reading_is_newer(tmp_path: Path) -> None:
    con = a_book()
    newer = entry(1, "100.00", "40.00", changed="2025-03-10T04:00:00.1234568")
    older = entry(1, "100.00", "100.00", changed="2025-03-10T04:00:00.1234567")
    load(con, tmp_path, [newer, older])
    load(con, tmp_path, [older])
    assert mirrored(con, "balance") == [(Decimal("40.00"),)]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_the_order_of_arrival_does_not_matter(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    readings = [
        entry(no, "100.00", str(balance), changed=f"2025-03-0{day}T05:00:00", MatchId=None if balance == 100 else 7)
        for no in (1, 2, 3)
        for day, balance in ((1, 100), (2, random.choice((60, 100))), (3, random.choice((0, 30))))
    ]
    in_order, shuffled = a_book(), a_book()
    load(in_order, tmp_path, readings)
    random.shuffle(readings)
    at = random.randrange(len(readings))
    pages: list[list[Row]] = [page for page in (readings[:at], readings[at:]) if page]
    for page in pages:
        load(shuffled, tmp_path, page)
    assert mirrored(shuffled, "* exclude (first_seen_on)") == mirrored(in_order, "* exclude (first_seen_on)")


def test_a_change_of_balance_or_match_is_logged_and_a_row_read_again_is_not(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "100.00")], on=date(2025, 3, 1))
    load(con, tmp_path, [entry(1, "100.00")], on=date(2025, 3, 2))
    paid = entry(1, "100.00", "0.00", changed="2025-03-03T05:00:00", MatchId=60000000)
    load(con, tmp_path, [paid], on=date(2025, 3, 3))
    rows = con.execute("select seen_on, balance, match_id, gone from poweroffice_ledger_entry_changes").fetchall()
    assert rows == [
        (date(2025, 3, 1), Decimal("100.00"), None, False),
        (date(2025, 3, 3), Decimal("0.00"), "60000000", False),
    ]


def test_a_full_read_names_what_it_did_not_bring_and_marks_nothing(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "100.00"), entry(2, "50.00")])
    result = load(con, tmp_path, [entry(1, "100.00")], full=True, on=date(2025, 3, 11))
    assert result.missing == ["90000002"]
    assert mirrored(con, "last_seen_on, gone_on") == [(date(2025, 3, 11), None), (TODAY, None)]


def test_a_row_that_is_gone_stays_marked_and_comes_back_when_it_is_read_again(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "100.00")])
    mark_gone(con, "ledger_entries", ["90000001"], date(2025, 3, 11), NOW)
    assert mirrored(con, "amount, gone_on") == [(Decimal("100.00"), date(2025, 3, 11))]
    load(con, tmp_path, [entry(1, "100.00")], on=date(2025, 3, 12))
    assert mirrored(con, "gone_on") == [(None,)]
    gone = con.execute("select gone from poweroffice_ledger_entry_changes order by seen_on").fetchall()
    assert gone == [(False,), (True,), (False,)]


def test_a_customer_that_an_entry_was_moved_from_is_named(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "100.00")])
    result = load(con, tmp_path, [entry(1, "100.00", changed="2025-03-01T05:00:00", CustomerId=4400026)])
    assert result.moved_from == {"4400000"}
    assert result.changed_customer_ids == {"4400000", "4400026"}


def test_numbers_stay_texts_also_beside_nothing(tmp_path: Path) -> None:
    """Obligation D-5: text at every stage; leading zeros stay, null stays null, nothing becomes a float."""
    con = a_book()
    rows = [
        customer(10018, OrganizationNumber="999990126"),
        customer(10019, OrganizationNumber=None),
        customer(10020, OrganizationNumber="999990134"),
    ]
    load(con, tmp_path, rows, resource="customers")
    load(con, tmp_path, [entry(1, "100.00", Cid="00100420"), entry(2, "100.00")])
    orgnrs = con.execute("select organization_number from poweroffice_customers order by customer_no").fetchall()
    assert orgnrs == [("999990126",), (None,), ("999990134",)]
    assert mirrored(con, "kid, invoice_no, customer_no, entry_id") == [
        ("00100420", "1", "10018", "90000001"),
        (None, "2", "10018", "90000002"),
    ]
    con.execute("copy poweroffice_customers to ? (header)", [str(tmp_path / "out.csv")])
    csv = (tmp_path / "out.csv").read_text()
    assert "999990126" in csv and "999990126.0" not in csv


def test_a_number_not_given_yet_is_none(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "100.00", VoucherNo=0), entry(2, "100.00", VoucherNo=None)])
    assert mirrored(con, "voucher_no") == [(None,), (None,)]


def test_a_missing_field_stops_the_read_before_anything_is_changed(tmp_path: Path) -> None:
    con = a_book()
    row = entry(1, "100.00")
    del row["Balance"]
    with pytest.raises(BrokenFrame, match="Balance"):
        load(con, tmp_path, [row])
    assert mirrored(con) == []


def test_a_field_missing_on_a_later_page_stops_the_read_too(tmp_path: Path) -> None:
    row = entry(2, "100.00")
    del row["PostingDate"]
    with pytest.raises(BrokenFrame, match="PostingDate"):
        load(a_book(), tmp_path, [entry(1, "100.00")], [row])


def test_a_page_that_breaks_off_in_the_middle_stops_the_read(tmp_path: Path) -> None:
    con, read = a_book(), landed(tmp_path, "ledger_entries", [entry(1, "1.00")])
    read.add_page(written([entry(2, "1.00"), entry(3, "1.00")])[:-40] + b"]")
    with pytest.raises(BrokenFrame, match="ledger_entries: a page cannot be read as JSON"):
        load_pages(con, read, TODAY, NOW)
    assert mirrored(con) == []


def test_new_fields_and_types_are_drift_and_the_rows_are_kept(tmp_path: Path) -> None:
    result = load(a_book(), tmp_path, [entry(1, "100.00", NewThing=1, VoucherType="LoanJournal")])
    assert result.kept == result.changed == 1
    assert any("NewThing" in note for note in result.drift)
    assert any("LoanJournal" in note for note in result.drift)


def test_a_manifest_tells_the_read_again(tmp_path: Path) -> None:
    read = landed(tmp_path, "ledger_entries", [entry(1, "1.00")], [entry(2, "1.00")]).finish()
    assert read_manifest(read.folder, "ledger_entries") == read


def test_an_unfinished_read_has_no_manifest(tmp_path: Path) -> None:
    read = landed(tmp_path, "ledger_entries", [entry(1, "1.00")])
    with pytest.raises(FileNotFoundError):
        read_manifest(read.folder, "ledger_entries")


@given(
    texts=st.lists(st.text(alphabet='a}{":\\,', max_size=12), max_size=8),
    nested=st.booleans(),
)
def test_the_bound_of_a_pages_rows_is_never_too_low(texts: list[str], nested: bool) -> None:
    rows: list[Row] = [
        {"Id": no, "Name": text, "At": {"City": text} if nested else None} for no, text in enumerate(texts)
    ]
    assert rows_at_most(written(rows)) >= len(rows)


def test_the_bound_is_exact_for_ordinary_pages_of_entries() -> None:
    assert rows_at_most(written([entry(no, "1.00") for no in range(50)])) == 50
