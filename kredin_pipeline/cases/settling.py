"""The way between the book and the pure functions of a derivation: cases with events in, allocations and limits out.

Belongs here: reading rows into ``allocation``, ``law.limitation`` and ``steps``, and writing their answers back. Not
here: any rule. Amounts cross as integer øre.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from kredin_pipeline.cases.allocation import Account, Credit, Kept, Reduction, Surplus, Waiver, allocate
from kredin_pipeline.cases.claims import Parameters
from kredin_pipeline.cases.settings import STEP_NAMES
from kredin_pipeline.cases.steps import DueStep, LetterPlan, PlannedClaim, plan_letters
from kredin_pipeline.law import fees
from kredin_pipeline.law.limitation import Interruption, limitation_date
from kredin_pipeline.law.rates import NO_INTEREST, STANDARD_COMPENSATION, AgreedRate, FeeTable, Rates, fee_rows

Rows = list[tuple[Any, ...]]
_ORE = "ore"
"""The type of a column that is given in integer øre and kept in kroner."""

_EVENTFUL = """
insert into eventful                          -- cases on which more happens than plain payments (rules §§ 2, 4.6, 5)
with
credited as (
    select customer_id, min(effective_on) as first_on
    from customer_credits
    where not dated_ahead
    group by customer_id
),
settled as (          -- what was settled before there was a credit was never covered by one
    select case_id, max(effective_on) as last_on
    from settlements join accounts using (case_id)
    where accounts.customer_id in (select customer_id from credited) and kind not in ('write_off', 'own_voucher')
    group by case_id
    having sum(amount) >= any_value(accounts.principal)
),
found as (
    select accounts.case_id
    from accounts join credited using (customer_id) left join settled using (case_id)
    where coalesce(settled.last_on >= credited.first_on, true)
    union
    select case_id from kept_letters
    union select case_id from accounts where waives
    union select surplus_claims.case_id from surplus_claims join surpluses using (entry_id)
    union select settlements.case_id from settlements, parameters
          where 'costs_first' in (select allocation from allocation_orders)
            and kind = 'payment' and effective_on >= connected_on
)
select distinct found.case_id from found join accounts using (case_id)
"""


def load_compensation(con: duckdb.DuckDBPyConnection, table: FeeTable) -> None:
    """The stored standard compensations (standardkompensasjon), one row per half-year, for ``40_accounts.sql``."""
    con.execute(
        "create or replace temp table compensation_rates (valid_from date, valid_to date, amount decimal(18, 2))"
    )
    rows = [(first, last, amount) for kind, first, last, amount in fee_rows(table) if kind == STANDARD_COMPENSATION]
    _insert(con, "compensation_rates", ("date", "date", "decimal(18, 2)"), rows)


def settle(con: duckdb.DuckDBPyConnection, parameters: Parameters, rates: Rates) -> None:
    """Shares out the money of the cases with events: fills ``allocations`` and the temporary ``cost_events``."""
    con.execute(_EVENTFUL)
    if con.execute("select 1 from eventful limit 1").fetchone() is None:
        return
    with _without_collections():
        outcome = allocate(
            _accounts(con, parameters, rates),
            _surpluses(con),
            _credits(con),
            costs_first=_costs_first(con, parameters),
            connected_on=parameters.connected_on,
        )
    _insert(
        con,
        "allocations",
        ("varchar", "varchar", "date", *[_ORE] * 4),
        [
            (a.case_id, a.settlement_key, a.on, a.to_fee, a.to_interest, a.to_principal, a.to_credit)
            for a in outcome.allocations
        ],
    )
    _insert(
        con,
        "cost_events",
        ("varchar", *[_ORE] * 4, "date"),
        [
            (case.case_id, case.fee_paid, case.interest_paid, case.costs_waived, case.interest_waived, case.last_on)
            for case in outcome.costs
        ],
    )
    _insert(
        con,
        "credit_cover",
        ("varchar", "date", _ORE),
        [(cover.case_id, cover.on, cover.ore) for cover in outcome.covers],
    )
    _insert(
        con,
        "credit_pools",
        ("varchar", _ORE, _ORE, "date"),
        [(pool.customer_id, pool.payments, pool.others, pool.newest_on) for pool in outcome.pools],
    )


@contextmanager
def _without_collections() -> Generator[None]:
    """Holds back Python's search for unreachable cycles: all that is made here is in use, and it is walked in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _costs_first(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> Callable[[str], bool]:
    """Whether a payment covers costs before principal: by the order that was set on the day of its booking (§ 5.1)."""
    orders = {order for _, order in parameters.allocation_orders}
    if len(orders) == 1:
        always = parameters.ever_costs_first
        return lambda entry_id: always
    booked: dict[str, date] = dict(
        _fetch(
            con,
            """
            select entry_id, coalesce((created_at at time zone 'Europe/Oslo')::date, first_seen_on, posting_date)
            from poweroffice_ledger_entries
            where entry_id in (select entry_id from settlements union select entry_id from surpluses)
            """,
        )
    )
    return lambda entry_id: parameters.costs_first_on(booked.get(entry_id, parameters.business_date))


