"""A derivation beside the book: any day, settings and figures, into temporary tables that stand before the book's own.

Belongs here: making and dropping those tables. Used where a question is asked and nothing may change: a past day, a dry
run of a change, the explanation of a case. Not here: what is asked of them, or the published history (``published``).
Works on a book that is opened for reading only.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Final

import duckdb

from kredin_pipeline.cases.claims import derive_claims, load_parameters, load_rates, stored_parameters
from kredin_pipeline.cases.derive import DerivationInput, DerivationSummary, LawTables, conclude, copy_journal

JOURNAL_COPIES: Final = ("journal_cases", "journal_decisions", "journal_letters", "journal_vouchers")
DERIVED: Final = (
    "claims",
    "unclaimable",
    "settlements",
    "surpluses",
    "surplus_claims",
    "customer_credits",
    "reopenings",
    "interest_periods",
    "costs",
    "allocations",
    "case_states",
    "planned_letters",
    "planned_vouchers",
    "planned_reversals",
)
"""What a derivation finds and concludes; each derivation empties these and fills them again."""


@contextmanager
def derived_aside(con: duckdb.DuckDBPyConnection, world: DerivationInput) -> Generator[DerivationSummary]:
    """Derives ``world`` into temporary tables; while the block runs every table name of a derivation means those.

    The mirror, the debtors and (unless ``world.journal`` is given) the journal's copies are the book's own: today's
    knowledge of the ledger. Nothing in the book changes. Raises ``duckdb.Error`` when it was never derived in.
    """
    copied = JOURNAL_COPIES if world.journal is not None else ()
    with _shadows(con, ("parameters", "step_settings", "interest_rates", *copied, *DERIVED)):
        load_rates(con, world.law.rates)
        copy_journal(con, world)
        parameters = world.parameters()
        load_parameters(con, parameters)
        derive_claims(con)
        yield conclude(con, parameters, world.law, world.letters_in_flight)


@contextmanager
def derived_as_of(
    con: duckdb.DuckDBPyConnection, business_date: date, law: LawTables | None = None
) -> Generator[DerivationSummary]:
    """Derives a day under the settings and course of the book's last derivation; plans no letter and no voucher.

    ``law`` None means the figures of the release. Raises ``ValueError`` when no day was ever derived in the book.
    """
    held = stored_parameters(con)
    if held is None:
        raise ValueError(f"no day was derived in this book yet, so {business_date} cannot be read; run a day first")
    known = law or LawTables.stored()
    parameters = replace(held, business_date=business_date, live=False)
    with _shadows(con, ("parameters", "interest_rates", *DERIVED)):
        load_rates(con, known.rates)
        con.execute(
            "insert into parameters "
            f"select * replace (?::date as business_date, false as live) from {_book(con)}.parameters",
            [business_date],
        )
        derive_claims(con)
        yield conclude(con, parameters, known)


@contextmanager
def _shadows(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> Generator[None]:
    held = tuple(names)
    book = _book(con)
    try:
        for name in held:
            con.execute(f"create or replace temp table {name} as select * from {book}.{name} limit 0")
        yield
    finally:
        for name in held:
            con.execute(f"drop table if exists temp.{name}")


def _book(con: duckdb.DuckDBPyConnection) -> str:
    """The book's own schema, in full; ``main`` alone could mean the temporary tables' schema, named alike."""
    found = con.execute("select current_database()").fetchone()
    assert found is not None
    return f'"{found[0]}".main'
