"""Connecting from the launchpad does what the command does, and shows no key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance

from kredin_pipeline.journal import UnknownTenant
from kredin_pipeline.onboarding_job import CONNECT_COMPANY
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from tests.unit.orchestration.installation import TENANT, Installation, install

ORGNR = "999990126"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start(SandboxOptions(rate_per_second=0)) as running:
        yield running


@pytest.fixture
def house(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Installation]:
    made = install(sandbox, tmp_path, "2025-03-17T06:00")
    yield made
    made.book.close()


def connect(house: Installation, key: str, monkeypatch: pytest.MonkeyPatch, **config: object) -> str:
    """Run the job with the key in a variable; the message of its failure, empty when it went well."""
    monkeypatch.setenv("THE_KEY", key)
    given = {"name": "dal", "client_key_variable": "THE_KEY", "who": "Kari", **config}
    with DagsterInstance.ephemeral() as instance:
        result = house.definitions.resolve_job_def(CONNECT_COMPANY).execute_in_process(
            run_config={"ops": {"connect_company_op": {"config": given}}}, instance=instance, raise_on_error=False
        )
        stored = "\n".join(str(record) for record in instance.all_logs(result.run_id))
        assert key not in stored + str(result.dagster_run.run_config)
    failed = [event for event in result.all_events if event.is_step_failure]
    return str(failed[0].step_failure_data.user_failure_data or failed[0].step_failure_data.error) if failed else ""


def test_a_company_is_connected_in_observe_with_its_settings(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = house.control.add_company("Dalnes AS", ORGNR)

    refused = connect(
        house, key, monkeypatch, expected_organization_no=ORGNR, days_past_due=10, settings={"grace_days": 5}
    )

    assert refused == ""
    tenant = house.journal.tenant("dal")
    assert (tenant.company_name, tenant.settings.mode) == ("Dalnes AS", "observe")
    assert (tenant.settings.days_past_due, tenant.settings.grace_days) == (10, 5)
    assert house.journal.tenant(TENANT).live


def test_the_key_of_another_company_is_refused_and_nothing_is_stored(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = house.control.add_company("Dalnes AS", ORGNR)

    refused = connect(house, key, monkeypatch, expected_organization_no="999990134")

    assert "999990134 was expected" in refused
    with pytest.raises(UnknownTenant):
        house.journal.tenant("dal")
