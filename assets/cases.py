"""From the mirror to the case table: claims, what settled them, interest, states, and what is published.

Belongs here: deriving a tenant's day and publishing it. Not here: any rule (`kredin_pipeline.cases`), sending or
posting (`assets.letters`, `assets.vouchers`).
"""

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import duckdb
from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    MaterializeResult,
    MultiPartitionsDefinition,
    asset,
    multi_asset,
)

from assets.case_checks import closed_are_left_alone, counted, figures_are_final, rates_reach_ahead
from assets.contract_checks import DERIVATION_CHECK, anew_if_broken, derivation_checked, published_handed_over
from assets.metadata import about_table, kroner, markdown_table, query_table, row_count
from assets.run_span import is_backfill, is_todays_own, span
from kredin_pipeline.cases import published
from kredin_pipeline.cases.derive import DerivationInput, DerivationSummary, derive
from kredin_pipeline.cases.journal_copies import held_mark
from kredin_pipeline.journal import CaseRow, Journal, Tenant
from kredin_pipeline.law.coverage import DAYS_AHEAD
from resources.book import Book
from resources.clock import Clock
from resources.journal import JournalResource

_progress = logging.getLogger("kredin.progress")
GROUP = "cases"
OWNERS = ["team:receivables"]
LEDGER_TABLES = [
    "poweroffice_ledger_entries",
    "poweroffice_outgoing_invoices",
    "poweroffice_account_transactions",
]


def derive_day(
    con: duckdb.DuckDBPyConnection, journal: Journal, tenant: Tenant, last_day: date, *, live: bool
) -> DerivationSummary:
    """Derive one business date of a tenant from the mirror, the journal and the figures as they stand now."""
    in_flight = frozenset(row.letter_key for row in journal.possibly_delivered_letters(tenant.name))
    return derive(
        con,
        DerivationInput(
            tenant=tenant.name,
            business_date=last_day,
            settings=tenant.settings,
            connected_on=tenant.connected_on,
            law=journal.law_tables(),
            live=live,
            journal_since=lambda mark: journal.changes_since(tenant.name, mark),
            allocation_orders=journal.allocation_orders(tenant.name),
            letters_in_flight=in_flight,
        ),
    )


