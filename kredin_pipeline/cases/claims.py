"""What a derivation is given: parameters, law tables, calendar and the journal's copies, handed over to DuckDB.

Belongs here: these hand-overs, the number of a case, and how SQL files are read. Not here: which files run
(``finding``, ``conclusions``), or any rule (the SQL files).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Self

import duckdb

from kredin_pipeline.cases.settings import EffectiveStep, TenantSettings
from kredin_pipeline.law.calendar import calendar_rows
from kredin_pipeline.law.rates import Rates, rate_rows

FIRST_CALENDAR_DAY = date(2000, 1, 1)
CALENDAR_YEARS_AHEAD = 15
"""Limitation reaches ten years ahead; the rest is room for due dates agreed far in the future."""

_HERE = files("kredin_pipeline.cases")
_JOURNAL_TABLES = ("cases", "decisions", "letters", "vouchers")


@dataclass(frozen=True)
class Parameters:
    """What one derivation is told: the tenant, the day, and every setting with its null already given a meaning.

    ``business_date`` and ``connected_on`` are Oslo dates, amounts kroner, ``interest_rate_bp`` hundredths of a per
    cent a year. ``live`` says that this is the partition of today, not a past one or a backfill.
    """

    tenant: str
    business_date: date
    connected_on: date
    live: bool
    days_past_due: int
    import_from: date | None
    register: bool
    course: str
    grace_days: int
    allocation: str
    interest: str
    interest_rate_bp: int | None
    compensation: bool
    due_date_shift: bool
    send_on_business_days: bool
    one_letter_per_debtor: bool
    minimum_claim: Decimal
    contribution_margin: Decimal | None
    rounding_write_off: Decimal
    part_payment_acknowledges: bool
    inkassolov_2026_from: date | None
    mode: str
    fee_account: str | None
    interest_account: str | None
    steps: tuple[EffectiveStep, ...] = ()
    enforcement_notice: EffectiveStep | None = None
    allocation_orders: tuple[tuple[date, str], ...] = ()

    @classmethod
    def of(
        cls,
        tenant: str,
        business_date: date,
        connected_on: date,
        live: bool,
        settings: TenantSettings,
        allocation_orders: Sequence[tuple[date, str]] = (),
    ) -> Self:
        """The parameters of a tenant's derivation; what a setting that is null means stands in ``settings``.

        ``allocation_orders``: which order has been set since which day; none known means today's since ever.
        """
        agreed = settings.agreed_rate()
        return cls(
            tenant=tenant,
            business_date=business_date,
            connected_on=connected_on,
            live=live,
            days_past_due=max(1, settings.days_past_due or 0),
            import_from=settings.import_start(connected_on),
            register=settings.register_enabled,
            course=settings.course,
            grace_days=settings.grace_days or 0,
            allocation=settings.allocation,
            interest="agreed" if agreed is not None else str(settings.interest or "none"),
            interest_rate_bp=None if agreed is None else int(agreed * 100),
            compensation=bool(settings.compensation),
            due_date_shift=bool(settings.due_date_shift),
            send_on_business_days=bool(settings.send_on_business_days),
            one_letter_per_debtor=bool(settings.one_letter_per_debtor),
            minimum_claim=settings.minimum_claim or Decimal(0),
            contribution_margin=settings.contribution_margin,
            rounding_write_off=settings.rounding_write_off or Decimal(0),
            part_payment_acknowledges=bool(settings.part_payment_acknowledges),
            inkassolov_2026_from=settings.inkassolov_2026_from,
            mode=settings.mode,
            fee_account=settings.fee_account,
            interest_account=settings.interest_account,
            steps=settings.effective_steps(),
            enforcement_notice=settings.enforcement_notice(),
            allocation_orders=_orders(settings.allocation, business_date, allocation_orders),
        )

    @property
    def ever_costs_first(self) -> bool:
        """Whether any payment may have covered costs before principal (rules § 5.1)."""
        return any(order == "costs_first" for _, order in self.allocation_orders)

    def costs_first_on(self, day: date) -> bool:
        """The order of a payment that the ledger booked on ``day``; it keeps it when the setting changes."""
        held = [order for since, order in self.allocation_orders if since <= day]
        return bool(held) and held[-1] == "costs_first"


def _orders(now: str, today: date, known: Sequence[tuple[date, str]]) -> tuple[tuple[date, str], ...]:
    if not known:
        return ((date.min, now),)
    return tuple(known) if known[-1][1] == now else (*known, (today, now))


_NOT_COLUMNS = ("steps", "enforcement_notice", "allocation_orders")


_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def case_id_of(tenant: str, voucher_id: str) -> str:
    """The number of a case, which follows from the tenant and the ledger's invoice (rules § 1.3): ``K`` and 11 letters
    or digits. The same as in ``sql/12_invoices.sql``."""
    left = int(sha256(f"{tenant}:{voucher_id}".encode()).hexdigest()[:15], 16) % 36**11
    digits = ""
    for _ in range(11):
        left, digit = divmod(left, 36)
        digits = _DIGITS[digit] + digits
    return f"K{digits}"


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of the derivation's tables (``tables.sql``)."""
    con.execute(sql_text("tables.sql"))


