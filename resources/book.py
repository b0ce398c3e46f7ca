"""The book of a tenant: one DuckDB file, opened once, with one writer at a time.

Here belong opening, locking and the folders beside it. Not here: any table's meaning (``kredin_pipeline.ledger``,
``kredin_pipeline.cases``).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
from dagster import ConfigurableResource
from pydantic import Field

from kredin_pipeline.ledger.schema import create_tables

_NAME = re.compile(r"[A-Za-z0-9ÆØÅæøå][A-Za-z0-9ÆØÅæøå._-]{0,99}")
_HOLDER = re.compile(r"held in (?P<program>.*?) \(PID (?P<pid>\d+)\)(?: by user (?P<user>\S+?))?[.\s]")


class BookIsBusy(Exception):
    """Another process or thread works on the tenant's book; the message says which."""


@dataclass
class _Open:
    connection: duckdb.DuckDBPyConnection
    lock: threading.RLock = field(default_factory=threading.RLock)


_LOG_BEFORE_CHECKPOINT = "1GB"  # a day's changes go to the log at once and into the file when it is closed
_NOT_COMPRESSED_BY = "fsst,dict_fsst"  # they cost more than all of a derivation's writing and save a tenth of the file
_opened: dict[Path, _Open] = {}  # Dagster copies resources from their configuration; a file stays open in the process
_opening = threading.Lock()


class Book(ConfigurableResource):  # pyright: ignore[reportMissingTypeArgument]
    """Where the books lie: ``<folder>/<tenant>.duckdb``; the landed pages are in ``<folder>/pages/<tenant>/<date>``."""

    folder: str
    lock_wait_seconds: float = Field(default=30.0, description="How long to wait for a book that another one holds")

    threads: int = Field(default=0, ge=0, description="DuckDB's threads; 0: one per core, 1: best for a small book")
    memory_mb: int = Field(
        default=1200, ge=200, description="Memory of DuckDB for a book; what does not fit goes to files beside it"
    )

    def path(self, tenant: str) -> Path:
        """The tenant's file. Raises ``ValueError`` for a name that is no plain file name."""
        if not _NAME.fullmatch(tenant):
            raise ValueError(f"tenant {tenant!r}: want a letter or digit, then letters, digits, '-', '_' or '.'")
        return Path(self.folder).resolve() / f"{tenant}.duckdb"

    def pages_folder(self, tenant: str, business_date: date) -> Path:
        """Where the pages that were read on that Oslo day are kept."""
        path = self.path(tenant)
        return path.parent / "pages" / tenant / business_date.isoformat()

    @contextmanager
    def session(self, tenant: str) -> Generator[duckdb.DuckDBPyConnection]:
        """The tenant's book for reading and writing, with the ledger's tables.

        The connection stays open in this process until ``close`` (opening a file costs tens of milliseconds). Threads
        take turns. Raises ``BookIsBusy`` after a bounded wait, naming who holds it.
        """
        opened = self._open(self.path(tenant), tenant)
        if not opened.lock.acquire(timeout=self.lock_wait_seconds):
            raise BookIsBusy(
                f"{tenant}: the book is held by another thread of this process; waited {self.lock_wait_seconds:.0f} s"
            )
        try:
            yield opened.connection
        finally:
            opened.lock.release()

    @contextmanager
    def read_only(self, tenant: str) -> Generator[duckdb.DuckDBPyConnection]:
        """The tenant's book for reading. Raises ``FileNotFoundError`` when it has none yet, ``BookIsBusy`` while a
        writer holds it."""
        path = self.path(tenant)
        opened = _opened.get(path)
        if opened is not None:
            with opened.connection.cursor() as cursor:
                yield cursor
            return
        if not path.exists():
            raise FileNotFoundError(f"{tenant}: there is no book at {path} yet; run the tenant's day first")
        connection = self._connect(path, tenant, read_only=True)
        try:
            connection.execute("set timezone = 'UTC'")
            yield connection
        finally:
            connection.close()

    def rewrite(self, tenant: str) -> None:
        """Write the tenant's file anew, without the blocks that DuckDB has freed: what was erased is then gone from it.

        For use outside a ``session`` of this thread; the tables stay as they are. Raises ``BookIsBusy``.
        """
        path = self.path(tenant)
        opened = self._open(path, tenant)
        if not opened.lock.acquire(timeout=self.lock_wait_seconds):
            raise BookIsBusy(f"{tenant}: the book is held by another thread; waited {self.lock_wait_seconds:.0f} s")
        fresh = path.with_suffix(".fresh")
        try:
            fresh.unlink(missing_ok=True)
            name = opened.connection.execute("select current_database()").fetchone()
            assert name is not None
            opened.connection.execute(f"attach '{fresh}' as fresh")
            opened.connection.execute(f'copy from database "{name[0]}" to fresh')
            opened.connection.execute("detach fresh")
            with _opening:
                _opened.pop(path, None)
                opened.connection.close()
            path.with_name(path.name + ".wal").unlink(missing_ok=True)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
            opened.lock.release()

    def close(self, tenant: str | None = None) -> None:
        """Close one tenant's file, or every file of this folder, so that others may have it."""
        folder = Path(self.folder).resolve()
        with _opening:
            for path in [p for p in _opened if p.parent == folder]:
                if tenant is None or path == self.path(tenant):
                    _opened.pop(path).connection.close()

    def _open(self, path: Path, tenant: str) -> _Open:
        with _opening:
            opened = _opened.get(path)
            if opened is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                connection = self._connect(path, tenant, read_only=False)
                connection.execute("set timezone = 'UTC'")
                connection.execute(f"set memory_limit = '{self.memory_mb}MB'")
                connection.execute(f"set checkpoint_threshold = '{_LOG_BEFORE_CHECKPOINT}'")
                connection.execute(f"set disabled_compression_methods = '{_NOT_COMPRESSED_BY}'")
                if self.threads:
                    connection.execute(f"set threads = {self.threads}")
                create_tables(connection)
                opened = _opened[path] = _Open(connection)
            return opened

    def _connect(self, path: Path, tenant: str, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        until = time.monotonic() + self.lock_wait_seconds
        wait = 0.02
        while True:
            try:
                return duckdb.connect(str(path), read_only=read_only)
            except duckdb.IOException as error:
                if "lock" not in str(error).lower():
                    raise
                if time.monotonic() + wait > until:
                    raise BookIsBusy(
                        f"{tenant}: the book {path} is held by {_holder(str(error))}; waited "
                        f"{self.lock_wait_seconds:.0f} s. End that program or wait for its run, then try again."
                    ) from error
            time.sleep(wait)
            wait = min(wait * 2, 0.5)


def _holder(message: str) -> str:
    found = _HOLDER.search(message)
    if found is None:
        return "another process"
    return f"process {found['pid']} ({found['program']})"
