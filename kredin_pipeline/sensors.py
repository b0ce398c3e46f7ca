"""What is noticed between the days: a newly connected tenant gets its partitions and its history.

Belongs here: watching the journal for tenants and asking for their import as one ranged run. Not here: connecting a
tenant (`resources.onboarding`).
"""

from datetime import date

from dagster import DefaultSensorStatus, RunRequest, SensorDefinition, SensorEvaluationContext, SensorResult, sensor

from kredin_pipeline.jobs import history_job
from kredin_pipeline.partitions import TENANTS, range_tags
from resources.clock import Clock
from resources.journal import JournalResource


def history_request(tenant: str, first: date, last: date) -> RunRequest:
    """The whole past of a tenant as one run; asked for once, by its run key."""
    return RunRequest(run_key=f"history|{tenant}|{first}|{last}", tags=range_tags(tenant, first, last))


def _first(first_day: date, import_start: date | None) -> date:
    return first_day if import_start is None else max(first_day, import_start)


def build_new_tenant_sensor(first_day: date) -> SensorDefinition:
    """Sensor over the journal's tenants. An import never begins before ``first_day``, the first partition."""

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
        new = [tenant for tenant in journal.open().tenants() if tenant.name not in known]
        requests = [
            history_request(tenant.name, _first(first_day, tenant.settings.import_start(tenant.connected_on)), today)
            for tenant in new
        ]
        added = [TENANTS.build_add_request([tenant.name for tenant in new])] if new else []
        return SensorResult(run_requests=requests, dynamic_partitions_requests=added)

    return new_tenants
