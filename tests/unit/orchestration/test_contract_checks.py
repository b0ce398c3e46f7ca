"""A stage that breaks its contract, or a mirror that is not whole, stops its own tenant's letters and vouchers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr

from assets import cases
from kredin_pipeline.jobs import run_day
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from tests.unit.orchestration.installation import TENANT, TODAY, Installation, install

OTHER = "dal"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start(SandboxOptions(rate_per_second=0, register_default="active")) as running:
        yield running


@pytest.fixture
def house(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Installation]:
    made = install(sandbox, tmp_path, f"{TODAY}T06:00")
    yield made
    made.book.close()
    made.instance.dispose()


def test_a_derivation_that_breaks_its_contract_sends_and_books_nothing(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cases.derive_day

    def wrong(con: duckdb.DuckDBPyConnection, *given: Any, **more: Any) -> Any:
        summary = real(con, *given, **more)
        con.execute("update case_states set total_open = total_open + 1 where invoice_no = '1001'")
        return summary

    monkeypatch.setattr(cases, "derive_day", wrong)
    red = run_day(house.definitions, house.instance, TENANT, TODAY)
    monkeypatch.setattr(cases, "derive_day", real)

    assert not red.ok and (house.letters(), house.vouchers()) == (0, 0)
    told = " ".join(red.messages)
    assert (
        f"{TENANT}: case_states, case K" in told
        and 'total_open: found "5024.97", want = principal_open + costs_open (5023.97)' in told
    )

    healed = run_day(house.definitions, house.instance, TENANT, TODAY)
    assert healed.ok and (house.letters(), house.vouchers()) == (1, 1)


def test_a_mirror_that_is_not_whole_stops_that_tenant_and_nobody_else(house: Installation) -> None:
    control = house.control
    other = control.add_company("Dal AS", "999990010")
    due = {"on": "2025-02-10", "event": "invoice", "no": 1, "customer": 10001, "amount": "50.00", "due": "2025-03-03"}
    control.events(other, [due, {**due, "no": 2, "customer": 10002, "amount": "70.00"}])
    settings = house.journal.tenant(TENANT).settings
    house.journal.add_tenant(
        OTHER, SecretStr(other), "Dal AS", "999990010", date(2025, 2, 17), settings, "test", control.now()
    )
    control.fault(other, {"route": "GET /Customerledger/Statement", "kind": "short_page", "times": 50})

    red = run_day(house.definitions, house.instance, OTHER, TODAY)
    green = run_day(house.definitions, house.instance, TENANT, TODAY)

    assert not red.ok and "mirror is not whole" in " ".join(red.messages)
    assert not [one for one in control.vouchers(other) if one["created_by_integration"]]
    assert green.ok and (house.letters(), house.vouchers()) == (1, 1)
