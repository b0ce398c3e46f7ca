"""Exactly one voucher per settlement, wherever the posting run is killed and however the ledger answers (V-1 to V-3).

Real processes, real SIGKILL, a real journal on both engines, PowerOffice as simulated over real HTTP. More kills:
``make crash COUNT=1000``. One story again: ``KREDIN_CRASH_SEED=n`` with the seed that a failure names.
"""

from __future__ import annotations

import os
import random
import time

from tests.crash.story import PLACES, Place, Story, Tally

COUNT = int(os.environ.get("KREDIN_CRASHES", "0"))
SEED = os.environ.get("KREDIN_CRASH_SEED")


def play(place: Place, kills: int, *, faulty: bool) -> Tally:
    """Stories until so many runs have been killed; the seed of one that fails is named."""
    total, began = Tally(), time.monotonic()
    seed = int(SEED) if SEED else random.SystemRandom().randrange(1_000_000_000) // len(PLACES) * len(PLACES)
    print(f"\nfirst seed {seed}")
    met = len({where for where, _ in PLACES})
    while total.killed < kills or (not faulty and len(total.kills) < met and total.stories < 5 * len(PLACES)):
        try:
            seen = Story(place, seed, faulty=faulty).play()
            assert not seen.broke, f"an error broke runs off: {dict(seen.broke)}"
            total.add(seen)
        except Exception as error:
            error.add_note(f"again: KREDIN_CRASH_SEED={seed}")
            raise
        seed += 1
        if SEED:
            break
    print(described(place, total, faulty, time.monotonic() - began))
    return total


def described(place: Place, seen: Tally, faulty: bool, seconds: float) -> str:
    engine = place.journal.engine.dialect.name
    counts = [("killed", seen.kills), ("faults planned", seen.faults)]
    return "\n".join(
        [
            f"\n{engine}{', with a faulty ledger' if faulty else ''}: {seen.killed} kills in {seen.runs} runs "
            f"({seen.races} races of two) of {seen.stories} stories in {seconds:.0f} s: {seen.vouchers} vouchers and "
            f"{seen.reversals} reversals, each exactly once, 0 lost, 0 double",
            *(f"  {name}: {', '.join(f'{what} {n}' for what, n in count.most_common())}" for name, count in counts),
            f"  ways: {len(seen.ways)}; {sum(n for way, n in seen.ways.items() if 'unknown' in way)} items looked up",
        ]
    )


def test_a_run_killed_anywhere_leaves_exactly_one_voucher(place: Place) -> None:
    seen = play(place, COUNT or 15, faulty=False)
    if SEED:
        return
    assert set(seen.kills) == {where for where, _ in PLACES}, "every place of the run was met"
    assert any("sending outcome_unknown posted confirmed" in way for way in seen.ways), "one was found by its reference"
    assert any("sending outcome_unknown intended sending" in way for way in seen.ways), "one was proved absent"


def test_a_run_killed_while_the_ledger_misbehaves_leaves_exactly_one_voucher(place: Place) -> None:
    seen = play(place, COUNT or 5, faulty=True)
    if not SEED:
        assert seen.races and seen.faults and seen.killed >= (COUNT or 5)
