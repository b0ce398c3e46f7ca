"""The product's own SQL in SQLite: what the engine alone is worth, on the same statements over the same ledger.

Belongs here: loading what the product reads beside what ``derive_in_sqlite`` loads (not timed), running
``same_sql_in_sqlite.sql`` (timed), and between its parts the product's own allocation and letters. Not here: any rule,
or a shorter way to the same result; that peer is ``derive_in_sqlite``.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import duckdb

from benchmarks import derive_in_sqlite
from benchmarks.derive_in_sqlite import BATCH, EPOCH
from benchmarks.derive_ledger import Totals
from kredin_pipeline.cases.allocation import Account, Credit, Kept, Reduction, Surplus, allocate
from kredin_pipeline.cases.claims import Parameters
from kredin_pipeline.cases.settings import STEP_NAMES
from kredin_pipeline.cases.steps import DueStep, plan_letters
from kredin_pipeline.law.fees import Letter
from kredin_pipeline.law.money import to_kroner, to_ore
from kredin_pipeline.law.rates import NO_INTEREST, fee_table, statutory_rates

INPUTS: Final[Mapping[str, tuple[str, str]]] = {
    "poweroffice_ledger_entries": (
        "entry_id text primary key, customer_id text, customer_no text, customer_name text, voucher_id text,"
        " voucher_type text, voucher_date integer, posting_date integer, due_date integer, invoice_no text, kid text,"
        " amount integer, balance integer, currency_code text, currency_amount integer, match_id text,"
        " is_write_off integer, custom_matching_reference text, external_import_reference text,"
        " is_created_by_current_integration integer, booked_on integer, last_changed integer, gone_on integer",
        """
        select entry_id, customer_id, customer_no, customer_name, voucher_id, voucher_type, voucher_date, posting_date,
            due_date, invoice_no, kid, amount, balance, currency_code, currency_amount, match_id, is_write_off,
            custom_matching_reference, external_import_reference, is_created_by_current_integration,
            coalesce((created_at at time zone 'Europe/Oslo')::date, first_seen_on) as booked_on, last_changed, gone_on
        from poweroffice_ledger_entries order by entry_id""",
    ),
    "poweroffice_ledger_entry_changes": (
        "entry_id text, seen_on integer, seen_at integer, balance integer, match_id text",
        "select entry_id, seen_on, seen_at, balance, match_id from poweroffice_ledger_entry_changes",
    ),
    "poweroffice_outgoing_invoices": (
        "voucher_id text primary key, total_amount integer, balance integer, related_invoice_no text,"
        " balance_last_changed integer, gone_on integer",
        """
        select voucher_id, total_amount, balance, related_invoice_no, balance_last_changed, gone_on
        from poweroffice_outgoing_invoices order by voucher_id""",
    ),
    "poweroffice_account_transactions": (
        "transaction_id text primary key, voucher_id text, account_no text, amount integer, customer_account_no text,"
        " reversed_voucher_id text, correction_of_voucher_id text",
        """
        select transaction_id, voucher_id, account_no, amount, customer_account_no, reversed_voucher_id,
            correction_of_voucher_id
        from poweroffice_account_transactions order by transaction_id""",
    ),
    "debtors": (
        "customer_id text primary key, customer_no text, name text, orgnr text, debtor_kind text, is_minor integer,"
        " email text, excluded integer, no_fees integer, no_interest integer, register_hold text,"
        " register_hold_from integer, unknown_register integer, register_stale integer",
        """
        select customer_id, customer_no, name, orgnr, debtor_kind, is_minor, email, excluded, no_fees, no_interest,
            register_hold, register_hold_from, unknown_register, register_stale
        from debtors order by customer_id""",
    ),
    "journal_cases": (
        "case_id text primary key, voucher_id text, orgnr text, opened_on integer",
        "select case_id, voucher_id, orgnr, opened_on from journal_cases order by case_id",
    ),
    "journal_decisions": (
        "seq integer, case_id text, customer_no text, kind text, payload text, effective_on integer",
        "select seq, case_id, customer_no, kind, payload, effective_on from journal_decisions",
    ),
    "journal_letters": (
        "letter_key text, case_id text, step text, sent_on integer, deadline integer, fee integer, principal integer,"
        " total integer, bears_fee integer, primary key (case_id, letter_key)",
        """
        select letter_key, case_id, step, sent_on, deadline, fee, principal, total, bears_fee
        from journal_letters order by case_id, letter_key""",
    ),
    "journal_vouchers": (
        "voucher_key text, case_id text, settlement_key text, reference text, state text, total integer,"
        " voucher_id text, reversed integer",
        """
        select voucher_key, case_id, settlement_key, reference, state, total, voucher_id, reversed
        from journal_vouchers""",
    ),
}
"""The tables that the product reads, under its names: their columns in SQLite, and what is read of the book."""

UNREAD: Final = ("journal_decisions", "journal_vouchers")
"""Inputs that must be empty: the product's files that read them are not among the peer's SQL."""

Rows = list[tuple[Any, ...]]


def derive(book: duckdb.DuckDBPyConnection, parameters: Parameters, file: Path | None = None) -> tuple[Totals, float]:
    """The totals of the ledger in ``book`` and the seconds that deriving them took, loading not counted.

    ``file`` is where the database is made, in place of one that is there; None: in memory. Raises ``ValueError`` for a
    setting, a decision or a voucher of ours, which the peer's SQL does not know.
    """
    con = load(book, parameters, file)
    try:
        started = perf_counter()
        run(con, parameters)
        seconds = perf_counter() - started
        return totals(con), seconds
    finally:
        con.close()


def load(book: duckdb.DuckDBPyConnection, parameters: Parameters, file: Path | None = None) -> sqlite3.Connection:
    """A database with all that the product reads, not derived yet: øre, days since 1970, microseconds, 0 and 1.

    Raises ``ValueError`` for what ``derive_in_sqlite.load`` refuses, and for a table of ``UNREAD`` that has rows.
    """
    for table in UNREAD:
        if book.execute(f"select 1 from {table} limit 1").fetchone() is not None:
            raise ValueError(f"{table}: found rows; the peer's SQL reads none")
    con = derive_in_sqlite.load(book, parameters, file)
    con.execute("pragma temp.page_size = 32768")
    con.execute("begin")
    for table in (*derive_in_sqlite.INPUTS, "parameters", "course"):
        con.execute(f"drop table {table}")
    for table, (columns, query) in INPUTS.items():
        keyed = "without rowid" if "primary key" in columns else ""
        con.execute(f"create table {table} ({columns}) {keyed}")
        _copy(con, table, book, query)
    _load_parameters(con, parameters)
    con.execute("commit")
    con.execute("analyze")
    return con


def run(con: sqlite3.Connection, parameters: Parameters) -> None:
    """The whole derivation, in one transaction."""
    before, between, after = parts()
    _execute(con, before)
    _settle(con, parameters)
    _execute(con, between)
    _plan(con, parameters)
    _execute(con, after)


def _execute(con: sqlite3.Connection, statements: str) -> None:
    """One statement after the other: ``executescript`` would end the transaction of the part before."""
    waiting = ""
    for line in statements.splitlines(keepends=True):
        waiting += line
        if line.endswith(";\n") and sqlite3.complete_statement(waiting):
            con.execute(waiting)
            waiting = ""
    if waiting.strip():
        con.execute(waiting)


def parts() -> tuple[str, str, str]:
    """The SQL up to the allocation, up to the letters, and the rest."""
    text = files("benchmarks").joinpath("same_sql_in_sqlite.sql").read_text(encoding="utf-8")
    before, rest = text.split("\n-- then: allocation ")
    between, after = rest.split("\n-- then: letters ")
    return before, "-- " + between, "-- " + after


def totals(con: sqlite3.Connection) -> Totals:
    """The totals of the case table that the derivation has left."""
    row = con.execute(derive_in_sqlite.TOTALS).fetchone()
    states = con.execute("select state, count(*) from case_states group by state order by state").fetchall()
    return Totals(*row, states=tuple((state, count) for state, count in states))


def _settle(con: sqlite3.Connection, parameters: Parameters) -> None:
    """Money of the cases with events shared out by the product's ``allocate``, as ``settling.settle`` does it."""
    outcome = allocate(
        _accounts(con),
        _surpluses(con),
        _credits(con),
        costs_first=lambda _: False,
        connected_on=parameters.connected_on,
    )
    _insert(
        con,
        "allocations",
        [
            (a.case_id, a.settlement_key, _day(a.on), a.to_fee, a.to_interest, a.to_principal, a.to_credit)
            for a in outcome.allocations
        ],
    )
    _insert(
        con,
        "cost_events",
        [
            (c.case_id, c.fee_paid, c.interest_paid, c.costs_waived, c.interest_waived, _day(c.last_on))
            for c in outcome.costs
        ],
    )
    _insert(con, "credit_cover", [(cover.case_id, _day(cover.on), cover.ore) for cover in outcome.covers])
    _insert(
        con,
        "credit_pools",
        [(pool.customer_id, pool.payments, pool.others, _day(pool.newest_on)) for pool in outcome.pools],
    )


