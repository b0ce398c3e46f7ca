"""The same words from the launchpad: one job each, with described configuration."""

from __future__ import annotations

from typing import Any

import pytest
from dagster import ExecuteInProcessResult

from kredin_pipeline.outbox_jobs import RELEASE, SEEN, SETTLE, Release, Seen, Settle
from tests.unit.orchestration.installation import TENANT, TODAY
from tests.unit.outbox.conftest import Office


def run(office: Office, name: str, /, **config: Any) -> ExecuteInProcessResult:
    return office.house.definitions.resolve_job_def(name).execute_in_process(
        run_config={
            "ops": {f"{name}_op": {"config": {"who": "Kari", "why": "month end", **config}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
        instance=office.house.instance,
        raise_on_error=False,
    )


def metadata(result: ExecuteInProcessResult) -> dict[str, Any]:
    assert result.success
    (output,) = [event for event in result.all_events if event.is_successful_output]
    return {name: value.value for name, value in output.step_output_data.metadata.items()}


def reason(result: ExecuteInProcessResult) -> str:
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    assert not any(event.is_step_up_for_retry for event in result.all_events)
    data = failed.step_failure_data.user_failure_data
    assert data is not None
    return str(data.description)


def test_an_item_is_settled_after_a_look_up_or_the_run_fails_with_the_reason(office: Office) -> None:
    item = office.lost("voucher")
    assert "the ledger has no voucher" in reason(run(office, SETTLE, key=item.key, said="posted"))
    tried = metadata(run(office, SETTLE, key=item.key, said="not_sent", dry_run=True))
    assert tried["recorded"] == "nothing (dry run)" and office.item("voucher").state == "outcome_unknown"
    done = metadata(run(office, SETTLE, key=item.key, said="not_sent"))
    assert (done["was"], done["becomes"], done["recorded"]) == ("outcome_unknown", "intended", "for Kari")
    assert office.item("voucher").state == "intended"


def test_the_brake_is_released_for_a_day(office: Office) -> None:
    assert "want YYYY-MM-DD" in reason(run(office, RELEASE, tenant=TENANT, kind="letters", on="17.3.", up_to=1))
    done = metadata(run(office, RELEASE, tenant=TENANT, kind="letters", on=str(TODAY), up_to=1))
    assert "None of those that wait leaves" in done["before"] and "released up to 1" in done["now"]
    assert not office.house.journal.brake_of(TENANT, "letters", TODAY).held


def test_a_difference_is_let_stand(office: Office) -> None:
    assert "do not differ" in reason(run(office, SEEN, tenant=TENANT))
    item = office.lost("voucher")
    office.house.journal.mark_conflict(item.key, "found 5.00", office.now)
    assert item.key in metadata(run(office, SEEN, tenant=TENANT, subjects=[item.key]))["stands"]
    assert office.house.journal.standing(TENANT).keys == {item.key}


@pytest.mark.parametrize("config", [Settle, Seen, Release])
def test_every_field_says_what_it_is(config: type[Settle | Seen | Release]) -> None:
    assert all(field.description for field in config.model_fields.values())
