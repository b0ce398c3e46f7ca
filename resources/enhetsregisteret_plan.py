"""Whom to ask the register about today.

Belongs here: which numbers are watched, which of them must be asked, which ones a change feed can vouch for, and which
way takes fewer requests. Not here: asking (`enhetsregisteret_sync`).

A number is *watched* when a customer with an open claim has it, when a case was opened on it, or when it is the main
unit of a sub-unit that is. A row is *covered* when it was true at the end of the last complete round: then it is still
true unless the feed names it. Whatever else is watched is asked for: numbers that are new, that came back, that had no
answer, and, since no feed is perfect, those last seen ``REFRESH`` days ago.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import duckdb

REFRESH: Final = timedelta(days=7)
"""A watched number is looked up at least so often, whatever the feed or a search said."""
REFRESH_RARELY: Final = timedelta(days=28)
"""As ``REFRESH``, for units that are kept but not watched."""


@dataclass
class Plan:
    """``ask``: to be looked up. ``covered``: true as they stand unless a feed names them. ``sub_units`` of
    both, ``settled`` of the covered (``Known``). ``of_no_kind``: those of them that were neither when they were
    asked for (unknown, removed). ``kept``: every number of which the book has a row."""

    ask: list[str] = field(default_factory=list[str])
    covered: list[str] = field(default_factory=list[str])
    sub_units: set[str] = field(default_factory=set[str])
    settled: set[str] = field(default_factory=set[str])
    of_no_kind: set[str] = field(default_factory=set[str])
    kept: set[str] = field(default_factory=set[str])

    def searches_for_covered(self, per_search: int) -> int:
        """How many searches more the covered numbers would take, asked together with the others."""
        return self._searches([*self.ask, *self.covered], per_search) - self._searches(self.ask, per_search)

    def needs_sub_unit_feed(self) -> bool:
        """Whether a change among sub-units could touch a covered row: a sub-unit's, or one of a number of no kind."""
        return any(one in self.sub_units or one in self.of_no_kind for one in self.covered)

    def _searches(self, orgnrs: list[str], per_search: int) -> int:
        subs = sum(one in self.sub_units for one in orgnrs)
        either = sum(one in self.of_no_kind for one in orgnrs)
        return -(-(subs + either) // per_search) + -(-(len(orgnrs) - subs) // per_search)


def planned(con: duckdb.DuckDBPyConnection, business_date: date, complete_on: date | None, also: Iterable[str]) -> Plan:
    """What to do on that day; empty when all is known. ``complete_on`` is the day of the last complete round, ``also``
    the numbers that cases were opened on."""
    rows = con.execute(_NUMBERS, [[one for one in also if one]]).fetchall()
    plan = Plan()
    for orgnr, is_watched, status, is_sub_unit, stale, checked_on, fetched_on in rows:
        if status is not None:
            plan.kept.add(orgnr)
        if not is_watched:  # a copy must not outlive the register's own
            covered, ask = False, status in _COPIES and fetched_on <= business_date - REFRESH_RARELY
        elif status is None or status == "not_available" or stale or checked_on is None:
            covered, ask = False, True
        elif checked_on == business_date:
            covered = ask = False
        else:  # a row checked later than today comes from a clock that was ahead
            covered = complete_on is not None and complete_on <= checked_on < business_date
            covered = covered and fetched_on > business_date - REFRESH
            ask = not covered
        if ask:
            plan.ask.append(orgnr)
        if covered:
            plan.covered.append(orgnr)
            plan.settled |= {orgnr} if status in _SETTLED else set()
            plan.of_no_kind |= {orgnr} if status in _OF_NO_KIND else set()
        if (ask or covered) and is_sub_unit:
            plan.sub_units.add(orgnr)
    return plan


_SETTLED: Final = frozenset({"deleted", "removed", "unknown"})
_OF_NO_KIND: Final = frozenset({"removed", "unknown"})
_COPIES: Final = frozenset({"registered", "deleted"})

_NUMBERS = r"""
with open_customers as (
    select distinct customer_id from poweroffice_ledger_entries
    where balance > 0 and gone_on is null and due_date is not null
),
named as (
    select regexp_replace(organization_number, '[^0-9]', '', 'g') as orgnr
    from poweroffice_customers
    where customer_id in (select customer_id from open_customers) and organization_number is not null
    union
    select regexp_replace(unnest($1::varchar[]), '[^0-9]', '', 'g')
),
watched as (
    select orgnr from named where length(orgnr) = 9
    union
    select main_orgnr from brreg_units
    where is_sub_unit and main_orgnr is not null and orgnr in (select orgnr from named)
)
select orgnr, watched.orgnr is not null, unit.status, unit.is_sub_unit, unit.stale, checked_on, fetched_on
from watched full join brreg_units as unit using (orgnr)
order by orgnr
"""
