"""What a derivation holds of one case, read once: the rows that the telling modules put into words.

Belongs here: queries over the tables of a derivation. Not here: any sentence. Read while ``scope.derived_for`` stands,
because half of these tables are temporary and end with it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from kredin_pipeline.cases.conclusions import LawTables

Row = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """The rows of one case, by what they are; a row maps column names to values. Money in kroner, days Oslo days."""

    on: date
    case_id: str
    law: LawTables
    parameters: Row
    row: Row  # the published row (case_states)
    claim: Row
    account: Row
    money: Row  # case_money: sums behind the published row
    standing: Row  # case_standing
    debtor: Row
    opened: Row  # journal_cases, empty when the case has no number yet
    settlements: Sequence[Row]  # with the entry, how it met the claim, and a person's word on it
    former: Sequence[Row]  # credits that once shared the claim's match group and settle it no more
    allocations: Sequence[Row]
    surpluses: Sequence[Row]
    credits: Sequence[Row]
    reopenings: Sequence[Row]
    decisions: Sequence[Row]  # of the case and of its customer, payload read, in the order of the log
    letters: Sequence[Row]
    letters_of_group: Sequence[Row]  # the letters of every case merged with this one, this one included
    kept: Sequence[Row]
    vouchers: Sequence[Row]
    periods: Sequence[Row]
    reductions: Sequence[Row]
    cover: Sequence[Row]  # changes of what the customer's own credit covers, by the day from which they count
    covered: Decimal
    next_step: Row
    course: Row
    steps: Sequence[Row]
    merged: Sequence[Row]


def read_facts(con: duckdb.DuckDBPyConnection, case_id: str, parameters: Row, law: LawTables) -> Facts | None:
    """The facts of a case on the derived day; None when it is no case then."""

    def many(query: str, *values: object) -> list[Row]:
        return rows(con, query, [*values])

    def one(query: str, *values: object) -> Row:
        found = many(query, *values)
        return found[0] if found else {}

    row = one("select * from case_states where case_id = ?", case_id)
    claim = one("select * from claims where case_id = ?", case_id)
    if not row or not claim:
        return None
    merged = many(
        "select * from merged where lead_case_id in (select lead_case_id from merged where case_id = ?) order "
        "by position",
        case_id,
    )
    group = [each["case_id"] for each in merged] or [case_id]
    decisions = many(
        "select * from journal_decisions where effective_on <= ? and (case_id = ? or customer_no = ? or kind = 'merge' "
        "and (payload::varchar like '%' || ? || '%' or payload::varchar like '%' || ? || '%') "
        "or kind in ('exclude', 'include') and case_id in (select case_id from claims where customer_id = ?)) "
        "order by seq",
        parameters["business_date"], case_id, claim["customer_no"], case_id, claim["invoice_no"] or case_id,
        claim["customer_id"],
    )  # fmt: skip
    return Facts(
        on=parameters["business_date"],
        case_id=case_id,
        law=law,
        parameters=parameters,
        row=row,
        claim=claim,
        account=one("select * from accounts where case_id = ?", case_id),
        money=one("select * from case_money where case_id = ?", case_id),
        standing=one("select * from case_standing where case_id = ?", case_id),
        debtor=one("select * from debtors where customer_id = ?", claim["customer_id"]),
        opened=one("select * from journal_cases where case_id = ?", case_id),
        settlements=many(_SETTLEMENTS, claim["entry_id"], case_id),
        former=many(_FORMER, claim["entry_id"], case_id, claim["entry_id"]),
        allocations=many(_ALLOCATIONS, case_id),
        surpluses=many(_SURPLUSES, case_id),
        credits=many(_CREDITS, claim["customer_id"]),
        reopenings=many(_REOPENINGS, case_id),
        decisions=[{**each, "payload": _payload(each["payload"])} for each in decisions],
        letters=many(_LETTERS, [case_id], case_id),
        letters_of_group=many(_LETTERS, group, case_id),
        kept=many("select * from kept_letters where case_id = ?", case_id),
        vouchers=many("select * from journal_vouchers where case_id = ? order by posting_date, voucher_key", case_id),
        periods=many("select * from interest_periods where case_id = ? order by from_date", case_id),
        reductions=many(_REDUCTIONS, case_id),
        cover=many("select counts_on, amount from credit_cover where case_id = ? order by counts_on", case_id),
        covered=one(
            "select coalesce(sum(covered), 0)::decimal(18, 2) as n from circumstances where case_id = ?", case_id
        )["n"],
        next_step=one("select * from next_steps where case_id = ?", case_id),
        course=one(
            "select course.* from course join case_standing using (reached) where case_standing.case_id = ?", case_id
        ),
        steps=many("select * from step_settings order by position"),
        merged=merged,
    )


_ALLOCATIONS = """
select allocations.*,          -- with the order that was set on the day on which the ledger booked the payment
    (select arg_max(allocation, since) from allocation_orders
     where since <= coalesce((entry.created_at at time zone 'Europe/Oslo')::date, entry.first_seen_on,
                             entry.posting_date)) as order_used
