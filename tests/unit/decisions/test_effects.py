"""What each decision does, derived from ledger and journal, and that the words said beforehand were true."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal.deciding import NothingKnown, decide
from tests.unit.decisions.office import TENANT, Office, moment, said

D = Decimal


def steps(office: Office, *days: str) -> list[tuple[str, str]]:
    """Day and step of every letter of invoice 1001 in these runs."""
    case_id = office.case(1001)["case_id"]
    return [(on, row["step"]) for on in days for row in office.run(on) if row["case_id"] == case_id]


def test_a_pause_stops_letters_through_its_day_and_the_next_step_goes_on_the_day_that_was_said(office: Office) -> None:
    made = office.decide(1001, "pause", "2025-03-31", until="2025-04-12", note="waits for a sale")
    assert "until 2025-04-12" in said(made) and "collection notice on 2025-04-14" in said(made)
    assert steps(office, "2025-04-04", "2025-04-11", "2025-04-14") == [("2025-04-14", "collection_notice")]
    assert office.case(1001)["interest"] > D("47.95")


def test_a_pause_without_a_day_lasts_until_somebody_resumes(office: Office) -> None:
    assert "until somebody resumes" in said(office.decide(1001, "pause", "2025-03-31", note="looks into it"))
    assert steps(office, "2025-04-04", "2025-04-22") == []
    made = office.decide(1001, "resume", "2025-04-22")
    assert "Ends paused" in said(made) and "collection notice on 2025-04-22" in said(made)
    assert steps(office, "2025-04-23") == [("2025-04-23", "collection_notice")]


def test_a_pause_and_its_end_on_one_day_need_no_run_between_them(office: Office) -> None:
    office.decide(1001, "pause", "2025-03-31T09:00")
    office.decide(1001, "resume", "2025-03-31T10:00")
    assert steps(office, "2025-04-04") == [("2025-04-04", "collection_notice")]


def test_a_dispute_stops_letters_and_a_refused_objection_lets_them_go_on_with_their_fee(office: Office) -> None:
    office.decide(1001, "dispute", "2025-03-31", note="two pallets never came")
    assert steps(office, "2025-04-04") == []
    assert office.case(1001)["holds"] == ["disputed"]
    made = office.decide(1001, "settle_dispute", "2025-04-04", outcome="refused", note="signed delivery note")
    assert "refused" in said(made)
    assert steps(office, "2025-04-07") == [("2025-04-07", "collection_notice")]
    assert office.case(1001)["fees"] == D(70)


def test_a_dispute_upheld_in_part_takes_the_fees_back_and_later_letters_carry_none(office: Office) -> None:
    office.decide(1001, "dispute", "2025-03-31", note="two pallets never came")
    made = office.decide(
        1001, "settle_dispute", "2025-04-04", outcome="upheld_in_part", amount="2000.00", note="they did not"
    )
    assert "fees charged so far (35.00) are withdrawn" in said(made) and "a credit note of 2000.00" in said(made)
    assert steps(office, "2025-04-07") == [("2025-04-07", "collection_notice")]
    assert office.case(1001)["fees"] == D(0)


@pytest.mark.parametrize("reason", ["withdrawn", "debtor_insolvent"])
def test_a_closed_case_stays_closed_until_a_person_reopens_it(office: Office, reason: str) -> None:
    made = office.decide(1001, "close", "2025-03-20", reason=reason, note="not worth it")
    assert f"Closes the case as {reason.replace('_', ' ')} on 2025-03-20" in said(made)
    assert steps(office, "2025-04-04") == []
    case = office.case(1001)
    assert (case["state"], case["closed_reason"], case["closed_on"]) == ("closed", reason, date(2025, 3, 20))
    assert (case["costs_open"], case["interest"]) == (D(0), D("58.22"))

    made = office.decide(1001, "reopen", "2025-04-08", note="they want to pay after all")
    assert "at the step that it was on" in said(made)
    assert steps(office, "2025-04-09") == [("2025-04-09", "collection_notice")]
    assert office.case(1001)["state"] == "noticed"


def test_waiving_an_amount_and_then_the_rest(office: Office) -> None:
    office.ledger.payment("P1", "10 000.00", dated="2025-03-20", for_=[1001])
    office.run("2025-03-21")
    assert (office.case(1001)["state"], office.case(1001)["costs_open"]) == ("costs_open", D("93.22"))
    assert "Waives 20.00 of the costs" in said(office.decide(1001, "waive_costs", "2025-03-21", amount="20.00"))
    office.run("2025-03-24")
    assert office.case(1001)["costs_open"] == D("73.22")
    made = office.decide(1001, "waive_costs", "2025-03-24", note="not worth a letter")
    assert "closes as paid" in said(made)
    office.run("2025-03-25")
    case = office.case(1001)
    assert (case["state"], case["closed_reason"], case["costs_waived"]) == ("closed", "paid", D("93.22"))


def test_an_excluded_customer_gets_no_letter_on_any_claim_until_it_is_included(office: Office) -> None:
    made = office.decide(1001, "exclude", "2025-03-20", note="sister company")
    assert "No letter goes to customer 10001 for any claim" in said(made)
    assert office.run("2025-03-24")[0]["case_id"] == office.case(2001)["case_id"]  # 2001 is another customer's
    assert [office.case(no)["holds"] for no in (1001, 1002)] == [["excluded"], ["excluded"]]
    office.decide(1002, "include", "2025-03-24")
    assert [row["case_id"] for row in office.run("2025-03-25")] == [office.case(1002)["case_id"]]


def test_c4_an_exclusion_holds_merged_claims_too(office: Office) -> None:
    """Obligation C-4: no path around an exclusion, and whoever merges is told."""
    office.decide(1001, "exclude", "2025-03-20", note="sister company")
    made = office.decide(1002, "merge", "2025-03-20", with_=["1001"])
    assert "Customer 10001 is excluded: no letter goes" in said(made)
    sent = {row["case_id"] for on in ("2025-03-24", "2025-04-04", "2025-04-07") for row in office.run(on)}
    assert sent == {office.case(2001)["case_id"]}


def test_an_exclusion_follows_the_customer_into_another_number(office: Office) -> None:
    """Obligation D-2's customer: decided by its old number, lifted by the new one."""
    customer = {"customer_no": "10001", "customer_id": "c-10001"}
    decide(
        office.journal, TENANT, None, "exclude", {}, "Kari", moment("2025-03-20"), NothingKnown(), customer_no="10001"
    )
    office.ledger.debtor(10001, **{**customer, "customer_no": "10044"})  # the ledger calls it by another number now
    office.run("2025-03-24")
    assert (office.case(1002)["customer_no"], office.case(1002)["holds"]) == ("10044", ["excluded"])
    office.decide(1002, "include", "2025-03-24")
    office.run("2025-03-25")
    assert office.case(1002)["holds"] == []


