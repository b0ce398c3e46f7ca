"""A derivation in parts: some customers' entries, or some cases, derived apart and put in place of what stood there.

Belongs here: which rows a part reads, and how its outcome takes the place of the old one. Customers do not depend on
one another, so a ledger derived in parts is the ledger derived whole. Not here: which part is to be derived
(``remembered``) or how (``claims``, ``conclusions``).
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import duckdb

from kredin_pipeline.cases.claims import FOUND, Parameters, derive_claims
from kredin_pipeline.cases.conclusions import CONCLUDED, LawTables, conclude_claims
from kredin_pipeline.cases.shadows import ALL, EMPTY, shadows

ENTRIES_OF_A_PART: Final = 1_000_000
"""Entries derived at once; bounds the memory of a ledger of any size."""

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
_GO_AT_ONCE: Final = ("interest_periods", "case_states", "unclaimable", "allocations")
"""Outcome of which later statements read no more than their own cases: it can go where it belongs at once."""


def derive_by_customers(
    con: duckdb.DuckDBPyConnection, parameters: Parameters, law: LawTables, in_flight: frozenset[str]
) -> tuple[str, ...]:
    """Everything anew, some customers at a time. Needs parameters, law tables and journal copies in the book.

    Gives the problems that keep letters at home.
    """
    count = _cut(con)
    if count <= 1:
        derive_claims(con)
        return conclude_claims(con, parameters, law, in_flight)
    for table in (*FOUND, *CONCLUDED):
        con.execute(f"delete from {table}")
    outcome = [table for table in (*FOUND, *CONCLUDED) if table not in _GO_AT_ONCE]
    problems: list[str] = []
    with TemporaryDirectory(prefix="kredin-parts-") as folder:
        con.execute("set preserve_insertion_order = false")  # or a single thread would write
        try:
            inputs = _spread(con, Path(folder))
        finally:
            con.execute("reset preserve_insertion_order")
        for part in range(count):
            sources = {table: _read(Path(folder), table, part) for table in inputs}
            conditions = {table: EMPTY if source is None else ALL for table, source in sources.items()}
            held = {table: source for table, source in sources.items() if source is not None}
            with shadows(con, conditions | dict.fromkeys(outcome, EMPTY), held) as book:
                derive_claims(con, added_to=_GO_AT_ONCE)
                problems += conclude_claims(con, parameters, law, in_flight, added_to=_GO_AT_ONCE)
                for table in outcome:
                    con.execute(f"insert into {book}.{table} select * from {table}")
    return tuple(problems)


def _spread(con: duckdb.DuckDBPyConnection, folder: Path) -> tuple[str, ...]:
    """Writes each input's rows into a file for each part, in one pass over it; gives the names of the inputs."""
    con.execute(
        f"""
        create or replace temp view entry_parts as
        select entry_id, voucher_id, part
        from {_LEDGER} as entry join customer_parts on customer_parts.customer_id = coalesce(entry.customer_id, '');
        create or replace temp table case_parts as
        select case_id, any_value(part) as part
        from journal_cases join entry_parts using (voucher_id) group by case_id
        """
    )
    by_customer = "join customer_parts on customer_parts.customer_id = coalesce(given.customer_id, '')"
    by_case = "join case_parts using (case_id)"
    inputs = {
        _LEDGER: by_customer,
        "poweroffice_outgoing_invoices": by_customer,
        "poweroffice_account_transactions": "join (select voucher_id, any_value(part) as part from entry_parts "
        "where voucher_id in (select voucher_id from poweroffice_account_transactions) group by voucher_id) "
        "using (voucher_id)",
        "poweroffice_ledger_entry_changes": "join entry_parts using (entry_id)",
        "debtors": by_customer,
        "journal_cases": by_case,
        "journal_letters": by_case,
        "journal_vouchers": by_case,
    }
    for table, joined in inputs.items():
        con.execute(
            f"copy (select given.*, part from {table} as given {joined}) "
            f"to '{folder / table}' (format parquet, compression uncompressed, partition_by (part))"
        )
    return tuple(inputs)


def _read(folder: Path, table: str, part: int) -> str | None:
    """What reads a part of an input, None when it has no row."""
    found = folder / table / f"part={part}"
    return f"read_parquet('{found}/*.parquet', hive_partitioning = false)" if found.is_dir() else None


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


def _cut(con: duckdb.DuckDBPyConnection) -> int:
    """Customers into parts of about ``ENTRIES_OF_A_PART`` entries; those that share a match group stay together."""
    con.execute(
        f"""
        create or replace temp table customer_parts as
        with
        sizes as (select coalesce(customer_id, '') as customer_id, count(*) as n from {_LEDGER} group by all),
        linked as (
            select distinct coalesce(customer_id, '') as customer_id from {_LEDGER}
            where match_id in (select match_id from {_LEDGER} where match_id is not null
                               group by match_id having min(customer_id) <> max(customer_id))
        )
        select customer_id,
            case when customer_id in (from linked) then 0
                 else ((sum(n) over (order by customer_id) - 1) // {ENTRIES_OF_A_PART})::integer end as part
        from sizes
        """
    )
    found = con.execute("select coalesce(max(part), -1) + 1 from customer_parts").fetchone()
    return int(found[0]) if found is not None else 0


def _count(con: duckdb.DuckDBPyConnection, tables: str) -> int:
    found = con.execute(f"select count(*) from {tables}").fetchone()
    return int(found[0]) if found is not None else 0


def is_large(con: duckdb.DuckDBPyConnection, entries: int) -> bool:
    """Whether the ledger has more than so many entries."""
    return _count(con, _LEDGER) > entries
