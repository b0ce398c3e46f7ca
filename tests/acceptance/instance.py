"""A Dagster instance for one case: in memory, and without the event log that nobody reads.

Belongs here: that instance. Storing a run's some hundred events takes a third of a short run's time, and what a case
compares is how the run ended and what arrived, both of which Dagster hands over without its event log. Otherwise it is
what ``DagsterInstance.ephemeral`` makes. It extends classes that Dagster does not promise to keep; if they move, every
case fails.
"""

from __future__ import annotations

from typing import Any

from dagster import DagsterInstance, EventLogEntry
from dagster._core.instance.types import InstanceType
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher
from dagster._core.run_coordinator import DefaultRunCoordinator
from dagster._core.storage.event_log import InMemoryEventLogStorage
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.root import TemporaryLocalArtifactStorage
from dagster._core.storage.runs import InMemoryRunStorage


class ForgetfulEventLog(InMemoryEventLogStorage):
    """Keeps dynamic partitions, and no event."""

    def __init__(self) -> None:
        super().__init__()
        self._known: set[tuple[str, str]] = set()

    def store_event(self, event: EventLogEntry) -> None:
        """Nothing is kept."""

    def _get_event_records(self, *_: Any, **__: Any) -> list[Any]:
        """Asked for each check and each input, some fifty times a run."""
        return []

    def get_asset_records(self, asset_keys: Any = None) -> list[Any]:
        """None, since no event is kept."""
        return []

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Asked a hundred times a run; a tenant that is known stays known for the case."""
        partition = (partitions_def_name, partition_key)
        if partition not in self._known and super().has_dynamic_partition(*partition):
            self._known.add(partition)
        return partition in self._known


def forgetful_instance() -> DagsterInstance:
    """A fresh instance; use it as a context manager."""
    return DagsterInstance(
        instance_type=InstanceType.EPHEMERAL,
        local_artifact_storage=TemporaryLocalArtifactStorage(),
        run_storage=InMemoryRunStorage(),
        event_storage=ForgetfulEventLog(),
        compute_log_manager=NoOpComputeLogManager(),
        run_coordinator=DefaultRunCoordinator(),
        run_launcher=SyncInMemoryRunLauncher(),
    )
