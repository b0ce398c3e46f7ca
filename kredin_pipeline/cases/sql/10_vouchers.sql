-- 10_vouchers.sql · rules § 2: what the ledger's own rows do not say about a voucher
--
-- A customer entry of a journal does not name its offset account, a reversal does not name what it reverses, and a
-- correction does not name the kind of what it corrects. The account transactions do (PowerOffice reference §§ 6, 10);
-- they are read for such vouchers only, so these tables are small.

insert into journal_offsets
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

insert into corrections                       -- what a correction voucher stands for, through any number of corrections
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
