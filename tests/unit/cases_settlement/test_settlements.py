"""Rules § 2: what has happened to a claim, one test a rule."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.cases_settlement.books import Ledger, decision, derive, opened


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_a_part_payment_leaves_the_rest_open_from_its_own_day(ledger: Ledger) -> None:  # B-01
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "400.00", dated="2025-03-10", for_=[1001])

    found = derive(ledger, "2025-03-17")

    assert found.settled(1001) == [("P1", "payment", "400.00", "2025-03-10")]
    assert found.open(1001) == Decimal("600.00") == found.claim(1001)["ledger_balance"]
