"""The obligations on reading, by their numbers: what the mirror owes the ledger (acceptance, sync, S-1 to S-11).

Belongs here: one or more tests an obligation. How a list is read in many pages is in ``tests/unit/resources``;
thousands of faults, and processes that are killed, are in ``tests/mirror_faults``.
"""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from kredin_pipeline.ledger.landing import LandedResource
from kredin_pipeline.ledger.mirror import load_pages
from kredin_pipeline.ledger.sync_state import is_proved, progress
from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown
from kredin_pipeline.sandbox.server import RunningSandbox
from resources.http_errors import PermanentFailure
from resources.poweroffice_sync import SyncSettings
from tests.unit.ledger.pages import NOW, TODAY, a_book, entry, landed, load, mirrored
from tests.unit.resources.company import Company
from tests.unit.resources.doors import NotedClock, Wire, a_client, queries, rows

TIMED_OUT = httpx.ReadTimeout("slow")
REFUSED = httpx.ConnectError("refused")
JOURNAL = {"VoucherDate": "2025-03-10", "VoucherLines": [{"CurrencyAmount": Decimal("340.05")}]}


@pytest.fixture
def company(sandbox: RunningSandbox, tmp_path: Path) -> Company:
    return Company(sandbox, tmp_path)


def three_invoices(company: Company) -> None:
    for no in (1001, 1002, 1003):
        company.invoice(no, "1000.00")


def entries(folder: Path, cursor: datetime | None = None) -> LandedResource:
    return LandedResource("ledger_entries", folder, cursor is None, datetime(2025, 3, 10, 5, 0, tzinfo=UTC), cursor)


# --- S-1: rows that share a time, or come late -----------------------------------------------------------------------


def test_s1_rows_that_share_a_change_time_are_held_once_and_a_later_one_with_it_arrives(tmp_path: Path) -> None:
    """The overlap brings the first three again; they are doubled nowhere, the fourth is added."""
    con = a_book()
    same = [entry(no, "100.00", changed="2025-03-10T04:59:59.1234567") for no in (1, 2, 3)]
    load(con, tmp_path, same)
    second = load(con, tmp_path, [*same, entry(4, "100.00", changed="2025-03-10T04:59:59.1234567")])

    assert (second.rows_in, second.kept, second.changed) == (4, 4, 1)
    assert len(mirrored(con)) == 4
    assert con.execute("select count(*) from poweroffice_ledger_entry_changes").fetchone() == (4,)


def test_s1_rows_that_become_visible_late_are_there_the_same_day_by_their_balance(company: Company) -> None:
    """Case H-01: booked a minute before the read, hidden from it for two hours."""
    three_invoices(company)
    company.run("2025-03-12")
    company.fault("GET /Customerledger/Statement", "late_visible", seconds=7200)
    company.happens("2025-03-13T05:59", "payment", id="P1", customer=10018, amount="1000.00", for_=[1001])
    assert company.run("2025-03-13").ok
    assert company.balances()["1001"] == "0.00"


def test_s1_a_row_hidden_all_day_arrives_with_the_next_read_once(company: Company) -> None:
    """The overlap goes back behind the newest change that was seen."""
    three_invoices(company)
    company.run("2025-03-12")
    company.fault("/Customerledger", "late_visible", seconds=7200, times=20)
    company.happens("2025-03-13T05:58", "payment", id="P1", customer=10018, amount="1000.00", for_=[1001])
    assert not company.run("2025-03-13").ok  # the balances know of it already
    company.sandbox.control.clear_faults()
    assert company.run("2025-03-14").ok
    assert company.one("select count(*) from poweroffice_ledger_entries where voucher_type = 'BankJournal'") == 1


# --- S-2: pages end with the data ------------------------------------------------------------------------------------


@pytest.mark.parametrize("claimed", ["100", "0", "9999"])
def test_s2_250_rows_are_read_to_the_end_whatever_count_the_server_claims(tmp_path: Path, claimed: str) -> None:
    """The loop ends on the data; the claim is kept for the log."""
    wire = Wire(*(rows(n, at, **{"X-Total-Count": claimed}) for n, at in ((100, 1), (100, 101), (50, 201))))
    read = a_client(wire).land_ledger_entries(entries(tmp_path), date(2025, 3, 10))
    ids = [row["Id"] for path in read.paths for row in json.loads(gzip.decompress(Path(path).read_bytes()))]
    assert ids == list(range(1, 251))
    assert queries(wire, "PageNumber") == ["1", "2", "3"]
    assert set(queries(wire, "OrderBy")) == {"Id asc"}
    assert read.claimed_total == int(claimed)


