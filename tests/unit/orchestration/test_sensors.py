"""A newly connected tenant is noticed once, gets its partition, and its history as one ranged run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dagster import DagsterInstance, DagsterRunStatus, SensorResult, build_sensor_context
from dagster._core.test_utils import create_run_for_test
from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.jobs import HISTORY
from kredin_pipeline.partitions import RANGE_END_TAG, RANGE_START_TAG, TENANT_TAG
from kredin_pipeline.sensors import build_new_tenant_sensor
from resources.clock import Clock
from resources.journal import JournalResource

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def tick(
    journal: JournalResource,
    instance: DagsterInstance,
    first_day: date = date(2020, 1, 1),
    cursor: str | None = None,
    now: datetime = NOW,
) -> SensorResult:
    sensor = build_new_tenant_sensor(first_day)
    context = build_sensor_context(
        instance=instance, cursor=cursor, resources={"clock": Clock(pinned=now.isoformat()), "journal": journal}
    )
    result = sensor(context)
    assert isinstance(result, SensorResult)
    return result


def journal_with(folder: Path, *tenants: tuple[str, dict[str, object]]) -> JournalResource:
    resource = JournalResource(url=f"sqlite:///{folder / 'journal.sqlite'}", home=str(folder))
    for name, settings in tenants:
        chosen, key = TenantSettings.of(settings), SecretStr(f"key of {name}")
        resource.open().add_tenant(name, key, f"{name} AS", "999990002", date(2026, 11, 24), chosen, "test", NOW)
    return resource


def test_a_new_tenant_gets_its_partition_and_one_run_for_its_history(tmp_path: Path) -> None:
    journal = journal_with(tmp_path, ("fjell", {"import_from": date(2024, 1, 1)}))

    result = tick(journal, DagsterInstance.ephemeral())

    assert [request.partition_keys for request in result.dynamic_partitions_requests or []] == [["fjell"]]
    (request,) = result.run_requests or []
    assert request.tags[RANGE_START_TAG] == "2024-01-01|fjell"
    assert request.tags[RANGE_END_TAG] == "2026-11-24|fjell"
    assert request.tags["kredin/tenant"] == "fjell"


def test_a_known_tenant_is_not_imported_again(tmp_path: Path) -> None:
    journal = journal_with(tmp_path, ("fjell", {}))
    instance = DagsterInstance.ephemeral()
    instance.add_dynamic_partitions("tenant", ["fjell"])

    result = tick(journal, instance)

    assert not result.run_requests and not result.dynamic_partitions_requests


def test_an_import_never_begins_before_the_first_partition(tmp_path: Path) -> None:
    journal = journal_with(tmp_path, ("fjell", {"import_from": None}))

    result = tick(journal, DagsterInstance.ephemeral(), first_day=date(2023, 1, 1))

    assert [request.tags[RANGE_START_TAG] for request in result.run_requests or []] == ["2023-01-01|fjell"]


def an_import(instance: DagsterInstance, ends: DagsterRunStatus) -> None:
    """The run that was asked for, as it ended."""
    run = create_run_for_test(instance, job_name=HISTORY, tags={TENANT_TAG: "fjell"}, status=ends)
    assert instance.get_run_by_id(run.run_id) is not None


def test_an_import_that_failed_is_asked_for_again_on_another_day_until_it_has_come(tmp_path: Path) -> None:
    journal, tomorrow = journal_with(tmp_path, ("fjell", {})), NOW + timedelta(days=1)
    with DagsterInstance.ephemeral() as instance:
        asked = tick(journal, instance)
        instance.add_dynamic_partitions("tenant", ["fjell"])
        assert not tick(journal, instance, cursor=asked.cursor, now=tomorrow).run_requests  # it has not ended yet
        an_import(instance, DagsterRunStatus.FAILURE)

        same_day = tick(journal, instance, cursor=asked.cursor)
        next_day = tick(journal, instance, cursor=same_day.cursor, now=tomorrow)

        assert not same_day.run_requests
        (first,), (again,) = asked.run_requests or [], next_day.run_requests or []
        assert again.run_key != first.run_key and again.tags[RANGE_END_TAG] == "2026-11-25|fjell"
        an_import(instance, DagsterRunStatus.SUCCESS)
        come = tick(journal, instance, cursor=next_day.cursor, now=tomorrow + timedelta(days=1))
        assert not come.run_requests and come.cursor == "{}"
