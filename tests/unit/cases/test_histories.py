"""What holds for every history of every customer, over thousands of random histories (rules §§ 2, 3, 4, 5, 7, 9).

Each example of a property is one book of many customers; a failure names the customer's own history. Here belong
properties alone: figures are proved by the worked examples and the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kredin_pipeline.cases.settings import TenantSettings
from tests.unit.cases.histories import KnownBook, Row, Town, case_of, invoices_of
from tests.unit.cases.oracle import Act, Bill, History
from tests.unit.cases.random_histories import Drawing, Written, say

CUSTOMERS = 110
NUMBERS = range(20_000, 20_000 + CUSTOMERS)
LAST_DAYS = [date(2026, 11, 25), date(2025, 1, 2), date(2024, 2, 29), date(2020, 7, 1)]
DERIVED = (
    "claims", "settlements", "surpluses", "surplus_claims", "customer_credits", "unclaimable", "reopenings",
    "interest_periods", "costs", "allocations", "case_states", "planned_letters", "planned_vouchers",
    "planned_reversals",
)  # fmt: skip
DENOMINATOR = 365 * 366 * 10_000
D = Decimal

seeds = st.integers(0, 2**48 - 1)
allocations = st.sampled_from(["principal_first", "costs_first"])
last_days = st.sampled_from(LAST_DAYS)
moments = st.integers(1, 500).map(lambda days: timedelta(days=days))


def examples(count: int) -> Callable[[Any], Any]:
    """So many books of ``CUSTOMERS`` histories each; the same ones in every run. A book is not worth shrinking."""
    return settings(
        max_examples=count, deadline=None, derandomize=True, phases=(Phase.generate,),
        suppress_health_check=(HealthCheck.too_slow,),
    )  # fmt: skip


@dataclass
class Told:
    """A book and the histories that are in it, by customer."""

    book: KnownBook
    histories: dict[int, History]

    def rows(self, table: str) -> list[Row]:
        """The rows of a table in an order of their own."""
        return sorted(self.book.rows(table), key=lambda row: tuple(map(str, row.values())))

    def about(self, case_id: str) -> History:
        """The history of the customer of a case, for the message of a failure."""
        return self.histories[int(case_id[1:]) // 1_000]


def drawn(seed: int, last: date, *, credits: bool = True, wild: bool = False) -> dict[int, History]:
    """The customers of a book, each with a history of their own."""
    return {no: Drawing(Random(f"{seed}/{no}"), no, last, credits, wild).history() for no in NUMBERS}


def told(
    histories: dict[int, History],
    on: date,
    *,
    said: Callable[[KnownBook, dict[int, Written]], None] | None = None,
    order: Random | None = None,
    mode: str = "observe",
    **chosen: object,
) -> Told:
    """The book of these customers as derived on a day from what was in their ledgers by then."""
    book = KnownBook(settings=TenantSettings.of({"import_from": None, "mode": mode, **chosen}))
    written = {number: Written.up_to(number, history, on) for number, history in histories.items()}
    ledgers = [one.ledger for one in written.values()]
    if order is not None:
        order.shuffle(ledgers)
    book.ledger = Town(customers=[*ledgers], order=order)
    for number, history in histories.items():
        say(book, written[number], history)
    if said is not None:
        said(book, written)
    book.derive(str(on))
    return Told(book, histories)


def total(rows: Iterable[Row], column: str = "amount") -> Decimal:
    return sum((row[column] for row in rows), D(0))


def numerator(rows: Iterable[Row], until: date | None = None) -> int:
    """The exact interest of these periods, up to a day if one is given: a period's days are all alike."""
    found = 0
    for row in rows:
        days = (min(until, row["to_date"]) - row["from_date"]).days if until else row["days"]
        found += int(row["numerator"]) * max(0, days) // row["days"]
    return found


# Interest (rules § 3)


