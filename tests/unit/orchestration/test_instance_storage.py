"""Dagster's storage as we extend it: one configuration, two engines, batched events."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetKey,
    BackfillPolicy,
    DagsterInstance,
    Definitions,
    EventLogEntry,
    MaterializeResult,
    asset,
    define_asset_job,
)

from kredin_pipeline.instance import open_instance
from kredin_pipeline.instance_storage import BatchingSqliteEventLog, with_driver
from kredin_pipeline.partitions import day_and_tenant, range_tags


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DagsterInstance:
    monkeypatch.delenv("KREDIN_PG_URL", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "50")
    return open_instance(tmp_path)


def a_ranged_job() -> Definitions:
    partitions = day_and_tenant(date(2025, 1, 1))

    @asset(
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        check_specs=[AssetCheckSpec("whole", asset="pages")],
    )
    def pages() -> MaterializeResult:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
        return MaterializeResult(metadata={"dagster/row_count": 3}, check_results=[AssetCheckResult(passed=True)])

    return Definitions(assets=[pages], jobs=[define_asset_job("history", selection=[pages])])


def test_a_ranged_run_stores_every_day_although_its_events_go_in_batches(instance: DagsterInstance) -> None:
    instance.add_dynamic_partitions("tenant", ["fjell"])
    job = a_ranged_job().resolve_job_def("history")

    result = job.execute_in_process(instance=instance, tags=range_tags("fjell", date(2025, 1, 1), date(2025, 7, 19)))

    assert isinstance(instance.event_log_storage, BatchingSqliteEventLog)
    stored = instance.get_materialized_partitions(AssetKey("pages"))
    assert len(stored) == 200 and {"2025-01-01|fjell", "2025-07-19|fjell"} <= stored
    in_run = [event for event in instance.all_logs(result.run_id) if event.is_dagster_event]
    assert sum(event.get_dagster_event().is_step_materialization for event in in_run) == 200
    newest = instance.get_latest_materialization_event(AssetKey("pages"))
    assert newest is not None and newest.run_id == result.run_id


def test_a_batch_that_holds_checks_as_well_is_stored_and_every_event_keeps_its_own_number(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    singly: list[str] = []
    store_event = BatchingSqliteEventLog.store_event

    def noted(self: BatchingSqliteEventLog, event: EventLogEntry) -> None:
        singly.append(str(event.dagster_event_type and event.dagster_event_type.value))
        store_event(self, event)

    monkeypatch.setattr(BatchingSqliteEventLog, "store_event", noted)
    instance.add_dynamic_partitions("tenant", ["fjell"])
    job = a_ranged_job().resolve_job_def("history")

    job.execute_in_process(instance=instance, tags=range_tags("fjell", date(2025, 1, 1), date(2025, 3, 1)))

    assert "ASSET_CHECK_EVALUATION_PLANNED" in singly
    assert not [one for one in singly if one.startswith("ASSET_MATERIALIZATION")]
    records = instance.fetch_materializations(AssetKey("pages"), limit=1000, ascending=True).records
    assert len({one.partition_key for one in records}) == len(records) == 60
    assert [one.storage_id for one in records] == sorted({one.storage_id for one in records})
    (entry,) = instance.get_asset_records([AssetKey("pages")])
    held = entry.asset_entry.last_materialization_record
    assert held is not None and (held.storage_id, held.partition_key) == (
        records[-1].storage_id,
        records[-1].partition_key,
    )


def test_a_postgresql_url_names_the_driver_that_is_installed() -> None:
    assert with_driver("postgresql://u@h/d") == "postgresql+psycopg2://u@h/d"
    assert with_driver("postgresql+psycopg2://u@h/d") == "postgresql+psycopg2://u@h/d"
