"""Two days of one case: which columns differ, and what came between that explains each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kredin_pipeline.cases.explaining import Comparison, Explanation, compare
from tests.unit.why.told import D, Told, book

DAYS = ("2025-03-20", "2025-03-24", "2025-04-04", "2025-04-07")


def between(told_of: Told, earlier: str, later: str) -> Comparison:
    return compare(told_of.why(1001, earlier), told_of.why(1001, later))


def texts(found: Comparison, column: str) -> list[str]:
    (change,) = [each for each in found.changes if each.column == column]
    return [each.text for each in change.because]


def reminded() -> Told:
    """4 000.00 due on 3 March, reminded on the 17th, 1 000.00 paid on the 24th, noticed on 4 April."""
    told_of = book()
    told_of.ledger.invoice(1001, "4 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-17")
    told_of.ledger.payment("P1", "1 000.00", dated="2025-03-24", for_=[1001])
    told_of.runs("2025-03-24", "2025-04-04")
    return told_of


@pytest.fixture(scope="module")
def told() -> dict[str, Explanation]:
    """That case, explained on four days."""
    told_of = reminded()
    return {on: told_of.why(1001, on) for on in DAYS}


def test_interest_grew_by_so_many_days_at_that_rate_on_that_principal(told: dict[str, Explanation]) -> None:
    found = compare(told["2025-03-20"], told["2025-04-04"])
    (interest,) = [each for each in found.changes if each.column == "interest"]
    assert (interest.before, interest.after) == (D("23.29"), D("40.07"))
    assert texts(found, "interest") == [
        "4 days more (2025-03-20 to 2025-03-24) at 12.50 % on 4 000.00: 5.48 kr.",
        "11 days more (2025-03-24 to 2025-04-04) at 12.50 % on 3 000.00: 11.30 kr.",
    ]


def test_the_state_moved_by_the_letter_that_left(told: dict[str, Explanation]) -> None:
    found = compare(told["2025-03-24"], told["2025-04-04"])
    assert {each.column for each in found.changes} == {
        "interest", "fees", "costs_open", "total_open", "state", "last_step", "last_step_on", "deadline", "next_step",
        "next_step_on",
    }  # fmt: skip
    assert any(
        text.startswith("The collection notice (inkassovarsel) left on 2025-04-04") for text in texts(found, "state")
    )
    assert "principal_open" not in {each.column for each in found.changes}
    assert texts(found, "costs_open") == ["interest 28.77 → 40.07.", "fees 35.00 → 70.00."]
    assert [one.about for one in found.between] == ["letter", "fee"]


def test_the_principal_moved_by_the_payment(told: dict[str, Explanation]) -> None:
    found = compare(told["2025-03-20"], told["2025-03-24"])
    assert [text.split(":")[0] for text in texts(found, "principal_open")] == [
        "Entry 2, a bank journal, voucher 2, posted 2025-03-24, 1 000.00 kr"
    ]
    assert texts(found, "paid") == texts(found, "principal_open")


def test_a_correction_counts_back_and_that_is_said() -> None:
    told_of = book(mode="observe")
    told_of.ledger.invoice(1001, "12 500.00", due="2026-03-02", dated="2026-02-16")
    told_of.run("2026-03-03")
    told_of.ledger.credit_note(2001, "2 500.00", dated="2026-04-10", for_=[1001])
    told_of.derive("2026-05-01")
    found = between(told_of, "2026-04-09", "2026-05-01")
    first, *rest = texts(found, "interest")
    assert first.startswith(
        "Interest to 2026-04-09 is 124.93 kr now and was 156.16 kr: what came between counts from a day before"
    )
    assert rest[0] == "22 days more (2026-04-09 to 2026-05-01) at 12.00 % on 10 000.00: 72.33 kr."
    assert any("A correction: that part was never owed" in text for text in rest)
    assert any("A correction" in text for text in texts(found, "credited"))


def test_a_hold_that_came_and_one_that_ended() -> None:
    told_of = reminded()
    told_of.decide(1001, "pause", "2025-04-05", until="2025-04-10")
    told_of.decide(1001, "dispute", "2025-04-12", reason="short delivery")
    told_of.derive("2025-04-14")
    came = between(told_of, "2025-04-04", "2025-04-07")
    assert texts(came, "holds") == ["Hold paused: Kari paused the case on 2025-04-05."]
    over = between(told_of, "2025-04-07", "2025-04-14")
    assert [text.split(":")[0].split(" has")[0] for text in texts(over, "holds")] == ["Hold disputed", "Hold paused"]
    assert [one.about for one in over.between] == ["dispute"]


def test_nothing_but_time(told: dict[str, Explanation]) -> None:
    found = compare(told["2025-04-04"], told["2025-04-07"])
    assert {each.column for each in found.changes} == {"interest", "costs_open", "total_open"}
    assert found.between == ()
    assert compare(told["2025-04-04"], told["2025-04-04"]).changes == ()


def test_two_cases_and_two_days_in_the_wrong_order_are_no_comparison(told: dict[str, Explanation]) -> None:
    one = told["2025-04-04"]
    with pytest.raises(ValueError, match=r"found cases K1 and \w+, want one case"):
        compare(replace(one, case_id="K1"), one)
    with pytest.raises(ValueError, match=r"found 2025-04-04 before 2025-03-20, want the earlier day first"):
        compare(one, told["2025-03-20"])
