"""A stage hands over to the next: its contract is asked first, so that nothing is built on rows that break it.

Belongs here: asking, and what a person reads of it. Not here: the contracts (`kredin_pipeline.ledger.table_contracts`,
`kredin_pipeline.cases.contracts`). A broken contract ends the tenant's own run and nobody else's; letters and vouchers
come after it.

What the derivation hands over is a check of its own in the UI, red or green with its numbers. Debtors and the published
table end their step instead: a check's event costs as much as all of its counting.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import date

import duckdb
from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, AssetKey, Failure, MetadataValue

from assets.metadata import markdown_table
from kredin_pipeline.cases import contracts as case_contracts
from kredin_pipeline.cases import remembered
from kredin_pipeline.contracts.counting import HandedOver
from kredin_pipeline.ledger import table_contracts

KEPT = "contracts_are_kept"

DERIVATION_CHECK = AssetCheckSpec(
    KEPT,
    asset="case_states",
    blocking=True,
    description=(
        "Claims, settlements, interest, states, planned letters and vouchers: keys unique, amounts exact, days and "
        "states possible, and what is open is the principal less what settled it. Red: nothing is sent or booked."
    ),
)


def derivation_checked(con: duckdb.DuckDBPyConnection, tenant: str) -> AssetCheckResult:
    """What the day's derivation hands over; when it breaks a contract the next one derives everything anew."""
    found = case_contracts.derived(con, remembered.derived_in_part(con))
    if not found.ok:
        remembered.forget(con)
    faults = [(one.table, one.record, one.reason.told()) for one in found.faults]
    return AssetCheckResult(
        asset_key=AssetKey("case_states"),
        check_name=KEPT,
        passed=found.ok,
        severity=AssetCheckSeverity.ERROR,
        description=found.told(tenant),
        metadata={
            "rows": _rows(found),
            "faulty": sum(found.faulty.values()),
            "faults": markdown_table(["table", "row", "what"], faults),
        },
    )


def debtors_handed_over(con: duckdb.DuckDBPyConnection, tenant: str) -> MetadataValue:
    """Register units and debtors, before claims are made from them: rows by table. Raises ``Failure``."""
    return _kept(tenant, table_contracts.debtors(con))


def published_handed_over(con: duckdb.DuckDBPyConnection, tenant: str, day: date, *, anew: bool) -> MetadataValue:
    """The published rows of a day; ``anew``: it was derived again after its letters, so that is looked at as well.

    For use inside the transaction of publishing: the ``Failure`` that it raises leaves the day's table as it was.
    """
    found = case_contracts.published(con, day)
    if anew:
        derived = case_contracts.derived(con, remembered.derived_in_part(con))
        found = HandedOver(
            found.rows | derived.rows, found.faulty | derived.faulty, [*derived.faults, *found.faults]
        )  # fmt: skip
    return _kept(tenant, found)


@contextmanager
def anew_if_broken(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    """After a broken contract the next derivation is whole; for use around the transaction that is given up."""
    try:
        yield
    except Failure:
        remembered.forget(con)
        raise


def _kept(tenant: str, found: HandedOver) -> MetadataValue:
    if not found.ok:
        raise Failure(description=found.told(tenant), allow_retries=False)
    return _rows(found)


def _rows(found: HandedOver) -> MetadataValue:
    return markdown_table(["table", "rows"], list(found.rows.items()))
