"""From the mirror to the case table: claims, what settled them, interest, states, and what is published.

Belongs here: deriving a tenant's day and publishing it. Not here: any rule (`kredin_pipeline.cases`), sending or
posting (`assets.letters`, `assets.vouchers`).
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
    asset,
    multi_asset,
)

from assets.metadata import about_table, kroner, markdown_table, query_table, row_count
from assets.run_span import span
from kredin_pipeline.cases import published
from kredin_pipeline.cases.derive import DerivationInput, DerivationSummary, LawTables, derive
from kredin_pipeline.cases.journal_copies import held_mark
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import CaseRow, Journal, Tenant
from kredin_pipeline.law.coverage import DAYS_AHEAD, add_command, last_day_with_a_rate, running_out
from kredin_pipeline.law.rates import COLLECTION_RATE, LATE_INTEREST, STANDARD_COMPENSATION
from resources.book import Book
from resources.clock import Clock
from resources.journal import JournalResource

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
        ],
    )
    def derive_cases(
        context: AssetExecutionContext, book: Book, journal: JournalResource, clock: Clock
    ) -> Iterator[MaterializeResult[Any] | AssetCheckResult]:
        run = span(context)
        ledger = journal.open()
        tenant = ledger.tenant(run.tenant)
        live = run.last == clock.today() and not run.is_range
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
                published.mark_imported(con, run.first, run.last, clock.now())
                return MaterializeResult(
                    metadata={
                        "days": f"{run.first} to {run.last}",
                        "how": "past days are derived when they are asked for, from today's knowledge of the ledger",
                        "dagster/row_count": row_count(con, "case_states"),
                    }
                )
            if ledger.has_moved(run.tenant, held_mark(con)):  # letters, vouchers or decisions came: states are old
                tenant = ledger.tenant(run.tenant)
                derive_day(con, ledger, tenant, run.last, live=run.last == clock.today())
            published.publish(con, run.last)
            return MaterializeResult(
                metadata=about_table(con, "case_states", states=query_table(con, STATES, ["state", "cases", "kr open"]))
            )

    return [derive_cases, cases]


def figures_are_final(con: duckdb.DuckDBPyConnection, summary: DerivationSummary, law: LawTables) -> AssetCheckResult:
    """Whether no figure of the day is missing, neither for a letter nor for a case row; names the last day known."""
    day = summary.business_date
    found = con.execute("select min(due_date) from case_states where provisional").fetchone()
    first_due = found[0] if found is not None else None
    last_day = None if first_due is None else last_day_with_a_rate(law.rates, first_due, day)
    problems = list(summary.problems)
    if last_day is not None:
        missing = law.rates.known_until(last_day, day)
        problems.append(f"the last day with a rate is {last_day}: {add_command(LATE_INTEREST, missing)}")
    if summary.provisional and not problems:
        problems.append(f"{summary.provisional} cases are provisional on {day}; look at `kredin cases`")
    return AssetCheckResult(
        asset_key=AssetKey("interest_periods"),
        check_name="figures_are_final",
        passed=not problems,
        severity=AssetCheckSeverity.ERROR,
        description="; ".join(problems) or "every figure of the day is stored",
        metadata={
            "provisional_cases": summary.provisional,
            "last day with a rate": "as far as the day needs" if last_day is None else last_day.isoformat(),
        },
    )


def rates_reach_ahead(on: date, settings: TenantSettings, journal: Journal) -> AssetCheckResult:
    """Whether what the tenant claims by has a figure for the days to come, and no added figure is contradicted."""
    kinds = [LATE_INTEREST, COLLECTION_RATE, *([STANDARD_COMPENSATION] if settings.compensation else [])]
    law = journal.law_tables()
    told = [one.told for one in running_out(kinds, on, law.rates, law.fees)]
    told += journal.contradicted_figures()
    return AssetCheckResult(
        asset_key=AssetKey("interest_periods"),
        check_name="rates_reach_ahead",
        passed=not told,
        severity=AssetCheckSeverity.WARN,
        description="; ".join(told) or f"every figure reaches {DAYS_AHEAD} days ahead",
    )


def closed_are_left_alone(con: duckdb.DuckDBPyConnection) -> AssetCheckResult:
    """Tells, on the day it is seen, of a payment undone on a case that a person closed: it stays closed (rules § 2)."""
    found = con.execute(
        """
        select reopenings.case_id, any_value(case_states.invoice_no),
            string_agg(distinct reopenings.reason, ', ' order by reopenings.reason)
        from reopenings
        join case_states using (case_id)
        where reopenings.on_date = case_states.business_date and case_states.state = 'closed'
        group by reopenings.case_id
        order by reopenings.case_id
        """
    ).fetchall()
    told = "; ".join(
        f"case {case_id}, invoice {invoice_no}: what had settled it was {reason} in the ledger; the case stays closed "
        f"until somebody decides (`kredin decide reopen {case_id}`)"
        for case_id, invoice_no, reason in found
    )
    return AssetCheckResult(
        asset_key=AssetKey("case_states"),
        check_name="closed_cases_are_left_alone",
        passed=not found,
        severity=AssetCheckSeverity.WARN,
        description=told or "nothing has happened to a closed case",
        metadata={"cases": len(found)},
    )


def counted(con: duckdb.DuckDBPyConnection) -> AssetCheckResult:
    """Whether every invoice that is open long after its due date is a claim or listed as unclaimable, and not both."""
    found = con.execute(
        """
        select
            (select count(*) from claims),
            (select count(*) from unclaimable),
            (select count(*) from claims join unclaimable using (entry_id)),
            (select count(*)
             from poweroffice_ledger_entries as entry, parameters
             where entry.voucher_type = 'OutgoingInvoice' and entry.balance > 0 and entry.gone_on is null
               and entry.posting_date <= parameters.business_date
               -- two weeks cover every shift of a due date over holidays
               and entry.due_date + parameters.days_past_due + 14 < parameters.business_date
               and entry.entry_id not in (select entry_id from claims)
               and entry.entry_id not in (select entry_id from unclaimable))
        """
    ).fetchone()
    claims, unclaimable, twice, nowhere = found or (0, 0, 0, 0)
    return AssetCheckResult(
        asset_key=AssetKey("claims"),
        check_name="every_invoice_is_accounted_for",
        passed=twice == 0 and nowhere == 0,
        severity=AssetCheckSeverity.WARN,
        description=(
            f"{claims} claims and {unclaimable} unclaimable entries"
            if twice == 0 and nowhere == 0
            else f"{nowhere} open invoices are neither a claim nor unclaimable, {twice} are both: a fault, report it"
        ),
        metadata={"claims": claims, "unclaimable": unclaimable, "in_both": twice, "in_neither": nowhere},
    )


UNCLAIMABLE = "select reason, count(*), sum(amount) from unclaimable group by reason order by reason"
SETTLED = "select kind, count(*), sum(amount) from settlements group by kind order by kind"
STATES = "select state, count(*), sum(total_open) from case_states group by state order by state"