@contextmanager
def in_one(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    """One transaction of the book: all that is done in the block, or nothing of it."""
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


def build_case_assets(partitions: MultiPartitionsDefinition) -> list[AssetsDefinition]:
    """The derivation and the published case table, cut by ``partitions``."""

    def spec(name: str, description: str, deps: list[str]) -> AssetSpec:
        return AssetSpec(name, description=description, deps=deps, kinds={"duckdb", "sql"}, owners=OWNERS)

    @multi_asset(
        name="derive_cases",
        group_name=GROUP,
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        specs=[
            spec(
                "claims",
                "One row per claim (*krav*): an overdue invoice, with its debtor.",
                [*LEDGER_TABLES, "debtors"],
            ),
            spec("settlements", "What has happened to each claim: paid, credited, netted, written off.", LEDGER_TABLES),
            spec(
                "interest_periods",
                "The calculation as data: one row per period of late interest.",
                ["claims", "settlements"],
            ),
            spec(
                "case_states",
                "Each case as of the business date, with its next step.",
                ["interest_periods", "settlements"],
            ),
        ],
        check_specs=[
            AssetCheckSpec(
                "figures_are_final",
                asset="interest_periods",
                description="Every rate and fee that the day needs is stored; else nothing leaves on those figures.",
            ),
            AssetCheckSpec(
                "rates_reach_ahead",
                asset="interest_periods",
                description=f"The figures of the law that the tenant claims by reach {DAYS_AHEAD} days ahead.",
            ),
            AssetCheckSpec(
                "closed_cases_are_left_alone",
                asset="case_states",
                description="Nothing has happened in the ledger to a case that a person closed; else it is told.",
            ),
            AssetCheckSpec(
                "every_invoice_is_accounted_for",
                asset="claims",
                description="No invoice that is open long after its due date is neither a claim nor unclaimable.",
            ),
            DERIVATION_CHECK,
        ],
    )
    def derive_cases(
        context: AssetExecutionContext, book: Book, journal: JournalResource, clock: Clock
    ) -> Iterator[MaterializeResult[Any] | AssetCheckResult]:
        run = span(context)
        ledger = journal.open()
        tenant = ledger.tenant(run.tenant)
        live = is_todays_own(context, clock.today())
        if run.is_range:
            _progress.info("%s to %s: deriving the last day", run.first, run.last)
        with book.session(run.tenant) as con:
            summary = derive_day(con, ledger, tenant, run.last, live=live)
            if live and summary.new_cases:
                ledger.open_cases(
                    run.tenant,
                    [
                        CaseRow(new.case_id, new.voucher_id, new.invoice_no, new.customer_no, new.orgnr, new.opened_on)
                        for new in summary.new_cases
                    ],
                    clock.now(),
                )
            yield MaterializeResult(
                asset_key="claims",
                metadata=about_table(
                    con, "claims", unclaimable=query_table(con, UNCLAIMABLE, ["reason", "rows", "kr"])
                ),
            )
            yield MaterializeResult(
                asset_key="settlements",
                metadata=about_table(con, "settlements", by_kind=query_table(con, SETTLED, ["kind", "rows", "kr"])),
            )
            yield MaterializeResult(asset_key="interest_periods", metadata=about_table(con, "interest_periods"))
            yield MaterializeResult(
                asset_key="case_states",
                metadata=about_table(
                    con,
                    "case_states",
                    states=markdown_table(["state", "cases"], sorted(summary.states.items())),
                    principal_open=kroner(summary.principal_open),
                    costs_open=kroner(summary.costs_open),
                    new_cases=len(summary.new_cases),
                    planned_letters=summary.planned_letters,
                    planned_vouchers=summary.planned_vouchers,
                ),
            )
            yield figures_are_final(con, summary, ledger.law_tables())
            yield rates_reach_ahead(run.last, tenant.settings, ledger)
            yield closed_are_left_alone(con)
            yield counted(con)
            yield derivation_checked(con, run.tenant)

    @asset(
        group_name=GROUP,
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        deps=["case_states", "sent_letters", "confirmed_vouchers"],
        kinds={"duckdb", "table"},
        owners=OWNERS,
        description="The published case table: one row per case and day, after the day's letters and vouchers.",
    )
    def cases(
        context: AssetExecutionContext, book: Book, journal: JournalResource, clock: Clock
    ) -> MaterializeResult[Any]:
        run = span(context)
        ledger = journal.open()
        with book.session(run.tenant) as con:
            if run.is_range:
                # A backfill asks for its days anew, as running them one by one would do; today's own table stays.
                past = min(run.last, clock.today() - timedelta(days=1)) if is_backfill(context) else None
                with in_one(con):
                    anew = published.withdraw(con, run.first, past) if past is not None else 0
                    published.mark_imported(con, run.first, run.last, clock.now())
                return MaterializeResult(
                    metadata={
                        "days": f"{run.first} to {run.last}",
                        "how": "past days are derived when they are asked for, from today's knowledge of the ledger",
                        "published before and now derived anew": anew,
                        "dagster/row_count": row_count(con, "case_states"),
                    },
                )
            # Letters, vouchers or decisions came, or another day was run since: the states are not this day's.
            anew = published.derived_on(con) != run.last or ledger.has_moved(run.tenant, held_mark(con))
            if anew:
                tenant = ledger.tenant(run.tenant)
                derive_day(con, ledger, tenant, run.last, live=is_todays_own(context, clock.today()))
            with anew_if_broken(con), in_one(con):
                published.publish(con, run.last)
                handed_over = published_handed_over(con, run.tenant, run.last, anew=anew)
            return MaterializeResult(
                metadata=about_table(
                    con,
                    "case_states",
                    states=query_table(con, STATES, ["state", "cases", "kr open"]),
                    handed_over=handed_over,
                )
            )

    return [derive_cases, cases]


UNCLAIMABLE = "select reason, count(*), sum(amount) from unclaimable group by reason order by reason"
SETTLED = "select kind, count(*), sum(amount) from settlements group by kind order by kind"
STATES = "select state, count(*), sum(total_open) from case_states group by state order by state"
