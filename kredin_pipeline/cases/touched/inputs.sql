-- inputs.sql · every row of the mirror that a derivation reads, in one figure each
--
-- A figure changes when the row does, and when a day that counts passes: an entry posted ahead, a document that goes
-- away, a hold that begins. The mirror takes a row in only with another change time, so most columns need not be read.

create or replace temp view inputs as
select
    coalesce(customer_id, '') as customer_id, 'entry' as source, entry_id as row_id,
    hash(entry_id, version, last_changed, amount, balance, match_id, due_date, gone_on, gone_on <= business_date,
         case when posting_date <= business_date then 'counts'
              when coalesce((created_at at time zone 'Europe/Oslo')::date, first_seen_on) <= business_date then 'ahead' end) as h
from poweroffice_ledger_entries, parameters
union all
select
    coalesce(customer_id, ''), 'invoice', voucher_id,
    hash(voucher_id, version, balance, related_invoice_no, last_changed, balance_last_changed, gone_on)
from poweroffice_outgoing_invoices
union all
select customer_id, 'debtor', customer_id, hash(debtors, register_hold_from <= business_date)
from debtors, parameters
union all
select
    coalesce(entry.customer_id, ''), 'transaction', line.transaction_id || ':' || entry.entry_id,
    hash(line.transaction_id, line.voucher_id, line.account_no, line.customer_account_no, line.amount,
         line.reversed_voucher_id, line.correction_of_voucher_id)
from poweroffice_account_transactions as line
join poweroffice_ledger_entries as entry using (voucher_id);
