"""A derivation of a part: some customers' claims, or some cases, derived apart and put in place of what stood there.

Belongs here: which rows a part reads, and how its outcome takes the place of the old one. Customers do not depend on
one another, so what has changed can be derived alone. Not here: which part is to be derived (``remembered``) or how
(``claims``, ``conclusions``).
"""

from __future__ import annotations

from typing import Final

import duckdb

from kredin_pipeline.cases.claims import Parameters
from kredin_pipeline.cases.conclusions import CONCLUDED, LawTables, conclude_claims
from kredin_pipeline.cases.finding import FOUND, derive_claims
from kredin_pipeline.cases.shadows import ALL, EMPTY, shadows

_LEDGER: Final = "poweroffice_ledger_entries"
_OF_THE_ENTRIES: Final = {
    "poweroffice_outgoing_invoices": f"voucher_id in (select voucher_id from {_LEDGER})",
    "poweroffice_account_transactions": f"voucher_id in (select voucher_id from {_LEDGER})",
    "poweroffice_ledger_entry_changes": f"entry_id in (select entry_id from {_LEDGER})",
    "debtors": f"customer_id in (select customer_id from {_LEDGER})",
    "journal_cases": f"voucher_id in (select voucher_id from {_LEDGER})",
}
_OF_THE_CASES: Final = {
    "journal_letters": "case_id in (select case_id from claims)",
    "journal_vouchers": "case_id in (select case_id from claims)",
}


def derive_customers(con: duckdb.DuckDBPyConnection) -> None:
    """The claims of ``scope_customers`` anew, in place of what they had. Leaves ``scope_cases``: theirs.

    ``scope_entries``: their entries as they stand. ``old_cases``: the cases that they had, some of which may be gone.
    """
    in_scope = "coalesce(customer_id, '') in (select customer_id from scope_customers)"
    of_old = "case_id in (select case_id from old_cases)"
    con.execute(f"create or replace temp table old_cases as select case_id from claims where {in_scope}")
    conditions = {_LEDGER: ALL} | _OF_THE_ENTRIES | dict.fromkeys(FOUND, EMPTY)
    with shadows(con, conditions, {_LEDGER: "scope_entries"}) as book:
        derive_claims(con)
        con.execute("create or replace temp table scope_cases as select case_id from claims")
        for table in FOUND:
            by_case = table in ("settlements", "surpluses", "surplus_claims", "reopenings")
            con.execute(f"delete from {book}.{table} where {of_old if by_case else in_scope}")
            con.execute(f"insert into {book}.{table} select * from {table}")


def conclude_cases(
    con: duckdb.DuckDBPyConnection, parameters: Parameters, law: LawTables, in_flight: frozenset[str]
) -> tuple[str, ...]:
    """The conclusions of ``scope_cases`` anew, in place of what these and ``old_cases`` had. Gives letters' problems.

    Letters are planned for these cases alone: no other case can have a step that is due.
    """
    these = "case_id in (select case_id from scope_cases)"
    conditions = dict.fromkeys(("claims", "settlements", "reopenings"), these) | {
        "surplus_claims": these,
        "surpluses": "entry_id in (select entry_id from surplus_claims)",
        "customer_credits": "customer_id in (select customer_id from claims)",
        "unclaimable": "reason = 'ledger_reminder' and customer_no in (select customer_no from claims)",
    }
    with shadows(con, conditions | _OF_THE_CASES | dict.fromkeys(CONCLUDED, EMPTY)) as book:
        problems = conclude_claims(con, parameters, law, in_flight)
        for table in CONCLUDED:
            gone = "true" if table == "planned_letters" else f"{these} or case_id in (select case_id from old_cases)"
            con.execute(f"delete from {book}.{table} where {gone}")
            con.execute(f"insert into {book}.{table} select * from {table}")
    con.execute("update case_states set business_date = ? where business_date <> ?", [parameters.business_date] * 2)
    return problems


def is_large(con: duckdb.DuckDBPyConnection, entries: int) -> bool:
    """Whether the ledger has more than so many entries."""
    found = con.execute(f"select count(*) from {_LEDGER}").fetchone()
    return found is not None and int(found[0]) > entries
