"""The course: one letter however it is asked for, month arithmetic, and the figures of drafted documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from dagster import AssetSelection

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.jobs import DAILY, run_day
from kredin_pipeline.law.agency import agency_fee
from kredin_pipeline.law.enforcement import court_fee, enforcement_costs
from kredin_pipeline.law.fees import legal_maximum
from kredin_pipeline.law.interest import start_without_due_date
from kredin_pipeline.law.rates import (
    CONCILIATION_FEE,
    ENFORCEMENT_FEE,
    ENFORCEMENT_WRITING_COST,
    Confidence,
    FeeTable,
    fee_table,
)
from kredin_pipeline.partitions import TENANT_TAG, key
from kredin_pipeline.sandbox.server import RunningSandbox
from tests.unit.cases.ledger import Ledger
from tests.unit.orchestration.installation import TENANT, TODAY, Installation, install

D = Decimal
day = date.fromisoformat


@pytest.fixture
def house(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Installation]:
    made = install(sandbox, tmp_path, f"{TODAY}T06:00")
    yield made
    made.book.close()
    made.instance.dispose()


def by_schedule(house: Installation) -> None:
    """The day's own run, all assets."""
    outcome = run_day(house.definitions, house.instance, TENANT, TODAY)
    assert outcome.ok, outcome.messages


def by_hand(house: Installation, *, anew: bool = True) -> None:
    """A person materializes today's ``sent_letters`` in the UI: with all it stands on, or the letters alone."""
    if not house.instance.has_dynamic_partition("tenant", TENANT):
        house.instance.add_dynamic_partitions("tenant", [TENANT])
    chosen = AssetSelection.assets("letters", "sent_letters")
    wanted = chosen.upstream().required_multi_asset_neighbors() if anew else chosen
    keys = wanted.resolve(house.definitions.resolve_asset_graph())
    result = house.definitions.resolve_job_def(DAILY).execute_in_process(
        partition_key=key(TENANT, TODAY), instance=house.instance, tags={TENANT_TAG: TENANT}, asset_selection=[*keys]
    )
    assert result.success


def what_left(house: Installation) -> list[tuple[object, ...]]:
    """Every letter that left, with what the debtor was asked for."""
    rows = house.journal.delivered_letters(TENANT)
    return [(row.step, row.fee, row.interest, row.principal, row.total, row.deadline, row.sent_on) for row in rows]


def test_c2_a_reminder_by_hand_and_one_by_the_schedule_are_one_reminder(
    sandbox: RunningSandbox, tmp_path: Path, house: Installation
) -> None:
    by_schedule(house)
    scheduled, fees = what_left(house), fees_of(house)
    by_hand(house)
    by_hand(house, anew=False)
    assert (what_left(house), house.letters(), fees_of(house)) == (scheduled, 1, fees)
    house.book.close()

    other = tmp_path / "other"
    other.mkdir()
    second = install(sandbox, other, f"{TODAY}T06:00")
    try:
        by_hand(second)
        assert what_left(second) == scheduled  # equal fee, interest, total and deadline
        by_hand(second, anew=False)
        by_schedule(second)
        assert (what_left(second), second.letters(), fees_of(second)) == (scheduled, 1, fees)
    finally:
        second.book.close()
        second.instance.dispose()


def fees_of(house: Installation) -> Decimal:
    """What case 1001 has been charged, by a run of the whole day."""
    by_schedule(house)
    with house.book.read_only(TENANT) as con:
        found = con.execute(
            "select fees from cases where invoice_no = '1001' and business_date = ?", [TODAY]
        ).fetchone()
    assert found is not None
    return found[0]


def test_c5_months_that_are_too_short_end_on_their_last_day() -> None:
    """Through the derivation: the loss rule's six months, the limit's three years, and the import's three years."""
    ledger = Ledger.of()
    ledger.invoice(1001, "1 000.00", due="2025-08-31")  # a Sunday; six months on there is no 31 February
    for on in ("2025-09-01", "2025-09-15", "2025-10-03", "2025-10-27"):
        ledger.run(on)
    grounds = {}
    for on in ("2026-02-27", "2026-02-28"):
        ledger.run(on)
        grounds[on] = ledger.case(1001)["loss_ground"]
    assert [letter["step"] for letter in ledger.letters] == ["reminder", "collection_notice", "payment_demand"]
    assert grounds == {"2026-02-27": None, "2026-02-28": "six_months_three_reminders"}
    ledger.invoice(1002, "1 000.00", due="2024-02-29", customer="10002")
    ledger.run("2026-03-02", send=False)
    assert ledger.case(1002)["limitation_date"] == day("2027-03-01")  # 28 February 2027 is a Sunday
    assert TenantSettings().import_start(day("2024-02-29")) == day("2021-02-28")
    assert start_without_due_date(day("2025-01-31")) == day("2025-03-02")


def test_c9_court_fees_round_down_letter_fees_to_the_nearest_krone_and_agency_caps_not_at_all() -> None:
    """Figures that come out otherwise under either of the other two rules."""
    assert court_fee(D("1.15"), day("2019-06-01")) == D("1322.00")  # 1 322.50
    assert court_fee(D("1.21"), day("2026-06-01")) == D("1627.00")  # 1 627.45
    assert court_fee(D("1.1"), day("2024-03-01")) == D("1404.00")  # 1 404.70
    assert legal_maximum("reminder", day("2026-02-02"), day("2026-03-02")) == D("38.00")  # 37.50
    assert legal_maximum("payment_demand", day("2026-02-02"), day("2026-03-02")) == D("113.00")  # 112.50
    assert agency_fee(D(400), day("2026-02-02"), day("2026-03-02"), "person").light == D("187.50")
    assert agency_fee(D(400), day("2026-02-02"), day("2026-03-02"), "business", False).light == D("351.56")  # 351.5625


def with_confidence(found: Confidence) -> FeeTable:
    """The stored table, every figure of a petition in 2026 with this confidence."""
    kinds = (ENFORCEMENT_FEE, ENFORCEMENT_WRITING_COST)
    return FeeTable(tuple(replace(row, confidence=found) if row.kind in kinds else row for row in fee_table().figures))


@pytest.mark.parametrize(
    ("confidence", "marked"), [("high", False), ("medium", True), ("low", True), ("unknown", True)]
)
def test_c9_an_amount_that_is_not_confirmed_is_marked(confidence: Confidence, marked: bool) -> None:
    costs = enforcement_costs(D(189), day("2026-06-01"), with_confidence(confidence))
    assert (costs.total, costs.unconfirmed) == (D("2488.50"), marked)


def test_c9_the_stored_conciliation_fee_of_today_says_that_it_is_not_confirmed() -> None:
    assert fee_table().figure(CONCILIATION_FEE, day("2024-03-01")).confidence == "high"
    assert fee_table().figure(CONCILIATION_FEE, day("2026-11-25")).confidence == "low"
