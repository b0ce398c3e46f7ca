-- inputs.sql · what a derivation reads of each customer, in one figure
--
-- It changes when a row does, and when a day that counts passes: an entry posted ahead, a document that goes away, a hold
-- that begins. The mirror takes a row in only with another change time, so most columns need not be read.

create or replace temp view customers_now as
with
read as (
    select
        customer_id,
        hash(entry_id, version, last_changed, amount, balance, match_id, due_date, gone_on, gone_on <= business_date,
             case when posting_date <= business_date then 1
                  when coalesce((created_at at time zone 'Europe/Oslo')::date, first_seen_on) <= business_date then 2 end) as h
    from poweroffice_ledger_entries, parameters
    union all
    select
        customer_id,
        hash('invoice', voucher_id, version, balance, related_invoice_no, last_changed, balance_last_changed, gone_on)
    from poweroffice_outgoing_invoices
    union all
    select
        entry.customer_id,
        hash('transaction', line.transaction_id, entry.entry_id, line.voucher_id, line.account_no, line.customer_account_no,
             line.amount, line.reversed_voucher_id, line.correction_of_voucher_id)
    from poweroffice_account_transactions as line
    join poweroffice_ledger_entries as entry using (voucher_id)
    union all
    select customer_id, hash('debtor', debtors, register_hold_from <= business_date)
    from debtors, parameters
)
select coalesce(customer_id, '') as customer_id, bit_xor(h) as h, count(*) as rows_in
from read
group by all;
