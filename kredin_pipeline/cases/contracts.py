"""What a derivation's tables must be like before anything is built on them: one registry, stage by stage.

Belongs here: the contract of every table of ``tables.sql``, ``conclusions.sql`` and ``touched/remembered.sql``, and
what one stage owes the next. Not here: how that is counted and named (`kredin_pipeline.contracts`), or any rule of the
trade: a contract states what is true of every day, whatever was decided.

The stages hand over like this::

    the journal and the mirror  →  GIVEN     journal_cases, _letters, _vouchers
                                →  FOUND     claims, settlements, credits
                                →  CONCLUDED interest, costs, allocations, case_states, planned letters and vouchers
                                →  PUBLISHED cases of the day
"""

from __future__ import annotations

from datetime import date
from typing import Final

import duckdb

from kredin_pipeline.cases.decision_choices import Hold
from kredin_pipeline.cases.settings import STEP_NAMES
from kredin_pipeline.contracts.counting import HandedOver, handed_over
from kredin_pipeline.contracts.rules import Compared, Edge, Owed, Present, Rule, TableContract

STATES: Final = (
    "overdue", "reminded", "noticed", "demanded", "legal_ready", "legal", "costs_open", "closed",
)  # fmt: skip
CLOSED_REASONS: Final = (
    "withdrawn", "debtor_insolvent", "time_barred", "paid", "credited", "deleted_in_ledger",
)  # fmt: skip
HOLDS: Final = (*Hold, "paused", "disputed", "excluded", "bankruptcy", "time_barred")
FLAGS: Final = (
    "register_stale", "debtor_changed", "written_off", "recovered_after_write_off", "limitation_30", "limitation_90",
    "limitation_180", "double_reminding",
)  # fmt: skip
SETTLED_BY: Final = (
    "payment", "credit_note", "netting", "write_off", "reversal", "currency_difference", "own_voucher", "unexplained",
    "rounding",
)  # fmt: skip
OUTBOX_STATES: Final = (
    "intended", "sending", "posted", "confirmed", "outcome_unknown", "conflict", "rejected", "cancelled",
)  # fmt: skip
DEBTOR_KINDS: Final = ("business", "person", "unknown")
ALLOCATIONS: Final = ("principal_first", "costs_first")
CHANNELS: Final = ("email", "post")


def _id(name: str, required: bool = True) -> Rule:
    return Rule(name, "id", required)


def _text(name: str, *among: str, required: bool = False) -> Rule:
    return Rule(name, "text", required, among)


def _day(name: str, required: bool = True) -> Rule:
    return Rule(name, "day", required)


def _kr(name: str, least: int | None = 0, required: bool = True) -> Rule:
    """Kroner; ``least`` in øre: 0 is not negative, 1 is above zero, None any sign."""
    return Rule(name, "ore", required, least=least)


def _flag(name: str, required: bool = True) -> Rule:
    return Rule(name, "flag", required)


def _whole(name: str, least: int | None = 0, required: bool = True) -> Rule:
    return Rule(name, "whole", required, least=least)


_CASE_ROW: Final = (
    _id("tenant"), _day("business_date"), _id("case_id"), _text("invoice_no"), _text("kid"), _text("customer_no"),
    _text("customer_name"), _text("orgnr"), _text("debtor_kind", *DEBTOR_KINDS, required=True), _day("due_date"),
    _text("currency", required=True), _kr("principal", 1), _kr("credited"), _kr("paid"), _kr("written_off"),
    _kr("principal_open"), _kr("interest"), _kr("fees"), _kr("compensation"), _kr("costs_paid"), _kr("costs_waived"),
    _kr("costs_open"), _kr("total_open"), _text("state", *STATES, required=True),
    _text("closed_reason", *CLOSED_REASONS), _day("closed_on", False), Rule("holds", "words", True, HOLDS),
    Rule("flags", "words", True, FLAGS), _text("last_step", *STEP_NAMES), _day("last_step_on", False),
    _day("deadline", False), _text("next_step", *STEP_NAMES), _day("next_step_on", False),
    _day("limitation_date", False), _text("loss_ground"), _kr("ledger_balance", None), _flag("provisional"),
)  # fmt: skip
_CASE_CONDITIONS: Final = (
    Compared("total_open", "=", ("principal_open", "costs_open")),
    Compared("principal_open", "<=", ("principal",)),
    Present("closed_reason", "state", ("closed",)),
    Present("next_step_on", "next_step", STEP_NAMES),
    Present("last_step_on", "last_step", STEP_NAMES),
)

