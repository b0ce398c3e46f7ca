"""A newly connected tenant is noticed once, gets its partition, and its history as one ranged run."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from dagster import DagsterInstance, SensorResult, build_sensor_context
from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.partitions import RANGE_END_TAG, RANGE_START_TAG
from kredin_pipeline.sensors import build_new_tenant_sensor
from resources.clock import Clock
from resources.journal import JournalResource

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def tick(journal: JournalResource, instance: DagsterInstance, first_day: date = date(2020, 1, 1)) -> SensorResult:
    sensor = build_new_tenant_sensor(first_day)
    context = build_sensor_context(
        instance=instance, resources={"clock": Clock(pinned=NOW.isoformat()), "journal": journal}
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
