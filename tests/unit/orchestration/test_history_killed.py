"""An import whose process is killed: the next one ends where one that was never killed ends (issue: resumable)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import IO, Any

import duckdb
import pytest
from dagster import AssetKey, DagsterRunStatus
from pydantic import SecretStr

from kredin_pipeline.cases import published
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.environment import write_environment
from kredin_pipeline.instance import open_instance
from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from tests.unit.orchestration.killable import TENANT

FIRST, LAST = date(2025, 3, 13), date(2025, 3, 16)
ROOT = Path(__file__).parents[3]
MOMENTS = (
    ("between two pages", "ledger_entries: * pages read", 2),
    ("in the middle of the merge", "ledger_entries: * rows read*", 1),
    ("between mirror and cases", "*: deriving the last day", 1),
    ("while the days are noted", "settlements: * days noted", 1),
)
USUAL = (MOMENTS[1],)
"""In the default run; all with ``KILLS=all``."""
OF_THE_READS = {"sync_log": "*", "sync_state": "pages_digest, pages_rows"}
"""What says how often was read, and not what the book holds."""


class Server:
    """The process that imports are forked from (``killable``)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.orchestration.killable"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip

    def run(self, home: Path, die_at: str | None = None, nth: int = 1) -> int:
        order = {"home": str(home), "first": str(FIRST), "last": str(LAST), "die_at": die_at, "nth": nth}
        orders, answers = self._pipes()
        orders.write(json.dumps(order) + "\n")
        orders.flush()
        return int(answers.readline())

    def stop(self) -> None:
        self._pipes()[0].close()
        self._process.wait(timeout=30)
        self._pipes()[1].close()

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self._process.stdin is not None and self._process.stdout is not None
        return self._process.stdin, self._process.stdout


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with start(SandboxOptions(rate_per_second=0, register_default="active", now="2025-03-17T06:00")) as running:
        yield running


@pytest.fixture
def home(sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with one tenant of 300 entries that was never run."""
    for name in [name for name in os.environ if name.startswith(("KREDIN_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
    key = sandbox.control.add_company("Fjellheim AS", "999990002")
    sandbox.control.seed(key, "size", entries=300)
    folder = tmp_path / "home"
    folder.mkdir()
    write_environment(
        folder,
        {
            "poweroffice_url": sandbox.poweroffice_url, "poweroffice_token_url": sandbox.token_url,
            "poweroffice_application_key": DEFAULT_APPLICATION_KEY,
            "poweroffice_subscription_key": DEFAULT_SUBSCRIPTION_KEY, "poweroffice_requests_per_second": "0",
            "poweroffice_page_size": "100", "register_url": sandbox.register_url,
            "letter_drop": sandbox.letter_drop_url, "clock": "2025-03-17T06:00:00+01:00", "first_day": "2025-01-01",
        },
    )  # fmt: skip
    monkeypatch.setenv("KREDIN_HOME", str(folder))
    monkeypatch.setenv("DAGSTER_HOME", str(folder / "dagster"))  # monkeypatch takes away what opening one leaves
    settings = TenantSettings.of({"mode": "observe", "import_from": date(2022, 1, 1)})
    session = open_session()
    session.journal.add_tenant(
        TENANT, SecretStr(key), "Fjellheim AS", "999990002", LAST, settings, "test", session.now()
    )  # fmt: skip
    session.journal.close()
    open_instance(folder / "dagster").dispose()
    return folder


def content(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the book, its rows in an order of their own; and the case table of the last days."""
    with duckdb.connect(str(home / "books" / f"{TENANT}.duckdb"), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        names = [row[0] for row in con.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        found = {name: _rows(con, name) for name in names if OF_THE_READS.get(name) != "*"}
        for day in (FIRST, LAST):
            found[f"cases on {day}"] = [tuple(map(str, row.values())) for row in published.rows(con, day)]
    return found


def _rows(con: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Any, ...]]:
    without = f"* exclude ({OF_THE_READS[name]})" if name in OF_THE_READS else "*"
    return sorted(con.execute(f'select {without} from "{name}"').fetchall(), key=repr)


def test_an_import_that_was_killed_again_and_again_ends_like_one_that_was_not(
    home: Path, server: Server, tmp_path: Path
) -> None:
    never = tmp_path / "never killed"
    shutil.copytree(home, never)

    moments = MOMENTS if os.environ.get("KILLS") == "all" else USUAL
    for when, pattern, nth in moments:
        assert server.run(home, pattern, nth) == -9, f"was not killed {when}"
    assert server.run(home) == 0
    assert server.run(never) == 0

    wanted = content(never)
    assert content(home) == wanted
    assert len(wanted["poweroffice_ledger_entries"]) == 300 and wanted[f"cases on {LAST}"]
    with open_instance(home / "dagster") as instance:
        runs = [run.status for run in instance.get_runs()]
        assert runs == [DagsterRunStatus.SUCCESS] + [DagsterRunStatus.CANCELED] * len(moments)
        noted = instance.get_materialized_partitions(AssetKey("cases"))
        assert noted == {f"{date.fromordinal(day)}|{TENANT}" for day in range(FIRST.toordinal(), LAST.toordinal() + 1)}