from allocations
left join poweroffice_ledger_entries as entry on entry.entry_id = allocations.settlement_key
where case_id = ?
order by effective_on, settlement_key
"""


def rows(con: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()) -> list[Row]:
    """The rows of a query, each as a dictionary."""
    cursor = con.execute(query, [*values])
    names = [str(column[0]) for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _payload(text: object) -> Row:
    return {} if text is None else dict(json.loads(str(text)))


_ENTRY = """
    entry.voucher_no, entry.voucher_type, entry.posting_date, entry.amount as entry_amount, entry.match_id, entry.kid,
    entry.invoice_no as own_invoice_no, coalesce(entry.is_write_off, false) as is_write_off,
    coalesce((entry.created_at at time zone 'Europe/Oslo')::date, entry.first_seen_on) as booked_on,
    (select string_agg(distinct line.account_no, ', ' order by line.account_no)
     from poweroffice_account_transactions as line
     where line.voucher_id = entry.voucher_id and line.customer_account_no is null) as offset_accounts,
    (select string_agg(distinct note.related_invoice_no, ', ' order by note.related_invoice_no)
     from poweroffice_outgoing_invoices as note where note.voucher_id = entry.voucher_id) as made_for
"""

_SETTLEMENTS = f"""
    select
        settled.*, known.voucher_type as root_type, known.role, classified.role as classified_as,
        coalesce(classified.is_goodwill, false) as is_goodwill, {_ENTRY},
        (select string_agg(distinct stage, ', ' order by stage) from shares
         where shares.debit_id = $1 and shares.credit_id = settled.entry_id) as stages,
        (select list_sort(list(distinct coalesce('invoice ' || other.invoice_no, 'voucher ' || other.voucher_no)))
         from poweroffice_ledger_entries as other
         where other.match_id = entry.match_id and other.entry_id not in ($1, settled.entry_id)) as matched_with
    from settlements as settled
    join poweroffice_ledger_entries as entry on entry.entry_id = settled.entry_id
    left join entries as known on known.entry_id = settled.entry_id
    left join classified on classified.entry_id = settled.entry_id
    where settled.case_id = $2
    order by settled.effective_on, try_cast(settled.entry_id as bigint), settled.entry_id
"""

_REDUCTIONS = """
    select kind, (ore * 0.01)::decimal(18, 2) as amount, effective_on, after_write_off, counts_on
    from reductions join accounts using (case_no)
    where case_id = ?
    order by counts_on, effective_on, kind, ore
"""

_FORMER = f"""
    with
    groups as (
        select match_id from poweroffice_ledger_entry_changes as change, parameters
        where change.entry_id = $1 and change.match_id is not null and change.seen_on <= business_date
    ),
    once as (
        select change.entry_id, min(change.seen_on) as seen_on
        from poweroffice_ledger_entry_changes as change join groups using (match_id)
        group by change.entry_id
    ),
    told as (
        select entry_id from reopenings where case_id = $2 and entry_id is not null
    )
    select entry.entry_id, {_ENTRY}, entry.gone_on,
        reversing.voucher_no as reversed_by, reversing.posting_date as reversed_on,
        (select max(debit.posting_date) from shares join entries as debit on debit.entry_id = shares.debit_id
         where shares.credit_id = entry.entry_id and debit.role = 'refund') as refunded_on
    from poweroffice_ledger_entries as entry
    left join reversals on reversals.original_id = entry.entry_id
    left join poweroffice_ledger_entries as reversing on reversing.entry_id = reversals.reversal_id
    cross join parameters
    where entry.amount < 0 and entry.posting_date <= business_date and entry.voucher_type <> 'ReversalVoucher'
      and (entry.entry_id in (select entry_id from once) or entry.entry_id in (select entry_id from told))
      and entry.entry_id <> $3
      and entry.entry_id not in (select entry_id from settlements where case_id = $2)
      and (entry.match_id is distinct from (select match_id from poweroffice_ledger_entries where entry_id = $1)
           or reversing.entry_id is not null or entry.gone_on is not null)
    order by entry.posting_date, entry.entry_id
"""

_SURPLUSES = """
    select surpluses.*, surplus_claims.share_rank, entry.voucher_no, entry.voucher_type
    from surplus_claims
    join surpluses using (entry_id)
    join poweroffice_ledger_entries as entry using (entry_id)
    where surplus_claims.case_id = ?
    order by surpluses.effective_on, entry_id
"""

_CREDITS = """
    select credits.*, entry.voucher_no, entry.voucher_type
    from customer_credits as credits
    join poweroffice_ledger_entries as entry using (entry_id)
    where credits.customer_id = ?
    order by credits.effective_on, entry_id
"""

_REOPENINGS = """
    select reopenings.*, entry.voucher_no, entry.voucher_type
    from reopenings
    left join poweroffice_ledger_entries as entry using (entry_id)
    cross join parameters
    where case_id = ? and on_date <= business_date
    order by on_date, reopenings.entry_id
"""

_LETTERS = """
    select
        case_letters.*, letters.channel, letters.interest,
        (select list(other.case_id order by other.case_id) from journal_letters as other
         where other.letter_key = case_letters.letter_key and other.case_id <> $2) as with_cases,
        (select list(coalesce(claims.invoice_no, other.case_id) order by other.case_id)
         from journal_letters as other left join claims using (case_id)
         where other.letter_key = case_letters.letter_key and other.case_id <> $2) as with_invoices,
        (select any_value(coalesce(claims.invoice_no, bearer.case_id))
         from journal_letters as bearer left join claims using (case_id)
         where bearer.letter_key = case_letters.letter_key and bearer.bears_fee) as borne_by
    from case_letters
    join journal_letters as letters using (letter_key, case_id)
    where list_contains($1::varchar[], case_letters.case_id)
    order by case_letters.sent_on, case_letters.rank, case_letters.case_id
"""
