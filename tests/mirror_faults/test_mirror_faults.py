"""Whatever a morning's read meets, the mirror is the ledger or yesterday's, and the next read makes it the ledger.

A real book, a real sandbox over HTTP, real processes that are killed. All of it: ``make faults COUNT=2000 KILLS=200``.
One sequence or kill again: ``KREDIN_FAULT_SEED=n`` with the seed that a failure names.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.mirror_faults.killing import Killer, Kills
from tests.mirror_faults.ledgers import MORNINGS, TODAY
from tests.mirror_faults.sequences import CALL_FAULTS, ROW_FAULTS, Plan, Player, Tally
from tests.mirror_faults.wire import Mangling

COUNT = int(os.environ.get("KREDIN_FAULTS", "0"))
KILLS = int(os.environ.get("KREDIN_FAULT_KILLS", "0"))
SEED = os.environ.get("KREDIN_FAULT_SEED")
ORDINARY_COUNT, ORDINARY_KILLS = 3, 2


def seeds(count: int) -> range:
    """The one that was asked for, or so many from a random first one."""
    first = int(SEED) if SEED else random.SystemRandom().randrange(1_000_000_000)
    print(f"\nfirst seed {first}")
    return range(first, first + (1 if SEED else count))


def a_plan(
    morning: str,
    *faults: Mapping[str, Any],
    mangled: Mapping[int | str, Mangling] | None = None,
    change: str | None = None,
    at: int = 0,
) -> Plan:
    """A sequence that belongs to no seed."""
    found = next(one for one in MORNINGS if one.name == morning)
    return Plan(0, found, faults, mangled or {}, change, at)


def once(kind: str, route: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "route": f"GET /{route}", "times": 1, "after": 0, **more}


AGAIN = "whole after a second read"
KNOWN: dict[str, tuple[Plan, str]] = {
    "a run that breaks after its merge": (
        a_plan("changes", once("status", "Customerledger/CustomerBalances", code=403)),
        "PermanentFailure",
    ),
    "a ledger that lies all day": (a_plan("changes", once("short_page", "Customerledger/Statement", times=20)), "red"),
    "headers of invoices that do not come": (a_plan("changes", once("short_page", "OutgoingInvoices")), "whole"),
    "an address visible late": (a_plan("changes", once("late_visible", "Customers", seconds=90_000)), "whole"),
    "half a voucher": (a_plan("changes", once("short_page", "AccountTransactions")), "whole"),
    "matches that no balance tells of": (
        a_plan("weekly", once("late_visible", "Customerledger/Statement", seconds=650_000)),
        AGAIN,
    ),
    "an invoice that goes while it is read": (a_plan("changes", change="a deletion", at=3), AGAIN),
    "an amount that is none": (a_plan("weekly", mangled={"Statement": "an unreadable amount"}), "whole"),
    "amounts that are none, all day": (a_plan("first", mangled={"Statement*": "an unreadable amount"}), "red"),
    "a merger under way": (a_plan("changes", once("short_page", "Customerledger"), change="a merger", at=11), AGAIN),
    "lines of a customer that is merged after them": (a_plan("weekly", change="a merger", at=1000), "whole"),
    "a merger while the first read of all goes wrong": (
        a_plan("first", once("short_page", "Customerledger/Statement"), change="a merger", at=8),
        AGAIN,
    ),
    "balances that are not there": (a_plan("changes", mangled={"CustomerBalances": "no balances"}), "PassingFailure"),
}
"""Sequences that once left a mirror that was neither, and how their reads end now."""


@pytest.mark.parametrize("name", KNOWN)
def test_what_once_left_a_wrong_mirror_does_so_no_more(player: Player, name: str) -> None:
    plan, ending = KNOWN[name]
    assert player.play_plan(plan, Tally()) == ending


def test_after_any_sequence_of_faults_the_mirror_is_the_ledger_or_yesterdays(player: Player) -> None:
    tally, began = Tally(), time.monotonic()
    for seed in seeds(COUNT or ORDINARY_COUNT):
        try:
            player.play(seed, tally)
        except Exception as error:
            error.add_note(f"again: KREDIN_FAULT_SEED={seed}")
            raise
    print(
        f"{tally.sequences} sequences, {tally.requests} requests in {time.monotonic() - began:.0f} s; ended "
        f"{dict(tally.endings.most_common())}; met {dict(tally.met.most_common())}"
    )
    if not SEED:
        assert tally.met.total() and tally.endings["whole"], "some reads met faults, some ended well"
    if COUNT >= 200:
        assert set(tally.met) >= {*CALL_FAULTS, *ROW_FAULTS, "change", "mangled"}
        assert set(tally.endings) >= {"whole", "whole after a second read", "red", "PassingFailure", "PermanentFailure"}


def test_after_a_kill_at_any_moment_the_mirror_is_the_ledger_or_yesterdays(player: Player) -> None:
    killer, tally, began = Killer(player.ledger, player.truth(None, TODAY)), Kills(), time.monotonic()
    wanted = KILLS or ORDINARY_KILLS
    for seed in seeds(3 * wanted):
        if tally.killed == wanted:
            break
        try:
            killer.kill(seed, tally)
        except Exception as error:
            error.add_note(f"again: KREDIN_FAULT_SEED={seed}")
            raise
    print(
        f"{tally.killed} kills in {time.monotonic() - began:.0f} s: {dict(tally.at)}; the books held {dict(tally.left)}"
    )
    if not SEED:
        assert tally.killed == wanted
    if KILLS >= 100:
        assert len(tally.left) == 2, "kills before the commit and after it"
