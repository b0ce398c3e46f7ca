"""Killing a morning's read at random moments, and what must be true of the book that it leaves.

Belongs here: processes, moments and the judgement. Not here: what the process does (`reading_process`).
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from signal import SIGKILL

from tests.mirror_faults.contents import Mirrored, content
from tests.mirror_faults.ledgers import MORNINGS, Ledger, Morning, clock_at
from tests.mirror_faults.reading_process import Order, run
from tests.mirror_faults.sequences import Fault

_FORKED = multiprocessing.get_context("forkserver")
_ROOT = Path(__file__).parents[2]
_LONGEST = 120.0
"""Real seconds; a read that needs longer hangs."""


def be_ready() -> None:
    """Start the process that reads are forked from, with everything imported; it imports by PYTHONPATH alone."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(_ROOT), *([before] if before else [])])
    try:
        _FORKED.set_forkserver_preload(["tests.mirror_faults.reading_process"])
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@dataclass
class Kills:
    """What a number of kills came to. ``left``: what the book held afterwards."""

    killed: int = 0
    at: Counter[str] = field(default_factory=Counter[str])
    left: Counter[str] = field(default_factory=Counter[str])


class Killer:
    """Kills reads of one ledger. ``truth`` is what a whole mirror of it holds."""

    def __init__(self, ledger: Ledger, truth: Mirrored) -> None:
        self._ledger, self._truth = ledger, truth
        ledger.as_today()
        ledger.sandbox.control.clear_faults()
        self._requests: dict[str, int] = {}

    def kill(self, seed: int, tally: Kills) -> None:
        """One read, killed at a moment of real time some way after one of its requests. Raises ``Fault``."""
        chance = random.Random(seed)
        morning = MORNINGS[seed % len(MORNINGS)]
        last = self._requests.get(morning.name) or self._counted(morning)
        after, wait = _moment(chance, last)
        yesterday = self._prepared(morning)
        killed, ended = self._killed(morning, after, wait)
        what = f"seed {seed}, {morning.name}: killed {wait * 1000:.1f} ms after request {after} of {last}"
        with self._ledger.house.book().session("killed") as con:
            now = content(con)
            is_yesterday = {name: now.get(name) for name in yesterday} == yesterday
            differs = self._truth.differs(con)
        self._ledger.house.book().close("killed")
        if not is_yesterday and differs:
            raise Fault(f"{what}: neither yesterday's mirror nor the ledger\n  " + "\n  ".join(differs))
        if ended and differs:
            raise Fault(f"{what}: it had ended, and the book has not what it read\n  " + "\n  ".join(differs))
        later = clock_at(morning.now.replace("T06", "T07"))
        self._ledger.sandbox.control.set_clock(later.pinned)
        report = self._ledger.house.read("killed", later)
        with self._ledger.house.book().session("killed") as con:
            differs = self._truth.differs(con)
        self._ledger.house.book().close("killed")
        if differs or not report.ok:
            raise Fault(f"{what}, and then a healthy run\n  " + "\n  ".join(differs))
        if killed:
            tally.killed += 1
            tally.at["before the last request" if after < last else "after the last request"] += 1
            tally.left["yesterday's" if is_yesterday else "the ledger"] += 1

    def _prepared(self, morning: Morning) -> dict[str, tuple[int, int]]:
        house = self._ledger.house
        path = house.book().path("killed")
        for file in (path, path.with_name(path.name + ".wal")):
            file.unlink(missing_ok=True)
        if morning.book is not None:
            shutil.copyfile(house.book().path(morning.book), path)
        with house.book().session("killed") as con:
            found = content(con)
        house.book().close("killed")
        self._ledger.sandbox.control.set_clock(clock_at(morning.now).pinned)
        return found

    def _killed(self, morning: Morning, after: int, wait: float) -> tuple[bool, bool]:
        """Whether the read was killed, and whether it had told its end."""
        process, heard = self._started(morning)
        ended = False
        while not ended and (number := _next(heard)) is not None:
            ended = number == 0
            if number == after:
                time.sleep(wait)
                break
        alive = process.exitcode is None
        if alive and process.pid is not None:
            os.kill(process.pid, SIGKILL)
        process.join(_LONGEST)
        while not ended and (number := _next(heard)) is not None:
            ended = number == 0
        heard.close()
        return process.exitcode == -SIGKILL, ended

    def _counted(self, morning: Morning) -> int:
        """How many requests an undisturbed read of that morning makes."""
        self._prepared(morning)
        process, heard = self._started(morning)
        last = 0
        while number := _next(heard):
            last = number
        process.join(_LONGEST)
        heard.close()
        assert process.exitcode == 0, f"the undisturbed read ended with {process.exitcode}"
        self._requests[morning.name] = last
        return last

    def _started(self, morning: Morning) -> tuple[BaseProcess, Connection]:
        heard, told = _FORKED.Pipe(duplex=False)
        order = Order(self._ledger.house, "killed", morning.now)
        process = _FORKED.Process(target=run, args=(order, told), daemon=True)
        process.start()
        told.close()
        return process, heard


def _moment(chance: random.Random, last: int) -> tuple[int, float]:
    """After which request, and how long after it; a third of the kills fall into what follows the last request, where
    the day is committed."""
    if chance.random() < 1 / 3:
        return last, chance.uniform(0, 0.25)
    return chance.randint(1, last), chance.uniform(0, 0.04)


def _next(heard: Connection) -> int | None:
    """The number of the next request, 0 for the end, None when the process is no more."""
    try:
        if not heard.poll(_LONGEST):
            raise RuntimeError(f"a read has said nothing for {_LONGEST:.0f} s")
        kind, value = heard.recv()
    except EOFError:
        return None
    return int(value) if kind == "request" else 0
