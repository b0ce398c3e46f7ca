"""When the day begins: 06:00 in Oslo, one run per tenant.

Belongs here: the clock times and the run requests. Not here: how a new tenant is noticed (`sensors`).
"""

from collections.abc import Iterator
from datetime import date

from dagster import DefaultScheduleStatus, RunRequest, ScheduleDefinition, ScheduleEvaluationContext, schedule

from kredin_pipeline.jobs import daily_job
from kredin_pipeline.partitions import TENANT_TAG, TENANTS, key
from resources.clock import Clock


def requests_for(tenants: list[str], business_date: date) -> Iterator[RunRequest]:
    """One run per tenant for its newest day; the run key keeps a second tick from asking twice."""
    for tenant in tenants:
        yield RunRequest(
            run_key=f"daily|{business_date}|{tenant}",
            partition_key=key(tenant, business_date),
            tags={TENANT_TAG: tenant},
        )


def build_daily_schedule() -> ScheduleDefinition:
    """The daily schedule; the day is the Clock's, so that a pinned demo works on its own date."""

    @schedule(
        job=daily_job,
        cron_schedule="0 6 * * *",
        execution_timezone="Europe/Oslo",
        default_status=DefaultScheduleStatus.RUNNING,
        name="daily_at_six",
        description="06:00 Oslo: one run per connected tenant for the business date.",
    )
    def daily_at_six(context: ScheduleEvaluationContext, clock: Clock) -> Iterator[RunRequest]:
        known = context.instance.get_dynamic_partitions(str(TENANTS.name))
        yield from requests_for(sorted(known), clock.today())

    return daily_at_six
