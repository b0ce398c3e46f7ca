"""What holds for every history of a customer, whatever the bookkeeper did (rules §§ 1-2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.cases_settlement.books import Derived, Entry, Ledger, derive

FIRST = date(2025, 1, 2)
LAST = date(2025, 6, 30)
COMPARED = ("claims", "settlements", "surpluses", "surplus_claims", "customer_credits", "unclaimable")


@dataclass(frozen=True)
class Act:
    """One thing that happens: amounts in øre, ``days`` since the act before, ``pick`` chooses among what there is."""

    kind: str
    days: int
    ore: int
    pick: int
    more: int


acts = st.builds(
    Act,
    kind=st.sampled_from([
        "invoice", "invoice", "payment", "payment", "payment", "on_account", "by_kid", "credit_note", "write_off",
        "reverse", "refund", "journal", "unmatch",
    ]),
    days=st.integers(0, 20),
    ore=st.integers(1, 60_000),
    pick=st.integers(0, 50),
    more=st.integers(0, 2),
)  # fmt: skip
histories = st.lists(acts, min_size=1, max_size=14)


def play(history: list[Act]) -> Ledger:
    """A ledger in which these acts happened in order, each on its day; an act with nothing to act on is left out."""
    ledger, today, invoices = Ledger(), FIRST, list[int]()
    ledger.invoice(1, "500.00", due="2025-01-10", dated="2025-01-02", kid="1001")
    invoices.append(1)
    for n, act in enumerate(history, start=2):
        today = min(LAST, today + timedelta(days=act.days))
        on, amount = today.isoformat(), str(Decimal(act.ore) / 100)
        aims = sorted({invoices[(act.pick + k) % len(invoices)] for k in range(act.more + 1)})
        credits = [e for e in ledger.entries.values() if e.amount < 0 and e.voucher_type != "ReversalVoucher"]
        if act.kind == "invoice":
            ledger.invoice(n, amount, due=(today + timedelta(days=act.pick)).isoformat(), dated=on, kid=f"100{n}")
            invoices.append(n)
        elif act.kind == "payment":
            ledger.payment(f"P{n}", amount, dated=on, for_=aims)
        elif act.kind == "on_account":
            ledger.payment(f"P{n}", amount, dated=on)
        elif act.kind == "by_kid":
            ledger.payment(f"P{n}", amount, dated=on, kid=f"100{aims[0]}", kind="IncomingOcrGiro")
        elif act.kind == "credit_note":
            ledger.credit_note(9000 + n, amount, dated=on, for_=aims)
        elif act.kind == "write_off" and ledger.balance(ledger.entries[str(aims[0])]) > 0:
            ledger.write_off(aims[0], dated=on, id=f"W{n}")
        elif act.kind == "journal":
            ledger.journal(f"J{n}", f"-{amount}", dated=on, offset_account="7830", for_=aims)
        elif act.kind == "reverse" and credits:
            chosen = credits[act.pick % len(credits)]
            if f"-{chosen.name}" not in ledger.entries:
                ledger.reverse(chosen.name, dated=on, named=bool(act.more))
        elif act.kind == "refund" and (standing := _left(ledger, credits)):
            chosen = standing[act.pick % len(standing)]
            ledger.refund(f"R{n}", str(-ledger.balance(chosen)), dated=on, of=chosen.name)
        elif act.kind == "unmatch" and ledger.pairs:
            ledger.unmatch(*ledger.pairs[act.pick % len(ledger.pairs)][:2])
            _rejoin_refunds(ledger)
    return ledger


def _left(ledger: Ledger, credits: list[Entry]) -> list[Entry]:
    return [e for e in credits if e.voucher_type in ("BankJournal", "IncomingOcrGiro") and ledger.balance(e) < 0]


def _rejoin_refunds(ledger: Ledger) -> None:
    """A refund that was torn from its payment would stand open as a debit; these histories keep them together."""
    for entry in [e for e in ledger.entries.values() if e.name.startswith("R") and ledger.balance(e) > 0]:
        for credit in [e for e in ledger.entries.values() if e.amount < 0 and ledger.balance(e) < 0]:
            ledger.match(credit.name, entry.name)


def _is_standing_loss(ledger: Ledger, entry: Entry) -> bool:
    return entry.is_write_off and f"-{entry.name}" not in ledger.entries


def _cancels_unmatched(ledger: Ledger, entry: Entry) -> bool:
    """A reversal that somebody has unmatched from its payment: the ledger still names it, so both count for nothing."""
    return entry.reverses is not None and ledger.balance(entry) == entry.amount


def total(rows: list[dict[str, Any]], column: str = "amount") -> Decimal:
    return sum((row[column] for row in rows), Decimal(0))


def findings(found: Derived) -> dict[str, list[dict[str, Any]]]:
    return {table: found.rows(table) for table in COMPARED}


@settings(max_examples=12, deadline=None)
@given(histories)
def test_what_is_open_less_what_is_credit_is_the_ledgers_sum_with_losses_added_back(history: list[Act]) -> None:
    ledger = play(history)
    last = LAST + timedelta(days=60)

    found = derive(ledger, last)

    settled = found.rows("settlements")
    reducing = [row for row in settled if row["kind"] != "write_off"]
    roundings = total([row for row in settled if row["kind"] == "rounding"])
    losses = -sum((e.amount for e in ledger.entries.values() if _is_standing_loss(ledger, e)), Decimal(0)) - roundings
    debits_left = sum(
        (
            ledger.balance(e)
            for e in ledger.entries.values()
            if e.amount > 0 and e.voucher_type != "OutgoingInvoice" and not _cancels_unmatched(ledger, e)
        ),
        Decimal(0),
    )
    still_open = total(found.rows("claims"), "principal") - total(reducing)
    ledgers_sum = sum((e.amount for e in ledger.entries.values()), Decimal(0))
    assert still_open - total(found.rows("customer_credits")) + debits_left == ledgers_sum + losses


@settings(max_examples=12, deadline=None)
@given(histories)
def test_no_claim_is_settled_by_more_than_it_was(history: list[Act]) -> None:
    found = derive(play(history), LAST + timedelta(days=60))

    for claim in found.rows("claims"):
        own = [row for row in found.rows("settlements") if row["case_id"] == claim["case_id"]]
        assert all(row["amount"] > 0 for row in own)
        assert total([row for row in own if row["kind"] != "write_off"]) <= claim["principal"]
        assert len({row["entry_id"] for row in own}) == len(own)
        assert not claim["ledger_conflict"]


@settings(max_examples=5, deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_the_order_in_which_rows_arrive_changes_nothing(history: list[Act], random: Any) -> None:
    ledger = play(history)
    order = list(range(len(ledger.entries)))
    random.shuffle(order)

    assert findings(derive(ledger, LAST)) == findings(derive(ledger, LAST, shuffled=order))


@settings(max_examples=6, deadline=None)
@given(histories, st.integers(0, 180))
def test_rows_after_the_business_date_might_as_well_not_be_there(history: list[Act], days: int) -> None:
    ledger, on = play(history), FIRST + timedelta(days=days)
    before = [at for at, entry in enumerate(ledger.entries.values()) if entry.posted <= on]

    whole, cut = derive(ledger, on, live=False), derive(ledger, on, live=False, shuffled=before)

    for table in ("settlements", "surpluses", "surplus_claims", "customer_credits", "unclaimable"):
        assert whole.rows(table) == cut.rows(table)
    assert [row["case_id"] for row in whole.rows("claims")] == [row["case_id"] for row in cut.rows("claims")]


grouped = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 25), st.integers(1, 80_000), st.booleans()), max_size=10)


@settings(max_examples=6, deadline=None)
@given(grouped, st.integers(0, 180))
def test_a_past_day_is_what_the_ledger_showed_on_it(credits: list[tuple[int, int, int, bool]], days: int) -> None:
    """Three groups of invoices, each settled oldest first: no match was undone, so the past can be known exactly."""
    ledger, today, groups = Ledger(), FIRST, ((1, 2), (3,), (4, 5, 6))
    for no in range(1, 7):
        ledger.invoice(no, f"{no}00.00", due=(FIRST + timedelta(days=no * 7)).isoformat(), dated="2025-01-02")
    for n, (group, later, ore, is_note) in enumerate(credits):
        today += timedelta(days=later)
        amount, on = str(Decimal(ore) / 100), today.isoformat()
        if is_note:
            ledger.credit_note(9000 + n, amount, dated=on, for_=groups[group])
        else:
            ledger.payment(f"P{n}", amount, dated=on, for_=groups[group])
    on = FIRST + timedelta(days=days)

    assert findings(derive(ledger, on, live=False)) == findings(derive(ledger.up_to(on), on))
