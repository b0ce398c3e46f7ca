-- 11_entries.sql · rules §§ 1-2: every entry of the customer ledger and what it is, in integer øre
--
-- Balances are the ledger's own of today. An entry is `dated_ahead` when it is posted after the business date; it then
-- counts for nothing, but holds the next step. An entry that has left the ledger is kept only if it is an invoice.

create or replace temp table entries as
with
ours as (             -- § 1.1: vouchers that we posted ourselves, known by their reference
    select lower(reference) as reference, any_value(settlement_key) as settlement_key
    from journal_vouchers where reference is not null
    group by lower(reference)
),
ours_by_id as (
    select voucher_id, any_value(settlement_key) as settlement_key
    from journal_vouchers where voucher_id is not null
    group by voucher_id
),
known as (
    select
        entry.entry_id,
        try_cast(entry.entry_id as bigint)                                  as seq,
        entry.customer_id,
        entry.customer_no,
        entry.customer_name,
        entry.voucher_id,
        entry.posting_date,
        entry.voucher_date,
        entry.due_date,
        nullif(entry.invoice_no, '')                                        as invoice_no,
        nullif(entry.kid, '')                                               as kid,
        nullif(entry.custom_matching_reference, '')                         as custom_matching_reference,
        entry.match_id,
        entry.currency_code,
        entry.currency_amount,
        coalesce(entry.currency_code, 'NOK') <> 'NOK'                       as is_foreign,
        (entry.amount * 100)::bigint                                        as amount,
        (entry.balance * 100)::bigint                                       as balance,
        entry.posting_date > parameters.business_date                       as dated_ahead,
        case when entry.posting_date > parameters.business_date
             then coalesce((entry.created_at at time zone 'Europe/Oslo')::date, entry.first_seen_on) end as booked_on,
        case when entry.gone_on <= parameters.business_date then entry.gone_on end         as gone_on,
        entry.gone_on is not null                                           as is_gone,
        entry.last_changed,
        coalesce(entry.is_write_off, false) or coalesce(corrections.is_write_off, false)   as is_write_off,
        coalesce(corrections.root_type, entry.voucher_type, 'Unknown')      as voucher_type,
        coalesce(entry.is_created_by_current_integration, false)
            or ours.reference is not null or ours_by_id.voucher_id is not null              as is_own,
        coalesce(ours.settlement_key, ours_by_id.settlement_key)            as own_settlement_key,
        coalesce(journal_offsets.is_bank, false)                            as is_bank,
        coalesce(journal_offsets.is_currency, false)                        as is_currency
    from poweroffice_ledger_entries as entry
    cross join parameters
    left join corrections using (voucher_id)
    left join journal_offsets using (voucher_id)
    left join ours on ours.reference = lower(entry.external_import_reference)
    left join ours_by_id on ours_by_id.voucher_id = entry.voucher_id
)
select
    * exclude (is_write_off, is_own, is_bank, is_currency),
    case
        when amount < 0 then case                    -- § 2: credits, in the order of the rule: the first that fits
            when is_write_off                                                           then 'write_off'
            when voucher_type = 'ReversalVoucher' or entry_id in (select reversal_id from reversals) then 'reversal'
            when voucher_type = 'OutgoingCreditNote'                                    then 'credit_note'
            when is_own                                                                 then 'own_voucher'
            when voucher_type in ('IncomingOcrGiro', 'BankJournal', 'IncomingPayments', 'CashJournal',
                                  'IncomingBankRemittance', 'OutgoingPayments') or is_bank then 'payment'
            when is_currency or (is_foreign and currency_amount = 0)                    then 'currency_difference'
            when voucher_type in ('OutgoingInvoice', 'Settlement', 'NegativeSettlement')
                or voucher_type in ('OutgoingPaymentReminder', 'OutgoingNoticeOfDebtCollection',
                                    'OutgoingPaymentDemand', 'OutgoingWarrantOfExecution') then 'netting'
            else 'unexplained'
        end
        else case                                    -- § 1.1: debits; only `invoice` can become a claim
            when is_own                                                                 then 'own_voucher'
            when voucher_type in ('OutgoingPaymentReminder', 'OutgoingNoticeOfDebtCollection',
                                  'OutgoingPaymentDemand', 'OutgoingWarrantOfExecution') then 'ledger_reminder'
            when voucher_type = 'ReversalVoucher' or entry_id in (select reversal_id from reversals) then 'reversal'
            when voucher_type in ('OutgoingInvoice', 'OutgoingCreditNote') and amount = 0 then 'not_positive'
            when voucher_type = 'OutgoingInvoice' and due_date is not null              then 'invoice'
            when voucher_type in ('OutgoingPayments', 'IncomingBankRemittance', 'BankJournal', 'IncomingPayments',
                                  'IncomingOcrGiro', 'CashJournal') or is_bank          then 'refund'
            when due_date is null                                                       then 'no_due_date'
            when invoice_no is not null and amount > 0                                  then 'invoice'
            else 'journal'
        end
    end                                              as role,
    entry_id in (select original_id from reversals)
        or entry_id in (select reversal_id from reversals) as is_cancelled,
    greatest(0, abs(amount) - abs(balance))          as matched,   -- what the ledger has matched of it
    least(abs(balance), abs(amount))                 as unmatched
from known
where not is_gone or (amount > 0 and due_date is not null);
