"""An oracle: what a customer's claims must show on a day, told by counting every day by hand.

Here belongs the slow, plain reading of rules §§ 2, 3 and 5.1 to 5.3 and of the collection-law reference: integers and
fractions, one day at a time, with its own calendar and its own reading of the published rates. It shares no code with
the product and no shape with its SQL. Here belong neither letters and fees nor holds; its figures are øre.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

RATES = Path(__file__).parents[4] / "shared" / "reference" / "late-interest-rates.csv"
ROUNDING_ORE = 10_00
ONE_DAY = timedelta(days=1)
EASTER_SUNDAYS = [date.fromisoformat(day) for day in (
    "2009-04-12", "2010-04-04", "2011-04-24", "2012-04-08", "2013-03-31", "2014-04-20", "2015-04-05", "2016-03-27",
    "2017-04-16", "2018-04-01", "2019-04-21", "2020-04-12", "2021-04-04", "2022-04-17", "2023-04-09", "2024-03-31",
    "2025-04-20", "2026-04-05", "2027-03-28",
)]  # fmt: skip
FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 17), (12, 25), (12, 26))
CLOSED = {
    *(easter + timedelta(days=days) for easter in EASTER_SUNDAYS for days in (-3, -2, 0, 1, 39, 49, 50)),
    *(date(easter.year, month, day) for easter in EASTER_SUNDAYS for month, day in FIXED_HOLIDAYS),
}


@dataclass(frozen=True)
class Bill:
    """An invoice (faktura): amount in øre, the day it was posted and the day it fell due as agreed."""

    no: int
    ore: int
    posted: date
    due: date


@dataclass(frozen=True)
class Act:
    """One thing that happened in the ledger on ``day``.

    ``kind``: ``payment`` and ``credit_note`` (matched with the bills ``to``, oldest due first; with none they stand
    unmatched), ``netting`` (a negative invoice), ``journal`` (no bank behind it), ``write_off`` (all that is left of
    the one bill), ``recovery`` (a payment with the KID of a written-off bill), ``reversal`` (of the act ``of``).
    """

    name: str
    kind: str
    day: date
    ore: int = 0
    to: tuple[int, ...] = ()
    of: str = ""


@dataclass(frozen=True)
class Word:
    """What a person said on ``day`` of the credits that a bill had met by then: goodwill, paid, written_off, credited.

    A credit note is one document: a word about it holds for all the bills that it was matched with.
    """

    day: date
    no: int
    said: str


@dataclass(frozen=True)
class History:
    """One customer's bills and what happened to them, in order of days."""

    bills: tuple[Bill, ...]
    acts: tuple[Act, ...]
    words: tuple[Word, ...] = ()

    def __str__(self) -> str:
        """The history as lines that a person can follow, for the message of a failure."""
        lines = [(bill.posted, f"bill {bill.no}: {bill.ore} øre due {bill.due}") for bill in self.bills]
        lines += [(act.day, f"{act.name} {act.kind} {act.ore or act.of} to {list(act.to)}") for act in self.acts]
        lines += [(word.day, f"bill {word.no} is said to be {word.said}") for word in self.words]
        return "".join(f"\n    {day} {text}" for day, text in sorted(lines))


@dataclass(frozen=True)
class Figures:
    """What is published for one bill, in øre. ``state`` and ``closed_reason`` where no letter was ever sent."""

    interest: int
    credited: int
    paid: int
    written_off: int
    principal_open: int
    ledger_balance: int
    costs_paid: int
    costs_open: int
    state: str
    closed_reason: str | None


@dataclass
class _Part:
    """What one act settled of one bill, and from which day the principal is smaller by it."""

    act: Act
    no: int
    ore: int
    kind: str
    since: date


_Rest = tuple[Act, int, frozenset[int]]
"""What stayed unmatched of an act, and the bills that it settled, or named if it settled none."""


