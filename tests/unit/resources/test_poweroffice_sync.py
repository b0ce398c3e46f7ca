"""A day's read against a real server: whatever pages and crashes do, the mirror is the ledger or says it is not."""

from __future__ import annotations

from datetime import date

import pytest

from kredin_pipeline.ledger.sync_state import is_proved
from resources.http_errors import PassingFailure, PermanentFailure
from tests.unit.resources.company import Company


def three_invoices(company: Company) -> None:
    for no in (1001, 1002, 1003):
        company.invoice(no, "1000.00")


def test_a_first_run_mirrors_the_whole_ledger_and_proves_it(company: Company) -> None:
    three_invoices(company)
    company.happens("2025-02-20", "payment", id="P1", customer=10018, amount="400.00", for_=[1002])
    report = company.run("2025-03-01")
    assert report.ok and report.full_read and not report.read_again
    assert company.balances() == {"1001": "1000.00", "1002": "600.00", "1003": "1000.00"}
    assert is_proved(company.con, date(2025, 3, 1))
    assert company.one("select count(*) from poweroffice_customers") == 1
    assert company.one("select count(*) from poweroffice_outgoing_invoices where balance > 0") == 3


def test_a_quiet_day_costs_four_requests_and_changes_nothing(company: Company) -> None:
    three_invoices(company)
    company.run("2025-03-01")
    company.run("2025-03-02")  # after a full read, what changed is confirmed once
    before = company.con.execute("from poweroffice_ledger_entries order by 1").fetchall()
    company.sandbox.control.clear_requests()
    report = company.run("2025-03-03")
    assert report.ok and not report.full_read
    assert report.requests == len(company.sandbox.control.requests()) == 5  # and the day's token
    assert {name: result.changed for name, result in report.results.items()} == dict.fromkeys(
        ("ledger_entries", "customers", "contact_persons"), 0
    )
    assert company.con.execute("from poweroffice_ledger_entries order by 1").fetchall() == before


def test_an_empty_company_is_proved_empty(company: Company) -> None:
    assert company.run("2025-03-01").ok
    assert company.run("2025-03-02").ok


def test_a_payment_arrives_and_only_what_it_touches_is_changed(company: Company) -> None:
    three_invoices(company)
    company.run("2025-03-01")
    company.happens("2025-03-05", "payment", id="P1", customer=10018, amount="400.00", for_=[1002])
    report = company.run("2025-03-06")
    assert report.ok and report.results["ledger_entries"].changed == 2
    assert company.balances()["1002"] == "600.00"
    assert company.one("select balance from poweroffice_outgoing_invoices where invoice_no = '1002'") == 600


# --- rows that hide, pages that lie (H-01, H-03, H-05, H-16) -------------------------------------------------------


@pytest.mark.parametrize("kind", ["short_page", "shifted_page", "repeated_rows", "empty_200"])
def test_whatever_one_page_does_the_mirror_is_whole_the_same_morning(company: Company, kind: str) -> None:
    three_invoices(company)
    company.run("2025-03-05")
    company.happens("2025-03-07", "payment", id="P1", customer=10018, amount="1000.00", for_=[1001])
    company.happens("2025-03-07", "payment", id="P2", customer=10018, amount="400.00", for_=[1002])
    company.invoice(1004, "1000.00", on="2025-03-07")
    company.fault("GET /Customerledger/Statement", kind)
    report = company.run("2025-03-10")
    assert report.ok
    assert company.balances() == {"1001": "0.00", "1002": "600.00", "1003": "1000.00", "1004": "1000.00"}
    assert not report.read_again  # two readings that agree were enough


def test_the_first_read_of_all_is_repeated_when_a_page_was_short(company: Company) -> None:
    three_invoices(company)
    company.fault("GET /Customerledger/Statement", "short_page")
    report = company.run("2025-03-05")
    assert report.ok and report.read_again
    assert len(company.balances()) == 3


def test_a_ledger_that_stays_short_is_red_and_never_called_whole(company: Company) -> None:
    three_invoices(company)
    company.run("2025-03-05")
    company.happens("2025-03-07", "payment", id="P1", customer=10018, amount="1000.00", for_=[1001])
    company.fault("GET /Customerledger/Statement", "short_page", times=10)
    report = company.run("2025-03-10")
    assert not report.ok
    assert report.completeness is not None and "10018" in report.completeness.message
    assert not is_proved(company.con, date(2025, 3, 10))
    assert company.run("2025-03-10T07:00").ok is False
    company.sandbox.control.clear_faults()
    assert company.run("2025-03-10T08:00").ok


def test_changes_around_the_hours_of_the_clock_change_are_all_read(company: Company) -> None:
    """Case H-14."""
    three_invoices(company)
    company.run("2025-03-30T01:30")
    company.happens("2025-03-30T01:45", "payment", id="P1", customer=10018, amount="1000.00", for_=[1001])
    assert company.run("2025-03-30T03:15").ok
    company.happens("2025-03-30T03:20", "payment", id="P2", customer=10018, amount="300.00", for_=[1002])
    report = company.run("2025-03-31")
    assert report.ok and not report.read_again
    assert company.balances() == {"1001": "0.00", "1002": "700.00", "1003": "1000.00"}


# --- what disappears (H-07) ----------------------------------------------------------------------------------------


def test_a_deleted_payment_is_gone_too_and_its_invoice_open_again(company: Company) -> None:
    three_invoices(company)
    company.happens("2025-02-20", "payment", id="P1", customer=10018, amount="1000.00", for_=[1001])
    company.run("2025-03-19")
    company.happens("2025-03-20", "delete", no="P1")
    report = company.run("2025-03-21")
    assert report.ok and len(report.gone["ledger_entries"]) == 1
    assert company.balances()["1001"] == "1000.00"