def _accounts(con: sqlite3.Connection) -> list[Account]:
    letters = _grouped(
        con,
        "select eventful.case_id, sent_on, fee from eventful cross join case_letters using (case_id) where fee_stands",
    )
    reductions = _grouped(
        con,
        """
        select eventful.case_id, settlement_key, effective_on, amount, kind = 'payment', interest_from_due
        from eventful cross join settlements using (case_id)
        where kind not in ('write_off', 'own_voucher') order by effective_on, settlement_key
        """,
    )
    kept = _grouped(con, "select case_id, sent_on, kept_on, costs_asked_ore from kept_letters")
    rows = con.execute(
        """
        select eventful.case_id, principal_ore, interest_from, interest_until, accrual, coalesce(customer_id, ''),
            due_date, coalesce(invoice_no, ''), not closed and deleted_in_ledger_on is null,
            deleted_in_ledger_on is not null
                or principal <= (select coalesce(sum(amount), 0) from settlements as credits
                                 where credits.case_id = eventful.case_id and kind in ('credit_note', 'reversal'))
        from eventful cross join accounts using (case_id)
        """
    )
    sources = {"statutory": statutory_rates(), "none": NO_INTEREST}
    return [
        Account(
            case_id=case_id,
            principal_ore=principal,
            interest_from=_date(first),
            interest_until=_date(until),
            rates=sources[accrual],
            customer_id=customer_id,
            due=(_date(due_date), invoice_no),
            is_covered=bool(is_covered),
            fees=tuple((_date(on), ore) for on, ore in letters[case_id]),
            reductions=tuple(
                Reduction(key, _date(on), ore, bool(is_payment), bool(from_due))
                for key, on, ore, is_payment, from_due in reductions[case_id]
            ),
            kept=tuple(Kept(_date(sent), _date(on), ore) for sent, on, ore in kept[case_id]),
            costs_until=date.min if is_dropped else None,
        )
        for (
            case_id,
            principal,
            first,
            until,
            accrual,
            customer_id,
            due_date,
            invoice_no,
            is_covered,
            is_dropped,
        ) in rows
    ]


