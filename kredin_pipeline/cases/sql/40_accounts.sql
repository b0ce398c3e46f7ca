-- 40_accounts.sql · rules §§ 1.2, 1.3, 4.6, 4.8, 7: which claims are cases, what people said, which letters count
--
-- Everything here is as of parameters.business_date: what was decided or sent later does not exist yet.

create or replace temp table decided as       -- § 7: the newest word on each subject stands
with
words as (
    select
        case_id, seq, kind, effective_on,
        try_cast(coalesce(payload ->> '$.until', payload ->> '$.to') as date)                 as until,
        try_cast(coalesce(payload ->> '$.from', payload ->> '$.date', payload ->> '$.day', payload ->> '$.until') as date)
                                                                                              as from_day,
        lower(coalesce(payload ->> '$.outcome', payload ->> '$.reason'))                      as outcome,
        try_cast(payload ->> '$.amount' as decimal(18, 2))                                    as amount,
        coalesce(payload ->> '$.legal', payload ->> '$.kind')                                 as legal_kind,
        coalesce(payload ->> '$.hold', payload ->> '$.reason')                                as hold
    from journal_decisions, parameters
    where effective_on <= business_date and case_id is not null
),
read as (
    select
        * exclude (hold),
        case when kind = 'release' and list_contains(
            ['paused', 'disputed', 'excluded', 'covered_by_credit', 'unallocated_payment', 'payment_dated_ahead',
             'settled_without_bank', 'refunded', 'reversed_payment', 'ledger_conflict', 'unknown_register', 'bankruptcy',
             'forced_liquidation', 'winding_up', 'debtor_deleted', 'estate', 'below_minimum', 'document_returned'], hold)
            then hold end                                                                     as released
    from words
)
select
    case_id,
    coalesce(arg_max(kind = 'pause' and coalesce(until >= business_date, true), seq)
        filter (kind in ('pause', 'resume') or released = 'paused'), false)                   as paused,
    coalesce(arg_max(kind = 'dispute', seq)
        filter (kind in ('dispute', 'settle_dispute') or released = 'disputed'), false)       as disputed,
    max(effective_on) filter (kind = 'settle_dispute' and (coalesce(amount, 0) > 0 or outcome in
        ('upheld', 'upheld_in_part', 'upheld in part', 'partly upheld', 'partly_upheld', 'accepted')))   as upheld_on,
    max(effective_on) filter (kind = 'settle_dispute')                                        as dispute_settled_on,
    arg_max(kind, seq) filter (kind in ('close', 'reopen')) is not distinct from 'close'      as closed,
    arg_max(outcome, seq) filter (kind = 'close')                                             as closed_reason,
    arg_max(effective_on, seq) filter (kind in ('close', 'reopen'))                           as closed_on,
    max(effective_on) filter (kind in ('new_due_date', 'due_date'))                           as restarted_on,
    arg_max(from_day, seq) filter (kind = 'interest_from')                                    as interest_from,
    max(effective_on) filter (kind in ('resume', 'reopen') or kind = 'release'
        and (released is null or released in ('refunded', 'reversed_payment')))               as answered_on,
    max(effective_on) filter (kind = 'release' and (released is null
        or released in ('unallocated_payment', 'covered_by_credit', 'payment_dated_ahead')))  as credit_released_on,
    coalesce(bool_or(released is null) filter (kind = 'release'), false)                      as released_all,
    coalesce(list(distinct released) filter (released is not null), [])                       as released,
    arg_max(legal_kind, seq) filter (kind = 'legal')                                          as legal_kind,
    bool_or(kind = 'waive_costs')                                                             as waives,
    bool_or(kind in ('acknowledge', 'legal'))                                                 as interrupts
from read, parameters
group by case_id;

