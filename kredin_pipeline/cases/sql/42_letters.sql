-- 42_letters.sql · rules §§ 4.1, 4.2, 4.8: the letters that left

insert into case_letters by name               -- § 4: the letters that left, and whether step and fee still stand
with
fee_words as (        -- § 7: a person withdrew the fee of a letter, or says that it was paid in time
    select case_id, effective_on, payload ->> '$.step' as step, payload ->> '$.letter_key' as letter_key
    from journal_decisions, parameters
    where kind in ('withdraw_fee', 'paid_in_time') and effective_on <= business_date
),
withdrawn as (
    select distinct letters.letter_key, letters.case_id
    from journal_letters as letters
    join fee_words using (case_id)
    where letters.sent_on <= fee_words.effective_on
      and coalesce(fee_words.step = letters.step, true) and coalesce(fee_words.letter_key = letters.letter_key, true)
)
select
    letters.case_id, letters.letter_key, letters.step, letters.sent_on,
    coalesce(letters.deadline, letters.sent_on)          as deadline,
    coalesce(letters.principal, 0)                       as principal,
    coalesce(letters.total, 0)                           as total,
    coalesce(letters.fee, 0)                             as fee,
    letters.bears_fee,
    list_position(['friendly_reminder', 'reminder', 'collection_notice', 'payment_demand', 'enforcement_notice'],
                  letters.step)                          as rank,
    coalesce(letters.sent_on > accounts.restarted_on, true) as counts,   -- § 4.8: an agreed due date starts the steps anew
    coalesce(letters.total, 0) <= accounts.principal     as asks_less,   -- than the whole claim
    letters.bears_fee and letters.fee > 0
        and not coalesce(accounts.restarted_on is not null and letters.sent_on < accounts.counted_due_date + 14, false)
        and not coalesce(letters.sent_on <= accounts.upheld_on, false)   -- inkassoloven § 17
        and withdrawn.case_id is null                    as fee_stands
from journal_letters as letters
join accounts using (case_id)
cross join parameters
left join withdrawn using (letter_key, case_id)
where letters.sent_on <= business_date;

insert into ladders by name                   -- § 4.1: the steps that were really sent since the due date that counts
with
ordered as (          -- the newest letter, of two on a day the higher step
    select case_id, step, sent_on, deadline, rank, counts, case when fee_stands then fee end as fee,
        case when counts then (sent_on - date '1970-01-01') * 8 + rank end as nth,
        case when counts and rank > 1 then (sent_on - date '1970-01-01') * 8 + rank end as nth_of_ladder
    from case_letters
)
select
    case_id,
    arg_max(step, nth)                                                   as last_step,
    max(sent_on) filter (where counts)                                   as last_step_on,
    arg_max(deadline, nth)                                               as deadline,
    coalesce(max(rank) filter (where nth_of_ladder is not null), 0)      as reached,
    arg_max(deadline, nth_of_ladder)                                     as ladder_deadline,
    count(nth_of_ladder)                                                 as reminders_sent,
    coalesce(sum(fee), 0)                                                as fees
from ordered
group by case_id;
