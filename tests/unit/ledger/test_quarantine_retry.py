"""Rows read again from their raw text: what is good by today's contract comes in, the rest stays as it was."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from kredin_pipeline.ledger.quarantine import Refused, held, put_aside
from kredin_pipeline.ledger.quarantine_retry import retry
from kredin_pipeline.ledger.sync_state import is_proved, mark_proved
from tests.unit.ledger.pages import NOW, TODAY, a_book, entry, load, mirrored, written

LATER = datetime(2025, 3, 11, 8, 0, tzinfo=UTC)
FIRST = datetime(2025, 3, 1, 5, 0, tzinfo=UTC)


def set_aside(con: duckdb.DuckDBPyConnection, row: dict[str, Any], at: datetime = FIRST) -> str:
    """A row as a contract of an earlier release would have set it aside; gives its raw text."""
    raw = written([row])[1:-1].decode()
    record_id = None if row["Id"] is None else str(row["Id"])
    put_aside(con, [Refused("poweroffice_ledger_entries", record_id, ["DueDate: an old reason"], raw)], at.date(), at)
    return raw


def test_a_row_that_is_good_today_comes_in_to_the_øre_and_the_next_run_has_to_prove_the_mirror() -> None:
    con = a_book()
    set_aside(con, entry(1, "1234567890.10"))
    mark_proved(con, TODAY, NOW)

    found = retry(con, TODAY, LATER)

    assert (len(found.taken), found.changed, found.refused) == (1, 1, [])
    assert mirrored(con) == [("90000001", Decimal("1234567890.10"), Decimal("1234567890.10"))]
    assert not is_proved(con, TODAY)
    (row,) = held(con, released=True)
    assert row.released_at == LATER and held(con) == []
    assert con.execute("select rows_in, rows_kept, rows_quarantined, note from sync_log").fetchall() == [
        (1, 1, 0, "read again from quarantine")
    ]


def test_a_row_that_is_still_wrong_stays_once_with_todays_reasons_and_its_first_day() -> None:
    con = a_book()
    raw = set_aside(con, entry(1, "10.00", DueDate="soon"))
    mark_proved(con, TODAY, NOW)

    found = retry(con, TODAY, LATER)

    assert (found.taken, found.changed) == ([], 0)
    (row,) = held(con, released=True)
    assert (row.reasons, row.raw, row.seen_at) == ('DueDate: found "soon", want an ISO date', raw, FIRST)
    assert row.seen_on == date(2025, 3, 1) and row.released_at is None
    assert is_proved(con, TODAY) and mirrored(con) == []


def test_only_what_is_asked_for_is_read_again() -> None:
    con = a_book()
    set_aside(con, entry(1, "10.00"))
    set_aside(con, entry(2, "20.00"))

    retry(con, TODAY, LATER, "90000002")

    assert [row[0] for row in mirrored(con)] == ["90000002"]
    assert [row.record_id for row in held(con)] == ["90000001"]


def test_an_older_reading_never_takes_the_place_of_a_newer_one(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "10.00", "0.00", changed="2025-03-09T05:00:00")])
    set_aside(con, entry(1, "10.00", "10.00", changed="2025-03-01T05:00:00"))

    found = retry(con, TODAY, LATER)

    assert (len(found.taken), found.changed) == (1, 0)
    assert mirrored(con) == [("90000001", Decimal("10.00"), Decimal("0.00"))]


def test_of_two_readings_the_newest_is_tried_and_a_good_one_ends_both() -> None:
    con = a_book()
    set_aside(con, entry(1, "10.00", DueDate="soon"))
    set_aside(con, entry(1, "10.00"), at=NOW)

    found = retry(con, TODAY, LATER)

    assert (len(found.taken), found.refused) == (1, [])
    assert held(con) == []


def test_rows_without_an_id_or_a_field_are_each_judged_by_themselves() -> None:
    con = a_book()
    lacking = entry(3, "30.00")
    del lacking["Balance"]
    set_aside(con, entry(1, "10.00", Id=None))
    set_aside(con, lacking)
    set_aside(con, entry(2, "20.00"))

    found = retry(con, TODAY, LATER)

    assert [row.record_id for row in found.taken] == ["90000002"]
    assert sorted(row.reasons.split(":")[0] for row in found.refused) == ["Balance", "Id"]
    assert {json.loads(row.raw)["VoucherNo"] for row in held(con)} == {1, 3}
