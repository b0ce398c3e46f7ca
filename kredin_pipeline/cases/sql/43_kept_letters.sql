-- 43_kept_letters.sql · rules § 4.6: what the letter asked was paid by its deadline plus grace

insert into kept_letters by name
with
possible as (         -- settlements never exceed a claim: without a surplus, what asked for more than it was not paid
    select letters.case_id
    from case_letters as letters
    where letters.asks_less
       or letters.case_id in (select case_id from surplus_claims)
       or letters.letter_key in (select letter_key from case_letters where not bears_fee)
),
windows as (
    select
        case_id, letter_key, sent_on, total, total - principal as costs_asked,
        deadline + grace_days                            as last_day,
        lead(sent_on) over (partition by case_id order by sent_on, rank) as next_sent_on
    from case_letters, parameters
    where counts and case_id in (select case_id from possible)
),
moneys as (
    select windows.letter_key, settlements.entry_id, 'settled ' || windows.case_id as part, settlements.effective_on,
        settlements.amount
    from windows
    join settlements using (case_id)
    where settlements.kind in ('payment', 'credit_note', 'netting', 'currency_difference')
      and settlements.effective_on between windows.sent_on and windows.last_day
      and coalesce(settlements.effective_on < windows.next_sent_on, true)
    union                                                -- a surplus counts once, whichever of the letter's claims it is on
    select windows.letter_key, surpluses.entry_id, 'surplus', surpluses.effective_on, surpluses.amount
    from windows
    join surplus_claims using (case_id)
    join surpluses using (entry_id)
    where surpluses.effective_on between windows.sent_on and windows.last_day
      and coalesce(surpluses.effective_on < windows.next_sent_on, true)
),
asked as (
    select letter_key, sum(total) as total from windows group by letter_key
),
running as (
    select letter_key, effective_on, sum(sum(amount)) over (partition by letter_key order by effective_on) as paid
    from moneys
    group by letter_key, effective_on
),
kept as (
    select running.letter_key, min(running.effective_on) as kept_on
    from running
    join asked using (letter_key)
    where running.paid >= asked.total
    group by running.letter_key
)
select windows.case_id, windows.sent_on, kept.kept_on, (greatest(0, windows.costs_asked) * 100)::bigint as costs_asked_ore
from windows
join kept using (letter_key);
