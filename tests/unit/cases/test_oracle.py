"""The derivation against the oracle: a thousand random ledgers, each on several days, without one difference."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from kredin_pipeline.cases.settings import TenantSettings
from tests.unit.cases.histories import KnownBook, Town
from tests.unit.cases.oracle import RATES, Act, Bill, Figures, History, Word, figures
from tests.unit.cases.random_histories import Drawing, Written, invoice_no, say

PER_BOOK = 125
BOOKS = [  # the last day, whether due dates are shifted, whether costs come first
    ("2026-11-25", True, False),
    ("2026-07-02", False, False),
    ("2025-01-01", True, True),
    ("2024-02-29", False, True),
    ("2021-03-05", True, False),
    ("2020-12-31", False, False),
    ("2016-03-29", True, True),
    ("2013-07-02", True, False),
]
MONEY = ("interest", "credited", "paid", "written_off", "principal_open", "ledger_balance", "costs_paid", "costs_open")


def shown(row: dict[str, Any]) -> Figures:
    return Figures(
        **{name: int(row[name] * 100) for name in MONEY}, state=row["state"], closed_reason=row["closed_reason"]
    )


def differences(
    histories: dict[int, History], on: date, shift: bool, costs_first: bool, known_until: date | None = None
) -> list[str]:
    """Every bill for which the published row and the oracle disagree, with the history that shows it.

    ``known_until``: the ledger is read on that later day, and ``on`` is derived as a day of the past.
    """
    settings = {
        "import_from": None,
        "due_date_shift": shift,
        "allocation": "costs_first" if costs_first else "principal_first",
        "mode": "observe",
    }
    book = KnownBook(settings=TenantSettings.of(settings))
    written = {number: Written.up_to(number, history, known_until or on) for number, history in histories.items()}
    book.ledger = Town(customers=[one.ledger for one in written.values()])
    for number, history in histories.items():
        say(book, written[number], history)
    book.derive(str(on), live=known_until is None)
    rows = {int(row["invoice_no"]): row for row in book.rows("case_states")}
    found: list[str] = []
    for number, history in histories.items():
        for no, wanted in figures(history, on, shift=shift, costs_first=costs_first).items():
            row = rows.get(invoice_no(number, no))
            if row is None or shown(row) != wanted:
                derived = {} if row is None else asdict(shown(row))
                apart = {
                    name: (derived.get(name), want)
                    for name, want in asdict(wanted).items()
                    if derived.get(name) != want
                }
                found.append(f"{on} bill {no}: (derived, oracle) {apart}{history}")
    return found


with_rates = pytest.mark.skipif(
    not RATES.is_file(), reason=f"the shared reference is not beside the project: no {RATES.parent}"
)
each_book = pytest.mark.parametrize(("last", "shift", "costs_first"), BOOKS, ids=[last for last, *_ in BOOKS])


def drawn(seed: str, last: date, credits: bool) -> tuple[Random, dict[int, History]]:
    random = Random(seed)
    return random, {no: Drawing(random, no, last, credits).history() for no in range(20_000, 20_000 + PER_BOOK)}


def earlier(random: Random, last: date, most: int = 700) -> date:
    return last - timedelta(days=random.randint(1, most))


@with_rates
@each_book
def test_no_ledger_is_derived_otherwise_than_counted_by_hand(last: str, shift: bool, costs_first: bool) -> None:
    day = date.fromisoformat(last)
    random, histories = drawn(last, day, credits=False)
    for on in (day, earlier(random, day), earlier(random, day)):
        assert differences(histories, on, shift, costs_first) == []


@with_rates
@each_book
def test_a_day_of_the_past_is_derived_as_it_was_counted_then(last: str, shift: bool, costs_first: bool) -> None:
    """A reversal undoes a match, so that day can only be known from the log of changes: left out here."""
    day = date.fromisoformat(last)
    random, histories = drawn(f"{last} past", day, credits=False)
    plain = {no: told for no, told in histories.items() if not any(act.kind == "reversal" for act in told.acts)}
    assert differences(plain, earlier(random, day, 400), shift, costs_first, known_until=day) == []


@with_rates
@each_book
def test_what_stands_to_a_customers_credit_is_laid_on_the_oldest_claim_day_by_day(
    last: str, shift: bool, costs_first: bool
) -> None:
    day = date.fromisoformat(last)
    random, histories = drawn(f"{last} credits", day, credits=True)
    for on in (day, earlier(random, day)):
        assert differences(histories, on, shift, costs_first) == []


def test_the_oracle_itself_gives_the_official_example() -> None:
    """WE-01, WE-12 and WE-05: a slip in the oracle must not pass as agreement."""
    day = date.fromisoformat
    bill = Bill(0, 1_000_000, day("2024-06-01"), day("2024-06-15"))
    paid = (
        Act("a", "payment", day("2024-06-27"), 200_000, (0,)),
        Act("b", "payment", day("2025-03-10"), 500_000, (0,)),
    )
    found = figures(History((bill,), paid), day("2025-11-21"), shift=False)[0]
    assert (found.interest, found.principal_open, found.paid) == (100_102, 300_000, 700_000)
    fault = History(
        (Bill(0, 1_250_000, day("2026-02-15"), day("2026-03-01")),),
        (
            Act("c", "credit_note", day("2026-04-10"), 250_000, (0,)),
            Act("p", "payment", day("2026-05-01"), 10**6, (0,)),
        ),
    )
    goodwill = replace(fault, words=(Word(day("2026-04-11"), 0, "goodwill"),))
    told = [figures(history, day("2026-06-01"), shift=False)[0].interest for history in (fault, goodwill)]
    assert told == [20_055, 23_342]
    old = History((Bill(0, 10_000_000, day("2022-04-26"), day("2022-05-10")),), ())
    assert figures(old, day("2026-11-25"))[0].interest == 5_288_630
