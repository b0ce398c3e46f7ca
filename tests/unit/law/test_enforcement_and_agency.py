"""Days and costs of a petition, and what an agency could charge: WE-29 to WE-31, WE-62, WE-63."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kredin_pipeline.law.agency import AgencyFee, agency_fee
from kredin_pipeline.law.enforcement import (
    bankruptcy_notice_costs,
    court_fee,
    demand_carries_costs,
    enforcement_costs,
    petition_window,
)
from kredin_pipeline.law.rates import NoRate, fee_rows

D = date.fromisoformat


def kroner(light: str, heavy: str) -> AgencyFee:
    return AgencyFee(Decimal(light), Decimal(heavy))


def test_we_29_agency_caps() -> None:
    def cap(amount: str, kind: str = "person", vat: bool = True) -> AgencyFee:
        return agency_fee(Decimal(amount), D("2026-01-15"), D("2026-06-01"), kind, vat)  # type: ignore[arg-type]

    assert cap("8000") == kroner("600.00", "1200.00")
    assert cap("8000", "business") == kroner("900.00", "1800.00")
    assert cap("8000", vat=False) == kroner("750.00", "1500.00")
    edges = {"500.00": "187.50", "500.01": "262.50", "2500.00": "300.00", "2500.01": "600.00"}
    assert {amount: str(cap(amount).light) for amount in edges} == edges


@pytest.mark.parametrize(
    ("band", "principal"),
    [("0-500", 500), ("501-1000", 1000), ("1001-2500", 2500), ("2501-10000", 10000), ("10001-50000", 50000),
     ("50001-250000", 250000), ("over_250000", 250001)],
)  # fmt: skip
def test_the_published_table_of_caps_is_the_computed_one(band: str, principal: int) -> None:
    published = {(kind, first): amount for kind, first, _, amount in fee_rows() if kind.startswith("agency_")}
    for first in (D("2020-10-01"), D("2026-01-01")):
        for debtor in ("consumer", "business"):
            found = agency_fee(Decimal(principal), first, first, "person" if debtor == "consumer" else "business")
            assert published[f"agency_light_{debtor}_{band}", first] == found.light
            assert published[f"agency_heavy_{debtor}_{band}", first] == found.heavy


def test_we_30_costs_of_a_petition() -> None:
    assert enforcement_costs(Decimal(350), D("2018-06-01")).total == Decimal("3401.00")
    assert bankruptcy_notice_costs(Decimal(350), D("2018-06-01")).total == Decimal("2045.00")
    today = enforcement_costs(Decimal(189), D("2026-06-01"))
    assert (today.total, today.unconfirmed) == (Decimal("2488.50"), True)
    assert not enforcement_costs(Decimal(350), D("2018-06-01")).unconfirmed
    with pytest.raises(NoRate, match=r"utlegg.* for 2021-06-01"):
        enforcement_costs(Decimal(0), D("2021-06-01"))


@pytest.mark.parametrize(
    ("multiple", "on", "expected"),
    [
        ("1.54", "2024-08-01", 1966),
        ("1.15", "2019-08-01", 1322),
        ("1.1", "2024-02-01", 1404),
        ("1.21", "2026-02-01", 1627),
    ],
)
def test_we_31_court_fees_round_down(multiple: str, on: str, expected: int) -> None:
    assert court_fee(Decimal(multiple), D(on)) == expected


def test_we_62_a_notice_opens_one_year_after_two_weeks() -> None:
    window = petition_window(D("2026-11-25"), D("2026-10-01"))
    assert window is not None
    asked = ["2026-12-09", "2026-12-10", "2027-12-09", "2027-12-10"]
    assert [window.allows(D(day)) for day in asked] == [False, True, True, False]
    assert petition_window(D("2026-11-25"), D("2026-11-26")) is None


def test_we_63_an_old_demand_carries_no_costs() -> None:
    assert demand_carries_costs(D("2026-05-01"), D("2026-10-30"))
    assert not demand_carries_costs(D("2026-05-01"), D("2026-11-02"))
