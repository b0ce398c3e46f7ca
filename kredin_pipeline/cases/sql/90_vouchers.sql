-- 90_vouchers.sql · rules § 5.4: one voucher for every settlement that brought in costs

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
