"""Rules § 1: what becomes a case, and what never does."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from kredin_pipeline.cases.claims import case_id_of
from kredin_pipeline.cases.finding import derive_claims
from tests.unit.cases_settlement.books import Derived, Ledger, decision, derive, opened


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_an_invoice_is_a_case_from_the_day_after_it_is_due(ledger: Ledger) -> None:
    ledger.invoice(4751, "10 000.00", due="2025-03-03")

    assert not derive(ledger, "2025-03-03").is_case(4751)
    assert derive(ledger, "2025-03-04").is_case(4751)


def test_days_past_due_moves_the_case_and_not_the_due_date(ledger: Ledger) -> None:  # OP-03
    ledger.invoice(4751, "10 000.00", due="2025-03-03")

    assert not derive(ledger, "2025-03-12", settings={"days_past_due": 10}).is_case(4751)
    claim = derive(ledger, "2025-03-13", settings={"days_past_due": 10}).claim(4751)
    assert (claim["due_date"], claim["counted_due_date"]) == (date(2025, 3, 3), date(2025, 3, 3))


@pytest.mark.parametrize("shift", [True, False])
def test_a_due_date_on_a_sunday_counts_from_monday_if_it_is_shifted(ledger: Ledger, shift: bool) -> None:  # WE-10
    ledger.invoice(1001, "20 000.00", due="2026-11-15")

    assert derive(ledger, "2026-11-16", settings={"due_date_shift": shift}).is_case(1001) is not shift
    claim = derive(ledger, "2026-11-17", settings={"due_date_shift": shift}).claim(1001)
    assert claim["due_date"] == date(2026, 11, 15)
    assert claim["counted_due_date"] == date(2026, 11, 16 if shift else 15)


def test_what_is_settled_by_the_day_itself_never_is_a_case(ledger: Ledger) -> None:  # C-08a, B-13, WE-09
    ledger.invoice(1001, "3 000.00", due="2025-03-03")
    ledger.credit_note(2001, "3 000.00", dated="2025-03-04", for_=[1001])
    ledger.invoice(1002, "3 000.00", due="2025-03-03")
    ledger.payment("P2", "3 000.00", dated="2025-03-05", for_=[1002])

    found = derive(ledger, "2025-03-17")

    assert not found.is_case(1001)
    assert found.is_case(1002) and found.open(1002) == 0


def test_a_write_off_before_the_due_date_leaves_the_claim_to_become_a_case(ledger: Ledger) -> None:  # § 2, C-01
    ledger.invoice(1001, "3 000.00", due="2025-03-03", dated="2025-02-10")
    ledger.write_off(1001, dated="2025-02-20")

    assert derive(ledger, "2025-03-04").open(1001) == Decimal("3000.00")


def test_what_the_journal_has_opened_stays_a_case(ledger: Ledger) -> None:  # WE-09: paid at ten, opened at six
    ledger.invoice(1003, "20 000.00", due="2026-11-16")
    case = derive(ledger, "2026-11-17").claim(1003)
    ledger.payment("P3", "20 000.00", dated="2026-11-17", for_=[1003])

    assert not derive(ledger, "2026-11-18").is_case(1003)
    found = derive(ledger, "2026-11-18", cases=[opened(case, "2026-11-17")])
    assert found.claim(1003)["case_id"] == case["case_id"] and found.open(1003) == 0
    assert not derive(ledger, "2026-11-16", cases=[opened(case, "2026-11-17")]).is_case(1003)  # nor before it was one


def test_the_number_follows_the_voucher_and_the_tenant(ledger: Ledger) -> None:  # § 1.3
    ledger.invoice(1001, "20 000.00", due="2026-11-16")

    (here,) = {derive(ledger, day).claim(1001)["case_id"] for day in ("2026-11-18", "2026-12-18")}
    assert here == case_id_of("fjellheim", "v-1") and re.fullmatch("K[0-9A-Z]{11}", here)
    assert derive(ledger, "2026-11-18", tenant="dalnes").claim(1001)["case_id"] == case_id_of("dalnes", "v-1") != here


def test_the_numbers_of_three_million_cases_differ(ledger: Ledger) -> None:  # or two debtors' money would run together
    con = derive(ledger, "2026-11-18").con
    counted = con.execute(
        "select count(distinct case_id_of('fjellheim', range::varchar)) from range(3000000)"
    ).fetchone()
    assert counted == (3_000_000,)


def test_a_case_follows_its_invoice_to_another_customer(ledger: Ledger) -> None:  # D-2
    invoice = ledger.invoice(1001, "20 000.00", due="2026-11-16", customer=10018)
    before = derive(ledger, "2026-11-18").claim(1001)
    invoice.customer = "10044"

    after = derive(ledger, "2026-11-19", cases=[opened(before, "2026-11-18")]).claim(1001)

    assert (after["case_id"], after["customer_no"]) == (before["case_id"], "10044")


def test_by_default_what_fell_due_more_than_three_years_before_the_first_run_stays_outside(ledger: Ledger) -> None:
    ledger.invoice(4741, "1 000.00", due="2022-03-16")  # OP-02a
    ledger.invoice(4742, "1 000.00", due="2022-03-24")

    for on in ("2025-03-17", "2025-04-04"):  # the limit does not slide
        found = derive(ledger, on, connected_on="2025-03-17")
        assert (found.is_case(4741), found.is_case(4742)) == (False, True)
        assert found.unclaimable() == {"4741": "before_import_from"}


def test_the_tenants_own_start_of_the_import(ledger: Ledger) -> None:  # OP-02b
    ledger.invoice(4743, "1 000.00", due="2024-05-31")
    ledger.invoice(4744, "1 000.00", due="2024-06-04")

    found = derive(ledger, "2025-03-17", settings={"import_from": "2024-06-03"})
    assert (found.is_case(4743), found.is_case(4744)) == (False, True)
    assert derive(ledger, "2025-03-17", settings={"import_from": None}).is_case(4743)


def test_every_entry_that_is_no_claim_says_why(ledger: Ledger) -> None:  # § 1.1
    ledger.invoice(1, "0.00", due="2025-03-03")
    ledger.invoice(2, "-500.00", due="2025-03-03")
    ledger.invoice(3, "900.00", due=None, dated="2025-01-01")
    ledger.credit_note(4, "100.00", dated="2025-03-03")
    ledger.payment("P5", "100.00", dated="2025-03-03")
    ledger.refund("R6", "100.00", dated="2025-03-03")
    ledger.own_voucher("V7", "35.00", dated="2025-03-03")
    ledger.journal("J8", "1 200.00", dated="2025-01-01", offset_account="2050")
    ledger.invoice(9, "35.00", due="2025-03-03").voucher_type = "OutgoingNoticeOfDebtCollection"

    found = derive(ledger, "2025-03-17")

    assert found.rows("claims") == []
    assert found.unclaimable() == {
        "1": "not_positive", "2": "not_positive", "3": "no_due_date", "4": "credit_note", "P5": "payment",
        "R6": "refund", "V7": "own_voucher", "J8": "no_due_date", "9": "ledger_reminder",
    }  # fmt: skip


def test_a_deleted_invoice_keeps_its_case_and_says_so(ledger: Ledger) -> None:  # H-07
    ledger.invoice(4531, "1 500.00", due="2025-03-03")
    ledger.delete(4531, seen_on="2025-03-21")

    claim = derive(ledger, "2025-03-21").claim(4531)
    assert (claim["deleted_in_ledger_on"], claim["ledger_balance"]) == (date(2025, 3, 21), 0)
    assert derive(ledger, "2025-03-19").claim(4531)["deleted_in_ledger_on"] is None


def test_an_invoice_deleted_before_it_was_overdue_is_no_case(ledger: Ledger) -> None:
    ledger.invoice(4531, "1 500.00", due="2025-03-03")
    ledger.delete(4531, seen_on="2025-03-02")

    assert not derive(ledger, "2025-03-21").is_case(4531)


def test_an_agreed_due_date_is_kept_beside_the_invoices_own(ledger: Ledger) -> None:  # CO-02
    ledger.invoice(4231, "5 000.00", due="2025-03-03")
    case = derive(ledger, "2025-03-17").claim(4231)
    agreed = decision("new_due_date", case, "2025-03-19", payload='{"due": "2025-04-27"}')

    claim = derive(ledger, "2025-03-20", decisions=[agreed], cases=[opened(case, "2025-03-17")]).claim(4231)

    assert (claim["due_date"], claim["original_due_date"]) == (date(2025, 4, 27), date(2025, 3, 3))
    assert claim["counted_due_date"] == date(2025, 4, 28)  # a Sunday
    assert derive(ledger, "2025-03-18", decisions=[agreed]).claim(4231)["due_date"] == date(2025, 3, 3)


def test_an_agreement_before_the_case_puts_the_case_off(ledger: Ledger) -> None:
    ledger.invoice(4231, "5 000.00", due="2025-03-03")
    case = derive(ledger, "2025-03-17").claim(4231)
    agreed = decision("new_due_date", case, "2025-03-01", payload='{"due": "2025-04-28"}')

    assert not derive(ledger, "2025-03-20", decisions=[agreed]).is_case(4231)
    assert derive(ledger, "2025-04-29", decisions=[agreed]).is_case(4231)


def test_a_changed_organisation_number_marks_the_case_and_leaves_it_where_it_was(ledger: Ledger) -> None:  # DE-02
    ledger.invoice(4351, "2 000.00", due="2025-03-03", customer=14351)
    ledger.debtor(14351, orgnr="999990150")
    case = derive(ledger, "2025-03-05").claim(4351)
    ledger.debtor(14351, orgnr="999990169")
    ledger.invoice(4352, "900.00", due="2025-03-24", customer=14351)

    found = derive(ledger, "2025-03-26", cases=[opened(case, "2025-03-05")])

    assert (found.claim(4351)["orgnr"], found.claim(4351)["debtor_changed"]) == ("999990150", True)
    assert (found.claim(4352)["orgnr"], found.claim(4352)["debtor_changed"]) == ("999990169", False)


def test_numbers_stay_texts(ledger: Ledger) -> None:  # J-09
    ledger.invoice(4331, "2 000.00", due="2025-03-03", kid="00100420", customer=14331)
    ledger.invoice(4332, "1 500.00", due="2025-03-03", customer=14332)
    ledger.debtor(14331, orgnr="999990126")

    found = derive(ledger, "2025-03-05")

    assert (found.claim(4331)["kid"], found.claim(4331)["orgnr"]) == ("00100420", "999990126")
    assert (found.claim(4332)["kid"], found.claim(4332)["orgnr"]) == (None, None)


def test_deriving_twice_changes_nothing(ledger: Ledger) -> None:
    ledger.invoice(1001, "1 000.00", due="2025-03-03")
    ledger.payment("P1", "1 400.00", dated="2025-03-10", for_=[1001])
    first = derive(ledger, "2025-03-17")

    derive_claims(first.con)

    assert Derived(first.con, ledger).tables == first.tables
