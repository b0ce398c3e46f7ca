"""Properties of the books that hold whatever happens to them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kredin_pipeline.sandbox import storage
from kredin_pipeline.sandbox.control_routes import ledger_of, vouchers_of
from kredin_pipeline.sandbox.ledger import Company, LedgerError
from kredin_pipeline.sandbox.options import SandboxOptions
from kredin_pipeline.sandbox.world import World

FIRST = date(2025, 1, 1)
_amounts = st.integers(1, 500_000)
_days = st.integers(0, 90)
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("invoice"), st.integers(0, 2), _amounts, _days),
        st.tuples(st.just("payment"), st.integers(0, 2), _amounts, _days),
        st.tuples(st.just("credit_note"), st.integers(0, 2), _amounts, _days),
        st.tuples(st.just("refund"), st.integers(0, 2), _amounts, _days),
        st.tuples(st.just("write_off"), st.integers(0, 2), _amounts, _days),
        st.tuples(st.just("reverse"), st.integers(0, 2), _amounts, _days),
        st.tuples(st.just("unmatch"), st.integers(0, 2), _amounts, _days),
        st.tuples(st.just("delete"), st.integers(0, 2), _amounts, _days),
        st.tuples(st.just("merge"), st.integers(0, 2), _amounts, _days),
    ),
    max_size=25,
)


def _play(company: Company, steps: list[tuple[str, int, int, int]]) -> None:
    """Steps that the books refuse (nothing open, already reversed) leave no trace."""
    for number, (kind, who, amount, offset) in enumerate(steps):
        day = (FIRST + timedelta(days=offset)).isoformat()
        customer, kroner = 10001 + who, amount / 100
        mine = [n for n, v in company.named.items() if v.entries and v.entries[0].customer.no == str(customer)]
        open_debits = [n for n in mine if company.entry(n).balance > 0]
        try:
            if kind == "invoice":
                company.invoice(1000 + number, customer, kroner, due=day, dated=day)
            elif kind in ("payment", "refund"):
                refs = open_debits[:2] if kind == "payment" else mine[-2:]
                getattr(company, kind)(f"X{number}", customer, kroner, for_=refs, dated=day)
            elif kind == "credit_note":
                company.credit_note(1000 + number, customer, kroner, for_=open_debits[-2:], dated=day)
            elif kind == "write_off" and open_debits:
                company.write_off(open_debits[:1], dated=day)
            elif kind == "reverse" and mine:
                company.reverse(mine[amount % len(mine)])
            elif kind == "unmatch" and mine:
                company.unmatch([mine[amount % len(mine)]])
            elif kind == "delete" and mine:
                company.delete(mine[amount % len(mine)])
            elif kind == "merge" and amount % 5 == 0:
                company.merge_customers(customer, 10001 + (who + 1) % 3)
        except LedgerError:
            continue


def _company(world: World) -> Company:
    return world.add_company("Fjellheim AS", "999990002")


def _world() -> World:
    return World(SandboxOptions(now="2025-03-01T05:00"))


@given(_steps, _days)
@settings(max_examples=120, deadline=None)
def test_balances_add_up_to_amounts_for_each_customer_at_any_date(steps: list[Any], offset: int) -> None:
    company = _company(_world())
    _play(company, steps)
    day = (FIRST + timedelta(days=offset)).isoformat()
    for customer in company.customers.values():
        entries = [e for e in customer.entries if e.posting_date <= day]
        assert sum(e.balance_at(day) for e in entries) == sum(e.amount for e in entries)


@given(_steps)
@settings(max_examples=80, deadline=None)
def test_every_voucher_adds_up_to_zero_and_no_balance_passes_zero(steps: list[Any]) -> None:
    company = _company(_world())
    _play(company, steps)
    for voucher in company.books.vouchers.values():
        assert sum(line.amount for line in company.books.lines(voucher)) == 0
    for entry in company.books.entries.values():
        low, high = sorted((0, entry.amount))
        assert low <= entry.balance <= high


@given(_steps)
@settings(max_examples=80, deadline=None)
def test_match_ids_are_shared_by_exactly_the_members_of_a_group(steps: list[Any]) -> None:
    company = _company(_world())
    _play(company, steps)
    entries = company.books.entries.values()
    for group in company.matching.groups.values():
        assert sorted(e.id for e in group.members) == sorted(e.id for e in entries if e.group is group)
        assert any(e.links for e in group.members)
    for entry in entries:
        assert entry.group is None or entry.group.id in company.matching.groups
        assert all(link.debit.group is link.credit.group is not None for link in entry.links)


@given(_steps)
@settings(max_examples=60, deadline=None)
def test_unmatching_everything_restores_every_amount(steps: list[Any]) -> None:
    company = _company(_world())
    _play(company, steps)
    company.matching.release_entries(list(company.books.entries.values()))
    assert all(e.balance == e.amount and e.group is None for e in company.books.entries.values())
    assert company.matching.groups == {}


@given(_steps)
@settings(max_examples=60, deadline=None)
def test_change_stamps_strictly_increase_in_the_log(steps: list[Any]) -> None:
    company = _company(_world())
    _play(company, steps)
    cursor = 0
    seen: list[int] = []
    for entry in sorted(company.books.entries.values(), key=lambda e: e.changed):
        assert entry.changed >= cursor
        cursor = entry.changed
        seen.append(entry.id)
    assert sorted(seen) == [e.id for e in company.books.entries_changed_after(0)]


@given(_steps)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_saved_world_comes_back_the_same_and_goes_on(steps: list[Any]) -> None:
    world, again = _world(), _world()
    company = _company(world)
    _play(company, steps)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.gz"
        storage.save(world, path)
        storage.load(again, path)
    other = again.company(company.client_key)
    assert vouchers_of(other) == vouchers_of(company)
    assert ledger_of(other, "2025-12-31") == ledger_of(company, "2025-12-31")
    assert again.dump_shared() == world.dump_shared()
    for one in (company, other):
        one.invoice(9_999, 10001, 100, due="2025-04-01")
    assert vouchers_of(other)[-1] == vouchers_of(company)[-1]
    assert other.entry(9_999).id == company.entry(9_999).id
