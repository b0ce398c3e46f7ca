"""Dagster's own storage: SQLite by default, PostgreSQL when `KREDIN_PG_URL` is set, from one `dagster.yaml`.

Belongs here: the choice, and writing the events of a ranged run in one transaction instead of one each (a three-year
import has some 15,000 of them). Not here: the journal and the book, which are the product's stores. It extends classes
that Dagster does not promise to keep; `tests/unit/orchestration` fails when they move.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dagster import EventLogEntry, Field
from dagster._config.config_schema import UserConfigSchema
from dagster._core.events import ASSET_EVENTS
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData


class BatchingSqliteEventLog(SqliteEventLogStorage):
    """The SQLite event log, with a batch of materializations stored in two transactions instead of two each."""

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store ``events``; anything but materializations of one run takes Dagster's own path, one by one."""
        run_ids = {event.run_id for event in events}
        of_assets = all(event.is_dagster_event and event.dagster_event_type in ASSET_EVENTS for event in events)
        if len(run_ids) != 1 or not of_assets:
            for event in events:
                self.store_event(event)
            return
        inserts = [self.prepare_insert_event(event) for event in events]
        with self.run_connection(run_ids.pop()) as run_shard, run_shard.begin_nested():
            for insert in inserts:
                run_shard.execute(insert)
        with self.index_transaction() as index:
            newest: dict[str, tuple[EventLogEntry, int]] = {}
            event_ids: list[int] = []
            for event, insert in zip(events, inserts, strict=True):
                inserted: sa.CursorResult[Any] = index.execute(insert)
                event_id = int(inserted.inserted_primary_key[0])  # pyright: ignore[reportOptionalSubscript]
                event_ids.append(event_id)
                newest[str(event.get_dagster_event().asset_key)] = (event, event_id)
            self._store_asset_event_tags(index, events, event_ids)
            for event, event_id in newest.values():
                self._store_asset_event(index, event, event_id)


class KredinStorage(DagsterSqliteStorage):
    """Chooses the engine by environment; named in `dagster.yaml` as `storage.custom`."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data=inst_data)
        self._event_log_storage = BatchingSqliteEventLog(str(Path(base_dir) / "history" / "runs"))

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """`url_env`: variable with the PostgreSQL URL; `folder_env`: variable with the folder for SQLite."""
        return {
            "url_env": Field(str, default_value="KREDIN_PG_URL", is_required=False),
            "folder_env": Field(str, default_value="DAGSTER_HOME", is_required=False),
        }

    @classmethod
    def from_config_value(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, inst_data: ConfigurableClassData | None, config_value: dict[str, str]
    ) -> Any:
        """PostgreSQL storage if the URL is set, else SQLite below the folder."""
        url = os.environ.get(config_value["url_env"])
        if url:
            from dagster_postgres import DagsterPostgresStorage

            return DagsterPostgresStorage(postgres_url=with_driver(url), inst_data=inst_data)
        folder = Path(os.environ.get(config_value["folder_env"]) or ".kredin/dagster") / "storage"
        folder.mkdir(parents=True, exist_ok=True)
        return cls(str(folder), inst_data=inst_data)


def with_driver(url: str) -> str:
    """``url`` with the driver that dagster-postgres ships: SQLAlchemy 2.1 would look for another one."""
    for bare in ("postgresql://", "postgres://"):
        if url.startswith(bare):
            return "postgresql+psycopg2://" + url.removeprefix(bare)
    return url
