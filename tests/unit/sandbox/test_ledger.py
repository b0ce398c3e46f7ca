"""The books: settlement, balances as of a date, reversal, write-off, merge, deletion."""

from __future__ import annotations

import pytest

from kredin_pipeline.sandbox.clock import SandboxClock
from kredin_pipeline.sandbox.ledger import Company, LedgerConflict, LedgerError, NotInLedger


@pytest.fixture
def clock() -> SandboxClock:
    return SandboxClock("2025-03-10")


@pytest.fixture
def company(clock: SandboxClock) -> Company:
    return Company(clock, "Fjellheim AS", "999990002")


def on(company: Company, day: str) -> None:
    company.clock.set(day)


def balance(company: Company, ref: str | int, day: str | None = None) -> str:
    entry = company.entry(ref)
    return f"{(entry.balance if day is None else entry.balance_at(day)) / 100:.2f}"


def test_a_part_payment_leaves_the_rest_open_and_shares_the_match_id(company: Company) -> None:
    company.invoice(1001, 10001, "12000.00", due="2025-03-24")
    on(company, "2025-03-20")
    company.payment("P1", 10001, "5000.00", for_=[1001])
    assert balance(company, 1001) == "7000.00"
    assert balance(company, "P1") == "0.00"
    assert company.entry(1001).group is company.entry("P1").group is not None


def test_a_match_counts_from_the_later_of_the_two_posting_dates(company: Company) -> None:
    company.invoice(1001, 10001, 4000, due="2025-04-30", dated="2025-03-01")
    company.payment("P1", 10001, 4000, for_=[1001], dated="2025-05-20")
    assert balance(company, 1001, "2025-05-19") == "4000.00"
    assert balance(company, 1001, "2025-05-20") == "0.00"


def test_a_payment_before_the_invoice_counts_from_the_invoice(company: Company) -> None:
    company.invoice(1001, 10001, 1250, due="2025-03-24", dated="2025-03-10")
    company.payment("P1", 10001, 1250, for_=[1001], dated="2025-03-01")
    assert balance(company, "P1", "2025-03-09") == "-1250.00"
    assert balance(company, "P1", "2025-03-10") == "0.00"


def test_one_payment_for_several_invoices_takes_the_oldest_due_first(company: Company) -> None:
    company.invoice(1002, 10001, 3000, due="2025-03-31")
    company.invoice(1001, 10001, 4000, due="2025-03-24")
    company.payment("P1", 10001, 3000, for_=[1002, 1001])
    assert (balance(company, 1001), balance(company, 1002)) == ("1000.00", "3000.00")


