-- 65_circumstances.sql · rules § 2: what else holds a case or marks it: credits, payments ahead, re-openings, own reminders

insert into circumstances by name
with
covered as (
    select case_id, sum(amount) as amount from credit_cover group by case_id
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
)
select
    accounts.case_id,
    coalesce(covered.amount, 0)::decimal(18, 2)          as covered,
    credit_holds.hold                                    as credit_hold,
    ahead.case_id is not null                            as is_ahead,
    coalesce(reopened.reversed_payment, false)           as is_reversed,
    coalesce(reopened.refunded, false)                   as is_refunded,
    coalesce(reopened.today, false)                      as reopened_today,
    accounts.customer_no in (select customer_no from unclaimable where reason = 'ledger_reminder') as is_reminded_twice
from accounts
left join covered using (case_id)
left join credit_holds using (case_id)
left join ahead using (case_id)
left join reopened using (case_id)
where covered.case_id is not null or credit_holds.hold is not null or ahead.case_id is not null or reopened.case_id is not null
   or accounts.customer_no in (select customer_no from unclaimable where reason = 'ledger_reminder');
