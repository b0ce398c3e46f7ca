"""What may leave the house, and from which run: only from today's own run of a live tenant (rules § 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from dagster import AssetKey

from kredin_pipeline.cases import published
from kredin_pipeline.jobs import DAILY, run_day, run_history
from kredin_pipeline.partitions import BACKFILL_TAG, TENANT_TAG, key, range_tags
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from tests.unit.orchestration.installation import TENANT, TODAY, Installation, install

Install = Callable[..., Installation]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start(SandboxOptions(rate_per_second=0, register_default="active")) as running:
        yield running


@pytest.fixture
def installed(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Install]:
    made: list[Installation] = []

    def make(now: str = f"{TODAY}T06:00", mode: str = "live") -> Installation:
        made.append(install(sandbox, tmp_path, now, mode))
        return made[-1]

    yield make
    for one in made:
        one.book.close()
        one.instance.dispose()


def said(house: Installation, asset: str) -> str:
    """All texts of the newest materialization of an asset."""
    event = house.instance.get_latest_materialization_event(AssetKey(asset))
    assert event is not None and event.asset_materialization is not None
    return " ".join(str(value.value) for value in event.asset_materialization.metadata.values())


def test_o2_todays_run_sends_and_posts_once_also_after_it_failed_at_its_end(
    installed: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Obligation O-2: what had succeeded may run again without any effect."""
    house = installed()

    with monkeypatch.context() as patch:
        patch.setattr(published, "publish", _fails)
        broken = run_day(house.definitions, house.instance, TENANT, TODAY)
    first = run_day(house.definitions, house.instance, TENANT, TODAY)
    counted = _rows(house)
    again = run_day(house.definitions, house.instance, TENANT, TODAY)

    assert not broken.ok and "the disk is full" in " ".join(broken.messages)
    assert first.ok and again.ok, [*first.messages, *again.messages]
    assert (house.letters(), house.vouchers()) == (1, 1)
    assert _rows(house) == counted


def _fails(*_: object, **__: object) -> None:
    raise OSError("the disk is full")


def _rows(house: Installation) -> dict[str, int]:
    """Rows of what a day reads and derives, the published table apart."""
    tables = ("poweroffice_ledger_entries", "poweroffice_ledger_entry_changes", "claims", "settlements", "case_states")
    with house.book.session(TENANT) as con:
        return {one: (con.execute(f"select count(*) from {one}").fetchone() or (0,))[0] for one in tables}


def test_a_past_day_derives_and_publishes_but_nothing_leaves(installed: Install) -> None:
    house = installed("2025-03-18T06:00")

    outcome = run_day(house.definitions, house.instance, TENANT, TODAY)

    assert outcome.ok, outcome.messages
    assert (house.letters(), house.vouchers()) == (0, 0)
    assert "not the business date" in said(house, "sent_letters") and "not the business date" in said(
        house, "posted_vouchers"
    )
    with house.book.read_only(TENANT) as con:
        assert {row["invoice_no"]: row["state"] for row in published.rows(con, TODAY)}["1001"] == "overdue"


def test_a_backfill_of_today_itself_sends_nothing(installed: Install) -> None:
    house = installed()
    house.instance.add_dynamic_partitions("tenant", [TENANT])
    job = house.definitions.resolve_job_def(DAILY)

    result = job.execute_in_process(
        partition_key=key(TENANT, TODAY), instance=house.instance, tags={BACKFILL_TAG: "abcdefgh", TENANT_TAG: TENANT}
    )

    assert result.success
    assert (house.letters(), house.vouchers()) == (0, 0)
    assert "backfill" in said(house, "sent_letters")


def test_a_range_over_all_assets_that_ends_today_sends_nothing(installed: Install) -> None:
    house = installed()
    house.instance.add_dynamic_partitions("tenant", [TENANT])
    job = house.definitions.resolve_job_def(DAILY)

    result = job.execute_in_process(instance=house.instance, tags=range_tags(TENANT, date(2025, 3, 10), TODAY))

    assert result.success
    assert (house.letters(), house.vouchers()) == (0, 0)
    assert len(house.instance.get_materialized_partitions(AssetKey("sent_letters"))) == 8


def test_a_historical_import_runs_no_acting_asset_and_its_days_can_be_read(installed: Install) -> None:
    house = installed()

    outcome = run_history(house.definitions, house.instance, TENANT, date(2025, 2, 10), date(2025, 3, 16))

    assert outcome.ok, outcome.messages
    assert (house.letters(), house.vouchers()) == (0, 0)
    assert house.instance.get_latest_materialization_event(AssetKey("sent_letters")) is None
    with house.book.read_only(TENANT) as con:
        before_due = published.rows(con, date(2025, 3, 3))
        before_payment = {row["invoice_no"]: row["paid"] for row in published.rows(con, date(2025, 3, 13))}
        after_payment = {row["invoice_no"]: row["paid"] for row in published.rows(con, date(2025, 3, 16))}
    assert before_due == []
    assert before_payment["1002"] == 0 and after_payment["1002"] == 1500


def test_an_observed_tenant_plans_and_sends_nothing(installed: Install) -> None:
    house = installed(mode="observe")

    outcome = run_day(house.definitions, house.instance, TENANT, TODAY)

    assert outcome.ok, outcome.messages
    assert (house.letters(), house.vouchers()) == (0, 0)
    assert "observe" in said(house, "sent_letters")
    assert house.journal.open_items(TENANT) == []
