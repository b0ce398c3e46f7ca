"""The outbox as a model: what is explored, and what must hold on every path.

Belongs here: the settings (who runs when, against which ledger, with how many faults) and the promises. The runs are
the product's own code (``posting_run``), the journal is the real one (``remembered_journal``).

Two promises are proved on every path: the ledger never holds a second voucher (reversal) for the settlement, and no
voucher stands there that the journal counts as refused or never finds: after runs without faults the item is confirmed
with the ledger's id and number and the voucher stands once, or it was refused and nothing stands.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal
from unittest.mock import patch

from kredin_pipeline.journal import Journal, voucher_reference
from kredin_pipeline.journal.outbox import Intent
from kredin_pipeline.ledger import voucher_dispatch
from kredin_pipeline.ledger.voucher_dispatch import content_of
from kredin_pipeline.ledger.voucher_lines import Accounts, FeeAndInterestVoucher, manual_journal
from tests.crash.exploring import Explored, Explorer, Option, Process, Setting
from tests.crash.model_ledger import LedgerDoor, ModelClock, ModelLedger, Nature, Standing
from tests.crash.posting_run import posting_run
from tests.crash.remembered_journal import JournalInWorld, RememberedJournal
from tests.unit.journal.builders import DAY, NOW, with_tenant

VOUCHER, REVERSAL = "voucher:acme:K1:E9", "reversal:acme:K1:E9"
ACCOUNTS = Accounts("501", "3950", "601", "8050", "602", "1")
CHART: Mapping[int, tuple[str, str | None]] = {501: ("1500", "10001"), 601: ("3950", None), 602: ("8050", None)}
WAITS = (0.0, 10.0)
"""Look-ups after a lost answer, as long as the product's but fewer: what may happen between two may happen here."""
Kind = Literal["voucher", "reversal"]
Run = Callable[[Any, Any, Any, str], None]


@dataclass(frozen=True)
class Stage:
    """Runs that race. ``after``: of each, how long after the first run its clock stands."""

    workers: Sequence[str]
    after: Sequence[timedelta]
    calm: bool = False


def in_order(*, calm: int) -> list[Stage]:
    """Runs of later days, without faults."""
    return [Stage([f"day {n}"], [timedelta(days=n)], calm=True) for n in range(1, calm + 1)]


def racing(second_after: timedelta) -> list[Stage]:
    """Two runs at once; the first stands still, for all or for a moment, while ``second_after`` passes."""
    return [Stage(["run 1", "run 2"], [timedelta(0), second_after]), *in_order(calm=3)]


def restarted(*after: timedelta) -> list[Stage]:
    """A run, and restarts that long after it; each may break as well."""
    again = [Stage([f"restart {n}"], [one]) for n, one in enumerate(after, 1)]
    return [Stage(["run 1"], [timedelta(0)]), *again, *in_order(calm=3)]


def run_vouchers(journal: Any, ledger: Any, clock: Any, worker: str) -> None:
    """A posting run over what is in the outbox."""
    posting_run(journal, ledger, clock, worker, "acme")


def run_and_try_refused_again(journal: Any, ledger: Any, clock: Any, worker: str) -> None:
    """A posting run of a later day: what was refused on an earlier one is tried again first, as the assets do."""
    for item in journal.items("acme", None, ["rejected"]):
        journal.requeue(item.key, "refused on an earlier day, tried again", clock.now())
    run_vouchers(journal, ledger, clock, worker)


def explore(
    stages: Sequence[Stage],
    nature: Nature,
    faults: int,
    *,
    kind: Kind = "voucher",
    run: Run = run_vouchers,
    refused_is_final: bool = True,
    switches: int | None = None,
    waits: Sequence[float] = WAITS,
) -> Explored:
    """Explore all interleavings with so many faults and, if given, so many switches.

    Raises ``Violation`` with the path that breaks a promise.

    Unless ``refused_is_final`` a refused item is tried again on the next day, and may be wrong about the ledger until
    then.
    """
    remembered = RememberedJournal(_with_voucher if kind == "voucher" else _with_reversal)

    def start() -> Setting:
        world = OutboxWorld(remembered, nature, kind, refused_is_final)
        processes = [
            [
                world.process(stage, at, run_and_try_refused_again if stage.calm and not refused_is_final else run)
                for at in range(len(stage.workers))
            ]
            for stage in stages
        ]
        return Setting(world, processes, faults, switches)

    try:
        with patch.object(voucher_dispatch, "LOOK_UP_WAITS", waits):
            return Explorer(start).explore()
    finally:
        remembered.close()


