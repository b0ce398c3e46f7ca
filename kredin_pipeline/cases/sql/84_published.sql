-- 84_published.sql · rules §§ 4, 8: the published row of each case, and the steps that go today

insert into case_states
select
    parameters.tenant, parameters.business_date, claims.case_id, claims.invoice_no, claims.kid, claims.customer_no,
    claims.customer_name, claims.orgnr, claims.debtor_kind, claims.due_date, claims.currency, claims.principal,
    money.credited, money.paid,
    money.written_off + money.rounded                                    as written_off,
    money.principal_open,
    money.interest, money.fees, money.compensation,
    money.fee_paid + money.interest_paid                                 as costs_paid,
    money.costs_waived, money.costs_open,
    money.principal_open + money.costs_open                              as total_open,
    standing.state, standing.closed_reason, standing.closed_on, standing.holds, standing.flags,
    money.last_step, money.last_step_on, money.deadline,
    case when parameters.business_date <= limitation_date then next_steps.step end       as next_step,
    case when parameters.business_date <= limitation_date then next_steps.planned_on end as next_step_on,
    standing.limitation_date,
    case                                                                 -- § 8: when the loss may be deducted
        when standing.state = 'closed' then case when standing.closed_reason = 'debtor_insolvent' then 'insolvency' end
        when money.principal_open = 0 then null
        when standing.legal_kind in ('enforcement_in_vain', 'nothing_to_seize') then 'enforcement_in_vain'
        when money.reminders_sent >= 3 and parameters.business_date >= claims.due_date + interval 6 month
            then 'six_months_three_reminders'
    end                                                                  as loss_ground,
    claims.ledger_balance, standing.provisional
from case_standing as standing
join case_money as money on money.case_no = standing.case_no
join claims on claims.rowid = standing.case_no
cross join parameters
left join next_steps on next_steps.case_id = standing.case_id;

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
