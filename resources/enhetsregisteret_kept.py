"""What the register said, as the book keeps it: units, roles, accounts, the log of changes, the feeds' cursors.

Belongs here: what an answer does to the rows. Not here: whom to ask (`enhetsregisteret_plan`), asking, and what a
debtor's state holds up (``kredin_pipeline/ledger/sql/debtors.sql``).

An answer replaces the row. Without one (429, 5xx) the last good row stays, marked stale. A 410 empties the row and all
that hangs on it: the publisher asks for copies to be deleted, and nothing is concluded from it (rules § 6). Every
function but ``keep_answers`` is for use inside a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, fields
from datetime import date, datetime
from typing import Final

import duckdb

from resources.enhetsregisteret_accounts import Accounts
from resources.enhetsregisteret_answers import UnitAnswer
from resources.enhetsregisteret_feed import Cursor
from resources.enhetsregisteret_roles import Role

_COLUMNS: Final = tuple(one.name for one in fields(UnitAnswer))
_SEEN: Final = ("fetched_on", "fetched_at", "checked_on", "stale")
_LOGGED: Final = (
    "status", "name", "main_orgnr", "konkurs", "konkursdato", "under_avvikling", "under_tvangsavvikling",
    "under_rekonstruksjon_dato", "slettedato",
)  # fmt: skip
"""What a person would want to know the day it changed. The register forgets a bankruptcy when the unit is deleted."""
_LOGGED_STATUSES: Final = frozenset({"registered", "deleted", "unknown"})


@dataclass
class RegisterReport:
    """How the round went. ``by_status``: units answered, by status; ``stale``: numbers that could not be asked about;
    ``erased``: numbers no longer disclosed of which the book knew something until now.

    ``route``: ``none``, ``look-ups`` or ``feed``, with ``why``; ``named``: known numbers that the feed named;
    ``changes``: rows added to the log; ``estates``: units whose trustee was read; ``accounts``: units whose
    accounts were.
    """

    asked: int = 0
    by_status: dict[str, int] = field(default_factory=dict[str, int])
    stale: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    erased: list[str] = field(default_factory=list[str])
    route: str = "none"
    why: str = ""
    requests: int = 0
    named: int = 0
    changes: int = 0
    estates: int = 0
    accounts: int = 0

    def count(self, answers: Sequence[UnitAnswer]) -> None:
        self.asked += len(answers)
        for answer in answers:
            self.by_status[answer.status] = self.by_status.get(answer.status, 0) + 1
        self.stale += [one.orgnr for one in answers if one.status == "not_available"]
        self.removed += [one.orgnr for one in answers if one.status == "removed"]


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    """All or nothing."""
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


def keep_answers(
    con: duckdb.DuckDBPyConnection, answers: Sequence[UnitAnswer], business_date: date, at: datetime
) -> RegisterReport:
    """Write answers to ``brreg_units``, in one transaction."""
    report = RegisterReport()
    with transaction(con):
        write_answers(con, answers, business_date, at, report)
    return report


def write_answers(
    con: duckdb.DuckDBPyConnection,
    answers: Sequence[UnitAnswer],
    business_date: date,
    at: datetime,
    report: RegisterReport,
) -> None:
    """Write answers to ``brreg_units`` and what they changed to ``brreg_changes``."""
    report.count(answers)
    removed = [one.orgnr for one in answers if one.status == "removed"]
    stale = [one.orgnr for one in answers if one.status == "not_available"]
    answered = [one for one in answers if one.status != "not_available"]
    if removed:
        report.erased += _purged(con, removed)
    if stale:
        con.execute(_KEEP_STALE, [stale])
    if answered:
        kept = _kept(con, answered)
        same = [one.orgnr for one in answered if kept.get(one.orgnr) == one]
        other = [one for one in answered if kept.get(one.orgnr) != one]
        if same:  # most nights this is all, and far cheaper than writing the rows again
            con.execute(_SEEN_AGAIN, [same, business_date, at])
        if other:
            report.changes += _logged(con, other, kept, business_date, at)
            columns = zip(*([_written(value) for value in astuple(one)] for one in other), strict=True)
            con.execute(_REPLACE, [*map(list, columns), business_date, at])


def write_checked(con: duckdb.DuckDBPyConnection, orgnrs: list[str], business_date: date) -> None:
    """These rows are still true on that day: nothing has said otherwise, and what would have was read."""
    if orgnrs:
        con.execute(
            "update brreg_units set checked_on = $1 where orgnr in (select unnest($2::varchar[]))",
            [business_date, orgnrs],
        )


def read_cursors(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[Cursor, date]]:
    """Feed → its cursor and the business date up to which every watched number is known."""
    rows = con.execute("select feed, complete_at, last_id, business_date from brreg_feeds").fetchall()
    return {str(feed): (Cursor(at, last), day) for feed, at, last, day in rows}


def write_cursors(con: duckdb.DuckDBPyConnection, cursors: Mapping[str, Cursor], business_date: date) -> None:
    """Move cursors, in the transaction of what was read up to them."""
    con.execute(
        "insert or replace into brreg_feeds "
        "select unnest($1::varchar[]), unnest($2::varchar[]), unnest($3::timestamptz[]), $4",
        [
            list(cursors),
            [one.last_id for one in cursors.values()],
            [one.complete_at for one in cursors.values()],
            business_date,
        ],
    )


def write_roles(con: duckdb.DuckDBPyConnection, orgnr: str, roles: Sequence[Role], business_date: date) -> None:
    """The trustees of a unit, in place of those before."""
    con.execute("delete from brreg_roles where orgnr = $1", [orgnr])
    for role in roles:
        con.execute(
            f"insert into brreg_roles values ({', '.join('?' * (len(fields(Role)) + 1))})",
            [*astuple(role), business_date],
        )
    con.execute("update brreg_units set roles_on = $1 where orgnr = $2", [business_date, orgnr])


def write_accounts(con: duckdb.DuckDBPyConnection, one: Accounts, business_date: date) -> None:
    """The last accounts of a unit, in place of those before. Where the service cannot show any, the last ones stay."""
    if one.outcome != "not_available":
        con.execute("delete from brreg_accounts where orgnr = $1", [one.orgnr])
    con.execute(
        f"insert or ignore into brreg_accounts values ({', '.join('?' * (len(fields(Accounts)) + 1))})",
        [*astuple(one), business_date],
    )
    con.execute("update brreg_units set accounts_on = $1 where orgnr = $2", [business_date, one.orgnr])


def forget_accounts(con: duckdb.DuckDBPyConnection) -> None:
    """The tenant does not want accounts (any more): nothing of them is kept."""
    if con.execute("select 1 from brreg_accounts limit 1").fetchone():
        with transaction(con):
            con.execute("delete from brreg_accounts")
            con.execute("update brreg_units set accounts_on = null where accounts_on is not null")


def _purged(con: duckdb.DuckDBPyConnection, removed: list[str]) -> list[str]:
    """Delete what hangs on units that are no longer disclosed; gives those of which anything was known.

    The row itself is emptied by the answer. A main unit's name also stood for its sub-unit's customer in the cases of
    earlier days: there the ledger's own name of the customer takes its place. What has been sent stays as it was sent.
    """
    known = con.execute(
        """
        select orgnr, name from brreg_units as unit
        where orgnr in (select unnest($1::varchar[])) and (
            name is not null or orgnr in (select orgnr from brreg_roles) or orgnr in (select orgnr from brreg_accounts)
            or orgnr in (select orgnr from brreg_changes))
        """,
        [removed],
    ).fetchall()
    for table in ("brreg_roles", "brreg_accounts", "brreg_changes"):
        con.execute(f"delete from {table} where orgnr in (select unnest($1::varchar[]))", [removed])
    con.execute(
        "update brreg_units set roles_on = null, accounts_on = null where orgnr in (select unnest($1::varchar[]))",
        [removed],
    )
    published = con.execute(
        "select 1 from duckdb_columns() where table_name = 'cases' and column_name = 'customer_name'"
    ).fetchone()
    for orgnr, name in known:
        if published and name is not None:
            con.execute(_LEDGERS_NAME, [orgnr, name])
    return [str(orgnr) for orgnr, _ in known]


def _kept(con: duckdb.DuckDBPyConnection, answers: Sequence[UnitAnswer]) -> dict[str, UnitAnswer]:
    """The rows that these answers stand beside, as the answers that they were."""
    rows = con.execute(
        f"select {', '.join(_COLUMNS)} from brreg_units where orgnr in (select unnest($1::varchar[]))",
        [[one.orgnr for one in answers]],
    ).fetchall()
    return {str(row[0]): UnitAnswer(*row) for row in rows}


def _logged(
    con: duckdb.DuckDBPyConnection,
    answers: Sequence[UnitAnswer],
    kept: Mapping[str, UnitAnswer],
    business_date: date,
    at: datetime,
) -> int:
    """Note each logged field in which an answer differs from the row that it replaces; gives how many."""
    changes = [
        (answer.orgnr, business_date, at, name, _written(getattr(before, name)), _written(getattr(answer, name)))
        for answer in answers
        if (before := kept.get(answer.orgnr)) is not None and {before.status, answer.status} <= _LOGGED_STATUSES
        for name in _LOGGED
        if getattr(answer, name) != getattr(before, name)
        # what the answer about a deleted or unknown unit leaves out is no change of the unit
        and (answer.status == "registered" or name == "status" or getattr(answer, name) is not None)
    ]
    if changes:
        con.executemany("insert into brreg_changes values (?, ?, ?, ?, ?, ?)", changes)
    return len(changes)


def _written(value: object) -> str | None:
    """A value as text; the table's types read it back."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


