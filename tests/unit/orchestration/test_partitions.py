"""The days and tenants a run is cut by. Not here: what the assets of a run do."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from dagster import DagsterInstance

from kredin_pipeline.partitions import day_and_tenant, key, newest_day, range_tags, span_of
from kredin_pipeline.schedules import requests_for
from resources.clock import Clock


@pytest.mark.parametrize(
    "moment", ["2023-12-05T00:30:00+01:00", "2023-12-05T12:00:00+01:00", "2023-12-05T23:30:00+01:00"]
)
def test_the_newest_key_is_the_oslo_date_all_day_long(moment: str) -> None:
    """Obligation O-1: one answer for schedule, sensor and command line, whatever the hour."""
    today = Clock(pinned=moment).today()

    assert newest_day(today) == "2023-12-05"
    assert [request.partition_key for request in requests_for(["fjell"], today)] == [key("fjell", date(2023, 12, 5))]


def test_the_real_newest_key_exists_before_its_day_has_ended() -> None:
    partitions = day_and_tenant(date(2023, 12, 1))
    instance = DagsterInstance.ephemeral()
    instance.add_dynamic_partitions("tenant", ["fjell"])
    today = Clock().today()

    keys = partitions.get_partition_keys(dynamic_partitions_store=instance)

    assert key("fjell", today) in keys
    assert max(keys).startswith(today.isoformat())


def test_days_are_counted_in_oslo_and_not_in_utc() -> None:
    half_past_midnight_in_oslo = datetime(2025, 6, 30, 22, 30, tzinfo=UTC)

    assert Clock(pinned=half_past_midnight_in_oslo.isoformat()).today() == date(2025, 7, 1)


def test_the_schedule_asks_once_per_tenant_and_day() -> None:
    requests = list(requests_for(["dal", "fjell"], date(2026, 11, 24)))

    assert [request.run_key for request in requests] == ["daily|2026-11-24|dal", "daily|2026-11-24|fjell"]
    assert [request.tags["kredin/tenant"] for request in requests] == ["dal", "fjell"]


def test_a_range_names_its_first_and_last_day() -> None:
    tags = range_tags("fjell", date(2023, 11, 24), date(2026, 11, 23))

    assert tags["dagster/asset_partition_range_start"] == "2023-11-24|fjell"
    assert tags["dagster/asset_partition_range_end"] == "2026-11-23|fjell"


def test_a_run_serves_one_tenant() -> None:
    assert span_of(["2026-11-23|fjell", "2026-11-22|fjell"]).first == date(2026, 11, 22)
    with pytest.raises(ValueError, match="dal, fjell"):
        span_of(["2026-11-23|fjell", "2026-11-23|dal"])
