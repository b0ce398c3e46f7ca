"""Random faults over one morning's read, made from a seed, and what must be true after each.

Belongs here: which faults, in which order, and the judgement. Not here: the ledger (`ledgers`), comparing books
(`contents`), the wire that cuts answers (`wire`).
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import duckdb

from kredin_pipeline.ledger.landing import BrokenFrame
from resources.http_errors import ReadFailure
from resources.poweroffice_sync import SyncReport
from tests.mirror_faults.contents import (
    KEPT_OF_A_RED_RUN,
    Mirrored,
    content,
    mirrored,
    neither,
    told_by_the_ledger,
)
from tests.mirror_faults.ledgers import MORNINGS, TODAY, Ledger, Morning, clock_at
from tests.mirror_faults.wire import MANGLINGS, Mangling, Wire

ROUTES = {
    "POST /OAuth/Token": 1,
    "GET /Customerledger/Statement": 6,
    "GET /Customerledger/CustomerBalances": 2,
    "GET /Customerledger/OpenItems": 2,
    "GET /Customerledger": 1,
    "GET /Customers": 3,
    "GET /ContactPersons": 2,
    "GET /OutgoingInvoices": 3,
    "GET /AccountTransactions": 3,
    "GET /": 2,
}
"""Where faults fall, and how often beside each other."""
ROW_FAULTS = ("late_visible", "short_page", "repeated_rows", "shifted_page")
CALL_FAULTS = ("status", "status", "status", "timeout", "timeout_after_commit", "reset_after_commit", "empty_200",
               "token_expired")  # fmt: skip
CODES = (401, 403, 404, 409, 429, 429, 500, 502, 503)
RETRY_AFTER = (None, None, "0", "1", "30", "3600", "Fri, 14 Mar 2025 06:00:10 GMT")
READ_TIMEOUT = 0.12
"""Real seconds after which an answer is lost; the sandbox answers in a few milliseconds."""


@dataclass(frozen=True)
class Plan:
    """One morning and what goes wrong in it. Requests are counted from 1."""

    seed: int
    morning: Morning
    faults: tuple[Mapping[str, Any], ...]
    mangled: Mapping[int | str, Mangling]
    change: str | None
    change_at: int

    def __str__(self) -> str:
        said = [
            f"{fault['kind']} {fault.get('code', '')} times {fault['times']} after {fault['after']} on {fault['route']}"
            for fault in self.faults
        ]
        said += [f"answer {number}: {mangling}" for number, mangling in self.mangled.items()]
        said += [f"{self.change} before request {self.change_at}"] if self.change else []
        return f"seed {self.seed}, {self.morning.name}: {'; '.join(said)}"


def plan(seed: int, changes: Sequence[str]) -> Plan:
    """The morning that belongs to a seed."""
    chance = random.Random(seed)
    morning = chance.choices(MORNINGS, [6, 2, 1])[0]
    requests = 12 if morning.name == "changes" else 32
    change = chance.choice(changes) if chance.random() < 0.2 else None
    faults = _fair([_fault(chance) for _ in range(chance.choices([0, 1, 2, 3, 4, 6], [1, 6, 5, 3, 2, 1])[0])])
    mangled: dict[int | str, Mangling] = {}
    for _ in range(chance.choices([0, 1, 2], [7, 2, 1])[0]):
        mangled[chance.randrange(1, requests)] = chance.choice(MANGLINGS)
    if not faults and not mangled and change is None:
        faults = _fair([_fault(chance)])
    return Plan(seed, morning, tuple(faults), mangled, change, chance.randrange(1, requests))


def _fault(chance: random.Random) -> dict[str, Any]:
    route = chance.choices(list(ROUTES), list(ROUTES.values()))[0]
    kind = chance.choice(ROW_FAULTS if chance.random() < 0.45 and "Token" not in route else CALL_FAULTS)
    fault: dict[str, Any] = {"route": route, "kind": kind, "after": chance.choices([0, 1, 2, 3], [6, 3, 1, 1])[0]}
    fault["times"] = chance.choices([1, 2, 3, 8], [7, 2, 1, 1])[0]
    if kind == "status":
        fault["code"] = chance.choice(CODES)
        after = chance.choice(RETRY_AFTER) if fault["code"] in (429, 503) else None
        if after is not None:
            fault["headers"] = {"Retry-After": after}
    if kind == "late_visible":
        fault["seconds"] = chance.choice([60, 3_600, 54_000, 65_000, 75_000, 90_000, 700_000])
    return fault


def _fair(faults: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without rows left out in the same way twice from a list that nothing else in the API tells of: such a lie cannot
    be seen from outside. The customer ledger's lists may lie as often as they like; the balances tell of it."""
    fair: list[dict[str, Any]] = []
    told: set[str] = set()
    for fault in faults:
        if fault["kind"] in ROW_FAULTS and not fault["route"].startswith("GET /Customerledger"):
            fault["times"] = 1
            lists = {fault["route"]} if fault["route"] != "GET /" else set(ROUTES)
            if lists & told:
                continue
            told |= lists
        fair.append(fault)
    return fair


@dataclass
class Tally:
    """What a number of sequences came to. ``met``: how often an answer was spoiled, by kind of fault."""

    endings: Counter[str] = field(default_factory=Counter[str])
    met: Counter[str] = field(default_factory=Counter[str])
    requests: int = 0

    @property
    def sequences(self) -> int:
        return self.endings.total()


