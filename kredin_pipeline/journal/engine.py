"""Connections: one place that knows how SQLite and PostgreSQL are opened, and how a transaction begins.

SQLite: WAL with full sync, foreign keys, a bounded wait for the lock; a writing transaction takes the lock when it
begins (BEGIN IMMEDIATE), so that what it reads is still true when it writes. PostgreSQL: read committed; every
change of state is one UPDATE that names the state it expects.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from kredin_pipeline.journal.errors import JournalError

BUSY_MILLISECONDS: Final = 10_000
CHECKPOINT_PAGES: Final = 4_000
"""Pages (16 MB) of write-ahead log before SQLite carries them into the file. The same few pages change with every item;
a late checkpoint writes each of them once."""
_WRITES: Final = "journal_writes"


def journal_engine(url: str) -> Engine:
    """An engine for a SQLite or PostgreSQL URL; a SQLite file's folder is made. Raises ``JournalError`` for others."""
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        options: dict[str, Any] = {}
        if parsed.database in (None, "", ":memory:"):
            options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        else:
            Path(str(parsed.database)).expanduser().parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, **options)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend in ("postgresql", "postgres"):
        return create_engine(parsed.set(drivername="postgresql+psycopg2"), pool_pre_ping=True)
    raise JournalError(f"journal url: found {backend}, want sqlite:///FILE or postgresql://...")


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"pragma busy_timeout = {BUSY_MILLISECONDS}")
    cursor.execute("pragma journal_mode = wal")
    cursor.execute("pragma synchronous = full")
    cursor.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}")
    cursor.execute("pragma temp_store = memory")  # what a statement may have to take back; else it is a file on disk
    cursor.execute("pragma foreign_keys = on")
    cursor.execute("pragma secure_delete = on")  # what a purge erases is overwritten, not only unlinked
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


@contextmanager
def reading(engine: Engine) -> Generator[Connection, None, None]:
    """A transaction that only reads one state of the journal."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Generator[Connection, None, None]:
    """A transaction that writes; committed at the end, rolled back on an error.

    Raises ``JournalError`` when another process holds the lock longer than the wait allows.
    """
    with engine.connect().execution_options(**{_WRITES: True}) as connection:
        try:
            transaction = connection.begin()
        except OperationalError as error:
            if "locked" not in str(error.orig):
                raise
            raise lock_not_had(engine) from None
        with transaction:
            yield connection


def lock_not_had(engine: Engine) -> JournalError:
    """What to say when another process keeps the write lock."""
    shown = engine.url.render_as_string(hide_password=True)
    return JournalError(
        f"journal {shown}: another process has held the write lock for "
        f"{BUSY_MILLISECONDS / 1000:.0f} s; wait for its run to end and try again"
    )