def test_what_is_paid_too_much_stays_open_on_the_payment_with_the_invoices_kid(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24", kid="0010010013")
    company.payment("P1", 10001, 1300, for_=[1001])
    assert balance(company, "P1") == "-300.00"
    assert company.entry("P1").kid == "0010010013"


def test_a_payment_on_a_written_off_invoice_finds_no_balance(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.write_off([1001])
    company.payment("P1", 10001, 250, for_=[1001], kind="ocr")
    assert balance(company, "P1") == "-250.00"
    assert company.entry("P1").group is None
    assert company.entry("P1").kid == company.entry(1001).kid


def test_the_write_off_takes_the_whole_balance_and_is_marked(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.payment("P1", 10001, 400, for_=[1001])
    voucher = company.write_off([1001], id="W1")
    counter = voucher.entries[0]
    assert (counter.amount, counter.balance, counter.is_write_off) == (-60000, 0, True)
    assert not company.entry(1001).is_write_off
    assert counter.group is company.entry(1001).group
    assert [(line.account_no, line.amount) for line in company.books.lines(voucher)] == [
        ("1500", -60000), ("7830", 60000)]  # fmt: skip


def test_writing_off_several_items_makes_one_entry_each_in_one_voucher(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.invoice(1002, 10001, 2000, due="2025-03-25")
    voucher = company.write_off([1001, 1002])
    assert [entry.amount for entry in voucher.entries] == [-100000, -200000]


def test_nothing_open_cannot_be_written_off(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.payment("P1", 10001, 1000, for_=[1001])
    with pytest.raises(LedgerError, match="nothing is open on 1001"):
        company.write_off([1001])


def test_a_reversed_payment_opens_the_invoice_and_matches_its_reversal(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.payment("P1", 10001, 1000, for_=[1001])
    before = company.entry(1001).changed
    on(company, "2025-03-20")
    reversal = company.reverse("P1")
    assert balance(company, 1001) == "1000.00"
    assert company.entry(1001).group is None
    assert company.entry(1001).changed > before
    assert company.entry("P1").group is reversal.entries[0].group is not None
    assert reversal.type == "ReversalVoucher"
    assert company.entry("P1").voucher.reversed_by is reversal


def test_a_voucher_is_reversed_once(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.reverse(1001)
    with pytest.raises(LedgerConflict, match="already reversed"):
        company.reverse(1001)


def test_a_reversed_invoice_number_may_be_used_again(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    with pytest.raises(LedgerError, match="already in use"):
        company.invoice(1001, 10001, 900, due="2025-03-24")
    company.reverse(1001)
    company.invoice(1001, 10001, 900, due="2025-03-24")
    assert balance(company, 1001) == "900.00"


def test_unmatching_brings_the_balances_back_and_moves_the_timestamps(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.payment("P1", 10001, 1000, for_=[1001])
    stamps = company.entry(1001).changed, company.entry("P1").changed
    company.unmatch([1001, "P1"])
    assert (balance(company, 1001), balance(company, "P1")) == ("1000.00", "-1000.00")
    assert company.entry(1001).group is None and company.entry("P1").group is None
    assert company.entry(1001).changed > stamps[0] and company.entry("P1").changed > stamps[1]


def test_unmatching_one_payment_keeps_the_other(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.payment("P1", 10001, 400, for_=[1001])
    company.payment("P2", 10001, 600, for_=[1001])
    company.unmatch([1001, "P1"])
    assert balance(company, 1001) == "400.00"
    assert company.entry("P2").group is company.entry(1001).group is not None
    assert company.entry("P1").group is None


def test_what_is_not_matched_cannot_be_unmatched(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.payment("P1", 10001, 1000)
    with pytest.raises(LedgerError, match="not matched"):
        company.unmatch([1001, "P1"])


def test_groups_that_meet_become_one_with_the_older_id(company: Company) -> None:
    for no in (1001, 1002):
        company.invoice(no, 10001, 1000, due="2025-03-24")
        company.payment(f"P{no}", 10001, 500, for_=[no])
    first, second = company.entry(1001).group, company.entry(1002).group
    assert first is not None and second is not None and first.id < second.id
    company.payment("P3", 10001, 1000, for_=[1001, 1002])
    assert {e.group for e in company.books.entries.values()} == {first}
    assert list(company.matching.groups) == [first.id]


def test_entries_of_two_customers_are_not_matched(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.payment("P1", 10002, 1000)
    with pytest.raises(LedgerError, match="one customer"):
        company.match([1001, "P1"])


def test_a_refund_of_a_surplus_leaves_the_invoice_settled(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.payment("P1", 10001, 1500, for_=[1001])
    company.refund("R1", 10001, 500, for_=["P1"])
    assert [balance(company, ref) for ref in (1001, "P1", "R1")] == ["0.00"] * 3


def test_a_refund_for_a_paid_invoice_opens_it_again(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.payment("P1", 10001, 1000, for_=[1001])
    company.refund("R1", 10001, 300, for_=[1001])
    assert [balance(company, ref) for ref in (1001, "P1", "R1")] == ["300.00", "0.00", "0.00"]


def test_a_credit_note_is_negative_and_names_the_invoice_it_credits(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    note = company.credit_note(2001, 10001, 250, for_=[1001])
    assert note.type == "OutgoingCreditNote" and note.entries[0].amount == -25000
    assert note.related_invoice_no == "1001"
    assert balance(company, 1001) == "750.00"


def test_a_deleted_invoice_is_nowhere_and_its_payment_is_open(company: Company) -> None:
    voucher = company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.payment("P1", 10001, 1000, for_=[1001])
    guid = company.books.voucher_id(voucher)
    company.delete(1001)
    assert company.books.voucher_by_id(guid) is None
    assert [e.voucher.type for e in company.books.entries.values()] == ["BankJournal"]
    assert balance(company, "P1") == "-1000.00"
    with pytest.raises(NotInLedger, match="nothing is called 1001"):
        company.entry(1001)


def test_merged_customers_share_their_entries_and_the_first_is_gone(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.invoice(1002, 10002, 500, due="2025-03-24")
    old = company.customers["10001"]
    company.merge_customers(10001, 10002)
    assert old.id not in company.customers_by_id and "10001" not in company.customers
    assert {e.customer.no for e in company.books.entries.values()} == {"10002"}
    assert len(company.customers["10002"].entries) == 2


def test_foreign_currency_settled_to_zero_posts_the_exchange_difference(company: Company) -> None:
    company.invoice(1001, 10001, "5713.75", due="2025-03-24", currency="EUR", currency_amount=500)
    company.payment("P1", 10001, "5700.00", for_=[1001], currency="EUR", currency_amount=500)
    assert balance(company, 1001) == "0.00"
    difference = list(company.books.vouchers.values())[-1]
    assert [(line.account_no, line.amount) for line in company.books.lines(difference)] == [
        ("1500", -1375), ("8160", 1375)]  # fmt: skip


def test_own_reminders_are_open_entries_of_their_own_type(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    made = company.own_reminder("F1", 10001, 35, for_=1001)
    assert (made.type, made.entries[0].invoice_no, made.entries[0].balance) == ("OutgoingPaymentReminder", None, 3500)


def test_one_number_series_for_all_voucher_types(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.payment("P1", 10001, 1000, for_=[1001])
    company.credit_note(2001, 10001, 100)
    assert [voucher.no for voucher in company.books.vouchers.values()] == [1, 2, 3]


def test_changes_are_found_by_a_cursor_once_each(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    company.invoice(1002, 10001, 1000, due="2025-03-24")
    cursor = company.clock.tick()
    company.payment("P1", 10001, 1000, for_=[1001])
    assert [e.voucher.type for e in company.books.entries_changed_after(cursor)] == ["OutgoingInvoice", "BankJournal"]
    assert company.books.entries_changed_after(company.entry(1001).changed) == []


def test_a_customer_is_a_business_with_number_and_addresses_unless_told_otherwise(company: Company) -> None:
    business = company.customer(10001)
    person = company.customer(10002, person=True)
    minor = company.customer(10003, minor=True)
    assert business.fields["OrganizationNumber"] and business.fields["EmailAddress"] and business.fields["MailAddress"]
    assert person.fields["IsPerson"] and person.fields["OrganizationNumber"] is None and person.fields["LastName"]
    assert minor.fields["DateOfBirth"] == "2009-01-15"
    with pytest.raises(LedgerError, match="unknown key 'nmae'"):
        company.customer(10001, nmae="X")


def test_an_address_change_does_not_move_the_customers_timestamp(company: Company) -> None:
    customer = company.customer(10001)
    before = customer.changed
    company.customer(10001, address={"line1": "Nygata 2", "zip": "7010", "city": "Trondheim"})
    assert customer.changed == before
    company.customer(10001, email="ny@kunde.example")
    assert customer.changed > before


def test_a_correction_is_a_pair_of_vouchers_linked_to_the_wrong_one(company: Company) -> None:
    company.invoice(1001, 10001, 1000, due="2025-03-24")
    wrong = company.payment("P1", 10001, 100, for_=[1001])
    right = company.correct("P1", "P2", amount="-1000")
    assert wrong.reversed_by is not None and wrong.reversed_by.reverses is wrong
    assert (right.type, right.corrects, right.entries[0].balance) == ("CorrectionVoucher", wrong, -100000)
    assert balance(company, 1001) == "1000.00"
    company.match([1001, "P2"])
    assert balance(company, 1001) == "0.00"
    with pytest.raises(LedgerError, match="only a payment, refund or journal"):
        company.correct(1001, "X")
