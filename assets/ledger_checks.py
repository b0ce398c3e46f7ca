"""The proof of a read, in numbers: whole, nothing dropped, little set aside, matches that add up, a wire as we know it.

Belongs here: the checks of the mirror and what a person reads of them. Not here: the comparisons
(`kredin_pipeline.ledger`), and reading again when one fails (`resources.poweroffice_sync`).

The first two stop the tenant's run, and with it letters and vouchers of that tenant alone; the others warn.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb
from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, AssetKey

from assets.metadata import kroner, markdown_table
from kredin_pipeline.contracts.counting import HandedOver
from kredin_pipeline.ledger import drift, table_contracts
from kredin_pipeline.ledger.completeness import matched_groups
from kredin_pipeline.ledger.contracts import is_drift
from resources.poweroffice_sync import SyncReport

ENTRIES = "poweroffice_ledger_entries"
MOST_QUARANTINED = Decimal("0.01")
"""Above this share of a read's rows set aside, a person should look; below it, single rows are just wrong."""
MOST_SHOWN = 100

CHECKS = (
    AssetCheckSpec(
        "mirror_is_whole",
        asset=ENTRIES,
        blocking=True,
        description="The mirror's sum, in total and per customer, is the balance that PowerOffice gives, to the øre.",
    ),
    AssetCheckSpec(
        "rows_in_are_kept_or_quarantined",
        asset=ENTRIES,
        blocking=True,
        description="Rows in = rows kept + rows quarantined, for every table of the read.",
    ),
    AssetCheckSpec(
        "matches_add_up",
        asset=ENTRIES,
        description="What the amounts of each match group add up to is what is still open of it.",
    ),
    AssetCheckSpec(
        "wire_is_as_known",
        asset="poweroffice_pages",
        description="No new field, no field gone, no unknown value; told on its first day, and harms no row.",
    ),
    AssetCheckSpec(
        "quarantine_rate",
        asset="quarantined_rows",
        description=f"At most {MOST_QUARANTINED:.0%} of a read's rows are set aside.",
    ),
)


def checked(con: duckdb.DuckDBPyConnection, report: SyncReport) -> Iterator[AssetCheckResult]:
    """The checks of a read, each saying what to do when it is red."""
    yield _whole(report, table_contracts.mirror(con))
    yield _accounted_for(report)
    yield _matches(con, report)
    yield _wire(con, report)
    yield _quarantined(report)


def _whole(report: SyncReport, mirror: HandedOver) -> AssetCheckResult:
    proof = report.completeness
    told = proof.message if proof else "the mirror was not compared"
    asked = {resource: set(result.missing) for resource, result in report.results.items() if result.missing}
    gone = {resource: set(ids) for resource, ids in report.gone.items()}
    still = sorted(one for resource, ids in asked.items() for one in ids - gone.get(resource, set()))
    return AssetCheckResult(
        asset_key=AssetKey(ENTRIES),
        check_name="mirror_is_whole",
        passed=report.ok and mirror.ok,
        severity=AssetCheckSeverity.ERROR,
        description=f"{report.tenant}: {told}" if mirror.ok else mirror.told(report.tenant),
        metadata={
            "customers": proof.customers if proof else 0,
            "ledger": kroner(proof.ledger_total if proof else None),
            "mirror": kroner(proof.mirror_total if proof else None),
            "open in the mirror": kroner(proof.open_total if proof else None),
            "explained by quarantine": kroner(proof.quarantined if proof else None),
            "rows read": sum(result.rows_in for result in report.results.values()),
            "missing rows asked for": sum(len(ids) for ids in asked.values()),
            "found to be gone": sum(len(ids) for ids in gone.values()),
            "still in the ledger": ", ".join(still[:MOST_SHOWN]) or "none",
            "differences": markdown_table(
                ["customer", "ledger", "mirror", "in quarantine"],
                [
                    (one.customer_no, kroner(one.ledger), kroner(one.mirror), kroner(one.quarantined))
                    for one in (*proof.differences, *proof.explained)[:MOST_SHOWN]
                ]
                if proof
                else [],
            ),
            "open items that differ": markdown_table(
                ["entry", "customer", "ledger", "mirror"],
                [
                    (one.entry_id, one.customer_no, kroner(one.ledger), kroner(one.mirror))
                    for one in (proof.open_items[:MOST_SHOWN] if proof else ())
                ],
            ),
        },
    )


def _accounted_for(report: SyncReport) -> AssetCheckResult:
    results = report.results
    lost = [name for name, one in results.items() if one.rows_in != one.kept + one.quarantined]
    rows_in, kept, aside = _rows(report)
    return AssetCheckResult(
        asset_key=AssetKey(ENTRIES),
        check_name="rows_in_are_kept_or_quarantined",
        passed=not lost,
        severity=AssetCheckSeverity.ERROR,
        description=f"{report.tenant}: {rows_in} rows in, {kept} kept, {aside} quarantined"
        + (f"; they do not add up for {', '.join(lost)}: a fault, report it" if lost else ""),
        metadata={
            "rows_in": rows_in,
            "rows_kept": kept,
            "rows_quarantined": aside,
            "by table": markdown_table(
                ["resource", "rows in", "kept", "quarantined"],
                [(name, one.rows_in, one.kept, one.quarantined) for name, one in results.items()],
            ),
        },
    )


def _matches(con: duckdb.DuckDBPyConnection, report: SyncReport) -> AssetCheckResult:
    found = matched_groups(con)
    return AssetCheckResult(
        asset_key=AssetKey(ENTRIES),
        check_name="matches_add_up",
        passed=not found.torn,
        severity=AssetCheckSeverity.WARN,
        description=f"{report.tenant}: {found.message}",
        metadata={
            "match groups": found.groups,
            "torn": markdown_table(
                ["match", "customer", "entries", "amounts", "open"],
                [
                    (one.match_id, one.customer_no, one.rows, kroner(one.amounts), kroner(one.balances))
                    for one in found.torn
                ],
            ),
        },
    )


def _wire(con: duckdb.DuckDBPyConnection, report: SyncReport) -> AssetCheckResult:
    fields = [note for result in report.results.values() for note in result.drift if is_drift(note)]
    changed = [name for name, result in report.results.items() if result.changed]
    found = drift.remember(con, [*fields, *drift.new_values(con, changed)], report.business_date)
    return AssetCheckResult(
        asset_key=AssetKey("poweroffice_pages"),
        check_name="wire_is_as_known",
        passed=not found.new,
        severity=AssetCheckSeverity.WARN,
        description=f"{report.tenant}: {found.message}",
        metadata={
            "differences": markdown_table(
                ["what", "first seen on"], [(one.about, one.first_seen_on) for one in (*found.new, *found.known)]
            )
        },
    )


def _quarantined(report: SyncReport) -> AssetCheckResult:
    rows_in, _, aside = _rows(report)
    return AssetCheckResult(
        asset_key=AssetKey("quarantined_rows"),
        check_name="quarantine_rate",
        passed=aside <= rows_in * MOST_QUARANTINED,
        severity=AssetCheckSeverity.WARN,
        description=(
            f"{report.tenant}: {aside} of {rows_in} rows set aside"
            + ("; look at `quarantined_rows`, correct them in PowerOffice, and run the day again" if aside else "")
        ),
        metadata={"rows_quarantined": aside, "rows_in": rows_in},
    )


def _rows(report: SyncReport) -> tuple[int, int, int]:
    results = report.results.values()
    return (sum(one.rows_in for one in results), sum(one.kept for one in results),
            sum(one.quarantined for one in results))  # fmt: skip
