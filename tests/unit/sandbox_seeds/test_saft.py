"""SAF-T files: the official samples and small files that are right or wrong in one place."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kredin_pipeline.sandbox.clock import SandboxClock
from kredin_pipeline.sandbox.ledger import Company, Entry
from kredin_pipeline.sandbox.seeds.saft import SaftResult, post_saft, seed_saft
from kredin_pipeline.sandbox.seeds.saft_reader import SaftError, read_saft
from tests.unit.sandbox_seeds.saft_files import customer, line, money, saft_text, sale, transaction

_SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "saft"


def official(name: str) -> Path:
    path = Path(os.environ.get("KREDIN_SAFT", str(_SHARED))) / name
    if not path.is_file():
        pytest.skip(f"{name} is not here; set KREDIN_SAFT")
    return path


def read(path: Path, today: str = "2017-04-30T05:00") -> tuple[Company, SaftResult]:
    company = Company(SandboxClock(today), "Tøyen Lekefabrikk AS", "888888888")
    return company, seed_saft(company, path)


# --- the official samples ------------------------------------------------------------------------------------------


def test_the_official_example_closes_each_customer_at_the_files_own_balance() -> None:
    path = official("SAF-T_Financial_888888888_v1.10.xml")
    company, result = read(path)
    stated = {c.id: c.closing for c in read_saft(path).customers.values()}
    assert stated["1001"] == Decimal("265500") and stated["1003"] == Decimal("-140000")
    assert result.closing == stated
    for number, closing in stated.items():
        balance = sum(entry.balance for entry in company.customers[number].entries)
        assert Decimal(balance) / 100 == closing
    assert (result.customers, result.invoices, result.entries) == (6, 12, 29)


def test_the_official_example_has_due_dates_from_its_payment_terms() -> None:
    company, result = read(official("SAF-T_Financial_888888888_v1.10.xml"))
    due = {e.invoice_no: e.due_date for e in company.books.entries.values() if e.invoice_no}
    assert due["12341005"] == "2017-01-27"  # 12 January, 15 days
    assert due["78"] == "2017-05-12"  # 12 April, 30 days
    assert all(due.values())
    assert [name for name, _ in result.without_due_date] == [f"opening {n}" for n in ("1000", "1001", "1003", "1005")]
    assert any("free billing month" in note for note in result.notes)


def test_the_official_example_is_read_although_an_account_that_is_no_receivable_does_not_reconcile() -> None:
    _, result = read(official("SAF-T_Financial_888888888_v1.10.xml"))
    assert any(note.startswith("account 1920:") for note in result.notes)


def test_the_official_example_is_matched_by_exact_amount_and_the_rest_stays_open() -> None:
    company, result = read(official("SAF-T_Financial_888888888_v1.10.xml"))
    assert result.matched == 8
    assert "1001 2017-01-23 -400000.00" in result.unmatched and len(result.unmatched) == 5
    assert company.entry("12341006").balance == 0
    assert [company.entry(n).balance for n in ("141013", "141041")] == [0, 20_364_875]  # the older voucher first


def test_reading_the_same_file_twice_gives_the_same_ledger() -> None:
    path = official("SAF-T_Financial_888888888_v1.10.xml")

    def told() -> list[tuple[object, ...]]:
        return [(e.id, e.invoice_no, e.amount, e.balance, e.changed) for e in read(path)[0].books.entries.values()]

    assert told() == told()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SAF-T_Financial_999999999_v1.00.xml", "customer 12000"),
        ("SAF-T_Financial_xmlspy_v1.30.xml", "root element"),
        ("ruby-saft_1.30.xml", "lines sum to 5.0"),
    ],
)
def test_samples_that_do_not_add_up_are_refused_with_line_and_reason(name: str, reason: str) -> None:
    company = Company(SandboxClock("2020-06-01T05:00"), "Prøve AS", "999990002")
    with pytest.raises(SaftError, match=reason) as refused:
        seed_saft(company, official(name))
    assert refused.value.line and name in str(refused.value)
    assert not company.books.entries and not company.customers


# --- small files ---------------------------------------------------------------------------------------------------

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(customers: str, transactions: str, version: str = "1.30", totals: str = "") -> Path:
        path = tmp_path / "books.xml"
        path.write_text(saft_text(customers, transactions, version, totals), encoding="utf-8")
        return path

    return make


def entry(company: Company, place: int) -> Entry:
    return list(company.books.entries.values())[place]


def test_a_due_date_on_the_line_wins_over_the_terms_and_months_count_as_months(write: Write) -> None:
    customers = customer("1", "0", "300", "<Days>5</Days><Months>1</Months>")
    sales = sale("T1", "2025-01-31", "1", "100", ReferenceNumber="41") + sale(
        "T2", "2025-02-01", "1", "200", ReferenceNumber="42", DueDate="2025-02-20"
    )
    company, _ = read(write(customers, sales))
    assert company.entry("41").due_date == "2025-03-05"  # the last of February, and five days
    assert company.entry("42").due_date == "2025-02-20"


def test_without_terms_the_due_date_is_unknown_and_told(write: Write) -> None:
    company, result = read(write(customer("1", "0", "100", ""), sale("T1", "2025-01-31", "1", "100")))
    assert entry(company, 0).due_date is None
    assert result.without_due_date == [("1", Decimal("100"))]


@pytest.mark.parametrize("version", ["1.10", "1.30"])
def test_an_opening_balance_without_lines_is_one_item_of_unknown_due_date(write: Write, version: str) -> None:
    company, result = read(write(customer("7", "2500.50", "2500.50", version=version), "", version))
    item = entry(company, 0)
    assert (item.amount, item.due_date, item.posting_date, item.invoice_no) == (250_050, None, "2024-12-31", None)
    assert result.closing == {"7": Decimal("2500.50")}


def test_an_opening_voucher_and_an_opening_balance_are_not_counted_twice(write: Write) -> None:
    opening = transaction("IB", "2025-01-01", line("1500", "900", "7"), line("2050", "-900"))
    company, result = read(write(customer("7", "900", "900"), opening))
    assert len(company.books.entries) == 1 and result.closing == {"7": Decimal("900")}
    assert any("counted once" in note for note in result.notes)


def test_a_cross_reference_that_explains_the_closing_balance_is_believed(write: Write) -> None:
    events = (
        sale("T1", "2025-01-10", "1", "1000", CrossReference="A")
        + sale("T2", "2025-01-11", "1", "600", CrossReference="B")
        + money("T3", "2025-02-01", "1", "600", CrossReference="A")
    )
    company, result = read(write(customer("1", "0", "1000"), events))
    assert [e.balance for e in company.books.entries.values()] == [40_000, 60_000, 0]  # not by exact amount
    assert result.unmatched == []


def test_a_cross_reference_that_does_not_explain_it_counts_only_where_it_settles_to_zero(write: Write) -> None:
    events = (
        sale("T1", "2025-01-10", "1", "1000", CrossReference="A")
        + money("T2", "2025-01-20", "1", "1000", CrossReference="A")
        + sale("T3", "2025-01-11", "1", "600", CrossReference="B")
        + money("T4", "2025-02-01", "1", "100", CrossReference="B")
        + money("T5", "2025-02-02", "1", "50")
    )
    company, result = read(write(customer("1", "0", "450"), events))
    assert [e.balance for e in company.books.entries.values()] == [0, 0, 60_000, -10_000, -5_000]
    assert len(result.unmatched) == 2


def test_then_the_reference_number_then_the_exact_amount_then_nothing(write: Write) -> None:
    events = (
        sale("T1", "2025-01-10", "1", "1000", ReferenceNumber="41")
        + sale("T2", "2025-01-11", "1", "400", ReferenceNumber="42")
        + money("T3", "2025-02-01", "1", "400", ReferenceNumber="41")
        + money("T4", "2025-02-02", "1", "400")
        + money("T5", "2025-02-03", "1", "77")
    )
    company, result = read(write(customer("1", "0", "523"), events))
    assert [e.balance for e in company.books.entries.values()] == [60_000, 0, 0, 0, -7_700]
    assert result.unmatched == ["1 2025-02-03 -77.00"]


def test_invoice_numbers_that_repeat_carry_the_voucher_behind_them(write: Write) -> None:
    events = sale("501", "2025-01-10", "1", "10", ReferenceNumber="41") + sale(
        "502", "2025-01-11", "1", "20", ReferenceNumber="41"
    )
    company, result = read(write(customer("1", "0", "30"), events))
    assert [e.invoice_no for e in company.books.entries.values()] == ["41501", "41502"]
    assert result.renumbered_invoices == {"41501": "41-501", "41502": "41-502"}


def test_customer_ids_that_are_no_numbers_get_one(write: Write) -> None:
    company, result = read(write(customer("C-1", "5", "5"), ""))
    assert list(company.customers) == ["900001"] and result.renumbered_customers == {"900001": "C-1"}


def test_vouchers_become_what_they_are(write: Write) -> None:
    events = (
        sale("T1", "2025-01-10", "1", "1000")
        + money("T2", "2025-01-11", "1", "300", CID="0000012")
        + money("T3", "2025-01-12", "1", "200")
        + transaction("T4", "2025-01-13", line("1500", "-100", "1"), line("3000", "100"))
        + transaction("T5", "2025-01-14", line("1500", "50", "1"), line("1920", "-50"))
        + transaction("T6", "2025-01-15", line("1500", "-25", "1"), line("7830", "25"))
    )
    company, _ = read(write(customer("1", "0", "425"), events))
    assert [e.voucher.type for e in company.books.entries.values()] == [
        "OutgoingInvoice", "IncomingOcrGiro", "BankJournal", "OutgoingCreditNote", "IncomingBankRemittance",
        "ManualJournal",
    ]  # fmt: skip
    lines = company.books.lines(entry(company, 5).voucher)
    assert [(one.account_no, one.amount) for one in lines] == [("1500", -2_500), ("7830", 2_500)]


def test_a_batch_of_invoices_and_credit_notes_becomes_a_voucher_for_each(write: Write) -> None:
    batch = transaction(
        "T1",
        "2025-01-10",
        line("1500", "100", "1", ReferenceNumber="41", DueDate="2025-01-24"),
        line("1500", "300", "2", ReferenceNumber="42", DueDate="2025-01-24"),
        line("1500", "-100", "1", ReferenceNumber="43"),
        line("3000", "-300"),
    )
    company, result = read(write(customer("1", "0", "0") + customer("2", "0", "300"), batch))
    assert [(e.voucher.type, e.invoice_no, e.balance) for e in company.books.entries.values()] == [
        ("OutgoingInvoice", "41", 0), ("OutgoingInvoice", "42", 30_000), ("OutgoingCreditNote", "43", 0),
    ]  # fmt: skip
    assert result.closing == {"1": 0, "2": 300}


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"DueDate": "2025-02-01"}, "OutgoingInvoice"),
        ({"CID": "0000012"}, "OutgoingInvoice"),
        ({}, "ManualJournal"),
    ],
)
def test_a_debit_with_a_due_date_or_kid_is_an_invoice_whatever_its_other_side(
    write: Write, more: dict[str, str], kind: str
) -> None:
    carried = transaction("IB", "2025-01-02", line("1500", "900", "7", **more), line("2050", "-900"))
    company, _ = read(write(customer("7", "0", "900"), carried))
    assert entry(company, 0).voucher.type == kind


def test_an_opening_voucher_with_debits_and_credits_keeps_what_each_of_them_is(write: Write) -> None:
    carried = transaction(
        "IB",
        "2025-01-01",
        line("1500", "900", "7", DueDate="2025-01-09"),
        line("1500", "-50", "8"),
        line("2050", "-850"),
    )
    company, result = read(write(customer("7", "900", "900") + customer("8", "-50", "-50"), carried))
    assert [(e.voucher.type, e.due_date, e.balance) for e in company.books.entries.values()] == [
        ("OutgoingInvoice", "2025-01-09", 90_000), ("ManualJournal", None, -5_000),
    ]  # fmt: skip
    assert len([note for note in result.notes if "counted once" in note]) == 2


def test_what_is_dated_after_the_day_asked_for_is_left_out(write: Write) -> None:
    path = write(
        customer("1", "0", "300"),
        sale("T1", "2025-01-10", "1", "1000", ReferenceNumber="41")
        + money("T2", "2025-02-01", "1", "700", ReferenceNumber="41"),
    )
    company = Company(SandboxClock("2025-01-31T05:00"), "Prøve AS", "999990002")
    result = post_saft(company, read_saft(path), path, until=date(2025, 1, 31))
    assert [e.balance for e in company.books.entries.values()] == [100_000]
    assert (result.left_out, result.closing) == (1, {"1": Decimal("1000")})


def test_the_last_day_a_file_can_tell_of_is_when_it_was_made_or_its_end_or_today(write: Write) -> None:
    file = read_saft(write(customer("1", "0", "0"), ""))
    assert file.last_day(date(2026, 3, 1)) == date(2025, 12, 31)
    assert file.last_day(date(2025, 6, 1)) == date(2025, 6, 1)
    made = replace(file, created=date(2025, 9, 15))
    assert made.last_day(date(2026, 3, 1)) == date(2025, 9, 15)
    assert replace(file, created=date(2001, 1, 1)).last_day(date(2026, 3, 1)) == date(2025, 12, 31)  # a wrong date


def test_a_line_of_a_supplier_never_takes_the_customers_entry(write: Write) -> None:
    both = transaction(
        "T1", "2025-01-10", line("2400", "40", SupplierID="L1"), line("1500", "60", "1"), line("3000", "-100")
    )
    company, _ = read(write(customer("1", "0", "60"), both))
    [receivable] = [one for one in company.books.lines(entry(company, 0).voucher) if one.entry is not None]
    assert (receivable.account_no, receivable.amount) == ("1500", 6_000)


@pytest.mark.parametrize(
    ("transactions", "closing", "totals", "reason"),
    [
        (transaction("T1", "2025-01-10", line("1500", "10", "1"), line("3000", "-9")), "10", "", "lines sum to 1"),
        (sale("T1", "2025-01-10", "1", "10"), "11", "", "closing balance is 11"),
        (sale("T1", "2025-01-10", "9", "10"), "0", "", "CustomerID 9"),
        (sale("T1", "2025-01-10", "1", "10.005"), "10", "", "at most two decimals"),
        (sale("T1", "10.01.2025", "1", "10"), "10", "", "want an ISO date"),
        (sale("T1", "2025-01-10", "1", "10"), "10", "<NumberOfEntries>2</NumberOfEntries>", "NumberOfEntries"),
        (sale("T1", "2025-01-10", "1", "10"), "10", "<TotalDebit>20</TotalDebit>", "TotalDebit"),
        ("<Transaction>", "0", "", "not well-formed"),
    ],
)
def test_a_file_that_is_wrong_in_one_place_is_refused_as_a_whole(
    write: Write, transactions: str, closing: str, totals: str, reason: str
) -> None:
    company = Company(SandboxClock("2025-12-31T05:00"), "Prøve AS", "999990002")
    with pytest.raises(SaftError, match=reason) as refused:
        seed_saft(company, write(customer("1", "0", closing), transactions, totals=totals))
    assert refused.value.line is not None
    assert not company.books.entries and not company.customers


def test_another_kind_of_file_and_an_unknown_version_are_refused(tmp_path: Path, write: Write) -> None:
    other = tmp_path / "other.xml"
    other.write_text("<Invoice xmlns='urn:oasis'/>")
    with pytest.raises(SaftError, match="want AuditFile"):
        read(other)
    with pytest.raises(SaftError, match=r"AuditFileVersion: found '2\.00'"):
        read(write(customer("1", "0", "0"), "", version="2.00"))
    with pytest.raises(SaftError, match="no customers"):
        read(write("", ""))


def test_an_external_entity_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("hemmelig")
    path = tmp_path / "trap.xml"
    path.write_text(
        f"""<!DOCTYPE a [<!ENTITY x SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]>
<AuditFile xmlns="urn:StandardAuditFile-Taxation-Financial:NO"><Header><AuditFileVersion>&x;</AuditFileVersion></Header>
</AuditFile>"""
    )
    with pytest.raises(SaftError) as refused:
        read(path)
    assert "hemmelig" not in str(refused.value)


def test_the_period_comes_from_months_when_it_is_given_in_months() -> None:
    file = read_saft(official("SAF-T_Financial_888888888_v1.10.xml"))
    assert (file.period_from, file.period_to) == (date(2017, 1, 1), date(2017, 4, 30))
