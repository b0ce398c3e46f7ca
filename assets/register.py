"""Who the debtors are: customers of the ledger, enriched from Enhetsregisteret where the tenant wants it.

Belongs here: asking and joining as assets. Not here: the look-up (`resources.enhetsregisteret`) and what a debtor's
state holds up (`kredin_pipeline.ledger`, rules § 6).
"""

from collections.abc import Iterator
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    MaterializeResult,
    MultiPartitionsDefinition,
    multi_asset,
)

from assets.metadata import about_table, markdown_table, query_table
from assets.run_span import span
from kredin_pipeline.ledger.debtors import build_debtors
from resources.book import Book
from resources.clock import Clock
from resources.enhetsregisteret import Enhetsregisteret
from resources.enhetsregisteret_sync import RegisterReport, register_sync
from resources.journal import JournalResource

GROUP = "register"
OWNERS = ["team:data-engineering"]


def build_register_assets(partitions: MultiPartitionsDefinition) -> list[AssetsDefinition]:
    """Register units and debtors, cut by ``partitions``."""

    @multi_asset(
        name="look_up_debtors",
        group_name=GROUP,
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        specs=[
            AssetSpec(
                "brreg_units",
                deps=["poweroffice_customers", "poweroffice_ledger_entries"],
                description="What Enhetsregisteret says of debtors with an open claim; the last good answer is kept.",
                kinds={"brreg", "duckdb"},
                owners=OWNERS,
            ),
            AssetSpec(
                "debtors",
                deps=["brreg_units", "poweroffice_customers"],
                description="One row per debtor (*skyldner*): who, where, and what the register holds up.",
                kinds={"duckdb", "sql"},
                owners=OWNERS,
            ),
        ],
        check_specs=[
            AssetCheckSpec(
                "register_answered",
                asset="brreg_units",
                description="Every number was answered; where not, legal steps wait and ordinary letters go.",
            )
        ],
    )
    def look_up_debtors(
        context: AssetExecutionContext, book: Book, journal: JournalResource, register: Enhetsregisteret, clock: Clock
    ) -> Iterator[MaterializeResult[Any] | AssetCheckResult]:
        run = span(context)
        opened = journal.open()
        tenant = opened.tenant(run.tenant)
        today = clock.today()
        asked = tenant.settings.register_enabled
        numbers = [case.orgnr for case in opened.cases(run.tenant) if case.orgnr]
        with book.session(run.tenant) as con:
            report = register_sync(con, register, clock, today, numbers) if asked else RegisterReport()
            build_debtors(con, asked, today)
            yield MaterializeResult(
                asset_key="brreg_units",
                metadata=about_table(
                    con,
                    "brreg_units",
                    switched_on=asked,
                    asked=report.asked,
                    answers=markdown_table(["status", "units"], sorted(report.by_status.items())),
                ),
            )
            yield MaterializeResult(
                asset_key="debtors",
                metadata=about_table(con, "debtors", held=query_table(con, HELD, ["held by the register", "debtors"])),
            )
        if report.erased:  # what the register no longer discloses must not linger in the file either (rules § 6)
            book.rewrite(run.tenant)
        yield AssetCheckResult(
            asset_key=AssetKey("brreg_units"),
            check_name="register_answered",
            passed=not report.stale,
            severity=AssetCheckSeverity.WARN,
            description=(
                f"{run.tenant}: no answer for {', '.join(report.stale[:5])}; the last good data stay, legal steps "
                "wait, the next run asks again"
                if report.stale
                else f"{run.tenant}: {report.asked} numbers asked and answered"
            ),
            metadata={"asked": report.asked, "stale": len(report.stale), "removed": len(report.removed)},
        )

    return [look_up_debtors]


HELD = "select register_hold, count(*) from debtors where register_hold is not null group by all order by all"
