"""The demo company: a wholesaler of building supplies in Trondheim with three years of trade behind it.

``seed_demo`` fills an empty company and the register as they stand on the morning of the demo's day; ``play_next_day``
lets a day pass. Here belongs the everyday trade of some two hundred regular customers; the debtors who show one
situation each are in ``demo_cast.py``. Everything is invented. The same arguments give the same ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Literal

from ...law.calendar import add_months, next_business_day
from ..ledger import Company
from ..register import Register
from ..register.numbers import invented_numbers
from .demo_cast import Cast, register_business
from .demo_names import Names, mail_of
from .demo_next_day import play_next_day
from .stage import Stage, clock_back_afterwards

DEMO_COMPANY_NAME = "Kvennbekk Byggevare AS"
#: Import and first live run, then the day on which the first payments after the letters are met.
DEMO_DAY = date(2026, 11, 23)
DEMO_NEXT_DAY = date(2026, 11, 24)

_FIRST_STEM = 99_993_000  # organisation numbers 99993xxxx: valid check digits, taken as unassigned
_FIRST_INVOICE = 20_001
_MONTHS = 36
_SEASON = (60, 65, 90, 110, 125, 130, 70, 105, 115, 110, 95, 75)  # trade by month, per cent of an average one
_REGULARS = 235
_INVOICES_PER_MONTH = 115

Habit = Literal["early", "collects", "slow", "poor"]


@dataclass(frozen=True)
class DemoSummary:
    """What was made. ``open_overdue`` counts invoices with a balance whose due date is before the demo's day."""

    company_name: str
    customers: int
    invoices: int
    entries: int
    open_overdue: int
    overdue_amount: Decimal

    def as_json(self) -> dict[str, Any]:
        return vars(self) | {"overdue_amount": str(self.overdue_amount)}


def demo_organization_no() -> str:
    """The demo company's own organisation number."""
    return next(invented_numbers(_FIRST_STEM))


def seed_demo(company: Company, register: Register, today: date = DEMO_DAY, seed: int = 2026) -> DemoSummary:
    """Three years of trade up to the morning of ``today``: 300 customers, some four thousand invoices.

    The clock is moved through the years while it is played and stands afterwards where it stood. Raises ``ValueError``
    when the company has entries already.
    """
    if company.books.entries:
        raise ValueError(f"seed demo: {company.name} has {len(company.books.entries)} entries already, want none")
    random = Random(seed)
    orgnrs = invented_numbers(_FIRST_STEM)
    stage = Stage(company, register, _FIRST_INVOICE)
    with clock_back_afterwards(company.clock):
        company.clock.set(add_months(today, -_MONTHS) - timedelta(days=70))
        register.set_unit(next(orgnrs), navn=company.name.upper())
        names = Names(random)
        regulars = [_regular(company, register, random, names, orgnrs, place) for place in range(_REGULARS)]
        Cast(stage, register, names, orgnrs, today).plan()
        _plan_trade(stage, random, regulars, today)
        stage.play(until=today)
    overdue = [
        entry
        for entry in company.books.entries.values()
        if entry.voucher.type == "OutgoingInvoice" and entry.balance > 0 and (entry.due_date or "") < today.isoformat()
    ]
    return DemoSummary(
        company.name,
        len(company.customers),
        sum(1 for voucher in company.books.vouchers.values() if voucher.type == "OutgoingInvoice"),
        len(company.books.entries),
        len(overdue),
        Decimal(sum(entry.balance for entry in overdue)) / 100,
    )


# --- everyday trade ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Regular:
    no: str
    habit: Habit
    term: int
    largest: int  # kroner of a large invoice
    share: int  # how often it buys, relative to the others


def _regular(
    company: Company, register: Register, random: Random, names: Names, orgnrs: Iterator[str], place: int
) -> _Regular:
    number = str(10_001 + place)
    habit: Habit = random.choices(("early", "collects", "slow", "poor"), (64, 14, 18, 4))[0]
    address = names.address()
    if place % 12 == 11:
        name = names.person()
        company.customer(number, name=name, person=True, address=address, email=mail_of(name, "post"), payment_term=14)
        return _Regular(number, "early" if habit == "collects" else habit, 14, 9_000, 1)
    form = "ENK" if place % 10 == 7 else "BRL" if place % 40 == 13 else "AS"
    name = names.sole_trader() if form == "ENK" else names.company()
    if form == "BRL":
        name = name.rsplit(" ", 2)[0] + " Borettslag"
    orgnr = next(orgnrs)
    term = random.choice((14, 14, 20, 30))
    company.customer(number, name=name, orgnr=orgnr, address=address, email=mail_of(name), payment_term=term)
    register_business(register, orgnr, name, address, form)
    if place % 60 == 31:
        company.customer(number, archived=True)
        return _Regular(number, "early", term, 20_000, 0)
    return _Regular(number, habit, term, random.choice((15_000, 40_000, 90_000, 240_000)), random.choice((1, 2, 4, 7)))