GIVEN: Final = (
    TableContract("journal_cases", "case", ("case_id",), (
        _id("case_id"), _id("voucher_id"), _text("invoice_no"), _text("customer_no"), _text("orgnr"),
        _day("opened_on"),
    )),
    TableContract("journal_decisions", "decision", ("seq",), (
        _id("decision_id"), _whole("seq"), _text("case_id"), _text("customer_no"), _id("kind"),
        _text("payload"), Rule("effective_on", "raw", True), Rule("decided_at", "time"), _text("decided_by"),
    )),
    TableContract("journal_letters", "letter", ("letter_key", "case_id"), (
        _id("letter_key"), _id("case_id"), _text("step", *STEP_NAMES, required=True), _text("channel", *CHANNELS),
        _day("sent_on"), _day("deadline", False), _kr("fee", 0, False), _kr("interest", 0, False),
        _kr("principal", 0, False), _kr("total", 0, False), _flag("bears_fee", False),
    )),
    TableContract("journal_vouchers", "voucher", ("voucher_key", "case_id"), (
        _id("voucher_key"), _id("case_id"), _id("settlement_key"), _text("reference"),
        _text("state", *OUTBOX_STATES), _kr("fee", 0, False), _kr("interest", 0, False), _kr("total", 0, False),
        _day("posting_date", False), _text("voucher_id"), _text("voucher_no"), _flag("reversed", False),
    ), (Compared("total", "=", ("fee", "interest")),)),
)  # fmt: skip

FOUND: Final = (
    TableContract("claims", "claim", ("case_id",), (
        _id("case_id"), _id("voucher_id"), _id("entry_id"), _text("invoice_no"), _text("kid"), _text("customer_id"),
        _text("customer_no"), _text("customer_name"), _text("orgnr"),
        _text("debtor_kind", *DEBTOR_KINDS, required=True), _day("invoice_date", False), _day("due_date"),
        _day("original_due_date"), _day("counted_due_date"), _text("currency", required=True),
        _kr("currency_amount", None, False), _kr("principal", 1), _kr("ledger_balance", None),
        _day("deleted_in_ledger_on", False), _day("overdue_on"), _flag("in_journal"), _flag("debtor_changed"),
        _flag("ledger_conflict"),
    ), (
        Compared("counted_due_date", ">=", ("due_date",)),
        Compared("overdue_on", ">", ("original_due_date",)),
    )),
    TableContract("unclaimable", "entry", ("entry_id",), (
        _id("entry_id"), _text("voucher_id"), _text("invoice_no"), _text("customer_id"), _text("customer_no"),
        _kr("amount", None), _id("reason"),
    )),
    TableContract("settlements", "settlement", ("case_id", "entry_id", "kind"), (
        _id("case_id"), _id("entry_id"), _id("settlement_key"), _text("kind", *SETTLED_BY, required=True),
        _kr("amount", 1), _day("effective_on"), _flag("interest_from_due"), _flag("after_write_off"),
    )),
    TableContract("surpluses", "surplus", ("entry_id",), (
        _id("case_id"), _id("entry_id"), _id("settlement_key"), _text("kind", "payment", required=True),
        _kr("amount", 1), _day("effective_on"),
    )),
    TableContract("surplus_claims", "surplus", ("entry_id", "case_id"), (
        _id("entry_id"), _id("case_id"), _whole("share_rank", 1),
    )),
    TableContract("customer_credits", "credit", ("entry_id",), (
        _text("customer_id"), _id("entry_id"), _text("kind", "payment", "other", required=True), _kr("amount", 1),
        _day("effective_on"), _flag("dated_ahead"), _text("surplus_case_id"), _text("dated_ahead_case_id"),
    )),
    TableContract("reopenings", "re-opening", (), (
        _id("case_id"), _day("on_date"),
        _text("reason", "reversed", "refunded", "unmatched", "deleted", required=True), _kr("amount", 1),
        _flag("was_settled"), _text("entry_id"), _text("settlement_key"),
    )),
)  # fmt: skip

