"""A small explicit-state model checker: every interleaving of processes that stop at each call to what they share.

Belongs here: the scheduler, the search and the killing. Not here: what the processes do (``posting_run``), what the
world answers (``remembered_journal``, ``model_ledger``), what must hold (``model``).

A process is ordinary code in a greenlet. Each call to a shared part is a stop: the scheduler picks who goes on, and
which of the answers that the world could give it gets. The search replays choices from the start and goes deeper at the
first state it has not seen, until all choices of all states are taken. A process is deterministic, so what it has been
told so far is its state; two paths that told every process the same and left the same world have one future, and only
one of them is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from greenlet import getcurrent, greenlet


class Killed(BaseException):
    """The process ends here and now; no ``except Exception`` of its code sees it."""


class Violation(AssertionError):
    """What must hold does not; the text ends with the path that leads there, step by step."""


@dataclass(frozen=True)
class Option:
    """One thing that may happen next: ``does`` changes the world and gives the waiting process its answer.

    An answer that is an exception is raised in the process. ``costs`` is taken from the faults that are left.
    """

    name: str
    does: Callable[[], Any]
    costs: int = 0


@dataclass(frozen=True)
class Told:
    """An answer with a short name: equal names stand for equal answers."""

    answer: Any
    name: Hashable


class Stop(Protocol):
    """A call at which a process waits: what the world could answer now; none while it has to wait."""

    def __call__(self) -> Sequence[Option]: ...


class World(Protocol):
    """What processes share, made anew for each path."""

    def key(self) -> Hashable:
        """Everything that the future depends on, but for the processes."""
        ...

    def events(self) -> Sequence[Option]:
        """What may happen without any process."""
        ...

    def check(self) -> str | None:
        """What is wrong in this state, None when nothing is."""
        ...

    def check_end(self) -> str | None:
        """What is wrong when every process has ended."""
        ...

    def stage_begins(self, number: int) -> None:
        """The processes of this stage are about to start; those before have ended."""
        ...


@dataclass
class Process:
    """``body`` runs when its stage comes. ``calm``: it is not killed, and nothing that costs a fault happens to it."""

    name: str
    body: Callable[[], None]
    calm: bool = False
    stop: Stop | None = None
    told: int = 0
    alive: bool = True
    run: greenlet | None = None


@dataclass
class Setting:
    """A fresh start: the world and its processes by stage; a stage starts when the one before has ended.

    ``faults``: what all options of a path may cost together. ``switches``: how often a process may be left for another
    one although it could go on; None for as often as there are steps, which is every interleaving.
    """

    world: World
    stages: Sequence[Sequence[Process]]
    faults: int
    switches: int | None = None


@dataclass
class Explored:
    """How much was seen. ``interleavings``: ways from the start to an end; ``followed``: as many were played, the
    others share their states. ``deepest``: steps of the longest."""

    states: int = 0
    interleavings: int = 0
    followed: int = 0
    deepest: int = 0

    def __str__(self) -> str:
        return (
            f"{self.interleavings:,} interleavings over {self.states:,} states "
            f"({self.followed:,} paths followed, the longest of {self.deepest} steps)"
        )


def stop(at: Stop) -> Any:
    """Called by shared parts inside a process: wait for the scheduler's answer."""
    current = getcurrent()
    main = current.parent
    assert main is not None
    answer = main.switch(at)
    if isinstance(answer, BaseException):
        raise answer
    return answer


@dataclass
class Choice:
    """One step of a path: in which state, how many options there were and which one was taken."""

    state: int
    of: int
    taken: int = 0


class Explorer:
    """Explores a setting completely. Raises ``Violation`` at the first path on which something is wrong."""

    def __init__(self, start: Callable[[], Setting], *, most_states: int = 2_000_000) -> None:
        self._start, self._most = start, most_states
        self._known: dict[Hashable, int] = {}
        self._leads_to: list[list[int]] = [[]]  # of each state (1, 2, ...) the next ones, 0 for an end
        self._ids: dict[Hashable, int] = {}
        self.found = Explored()

    def explore(self) -> Explored:
        trail: list[Choice] = []
        while True:
            _Path(self, self._start(), trail).follow()
            self.found.followed += 1
            while trail and trail[-1].taken + 1 >= trail[-1].of:
                trail.pop()
            if not trail:
                self.found.interleavings = self._ways()
                return self.found
            trail[-1].taken += 1

    def arrive(self, before: Choice | None, key: Hashable) -> int | None:
        """The number of a state that is new, None for a known one."""
        known = self._known.get(key)
        if before is not None:
            self._leads_to[before.state].append(len(self._known) + 1 if known is None else known)
        if known is not None:
            return None
        if len(self._known) >= self._most:
            raise RuntimeError(f"more than {self._most} states: bound the setting")
        self._known[key] = self.found.states = len(self._known) + 1
        self._leads_to.append([])
        return self.found.states

    def end(self, before: Choice | None) -> None:
        if before is not None:
            self._leads_to[before.state].append(0)

    def _ways(self) -> int:
        """From the first state to an end; no state comes twice on a path, as every process has been told more."""
        ways: dict[int, int] = {0: 1}
        waiting = [1]
        while waiting:
            state = waiting[-1]
            unknown = [one for one in self._leads_to[state] if one not in ways]
            waiting += unknown
            if not unknown:
                ways[state] = sum(ways[one] for one in self._leads_to[state])
                waiting.pop()
        return ways[1]

    def id_of(self, value: Hashable) -> int:
        """A small number for a value, the same for equal ones."""
        return self._ids.setdefault(value, len(self._ids) + 1)