create or replace temp table accounts as      -- the claims that are cases, each with what people said about it
with
open_since as (       -- § 1.2: the first day that counts; what was settled before we were connected is history
    select
        claims.case_id,
        case when business_date < connected_on then overdue_on else greatest(overdue_on, connected_on) end as first_day
    from claims, parameters
),
gone_by_then as (
    select settlements.case_id, sum(settlements.amount) as amount
    from settlements
    join open_since using (case_id)
    where effective_on <= first_day and kind <> 'own_voucher'
    group by settlements.case_id
)
select
    claims.*,
    greatest(claims.counted_due_date, coalesce(decided.interest_from, claims.counted_due_date)) as interest_from,
    (claims.principal * 100)::bigint                     as principal_ore,
    coalesce(decided.paused, false)                      as paused,
    coalesce(decided.disputed, false)                    as disputed,
    decided.upheld_on,
    decided.dispute_settled_on,
    coalesce(decided.closed, false)                      as closed,
    case when decided.closed then coalesce(decided.closed_reason, 'withdrawn') end as closed_reason,
    case when decided.closed then decided.closed_on end  as closed_on,
    decided.restarted_on,
    decided.answered_on,
    decided.credit_released_on,
    coalesce(decided.released_all, false)                as released_all,
    coalesce(decided.released, [])                       as released,
    decided.legal_kind,
    coalesce(decided.waives, false)                      as waives,
    coalesce(decided.interrupts, false)                  as interrupts,
    coalesce(debtors.excluded, false)                    as excluded,
    coalesce(debtors.no_fees, false)                     as no_fees,
    coalesce(debtors.no_interest, false)                 as no_interest,
    coalesce(debtors.is_minor, false)                    as is_minor,
    nullif(trim(debtors.email), '')                      as email,
    case when parameters.register and coalesce(debtors.register_hold_from <= business_date, true)
        then debtors.register_hold end                   as register_hold,
    debtors.register_hold_from,
    parameters.register and coalesce(debtors.unknown_register, false) as unknown_register,
    parameters.register and coalesce(debtors.register_stale, false)   as register_stale,
    case                                                 -- § 3 ⚙ interest
        when parameters.interest = 'none' or coalesce(debtors.no_interest, false) then 'none'
        when parameters.interest = 'agreed' and claims.debtor_kind = 'business' then 'agreed'
        else 'statutory'
    end                                                  as accrual,
    least(                                               -- interest is shown to this day at most
        business_date,
        case when parameters.register and debtors.register_hold = 'bankruptcy' then debtors.register_hold_from end,
        case when decided.closed then decided.closed_on end,
        claims.deleted_in_ledger_on)                     as interest_until
from claims
cross join parameters
join open_since using (case_id)
left join gone_by_then using (case_id)
left join decided using (case_id)
left join debtors using (customer_id)
where claims.in_journal
   or first_day <= business_date and coalesce(gone_by_then.amount, 0) < claims.principal
      and coalesce(claims.deleted_in_ledger_on > first_day, true);

create or replace temp table compensations as -- § 4.2 ⚙ compensation: from the day the claim is a case, of its due date's half-year
select accounts.case_id, coalesce(compensation_rates.amount, 0) as amount, compensation_rates.amount is null as missing
from accounts
cross join parameters
left join compensation_rates on accounts.due_date between compensation_rates.valid_from and compensation_rates.valid_to
where parameters.compensation and accounts.debtor_kind = 'business';

create or replace temp table case_letters as  -- § 4: the letters that left, and whether step and fee still stand
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
    letters.bears_fee and letters.fee > 0
        and not coalesce(accounts.restarted_on is not null and letters.sent_on < accounts.counted_due_date + 14, false)
        and not coalesce(letters.sent_on <= accounts.upheld_on, false)   -- inkassoloven § 17
        and withdrawn.case_id is null                    as fee_stands
from journal_letters as letters
join accounts using (case_id)
cross join parameters
left join withdrawn using (letter_key, case_id)
where letters.sent_on <= business_date;

create or replace temp table kept_letters as  -- § 4.6: what the letter asked was paid by its deadline plus grace
with
windows as (
    select
        case_id, letter_key, sent_on, total, total - principal as costs_asked,
        deadline + grace_days                            as last_day,
        lead(sent_on) over (partition by case_id order by sent_on, rank) as next_sent_on
    from case_letters, parameters
    where counts
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