CONCLUDED: Final = (
    TableContract("interest_periods", "interest period", ("case_id", "from_date"), (
        _id("case_id"), _day("from_date"), _day("to_date"), _whole("days", 1), Rule("rate_percent", "raw", True),
        _whole("year_days", 365), _kr("base", 1), Rule("amount", "micro", True, least=0), _whole("numerator"),
    ), (Compared("from_date", "<", ("to_date",)),)),
    TableContract("costs", "costs of case", ("case_id",), (
        _id("case_id"), _kr("fees"), _kr("compensation"), _kr("interest"), _kr("costs_paid"), _kr("fee_paid"),
        _kr("interest_paid"), _kr("costs_waived"), _kr("interest_waived"), _kr("costs_open"), _flag("provisional"),
    ), (
        Compared("costs_paid", "=", ("fee_paid", "interest_paid")),
        Compared("costs_open", "<=", ("fees", "compensation", "interest")),
    )),
    TableContract("allocations", "allocation", ("case_id", "settlement_key", "effective_on"), (
        _id("case_id"), _id("settlement_key"), _day("effective_on"), _kr("to_fee"), _kr("to_interest"),
        _kr("to_principal"), _kr("to_credit"),
    )),
    TableContract("case_states", "case", ("case_id",), _CASE_ROW, _CASE_CONDITIONS),
    TableContract("planned_letters", "letter", ("letter_key", "case_id"), (
        _id("letter_key"), _id("case_id"), _text("step", *STEP_NAMES, required=True),
        _text("channel", *CHANNELS, required=True), _day("planned_on"), _day("deadline"), _kr("fee"), _kr("interest"),
        _kr("principal_original", 1), _kr("principal_paid"), _kr("principal", 1), _kr("total", 1), _flag("bears_fee"),
    ), (
        Compared("principal", "=", ("principal_original", "-principal_paid")),
        Compared("total", ">=", ("principal",)),
        Compared("deadline", ">", ("planned_on",)),
    )),
    TableContract("planned_vouchers", "voucher", ("voucher_key",), (
        _id("voucher_key"), _id("case_id"), _id("settlement_key"), _text("customer_id"), _kr("fee"), _kr("interest"),
        _kr("total", 1), _day("payment_date"),
    ), (Compared("total", "=", ("fee", "interest")),)),
    TableContract("planned_reversals", "reversal", ("reversal_key",), (
        _id("reversal_key"), _id("voucher_key"), _id("case_id"), _id("settlement_key"), _text("voucher_id"),
        _text("voucher_no"), _kr("total", 1),
    )),
)  # fmt: skip

PUBLISHED: Final = TableContract("cases", "case", ("business_date", "case_id"), _CASE_ROW, _CASE_CONDITIONS)

