"""The ledger of the model: it takes vouchers, shows them late, loses answers, refuses what it has already.

Belongs here: what PowerOffice may do with one request (reference § 4 Idempotency, §§ 10, 11), each as a choice of the
search. Not here: HTTP, which the crash proof has for real.

A request that has left is *under way* until the ledger acts on it; that may happen after its sender has given up or is
dead. What the ledger has accepted is *shown* at once or, for the price of a fault, only later. Neither lasts longer
than a minute (``SETTLED_AFTER`` of the dispatch rests on that): when a run looks that much later, what was under way
has been carried out or is gone, and what was accepted is shown. A run that slept through it may still send afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kredin_pipeline.ledger.voucher_dispatch import SETTLED_AFTER
from kredin_pipeline.ledger.voucher_lines import FoundLine
from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected
from tests.crash.exploring import Option, stop

SHOWN_AFTER = 5.0
"""Seconds after which a voucher is shown in a ledger that keeps its word."""


@dataclass(frozen=True)
class Nature:
    """What this ledger is like.

    ``refuses_repeats``: a reference is taken once. ``names_the_reference``: the refusal's text says so, as the
    reference expects and does not document. ``unbounded``: a voucher is shown, and a request arrives, whenever it
    likes within the day; else a voucher is shown after 5 s and nothing arrives after its sender has given up.
    ``may_refuse``: it may refuse a voucher for another reason that goes away (books locked for an hour).
    """

    refuses_repeats: bool = True
    names_the_reference: bool = True
    repeat_status: int = 400
    unbounded: bool = True
    may_refuse: bool = True


@dataclass
class Request:
    """A write under way. ``arrived``: the ledger has acted on it and has this answer; ``gone``: it never will."""

    number: int
    what: tuple[str, str]
    body: Mapping[str, Any] | None
    left_at: datetime
    answer: Any = None
    arrived: bool = False
    gone: bool = False
    waited_for: bool = True


@dataclass
class Standing:
    """A voucher in the ledger. ``shown_at``: seconds of the world, None while nobody knows when."""

    id: str
    reference: str
    lines: tuple[FoundLine, ...]
    shown_at: float | None
    sent_at: datetime
    reversed_by: str | None = None
    reversal_shown_at: float | None = 0.0
    reversal_sent_at: datetime | None = None


@dataclass
class ModelLedger:
    """One path's ledger. ``accounts`` maps account ids to (account number, customer number)."""

    nature: Nature
    accounts: Mapping[int, tuple[str, str | None]]
    now: datetime
    standing: list[Standing] = field(default_factory=list[Standing])
    requests: list[Request] = field(default_factory=list[Request])
    seconds: float = 0.0
    reversals: int = 0

    def key(self) -> Hashable:
        return (
            tuple((v.id, v.shown_at, v.sent_at, v.reversed_by, v.reversal_shown_at) for v in self.standing),
            tuple(
                (r.number, r.arrived, r.gone, r.waited_for, r.left_at, str(r.answer))
                for r in self.requests
                if self._matters(r)
            ),
            len(self.requests),
            self.seconds,
            self.now,
            self.reversals,
        )

    @staticmethod
    def _matters(request: Request) -> bool:
        return request.waited_for or not (request.arrived or request.gone)

    # --- what happens by itself --------------------------------------------------------------------------------

    def events(self) -> list[Option]:
        found = [
            Option(name, self._arriving(request, late), cost)
            for request in self.requests
            if not (request.arrived or request.gone) and (request.waited_for or self.nature.unbounded)
            for name, late, cost in (
                (f"request {request.number} is carried out", False, 0),
                (f"request {request.number} is carried out and will be shown late", True, 1),
            )
        ]
        if self.nature.unbounded:
            for voucher in self.standing:
                if voucher.shown_at is None:
                    found.append(Option(f"voucher {voucher.id} is shown from now on", self._showing(voucher)))
                if voucher.reversal_shown_at is None:
                    found.append(Option(f"reversal of {voucher.id} is shown from now on", self._showing(voucher)))
        return found

    def it_is(self, now: datetime) -> None:
        """A process has acted at this time of its clock."""
        self.now = max(self.now, now)

    def settle(self, before: datetime) -> None:
        """What left before that time and has not arrived never does; what was accepted of it is shown."""
        for request in self.requests:
            request.gone = request.gone or (not request.arrived and request.left_at <= before)
        for voucher in self.standing:
            if voucher.sent_at <= before:
                voucher.shown_at = 0.0
            if voucher.reversal_sent_at is not None and voucher.reversal_sent_at <= before:
                voucher.reversal_shown_at = 0.0

    def drop_what_is_under_way(self) -> None:
        for request in self.requests:
            request.gone = not request.arrived

    def _showing(self, voucher: Standing) -> Callable[[], None]:
        def happens() -> None:
            voucher.shown_at = voucher.reversal_shown_at = 0.0

        return happens

    def _arriving(self, request: Request, late: bool) -> Callable[[], None]:
        def happens() -> None:
            request.arrived = True
            shown_at = 0.0 if not late else None if self.nature.unbounded else self.seconds + SHOWN_AFTER
            make = self._post if request.what[0] == "post" else self._reverse
            request.answer = make(request, shown_at)

        return happens

    def _post(self, request: Request, shown_at: float | None) -> Any:
        body, reference = request.body or {}, request.what[1]
        taken = any(v.reference == reference and v.reversed_by is None for v in self.standing)
        if taken and self.nature.refuses_repeats:
            text = "ExternalImportReference is already in use" if self.nature.names_the_reference else "Bad Request"
            return Rejected(text, status=self.nature.repeat_status)
        made = f"guid-{len(self.standing) + 1}"
        self.standing.append(Standing(made, reference, self.lines_for(made, body), shown_at, request.left_at))
        return made, str(len(self.standing))

    def lines_for(self, voucher_id: str, body: Mapping[str, Any]) -> tuple[FoundLine, ...]:
        """The ledger's lines of a voucher; its number is the last part of its id."""
        return tuple(
            FoundLine(
                voucher_id, voucher_id.rpartition("-")[2], *self.accounts[int(line["AccountId"])],
                Decimal(line["CurrencyAmount"]),
            )
            for line in body["VoucherLines"]
        )  # fmt: skip

    def _reverse(self, request: Request, shown_at: float | None) -> Any:
        voucher_id = request.what[1]
        voucher = next(v for v in self.standing if v.id == voucher_id)
        if voucher.reversed_by is not None and self.nature.refuses_repeats:
            return Rejected(f"Voucher with id = {voucher_id} is already reversed.", status=400)
        self.reversals += 1
        voucher.reversed_by, voucher.reversal_sent_at = f"reversal-{self.reversals}", request.left_at
        voucher.reversal_shown_at = shown_at
        return voucher_id

    # --- what a process asks -----------------------------------------------------------------------------------

    def lines_of(self, reference: str) -> list[FoundLine]:
        """What the ledger shows of a reference now."""
        return [
            FoundLine(line.voucher_id, line.voucher_no, line.account_no, line.customer_no, line.amount,
                      voucher.reversed_by is not None and self._shows(voucher.reversal_shown_at))
            for voucher in self.standing
            if voucher.reference == reference and self._shows(voucher.shown_at)
            for line in voucher.lines
        ]  # fmt: skip

    def _shows(self, at: float | None) -> bool:
        return at is not None and at <= self.seconds

    def seen_on(self, references: Mapping[str, str]) -> set[str]:
        return {reference for reference in references if self.lines_of(reference)}

    def leave(self, what: tuple[str, str], body: Mapping[str, Any] | None) -> Request:
        self.requests.append(Request(len(self.requests) + 1, what, body, self.now))
        return self.requests[-1]