@examples(4)
@given(seeds, last_days, moments, allocations)
def test_interest_to_a_later_day_is_interest_to_the_earlier_one_and_the_days_between(
    seed: int, last: date, later: timedelta, allocation: str
) -> None:
    """Where nothing changed the past: what is known of an earlier day stays as it was, and only days are added."""
    histories = {
        number: history for number, history in drawn(seed, last).items() if not any(map(_looks_back, history.acts))
    }
    earlier = last - later
    before = told(histories, earlier, allocation=allocation).book.by_case("interest_periods")
    now = told(histories, last, allocation=allocation)
    after = now.book.by_case("interest_periods")
    for case_id in before.keys() | after.keys():
        assert numerator(before.get(case_id, ())) == numerator(after.get(case_id, ()), earlier), now.about(case_id)


@examples(4)
@given(seeds, last_days, moments, allocations)
def test_interest_runs_from_the_counted_due_date_until_the_principal_is_settled_and_never_backwards(
    seed: int, last: date, later: timedelta, allocation: str
) -> None:
    histories = drawn(seed, last, wild=True)
    early = last - later
    frozen = {number: replace(history, acts=tuple(a for a in history.acts if a.day <= early), words=())
              for number, history in histories.items()}  # fmt: skip
    then = told(frozen, early, allocation=allocation)
    settled = {row["case_id"]: row for row in then.rows("case_states") if not row["principal_open"]}
    now = told(frozen, last, allocation=allocation)
    due = {row["case_id"]: row["counted_due_date"] for row in now.rows("claims")}
    open_days: dict[str, set[date]] = {}
    for row in now.rows("interest_periods"):
        case_id = row["case_id"]
        assert row["days"] == (row["to_date"] - row["from_date"]).days > 0, now.about(case_id)
        assert row["base"] > 0 and row["numerator"] >= 0 and row["year_days"] in (365, 366), now.about(case_id)
        assert due[case_id] <= row["from_date"] and row["to_date"] <= last, now.about(case_id)
        assert row["from_date"].year == (row["to_date"] - timedelta(days=1)).year, now.about(case_id)
        days = open_days.setdefault(case_id, set())
        assert row["from_date"] not in days, now.about(case_id)
        days.add(row["from_date"])
    periods = now.book.by_case("interest_periods")
    for row in now.rows("case_states"):
        case_id = row["case_id"]
        exact = numerator(periods.get(case_id, ()))
        ore = (2 * exact + DENOMINATOR) // (2 * DENOMINATOR)  # the rows of the calculation make the figure (§ 3)
        assert row["interest"] == D(ore).scaleb(-2) >= 0, now.about(case_id)
        if case_id in settled:
            assert row["interest"] == settled[case_id]["interest"], now.about(case_id)


