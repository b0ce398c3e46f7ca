"""A stage on which a story is played in the order of its days.

Here belongs what every story needs: events in order of time, the sandbox clock moved to each, invoice numbers given in
that order. What happens in the story is in the modules that use it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from ..clock import OSLO, SandboxClock
from ..ledger import Company
from ..register import Register

Act = Callable[["Stage"], object]
_FIRST_EVENT = time(9, 0)  # office hours: after that morning's run
_BEFORE_DAWN = time(1, 0)  # on the last day: nothing may be newer than the clock that the story leaves behind


@dataclass(frozen=True)
class Planned:
    """Something that will happen on a day; acts of one day happen in the order in which they were planned."""

    day: date
    place: int
    act: Act


class Stage:
    """Plans acts, then plays them by day. ``numbers`` maps a story's own names to invoice numbers."""

    def __init__(self, company: Company, register: Register, first_invoice: int) -> None:
        self.company = company
        self.register = register
        self.numbers: dict[str, str] = {}
        self._planned: list[Planned] = []
        self._next_invoice = first_invoice
        self._next_payment = 1

    def plan(self, day: date, act: Act) -> None:
        self._planned.append(Planned(day, len(self._planned), act))

    def play(self, until: date) -> None:
        """Play everything planned up to and including a day; the rest is dropped."""
        acts = sorted((p for p in self._planned if p.day <= until), key=lambda p: (p.day, p.place))
        self._planned.clear()
        today: date | None = None
        moment = datetime.combine(until, _BEFORE_DAWN, tzinfo=OSLO)
        with self.company.bulk():
            for planned in acts:
                if planned.day != today:
                    today = planned.day
                    moment = datetime.combine(today, _BEFORE_DAWN if today == until else _FIRST_EVENT, tzinfo=OSLO)
                else:
                    moment += timedelta(seconds=7)
                self.company.clock.set(moment)
                planned.act(self)

    # What people do, by the story's own names

    def invoice(
        self, name: str, customer: str, amount: Decimal, due: date, currency: str | None = None,
        currency_amount: Decimal | None = None,
    ) -> str:  # fmt: skip
        number = str(self._next_invoice)
        self._next_invoice += 1
        self.company.invoice(number, customer, amount, due, currency=currency, currency_amount=currency_amount)
        self.numbers[name] = number
        return number

    def credit_note(self, customer: str, amount: Decimal, *names: str) -> str:
        number = str(self._next_invoice)
        self._next_invoice += 1
        self.company.credit_note(number, customer, amount, for_=[self.numbers[name] for name in names])
        return number

    def pay(self, customer: str, amount: Decimal, *names: str, kind: str = "ocr", dated: date | None = None,
            currency: str | None = None, currency_amount: Decimal | None = None) -> str:  # fmt: skip
        """A payment matched with the named invoices; without any it stays open on the customer."""
        payment = f"P{self._next_payment:06d}"
        self._next_payment += 1
        self.company.payment(
            payment, customer, amount, for_=[self.numbers[name] for name in names], kind=kind, dated=dated,
            currency=currency, currency_amount=currency_amount,
        )  # fmt: skip
        return payment


@contextmanager
def clock_back_afterwards(clock: SandboxClock) -> Generator[None]:
    """Whatever a story does to the clock, it stands afterwards where it stood; given ticks are never given again."""
    before = clock.dump()
    try:
        yield
    finally:
        clock.load({**before, "last_tick": clock.dump()["last_tick"]})