class LedgerDoor:
    """The ledger as one process holds it."""

    def __init__(self, ledger: ModelLedger, clock: ModelClock) -> None:
        self._ledger, self._clock = ledger, clock

    def find(self, reference: str, around: date) -> list[FoundLine]:
        return self._read("look-up", lambda: self._ledger.lines_of(reference))

    def find_all(self, wanted: Mapping[str, date]) -> dict[str, list[FoundLine]]:
        return self._read(
            "look-up",
            lambda: {reference: lines for reference in wanted if (lines := self._ledger.lines_of(reference))},
        )

    def seen_on_customers(self, wanted: Mapping[str, str], first: date, last: date) -> set[str]:
        return self._read("look-up on the customers", lambda: self._ledger.seen_on(wanted))

    def post(self, body: Mapping[str, Any]) -> tuple[str, str | None]:
        return self._write(("post", str(body["ExternalImportReference"])), body)

    def reverse(self, voucher_id: str) -> str:
        return self._write(("reverse", voucher_id), None)

    def _read(self, name: str, look: Callable[[], Any]) -> Any:
        def looks() -> Any:
            self._ledger.it_is(self._clock.now())
            self._ledger.settle(self._clock.now() - SETTLED_AFTER)
            return look()

        return stop(
            lambda: [
                Option(name, looks),
                Option(f"{name} fails", lambda: RuntimeError("the ledger does not answer"), 1),
            ]
        )

    def _write(self, what: tuple[str, str], body: Mapping[str, Any] | None) -> Any:
        ledger, name = self._ledger, what[0]
        left: list[Request] = []

        def leaves() -> None:
            ledger.it_is(self._clock.now())
            left.append(ledger.leave(what, body))

        options = [
            Option(f"{name} leaves", leaves),
            Option(f"{name} does not get out (503)", lambda: NothingSent("503", status=503), 1),
            Option(f"{name} is lost before the ledger", lambda: OutcomeUnknown("read time-out"), 1),
        ]
        if ledger.nature.may_refuse:
            options.append(Option(f"{name} is refused", lambda: Rejected("the books are locked", status=400), 1))
        stop(lambda: options)
        request = left[0]

        def answers() -> Sequence[Option]:
            def hears() -> Any:
                request.waited_for = False
                return request.answer

            def gives_up() -> Any:
                request.waited_for = False
                return OutcomeUnknown("read time-out")

            heard = [Option(f"the answer to {name} is read", hears)] if request.arrived else []
            return [*heard, Option(f"the answer to {name} is lost", gives_up, 0 if request.gone else 1)]

        return stop(answers)


class ModelClock:
    """A process's clock: it stands still; waiting lets the world's seconds pass."""

    def __init__(self, now: datetime, ledger: ModelLedger) -> None:
        self._now, self._ledger = now, ledger

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        if not self._ledger.nature.unbounded:
            self._ledger.seconds += seconds
