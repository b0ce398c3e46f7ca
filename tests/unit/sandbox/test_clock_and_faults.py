"""The sandbox's time and the store of planned faults."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from kredin_pipeline.sandbox.clock import SandboxClock, event_moment, read_ticks, write_ticks
from kredin_pipeline.sandbox.faults import Faults


def test_a_day_alone_is_five_in_the_morning_in_oslo() -> None:
    assert event_moment("2025-03-10") == datetime(2025, 3, 10, 4, tzinfo=UTC)
    assert event_moment("2025-07-10T05:58") == datetime(2025, 7, 10, 3, 58, tzinfo=UTC)
    assert event_moment("2025-07-10T05:58:00+00:00") == datetime(2025, 7, 10, 5, 58, tzinfo=UTC)


def test_the_clock_stands_where_it_is_set_and_moves_when_told() -> None:
    clock = SandboxClock("2025-03-10T23:30")
    clock.advance(1800)
    assert clock.today() == date(2025, 3, 11)
    assert clock.now() == datetime(2025, 3, 10, 23, tzinfo=UTC)


def test_change_stamps_never_repeat_even_when_the_clock_stands_or_goes_back() -> None:
    clock = SandboxClock("2025-03-10")
    stamps = [clock.tick() for _ in range(3)]
    clock.set("2025-03-09")
    stamps += [clock.tick(), clock.tick()]
    assert stamps == sorted(set(stamps))
    assert stamps[1] - stamps[0] == 1


def test_timestamps_keep_seven_digits_both_ways() -> None:
    written = write_ticks(read_ticks("2026-04-20T11:02:40.5500001+00:00"))
    assert written == "2026-04-20T11:02:40.5500001+00:00"
    assert write_ticks(read_ticks("2026-04-20T13:02:40.55+02:00")) == "2026-04-20T11:02:40.5500000+00:00"
    with pytest.raises(ValueError, match="Invalid isoformat"):
        read_ticks("2026-04-20T11:02:40.5500000 00:00")


def test_a_fault_fits_by_method_segments_and_any_case() -> None:
    faults = Faults()
    faults.add({"route": "GET /Customerledger", "kind": "empty_200", "times": 9}, "key")
    assert faults.take("customerledger/Statement", "get", "key") is not None
    assert faults.take("Customerledger/Statement", "POST", "key") is None
    assert faults.take("CustomerledgerX", "GET", "key") is None
    assert faults.take("Customerledger", "GET", "other") is None


def test_after_and_times_count_matching_calls() -> None:
    faults = Faults()
    faults.add({"route": "/Customers", "kind": "status", "code": 500, "after": 1, "times": 2})
    assert [faults.take("Customers", "GET") is not None for _ in range(4)] == [False, True, True, False]


def test_the_first_planned_is_shown_first_and_what_is_given_back_waits() -> None:
    faults = Faults()
    faults.add({"route": "/Customers", "kind": "empty_200"})
    faults.add({"route": "/Customers", "kind": "timeout"})
    first = faults.take("Customers", "GET")
    assert first is not None and first.kind == "empty_200"
    faults.give_back(first)
    assert [f.kind for f in (faults.take("Customers", "GET"), faults.take("Customers", "GET")) if f] == [
        "empty_200",
        "timeout",
    ]


def test_faults_of_shared_services_belong_to_no_company() -> None:
    faults = Faults()
    for route in ("SMTP", "letter_drop", "GET /enheter/{orgnr}"):
        assert faults.add({"route": route, "kind": "timeout"}, "key").company is None
    assert faults.take("SMTP", "") is not None
    assert faults.take(("/letter-drop/a/b.pdf", "/a/b.pdf"), "PUT") is not None
    assert faults.take(("/enhetsregisteret/api/enheter/1", "/enheter/1"), "GET") is not None


def test_a_company_can_drop_its_own() -> None:
    faults = Faults()
    faults.add({"route": "/Customers", "kind": "timeout"}, "a")
    faults.add({"route": "/Customers", "kind": "timeout"}, "b")
    faults.clear("a")
    assert [f["company"] for f in faults.planned()] == ["b"]