@pytest.mark.parametrize("end", [httpx.Response(204), httpx.Response(200, content=b"[]")])
def test_s2_a_page_of_exactly_the_page_size_is_followed_by_one_more(tmp_path: Path, end: httpx.Response) -> None:
    """204 ends it."""
    wire = Wire(rows(100), end)
    read = a_client(wire).land_ledger_entries(entries(tmp_path), date(2025, 3, 10))
    assert (len(wire.requests), len(read.files)) == (2, 1)


def test_s2_the_claimed_count_is_reported_and_not_believed(tmp_path: Path) -> None:
    """A claimed total of 100 or 0 changes nothing but the notes."""
    for claimed in (100, 0):
        con = a_book()
        read = landed(tmp_path, "ledger_entries", [entry(no, "1.00") for no in range(1, 4)], claimed_total=claimed)
        result = load_pages(con, read, TODAY, NOW)
        assert result.kept == 3
        assert f"ledger_entries: the server claimed {claimed} rows, 3 came" in result.drift


# --- S-3: rows that move ---------------------------------------------------------------------------------------------


def test_s3_rows_that_move_up_while_several_pages_are_read_are_not_lost(company: Company) -> None:
    """Row 20 goes away after page 1, row 251 comes; the closing balances prove the rest."""
    for no in range(1001, 1026):
        company.invoice(no, "100.00", customer=10018 + no % 5)
    company.page_size = 10
    company.fault("GET /Customerledger/Statement", "shifted_page")
    report = company.run("2025-03-01")
    assert report.ok and report.read_again and len(company.balances()) == 25


# --- S-4: more rows than one read returns ----------------------------------------------------------------------------


@pytest.mark.parametrize("refuses", [True, False])
def test_s4_a_tenant_with_more_open_rows_than_one_read_returns_is_read_in_parts_until_it_is_whole(
    company: Company, refuses: bool
) -> None:
    """The ceiling at 50 rows: of the entries, and of the open items that they are held against."""
    for no in range(1001, 1093):
        company.invoice(no, "100.10", customer=10018 + no % 7)
    company.page_size, company.ceiling = 10, 50
    company.sandbox.control.set_options(read_ceiling=50, read_ceiling_refuses=refuses)
    try:
        report = company.run("2025-03-01")
    finally:
        company.sandbox.control.set_options(read_ceiling=0)
    assert report.ok and not report.read_again and len(company.balances()) == 92
    assert report.completeness is not None and str(report.completeness.ledger_total) == "9209.20"
    assert report.requests == len(company.sandbox.control.requests()) < 120
    assert f"Customerledger/Statement {report.traffic.by_route['Customerledger/Statement']}" in str(
        report.about_reading()["requests_by_route"]
    )


# --- S-5: the cursor on the wire -------------------------------------------------------------------------------------


def test_s5_a_cursor_is_sent_in_utc_with_seven_digits_and_its_plus_sign_escaped(tmp_path: Path) -> None:
    """The exact text on the wire."""
    wire = Wire(httpx.Response(204))
    oslo_winter = datetime(2025, 3, 30, 1, 30, 0, 550_000, tzinfo=timezone(timedelta(hours=1)))
    a_client(wire).land_ledger_entries(entries(tmp_path, oslo_winter), date(2025, 3, 30))
    query = wire.requests[0].url.query.decode()
    assert "lastChangedDateTimeOffsetGreaterThan=2025-03-30T00%3A30%3A00.5500000%2B00%3A00" in query
    assert "fromDate=1990-01-01&toDate=2035-12-31" in query


@pytest.mark.parametrize("minutes", [0, 60, 180])
def test_s5_a_read_begins_an_hour_or_more_before_the_newest_change_seen(company: Company, minutes: int) -> None:
    """The overlap is one hour at least, whatever is configured."""
    company.settings = SyncSettings("fjellheim", overlap=timedelta(minutes=minutes))
    company.invoice(1001, "1000.00", on="2025-02-10T12:00")
    company.run("2025-03-01")
    company.sandbox.control.clear_requests()
    company.run("2025-03-02")
    request, _ = company.asked("/Customerledger/Statement")
    hour = {0: 10, 60: 10, 180: 8}[minutes]  # noon in Oslo is 11:00 UTC
    assert f"lastChangedDateTimeOffsetGreaterThan=2025-02-10T{hour:02}%3A00%3A00.0000000%2B00%3A00" in request["query"]


# --- S-6: times ------------------------------------------------------------------------------------------------------


