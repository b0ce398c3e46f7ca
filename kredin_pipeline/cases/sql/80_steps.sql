-- 80_steps.sql · rules §§ 4.1, 4.3, 4.7, 7: the next step of each case and its day; then the published row

create or replace temp table next_steps as
with
ranked as (           -- the course in the order of the law
    select *, list_position(['friendly_reminder', 'reminder', 'collection_notice', 'payment_demand', 'enforcement_notice'],
                            step) as rank
    from step_settings
),
following as (        -- § 4.1: each step once; after the last letter that left comes the next one of the course
    select reached, arg_min(step, rank) as step, min(rank) as rank, arg_min(after_days, rank) as after_days
    from range(0, 6) as reached_ranks(reached)
    join ranked on ranked.rank > reached_ranks.reached and ranked.in_course and ranked.rank > 1
    group by reached
),
merges as (           -- § 7: cases that a person joined; the first one named keeps the common fee
    select member.case_id, arg_max(said.case_id, said.seq) as lead_case_id, arg_max(named.position, said.seq) as position,
        max(said.seq) as seq
    from journal_decisions as said
    cross join parameters
    cross join lateral (
        select unnest([said.case_id] || coalesce(cast(said.payload -> '$.with' as varchar[]), [])) as name,
            generate_subscripts([said.case_id] || coalesce(cast(said.payload -> '$.with' as varchar[]), []), 1) as position
    ) as named
    join accounts as member on member.case_id = named.name or member.invoice_no = named.name
    where said.kind = 'merge' and said.effective_on <= business_date
    group by member.case_id
),
parted as (
    select case_id, max(seq) as seq
    from journal_decisions, parameters
    where kind = 'unmerge' and effective_on <= business_date
    group by case_id
),
planned as (
    select
        case_standing.case_id, case_standing.customer_id, case_standing.state, case_standing.last_step, case_standing.counted_due_date,
        following.step, following.rank,
        case when parted.case_id is null then merges.lead_case_id end    as lead_case_id,
        merges.position,
        greatest(                                        -- never before the day after the due date
            case_standing.counted_due_date + 1,
            case when case_standing.reached >= 2 then case_standing.ladder_deadline + case_standing.grace_days + 1
                 else case_standing.counted_due_date + coalesce(following.after_days, 14) end,
            case_standing.counted_due_date + following.after_days)            as wanted_on,
        case when case_standing.last_step is null and friendly.step is not null
             then case_standing.counted_due_date + greatest(1, friendly.after_days) end
                                                                         as friendly_on
    from case_standing
    join following on following.reached = case_standing.reached
    left join ranked as friendly on friendly.step = 'friendly_reminder' and friendly.in_course
    left join merges on merges.case_id = case_standing.case_id
    left join parted on parted.case_id = case_standing.case_id and parted.seq > merges.seq
    where case_standing.state in ('overdue', 'reminded', 'noticed')
),
moved as (            -- § 4.1 ⚙ send_on_business_days
    select planned.* exclude (wanted_on, friendly_on),
        case when send_on_business_days then coalesce(day.next_business_day, wanted_on) else wanted_on end as planned_on,
        case when send_on_business_days then coalesce(friendly_day.next_business_day, friendly_on) else friendly_on end
            as friendly_on
    from planned
    cross join parameters
    left join calendar as day on day.day = planned.wanted_on
    left join calendar as friendly_day on friendly_day.day = planned.friendly_on
),
together as (         -- § 7: merged claims go on as one, at the pace of the one that has come least far
    select *,
        case when lead_case_id is null then rank else min(rank) over in_group end as group_rank,
        case when lead_case_id is null then planned_on
             else max(case when rank = slowest then planned_on end) over in_group end as group_planned_on
    from (select *, min(rank) over (partition by coalesce(lead_case_id, case_id)) as slowest from moved)
    window in_group as (partition by coalesce(lead_case_id, case_id))
)
select
    together.case_id, customer_id, coalesce(lead_case_id, '') as lead_case_id, coalesce(position, 0) as position,
    rank = group_rank                                                    as may_go,
    case
        when friendly_on < group_planned_on and business_date < group_planned_on then 'friendly_reminder'
        when step in ('collection_notice', 'payment_demand')             -- § 4.7
             and greatest(group_planned_on, business_date) >= inkassolov_2026_from then 'enforcement_notice'
        else step
    end                                                                  as step,
    case when friendly_on < group_planned_on and business_date < group_planned_on then friendly_on
         else group_planned_on end                                       as planned_on