def _surpluses(con: sqlite3.Connection) -> list[Surplus]:
    cases = _grouped(con, "select entry_id, case_id from surplus_claims order by entry_id, share_rank")
    rows = con.execute("select settlement_key, effective_on, amount, entry_id from surpluses")
    return [Surplus(key, _date(on), ore, tuple(case_id for (case_id,) in cases[entry])) for key, on, ore, entry in rows]


def _credits(con: sqlite3.Connection) -> list[Credit]:
    rows = con.execute(
        """
        select coalesce(customer_id, ''), entry_id, effective_on, amount, kind = 'payment'
        from customer_credits
        where not dated_ahead and amount > 0
        """
    )
    return [Credit(customer, entry, _date(on), ore, bool(is_payment)) for customer, entry, on, ore, is_payment in rows]


def _plan(con: sqlite3.Connection, parameters: Parameters) -> None:
    """The letters of the day by the product's ``plan_letters``, as ``settling.plan`` does it."""
    names = [field.name for field in fields(DueStep)]
    due = [
        DueStep(**{name: _as_the_product_reads_it(name, value) for name, value in zip(names, row, strict=True)})
        for row in con.execute(f"select {', '.join(names)} from due_steps")
    ]
    earlier: defaultdict[str, list[Letter]] = defaultdict(list)
    for case_id, step, sent_on, deadline, fee, kept in con.execute(
        """
        select letters.case_id, letters.step, letters.sent_on, letters.deadline,
            iif(letters.fee_stands, letters.fee, 0),
            kept.case_id is not null
        from due_steps
        cross join case_letters as letters using (case_id)
        left join kept_letters as kept on kept.case_id = letters.case_id and kept.sent_on = letters.sent_on
        where letters.counts
        order by letters.sent_on, letters.rank
        """
    ):
        earlier[case_id].append(Letter(step, _date(sent_on), _date(deadline), to_kroner(fee), bool(kept)))
    found = plan_letters(
        due,
        earlier,
        tenant=parameters.tenant,
        on=parameters.business_date,
        shared=parameters.one_letter_per_debtor,
        new_act_from=parameters.inkassolov_2026_from,
        fee_table=fee_table(),
    )
    _insert(
        con,
        "planned_letters",
        [
            (
                claim.letter_key,
                claim.case_id,
                claim.step,
                claim.channel,
                _day(claim.planned_on),
                _day(claim.deadline),
                to_ore(claim.fee),
                to_ore(claim.interest),
                to_ore(claim.principal_original),
                to_ore(claim.principal_paid),
                to_ore(claim.principal),
                to_ore(claim.total),
                claim.bears_fee,
            )
            for claim in found.claims
        ],
    )


