"""Is the mirror whole? The sum of what we hold of each customer must be the balance that the ledger gives, to the øre.

Belongs here: that comparison, in total and per customer, and what a match group's own rows say. Not here: asking for
the balances, and reading again when it fails (`resources.poweroffice_sync`). Source: PowerOffice reference §§ 5, 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from kredin_pipeline.ledger import quarantine
from kredin_pipeline.ledger.open_items import OpenDifference

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

    ``mirror_total``: what the mirror's entries up to that day add up to, which is ``ledger_total`` when it is whole;
    ``open_total``: their open balances, as of the read. ``quarantined``: what lies in quarantine of customers that
    differ. Kroner. ``open_items``: entries whose open balance is another one in the ledger, although the sums agree.
    ``loose``: customers whose balances do not add up to their amounts, so that a changed match may have been missed.
    """

    business_date: date
    customers: int
    ledger_total: Decimal
    differences: tuple[Difference, ...] = ()
    explained: tuple[Difference, ...] = ()
    loose: tuple[str, ...] = field(default_factory=tuple)
    open_items: tuple[OpenDifference, ...] = ()
    mirror_total: Decimal = Decimal(0)
    open_total: Decimal = Decimal(0)
    quarantined: Decimal = Decimal(0)

    @property
    def ok(self) -> bool:
        return not self.differences and not self.open_items

    @property
    def message(self) -> str:
        """What a person reads, one sentence."""
        if self.ok:
            text = (
                f"{self.customers} customers: the mirror's {self.ledger_total:,.2f} kr is the ledger's on "
                f"{self.business_date}"
            )
            return text + ("" if not self.explained else f"; {len(self.explained)} differ by rows in quarantine alone")
        if not self.differences:
            entry = self.open_items[0]
            more = f" and {len(self.open_items) - 1} more" if len(self.open_items) > 1 else ""
            return (
                f"the mirror is not whole on {self.business_date}: entry {entry.entry_id} of customer "
                f"{entry.customer_no or 'unknown'} has {entry.ledger:,.2f} kr open in the ledger and "
                f"{entry.mirror:,.2f} kr in the mirror{more}. Nothing goes out until both agree; every run reads the "
                "ledger in full until then"
            )
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
    for customer_id, customer_no, ledger, mirror, *_ in differing:
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
        mirror_total=sum((row[3] for row in rows), Decimal(0)),
        open_total=sum((row[5] for row in rows), Decimal(0)),
        quarantined=sum((one.quarantined for one in (*explained, *differences)), Decimal(0)),
    )


@dataclass(frozen=True)
class TornGroup:
    """A match group whose open balances are not what its amounts leave; kroner. ``rows``: entries in it."""

    match_id: str
    customer_no: str | None
    rows: int
    amounts: Decimal
    balances: Decimal


@dataclass(frozen=True)
class MatchedGroups:
    """Every match group of the mirror held against itself: what its amounts add up to is what is still open of it."""

    groups: int
    torn: tuple[TornGroup, ...] = ()

    @property
    def message(self) -> str:
        """What a person reads, one sentence."""
        if not self.torn:
            return f"{self.groups} match groups: the open balances of each are what its amounts leave"
        first = self.torn[0]
        more = f" and {len(self.torn) - 1} more" if len(self.torn) > 1 else ""
        return (
            f"match group {first.match_id} of customer {first.customer_no or 'unknown'}{more}: its {first.rows} "
            f"entries add up to {first.amounts:,.2f} kr and are open with {first.balances:,.2f} kr; one of them is "
            "missing, in quarantine, or was read before its match"
        )


def matched_groups(con: duckdb.DuckDBPyConnection) -> MatchedGroups:
    """Compare amounts and balances of each match group (reference § 5: what is matched nets to nothing)."""
    counted = con.execute(f"select count(*), count(*) filter (where amounts <> balances) from ({_GROUPS})").fetchone()
    groups, torn = counted or (0, 0)
    if not torn:
        return MatchedGroups(int(groups))
    rows = con.execute(
        f"from ({_GROUPS}) where amounts <> balances order by abs(amounts - balances) desc, match_id limit 100"
    ).fetchall()
    return MatchedGroups(int(groups), tuple(TornGroup(*row) for row in rows))


_COMPARED = """
with mirrored as (
    select coalesce(customer_id, customer_no) as customer, any_value(customer_no) as customer_no,
        coalesce(sum(amount) filter (where posting_date <= $1), 0)::decimal(18, 2) as amount,
        coalesce(sum(balance) filter (where posting_date <= $1), 0)::decimal(18, 2) as open_balance,
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
    coalesce(amount, 0)::decimal(18, 2), coalesce(is_loose, false), coalesce(open_balance, 0)::decimal(18, 2)
from mirrored full join listed using (customer)
order by abs(coalesce(balance, 0) - coalesce(amount, 0)) desc, customer
"""

_GROUPS = """
select match_id, any_value(customer_no) as customer_no, count(*) as entries, sum(amount)::decimal(18, 2) as amounts,
    sum(balance)::decimal(18, 2) as balances
from poweroffice_ledger_entries
where match_id is not null and gone_on is null
group by match_id
"""


def _text(value: object) -> str | None:
    return None if value is None else str(value)