class Fault(AssertionError):
    """After a sequence, the mirror is neither the ledger nor yesterday's, or the next run does not mend it."""


class Player:
    """Plays plans over one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._control = ledger.sandbox.control
        self._changed = self._has_happened = False
        self._truths: dict[tuple[str | None, str], Mirrored] = {}

    def play(self, seed: int, tally: Tally) -> None:
        """The sequence of a seed. Raises ``Fault``."""
        self.play_plan(plan(seed, list(self.ledger.changes)), tally)

    def play_plan(self, one: Plan, tally: Tally) -> str:
        """One sequence; gives how its read ended. Raises ``Fault``."""
        ledger, control = self.ledger, self._control
        now = one.morning.now
        before, after = self.truth(None, now), self.truth(one.change, now)
        self._as_today(one.change)
        control.clear_faults()
        clock = clock_at(now)
        control.set_clock(clock.pinned)
        book = ledger.house.book()
        book.path("played").unlink(missing_ok=True)
        if one.morning.book is not None:
            shutil.copyfile(book.path(one.morning.book), book.path("played"))
        with book.session("played") as con:
            yesterday = content(con)
        for fault in one.faults:
            control.fault(ledger.key, fault)
        happens = {one.change_at: partial(self._happens, one.change)} if one.change else {}
        wire = Wire(one.mangled, happens)
        report, ending = self._disturbed(one, wire)
        tally.met.update(self._met(one, wire))
        if one.change and not self._has_happened:
            self._happens(one.change)
        with book.session("played") as con:
            wrong = self._judged(con, report, yesterday, before, after, one)
        tally.requests += wire.requests
        tally.endings[ending] += 1
        control.clear_faults()
        if wrong:
            raise Fault(f"{one}\n{ending}\n  " + "\n  ".join(wrong))
        later = clock_at(one.morning.now.replace("T06", "T07"))
        control.set_clock(later.pinned)
        report = ledger.house.read("played", later)
        with book.session("played") as con:
            wrong = after.differs(con)
        book.close("played")
        if wrong or not report.ok:
            notes = [] if report.ok else [str(report.completeness and report.completeness.message)]
            raise Fault(f"{one}\n{ending}, and then a healthy run\n  " + "\n  ".join([*wrong, *notes]))
        return ending

    def _disturbed(self, one: Plan, wire: Wire) -> tuple[SyncReport | None, str]:
        clock = clock_at(one.morning.now)
        try:
            report = self.ledger.house.read("played", clock, wire, seconds=READ_TIMEOUT)
        except (ReadFailure, BrokenFrame) as failure:
            return None, type(failure).__name__
        if not report.ok:
            return report, "red"
        return report, "whole after a second read" if report.read_again else "whole"

    def _judged(
        self,
        con: duckdb.DuckDBPyConnection,
        report: SyncReport | None,
        yesterday: Mapping[str, tuple[int, int]],
        before: Mirrored,
        after: Mirrored,
        one: Plan,
    ) -> list[str]:
        if report is None or not report.ok:
            left_out = KEPT_OF_A_RED_RUN if report is not None else frozenset[str]()
            now = content(con)
            wrong = [
                f"{name} is not yesterday's: {now[name]}, was {was}"
                for name, was in yesterday.items()
                if name not in left_out and now[name] != was
            ]
            aside = sum(result.quarantined for result in report.results.values()) if report is not None else 0
            if aside and now["quarantine"] == yesterday["quarantine"]:
                wrong.append(f"{aside} rows were set aside, and nobody can see them")
            return wrong
        return after.differs(con) if one.change is None else neither(con, before, after)

    def _met(self, one: Plan, wire: Wire) -> Counter[str]:
        """How often each kind of fault was shown: what was planned less what is left."""
        met = Counter[str]()
        for fault in one.faults:
            met[str(fault["kind"])] += int(fault["times"])
        for fault in self._control.faults():
            met[str(fault["kind"])] -= int(fault["times"])
        met["mangled"] = wire.spoiled
        met["change"] = int(self._has_happened)
        return +met

    # --- the world -----------------------------------------------------------------------------------------------

    def _as_today(self, change: str | None) -> None:
        if self._changed:
            self.ledger.as_today()
        self._changed = change is not None
        self._has_happened = False

    def _happens(self, change: str) -> None:
        self._has_happened = True
        self._control.events(self.ledger.key, self.ledger.changes[change])

    def truth(self, change: str | None, now: str) -> Mirrored:
        """The ledger of a morning, before or after a change: a first undisturbed read, held against the sandbox."""
        which = (change, now if change else TODAY)
        if which not in self._truths:
            self._as_today(change)
            clock = clock_at(which[1])
            self._control.clear_faults()
            self._control.set_clock(clock.pinned)
            if change is not None:
                self._happens(change)
            book = self.ledger.house.book()
            book.path("truth").unlink(missing_ok=True)
            report = self.ledger.house.read("truth", clock)
            with book.session("truth") as con:
                found = mirrored(con)
            book.close("truth")
            wrong = told_by_the_ledger(self._control, self.ledger.key, found)
            assert report.ok and not wrong, wrong[:10]
            self._truths[which] = found
        return self._truths[which]
