"""Deciding from the launchpad does what the command does: one job for each kind, with described configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, Definitions, ExecuteInProcessResult

from kredin_pipeline.decision_jobs import KINDS, build_decision_jobs
from kredin_pipeline.definitions import build_definitions
from kredin_pipeline.environment import load_environment
from kredin_pipeline.journal.states import DECISION_KINDS
from resources.book import Book
from resources.clock import Clock
from resources.journal import JournalResource
from tests.unit.decisions.house import NOW, save_book
from tests.unit.decisions.office import TENANT, Office


@pytest.fixture
def definitions(office: Office, tmp_path: Path) -> Definitions:
    save_book(office, tmp_path / "books")
    return Definitions(
        jobs=build_decision_jobs(),
        resources={
            "clock": Clock(pinned=NOW),
            "book": Book(folder=str(tmp_path / "books"), lock_wait_seconds=0.2),
            "journal": JournalResource(url=f"sqlite:///{tmp_path / 'journal.sqlite'}", home=str(tmp_path)),
        },
    )


def run(definitions: Definitions, kind: str, /, **config: Any) -> ExecuteInProcessResult:
    name = f"decide_{kind}"
    given = {"tenant": TENANT, "case": "1001", "who": "Kari", **config}
    with DagsterInstance.ephemeral() as instance:
        return definitions.resolve_job_def(name).execute_in_process(
            run_config={
                "ops": {f"{name}_op": {"config": given}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            instance=instance,
            raise_on_error=False,
        )


def metadata(result: ExecuteInProcessResult) -> dict[str, Any]:
    assert result.success
    (output,) = [event for event in result.all_events if event.is_successful_output]
    return {name: value.value for name, value in output.step_output_data.metadata.items()}


def test_a_decision_is_recorded_and_its_words_are_in_the_metadata(office: Office, definitions: Definitions) -> None:
    shown = metadata(run(definitions, "pause", until="2025-04-30", note="waits for a sale"))
    assert "Stops letters until 2025-04-30" in shown["will"] and shown["invoice"] == "1001"
    [made] = office.journal.decisions(TENANT)
    assert (made.decision_id, dict(made.payload)) == (
        shown["recorded"], {"until": "2025-04-30", "note": "waits for a sale"},
    )  # fmt: skip


def test_choices_and_renamed_fields_reach_the_log_as_the_derivation_reads_them(
    office: Office, definitions: Definitions
) -> None:
    run(definitions, "merge", others=["1002"])
    run(definitions, "interest_from", day="2025-03-10", note="sent late")
    run(definitions, "classify", what="goodwill")
    run(definitions, "legal", kind="judgment", reference="25-1")
    run(definitions, "exclude", case=None, customer_no="10002", note="sister company")
    run(definitions, "close", reason="debtor_insolvent")
    assert [(made.kind, dict(made.payload), made.refused_because) for made in office.journal.decisions(TENANT)] == [
        ("merge", {"with": [office.case(1002)["case_id"]]}, None),
        ("interest_from", {"from": "2025-03-10", "note": "sent late"}, None),
        ("classify", {"as": "goodwill"}, None),
        ("legal", {"kind": "judgment", "reference": "25-1"}, None),
        ("exclude", {"note": "sister company"}, None),
        ("close", {"reason": "debtor_insolvent"}, None),
    ]


def test_a_refusal_fails_the_run_with_its_reason_is_not_retried_and_is_in_the_log(
    office: Office, definitions: Definitions
) -> None:
    result = run(definitions, "resume")
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    data = failed.step_failure_data.user_failure_data
    assert data is not None and "resume: case" in str(data.description) and "is not paused" in str(data.description)
    assert not any(event.is_step_restarted or event.is_step_up_for_retry for event in result.all_events)
    assert [reason is not None for _, reason in office.log()] == [True]


def test_a_dry_run_records_nothing(office: Office, definitions: Definitions) -> None:
    shown = metadata(run(definitions, "withdraw_fee", note="wrong address", dry_run=True))
    assert "fees: 35.00 -> 0.00" in shown["as of today"] and shown["recorded"] == "nothing (dry run)"
    assert not run(definitions, "resume", dry_run=True).success
    assert office.journal.decisions(TENANT) == []


def test_every_kind_has_its_job_in_the_installation_and_every_field_says_what_it_is(tmp_path: Path) -> None:
    assert set(KINDS) == set(DECISION_KINDS) - {"sign", "note"}
    names = {job.name for job in build_definitions(environment=load_environment(tmp_path)).jobs or ()}
    assert {f"decide_{kind}" for kind in KINDS} <= names
    for config, says in KINDS.values():
        assert says
        assert all(field.description for field in config.model_fields.values())