from together, parameters;

delete from case_states;
insert into case_states by name
select
    case_standing.tenant, case_standing.business_date, case_standing.case_id, invoice_no, kid, customer_no, customer_name, orgnr,
    debtor_kind, due_date, currency, principal, credited, paid,
    written_off + rounded                                                as written_off,
    principal_open, interest, fees, compensation, costs_paid, costs_waived, costs_open,
    principal_open + costs_open                                          as total_open,
    case_standing.state,
    case when case_standing.state = 'closed' then closed_reason end           as closed_reason,
    case when case_standing.state = 'closed' then closed_on end               as closed_on,
    case when case_standing.state = 'closed' then [] else all_holds end       as holds,
    case when case_standing.state = 'closed' then list_filter(all_flags, lambda flag: flag not like 'limitation%')
         else all_flags end                                              as flags,
    last_step, last_step_on, deadline,
    case when business_date <= limitation_date then next_steps.step end  as next_step,
    case when business_date <= limitation_date then next_steps.planned_on end as next_step_on,
    limitation_date,
    case                                                                 -- § 8: when the loss may be deducted
        when case_standing.state = 'closed' then case when closed_reason = 'debtor_insolvent' then 'insolvency' end
        when principal_open = 0 then null
        when legal_kind in ('enforcement_in_vain', 'nothing_to_seize') then 'enforcement_in_vain'
        when reminders_sent >= 3 and business_date >= due_date + interval 6 month then 'six_months_three_reminders'
    end                                                                  as loss_ground,
    ledger_balance, provisional
from case_standing
left join next_steps on next_steps.case_id = case_standing.case_id;

create or replace temp table due_steps as     -- § 4: the steps that go today; steps.py groups them and sets the fees
select
    case_standing.case_id, next_steps.customer_id, next_steps.lead_case_id, next_steps.position, next_steps.step,
    case when step_settings.channel = 'email' and case_standing.email is null then 'post' else step_settings.channel end as channel,
    step_settings.deadline_days, step_settings.fee_is_maximum, step_settings.fee as fee_setting,
    case_standing.due_date, case_standing.counted_due_date, case_standing.invoice_no, case_standing.restarted_on,
    case_standing.principal, case_standing.principal_asked, case_standing.fees, case_standing.compensation,
    case_standing.interest - case_standing.interest_paid - case_standing.interest_waived as interest_open,
    case_standing.costs_paid + case_standing.costs_waived                          as costs_settled,
    case_standing.interest,
    case_standing.no_fees, case_standing.is_minor,
    case when case_standing.disputed then 'open' when case_standing.upheld_on is not null then 'upheld'
         when case_standing.dispute_settled_on is not null then 'refused' else 'none' end as dispute
from case_standing
join next_steps on next_steps.case_id = case_standing.case_id
join parameters on parameters.live
left join calendar as today on today.day = parameters.business_date
join step_settings on step_settings.step = next_steps.step
where next_steps.may_go and next_steps.planned_on <= parameters.business_date
  and (today.is_business_day or not parameters.send_on_business_days)
  and not case_standing.provisional and not case_standing.reopened_today and case_standing.principal_asked > 0
  and list_filter(case_standing.all_holds, lambda hold: hold <> 'unknown_register') = [];
