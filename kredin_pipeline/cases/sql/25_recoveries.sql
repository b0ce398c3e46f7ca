-- 25_recoveries.sql · rules § 2: money that the ledger keeps open although a claim is there for it
--
-- A write-off takes the whole balance of an invoice in the ledger, so what is paid afterwards finds nothing there to be
-- matched with. It settles our principal all the same. Integer øre.

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
