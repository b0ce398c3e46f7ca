"""Where a process dies: its own doors tell how far it has come, and at one of these points it kills itself.

Belongs here: the points of a posting run (each call of the journal, each commit of the database, each request and its
answer) and the end by SIGKILL, which nothing in the process can catch, delay or clean up after. Not here: who chooses
the point, and processes that are killed from outside at a moment of real time.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock, local
from typing import Any

import httpx
import psycopg2.extensions
from sqlalchemy import Engine, event


@dataclass(frozen=True)
class Burn:
    """Die at the ``nth`` point (from 1) whose name fits the pattern, such as ``claim*:commit``."""

    pattern: str
    nth: int = 1


class Fuse:
    """Counts points and ends the process at the chosen one, after ``last_words`` has been told its name."""

    def __init__(self, burn: Burn | None, last_words: Callable[[str], None]) -> None:
        self._burn, self._last_words, self._left = burn, last_words, burn.nth if burn else 0
        self._lock = Lock()
        self._in = local()
        self.points = 0

    def reached(self, point: str) -> None:
        with self._lock:
            self.points += 1
            if self._burn is None or not fnmatchcase(point, self._burn.pattern):
                return
            self._left -= 1
            if self._left == 0:
                self._last_words(point)
                os.kill(os.getpid(), signal.SIGKILL)

    def of_commit(self) -> None:
        """The database is about to be asked to commit what the call at hand has done."""
        self.reached(f"{getattr(self._in, 'call', 'journal')}:commit")

    def journal(self, journal: Any) -> Any:
        """The journal with points ``NAME:called``, ``NAME:commit`` and ``NAME:done`` for each of its methods."""
        watch_commits(journal.engine, self.of_commit)
        return _Door(journal, self)

    def call(self, name: str, method: Callable[..., Any], positional: Any, named: Any) -> Any:
        self._in.call = name
        self.reached(f"{name}:called")
        answer = method(*positional, **named)
        self.reached(f"{name}:done")
        return answer

    def transport(self) -> httpx.BaseTransport:
        """HTTP with the points ``POST /v2/Vouchers/...:leaving`` and ``...:answered`` (nothing of the answer read)."""
        return _Transport(self)


class _Door:
    def __init__(self, behind: Any, fuse: Fuse) -> None:
        self._behind, self._fuse = behind, fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._behind, name)
        if not callable(method):
            return method
        return lambda *positional, **named: self._fuse.call(name, method, positional, named)


class _Transport(httpx.HTTPTransport):
    def __init__(self, fuse: Fuse) -> None:
        super().__init__(verify=False)
        self._fuse = fuse

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {request.url.path}"
        self._fuse.reached(f"{what}:leaving")
        response = super().handle_request(request)
        self._fuse.reached(f"{what}:answered")
        return response


def watch_commits(engine: Engine, about_to: Callable[[], None]) -> None:
    """Call ``about_to`` before each commit on the engine's connections, whoever asks for it."""

    class OnSqlite(sqlite3.Connection):
        def commit(self) -> None:
            about_to()
            super().commit()

    class OnPostgresql(psycopg2.extensions.connection):
        def commit(self) -> None:
            about_to()
            super().commit()

    name = "factory" if engine.dialect.name == "sqlite" else "connection_factory"

    def choose(_dialect: object, _record: object, _positional: object, named: dict[str, Any]) -> None:
        named[name] = OnSqlite if engine.dialect.name == "sqlite" else OnPostgresql

    event.listen(engine, "do_connect", choose)
