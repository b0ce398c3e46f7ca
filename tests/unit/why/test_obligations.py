"""Obligations that an explanation answers: calculation as data, one rounding, dropped costs, the order kept, C-6."""

from __future__ import annotations

from datetime import date, timedelta

from tests.unit.why.told import D, abouts, book, day, one


def test_interest_2_every_period_is_a_row_and_the_rows_give_the_letters_interest() -> None:
    """WE-01a: the tax administration's own example; its four lines are six rows, cut at New Year as well."""
    told_of = book(due_date_shift=False, mode="observe", import_from=None)
    told_of.ledger.invoice(1001, "10 000.00", due="2024-06-15", dated="2024-06-01")
    told_of.run("2024-06-17")
    told_of.ledger.payment("P1", "2 000.00", dated="2024-06-27", for_=[1001])
    told_of.ledger.payment("P2", "5 000.00", dated="2025-03-10", for_=[1001])
    told_of.run("2025-11-21")
    interest = told_of.why(1001, "2025-11-21").interest
    rows = [(period.from_date, period.to_date, period.days, period.rate_percent, period.year_days, period.base)
            for period in interest.periods]  # fmt: skip
    assert rows == [
        (day("2024-06-15"), day("2024-06-27"), 12, D("12.50"), 366, D(10000)),
        (day("2024-06-27"), day("2024-07-01"), 4, D("12.50"), 366, D(8000)),
        (day("2024-07-01"), day("2025-01-01"), 184, D("12.50"), 366, D(8000)),
        (day("2025-01-01"), day("2025-03-10"), 68, D("12.50"), 365, D(8000)),
        (day("2025-03-10"), day("2025-07-01"), 113, D("12.50"), 365, D(3000)),
        (day("2025-07-01"), day("2025-11-21"), 143, D("12.25"), 365, D(3000)),
    ]
    exact = [period.exact for period in interest.periods]
    lines = [exact[0], exact[1] + exact[2] + exact[3], exact[4], exact[5]]
    assert [line.quantize(D("0.01")) for line in lines] == [D("40.98"), D("699.96"), D("116.10"), D("143.98")]
    assert (interest.exact_sum, interest.rounded, interest.published) == (D("1001.021521"), D("1001.02"), D("1001.02"))
    assert (
        "come to 1001.021521 and are rounded once, half up: 1 001.02 kr"
        in one(interest.statements, "interest_sum").text
    )


def test_interest_3_lines_rounded_apart_are_shown_as_they_are() -> None:
    """WE-05: ten half-years; the lines shown come to an øre less than the claim, and none is changed."""
    told_of = book(due_date_shift=False, mode="observe", import_from=None)
    told_of.ledger.invoice(1001, "100 000.00", due="2022-05-10", dated="2022-04-26")
    told_of.run("2022-05-11")
    told_of.derive("2026-11-25")
    interest = told_of.why(1001, "2026-11-25").interest
    assert len(interest.periods) == 10
    assert sum(period.shown for period in interest.periods) == interest.shown_sum == D("52886.29")
    assert (interest.rounded, interest.published) == (D("52886.30"), D("52886.30"))
    apart = one(interest.statements, "lines_rounded_apart")
    assert "come to 52 886.29; the claim rounds once" in apart.text


def test_credit_notes_1_dropped_costs_are_one_entry_with_the_note_and_the_day() -> None:
    """C-08b: credited after two charged letters."""
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-17", "2025-04-04")
    told_of.ledger.credit_note(2001, "3 000.00", dated="2025-04-10", for_=[1001])
    told_of.run("2025-04-10")
    told = told_of.why(1001, "2025-04-28")
    dropped = told.dropped
    assert dropped is not None
    assert (dropped.on, dropped.fees, dropped.interest, dropped.credit_note_no) == (
        day("2025-04-10"), D("70.00"), D("39.04"), "2001",
    )  # fmt: skip
    assert abouts(told.happened).count("costs_dropped") == 1
    assert "by credit note 2001: fees of 70.00 kr and interest of 39.04 kr are dropped" in dropped.statement.text
    assert (told.costs.lines[-1].label, told.costs.lines[-1].amount, told.costs.total) == ("dropped", D(-70), D(0))


