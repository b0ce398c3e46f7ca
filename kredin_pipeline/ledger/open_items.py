"""Is each open balance of the mirror the ledger's own? The entries that the ledger calls open, held against ours.

Belongs here: that comparison. Not here: the sums per customer (`completeness`), which a match that was missed leaves as
they are: an invoice that has been settled would still be claimed. Source: PowerOffice reference §§ 5, 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import duckdb


@dataclass(frozen=True)
class OpenDifference:
    """One entry whose open balance is not the same in ledger and mirror; kroner, 0 where it is not open."""

    entry_id: str
    customer_no: str | None
    ledger: Decimal
    mirror: Decimal


def open_differences(con: duckdb.DuckDBPyConnection, listed: Mapping[str, Decimal]) -> tuple[OpenDifference, ...]:
    """Where the mirror's open balances differ from ``listed`` (entry id to balance), the largest first.

    An entry that the mirror lacks because it lies in quarantine is left out: it is told of there, and nothing is
    claimed by it. One whose older reading the mirror holds is not.
    """
    rows = con.execute(
        """
        with listed as (select unnest($1::varchar[]) as entry_id, unnest($2::varchar[])::decimal(18, 2) as balance),
        mirrored as (select entry_id, customer_no, balance from poweroffice_ledger_entries where gone_on is null)
        select entry_id, mirrored.customer_no, coalesce(listed.balance, 0)::decimal(18, 2),
            coalesce(mirrored.balance, 0)::decimal(18, 2)
        from listed full join mirrored using (entry_id)
        where coalesce(listed.balance, 0) <> coalesce(mirrored.balance, 0)
          and (mirrored.entry_id is not null or entry_id not in (
            select record_id from quarantine
            where table_name = 'poweroffice_ledger_entries' and released_at is null and record_id is not null))
        order by abs(coalesce(listed.balance, 0) - coalesce(mirrored.balance, 0)) desc, entry_id
        """,
        [list(listed), [str(balance) for balance in listed.values()]],
    ).fetchall()
    return tuple(OpenDifference(str(row[0]), row[1], row[2], row[3]) for row in rows)
