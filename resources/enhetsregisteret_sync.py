"""The nightly round: what the register says of a tenant's debtors, asked as sparingly as is safe, kept in the book.

Belongs here: the way from a plan over look-ups or the change feed to the rows kept, then trustees, then accounts. Not
here: whom to ask about (`enhetsregisteret_plan`), asking (`enhetsregisteret`), what an answer does to a row
(`enhetsregisteret_kept`). No failure of the register raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

import duckdb

from resources.clock import Clock
from resources.enhetsregisteret import Enhetsregisteret
from resources.enhetsregisteret_accounts import TOO_MANY, Accounts, last_accounts
from resources.enhetsregisteret_answers import UnitAnswer
from resources.enhetsregisteret_door import RegisterDoor
from resources.enhetsregisteret_feed import Cursor, Feed, FeedTooLong, read_changes
from resources.enhetsregisteret_kept import (
    RegisterReport,
    forget_accounts,
    read_cursors,
    transaction,
    write_accounts,
    write_answers,
    write_checked,
    write_cursors,
    write_roles,
)
from resources.enhetsregisteret_look_up import Known, look_up
from resources.enhetsregisteret_plan import REFRESH, REFRESH_RARELY, Plan, planned
from resources.enhetsregisteret_roles import Role, trustees_of
from resources.http_errors import PassingFailure, PermanentFailure, ReadFailure

ACCOUNTS_A_DAY: Final = 50
"""Accounts are asked for one unit at a time, and nothing waits for them: so many a day at most."""
ACCOUNTS_AGE: Final = timedelta(days=180)
"""Accounts come once a year; a unit's own record says when there are newer ones, this is for what it leaves out."""
_GONE: Final = 410


def register_sync(
    con: duckdb.DuckDBPyConnection,
    register: Enhetsregisteret,
    clock: Clock,
    business_date: date,
    also: Iterable[str] = (),
    *,
    accounts: bool = False,
) -> RegisterReport:
    """Bring ``brreg_units`` up to date for every customer with an open claim and for ``also`` (numbers that cases were
    opened on), ``brreg_roles`` for those under a court's administration, and, if wanted, ``brreg_accounts``.

    What is known already that day is not asked again, and nothing at all where no debtor has a number. Without
    ``accounts`` none are kept either.
    """
    round_ = _Round(con, register, clock, business_date)
    round_.units(also)
    round_.trustees()
    if accounts:
        round_.accounts()
    else:
        forget_accounts(con)
    round_.report.requests = round_.door.requests + round_.accounts_door.requests
    return round_.report