def test_an_acknowledgement_starts_three_new_years_from_its_own_day(office: Office) -> None:
    assert office.case(1001)["limitation_date"] == date(2028, 3, 3)
    made = office.decide(1001, "acknowledge", "2025-03-20", date="2025-03-18", note="e-mail from the director")
    assert "may be made until 2028-03-20" in said(made)  # 18 March 2028 is a Saturday
    office.run("2025-03-21")
    assert office.case(1001)["limitation_date"] == date(2028, 3, 20)


def test_an_acknowledgement_after_the_last_day_is_taken_and_changes_nothing(empty_office: Office) -> None:
    """Rules § 8: it is told, and kept in the log."""
    office = empty_office
    office.ledger.invoice(1001, "10 000.00", due="2022-03-07", dated="2022-02-10")
    office.run("2025-03-10")
    made = office.decide(1001, "acknowledge", "2025-03-11", note="too late")
    assert "Changes nothing: the claim was time-barred after 2025-03-07" in said(made)
    office.run("2025-03-12")
    assert (office.case(1001)["limitation_date"], office.case(1001)["holds"]) == (date(2025, 3, 7), ["time_barred"])
    assert "hold: time_barred is not lifted" in str(office.weigh(1001, "release", "2025-03-12", hold="time_barred"))


