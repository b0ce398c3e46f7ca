"""Vouchers taken back: by us, once; by a person for us; by a person without us (rules § 2, § 5.5)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kredin_pipeline.journal import JournalError
from resources.booking_again import book_again
from tests.unit.posting.company import LATER, NEXT, POSTED, REMINDED, TENANT, Company
from tests.unit.posting.conftest import Found

D = Decimal


def booked(company: Company, *invoices: int) -> None:
    """Reminded, paid with costs, and the vouchers posted."""
    for no in invoices:
        company.overdue(no)
    assert company.run(REMINDED).ok
    for no in invoices:
        company.paid_with_costs(no)
    outcome = company.run(POSTED)
    assert outcome.ok and outcome.messages == []


def standing(company: Company, no: int) -> list[Decimal]:
    """The sums of our vouchers on a customer that nobody has reversed."""
    return [
        D(line["amount"])
        for one in company.ours(no)
        if one["voucher_type"] == "ManualJournal" and not one["is_reversed"]
        for line in one["lines"]
        if line["customer_no"] is not None
    ]


def test_a_bounced_payment_takes_its_voucher_back_once_and_the_case_goes_on(founded: Found) -> None:
    company = founded()
    booked(company, 4601, 4604)
    company.event("2025-03-03T05:00", "reverse", of="P4601")
    company.event("2025-03-03T05:00", "unmatch", entries=["P4604"])

    outcome = company.run(NEXT)
    assert outcome.ok and outcome.messages == []

    for no in (4601, 4604):
        assert company.item(no, "reversal").state == "confirmed"
        assert standing(company, no) == []
        assert company.case(no)["principal_open"] == D(10000)
        assert company.case(no)["costs_paid"] == D(0)
    assert company.case(4601)["state"] == "reminded" and company.case(4601)["holds"] == ["reversed_payment"]
    assert company.posts("Vouchers/Reverse/") == 2
    assert company.credit(4601) == D(0)

    company.event(LATER, "match", entries=[4604, "P4604"])  # it was for this invoice after all
    for _ in range(2):
        outcome = company.run(LATER)
        assert outcome.ok and outcome.messages == []

    again = company.item(4604, "2")
    assert (again.state, standing(company, 4604)) == ("confirmed", [D("82.95")])
    assert again.reference != company.item(4604).reference
    assert company.case(4604)["closed_reason"] == "paid" and company.credit(4604) == D(0)
    assert company.posts("Vouchers/Reverse/") == 2


def test_what_a_person_reverses_for_us_ends_a_task_and_what_they_reverse_without_us_is_a_conflict(
    founded: Found,
) -> None:
    company = founded()
    booked(company, 4602, 4603)
    company.privileges("ReverseVoucher_Full")
    bounced, taken = company.ours(4602)[0], company.ours(4603)[0]
    company.event("2025-03-03T05:00", "reverse", of="P4602")
    company.event("2025-03-03T05:00", "reverse", of=taken["voucher_id"])

    first = company.run(NEXT, at="07:00")  # the token with the old rights has run out
    again = company.run(LATER)

    assert first.ok and again.ok
    assert again.messages == first.messages
    conflict, task = first.messages
    assert f"reverse voucher {bounced['voucher_no']} in PowerOffice (invoice 4602" in task
    assert "ReverseVoucher_Full" in task and "4603" not in task
    assert f"voucher {taken['voucher_no']} was reversed or corrected in PowerOffice, not by us" in conflict
    assert (company.item(4602, "reversal").state, company.item(4603).state) == ("rejected", "conflict")
    assert company.posts("Vouchers/Reverse/") == 1
    assert len(company.journal.history(company.item(4602, "reversal").key)) == 3
    assert company.case(4602)["state"] == "reminded" and company.case(4603)["closed_reason"] == "paid"

    company.event("2025-03-04T12:00", "reverse", of=bounced["voucher_id"])
    seen = company.item(4603)
    company.journal.let_stand(TENANT, "conflict", conflict, "ours", "Kari", company.control.now(), key=seen.key)
    done = company.run("2025-03-05")

    assert done.ok and done.messages == []
    assert company.item(4602, "reversal").state == "confirmed"
    told = [change.reason for change in company.journal.history(company.item(4602, "reversal").key)]
    assert "found reversed in PowerOffice" in told
    assert (standing(company, 4602), standing(company, 4603), len(company.items())) == ([], [], 3)

    with pytest.raises(JournalError, match="is a voucher in state confirmed, want a voucher in conflict"):
        book_again(company.journal, company.poweroffice(), company.item(4602).key, "x", "Kari", company.control.now())
    book_again(company.journal, company.poweroffice(), seen.key, "it was a slip", "Kari", company.control.now())
    done = company.run("2025-03-05", at="12:00")

    assert done.ok and done.messages == []
    assert (standing(company, 4602), standing(company, 4603)) == ([], [D("82.95")])
    assert company.item(4603, "2").state == "confirmed"
    assert company.posts("Vouchers/Reverse/") == 1