def _plan_trade(stage: Stage, random: Random, regulars: list[_Regular], today: date) -> None:
    shares = [one.share for one in regulars]
    first = add_months(today.replace(day=1), 1 - _MONTHS)
    for month in range(_MONTHS):
        begins = add_months(first, month)
        length = (add_months(begins, 1) - begins).days
        count = _INVOICES_PER_MONTH * _SEASON[begins.month - 1] * (88 + month) // 100 // 106
        bought: dict[str, list[tuple[str, Decimal, date]]] = {}
        for place in range(count):
            buyer = random.choices(regulars, shares)[0]
            day = next_business_day(begins + timedelta(days=random.randrange(length)))
            name, amount = f"{begins:%Y-%m} {place}", _amount(random, buyer.largest)
            if day > today:
                continue
            due = day + timedelta(days=buyer.term)
            stage.plan(day, _invoices(name, buyer.no, amount, due))
            if buyer.habit == "collects":
                bought.setdefault(buyer.no, []).append((name, amount, due))
            else:
                _plan_settlement(stage, random, buyer, name, amount, due, today)
        for customer, listed in bought.items():
            last_due = max(due for _, _, due in listed)
            total = sum((amount for _, amount, _ in listed), Decimal(0))
            day = next_business_day(last_due)
            _plan_payment(stage, day, customer, total, tuple(name for name, _, _ in listed), "bank", today)


def _amount(random: Random, largest: int) -> Decimal:
    """Kroner with VAT: many small purchases, few large ones, whole kroner more often than not."""
    kroner = int(280 + (largest - 280) * random.random() ** 3.2)
    return Decimal(kroner) + Decimal(random.choice(("0", "0", "0", "0.50", "0.25", "0.80")))


def _plan_settlement(
    stage: Stage, random: Random, buyer: _Regular, name: str, amount: Decimal, due: date, today: date
) -> None:
    delay = {
        "early": lambda: random.choice((-6, -3, -2, -1, 0, 0, 0)),
        "slow": lambda: random.randrange(1, 17),
        "poor": lambda: random.randrange(12, 78),
        "collects": lambda: 0,
    }[buyer.habit]()
    day = next_business_day(due + timedelta(days=delay))
    chance = random.random()
    kind = "ocr" if chance < 0.82 else "bank"
    if chance < 0.03:  # goods returned: a credit note, and the rest paid
        returned = (amount / 4).quantize(Decimal("1"))
        noted = min(day, next_business_day(due - timedelta(days=4)))
        if noted <= today:
            stage.plan(noted, _credits(buyer.no, returned, name))
        _plan_payment(stage, day, buyer.no, amount - returned, (name,), "ocr", today)
    elif chance < 0.05 and buyer.habit != "early":  # in two parts
        half = (amount / 2).quantize(Decimal("1"))
        _plan_payment(stage, day, buyer.no, half, (name,), "ocr", today)
        later = next_business_day(day + timedelta(days=21))
        _plan_payment(stage, later, buyer.no, amount - half, (name,), "ocr", today)
    elif 0.05 <= chance < 0.056:  # a little too much, paid back a month later
        _plan_payment(stage, day, buyer.no, amount + 100, (name,), "ocr", today)
        back = next_business_day(day + timedelta(days=30))
        if back <= today:
            stage.plan(back, _pays_back(buyer.no, name))
    else:
        _plan_payment(stage, day, buyer.no, amount, (name,), kind, today)


def _plan_payment(
    stage: Stage, day: date, customer: str, amount: Decimal, names: tuple[str, ...], kind: str, today: date
) -> None:
    if day <= today - timedelta(days=1):  # what comes in on the demo's day is not booked in the morning
        stage.plan(day, lambda s: s.pay(customer, amount, *names, kind=kind))


def _invoices(name: str, customer: str, amount: Decimal, due: date) -> Any:
    return lambda s: s.invoice(name, customer, amount, due)


def _credits(customer: str, amount: Decimal, name: str) -> Any:
    return lambda s: s.credit_note(customer, amount, name)


def _pays_back(customer: str, name: str) -> Any:
    return lambda s: s.company.refund(f"R-{s.numbers[name]}", customer, Decimal(100), for_=[s.numbers[name]])


__all__ = [
    "DEMO_COMPANY_NAME",
    "DEMO_DAY",
    "DEMO_NEXT_DAY",
    "DemoSummary",
    "demo_organization_no",
    "play_next_day",
    "seed_demo",
]
