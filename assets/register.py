"""Who the debtors are: customers of the ledger, enriched from Enhetsregisteret where the tenant wants it.

Belongs here: asking and joining as assets. Not here: the look-up (`resources.enhetsregisteret`) and what a debtor's
state holds up (`kredin_pipeline.ledger`, rules § 6).
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
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

from assets.contract_checks import debtors_handed_over
from assets.metadata import Metadata, about_table, markdown_table, query_table
from assets.run_span import span
from kredin_pipeline.ledger.debtors import build_debtors
from resources.book import Book
from resources.clock import Clock
from resources.enhetsregisteret import Enhetsregisteret
from resources.enhetsregisteret_kept import RegisterReport, forget_accounts
from resources.enhetsregisteret_sync import register_sync
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
                description=(
                    "What Enhetsregisteret says of debtors with an open claim; the last good answer is kept. Beside it "
                    "`brreg_changes` (what changed, and when it was seen), `brreg_roles` (trustees of estates, read as "
                    "`debtor_estate`) and, where the tenant wants them, `brreg_accounts` (read as `debtor_credit`)."
                ),
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
        accounts = asked and bool(tenant.settings.register_accounts)
        numbers = [case.orgnr for case in opened.cases(run.tenant) if case.orgnr]
        with book.session(run.tenant) as con:
            if asked:
                report = register_sync(con, register, clock, today, numbers, accounts=accounts)
            else:
                report = RegisterReport()
                forget_accounts(con)
            build_debtors(con, asked, today)
            yield MaterializeResult(
                asset_key="brreg_units",
                metadata=about_table(
                    con,
                    "brreg_units",
                    switched_on=asked,
                    **_numbers(con, report, today),
                    answers=markdown_table(["status", "units"], sorted(report.by_status.items())),
                ),
            )
            yield MaterializeResult(
                asset_key="debtors",
                metadata=about_table(
                    con,
                    "debtors",
                    held=query_table(con, HELD, ["held by the register", "debtors"]),
                    handed_over=debtors_handed_over(con, run.tenant),
                ),
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


def _numbers(con: duckdb.DuckDBPyConnection, report: RegisterReport, today: date) -> Metadata:
    """The round in numbers. Nothing that the register said of a unit is put here: metadata stays in the event log when
    the register withdraws it (410); `kredin debtors` shows it."""
    seen: Metadata = {
        "asked": report.asked,
        "requests": report.requests,
        "route": report.route + (f" ({report.why})" if report.why else ""),
        "named_by_the_feed": report.named,
        "estates_read": report.estates,
        "accounts_read": report.accounts,
    }
    if report.changes:
        seen["changes"] = markdown_table(["field", "units"], con.execute(CHANGES, [today]).fetchall())
    return seen


CHANGES = "select field, count(*) from brreg_changes where seen_on = ? group by all order by all"
HELD = "select register_hold, count(*) from debtors where register_hold is not null group by all order by all"
