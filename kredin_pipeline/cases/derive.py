"""One derivation: from the mirror and the journal's copies to case states, planned letters and planned vouchers.

Belongs here: what a derivation is told, and the choice between all of it and what has changed, in one transaction.
Not here: any rule; those stand in the SQL files (10 to 39 in ``claims``, 40 to 91 in ``conclusions``), in
``allocation`` and in ``steps``. The same day derived twice gives the same, and a
day derived in part gives what it gives whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import duckdb

from kredin_pipeline.cases import journal_copies, parts, remembered
from kredin_pipeline.cases.claims import (
    Parameters,
    create_tables,
    in_any_order,
    load_law,
    load_parameters,
    sql_text,
)
from kredin_pipeline.cases.conclusions import (
    DerivationSummary,
    LawTables,
    NewCase,
    conclude,
    conclude_claims,
    summary,
)
from kredin_pipeline.cases.finding import derive_claims, drop_working
from kredin_pipeline.cases.journal_copies import ChangesLike, JournalLike
from kredin_pipeline.cases.settings import TenantSettings

__all__ = ["DerivationInput", "DerivationSummary", "LawTables", "NewCase", "conclude", "copy_journal", "derive"]

SMALL_LEDGER = 20_000
"""Up to so many entries a derivation is always whole: comparing would cost more than it saves."""


@dataclass(frozen=True)
class DerivationInput:
    """What a derivation is told. Dates are Oslo days.

    ``live``: the partition is today's and not a backfill; only then are letters and vouchers planned (in ``observe``
    mode too, where they do not leave). ``journal``: copied into the book first; None leaves the copies as they are.
    ``letters_in_flight``: keys of letters that may have left without our knowing; they are not planned again.
    ``whole``: derive everything anew even if the book knows what has changed; ``small_ledger``: up to so many entries
    that is done anyway. ``journal_since``, in place of ``journal``, gives what came after a mark (None: everything);
    ``allocation_orders`` then tells since when which order of allocation has been set.
    """

    tenant: str
    business_date: date
    settings: TenantSettings
    connected_on: date
    law: LawTables = field(default_factory=LawTables.stored)
    live: bool = True
    journal: JournalLike | None = None
    letters_in_flight: frozenset[str] = frozenset()
    whole: bool = False
    small_ledger: int = SMALL_LEDGER
    journal_since: Callable[[str | None], ChangesLike] | None = None
    allocation_orders: tuple[tuple[date, str], ...] = ()

    def parameters(self) -> Parameters:
        """The settings with every null given its meaning."""
        orders = self.allocation_orders or getattr(self.journal, "allocation_orders", ())
        return Parameters.of(self.tenant, self.business_date, self.connected_on, self.live, self.settings, orders)


def derive(con: duckdb.DuckDBPyConnection, world: DerivationInput) -> DerivationSummary:
    """Derives one business date in one transaction: SQL files 10 to 91, allocation, limits, fees and letters.

    Needs the mirror (``poweroffice_*`` and ``debtors``). On any error nothing of the day is changed. Raises
    ``duckdb.Error`` when a table is missing.
    """
    with in_any_order(con):
        con.execute("begin")
        try:
            create_tables(con)
            con.execute(sql_text("conclusions.sql"))
            load_law(con, world.business_date, world.law.rates)
            _bring_journal(con, world)
            parameters = world.parameters()
            load_parameters(con, parameters)
            problems = _derive_what_must_be(con, world, parameters)
            found = summary(con, parameters, world.law, problems)
            con.execute("commit")
        except BaseException:
            con.execute("rollback")
            raise
    return found


def _derive_what_must_be(
    con: duckdb.DuckDBPyConnection, world: DerivationInput, parameters: Parameters
) -> tuple[str, ...]:
    law, in_flight = world.law, world.letters_in_flight
    con.execute("drop table if exists temp.scope_cases")  # who looks at what was made anew looks at all of it
    if not parts.is_large(con, world.small_ledger):
        remembered.forget(con)
        derive_claims(con)
        return conclude_claims(con, parameters, law, in_flight)
    print_ = remembered.fingerprint(parameters, law)
    if not world.whole and remembered.find_touched(con, parameters, print_):
        parts.derive_customers(con)
        remembered.find_moving(con)
        problems = parts.conclude_cases(con, parameters, law, in_flight)
        remembered.remember_touched(con, parameters, print_)
        return problems
    derive_claims(con)
    drop_working(con)
    problems = conclude_claims(con, parameters, law, in_flight)
    remembered.remember(con, parameters, print_)
    return problems


def copy_journal(con: duckdb.DuckDBPyConnection, world: DerivationInput) -> None:
    """Copies the journal's four lists into the book, or leaves the copies alone when ``world`` brings none."""
    if world.journal is not None:
        journal_copies.copy_all(con, world.journal)


def _bring_journal(con: duckdb.DuckDBPyConnection, world: DerivationInput) -> None:
    """The same, and notes in ``journal_touched`` the cases whose rows are others now."""
    con.execute("create or replace temp table journal_touched (about varchar, case_id varchar)")
    if world.journal_since is not None:
        if not journal_copies.copy_changes(con, world.journal_since(journal_copies.held_mark(con))):
            remembered.forget(con)
        return
    con.execute("delete from journal_mark")
    if world.journal is not None and remembered.is_remembered(con):
        journal_copies.copy_and_compare(con, world.journal)
    else:
        copy_journal(con, world)
