"""What a change would do, found by real derivations of one day: letters, sums, states, days, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from kredin_pipeline.cases.derive import LawTables
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.cases.what_if import DerivedDay, FieldChange, LetterDifference, WhatIf, compare
from kredin_pipeline.commands.what_if import changed_law, derived_day, typed_figure, typed_rate
from tests.unit.cases.whole import Book

D = Decimal
day = date.fromisoformat


def foresee(book: Book, on: str, law: LawTables | None = None, **changes: object) -> WhatIf:
    """The day derived under the book's settings and the release's figures, and again under the changed ones."""
    book.ledger.read(on)
    book.derive(on, live=False)  # a live one would give new cases their number
    now = book.world(on)
    then = replace(now, settings=book.settings.changed(changes), law=law or now.law)
    return compare(derived_day(book.con, now), derived_day(book.con, then))


def changed(fields: tuple[FieldChange, ...]) -> Mapping[str, tuple[object, object]]:
    return {one.field: (one.now, one.then) for one in fields}


def only_letter(found: WhatIf) -> LetterDifference:
    (letter,) = found.letters
    return letter


def totals(found: WhatIf) -> Mapping[str, tuple[object, object]]:
    return {one.name: (one.now, one.then) for one in found.totals}


@pytest.fixture
def book() -> Book:
    """Invoice 1001, due 2025-03-03: its reminder goes on 2025-03-17 with a fee of 35.00."""
    book = Book()
    book.ledger.invoice(1001, "1 000.00", due="2025-03-03")
    return book


def test_an_unchanged_what_if_reports_nothing(book: Book) -> None:
    book.ledger.invoice(1002, "2 000.00", due="2025-03-03", customer=10002)
    book.ledger.payment("P1", "2 500.00", dated="2025-03-12", for_=[1002], customer=10002)
    found = foresee(book, "2025-03-17")
    assert found.same
    assert found == WhatIf((), (), (), (), (), ())
    same = foresee(book, "2025-03-17", grace_days=3, steps={"reminder": {"fee": "max"}})
    assert same.same


def test_a_lower_fee_changes_the_letter_and_its_total_alone(book: Book) -> None:
    found = foresee(book, "2025-03-17", steps={"reminder": {"fee": "20.00"}})
    letter = only_letter(found)
    assert (letter.whose.invoice_no, letter.change, letter.step) == ("1001", "changed", "reminder")
    assert changed(letter.fields) == {"fee": (D(35), D(20)), "total": (D("1039.79"), D("1024.79"))}
    assert totals(found) == {"fees in letters": (D(35), D(20))}
    assert (found.cases, found.vouchers) == ((), ())


def test_no_grace_brings_the_next_letter_forward(book: Book) -> None:
    book.run("2025-03-17")  # deadline 2025-03-31, and with three days of grace the notice is due on 2025-04-04
    found = foresee(book, "2025-04-01", grace_days=0)
    letter = only_letter(found)
    assert (letter.change, letter.step) == ("added", "collection_notice")
    assert changed(letter.fields)["fee"] == (None, D(35))
    assert changed(letter.fields)["deadline"] == (None, day("2025-04-15"))
    (case,) = found.cases
    assert changed(case.fields) == {"next_step_on": (day("2025-04-04"), day("2025-04-01"))}
    assert totals(found)["letters: collection_notice"] == (0, 1)


def test_longer_grace_keeps_a_letter_at_home(book: Book) -> None:
    book.run("2025-03-17")
    letter = only_letter(foresee(book, "2025-04-04", grace_days=10))
    assert (letter.change, letter.step) == ("dropped", "collection_notice")
    assert changed(letter.fields)["total"] == (D("1080.96"), None)


def test_course_demand_only_sends_another_letter_by_post_and_without_a_fee(book: Book) -> None:
    found = foresee(book, "2025-03-17", course="demand_only")
    letter = only_letter(found)
    assert (letter.change, letter.step) == ("changed", "payment_demand")
    assert changed(letter.fields) == {
        "step": ("reminder", "payment_demand"),
        "channel": ("email", "post"),
        "fee": (D(35), D(0)),
        "total": (D("1039.79"), D("1004.79")),
    }
    (case,) = found.cases
    assert changed(case.fields)["next_step"] == ("reminder", "payment_demand")
    assert totals(found)["letters: payment_demand"] == (0, 1)


def test_a_letter_for_each_claim_has_a_fee_for_each(book: Book) -> None:
    book.ledger.invoice(1002, "500.00", due="2025-03-03")
    found = foresee(book, "2025-03-17", one_letter_per_debtor=False)
    first, second = found.letters
    assert (first.whose.invoice_no, second.whose.invoice_no) == ("1001", "1002")
    assert changed(first.fields) == {"together_with": (("1002",), ())}
    assert changed(second.fields)["fee"] == (D(0), D(35))
    assert changed(second.fields)["together_with"] == (("1001",), ())
    assert totals(found) == {"letters": (1, 2), "letters: reminder": (1, 2), "fees in letters": (D(35), D(70))}


def test_a_rate_that_is_added_makes_the_case_final_and_lets_the_letter_go() -> None:
    """WE-16: 520.21 to the last day with a rate; with 11.75 per cent the fourteen days of 2027 come on top."""
    book = Book()
    book.ledger.invoice(1001, "50 000.00", due="2026-12-01")
    law = changed_law(LawTables.stored(), [typed_rate("2027-01-01:2027-06-30=11.75")])
    found = foresee(book, "2027-01-15", law)
    (case,) = found.cases
    assert changed(case.fields) == {
        "interest": (D("520.21"), D("745.55")),
        "costs_open": (D("520.21"), D("745.55")),
        "total_open": (D("50520.21"), D("50745.55")),
        "provisional": (True, False),
    }
    assert (only_letter(found).change, only_letter(found).step) == ("added", "reminder")
    assert found.problems_new == ()
    (gone,) = found.problems_gone
    assert "no rate for 2027-01-01" in gone
    assert totals(found)["cases: provisional"] == (1, 0)


def test_another_collection_rate_changes_the_fee() -> None:
    book = Book()
    book.ledger.invoice(1001, "1 000.00", due="2026-03-02")
    law = changed_law(LawTables.stored(), [typed_figure("collection_rate:2026-01-01:=1000")])
    assert changed(only_letter(foresee(book, "2026-03-16", law)).fields)["fee"] == (D(38), D(50))


def test_the_2026_act_sends_the_enforcement_notice_in_the_notices_place(book: Book) -> None:
    book.run("2025-03-17")
    found = foresee(book, "2025-04-04", inkassolov_2026_from="2025-04-01")
    letter = only_letter(found)
    assert changed(letter.fields)["step"] == ("collection_notice", "enforcement_notice")
    assert changed(letter.fields)["channel"] == ("email", "post")
    assert changed(letter.fields)["fee"] == (D(35), D(0))
    (case,) = found.cases
    assert changed(case.fields)["next_step"] == ("collection_notice", "enforcement_notice")


def test_what_brings_in_less_is_a_smaller_voucher() -> None:
    """The debtor paid what the reminder asked; without interest a part of it is the customer's own credit."""
    book = Book()
    book.ledger.invoice(1001, "1 000.00", due="2025-03-03")
    book.run("2025-03-17")
    book.ledger.payment("P1", "1 039.79", dated="2025-03-20", for_=[1001])
    found = foresee(book, "2025-03-21", interest="none")
    (voucher,) = found.vouchers
    assert (voucher.kind, voucher.change, voucher.whose.invoice_no) == ("voucher", "changed", "1001")
    assert changed(voucher.fields) == {"interest": (D("4.79"), D(0)), "total": (D("39.79"), D("35.00"))}
    assert totals(found)["vouchers: interest"] == (D("4.79"), D(0))
    (case,) = found.cases
    assert changed(case.fields)["costs_paid"] == (D("39.79"), D("35.00"))


