-- 90_vouchers.sql · rules § 5.4: one voucher for every settlement that brought in costs; its reversal when that falls away

delete from planned_vouchers;
insert into planned_vouchers
select
    'voucher:' || parameters.tenant || ':' || allocations.case_id || ':' || allocations.settlement_key as voucher_key,
    allocations.case_id, allocations.settlement_key, accounts.customer_id,
    sum(to_fee) as fee, sum(to_interest) as interest, sum(to_fee) + sum(to_interest) as total,
    min(allocations.effective_on) as payment_date
from allocations
join accounts using (case_id)
join costs using (case_id)
join parameters on parameters.live
where to_fee + to_interest > 0 and allocations.effective_on >= connected_on and not costs.provisional
  and not exists (from journal_vouchers as vouchers
                  where vouchers.case_id = allocations.case_id and vouchers.settlement_key = allocations.settlement_key
                    and not coalesce(vouchers.reversed, false) and vouchers.state not in ('intended', 'cancelled', 'rejected'))
group by all;

delete from planned_reversals;
insert into planned_reversals                 -- § 2: the settlement under it was reversed or taken back
select
    vouchers.voucher_key || ':reversal' as reversal_key, vouchers.voucher_key, vouchers.case_id, vouchers.settlement_key,
    vouchers.voucher_id, vouchers.voucher_no, vouchers.total
from journal_vouchers as vouchers
join parameters on parameters.live
where vouchers.state in ('posted', 'confirmed') and not coalesce(vouchers.reversed, false)
  and not exists (from settlements where settlements.case_id = vouchers.case_id
                  and settlements.settlement_key = vouchers.settlement_key)
  and not exists (from surpluses where surpluses.settlement_key = vouchers.settlement_key);