def move_limits(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Limitation of the cases on which something interrupted it, into the temporary ``limitations`` (rules § 8)."""
    rows = _fetch(
        con,
        """
        select accounts.case_id, original_due_date, coalesce(try_cast(payload ->> '$.date' as date), effective_on),
            case when decisions.kind = 'legal' then coalesce(payload ->> '$.legal', payload ->> '$.kind')
                 else 'acknowledgement' end
        from accounts join journal_decisions as decisions using (case_id), parameters
        where accounts.interrupts and decisions.kind in ('acknowledge', 'legal') and effective_on <= business_date
        union all
        select accounts.case_id, original_due_date, effective_on, 'acknowledgement'
        from accounts join settlements using (case_id), parameters
        where part_payment_acknowledges and settlements.kind = 'payment'
        """,
    )
    due: dict[str, date] = {}
    events: defaultdict[str, list[Interruption]] = defaultdict(list)
    known = ("acknowledgement", "conciliation_complaint", "enforcement_petition", "no_binding_decision", "judgment")
    for case_id, due_date, on, kind in rows:
        due[case_id] = due_date
        if kind in known:
            events[case_id].append(Interruption(on, kind))
    _insert(
        con,
        "limitations",
        ("varchar", "date"),
        [(case_id, limitation_date(due[case_id], found)) for case_id, found in events.items()],
    )


def load_course(con: duckdb.DuckDBPyConnection) -> None:
    """What comes after each step, from ``step_settings`` into the temporary ``course`` (rules § 4.1)."""
    settings: dict[str, int | None] = dict(_fetch(con, "select step, after_days from step_settings where in_course"))
    ladder = [(rank, step) for rank, step in enumerate(STEP_NAMES, 1) if rank > 1 and step in settings]
    friendly = max(1, settings[STEP_NAMES[0]] or 1) if STEP_NAMES[0] in settings else None
    rows: list[tuple[object, ...]] = []
    for reached in range(len(STEP_NAMES) + 1):
        following = next(((rank, step) for rank, step in ladder if rank > reached), None)
        if following is not None:
            rows.append((reached, following[1], following[0], settings[following[1]], friendly))
    _insert(con, "course", ("integer", "varchar", "integer", "integer", "integer"), rows)


def plan(
    con: duckdb.DuckDBPyConnection, parameters: Parameters, table: FeeTable, in_flight: frozenset[str]
) -> LetterPlan:
    """Fills ``planned_letters`` with today's letters, less those whose key is already on its way (``in_flight``)."""
    due = _due_steps(con)
    if not due:
        return LetterPlan((), ())
    found = plan_letters(
        due,
        _earlier_letters(con),
        tenant=parameters.tenant,
        on=parameters.business_date,
        shared=parameters.one_letter_per_debtor,
        new_act_from=parameters.inkassolov_2026_from,
        fee_table=table,
    )
    claims = tuple(claim for claim in found.claims if claim.letter_key not in in_flight)
    money = ["decimal(18, 2)"] * 6
    _insert(
        con,
        "planned_letters",
        ("varchar", "varchar", "varchar", "varchar", "date", "date", *money, "boolean"),
        [_letter_row(claim) for claim in claims],
    )
    return LetterPlan(claims, found.problems)


def _accounts(con: duckdb.DuckDBPyConnection, parameters: Parameters, rates: Rates) -> list[Account]:
    rows = _fetch(
        con,
        """
        select case_id, principal_ore, interest_from, interest_until, accrual,
            coalesce(customer_id, ''), due_date, coalesce(invoice_no, ''),
            not closed and accounts.deleted_in_ledger_on is null, credit_released_on,
            coalesce((compensations.amount * 100)::bigint, 0),
            case when accounts.deleted_in_ledger_on is not null
                   or principal <= (select coalesce(sum(amount), 0) from settlements as credits
                                    where credits.case_id = accounts.case_id and kind in ('credit_note', 'reversal'))
                 then date '0001-01-01'
                 when closed and closed_as <> 'debtor_insolvent' then closed_on end
        from accounts join eventful using (case_id) left join compensations using (case_id)
        """,
    )
    letters = _grouped(
        con,
        "select case_id, sent_on, (fee * 100)::bigint from case_letters join eventful using (case_id) where fee_stands",
    )
    reductions = _grouped(
        con,
        """
        select case_id, settlement_key, effective_on, (amount * 100)::bigint, kind = 'payment', interest_from_due
        from settlements join eventful using (case_id)
        where kind not in ('write_off', 'own_voucher') order by effective_on, settlement_key
        """,
    )
    waivers = _grouped(
        con,
        """
        select case_id, effective_on, (try_cast(payload ->> '$.amount' as decimal(18, 2)) * 100)::bigint
        from journal_decisions join eventful using (case_id), parameters
        where kind = 'waive_costs' and effective_on <= business_date order by seq
        """,
    )
    kept = _grouped(con, "select case_id, sent_on, kept_on, costs_asked_ore from kept_letters")
    booked = _grouped(
        con,
        """
        select case_id, settlement_key, (fee * 100)::bigint, (interest * 100)::bigint
        from journal_vouchers join eventful using (case_id)
        where state in ('sending', 'posted', 'confirmed', 'outcome_unknown', 'conflict')
          and not coalesce(reversed, false)
        """,
    )
    agreed = AgreedRate(parameters.interest_rate_bp or 0)
    sources = {"statutory": rates, "agreed": agreed, "none": NO_INTEREST}
    return [
        Account(
            case_id=case_id,
            principal_ore=principal,
            interest_from=first,
            interest_until=until,
            rates=sources[accrual],
            customer_id=customer_id,
            due=(due_date, invoice_no),
            is_covered=is_covered,
            credit_released_on=released_on,
            fees=tuple((on, ore) for on, ore in letters[case_id]),
            compensation_ore=compensation,
            reductions=tuple(Reduction(*part) for part in reductions[case_id]),
            waivers=tuple(Waiver(*waiver) for waiver in waivers[case_id]),
            kept=tuple(Kept(*letter) for letter in kept[case_id]),
            costs_until=costs_until,
            booked={key: (fee, interest) for key, fee, interest in booked[case_id]},
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
            released_on,
            compensation,
            costs_until,
        ) in rows
    ]


def _surpluses(con: duckdb.DuckDBPyConnection) -> list[Surplus]:
    rows = _fetch(
        con,
        """
        select surpluses.settlement_key, any_value(surpluses.effective_on), any_value((surpluses.amount * 100)::bigint),
            list(surplus_claims.case_id order by surplus_claims.share_rank)
        from surpluses join surplus_claims using (entry_id)
        group by surpluses.settlement_key
        """,
    )
    return [Surplus(key, on, ore, tuple(case_ids)) for key, on, ore, case_ids in rows]


def _credits(con: duckdb.DuckDBPyConnection) -> list[Credit]:
    rows = _fetch(
        con,
        """
        select coalesce(customer_id, ''), entry_id, effective_on, (amount * 100)::bigint, kind = 'payment'
        from customer_credits
        where not dated_ahead and amount > 0
        """,
    )
    return [Credit(*row) for row in rows]


def _due_steps(con: duckdb.DuckDBPyConnection) -> list[DueStep]:
    names = ", ".join(field.name for field in fields(DueStep))
    return [DueStep(*row) for row in _fetch(con, f"select {names} from due_steps")]


def _earlier_letters(con: duckdb.DuckDBPyConnection) -> dict[str, list[fees.Letter]]:
    found: defaultdict[str, list[fees.Letter]] = defaultdict(list)
    for case_id, step, sent_on, last_day, fee, kept in _fetch(
        con,
        """
        select letters.case_id, letters.step, letters.sent_on, letters.deadline,
            case when letters.fee_stands then letters.fee else 0 end, kept.case_id is not null
        from case_letters as letters
        left join kept_letters as kept on kept.case_id = letters.case_id and kept.sent_on = letters.sent_on
        where letters.counts and letters.case_id in (select case_id from due_steps)
        order by letters.sent_on, letters.rank
        """,
    ):
        found[case_id].append(fees.Letter(step, sent_on, last_day, Decimal(fee), kept))
    return found


def _letter_row(claim: PlannedClaim) -> tuple[object, ...]:
    return (
        claim.letter_key,
        claim.case_id,
        claim.step,
        claim.channel,
        claim.planned_on,
        claim.deadline,
        claim.fee,
        claim.interest,
        claim.principal_original,
        claim.principal_paid,
        claim.principal,
        claim.total,
        claim.bears_fee,
    )


def _grouped(con: duckdb.DuckDBPyConnection, query: str) -> defaultdict[str, list[tuple[Any, ...]]]:
    found: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in _fetch(con, query):
        found[row[0]].append(row[1:])
    return found


def _fetch(con: duckdb.DuckDBPyConnection, query: str) -> Rows:
    return con.execute(query).fetchall()


def _insert(
    con: duckdb.DuckDBPyConnection, table: str, types: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    """Appends rows in one statement; whole øre travel as numbers, everything else as text: no float comes near them."""
    if not rows:
        return
    given = ["bigint" if kind == _ORE else "varchar" for kind in types]
    columns = [
        list(values) if kind == "bigint" else [None if value is None else str(value) for value in values]
        for kind, values in zip(given, zip(*rows, strict=True), strict=True)
    ]
    selected = ", ".join(
        f"kroner(unnest(${at}::bigint[]))" if kind == _ORE else f"unnest(${at}::varchar[])::{kind}"
        for at, kind in enumerate(types, 1)
    )
    con.execute(f"insert into {table} select {selected}", columns)
