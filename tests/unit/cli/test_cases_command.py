"""``kredin cases`` and ``kredin case``: the published rows with exact amounts, and what lies behind one of them."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from kredin_pipeline.cases import published
from kredin_pipeline.cli import app
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.journal import CaseRow
from tests.unit.cases.ledger import Ledger, case_id
from tests.unit.journal.builders import NOW, with_tenant

RUNNER = CliRunner()
DAY = date(2024, 3, 1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path, None, None]:
    """The tenant ``acme``, whose customer paid 5 000.00 of 12 000.00, with the day's table published."""
    for name in list(os.environ):
        if name.startswith("KREDIN_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("KREDIN_HOME", str(tmp_path))
    monkeypatch.setenv("KREDIN_CLOCK", "2024-03-01T06:30:00+01:00")
    ledger = Ledger.of(mode="observe")
    ledger.tenant = "acme"
    ledger.invoice("00100420", "12000.00", due="2024-01-31")
    ledger.payment("P1", "5000.00", on="2024-02-20", invoices=["00100420"])
    ledger.run("2024-03-01")
    published.publish(ledger.con, DAY)
    books = open_session().environment.books
    books.mkdir()
    ledger.con.execute(f"attach '{books / 'acme.duckdb'}' as book")
    ledger.con.execute("copy from database memory to book")
    ledger.con.execute("detach book")
    journal = with_tenant(open_session().journal)
    journal.open_cases("acme", [CaseRow(case_id("00100420"), "v", "00100420", "10001", None, DAY)], NOW)
    yield tmp_path


def kredin(*words: str) -> Result:
    return RUNNER.invoke(app, list(words))


def exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def test_the_published_rows_are_printed_with_their_own_decimals(home: Path) -> None:
    done = kredin("cases", "--tenant", "acme", "--on", "2024-03-01", "--json")
    assert done.exit_code == 0, done.output
    (row,) = exact(done.output)
    assert list(row)[: len(published.COLUMNS)] == [name for name, _ in published.COLUMNS]
    assert '"principal_open": 7000.00' in done.output
    assert (row["invoice_no"], row["principal"], row["paid"]) == ("00100420", Decimal("12000.00"), Decimal("5000.00"))
    assert (row["holds"], row["business_date"], row["tenant"]) == ([], "2024-03-01", "acme")


def test_a_later_day_shows_the_newest_table_and_an_earlier_none(home: Path) -> None:
    assert exact(kredin("cases", "--on", "2024-03-05", "--json").output)[0]["business_date"] == "2024-03-01"
    before = kredin("cases", "--on", "2024-02-01", "--json")
    assert (before.exit_code, exact(before.output)) == (0, [])
    assert "No case is published" in kredin("cases", "--on", "2024-02-01").output
    assert exact(kredin("cases", "--state", "closed", "--json").output) == []


def test_the_table_is_for_people(home: Path) -> None:
    done = kredin("cases")
    assert done.exit_code == 0, done.output
    assert "7 000.00" in done.output
    assert "00100420" in done.output


def test_a_case_is_shown_with_everything_behind_it(home: Path) -> None:
    journal = open_session().journal
    journal.decide("acme", case_id("00100420"), "pause", {"until": "2024-04-01", "reason": "agreed"}, DAY, "Kari", NOW)
    for wanted in ("00100420", case_id("00100420")):
        done = kredin("case", wanted, "--json")
        assert done.exit_code == 0, done.output
        found = exact(done.output)
        assert [(row["kind"], row["amount"]) for row in found["settlements"]] == [("payment", Decimal("5000.00"))]
        assert [row["base"] for row in found["interest_periods"]] == [Decimal("12000.00"), Decimal("7000.00")]
        exact_sum = sum((row["amount"] for row in found["interest_periods"]), Decimal(0))
        assert exact_sum.quantize(Decimal("0.01")) == found["interest"]
        assert [(row["kind"], row["by"]) for row in found["decisions"]] == [("pause", "Kari")]
    assert "Interest periods" in kredin("case", "00100420").output


def test_an_unknown_case_is_an_error_that_says_so(home: Path) -> None:
    done = kredin("case", "4711")
    assert (done.exit_code, "4711: no such case or invoice number at any tenant" in done.output) == (1, True)


def test_a_running_writer_is_named(home: Path) -> None:
    import subprocess
    import sys

    file = open_session().environment.books / "acme.duckdb"
    hold = f"import duckdb, sys; c = duckdb.connect({str(file)!r}); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"held\n"
        done = kredin("cases")
        writer.communicate()
    assert done.exit_code == 1
    assert f"PID {writer.pid}" in done.output
    with duckdb.connect(str(file), read_only=True):
        assert kredin("cases").exit_code == 0
