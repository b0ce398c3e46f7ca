"""One settlement day that goes wrong: killed runs, restarts, races, faults of the ledger, until nothing is open.

Belongs here: choosing what breaks from a seed, playing it, and comparing the two books at the end, ours and the
sandbox's own. Not here: counting over many stories (``proof``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import ALLOWED_TRANSITIONS, CaseRow, Journal, voucher_reference
from kredin_pipeline.journal.outbox import Intent
from kredin_pipeline.ledger.voucher_dispatch import content_of
from kredin_pipeline.ledger.voucher_lines import Accounts, FeeAndInterestVoucher
from kredin_pipeline.sandbox.ledger.chart import VAT_BY_CODE
from kredin_pipeline.sandbox.server import RunningSandbox
from tests.crash.fuse import Burn, Fuse
from tests.crash.runs import Ending, Running
from tests.crash.worker import Addresses, Order, do

POSTS, REVERSES, LOOK_UPS = "POST /Vouchers/ManualJournals", "POST /Vouchers/Reverse", "GET /AccountTransactions"
STATEMENT = "GET /Customerledger/Statement"
HELD_BEFORE, HELD_AFTER = "held before it is carried out", "held after it was carried out"
HELD = (HELD_BEFORE, HELD_AFTER)
MOST_RUNS = 40
"""A story that has not come to rest after so many runs never does."""
FEE, INTEREST, CUSTOMER = "3950", "8050", "10001"
PAID_ON = date(2025, 3, 14)

PLACES: tuple[tuple[str, str], ...] = (
    ("before the intent", "intend_all:c*"),
    ("between intent and claim", "intend_all:done"),
    ("between intent and claim", "claim*:c*"),
    ("after the claim", "claim*:done"),
    ("after the claim", "POST /v2/Vouchers/*:leaving"),
    ("during the request", HELD_BEFORE),
    ("after the ledger committed", HELD_AFTER),
    ("after the ledger committed", "POST /v2/Vouchers/*:answered"),
    ("before our commit of posted", "mark_posted*:c*"),
    ("after our commit of posted", "mark_posted*:done"),
    ("before our commit of confirmed", "confirm*:c*"),
    ("after our commit of confirmed", "confirm*:done"),
    ("any point", "*"),
    ("a moment of real time", ""),
)
"""Where a run is killed, with the points (``fuse``) that lie there."""

FAULTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (POSTS, "timeout", {}),
    (POSTS, "timeout_after_commit", {}),
    (POSTS, "reset_after_commit", {}),
    (POSTS, "empty_200", {}),
    (POSTS, "status", {"code": 429, "times": 2}),
    (POSTS, "status", {"code": 503, "times": 2}),
    (POSTS, "status", {"code": 500}),
    (POSTS, "number_late", {"seconds": 40}),
    (POSTS, "token_expired", {}),
    (REVERSES, "timeout_after_commit", {}),
    (REVERSES, "reset_after_commit", {}),
    (REVERSES, "status", {"code": 503}),
    (LOOK_UPS, "late_visible", {"seconds": 5, "times": 40}),
    (STATEMENT, "late_visible", {"seconds": 5, "times": 40}),
    (LOOK_UPS, "status", {"code": 503}),
    (LOOK_UPS, "empty_200", {}),
)
"""What the ledger does wrong: route, kind (``sandbox.faults``), details."""


@dataclass(frozen=True)
class Doom:
    """How a run is to die: at a point of its own, held in a request, or at a moment of real time."""

    where: str
    pattern: str
    nth: int
    moment: float

    @property
    def by_itself(self) -> bool:
        return self.pattern not in (*HELD, "")


@dataclass
class Place:
    """Where stories happen: one sandbox, one journal, and the addresses of both."""

    sandbox: RunningSandbox
    journal: Journal
    addresses: Addresses


@dataclass
class Tally:
    """What was seen."""

    stories: int = 0
    vouchers: int = 0
    reversals: int = 0
    runs: int = 0
    races: int = 0
    kills: Counter[str] = field(default_factory=Counter[str])
    points: Counter[str] = field(default_factory=Counter[str])
    faults: Counter[str] = field(default_factory=Counter[str])
    broke: Counter[str] = field(default_factory=Counter[str])
    """Runs that an error broke off, by its text: none should."""
    ways: Counter[str] = field(default_factory=Counter[str])
    """Of each item the states it went through."""

    def add(self, other: Tally) -> None:
        self.stories += other.stories
        self.vouchers += other.vouchers
        self.reversals += other.reversals
        self.runs += other.runs
        self.races += other.races
        for name in ("kills", "points", "faults", "broke", "ways"):
            getattr(self, name).update(getattr(other, name))

    @property
    def killed(self) -> int:
        return sum(self.kills.values())


class Story:
    """A tenant and a company of its own, three vouchers to post and an earlier one to reverse; all from ``seed``."""

    def __init__(self, place: Place, seed: int, *, faulty: bool) -> None:
        self._place, self._faulty, self._seed = place, faulty, seed
        self._random = Random(seed)
        self.tenant = f"t{seed}{'f' if faulty else ''}"
        self.now = datetime(2025, 3, 17, 5, 0, tzinfo=UTC)
        self._control = place.sandbox.control
        self.client_key = str(UUID(int=self._random.getrandbits(128), version=4))
        self._kills_left = self._random.randint(2, 5)
        self._vouchers: dict[str, FeeAndInterestVoucher] = {}
        self.intents: list[Intent] = []
        self._endings: list[Ending] = []
        self.tally = Tally(stories=1)

    # --- the whole of it -----------------------------------------------------------------------------------------

    def play(self) -> Tally:
        """Raises ``AssertionError`` for a second, a lost or a wrong voucher."""
        self.set_up()
        for _ in range(MOST_RUNS):
            if self._at_rest():
                self._control.clear_faults(self.client_key)
                self.compare()
                return self.tally
            self._one_round()
        open_now = [(item.key, item.state, item.reason) for item in self._place.journal.open_items(self.tenant)]
        raise AssertionError(f"after {MOST_RUNS} rounds of runs there is still work to do: {open_now}")

    # --- setting the scene -------------------------------------------------------------------------------------

    def set_up(self) -> None:
        """The company, the tenant, its cases, and the earlier voucher posted and confirmed."""
        control, journal = self._control, self._place.journal
        control.reset()  # the clock's ticks as well: what is new in this story is new by its clock
        control.set_clock(self.now)
        control.set_options(duplicate_reference_status=self._random.choice([400, 409]))
        control.add_company(self.tenant, "999990002", client_key=self.client_key)
        control.event(self.client_key, {"event": "customer", "no": CUSTOMER})
        settings = TenantSettings.of()
        journal.add_tenant(
            self.tenant, SecretStr(self.client_key), "Fjellheim AS", "999990002", PAID_ON, settings, "K", self.now
        )
        cases = [f"{self.tenant}-K{n}" for n in range(4)]
        rows = [CaseRow(case, f"v-{case}", f"10{n}", CUSTOMER, "999990126", PAID_ON) for n, case in enumerate(cases)]
        journal.open_cases(self.tenant, rows, self.now)
        earlier, *new = [self._voucher(case, n) for n, case in enumerate(cases)]
        accounts = self._accounts()
        first = [self._intent(earlier, accounts)]
        do(self.order("yesterday", first), Fuse(None, print))
        self.pass_time(86_400)
        posted = journal.item(earlier.key)
        assert posted.state == "confirmed", f"the run before the story left its voucher {posted.state}"
        self.intents = [self._intent(voucher, accounts) for voucher in new]
        content = {
            "case_id": earlier.case_id, "voucher_id": posted.remote_id, "reference": posted.reference,
            "posting_date": posted.payload["posting_date"], "total": posted.payload["total"],
            "customer_no": CUSTOMER,
        }  # fmt: skip
        key = earlier.key.replace("voucher:", "reversal:")
        self.intents.append(Intent(key, "reversal", [earlier.case_id], content, PAID_ON, reverses=earlier.key))

    def _voucher(self, case: str, number: int) -> FeeAndInterestVoucher:
        key = f"voucher:{self.tenant}:{case}:E{number}"
        fee = Decimal(self._random.choice([0, 3500, 7600])).scaleb(-2)
        interest = Decimal(self._random.randint(0 if fee else 1, 90_000)).scaleb(-2)
        made = FeeAndInterestVoucher(
            key, voucher_reference(key), self.tenant, case, f"10{number}", CUSTOMER, f"E{number}",
            fee, interest, fee + interest, PAID_ON,
        )  # fmt: skip
        self._vouchers[key] = made
        return made

    def _accounts(self) -> Accounts:
        company = self._place.sandbox.world.company(self.client_key)
        chart = company.books.accounts
        return Accounts(
            str(company.customers[CUSTOMER].subledger_id),
            FEE, str(chart[FEE].id), INTEREST, str(chart[INTEREST].id), str(VAT_BY_CODE["0"].id),
        )  # fmt: skip

    @staticmethod
    def _intent(voucher: FeeAndInterestVoucher, accounts: Accounts) -> Intent:
        content = content_of(voucher, accounts, voucher.payment_date)
        return Intent(voucher.key, "voucher", [voucher.case_id], content, PAID_ON)

    # --- one round: a run or two at once -----------------------------------------------------------------------

    def _one_round(self) -> None:
        self._control.clear_faults(self.client_key)
        if self._faulty:
            self._plan_faults()
        racing = self._random.random() < 0.35
        self.tally.races += racing
        dooms = [self._doom(racing, first=not self.tally.runs and not number) for number in range(2 if racing else 1)]
        running = [self._start(number, doom) for number, doom in enumerate(dooms)]
        for one, doom in zip(running, dooms, strict=True):
            if doom is not None:
                self._kill(one, doom)
        self._endings = [one.ending() for one in running]
        for ending, doom in zip(self._endings, dooms, strict=True):
            self._count(ending, doom)
        self.pass_time(self._random.choice([2, 30, 120, 86_400]))

    def _doom(self, racing: bool, *, first: bool) -> Doom | None:
        if not self._kills_left or not (first or self._random.random() < 0.6):
            return None
        self._kills_left -= 1
        where, pattern = PLACES[self._seed % len(PLACES)] if first else self._random.choice(PLACES)
        if pattern in HELD and racing:  # either run might be the one that is held
            pattern = "POST /v2/Vouchers/*:leaving" if pattern == HELD_BEFORE else "POST /v2/Vouchers/*:answered"
        nth = 1 if first else self._random.randint(1, 4)
        if pattern == "*":
            nth = self._random.randint(1, 25 if first else 50)
        return Doom(where, pattern, nth, self._random.uniform(0.0, 0.04 if first else 0.1))

    def _start(self, number: int, doom: Doom | None) -> Running:
        if doom is not None and doom.pattern in HELD:
            kind = "timeout" if doom.pattern == HELD_BEFORE else "timeout_after_commit"
            route = self._random.choice([POSTS, POSTS, REVERSES])
            self.fault(route, kind, after=0 if route == REVERSES else doom.nth % 3)
        burn = Burn(doom.pattern, doom.nth) if doom is not None and doom.by_itself else None
        return Running(self.order(f"{self.tenant}-run{self.tally.runs + number}", self.intents, burn))

    def order(self, worker: str, intents: list[Intent], burn: Burn | None = None) -> Order:
        """A run at the story's present time."""
        return Order(self._place.addresses, self.tenant, self.client_key, worker, self.now, intents, burn)

    def _kill(self, run: Running, doom: Doom) -> None:
        if doom.pattern in HELD:
            run.kill_when(self._is_held, doom.pattern)
        elif not doom.by_itself:
            run.kill_after(doom.moment)

    def _is_held(self) -> bool:
        """Whether the sandbox has taken up the request that it was told to hold."""
        waiting = self._place.sandbox.world.faults.planned()
        return not any(one["company"] == self.client_key and one["kind"].startswith("timeout") for one in waiting)

    def _plan_faults(self) -> None:
        for _ in range(self._random.randint(0, 3)):
            route, kind, more = self._random.choice(FAULTS)
            self.fault(route, kind, after=self._random.randint(0, 2), **more)
            self.tally.faults[f"{kind} {more.get('code', '')}".strip()] += 1

    def fault(self, route: str, kind: str, **more: Any) -> None:
        """The ledger shall do this wrong next (``sandbox.faults``)."""
        self._control.fault(self.client_key, {"route": route, "kind": kind, **more})

    def _count(self, ending: Ending, doom: Doom | None) -> None:
        self.tally.runs += 1
        if ending.killed_at is not None:
            assert doom is not None
            self.tally.kills[doom.where] += 1
            self.tally.points[ending.killed_at] += 1
        if ending.broke is not None:
            self.tally.broke[ending.broke] += 1

    # --- the end: two books, one story -------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """That much later, here and in the sandbox."""
        self.now = max(self.now + timedelta(seconds=seconds), self._control.now())
        self._control.set_clock(self.now)

    def _at_rest(self) -> bool:
        if not self._endings or not all(ending.by_itself for ending in self._endings):
            return False
        return not self._place.journal.open_items(self.tenant)

    def compare(self) -> None:
        """The sandbox's ledger and the journal agree: each voucher once, right, known by id and number, its log whole.

        Raises ``AssertionError`` naming the item.
        """
        closed = [(one.key, one.state, one.reason) for one in self._place.journal.items(self.tenant)]
        assert all(state == "confirmed" for _, state, _ in closed), f"not all are confirmed: {closed}"
        ledger = [one for one in self._control.vouchers(self.client_key) if one["created_by_integration"]]
        references = Counter(str(one["external_import_reference"]) for one in ledger if one["reverses"] is None)
        assert references == Counter(one.reference for one in self._vouchers.values()), f"vouchers: {references}"
        by_reference = {one["external_import_reference"]: one for one in ledger if one["reverses"] is None}
        reversed_ids = Counter(str(one["reverses"]) for one in ledger if one["reverses"] is not None)
        items = {item.key: item for item in self._place.journal.items(self.tenant)}
        assert set(items) == {*self._vouchers, self.intents[-1].key}
        for key, voucher in self._vouchers.items():
            there, item = by_reference[voucher.reference], items[key]
            assert _lines(there) == _meant(voucher), f"{key}: in the ledger {_lines(there)}, meant {_meant(voucher)}"
            assert item.state == "confirmed", f"{key}: is {item.state}: {item.reason}"
            assert (item.remote_id, item.remote_no) == (there["voucher_id"], there["voucher_no"]), f"{key}: other names"
            assert item.remote_no not in (None, "0")
            self._read_log(key)
        undone = self.intents[-1]
        assert items[undone.key].state == "confirmed", f"{undone.key}: is {items[undone.key].state}"
        assert reversed_ids == {str(undone.payload["voucher_id"]): 1}, f"reversals by voucher: {reversed_ids}"
        self._read_log(undone.key)
        self.tally.vouchers += len(self._vouchers) - 1
        self.tally.reversals += 1

    def _read_log(self, key: str) -> None:
        """The log tells the whole way, by allowed steps, and each new attempt follows a look-up."""
        log = self._place.journal.history(key)
        way = [change.to_state for change in log]
        steps = {(change.from_state, change.to_state) for change in log[1:]}
        assert [change.from_state for change in log] == [None, *way[:-1]], f"{key}: the log has gaps: {way}"
        assert steps <= ALLOWED_TRANSITIONS, f"{key}: {steps - ALLOWED_TRANSITIONS}"
        assert way[0] == "intended" and way.count("confirmed") == 1 and way[-1] == "confirmed", f"{key}: {way}"
        for before, change in pairwise(log):
            if (before.to_state, change.to_state) == ("outcome_unknown", "intended"):
                assert change.reason is not None and "looked up" in change.reason, f"{key}: {change.reason}"
        self.tally.ways[" ".join(way)] += 1


def _lines(voucher: Mapping[str, Any]) -> Counter[tuple[str, str | None, str, str]]:
    return Counter(
        (line["account_no"], line["customer_no"], line["amount"], line["vat_code"]) for line in voucher["lines"]
    )


def _meant(voucher: FeeAndInterestVoucher) -> Counter[tuple[str, str | None, str, str]]:
    income = [(FEE, None, f"{-voucher.fee:.2f}", "0"), (INTEREST, None, f"{-voucher.interest:.2f}", "0")]
    amounts = (voucher.fee, voucher.interest)
    return Counter(
        [("1500", CUSTOMER, f"{voucher.total:.2f}", "0")]
        + [line for line, amount in zip(income, amounts, strict=True) if amount]
    )
