-- 24_open_in_group.sql · rules § 2: what the ledger keeps open on both sides of one match group

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
