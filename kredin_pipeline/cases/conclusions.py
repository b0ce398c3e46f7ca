"""What follows from the claims of a day: files 40 to 91, allocation, limits, states, letters and vouchers planned.

Belongs here: the order of these steps, and what is told of their outcome. Not here: any rule (the SQL files,
``allocation``, ``steps``), or which part of a ledger is derived (``parts``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Self

import duckdb

from kredin_pipeline.cases import settling
from kredin_pipeline.cases.claims import Parameters, sql_text
from kredin_pipeline.law.rates import STANDARD_COMPENSATION, FeeTable, NoRate, Rates, fee_table, statutory_rates

CONCLUDED: Final = (
    "interest_periods",
    "costs",
    "allocations",
    "case_states",
    "planned_letters",
    "planned_vouchers",
    "planned_reversals",
)
"""What is concluded from the claims (files 40 to 91)."""


@dataclass(frozen=True)
class LawTables:
    """The figures a derivation uses; ``stored`` are those of the release."""

    rates: Rates
    fees: FeeTable

    @classmethod
    def stored(cls) -> Self:
        """The late interest rates and fees that come with the package."""
        return cls(statutory_rates(), fee_table())


@dataclass(frozen=True)
class NewCase:
    """A claim that became a case in this derivation and has no number in the journal yet (rules § 1.3)."""

    case_id: str
    voucher_id: str
    invoice_no: str | None
    customer_no: str | None
    orgnr: str | None
    opened_on: date


@dataclass(frozen=True)
class DerivationSummary:
    """What a derivation found. ``states`` counts cases by state; amounts in kroner.

    ``problems``: what kept a figure provisional or a letter at home, each naming what is missing and for which day
    (``no rate for 2027-01-01``); empty when all is well.
    """

    business_date: date
    states: Mapping[str, int]
    principal_open: Decimal
    costs_open: Decimal
    provisional: int
    planned_letters: int
    planned_vouchers: int
    planned_reversals: int
    new_cases: tuple[NewCase, ...]
    problems: tuple[str, ...]


def conclude(
    con: duckdb.DuckDBPyConnection,
    parameters: Parameters,
    law: LawTables,
    letters_in_flight: frozenset[str] = frozenset(),
) -> DerivationSummary:
    """Everything after the claims: files 40 to 99. Needs ``parameters``, law tables, claims and settlements."""
    problems = conclude_claims(con, parameters, law, letters_in_flight)
    return summary(con, parameters, law, problems)


def conclude_claims(
    con: duckdb.DuckDBPyConnection,
    parameters: Parameters,
    law: LawTables,
    letters_in_flight: frozenset[str],
) -> tuple[str, ...]:
    """The same without the summary; gives the problems that keep a letter at home."""
    con.execute(sql_text("money.sql"))
    con.execute(sql_text("working.sql"))
    con.execute("; ".join(f"delete from {table}" for table in CONCLUDED))
    seen, costs_first = _seen(con), parameters.ever_costs_first

    def run(name: str, needed: bool = True) -> None:
        if needed:
            con.execute(sql_text(f"sql/{name}.sql"))

    run("40_decided", seen.decisions)
    run("41_accounts")
    run("42_letters", seen.letters)
    run("43_kept_letters", seen.letters and seen.settlements)
    if parameters.compensation:
        settling.load_compensation(con, law.fees)
        run("44_compensation")
    if seen.surpluses or seen.credits or seen.decisions or (seen.settlements and (seen.letters or costs_first)):
        settling.settle(con, parameters, law.rates)
    run("45_reductions")
    run("46_credit_holds", seen.credits)
    run("50_interest")
    run("60_costs")
    if seen.decisions or parameters.part_payment_acknowledges:
        settling.move_limits(con, parameters)
    run("65_circumstances", seen.credits or seen.reopenings or seen.unclaimable)
    run("70_states")
    settling.load_course(con)
    run("80_steps")
    run("82_merged", seen.decisions)
    run("84_published")
    letters = settling.plan(con, parameters, law.fees, letters_in_flight)
    run("90_vouchers", seen.surpluses or costs_first)
    run("91_reversals", seen.vouchers)
    return letters.problems


@dataclass(frozen=True)
class _Seen:
    """Which inputs have any row: files that have nothing to read are not run, which halves a small tenant's day."""

    decisions: bool
    letters: bool
    vouchers: bool
    settlements: bool
    surpluses: bool
    credits: bool
    reopenings: bool
    unclaimable: bool


def _seen(con: duckdb.DuckDBPyConnection) -> _Seen:
    tables = (
        "journal_decisions",
        "journal_letters",
        "journal_vouchers",
        "settlements",
        "surpluses",
        "customer_credits",
        "reopenings",
        "unclaimable",
    )
    return _Seen(*(con.execute(f"select 1 from {table} limit 1").fetchone() is not None for table in tables))


def summary(
    con: duckdb.DuckDBPyConnection, parameters: Parameters, law: LawTables, letter_problems: Iterable[str]
) -> DerivationSummary:
    """What the case states, as they stand in their table, come to."""
    rows = con.execute(
        "select state, count(*), sum(principal_open), sum(costs_open), count(*) filter (where provisional) "
        "from case_states group by state"
    ).fetchall()
    counts = con.execute(
        "select (select count(distinct letter_key) from planned_letters), (select count(*) from planned_vouchers), "
        "(select count(*) from planned_reversals)"
    ).fetchone()
    assert counts is not None
    new = con.execute(
        "select case_id, voucher_id, claims.invoice_no, claims.customer_no, claims.orgnr, business_date "
        "from claims join case_states using (case_id) "
        "where not claims.in_journal and case_id not in (select case_id from journal_cases) order by case_id"
    ).fetchall()
    provisional = sum(int(row[4]) for row in rows)
    return DerivationSummary(
        business_date=parameters.business_date,
        states={row[0]: row[1] for row in rows},
        principal_open=sum((row[2] for row in rows), Decimal("0.00")),
        costs_open=sum((row[3] for row in rows), Decimal("0.00")),
        provisional=provisional,
        planned_letters=counts[0],
        planned_vouchers=counts[1],
        planned_reversals=counts[2],
        new_cases=tuple(NewCase(*row) for row in new),
        problems=(*(_missing_figures(con, parameters, law) if provisional else ()), *dict.fromkeys(letter_problems)),
    )


def _missing_figures(con: duckdb.DuckDBPyConnection, parameters: Parameters, law: LawTables) -> list[str]:
    """The first day without a rate, and the due dates without a compensation (rules §§ 3, 4.2)."""
    problems: list[str] = []
    rows = con.execute(
        "select claims.due_date, claims.debtor_kind, claims.counted_due_date, count(*) "
        "from case_states join claims using (case_id) where provisional group by all order by all"
    ).fetchall()
    if parameters.compensation:
        missing = sorted(
            {row[0] for row in rows if row[1] == "business" and not law.fees.covers(STANDARD_COMPENSATION, row[0])}
        )
        problems += [
            f"{parameters.tenant}: {NoRate(due_date, STANDARD_COMPENSATION)}; store the half-year's figure"
            for due_date in missing[:3]
        ]
    first_day = min((row[2] for row in rows), default=parameters.business_date)
    unknown = law.rates.known_until(first_day, parameters.business_date)
    if unknown < parameters.business_date:
        count = sum(row[3] for row in rows)
        problems.insert(
            0,
            f"{parameters.tenant}: no rate for {unknown.isoformat()}; the interest of {count} cases is computed to "
            "that day and provisional, and no letter or voucher leaves on it. Store the half-year's rate",
        )
    return problems
