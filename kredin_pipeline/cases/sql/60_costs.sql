-- 60_costs.sql · rules §§ 4.2, 5, 6: fees, compensation and interest of each case, what of them is paid, waived and open

create or replace temp table case_money as
with
accrued as (          -- § 3: summed exactly, rounded half up once
    select case_no, bool_or(provisional) as provisional,
        ((((2 * sum(numerator) + 1335900000) // 2671800000)::decimal(16, 0)) * 0.01)::decimal(18, 2) as interest
    from principal_spans
    group by case_no
),
sums as (
    select
        case_principals.*,
        ladders.* exclude (case_id, fees),
        coalesce(ladders.fees, 0)::decimal(18, 2)                        as fees,
        coalesce(compensations.amount, 0)::decimal(18, 2)                as compensation,
        coalesce(accrued.interest, 0)::decimal(18, 2)                    as interest,
        coalesce(cost_events.fee_paid, 0)::decimal(18, 2)                as fee_paid,
        coalesce(cost_events.interest_paid, 0)::decimal(18, 2)           as interest_paid,
        coalesce(cost_events.costs_waived, 0)::decimal(18, 2)            as costs_waived,
        coalesce(cost_events.interest_waived, 0)::decimal(18, 2)         as interest_waived,
        cost_events.last_on                                              as costs_settled_on,
        coalesce(accrued.provisional, false)
            or coalesce(compensations.missing, false)                    as provisional
    from case_principals
    left join accrued on accrued.case_no = case_principals.case_no
    left join ladders on ladders.case_id = case_principals.case_id
    left join cost_events on cost_events.case_id = case_principals.case_id
    left join compensations on compensations.case_id = case_principals.case_id
)
select
    *,
    case when costs_dropped then 0                       -- § 4.2: the larger of fees and compensation
         else greatest(0, greatest(fees, compensation) + interest - fee_paid - interest_paid - costs_waived)
    end::decimal(18, 2)                                                  as costs_open
from sums;

insert into costs
select
    case_id, fees, compensation, interest, fee_paid + interest_paid, fee_paid, interest_paid, costs_waived, interest_waived,
    costs_open, provisional
from case_money;
