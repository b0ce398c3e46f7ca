"""The register's part of a whole day: the tenant's two switches reach the round, and its numbers reach the run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kredin_pipeline.sandbox.server import RunningSandbox
from tests.unit.obligations.played import Watched, play

DAYS = """
case: register
title: accounts are switched on, then the register is switched off
runs: [2025-03-04, 2025-03-05, 2025-03-06]
world:
  - {on: 2025-01-02, event: customer, no: 10018, set: {name: Solvika AS, orgnr: "999990126"}}
  - {on: 2025-02-10, event: invoice, no: 1001, customer: 10018, amount: 1000.00, due: 2025-03-03}
  - {on: 2025-03-01, event: register, orgnr: "999990126", set: {navn: SOLVIKA AS}}
  - {on: 2025-03-05, event: register, orgnr: "999990126", set: {underAvvikling: true}}
expect:
  - {on: 2025-03-05, case: 1001, holds: [winding_up]}
  - {on: 2025-03-06, case: 1001, holds: []}
"""


def test_the_tenants_switches_decide_what_is_asked_and_kept(sandbox: RunningSandbox, tmp_path: Path) -> None:
    kept: list[list[Any]] = []

    def look(house: Watched) -> None:
        with house.book.session("kreditor") as con:
            kept.append(
                [con.execute(f"select count(*) from {table}").fetchone() for table in ("brreg_units", "brreg_accounts")]
            )
            kept[-1].append(con.execute("select field, before, after from brreg_changes order by all").fetchall())

    def then(**changes: bool) -> Any:
        def act(house: Watched) -> None:
            look(house)
            house.journal.change_settings("kreditor", changes, "test", datetime(2025, 3, 4, 9, tzinfo=UTC))

        return act

    play(DAYS, sandbox, tmp_path, on_2025_03_04=then(register_accounts=True), on_2025_03_05=then(register=False),
         on_2025_03_06=look)  # fmt: skip

    wound_up = [("under_avvikling", "false", "true")]
    assert kept == [[(1,), (0,), []], [(1,), (1,), wound_up], [(1,), (0,), wound_up]]
