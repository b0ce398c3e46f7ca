-- 46_credit_holds.sql · rules § 2: claims that the customer's own unmatched credit would cover whole hold every step
--
-- How much of each claim it covers, and since when, is worked out in allocation.py (`credit_cover`).

insert into credit_holds
select
    accounts.case_id,
    case
        when pool.payments >= case_principals.principal_open             then 'unallocated_payment'
        when pool.others >= case_principals.principal_open               then 'covered_by_credit'
        when pool.payments + pool.others >= case_principals.principal_open then 'unallocated_payment'
    end                                                                  as hold
from credit_pools as pool
join accounts on coalesce(accounts.customer_id, '') = pool.customer_id
join case_principals using (case_id)
where case_principals.principal_open > 0 and not accounts.closed
  and not coalesce(accounts.credit_released_on >= pool.newest_on, false);