@dataclass
class _Account:
    """One bill as the days go by: what is open, and the interest so far as two sums, one for each length of year.

    ``lent``: what costs took of money that in the ledger met the principal; it is still owed there. ``stopped``: what
    a journal covered of which nobody knows what it was.
    """

    bill: Bill
    start: date
    open: int
    paid: int = 0
    costs_paid: int = 0
    stopped: int = 0
    lent: int = 0
    by_length: dict[int, int] = field(default_factory=lambda: {365: 0, 366: 0})

    def interest(self) -> int:
        """Interest so far, rounded half up once. A day's part is øre times basis points, of the year's length."""
        exact = sum((Fraction(total, 10_000 * length) for length, total in self.by_length.items()), Fraction(0))
        return int(exact + Fraction(1, 2))

    def costs_left(self) -> int:
        return self.interest() - self.costs_paid


def figures(history: History, on: date, *, shift: bool = True, costs_first: bool = False) -> dict[int, Figures]:
    """What every bill due before ``on`` shows at the end of the reading of that day, by its number."""
    known = [act for act in history.acts if act.day <= on]
    words = [word for word in history.words if word.day <= on]
    bills = sorted((bill for bill in history.bills if bill.posted <= on), key=lambda bill: (bill.due, bill.no))
    parts, left_over, balances = _booked(bills, known)
    parts = [_called(part, words, bills, balances) for part in parts]
    accounts = {bill.no: _Account(bill, _counted(bill.due, shift), bill.ore) for bill in bills}
    _live(accounts, parts, left_over, on, costs_first)
    return {bill.no: _shown(accounts[bill.no], parts, balances[bill.no]) for bill in bills if bill.due < on}


def _booked(bills: Sequence[Bill], acts: Iterable[Act]) -> tuple[list[_Part], list[_Rest], dict[int, int]]:
    """The bookkeeping: what met what, what stayed unmatched of each act, and the ledger's own balances."""
    by_no, balance = {bill.no: bill for bill in bills}, {bill.no: bill.ore for bill in bills}
    parts: list[_Part] = []
    left_over: list[_Rest] = []
    for act in acts:
        if act.kind == "reversal":
            for part in [part for part in parts if part.act.name == act.of]:
                balance[part.no] += part.ore
                parts.remove(part)
            left_over = [rest for rest in left_over if rest[0].name != act.of]
            continue
        money, met = act.ore, set[int]()
        for no in sorted((no for no in act.to if no in by_no), key=lambda no: (by_no[no].due, no)):
            if act.kind == "recovery":
                lost = sum(part.ore for part in parts if part.no == no and part.kind == "write_off")
                found = sum(part.ore for part in parts if part.no == no and part.act.kind == "recovery")
                taken = min(money, lost - found)
            else:
                taken = balance[no] if act.kind == "write_off" else min(money, balance[no])
                balance[no] -= taken
            money -= taken
            if taken:
                kind = "payment" if act.kind == "recovery" else _lost(act.kind, taken, by_no[no], balance[no])
                parts.append(_Part(act, no, taken, kind, act.day))
                met.add(no)
        if act.kind != "write_off" and money:
            left_over.append((act, money, frozenset(met or act.to)))
    return parts, left_over, balance


def _lost(kind: str, ore: int, bill: Bill, balance: int) -> str:
    """A write-off of less than ten kroner on a claim that is otherwise settled is a rounding."""
    return "rounding" if kind == "write_off" and ore < ROUNDING_ORE and ore < bill.ore and not balance else kind


def _called(part: _Part, words: Iterable[Word], bills: Iterable[Bill], balances: dict[int, int]) -> _Part:
    """The part as people call it: a journal is what they said; a correcting credit note counts from the due date."""
    said = [word for word in words if word.no in part.act.to and word.day >= part.act.day]
    newest = max(said, key=lambda word: word.day).said if said else ""
    kind, since, bill = part.kind, part.since, next(bill for bill in bills if bill.no == part.no)
    if kind == "journal" and newest in ("paid", "written_off", "credited"):
        kind = {"paid": "payment", "written_off": "write_off", "credited": "credit_note"}[newest]
        kind = _lost(kind, part.ore, bill, balances[bill.no])
    if kind == "credit_note" and newest != "goodwill":
        since = min(since, bill.due)
    return _Part(part.act, part.no, part.ore, kind, since)