STANDING: Final = (
    TableContract("journal_mark", "mark", ("mark",), (_id("mark"),)),
    TableContract("parameters", "parameters", ("tenant",), (
        _id("tenant"), _day("business_date"), _day("connected_on"), _flag("live"), _whole("days_past_due", 1),
        _day("import_from", False), _flag("register"), _text("course", "full", "demand_only", required=True),
        _whole("grace_days"), _text("allocation", *ALLOCATIONS, required=True),
        _text("interest", "statutory", "none", "agreed", required=True), _whole("interest_rate_bp", 0, False),
        _flag("compensation"), _flag("due_date_shift"), _flag("send_on_business_days"),
        _flag("one_letter_per_debtor"), _kr("minimum_claim"), Rule("contribution_margin", "raw"),
        _kr("rounding_write_off"), _flag("part_payment_acknowledges"), _day("inkassolov_2026_from", False),
        _text("mode", "live", "observe", required=True), _text("fee_account"), _text("interest_account"),
    )),
    TableContract("allocation_orders", "order", ("since",), (
        Rule("since", "raw", True), _text("allocation", *ALLOCATIONS, required=True),
    )),
    TableContract("step_settings", "step", ("step", "in_course"), (
        _text("step", *STEP_NAMES, required=True), _whole("position"), _text("follows", *STEP_NAMES),
        _flag("in_course"), _whole("after_days", 0, False), _whole("deadline_days"), _flag("fee_is_maximum"),
        _kr("fee", 0, False), _text("channel", *CHANNELS, required=True),
    )),
    TableContract("interest_rates", "rate", ("valid_from",), (
        _day("valid_from"), _day("valid_to"), _whole("rate_bp"),
    ), (Compared("valid_from", "<=", ("valid_to",)),)),
    TableContract("calendar", "day", ("day",), (
        _day("day"), _flag("is_business_day"), _day("next_business_day"), _whole("year_days", 365),
    ), (Compared("next_business_day", ">=", ("day",)),)),
    TableContract("imported_ranges", "range", (), (
        _day("first_day"), _day("last_day"), Rule("imported_at", "time"),
    ), (Compared("first_day", "<=", ("last_day",)),)),
    TableContract("derivation", "derivation", (), (_day("business_date"), _id("print"))),
    TableContract("derived_customers", "customer", ("customer_id",), (
        Rule("customer_id", "text", True), _whole("h"), _whole("rows_in"),
    )),
)  # fmt: skip
"""Settings, figures and memory of a derivation: written by us alone and small; a test holds them to their contracts."""

BALANCES: Final = Edge(
    (
        Owed("case_states", "case_id", "state_of", "case_of", "one row for each claim that is not settled"),
        Owed("settlements", "case_id", "settled_case", "claim_settled", "a claim"),
        Owed("interest_periods", "case_id", "interest_case", "claim_of_interest", "a claim"),
        Owed("case_states", "principal_open", "principal_open", "not_settled", "the principal less what settled it"),
        Owed("case_states", "interest", "interest", "of_periods", "the sum of its periods, rounded once"),
    ),
    """
    with parts as (       -- one line for each row of a case, whichever table it stands in; added up below
        select case_id, case_id as claim, principal, deleted_in_ledger_on is not null as is_deleted,
            overdue_on <= (select business_date from parameters) as is_overdue
        from claims
        union all by name
        select case_id, case_id as state_of, principal_open, interest from case_states
        union all by name
        select case_id, case_id as settled_case, case when kind <> 'own_voucher' then amount end as settled,
            case when kind in ('write_off', 'own_voucher', 'unexplained')
                   or kind = 'payment' and 'costs_first' in (select allocation from allocation_orders)
                 then 0 else amount end as reduced
        from settlements
        union all by name
        select case_id, to_principal as reduced
        from allocations
        where 'costs_first' in (select allocation from allocation_orders) and to_principal > 0
        union all by name
        select case_id, case_id as interest_case, numerator from interest_periods
    ),
    added as (
        select case_id, any_value(claim) as claim, any_value(state_of) as state_of,
            any_value(settled_case) as settled_case, any_value(interest_case) as interest_case,
            any_value(principal_open) as principal_open, any_value(interest) as interest,
            -- § 1.2: what was settled before it could become a case is a claim without a state
            any_value(is_overdue) and not any_value(is_deleted)
                and coalesce(sum(settled), 0) < any_value(principal) as owes_state,
            case when any_value(is_deleted) then 0
                 else greatest(0, any_value(principal) - coalesce(sum(reduced), 0)) end as left_open,
            (((2 * coalesce(sum(numerator), 0) + 1335900000) // 2671800000)::decimal(16, 0) * 0.01)::decimal(18, 2)
                as accrued
        from parts
        group by case_id
    )
    select
        case_id as record, state_of, settled_case, interest_case, principal_open, interest,
        case when state_of is not null or owes_state then claim end                               as case_of,
        case when settled_case is not null then claim end                                         as claim_settled,
        case when interest_case is not null then claim end                                        as claim_of_interest,
        case when claim is null or state_of is null then principal_open else left_open end         as not_settled,
        case when state_of is not null then accrued end                                           as of_periods
    from added
    """,
)
"""Each state has a claim, and each claim that is not settled a state; what is open of it is the principal less what
settled it, its interest that of its periods."""

