-- 21_recoveries.sql · rules § 2: money that the ledger keeps open although a claim is there for it
--
-- A write-off takes the whole balance of an invoice in the ledger, so what is paid afterwards finds nothing there to be
-- matched with. It settles our principal all the same. Integer øre.

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

create or replace temp table open_credits as  -- credits with something unmatched, which could meet a claim
select entry_id, customer_id, match_id, role, kid, invoice_no, custom_matching_reference, unmatched,
    date_diff('day', date '1970-01-01', posting_date)::bigint as posted, coalesce(seq, 0) as seq
from loose
where amount < 0 and unmatched > 0 and role not in ('write_off', 'reversal')
  and not dated_ahead and not is_cancelled;

-- pass `group`: what stands open on both sides of one match group, oldest due first
create or replace temp table asked as
select entry_id from invoices where match_id in (select match_id from open_credits where match_id is not null);
create or replace temp table debit_side as
select match_id as share_key, entry_id, principal_open as capacity, due as sort_day, seq as sort_no
from standing('asked') where principal_open > 0 and not is_rounding;
create or replace temp table credit_side as
select match_id as share_key, entry_id, unmatched as capacity, posted as sort_day, seq as sort_no
from open_credits where match_id is not null;
insert into shares select *, 'group' from shared_out('debit_side', 'credit_side');

create or replace temp macro open_payments() as table
select open_credits.* replace ((unmatched - coalesce(used.amount, 0))::bigint as unmatched)
from open_credits
left join (select credit_id as entry_id, sum(amount) as amount from shares where stage in ('group', 'recovery') group by all)
    as used using (entry_id)
where role = 'payment' and unmatched > coalesce(used.amount, 0);

-- pass `recovery`: a payment after a write-off, known by its KID, or else by the invoice number that it carries (WE-72).
-- A KID that an invoice still open in the ledger shares says nothing.
create or replace temp table asked as
select debit_id as entry_id
from shares join loose on loose.entry_id = shares.credit_id
where loose.role = 'write_off';
create or replace temp table debit_side as
select customer_id || ':' || kid as share_key, entry_id, principal_open as capacity, due as sort_day, seq as sort_no
from standing('asked') as claim
where principal_open > 0 and not is_rounding and kid is not null
  and not exists (
      from invoices as other
      where other.customer_id = claim.customer_id and other.kid = claim.kid and other.unmatched > 0 and not other.is_gone);
create or replace temp table credit_side as
select customer_id || ':' || kid as share_key, entry_id, unmatched as capacity, posted as sort_day, seq as sort_no
from open_payments() where kid is not null;
insert into shares select *, 'recovery' from shared_out('debit_side', 'credit_side');

create or replace temp table debit_side as
select customer_id || ':' || invoice_no as share_key, entry_id, principal_open as capacity, due as sort_day, seq as sort_no
from standing('asked')
where principal_open > 0 and not is_rounding and invoice_no is not null;
create or replace temp table credit_side as
select customer_id || ':' || coalesce(invoice_no, custom_matching_reference) as share_key, entry_id, unmatched as capacity,
    posted as sort_day, seq as sort_no
from open_payments() where coalesce(invoice_no, custom_matching_reference) is not null;
insert into shares select *, 'recovery' from shared_out('debit_side', 'credit_side');
