-- 45_reductions.sql · rules §§ 2, 3, 5.1: what reduces the principal of each case, and from which day
--
-- Runs after allocation.py: with costs first it is the allocation, not the ledger, that says what a payment settled.

insert into allocations                       -- the plain payments: nothing but principal
select
    settlements.case_id, settlements.settlement_key, settlements.effective_on,
    0 as to_fee, 0 as to_interest, settlements.amount as to_principal, 0 as to_credit
from settlements
join accounts using (case_id)
where settlements.kind = 'payment' and settlements.case_id not in (select case_id from eventful);

create or replace temp table reductions as    -- integer øre
select
    accounts.case_no, settlements.kind, (settlements.amount * 100)::bigint as ore, settlements.effective_on,
    settlements.after_write_off,
    case when settlements.interest_from_due then accounts.interest_from
         else greatest(settlements.effective_on, accounts.interest_from) end as counts_on
from settlements
join accounts using (case_id)
where settlements.kind not in ('write_off', 'own_voucher')
  and (settlements.kind <> 'payment' or 'costs_first' not in (select allocation from allocation_orders))
union all
select
    accounts.case_no, 'payment', (allocations.to_principal * 100)::bigint, allocations.effective_on,
    exists (from settlements where settlements.case_id = allocations.case_id
            and settlements.settlement_key = allocations.settlement_key and settlements.after_write_off),
    greatest(allocations.effective_on, accounts.interest_from)
from allocations
join accounts using (case_id)
where 'costs_first' in (select allocation from allocation_orders) and allocations.to_principal > 0;

create or replace temp table case_principals as    -- § 2: what of each principal is left to claim
with
sums as (
    select
        case_no,
        sum(case when kind in ('credit_note', 'reversal') then ore end)                        as credited,
        sum(case when kind in ('payment', 'netting', 'currency_difference') then ore end)      as paid,
        sum(case when kind = 'rounding' then ore end)                                          as rounded,
        sum(case when kind = 'unexplained' then ore end)                                       as unexplained,
        max(case when kind <> 'unexplained' then effective_on end)                             as settled_on,
        bool_or(after_write_off)                                                               as recovered
    from reductions
    group by case_no
),
lost as (
    select case_id, sum(amount) as written_off
    from settlements
    where kind = 'write_off'
    group by case_id
)
select
    accounts.case_no, accounts.case_id,
    kroner(coalesce(credited, 0))                                        as credited,
    kroner(coalesce(paid, 0))                                            as paid,
    kroner(coalesce(rounded, 0))                                         as rounded,
    kroner(coalesce(unexplained, 0))                                     as unexplained,
    coalesce(written_off, 0)::decimal(18, 2)                             as written_off,
    kroner(case when accounts.deleted_in_ledger_on is not null then 0
                else greatest(0, accounts.principal_ore - coalesce(credited, 0) - coalesce(paid, 0) - coalesce(rounded, 0))
           end)                                                          as principal_open,
    settled_on,
    coalesce(recovered, false)                                           as recovered,
    accounts.closed or accounts.deleted_in_ledger_on is not null
        or coalesce(credited, 0) >= accounts.principal_ore               as costs_dropped   -- credited, and so are its costs
from accounts
left join sums using (case_no)
left join lost using (case_id);
