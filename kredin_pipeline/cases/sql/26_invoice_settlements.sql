-- 26_invoice_settlements.sql · rules § 2: the settlements of invoices outside plain groups, classified and dated
--
-- Integer øre. A write-off stands here but reduces nothing; a rounding does.

create or replace temp table invoice_settlements as
with
twice as (            -- a pair that two passes found is one settlement; only credits of the smaller passes can be that
    select credit_id from shares where stage <> 'matched'
),
pairs as (
    select debit_id, credit_id, amount, false as was_open
    from shares where credit_id not in (select credit_id from twice)
    union all
    select debit_id, credit_id, sum(amount)::bigint, bool_or(stage in ('group', 'recovery'))
    from shares where credit_id in (select credit_id from twice)
    group by debit_id, credit_id
),
met as (
    select
        invoices.entry_id,
        pairs.credit_id,
        credit.role,
        credit.posting_date            as effective_on,
        pairs.amount,
        pairs.was_open,
        invoices.amount                as principal
    from pairs
    join invoices on invoices.entry_id = pairs.debit_id
    join loose as credit on credit.entry_id = pairs.credit_id
    where not invoices.is_gone
),
written_off as (      -- only the few invoices with an Avskriv need adding up
    select
        entry_id,
        sum(amount) filter (where role = 'write_off')              as written_off,
        coalesce(sum(amount) filter (where role <> 'write_off'), 0) as reduced,
        any_value(principal)                                       as principal
    from met
    where entry_id in (select entry_id from met where role = 'write_off')
    group by entry_id
),
roundings as (        -- § 2 ⚙ rounding_write_off, less than and not up to
    select entry_id
    from written_off, parameters
    where reduced > 0 and reduced + written_off.written_off = principal
      and written_off.written_off < (rounding_write_off * 100)::bigint
)
select
    met.entry_id,
    met.credit_id,
    case when met.role = 'write_off' and roundings.entry_id is not null then 'rounding' else met.role end as kind,
    met.amount,
    met.effective_on,
    -- § 2: a correction was never owed; goodwill counts from its own date
    met.role in ('credit_note', 'reversal') and not coalesce(classified.is_goodwill, false) as interest_from_due,
    met.was_open and written_off.entry_id is not null as after_write_off
from met
left join roundings using (entry_id)
left join written_off using (entry_id)
left join classified on classified.entry_id = met.credit_id;

create or replace temp table principals as    -- what is left of each invoice
with
reduced as (
    select entry_id, sum(amount) as amount from invoice_settlements where kind <> 'write_off' group by entry_id
)
select
    invoices.entry_id, coalesce(plain.is_plain, false)               as is_plain,
    (case when plain.is_plain then invoices.unmatched else invoices.amount - coalesce(reduced.amount, 0) end)::bigint
                                                                     as principal_open
from invoices
left join match_groups as plain on plain.match_id = invoices.match_id and plain.debit_id = invoices.entry_id
    and plain.is_plain
left join reduced using (entry_id);
