-- 46_credit_cover.sql · rules § 2: the customer's own unmatched credit, laid on the oldest claim first

insert into credit_cover by name
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
    claimed.case_id, greatest(pool.effective_on, accounts.interest_from) as counts_on,
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