def test_s6_times_in_several_offsets_become_utc_and_one_without_is_refused(tmp_path: Path) -> None:
    """10:00+01:00 is 09:00Z; a time without an offset is never relabelled."""
    con = a_book()
    result = load(
        con,
        tmp_path,
        [
            entry(1, "100.00", LastChangedDateTimeOffset="2025-03-10T10:00:00+01:00"),
            entry(2, "100.00", LastChangedDateTimeOffset="2025-03-10T10:00:00.5000000Z"),
            entry(3, "100.00", LastChangedDateTimeOffset="2025-03-10T10:00:00"),
        ],
    )
    assert result.quarantined == 1
    shown = [row[0] for row in mirrored(con, "strftime(last_changed, '%Y-%m-%dT%H:%M:%S.%f')")]
    assert shown == ["2025-03-10T09:00:00.000000", "2025-03-10T10:00:00.500000"]


# --- S-7: access lost ------------------------------------------------------------------------------------------------


def test_s7_a_refused_ledger_fails_its_tenants_run_and_leaves_the_mirror_byte_for_byte(company: Company) -> None:
    """Case H-16a."""
    three_invoices(company)
    company.run("2025-03-14")
    tables = ("poweroffice_ledger_entries", "poweroffice_customers", "poweroffice_customer_balances", "sync_state")
    before = [company.con.execute(f"from {table} order by 1").fetchall() for table in tables]
    company.happens("2025-03-16", "payment", id="P1", customer=10018, amount="1000.00", for_=[1001])
    company.fault("GET /Customerledger/Statement", "status", code=403)
    with pytest.raises(PermanentFailure, match=r"fjellheim: PowerOffice: GET /Customerledger/Statement answered 403"):
        company.run("2025-03-17")
    assert [company.con.execute(f"from {table} order by 1").fetchall() for table in tables] == before
    assert company.run("2025-03-18").ok and company.balances()["1001"] == "0.00"


def test_s7_a_403_names_the_privilege_and_whose_fault_it_is() -> None:
    """The error says which privilege or route is lacking."""
    rights = {"ValidPrivileges": ["Customer"], "InvalidPrivileges": []}
    wire = Wire(httpx.Response(403), httpx.Response(200, json=rights))
    with pytest.raises(PermanentFailure) as caught:
        a_client(wire).customer_balances(date(2025, 3, 10))
    text = str(caught.value)
    assert "GET /Customerledger/CustomerBalances answered 403" in text
    assert "CustomerLedger or CustomerLedger_Full is not granted" in text


def test_s7_another_tenant_of_the_same_integration_is_read_the_same_morning(company: Company) -> None:
    three_invoices(company)
    other = Company(company.sandbox, company.folder / "dal", reset=False)
    other.happens("2025-02-10", "invoice", no=7, customer=10018, amount="5.00", due="2025-03-03")
    company.fault("GET /Customerledger", "status", code=403)
    with pytest.raises(PermanentFailure):
        company.run("2025-03-17")
    assert other.run("2025-03-17").ok and other.balances() == {"7": "5.00"}


# --- S-8: where a read begins ----------------------------------------------------------------------------------------


def test_s8_every_read_begins_at_page_1(tmp_path: Path) -> None:
    """A place to resume from is never taken over from an earlier run."""
    wire = Wire(rows(100), rows(100), rows(1), rows(100), rows(1))
    client = a_client(wire)
    client.land_ledger_entries(entries(tmp_path / "1"), date(2025, 3, 10))
    client.land_ledger_entries(entries(tmp_path / "2"), date(2025, 3, 11))
    assert queries(wire, "PageNumber") == ["1", "2", "3", "1", "2"]


def test_s8_rows_of_page_1_that_changed_since_the_last_run_arrive(company: Company) -> None:
    for no in range(1001, 1026):
        company.invoice(no, "100.00", customer=10018 + no % 5)
    company.page_size = 10
    company.run("2025-03-01")
    for no in range(1001, 1005):
        company.happens("2025-03-03", "payment", id=f"P{no}", customer=10018 + no % 5, amount="100.00", for_=[no])
    company.sandbox.control.clear_requests()
    assert company.run("2025-03-08").ok
    assert company.asked("/Customerledger/Statement")[0]["query"].endswith("PageNumber=1")
    assert sum(balance == "0.00" for balance in company.balances().values()) == 4


# --- S-9: a run that breaks off --------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", ["land", "merge"])
def test_s9_a_run_killed_between_its_steps_is_finished_by_the_next_and_was_never_proved(
    company: Company, after: str
) -> None:
    """Complete only after all pages and the balance proof."""
    three_invoices(company)
    company.run("2025-03-12")
    company.happens("2025-03-12T15:00", "journal", id="J1", customer=10018, amount="-50.00", offset_account="7830")
    company.broken_run("2025-03-13", after)
    assert not is_proved(company.con, date(2025, 3, 13))
    assert company.run("2025-03-13T07:00").ok
    assert is_proved(company.con, date(2025, 3, 13))
    assert company.one("select count(*) from poweroffice_account_transactions where account_no = '7830'") == 1


