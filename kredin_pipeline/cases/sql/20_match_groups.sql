-- 20_match_groups.sql · rules § 2: which credit settles which debit, and by how much: what the passes work on
--
-- The ledger tells how much of each entry is matched, and within which group, but not what met what. Most groups are
-- plain: one invoice, and credits that settle it and nothing else; there is nothing to find out, and they are read where
-- they stand. In the others the matched amounts are laid end to end on both sides and read off where they overlap: debits
-- by due date, credits by posting date. Before that go the pairs for which more is known. Only entries that count on the
-- business date take part, so a payment dated ahead settles nothing yet. Integer øre; `stage` names the pass that found
-- the pair. A pass for which the ledger has nothing (`finding.py`) is not run.

create or replace temp table match_groups as  -- every entry of a group, whatever its date
with
looked_at as (
    select match_id, entry_id, dated_ahead, amount > 0 as is_debit,
        case when amount > 0 then matched else -matched end         as matched_here,
        case
            when dated_ahead or is_cancelled or matched = 0         then false
            when amount > 0                                         then role = 'invoice'
            else unmatched = 0 and role <> 'write_off' and entry_id not in (select entry_id from classified)
        end                                                         as is_simple
    from entries
    where match_id is not null and not is_gone
)
select
    match_id,
    bool_or(dated_ahead)                                            as has_dated_ahead,
    sum(matched_here) <> 0                                          as is_torn,     -- do the two sides agree?
    bool_and(is_simple) and sum(is_debit::integer) = 1 and sum(matched_here) = 0 as is_plain,
    max(case when is_debit then entry_id end)                       as debit_id     -- the invoice of a plain group
from looked_at
group by match_id;

create or replace temp table loose as         -- what does not stand in a plain group
select
    entry_id, seq, customer_id, voucher_id, match_id, role, amount, matched, unmatched, posting_date, due_date, kid,
    invoice_no, custom_matching_reference, own_settlement_key, dated_ahead, booked_on, is_cancelled
from entries
where not is_gone and (match_id is null or match_id in (select match_id from match_groups where not is_plain));

create or replace temp macro shared_out(debit_side, credit_side) as table
with
debits as (
    select share_key, entry_id, capacity,
        (sum(capacity) over (partition by share_key order by sort_day, sort_no, entry_id rows unbounded preceding))::bigint as upto
    from query_table(debit_side)
),
credits as (
    select share_key, entry_id, capacity,
        (sum(capacity) over (partition by share_key order by sort_day, sort_no, entry_id rows unbounded preceding))::bigint as upto
    from query_table(credit_side)
)
select
    debits.entry_id  as debit_id,
    credits.entry_id as credit_id,
    least(debits.upto, credits.upto) - greatest(debits.upto - debits.capacity, credits.upto - credits.capacity) as amount
from debits
join credits on credits.share_key = debits.share_key
    and credits.upto > debits.upto - debits.capacity and debits.upto > credits.upto - credits.capacity;

-- a reversed invoice was never owed: the reversal meets all of it, whatever else was matched with it
create or replace temp table shares as
select reversals.original_id as debit_id, reversals.reversal_id as credit_id, invoices.amount, 'reversal' as stage
from reversals
join invoices on invoices.entry_id = reversals.original_id;

create or replace temp table members as       -- what may still be shared out within the match groups
select
    match_id,
    entry_id,
    amount > 0                                                     as is_debit,
    role,
    matched                                                        as capacity,
    date_diff('day', date '1970-01-01', posting_date)::bigint      as posted,
    date_diff('day', date '1970-01-01', coalesce(due_date, posting_date))::bigint as due,
    coalesce(seq, 0)                                               as seq,
    kid,
    invoice_no,
    own_settlement_key
from loose
where match_id is not null and matched > 0 and not dated_ahead and not is_cancelled;

create or replace temp table crowded as       -- the groups in which there is a choice
select match_id, count(*) filter (where role = 'invoice') as invoices
from members
group by match_id
having count(*) filter (where is_debit) > 1 and count(*) filter (where not is_debit) > 1;

create or replace temp table open_credits as  -- credits with something unmatched, which could meet a claim
select entry_id, customer_id, match_id, role, kid, invoice_no, custom_matching_reference, unmatched,
    date_diff('day', date '1970-01-01', posting_date)::bigint as posted, coalesce(seq, 0) as seq
from loose
where amount < 0 and unmatched > 0 and role not in ('write_off', 'reversal')
  and not dated_ahead and not is_cancelled;

create or replace temp macro remaining() as table  -- what the passes before have left
with
used as (
    select debit_id as entry_id, sum(amount) as amount from shares where stage in ('own', 'refund', 'named') group by all
    union all
    select credit_id, sum(amount) from shares where stage in ('own', 'refund', 'named') group by all
)
select members.* replace ((capacity - coalesce(used.amount, 0))::bigint as capacity)
from members left join used using (entry_id)
where capacity > coalesce(used.amount, 0);

create or replace temp macro standing(entry_ids) as table  -- what is left of these invoices, by the shares so far
with
met as (
    select
        shares.debit_id as entry_id,
        sum(shares.amount) filter (where credit.role <> 'write_off') as reduced,
        sum(shares.amount) filter (where credit.role = 'write_off')  as written_off
    from shares
    join loose as credit on credit.entry_id = shares.credit_id
    where shares.debit_id in (select entry_id from query_table(entry_ids))
    group by shares.debit_id
)
select
    invoices.entry_id, invoices.customer_id, invoices.match_id, invoices.kid, invoices.invoice_no,
    date_diff('day', date '1970-01-01', invoices.original_due_date)::bigint as due, coalesce(invoices.seq, 0) as seq,
    coalesce(met.written_off, 0)::bigint                             as written_off,
    (invoices.amount - coalesce(met.reduced, 0))::bigint             as principal_open,
    -- § 2 rounding: a small Avskriv on a claim that something else has settled
    coalesce(met.written_off, 0) > 0 and coalesce(met.reduced, 0) > 0
        and met.reduced + met.written_off = invoices.amount
        and met.written_off < (rounding_write_off * 100)::bigint     as is_rounding
from invoices
cross join parameters
left join met using (entry_id)
where invoices.entry_id in (select entry_id from query_table(entry_ids)) and not invoices.is_gone;
