"""A derivation beside the book: any day, settings and figures, into temporary tables that stand before the book's own.

Belongs here: what such a derivation reads and where it writes. Used where a question is asked and nothing may change: a
past day, a dry run of a change, the explanation of a case. Not here: what is asked, or the published history
(``published``). Works on a book that is opened for reading only.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import duckdb

from kredin_pipeline.cases.claims import load_parameters, load_rates, stored_parameters
from kredin_pipeline.cases.conclusions import CONCLUDED
from kredin_pipeline.cases.derive import DerivationInput, DerivationSummary, LawTables, conclude, copy_journal
from kredin_pipeline.cases.finding import FOUND, derive_claims
from kredin_pipeline.cases.shadows import EMPTY, shadows

JOURNAL_COPIES = ("journal_cases", "journal_decisions", "journal_letters", "journal_vouchers")


@contextmanager
def derived_aside(con: duckdb.DuckDBPyConnection, world: DerivationInput) -> Generator[DerivationSummary]:
    """Derives ``world`` into temporary tables; while the block runs every table name of a derivation means those.

    The mirror, the debtors and (unless ``world.journal`` is given) the journal's copies are the book's own: today's
    knowledge of the ledger. Nothing in the book changes. Raises ``duckdb.Error`` when it was never derived in.
    """
    copied = JOURNAL_COPIES if world.journal is not None else ()
    made = ("parameters", "allocation_orders", "step_settings", "interest_rates", *copied, *FOUND, *CONCLUDED)
    with shadows(con, dict.fromkeys(made, EMPTY)):
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
    with shadows(con, dict.fromkeys(("parameters", "interest_rates", *FOUND, *CONCLUDED), EMPTY)) as book:
        load_rates(con, known.rates)
        con.execute(
            f"insert into parameters select * replace (?::date as business_date, false as live) from {book}.parameters",
            [business_date],
        )
        derive_claims(con)
        yield conclude(con, parameters, known)
