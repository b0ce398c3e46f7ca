"""Which days a run works on, and whether it may act on the world.

Belongs here: reading a run's partitions and its tags. Not here: what is done on those days.
"""

from __future__ import annotations

from datetime import date

from dagster import AssetExecutionContext

from kredin_pipeline.partitions import BACKFILL_TAG, RANGE_START_TAG, Span, span_of


def span(context: AssetExecutionContext) -> Span:
    """The tenant and the days of this run; a single run has one day. Raises ``ValueError`` for several tenants."""
    return span_of(list(context.partition_keys))


def is_todays_own(context: AssetExecutionContext, business_date: date) -> bool:
    """Whether this run is the business date's own: one day, today's, and no part of a range or a backfill.

    Only such a run plans letters and vouchers and gives new cases their numbers.
    """
    return _why_another(context, business_date) is None


def is_backfill(context: AssetExecutionContext) -> bool:
    """Whether somebody asked for these very partitions anew in a backfill."""
    return BACKFILL_TAG in context.run.tags


def refusal(context: AssetExecutionContext, business_date: date, live: bool) -> str | None:
    """Why nothing may leave the house in this run, or None when it may.

    Rules § 9: never out of a backfill or a past partition. ``business_date`` is the Clock's day in Oslo; ``live`` is
    the tenant's mode.
    """
    found = _why_another(context, business_date)
    return "the tenant is in observe mode" if found is None and not live else found


def _why_another(context: AssetExecutionContext, business_date: date) -> str | None:
    run = span(context)
    if RANGE_START_TAG in context.run.tags or run.is_range:
        return "this run covers a range of days"
    if is_backfill(context):
        return "this run is part of a backfill"
    if run.last != business_date:
        return f"{run.last} is not the business date {business_date}"
    return None
