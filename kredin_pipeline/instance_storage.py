"""Dagster's own storage: SQLite by default, PostgreSQL when `KREDIN_PG_URL` is set, from one `dagster.yaml`.

Belongs here: the choice, and writing the events of a ranged run in one transaction instead of one each (a three-year
import has some 30,000 of them). Not here: the journal and the book, which are the product's stores. It extends classes
that Dagster does not promise to keep; `tests/unit/orchestration` fails when they move.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dagster import EventLogEntry, Field
from dagster._config.config_schema import UserConfigSchema
from dagster._core.events import ASSET_EVENTS
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData

_told = logging.getLogger("kredin.storage")


class BatchingSqliteEventLog(SqliteEventLogStorage):
    """The SQLite event log, with a batch of an assets' events stored in two transactions instead of two each."""

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store ``events``. What is not about an asset, or not of the first event's run, takes Dagster's own path."""
        run_id = events[0].run_id
        together = [event for event in events if event.run_id == run_id and _is_about_an_asset(event)]
        for event in events:
            if event.run_id != run_id or not _is_about_an_asset(event):
                self.store_event(event)
        if together:
            self._store_together(run_id, together)

    def _store_together(self, run_id: str, events: Sequence[EventLogEntry]) -> None:
        rows = [self._event_to_row(event) for event in events]
        insert = SqlEventLogStorageTable.insert()
        with self.run_connection(run_id) as run_shard:
            run_shard.execute(insert, rows)
        newest: dict[str, tuple[EventLogEntry, int]] = {}
        with self.index_transaction() as index:
            index.execute(insert, rows)
            # One statement of one writer: SQLite has numbered the rows one after the other.
            last = int(index.execute(sa.select(sa.func.max(SqlEventLogStorageTable.c.id))).scalar_one())
            event_ids = list(range(last - len(rows) + 1, last + 1))
            for event, event_id in zip(events, event_ids, strict=True):
                newest[str(event.get_dagster_event().asset_key)] = (event, event_id)
            self._store_asset_event_tags(index, events, event_ids)
            for event, event_id in newest.values():
                self._store_asset_event(index, event, event_id)
        for name, days in Counter(_noted(event) for event in events).items():
            if name:  # not under the run's own progress, which is stored as events itself
                _told.info("%s: %d days noted", name, days)


def _noted(event: EventLogEntry) -> str:
    """The asset of a materialization; empty for what is only planned."""
    dagster_event = event.get_dagster_event()
    key = dagster_event.asset_key if dagster_event.is_step_materialization else None
    return key.to_user_string() if key is not None else ""


def _is_about_an_asset(event: EventLogEntry) -> bool:
    return event.is_dagster_event and event.dagster_event_type in ASSET_EVENTS


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
