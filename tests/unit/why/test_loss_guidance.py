"""Loss in the books: the guidance of the worked examples, and the sales that a loss takes to earn back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kredin_pipeline.cases.loss_guidance import (
    LossEntry,
    RecoveryEntry,
    loss_entry,
    loss_left,
    principal_lost,
    recovery_entry,
    sales_to_cover,
)
from tests.unit.why.told import D, abouts, book, one


def test_write_off_1_a_loss_with_vat_is_loss_vat_and_customers() -> None:
    assert loss_entry(D("12500.00")) == LossEntry(loss=D("10000.00"), output_vat=D("2500.00"), customers=D("-12500.00"))


def test_write_off_2_after_a_dividend_only_the_rest_is_lost() -> None:
    """WE-71: a dividend of 20 %."""
    assert loss_entry(D("12500.00") - D("2500.00")) == LossEntry(D("8000.00"), D("2000.00"), D("-10000.00"))


def test_write_off_3_money_after_the_loss_is_income_and_vat() -> None:
    assert recovery_entry(D("1250.00")) == RecoveryEntry(bank=D("1250.00"), income=D("1000.00"), output_vat=D("250.00"))


@pytest.mark.parametrize("rate", ["0", "12", "15", "25"])
@pytest.mark.parametrize("amount", ["0.00", "0.01", "0.03", "99.99", "12345.67"])
def test_no_ore_is_lost_between_loss_and_vat(amount: str, rate: str) -> None:
    entry = loss_entry(D(amount), D(rate))
    assert entry.loss + entry.output_vat + entry.customers == 0
    assert entry.loss >= 0 and entry.output_vat >= 0
    assert abs(entry.loss * (100 + D(rate)) / 100 - D(amount)) < D("0.01")


def test_sales_to_cover_a_loss() -> None:
    """Rules § 8: 15 000 at 30 % is 50 000."""
    assert sales_to_cover(D(15000), D("0.30")) == D("50000.00")
    assert sales_to_cover(D(15000), None) is None
    assert sales_to_cover(D("4800.00"), D("0.35")) == D("13714.29")
    with pytest.raises(ValueError, match=r"contribution_margin: found 0, want a share above 0"):
        sales_to_cover(D(15000), D(0))
    with pytest.raises(ValueError, match="want neither below zero"):
        loss_entry(D("-1"))


@pytest.mark.parametrize(
    ("written_off", "principal_open", "ground", "lost"),
    [
        ("0.00", "3000.00", None, "0.00"),  # nobody has lost anything yet
        ("0.00", "3000.00", "insolvency", "3000.00"),
        ("7000.00", "6000.00", None, "7000.00"),
        ("0.00", "0.00", None, "0.00"),
    ],
)
def test_what_counts_as_lost(written_off: str, principal_open: str, ground: str | None, lost: str) -> None:
    assert principal_lost(D(written_off), D(principal_open), ground) == D(lost)
    assert loss_left(D(lost), D(lost)) == 0


def test_the_guidance_stands_in_the_explanation_and_names_the_rate_that_must_be_the_invoices() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "12 500.00", due="2025-03-03", dated="2025-02-17", kid="1001000")
    told_of.runs("2025-03-04")
    told_of.ledger.write_off(1001, dated="2025-03-10")
    told_of.run("2025-03-10")
    loss = told_of.why(1001, "2025-03-10").loss
    assert loss is not None
    assert (loss.loss, loss.output_vat, loss.sales_to_cover) == (D("10000.00"), D("2500.00"), D("33333.33"))
    text = one(loss.statements, "loss_entry").text
    assert "loss (7830) 10 000.00, output VAT -2 500.00, customers (1500) -12 500.00" in text
    assert "25 % VAT; the rate must be the invoice's own" in text and "We post nothing" in text
    assert one(loss.statements, "sales_to_cover").text == (
        "Sales needed to cover the loss: 10 000.00 ÷ 30 % (setting contribution_margin) = 33 333.33 kr, without VAT."
    )
    at_fifteen = told_of.why(1001, "2025-03-10", vat_rate=Decimal(15)).loss
    assert at_fifteen is not None and at_fifteen.loss == D("10869.57")

    told_of.ledger.payment("P", "1 250.00", dated="2025-03-12", kid="1001000")
    told_of.run("2025-03-12")
    told = told_of.why(1001, "2025-03-12")
    assert told.loss is not None and told.loss.recovered == D("1250.00")
    assert "income 1 000.00, output VAT 250.00" in one(told.loss.statements, "recovery_entry").text
    everything = [*told.happened, *told.flags, *told.principal.statements, *told.loss.statements]
    assert sum("everse the write-off" in each.text for each in everything) == 1  # the prompt stands once
    assert told.loss.sales_to_cover == D("30000.00")  # 10 000 - 1 000 at 30 %


def test_write_off_4_waived_costs_are_no_loss() -> None:
    """C-04: 75 000.00 paid, the reminder's 35.00 waived; nothing shows 75 035.00 as lost."""
    told_of = book(interest="none")
    told_of.ledger.invoice(1001, "75 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-17")
    told_of.ledger.payment("P1", "75 000.00", dated="2025-03-24", for_=[1001])
    told_of.run("2025-03-24")
    told_of.decide(1001, "waive_costs", "2025-03-24", reason="not worth a letter")
    told_of.run("2025-03-25")
    told = told_of.why(1001, "2025-03-25")
    assert told.loss is not None
    assert (told.loss.principal_lost, told.loss.loss, told.loss.costs_waived) == (D(0), D(0), D("35.00"))
    assert abouts(told.loss.statements) == ["no_loss", "waived_is_no_loss"]
    assert told.loss.statements[0].text == "Loss 0.00 kr: no principal is lost."
    assert told.loss.sales_to_cover is None or told.loss.sales_to_cover == 0
    assert one(told.costs.statements, "waived").rule == "§ 5.6"
