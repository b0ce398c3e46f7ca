"""A load company of any size: exact counts, right totals, fast enough for a million."""

from __future__ import annotations

from decimal import Decimal
from time import perf_counter

import pytest

from kredin_pipeline.sandbox.clock import SandboxClock
from kredin_pipeline.sandbox.ledger import Company
from kredin_pipeline.sandbox.seeds.size import SizeTotals, seed_size


def made(entries: int, seed: int = 1) -> tuple[Company, SizeTotals]:
    company = Company(SandboxClock("2026-11-24T05:00"), "Last AS", "999990002")
    return company, seed_size(company, entries, seed)


@pytest.mark.parametrize("entries", [10, 11, 97, 1000, 5003])
def test_there_are_exactly_as_many_entries_as_asked_for_and_the_totals_are_the_ledgers_own(entries: int) -> None:
    company, totals = made(entries)
    ledger = list(company.books.entries.values())
    assert len(ledger) == totals.entries == entries
    assert totals.invoices + totals.credit_notes + totals.payments == entries
    assert totals.invoices == sum(1 for e in ledger if e.voucher.type == "OutgoingInvoice") == entries * 3 // 10
    assert totals.balance == Decimal(sum(e.balance for e in ledger)) / 100
    assert totals.amount == totals.balance  # nothing but open items is left
    assert all(e.balance >= 0 if e.amount > 0 else e.balance == 0 for e in ledger)
    assert all("2023-11-01" <= e.posting_date <= "2026-11-24" for e in ledger)


def test_the_same_seed_gives_the_same_ledger() -> None:
    def told(seed: int) -> list[tuple[object, ...]]:
        company, _ = made(800, seed)
        return [
            (e.id, e.customer.no, e.amount, e.balance, e.kid, e.due_date, e.changed)
            for e in company.books.entries.values()
        ]

    assert told(1) == told(1) != told(2)


def test_a_million_entries_would_take_less_than_a_minute() -> None:
    begun = perf_counter()
    _, totals = made(20_000)
    assert (perf_counter() - begun) * 50 < 60
    assert totals.customers == 400 and 300 < totals.open_invoices < 900


def test_a_company_with_entries_or_a_size_too_small_is_refused() -> None:
    company, _ = made(10)
    with pytest.raises(ValueError, match="entries already"):
        seed_size(company, 100)
    with pytest.raises(ValueError, match="at least 10"):
        made(9)