# A deleted sub-unit names no main unit any more: the last one known stays (Enhetsregisteret reference § 4.2).
_REPLACE = f"""
insert into brreg_units by name
select * replace (
    case when new.status = 'deleted' and new.is_sub_unit::boolean then coalesce(new.main_orgnr, old.main_orgnr)
         else new.main_orgnr end as main_orgnr,
    new.is_sub_unit::boolean as is_sub_unit, new.konkurs::boolean as konkurs,
    new.under_avvikling::boolean as under_avvikling, new.under_tvangsavvikling::boolean as under_tvangsavvikling,
    new.konkursdato::date as konkursdato, new.under_avvikling_dato::date as under_avvikling_dato,
    new.tvang_dato::date as tvang_dato, new.under_rekonstruksjon_dato::date as under_rekonstruksjon_dato,
    new.slettedato::date as slettedato)
from (
    select
        new.*, ${len(_COLUMNS) + 1}::date as fetched_on, ${len(_COLUMNS) + 2}::timestamptz as fetched_at,
        ${len(_COLUMNS) + 1}::date as checked_on, false as stale
    from (select {", ".join(f"unnest(${at}::varchar[]) as {name}" for at, name in enumerate(_COLUMNS, start=1))}) as new
) as new
left join (select orgnr, main_orgnr from brreg_units) as old using (orgnr)
on conflict (orgnr) do update set
    {", ".join(f"{name} = excluded.{name}" for name in (*_COLUMNS[1:], *_SEEN))}
"""

_SEEN_AGAIN = """
update brreg_units set fetched_on = $2, fetched_at = $3, checked_on = $2, stale = false
where orgnr in (select unnest($1::varchar[]))
"""

_KEEP_STALE = """
insert into brreg_units by name
select unnest($1::varchar[]) as orgnr, 'not_available' as status, true as stale
on conflict (orgnr) do update set stale = true
"""

_LEDGERS_NAME = """
update cases set customer_name = ledger.name
from (
    select customer.customer_no, coalesce(customer.name, customer.legal_name) as name
    from brreg_units as sub
    join poweroffice_customers as customer
        on regexp_replace(coalesce(customer.organization_number, ''), '[^0-9]', '', 'g') = sub.orgnr
    where sub.main_orgnr = $1
) as ledger
where cases.customer_no = ledger.customer_no and cases.customer_name = $2
"""
