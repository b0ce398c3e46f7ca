"""What a derivation must be able to say of itself: its figures are final, and every invoice is accounted for.

Belongs here: the checks of the derived tables that need the trade's own words. Not here: deriving them
(`assets.cases`), nor the contracts of their columns (`assets.contract_checks`).
"""

from __future__ import annotations

from datetime import date

import duckdb
from dagster import AssetCheckResult, AssetCheckSeverity, AssetKey

from kredin_pipeline.cases.derive import DerivationSummary, LawTables
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import Journal
from kredin_pipeline.law.coverage import DAYS_AHEAD, add_command, last_day_with_a_rate, running_out
from kredin_pipeline.law.rates import COLLECTION_RATE, LATE_INTEREST, STANDARD_COMPENSATION


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
