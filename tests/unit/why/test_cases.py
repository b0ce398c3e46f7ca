"""Cases as a bookkeeper, a debtor's lawyer or a judge would ask about them: parts, sums and key sentences."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kredin_pipeline.cases.explaining import CaseNotFound, NotACaseThen
from tests.unit.why.told import D, abouts, book, day, one


def test_a_part_payment_a_write_off_and_a_recovery() -> None:
    told_of = book()
    ledger = told_of.ledger
    ledger.invoice(1001, "12 000.00", due="2025-03-02", dated="2025-02-17", kid="00100420")  # a Sunday
    told_of.runs("2025-03-04", "2025-03-17")
    ledger.payment("P1", "5 000.00", dated="2025-03-20", for_=[1001])
    told_of.runs("2025-03-21", "2025-04-04")
    ledger.write_off(1001, dated="2025-04-07")
    told_of.run("2025-04-08")
    ledger.payment("P2", "1 000.00", dated="2025-04-10", kid="00100420", kind="IncomingOcrGiro")
    told_of.run("2025-04-10")
    told = told_of.why(1001, "2025-04-10")

    moved = one(told.claim.statements, "due_date_moved")
    assert (told.claim.due_date, told.claim.counted_due_date) == (day("2025-03-02"), day("2025-03-03"))
    assert moved.text.startswith("2025-03-02 is a Sunday, so the day is 2025-03-03, the next business day")
    assert (told.claim.moved_because, moved.statute) == ("a Sunday", "gjeldsbrevloven § 5, by analogy")
    assert (told.claim.case_since, one(told.claim.statements, "became_a_case").rule) == (day("2025-03-04"), "§ 1.2")

    rows = [(row.kind, row.amount, row.reduces, row.posted_on.isoformat()) for row in told.ledger_rows]
    assert rows == [
        ("payment", D(5000), True, "2025-03-20"),
        ("write_off", D(7000), False, "2025-04-07"),
        ("payment", D(1000), True, "2025-04-10"),
    ]
    first, lost, back = told.ledger_rows
    assert "voucher type BankJournal is money through the bank: a payment" in first.why.text
    assert "IsWriteOff is true" in lost.why.text and "does not reduce the principal" in lost.why.text
    assert "by its KID or invoice number" in back.statements[1].text
    assert one(back.statements, "recovery").rule == "§ 2"

    assert [(line.label, line.amount) for line in told.principal.lines] == [("principal", D(12000)), ("paid", D(-6000))]
    assert told.principal.statements[0].text == "12 000.00 principal − 6 000.00 paid = 6 000.00 open."
    assert one(told.principal.statements, "write_off_stays_claimed").text.startswith("7 000.00 kr of it is written off")
    assert abouts(told.flags) == ["written_off", "recovered_after_write_off"]
    bases = [(period.base, period.days, period.began) for period in told.interest.periods]
    assert bases == [
        (D(12000), 17, "interest begins"),
        (D(7000), 21, "the principal is smaller: payment of 5 000.00 kr"),
    ]
    assert {period.source for period in told.interest.periods} == {"FOR-2024-12-19-3279 (confidence high)"}
    assert [letter.fee_reason for letter in told.letters] == ["charged", "charged"]
    assert told.letters[0].statements[1].text == (
        "Fee of this claim in that letter 35.00 kr: 1/20 of the collection rate (inkassosats) of 700.00 kr in force on "
        "2025-03-17 = 35.00 kr, the legal maximum."
    )


def test_a_journal_on_7830_is_unexplained_until_a_person_says_what_it_was() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-17")
    told_of.ledger.journal("J", "-3 000.00", dated="2025-03-20", offset_account="7830", for_=[1001])
    told_of.run("2025-03-21")
    told = told_of.why(1001, "2025-03-21")
    (row,) = told.ledger_rows
    assert (row.kind, row.reduces, row.why.basis) == ("unexplained", False, "[rules § 2]")
    assert "a journal whose offset account 7830 is no bank or clearing account: unexplained" in row.why.text
    assert told.principal.total == D(3000)
    assert told.interest.until == day("2025-03-21")
    assert "unexplained settlement of 3 000.00 kr dated 2025-03-20" in (told.interest.stopped_because or "")
    (hold,) = told.holds
    assert hold.hold == "settled_without_bank"
    assert "on account 7830" in hold.cause.text and "classify" in hold.ends
    assert "settled_without_bank holds the case" in one(told.next_step.statements, "held").text

    told_of.decide(1001, "classify", "2025-03-24", reason="paid")
    told_of.run("2025-03-24")
    after = told_of.why(1001, "2025-03-24")
    (row,) = after.ledger_rows
    assert (row.kind, row.reduces) == ("payment", True)
    assert "Kari said on 2025-03-24 what it was: paid" in row.why.text
    assert (after.row["state"], after.holds) == ("costs_open", ())
    (said,) = after.decisions
    assert said.statement.text == "Kari decided on 2025-03-24: classify (paid). The entry is paid."


@pytest.mark.parametrize(
    ("outcome", "second_fee", "reason"), [("refused", "35.00", "charged"), ("upheld_in_part", "0.00", "dispute")]
)
def test_a_disputed_case_with_letters_and_fees(outcome: str, second_fee: str, reason: str) -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "4 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-17")
    told_of.decide(1001, "dispute", "2025-03-20", reason="the goods were wet")
    told_of.run("2025-04-04")
    told = told_of.why(1001, "2025-04-04")
    (hold,) = told.holds
    assert hold.cause.basis == "[rules § 7; inkassoloven § 17]"
    assert "Kari recorded it on 2025-03-20" in hold.cause.text
    assert "(the goods were wet)" in told.decisions[0].statement.text

    told_of.decide(1001, "settle_dispute", "2025-04-07", outcome=outcome)
    told_of.runs("2025-04-07", "2025-04-08")
    after = told_of.why(1001, "2025-04-08")
    assert [letter.step for letter in after.letters] == ["reminder", "collection_notice"]
    reminder, notice = after.letters
    assert (notice.fee, notice.fee_reason) == (D(second_fee), reason)
    assert reminder.fee_stands is (outcome == "refused")
    if outcome != "refused":
        withdrawn = one(reminder.statements, "fee_withdrawn")
        assert "the objection was found right on 2025-04-07" in withdrawn.text
        assert withdrawn.statute == "inkassoloven § 17"
    assert after.row["fees"] == (D(70) if outcome == "refused" else D(0))


def test_costs_that_a_surplus_paid_and_the_voucher_for_them() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "10 000.00", due="2025-02-03", dated="2025-01-13")
    told_of.run("2025-02-17")
    told_of.ledger.payment("P", "10 100.00", dated="2025-02-27", for_=[1001])
    told_of.run("2025-02-28")
    told = told_of.why(1001, "2025-02-28")
    (shared,) = told.allocations
    parts = (shared.to_fee, shared.to_interest, shared.to_principal, shared.to_credit)
    assert parts == (D("35.00"), D("47.95"), D("10000.00"), D("17.05"))
    assert "100.00 kr of it was more than the principal" in shared.statement.text
    (voucher,) = told.vouchers
    assert (voucher.fee, voucher.interest, voucher.total, voucher.state) == (
        D("35.00"), D("47.95"), D("82.95"), "confirmed",
    )  # fmt: skip
    assert voucher.statement.basis == "[rules § 5.4; merverdiavgiftsloven § 4-1]"
    kept = one(told.costs.statements, "kept_letter")  # paid by the deadline: interest since the letter is waived
    assert kept.rule == "§ 4.6"
    assert [line.label for line in told.costs.lines] == ["fees", "interest", "fees paid", "interest paid", "waived"]
    assert told.state[0].text == "State closed: since 2025-02-27 the principal is settled and no costs are open: paid."


def test_a_case_that_a_reversal_opened_again() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "10 000.00", due="2025-02-03", dated="2025-01-13")
    told_of.run("2025-02-17")
    told_of.ledger.payment("P", "10 082.95", dated="2025-02-27", for_=[1001])
    told_of.run("2025-02-28")
    told_of.ledger.reverse("P", dated="2025-03-05")
    told_of.run("2025-03-05")
    told = told_of.why(1001, "2025-03-05")
    (row,) = told.ledger_rows
    assert (row.kind, row.reduces) == ("no_longer", False)
    assert "was reversed by voucher 3 on 2025-03-05" in row.why.text
    (opened,) = told.reopenings
    assert "entry 2 (voucher 2) was reversed: 10 000.00 kr is open again" in opened.text
    (hold,) = told.holds
    assert (hold.hold, hold.ends) == (
        "reversed_payment",
        "a person resumes the case (`kredin decide resume`), for a voucher of ours rested on it",
    )
    assert abouts(told.happened) == ["letter", "fee", "voucher", "no_longer", "reopened"]


def test_a_paused_case_and_the_arithmetic_of_its_next_step() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-31", dated="2025-03-10")
    told_of.runs("2025-04-01", "2025-04-14")
    told_of.decide(1001, "pause", "2025-04-15", until="2025-06-01", note="instalments promised")
    told_of.run("2025-04-15")
    told = told_of.why(1001, "2025-04-15")
    (hold,) = told.holds
    assert hold.ends == "it ends by itself after 2025-06-01, or earlier by `resume`"
    step = told.next_step
    assert (step.step, step.on) == ("collection_notice", day("2025-05-02"))
    assert step.statements[0].text == (
        "Next step: collection notice (inkassovarsel) on 2025-05-02: deadline 2025-04-28 + 3 days of grace + 1 day = "
        "2025-05-02. Any later run sends it."
    )
    assert step.statements[0].basis == "[rules § 4.1; inkassoloven § 9]"
    first = told_of.why(1001, "2025-04-01").next_step  # 14 April; sent on a business day
    assert first.statements[0].text.startswith(
        "Next step: reminder (purring) on 2025-04-14: due date 2025-03-31 + 14 days = 2025-04-14."
    )


def test_the_next_step_moves_past_named_holidays() -> None:
    told_of = book(steps={"reminder": {"after_days": 17}})
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-31", dated="2025-03-10")
    told_of.run("2025-04-01")
    text = told_of.why(1001, "2025-04-01").next_step.statements[0].text
    assert "due date 2025-03-31 + 17 days = 2025-04-17" in text
    assert "2025-04-17 is Maundy Thursday, 2025-04-18 is Good Friday, 2025-04-19 is a Saturday" in text
    assert "2025-04-20 is Easter Sunday and 2025-04-21 is Easter Monday, so the day is 2025-04-22" in text


def test_limitation_with_an_acknowledgement_and_one_that_came_too_late() -> None:
    told_of = book(import_from=None, mode="observe")
    told_of.ledger.invoice(1001, "5 000.00", due="2022-05-17", dated="2022-05-03")
    told_of.run("2025-04-01")
    told = told_of.why(1001, "2025-04-01")
    assert told.limitation.last_day == day("2025-05-19")
    text = told.limitation.statements[0].text
    assert "Due date 2022-05-17 as first agreed, not shifted, + 3 years = 2025-05-17" in text
    assert "2025-05-17 is Constitution Day (17 May) and 2025-05-18 is a Sunday" in text
    assert told.limitation.statements[0].statute == "foreldelsesloven §§ 2, 3, 29"
    assert "48 days are left" in one(told.flags, "limitation_90").text

    told_of.decide(1001, "acknowledge", "2025-04-02")
    told_of.run("2025-04-02")
    moved = one(told_of.why(1001, "2025-04-02").limitation.statements, "interruption")
    assert moved.text == "The acknowledgement on 2025-04-02 starts 3 new years: the last day is 2028-04-03."
    assert moved.statute == "foreldelsesloven §§ 14, 20"


def test_past_the_last_day_an_acknowledgement_changes_nothing() -> None:
    told_of = book(import_from=None, mode="observe")
    told_of.ledger.invoice(1001, "5 000.00", due="2022-04-01", dated="2022-03-18")
    told_of.run("2025-03-20")
    told_of.decide(1001, "acknowledge", "2025-04-10")
    told_of.run("2025-04-10")
    told = told_of.why(1001, "2025-04-10")
    (hold,) = told.holds
    assert (hold.hold, hold.cause.rule) == ("time_barred", "§ 8")
    late = one(told.limitation.statements, "interruption")
    assert late.text == "The acknowledgement on 2025-04-10 came after the last day 2025-04-01 and changes nothing."
    assert (told.next_step.step, told.next_step.statements[0].text) == (
        None,
        "The claim is time-barred: nothing more is sent.",
    )


def test_a_letter_for_two_claims_has_one_fee_and_says_where_it_stands() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "1 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.ledger.invoice(1002, "2 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-17")
    bearer, other = (told_of.why(no, "2025-03-17").letters[0] for no in (1001, 1002))
    assert (bearer.fee, bearer.fee_reason) == (D("35.00"), "charged")
    assert (other.fee, other.fee_reason) == (D("0.00"), "borne_by_another_claim")
    shared = one(other.statements, "shared_letter")
    assert shared.text == (
        "One letter for 2 claims of this debtor, this one and invoice 1001, with one fee, kept on invoice 1001: claims "
        "that can be asked for together are."
    )
    assert shared.statute == "inkassoloven § 17"
    assert other.with_cases == (told_of.case(1001)["case_id"],)


def test_interest_beyond_the_last_stored_rate_is_provisional_and_says_from_which_day() -> None:
    told_of = book(due_date_shift=False)
    told_of.ledger.invoice(1001, "50 000.00", due="2026-12-01", dated="2026-11-17")
    told_of.run("2026-12-02")
    told_of.run("2027-01-15")
    told = told_of.why(1001, "2027-01-15")
    assert (told.interest.provisional, told.interest.rounded) == (True, D("520.21"))
    assert told.interest.stopped_because == "no rate is stored for 2027-01-01"
    assert (
        one(told.next_step.statements, "held").text == "It waits: a figure is provisional, and no letter leaves on one."
    )


def test_a_fee_is_zero_for_a_reason_and_the_reason_is_the_laws() -> None:
    told_of = book(steps={"reminder": {"after_days": 7}})
    told_of.ledger.invoice(1001, "1 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-10")
    (letter,) = told_of.why(1001, "2025-03-10").letters
    assert (letter.fee, letter.fee_reason) == (D(0), "earlier_than_14_days")
    assert "it left earlier than 14 days after the due date" in letter.statements[1].text
    assert letter.statements[1].statute == "inkassoforskriften § 1-2"


def test_a_charged_fee_names_its_fraction_its_rate_and_the_rounding() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2026-03-02", dated="2026-02-16")
    told_of.runs("2026-03-03", "2026-03-16", "2026-04-07", "2026-04-27")
    letters = told_of.why(1001, "2026-04-27").letters
    told = [letter.statements[1].text.split(": ", 1)[1] for letter in letters]
    rate = "of the collection rate (inkassosats) of 750.00 kr in force on"
    assert told == [
        f"1/20 {rate} 2026-03-16 = 37.50, rounded to whole kroner = 38.00 kr, the legal maximum.",
        f"1/20 {rate} 2026-04-07 = 37.50, rounded to whole kroner = 38.00 kr, the legal maximum.",
        f"3/20 {rate} 2026-04-27 = 112.50, rounded to whole kroner = 113.00 kr, the legal maximum.",
    ]
    assert [letter.statements[1].statute for letter in letters] == [
        "inkassoforskriften § 1-2", "inkassoforskriften § 1-2", "inkassoforskriften § 1-3",
    ]  # fmt: skip


def test_a_ledger_that_contradicts_itself_is_explained_on_the_books_own_day() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.ledger.listed["1001"] = {
        "invoice_no": "1001",
        "total_amount": D("3000.00"),
        "balance": D("0.00"),
        "balance_last_changed": "2025-03-04T05:00:00+00:00",
    }
    told_of.run("2025-03-04")
    (hold,) = told_of.why(1001, "2025-03-04").holds
    assert hold.hold == "ledger_conflict"
    assert "two reads of the ledger contradict each other" in hold.cause.text


def test_a_fee_charged_under_other_settings_is_told_as_it_was_charged() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "1 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-17")
    told_of.settings = told_of.settings.changed({"steps": {"reminder": {"fee": 0}}})
    told_of.run("2025-03-18")
    (letter,) = told_of.why(1001, "2025-03-18").letters
    assert letter.fee == D("35.00")
    assert "as charged when it left, under the settings and the debtor's data of that day" in letter.statements[1].text


def test_a_due_date_moved_by_agreement_keeps_both_dates_and_withdraws_the_early_fee() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-17")
    told_of.decide(1001, "new_due_date", "2025-03-20", due="2025-04-30")
    told_of.run("2025-05-02")
    told = told_of.why(1001, "2025-05-02")
    assert (told.claim.original_due_date, told.claim.due_date) == (day("2025-03-03"), day("2025-04-30"))
    assert "Kari recorded on 2025-03-20" in one(told.claim.statements, "due_date_agreed").text
    (letter,) = told.letters
    assert (letter.fee_reason, letter.fee_stands) == ("charged", False)
    assert "a new due date was agreed on 2025-03-20" in one(letter.statements, "fee_withdrawn").text
    assert told.limitation.last_day == day("2028-03-03")
    assert one(told.limitation.statements, "limitation_not_moved").rule == "§ 4.8"


def test_standard_compensation_and_fees_come_off_each_other() -> None:
    told_of = book(compensation=True)
    told_of.ledger.invoice(1001, "3 000.00", due="2026-07-01", dated="2026-06-10")
    told_of.runs("2026-07-02", "2026-07-15")
    told = told_of.why(1001, "2026-07-15")
    assert told.row["fees"] == D(38) and told.row["compensation"] == D(430)
    assert told.costs.lines[0].amount == D(430)
    assert one(told.costs.statements, "larger_of_the_two").statute == "inkassoforskriften § 1-5"


def test_a_small_write_off_on_a_claim_that_is_otherwise_settled_is_a_rounding() -> None:
    told_of = book(interest="none")
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.run("2025-03-04")
    told_of.ledger.payment("P", "2 995.00", dated="2025-03-05", for_=[1001])
    told_of.ledger.write_off(1001, dated="2025-03-06")
    told_of.run("2025-03-06")
    told = told_of.why(1001, "2025-03-06")
    assert [(row.kind, row.amount, row.reduces) for row in told.ledger_rows] == [
        ("payment", D(2995), True),
        ("rounding", D(5), True),
    ]
    assert "less than 10.00 kr (setting rounding_write_off)" in told.ledger_rows[1].why.text
    assert [line.label for line in told.principal.lines] == ["principal", "paid", "rounding"]
    assert (told.row["closed_reason"], told.loss) == ("paid", None)


def test_merged_claims_have_common_letters_by_a_persons_word() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.ledger.invoice(1002, "3 000.00", due="2025-03-10", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-11")
    told_of.decide(1001, "merge", "2025-03-12", with_=["1002"])
    told_of.run("2025-03-12")
    waits = told_of.why(1001, "2025-03-12").next_step
    assert (waits.on, waits.statements[0].rule) == (day("2025-03-24"), "§ 7")  # alone it would go on the 17th
    assert "at the pace of the one that has come least far" in waits.statements[0].text
    told_of.run("2025-03-24")
    told = told_of.why(1002, "2025-03-24")
    shared = one(told.letters[0].statements, "shared_letter")
    assert (shared.rule, shared.text.rsplit(": ", 1)[1]) == ("§ 7", "a person merged them.")
    assert told.decisions[0].statement.text.startswith(
        "Kari decided on 2025-03-12: merge. Letters are common with 1002"
    )


def test_an_invoice_that_is_gone_and_a_bankruptcy_stop_interest_on_their_day() -> None:
    told_of = book(interest="18")
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.ledger.invoice(1002, "3 000.00", due="2025-03-03", dated="2025-02-17", customer=10002)
    told_of.run("2025-03-04")
    told_of.ledger.delete(1001, seen_on="2025-03-12")
    told_of.ledger.debtor(10002, register_hold="bankruptcy", register_hold_from=day("2025-03-10"))
    told_of.run("2025-03-12")
    gone, bankrupt = told_of.why(1001, "2025-03-12"), told_of.why(1002, "2025-03-12")
    assert gone.interest.stopped_because == "the invoice was gone from the ledger"
    assert [line.label for line in gone.principal.lines] == ["principal", "gone from the ledger"]
    assert gone.dropped is not None and gone.dropped.interest == gone.interest.rounded
    assert "no voucher, and never called paid" in gone.state[0].text
    assert bankrupt.interest.stopped_because == "bankruptcy was opened that day (rules § 6)"
    assert (bankrupt.interest.until, bankrupt.interest.rounded) == (day("2025-03-10"), D("10.36"))
    assert bankrupt.interest.periods[0].source == "agreed with the debtor, a business (setting interest)"
    assert "says that the debtor is bankrupt since 2025-03-10: no letters" in bankrupt.holds[0].cause.text


def test_a_customers_own_credit_that_covers_the_claim_is_named() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.run("2025-03-04")
    told_of.ledger.payment("A", "3 000.00", dated="2025-03-10")
    told_of.run("2025-03-17")
    told = told_of.why(1001, "2025-03-17")
    (credit,) = told.credits
    assert (credit.amount, credit.effective_on, credit.dated_ahead) == (D(3000), day("2025-03-10"), False)
    (hold,) = told.holds
    assert hold.hold == "unallocated_payment"
    assert "entry 2 of 3 000.00 kr dated 2025-03-10" in hold.cause.text
    assert told.interest.stopped_because == "the customer's own credit covers what is open"


def test_a_claim_that_is_no_case_on_a_day_says_why() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.ledger.invoice(1002, "3 000.00", due="2021-03-03", dated="2021-02-17")
    told_of.run("2025-03-04")
    with pytest.raises(NotACaseThen, match=r"its due date counts as 2025-03-03, and it becomes a case 1 day later"):
        told_of.why(1001, "2025-03-03")
    with pytest.raises(NotACaseThen, match=r"it was not in the ledger yet \[rules § 1\.1\]"):
        told_of.why(1001, "2025-02-01")
    with pytest.raises(NotACaseThen, match=r"it fell due before import_from \(2022-03-04\)"):
        told_of.why(1002, "2025-03-04")
    with pytest.raises(CaseNotFound, match="4711: no such case or invoice number"):
        told_of.why(4711, "2025-03-04")


def test_a_day_before_the_books_own_says_with_which_knowledge_it_is_told() -> None:
    told_of = book()
    told_of.ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04", "2025-03-17")
    assert told_of.why(1001, "2025-03-17").notes == ()
    assert abouts(told_of.why(1001, "2025-03-10").notes) == ["with_todays_knowledge"]
    ahead = told_of.why(1001, "2025-04-10")
    assert abouts(ahead.notes) == ["ahead_of_the_book"]
    assert ahead.row["interest"] == Decimal("39.04")
