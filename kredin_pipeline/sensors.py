"""What is noticed between the days: a newly connected tenant gets its partitions and its history.

Belongs here: watching the journal for tenants and asking for their import as one ranged run, once more on a later day
when it failed. Not here: connecting a tenant (`resources.onboarding`).
"""

import json
from datetime import date

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)

from kredin_pipeline.jobs import HISTORY, history_job
from kredin_pipeline.partitions import TENANT_TAG, TENANTS, range_tags
from resources.clock import Clock
from resources.journal import JournalResource


def history_request(tenant: str, first: date, last: date) -> RunRequest:
    """The whole past of a tenant as one run; asked for once, by its run key."""
    return RunRequest(run_key=f"history|{tenant}|{first}|{last}", tags=range_tags(tenant, first, last))


def _first(first_day: date, import_start: date | None) -> date:
    return first_day if import_start is None else max(first_day, import_start)


def build_new_tenant_sensor(first_day: date) -> SensorDefinition:
    """Sensor over the journal's tenants. An import never begins before ``first_day``, the first partition.

    Its cursor names the tenants whose history was asked for and has not come yet, with the day on which it was asked.
    """

    @sensor(
        job=history_job,
        name="new_tenants",
        minimum_interval_seconds=30,
        default_status=DefaultSensorStatus.RUNNING,
        description="Adds the partitions of newly connected tenants and requests their history as one run.",
    )
    def new_tenants(context: SensorEvaluationContext, clock: Clock, journal: JournalResource) -> SensorResult:
        known = set(context.instance.get_dynamic_partitions(str(TENANTS.name)))
        today = clock.today()
        tenants = {tenant.name: tenant for tenant in journal.open().tenants()}
        new = [name for name in tenants if name not in known]
        waiting: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
        waiting = {name: asked_on for name, asked_on in waiting.items() if name in tenants}
        again: list[str] = []
        for name, asked_on in list(waiting.items()):
            status = _history(context.instance, name)
            if status == DagsterRunStatus.SUCCESS:
                del waiting[name]
            elif status in (DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED) and asked_on < today.isoformat():
                again.append(name)
        asked = [*new, *again]
        waiting |= dict.fromkeys(asked, today.isoformat())
        requests = [
            history_request(
                name, _first(first_day, tenants[name].settings.import_start(tenants[name].connected_on)), today
            )
            for name in asked
        ]
        added = [TENANTS.build_add_request(new)] if new else []
        return SensorResult(run_requests=requests, dynamic_partitions_requests=added, cursor=json.dumps(waiting))

    return new_tenants


def _history(instance: DagsterInstance, tenant: str) -> DagsterRunStatus | None:
    """How the tenant's newest import ended, whoever started it; None when there is none."""
    newest = instance.get_runs(RunsFilter(job_name=HISTORY, tags={TENANT_TAG: tenant}), limit=1)
    return newest[0].status if newest else None
