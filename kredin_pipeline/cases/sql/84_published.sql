-- 84_published.sql · rules §§ 4, 8: the published row of each case, and the steps that go today

insert into case_states
select
    parameters.tenant, parameters.business_date, claims.case_id, claims.invoice_no, claims.kid, claims.customer_no,
    claims.customer_name, claims.orgnr, claims.debtor_kind, claims.due_date, claims.currency, claims.principal,
    case_principals.credited, case_principals.paid,
    case_principals.written_off + case_principals.rounded                as written_off,
    case_principals.principal_open,
    costs.interest, costs.fees, costs.compensation, costs.costs_paid, costs.costs_waived, costs.costs_open,
    case_principals.principal_open + costs.costs_open                    as total_open,
    case_standing.state, case_standing.closed_reason, case_standing.closed_on, case_standing.holds,
    accounts.account_flags || list_filter([
        case when case_principals.written_off > 0 then 'written_off' end,
        case when case_principals.recovered then 'recovered_after_write_off' end,
        case when state = 'closed' or parameters.business_date > limitation_date then null    -- § 8: the narrowest alone
             when limitation_date - parameters.business_date <= 30  then 'limitation_30'
             when limitation_date - parameters.business_date <= 90  then 'limitation_90'
             when limitation_date - parameters.business_date <= 180 then 'limitation_180' end,
        case when circumstances.is_reminded_twice then 'double_reminding' end
    ], lambda flag: flag is not null)                                    as flags,
    ladders.last_step, ladders.last_step_on, ladders.deadline,
    case when parameters.business_date <= limitation_date then next_steps.step end       as next_step,
    case when parameters.business_date <= limitation_date then next_steps.planned_on end as next_step_on,
    limitation_date,
    case                                                                 -- § 8: when the loss may be deducted
        when state = 'closed' then case when case_standing.closed_reason = 'debtor_insolvent' then 'insolvency' end
        when case_principals.principal_open = 0 then null
        when accounts.legal_kind in ('enforcement_in_vain', 'nothing_to_seize') then 'enforcement_in_vain'
        when ladders.reminders_sent >= 3 and parameters.business_date >= claims.due_date + interval 6 month
            then 'six_months_three_reminders'
    end                                                                  as loss_ground,
    claims.ledger_balance, case_standing.provisional
from case_standing
join accounts on accounts.case_id = case_standing.case_id
join case_principals on case_principals.case_id = case_standing.case_id
join costs on costs.case_id = case_standing.case_id
join claims on claims.case_id = case_standing.case_id
cross join parameters
left join ladders on ladders.case_id = case_standing.case_id
left join circumstances on circumstances.case_id = case_standing.case_id
left join next_steps on next_steps.case_id = case_standing.case_id;

create or replace temp table due_steps as     -- § 4: the steps that go today; steps.py groups them and sets the fees
select
    case_standing.case_id, accounts.customer_id, next_steps.lead_case_id, next_steps.position, next_steps.step,
    case when step_settings.channel = 'email' and accounts.email is null then 'post' else step_settings.channel end as channel,
    step_settings.deadline_days,
    case when step_settings.fee_is_maximum then null else coalesce(step_settings.fee, 0) end::decimal(18, 2) as fee_setting,
    accounts.due_date, accounts.counted_due_date, coalesce(accounts.invoice_no, '') as invoice_no,
    case when accounts.restarted_on is null then '' else accounts.due_date::varchar end as round,
    accounts.principal, case_standing.principal_asked, costs.fees, costs.compensation,
    costs.interest,
    costs.interest - costs.interest_paid - costs.interest_waived         as interest_open,
    costs.costs_paid + costs.costs_waived                                as costs_settled,
    accounts.no_fees, accounts.is_minor,
    case when accounts.upheld_on is not null then 'upheld'   -- an open dispute is a hold and never gets here
         when accounts.dispute_settled_on is not null then 'refused' else 'none' end as dispute
from next_steps
join parameters on parameters.live and next_steps.may_go and next_steps.planned_on <= parameters.business_date
join case_standing on case_standing.case_id = next_steps.case_id
join accounts on accounts.case_id = next_steps.case_id
join costs on costs.case_id = next_steps.case_id
join step_settings on step_settings.step = next_steps.step
left join calendar as today on today.day = parameters.business_date
where (today.is_business_day or not parameters.send_on_business_days)
  and not case_standing.provisional and not case_standing.reopened_today and case_standing.principal_asked > 0
  and list_filter(case_standing.holds, lambda hold: hold <> 'unknown_register') = [];