class OutboxWorld:
    """The journal and the ledger of one path, and the promises."""

    def __init__(self, remembered: RememberedJournal, nature: Nature, kind: Kind, refused_is_final: bool) -> None:
        self._journal, self._kind = JournalInWorld(remembered), kind
        self._settled_without = ("rejected", "cancelled", "conflict") if refused_is_final else ("cancelled", "conflict")
        self._ledger = ModelLedger(nature, CHART, NOW)
        if kind == "reversal":
            lines = self._ledger.lines_for("guid-1", _body())
            self._ledger.standing.append(
                Standing("guid-1", voucher_reference(VOUCHER), lines, 0.0, NOW - timedelta(days=1))
            )

    def process(self, stage: Stage, at: int, run: Run) -> Process:
        clock = ModelClock(NOW + timedelta(minutes=1) + stage.after[at], self._ledger)
        worker = stage.workers[at]
        journal = self._journal.of(lambda: self._ledger.it_is(clock.now()))
        door = LedgerDoor(self._ledger, clock)
        return Process(worker, lambda: run(journal, door, clock, worker), calm=stage.calm)

    def key(self) -> Hashable:
        return self._journal.state, self._ledger.key()

    def events(self) -> Sequence[Option]:
        return self._ledger.events()

    def stage_begins(self, number: int) -> None:
        if number and not self._ledger.nature.unbounded:
            self._ledger.drop_what_is_under_way()

    def check(self) -> str | None:
        state = str(self._journal.row(VOUCHER if self._kind == "voucher" else REVERSAL)["state"])
        there = self._there()
        if there > 1:
            return f"{there} {self._kind}s for one settlement"
        if there and state in self._settled_without:
            return f"lost: the {self._kind} stands in the ledger, the journal says {state}"
        if not there and state in ("posted", "confirmed"):
            return f"the journal says {state}, and there is no {self._kind}"
        return None

    def check_end(self) -> str | None:
        row = self._journal.row(VOUCHER if self._kind == "voucher" else REVERSAL)
        there = self._there()
        if row["state"] == "confirmed" and there == 1:
            wanted = ("guid-1", "1")
            return None if (row["remote_id"], row["remote_no"]) == wanted else f"confirmed as {row}, want {wanted}"
        if row["state"] == "rejected" and not there:
            return None
        return f"ends as {row['state']} with {there} {self._kind}s in the ledger"

    def _there(self) -> int:
        if self._kind == "reversal":
            return self._ledger.reversals
        return len(self._ledger.standing)


def _voucher() -> FeeAndInterestVoucher:
    return FeeAndInterestVoucher(
        VOUCHER, voucher_reference(VOUCHER), "acme", "K1", "101", "10001", "E9",
        Decimal("35.00"), Decimal("4.79"), Decimal("39.79"), date(2025, 3, 17),
    )  # fmt: skip


def _body() -> dict[str, Any]:
    return manual_journal(_voucher(), ACCOUNTS, DAY)


def _with_voucher(journal: Journal) -> None:
    content = content_of(_voucher(), ACCOUNTS, DAY)
    with_tenant(journal).intend_all("acme", [Intent(VOUCHER, "voucher", ["K1"], content, DAY)], NOW)


def _with_reversal(journal: Journal) -> None:
    _with_voucher(journal)
    journal.claim_for_sending(VOUCHER, "yesterday", NOW)
    journal.mark_posted(VOUCHER, "guid-1", "1", NOW)
    journal.mark_confirmed(VOUCHER, NOW)
    content = {
        "case_id": "K1", "voucher_id": "guid-1", "reference": voucher_reference(VOUCHER),
        "posting_date": DAY.isoformat(), "total": "39.79",
    }  # fmt: skip
    intent = Intent(REVERSAL, "reversal", ["K1"], content, DAY, reverses=VOUCHER)
    journal.intend_all("acme", [intent], NOW)
