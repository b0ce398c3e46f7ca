-- 23_matched.sql · rules § 2: what is left of the matched amounts, laid end to end

-- pass `matched`: the rest by the ledger's own balances, oldest due first
create or replace temp table debit_side as
select match_id as share_key, entry_id, capacity, due as sort_day, seq as sort_no from remaining() where is_debit;
create or replace temp table credit_side as
select match_id as share_key, entry_id, capacity, posted as sort_day, seq as sort_no from remaining() where not is_debit;
insert into shares select *, 'matched' from shared_out('debit_side', 'credit_side');