def _as_the_product_reads_it(name: str, value: Any) -> Any:
    if name in _DATES:
        return _date(value)
    if name in _MONEY:
        return None if value is None else to_kroner(value)
    return bool(value) if name in ("no_fees", "is_minor") else value


_DATES: Final = ("due_date", "counted_due_date")
_MONEY: Final = (
    "fee_setting",
    "principal",
    "principal_asked",
    "fees",
    "compensation",
    "interest",
    "interest_open",
    "costs_settled",
)
"""The columns of ``due_steps`` that are dates, and those in øre."""


_TABLES_OF_THEIR_OWN: Final = ("steps", "enforcement_notice", "allocation_orders")


def _load_parameters(con: sqlite3.Connection, parameters: Parameters) -> None:
    """``parameters``, ``allocation_orders``, ``step_settings`` and ``course``, as the product fills them."""
    notice = parameters.enforcement_notice
    steps = parameters.steps if notice is None else (*parameters.steps, notice)
    after_days = {step.name: step.after_days for step in parameters.steps}
    ladder = [(rank, name) for rank, name in enumerate(STEP_NAMES, 1) if rank > 1 and name in after_days]
    friendly = max(1, after_days[STEP_NAMES[0]] or 1) if STEP_NAMES[0] in after_days else None
    course: Rows = []
    for reached in range(len(STEP_NAMES) + 1):
        following = next(((rank, name) for rank, name in ladder if rank > reached), None)
        if following is not None:
            rank, name = following
            course.append((reached, name, rank, after_days[name], friendly))
    names = [field.name for field in fields(Parameters) if field.name not in _TABLES_OF_THEIR_OWN]
    tables: Mapping[str, Rows] = {
        f"parameters ({', '.join(names)})": [tuple(_plain(getattr(parameters, name)) for name in names)],
        "allocation_orders (since, allocation)": [
            (_day(since), order) for since, order in parameters.allocation_orders
        ],
        "step_settings (step text primary key, deadline_days, fee_is_maximum, fee, channel)": [
            (step.name, step.deadline_days, step.fee_is_max, _plain(step.fee), step.channel) for step in steps
        ],
        "course (reached integer primary key, step, rank, after_days, friendly_after_days)": course,
    }
    for table, rows in tables.items():
        con.execute(f"create table {table}")
        _insert(con, table.split(" ")[0], rows)


def _copy(con: sqlite3.Connection, table: str, book: duckdb.DuckDBPyConnection, query: str) -> None:
    columns = book.execute(f"describe {query}").fetchall()
    read = ", ".join(_as_an_integer(str(name), str(kind)) for name, kind, *_ in columns)
    rows = book.execute(f"select {read} from ({query})")
    while batch := rows.fetchmany(BATCH):
        _insert(con, table, batch)


def _as_an_integer(name: str, kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return f"({name} * 100)::bigint"
    return {
        "DATE": f"{name} - date '1970-01-01'",
        "BOOLEAN": f"{name}::integer",
        "TIMESTAMP WITH TIME ZONE": f"epoch_us({name})",
    }.get(kind, name)


def _insert(con: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        con.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)


def _grouped(con: sqlite3.Connection, query: str) -> defaultdict[str, Rows]:
    found: defaultdict[str, Rows] = defaultdict(list)
    for row in con.execute(query):
        found[row[0]].append(row[1:])
    return found


def _plain(value: object) -> object:
    """A setting as SQLite holds it: an amount in øre, a day since 1970."""
    if isinstance(value, Decimal):
        return int(value * 100)
    return _day(value) if isinstance(value, date) else value


def _day(day: date) -> int:
    return (day - EPOCH).days


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)
