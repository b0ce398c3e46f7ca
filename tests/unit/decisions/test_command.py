"""``kredin decide`` and ``kredin decisions``: the same function, from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kredin_pipeline.cli import app
from kredin_pipeline.cli_decide import decide_app
from kredin_pipeline.commands import decide as command
from kredin_pipeline.journal.states import DECISION_KINDS
from tests.unit.decisions.house import NOW, save_book
from tests.unit.decisions.office import TENANT, Office

RUNNER = CliRunner()


@pytest.fixture
def book(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The office's book on disk; its journal lies in the same home."""
    for name in list(os.environ):
        if name.startswith("KREDIN_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("KREDIN_HOME", str(tmp_path))
    monkeypatch.setenv("KREDIN_CLOCK", NOW)
    monkeypatch.setenv("KREDIN_USER", "Kari")
    return save_book(office, tmp_path / "books")


def kredin(*words: str) -> Result:
    return RUNNER.invoke(app, list(words))


def exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def test_a_decision_says_what_it_will_do_and_what_was_recorded(office: Office, book: Path) -> None:
    done = kredin("decide", "pause", "1001", "--until", "2025-04-30", "--note", "waits for a sale")
    assert done.exit_code == 0, done.output
    assert "Stops letters until 2025-04-30" in done.output and "collection notice on 2025-05-02" in done.output
    assert "Recorded for Kari" in done.output and "counts from the next run on" in done.output
    [made] = office.journal.decisions(TENANT)
    assert (made.kind, made.decided_by, dict(made.payload)) == (
        "pause", "Kari", {"until": "2025-04-30", "note": "waits for a sale"},
    )  # fmt: skip


def test_a_dry_run_shows_the_case_now_and_then_and_records_nothing(office: Office, book: Path) -> None:
    done = kredin("decide", "withdraw-fee", "1001", "--note", "wrong address", "--dry-run", "--json")
    assert done.exit_code == 0, done.output
    found = exact(done.output)
    assert found["recorded"] == [] and "Withdraws the fee: 35.00 of the reminder" in found["will"][0]
    assert found["changes"]["fees"] == {"now": Decimal("35.00"), "then": Decimal("0.00")}
    assert "total_open" in found["changes"] and "principal_open" not in found["changes"]
    refused = kredin("decide", "resume", "1001", "--dry-run")
    assert (refused.exit_code, "is not paused" in refused.output) == (1, True)
    assert office.journal.decisions(TENANT) == []
    assert "Nothing was recorded" in kredin("decide", "pause", "1001", "-n", "why", "--dry-run").output


def test_a_refusal_is_told_and_listed_in_the_log(office: Office, book: Path) -> None:
    done = kredin("decide", "release", "1001", "paused")
    assert done.exit_code == 1 and "a pause ends with `resume`" in done.output
    kredin("decide", "dispute", "1002", "--note", "never ordered", "--who", "Ola")
    as_json = kredin("decide", "waive-costs", "1001", "--amount", "1.234", "--note", "rounding", "--json")
    assert as_json.exit_code == 1
    assert "at most two decimals" in exact(as_json.stdout)["refused"]

    rows = exact(kredin("decisions", "--json").output)
    assert [(row["kind"], row["who"], row["invoice_no"], row["refused"] is None) for row in rows] == [
        ("release", "Kari", "1001", False), ("dispute", "Ola", "1002", True), ("waive_costs", "Kari", "1001", False)
    ]  # fmt: skip
    assert [row["kind"] for row in exact(kredin("decisions", "1002", "--json").output)] == ["dispute"]
    assert "never ordered" in kredin("decisions", "--tenant", TENANT).output
    assert "Nobody has decided" in kredin("decisions", "4711").output


def test_an_unknown_case_and_a_missing_reason_are_errors(office: Office, book: Path) -> None:
    unknown = kredin("decide", "reopen", "4711", "--note", "why")
    assert (unknown.exit_code, "4711: no case of that id" in unknown.output) == (1, True)
    assert kredin("decide", "dispute", "1001").exit_code == 2  # without a reason
    assert kredin("decide", "close", "1001", "tired").exit_code == 2
    assert [reason is not None for _, reason in office.log()] == [True]


def test_a_book_that_a_run_holds_is_named_and_nothing_is_recorded(
    office: Office, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "BOOK_WAIT_SECONDS", 0.1)
    hold = f"import duckdb, sys; c = duckdb.connect({str(book)!r}); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == b"held\n"
        done = kredin("decide", "pause", "1001", "--note", "why")
        writer.communicate()
    assert done.exit_code == 1 and "is held by process" in done.output and "Nothing was recorded" in done.output
    assert office.journal.decisions(TENANT) == []
    assert kredin("decide", "pause", "1001", "--note", "why").exit_code == 0


def test_every_kind_that_a_person_decides_has_its_command() -> None:
    commands = {(one.callback.__name__ if one.callback else "") for one in decide_app.registered_commands}
    assert commands == set(DECISION_KINDS) - {"sign", "note"}


@pytest.mark.parametrize(
    "words",
    [
        ["settle-dispute", "1001", "refused", "--note", "delivery note"],
        ["close", "1001", "withdrawn"],
        ["waive-costs", "1001", "--amount", "10.00", "--note", "kindness"],
        ["exclude", "1001", "--note", "sister company"],
        ["exclude", "--customer", "10001", "--note", "sister company"],
        ["acknowledge", "1001", "--date", "2025-03-17", "--note", "e-mail"],
        ["new-due-date", "1001", "2025-05-05"],
        ["merge", "1001", "1002"],
        ["classify", "1001", "goodwill"],
        ["interest-from", "1001", "2025-03-10", "--note", "sent late"],
        ["paid-in-time", "1001", "2025-03-14", "--note", "receipt"],
        ["legal", "1001", "judgment", "--reference", "25-1"],
    ],
)
def test_each_command_records_its_kind(office: Office, book: Path, words: list[str]) -> None:
    if words[0] == "settle-dispute":
        office.decide(1001, "dispute", "2025-03-18T08:00", note="never came")
    done = kredin("decide", *words)
    assert done.exit_code == 0, done.output
    assert office.log()[-1] == (words[0].replace("-", "_"), None)
