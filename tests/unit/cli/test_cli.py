"""The command line: exit codes, exact JSON, help at once, and nothing that shows a key."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kredin_pipeline.cli import app
from kredin_pipeline.commands.output import exact_json
from kredin_pipeline.commands.session import assigned, open_session
from kredin_pipeline.environment import write_environment
from kredin_pipeline.journal import Journal
from tests.unit.cli.ledgers import KEY, FakeLedger, FixedClock
from tests.unit.journal.builders import NOW, intend_voucher, with_tenant

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import os

    for name in list(os.environ):
        if name.startswith("KREDIN_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("KREDIN_HOME", str(tmp_path))
    monkeypatch.setenv("KREDIN_USER", "Kari")
    keys = {"poweroffice_application_key": "a", "poweroffice_subscription_key": "b"}
    write_environment(tmp_path, {**keys, "clock": "2025-03-17T06:00:00+01:00"})
    return tmp_path


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> FakeLedger:
    made = FakeLedger()
    doors = SimpleNamespace(poweroffice=made, clock=FixedClock())
    monkeypatch.setattr("kredin_pipeline.commands.connect.doors", lambda _: doors)
    monkeypatch.setattr("kredin_pipeline.commands.tenants.doors", lambda _: doors)
    return made


def kredin(*words: str, typed: str | None = None) -> Result:
    return RUNNER.invoke(app, list(words), input=typed)


def journal() -> Journal:
    return open_session().journal


def test_help_is_quick_and_names_every_command() -> None:
    started = time.perf_counter()
    imported = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "kredin_pipeline.cli", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    took = time.perf_counter() - started
    for command in ("sandbox", "connect", "tenants", "run", "import", "cases", "case", "outbox"):
        assert f" {command} " in imported.stdout
    heavy = [
        name for name in ("dagster", "duckdb", "pandas", "sqlalchemy", "uvicorn") if f"| {name}\n" in imported.stderr
    ]
    assert heavy == []
    assert took < 5  # half a second when nothing else runs; the imports above are what decides it


def test_connecting_shows_the_company_and_says_what_comes_next(ledger: FakeLedger) -> None:
    done = kredin(
        "connect",
        "fjellheim",
        "--organization-no",
        "999990126",
        "--set",
        "grace_days=5",
        "--no-register",
        typed=f"{KEY}\n",
    )

    assert done.exit_code == 0, done.output
    assert "Fjellheim AS, organisation number 999990126" in done.output
    assert "kredin tenants live fjellheim" in done.output
    assert KEY not in done.output
    tenant = journal().tenant("fjellheim")
    assert (tenant.settings.grace_days, tenant.settings.register, tenant.settings.mode) == (5, False, "observe")


@pytest.mark.parametrize(
    ("words", "key", "code", "says"),
    [
        (["fjellheim"], KEY[:20], 1, "client key: has 20 characters"),
        (["fjellheim", "--organization-no", "999990134"], KEY, 1, "but 999990134 was expected"),
        (["fjell heim"], KEY, 1, "tenant name"),
        (["fjellheim", "--set", "grace_days"], KEY, 2, "want KEY=VALUE"),
        (["fjellheim", "--set", "gracedays=1"], KEY, 1, "unknown setting gracedays"),
        (["fjellheim", "--import-from", "1.1.2024"], KEY, 2, "import-from"),
    ],
)
def test_a_mistake_at_connecting_is_one_line_and_stores_nothing(
    ledger: FakeLedger, words: list[str], key: str, code: int, says: str
) -> None:
    done = kredin("connect", *words, "--client-key", key)
    assert (done.exit_code, says in done.output) == (code, True), done.output
    assert "Traceback" not in done.output
    assert journal().tenant_names() == []


def test_without_the_installations_own_keys_nothing_is_asked(home: Path, ledger: FakeLedger) -> None:
    write_environment(home, {"poweroffice_subscription_key": None})
    done = kredin("connect", "fjellheim", "--client-key", KEY)
    assert done.exit_code == 1
    assert "KREDIN_POWEROFFICE_SUBSCRIPTION_KEY not set" in done.output
    assert ledger.asked_with == []


def test_tenants_are_listed_set_taken_live_and_back(ledger: FakeLedger) -> None:
    assert "run `kredin connect`" in kredin("tenants", "list").output
    kredin("connect", "fjellheim", "--client-key", KEY)
    assert kredin("tenants", "set", "fjellheim", "steps.reminder.fee=20.00", "interest_account=null").exit_code == 0
    assert journal().tenant("fjellheim").settings.interest_account is None

    refused = kredin("tenants", "live", "fjellheim")
    assert (refused.exit_code, "interest_account: not set" in refused.output) == (1, True)
    kredin("tenants", "set", "fjellheim", "interest_account=8050")
    assert kredin("tenants", "live", "fjellheim").exit_code == 0
    listed: list[dict[str, Any]] = json.loads(kredin("tenants", "list", "--json").output)
    assert [(row["name"], row["mode"], row["organization_no"]) for row in listed] == [
        ("fjellheim", "live", "999990126")
    ]
    assert kredin("tenants", "observe", "fjellheim").exit_code == 0
    assert json.loads(kredin("tenants", "show", "fjellheim").output)["mode"] == "observe"
    assert "Kari" in kredin("tenants", "show", "fjellheim", "--history").output


def test_an_unknown_tenant_is_answered_with_the_known() -> None:
    with_tenant(journal())
    for words in (["run", "-t", "acmee"], ["tenants", "set", "acmee", "grace_days=1"], ["cases", "-t", "acmee"]):
        done = kredin(*words)
        assert (done.exit_code, "acmee: no such tenant; known are acme" in done.output) == (1, True), done.output


def test_the_outbox_tells_what_is_on_its_way_and_how_it_came_there() -> None:
    assert "Nothing is on its way out." in kredin("outbox").output
    key = intend_voucher(with_tenant(journal()))
    assert journal().claim_for_sending(key, "run-7", NOW)
    (item,) = json.loads(kredin("outbox", "--json").output)
    assert (item["key"], item["state"], item["case_ids"], item["attempts"]) == (key, "sending", ["K1"], 1)
    assert item["planned_on"] == "2025-03-17"
    story = json.loads(kredin("outbox", "--key", key, "--json").output)
    assert [(change["to"], change["worker"]) for change in story] == [("intended", None), ("sending", "run-7")]
    assert kredin("outbox", "--key", "letter:none").exit_code == 1


@dataclass
class Outcome:
    ok: bool
    messages: list[str]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the runs were asked for; a tenant called ``broken`` fails."""
    asked: list[tuple[Any, ...]] = []

    def run_day(_defs: object, _instance: object, tenant: str, day: date) -> Outcome:
        asked.append((tenant, day))
        return Outcome(tenant != "broken", ["403 GET /Customerledger/Statement"] if tenant == "broken" else [])

    def run_history(_defs: object, _instance: object, tenant: str, first: date, last: date) -> Outcome:
        asked.append((tenant, first, last))
        return Outcome(True, [])

    monkeypatch.setitem(sys.modules, "kredin_pipeline.jobs", SimpleNamespace(run_day=run_day, run_history=run_history))
    monkeypatch.setattr("kredin_pipeline.commands.run.graph", lambda _: (None, None))
    return asked


