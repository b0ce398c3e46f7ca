"""The runs: the daily job, the historical import, and running either in this process.

Belongs here: which assets a run materialises and how its outcome is told to a caller. Not here: when runs are
requested (`schedules`, `sensors`) and what the assets do.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from datetime import date

from dagster import (
    AssetSelection,
    DagsterInstance,
    DagsterRunStatus,
    Definitions,
    ExecuteInProcessResult,
    RunsFilter,
    define_asset_job,
    in_process_executor,
)

from kredin_pipeline.partitions import TENANT_TAG, TENANTS, key, range_tags

DAILY = "daily"
HISTORY = "history"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""In this process the caller tells how a run ended; Dagster's own log is kept in its storage for the UI."""

PROCESS_TAG = "kredin/process"
"""Host and number of the process that a run of this module lives in: it ends with it, and nobody else can tell."""

# Sends and posts nothing by themselves in an import (assets refuse), so an import does not run them at all.
ACTING_GROUPS = ("letters", "vouchers", "legal")

daily_job = define_asset_job(
    DAILY,
    selection=AssetSelection.all(),
    executor_def=in_process_executor,
    description="One tenant's day: ledger in, cases derived, letters and vouchers out, the case table published.",
)

history_job = define_asset_job(
    HISTORY,
    selection=AssetSelection.all() - AssetSelection.groups(*ACTING_GROUPS),
    executor_def=in_process_executor,
    description="A tenant's past in one run over a range of days. Sends and posts nothing.",
)


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended: ``ok``, and the messages of its failures and failed checks, most telling first."""

    ok: bool
    run_id: str
    messages: list[str] = field(default_factory=list[str])


def run_day(defs: Definitions, instance: DagsterInstance, tenant: str, day: date) -> RunOutcome:
    """Run one tenant's day in this process; never raises for what an asset raised."""
    _known(instance, tenant)
    close_abandoned(instance, tenant)
    result = defs.resolve_job_def(DAILY).execute_in_process(
        partition_key=key(tenant, day),
        instance=instance,
        tags={TENANT_TAG: tenant, PROCESS_TAG: _process(os.getpid())},
        run_config=QUIET,
        raise_on_error=False,
    )
    return _outcome(result)


def run_history(defs: Definitions, instance: DagsterInstance, tenant: str, first: date, last: date) -> RunOutcome:
    """Import the days from ``first`` to ``last`` of one tenant as one ranged run in this process.

    After a run that was killed it goes on from what that one has committed: a mirror that was proved whole is only
    brought up to date, everything else is done again to the same end.
    """
    if last < first:
        raise ValueError(f"{tenant}: the import would end on {last}, before it begins on {first}")
    _known(instance, tenant)
    close_abandoned(instance, tenant)
    result = defs.resolve_job_def(HISTORY).execute_in_process(
        instance=instance,
        tags={**range_tags(tenant, first, last), PROCESS_TAG: _process(os.getpid())},
        run_config=QUIET,
        raise_on_error=False,
    )
    return _outcome(result)


def close_abandoned(instance: DagsterInstance, tenant: str) -> list[str]:
    """Mark the tenant's runs as canceled whose process on this machine is gone; gives their ids.

    A process that is killed cannot say so. Its run would count as under way for ever and hold up the tenant's queue.
    """
    under_way = RunsFilter(tags={TENANT_TAG: tenant}, statuses=[DagsterRunStatus.STARTING, DagsterRunStatus.STARTED])
    ended: list[str] = []
    for run in instance.get_runs(under_way):
        host, _, number = run.tags.get(PROCESS_TAG, "").rpartition(":")
        if host == socket.gethostname() and number.isdecimal() and not _lives(int(number)):
            instance.report_run_canceled(run, f"The process {number} that the run lived in has ended without a word.")
            ended.append(run.run_id)
    return ended


def _process(number: int) -> str:
    return f"{socket.gethostname()}:{number}"


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, but alive
        return True
    return True


def _known(instance: DagsterInstance, tenant: str) -> None:
    if not instance.has_dynamic_partition(str(TENANTS.name), tenant):
        instance.add_dynamic_partitions(str(TENANTS.name), [tenant])


def _outcome(result: ExecuteInProcessResult) -> RunOutcome:
    messages: list[str] = []
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            error = failure.error
            while error is not None:
                messages.append(error.message.strip())
                error = error.cause
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed:
            shown = evaluation.description or ", ".join(str(value.value) for value in evaluation.metadata.values())
            messages.append(f"{evaluation.check_name}: {shown}")
    return RunOutcome(ok=result.success, run_id=result.run_id, messages=messages)
