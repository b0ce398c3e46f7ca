-- 40_decided.sql · rules § 7: what people said, as of the business date; the newest word on each subject stands

insert into decided by name
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
    case when bool_or(kind = 'release' and released is null)     -- a release that names no hold means whatever holds
         then ['settled_without_bank', 'ledger_conflict', 'unknown_register', 'forced_liquidation', 'winding_up', 'debtor_deleted',
              'estate', 'below_minimum', 'document_returned']
         else coalesce(list(distinct released) filter (released is not null), []) end         as released,
    arg_max(legal_kind, seq) filter (kind = 'legal')                                          as legal_kind,
    bool_or(kind = 'waive_costs')                                                             as waives,
    bool_or(kind in ('acknowledge', 'legal'))                                                 as interrupts
from read, parameters
group by case_id;

insert into merged                            -- § 7: cases that a person joined; the first one named keeps the common fee
with
named as (
    select said.seq, said.case_id as lead_case_id, unnest(names) as name, generate_subscripts(names, 1) as position
    from (
        select seq, case_id, [case_id] || coalesce(cast(payload -> '$.with' as varchar[]), []) as names
        from journal_decisions, parameters
        where kind = 'merge' and effective_on <= business_date
    ) as said
),
newest as (
    select claims.case_id, arg_max(lead_case_id, seq) as lead_case_id, arg_max(position, seq) as position, max(seq) as seq
    from named
    join claims on claims.case_id = named.name or claims.invoice_no = named.name
    group by claims.case_id
),
parted as (
    select case_id, max(seq) as seq
    from journal_decisions, parameters
    where kind = 'unmerge' and effective_on <= business_date
    group by case_id
)
select newest.case_id, newest.lead_case_id, newest.position
from newest
left join parted on parted.case_id in (newest.case_id, newest.lead_case_id) and parted.seq > newest.seq
where parted.case_id is null;

insert into kept_out                          -- § 7: an exclusion is the customer's, whichever case it was decided on
with
said as (
    select claims.customer_id, decisions.kind, decisions.seq
    from journal_decisions as decisions
    cross join parameters
    join claims on claims.case_id = decisions.case_id
        or decisions.case_id is null and claims.customer_no = decisions.customer_no
    where decisions.kind in ('exclude', 'include') and decisions.effective_on <= business_date
)
select customer_id
from said
group by customer_id
having arg_max(kind, seq) = 'exclude';
