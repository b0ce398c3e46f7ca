"""Dagster's storage as we extend it: one configuration, two engines, batched events."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, BackfillPolicy, DagsterInstance, Definitions, MaterializeResult, asset, define_asset_job

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

    @asset(partitions_def=partitions, backfill_policy=BackfillPolicy.single_run())
    def pages() -> MaterializeResult[Any]:
        return MaterializeResult(metadata={"dagster/row_count": 3})

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


def test_a_postgresql_url_names_the_driver_that_is_installed() -> None:
    assert with_driver("postgresql://u@h/d") == "postgresql+psycopg2://u@h/d"
    assert with_driver("postgresql+psycopg2://u@h/d") == "postgresql+psycopg2://u@h/d"
