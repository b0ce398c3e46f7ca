-- 70_states.sql · rules §§ 2, 4, 6, 7, 8: where each case stands and what holds it

create or replace temp table case_standing as
with
joined as (
    select
        accounts.case_id, accounts.principal, accounts.counted_due_date, accounts.closed, accounts.closed_as,
        accounts.closed_on, accounts.deleted_in_ledger_on, accounts.legal_kind, accounts.released, accounts.account_holds,
        case_principals.credited, case_principals.principal_open, case_principals.unexplained, case_principals.settled_on,
        costs.costs_open, costs.provisional, cost_events.last_on         as costs_settled_on,
        ladders.last_step, ladders.ladder_deadline, coalesce(ladders.reached, 0) as reached,
        circumstances.covered, circumstances.credit_hold, circumstances.is_ahead, circumstances.is_reversed,
        circumstances.is_refunded, coalesce(circumstances.reopened_today, false) as reopened_today,
        coalesce(limitations.limitation_date, limit_day.next_business_day) as limitation_date
    from accounts
    join case_principals on case_principals.case_id = accounts.case_id
    join costs on costs.case_id = accounts.case_id
    left join ladders on ladders.case_id = accounts.case_id
    left join cost_events on cost_events.case_id = accounts.case_id
    left join circumstances on circumstances.case_id = accounts.case_id
    left join limitations on limitations.case_id = accounts.case_id
    left join calendar as limit_day on limit_day.day = (accounts.original_due_date + interval 3 year)::date
),
ended as (
    select
        *,
        case                                             -- § 2: closed by a person stays closed, whatever the ledger does
            when closed                                  then closed_as
            when deleted_in_ledger_on is not null        then 'deleted_in_ledger'
            when credited >= principal                   then 'credited'
            when principal_open = 0 and costs_open = 0   then 'paid'
        end                                              as closed_reason,
        case
            when closed                                  then closed_on
            when deleted_in_ledger_on is not null        then deleted_in_ledger_on
            when credited >= principal                   then settled_on
            else greatest(settled_on, costs_settled_on)
        end                                              as ended_on
    from joined
)
select
    case_id, counted_due_date, provisional, last_step, ladder_deadline, reached, reopened_today, limitation_date,
    greatest(0, principal_open - coalesce(covered, 0))::decimal(18, 2)   as principal_asked,
    closed_reason,
    case when closed_reason is not null then ended_on end                as closed_on,
    case
        when closed_reason is not null                                   then 'closed'
        when principal_open = 0                                          then 'costs_open'
        when legal_kind is not null                                      then 'legal'
        when reached >= 4 and business_date > ladder_deadline + grace_days then 'legal_ready'
        when reached >= 4                                                then 'demanded'
        when reached = 3                                                 then 'noticed'
        when reached = 2                                                 then 'reminded'
        else 'overdue'
    end                                                                  as state,
    case when closed_reason is not null then [] else account_holds || list_filter([
        case when principal_open > 0 then credit_hold end,
        case when principal_open > 0 and is_ahead then 'payment_dated_ahead' end,
        case when principal_open > 0 and is_refunded then 'refunded' end,
        case when principal_open > 0 and is_reversed then 'reversed_payment' end,
        case when business_date > limitation_date then 'time_barred' end,
        case when unexplained > 0 and not list_contains(released, 'settled_without_bank') then 'settled_without_bank' end,
        case when principal_open > 0 and principal_open < minimum_claim and not list_contains(released, 'below_minimum')
             then 'below_minimum' end
    ], lambda hold: hold is not null) end                                as holds
from ended, parameters;
