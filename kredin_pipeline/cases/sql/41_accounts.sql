-- 41_accounts.sql · rules §§ 1.2, 1.3, 3, 6: which claims are cases, and what is known of their debtors

create or replace temp table accounts as      -- the claims that are cases, each with what people said about it
with
opened as (           -- § 1.3; opened on the due date or earlier: somebody only spoke of it
    select claims.case_id
    from claims
    join journal_cases using (case_id)
    where claims.in_journal and journal_cases.opened_on > claims.original_due_date
),
open_since as (       -- § 1.2: the first day that counts; what was settled before we were connected is history
    select
        case_id, principal, deleted_in_ledger_on,
        case when business_date < connected_on then overdue_on else greatest(overdue_on, connected_on) end as first_day
    from claims, parameters
    where case_id not in (select case_id from opened)
),
gone_by_then as (
    select settlements.case_id, sum(settlements.amount) as amount
    from settlements
    join open_since using (case_id)
    where effective_on <= first_day and kind <> 'own_voucher'
    group by settlements.case_id
),
counted as (
    select case_id from opened
    union all
    select case_id
    from open_since
    cross join parameters
    left join gone_by_then using (case_id)
    where first_day <= business_date and coalesce(gone_by_then.amount, 0) < principal
      and coalesce(deleted_in_ledger_on > first_day, true)
)
select
    claims.rowid                                         as case_no,  -- within this derivation: large tables are joined by it
    claims.case_id, claims.customer_id, claims.customer_no, claims.invoice_no,
    claims.due_date, claims.original_due_date, claims.counted_due_date, claims.principal, claims.deleted_in_ledger_on,
    greatest(claims.counted_due_date, coalesce(decided.interest_from, claims.counted_due_date)) as interest_from,
    (claims.principal * 100)::bigint                     as principal_ore,
    decided.upheld_on,
    decided.dispute_settled_on,
    coalesce(decided.closed, false)                      as closed,
    case when decided.closed_reason in ('withdrawn', 'debtor_insolvent', 'time_barred', 'paid', 'credited')
         then decided.closed_reason else 'withdrawn' end as closed_as,
    case when decided.closed then decided.closed_on end  as closed_on,
    decided.restarted_on,
    decided.answered_on,
    decided.credit_released_on,
    coalesce(decided.released, [])                       as released,
    decided.legal_kind,
    coalesce(decided.waives, false)                      as waives,
    coalesce(decided.interrupts, false)                  as interrupts,
    coalesce(debtors.no_fees, false)                     as no_fees,
    coalesce(debtors.is_minor, false)                    as is_minor,
    nullif(trim(debtors.email), '')                      as email,
    case                                                 -- §§ 2, 6, 7: a released hold does not come back by itself
        when decided.case_id is null and not claims.ledger_conflict and kept_out.customer_id is null
             and not coalesce(debtors.excluded, false)
             and not (parameters.register and coalesce(debtors.unknown_register or debtors.register_hold is not null, false))
            then []
        else list_filter([
            case when decided.paused then 'paused' end,
            case when decided.disputed then 'disputed' end,
            case when debtors.excluded or kept_out.customer_id is not null then 'excluded' end,
            case when claims.ledger_conflict then 'ledger_conflict' end,
            case when parameters.register and debtors.unknown_register then 'unknown_register' end,
            case when parameters.register and coalesce(debtors.register_hold_from <= business_date, true)
                 then debtors.register_hold end
        ], lambda hold: hold is not null and (hold in ('paused', 'disputed', 'excluded', 'bankruptcy')
                                              or not list_contains(coalesce(decided.released, []), hold)))
    end                                                  as account_holds,
    case
        when not claims.debtor_changed and not (parameters.register and coalesce(debtors.register_stale, false)) then []
        else list_filter([
            case when parameters.register and debtors.register_stale then 'register_stale' end,
            case when claims.debtor_changed then 'debtor_changed' end
        ], lambda flag: flag is not null)
    end                                                  as account_flags,
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
join counted using (case_id)
left join decided using (case_id)
left join debtors on debtors.customer_id = claims.customer_id
left join kept_out on kept_out.customer_id = claims.customer_id;
