"""What the wire sends that nobody told us of is told once, on its first day, and stops nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from assets.ledger_checks import checked
from kredin_pipeline.ledger import drift
from kredin_pipeline.ledger.contracts import is_drift
from kredin_pipeline.ledger.mirror import load_pages
from resources.poweroffice_sync import SyncReport
from tests.unit.ledger.pages import NOW, TODAY, a_book, customer, entry, landed, load, mirrored

TOMORROW = TODAY + timedelta(days=1)


def test_a_new_field_a_lost_field_and_an_unknown_value_are_each_a_drift_of_its_own(tmp_path: Path) -> None:
    con = a_book()
    row = entry(1, "10.00", VoucherType="LoanJournal", New1=1, New2=2)
    del row["Cid"]

    found = load(con, tmp_path, [row])
    load(con, tmp_path, [customer(ReminderDeliveryType="Pigeon")], resource="customers")

    assert [note for note in found.drift if is_drift(note)] == [
        "ledger_entries: new field New1", "ledger_entries: new field New2", "ledger_entries: no longer sends Cid",
        "ledger_entries: voucher type LoanJournal is new; treated as a journal",
    ]  # fmt: skip
    assert drift.new_values(con, ["ledger_entries", "customers"]) == [
        "customers: reminder delivery type Pigeon is new; kept as it is",
        "ledger_entries: voucher type LoanJournal is new; treated as a journal",
    ]
    assert drift.new_values(con, ["outgoing_invoices"]) == []
    assert found.kept == 1 and len(mirrored(con)) == 1


def test_a_drift_is_new_on_its_first_day_and_known_ever_after() -> None:
    con = a_book()
    first = drift.remember(con, ["customers: new field A"], TODAY)
    again = drift.remember(con, ["customers: new field A"], TODAY)
    next_day = drift.remember(con, ["customers: new field A", "customers: new field B"], TOMORROW)

    assert [one.about for one in first.new] == [one.about for one in again.new] == ["customers: new field A"]
    assert [one.about for one in next_day.new] == ["customers: new field B"]
    assert [(one.about, one.first_seen_on) for one in next_day.known] == [("customers: new field A", TODAY)]
    assert con.execute("select last_seen_on from wire_drift where about like '%A'").fetchone() == (TOMORROW,)


def test_the_check_warns_on_the_first_day_alone_and_no_other_check_minds(tmp_path: Path) -> None:
    con = a_book()

    def checks(on_tomorrow: bool) -> dict[str, bool]:
        day = TOMORROW if on_tomorrow else TODAY
        report = SyncReport("fjellheim", day)
        report.add(load(con, tmp_path, [entry(1 + on_tomorrow, "10.00", NewThing=1)], on=day))
        return {one.check_name or "": one.passed for one in checked(con, report)}

    first, second = checks(False), checks(True)

    assert first == {
        "mirror_is_whole": False,  # there was nothing to compare with
        "rows_in_are_kept_or_quarantined": True,
        "matches_add_up": True,
        "wire_is_as_known": False,
        "quarantine_rate": True,
    }
    assert second == first | {"wire_is_as_known": True}


def test_a_count_that_the_server_claimed_is_about_one_read_and_no_drift(tmp_path: Path) -> None:
    pages = landed(tmp_path, "ledger_entries", [entry(1, "10.00")], claimed_total=7)

    notes = load_pages(a_book(), pages, TODAY, NOW).drift

    assert any("claimed 7 rows" in note for note in notes) and not any(map(is_drift, notes))
