"""How the work is cut: one partition per tenant per day.

Belongs here: the two dimensions, their keys, and what "the newest day" means. Not here: which runs are requested
(`schedules`, `sensors`) and what a run does (`jobs`, `assets`).

The newest key is always the business date itself, the calendar date in Oslo (rules § 1.4): a run at 00:30, at noon or
at 23:30 on 5 December works on the key `2023-12-05`. Dagster would by default offer a day only after it has ended; the
definition therefore reaches one day further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dagster import (
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    MultiPartitionKey,
    MultiPartitionsDefinition,
)

TENANTS = DynamicPartitionsDefinition(name="tenant")
DEFAULT_FIRST_DAY = date(2023, 1, 1)
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"
BACKFILL_TAG = "dagster/backfill"
TENANT_TAG = "kredin/tenant"


def day_and_tenant(first_day: date = DEFAULT_FIRST_DAY, days_ahead: int = 1) -> MultiPartitionsDefinition:
    """Partitions `{date, tenant}` from ``first_day`` to today in Oslo.

    ``days_ahead`` is 1 so that today's key exists while the day lasts; a pinned clock that runs ahead of the real one
    needs more.
    """
    days = DailyPartitionsDefinition(
        start_date=first_day.isoformat(), timezone="Europe/Oslo", end_offset=max(1, days_ahead)
    )
    return MultiPartitionsDefinition({"date": days, "tenant": TENANTS})


def newest_day(business_date: date) -> str:
    """Key of the newest day for a clock that shows ``business_date`` in Oslo: that day itself."""
    return business_date.isoformat()


def key(tenant: str, day: date) -> MultiPartitionKey:
    """Partition key of one tenant's day, `2026-11-24|fjellheim` in the UI."""
    return MultiPartitionKey({"date": day.isoformat(), "tenant": tenant})


@dataclass(frozen=True)
class Span:
    """The days of one tenant that one run works on; a single day has ``first == last``."""

    tenant: str
    first: date
    last: date

    @property
    def is_range(self) -> bool:
        """True when the run covers more than one day."""
        return self.first != self.last


def range_tags(tenant: str, first: date, last: date) -> dict[str, str]:
    """Run tags that make one run of all days from ``first`` to ``last`` of a tenant."""
    return {
        RANGE_START_TAG: str(key(tenant, first)),
        RANGE_END_TAG: str(key(tenant, last)),
        TENANT_TAG: tenant,
    }


def span_of(partition_keys: Sequence[str]) -> Span:
    """The span behind a run's partition keys.

    Raises ``ValueError`` when the keys belong to more than one tenant: a book has one writer, so a run serves one.
    """
    parsed = [partition_key.split("|", 1) for partition_key in partition_keys]
    tenants = sorted({tenant for _, tenant in parsed})
    if len(tenants) != 1:
        raise ValueError(f"a run serves one tenant, but its partitions name {', '.join(tenants) or 'none'}")
    days = [date.fromisoformat(day) for day, _ in parsed]
    return Span(tenant=tenants[0], first=min(days), last=max(days))
