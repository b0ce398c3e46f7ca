"""Starting posting runs as processes, killing them from outside, and hearing how they ended.

Belongs here: processes. A server process imports everything once and forks each run. Not here: what a run does
(``worker``), and which run is killed where (``story``).
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from signal import SIGKILL
from typing import Any

from tests.crash.worker import Order, run

ROOT = Path(__file__).parents[2]
LONGEST_RUN = 60.0
"""Real seconds; a run that needs longer hangs."""
_FORKED = multiprocessing.get_context("forkserver")


def be_ready() -> None:
    """Start the process that runs are forked from, with everything imported."""
    _FORKED.set_forkserver_preload(["tests.crash.worker"])
    with _path():
        forkserver.ensure_running()


@contextmanager
def _path() -> Any:
    """The server process imports by PYTHONPATH alone."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@dataclass(frozen=True)
class Ending:
    """How a run ended. ``killed_at``: the point it died at, ``outside`` when it was killed from outside."""

    worker: str
    killed_at: str | None = None
    broke: str | None = None
    points: int = 0

    @property
    def by_itself(self) -> bool:
        return self.killed_at is None and self.broke is None


class Running:
    """A run that has been started."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._heard, told = _FORKED.Pipe(duplex=False)
        self._process = _FORKED.Process(target=run, args=(order, told), daemon=True)
        self._process.start()
        told.close()
        self._killed: str | None = None
        if not self._heard.poll(LONGEST_RUN) or self._heard.recv() != ("started",):
            raise RuntimeError(f"run {order.worker} did not start")

    @property
    def alive(self) -> bool:
        return self._process.exitcode is None

    def kill_after(self, seconds: float) -> None:
        """SIGKILL after that much real time, should it still run."""
        self._process.join(seconds)
        self._kill("a moment of real time")

    def kill_when(self, happened: Callable[[], bool], what: str) -> None:
        """SIGKILL as soon as something has happened, should it still run."""
        while self.alive and not happened():
            time.sleep(0.001)
        self._kill(what)

    def _kill(self, what: str) -> None:
        if self.alive and self._process.pid is not None and not self._heard.poll(0):
            os.kill(self._process.pid, SIGKILL)
            self._killed = what

    def ending(self) -> Ending:
        """Wait for the end. Raises ``RuntimeError`` for a run that hangs or ends in a way nobody ordered."""
        last = _last(self._heard)
        self._process.join(LONGEST_RUN)
        code = self._process.exitcode
        worker = self._order.worker
        self._heard.close()
        if code == -SIGKILL:
            return Ending(worker, killed_at=str(last[1]) if last and last[0] == "dies" else self._killed)
        if code is None:
            self._process.kill()
            raise RuntimeError(f"run {worker} still runs after {LONGEST_RUN:.0f} s")
        if last is None or code != 0:
            raise RuntimeError(f"run {worker} ended with code {code} and said {last}")
        if last[0] == "broke":
            return Ending(worker, broke=str(last[1]))
        return Ending(worker, points=int(last[1]))


def _last(heard: Connection) -> tuple[Any, ...] | None:
    last: tuple[Any, ...] | None = None
    try:
        while heard.poll(LONGEST_RUN):
            last = heard.recv()
    except EOFError:
        pass
    return last
