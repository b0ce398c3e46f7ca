-- 60_costs.sql · rules §§ 4.2, 5, 6: fees, compensation and interest of each case, what of them is paid, waived and open

insert into costs
with
charged as (
    select case_id, sum(fee) as fees from case_letters where fee_stands group by case_id
),
accrued as (          -- § 3: summed exactly, rounded half up once
    select case_id, bool_or(provisional) as provisional,
        ((((2 * sum(numerator) + 1335900000) // 2671800000)::decimal(16, 0)) * 0.01)::decimal(18, 2) as interest
    from principal_spans
    group by case_id
),
taken as (
    select case_id, sum(to_fee) as fee_paid, sum(to_interest) as interest_paid from allocations group by case_id
),
sums as (
    select
        accounts.case_id,
        coalesce(charged.fees, 0)::decimal(18, 2)                        as fees,
        coalesce(compensations.amount, 0)::decimal(18, 2)                as compensation,
        coalesce(accrued.interest, 0)::decimal(18, 2)                    as interest,
        coalesce(taken.fee_paid, 0)::decimal(18, 2)                      as fee_paid,
        coalesce(taken.interest_paid, 0)::decimal(18, 2)                 as interest_paid,
        coalesce(waived.costs, 0)::decimal(18, 2)                        as costs_waived,
        coalesce(waived.interest, 0)::decimal(18, 2)                     as interest_waived,
        accounts.closed or accounts.deleted_in_ledger_on is not null
            or case_principals.credited >= accounts.principal                 as dropped,   -- § 2: credited, so are its costs
        coalesce(accrued.provisional, false)
            or coalesce(compensations.missing, false)                    as provisional
    from accounts
    join case_principals using (case_id)
    left join charged using (case_id)
    left join accrued using (case_id)
    left join taken using (case_id)
    left join waived using (case_id)
    left join compensations using (case_id)
)
select
    case_id, fees, compensation, interest,
    fee_paid + interest_paid                                             as costs_paid,
    fee_paid, interest_paid, costs_waived, interest_waived,
    case when dropped then 0                             -- § 4.2: the larger of fees and compensation
         else greatest(0, greatest(fees, compensation) + interest - fee_paid - interest_paid - costs_waived)
    end                                                                  as costs_open,
    provisional
from sums;
