"""Payments: a KID is a text, a credit on account is named, both currencies are shown, and income carries no VAT."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from kredin_pipeline.letters.compose import Sender, compose_letters
from kredin_pipeline.letters.content import LetterContent
from kredin_pipeline.letters.text import render_text
from kredin_pipeline.sandbox.server import RunningSandbox
from tests.unit.cases.histories import KnownBook
from tests.unit.cases.whole import Book
from tests.unit.letters.builders import CREDITOR
from tests.unit.obligations.played import Watched, play

D = Decimal


def test_payments_1_a_shorter_number_is_another_kid() -> None:
    """`100420` settles, covers and recovers nothing of the claim with KID `00100420`, nor of invoice 100420."""
    book = Book()
    book.ledger.invoice(1001, "1 000.00", due="2025-03-03", dated="2025-02-10", kid="00100420")
    book.ledger.invoice(100420, "900.00", due="2025-03-03", dated="2025-02-10", customer=10002, kid="00200428")
    book.ledger.payment("P1", "1 000.00", dated="2025-03-12", customer=10003, kid="100420", kind="IncomingOcrGiro")
    book.run("2025-03-14")
    for no, customer_kid in ((1001, "00100420"), (100420, "00200428")):
        case = book.case(no)
        assert (case["kid"], case["paid"], case["holds"]) == (customer_kid, D(0), [])
    assert book.rows("settlements") == book.rows("surpluses") == []
    assert [(row["customer_id"], row["amount"]) for row in book.rows("customer_credits")] == [("c-10003", D(1000))]
    assert sorted(row["principal"] for row in book.run("2025-03-17")) == [D(900), D(1000)]


def test_payments_1_money_under_a_shorter_number_is_no_surplus_of_a_settled_claim() -> None:
    """With its own KID the money covers what the letter asked, 35.00 and 4.79; without the zeros it is a credit."""
    taken: dict[str, tuple[Decimal, str]] = {}
    for kid in ("00100420", "100420"):
        book = KnownBook()
        book.ledger.invoice(1001, "1 000.00", due="2025-03-03", dated="2025-02-10", kid="00100420")
        book.run("2025-03-17")
        book.ledger.payment("P1", "1 000.00", dated="2025-03-18", for_=[1001])
        book.ledger.payment("P2", "40.00", dated="2025-03-19", kid=kid)
        book.run("2025-03-20")
        taken[kid] = (book.case(1001)["costs_paid"], book.case(1001)["state"])
    assert taken == {"00100420": (D("39.79"), "closed"), "100420": (D(0), "costs_open")}


def letter_of(book: Book, on: str) -> LetterContent:
    """The one letter of a day, as it would be written, before it leaves."""
    book.ledger.read(on)
    book.derive(on)
    made = compose_letters(book.con, date.fromisoformat(on), Sender("fjellheim", CREDITOR))
    assert made.problems == ()
    (content,) = made.letters
    return content


def lines(content: LetterContent) -> list[str]:
    return [line.replace("\u00a0", " ") for line in render_text(content).splitlines()]


def test_payments_4_a_letter_names_the_credit_and_asks_for_no_more_than_the_difference() -> None:
    book = Book()
    book.ledger.invoice(1001, "5 000.00", due="2025-03-03", dated="2025-02-10")
    book.ledger.payment("P1", "2 000.00", dated="2025-03-10")
    book.run("2025-03-11")
    assert (book.case(1001)["holds"], book.case(1001)["principal_open"]) == ([], D(5000))
    content = letter_of(book, "2025-03-17")
    shown = lines(content)
    assert (content.principal, content.total) == (D(3000), D(3000) + content.interest + D(35))
    assert "Innbetalt, ikke fordelt på faktura: -2 000,00" in shown
    assert f"Sum: {content.total:,.2f}".replace(",", " ").replace(".", ",") in shown
    assert not any("5 000,00" in line for line in shown if line.startswith(("Hovedstol", "Åpen", "Sum")))


def test_payments_5_a_claim_in_euro_shows_both_currencies_and_its_costs_in_kroner() -> None:
    book = Book()
    book.ledger.invoice(
        1001, "5 713.75", due="2025-03-03", dated="2025-02-17", currency="EUR", currency_amount=D("500.00")
    )
    book.run("2025-03-04")
    case = book.case(1001)
    assert (case["currency"], case["principal_open"], case["paid"]) == ("EUR", D("5713.75"), D(0))
    content = letter_of(book, "2025-03-17")
    shown = lines(content)
    (claim,) = content.claims
    assert (claim.currency_open, claim.principal) == (D("500.00"), D("5713.75"))
    assert "Åpen hovedstol: 5 713,75" in shown
    assert "Åpen hovedstol i fakturaens valuta: EUR 500,00" in shown
    assert "Gebyr for dette brevet: 35,00" in shown
    assert f"Forsinkelsesrenter: {claim.interest}".replace(".", ",") in shown
    assert not any("EUR" in line for line in shown if line.startswith(("Gebyr", "Forsinkelsesrenter")))


WE_40 = """
case: WE-40
title: costs first, and what the bank's entry and ours do to the customer's balance
tenant: {allocation: costs_first}
runs: [2026-07-02, 2026-07-20, 2026-09-29]
world:
  - {on: 2026-06-17, event: invoice, no: 1001, customer: 10001, amount: 10000.00, due: 2026-07-01}
  - {on: 2026-07-21, event: decide, case: 1001, do: pause, until: 2026-12-31, reason: "agreed to wait"}
  - {on: 2026-09-29, event: payment, id: P1, customer: 10001, amount: 1000.00, for: [1001]}
expect:
  - {on: 2026-09-29, case: 1001, principal_open: 9340.05}
  - {on: 2026-09-29, vouchers: [{case: 1001, fee: 38.00, interest: 302.05, total: 340.05, posting_date: 2026-09-29}]}
"""


def test_payments_7_the_voucher_is_income_without_vat_and_the_customer_owes_what_is_left(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    balances: list[Decimal] = []
    ours: list[dict[str, Any]] = []

    def look(house: Watched) -> None:
        key = house.client_keys["kreditor"]
        balances.append(sum((D(str(entry["balance"])) for entry in house.control.ledger(key)), D(0)))
        ours[:] = [dict(one) for one in house.control.vouchers(key) if one["created_by_integration"]]

    play(WE_40, sandbox, tmp_path, on_2026_07_20=look, on_2026_09_29=look)

    before, after = balances
    assert (before, before - after) == (D("10000.00"), D("659.95"))
    (voucher,) = ours
    lines_of_voucher = [(one["account_no"], one["customer_no"], D(one["amount"])) for one in voucher["lines"]]
    assert lines_of_voucher == [  # no line of VAT, and none of the principal
        ("1500", "10001", D("340.05")),
        ("3950", None, D("-38.00")),
        ("8050", None, D("-302.05")),
    ]
    assert {one["vat_code"] for one in voucher["lines"]} == {"0"}
