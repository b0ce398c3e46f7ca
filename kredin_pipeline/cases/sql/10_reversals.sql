-- 10_reversals.sql · rules § 2: which entry a reversal cancels
--
-- The ledger's transactions name the voucher, or else the two are matched with one another.

insert into reversals                         -- § 2 reversal: a reversal entry and the entry that it cancels
with
standing as (
    select entry_id, voucher_id, voucher_type, customer_id, amount, match_id, posting_date,
        row_number() over (partition by voucher_id, customer_id, amount order by try_cast(entry_id as bigint), entry_id) as n
    from poweroffice_ledger_entries, parameters
    where gone_on is null and posting_date <= business_date and voucher_type is not null
      and (voucher_type = 'ReversalVoucher'
           or match_id in (select match_id from poweroffice_ledger_entries where voucher_type = 'ReversalVoucher')
           or voucher_id in (select reversed_voucher_id from poweroffice_account_transactions)
           or voucher_id in (select voucher_id from poweroffice_account_transactions where reversed_voucher_id is not null))
),
links as (
    select distinct voucher_id, reversed_voucher_id
    from poweroffice_account_transactions
    where reversed_voucher_id is not null
),
by_link as (          -- the ledger names the voucher
    select reversal.entry_id as reversal_id, original.entry_id as original_id, reversal.posting_date as reversed_on
    from links
    join standing as reversal on reversal.voucher_id = links.voucher_id
    join standing as original on original.voucher_id = links.reversed_voucher_id
        and original.customer_id is not distinct from reversal.customer_id
        and original.amount = -reversal.amount and original.n = reversal.n
),
unnamed as (
    select *, row_number() over (
        partition by match_id, abs(amount), sign(amount), voucher_type = 'ReversalVoucher'
        order by posting_date, try_cast(entry_id as bigint), entry_id) as k
    from standing
    where match_id is not null
      and entry_id not in (select reversal_id from by_link) and entry_id not in (select original_id from by_link)
),
by_match as (         -- it does not, but the two are matched with one another
    select reversal.entry_id as reversal_id, original.entry_id as original_id, reversal.posting_date as reversed_on
    from unnamed as reversal
    join unnamed as original on original.match_id = reversal.match_id and original.amount = -reversal.amount
        and original.k = reversal.k and original.voucher_type <> 'ReversalVoucher'
    where reversal.voucher_type = 'ReversalVoucher'
),
found as (
    from by_link union all from by_match
)
select *              -- a reversal that was itself reversed cancels nothing
from found
where reversal_id not in (select original_id from found);
