-- 70_states.sql · rules §§ 2, 4, 6, 7, 8: where each case stands, what holds it, and which step comes next

create or replace temp table ladders as       -- § 4.1: the steps that were really sent since the due date that counts
select
    case_id,
    arg_max(step, (sent_on, rank))                                       as last_step,
    max(sent_on)                                                         as last_step_on,
    arg_max(deadline, (sent_on, rank))                                   as deadline,
    coalesce(max(rank) filter (where rank > 1), 0)                       as reached,
    arg_max(deadline, (sent_on, rank)) filter (where rank > 1)           as ladder_deadline,
    count(*) filter (where rank > 1)                                     as reminders_sent
from case_letters
where counts
group by case_id;

create or replace temp table case_standing as      -- one row per case, with everything that decides its state and next step
with
covered as (
    select case_id, sum(amount) as amount, any_value(hold) as hold from credit_cover group by case_id
),
ahead as (            -- § 2: a payment dated ahead holds its claim, or every claim of the customer if it names none
    select accounts.case_id
    from accounts
    join customer_credits as credits on credits.dated_ahead
        and (credits.dated_ahead_case_id = accounts.case_id
             or credits.dated_ahead_case_id is null and credits.customer_id = accounts.customer_id)
    where not coalesce(accounts.credit_released_on >= credits.effective_on, false)
    group by accounts.case_id
),
reopened as (         -- § 2: no step on the day; longer if the money was paid out or a voucher of ours rested on it
    select
        reopenings.case_id,
        bool_or(reopenings.reason <> 'refunded' and (
            reopenings.on_date = business_date
            or vouchers.voucher_key is not null and coalesce(accounts.answered_on < reopenings.on_date, true)))
                                                                         as reversed_payment,
        bool_or(reopenings.reason = 'refunded' and reopenings.was_settled
            and coalesce(accounts.answered_on < reopenings.on_date, true)) as refunded,
        bool_or(reopenings.on_date = business_date)                      as today
    from reopenings
    join accounts using (case_id)
    cross join parameters
    left join journal_vouchers as vouchers
        on vouchers.case_id = reopenings.case_id and vouchers.settlement_key = reopenings.settlement_key
        and vouchers.state in ('sending', 'posted', 'confirmed', 'outcome_unknown', 'conflict')
        and not exists (from settlements where settlements.case_id = reopenings.case_id
                        and settlements.settlement_key = reopenings.settlement_key)
    where reopenings.on_date <= business_date
    group by reopenings.case_id
),
kept_out as (         -- § 7: an exclusion is the customer's, whichever case it was decided on
    select customer_id, arg_max(kind = 'exclude', seq) as excluded
    from (
        select accounts.customer_id, said.kind, said.seq
        from journal_decisions as said, parameters
        join accounts on accounts.case_id = said.case_id
            or said.case_id is null and accounts.customer_no = said.customer_no
        where said.kind in ('exclude', 'include') and said.effective_on <= business_date
    )
    group by customer_id
),
own_reminders as (    -- § 1.1
    select distinct customer_no from unclaimable where reason = 'ledger_reminder'
),
joined as (
    select
        accounts.*,
        case_principals.* exclude (case_id),
        costs.* exclude (case_id),
        ladders.* exclude (case_id, reached),
        coalesce(ladders.reached, 0)                                     as reached,
        coalesce(covered.amount, 0)::decimal(18, 2)                      as covered,
        coalesce(limitations.limitation_date, limit_day.next_business_day) as limitation_date,
        business_date, parameters.tenant, parameters.minimum_claim, parameters.grace_days,
        greatest(0, case_principals.principal_open - coalesce(covered.amount, 0))::decimal(18, 2) as principal_asked,
        case_principals.credited >= accounts.principal                        as is_credited,
        covered.hold                                                     as credit_hold,
        ahead.case_id is not null                                        as is_ahead,
        coalesce(reopened.reversed_payment, false)                       as is_reversed,
        coalesce(reopened.refunded, false)                               as is_refunded,
        coalesce(reopened.today, false)                                  as reopened_today,
        accounts.excluded or coalesce(kept_out.excluded, false)          as is_excluded,
        own_reminders.customer_no is not null                            as is_reminded_twice
    from accounts
    join case_principals using (case_id)
    join costs using (case_id)
    cross join parameters
    left join ladders using (case_id)
    left join covered using (case_id)
    left join ahead using (case_id)
    left join reopened using (case_id)
    left join kept_out using (customer_id)
    left join own_reminders using (customer_no)
    left join limitations using (case_id)
    left join calendar as limit_day on limit_day.day = (accounts.original_due_date + interval 3 year)::date
)
select
    * exclude (closed, closed_reason, closed_on, excluded, released),
    case                                                 -- § 2: closed by a person stays closed, whatever the ledger does
        when closed then case when closed_reason in ('withdrawn', 'debtor_insolvent', 'time_barred', 'paid', 'credited')
                              then closed_reason else 'withdrawn' end
        when deleted_in_ledger_on is not null then 'deleted_in_ledger'
        when is_credited then 'credited'
        when principal_open = 0 and costs_open = 0 then 'paid'
    end                                                                  as closed_reason,
    case
        when closed then closed_on
        when deleted_in_ledger_on is not null then deleted_in_ledger_on
        when is_credited then settled_on
        when principal_open = 0 and costs_open = 0 then greatest(settled_on, costs_settled_on)
    end                                                                  as closed_on,
    case
        when closed_on is not null and closed or deleted_in_ledger_on is not null or is_credited
             or principal_open = 0 and costs_open = 0                    then 'closed'
        when principal_open = 0                                          then 'costs_open'
        when legal_kind is not null                                      then 'legal'
        when reached >= 4 and business_date > ladder_deadline + grace_days then 'legal_ready'
        when reached >= 4                                                then 'demanded'
        when reached = 3                                                 then 'noticed'
        when reached = 2                                                 then 'reminded'
        else 'overdue'
    end                                                                  as state,
    list_filter([                                        -- a released hold does not come back by itself
        case when paused then 'paused' end,
        case when disputed then 'disputed' end,
        case when is_excluded then 'excluded' end,
        case when principal_open > 0 and credit_hold is not null then credit_hold end,
        case when principal_open > 0 and is_ahead then 'payment_dated_ahead' end,
        case when unexplained > 0 then 'settled_without_bank' end,
        case when principal_open > 0 and is_refunded then 'refunded' end,
        case when principal_open > 0 and is_reversed then 'reversed_payment' end,
        case when ledger_conflict then 'ledger_conflict' end,
        case when unknown_register then 'unknown_register' end,
        register_hold,
        case when principal_open > 0 and principal_open < minimum_claim then 'below_minimum' end,
        case when business_date > limitation_date then 'time_barred' end
    ], lambda hold: hold is not null and (hold in ('paused', 'disputed', 'refunded', 'reversed_payment', 'bankruptcy',
            'time_barred', 'excluded', 'unallocated_payment', 'covered_by_credit', 'payment_dated_ahead')
        or not (released_all or list_contains(released, hold))))         as all_holds,
    list_filter([
        case when written_off > 0 then 'written_off' end,
        case when recovered then 'recovered_after_write_off' end,
        case when register_stale then 'register_stale' end,
        case when debtor_changed then 'debtor_changed' end,
        case when limitation_date - business_date between 0 and 30 then 'limitation_30'
             when limitation_date - business_date between 31 and 90 then 'limitation_90'
             when limitation_date - business_date between 91 and 180 then 'limitation_180' end,
        case when is_reminded_twice then 'double_reminding' end
    ], lambda flag: flag is not null)                                    as all_flags
from joined
left join (
    select case_id, max(effective_on) as costs_settled_on
    from (
        select case_id, effective_on from allocations where to_fee + to_interest > 0
        union all select case_id, last_on from waived
    )
    group by case_id
) using (case_id);
