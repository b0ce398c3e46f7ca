"""``kredin why``: what is printed for people and for programs, on a day that was published and one derived again."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kredin_pipeline.cases import published
from kredin_pipeline.cli import app
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.journal import CaseRow
from tests.unit.journal.builders import NOW, with_tenant
from tests.unit.why.told import Told, book

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[CaseRow]]:
    """A book, and its cases: of invoice 1001 (12 000.00, due 3 March) 5 000.00 was paid on the 20th, booked later.

    The table of 24 March was published before that was known; the book stands on 4 April and is published that day.
    """
    told_of = book()
    told_of.ledger.invoice(1001, "12 000.00", due="2025-03-03", dated="2025-02-17")
    told_of.ledger.invoice(1002, "500.00", due="2025-05-03", dated="2025-04-03", customer=10002)
    told_of.runs("2025-03-04", "2025-03-17", "2025-03-24")
    published.publish(told_of.con, date(2025, 3, 24))
    told_of.ledger.payment("P1", "5 000.00", dated="2025-03-20", for_=[1001], booked="2025-03-25")
    told_of.runs("2025-03-25", "2025-04-04")
    published.publish(told_of.con, date(2025, 4, 4))
    file = tmp_path_factory.mktemp("book") / "acme.duckdb"
    keep(told_of, file)
    return file, [
        CaseRow(row["case_id"], row["voucher_id"], row["invoice_no"], "10001", None, row["opened_on"])
        for row in told_of.cases.values()
    ]


@pytest.fixture(autouse=True)
def home(written: tuple[Path, list[CaseRow]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of the tenant ``acme`` with that book."""
    for name in list(os.environ):
        if name.startswith("KREDIN_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("KREDIN_HOME", str(tmp_path))
    monkeypatch.setenv("KREDIN_CLOCK", "2025-04-04T06:30:00+02:00")
    file, cases = written
    books = open_session().environment.books
    books.mkdir()
    shutil.copy(file, books / "acme.duckdb")
    with_tenant(open_session().journal).open_cases("acme", cases, NOW)
    return tmp_path


def keep(told_of: Told, file: Path) -> None:
    """The book as a file."""
    told_of.con.execute(f"attach '{file}' as book")
    told_of.con.execute("copy from database memory to book")
    told_of.con.execute("detach book")


def kredin(*words: str) -> Result:
    return RUNNER.invoke(app, list(words))


def exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def test_the_sections_are_printed_with_rule_and_statute(home: Path) -> None:
    done = kredin("why", "1001")
    assert done.exit_code == 0, done.output
    heads = [line for line in done.output.splitlines() if line and not line.startswith(" ")]
    assert [head for head in heads if head[0].isupper() and head.strip().isprintable()][1:] == [
        "The claim",
        "What happened, in the order of time",
        "Interest (forsinkelsesrente)",
        "What is left of the principal (hovedstol)",
        "What is left of the costs (fees and interest)",
        "Where it stands",
        "What comes next",
        "How long it can be claimed (foreldelse)",
        "Every sum shown here gives the published figure.",
    ]
    assert "\n  2025-03-17  The reminder (purring) left on 2025-03-17 by email. It asked for" in done.output
    assert "\n  2025-03-20  Entry 3, a bank journal, voucher 3, posted 2025-03-20, 5 000.00 kr" in done.output
    assert not re.search(r"\d\n +\d{3}\b|§\n", done.output)  # no amount and no section is torn apart
    assert "were other figures" not in done.output  # the row of that day says the same
    flat = " ".join(done.output.split())
    assert "noticed; principal open 7 000.00, costs open 175.82, total 7 175.82 kr" in flat
    assert "[rules § 4.2; inkassoforskriften § 1-2]" in flat
    assert "= 7 000.00 open [rules § 2]" in flat
    assert "the principal is smaller: payment of 5 000.00 kr" in flat


def test_what_was_published_that_day_stands_beside_todays_knowledge(home: Path) -> None:
    done = kredin("why", "1001", "--on", "2025-03-24")
    assert done.exit_code == 0, done.output
    assert "Published on 2025-03-24 were other figures" in done.output
    assert "principal_open: published that day: 12 000.00; with today's knowledge: 7 000.00" in done.output
    assert "Known only since 2025-03-25: entry 3, voucher 3, payment." in done.output
    same = kredin("why", "1001", "--on", "2025-03-17")
    assert "were other figures" not in same.output  # that day was never published


def test_two_days_are_compared_whichever_is_named_first(home: Path) -> None:
    forward = kredin("why", "1001", "--on", "2025-04-04", "--compared-to", "2025-03-17")
    back = kredin("why", "1001", "--on", "2025-03-17", "--compared-to", "2025-04-04")
    assert forward.exit_code == 0, forward.output
    assert forward.output == back.output
    assert "\nstate: reminded → noticed\n" in forward.output
    together = "last_step: reminder → collection_notice\nlast_step_on: 2025-03-17 → 2025-04-04\ndeadline: 2025-03-31 →"
    assert together in forward.output
    flat = " ".join(forward.output.split())
    assert "15 days more (2025-03-20 to 2025-04-04) at 12.50 % on 7 000.00: 35.96 kr. [rules § 3;" in flat


def test_json_has_exact_amounts_and_says_whether_it_adds_up(home: Path) -> None:
    done = kredin("why", "1001", "--on", "2025-03-24", "--compared-to", "2025-04-04", "--json")
    assert done.exit_code == 0, done.output
    told = exact(done.output)
    assert (told["case_id"], told["on"], told["agrees"]) == (told["row"]["case_id"], "2025-03-24", True)
    assert told["principal"]["total"] == Decimal("7000.00")
    assert told["published_otherwise"]["principal_open"] == {
        "published": Decimal("12000.00"), "with_todays_knowledge": Decimal("7000.00"),
    }  # fmt: skip
    assert told["ledger_rows"][0]["statements"][0]["rule"] == "§ 2"
    assert {change["column"] for change in told["comparison"]["changes"]} >= {"state", "interest", "fees"}
    assert '"exact": 69.863014' in done.output


def test_a_refused_attempt_and_a_decision_that_no_run_has_seen_are_told(home: Path) -> None:
    journal = open_session().journal
    (case,) = [row for row in journal.cases("acme") if row.invoice_no == "1001"]
    day = date(2025, 4, 4)
    journal.decide("acme", case.case_id, "merge", {"with": ["1002"]}, day, "Ola", NOW, refused_because="no demand yet")
    journal.decide("acme", case.case_id, "pause", {"reason": "on the phone"}, day, "Kari", NOW)
    flat = " ".join(kredin("why", case.case_id).output.split())
    assert "Ola wanted on 2025-04-04: merge. It was refused and changed nothing: no demand yet [rules § 7]" in flat
    assert "Kari decided on 2025-04-04: pause. No run has derived that yet" in flat


def test_what_cannot_be_explained_ends_with_a_reason(home: Path) -> None:
    unknown = kredin("why", "4711")
    assert unknown.exit_code == 1
    assert "4711: no such case or invoice number" in unknown.output
    early = kredin("why", "1002")
    assert early.exit_code == 1
    assert "acme: invoice 1002 (posted 2025-04-03) was no case on 2025-04-04" in early.output
    assert kredin("why", "1001", "--vat", "much").exit_code == 2
    assert kredin("why", "1001", "--tenant", "nobody").exit_code == 1


def test_kredin_case_shows_the_sales_that_a_loss_takes(home: Path) -> None:
    assert "sales_to_cover_loss" not in exact(kredin("case", "1001", "--json").output)
    told_of = book()
    told_of.ledger.invoice(1001, "18 750.00", due="2025-03-03", dated="2025-02-17")
    told_of.runs("2025-03-04")
    told_of.ledger.write_off(1001, dated="2025-03-10")
    told_of.run("2025-03-10")
    published.publish(told_of.con, date(2025, 3, 10))
    file = open_session().environment.books / "acme.duckdb"
    file.unlink()
    keep(told_of, file)
    row = exact(kredin("case", "1001", "--on", "2025-03-10", "--json").output)
    assert row["sales_to_cover_loss"] == Decimal("50000.00")  # 15 000 without VAT at 30 %
