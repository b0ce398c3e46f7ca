-- 70_states.sql · rules §§ 2, 4, 6, 7, 8: where each case stands and what holds it

create or replace temp table case_standing as
with
joined as (
    select
        accounts.case_no, accounts.case_id, accounts.principal, accounts.counted_due_date, accounts.closed, accounts.closed_as,
        accounts.closed_on, accounts.deleted_in_ledger_on, accounts.legal_kind, accounts.released, accounts.account_holds,
        accounts.account_flags,
        money.credited, money.principal_open, money.unexplained, money.settled_on, money.written_off, money.recovered,
        money.costs_open, money.provisional, money.costs_settled_on, money.last_step, money.ladder_deadline,
        coalesce(money.reached, 0)                                       as reached,
        circumstances.* exclude (case_id, reopened_today),
        coalesce(circumstances.reopened_today, false)                    as reopened_today,
        coalesce(limitations.limitation_date, limit_day.next_business_day) as limitation_date
    from accounts
    join case_money as money on money.case_no = accounts.case_no
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
    case_no, case_id, counted_due_date, legal_kind, provisional, last_step, ladder_deadline, reached, reopened_today, limitation_date,
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
    case
        when closed_reason is not null                                   then []
        when account_holds = [] and credit_hold is null and unexplained = 0 and business_date <= limitation_date
             and principal_open >= minimum_claim
             and not (coalesce(is_ahead, false) or coalesce(is_refunded, false) or coalesce(is_reversed, false)) then []
        else account_holds || list_filter([
            case when principal_open > 0 then credit_hold end,
            case when principal_open > 0 and is_ahead then 'payment_dated_ahead' end,
            case when principal_open > 0 and is_refunded then 'refunded' end,
            case when principal_open > 0 and is_reversed then 'reversed_payment' end,
            case when business_date > limitation_date then 'time_barred' end,
            case when unexplained > 0 and not list_contains(released, 'settled_without_bank') then 'settled_without_bank' end,
            case when principal_open > 0 and principal_open < minimum_claim and not list_contains(released, 'below_minimum')
                 then 'below_minimum' end
        ], lambda hold: hold is not null)
    end                                                                  as holds,
    case
        when account_flags = [] and written_off = 0 and not recovered and not coalesce(is_reminded_twice, false)
             and (closed_reason is not null or limitation_date - business_date not between 0 and 180) then []
        else account_flags || list_filter([
            case when written_off > 0 then 'written_off' end,
            case when recovered then 'recovered_after_write_off' end,
            case when closed_reason is not null or business_date > limitation_date then null  -- § 8: the narrowest alone
                 when limitation_date - business_date <= 30  then 'limitation_30'
                 when limitation_date - business_date <= 90  then 'limitation_90'
                 when limitation_date - business_date <= 180 then 'limitation_180' end,
            case when is_reminded_twice then 'double_reminding' end
        ], lambda flag: flag is not null)
    end                                                                  as flags
from ended, parameters;