def test_a_new_due_date_starts_interest_and_letters_anew_and_takes_the_early_fee_back(office: Office) -> None:
    made = office.decide(1001, "new_due_date", "2025-03-19", due="2025-04-28")
    assert "from 2025-03-03 to 2025-04-28" in said(made)
    assert "reminder on 2025-05-12" in said(made) and "(35.00) are withdrawn" in said(made)
    office.run("2025-03-20")
    assert (office.case(1001)["interest"], office.case(1001)["fees"]) == (D(0), D(0))
    assert office.case(1001)["limitation_date"] == date(2028, 3, 3)
    assert steps(office, "2025-05-09", "2025-05-12") == [("2025-05-12", "reminder")]


def test_merged_cases_share_a_letter_and_part_again(empty_office: Office) -> None:
    office = empty_office
    for no, due in ((1001, "2025-03-03"), (1002, "2025-03-10"), (1003, "2025-03-10")):
        office.ledger.invoice(no, "1 000.00", due=due, dated="2025-02-10")
    office.run("2025-03-11")
    made = office.decide(1002, "merge", "2025-03-11", with_=["1001", "1003"])
    assert "kept on case" in said(made) and "(invoice 1002)" in said(made)
    letters = [row for on in ("2025-03-17", "2025-03-24") for row in office.run(on)]
    assert len({row["letter_key"] for row in letters}) == 1 and len(letters) == 3
    assert [row["case_id"] for row in letters if row["bears_fee"]] == [office.case(1002)["case_id"]]

    parted = office.decide(1003, "unmerge", "2025-04-08", note="other contact person")
    assert "(invoice 1003) out" in said(parted)
    keys = {row["case_id"]: row["letter_key"] for row in office.run("2025-04-14")}
    assert keys[office.case(1001)["case_id"]] == keys[office.case(1002)["case_id"]]
    office.decide(1002, "unmerge", "2025-04-14")
    assert office.weigh(1001, "unmerge", "2025-04-14").refused_because is not None


@pytest.mark.parametrize(
    ("word", "paid", "credited", "written_off", "open_"),
    [("paid", 10000, 0, 0, 0), ("credited", 0, 10000, 0, 0), ("written_off", 0, 0, 10000, 10000)],
)
def test_an_unexplained_settlement_is_what_a_person_says_it_was(
    office: Office, word: str, paid: int, credited: int, written_off: int, open_: int
) -> None:
    office.ledger.journal("J1", "-10 000.00", dated="2025-03-20", offset_account="7830", for_=[1001])
    office.run("2025-03-21")
    assert office.case(1001)["holds"] == ["settled_without_bank"]
    made = office.decide(1001, "classify", "2025-03-21", as_=word)
    assert f"is {word.replace('_', ' ')}" in said(made)
    office.run("2025-03-24")
    case = office.case(1001)
    found = [case[name] for name in ("paid", "credited", "written_off", "principal_open")]
    assert (found, case["holds"]) == ([paid, credited, written_off, open_], [])
    assert office.weigh(1001, "classify", "2025-03-25", as_="paid").refused_because is None  # a word may be corrected


def test_credit_notes_3_goodwill_is_a_persons_word_and_both_readings_stay_in_the_log(office: Office) -> None:
    office.ledger.credit_note(3001, "4 000.00", dated="2025-03-20", for_=[1001])
    office.run("2025-03-24")
    assert office.case(1001)["interest"] == D("43.15")  # a correction: 6 000.00 from the due date on
    readings = [("goodwill", "2025-03-25", "68.49"), ("correction", "2025-03-25", "45.21")]
    for word, on, interest in (*readings, ("goodwill", "2025-03-28", "74.66")):
        made = office.decide(1001, "classify", on, as_=word)
        assert word in said(made)
        office.run(on)
        assert office.case(1001)["interest"] == D(interest)
    words = [made.payload["as"] for made in office.journal.decisions("fjellheim")]
    assert words == ["goodwill", "correction", "goodwill"]


