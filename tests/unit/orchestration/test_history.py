"""The past: a range in one run, Dagster's own backfill, and days run one by one give the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from kredin_pipeline.jobs import run_day, run_history
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from tests.unit.orchestration.backfilling import backfill
from tests.unit.orchestration.installation import TENANT, TODAY
from tests.unit.orchestration.lived import Lived, live, table

FIRST, LAST = date(2025, 3, 16), date(2025, 3, 18)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start(SandboxOptions(rate_per_second=0, register_default="active")) as running:
        yield running


@pytest.fixture(scope="module")
def lived(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return live(sandbox, tmp_path_factory.mktemp("lived"))


def test_a_backfill_of_dagsters_own_gives_the_rows_of_days_run_one_by_one(
    lived: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")
    singly = lived.copy(tmp_path / "one by one")
    for day in DAYS:
        assert run_day(singly.definitions, singly.instance, TENANT, day).ok
    house = lived.copy(tmp_path / "backfill")

    runs = backfill(house, tmp_path / "dagster", FIRST, LAST)

    wanted = {day: table(singly, day) for day in DAYS}
    assert {day: table(house, day) for day in DAYS} == wanted
    assert {row["business_date"] for rows in wanted.values() for row in rows} == set(DAYS)
    assert [row["paid"] for row in wanted[TODAY] if row["invoice_no"] == "1001"] == [700]  # booked after that day's run
    assert runs == 1
    assert (house.letters(), house.vouchers()) == (lived.letters, lived.vouchers) == (2, 1)
    for one in (singly, house):
        one.book.close()
        one.instance.dispose()


def test_an_import_leaves_what_a_live_day_published_and_derives_the_others(lived: Lived, tmp_path: Path) -> None:
    house = lived.copy(tmp_path / "import")
    before = table(house, TODAY)

    assert run_history(house.definitions, house.instance, TENANT, FIRST, LAST).ok

    assert table(house, TODAY) == before
    assert [row["paid"] for row in table(house, LAST) if row["invoice_no"] == "1001"] == [700]
    house.book.close()
    house.instance.dispose()
