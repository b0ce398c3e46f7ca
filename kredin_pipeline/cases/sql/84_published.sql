-- 84_published.sql · rules §§ 4, 8: the published row of each case, and the steps that go today

insert into case_states
select
    parameters.tenant, parameters.business_date, claims.case_id, claims.invoice_no, claims.kid, claims.customer_no,
    claims.customer_name, claims.orgnr, claims.debtor_kind, claims.due_date, claims.currency, claims.principal, credited, paid,
    written_off + rounded                                                as written_off,
    principal_open, case_standing.interest, fees, case_standing.compensation, costs_paid, costs_waived, costs_open,
    principal_open + costs_open                                          as total_open,
    state, closed_reason, closed_on, holds,
    list_filter([
        case when written_off > 0 then 'written_off' end,
        case when recovered then 'recovered_after_write_off' end,
        case when register_stale then 'register_stale' end,
        case when case_standing.debtor_changed then 'debtor_changed' end,
        case when state = 'closed' or parameters.business_date > limitation_date then null    -- § 8: the narrowest alone
             when limitation_date - parameters.business_date <= 30  then 'limitation_30'
             when limitation_date - parameters.business_date <= 90  then 'limitation_90'
             when limitation_date - parameters.business_date <= 180 then 'limitation_180' end,
        case when is_reminded_twice then 'double_reminding' end
    ], lambda flag: flag is not null)                                    as flags,
    last_step, last_step_on, deadline,
    case when parameters.business_date <= limitation_date then next_steps.step end       as next_step,
    case when parameters.business_date <= limitation_date then next_steps.planned_on end as next_step_on,
    limitation_date,
    case                                                                 -- § 8: when the loss may be deducted
        when state = 'closed' then case when closed_reason = 'debtor_insolvent' then 'insolvency' end
        when principal_open = 0 then null
        when legal_kind in ('enforcement_in_vain', 'nothing_to_seize') then 'enforcement_in_vain'
        when reminders_sent >= 3 and parameters.business_date >= claims.due_date + interval 6 month
            then 'six_months_three_reminders'
    end                                                                  as loss_ground,
    claims.ledger_balance, provisional
from case_standing
join claims on claims.case_id = case_standing.case_id
cross join parameters
left join next_steps on next_steps.case_id = case_standing.case_id;

create or replace temp table due_steps as     -- § 4: the steps that go today; steps.py groups them and sets the fees
select
    case_standing.case_id, accounts.customer_id, next_steps.lead_case_id, next_steps.position, next_steps.step,
    case when step_settings.channel = 'email' and accounts.email is null then 'post' else step_settings.channel end as channel,
    step_settings.deadline_days,
    case when step_settings.fee_is_maximum then null else coalesce(step_settings.fee, 0) end::decimal(18, 2) as fee_setting,
    accounts.due_date, accounts.counted_due_date, coalesce(accounts.invoice_no, '') as invoice_no,
    case when accounts.restarted_on is null then '' else accounts.due_date::varchar end as round,
    case_standing.principal, case_standing.principal_asked, case_standing.fees, case_standing.compensation,
    case_standing.interest,
    case_standing.interest - case_standing.interest_paid - case_standing.interest_waived as interest_open,
    case_standing.costs_paid + case_standing.costs_waived                as costs_settled,
    accounts.no_fees, accounts.is_minor,
    case when accounts.disputed then 'open' when accounts.upheld_on is not null then 'upheld'
         when accounts.dispute_settled_on is not null then 'refused' else 'none' end as dispute
from next_steps
join parameters on parameters.live and next_steps.may_go and next_steps.planned_on <= parameters.business_date
join case_standing on case_standing.case_id = next_steps.case_id
join accounts on accounts.case_id = next_steps.case_id
join step_settings on step_settings.step = next_steps.step
left join calendar as today on today.day = parameters.business_date
where (today.is_business_day or not parameters.send_on_business_days)
  and not case_standing.provisional and not case_standing.reopened_today and case_standing.principal_asked > 0
  and list_filter(case_standing.holds, lambda hold: hold <> 'unknown_register') = [];
