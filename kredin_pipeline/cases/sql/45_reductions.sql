-- 45_reductions.sql · rules §§ 2, 3, 5.1: what reduces the principal of each case, and from which day
--
-- Runs after allocation.py: with costs first it is the allocation, not the ledger, that says what a payment settled.

insert into allocations                       -- the plain payments: nothing but principal
select
    settlements.case_id, settlements.settlement_key, settlements.effective_on,
    0 as to_fee, 0 as to_interest, sum(settlements.amount) as to_principal, 0 as to_credit
from settlements
join accounts using (case_id)
where settlements.kind = 'payment' and settlements.case_id not in (select case_id from eventful)
group by settlements.case_id, settlements.settlement_key, settlements.effective_on;

create or replace temp table reductions as
select
    settlements.case_id, settlements.kind, settlements.amount, settlements.effective_on, settlements.after_write_off,
    case when settlements.interest_from_due then accounts.interest_from
         else greatest(settlements.effective_on, accounts.interest_from) end as counts_on
from settlements
join accounts using (case_id)
cross join parameters
where settlements.kind not in ('write_off', 'own_voucher')
  and (settlements.kind <> 'payment' or allocation = 'principal_first')
union all
select
    allocations.case_id, 'payment', allocations.to_principal, allocations.effective_on,
    exists (from settlements where settlements.case_id = allocations.case_id
            and settlements.settlement_key = allocations.settlement_key and settlements.after_write_off),
    greatest(allocations.effective_on, accounts.interest_from)
from allocations
join accounts using (case_id)
cross join parameters
where allocation = 'costs_first' and allocations.to_principal > 0;

create or replace temp table case_principals as    -- § 2: what of each principal is left to claim
with
sums as (
    select
        case_id,
        coalesce(sum(amount) filter (where kind in ('credit_note', 'reversal')), 0)                       as credited,
        coalesce(sum(amount) filter (where kind in ('payment', 'netting', 'currency_difference')), 0)     as paid,
        coalesce(sum(amount) filter (where kind = 'rounding'), 0)                                         as rounded,
        coalesce(sum(amount) filter (where kind = 'unexplained'), 0)                                      as unexplained,
        max(effective_on) filter (where kind <> 'unexplained')                                            as settled_on,
        coalesce(bool_or(after_write_off), false)                                                         as recovered
    from reductions
    group by case_id
),
lost as (
    select case_id, sum(amount) as written_off
    from settlements
    where kind = 'write_off'
    group by case_id
)
select
    accounts.case_id,
    coalesce(credited, 0)::decimal(18, 2)                                as credited,
    coalesce(paid, 0)::decimal(18, 2)                                    as paid,
    coalesce(rounded, 0)::decimal(18, 2)                                 as rounded,
    coalesce(unexplained, 0)::decimal(18, 2)                             as unexplained,
    coalesce(written_off, 0)::decimal(18, 2)                             as written_off,
    case when accounts.deleted_in_ledger_on is not null then 0
         else greatest(0, accounts.principal - coalesce(credited, 0) - coalesce(paid, 0) - coalesce(rounded, 0))
    end::decimal(18, 2)                                                  as principal_open,
    settled_on,
    coalesce(recovered, false)                                           as recovered
from accounts
left join sums using (case_id)
left join lost using (case_id);

create or replace temp table credit_cover as  -- § 2: the customer's own unmatched credit, oldest claim and oldest credit first
with
unbooked as (         -- costs that the surplus has covered and no voucher has taken yet
    select allocations.settlement_key, sum(to_fee + to_interest) as amount
    from allocations
    left join journal_vouchers as vouchers
        on vouchers.case_id = allocations.case_id and vouchers.settlement_key = allocations.settlement_key
        and vouchers.state in ('posted', 'confirmed') and not coalesce(vouchers.reversed, false)
    where vouchers.voucher_key is null and to_fee + to_interest > 0
    group by allocations.settlement_key
),
credits as (
    select credits.customer_id, credits.entry_id, credits.kind, credits.effective_on,
        credits.amount - case when credits.surplus_case_id is null then 0 else coalesce(unbooked.amount, 0) end as amount
    from customer_credits as credits
    left join unbooked on unbooked.settlement_key = credits.entry_id
    where not credits.dated_ahead
),
pool as (
    select *, sum(amount) over (partition by customer_id order by effective_on, entry_id) - amount as begins
    from credits
    where amount > 0
),
claimed as (
    select accounts.case_id, accounts.customer_id, case_principals.principal_open as amount,
        sum(case_principals.principal_open) over (partition by accounts.customer_id
            order by accounts.due_date, accounts.invoice_no, accounts.case_id) - case_principals.principal_open as begins
    from accounts
    join case_principals using (case_id)
    where case_principals.principal_open > 0 and not accounts.closed
      and accounts.customer_id in (select customer_id from pool)
),
totals as (
    select customer_id,
        sum(amount)                                        as total,
        coalesce(sum(amount) filter (where kind = 'payment'), 0) as payments,
        coalesce(sum(amount) filter (where kind <> 'payment'), 0) as others,
        max(effective_on)                                  as newest_on
    from pool
    group by customer_id
)
select
    claimed.case_id, pool.effective_on,
    greatest(0, least(claimed.begins + claimed.amount, pool.begins + pool.amount) - greatest(claimed.begins, pool.begins))
        ::decimal(18, 2)                                                 as amount,
    case
        when totals.payments >= claimed.amount then 'unallocated_payment'
        when totals.others >= claimed.amount then 'covered_by_credit'
        when totals.total >= claimed.amount then 'unallocated_payment'
    end                                                                  as hold
from claimed
join accounts using (case_id)
join totals on totals.customer_id = claimed.customer_id
join pool on pool.customer_id = claimed.customer_id
where not coalesce(accounts.credit_released_on >= totals.newest_on, false);