class _Path:
    """One path: the choices of ``trail``, then the first of each new state."""

    def __init__(self, explorer: Explorer, setting: Setting, trail: list[Choice]) -> None:
        self._explorer, self._world, self._stages, self._left = explorer, setting.world, setting.stages, setting.faults
        self._trail, self._switches = trail, setting.switches
        self._on: Process | None = None
        self._stage = -1
        self._live: list[Process] = []
        self._all: list[Process] = []
        self._steps: list[str] = []

    def follow(self) -> None:
        try:
            depth = 0
            while True:
                while not self._live:
                    if not self._begin_stage():
                        if depth == len(self._trail):
                            self._explorer.end(self._trail[-1] if self._trail else None)
                        self._judge(self._world.check_end())
                        return
                options = self._options()
                if depth == len(self._trail):
                    state = self._explorer.arrive(self._trail[-1] if self._trail else None, self._key())
                    if state is None:
                        return
                    if not options:
                        waiting = ", ".join(process.name for process in self._live)
                        self._judge(f"nothing can happen any more, and {waiting} still waits")
                    self._trail.append(Choice(state, len(options)))
                name, happens = options[self._trail[depth].taken]
                depth += 1
                self._explorer.found.deepest = max(self._explorer.found.deepest, depth)
                self._steps.append(name)
                happens()
                self._judge(self._world.check())
        finally:
            self._end()

    def _begin_stage(self) -> bool:
        self._stage, self._on = self._stage + 1, None
        if self._stage == len(self._stages):
            return False
        self._world.stage_begins(self._stage)
        self._live = list(self._stages[self._stage])
        self._all += self._live
        for process in list(self._live):
            process.run = greenlet(process.body)
            self._go_on(process, None)
        return True

    def _options(self) -> list[tuple[str, Callable[[], None]]]:
        found: list[tuple[str, Callable[[], None]]] = []
        may_go: dict[str, Sequence[Option]] = {}
        for process in self._live:
            assert process.stop is not None
            may_go[process.name] = process.stop()
        could_go_on = self._on is not None and bool(may_go.get(self._on.name))
        stays = could_go_on and self._switches == 0
        for process in self._live:
            if stays and process is not self._on:
                continue
            for option in may_go[process.name]:
                if option.costs <= (0 if process.calm else self._left):
                    found.append((f"{process.name}: {option.name}", self._answering(process, option, could_go_on)))
            if self._left and not process.calm:
                found.append((f"{process.name}: is killed", self._killing(process)))
        for event in self._world.events():
            if event.costs <= self._left:
                found.append((event.name, self._happening(event)))
        return found

    def _answering(self, process: Process, option: Option, could_go_on: bool) -> Callable[[], None]:
        def happens() -> None:
            self._left -= option.costs
            if could_go_on and process is not self._on and self._switches is not None:
                self._switches -= 1
            self._on = process
            answer = option.does()
            name: Hashable = repr(answer)
            if isinstance(answer, Told):
                answer, name = answer.answer, answer.name
            process.told = self._explorer.id_of((process.told, option.name, name))
            self._go_on(process, answer)

        return happens

    def _killing(self, process: Process) -> Callable[[], None]:
        def happens() -> None:
            self._left -= 1
            self._leave(process)

        return happens

    def _happening(self, event: Option) -> Callable[[], None]:
        def happens() -> None:
            self._left -= event.costs
            event.does()

        return happens

    def _go_on(self, process: Process, answer: Any) -> None:
        """Let a process run to its next stop, or to its end."""
        assert process.run is not None
        try:
            reached = process.run.switch(answer) if process.stop is not None else process.run.switch()
        except Exception as error:
            process.alive = False
            self._live.remove(process)
            self._judge(f"{process.name} broke off with {type(error).__name__}: {error}")
            return
        if process.run.dead:
            process.alive, process.stop = False, None
            self._live.remove(process)
        else:
            process.stop = reached

    def _leave(self, process: Process) -> None:
        run = process.run
        process.alive, process.stop = False, None
        self._live.remove(process)
        if run is not None and not run.dead:
            _kill(run)

    def _end(self) -> None:
        for process in self._live:
            if process.run is not None and not process.run.dead:
                _kill(process.run)

    def _key(self) -> Hashable:
        return (
            self._world.key(),
            self._left,
            self._switches,
            None if self._switches is None or self._on is None else self._on.name,
            self._stage,
            tuple((process.told if process.alive else -1) for process in self._all),
        )

    def _judge(self, wrong: str | None) -> None:
        if wrong is not None:
            raise Violation(f"{wrong}\n  " + "\n  ".join(self._steps))


def _kill(run: greenlet) -> None:
    """End a process at its stop. What it does on its way out reaches nothing: every stop kills it again."""
    death = Killed()
    while not run.dead:
        try:
            run.throw(death)
        except Killed:
            return
