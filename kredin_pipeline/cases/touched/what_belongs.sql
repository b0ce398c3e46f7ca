-- what_belongs.sql · everything that must be derived together with what has changed
--
-- Entries hang together by match group (of now, and every group that the log of changes knows), by KID, by invoice number
-- and by what the last derivation found to settle what. A customer with something rare (a decision, a voucher of ours, a
-- reversal, a reminder of the ledger's own) is taken whole. Leaves `scope_entries`, `scope_vouchers`, `scope_customers`.

create or replace temp table customers_whole as
with
of_cases as (
    select claims.customer_id from claims
    where case_id in (select case_id from journal_decisions where case_id is not null
                      union select case_id from journal_touched where about in ('voucher', 'decision'))
    union
    select customer_id from claims where customer_no in (select customer_no from journal_decisions where case_id is null)
),
rare as (
    select customer_id
    from poweroffice_ledger_entries
    where customer_id in (select customer_id from customers_touched)
      and (voucher_type in ('ReversalVoucher', 'CorrectionVoucher', 'OutgoingPaymentReminder',
                            'OutgoingNoticeOfDebtCollection', 'OutgoingPaymentDemand', 'OutgoingWarrantOfExecution')
           or is_created_by_current_integration
           or voucher_id in (select unnest([voucher_id, reversed_voucher_id, correction_of_voucher_id])
                             from poweroffice_account_transactions
                             where reversed_voucher_id is not null or correction_of_voucher_id is not null))
    union
    select claims.customer_id from claims join journal_vouchers using (case_id)
)
select customer_id from of_cases
union
select customer_id from rare where customer_id in (select customer_id from customers_touched
                                                   union select customer_id from fallen_due
                                                   union select customer_id from case_entries)
union
select customer_id from rows_changed where source in ('debtor', 'transaction');

create or replace temp table candidates as    -- every entry of the customers in question, as it stands now
select entry_id, customer_id, voucher_id, match_id, kid, invoice_no, custom_matching_reference
from poweroffice_ledger_entries
where customer_id in (select customer_id from customers_touched
                      union select customer_id from customers_whole
                      union select customer_id from fallen_due
                      union select customer_id from case_entries);

create or replace temp table scope_entries as
select entry_id from candidates where customer_id in (select customer_id from customers_whole)
union select row_id from rows_changed where source = 'entry'
union select entry_id from candidates where voucher_id in (select row_id from rows_changed where source = 'invoice')
union select entry_id from fallen_due
union select entry_id from case_entries;

create or replace temp table settled_before as
select claims.customer_id, claims.entry_id as claim_entry_id, settled.entry_id
from claims
join (select case_id, entry_id from settlements
      union all select surpluses.case_id, surpluses.entry_id from surpluses
      union all select surplus_claims.case_id, surplus_claims.entry_id from surplus_claims) as settled using (case_id)
where claims.customer_id in (select customer_id from candidates);

create or replace temp table coupled as
select entry_id, 'match ' || match_id as key from candidates where match_id is not null
union all
select entry_id, 'match ' || match_id from poweroffice_ledger_entry_changes
where match_id is not null and entry_id in (select entry_id from candidates)
union all
select entry_id, 'kid ' || customer_id || ' ' || kid from candidates where kid is not null
union all
select entry_id, 'no ' || customer_id || ' ' || invoice_no from candidates where invoice_no is not null
union all
select entry_id, 'no ' || customer_id || ' ' || custom_matching_reference
from candidates where custom_matching_reference is not null
union all
select entry_id, 'voucher ' || voucher_id from candidates where voucher_id is not null
union all
select claim_entry_id, 'claim ' || claim_entry_id from settled_before
union all
select entry_id, 'claim ' || claim_entry_id from settled_before;