def load_parameters(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Put the parameters into their one-row table and the course into ``step_settings``."""
    names = [field.name for field in fields(Parameters) if field.name not in _NOT_COLUMNS]
    replace_rows(con, "parameters", names, [[getattr(parameters, name) for name in names]])
    replace_rows(con, "allocation_orders", ("since", "allocation"), parameters.allocation_orders)
    steps = [(step, True) for step in parameters.steps]
    if parameters.enforcement_notice is not None:
        steps.append((parameters.enforcement_notice, False))
    replace_rows(
        con,
        "step_settings",
        ("step", "position", "follows", "in_course", "after_days", "deadline_days", "fee_is_maximum", "fee", "channel"),
        [
            (s.name, s.position, s.follows, in_course, s.after_days, s.deadline_days, s.fee_is_max, s.fee, s.channel)
            for s, in_course in steps
        ],
    )


def load_law(con: duckdb.DuckDBPyConnection, business_date: date, rates: Rates | None = None) -> None:
    """Put the statutory rates and the calendar into their tables.

    The calendar runs from ``FIRST_CALENDAR_DAY`` to the end of the year ``CALENDAR_YEARS_AHEAD`` after
    ``business_date``. ``rates`` replaces the stored late-payment rates, for tests and for rates that a tenant adds.
    """
    load_rates(con, rates)
    last = date(business_date.year + CALENDAR_YEARS_AHEAD, 12, 31)
    held = con.execute("select min(day), max(day), count(*) from calendar").fetchone()
    if held == (FIRST_CALENDAR_DAY, last, (last - FIRST_CALENDAR_DAY).days + 1):
        return
    con.execute("delete from calendar")
    con.execute(
        "insert into calendar"
        " select unnest($1::date[]), unnest($2::boolean[]), unnest($3::date[]), unnest($4::integer[])",
        _calendar_columns(last),
    )


def load_rates(con: duckdb.DuckDBPyConnection, rates: Rates | None = None) -> None:
    """Put the statutory rates, or ``rates`` in their place, into ``interest_rates``."""
    replace_rows(con, "interest_rates", ("valid_from", "valid_to", "rate_bp"), rate_rows(rates))


def stored_parameters(con: duckdb.DuckDBPyConnection) -> Parameters | None:
    """The parameters of the book's last derivation, None before the first; its course stays in ``step_settings``."""
    names = [field.name for field in fields(Parameters) if field.name not in _NOT_COLUMNS]
    found = con.execute(f"select {', '.join(names)} from parameters").fetchone()
    if found is None:
        return None
    orders = con.execute("select since, allocation from allocation_orders order by since").fetchall()
    return Parameters(**dict(zip(names, found, strict=True)), allocation_orders=tuple(orders))


def load_journal(
    con: duckdb.DuckDBPyConnection,
    *,
    cases: Sequence[Mapping[str, object]] = (),
    decisions: Sequence[Mapping[str, object]] = (),
    letters: Sequence[Mapping[str, object]] = (),
    vouchers: Sequence[Mapping[str, object]] = (),
) -> None:
    """Copy the tenant's journal into ``journal_cases``, ``_decisions``, ``_letters`` and ``_vouchers``.

    Each row maps column names of that table to values (kroner as ``Decimal``, dates, aware times; a decision's
    ``payload`` as JSON text). A column left out is null. Raises ``ValueError`` naming table and column for a column
    that the table does not have.
    """
    for name, rows in zip(_JOURNAL_TABLES, (cases, decisions, letters, vouchers), strict=True):
        columns = list(dict.fromkeys(column for row in rows for column in row))
        replace_rows(con, f"journal_{name}", columns, [[row.get(column) for column in columns] for row in rows])


@contextmanager
def in_any_order(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    """Lets DuckDB write rows in any order, on all threads, which halves the time; no table has an order."""
    con.execute("set preserve_insertion_order = false")
    try:
        yield
    finally:
        con.execute("reset preserve_insertion_order")


@lru_cache(maxsize=128)
def sql_text(path: str) -> str:
    """The text of an SQL file of this package, by its path below it."""
    return _HERE.joinpath(path).read_text(encoding="utf-8")


def replace_rows(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Empty a table and fill it with these rows in one statement; values travel as text and are cast by the table.

    Raises ``ValueError`` naming the table and a column that it does not have.
    """
    types = {str(name): str(type_) for _, name, type_, *_ in con.execute(f"pragma table_info('{table}')").fetchall()}
    unknown = [column for column in columns if column not in types]
    if unknown:
        raise ValueError(f"table {table}: found column {unknown[0]}, want one of {', '.join(types)}")
    held = [tuple(row) for row in rows]
    con.execute(f"delete from {table}")
    if not held:
        return
    values = [[_text(row[at]) for row in held] for at in range(len(columns))]
    selected = ", ".join(f"unnest(${at + 1}::varchar[])::{types[column]}" for at, column in enumerate(columns))
    con.execute(f"insert into {table} ({', '.join(columns)}) select {selected}", values)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"found the time {value.isoformat()} without an offset, want an aware time")
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, Decimal)):
        return str(value)
    raise ValueError(f"found {value!r} of type {type(value).__name__}, want text, a number, a date or a time")


@lru_cache(maxsize=4)
def _calendar_columns(last: date) -> list[list[object]]:
    return [list(column) for column in zip(*calendar_rows(FIRST_CALENDAR_DAY, last), strict=True)]