def test_reversals_3_a_person_says_that_the_claim_stands_after_a_refund(empty_office: Office) -> None:
    """The hold ends, the reminder goes on the next business day, and its fee counts from that day."""
    office = empty_office
    office.ledger.invoice(1001, "10 000.00", due="2025-03-03", dated="2025-02-10", kid="001001")
    office.run("2025-03-04")
    office.ledger.payment("P1", "10 000.00", dated="2025-03-05", for_=[1001], kid="001001")
    office.run("2025-03-06")
    office.ledger.unmatch("P1", 1001)
    office.ledger.refund("R1", "10 000.00", dated="2025-03-20", of="P1")
    assert office.run("2025-03-20") == [] and office.run("2025-03-21") == []
    assert office.case(1001)["holds"] == ["refunded"]
    made = office.decide(1001, "release", "2025-03-21T15:00", hold="refunded", note="the claim stands")
    assert "Lifts refunded" in said(made) and "reminder on 2025-03-21" in said(made)
    (letter,) = office.run("2025-03-24")
    assert (letter["step"], letter["fee"], letter["deadline"]) == ("reminder", D(35), date(2025, 4, 7))
    assert office.case(1001)["holds"] == []


def test_a_release_of_everything_is_one_word_for_each_hold_that_is_there(empty_office: Office) -> None:
    """A hold that comes later is not released unseen."""
    office = empty_office
    office.settings = TenantSettings.of({"minimum_claim": "500.00"})
    office.ledger.invoice(1001, "100.00", due="2025-03-03", dated="2025-02-10")
    office.ledger.debtor(10001, register_hold="winding_up", register_hold_from=date(2025, 3, 1))
    office.run("2025-03-17")
    assert sorted(office.case(1001)["holds"]) == ["below_minimum", "winding_up"]
    made = office.decide(1001, "release", "2025-03-17", note="they pay their bills")
    assert [one["hold"] for one in made.weighed.payloads] == ["winding_up", "below_minimum"]
    assert [row["step"] for row in office.run("2025-03-18")] == ["reminder"]
    office.ledger.debtor(10001, register_hold="forced_liquidation", register_hold_from=date(2025, 3, 19))
    office.run("2025-03-19")
    assert office.case(1001)["holds"] == ["forced_liquidation"]


def test_interest_6_interest_from_a_later_day_keeps_the_due_date(office: Office) -> None:
    made = office.decide(1001, "interest_from", "2025-03-18", from_="2025-03-13", note="the invoice was sent late")
    assert "Interest counts from 2025-03-13; the due date 2025-03-03" in said(made)
    office.run("2025-03-18")
    case = office.case(1001)
    assert (case["interest"], case["due_date"], case["state"]) == (D("17.12"), date(2025, 3, 3), "reminded")
    assert office.journal.decisions("fjellheim")[0].payload["note"] == "the invoice was sent late"


def test_fees_4_a_payment_order_in_time_takes_the_notices_fee_back_and_it_never_becomes_income(office: Office) -> None:
    assert steps(office, "2025-04-04") == [("2025-04-04", "collection_notice")]
    assert office.case(1001)["fees"] == D(70)
    office.ledger.payment("P1", "10 200.00", dated="2025-04-07", for_=[1001])
    made = office.decide(1001, "paid_in_time", "2025-04-07", paid_on="2025-03-31", note="the bank's receipt")
    assert "35.00 of the collection notice sent 2025-04-04" in said(made)
    office.run("2025-04-08")
    case = office.case(1001)
    assert (case["fees"], case["state"]) == (D(35), "closed")
    (voucher,) = office.journal.vouchers("fjellheim")
    assert voucher.fee == D(35)


def test_a_withdrawn_fee_is_owed_no_more_and_its_step_stands(office: Office) -> None:
    made = office.decide(1001, "withdraw_fee", "2025-03-18", step="reminder", note="sent to a wrong address")
    assert "35.00 of the reminder sent 2025-03-17" in said(made)
    office.run("2025-03-18")
    assert (office.case(1001)["fees"], office.case(1001)["state"]) == (D(0), "reminded")


def test_a_legal_step_moves_the_state_and_the_limitation(office: Office) -> None:
    made = office.decide(1001, "legal", "2025-03-20", kind="judgment", reference="25-1", date="2025-03-19")
    assert "until 2035-03-19" in said(made)
    office.run("2025-03-21")
    assert (office.case(1001)["state"], office.case(1001)["limitation_date"]) == ("legal", date(2035, 3, 19))
    assert steps(office, "2025-04-04") == []
