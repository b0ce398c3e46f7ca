"""Our own vouchers come back through the mirror and are known as ours (rules §§ 1.1, 2)."""

from __future__ import annotations

from decimal import Decimal

from tests.unit.posting.company import COSTS, NEXT, POSTED, REMINDED, Company
from tests.unit.posting.conftest import Found

D = Decimal


def nets_to_zero(company: Company, no: int) -> None:
    """Closed as paid with its costs; no case, no credit and no interest comes of our own voucher."""
    case = company.case(no)
    assert (case["state"], case["closed_reason"], case["total_open"]) == ("closed", "paid", D(0))
    assert (case["costs_paid"], case["costs_open"], case["fees"]) == (D("82.95"), D(0), D("35.00"))
    assert case["interest"] == D("82.19")  # to the payment's day, of which the letter's 47.95 was paid in time (§ 4.6)
    assert company.credit(no) == D(0)
    assert company.rows(f"select count(*) from claims where customer_no = '{10_000 + no}'") == [(1,)]


def test_overpayment_and_voucher_net_to_zero_matched_or_not_and_what_is_left_is_the_customers(founded: Found) -> None:
    """One answer is lost as well, and the ledger gives references back in capitals."""
    company = founded()
    company.control.set_options(references_in_capitals=True)
    for no in (4601, 4602, 4603):
        company.overdue(no)
    assert company.run(REMINDED).ok
    for no, amount in ((4601, "10082.95"), (4602, "10082.95"), (4603, "10182.95")):
        company.paid_with_costs(no, amount=amount)
    company.event("2025-02-28T05:58", "fault", route="POST /Vouchers/ManualJournals", kind="reset_after_commit")
    outcome = company.run(POSTED)
    assert outcome.ok and outcome.messages == []
    assert company.credit(4603) == D("100.00")
    (ours,) = company.ours(4602)
    assert str(ours["external_import_reference"]).isupper()
    company.event("2025-03-01", "match", entries=["P4602", ours["voucher_id"]])

    outcome = company.run(NEXT)

    assert outcome.ok and outcome.messages == []
    for no in (4601, 4602):  # its debit stands open; is matched with the overpayment
        nets_to_zero(company, no)
    assert company.credit(4603) == D("100.00")
    assert len(company.ours()) == 3
    for item in company.items().values():
        assert item.state == "confirmed"
        assert tuple(str(item.payload[name]) for name in ("fee", "interest", "total")) == COSTS
    reasons = dict(company.rows("select reason, count(*) from unclaimable group by all"))
    assert reasons["own_voucher"] == 3
    assert company.rows("select count(*) from journal_cases") == [(3,)]
