"""One derivation: from the mirror and the journal's copies to case states, planned letters and planned vouchers.

Belongs here: the order of things and the one transaction around them. Not here: any rule; those stand in the SQL files
(10 to 39 in ``claims``, 40 to 99 here), in ``allocation`` and in ``steps``. The same day derived twice gives the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol, Self

import duckdb

from kredin_pipeline.cases import settling
from kredin_pipeline.cases.claims import (
    Parameters,
    create_tables,
    derive_claims,
    load_journal,
    load_law,
    sql_text,
)
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.cases.steps import LetterPlan
from kredin_pipeline.law.rates import STANDARD_COMPENSATION, FeeTable, NoRate, Rates, fee_table, statutory_rates


@dataclass(frozen=True)
class LawTables:
    """The figures a derivation uses; ``stored`` are those of the release."""

    rates: Rates
    fees: FeeTable

    @classmethod
    def stored(cls) -> Self:
        """The late interest rates and fees that come with the package."""
        return cls(statutory_rates(), fee_table())


class NamedRow(Protocol):
    """A named tuple of the journal, its fields named as the columns of the book's copy."""

    def _asdict(self) -> dict[str, Any]: ...


class JournalLike(Protocol):
    """What ``Journal.rows`` answers: the four lists that the book copies."""

    @property
    def cases(self) -> Sequence[NamedRow]: ...
    @property
    def decisions(self) -> Sequence[NamedRow]: ...
    @property
    def letters(self) -> Sequence[NamedRow]: ...
    @property
    def vouchers(self) -> Sequence[NamedRow]: ...


@dataclass(frozen=True)
class DerivationInput:
    """What a derivation is told. Dates are Oslo days.

    ``live``: the partition is today's and not a backfill; only then are letters and vouchers planned (in ``observe``
    mode too, where they do not leave). ``journal``: copied into the book first; None leaves the copies as they are.
    ``letters_in_flight``: keys of letters that may have left without our knowing; they are not planned again.
    """

    tenant: str
    business_date: date
    settings: TenantSettings
    connected_on: date
    law: LawTables = field(default_factory=LawTables.stored)
    live: bool = True
    journal: JournalLike | None = None
    letters_in_flight: frozenset[str] = frozenset()

    def parameters(self) -> Parameters:
        """The settings with every null given its meaning."""
        return Parameters.of(self.tenant, self.business_date, self.connected_on, self.live, self.settings)


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


def derive(con: duckdb.DuckDBPyConnection, world: DerivationInput) -> DerivationSummary:
    """Derives one business date in one transaction: SQL files 10 to 99, allocation, limits, fees and letters.

    Needs the mirror (``poweroffice_*`` and ``debtors``). On any error nothing of the day is changed. Raises
    ``duckdb.Error`` when a table is missing.
    """
    con.execute("begin")
    try:
        create_tables(con)
        con.execute(sql_text("conclusions.sql"))
        load_law(con, world.business_date, world.law.rates)
        copy_journal(con, world)
        parameters = world.parameters()
        derive_claims(con, parameters)
        summary = conclude(con, parameters, world.law, world.letters_in_flight)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return summary


def derive_again(con: duckdb.DuckDBPyConnection, world: DerivationInput) -> DerivationSummary:
    """The same day once more after letters have left: copies the journal and concludes anew, without the ledger's part.

    For use when nothing but letters, vouchers' states and new case numbers came to the journal since ``derive`` of the
    same day; a decision about the ledger's rows (``classify``, ``new_due_date``) needs ``derive``. Half its time.
    Raises ``ValueError`` when the book was last derived for another day.
    """
    found = con.execute("select any_value(business_date) from parameters").fetchone()
    if found is None or found[0] != world.business_date:
        raise ValueError(f"derive_again: found {found and found[0]}, want {world.business_date}; derive that day first")
    con.execute("begin")
    try:
        copy_journal(con, world)
        summary = conclude(con, world.parameters(), world.law, world.letters_in_flight)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return summary


def conclude(
    con: duckdb.DuckDBPyConnection,
    parameters: Parameters,
    law: LawTables,
    letters_in_flight: frozenset[str] = frozenset(),
) -> DerivationSummary:
    """Everything after the claims: files 40 to 99. Needs ``parameters``, law tables, claims and settlements."""
    con.execute(sql_text("working.sql"))
    con.execute(_EMPTIED)
    seen, costs_first = _seen(con), parameters.allocation == "costs_first"

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
    if seen.surpluses or seen.decisions or (seen.settlements and (seen.letters or costs_first)):
        settling.settle(con, parameters, law.rates)
    run("45_reductions")
    run("46_credit_cover", seen.credits)
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
    return _summary(con, parameters, law, letters)


def copy_journal(con: duckdb.DuckDBPyConnection, world: DerivationInput) -> None:
    """Copies the journal's four lists into the book, or leaves the copies alone when ``world`` brings none."""
    if world.journal is not None:
        rows: dict[str, list[dict[str, Any]]] = {
            name: [row._asdict() for row in getattr(world.journal, name)]  # pyright: ignore[reportPrivateUsage]
            for name in ("cases", "decisions", "letters", "vouchers")
        }
        load_journal(con, **rows)


_EMPTIED = "; ".join(
    f"delete from {table}"
    for table in (
        "allocations",
        "interest_periods",
        "costs",
        "case_states",
        "planned_letters",
        "planned_vouchers",
        "planned_reversals",
    )
)


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


def _summary(
    con: duckdb.DuckDBPyConnection, parameters: Parameters, law: LawTables, letters: LetterPlan
) -> DerivationSummary:
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
        "select case_id, voucher_id, claims.invoice_no, claims.customer_no, orgnr, business_date "
        "from accounts join claims using (case_id), parameters "
        "where case_id not in (select case_id from journal_cases) order by case_id"
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
        problems=(*(_missing_figures(con, parameters, law) if provisional else ()), *letters.problems),
    )


def _missing_figures(con: duckdb.DuckDBPyConnection, parameters: Parameters, law: LawTables) -> list[str]:
    """The first day without a rate, and the due dates without a compensation (rules §§ 3, 4.2)."""
    problems: list[str] = []
    spans = con.execute(
        "select min(from_date), max(to_date), count(distinct case_id) from principal_spans where provisional"
    ).fetchone()
    if spans is not None and spans[0] is not None:
        day = law.rates.known_until(spans[0], spans[1])
        problems.append(
            f"{parameters.tenant}: no rate for {day.isoformat()}; the interest of {spans[2]} cases is computed to that "
            "day and provisional, and no letter or voucher leaves on it. Store the half-year's rate"
        )
    for (due_date,) in con.execute(
        "select distinct due_date from compensations join claims using (case_id) where missing order by 1 limit 3"
    ).fetchall():
        problems.append(f"{parameters.tenant}: {NoRate(due_date, STANDARD_COMPENSATION)}; store the half-year's figure")
    return problems
