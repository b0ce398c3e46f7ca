"""The real journal as a table of answers: each call in each state of the outbox is carried out once and remembered.

Belongs here: turning ``Journal`` on SQLite, triggers and all, into something that a model checker can ask a million
times. Nothing of the journal's behaviour is written down a second time. A state of the outbox is its rows; the log of
changes grows along a path, is read by no run, and is therefore no part of a state.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Hashable
from typing import Any, cast

from sqlalchemy import text

from kredin_pipeline.journal import Journal, SecretBox, open_journal
from tests.crash.exploring import Option, Told, stop

Call = tuple[str, tuple[Any, ...], tuple[tuple[str, Any], ...]]


class RememberedJournal:
    """A journal in memory, made and filled by ``prepare``; states are numbered from 0, the one after ``prepare``."""

    def __init__(self, prepare: Callable[[Journal], None]) -> None:
        self._journal = open_journal("sqlite:///:memory:", SecretBox(SecretBox.new_key()))
        prepare(self._journal)
        self._raw = cast(sqlite3.Connection, self._journal.engine.raw_connection().driver_connection)
        self._numbers: dict[Hashable, int] = {}
        self._snapshots: list[bytes] = []
        self._rows: list[dict[str, Any]] = []
        self._answers: dict[tuple[int, Hashable], tuple[Told, int]] = {}
        self._loaded = self._number()

    @property
    def states(self) -> int:
        """How many states of the outbox have been met."""
        return len(self._snapshots)

    def close(self) -> None:
        self._journal.close()

    def row(self, state: int, key: str) -> dict[str, Any]:
        """The outbox row of an item in a state."""
        return self._rows[state][key]

    def call(self, state: int, call: Call) -> tuple[Told, int]:
        """The journal's answer (an exception is one too) and the state it leaves."""
        name, positional, named = call
        known = (state, repr(call))
        found = self._answers.get(known)
        if found is None:
            if self._loaded != state:
                self._raw.deserialize(zlib.decompress(self._snapshots[state]))
            try:
                answer: Any = getattr(self._journal, name)(*positional, **dict(named))
            except Exception as error:
                answer = error.with_traceback(None)
            self._loaded = after = self._number()
            found = self._answers[known] = Told(answer, len(self._answers)), after
        return found

    def _number(self) -> int:
        """The number of the state the journal is in now; a new one is kept."""
        with self._journal.reading() as connection:
            rows = {
                row["key"]: dict(row)
                for row in connection.execute(text("select * from outbox order by key")).mappings()
            }
        state = repr(rows)
        number = self._numbers.setdefault(state, len(self._numbers))
        if number == len(self._snapshots):
            self._snapshots.append(zlib.compress(self._raw.serialize(), 1))
            self._rows.append(rows)
        return number


class JournalInWorld:
    """The journal on one path: which state it is in."""

    def __init__(self, remembered: RememberedJournal) -> None:
        self.remembered, self.state = remembered, 0

    def of(self, acting: Callable[[], None]) -> Any:
        """The journal as a process holds it: every method is a stop with one answer, the journal's own.

        ``acting`` is told of each call that is carried out.
        """
        return _Door(self, acting)

    def row(self, key: str) -> dict[str, Any]:
        return self.remembered.row(self.state, key)


class _Door:
    def __init__(self, world: JournalInWorld, acting: Callable[[], None]) -> None:
        self._world, self._acting = world, acting

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def asked(*positional: Any, **named: Any) -> Any:
            call: Call = (name, positional, tuple(sorted(named.items())))

            def does() -> Told:
                self._acting()
                told, self._world.state = self._world.remembered.call(self._world.state, call)
                return told

            return stop(lambda: [Option(name, does)])

        return asked
