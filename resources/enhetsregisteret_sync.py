"""What the register says of a tenant's debtors, kept in the book.

Belongs here: whom to ask about, and what an answer does to the row that is kept. Not here: asking (`enhetsregisteret`)
and what a debtor's state holds up (``kredin_pipeline/ledger/sql/debtors.sql``).

An answer replaces the row. Without one (429, 5xx) the last good row stays, marked stale. A 410 empties the row: the
publisher asks for copies to be deleted, and nothing is concluded from it (rules § 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field, fields
from datetime import date, datetime

import duckdb

from resources.clock import Clock
from resources.enhetsregisteret import Enhetsregisteret, UnitAnswer

_COLUMNS = tuple(one.name for one in fields(UnitAnswer))


@dataclass
class RegisterReport:
    """How the look-ups ended, as numbers of units by status; ``stale`` are the ones that could not be asked about.

    ``erased``: numbers that are no longer disclosed and of which the book knew something until now.
    """

    asked: int = 0
    by_status: dict[str, int] = field(default_factory=dict[str, int])
    stale: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    erased: list[str] = field(default_factory=list[str])


def register_sync(
    con: duckdb.DuckDBPyConnection,
    register: Enhetsregisteret,
    clock: Clock,
    business_date: date,
    also: Iterable[str] = (),
) -> RegisterReport:
    """Ask about every customer with an open claim, and about ``also`` (numbers that cases were opened on).

    A number that was answered on ``business_date`` already is not asked for again that day. Writes ``brreg_units``; no
    failure of the register raises.
    """
    wanted = _wanted(con, business_date, also)
    if not wanted:
        return RegisterReport()
    answers = register.look_up(wanted, clock)
    return keep_answers(con, answers, business_date, clock.now())


def keep_answers(
    con: duckdb.DuckDBPyConnection, answers: Sequence[UnitAnswer], business_date: date, at: datetime
) -> RegisterReport:
    """Write answers to ``brreg_units``, in one transaction."""
    report = RegisterReport(asked=len(answers))
    for answer in answers:
        report.by_status[answer.status] = report.by_status.get(answer.status, 0) + 1
    report.stale = [one.orgnr for one in answers if one.status == "not_available"]
    report.removed = [one.orgnr for one in answers if one.status == "removed"]
    answered = [one for one in answers if one.status != "not_available"]
    report.erased = [
        str(row[0])
        for row in con.execute(
            "select orgnr from brreg_units where name is not null and orgnr in (select unnest(?::varchar[]))",
            [report.removed],
        ).fetchall()
    ]
    con.execute("begin")
    try:
        if report.stale:
            con.execute(_KEEP_STALE, [report.stale])
        if answered:
            columns = zip(*([_written(value) for value in astuple(one)] for one in answered), strict=True)
            con.execute(_REPLACE, [*map(list, columns), business_date, at])
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return report


def _wanted(con: duckdb.DuckDBPyConnection, business_date: date, also: Iterable[str]) -> list[str]:
    rows = con.execute(
        r"""
        with open_customers as (
            select distinct customer_id from poweroffice_ledger_entries
            where balance > 0 and gone_on is null and due_date is not null
        ),
        numbers as (
            select regexp_replace(organization_number, '[^0-9]', '', 'g') as orgnr
            from poweroffice_customers
            where customer_id in (select customer_id from open_customers) and organization_number is not null
            union
            select regexp_replace(unnest($2::varchar[]), '[^0-9]', '', 'g')
        )
        select orgnr from numbers
        where length(orgnr) = 9
          and orgnr not in (select orgnr from brreg_units where fetched_on = $1 and not coalesce(stale, false))
        order by orgnr
        """,
        [business_date, [one for one in also if one]],
    ).fetchall()
    return [str(row[0]) for row in rows]


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
        false as stale
    from (select {", ".join(f"unnest(${at}::varchar[]) as {name}" for at, name in enumerate(_COLUMNS, start=1))}) as new
) as new
left join (select orgnr, main_orgnr from brreg_units) as old using (orgnr)
on conflict (orgnr) do update set
    {", ".join(f"{name} = excluded.{name}" for name in (*_COLUMNS[1:], "fetched_on", "fetched_at", "stale"))}
"""

_KEEP_STALE = """
insert into brreg_units by name
select unnest($1::varchar[]) as orgnr, 'not_available' as status, true as stale
on conflict (orgnr) do update set stale = true
"""
