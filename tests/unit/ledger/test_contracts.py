"""Which rows are refused, with which words, and that none is lost uncounted."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kredin_pipeline.ledger import quarantine
from tests.unit.ledger.pages import NOW, a_book, entry, load, mirrored


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"DueDate": "31.02.2026"}, 'DueDate: found "31.02.2026", want an ISO date'),
        ({"DueDate": "2025-02-30"}, 'DueDate: found "2025-02-30", want an ISO date'),
        ({"DueDate": "2025-03-03T12:00:00"}, 'DueDate: found "2025-03-03T12:00:00", want an ISO date'),
        ({"DueDate": "2205-03-03"}, 'DueDate: found "2205-03-03", want a date from 1970 to 2100'),
        ({"Amount": "twelve"}, 'Amount: found "twelve", want an amount in whole øre'),
        ({"Amount": Decimal("1.005")}, 'Amount: found "1.005", want an amount in whole øre'),
        ({"Amount": None}, "Amount: found nothing, want an amount below a thousand billion kroner"),
        ({"Balance": Decimal("200.00")}, "Balance: found 200.00, want one of the amount's sign, at most 100.00"),
        ({"Balance": Decimal("-1.00")}, "Balance: found -1.00, want one of the amount's sign, at most 100.00"),
        ({"PostingDate": None}, "PostingDate: found nothing, want a date from 1970 to 2100"),
        ({"VoucherId": "42"}, 'VoucherId: found "42", want a GUID'),
        ({"CustomerId": None}, "CustomerId: found nothing, want a number"),
        ({"IsWriteOff": "perhaps"}, 'IsWriteOff: found "perhaps", want true or false'),
        (
            {"LastChangedDateTimeOffset": "2025-03-10T10:00:00"},
            'LastChangedDateTimeOffset: found "2025-03-10T10:00:00", want an ISO time with its offset',
        ),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason_and_the_others_are_kept(
    tmp_path: Path, wrong: dict[str, Any], reason: str
) -> None:
    con = a_book()
    result = load(con, tmp_path, [entry(1, "100.00", **wrong), entry(2, "50.00")])
    assert (result.rows_in, result.kept, result.quarantined) == (2, 1, 1)
    assert [row[0] for row in mirrored(con)] == ["90000002"]
    assert con.execute("select record_id, reasons from quarantine").fetchall() == [("90000001", reason)]


def test_every_fault_of_a_row_is_named_at_once(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "100.00", DueDate="soon", VoucherId="x", Amount=None)])
    (reasons,) = con.execute("select reasons from quarantine").fetchone() or ("",)
    assert [reason.split(":")[0] for reason in str(reasons).split("; ")] == ["DueDate", "VoucherId", "Amount"]


def test_the_raw_text_is_kept_as_it_came(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(2, "50.00")], [entry(1, "100.00", DueDate="soon", Unknown={"a": 1})])
    (raw,) = con.execute("select raw from quarantine").fetchone() or ("",)
    assert '"DueDate": "soon"' in raw and '"Unknown": {"a": 1}' in raw and '"Amount": 100.00' in raw


def test_a_midnight_behind_a_date_is_no_fault(tmp_path: Path) -> None:
    con = a_book()
    row = entry(1, "100.00", DueDate="2025-03-03T00:00:00", PostingDate="2025-02-10T00:00:00.0000000+01:00")
    assert load(con, tmp_path, [row]).quarantined == 0
    assert mirrored(con, "due_date, posting_date") == [(date(2025, 3, 3), date(2025, 2, 10))]


def test_a_doubles_noise_is_not_a_fraction_of_an_øre(tmp_path: Path) -> None:
    con = a_book()
    assert load(con, tmp_path, [entry(1, "0.30000000000000004", "0.3")]).quarantined == 0
    assert mirrored(con, "amount") == [(Decimal("0.30"),)]


def test_the_same_bad_row_read_again_lies_in_quarantine_once_and_is_counted_again(tmp_path: Path) -> None:
    con = a_book()
    for _ in range(2):
        assert load(con, tmp_path, [entry(1, "100.00", DueDate="soon")]).quarantined == 1
    assert con.execute("select count(*) from quarantine").fetchone() == (1,)


def test_a_row_that_comes_in_good_order_leaves_quarantine_by_itself(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "100.00", DueDate="soon")])
    load(con, tmp_path, [entry(1, "100.00", changed="2025-03-09T05:00:00")])
    assert con.execute("select released_at from quarantine").fetchall() == [(NOW,)]
    assert len(mirrored(con)) == 1


def test_a_person_can_release_a_row(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "100.00", DueDate="soon")])
    assert quarantine.release(con, "90000001", datetime.fromisoformat("2025-03-11T08:00:00+00:00")) == 1
    assert quarantine.is_empty(con)


def test_the_error_text_says_what_whose_and_what_to_do(tmp_path: Path) -> None:
    result = load(a_book(), tmp_path, [entry(1, "100.00", DueDate="31.02.2026"), entry(2, "100.00")])
    assert result.examples[0].shown("fjellheim", 4211) == (
        'fjellheim: ledger entry 90000001, DueDate: found "31.02.2026", want an ISO date. The row is in quarantine; '
        "4,211 others were kept. Release: kredin quarantine release 90000001"
    )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bad=st.lists(st.sampled_from(["", "DueDate", "Amount", "VoucherId", "Id", "CustomerId"]), min_size=1, max_size=12)
)
def test_rows_in_are_rows_kept_and_rows_in_quarantine_always(tmp_path: Path, bad: list[str]) -> None:
    con = a_book()
    rows = [entry(no, "10.00", **({name: "?"} if name else {})) for no, name in enumerate(bad)]
    result = load(con, tmp_path, rows)
    refused = sum(1 for name in bad if name)
    assert (result.rows_in, result.kept, result.quarantined) == (len(bad), len(bad) - refused, refused)
    assert len(mirrored(con)) == len(bad) - refused
    assert con.execute("select count(*) from quarantine").fetchone() == (refused,)