def _live(
    accounts: dict[int, _Account], parts: list[_Part], left_over: list[_Rest], on: date, costs_first: bool
) -> None:
    """Every day from the first event to ``on``: what happens that day, then a day's interest on what is open."""
    in_order = list(accounts.values())
    if not in_order:
        return
    happens: dict[date, list[_Part]] = {}
    for part in parts:
        happens.setdefault(part.since, []).append(part)
    remains: dict[date, list[_Rest]] = {}
    for rest in left_over:
        remains.setdefault(rest[0].day, []).append(rest)
    pool = 0
    day = min(min(happens, default=on), min(remains, default=on), min(account.start for account in in_order))
    rates = _daily_rates()
    while day <= on:
        for part in happens.get(day, ()):
            _settle(accounts[part.no], part, costs_first)
        for rest in remains.get(day, ()):
            pool += _surplus(accounts, *rest)
        if day < on:
            credit = pool
            rate, length = rates[day], 366 if _is_leap(day.year) else 365
            for account in in_order:
                owed = account.open - account.stopped
                covered = min(credit, owed)
                credit -= covered
                if day >= account.start:
                    account.by_length[length] += (owed - covered) * rate
        day += ONE_DAY


def _settle(account: _Account, part: _Part, costs_first: bool) -> None:
    if part.kind == "write_off":
        return  # what is written off is still owed
    if part.kind == "journal":
        account.stopped += part.ore  # nobody knows what it was: it is not paid, and bears no interest meanwhile
        return
    to_costs = min(part.ore, account.costs_left()) if costs_first and part.kind == "payment" else 0
    account.costs_paid += to_costs
    account.lent += to_costs
    account.open -= part.ore - to_costs
    if part.kind in ("payment", "netting"):  # the published row shows netted money as paid
        account.paid += part.ore - to_costs


def _surplus(accounts: dict[int, _Account], act: Act, ore: int, met: frozenset[int]) -> int:
    """What a payment left above its bills pays their costs, oldest first; the rest is the customer's credit."""
    if act.kind not in ("payment", "recovery"):
        return ore
    for account in accounts.values():
        if account.bill.no in met:
            to_costs = min(ore, account.costs_left())
            account.costs_paid += to_costs
            ore -= to_costs
            to_principal = min(ore, account.open, account.lent)
            account.lent -= to_principal
            account.open -= to_principal
            account.paid += to_principal
            ore -= to_principal
    return ore


def _shown(account: _Account, parts: Iterable[_Part], ledger_balance: int) -> Figures:
    own = [part for part in parts if part.no == account.bill.no]
    credited = sum(part.ore for part in own if part.kind == "credit_note")
    written_off = sum(part.ore for part in own if part.kind in ("write_off", "rounding"))
    costs_open, state, reason = account.costs_left(), "overdue", None
    if account.open == 0:
        if credited == account.bill.ore:
            costs_open, state, reason = 0, "closed", "credited"
        else:
            state, reason = ("costs_open", None) if costs_open else ("closed", "paid")
    return Figures(
        interest=account.interest(),
        credited=credited,
        paid=account.paid,
        written_off=written_off,
        principal_open=account.open,
        ledger_balance=ledger_balance,
        costs_paid=account.costs_paid,
        costs_open=costs_open,
        state=state,
        closed_reason=reason,
    )


def _counted(due: date, shift: bool) -> date:
    while shift and (due.isoweekday() > 5 or due in CLOSED):
        due += ONE_DAY
    return due


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@cache
def _daily_rates() -> dict[date, int]:
    """The published rate of every day in basis points."""
    found: dict[date, int] = {}
    with RATES.open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            percent = row["annual_rate_percent"]
            if not percent:
                continue
            whole, _, hundredths = percent.partition(".")
            day, last = date.fromisoformat(row["valid_from"]), date.fromisoformat(row["valid_to"])
            while day <= last:
                found[day] = int(whole) * 100 + int((hundredths + "00")[:2])
                day += ONE_DAY
    return found
