"""Who the debtors are, and what the register's word holds up (rules § 6)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kredin_pipeline.ledger.debtors import build_debtors
from tests.unit.ledger.pages import TODAY, Row, a_book, customer, entry, load

NUMBER, PARENT = "999990061", "999990088"


def unit(con: duckdb.DuckDBPyConnection, orgnr: str, status: str = "registered", **fields: Any) -> None:
    names = ["orgnr", "status", "stale", *fields]
    marks = ", ".join("?" for _ in names)
    values = [orgnr, status, status == "not_available" or fields.pop("stale", False), *fields.values()]
    con.execute(f"insert into brreg_units ({', '.join(dict.fromkeys(names))}) values ({marks})", values)


def debtor(con: duckdb.DuckDBPyConnection, *, register: bool = True, on: date = TODAY) -> Row:
    build_debtors(con, register, on)
    frame = con.execute("select * from debtors")
    names = [column[0] for column in frame.description or ()]
    found = frame.fetchone()
    assert found is not None
    return dict(zip(names, found, strict=True))


@pytest.fixture
def book(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    con = a_book()
    address = {"AddressLine1": "Kaia 2", "ZipCode": "0250", "City": "Oslo", "CountryCode": "no"}
    load(con, tmp_path, [customer(OrganizationNumber=NUMBER, MailAddress=address, EmailAddress="a@b.no")],
         resource="customers")  # fmt: skip
    return con


@pytest.mark.parametrize(
    ("fields", "hold", "since"),
    [
        ({"konkurs": True, "konkursdato": date(2025, 2, 27)}, "bankruptcy", date(2025, 2, 27)),
        ({"under_tvangsavvikling": True, "tvang_dato": date(2025, 2, 1)}, "forced_liquidation", date(2025, 2, 1)),
        ({"under_avvikling": True, "under_avvikling_dato": date(2025, 1, 9)}, "winding_up", date(2025, 1, 9)),
        ({"konkurs": True, "under_avvikling": True}, "bankruptcy", None),
        ({"konkurs": False, "under_avvikling": False}, None, None),
    ],
)
def test_the_strongest_state_is_the_hold(
    book: duckdb.DuckDBPyConnection, fields: dict[str, Any], hold: str | None, since: date | None
) -> None:
    unit(book, NUMBER, is_sub_unit=False, **fields)
    found = debtor(book)
    assert (found["register_hold"], found["register_hold_from"]) == (hold, since)
    off = debtor(book, register=False)
    assert (off["register_hold"], off["unknown_register"], off["register_stale"]) == (None, False, False)


@pytest.mark.parametrize(
    ("status", "hold", "unknown", "stale"),
    [
        ("deleted", "debtor_deleted", False, False),
        ("removed", None, False, False),
        ("unknown", None, True, False),
        ("not_available", None, False, True),
    ],
)
def test_what_the_other_answers_mean(
    book: duckdb.DuckDBPyConnection, status: str, hold: str | None, unknown: bool, stale: bool
) -> None:
    unit(book, NUMBER, status)
    found = debtor(book)
    assert (found["register_hold"], found["unknown_register"], found["register_stale"]) == (hold, unknown, stale)
    assert (found["orgnr"], found["debtor_kind"], found["city"]) == (NUMBER, "business", "Oslo")


def test_a_claim_on_a_branch_is_one_on_its_main_unit(book: duckdb.DuckDBPyConnection) -> None:
    """Obligation D-3: hold, name and address are the main unit's; the ledger's number stays beside."""
    unit(book, NUMBER, is_sub_unit=True, main_orgnr=PARENT)
    unit(book, PARENT, is_sub_unit=False, name="OVER AS", konkurs=True, konkursdato=date(2025, 2, 27),
         address_line1="Postboks 1", zip_code="5003", city="BERGEN", country_code="NO")  # fmt: skip
    found = debtor(book)
    assert (found["register_hold"], found["name"], found["orgnr"], found["main_orgnr"], found["city"]) == (
        "bankruptcy", "OVER AS", NUMBER, PARENT, "BERGEN",
    )  # fmt: skip


def test_a_branch_of_a_sound_company_is_neither_unknown_nor_held(book: duckdb.DuckDBPyConnection) -> None:
    unit(book, NUMBER, is_sub_unit=True, main_orgnr=PARENT)
    unit(book, PARENT, is_sub_unit=False)
    found = debtor(book)
    assert (found["register_hold"], found["unknown_register"], found["register_stale"]) == (None, False, False)


def test_a_closed_branch_without_a_known_main_unit_is_for_a_person(book: duckdb.DuckDBPyConnection) -> None:
    unit(book, NUMBER, "deleted", is_sub_unit=True)
    assert debtor(book)["unknown_register"] is True


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"OrganizationNumber": NUMBER}, "business"),
        ({"OrganizationNumber": None}, "unknown"),
        ({"IsPerson": True, "FirstName": "Kari", "LastName": "Vik", "Name": None}, "person"),
    ],
)
def test_the_kind_of_a_debtor_is_the_ledgers_word(tmp_path: Path, fields: dict[str, Any], kind: str) -> None:
    con = a_book()
    load(con, tmp_path, [customer(**fields)], resource="customers")
    found = debtor(con)
    assert found["debtor_kind"] == kind
    assert found["name"] == ("Kari Vik" if kind == "person" else "Kunde 10018 AS")


def test_a_minor_stays_one_for_a_claim_made_then(tmp_path: Path) -> None:
    """Obligation D-6: no fee after coming of age either, as long as the claim is open."""
    con = a_book()
    load(con, tmp_path, [customer(IsPerson=True, DateOfBirth="2007-02-20")], resource="customers")
    assert debtor(con, on=date(2025, 2, 19))["is_minor"] is True
    assert debtor(con, on=date(2025, 2, 20))["is_minor"] is False
    load(con, tmp_path, [entry(1, "100.00", VoucherDate="2025-02-10")])
    assert debtor(con, on=date(2025, 6, 1))["is_minor"] is True
    load(con, tmp_path, [entry(1, "100.00", "0.00", changed="2025-06-02T05:00:00", VoucherDate="2025-02-10")])
    assert debtor(con, on=date(2025, 6, 2))["is_minor"] is False


def test_customer_flags_and_the_best_email_are_taken_over(tmp_path: Path) -> None:
    con = a_book()
    row = customer(SendPaymentReminders=False, DoNotAddLatePaymentFees=True, DoNotAddLatePaymentInterest=True,
                   EmailAddress="post@a.no", PaymentReminderEmailAddress="purring@a.no")  # fmt: skip
    load(con, tmp_path, [row], resource="customers")
    found = debtor(con)
    assert (found["excluded"], found["no_fees"], found["no_interest"], found["email"]) == (
        True, True, True, "purring@a.no",
    )  # fmt: skip


def test_who_has_a_row_in_quarantine_gets_no_letter(book: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    assert debtor(book)["excluded"] is False
    load(book, tmp_path, [entry(1, "-100.00", DueDate="soon")])
    assert debtor(book)["excluded"] is True


def test_a_customer_known_from_entries_alone_is_a_debtor(tmp_path: Path) -> None:
    con = a_book()
    load(con, tmp_path, [entry(1, "100.00")])
    found = debtor(con)
    assert (found["customer_no"], found["name"], found["debtor_kind"], found["excluded"]) == (
        "10018", "Fjellnes AS", "unknown", False,
    )  # fmt: skip


def test_building_again_changes_nothing(book: duckdb.DuckDBPyConnection) -> None:
    assert debtor(book) == debtor(book)
