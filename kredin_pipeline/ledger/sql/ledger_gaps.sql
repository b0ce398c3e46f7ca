-- Journal and ledger, compared both ways: what the outbox says was booked, and what the mirror shows of ours.
--
-- journal_booked: one row for each voucher and reversal of the outbox, in any state (journal/booked.py).
-- $1: what was booked before this time must be in the mirror: when the mirror's read began, less what the ledger may
--     take to show a voucher.
-- One row for each gap; the meaning of `about` is in voucher_reconciliation.py.
with
booked as materialized (
    select *, lower(reference) as ref, lower(remote_id) as id
    from journal_booked
),
entries as materialized (    -- ours by the ledger's own word, by the reference, or by the id that the ledger once gave
    select                   -- us; and every reversal, because anybody may reverse ours
        lower(voucher_id) as id, lower(external_import_reference) as ref, voucher_id, voucher_no, voucher_type,
        customer_id, customer_no, match_id, amount, posting_date,
        coalesce(is_created_by_current_integration, false) as is_ours
    from poweroffice_ledger_entries
    where gone_on is null
      and (is_created_by_current_integration or voucher_type = 'ReversalVoucher'
           or (external_import_reference is not null
               and lower(external_import_reference) in (select ref from booked where kind = 'voucher'))
           or lower(voucher_id) in (select id from booked where kind = 'voucher' and id is not null))
),
vouchers as materialized (
    select
        id, any_value(voucher_id) as voucher_id, any_value(voucher_no) as voucher_no, any_value(ref) as ref,
        any_value(voucher_type) as voucher_type, any_value(customer_id) as customer_id,
        any_value(customer_no) as customer_no, any_value(match_id) as match_id, sum(amount) as amount,
        min(posting_date) as posting_date, bool_or(is_ours) as is_ours
    from entries
    where is_ours
        or ref in (select ref from booked where kind = 'voucher')
        or id in (select id from booked where kind = 'voucher' and id is not null)
    group by id
),
reversed as materialized (   -- a voucher of ours and the one that reverses it, whoever made that
    select vouchers.id, reversal.id as by_id
    from vouchers
    join entries as reversal on reversal.voucher_type = 'ReversalVoucher' and reversal.match_id = vouchers.match_id
        and reversal.customer_id is not distinct from vouchers.customer_id and reversal.amount = -vouchers.amount
    where vouchers.voucher_type <> 'ReversalVoucher'
    union
    select lower(reversed_voucher_id), lower(voucher_id)
    from poweroffice_account_transactions
    where reversed_voucher_id is not null and gone_on is null
    union
    select lower(voucher_id), null
    from poweroffice_account_transactions
    where is_reversed and voucher_id is not null and gone_on is null
),
of_item as materialized (    -- the vouchers behind each item; two joins, because one with an `or` compares all with all
    select booked.key, vouchers.*
    from booked
    join vouchers using (id)
    where booked.kind = 'voucher' and vouchers.voucher_type <> 'ReversalVoucher'
    union
    select booked.key, vouchers.*
    from booked
    join vouchers using (ref)
    where booked.kind = 'voucher' and vouchers.voucher_type <> 'ReversalVoucher'
),
undone as (           -- items that the outbox itself has reversed, or is about to
    select reverses as key, bool_or(state in ('posted', 'confirmed') and booked_by <= $1::timestamptz) as is_done
    from booked
    where kind = 'reversal' and state <> 'cancelled'
    group by reverses
),
unlinked as (         -- reversals by us that no match or line ties to a voucher: one may stand for one undone item
    select vouchers.id, of_item.key
    from vouchers
    join of_item on of_item.customer_id is not distinct from vouchers.customer_id and of_item.amount = -vouchers.amount
    join undone on undone.key = of_item.key
    where vouchers.voucher_type = 'ReversalVoucher'
      and vouchers.id not in (select by_id from reversed where by_id is not null)
      and of_item.id not in (select id from reversed)
),
standing as (
    select key, count(*) as vouchers, sum(amount) as amount, string_agg(voucher_no, ', ' order by voucher_no) as nos,
        min(posting_date) as posting_date, any_value(customer_no) as customer_no
    from of_item
    where id not in (select id from reversed) and key not in (select key from unlinked)
    group by key
),
seen as (
    select key, any_value(voucher_no) as voucher_no, any_value(customer_no) as customer_no,
        min(posting_date) as posting_date, sum(amount) as amount
    from of_item
    group by key
),
expected as (
    select booked.*, undone.key is not null as is_undone, coalesce(undone.is_done, false) as is_reversed_by_us
    from booked
    left join undone using (key)
    where kind = 'voucher' and state in ('posted', 'confirmed') and booked_by <= $1::timestamptz
),
unknown as (
    select vouchers.*
    from vouchers
    where voucher_type <> 'ReversalVoucher'
      and id not in (select id from reversed)
      and not exists (from of_item join booked using (key)
                      where of_item.id = vouchers.id and booked.state not in ('cancelled', 'rejected'))
    union all
    select vouchers.*
    from vouchers
    where voucher_type = 'ReversalVoucher' and is_ours
      and id not in (select id from unlinked)
      and not exists (from reversed join of_item on of_item.id = reversed.id join undone on undone.key = of_item.key
                      where reversed.by_id = vouchers.id)
      and not exists (from reversed join vouchers as original on original.id = reversed.id  -- both are not ours to know
                      where reversed.by_id = vouchers.id
                        and original.id not in (select id from of_item))
)
select 'unknown_in_ledger' as about, null as key, unknown.voucher_id, unknown.voucher_no, unknown.customer_no,
    unknown.posting_date, null::decimal(18, 2) as meant, unknown.amount as found,
    (select any_value(booked.state) from of_item join booked using (key) where of_item.id = unknown.id) as state
from unknown
union all
select 'missing_in_ledger', expected.key, expected.remote_id, expected.remote_no, expected.customer_no,
    expected.posting_date, expected.total, null, expected.state
from expected
where key not in (select key from of_item)
union all
select 'reversed_in_ledger', expected.key, expected.remote_id, coalesce(expected.remote_no, seen.voucher_no),
    seen.customer_no, seen.posting_date, expected.total, 0, expected.state
from expected
join seen using (key)
where not is_undone and key not in (select key from standing)
union all
select 'other_amounts', expected.key, expected.remote_id, standing.nos, standing.customer_no, standing.posting_date,
    expected.total, standing.amount, expected.state
from expected
join standing using (key)
where not is_reversed_by_us and standing.amount <> expected.total
union all
select 'not_reversed', expected.key, expected.remote_id, standing.nos, standing.customer_no, standing.posting_date,
    0, standing.amount, expected.state
from expected
join standing using (key)
where is_reversed_by_us
order by about, posting_date, voucher_no, key
