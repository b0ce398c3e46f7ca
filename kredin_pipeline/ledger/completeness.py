"""Is the mirror whole? The sum of what we hold of each customer must be the balance that the ledger gives, to the øre.

Belongs here: that comparison. Not here: asking for the balances, and reading again when it fails
(`resources.poweroffice_sync`). Source: PowerOffice reference §§ 5, 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from kredin_pipeline.ledger import quarantine

KEPT_DAYS = 31
"""Balances of so many days are kept to look back at."""


@dataclass(frozen=True)
class Difference:
    """One customer for whom ledger and mirror disagree; kroner. ``quarantined`` is what lies in quarantine of it."""

    customer_no: str
    customer_id: str
    ledger: Decimal
    mirror: Decimal
    quarantined: Decimal = Decimal(0)


@dataclass(frozen=True)
class CompletenessResult:
    """The comparison for one business date. ``ok``: no difference that quarantined rows do not explain to the øre.

    ``loose``: customers whose balances do not add up to their amounts, so that a changed match may have been missed.
    """

    business_date: date
    customers: int
    ledger_total: Decimal
    differences: tuple[Difference, ...] = ()
    explained: tuple[Difference, ...] = ()
    loose: tuple[str, ...] = field(default_factory=tuple)

    @property
    def ok(self) -> bool:
        return not self.differences

    @property
    def message(self) -> str:
        """What a person reads, one sentence."""
        if self.ok:
            text = (
                f"{self.customers} customers: the mirror's {self.ledger_total:,.2f} kr is the ledger's on "
                f"{self.business_date}"
            )
            return text + ("" if not self.explained else f"; {len(self.explained)} differ by rows in quarantine alone")
        first = self.differences[0]
        more = f" and {len(self.differences) - 1} more" if len(self.differences) > 1 else ""
        return (
            f"the mirror is not whole on {self.business_date}: customer {first.customer_no} has {first.ledger:,.2f} kr "
            f"in the ledger and {first.mirror:,.2f} kr in the mirror{more}. Nothing goes out until both agree; every "
            "run reads the ledger in full until then"
        )


def store_balances(con: duckdb.DuckDBPyConnection, as_of: date, rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep the ledger's balances of a day (rows of ``CustomerBalances``, amounts as ``Decimal``)."""
    held = list(rows)
    con.execute(
        "delete from poweroffice_customer_balances where as_of = $1 or as_of < $2",
        [as_of, as_of - timedelta(KEPT_DAYS)],
    )
    if held:
        con.execute(
            "insert into poweroffice_customer_balances select $1, unnest($2::varchar[]), unnest($3::varchar[]), "
            "unnest($4::varchar[])::decimal(18, 2)",
            [
                as_of,
                [_text(row.get("CustomerAccountNo")) for row in held],
                [_text(row.get("CustomerId")) for row in held],
                [str(row["Balance"]) for row in held],
            ],
        )


def completeness(con: duckdb.DuckDBPyConnection, business_date: date) -> CompletenessResult:
    """Compare the stored balances of a business date with the mirror's entries posted up to it."""
    rows = con.execute(_COMPARED, [business_date]).fetchall()
    differing = [row for row in rows if row[2] != row[3]]
    aside = quarantine.amounts_by_customer(con, business_date) if differing else {}
    differences: list[Difference] = []
    explained: list[Difference] = []
    for customer_id, customer_no, ledger, mirror, _ in differing:
        held = Decimal(aside.get(str(customer_id), 0)) / 100
        one = Difference(str(customer_no or customer_id), str(customer_id), ledger, mirror, held)
        (explained if mirror + held == ledger else differences).append(one)
    return CompletenessResult(
        business_date,
        len(rows),
        sum((row[2] for row in rows), Decimal(0)),
        tuple(differences),
        tuple(explained),
        tuple(str(row[1] or row[0]) for row in rows if row[4]),
    )


_COMPARED = """
with mirrored as (
    select coalesce(customer_id, customer_no) as customer, any_value(customer_no) as customer_no,
        coalesce(sum(amount) filter (where posting_date <= $1), 0)::decimal(18, 2) as amount,
        sum(amount) <> sum(balance)                                                as is_loose
    from poweroffice_ledger_entries
    where gone_on is null
    group by all
),
listed as (
    select
        coalesce(customer_id, customer_no) as customer, any_value(customer_no) as customer_no, sum(balance) as balance
    from poweroffice_customer_balances
    where as_of = $1
    group by all
)
select customer, coalesce(listed.customer_no, mirrored.customer_no), coalesce(balance, 0)::decimal(18, 2),
    coalesce(amount, 0)::decimal(18, 2), coalesce(is_loose, false)
from mirrored full join listed using (customer)
order by abs(coalesce(balance, 0) - coalesce(amount, 0)) desc, customer
"""


def _text(value: object) -> str | None:
    return None if value is None else str(value)