@examples(3)
@given(seeds, last_days, allocations)
def test_a_claim_split_in_two_has_together_the_same_exact_interest(seed: int, last: date, allocation: str) -> None:
    whole: dict[int, History] = {}
    halves: dict[int, History] = {}
    for at in range(CUSTOMERS // 2):
        one, other = _halves(Random(f"{seed}/{at}"), last)
        whole[20_000 + at], halves[30_000 + at], halves[40_000 + at] = _added(one, other), one, other
    exact = told(whole | halves, last).book.by_case("interest_periods")
    for at in range(CUSTOMERS // 2):
        parts = [numerator(exact.get(f"K{first + at}001", ())) for first in (20_000, 30_000, 40_000)]
        assert parts[0] == parts[1] + parts[2], whole[20_000 + at]


def _looks_back(act: Act) -> bool:
    """Whether the act says something else of days before its own: a correction, or something undone or unexplained."""
    return act.kind in ("reversal", "journal", "unmatch") or (act.kind == "credit_note" and act.to != ())


def _halves(random: Random, last: date) -> tuple[History, History]:
    """Two bills of the same days, paid and credited on the same days, each in its own way."""
    due = last - timedelta(days=random.randint(1, 1_200))
    left = [random.randint(1, 5_000_000), random.randint(1, 5_000_000)]
    bills = [Bill(0, ore, due - timedelta(days=14), due) for ore in left]
    acts: list[list[Act]] = [[], []]
    day = due
    for n in range(random.randint(0, 5)):
        day += timedelta(days=random.randint(1, 200))
        kind = random.choice(("payment", "credit_note", "netting"))
        for at in (0, 1):
            ore = random.randint(1, max(1, left[at] // 2))
            if left[0] > 1 and left[1] > 1:
                acts[at].append(Act(f"a{n}", kind, day, ore, (0,)))
                left[at] -= ore
    one, other = (History((bill,), tuple(done)) for bill, done in zip(bills, acts, strict=True))
    return one, other


def _added(one: History, other: History) -> History:
    bill = replace(one.bills[0], ore=one.bills[0].ore + other.bills[0].ore)
    acts = tuple(replace(a, ore=a.ore + b.ore) for a, b in zip(one.acts, other.acts, strict=True))
    return History((bill,), acts)


# The same facts give the same figures (rules §§ 2, 9)


@examples(4)
@given(seeds, last_days, allocations)
def test_the_order_in_which_rows_arrive_and_a_second_run_change_nothing(seed: int, last: date, allocation: str) -> None:
    histories = drawn(seed, last, wild=True)
    straight = told(histories, last, mode="live", allocation=allocation)
    first = {table: straight.rows(table) for table in DERIVED}
    straight.book.derive(str(last))
    again = {table: straight.rows(table) for table in DERIVED}
    shuffled = told(histories, last, mode="live", allocation=allocation, order=Random(seed))
    for table in DERIVED:
        assert again[table] == first[table], table
        assert shuffled.rows(table) == first[table], table
    assert first["case_states"] and first["settlements"] and first["planned_letters"]


@examples(3)
@given(seeds, last_days, allocations)
def test_another_customers_history_changes_no_row_of_the_first(seed: int, last: date, allocation: str) -> None:
    histories = drawn(seed, last, wild=True)
    mine = {number: history for number, history in histories.items() if number % 2}
    alone = told(mine, last, mode="live", allocation=allocation)
    before = {table: alone.rows(table) for table in DERIVED}
    together = told(histories, last, mode="live", allocation=allocation)
    own = {f"{number}" for number in mine}
    entries = {entry.entry_id for entry in alone.book.ledger.entries.values()}
    for table in DERIVED:
        rows = [row for row in together.rows(table) if _is_of(row, own, entries)]
        assert rows == before[table], table


def _is_of(row: Row, customers: set[str], entries: set[str]) -> bool:
    if "case_id" in row:
        return str(int(row["case_id"][1:]) // 1_000) in customers
    return row["entry_id"] in entries


# Conservation (rules §§ 2, 5)


@examples(5)
@given(seeds, last_days, allocations)
def test_principal_is_what_was_credited_paid_and_rounded_and_what_is_open(
    seed: int, last: date, allocation: str
) -> None:
    here = told(drawn(seed, last, wild=True), last, allocation=allocation, said=_letters_to_some)
    roundings: dict[str, Decimal] = {}
    for row in here.rows("settlements"):
        if row["kind"] == "rounding":
            roundings[row["case_id"]] = roundings.get(row["case_id"], D(0)) + row["amount"]
    for row in here.rows("case_states"):
        rounded = roundings.get(row["case_id"], D(0))
        parts = row["credited"] + row["paid"] + rounded + row["principal_open"]
        assert row["principal"] == parts, here.about(row["case_id"])
        amounts = ("credited", "paid", "written_off", "principal_open", "costs_paid", "costs_open", "total_open")
        assert all(row[name] >= 0 for name in amounts), here.about(row["case_id"])
        assert row["total_open"] == row["principal_open"] + row["costs_open"]
        assert row["written_off"] >= rounded
        if row["closed_reason"] != "credited":
            costs = row["costs_paid"] + row["costs_waived"] + row["costs_open"]
            assert costs == row["fees"] + row["interest"], here.about(row["case_id"])


@examples(5)
@given(seeds, last_days, allocations)
def test_every_krone_that_came_in_is_fee_interest_principal_or_credit(seed: int, last: date, allocation: str) -> None:
    """Of customers all of whose invoices are overdue: what is not due yet has no costs, and nothing to share out."""
    told_of = drawn(seed, last).items()
    histories = {number: history for number, history in told_of if all(bill.due < last for bill in history.bills)}
    here = told(histories, last, allocation=allocation, said=_letters_to_some)
    shared: dict[int, Decimal] = {}
    for row in here.rows("allocations"):
        customer = int(row["case_id"][1:]) // 1_000
        parts = [row[name] for name in ("to_fee", "to_interest", "to_principal", "to_credit")]
        assert all(part >= 0 for part in parts), here.about(row["case_id"])
        shared[customer] = shared.get(customer, D(0)) + sum(parts)
    for row in here.rows("customer_credits"):
        if row["kind"] == "payment" and row["surplus_case_id"] is None and not row["dated_ahead"]:
            customer = int(row["entry_id"]) // 1_000
            shared[customer] = shared.get(customer, D(0)) + row["amount"]
    for number, history in histories.items():
        assert shared.get(number, D(0)) == _money_in(history, last), history


def _money_in(history: History, on: date) -> Decimal:
    """What stands of payments by that day, and of journals that a person called payments, in kroner."""
    done = [act for act in history.acts if act.day <= on]
    gone = {act.of for act in done if act.kind == "reversal"}
    paid = {word.no for word in history.words if word.said == "paid" and word.day <= on}
    money = [act.ore for act in done if act.kind in ("payment", "recovery") and act.name not in gone]
    money += [act.ore for act in done if act.kind == "journal" and paid.intersection(act.to)]
    return D(sum(money)).scaleb(-2)


def _letters_to_some(book: KnownBook, written: dict[int, Written]) -> None:
    """A reminder with its fee to every third invoice, a fortnight or more after it was due."""
    for at, entry in enumerate(invoices_of(one.ledger for one in written.values())):
        assert entry.due is not None
        if at % 3 == 0:
            sent_on = entry.due + timedelta(days=14 + at % 20)
            book.send(entry, "reminder", sent_on, sent_on + timedelta(days=14), D("35.00"))


@examples(4)
@given(seeds, last_days, allocations)
def test_a_write_off_reduces_no_claim_and_closes_no_case(seed: int, last: date, allocation: str) -> None:
    before = drawn(seed, last, credits=False)
    plain = told(before, last, allocation=allocation)
    rows = {row["case_id"]: row for row in plain.rows("case_states")}
    after = {number: _written_off(number, history, last) for number, history in before.items()}
    lost = told(after, last, allocation=allocation)
    roundings = {row["case_id"] for row in lost.rows("settlements") if row["kind"] == "rounding"}
    same = ("principal_open", "interest", "credited", "paid", "costs_open", "state", "closed_reason", "next_step_on")
    compared = 0
    for row in lost.rows("case_states"):
        if row["case_id"] not in roundings:
            was = rows[row["case_id"]]
            assert {name: row[name] for name in same} == {name: was[name] for name in same}, lost.about(row["case_id"])
            assert row["written_off"] == was["written_off"] + was["ledger_balance"], lost.about(row["case_id"])
            compared += was["ledger_balance"] > 0
    assert compared > CUSTOMERS / 4


def _written_off(number: int, history: History, on: date) -> History:
    """The history with every balance that is left of a claim written off on the last day."""
    written = Written.up_to(number, history, on)
    losses = [
        Act(f"loss{bill.no}", "write_off", on, 0, (bill.no,))
        for bill in history.bills
        if bill.posted <= on and written.balance(bill.no) > 0
    ]
    return replace(history, acts=(*(act for act in history.acts if act.day <= on), *losses))


# What people decided, and letters (rules §§ 4, 7, 9)


@examples(4)
@given(seeds, last_days, moments)
def test_a_case_closed_by_a_person_stays_closed_whatever_comes(seed: int, last: date, later: timedelta) -> None:
    histories = drawn(seed, last, wild=True)
    closed: dict[str, str] = {}

    def close_some(book: KnownBook, written: dict[int, Written]) -> None:
        for at, entry in enumerate(invoices_of(one.ledger for one in written.values())):
            assert entry.due is not None
            on = entry.due + timedelta(days=1 + at % 40)
            if at % 2 and on < last - later:
                reason = ("withdrawn", "debtor_insolvent")[at % 4 // 2]
                book.decide(entry, "close", on, reason=reason)
                closed[case_of(entry)] = reason

    here = told(histories, last, said=close_some, mode="live")
    states = {row["case_id"]: row for row in here.rows("case_states")}
    for case_id, reason in closed.items():
        row = states[case_id]
        assert (row["state"], row["next_step"]) == ("closed", None), here.about(case_id)
        assert row["closed_reason"] in (reason, "paid", "credited"), here.about(case_id)
    assert not closed.keys() & {row["case_id"] for row in here.rows("planned_letters")}
    assert closed


@examples(5)
@given(seeds, last_days, allocations)
def test_no_letter_is_planned_for_a_case_that_is_held_or_closed_and_none_asks_too_much(
    seed: int, last: date, allocation: str
) -> None:
    random = Random(seed)

    def hold_some(book: KnownBook, written: dict[int, Written]) -> None:
        for number, one in written.items():
            held = random.choice(("", "", "excluded", "bankruptcy", "winding_up", "unknown"))
            if held == "excluded":
                one.ledger.debtor(number, excluded=True)
            elif held == "unknown":
                one.ledger.debtor(number, unknown_register=True)
            elif held:
                one.ledger.debtor(number, register_hold=held, register_hold_from=last - timedelta(days=30))
            for entry in invoices_of([one.ledger]):
                kind = random.choice(("", "", "", "pause", "dispute", "close"))
                if kind and entry.due is not None:
                    book.decide(
                        entry,
                        kind,
                        entry.due + timedelta(days=3),
                        **({"reason": "withdrawn"} if kind == "close" else {}),
                    )

    here = told(drawn(seed, last, wild=True), last, allocation=allocation, mode="live", said=hold_some)
    states = {row["case_id"]: row for row in here.rows("case_states")}
    letters = here.rows("planned_letters")
    credits: dict[str, Decimal] = {}
    for row in here.rows("customer_credits"):
        if row["surplus_case_id"] is None and not row["dated_ahead"]:
            customer = str(int(row["entry_id"]) // 1_000)
            credits[customer] = credits.get(customer, D(0)) + row["amount"]
    asked: dict[str, Decimal] = {}
    for row in letters:
        state, history = states[row["case_id"]], here.about(row["case_id"])
        assert set(state["holds"]) <= {"unknown_register"}, history
        assert state["state"] not in ("closed", "costs_open", "legal", "legal_ready"), history
        assert 0 < row["principal"] <= state["principal_open"], history
        assert row["interest"] <= state["interest"], history
        customer = state["customer_no"]
        asked[customer] = asked.get(customer, D(0)) + row["principal"]
    for customer, amount in asked.items():
        owed = total((row for row in states.values() if row["customer_no"] == customer), "principal_open")
        assert amount <= owed - min(owed, credits.get(customer, D(0))), here.histories[int(customer)]
    held = {hold for row in states.values() for hold in row["holds"]}
    assert letters and {"excluded", "bankruptcy", "winding_up", "unknown_register", "paused", "disputed"} <= held