class _Round:
    def __init__(self, con: duckdb.DuckDBPyConnection, register: Enhetsregisteret, clock: Clock, today: date) -> None:
        self._con, self._register, self._today = con, register, today
        self._at: datetime = clock.now()
        self._cursors = read_cursors(con)
        self.door: RegisterDoor = register.door(clock)
        self.accounts_door: RegisterDoor = register.accounts_door(clock)
        self.report = RegisterReport()
        self._turned_away = False

    def units(self, also: Iterable[str]) -> None:
        """The watched units: whichever way of knowing them takes fewer requests; look-ups where both take the same."""
        before = self._cursors.get("enheter")
        plan = planned(self._con, self._today, before[1] if before else None, also)
        if not plan.ask and not plan.covered:
            return
        per_search = self._register.numbers_per_search
        searches = plan.searches_for_covered(per_search)
        feeds: list[Feed] = ["enheter", "underenheter"] if plan.needs_sub_unit_feed() else ["enheter"]
        named: dict[str, str] = {}
        cursors = {feed: Cursor(self._at) for feed in ("enheter", "underenheter")}
        by_feed = searches > len(feeds)
        if by_feed:
            try:
                for feed in feeds:
                    cursors[feed] = self._read(feed, searches, named)
            except FeedTooLong as failure:
                by_feed, self.report.why = False, f"the feed was left unread: {failure}"
                cursors = {feed: Cursor(self._at) for feed in cursors}
            except ReadFailure as failure:  # what it would have said is read the next night, beside tonight's look-ups
                by_feed, self.report.why = False, f"the feed failed: {failure}"
                cursors |= {feed: self._cursors[feed][0] for feed in feeds}
        self.report.route = "feed" if by_feed else "look-ups"
        told = {one for one in plan.covered if one in named}
        withdrawn = {one for one, kind in named.items() if kind == "Fjernet" and one in plan.kept}
        self.report.named = len(told | withdrawn)
        known = Known(plan.sub_units, plan.settled - named.keys(), plan.of_no_kind)
        asked = {*plan.ask, *(told if by_feed else plan.covered), *withdrawn}
        answers = look_up(self.door, sorted(asked), per_search, known) if asked else []
        self._keep(plan, [_withdrawn(one, named) for one in answers], cursors)

    def _read(self, feed: Feed, at_most: int, named: dict[str, str]) -> Cursor:
        """Add what a feed names since its cursor; gives the cursor after it. Not worth more pages than the searches
        that it spares."""
        cursor, day = self._cursors.get(feed, (None, None))
        if cursor is None or day != self._cursors["enheter"][1]:
            raise FeedTooLong(f"feed {feed}: no cursor of the last complete round")
        found = read_changes(self.door, feed, cursor, at_most, self._register.feed_page)
        named |= found.named
        return Cursor(self._at, found.last_id)

    def _keep(self, plan: Plan, answers: list[UnitAnswer], cursors: Mapping[str, Cursor]) -> None:
        """Answers, what stands unchanged, and the cursors: together or not at all."""
        answered = {one.orgnr for one in answers}
        with transaction(self._con):
            write_answers(self._con, answers, self._today, self._at, self.report)
            write_checked(self._con, [one for one in plan.covered if one not in answered], self._today)
            write_cursors(self._con, cursors, self._today)

    def trustees(self) -> None:
        """The trustees of units under a court's administration: asked for one by one, or, for more than one, those that
        the feed of roles names. They move no rule: where the feed fails, the ones kept stand until they are old."""
        estates = self._con.execute(_ESTATES, [self._today]).fetchall()
        rows: list[tuple[str, date | None]] = [(orgnr, on) for orgnr, on, no_more in estates if not no_more]
        if len(rows) < len(estates):
            _forget_trustees(self._con)
        if not rows:
            return
        old = [orgnr for orgnr, on in rows if on is None or on <= self._today - REFRESH]
        covered, cursor = self._trustees_changed([orgnr for orgnr, _ in rows if orgnr not in old])
        read: dict[str, list[Role]] = {}
        removed: list[UnitAnswer] = []
        for orgnr in [*old, *covered]:
            if self.door.down:
                break
            try:
                read[orgnr] = trustees_of(self.door, orgnr)
            except PermanentFailure as failure:
                removed += [UnitAnswer(orgnr, "removed")] if failure.status == _GONE else []
            except PassingFailure:
                continue
        self.report.estates = len(read)
        with transaction(self._con):
            write_answers(self._con, removed, self._today, self._at, self.report)
            for orgnr, roles in read.items():
                write_roles(self._con, orgnr, roles, self._today)
            self._con.execute(_TRUSTEES_UNREAD, [[one for one in covered if one not in read]])
            if cursor is not None:
                write_cursors(self._con, {"roller": cursor}, self._today)

    def _trustees_changed(self, covered: list[str]) -> tuple[list[str], Cursor | None]:
        """Which of the units whose trustees are kept to ask again, and the cursor after that; None: it stays."""
        last = self._cursors.get("roller")
        if len(covered) < 2 or last is None:
            return covered, Cursor(self._at)
        if last[1] == self._today:
            return [], None
        try:
            found = read_changes(self.door, "roller", last[0], 1, self._register.feed_page)
        except FeedTooLong:
            return covered, Cursor(self._at)
        except ReadFailure:
            return [], None
        return [one for one in covered if one in found.named], Cursor(self._at, found.last_id)

    def accounts(self) -> None:
        """Accounts of watched main units, of a few units a day, those never read first."""
        due = self._con.execute(
            _ACCOUNTS,
            [self._today - ACCOUNTS_AGE, self._today - REFRESH, self._today - REFRESH_RARELY, self._today,
             ACCOUNTS_A_DAY],
        ).fetchall()  # fmt: skip
        found = [one for (orgnr,) in due if (one := self._accounts_of(str(orgnr))) is not None]
        self.report.accounts = len(found)
        if found:
            with transaction(self._con):
                for one in found:
                    write_accounts(self._con, one, self._today)

    def _accounts_of(self, orgnr: str) -> Accounts | None:
        """None once the service has turned us away or does not answer: the rest is for another day."""
        if self._turned_away or self.accounts_door.down:
            return None
        try:
            return last_accounts(self.accounts_door, orgnr)
        except PassingFailure as failure:
            self._turned_away = failure.status == TOO_MANY
            return None


def _withdrawn(answer: UnitAnswer, named: Mapping[str, str]) -> UnitAnswer:
    """A unit that the feed says is removed, and that cannot be asked about, is removed: the publisher's word is enough
    to delete a copy."""
    if answer.status == "not_available" and named.get(answer.orgnr) == "Fjernet":
        return replace(answer, status="removed")
    return answer


def _forget_trustees(con: duckdb.DuckDBPyConnection) -> None:
    """Units that no court administers any more have no trustee. A deleted unit keeps its last one: the register itself
    forgets the bankruptcy then (reference § 4.4)."""
    with transaction(con):
        con.execute(f"delete from brreg_roles where orgnr in (select orgnr from brreg_units where {_ESTATE_NO_MORE})")
        con.execute(f"update brreg_units set roles_on = null where {_ESTATE_NO_MORE}")


_ESTATE_NO_MORE: Final = (
    "roles_on is not null and status = 'registered' and not coalesce(konkurs or under_tvangsavvikling, false)"
)
_ESTATES: Final = f"""
select orgnr, roles_on, {_ESTATE_NO_MORE} as no_more from brreg_units
where {_ESTATE_NO_MORE}
   or status = 'registered' and (konkurs or under_tvangsavvikling) and checked_on = $1 and roles_on is distinct from $1
order by orgnr
"""
_TRUSTEES_UNREAD: Final = "update brreg_units set roles_on = null where orgnr in (select unnest($1::varchar[]))"
_ACCOUNTS: Final = """
select orgnr from brreg_units as unit left join brreg_accounts as kept using (orgnr)
where unit.checked_on = $4 and unit.status = 'registered' and not unit.is_sub_unit
  and unit.last_accounts_year is not null
  and (accounts_on is null or accounts_on <= $1
       or (kept.outcome = 'filed' and kept.period_to < make_date(try_cast(last_accounts_year as integer), 1, 1)
           and accounts_on <= $2)
       or (kept.outcome <> 'filed' and accounts_on <= $3))
order by accounts_on nulls first, orgnr
limit $5
"""
