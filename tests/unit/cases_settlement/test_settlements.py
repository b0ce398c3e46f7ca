"""Rules § 2: what has happened to a claim, one test a rule. Case numbers are those of the acceptance cases."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.cases_settlement.books import Ledger, decision, derive


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_a_part_payment_leaves_the_rest_open_from_its_own_day(ledger: Ledger) -> None:  # B-01
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "400.00", dated="2025-03-10", for_=[1001])

    found = derive(ledger, "2025-03-17")

    assert found.settled(1001) == [("P1", "payment", "400.00", "2025-03-10")]
    assert found.open(1001) == Decimal("600.00") == found.claim(1001)["ledger_balance"]


def test_two_part_payments_and_a_rest(ledger: Ledger) -> None:  # WE-01
    ledger.invoice(1001, "10 000.00", due="2024-06-15")
    ledger.payment("P1", "2 000.00", dated="2024-06-27", for_=[1001])
    ledger.payment("P2", "5 000.00", dated="2025-03-10", for_=[1001])

    found = derive(ledger, "2025-11-21", settings={"due_date_shift": False})

    assert found.settled(1001) == [
        ("P1", "payment", "2000.00", "2024-06-27"),
        ("P2", "payment", "5000.00", "2025-03-10"),
    ]
    assert found.open(1001) == Decimal("3000.00")


def test_a_payment_counts_from_its_own_date_not_the_day_it_was_matched(ledger: Ledger) -> None:  # B-09
    ledger.invoice(1001, "5 000.00", due="2025-03-03")
    ledger.payment("P1", "5 000.00", dated="2025-03-10")
    assert derive(ledger, "2025-03-17").credits() == [("P1", "payment", "5000.00")]

    ledger.match(1001, "P1")

    found = derive(ledger, "2025-03-21")
    assert found.settled(1001) == [("P1", "payment", "5000.00", "2025-03-10")]
    assert found.credits() == []


def test_the_kid_says_the_newer_invoice_so_the_newer_it_is(ledger: Ledger) -> None:  # WE-42a
    ledger.invoice(1001, "4 000.00", due="2026-06-01", kid="3100000011")
    ledger.invoice(1002, "3 000.00", due="2026-08-03", kid="3100000029")
    ledger.payment("P1", "3 000.00", dated="2026-08-10", for_=[1002], kid="3100000029", kind="IncomingOcrGiro")
    ledger.payment("P2", "500.00", dated="2026-08-11", for_=[1001])

    found = derive(ledger, "2026-08-12")

    assert found.settled(1002) == [("P1", "payment", "3000.00", "2026-08-10")]
    assert found.open(1001) == Decimal("3500.00")


def test_in_a_crowded_group_a_payment_still_goes_to_the_invoice_of_its_kid(ledger: Ledger) -> None:  # WE-42a
    ledger.invoice(1001, "4 000.00", due="2026-06-01", kid="3100000011")
    ledger.invoice(1002, "3 000.00", due="2026-08-03", kid="3100000029")
    ledger.payment("P1", "3 000.00", dated="2026-08-05", for_=[1002], kid="3100000029")
    ledger.credit_note(2001, "100.00", dated="2026-08-06", for_=[1001])
    ledger.payment("P2", "3 900.00", dated="2026-08-10", for_=[1001, 1002])
    ledger.join(1001, "P1")  # one group

    found = derive(ledger, "2026-08-12")

    assert found.settled(1002) == [("P1", "payment", "3000.00", "2026-08-05")]
    assert found.settled(1001) == [
        ("2001", "credit_note", "100.00", "2026-08-06"),
        ("P2", "payment", "3900.00", "2026-08-10"),
    ]


def test_one_payment_matched_with_both_goes_to_the_oldest(ledger: Ledger) -> None:  # WE-42b
    ledger.invoice(1002, "3 000.00", due="2026-08-03")
    ledger.invoice(1001, "4 000.00", due="2026-06-01")
    ledger.payment("P1", "3 000.00", dated="2026-08-10", for_=[1001, 1002])

    found = derive(ledger, "2026-08-10")

    assert (found.open(1001), found.open(1002)) == (Decimal("1000.00"), Decimal("3000.00"))


def test_the_ledgers_own_balances_decide_against_oldest_first(ledger: Ledger) -> None:
    ledger.invoice(1001, "4 000.00", due="2026-06-01")
    ledger.invoice(1002, "3 000.00", due="2026-08-03")
    ledger.payment("P1", "500.00", dated="2026-08-05", for_=[1001])
    ledger.payment("P2", "3 000.00", dated="2026-08-10", for_=[1002])
    ledger.join(1001, "P2")  # one group; the balances are 3 500.00 and 0.00

    found = derive(ledger, "2026-08-10")

    assert (found.open(1001), found.open(1002)) == (Decimal("3500.00"), Decimal("0.00"))


def test_credit_note_and_payment_settle_two_invoices_to_the_krone(ledger: Ledger) -> None:  # C-10a
    ledger.invoice(1001, "4 000.00", due="2025-03-03")
    ledger.invoice(1002, "6 000.00", due="2025-03-04")
    ledger.credit_note(2001, "1 000.00", dated="2025-03-10", for_=[1001, 1002])
    ledger.payment("P1", "9 000.00", dated="2025-03-11", for_=[1001, 1002])

    found = derive(ledger, "2025-03-11")

    assert (found.open(1001), found.open(1002)) == (0, 0)
    settled = found.settled(1001) + found.settled(1002)
    assert sum(Decimal(amount) for _, kind, amount, _ in settled if kind == "payment") == Decimal("9000.00")
    assert sum(Decimal(amount) for _, kind, amount, _ in settled if kind == "credit_note") == Decimal("1000.00")


def test_what_a_group_lacks_stays_on_the_newer_invoice(ledger: Ledger) -> None:  # C-10b
    ledger.invoice(1001, "4 000.00", due="2025-03-03")
    ledger.invoice(1002, "6 000.00", due="2025-03-04")
    ledger.credit_note(2001, "1 000.00", dated="2025-03-10", for_=[1001, 1002])
    ledger.payment("P1", "8 000.00", dated="2025-03-11", for_=[1001, 1002])

    found = derive(ledger, "2025-03-11")

    assert (found.open(1001), found.open(1002)) == (Decimal("0.00"), Decimal("1000.00"))


def test_a_credit_note_goes_to_the_invoice_it_was_made_for(ledger: Ledger) -> None:
    ledger.invoice(1001, "4 000.00", due="2025-03-03")
    ledger.invoice(1002, "6 000.00", due="2025-03-04")
    ledger.credit_note(2001, "1 000.00", dated="2025-03-10", for_=[1002], related_invoice_no="1002")
    ledger.payment("P1", "9 000.00", dated="2025-03-11", for_=[1001, 1002])

    found = derive(ledger, "2025-03-11")

    assert [row[1] for row in found.settled(1001)] == ["payment"]
    assert [row[1:3] for row in found.settled(1002)] == [("credit_note", "1000.00"), ("payment", "5000.00")]


def test_a_write_off_reduces_nothing(ledger: Ledger) -> None:  # C-01a
    ledger.invoice(1001, "10 000.00", due="2025-01-31")
    ledger.write_off(1001, dated="2025-03-31")

    found = derive(ledger, "2025-04-01")

    assert found.settled(1001) == [("W1001", "write_off", "10000.00", "2025-03-31")]
    assert found.open(1001) == Decimal("10000.00")
    assert found.claim(1001)["ledger_balance"] == 0


def test_a_dividend_is_paid_and_the_rest_written_off(ledger: Ledger) -> None:  # WE-71
    ledger.invoice(1001, "12 500.00", due="2026-03-02")
    ledger.payment("P1", "2 500.00", dated="2026-06-10", for_=[1001])
    ledger.write_off(1001, dated="2026-06-10")

    found = derive(ledger, "2026-06-11")

    assert [row[:3] for row in found.settled(1001)] == [
        ("P1", "payment", "2500.00"),
        ("W1001", "write_off", "10000.00"),
    ]
    assert found.open(1001) == Decimal("10000.00")


def test_a_write_off_below_the_limit_on_a_paid_claim_is_a_rounding(ledger: Ledger) -> None:  # WO-01a
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "990.01", dated="2025-03-10", for_=[1001])
    ledger.write_off(1001, dated="2025-03-10")

    found = derive(ledger, "2025-03-11")

    assert [row[1:3] for row in found.settled(1001)] == [("payment", "990.01"), ("rounding", "9.99")]
    assert found.open(1001) == 0


def test_a_write_off_of_the_limit_itself_is_a_write_off(ledger: Ledger) -> None:  # WO-01b
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "990.00", dated="2025-03-10", for_=[1001])
    ledger.write_off(1001, dated="2025-03-10")

    found = derive(ledger, "2025-03-11")

    assert [row[1:3] for row in found.settled(1001)] == [("payment", "990.00"), ("write_off", "10.00")]
    assert found.open(1001) == Decimal("10.00")
    assert derive(ledger, "2025-03-11", settings={"rounding_write_off": "10.01"}).open(1001) == 0


def test_a_small_invoice_written_off_whole_is_no_rounding(ledger: Ledger) -> None:
    ledger.invoice(1001, "9.00", due="2025-03-03")
    ledger.write_off(1001, dated="2025-03-10")

    assert derive(ledger, "2025-03-11").settled(1001) == [("W1001", "write_off", "9.00", "2025-03-10")]


def test_money_after_the_loss_settles_the_claim_again(ledger: Ledger) -> None:  # WE-72
    ledger.invoice(1001, "12 500.00", due="2026-03-02", kid="4100000019")
    ledger.write_off(1001, dated="2026-04-01")
    ledger.payment("P1", "1 250.00", dated="2026-06-09", kid="4100000019", kind="IncomingOcrGiro")

    found = derive(ledger, "2026-06-10")

    recovery = found.settlement(1001, "P1")
    assert (recovery["kind"], recovery["amount"], recovery["after_write_off"]) == ("payment", Decimal("1250.00"), True)
    assert found.open(1001) == Decimal("11250.00")
    assert found.credits() == []


def test_more_than_the_loss_is_a_surplus(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2026-03-02", kid="4100000019")
    ledger.write_off(1001, dated="2026-04-01")
    ledger.payment("P1", "1 300.00", dated="2026-06-09", kid="4100000019")

    found = derive(ledger, "2026-06-10")

    assert found.open(1001) == 0
    assert found.surplus(1001) == [("P1", "300.00")]
    assert found.credits() == [("P1", "payment", "300.00")]


def test_a_kid_that_an_open_invoice_shares_recovers_nothing(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2026-03-02", kid="4100000019")
    ledger.write_off(1001, dated="2026-04-01")
    ledger.invoice(1002, "700.00", due="2026-05-02", kid="4100000019")
    ledger.payment("P1", "1 000.00", dated="2026-06-09", kid="4100000019")

    found = derive(ledger, "2026-06-10")

    assert found.open(1001) == Decimal("1000.00")
    assert found.credits() == [("P1", "payment", "1000.00")]


def test_a_kid_is_compared_as_text_and_never_with_an_invoice_number(ledger: Ledger) -> None:  # B-03
    ledger.invoice(1001, "900.00", due="2025-03-03", kid="00100420")
    ledger.invoice(100420, "900.00", due="2025-03-03", kid="00200428")
    ledger.write_off(1001, dated="2025-04-01")
    ledger.write_off(100420, dated="2025-04-01")
    ledger.payment("P1", "900.00", dated="2025-04-12", kid="100420", kind="IncomingOcrGiro")

    found = derive(ledger, "2025-04-14")

    assert (found.open(1001), found.open(100420)) == (Decimal("900.00"), Decimal("900.00"))


def test_a_correcting_credit_note_works_back_to_the_due_date(ledger: Ledger) -> None:  # WE-12a
    ledger.invoice(1001, "12 500.00", due="2026-03-01")
    ledger.credit_note(2001, "2 500.00", dated="2026-04-10", for_=[1001])

    note = derive(ledger, "2026-05-01").settlement(1001, 2001)

    assert (note["kind"], note["interest_from_due"], note["effective_on"].isoformat()) == (
        "credit_note", True, "2026-04-10",
    )  # fmt: skip


def test_goodwill_is_a_persons_word_and_counts_from_its_own_date(ledger: Ledger) -> None:  # WE-12b
    ledger.invoice(1001, "12 500.00", due="2026-03-01")
    ledger.credit_note(2001, "2 500.00", dated="2026-04-10", for_=[1001])
    case = derive(ledger, "2026-05-01").claim(1001)
    word = decision("classify", case, "2026-04-11", payload='{"reason": "goodwill"}')

    assert derive(ledger, "2026-05-01", decisions=[word]).settlement(1001, 2001)["interest_from_due"] is False
    back = decision("classify", case, "2026-04-20", seq=2, payload='{"reason": "correction"}')
    assert derive(ledger, "2026-05-01", decisions=[back, word]).settlement(1001, 2001)["interest_from_due"] is True


def test_a_later_credit_note_is_not_meant_by_an_earlier_word(ledger: Ledger) -> None:
    ledger.invoice(1001, "12 500.00", due="2026-03-01")
    ledger.credit_note(2001, "2 500.00", dated="2026-04-10", for_=[1001])
    ledger.credit_note(2002, "500.00", dated="2026-04-20", for_=[1001])
    word = decision("classify", derive(ledger, "2026-05-01").claim(1001), "2026-04-11", payload='{"as": "goodwill"}')

    found = derive(ledger, "2026-05-01", decisions=[word])

    assert found.settlement(1001, 2001)["interest_from_due"] is False
    assert found.settlement(1001, 2002)["interest_from_due"] is True


def test_netting_by_hand_with_a_credit_note_is_a_credit_note(ledger: Ledger) -> None:  # C-12
    ledger.invoice(1001, "2 500.00", due="2025-03-03")
    ledger.credit_note(2001, "2 500.00", dated="2025-03-19")
    assert derive(ledger, "2025-03-20").credits() == [("2001", "other", "2500.00")]

    ledger.match(1001, 2001)

    assert derive(ledger, "2025-03-24").settled(1001) == [("2001", "credit_note", "2500.00", "2025-03-19")]


def test_a_negative_invoice_of_the_same_customer_nets(ledger: Ledger) -> None:
    ledger.invoice(1001, "2 500.00", due="2025-03-03")
    ledger.invoice(1002, "-700.00", due="2025-03-05")
    ledger.match(1001, 1002)

    found = derive(ledger, "2025-03-24")

    assert found.settled(1001) == [("1002", "netting", "700.00", "2025-03-05")]
    assert found.unclaimable() == {"1002": "not_positive"}


@pytest.mark.parametrize(
    ("account", "kind"), [("7830", "unexplained"), ("1920", "payment"), ("1580", "unexplained"), (None, "unexplained")]
)
def test_a_journal_is_a_payment_only_if_the_bank_stands_behind_it(ledger: Ledger, account: str, kind: str) -> None:
    ledger.invoice(1001, "2 500.00", due="2025-03-03")
    ledger.journal("J1", "-2 500.00", dated="2025-03-19", offset_account=account, for_=[1001])

    assert derive(ledger, "2025-03-24").settled(1001) == [("J1", kind, "2500.00", "2025-03-19")]


@pytest.mark.parametrize(
    ("word", "kind", "still_open"),
    [("paid", "payment", "0.00"), ("written_off", "write_off", "2500.00"), ("credited", "credit_note", "0.00")],
)
def test_a_person_says_what_an_unexplained_settlement_was(
    ledger: Ledger, word: str, kind: str, still_open: str
) -> None:
    ledger.invoice(1001, "2 500.00", due="2025-03-03")
    ledger.journal("J1", "-2 500.00", dated="2025-03-19", offset_account="7830", for_=[1001])
    case = derive(ledger, "2025-03-24").claim(1001)
    said = decision("classify", case, "2025-03-25", payload=f'{{"as": "{word}"}}')

    found = derive(ledger, "2025-03-25", decisions=[said])

    assert [row[1] for row in found.settled(1001)] == [kind]
    assert found.open(1001) == Decimal(still_open)
    assert derive(ledger, "2025-03-24", decisions=[said]).settled(1001)[0][1] == "unexplained"  # not yet said


def test_a_claim_in_euro_settled_to_zero_leaves_a_currency_difference(ledger: Ledger) -> None:
    ledger.invoice(1001, "5 713.75", due="2025-03-03", currency="EUR", currency_amount=Decimal("500.00"))
    ledger.payment("P1", "5 700.00", dated="2025-03-10", for_=[1001], currency="EUR", currency_amount=Decimal("-500"))
    ledger.journal(
        "A1", "-13.75", dated="2025-03-10", offset_account="8160", for_=[1001], currency="EUR",
        currency_amount=Decimal(0),
    )  # fmt: skip

    found = derive(ledger, "2025-03-11")

    assert [row[1:3] for row in found.settled(1001)] == [("payment", "5700.00"), ("currency_difference", "13.75")]
    assert found.open(1001) == 0


def test_a_new_invoice_in_euro_is_wholly_unpaid(ledger: Ledger) -> None:  # B-15
    ledger.invoice(1001, "5 713.75", due="2025-03-03", currency="EUR", currency_amount=Decimal("500.00"))

    found = derive(ledger, "2025-03-04")

    assert found.claim(1001)["currency"] == "EUR" and found.claim(1001)["currency_amount"] == Decimal("500.00")
    assert (found.open(1001), found.settled(1001)) == (Decimal("5713.75"), [])


def test_a_payment_dated_ahead_does_not_count_until_its_day(ledger: Ledger) -> None:  # B-11
    ledger.invoice(1001, "4 000.00", due="2025-04-30")
    ledger.payment("P1", "4 000.00", dated="2025-05-20", for_=[1001], booked="2025-05-15")

    before = derive(ledger, "2025-05-15")
    ahead = before.rows("customer_credits")
    assert before.open(1001) == Decimal("4000.00") == before.claim(1001)["ledger_balance"]
    assert not before.claim(1001)["ledger_conflict"]
    assert [(row["dated_ahead"], row["amount"]) for row in ahead] == [(True, Decimal("4000.00"))]
    assert ahead[0]["dated_ahead_case_id"] == before.claim(1001)["case_id"]

    assert derive(ledger, "2025-05-20").settled(1001) == [("P1", "payment", "4000.00", "2025-05-20")]


def test_a_past_partition_knows_nothing_of_payments_booked_later(ledger: Ledger) -> None:  # OP-04
    ledger.invoice(4761, "6 000.00", due="2025-06-02")
    ledger.payment("P1", "2 000.00", dated="2025-06-20", for_=[4761])

    found = derive(ledger, "2025-06-12", live=False)

    assert found.open(4761) == Decimal("6000.00")
    assert found.rows("customer_credits") == []


def test_payments_dated_before_the_invoice_settle_it(ledger: Ledger) -> None:  # B-13
    ledger.invoice(1002, "1 250.00", due="2025-02-17", dated="2025-02-03")
    ledger.payment("P2", "250.00", dated="2025-01-28", for_=[1002])

    assert derive(ledger, "2025-02-18").settled(1002) == [("P2", "payment", "250.00", "2025-01-28")]


def test_own_reminders_of_the_ledger_take_their_share_and_are_no_claim(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    fee = ledger.invoice(1, "35.00", due="2025-03-31")
    fee.voucher_type = "OutgoingPaymentReminder"
    ledger.payment("P1", "1 035.00", dated="2025-04-10", for_=[1001, 1])

    found = derive(ledger, "2025-04-11")

    assert found.settled(1001) == [("P1", "payment", "1000.00", "2025-04-10")]
    assert found.unclaimable() == {"P1": "payment", "1": "ledger_reminder"}


def test_a_group_whose_counter_entry_is_missing_is_a_conflict_and_no_payment(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 000.00", dated="2025-03-10", for_=[1001])
    rows = ledger.rows()

    found = derive(ledger, "2025-03-17", shuffled=[0])  # the read has lost the payment's row

    assert len(rows) == 2 and found.claim(1001)["ledger_conflict"]
    assert found.settled(1001) == []


def test_an_invoice_list_that_knows_of_a_newer_payment_is_a_conflict(ledger: Ledger) -> None:  # H-01
    ledger.invoice(4501, "1 000.00", due="2025-03-03")
    newer = "2025-03-13T04:59:00+00:00"
    ledger.listed["4501"] = {
        "total_amount": Decimal("1000.00"), "balance": Decimal("0.00"), "balance_last_changed": newer,
    }  # fmt: skip
    assert derive(ledger, "2025-03-13").claim(4501)["ledger_conflict"]
    assert not derive(ledger, "2025-03-13", live=False).claim(4501)["ledger_conflict"]

    ledger.listed["4501"]["balance_last_changed"] = "2025-02-13T04:59:00+00:00"  # a list that was read earlier
    assert not derive(ledger, "2025-03-13").claim(4501)["ledger_conflict"]


def test_a_payment_dated_ahead_is_no_conflict_with_the_invoice_list(ledger: Ledger) -> None:  # B-11
    ledger.invoice(1001, "4 000.00", due="2025-04-30")
    ledger.payment("P1", "3 000.00", dated="2025-05-20", for_=[1001], booked="2025-05-15")
    ledger.listed["1001"] = {
        "total_amount": Decimal("4000.00"), "balance": Decimal("0.00"),
        "balance_last_changed": "2025-05-15T05:00:00+00:00",
    }  # fmt: skip

    assert not derive(ledger, "2025-05-15").claim(1001)["ledger_conflict"]