def test_credit_notes_1_nothing_is_dropped_while_the_claim_stands() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-17")
    told_of.ledger.credit_note(2001, "2 999.00", dated="2025-03-18", for_=[1001])
    told_of.run("2025-03-18")
    assert told_of.why(1001, "2025-03-18").dropped is None


def paid_costs_first(then: str) -> tuple[tuple[object, ...], object]:
    """WE-40 played: the parts of the payment after the setting became ``then``, and what is open of the principal."""
    told_of = book(allocation="costs_first", due_date_shift=False)
    told_of.ledger.invoice(1001, "10 000.00", due="2026-07-01", dated="2026-06-15")
    told_of.runs("2026-07-02", "2026-07-20")
    told_of.decide(1001, "pause", "2026-07-21")
    told_of.ledger.payment("P1", "1 000.00", dated="2026-09-29", for_=[1001])
    told_of.run("2026-09-29")
    told_of.settings = told_of.settings.changed({"allocation": then})
    told_of.allocation_orders = ((date.min, "costs_first"), (date(2026, 10, 1), then))
    told_of.run("2026-11-25")
    told = told_of.why(1001, "2026-11-25")
    (shared,) = told.allocations
    parts = (shared.order, shared.to_fee, shared.to_interest, shared.to_principal)
    return parts, told.principal.total


def test_payments_6_each_payment_says_its_order_and_its_parts() -> None:
    parts, left = paid_costs_first("costs_first")
    assert parts == ("costs_first", D("38.00"), D("302.05"), D("659.95"))
    assert left == D("9340.05")


def test_payments_6_the_order_stays_when_the_setting_is_changed() -> None:
    parts, left = paid_costs_first("principal_first")
    assert parts == ("costs_first", D("38.00"), D("302.05"), D("659.95"))
    assert left == D("9340.05")


def test_payments_6_principal_first_takes_no_costs() -> None:
    """WE-41: the same payment, the other order."""
    told_of = book(due_date_shift=False)
    told_of.ledger.invoice(1001, "10 000.00", due="2026-07-01", dated="2026-06-15")
    told_of.runs("2026-07-02", "2026-07-20")
    told_of.ledger.payment("P1", "1 000.00", dated="2026-09-29", for_=[1001])
    told_of.derive("2026-11-25")
    told = told_of.why(1001, "2026-11-25")
    (shared,) = told.allocations
    assert (shared.order, shared.to_fee, shared.to_interest, shared.to_principal) == (
        "principal_first", D("0.00"), D("0.00"), D("1000.00"),
    )  # fmt: skip
    assert (told.principal.total, told.interest.rounded) == (D("9000.00"), D("474.23"))


def test_c6_a_case_that_has_been_legal_ready_for_90_days_names_exactly_what_may_be_chosen() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-17", "2025-04-04", "2025-04-28")
    assert told_of.why(1001, "2025-05-15").choices == ()  # the last day of grace
    ready: date = day("2025-05-16")
    after_90_days = (ready + timedelta(days=90)).isoformat()
    told_of.run(after_90_days)
    told = told_of.why(1001, after_90_days)
    assert told.row["state"] == "legal_ready"
    assert abouts(told.choices) == [
        "prepare_legal_documents", "watch_until_limitation", "close_withdrawn", "close_debtor_insolvent",
    ]  # fmt: skip
    assert f"(legal_ready since {ready}, 90 days)" in told.choices[0].text
    assert told.next_step.step is None
    assert [letter.step for letter in told.letters] == ["reminder", "collection_notice", "payment_demand"]
