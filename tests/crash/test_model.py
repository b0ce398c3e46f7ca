"""No interleaving of two runs leads to a second voucher or loses one; and the checker finds those that would.

The product's dispatch and the real journal are driven through every order of their calls (``model``). More faults and
every interleaving: ``make crash``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.crash.exploring import Violation
from tests.crash.model import Kind, explore, racing, restarted, run_vouchers
from tests.crash.model_ledger import Nature

THOROUGH = bool(os.environ.get("KREDIN_CRASHES"))
SOON, MUCH_LATER = timedelta(seconds=1), timedelta(minutes=10)
BOUNDS = [(0, None), (1, 1), *([(1, None), (2, 1)] if THOROUGH else [])]
"""Faults on a path, and how often a run is left for the other while it could go on (None: at every step)."""
REPEATS = [Nature(), Nature(names_the_reference=False), Nature(names_the_reference=False, repeat_status=409)]
TRUSTING = Nature(refuses_repeats=False, unbounded=False)
"""A ledger that takes every repeat, and is punctual: shown after 5 s, nothing under way for longer than its sender."""


@pytest.mark.parametrize("kind", ["voucher", "reversal"])
@pytest.mark.parametrize(("faults", "switches"), BOUNDS)
def test_two_runs_at_once_book_once(kind: Kind, faults: int, switches: int | None) -> None:
    found = explore(racing(SOON), Nature(), faults, kind=kind, switches=switches)
    print(f"\ntwo runs, {kind}, {faults} faults, {switches or 'any number of'} switches: {found}")
    assert found.states > 500 and found.interleavings > 1_000


@pytest.mark.parametrize("kind", ["voucher", "reversal"])
def test_a_run_that_slept_books_nothing_twice(kind: Kind) -> None:
    """It claimed, slept for ten minutes and sends after all; what the ledger refused is tried again on the next day."""
    for faults, switches in BOUNDS[1:]:
        found = explore(racing(MUCH_LATER), Nature(), faults, kind=kind, switches=switches, refused_is_final=False)
        print(f"\na run that slept, {kind}, {faults} faults: {found}")
        assert found.states > 500


@pytest.mark.parametrize("nature", REPEATS, ids=["named", "not named", "409"])
def test_restarts_book_once_whatever_a_refusal_says(nature: Nature) -> None:
    stages = restarted(timedelta(seconds=5), timedelta(seconds=100))
    found = explore(stages, nature, 3 if THOROUGH else 2 if nature.repeat_status == 409 else 1)
    print(f"\nrestarts: {found}")
    assert found.states > 300


@pytest.mark.parametrize("kind", ["voucher", "reversal"])
def test_without_the_ledgers_refusal_the_look_ups_alone_hold(kind: Kind) -> None:
    stages = restarted(timedelta(seconds=5), timedelta(minutes=5))
    found = explore(stages, TRUSTING, 3 if THOROUGH else 2, kind=kind)
    print(f"\na ledger that takes repeats: {found}")
    assert found.states > 500


# --- what the checker must find ----------------------------------------------------------------------------------


class _Changed:
    """A journal with a fault built in."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


class _SendsAgainUnseen(_Changed):
    """A lost answer is put back without a look-up."""

    def mark_outcome_unknown(self, key: str, reason: str, at: Any, **more: Any) -> None:
        self._journal.mark_outcome_unknown(key, reason, at, **more)
        self._journal.requeue(key, reason, at)


class _NobodyHolds(_Changed):
    """A run's conclusions count, whoever holds the item by then."""

    def mark_rejected(self, key: str, reason: str, at: Any, *, held_by: str) -> None:
        self._journal.mark_rejected(key, reason, at)

    def mark_nothing_sent(self, key: str, reason: str, at: Any, *, held_by: str) -> None:
        self._journal.mark_nothing_sent(key, reason, at)


class _ClaimsBlindly(_Changed):
    """Who was first does not matter."""

    def claim_many(self, keys: Any, worker: str, at: Any) -> list[str]:
        self._journal.claim_many(keys, worker, at)
        return list(keys)


def _with(change: Callable[[Any], Any]) -> Any:
    def run(journal: Any, ledger: Any, clock: Any, worker: str) -> None:
        run_vouchers(change(journal), ledger, clock, worker)

    return run


def test_it_finds_a_dispatch_that_sends_again_without_looking() -> None:
    with pytest.raises(Violation, match="2 vouchers for one settlement"):
        explore(restarted(timedelta(seconds=5)), TRUSTING, 2, run=_with(_SendsAgainUnseen))


def test_it_finds_a_dispatch_that_looks_too_early() -> None:
    with pytest.raises(Violation, match="2 vouchers for one settlement"):
        explore(restarted(timedelta(seconds=5)), TRUSTING, 2, waits=(0.0,))


def test_it_finds_two_runs_that_do_not_heed_the_claim() -> None:
    with pytest.raises(Violation, match="2 vouchers for one settlement"):
        explore(racing(SOON), TRUSTING, 0, run=_with(_ClaimsBlindly))


def test_it_finds_conclusions_about_another_runs_attempt() -> None:
    with pytest.raises(Violation, match="lost: the voucher stands in the ledger, the journal says rejected"):
        explore(racing(SOON), Nature(), 1, switches=2, run=_with(_NobodyHolds))


def test_two_living_runs_rest_on_the_ledgers_refusal() -> None:
    """Why the reference must be unique in the ledger: without that, taking over a living run's item books twice."""
    with pytest.raises(Violation, match="2 vouchers for one settlement"):
        explore(racing(SOON), TRUSTING, 0)