def test_a_case_that_would_not_be_one_is_dropped(book: Book) -> None:
    found = foresee(book, "2025-03-05", days_past_due=10)
    (case,) = found.cases
    assert (case.change, case.whose.invoice_no) == ("dropped", "1001")
    assert changed(case.fields)["principal_open"] == (D(1000), None)
    assert totals(found)["cases"] == (1, 0)


def test_words_of_a_list_have_no_order_and_a_hold_is_a_difference() -> None:
    row = {"case_id": "K1", "invoice_no": "1", "customer_no": "c", "customer_name": "n", "state": "overdue"}
    money = dict.fromkeys(("principal_open", "interest", "fees", "compensation", "costs_open", "total_open"), D(0))

    def held(*holds: str) -> DerivedDay:
        return DerivedDay([{**row, **money, "holds": list(holds)}])

    assert compare(held("paused", "disputed"), held("disputed", "paused")).same
    (case,) = compare(held("paused"), held()).cases
    assert case.fields == (FieldChange("holds", ("paused",), ()),)


def test_two_rows_of_one_key_are_a_fault_and_no_answer() -> None:
    row = {"case_id": "K1", "settlement_key": "E1", "fee": D(1), "interest": D(0), "total": D(1), "payment_date": None}
    with pytest.raises(ValueError, match="two rows of one key"):
        compare(DerivedDay([], vouchers=[row, row]), DerivedDay([], vouchers=[row]))


def test_settings_of_the_book_itself_are_left_alone(book: Book) -> None:
    before = TenantSettings()
    foresee(book, "2025-03-17", grace_days=9)
    assert book.settings == before
    assert book.con.execute("select grace_days from parameters").fetchall() == [(3,)]
    assert [row["interest"] for row in book.rows("case_states")] == [D("4.79")]
