-- 70_states.sql · rules §§ 2, 4, 6, 7, 8: where each case stands and what holds it

create or replace temp table case_standing as
with
joined as (
    select
        accounts.case_id, customer_id, principal, accounts.counted_due_date, paused, disputed, excluded, closed, closed_as,
        closed_on, deleted_in_ledger_on, legal_kind, released, released_all, register_hold, unknown_register, register_stale,
        debtor_changed, ledger_conflict,
        credited, paid, rounded, unexplained, written_off, principal_open, settled_on, recovered,
        fees, costs.compensation, costs.interest, costs_paid, interest_paid, costs_waived, interest_waived, costs_open, provisional,
        last_step, last_step_on, deadline, ladder_deadline, reminders_sent, coalesce(reached, 0) as reached,
        waived.last_on                                                   as costs_settled_on,
        greatest(0, principal_open - coalesce(covered, 0))::decimal(18, 2) as principal_asked,
        credit_hold, is_ahead, is_reversed, is_refunded, is_reminded_twice,
        coalesce(reopened_today, false)                                  as reopened_today,
        coalesce(limitations.limitation_date, limit_day.next_business_day) as limitation_date,
        business_date, minimum_claim, grace_days
    from accounts
    join case_principals on case_principals.case_id = accounts.case_id
    join costs on costs.case_id = accounts.case_id
    cross join parameters
    left join ladders on ladders.case_id = accounts.case_id
    left join circumstances on circumstances.case_id = accounts.case_id
    left join waived on waived.case_id = accounts.case_id
    left join limitations on limitations.case_id = accounts.case_id
    left join calendar as limit_day on limit_day.day = (accounts.original_due_date + interval 3 year)::date
),
ended as (
    select
        * exclude (closed_on, closed_as),
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
    * exclude (ended_on),
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
    case when closed_reason is not null then [] else list_filter([
        case when paused then 'paused' end,
        case when disputed then 'disputed' end,
        case when excluded then 'excluded' end,
        case when principal_open > 0 then credit_hold end,
        case when principal_open > 0 and is_ahead then 'payment_dated_ahead' end,
        case when principal_open > 0 and is_refunded then 'refunded' end,
        case when principal_open > 0 and is_reversed then 'reversed_payment' end,
        case when register_hold = 'bankruptcy' then register_hold end,
        case when business_date > limitation_date then 'time_barred' end
    ], lambda hold: hold is not null) || list_filter([                   -- § 7: a released hold does not come back by itself
        case when unexplained > 0 then 'settled_without_bank' end,
        case when ledger_conflict then 'ledger_conflict' end,
        case when unknown_register then 'unknown_register' end,
        nullif(register_hold, 'bankruptcy'),
        case when principal_open > 0 and principal_open < minimum_claim then 'below_minimum' end
    ], lambda hold: hold is not null and not released_all and not list_contains(released, hold)) end as holds
from ended;
