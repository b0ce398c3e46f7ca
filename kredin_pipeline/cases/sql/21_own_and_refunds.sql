-- 21_own_and_refunds.sql · rules §§ 2, 5.3: what takes a payment back before it can settle an invoice

-- pass `own`: a voucher of ours consumes the surplus of the payment that it rests on
create or replace temp table debit_side as
select match_id || ':' || own_settlement_key as share_key, entry_id, capacity, posted as sort_day, seq as sort_no
from members where is_debit and role = 'own_voucher' and own_settlement_key is not null;
create or replace temp table credit_side as
select match_id || ':' || entry_id as share_key, entry_id, capacity, posted as sort_day, seq as sort_no
from members where not is_debit and role = 'payment'
  and match_id in (select match_id from members where is_debit and role = 'own_voucher');
insert into shares select *, 'own' from shared_out('debit_side', 'credit_side');

-- pass `refund`: money paid out again, and what else of ours is there, takes back the newest payments first
create or replace temp table debit_side as
select match_id as share_key, entry_id, capacity, posted as sort_day, seq as sort_no
from remaining() where is_debit and role in ('refund', 'own_voucher');
create or replace temp table credit_side as
select match_id as share_key, entry_id, capacity, -posted as sort_day, -seq as sort_no
from remaining() where not is_debit and role = 'payment' and match_id in (select share_key from debit_side);
insert into shares select *, 'refund' from shared_out('debit_side', 'credit_side');
