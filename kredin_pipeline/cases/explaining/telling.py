"""Puts an explanation together: one case, one day, from the book's newest knowledge (rules §§ 1-8).

Not here: any sentence about the case itself; the modules beside this one know those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from kredin_pipeline.cases.conclusions import LawTables
from kredin_pipeline.cases.explaining import standing
from kredin_pipeline.cases.explaining.claim import tell_claim
from kredin_pipeline.cases.explaining.facts import Facts, read_facts, rows
from kredin_pipeline.cases.explaining.interest import tell_interest
from kredin_pipeline.cases.explaining.ledger_rows import tell_credits, tell_ledger_rows, tell_reopenings
from kredin_pipeline.cases.explaining.letters import tell_letters, tell_vouchers
from kredin_pipeline.cases.explaining.limits import tell_limitation, tell_loss
from kredin_pipeline.cases.explaining.money import costs_sum, dropped_costs, principal_sum, tell_allocations
from kredin_pipeline.cases.explaining.people import Attempt, tell_decisions
from kredin_pipeline.cases.explaining.scope import NotACaseThen, derived_for, find_case, why_no_case
from kredin_pipeline.cases.explaining.shapes import Explanation, Statement
from kredin_pipeline.cases.explaining.steps import tell_next_step
from kredin_pipeline.cases.loss_guidance import DEFAULT_VAT_RATE


def explain(
    con: duckdb.DuckDBPyConnection,
    wanted: str,
    on: date,
    *,
    law: LawTables | None = None,
    vat_rate: Decimal = DEFAULT_VAT_RATE,
    attempts: Sequence[Attempt] = (),
) -> Explanation:
    """Why the case stood as it did on ``on`` (Oslo day), with today's knowledge of the ledger and the journal.

    ``wanted`` is a case id or invoice number. ``law`` None means the figures of the release; ``vat_rate`` is the
    invoice's, in per cent, for the guidance on a loss; ``attempts`` are the decisions as the journal keeps them, the
    refused ones among them (the book copies those that count, up to its last run). Works on a read-only book, in which
    nothing changes. Raises ``CaseNotFound``, ``NotACaseThen`` or, when no day was ever derived, ``ValueError``.
    """
    known = law or LawTables.stored()
    case = find_case(con, wanted)
    with derived_for(con, case, on, known) as (read_on, parameters):
        found = con.execute("select case_id from claims where voucher_id = ?", [case.voucher_id]).fetchone()
        facts = None if found is None else read_facts(con, str(found[0]), parameters, known)
        if facts is None:
            raise NotACaseThen(why_no_case(con, case, parameters))
    return tell(facts, read_on, vat_rate, attempts)


def published_otherwise(con: duckdb.DuckDBPyConnection, told: Explanation) -> Mapping[str, tuple[Any, Any]]:
    """The columns in which the row published that day says something else: (published, with today's knowledge).

    Empty when they agree, and when that day was never published.
    """
    made = con.execute("select 1 from duckdb_tables() where table_name = 'cases' and not temporary").fetchone()
    if made is None:
        return {}
    found = rows(con, "select * from cases where business_date = ? and case_id = ?", [told.on, told.case_id])
    if not found:
        return {}
    (published,) = found
    return {
        column: (published[column], now)
        for column, now in told.row.items()
        if column in published and _comparable(published[column]) != _comparable(now)
    }


def _comparable(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value


def tell(
    facts: Facts, read_on: date, vat_rate: Decimal = DEFAULT_VAT_RATE, attempts: Sequence[Attempt] = ()
) -> Explanation:
    """The explanation of what was read; ``read_on`` is the day of the book's last run."""
    ledger_rows = tell_ledger_rows(facts)
    dropped = dropped_costs(facts)
    return Explanation(
        tenant=facts.row["tenant"],
        case_id=facts.case_id,
        invoice_no=facts.row["invoice_no"],
        customer_no=facts.row["customer_no"],
        customer_name=facts.row["customer_name"],
        on=facts.on,
        notes=(*_notes(facts, read_on), *_not_derived(facts, attempts)),
        claim=tell_claim(facts),
        ledger_rows=ledger_rows,
        allocations=tell_allocations(facts),
        credits=tell_credits(facts),
        reopenings=tell_reopenings(facts),
        decisions=tell_decisions(facts, attempts),
        letters=tell_letters(facts),
        vouchers=tell_vouchers(facts),
        dropped=dropped,
        interest=tell_interest(facts),
        principal=principal_sum(facts, ledger_rows),
        costs=costs_sum(facts, dropped),
        state=standing.tell_state(facts),
        holds=standing.tell_holds(facts),
        flags=standing.tell_flags(facts),
        next_step=tell_next_step(facts),
        limitation=tell_limitation(facts),
        loss=tell_loss(facts, ledger_rows, vat_rate),
        choices=standing.tell_choices(facts),
        row=facts.row,
    )


def _notes(facts: Facts, read_on: date) -> tuple[Statement, ...]:
    if facts.on == read_on:
        return ()
    if facts.on > read_on:
        text = (
            f"The ledger was last read on {read_on}; what comes after that day is not known, and no letter "
            "after it is in here."
        )
        return (Statement("ahead_of_the_book", text, "§ 4.1"),)
    text = (
        f"Derived for {facts.on} with what is known on {read_on}: the ledger's balances and matches and the "
        "debtor's data as they "
        "are now, and the settings of now."
    )
    return (Statement("with_todays_knowledge", text, "§ 2"),)


def _not_derived(facts: Facts, attempts: Sequence[Attempt]) -> list[Statement]:
    """Decisions that the journal has and the book does not know yet."""
    known = {each["decision_id"] for each in facts.decisions}
    return [
        Statement(
            "decision_not_derived",
            f"{each.decided_by} decided on {each.effective_on}: {each.kind.replace('_', ' ')}. No run has "
            "derived that yet; it "
            "counts from the next one and is not in here.",
            "§ 7",
            on=each.effective_on,
        )
        for each in attempts
        if each.refused_because is None and each.effective_on <= facts.on and each.decision_id not in known
    ]
