"""``kredin quarantine``: what was set aside is listed, and released by a person's word."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.cli import app
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.ledger.quarantine import Refused, put_aside
from resources.book import Book

RUNNER = CliRunner()
NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def one_row_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KREDIN_HOME", str(tmp_path))
    session = open_session()
    session.journal.add_tenant(
        "dal", SecretStr("key"), "Dalnes AS", "999990126", NOW.date(), TenantSettings.of(), "test", NOW
    )
    book = Book(folder=str(session.environment.books))
    with book.session("dal") as con:
        row = Refused("poweroffice_ledger_entries", "88213", ["DueDate: found 31.02.2026, want an ISO date"], "{}")
        put_aside(con, [row], date(2026, 11, 24), NOW)
    book.close()


def test_a_row_is_listed_until_it_is_released() -> None:
    listed = RUNNER.invoke(app, ["quarantine", "list", "--tenant", "dal", "--json"])
    released = RUNNER.invoke(app, ["quarantine", "release", "88213"])
    after = RUNNER.invoke(app, ["quarantine", "list", "--tenant", "dal", "--json"])

    assert "88213" in listed.output and "31.02.2026" in listed.output
    assert released.exit_code == 0 and "88213 released" in released.output
    assert after.exit_code == 0 and "88213" not in after.output


def test_releasing_a_row_that_does_not_wait_fails_and_says_where_to_look() -> None:
    result = RUNNER.invoke(app, ["quarantine", "release", "1", "--tenant", "dal"])

    assert result.exit_code == 1 and "kredin quarantine list" in result.output


def set_aside(record_id: str, raw: str) -> None:
    """A second row, as it came from the wire."""
    book = Book(folder=str(open_session().environment.books))
    with book.session("dal") as con:
        put_aside(con, [Refused("poweroffice_customers", record_id, ["an old reason"], raw)], NOW.date(), NOW)
    book.close()


def test_a_row_is_shown_as_it_came() -> None:
    set_aside("7", '{"Id": 7, "Number": 10007, "Name": "Sørås", "Allowance": 10.10}')

    shown = RUNNER.invoke(app, ["quarantine", "show", "7"])
    unknown = RUNNER.invoke(app, ["quarantine", "show", "8"])

    assert shown.exit_code == 0
    assert "waits" in shown.output and "an old reason" in shown.output
    assert "Allowance: 10.10" in shown.output and 'Name: "Sørås"' in shown.output
    assert unknown.exit_code == 1 and "no row 8 was ever set aside" in unknown.output


def test_a_retry_takes_what_is_good_and_tells_what_stays_and_why() -> None:
    good = '{"Id": 7, "Number": 10007, "Name": "Sørås", "LastChangedDateTimeOffset": "2026-11-01T05:00:00+00:00"}'
    set_aside("7", good)

    result = RUNNER.invoke(app, ["quarantine", "retry"])
    again = RUNNER.invoke(app, ["quarantine", "retry", "7"])
    bad_alone = RUNNER.invoke(app, ["quarantine", "retry", "88213"])
    listed = RUNNER.invoke(app, ["quarantine", "list", "--tenant", "dal"])

    assert result.exit_code == 0, result.output
    assert (
        "1 row set aside (1 of poweroffice_customers) now good, 1 of them news to the mirror; 1 stay" in result.output
    )
    assert "kredin run --tenant dal" in result.output
    assert "88213 stays: Id: found nothing, want a number" in result.output
    assert again.exit_code == 1 and bad_alone.exit_code == 1
    assert "1 row set aside (1 of poweroffice_ledger_entries)" in listed.output