def test_s9_a_run_that_ends_between_two_pages_leaves_nothing_and_the_next_reads_all(company: Company) -> None:
    """Killed processes are in ``tests/mirror_faults``; here the second page is refused."""
    for no in range(1001, 1016):
        company.invoice(no, "100.00")
    company.page_size = 10
    company.fault("GET /Customerledger/Statement", "status", code=403, after=1)
    with pytest.raises(PermanentFailure):
        company.run("2025-03-01")
    assert company.balances() == {} and progress(company.con) == {}
    assert company.run("2025-03-01T07:00").ok and len(company.balances()) == 15


# --- S-10: what is tried again ---------------------------------------------------------------------------------------


def test_s10_two_read_timeouts_and_then_an_answer_is_an_answer_with_growing_waits() -> None:
    """GET."""
    wire, clock = Wire(TIMED_OUT, TIMED_OUT, rows(1)), NotedClock()
    assert a_client(wire, clock).statement(date(2025, 3, 10), date(2025, 3, 10)) == [{"Id": 1}]
    assert len(wire.requests) == 3
    assert len(clock.waits) == 2 and clock.waits[1] > clock.waits[0] > 0


@pytest.mark.parametrize(
    "lost", [TIMED_OUT, httpx.RemoteProtocolError("gone"), httpx.ReadError("reset"), httpx.WriteError("broken")]
)
def test_s10_a_post_whose_answer_is_lost_is_sent_once_and_unknown(lost: Exception) -> None:
    """POST: no blind retry."""
    wire = Wire(lost)
    with pytest.raises(OutcomeUnknown, match="POST /Vouchers/ManualJournals"):
        a_client(wire).post_manual_journal(JOURNAL)
    assert len(wire.requests) == 1


def test_s10_a_post_that_found_no_connection_may_be_tried_again() -> None:
    """Connection refused (nothing sent) may be tried again for both."""
    wire, clock = Wire(REFUSED, REFUSED, httpx.Response(201, json={"Id": "g", "VoucherNo": 7})), NotedClock()
    assert a_client(wire, clock).post_manual_journal(JOURNAL) == ("g", "7")
    with pytest.raises(NothingSent):
        a_client(Wire(REFUSED)).post_manual_journal(JOURNAL)


# --- S-11: what disappears -------------------------------------------------------------------------------------------


def test_s11_an_invoice_that_a_direct_read_does_not_find_is_gone_and_keeps_its_row(company: Company) -> None:
    three_invoices(company)
    company.run("2025-03-19")
    company.happens("2025-03-20", "delete", no=1001)
    report = company.run("2025-03-21")
    assert report.ok and len(report.gone["ledger_entries"]) == 1
    assert company.one("select gone_on from poweroffice_ledger_entries where invoice_no = '1001'") == date(2025, 3, 21)
    assert set(company.balances()) == {"1002", "1003"}
    assert company.one("select bool_or(gone) from poweroffice_ledger_entry_changes") is True


def test_s11_what_a_direct_read_still_finds_is_not_closed_and_the_read_is_called_incomplete(company: Company) -> None:
    three_invoices(company)
    company.run("2025-03-03")
    company.fault("GET /Customerledger/Statement", "short_page")
    report = company.run("2025-03-10")  # the weekly full read, one row short
    assert report.full_read and report.ok
    assert report.gone == {}
    assert any("incomplete" in note for note in report.notes)
    assert len(company.balances()) == 3
    assert progress(company.con)["ledger_entries"].last_full_on is None  # so that the next read is in full again
    assert company.run("2025-03-11").full_read


def test_s11_entries_whose_balance_is_nothing_are_asked_for_by_their_day_before_they_count_as_gone(
    company: Company,
) -> None:
    """Entries that cannot be read by an id."""
    three_invoices(company)
    company.invoice(1004, "10.00")
    company.happens("2025-02-20", "journal", id="J1", customer=10099, amount="50.00", offset_account="7830")
    company.happens("2025-02-20", "journal", id="J2", customer=10099, amount="-50.00", offset_account="7830")
    company.run("2025-03-03")
    company.fault("GET /Customerledger/Statement", "short_page")  # the last two of six, in the weekly full read
    report = company.run("2025-03-10")
    assert report.ok and report.full_read and report.gone == {}
    assert any("incomplete: 2 entries" in note for note in report.notes)
