"""The way from the mirror to claims and what has happened to them: SQL files 10 to 39, in their order.

Belongs here: which files run, and which are left out because the ledger has nothing for them to read; that halves a
small tenant's day. Not here: any rule (the SQL files), or the handing over of parameters and law (``claims``).

The way of the rows::

    poweroffice_*, journal_*  →  entries                what each entry is
                              →  match_groups, loose    what there is to find out
                              →  shares                 what met what, and by how much
                              →  invoice_settlements
                              →  claims, settlements, surpluses, customer_credits, reopenings, unclaimable
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import duckdb

from kredin_pipeline.cases.claims import Parameters, load_parameters, sql_text

FOUND: Final = (
    "claims",
    "unclaimable",
    "settlements",
    "surpluses",
    "surplus_claims",
    "customer_credits",
    "reopenings",
)
"""What is found in the ledger (files 10 to 39)."""

_WORKING: Final = (
    "loose", "members", "crowded", "debit_side", "credit_side", "shares", "open_credits", "asked",
    "invoice_settlements", "principals", "match_groups", "surplus_amounts", "invoices", "entries",
)  # fmt: skip


def derive_claims(con: duckdb.DuckDBPyConnection, parameters: Parameters | None = None) -> None:
    """Claims, settlements, surpluses, credits, re-openings and what is unclaimable: everything in ``FOUND``.

    Needs the mirror (``poweroffice_*``, ``debtors``), the law tables, the journal copies and, unless ``parameters``
    are given here, the parameters. Everything is as of ``parameters.business_date``; the result does not depend on
    the order of rows. Raises ``duckdb.Error`` if a table is missing.
    """
    if parameters is not None:
        load_parameters(con, parameters)
    con.execute(sql_text("money.sql"))
    con.execute(sql_text("finding.sql"))
    con.execute("; ".join(f"delete from {table}" for table in FOUND))

    def run(name: str, needed: bool = True) -> None:
        if needed:
            con.execute(sql_text(f"sql/{name}.sql"))

    given = _Given.seen(con)
    run("10_vouchers", given.transactions)
    run("10_reversals", given.reversals)
    run("11_entries")
    run("12_invoices")
    run("13_classified", given.classified)
    run("20_match_groups")
    loose = _Loose.seen(con)
    run("21_own_and_refunds", loose.own_or_refunds)
    run("22_named", loose.crowded)
    run("23_matched", loose.members)
    run("24_open_in_group", loose.open_in_group)
    run("25_recoveries", loose.write_offs and loose.open_payments)
    run("26_invoice_settlements")
    run("30_claims")
    run("32_settlements")
    run("33_surpluses", loose.open_payments or loose.own_or_refunds)
    run("34_customer_credits", loose.credits)
    run("36_reopenings", given.changes or given.vouchers or loose.own_or_refunds)


def drop_working(con: duckdb.DuckDBPyConnection) -> None:
    """Drops the large temporary tables of ``derive_claims`` that nothing after it reads: room for what comes."""
    con.execute("; ".join(f"drop table if exists temp.{table}" for table in _WORKING))


@dataclass(frozen=True)
class _Given:
    """What the mirror and the journal have any row of."""

    transactions: bool
    reversals: bool
    classified: bool
    changes: bool
    vouchers: bool

    @classmethod
    def seen(cls, con: duckdb.DuckDBPyConnection) -> Self:
        return cls(
            *_any_row(
                con,
                "poweroffice_account_transactions",
                "poweroffice_ledger_entries where voucher_type = 'ReversalVoucher' or voucher_id in "
                "(select voucher_id from poweroffice_account_transactions where reversed_voucher_id is not null)",
                "journal_decisions where kind = 'classify'",
                "poweroffice_ledger_entry_changes",
                "journal_vouchers",
            )
        )


@dataclass(frozen=True)
class _Loose:
    """What stands outside plain groups."""

    members: bool
    own_or_refunds: bool
    crowded: bool
    open_in_group: bool
    open_payments: bool
    write_offs: bool
    credits: bool

    @classmethod
    def seen(cls, con: duckdb.DuckDBPyConnection) -> Self:
        return cls(
            *_any_row(
                con,
                "members",
                "members where is_debit and role in ('own_voucher', 'refund')",
                "crowded where invoices > 1",
                "open_credits where match_id is not null",
                "open_credits where role = 'payment'",
                "loose where role = 'write_off'",
                "loose where amount < 0",
            )
        )


def _any_row(con: duckdb.DuckDBPyConnection, *sources: str) -> tuple[bool, ...]:
    found = con.execute("select " + ", ".join(f"exists(from {source})" for source in sources)).fetchone()
    assert found is not None
    return tuple(bool(one) for one in found)