def test_documents_that_vanish_without_a_trace_in_the_balance_are_found_by_the_weekly_read(company: Company) -> None:
    three_invoices(company)
    company.happens("2025-02-20", "payment", id="P1", customer=10018, amount="1000.00", for_=[1001])
    company.run("2025-03-03")
    company.happens("2025-03-04", "delete", no="P1")
    company.happens("2025-03-04", "delete", no=1001)
    assert "ledger_entries" not in company.run("2025-03-05").gone
    report = company.run("2025-03-10")
    assert report.full_read and len(report.gone["ledger_entries"]) == 2


def test_a_404_alone_closes_nothing_that_the_balance_still_contains(company: Company) -> None:
    three_invoices(company)
    company.run("2025-03-03")
    company.fault("GET /Customerledger/Statement", "short_page")
    company.fault("GET /OutgoingInvoices", "status", code=404)
    report = company.run("2025-03-10")
    assert report.gone == {} and len(company.balances()) == 3


# --- runs that break (H-16, H-18) ----------------------------------------------------------------------------------


def test_a_run_that_breaks_at_the_customers_misses_nothing_the_next_day(company: Company) -> None:
    """Case H-18: the ledger had been read when /Customers was refused."""
    three_invoices(company)
    company.run("2025-03-12")
    company.happens("2025-03-12T15:00", "payment", id="P1", customer=10018, amount="1000.00", for_=[1001])
    company.invoice(1004, "500.00", on="2025-03-12T15:00")
    company.fault("GET /Customers", "status", code=403)
    with pytest.raises(PermanentFailure, match="GET /Customers answered 403"):
        company.run("2025-03-13")
    assert company.run("2025-03-14").ok
    assert company.balances()["1001"] == "0.00" and company.balances()["1004"] == "500.00"


def test_two_timeouts_of_the_ledger_do_not_cost_the_day(company: Company) -> None:
    """Case J-13."""
    three_invoices(company)
    company.run("2025-03-14")
    company.fault("GET /Customerledger/Statement", "timeout", times=2)
    assert company.run("2025-03-17").ok


def test_a_ledger_that_never_answers_fails_with_a_passing_failure(company: Company) -> None:
    three_invoices(company)
    company.fault("GET /Customerledger/Statement", "status", code=503, times=50)
    with pytest.raises(PassingFailure, match="tried 3 times"):
        company.run("2025-03-14")


def test_a_token_that_dies_under_way_is_renewed(company: Company) -> None:
    three_invoices(company)
    company.fault("GET /Customers", "token_expired")
    assert company.run("2025-03-14").ok


# --- what entries point to -----------------------------------------------------------------------------------------


def test_a_customer_merged_into_another_is_gone_at_once_and_its_invoices_stay(company: Company) -> None:
    """Obligation D-2, the mirror's part."""
    three_invoices(company)
    company.invoice(2001, "10.00", customer=10044)
    company.run("2025-03-03")
    company.happens("2025-03-04", "customer_merge", **{"from": 10018, "into": 10044})
    report = company.run("2025-03-05")
    assert report.ok and not report.full_read
    assert company.one("select gone_on from poweroffice_customers where customer_no = '10018'") == date(2025, 3, 5)
    assert company.one("select count(*) from poweroffice_ledger_entries where customer_no = '10044'") == 4
    assert company.one("select count(*) from poweroffice_ledger_entries where gone_on is not null") == 0


def test_journals_and_reversals_bring_their_vouchers_lines_and_are_asked_for_once(company: Company) -> None:
    three_invoices(company)
    company.happens("2025-02-20", "payment", id="P1", customer=10018, amount="1000.00", for_=[1001])
    company.happens("2025-02-21", "reverse", of="P1")
    company.happens(
        "2025-02-22", "journal", id="J1", customer=10018, amount="-50.00", offset_account="7830", for_=[1002]
    )
    company.run("2025-03-01")
    kinds = company.con.execute(
        "select distinct voucher_type, reversed_voucher_id is not null from poweroffice_account_transactions order by 1"
    ).fetchall()
    assert kinds == [("ManualJournal", False), ("ReversalVoucher", True)]
    company.sandbox.control.clear_requests()
    company.run("2025-03-02")
    assert company.asked("/AccountTransactions") == company.asked("/OutgoingInvoices") == []


def test_a_customer_that_the_change_filter_did_not_bring_is_asked_for_by_number(company: Company) -> None:
    three_invoices(company)
    company.run("2025-03-03")
    company.invoice(1004, "10.00", on="2025-03-04", customer=10099)
    company.fault("GET /Customers", "late_visible", seconds=86_400 * 3)
    assert company.run("2025-03-05").ok
    assert company.one("select count(*) from poweroffice_customers where customer_no = '10099'") == 1


def test_pages_of_old_days_are_dropped(company: Company) -> None:
    company.run("2025-03-01")
    company.run("2025-04-15")
    assert [folder.name for folder in (company.folder / "pages").iterdir()] == ["2025-04-15"]


def test_two_companies_of_one_integration_never_share_a_token(company: Company) -> None:
    three_invoices(company)
    other = Company(company.sandbox, company.folder, reset=False)
    other.happens("2025-02-10", "invoice", no=7, customer=10018, amount="5.00", due="2025-03-03")
    clock = company.clock("2025-03-01")
    first, second = company.client(clock), other.client(clock)
    day = clock.today()
    balances = [str(client.customer_balances(day)[0]["Balance"]) for client in (first, second, first, second)]
    assert balances == ["3000.00", "5.00", "3000.00", "5.00"]