PLANNED: Final = (
    Edge(
        (Owed("planned_letters", "case_id", "case_id", "open_case", "a case with principal open"),),
        """
        select planned_letters.letter_key as record, planned_letters.case_id, case_states.case_id as open_case
        from planned_letters
        left join case_states on case_states.case_id = planned_letters.case_id
            and case_states.state not in ('closed', 'costs_open') and case_states.principal_open > 0
        """,
        "planned_letters",
    ),
    Edge(
        (Owed("planned_vouchers", "case_id", "case_id", "claim", "a claim"),),
        """
        select planned_vouchers.voucher_key as record, planned_vouchers.case_id, claims.case_id as claim
        from planned_vouchers left join claims using (case_id)
        """,
        "planned_vouchers",
    ),
)
LEDGER: Final = Edge(
    (Owed("claims", "principal", "principal", "amount", "the amount of the ledger's invoice"),),
    """
    select claims.case_id as record, claims.principal, entry.amount
    from claims left join poweroffice_ledger_entries as entry using (entry_id)
    """,
)

CONTRACTS: Final = (*GIVEN, *FOUND, *CONCLUDED, PUBLISHED, *STANDING)
"""The contract of every table that a derivation keeps in the book."""


HANDED_OVER: Final = tuple(
    one for one in (*FOUND, *CONCLUDED)
    if one.table in ("claims", "settlements", "interest_periods", "case_states", "planned_letters", "planned_vouchers")
)  # fmt: skip
"""What letters, vouchers and the published table are made from: looked at every day."""


def derived(con: duckdb.DuckDBPyConnection, only: str | None = None) -> HandedOver:
    """What the day's derivation hands over to letters, vouchers and the published table, its faults by name.

    ``only``: a query of the ``case_id`` that were derived anew, where not all were. Raises ``duckdb.Error`` when a
    table is missing.
    """
    return handed_over(con, HANDED_OVER, (BALANCES, *PLANNED), only)


def published(con: duckdb.DuckDBPyConnection, business_date: date) -> HandedOver:
    """The published rows of a day, each one the row that was derived for it, once."""
    edge = Edge(
        (
            Owed("cases", "case_id", "published", "derived", "one row for each case that was derived"),
            Owed("cases", "state", "state", "derived_state", "the derived state"),
            Owed("cases", "total_open", "total_open", "derived_total", "the derived total"),
            Owed("cases", "case_id", "copies", "once", "one row for each case"),
        ),
        f"""
        select coalesce(cases.case_id, derived.case_id) as record, cases.case_id as published,
            derived.case_id as derived, cases.state, derived.state as derived_state, cases.total_open,
            derived.total_open as derived_total, count(*) over (partition by cases.case_id) as copies, 1 as once
        from (select case_id, state, total_open from cases where business_date = date '{business_date}') as cases
        full join case_states as derived on derived.case_id = cases.case_id
        """,
    )
    return handed_over(con, (), (edge,))


def everything(con: duckdb.DuckDBPyConnection) -> HandedOver:
    """Every table of the derivation and every edge, the ledger's included; for tests and after a rebuild."""
    return handed_over(con, CONTRACTS, (LEDGER, BALANCES, *PLANNED))
