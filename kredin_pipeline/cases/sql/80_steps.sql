-- 80_steps.sql · rules §§ 4.1, 4.3, 4.7: the next step of each case and its day
--
-- `course` says for each step reached which one comes next; it is made from step_settings in settling.py.

create or replace temp table next_steps as
with
wanted as (           -- § 4.1: a day, and any later run sends it; never before the day after the due date
    select
        case_standing.case_id, course.step, course.rank,
        greatest(
            counted_due_date + greatest(1, coalesce(course.after_days, 0)),
            case when case_standing.reached >= 2 then ladder_deadline + grace_days + 1
                 else counted_due_date + coalesce(course.after_days, 14) end) as wanted_on,
        case when last_step is null then counted_due_date + friendly_after_days end as friendly_on
    from case_standing
    join course on course.reached = case_standing.reached
    cross join parameters
    where state in ('overdue', 'reminded', 'noticed')
),
moved as (            -- ⚙ send_on_business_days
    select
        wanted.case_id, wanted.step, wanted.rank,
        case when send_on_business_days then coalesce(day.next_business_day, wanted_on) else wanted_on end as planned_on,
        case when send_on_business_days then coalesce(friendly_day.next_business_day, friendly_on) else friendly_on end
            as friendly_on
    from wanted
    cross join parameters
    left join calendar as day on day.day = wanted.wanted_on
    left join calendar as friendly_day on friendly_day.day = wanted.friendly_on
)
select
    case_id, rank, true as may_go, '' as lead_case_id, 0 as position,
    case
        when friendly_on < planned_on and business_date < planned_on     then 'friendly_reminder'
        when step in ('collection_notice', 'payment_demand')             -- § 4.7
             and greatest(planned_on, business_date) >= inkassolov_2026_from then 'enforcement_notice'
        else step
    end                                                                  as step,
    case when friendly_on < planned_on and business_date < planned_on then friendly_on else planned_on end as planned_on
from moved, parameters;
