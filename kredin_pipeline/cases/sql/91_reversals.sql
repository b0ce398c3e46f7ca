-- 91_reversals.sql · rules § 2: a voucher of ours whose settlement was reversed or taken back is reversed, once

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
