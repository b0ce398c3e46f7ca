"""``kredin what-if``: asked on a book that is only read, held to the same rules as the change, and nothing recorded."""

from __future__ import annotations

import json
from collections.abc import Generator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from kredin_pipeline.commands.session import Session
from tests.unit.cases.whole import Book
from tests.unit.cli.figures_home import TENANT, file_of, kredin, run_day, set_up

D = Decimal


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Session, None, None]:
    """Two invoices of one customer whose reminders go on 2026-03-16; the rates end on 2026-12-31."""
    book = Book()
    book.ledger.invoice(1001, "1 000.00", due="2026-03-02")
    book.ledger.invoice(1002, "2 000.00", due="2026-03-02")
    session = set_up(tmp_path, monkeypatch, "2026-03-16T06:30:00+01:00", book, mode="observe")
    run_day(session)
    yield session
    session.journal.close()


def what_if(*words: str) -> Result:
    return kredin("what-if", "--tenant", TENANT, *words)


def asked(*words: str) -> Any:
    done = what_if(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.output, parse_float=Decimal)


def test_nothing_asked_is_nothing_different(house: Session) -> None:
    done = what_if()
    assert done.exit_code == 0, done.output
    assert "Nothing would differ." in done.output
    found = asked()
    assert (found["same"], found["letters"], found["cases"], found["totals"]) == (True, [], [], [])


def test_every_difference_is_named_by_case_and_in_all(house: Session) -> None:
    found = asked("--set", "steps.reminder.fee=20.00", "--set", "one_letter_per_debtor=false")
    assert (found["tenant"], found["on"], found["same"]) == (TENANT, "2026-03-16", False)
    first, second = found["letters"]
    assert (first["invoice_no"], first["change"], first["step"]) == ("1001", "changed", "reminder")
    fee = {"field": "fee", "now": D("38.00"), "then": D("20.00")}
    assert fee in first["fields"]
    assert {"field": "fee", "now": D("0.00"), "then": D("20.00")} in second["fields"]
    assert {"name": "letters", "now": 1, "then": 2} in found["totals"]
    assert {"name": "fees in letters", "now": D("38.00"), "then": D("40.00")} in found["totals"]
    told = what_if("--set", "steps.reminder.fee=20.00").output
    for text in ("if steps.reminder.fee=20.00. Nothing was recorded.", "letter reminder: fee", "38.00", "-18.00"):
        assert text in told


def test_the_book_and_the_journal_are_left_as_they_are_byte_for_byte(house: Session) -> None:
    files = sorted(house.environment.books.iterdir())
    before = {file: file.read_bytes() for file in files}
    settings, history = house.journal.tenant(TENANT).settings, house.journal.settings_history(TENANT)
    assert not asked("--set", "course=demand_only", "--rate", "2026-01-01:2026-06-30=5", "--on", "2026-03-20")["same"]
    assert {file: file.read_bytes() for file in sorted(house.environment.books.iterdir())} == before
    assert file_of(house) in before
    assert (house.journal.tenant(TENANT).settings, house.journal.settings_history(TENANT)) == (settings, history)
    assert (house.journal.figures(), house.journal.items(TENANT)) == ([], [])


def test_a_rate_may_stand_in_the_place_of_a_stored_one_and_sums_follow(house: Session) -> None:
    """14 days on 1 000.00 at 12.00 and at 24.00 per cent of a year of 365 days."""
    found = asked("--rate", "2026-01-01:2026-06-30=24")
    fields = {one["field"]: (one["now"], one["then"]) for one in found["cases"][0]["fields"]}
    assert fields["interest"] == (D("4.60"), D("9.21"))
    assert found["figures"] == [
        {"kind": "late_interest", "from": "2026-01-01", "to": "2026-06-30", "value": D("24.00")}
    ]


def test_a_missing_rate_that_is_given_ends_the_provisional_figures(house: Session) -> None:
    found = asked("--on", "2027-01-15", "--rate", "2027-01-01:2027-06-30=11.75")
    assert all("no rate for 2027-01-01" in problem for problem in found["problems_gone"])
    assert len(found["problems_gone"]) == 1
    assert {"name": "cases: provisional", "now": 2, "then": 0} in found["totals"]
    assert [letter["change"] for letter in found["letters"]] == ["added", "added"]
    assert (
        "no longer: acme: no rate for 2027-01-01"
        in what_if("--on", "2027-01-15", "--rate", "2027-01-01:2027-06-30=11.75").output
    )


def test_an_added_figure_is_part_of_what_is_now(house: Session) -> None:
    kredin("rates", "add", "collection_rate", "--from", "2026-03-10", "--value", "1000", "--source", "x")
    found = asked("--figure", "collection_rate:2026-03-10:=800")
    assert {"name": "fees in letters", "now": D("50.00"), "then": D("40.00")} in found["totals"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--set", "steps.reminder.fee=39"), 1, "steps.reminder.fee: found 39, want 0 to 38.00"),
        (("--set", "grace_dyas=3"), 1, "unknown setting grace_dyas"),
        (("--set", "mode=live"), 1, "going live is a step of its own"),
        (("--set", "grace_days"), 2, "want KEY=VALUE"),
        (("--rate", "2027-01-01=11"), 2, "want FROM:TO=PERCENT"),
        (("--rate", "2027-01-01:2027-06-30=1175"), 2, "want per cent a year from 0 to 100"),
        (("--rate", "2027-01-01:2027-02-31=11"), 2, "want days as YYYY-MM-DD"),
        (("--figure", "salary:2027-01-01:=11"), 2, "found 'salary'"),
        (("--rate", "2027-01-01:2027-03-31=11", "--rate", "2027-03-01:2027-06-30=12"), 2, "share a day"),
    ],
)
def test_what_would_be_refused_is_refused(house: Session, words: tuple[str, ...], code: int, says: str) -> None:
    done = what_if(*words)
    assert done.exit_code == code, done.output
    assert says in " ".join(done.output.replace("│", " ").split())


def test_a_fee_is_held_against_the_figures_that_are_asked_about(house: Session) -> None:
    found = asked("--set", "steps.reminder.fee=45", "--figure", "collection_rate:2026-01-01:=1000")
    assert {"name": "fees in letters", "now": D("38.00"), "then": D("45.00")} in found["totals"]


def test_a_tenant_without_a_book_is_told(house: Session) -> None:
    file_of(house).unlink()
    done = what_if("--set", "grace_days=5")
    assert (done.exit_code, "acme: has had no run yet" in done.output) == (1, True)
