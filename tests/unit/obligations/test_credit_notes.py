"""Credit notes: over a match group what was paid and what was credited add up to the krone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kredin_pipeline.cases.settings import TenantSettings
from tests.unit.cases.whole import Book

D = Decimal


@pytest.mark.parametrize(("paid", "state"), [("9 000.00", "closed"), ("8 000.00", "overdue")])
def test_credit_notes_2_the_group_adds_up(paid: str, state: str) -> None:
    """C-10a, and C-10b with a thousand too little, which is left on the newer invoice."""
    book = Book(settings=TenantSettings.of({"interest": "none"}))
    book.ledger.invoice(1001, "4 000.00", due="2025-03-03", dated="2025-02-17")
    book.ledger.invoice(1002, "6 000.00", due="2025-03-04", dated="2025-02-17")
    book.run("2025-03-05")
    book.ledger.credit_note(2001, "1 000.00", dated="2025-03-10", for_=[1001, 1002])
    book.ledger.payment("P1", paid, dated="2025-03-11", for_=[1001, 1002])
    book.ledger.join("1001", "1002")
    book.run("2025-03-11")
    older, newer = book.case(1001), book.case(1002)
    assert older["paid"] + newer["paid"] == D(paid.replace(" ", ""))
    assert older["credited"] + newer["credited"] == D(1000)
    assert older["paid"] + older["credited"] == D(4000)
    assert (older["state"], newer["state"]) == ("closed", state)
    assert newer["principal_open"] == D(9000) - D(paid.replace(" ", ""))
