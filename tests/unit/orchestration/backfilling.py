"""Dagster's own backfill over an installation: what the daemon does with a range that somebody chose in the UI.

Belongs here: asking for it and going through the daemon's rounds. Runs are launched in this process. Not here: what
must be true of the rows (the tests).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from dagster import AssetKey, DagsterInstance
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.backfill import execute_backfill_iteration

from kredin_pipeline.partitions import key
from tests.unit.orchestration import a_location
from tests.unit.orchestration.installation import TENANT, Installation

MOST_ROUNDS = 20
FOLDER = "DAGSTER_HOME"


def backfill(house: Installation, folder: Path, first: date, last: date, assets: Sequence[str] = ()) -> int:
    """Backfill ``assets`` (all of them) from ``first`` to ``last``; gives the number of runs. Fails with the daemon.

    ``folder`` takes what Dagster keeps.
    """
    a_location.defs = house.definitions
    graph = house.definitions.resolve_asset_graph()
    chosen = [AssetKey(name) for name in assets] or list(graph.get_all_asset_keys())
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    instance = _instance(folder)
    instance.add_dynamic_partitions("tenant", [TENANT])
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(module_name=a_location.__name__, attribute="defs"), location_name="kredin"
    )
    with WorkspaceProcessContext(instance, InProcessWorkspaceLoadTarget(origin)) as workspace:
        asked = PartitionBackfill.from_asset_partitions(
            backfill_id="backfill", asset_graph=workspace.create_request_context().asset_graph,
            partition_names=[key(TENANT, day) for day in days], asset_selection=chosen, backfill_timestamp=time.time(),
            tags={}, dynamic_partitions_store=instance, all_partitions=False, title=None, description=None,
            run_config=None,
        )  # fmt: skip
        instance.add_backfill(asked)
        for _ in range(MOST_ROUNDS):
            errors = [one for one in execute_backfill_iteration(workspace, logging.getLogger("daemon")) if one]
            assert not errors, errors
            if _status(instance) != BulkActionStatus.REQUESTED:
                break
    assert _status(instance) == BulkActionStatus.COMPLETED_SUCCESS
    runs = len(instance.get_run_records())
    instance.dispose()
    return runs


def _instance(folder: Path) -> DagsterInstance:
    """The product's own storage, and a launcher that runs what it is given at once."""
    folder.mkdir()
    storage = {
        "module": "kredin_pipeline.instance_storage",
        "class": "KredinStorage",
        "config": {"url_env": "NO_POSTGRESQL_HERE", "folder_env": FOLDER},
    }
    launcher = {"module": "dagster._core.launcher.sync_in_memory_run_launcher", "class": "SyncInMemoryRunLauncher"}
    coordinator = {"module": "dagster._core.run_coordinator", "class": "DefaultRunCoordinator"}
    return DagsterInstance.local_temp(
        str(folder),
        overrides={
            "storage": {"custom": storage},
            "run_launcher": launcher,
            "run_coordinator": coordinator,
            "telemetry": {"enabled": False},
        },
    )


def _status(instance: DagsterInstance) -> BulkActionStatus:
    found = instance.get_backfill("backfill")
    assert found is not None
    return found.status
