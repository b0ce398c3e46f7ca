"""What the wire sends that nobody has told us of: new fields, fields no longer sent, values that no enumeration has.

Belongs here: which values are known, and remembering when a drift was first seen, so that it is told once and not every
day. Not here: fields (`contracts.drift_of`), and what becomes of the rows: a drift harms none and stops no day.
Source: PowerOffice reference §§ 7-10.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import duckdb

from kredin_pipeline.ledger.wire import VOUCHER_TYPES

_AS_JOURNAL: Final = "treated as a journal"
_AS_UNKNOWN: Final = "kept as it is"


@dataclass(frozen=True)
class Enumeration:
    """The known values of a field. ``name`` is our column, ``word`` what a person calls it, ``otherwise`` what becomes
    of a row with another value."""

    resource: str
    table: str
    name: str
    word: str
    known: frozenset[str]
    otherwise: str = _AS_UNKNOWN

    def told(self, value: str) -> str:
        """A new value as a text."""
        return f"{self.resource}: {self.word} {value} is new; {self.otherwise}"


ENUMERATIONS: Final = (
    Enumeration("ledger_entries", "poweroffice_ledger_entries", "voucher_type", "voucher type", VOUCHER_TYPES,
                _AS_JOURNAL),
    Enumeration("account_transactions", "poweroffice_account_transactions", "voucher_type", "voucher type",
                VOUCHER_TYPES, _AS_JOURNAL),
    Enumeration("outgoing_invoices", "poweroffice_outgoing_invoices", "voucher_type", "voucher type",
                frozenset({"OutgoingInvoice", "OutgoingCreditNote"})),
    Enumeration("outgoing_invoices", "poweroffice_outgoing_invoices", "invoice_delivery_type", "delivery type",
                frozenset({"PdfByEmail", "Print", "EHF", "AvtaleGiro", "External", "Efaktura", "Factoring"})),
    Enumeration("customers", "poweroffice_customers", "reminder_delivery_type", "reminder delivery type",
                frozenset({"PdfByEmail", "Print"})),
)  # fmt: skip


@dataclass(frozen=True)
class Drift:
    """One drift and the business date on which it was first seen."""

    about: str
    first_seen_on: date


@dataclass(frozen=True)
class DriftReport:
    """What a read showed: ``new`` since this business date, and what has been ``known`` longer."""

    new: tuple[Drift, ...] = ()
    known: tuple[Drift, ...] = ()

    @property
    def message(self) -> str:
        """What a person reads."""
        if not self.new:
            return f"nothing new on the wire; {len(self.known)} older differences are listed" if self.known else (
                "every field and value is documented"
            )  # fmt: skip
        told = "; ".join(one.about for one in self.new)
        return f"{told}. The rows are kept; this is told once, on its first day"


def new_values(con: duckdb.DuckDBPyConnection, resources: Iterable[str]) -> list[str]:
    """Values in the mirror of these resources that no enumeration has, each as a text."""
    asked = [one for one in ENUMERATIONS if one.resource in set(resources)]
    if not asked:
        return []
    query = " union all ".join(
        f"select distinct {at}, {one.name} from {one.table} where {one.name} is not null and {one.name} not in "
        f"({', '.join(repr(value) for value in sorted(one.known))})"
        for at, one in enumerate(asked)
    )
    return sorted(asked[at].told(str(value)) for at, value in con.execute(query).fetchall())


def remember(con: duckdb.DuckDBPyConnection, found: Sequence[str], business_date: date) -> DriftReport:
    """Keep what was found with its first day; gives what is new on this business date, and what was known before it.

    What is found no more stays listed, with the day on which it was last seen. Each text begins with its resource.
    """
    if found:
        con.execute(
            """
            insert into wire_drift
            select distinct about, split_part(about, ':', 1), $2::date, $2::date
            from (select unnest($1::varchar[]) as about)
            on conflict (about) do update set last_seen_on = greatest(wire_drift.last_seen_on, excluded.last_seen_on)
            """,
            [list(found), business_date],
        )
    rows = con.execute("select about, first_seen_on from wire_drift order by first_seen_on desc, about").fetchall()
    drifts = [Drift(str(about), first) for about, first in rows]
    return DriftReport(
        tuple(one for one in drifts if one.first_seen_on == business_date),
        tuple(one for one in drifts if one.first_seen_on < business_date),
    )
