"""``kredin debtors``: what the registers say, read by a person."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.cli import app
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.ledger.debtors import build_debtors
from resources.book import Book
from resources.enhetsregisteret import UnitAnswer
from resources.enhetsregisteret_accounts import Accounts
from resources.enhetsregisteret_kept import keep_answers, write_accounts, write_roles
from resources.enhetsregisteret_roles import Role
from tests.unit.ledger.pages import customer, load

RUNNER = CliRunner()
NOW = datetime(2025, 3, 10, 5, 0, tzinfo=UTC)
TODAY = date(2025, 3, 10)
BROKE, SOUND = "999990010", "999990002"


@pytest.fixture(autouse=True)
def one_is_bankrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KREDIN_HOME", str(tmp_path))
    session = open_session()
    wanted = TenantSettings.of({"register_accounts": True})
    session.journal.add_tenant("dal", SecretStr("key"), "Dalnes AS", "999990126", TODAY, wanted, "test", NOW)
    book = Book(folder=str(session.environment.books))
    with book.session("dal") as con:
        people = [customer(10018, OrganizationNumber=SOUND), customer(10019, OrganizationNumber=BROKE)]
        load(con, tmp_path / "pages", people, resource="customers")
        bankrupt = UnitAnswer(BROKE, "registered", False, "KONKURS AS", konkurs=True, konkursdato=TODAY)
        sound = UnitAnswer(SOUND, "registered", False, "SOLVIKA AS", last_accounts_year="2024")
        keep_answers(con, [bankrupt, sound], TODAY, NOW)
        write_roles(con, BROKE, [Role(BROKE, "BOBE", "Adv. Kari Vik", "Torget 1", zip_code="0155", city="OSLO")], TODAY)
        last = Accounts(SOUND, "filed", period_to=date(2024, 12, 31), currency_code="NOK", equity=Decimal("-7.00"))
        write_accounts(con, last, TODAY)
        build_debtors(con, True, TODAY)
    book.close()


def test_who_is_held_comes_first_with_the_trustee_and_the_others_with_their_accounts() -> None:
    result = RUNNER.invoke(app, ["debtors", "--tenant", "dal", "--json"])
    held, sound = json.loads(result.output)
    assert (held["number"], held["held by"], held["since"]) == (BROKE, "bankruptcy", "2025-03-10")
    assert held["trustee"] == "Adv. Kari Vik, Torget 1, 0155 OSLO"
    assert held["last accounts"] == "no accounts filed"
    assert sound["last accounts"] == "equity is negative; result not stated; last accounts are of 2024"
    assert sound["equity"] == -7.00 and '"equity": -7.00' in result.output


def test_one_customer_as_a_table() -> None:
    result = RUNNER.invoke(app, ["debtors", "--tenant", "dal", "--customer", "10019"])
    assert result.exit_code == 0 and "Adv. Kari Vik" in result.output and SOUND not in result.output


def test_what_changed_is_told_with_the_customer_it_concerns() -> None:
    book = Book(folder=str(open_session().environment.books))
    with book.session("dal") as con:
        keep_answers(con, [UnitAnswer(SOUND, "deleted", False, "SOLVIKA AS", slettedato=TODAY)], TODAY, NOW)
    book.close()
    result = RUNNER.invoke(app, ["debtors", "--tenant", "dal", "--changes", "--json"])
    told = [(one["customer"], one["field"], one["before"], one["after"]) for one in json.loads(result.output)]
    assert told == [("10018", "slettedato", None, "2025-03-10"), ("10018", "status", "registered", "deleted")]


def test_a_tenant_without_the_register_is_told_how_to_turn_it_on() -> None:
    session = open_session()
    session.journal.change_settings("dal", {"register": False}, "test", NOW)
    result = RUNNER.invoke(app, ["debtors", "--tenant", "dal"])
    assert result.exit_code == 1 and "register=true" in result.output
