-- 82_merged.sql · rules § 7: merged claims go on as one, at the pace of the one that has come least far

create or replace temp table next_steps as
with
joined as (
    select next_steps.* exclude (lead_case_id, position, may_go), merged.lead_case_id, merged.position,
        min(rank) over (partition by coalesce(merged.lead_case_id, next_steps.case_id)) as slowest
    from next_steps
    left join merged using (case_id)
)
select
    case_id, rank, rank = slowest as may_go, coalesce(lead_case_id, '') as lead_case_id, coalesce(position, 0) as position,
    step,
    case when lead_case_id is null then planned_on
         else max(planned_on) filter (where rank = slowest) over (partition by coalesce(lead_case_id, case_id)) end as planned_on
from joined;