def test_one_tenants_failed_day_stops_no_other_and_is_the_exit_code(runs: list[tuple[Any, ...]]) -> None:
    with_tenant(with_tenant(journal(), "broken"))
    done = kredin("run")
    assert runs == [("acme", date(2025, 3, 17)), ("broken", date(2025, 3, 17))]
    assert done.exit_code == 1
    assert "broken: 2025-03-17 failed\n  403 GET /Customerledger/Statement" in done.output
    assert kredin("run", "--tenant", "acme", "--on", "2025-03-14").exit_code == 0
    assert runs[-1] == ("acme", date(2025, 3, 14))


def test_a_day_that_has_not_come_is_not_run(runs: list[tuple[Any, ...]]) -> None:
    with_tenant(journal())
    assert kredin("run", "--on", "2025-03-18").exit_code == 1
    assert kredin("import", "-t", "acme", "--to", "2025-03-18").exit_code == 1
    assert runs == []


def test_an_import_goes_from_the_tenants_first_day_to_yesterday(runs: list[tuple[Any, ...]]) -> None:
    with_tenant(journal())
    assert kredin("import", "-t", "acme").exit_code == 0
    assert kredin("import", "-t", "acme", "--from", "2024-01-01", "--to", "2024-12-31").exit_code == 0
    assert runs == [
        ("acme", date(2023, 1, 1), date(2025, 3, 16)),  # three years back lies before the first daily partition
        ("acme", date(2024, 1, 1), date(2024, 12, 31)),
    ]
    too_early = kredin("import", "-t", "acme", "--from", "2022-12-31")
    assert too_early.exit_code == 1 and "KREDIN_FIRST_DAY" in too_early.output
    assert kredin("import", "-t", "acme", "--from", "2024-02-01", "--to", "2024-01-01").exit_code == 1


def test_amounts_are_numbers_with_their_own_decimals_and_ids_are_text() -> None:
    row = {
        "case_id": "K1", "invoice_no": "00100420", "principal_open": Decimal("7000.00"), "interest": Decimal("0.10"),
        "holds": ["paused"], "flags": (), "due_date": date(2024, 1, 31), "loss_ground": None, "provisional": False,
        "customer_name": "Åsmyr Bygg AS", "at": datetime(2024, 1, 31, 5, tzinfo=UTC),
    }  # fmt: skip
    assert exact_json(row) == (
        '{"case_id": "K1", "invoice_no": "00100420", "principal_open": 7000.00, "interest": 0.10, '
        '"holds": ["paused"], "flags": [], "due_date": "2024-01-31", "loss_ground": null, "provisional": false, '
        '"customer_name": "Åsmyr Bygg AS", "at": "2024-01-31T05:00:00+00:00"}'
    )
    with pytest.raises(TypeError, match="cannot print a float"):
        exact_json([0.1])


def test_words_become_settings() -> None:
    assert assigned(["grace_days=5", "steps.reminder.fee=20.00", "steps.reminder.after_days=20", "register=false",
                     "interest_account=null", "creditor_address=Elvegata 1, A=B"]) == {
        "grace_days": "5", "steps": {"reminder": {"fee": "20.00", "after_days": "20"}}, "register": False,
        "interest_account": None, "creditor_address": "Elvegata 1, A=B",
    }  # fmt: skip
