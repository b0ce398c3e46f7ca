"""What PowerOffice holds: read, held to the contracts, mirrored, and proved whole.

Belongs here: one tenant's read as assets with what a person wants to know of it. Not here: the order of requests
(`resources.poweroffice_sync`), the contracts and the merge (`kredin_pipeline.ledger`).

A read always brings the ledger as it is today, whichever day the run is for: a past day is derived from today's
knowledge. It is one step, because a mirror is worth something only when it has been proved whole.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    Failure,
    MaterializeResult,
    MultiPartitionsDefinition,
    multi_asset,
)

from assets.ledger_checks import CHECKS, checked
from assets.metadata import about_table, kroner, markdown_table, query_table
from assets.run_span import span
from kredin_pipeline.ledger.landing import BrokenFrame
from kredin_pipeline.ledger.wire import TABLES
from resources.book import Book
from resources.clock import Clock
from resources.http_errors import ReadFailure, run_failure
from resources.journal import JournalResource
from resources.poweroffice import PowerOffice
from resources.poweroffice_sync import SyncReport, SyncSettings, sync_ledger

GROUP = "ledger"
OWNERS = ["team:data-engineering"]

DESCRIPTIONS = {
    "poweroffice_pages": "The pages of this read as they came (gzip JSON on disk), with a manifest of what was asked.",
    "poweroffice_customers": "Customers of the ledger, one row each, newest change wins.",
    "poweroffice_contact_persons": "Contact persons; the default one's e-mail is the customer's last resort.",
    "poweroffice_ledger_entries": "The customer ledger (*reskontro*): every entry, open and closed, with its match.",
    "poweroffice_outgoing_invoices": "Headers of sent invoices and credit notes.",
    "poweroffice_account_transactions": "All lines of the vouchers that an entry alone does not explain.",
    "poweroffice_customer_balances": "The ledger's own balance per customer today, to prove the mirror by.",
    "quarantined_rows": "Rows that broke a contract, with reasons and raw text; nothing is dropped.",
}


def build_ledger_assets(partitions: MultiPartitionsDefinition) -> list[AssetsDefinition]:
    """The mirror of one tenant's ledger, cut by ``partitions``."""
    pages = "poweroffice_pages"

    @multi_asset(
        name="mirror_ledger",
        group_name=GROUP,
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        specs=[
            AssetSpec(
                name,
                description=description,
                deps=[] if name == pages else [pages],
                kinds={"poweroffice", "json"} if name == pages else {"duckdb", "pandera"},
                owners=OWNERS,
            )
            for name, description in DESCRIPTIONS.items()
        ],
        check_specs=CHECKS,
    )
    def mirror_ledger(
        context: AssetExecutionContext, book: Book, journal: JournalResource, poweroffice: PowerOffice, clock: Clock
    ) -> Iterator[MaterializeResult[Any] | AssetCheckResult]:
        run = span(context)
        tenant = journal.open().tenant(run.tenant)
        today = clock.today()
        with book.session(run.tenant) as con, poweroffice.connected(tenant.client_key, tenant.name) as client:
            folder = book.pages_folder(run.tenant, today)
            try:
                report = sync_ledger(client, con, folder, clock, today, SyncSettings(tenant.name))
            except ReadFailure as failure:
                raise run_failure(failure) from failure
            except BrokenFrame as broken:  # the same pages would break again: a person has to look
                raise Failure(description=f"{tenant.name}: {broken}", allow_retries=False) from broken
            for note in report.notes:
                context.log.info(note)
            yield from told(con, report)

    return [mirror_ledger]


def told(con: duckdb.DuckDBPyConnection, report: SyncReport) -> Iterator[MaterializeResult[Any] | AssetCheckResult]:
    """The read as a person sees it: one materialization a table, and its checks."""
    yield MaterializeResult(
        asset_key="poweroffice_pages",
        metadata={
            **report.about_reading(),
            "full_read": report.full_read,
            "read_again": report.read_again,
            "reads": markdown_table(
                ["resource", "pages", "rows in", "kept", "quarantined", "changed"],
                [
                    (name, result.pages, result.rows_in, result.kept, result.quarantined, result.changed)
                    for name, result in report.results.items()
                ],
            ),
            "notes": "\n".join(report.notes),
        },
    )
    for resource, table in TABLES.items():
        result = report.results.get(resource)
        yield MaterializeResult(
            asset_key=table.table,
            metadata=about_table(
                con,
                table.table,
                rows_in=result.rows_in if result else 0,
                rows_changed=result.changed if result else 0,
                rows_gone=len(report.gone.get(resource, [])),
            ),
        )
    proof = report.completeness
    total = proof.ledger_total if proof else Decimal(0)
    yield MaterializeResult(
        asset_key="poweroffice_customer_balances",
        metadata=about_table(con, "poweroffice_customer_balances", sum_of_balances=kroner(total)),
    )
    yield MaterializeResult(
        asset_key="quarantined_rows",
        metadata=about_table(con, "quarantine", by_table=query_table(con, WAITING, ["table", "reasons", "rows"])),
    )
    yield from checked(con, report)


WAITING = """
select table_name, reasons, count(*) from quarantine where released_at is null
group by all order by 3 desc limit 20
"""
