-- 10_vouchers.sql · rules § 2: what the ledger's own rows do not say about a voucher
--
-- A customer entry of a journal does not name its offset account, a reversal does not name what it reverses, and a
-- correction does not name the kind of what it corrects. The account transactions do (PowerOffice reference §§ 6, 10);
-- they are read for such vouchers only, so these tables are small.

create or replace temp table journal_offsets as
with
lines as (            -- a customer line is the sub-ledger's side, every other line is an offset
    select voucher_id, account_no, customer_account_no is not null as is_customer, amount
    from poweroffice_account_transactions
    where voucher_id is not null
),
sums as (
    select
        voucher_id,
        coalesce(sum(amount) filter (where is_customer), 0)                               as on_customers,
        coalesce(sum(amount) filter (where not is_customer and account_no like '19%'), 0) as on_bank,
        bool_and(account_no like '806%' or account_no like '816%') filter (where not is_customer) as only_currency
    from lines
    group by voucher_id
)
select                -- § 2 unexplained: a journal is a payment only if the bank or a clearing account carries all of it
    voucher_id,
    on_bank * on_customers < 0 and abs(on_bank) >= abs(on_customers) as is_bank,
    coalesce(only_currency, false)                                   as is_currency
from sums;

create or replace temp table corrections as   -- what a correction voucher stands for, through any number of corrections
with recursive
links as (
    select distinct voucher_id, correction_of_voucher_id as corrected_id
    from poweroffice_account_transactions
    where correction_of_voucher_id is not null and correction_of_voucher_id <> voucher_id
),
chain(voucher_id, corrected_id, hops) as (
    select voucher_id, corrected_id, 1 from links
    union all
    select chain.voucher_id, links.corrected_id, chain.hops + 1
    from chain join links on links.voucher_id = chain.corrected_id
    where chain.hops < 50
),
roots as (
    select voucher_id, arg_max(corrected_id, hops) as root_id from chain group by voucher_id
)
select roots.voucher_id, any_value(entry.voucher_type) as root_type, bool_or(entry.is_write_off) as is_write_off
from roots
join poweroffice_ledger_entries as entry on entry.voucher_id = roots.root_id
group by roots.voucher_id;

create or replace temp table reversals as     -- § 2 reversal: a reversal entry and the entry that it cancels
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
