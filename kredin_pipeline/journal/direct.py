"""Statements straight to the driver, for the changes that every voucher and every letter makes.

Building and compiling a statement costs more than running one, several times over, and the outbox runs the same few
again and again. Belongs here: a transaction on the driver's own connection, and what differs between the two drivers
(names of parameters, times, errors). Not here: what is asked, and anything that is asked once a run (that is written
with ``schema``'s tables). The database's own rules (constraints, triggers) hold here as everywhere.
"""

import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from kredin_pipeline.journal.columns import UtcTime
from kredin_pipeline.journal.engine import lock_not_had

ROWS_AT_ONCE: Final = 200
"""Rows that PostgreSQL is sent in one message."""
_NAMED: Final = re.compile(r":([a-z]\w*)")
_TIME: Final = UtcTime()


class Direct:
    """One open transaction. Statements name their parameters ``:name``; a time is aware, a day is an Oslo day."""

    def __init__(self, cursor: Any, engine: Engine) -> None:
        self._cursor, self._dialect = cursor, engine.dialect
        self.is_postgresql = engine.dialect.name == "postgresql"
        self._last_time: tuple[datetime, object] | None = None

    def run(self, statement: str, **values: object) -> int:
        """How many rows the statement changed."""
        self._cursor.execute(self._said(statement), self._bound(values))
        return self._cursor.rowcount

    def run_each(self, statement: str, rows: Iterable[Mapping[str, object]]) -> None:
        """The statement once for each row, in order."""
        bound = [self._bound(row) for row in rows]
        if not self.is_postgresql:
            self._cursor.executemany(statement, bound)
        elif bound:
            from psycopg2.extras import execute_batch

            execute_batch(self._cursor, self._said(statement), bound, page_size=ROWS_AT_ONCE)

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """The rows that the statement finds, as the driver gives them: in SQLite times and days are text."""
        self._cursor.execute(self._said(statement), self._bound(values))
        return list(self._cursor.fetchall())

    def rows_among(self, statement: str, wanted: Sequence[str], **values: object) -> list[tuple[Any, ...]]:
        """Like ``rows``; ``:wanted`` in the statement stands for the listed texts, as in ``key in (:wanted)``."""
        names = {f"wanted{number}": value for number, value in enumerate(wanted)}
        return self.rows(statement.replace(":wanted", ", ".join(f":{name}" for name in names)), **names, **values)

    def _said(self, statement: str) -> str:
        return _in_pyformat(statement) if self.is_postgresql else statement

    def _bound(self, values: Mapping[str, object]) -> Mapping[str, object]:
        """The values as the driver takes them; most are already, and a time is the same for all rows of a statement."""
        others = {name: self._plain(value) for name, value in values.items() if isinstance(value, date)}
        return {**values, **others} if others else values

    def _plain(self, value: date) -> object:
        if not isinstance(value, datetime):
            return value if self.is_postgresql else value.isoformat()
        if self._last_time is None or self._last_time[0] is not value:
            self._last_time = value, _TIME.process_bind_param(value, self._dialect)
        return self._last_time[1]


@contextmanager
def directly(engine: Engine) -> Generator[Direct, None, None]:
    """A transaction that writes; committed at the end, rolled back on an error. In SQLite it takes the lock at once.

    Raises ``JournalError`` when another process holds the lock too long, and SQLAlchemy's own errors for what the
    database refuses, as ``engine.writing`` does.
    """
    driver: Any = engine.dialect.loaded_dbapi
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        try:
            if engine.dialect.name == "sqlite":
                _begin(cursor, engine, driver)
            yield Direct(cursor, engine)
            connection.commit()
        except BaseException as error:
            connection.rollback()
            if isinstance(error, driver.Error):
                raise DBAPIError.instance(None, None, error, driver.Error, dialect=engine.dialect) from error
            raise
        finally:
            cursor.close()
    finally:
        connection.close()


def _begin(cursor: Any, engine: Engine, driver: Any) -> None:
    try:
        cursor.execute("begin immediate")
    except driver.OperationalError as error:
        if "locked" not in str(error):
            raise
        raise lock_not_had(engine) from None


@lru_cache(maxsize=256)
def _in_pyformat(statement: str) -> str:
    return _NAMED.sub(r"%(\1)s", statement)
