"""Finding a case in a book and deriving its day: the entries of its customer alone, into temporary tables.

Belongs here: which case is meant, which part of the ledger it hangs together with, and why an invoice is no case on a
day. Not here: reading what was derived (``facts``). A million entries of other customers cost nothing, for
customers do not depend on one another (``parts``). Works on a book that is opened for reading only.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import duckdb

from kredin_pipeline.cases.claims import load_rates, stored_parameters
from kredin_pipeline.cases.conclusions import CONCLUDED, LawTables, conclude
from kredin_pipeline.cases.explaining import words
from kredin_pipeline.cases.finding import FOUND, derive_claims
from kredin_pipeline.cases.shadows import EMPTY, shadows

_LEDGER = "poweroffice_ledger_entries"


class CaseNotFound(LookupError):
    """No case and no invoice of the book has that id or number; or several invoices have the number."""


class NotACaseThen(LookupError):
    """The invoice is known, but was no case on the day asked; the message says why and by which rule."""


@dataclass(frozen=True)
class Named:
    """A case as the book names it; ``case_id`` is None for an invoice that was never a case."""

    case_id: str | None
    voucher_id: str
    invoice_no: str | None


def find_case(con: duckdb.DuckDBPyConnection, wanted: str) -> Named:
    """The case with this id, or of the invoice with this number.

    Raises ``CaseNotFound`` when there is none, or more than one, naming them.
    """
    if not _has_table(con, "claims"):
        raise CaseNotFound(f"{wanted}: no day was derived in this book yet; run a day first")
    rows = con.execute(
        f"""
        with known as (
            select case_id, voucher_id, invoice_no, 1 as rank from claims
            union all
            select case_id, voucher_id, invoice_no, 2 from journal_cases
            union all
            select null, voucher_id, invoice_no, 3 from {_LEDGER}
            where invoice_no = $1 and amount > 0 and due_date is not null
        )
        select arg_min(case_id, rank), voucher_id, arg_min(invoice_no, rank)
        from known
        where case_id = $1 or invoice_no = $1
        group by voucher_id
        order by 1
        """,
        [wanted],
    ).fetchall()
    if not rows:
        raise CaseNotFound(f"{wanted}: no such case or invoice number; `kredin cases` lists them")
    if len(rows) > 1:
        names = ", ".join(str(row[0] or f"voucher {row[1]}") for row in rows)
        raise CaseNotFound(f"{wanted}: several invoices have this number ({names}); name the case by its id")
    return Named(*rows[0])


@contextmanager
def derived_for(
    con: duckdb.DuckDBPyConnection, case: Named, on: date, law: LawTables
) -> Generator[tuple[date, dict[str, Any]]]:
    """Derives the day for everything that hangs together with the case; the bare table names then mean that derivation.

    Settings, journal copies and mirror are the book's: its newest knowledge. Gives the book's own business date and the
    parameters as used. ``live`` stays as it was on the book's own day and is false on any other, so that nothing is
    planned for the past. Raises ``ValueError`` when no day was ever derived.
    """
    held = stored_parameters(con)
    if held is None:
        raise ValueError(f"no day was derived in this book yet, so {on} cannot be explained; run a day first")
    parameters = replace(held, business_date=on, live=held.live and on == held.business_date)
    _find_customers(con, case)
    mine = "coalesce(customer_id, '') in (select customer_id from why_customers)"
    with (
        shadows(con, {_LEDGER: mine}),
        shadows(con, dict.fromkeys(("parameters", "interest_rates", *FOUND, *CONCLUDED), EMPTY)) as book,
    ):
        load_rates(con, law.rates)
        con.execute(
            f"insert into parameters select * replace (?::date as business_date, ? as live) from {book}.parameters",
            [on, parameters.live],
        )
        derive_claims(con)
        conclude(con, parameters, law)
        used = con.execute("select * from parameters")
        names = [str(column[0]) for column in used.description or ()]
        values = used.fetchone()
        assert values is not None
        yield held.business_date, dict(zip(names, values, strict=True))


def why_no_case(con: duckdb.DuckDBPyConnection, case: Named, parameters: dict[str, Any]) -> str:
    """Why the invoice is no case on the derived day, in one sentence with its rule. Call it inside ``derived_for``."""
    on: date = parameters["business_date"]
    name = f"invoice {case.invoice_no}" if case.invoice_no else f"voucher {case.voucher_id}"
    refused = con.execute("select reason from unclaimable where voucher_id = ?", [case.voucher_id]).fetchone()
    if refused is not None:
        reasons = {"before_import_from": f"it fell due before import_from ({parameters['import_from']})"}
        reason = reasons.get(refused[0], f"it is listed as unclaimable: {words.spoken(refused[0])}")
        return f"{name} was no case on {on}: {reason} [rules § 1.1]"
    found = con.execute(
        "select posting_date, counted_due_date, overdue_on, gone_on from invoices where voucher_id = ?",
        [case.voucher_id],
    ).fetchone()
    if found is None:
        return f"{name} was no case on {on}: it was not in the ledger yet [rules § 1.1]"
    posted, counted, overdue_on, gone_on = found
    if overdue_on > on:
        wait = words.days(parameters["days_past_due"])
        return (
            f"{name} (posted {posted}) was no case on {on}: its due date counts as {counted}, and it becomes a case "
            f"{wait} later, on {overdue_on}, if something is open then [rules § 1.2]"
        )
    if gone_on is not None:
        return f"{name} was no case on {on}: it was gone from the ledger on {gone_on} [rules § 2]"
    return f"{name} was no case on {on}: nothing of it was open on the day it would have become one [rules § 1.2]"


def _find_customers(con: duckdb.DuckDBPyConnection, case: Named) -> None:
    """``why_customers``: the debtor, whoever shares a match group with it, and the debtors of merged cases."""
    con.execute(
        f"""
        create or replace temp table why_customers as
        with
        merged as (
            select unnest([case_id] || coalesce(cast(payload -> '$.with' as varchar[]), [])) as name
            from journal_decisions
            where kind = 'merge' and (case_id = $1 or payload::varchar like '%' || $1 || '%'
                                      or payload::varchar like '%' || $2 || '%')
        )
        select distinct coalesce(customer_id, '') as customer_id
        from {_LEDGER}
        where voucher_id = $3
           or voucher_id in (select voucher_id from journal_cases
                             where case_id in (select name from merged) or invoice_no in (select name from merged))
        """,
        [case.case_id or case.voucher_id, case.invoice_no or case.voucher_id, case.voucher_id],
    )
    known = -1
    while (found := _count(con)) != known:
        known = found
        con.execute(
            f"""
            insert into why_customers
            select distinct coalesce(customer_id, '') from {_LEDGER}
            where match_id in (select match_id from {_LEDGER} where match_id is not null
                                 and coalesce(customer_id, '') in (select customer_id from why_customers))
              and coalesce(customer_id, '') not in (select customer_id from why_customers)
            """
        )


def _count(con: duckdb.DuckDBPyConnection) -> int:
    found = con.execute("select count(*) from why_customers").fetchone()
    return int(found[0]) if found is not None else 0


def _has_table(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    return con.execute("select 1 from duckdb_tables() where table_name = ?", [name]).fetchone() is not None
