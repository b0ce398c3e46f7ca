-- same_sql_in_sqlite.sql · the product's own SQL, statement by statement, in SQLite's dialect
--
-- Files 10 to 91 of kredin_pipeline/cases/sql in their order, with the same tables, keys and windows; no shortcut of
-- the made-up ledger is taken. Money in øre, days since 1970, booleans 0 and 1, lists as text between commas. A macro
-- is a view here; arg_max, where it is on a hot path, is a maximum that carries its value. What SQLite is given beside
-- that: tables clustered by their key, filled in its order where that is cheaper, and an index wherever the next
-- statement joins on one. The claims stand in the order of their case ids, so that the case numbers, their rowids,
-- follow it too. Files of decisions, of vouchers of ours and of compensation (40, 44, 82, 91) have nothing to read
-- here, and the product does not run them either. Runs in three parts, between which same_sql_in_sqlite.py shares out
-- money and plans letters.

begin;

create temp table later_days (day integer primary key, half_year_on integer, three_years_on integer);
insert into later_days                        -- day + interval: the month's last day where it has no such date
select day,
    min(unixepoch(day * 86400, 'unixepoch', '+6 months'),
        unixepoch(day * 86400, 'unixepoch', 'start of month', '+7 months', '-1 day')) / 86400,
    min(unixepoch(day * 86400, 'unixepoch', '+36 months'),
        unixepoch(day * 86400, 'unixepoch', 'start of month', '+37 months', '-1 day')) / 86400
from calendar
where day <= (select business_date from parameters) + 4000;

-- 10_vouchers, 10_reversals -------------------------------------------------------------------------------------------

create temp table journal_offsets (voucher_id text primary key, is_bank integer, is_currency integer) without rowid;
insert into journal_offsets
with
lines as (
    select voucher_id, account_no, customer_account_no is not null as is_customer, amount
    from poweroffice_account_transactions
    where voucher_id is not null
),
sums as (
    select
        voucher_id,
        coalesce(sum(amount) filter (where is_customer), 0)                               as on_customers,
        coalesce(sum(amount) filter (where not is_customer and account_no like '19%'), 0) as on_bank,
        min(account_no like '806%' or account_no like '816%') filter (where not is_customer) as only_currency
    from lines
    group by voucher_id
)
select voucher_id, on_bank * on_customers < 0 and abs(on_bank) >= abs(on_customers), coalesce(only_currency, 0)
from sums;

create temp table corrections (voucher_id text primary key, root_type text, is_write_off integer) without rowid;
insert into corrections
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
roots as (            -- beside one max() the columns are those of its row
    select voucher_id, corrected_id as root_id, max(hops) from chain group by voucher_id
)
select roots.voucher_id, max(entry.voucher_type), max(entry.is_write_off)
from roots
cross join poweroffice_ledger_entries as entry on entry.voucher_id = roots.root_id
group by roots.voucher_id;

create temp table reversals (reversal_id text, original_id text, reversed_on integer);
insert into reversals
with
standing as materialized (
    select entry_id, voucher_id, voucher_type, customer_id, amount, match_id, posting_date,
        case when entry_id not glob '*[^0-9]*' then cast(entry_id as integer) end as seq,
        row_number() over (partition by voucher_id, customer_id, amount order by
            case when entry_id not glob '*[^0-9]*' then cast(entry_id as integer) end nulls last, entry_id) as n
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
by_link as materialized (
    select reversal.entry_id as reversal_id, original.entry_id as original_id, reversal.posting_date as reversed_on
    from links
    cross join standing as reversal on reversal.voucher_id = links.voucher_id
    join standing as original on original.voucher_id = links.reversed_voucher_id
        and original.customer_id is reversal.customer_id
        and original.amount = -reversal.amount and original.n = reversal.n
),
unnamed as materialized (
    select *, row_number() over (
        partition by match_id, abs(amount), sign(amount), voucher_type = 'ReversalVoucher'
        order by posting_date, seq nulls last, entry_id) as k
    from standing
    where match_id is not null
      and entry_id not in (select reversal_id from by_link) and entry_id not in (select original_id from by_link)
),
by_match as (
    select reversal.entry_id as reversal_id, original.entry_id as original_id, reversal.posting_date as reversed_on
    from unnamed as reversal
    join unnamed as original on original.match_id = reversal.match_id and original.amount = -reversal.amount
        and original.k = reversal.k and original.voucher_type <> 'ReversalVoucher'
    where reversal.voucher_type = 'ReversalVoucher'
),
found as materialized (
    select * from by_link union all select * from by_match
)
select *
from found
where reversal_id not in (select original_id from found);
create index reversals_by_reversal on reversals (reversal_id);
create index reversals_by_original on reversals (original_id);

-- 11_entries ----------------------------------------------------------------------------------------------------------

create temp table entries (
    entry_id text primary key, seq integer, customer_id text, customer_no text, customer_name text, voucher_id text,
    posting_date integer, voucher_date integer, due_date integer, invoice_no text, kid text,
    custom_matching_reference text, match_id text, currency_code text, currency_amount integer, is_foreign integer,
    amount integer, balance integer, dated_ahead integer, booked_on integer, gone_on integer, is_gone integer,
    last_changed integer, voucher_type text, own_settlement_key text, role text, is_cancelled integer,
    matched integer, unmatched integer
) without rowid;
insert into entries
with
ours as (
    select reference, max(settlement_key) as settlement_key
    from journal_vouchers where reference is not null
    group by reference
),
ours_by_id as (
    select voucher_id, max(settlement_key) as settlement_key
    from journal_vouchers where voucher_id is not null
    group by voucher_id
),
known as (
    select
        entry.entry_id,
        case when entry.entry_id not glob '*[^0-9]*' then cast(entry.entry_id as integer) end as seq,
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
        entry.amount,
        entry.balance,
        entry.posting_date > parameters.business_date                       as dated_ahead,
        iif(entry.posting_date > parameters.business_date, entry.booked_on, null)       as booked_on,
        iif(entry.gone_on <= parameters.business_date, entry.gone_on, null) as gone_on,
        entry.gone_on is not null                                           as is_gone,
        entry.last_changed,
        coalesce(entry.is_write_off, 0) or coalesce(corrections.is_write_off, 0)        as is_write_off,
        coalesce(corrections.root_type, entry.voucher_type, 'Unknown')      as voucher_type,
        coalesce(entry.is_created_by_current_integration, 0)
            or ours.reference is not null or ours_by_id.voucher_id is not null          as is_own,
        coalesce(ours.settlement_key, ours_by_id.settlement_key)            as own_settlement_key,
        coalesce(journal_offsets.is_bank, 0)                                as is_bank,
        coalesce(journal_offsets.is_currency, 0)                            as is_currency
    from parameters
    cross join poweroffice_ledger_entries as entry
    left join corrections on corrections.voucher_id = entry.voucher_id
    left join journal_offsets on journal_offsets.voucher_id = entry.voucher_id
    left join ours on ours.reference = entry.external_import_reference
    left join ours_by_id on ours_by_id.voucher_id = entry.voucher_id
)
select
    entry_id, seq, customer_id, customer_no, customer_name, voucher_id, posting_date, voucher_date, due_date, invoice_no,
    kid, custom_matching_reference, match_id, currency_code, currency_amount, is_foreign, amount, balance, dated_ahead,
    booked_on, gone_on, is_gone, last_changed, voucher_type, own_settlement_key,
    case
        when amount < 0 then case
            when is_write_off                                                           then 'write_off'
            when voucher_type = 'ReversalVoucher' or entry_id in (select reversal_id from reversals) then 'reversal'
            when voucher_type = 'OutgoingCreditNote'                                    then 'credit_note'
            when is_own                                                                 then 'own_voucher'
            when voucher_type in ('IncomingOcrGiro', 'BankJournal', 'IncomingPayments', 'CashJournal',
                                  'IncomingBankRemittance', 'OutgoingPayments') or is_bank then 'payment'
            when is_currency or (is_foreign and currency_amount = 0)                    then 'currency_difference'
            when voucher_type in ('OutgoingInvoice', 'Settlement', 'NegativeSettlement',
                                  'OutgoingPaymentReminder', 'OutgoingNoticeOfDebtCollection',
                                  'OutgoingPaymentDemand', 'OutgoingWarrantOfExecution') then 'netting'
            else 'unexplained'
        end
        else case
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
    end,
    entry_id in (select original_id from reversals) or entry_id in (select reversal_id from reversals),
    max(0, abs(amount) - abs(balance)),
    min(abs(balance), abs(amount))
from known
where not is_gone or (amount > 0 and due_date is not null);

-- 12_invoices, 13_classified ------------------------------------------------------------------------------------------

create index cases_by_voucher on journal_cases (voucher_id);

create temp table invoices (
    entry_id text primary key, seq integer, customer_id text, customer_no text, customer_name text, voucher_id text,
    posting_date integer, voucher_date integer, invoice_no text, kid text, match_id text, currency_code text,
    currency_amount integer, is_foreign integer, amount integer, balance integer, gone_on integer, is_gone integer,
    last_changed integer, matched integer, unmatched integer, in_journal integer, case_id text, registered_orgnr text,
    original_due_date integer, agreed_due_date integer, counted_due_date integer, overdue_on integer
) without rowid;
insert into invoices
with
named as (
    select
        entries.*,
        journal_cases.case_id is not null and journal_cases.opened_on <= business_date          as in_journal,
        coalesce(journal_cases.case_id, new_case_id(tenant, entries.voucher_id))                as case_id,
        iif(journal_cases.opened_on <= business_date, journal_cases.orgnr, null)                as registered_orgnr
    from parameters
    cross join entries
    left join journal_cases on journal_cases.voucher_id = entries.voucher_id
    where +role = 'invoice' and not dated_ahead
),
agreements as (
    select
        case_id,
        unixepoch(coalesce(payload ->> '$.due', payload ->> '$.due_date', payload ->> '$.new_due_date',
                           payload ->> '$.until')) / 86400              as due_date,
        effective_on                                                    as agreed_on,
        max(seq)
    from journal_decisions, parameters
    where kind in ('new_due_date', 'due_date') and effective_on <= business_date
    group by case_id
),
days as (
    select
        named.*,
        named.due_date                                                  as original_due_date,
        coalesce(agreements.due_date, named.due_date)                   as agreed_due_date,
        agreements.agreed_on
    from named
    left join agreements on agreements.case_id = named.case_id
),
counted as (
    select
        days.*,
        iif(due_date_shift, coalesce(agreed.next_business_day, agreed_due_date), agreed_due_date)   as counted_due_date,
        iif(due_date_shift, coalesce(original.next_business_day, original_due_date), original_due_date)
                                                                                                    as original_counted
    from parameters
    cross join days
    left join calendar as agreed on agreed.day = agreed_due_date
    left join calendar as original on original.day = original_due_date
)
select
    entry_id, seq, customer_id, customer_no, customer_name, voucher_id, posting_date, voucher_date, invoice_no, kid, match_id,
    currency_code, currency_amount, is_foreign, amount, balance, gone_on, is_gone, last_changed, matched, unmatched,
    in_journal, case_id, registered_orgnr, original_due_date, agreed_due_date, counted_due_date,
    iif(agreed_on > original_counted + days_past_due, original_counted + days_past_due, counted_due_date + days_past_due)
from parameters
cross join counted;
create index open_invoices on invoices (customer_id, kid) where unmatched > 0 and not is_gone;

create temp table classified (entry_id text primary key, role text, is_goodwill integer) without rowid;
insert into classified
with
words as (
    select
        seq, case_id, effective_on,
        payload ->> '$.entry_id'                                         as entry_id,
        case lower(coalesce(payload ->> '$.as', payload ->> '$.classification', payload ->> '$.reason', payload ->> '$.kind'))
            when 'paid' then 'payment'
            when 'payment' then 'payment'
            when 'written off' then 'write_off'
            when 'written_off' then 'write_off'
            when 'write_off' then 'write_off'
            when 'credited' then 'credit_note'
            when 'credit_note' then 'credit_note'
            when 'goodwill' then 'goodwill'
            when 'correction' then 'correction'
        end                                                              as word
    from journal_decisions, parameters
    where kind = 'classify' and effective_on <= business_date
),
meant as (
    select words.seq, words.word, entries.entry_id
    from words
    cross join invoices on invoices.case_id = words.case_id
    cross join entries on entries.match_id = invoices.match_id and not entries.dated_ahead
    where words.word is not null and (words.entry_id is null and entries.posting_date <= words.effective_on
                                      or words.entry_id = entries.entry_id)
      and case when words.word in ('goodwill', 'correction') then entries.role = 'credit_note'
               else entries.role = 'unexplained' end
),
ranked as (
    select *, word in ('goodwill', 'correction') as of_note,
        row_number() over (partition by entry_id, word in ('goodwill', 'correction') order by seq desc) as n
    from meant
)
select entry_id, max(word) filter (where not of_note), coalesce(max(word) filter (where of_note) = 'goodwill', 0)
from ranked
where n = 1
group by entry_id;

update entries set role = classified.role
from classified
where classified.entry_id = entries.entry_id and classified.role is not null;

-- 20_match_groups to 23_matched ---------------------------------------------------------------------------------------

-- with all that is read of an entry by its group, so that groups, and the credits of one, are read off it in order
create index entries_by_match on entries (
    match_id, amount, posting_date, matched, unmatched, role, dated_ahead, is_cancelled, is_gone
);

create temp table match_groups (
    match_id text primary key, has_dated_ahead integer, is_torn integer, is_plain integer, debit_id text
) without rowid;
insert into match_groups
with
looked_at as (
    select match_id, entry_id, dated_ahead, amount > 0 as is_debit,
        iif(amount > 0, matched, -matched)                          as matched_here,
        case
            when dated_ahead or is_cancelled or matched = 0         then 0
            when amount > 0                                         then role = 'invoice'
            else unmatched = 0 and role <> 'write_off' and entry_id not in (select entry_id from classified)
        end                                                         as is_simple
    from entries
    where match_id is not null and not is_gone
)
select
    match_id,
    max(dated_ahead),
    sum(matched_here) <> 0,
    min(is_simple) and sum(is_debit) = 1 and sum(matched_here) = 0,
    max(iif(is_debit, entry_id, null))
from looked_at
group by match_id;

create temp table loose (
    entry_id text primary key, seq integer, customer_id text, voucher_id text, match_id text, role text, amount integer,
    matched integer, unmatched integer, posting_date integer, due_date integer, kid text, invoice_no text,
    custom_matching_reference text, own_settlement_key text, dated_ahead integer, booked_on integer,
    is_cancelled integer
) without rowid;
insert into loose                             -- from the groups that are not plain: far fewer than the entries
select
    entry_id, seq, customer_id, voucher_id, entries.match_id, role, amount, matched, unmatched, posting_date, due_date,
    kid, invoice_no, custom_matching_reference, own_settlement_key, dated_ahead, booked_on, is_cancelled
from match_groups
cross join entries on entries.match_id = match_groups.match_id
where not match_groups.is_plain and not entries.is_gone
union all
select
    entry_id, seq, customer_id, voucher_id, match_id, role, amount, matched, unmatched, posting_date, due_date, kid,
    invoice_no, custom_matching_reference, own_settlement_key, dated_ahead, booked_on, is_cancelled
from entries
where match_id is null and not is_gone;

create temp table debit_side (
    share_key text, entry_id text, capacity integer, sort_day integer, sort_no integer,
    primary key (share_key, sort_day, sort_no, entry_id)
) without rowid;
create temp table credit_side (
    share_key text, entry_id text, capacity integer, sort_day integer, sort_no integer,
    primary key (share_key, sort_day, sort_no, entry_id)
) without rowid;

create temp view shared_out as
with
debits as (
    select share_key, entry_id, capacity,
        sum(capacity) over (partition by share_key order by sort_day, sort_no, entry_id rows unbounded preceding) as upto
    from debit_side
),
credits as materialized (
    select share_key, entry_id, capacity,
        sum(capacity) over (partition by share_key order by sort_day, sort_no, entry_id rows unbounded preceding) as upto
    from credit_side
)
select
    debits.entry_id  as debit_id,
    credits.entry_id as credit_id,
    min(debits.upto, credits.upto) - max(debits.upto - debits.capacity, credits.upto - credits.capacity) as amount
from debits
cross join credits on credits.share_key = debits.share_key
    and credits.upto > debits.upto - debits.capacity and debits.upto > credits.upto - credits.capacity;

create temp table shares (debit_id text, credit_id text, amount integer, stage text);
insert into shares
select reversals.original_id, reversals.reversal_id, invoices.amount, 'reversal'
from reversals
cross join invoices on invoices.entry_id = reversals.original_id;

create temp table members (
    match_id text, entry_id text, is_debit integer, role text, capacity integer, posted integer, due integer,
    seq integer, kid text, invoice_no text, own_settlement_key text,
    primary key (match_id, is_debit, entry_id)
) without rowid;
insert into members
select
    match_id, entry_id, amount > 0, role, matched, posting_date, coalesce(due_date, posting_date), coalesce(seq, 0), kid,
    invoice_no, own_settlement_key
from loose
where match_id is not null and matched > 0 and not dated_ahead and not is_cancelled
order by 1, 3, 2;

create temp table crowded (match_id text primary key, invoices integer) without rowid;
insert into crowded
select match_id, count(*) filter (where role = 'invoice')
from members
group by match_id
having count(*) filter (where is_debit) > 1 and count(*) filter (where not is_debit) > 1;

create temp view remaining as
with
used as materialized (
    select debit_id as entry_id, sum(amount) as amount from shares where stage in ('own', 'refund', 'named') group by debit_id
    union all
    select credit_id, sum(amount) from shares where stage in ('own', 'refund', 'named') group by credit_id
)
select match_id, members.entry_id, is_debit, role, capacity - coalesce(used.amount, 0) as capacity, posted, due, seq, kid,
    invoice_no, own_settlement_key
from members left join used on used.entry_id = members.entry_id
where capacity > coalesce(used.amount, 0);

insert into debit_side
select match_id || ':' || own_settlement_key, entry_id, capacity, posted, seq
from members where is_debit and role = 'own_voucher' and own_settlement_key is not null;
insert into credit_side
select match_id || ':' || entry_id, entry_id, capacity, posted, seq
from members where not is_debit and role = 'payment'
  and match_id in (select match_id from members where is_debit and role = 'own_voucher');
insert into shares select *, 'own' from shared_out;

delete from debit_side;
insert into debit_side
select match_id, entry_id, capacity, posted, seq
from remaining where is_debit and role in ('refund', 'own_voucher');
delete from credit_side;
insert into credit_side
select match_id, entry_id, capacity, -posted, -seq
from remaining where not is_debit and role = 'payment' and match_id in (select share_key from debit_side);
insert into shares select *, 'refund' from shared_out;

delete from debit_side;
insert into debit_side
select match_id || ':' || kid, entry_id, capacity, due, seq
from crowded cross join remaining using (match_id)
where is_debit and role = 'invoice' and kid is not null and invoices > 1;
delete from credit_side;
insert into credit_side
select match_id || ':' || kid, entry_id, capacity, posted, seq
from crowded cross join remaining using (match_id)
where not is_debit and role = 'payment' and kid is not null and invoices > 1;
insert into shares select *, 'named' from shared_out;

delete from debit_side;
insert into debit_side
select match_id || ':' || invoice_no, entry_id, capacity, due, seq
from crowded cross join remaining using (match_id)
where is_debit and role = 'invoice' and invoice_no is not null and invoices > 1;
delete from credit_side;
insert into credit_side
select members.match_id || ':' || note.related_invoice_no, members.entry_id, members.capacity, members.posted, members.seq
from crowded
cross join remaining as members on members.match_id = crowded.match_id
cross join loose on loose.entry_id = members.entry_id
cross join poweroffice_outgoing_invoices as note on note.voucher_id = loose.voucher_id
where not members.is_debit and members.role = 'credit_note' and note.related_invoice_no is not null and crowded.invoices > 1;
insert into shares select *, 'named' from shared_out;

delete from debit_side;
insert into debit_side
select match_id, entry_id, capacity, due, seq from remaining where is_debit order by match_id, due, seq, entry_id;
delete from credit_side;
insert into credit_side
select match_id, entry_id, capacity, posted, seq from remaining where not is_debit order by match_id, posted, seq, entry_id;
insert into shares select *, 'matched' from shared_out;
create index shares_by_debit on shares (debit_id);
create index shares_by_credit on shares (credit_id, amount);

-- 24_open_in_group, 25_recoveries -------------------------------------------------------------------------------------

create temp table asked (entry_id text);
create temp view standing as
with
met as materialized (
    select
        shares.debit_id as entry_id,
        sum(shares.amount) filter (where credit.role <> 'write_off') as reduced,
        sum(shares.amount) filter (where credit.role = 'write_off')  as written_off
    from shares
    cross join loose as credit on credit.entry_id = shares.credit_id
    where shares.debit_id in (select entry_id from asked)
    group by shares.debit_id
)
select
    invoices.entry_id, invoices.customer_id, invoices.match_id, invoices.kid, invoices.invoice_no,
    invoices.original_due_date as due, coalesce(invoices.seq, 0)     as seq,
    coalesce(met.written_off, 0)                                     as written_off,
    invoices.amount - coalesce(met.reduced, 0)                       as principal_open,
    coalesce(met.written_off, 0) > 0 and coalesce(met.reduced, 0) > 0
        and met.reduced + met.written_off = invoices.amount
        and met.written_off < rounding_write_off                     as is_rounding
from parameters
cross join invoices
left join met on met.entry_id = invoices.entry_id
where invoices.entry_id in (select entry_id from asked) and not invoices.is_gone;

create temp table open_credits (
    entry_id text primary key, customer_id text, match_id text, role text, kid text, invoice_no text,
    custom_matching_reference text, unmatched integer, posted integer, seq integer
) without rowid;
insert into open_credits
select entry_id, customer_id, match_id, role, kid, invoice_no, custom_matching_reference, unmatched, posting_date,
    coalesce(seq, 0)
from loose
where amount < 0 and unmatched > 0 and role not in ('write_off', 'reversal')
  and not dated_ahead and not is_cancelled;

insert into asked
select entry_id from invoices where match_id in (select match_id from open_credits where match_id is not null);
delete from debit_side;
insert into debit_side
select match_id, entry_id, principal_open, due, seq from standing where principal_open > 0 and not is_rounding;
delete from credit_side;
insert into credit_side
select match_id, entry_id, unmatched, posted, seq from open_credits where match_id is not null;
insert into shares select *, 'group' from shared_out;

create temp view open_payments as
select open_credits.entry_id, customer_id, kid, invoice_no, custom_matching_reference,
    unmatched - coalesce(used.amount, 0) as unmatched, posted, seq
from open_credits
left join (select credit_id as entry_id, sum(amount) as amount from shares where stage in ('group', 'recovery')
           group by credit_id) as used on used.entry_id = open_credits.entry_id
where role = 'payment' and unmatched > coalesce(used.amount, 0);

delete from asked;
insert into asked
select debit_id
from loose cross join shares on shares.credit_id = loose.entry_id
where loose.role = 'write_off';
delete from debit_side;
insert into debit_side
select customer_id || ':' || kid, entry_id, principal_open, due, seq
from standing as claim
where principal_open > 0 and not is_rounding and kid is not null
  and not exists (
      select 1 from invoices as other
      where other.customer_id = claim.customer_id and other.kid = claim.kid and other.unmatched > 0 and not other.is_gone);
delete from credit_side;
insert into credit_side
select customer_id || ':' || kid, entry_id, unmatched, posted, seq
from open_payments where kid is not null;
insert into shares select *, 'recovery' from shared_out;

delete from debit_side;
insert into debit_side
select customer_id || ':' || invoice_no, entry_id, principal_open, due, seq
from standing
where principal_open > 0 and not is_rounding and invoice_no is not null;
delete from credit_side;
insert into credit_side
select customer_id || ':' || coalesce(invoice_no, custom_matching_reference), entry_id, unmatched, posted, seq
from open_payments where coalesce(invoice_no, custom_matching_reference) is not null;
insert into shares select *, 'recovery' from shared_out;

-- 26_invoice_settlements ----------------------------------------------------------------------------------------------

create temp table invoice_settlements (
    entry_id text, credit_id text, kind text, amount integer, effective_on integer, interest_from_due integer,
    after_write_off integer,
    primary key (entry_id, credit_id)
) without rowid;
insert into invoice_settlements
with
twice as materialized (
    select credit_id from shares where stage <> 'matched'
),
pairs as (
    select debit_id, credit_id, amount, 0 as was_open
    from shares where credit_id not in (select credit_id from twice)
    union all
    select debit_id, credit_id, sum(amount), max(stage in ('group', 'recovery'))
    from shares where credit_id in (select credit_id from twice)
    group by debit_id, credit_id
),
met as materialized (
    select
        invoices.entry_id,
        pairs.credit_id,
        credit.role,
        credit.posting_date            as effective_on,
        pairs.amount,
        pairs.was_open,
        invoices.amount                as principal
    from pairs
    cross join invoices on invoices.entry_id = pairs.debit_id
    cross join loose as credit on credit.entry_id = pairs.credit_id
    where not invoices.is_gone
),
written_off as materialized (
    select
        entry_id,
        sum(amount) filter (where role = 'write_off')              as written_off,
        coalesce(sum(amount) filter (where role <> 'write_off'), 0) as reduced,
        max(principal)                                             as principal
    from met
    where entry_id in (select entry_id from met where role = 'write_off')
    group by entry_id
),
roundings as materialized (
    select entry_id
    from written_off, parameters
    where reduced > 0 and reduced + written_off.written_off = principal
      and written_off.written_off < rounding_write_off
)
select
    met.entry_id,
    met.credit_id,
    iif(met.role = 'write_off' and roundings.entry_id is not null, 'rounding', met.role),
    met.amount,
    met.effective_on,
    met.role in ('credit_note', 'reversal') and not coalesce(classified.is_goodwill, 0),
    met.was_open and written_off.entry_id is not null
from met
left join roundings on roundings.entry_id = met.entry_id
left join written_off on written_off.entry_id = met.entry_id
left join classified on classified.entry_id = met.credit_id
order by 1, 2;

create temp table principals (entry_id text primary key, is_plain integer, principal_open integer) without rowid;
insert into principals
with
reduced as materialized (
    select entry_id, sum(amount) as amount from invoice_settlements where kind <> 'write_off' group by entry_id
)
select
    invoices.entry_id, coalesce(plain.is_plain, 0),
    iif(plain.is_plain, invoices.unmatched, invoices.amount - coalesce(reduced.amount, 0))
from invoices
left join match_groups as plain on plain.match_id = invoices.match_id and plain.debit_id = invoices.entry_id
    and plain.is_plain
left join reduced on reduced.entry_id = invoices.entry_id;

-- 30_claims -----------------------------------------------------------------------------------------------------------

create table claims (
    case_id text, voucher_id text, entry_id text, invoice_no text, kid text, customer_id text,
    customer_no text, customer_name text, orgnr text, debtor_kind text, invoice_date integer, due_date integer,
    original_due_date integer, counted_due_date integer, currency text, currency_amount integer, principal integer,
    ledger_balance integer, deleted_in_ledger_on integer, overdue_on integer, in_journal integer,
    debtor_changed integer, ledger_conflict integer
);
insert into claims                            -- in the order of the case ids: the rowid is the accounts' case_no
with
due as not materialized (
    select invoices.*
    from parameters
    cross join invoices
    where in_journal
       or (overdue_on <= business_date and (import_from is null or original_due_date >= import_from)
           and (gone_on is null or gone_on > overdue_on))
),
unopened as materialized (                    -- read twice, and few
    select entry_id, match_id, overdue_on from due where not in_journal
),
settled_before as materialized (
    select entry_id, sum(amount) as amount
    from (
        select unopened.entry_id, settled.amount
        from unopened
        cross join invoice_settlements as settled
            on settled.entry_id = unopened.entry_id and settled.kind <> 'write_off'
            and settled.effective_on <= unopened.overdue_on
        union all
        select unopened.entry_id, credit.matched
        from unopened
        cross join match_groups as plain
            on plain.match_id = unopened.match_id and plain.debit_id = unopened.entry_id and plain.is_plain
        cross join entries as credit
            on credit.match_id = plain.match_id and credit.amount < 0 and credit.posting_date <= unopened.overdue_on
    )
    group by entry_id
),
cases_found as not materialized (
    select due.*
    from due
    left join settled_before on settled_before.entry_id = due.entry_id
    where in_journal or due.amount > coalesce(settled_before.amount, 0)
),
matched_here as (
    select shares.debit_id as entry_id, sum(shares.amount) as amount
    from cases_found
    cross join shares on shares.debit_id = cases_found.entry_id
    where cases_found.match_id in (select match_id from match_groups where has_dated_ahead)
      and shares.stage not in ('group', 'recovery')
    group by shares.debit_id
),
crooked as materialized (
    select match_id, has_dated_ahead, is_torn from match_groups where has_dated_ahead or is_torn
),
contradicted as materialized (
    select found.entry_id
    from cases_found as found
    cross join poweroffice_outgoing_invoices as listed on listed.voucher_id = found.voucher_id
    where found.balance > 0 and listed.gone_on is null and not found.is_foreign
      and listed.total_amount = found.amount and listed.balance < found.balance
      and listed.balance_last_changed >= found.last_changed
)
select
    found.case_id,
    found.voucher_id,
    found.entry_id,
    found.invoice_no,
    found.kid,
    found.customer_id,
    coalesce(debtors.customer_no, found.customer_no),
    coalesce(debtors.name, found.customer_name),
    coalesce(found.registered_orgnr, debtors.orgnr),
    coalesce(debtors.debtor_kind, 'unknown'),
    coalesce(found.voucher_date, found.posting_date),
    found.agreed_due_date,
    found.original_due_date,
    found.counted_due_date,
    coalesce(found.currency_code, 'NOK'),
    found.currency_amount,
    found.amount,
    case
        when found.gone_on is not null then 0
        when coalesce(crooked.has_dated_ahead, 0) then found.amount - coalesce(matched_here.amount, 0)
        else found.balance
    end,
    found.gone_on,
    found.overdue_on,
    found.in_journal,
    found.registered_orgnr is not null and debtors.customer_id is not null and debtors.orgnr is not found.registered_orgnr,
    found.gone_on is null and coalesce(
        (coalesce(crooked.is_torn, 0) and found.matched > 0)
        or (parameters.live and not coalesce(crooked.has_dated_ahead, 0) and contradicted.entry_id is not null), 0)
from parameters
cross join cases_found as found
left join debtors on debtors.customer_id = found.customer_id
left join crooked on crooked.match_id = found.match_id
left join contradicted on contradicted.entry_id = found.entry_id
left join matched_here on matched_here.entry_id = found.entry_id
order by 1;
create index claims_by_entry on claims (entry_id, case_id);

create table unclaimable (
    entry_id text, voucher_id text, invoice_no text, customer_id text, customer_no text, amount integer, reason text
);
insert into unclaimable
select
    entries.entry_id,
    entries.voucher_id,
    entries.invoice_no,
    entries.customer_id,
    entries.customer_no,
    entries.amount,
    case
        when entries.role = 'invoice'                        then 'before_import_from'
        when entries.role = 'netting' and entries.voucher_type = 'OutgoingInvoice' then 'not_positive'
        else entries.role
    end
from parameters
cross join entries
where not entries.dated_ahead and not entries.is_gone
  and (entries.role <> 'invoice'
       or entries.due_date < import_from and entries.entry_id not in (select entry_id from claims));

-- 32_settlements, 33_surpluses ----------------------------------------------------------------------------------------

create table settlements (
    case_id text, entry_id text, settlement_key text, kind text, amount integer, effective_on integer,
    interest_from_due integer, after_write_off integer,
    primary key (case_id, entry_id, kind)
) without rowid;
insert into settlements
select
    claims.case_id,
    settled.credit_id,
    settled.credit_id,
    settled.kind,
    settled.amount,
    settled.effective_on,
    settled.interest_from_due,
    settled.after_write_off
from invoice_settlements as settled
cross join claims on claims.entry_id = settled.entry_id
union all
select
    claims.case_id,
    credit.entry_id,
    credit.entry_id,
    credit.role,
    credit.matched,
    credit.posting_date,
    credit.role in ('credit_note', 'reversal'),
    0
from match_groups as plain
cross join claims on claims.entry_id = plain.debit_id
cross join entries as credit on credit.match_id = plain.match_id and credit.amount < 0
where plain.is_plain;

create temp table surplus_amounts (
    entry_id text primary key, customer_id text, match_id text, kid text, named_invoice_no text, posting_date integer,
    surplus integer
) without rowid;
insert into surplus_amounts
with
taken as materialized (
    select shares.credit_id as entry_id, sum(shares.amount) as amount
    from loose as debit
    cross join shares on shares.debit_id = debit.entry_id
    where debit.role = 'own_voucher'
    group by shares.credit_id
),
settling as materialized (
    select credit_id as entry_id, sum(amount) as amount from shares where stage in ('group', 'recovery') group by credit_id
)
select
    payment.entry_id, payment.customer_id, payment.match_id, payment.kid,
    coalesce(payment.invoice_no, payment.custom_matching_reference),
    payment.posting_date,
    payment.unmatched + coalesce(taken.amount, 0) - coalesce(settling.amount, 0)
from loose as payment
left join taken on taken.entry_id = payment.entry_id
left join settling on settling.entry_id = payment.entry_id
where payment.amount < 0 and payment.role = 'payment'
  and not payment.dated_ahead and not payment.is_cancelled
  and payment.unmatched + coalesce(taken.amount, 0) > coalesce(settling.amount, 0);

create table surplus_claims (entry_id text, case_id text, share_rank integer, primary key (entry_id, share_rank)) without rowid;
insert into surplus_claims
with
still_open as materialized (                  -- few, so looked up here and not in an index over every invoice
    select invoices.customer_id, invoices.kid
    from principals
    cross join invoices on invoices.entry_id = principals.entry_id
    where principals.principal_open > 0 and not invoices.is_gone
),
settled_claims as materialized (
    select claims.*
    from claims cross join principals on principals.entry_id = claims.entry_id
    where customer_id in (select customer_id from surplus_amounts)
      and principals.principal_open = 0 and deleted_in_ledger_on is null
),
by_settlement as materialized (
    select distinct surplus_amounts.entry_id, claim.case_id, claim.counted_due_date, claim.invoice_no
    from settled_claims as claim
    cross join settlements on settlements.case_id = claim.case_id
    cross join surplus_amounts on surplus_amounts.entry_id = settlements.entry_id
),
by_kid as materialized (
    select surplus_amounts.entry_id, claim.case_id, claim.counted_due_date, claim.invoice_no
    from surplus_amounts
    join settled_claims as claim on claim.customer_id = surplus_amounts.customer_id and claim.kid = surplus_amounts.kid
    where not exists (
        select 1 from still_open
        where still_open.customer_id = surplus_amounts.customer_id and still_open.kid = surplus_amounts.kid)
),
by_number as (
    select surplus_amounts.entry_id, claim.case_id, claim.counted_due_date, claim.invoice_no
    from surplus_amounts
    join settled_claims as claim
        on claim.customer_id = surplus_amounts.customer_id and claim.invoice_no = surplus_amounts.named_invoice_no
),
found as (
    select * from by_settlement
    union
    select * from by_kid where entry_id not in (select entry_id from by_settlement)
    union
    select * from by_number
    where entry_id not in (select entry_id from by_settlement) and entry_id not in (select entry_id from by_kid)
)
select entry_id, case_id,
    row_number() over (partition by entry_id order by counted_due_date, invoice_no nulls last, case_id)
from found;

create table surpluses (
    case_id text, entry_id text primary key, settlement_key text, kind text, amount integer, effective_on integer
) without rowid;
insert into surpluses
select
    surplus_claims.case_id,
    surplus_amounts.entry_id,
    surplus_amounts.entry_id,
    'payment',
    surplus,
    posting_date
from surplus_amounts
cross join surplus_claims on surplus_claims.entry_id = surplus_amounts.entry_id
where share_rank = 1;

-- 34_customer_credits -------------------------------------------------------------------------------------------------

create table customer_credits (
    customer_id text, entry_id text, kind text, amount integer, effective_on integer, dated_ahead integer,
    surplus_case_id text, dated_ahead_case_id text
);
insert into customer_credits
with
our_vouchers as materialized (
    select own_settlement_key as entry_id, sum(unmatched) as amount
    from loose
    where role = 'own_voucher' and own_settlement_key is not null and amount > 0
      and not dated_ahead and not is_cancelled
    group by own_settlement_key
    union all
    select settlement_key, sum(total)
    from journal_vouchers
    where state in ('posted', 'confirmed') and not coalesce(reversed, 0)
      and settlement_key not in (select own_settlement_key from entries where own_settlement_key is not null)
    group by settlement_key
),
credits as (
    select
        loose.entry_id, customer_id, posting_date, dated_ahead,
        iif(role = 'payment', 'payment', 'other')                              as kind,
        abs(loose.amount) - coalesce(our_vouchers.amount, 0)
            - (select coalesce(sum(amount), 0) from shares as used where used.credit_id = loose.entry_id) as left_over
    from loose
    left join our_vouchers on our_vouchers.entry_id = loose.entry_id
    where loose.amount < 0 and role not in ('write_off', 'reversal') and not is_cancelled and not dated_ahead
),
dated_ahead as materialized (
    select loose.*, iif(role = 'payment', 'payment', 'other') as kind, abs(amount) as left_over
    from parameters cross join loose
    where loose.amount < 0 and role not in ('write_off', 'reversal')
      and dated_ahead and booked_on <= business_date
),
ahead_of as (
    select invoices.match_id, claims.case_id,
        row_number() over (partition by match_id order by claims.counted_due_date, claims.case_id) as n
    from invoices
    cross join claims on claims.entry_id = invoices.entry_id and claims.case_id = invoices.case_id
        and claims.counted_due_date = invoices.counted_due_date
    where match_id in (select match_id from dated_ahead)
)
select
    customer_id,
    credits.entry_id,
    kind,
    left_over,
    posting_date,
    dated_ahead,
    surplus_claims.case_id,
    null
from credits
left join surplus_claims on surplus_claims.entry_id = credits.entry_id
where left_over > 0 and coalesce(surplus_claims.share_rank, 1) = 1
union all
select customer_id, entry_id, kind, left_over, posting_date, dated_ahead, null, ahead_of.case_id
from dated_ahead
left join ahead_of on ahead_of.match_id = dated_ahead.match_id and ahead_of.n = 1;

-- 36_reopenings -------------------------------------------------------------------------------------------------------

create table reopenings (
    case_id text, on_date integer, reason text, amount integer, was_settled integer, entry_id text, settlement_key text
);
insert into reopenings
with
open_claims as materialized (
    select claims.*, invoices.match_id
    from principals
    cross join claims on claims.entry_id = principals.entry_id
    cross join invoices on invoices.entry_id = principals.entry_id
    where principals.principal_open > 0 and claims.deleted_in_ledger_on is null
),
changed as (          -- `last_value ignore nulls`: how many match ids were known by then, and which was the last of them
    select change.entry_id, change.seen_on, change.seen_at, change.balance, change.match_id,
        count(change.match_id) over (partition by change.entry_id order by change.seen_at, change.seen_on
                                     rows between unbounded preceding and 1 preceding) as known
    from poweroffice_ledger_entry_changes as change
    cross join open_claims on open_claims.entry_id = change.entry_id
    cross join parameters
    where change.seen_on <= business_date
),
steps as (
    select
        entry_id, seen_on, seen_at, balance,
        lag(balance) over (partition by entry_id order by seen_at, seen_on)          as balance_before,
        (select before.match_id from changed as before
         where before.entry_id = changed.entry_id and before.match_id is not null and before.known = changed.known - 1)
                                                                                     as match_id_before
    from changed
),
rises as materialized (
    select * from steps where balance > balance_before
),
partners as materialized (
    select distinct rises.entry_id, rises.seen_at, change.entry_id as partner_id
    from rises
    cross join poweroffice_ledger_entry_changes as change
        on change.match_id = rises.match_id_before and change.entry_id <> rises.entry_id and change.seen_at <= rises.seen_at
),
refunded as materialized (
    select shares.credit_id as entry_id, max(debit.posting_date) as refunded_on
    from loose as debit
    cross join shares on shares.debit_id = debit.entry_id
    where debit.role = 'refund'
    group by shares.credit_id
),
fates as (
    select
        partners.entry_id, partners.seen_at, partners.partner_id,
        case
            when refunded.entry_id is not null                                        then 'refunded'
            when entries.is_cancelled                                                 then 'reversed'
            when entries.entry_id is null                                             then 'deleted'
            when entries.match_id is null or entries.match_id is not open_claims.match_id then 'unmatched'
        end                                                                           as reason
    from partners
    cross join open_claims on open_claims.entry_id = partners.entry_id
    cross join poweroffice_ledger_entries as partner on partner.entry_id = partners.partner_id and partner.amount < 0
    left join entries on entries.entry_id = partners.partner_id
    left join refunded on refunded.entry_id = partners.partner_id
    where not coalesce(partner.is_write_off, 0)
),
seen as (
    select rises.*, fates.partner_id, fates.reason
    from rises join fates on fates.entry_id = rises.entry_id and fates.seen_at = rises.seen_at
    where fates.reason is not null
    union all
    select rises.*, null, 'unmatched'
    from rises
    where not exists (select 1 from partners where partners.entry_id = rises.entry_id and partners.seen_at = rises.seen_at)
),
told as materialized (
    select
        open_claims.case_id, seen.seen_on as on_date, seen.reason, seen.balance - seen.balance_before as amount,
        seen.balance_before = 0 as was_settled, seen.partner_id as entry_id
    from seen cross join open_claims on open_claims.entry_id = seen.entry_id
),
by_kid as (
    select
        open_claims.case_id, refunded.refunded_on as on_date, 'refunded' as reason,
        -payment.amount as amount,
        -payment.amount >= open_claims.principal as was_settled, payment.entry_id
    from refunded
    cross join entries as payment on payment.entry_id = refunded.entry_id and payment.kid is not null
    cross join open_claims on open_claims.customer_id = payment.customer_id and open_claims.kid = payment.kid
    where not exists (select 1 from settlements where settlements.entry_id = payment.entry_id)
),
by_voucher as (
    select
        open_claims.case_id, reversals.reversed_on as on_date, 'reversed' as reason,
        -payment.amount as amount, 1 as was_settled, payment.entry_id
    from journal_vouchers
    cross join open_claims on open_claims.case_id = journal_vouchers.case_id
    cross join reversals on reversals.original_id = journal_vouchers.settlement_key
    cross join entries as payment on payment.entry_id = journal_vouchers.settlement_key
    where not coalesce(journal_vouchers.reversed, 0)
),
found as (
    select * from told
    union all
    select * from by_kid
    where not exists (select 1 from told where told.case_id = by_kid.case_id and told.entry_id = by_kid.entry_id)
    union all
    select * from by_voucher
    where not exists (select 1 from told where told.case_id = by_voucher.case_id and told.entry_id = by_voucher.entry_id)
)
select distinct *, entry_id from found;

-- 40_decided: not run without decisions; its tables stay empty --------------------------------------------------------

create temp table decided (
    case_id text primary key, paused integer, disputed integer, upheld_on integer, dispute_settled_on integer,
    closed integer, closed_reason text, closed_on integer, restarted_on integer, interest_from integer,
    answered_on integer, credit_released_on integer, released text, legal_kind text, waives integer, interrupts integer
) without rowid;
create temp table kept_out (customer_id text primary key) without rowid;
create temp table compensations (case_id text primary key, amount integer, missing integer) without rowid;
create temp table limitations (case_id text primary key, limitation_date integer) without rowid;

-- 41_accounts ---------------------------------------------------------------------------------------------------------

create temp table accounts (
    case_no integer primary key, case_id text unique, customer_id text, customer_no text, invoice_no text,
    due_date integer, original_due_date integer, counted_due_date integer, principal integer,
    deleted_in_ledger_on integer, interest_from integer, principal_ore integer, upheld_on integer,
    dispute_settled_on integer, closed integer, closed_as text, closed_on integer, restarted_on integer,
    answered_on integer, credit_released_on integer, released text, legal_kind text, waives integer,
    interrupts integer, no_fees integer, is_minor integer, email text, account_holds text, account_flags text,
    accrual text, interest_until integer
);
insert into accounts
with
open_since as (       -- with `opened` beside it: what is counted is then found in one pass
    select
        claims.rowid as case_no, claims.*,
        iif(business_date < connected_on, overdue_on, max(overdue_on, connected_on))  as first_day,
        claims.in_journal and journal_cases.opened_on > claims.original_due_date      as is_opened
    from parameters
    cross join claims
    left join journal_cases on journal_cases.case_id = claims.case_id
)
select
    claims.case_no, claims.case_id, claims.customer_id, claims.customer_no, claims.invoice_no,
    claims.due_date, claims.original_due_date, claims.counted_due_date, claims.principal, claims.deleted_in_ledger_on,
    max(claims.counted_due_date, coalesce(decided.interest_from, claims.counted_due_date)),
    claims.principal,
    decided.upheld_on,
    decided.dispute_settled_on,
    coalesce(decided.closed, 0),
    iif(decided.closed_reason in ('withdrawn', 'debtor_insolvent', 'time_barred', 'paid', 'credited'),
        decided.closed_reason, 'withdrawn'),
    iif(decided.closed, decided.closed_on, null),
    decided.restarted_on,
    decided.answered_on,
    decided.credit_released_on,
    coalesce(decided.released, ','),
    decided.legal_kind,
    coalesce(decided.waives, 0),
    coalesce(decided.interrupts, 0),
    coalesce(debtors.no_fees, 0),
    coalesce(debtors.is_minor, 0),
    nullif(trim(debtors.email), ''),
    case
        when decided.case_id is null and not claims.ledger_conflict and kept_out.customer_id is null
             and not coalesce(debtors.excluded, 0)
             and not (parameters.register
                      and coalesce(debtors.unknown_register or debtors.register_hold is not null, 0))
            then ''
        else iif(decided.paused, ',paused', '')
            || iif(decided.disputed, ',disputed', '')
            || iif(debtors.excluded or kept_out.customer_id is not null, ',excluded', '')
            || iif(claims.ledger_conflict and not coalesce(instr(decided.released, ',ledger_conflict,'), 0),
                   ',ledger_conflict', '')
            || iif(parameters.register and debtors.unknown_register
                   and not coalesce(instr(decided.released, ',unknown_register,'), 0), ',unknown_register', '')
            || iif(parameters.register and coalesce(debtors.register_hold_from <= business_date, 1)
                   and debtors.register_hold is not null
                   and (debtors.register_hold = 'bankruptcy'
                        or not coalesce(instr(decided.released, ',' || debtors.register_hold || ','), 0)),
                   ',' || debtors.register_hold, '')
    end,
    case
        when not claims.debtor_changed and not (parameters.register and coalesce(debtors.register_stale, 0)) then ''
        else iif(parameters.register and debtors.register_stale, ',register_stale', '')
            || iif(claims.debtor_changed, ',debtor_changed', '')
    end,
    case
        when parameters.interest = 'none' or coalesce(debtors.no_interest, 0) then 'none'
        when parameters.interest = 'agreed' and claims.debtor_kind = 'business' then 'agreed'
        else 'statutory'
    end,
    min(
        business_date,
        coalesce(iif(parameters.register and debtors.register_hold = 'bankruptcy', debtors.register_hold_from, null),
                 business_date),
        coalesce(iif(decided.closed, decided.closed_on, null), business_date),
        coalesce(claims.deleted_in_ledger_on, business_date))
from parameters
cross join open_since as claims
left join decided on decided.case_id = claims.case_id
left join debtors on debtors.customer_id = claims.customer_id
left join kept_out on kept_out.customer_id = claims.customer_id
where is_opened
   or first_day <= business_date
      and (select coalesce(sum(amount), 0) from settlements as gone_by_then
           where gone_by_then.case_id = claims.case_id and effective_on <= first_day and kind <> 'own_voucher')
          < claims.principal
      and coalesce(claims.deleted_in_ledger_on > first_day, 1);

-- 42_letters ----------------------------------------------------------------------------------------------------------

create temp table case_letters (
    case_id text, letter_key text, step text, sent_on integer, deadline integer, principal integer, total integer,
    fee integer, bears_fee integer, rank integer, counts integer, asks_less integer, fee_stands integer,
    primary key (case_id, sent_on, rank, letter_key)
) without rowid;
insert into case_letters
with
fee_words as (
    select case_id, effective_on, payload ->> '$.step' as step, payload ->> '$.letter_key' as letter_key
    from journal_decisions, parameters
    where kind in ('withdraw_fee', 'paid_in_time') and effective_on <= business_date
),
withdrawn as materialized (
    select distinct letters.letter_key, letters.case_id
    from fee_words
    cross join journal_letters as letters on letters.case_id = fee_words.case_id
    where letters.sent_on <= fee_words.effective_on
      and coalesce(fee_words.step = letters.step, 1) and coalesce(fee_words.letter_key = letters.letter_key, 1)
)
select
    letters.case_id, letters.letter_key, letters.step, letters.sent_on,
    coalesce(letters.deadline, letters.sent_on),
    coalesce(letters.principal, 0),
    coalesce(letters.total, 0),
    coalesce(letters.fee, 0),
    letters.bears_fee,
    case letters.step when 'friendly_reminder' then 1 when 'reminder' then 2 when 'collection_notice' then 3
                      when 'payment_demand' then 4 when 'enforcement_notice' then 5 else 0 end as rank,
    coalesce(letters.sent_on > accounts.restarted_on, 1),
    coalesce(letters.total, 0) <= accounts.principal,
    letters.bears_fee and letters.fee > 0
        and not coalesce(accounts.restarted_on is not null and letters.sent_on < accounts.counted_due_date + 14, 0)
        and not coalesce(letters.sent_on <= accounts.upheld_on, 0)
        and withdrawn.case_id is null
from parameters
cross join accounts
cross join journal_letters as letters on letters.case_id = accounts.case_id
left join withdrawn on withdrawn.letter_key = letters.letter_key and withdrawn.case_id = letters.case_id
where letters.sent_on <= business_date;

create temp table ladders (
    case_id text primary key, last_step text, last_step_on integer, deadline integer, reached integer,
    ladder_deadline integer, reminders_sent integer, fees integer
) without rowid;
insert into ladders                           -- arg_max by `nth`: a maximum that carries rank and deadline
with
ordered as (
    select case_id, rank, fee, fee_stands,
        iif(counts, (sent_on * 8 + rank) * 100000 + deadline, null)              as nth,
        iif(counts and rank > 1, (sent_on * 8 + rank) * 100000 + deadline, null) as nth_of_ladder
    from case_letters
),
newest as (
    select
        case_id,
        max(nth)                                                             as newest,
        max(nth_of_ladder)                                                   as newest_step,
        coalesce(max(rank) filter (where nth_of_ladder is not null), 0)      as reached,
        count(nth_of_ladder)                                                 as reminders_sent,
        coalesce(sum(iif(fee_stands, fee, null)), 0)                         as fees
    from ordered
    group by case_id
)
select
    case_id,
    case newest / 100000 % 8 when 1 then 'friendly_reminder' when 2 then 'reminder' when 3 then 'collection_notice'
                             when 4 then 'payment_demand' when 5 then 'enforcement_notice' end,
    newest / 800000, newest % 100000, reached, newest_step % 100000, reminders_sent, fees
from newest;

-- 43_kept_letters -----------------------------------------------------------------------------------------------------

create temp table kept_letters (case_id text, sent_on integer, kept_on integer, costs_asked_ore integer);
insert into kept_letters
with
possible as (
    select letters.case_id
    from case_letters as letters
    where letters.asks_less
       or letters.case_id in (select case_id from surplus_claims)
       or letters.letter_key in (select letter_key from case_letters where not bears_fee)
),
windows as materialized (
    select
        case_id, letter_key, sent_on, total, total - principal as costs_asked,
        deadline + grace_days                            as last_day,
        lead(sent_on) over (partition by case_id order by sent_on, rank) as next_sent_on
    from parameters cross join case_letters
    where counts and case_id in (select case_id from possible)
),
moneys as (
    select windows.letter_key, settlements.entry_id, 'settled ' || windows.case_id as part, settlements.effective_on,
        settlements.amount
    from windows
    cross join settlements on settlements.case_id = windows.case_id
    where settlements.kind in ('payment', 'credit_note', 'netting', 'currency_difference')
      and settlements.effective_on between windows.sent_on and windows.last_day
      and coalesce(settlements.effective_on < windows.next_sent_on, 1)
    union
    select windows.letter_key, surpluses.entry_id, 'surplus', surpluses.effective_on, surpluses.amount
    from windows
    join surplus_claims on surplus_claims.case_id = windows.case_id
    join surpluses on surpluses.entry_id = surplus_claims.entry_id
    where surpluses.effective_on between windows.sent_on and windows.last_day
      and coalesce(surpluses.effective_on < windows.next_sent_on, 1)
),
asked as (
    select letter_key, sum(total) as total from windows group by letter_key
),
running as (
    select letter_key, effective_on, sum(sum(amount)) over (partition by letter_key order by effective_on) as paid
    from moneys
    group by letter_key, effective_on
),
kept as materialized (
    select running.letter_key, min(running.effective_on) as kept_on
    from running
    join asked on asked.letter_key = running.letter_key
    where running.paid >= asked.total
    group by running.letter_key
)
select windows.case_id, windows.sent_on, kept.kept_on, max(0, windows.costs_asked)
from windows
join kept on kept.letter_key = windows.letter_key;

-- settling: cases on which more happens than plain payments -----------------------------------------------------------

create temp table eventful (case_id text primary key) without rowid;
insert into eventful
with
credited as materialized (
    select customer_id, min(effective_on) as first_on
    from customer_credits
    where not dated_ahead
    group by customer_id
),
settled as materialized (
    select accounts.case_id, max(effective_on) as last_on
    from accounts
    cross join settlements on settlements.case_id = accounts.case_id
    where accounts.customer_id in (select customer_id from credited) and kind not in ('write_off', 'own_voucher')
    group by accounts.case_id
    having sum(amount) >= max(accounts.principal)
),
found as (
    select accounts.case_id
    from accounts
    join credited on credited.customer_id = accounts.customer_id
    left join settled on settled.case_id = accounts.case_id
    where coalesce(settled.last_on >= credited.first_on, 1)
    union
    select case_id from kept_letters
    union select case_id from accounts where waives
    union select surplus_claims.case_id
          from surplus_claims join surpluses on surpluses.entry_id = surplus_claims.entry_id
    union select settlements.case_id from parameters cross join settlements
          where 'costs_first' in (select allocation from allocation_orders)
            and kind = 'payment' and effective_on >= connected_on
)
select distinct found.case_id from found join accounts on accounts.case_id = found.case_id;

create table allocations (
    case_id text, settlement_key text, effective_on integer, to_fee integer, to_interest integer, to_principal integer,
    to_credit integer
);
create temp table cost_events (
    case_id text primary key, fee_paid integer, interest_paid integer, costs_waived integer, interest_waived integer,
    last_on integer
) without rowid;
create temp table credit_cover (case_id text, counts_on integer, amount integer);
create temp table credit_pools (customer_id text, payments integer, others integer, newest_on integer);

-- then: allocation ----------------------------------------------------------------------------------------------------

-- 45_reductions

insert into allocations
select
    settlements.case_id, settlements.settlement_key, settlements.effective_on, 0, 0, settlements.amount, 0
from accounts
cross join settlements on settlements.case_id = accounts.case_id
where settlements.kind = 'payment' and settlements.case_id not in (select case_id from eventful);

create temp table reductions (                -- by its settlement too, for a key of its own
    case_no integer, kind text, settlement_key text, ore integer, effective_on integer, after_write_off integer,
    counts_on integer,
    primary key (case_no, counts_on, settlement_key, kind)
) without rowid;
insert into reductions
select
    accounts.case_no, settlements.kind, settlements.settlement_key, settlements.amount, settlements.effective_on,
    settlements.after_write_off,
    iif(settlements.interest_from_due, accounts.interest_from, max(settlements.effective_on, accounts.interest_from))
from accounts
cross join settlements on settlements.case_id = accounts.case_id
where settlements.kind not in ('write_off', 'own_voucher')
  and (settlements.kind <> 'payment' or 'costs_first' not in (select allocation from allocation_orders))
union all
select
    accounts.case_no, 'payment', allocations.settlement_key, allocations.to_principal, allocations.effective_on,
    exists (select 1 from settlements where settlements.case_id = allocations.case_id
            and settlements.settlement_key = allocations.settlement_key and settlements.after_write_off),
    max(allocations.effective_on, accounts.interest_from)
from allocations
cross join accounts on accounts.case_id = allocations.case_id
where 'costs_first' in (select allocation from allocation_orders) and allocations.to_principal > 0;

create temp table case_principals (
    case_no integer primary key, case_id text, credited integer, paid integer, rounded integer, unexplained integer,
    written_off integer, principal_open integer, settled_on integer, recovered integer, costs_dropped integer
);
insert into case_principals
with
sums as (             -- of the accounts at once: both are in the order of the case numbers
    select
        accounts.case_no, accounts.case_id, principal_ore, closed, deleted_in_ledger_on,
        coalesce(sum(iif(kind in ('credit_note', 'reversal'), ore, null)), 0)                   as credited,
        coalesce(sum(iif(kind in ('payment', 'netting', 'currency_difference'), ore, null)), 0) as paid,
        coalesce(sum(iif(kind = 'rounding', ore, null)), 0)                                     as rounded,
        coalesce(sum(iif(kind = 'unexplained', ore, null)), 0)                                  as unexplained,
        max(iif(kind <> 'unexplained', effective_on, null))                                     as settled_on,
        coalesce(max(after_write_off), 0)                                                       as recovered
    from accounts
    left join reductions on reductions.case_no = accounts.case_no
    group by accounts.case_no
),
lost as materialized (
    select case_id, sum(amount) as written_off
    from settlements
    where kind = 'write_off'
    group by case_id
)
select
    case_no, sums.case_id, credited, paid, rounded, unexplained, coalesce(written_off, 0),
    iif(deleted_in_ledger_on is not null, 0, max(0, principal_ore - credited - paid - rounded)),
    settled_on, recovered,
    closed or deleted_in_ledger_on is not null or credited >= principal_ore
from sums
left join lost on lost.case_id = sums.case_id;

-- 46_credit_holds -----------------------------------------------------------------------------------------------------

create temp table credit_holds (case_id text, hold text);
insert into credit_holds
select
    accounts.case_id,
    case
        when pool.payments >= case_principals.principal_open             then 'unallocated_payment'
        when pool.others >= case_principals.principal_open               then 'covered_by_credit'
        when pool.payments + pool.others >= case_principals.principal_open then 'unallocated_payment'
    end
from accounts
cross join credit_pools as pool on pool.customer_id = coalesce(accounts.customer_id, '')
cross join case_principals on case_principals.case_no = accounts.case_no
where case_principals.principal_open > 0 and not accounts.closed
  and not coalesce(accounts.credit_released_on >= pool.newest_on, 0);

-- 50_interest ---------------------------------------------------------------------------------------------------------

create temp table rate_sums (day integer primary key, statutory integer, agreed integer, unknown_days integer);
insert into rate_sums
with
days as (
    select calendar.day, calendar.year_days, interest_rates.rate_bp
    from parameters
    cross join calendar
    left join interest_rates on calendar.day between interest_rates.valid_from and interest_rates.valid_to
    where calendar.day between (select min(interest_from) from accounts) and business_date
)
select
    day,
    coalesce(sum(coalesce(rate_bp, 0) * (133590 / year_days)) over before_it, 0),
    coalesce(sum(coalesce(interest_rate_bp, 0) * (133590 / year_days)) over before_it, 0),
    coalesce(sum(rate_bp is null) over before_it, 0)
from days, parameters
window before_it as (order by day rows between unbounded preceding and 1 preceding);

create temp table principal_spans (
    case_no integer, is_agreed integer, from_date integer, to_date integer, base_ore integer, numerator integer,
    provisional integer,
    primary key (case_no, from_date)
) without rowid;
insert into principal_spans
with
changes as (
    select case_no, interest_from as on_date, principal_ore as ore from accounts
    union all
    select case_no, counts_on, -ore from reductions
    union all
    select accounts.case_no, counts_on, -amount
    from credit_cover cross join accounts on accounts.case_id = credit_cover.case_id
),
running as (
    select case_no, on_date, sum(ore) over by_date as base_ore, lead(on_date) over by_date as next_on
    from changes
    window by_date as (partition by case_no order by on_date)
),
spans as (
    select running.case_no, accounts.accrual = 'agreed' as is_agreed, running.on_date as from_date,
        min(coalesce(running.next_on, accounts.interest_until), accounts.interest_until) as to_date, running.base_ore
    from running
    cross join accounts on accounts.case_no = running.case_no and accounts.accrual <> 'none'
    where running.base_ore > 0
      and running.on_date < min(coalesce(running.next_on, accounts.interest_until), accounts.interest_until)
)
select spans.*,
    spans.base_ore * iif(is_agreed, ends.agreed - starts.agreed, ends.statutory - starts.statutory),
    not is_agreed and ends.unknown_days > starts.unknown_days
from spans
cross join rate_sums as starts on starts.day = spans.from_date
cross join rate_sums as ends on ends.day = spans.to_date;

create table interest_periods (
    case_id text, from_date integer, to_date integer, days integer, rate_percent integer, year_days integer, base integer,
    amount integer, numerator integer
);
insert into interest_periods                  -- `amount` in millionths of a krone, `rate_percent` in hundredths of one
with
years as (
    select min(day) as first_day, max(day) + 1 as next_first_day, max(year_days) as year_days
    from calendar
    where day between (select min(from_date) from principal_spans) and (select max(to_date) from principal_spans)
    group by strftime('%Y', day * 86400, 'unixepoch')
),
rates as materialized (
    select 0 as is_agreed, max(valid_from, first_day) as from_date,
        min(valid_to + 1, next_first_day) as to_date, rate_bp, year_days
    from years
    join interest_rates on valid_from < next_first_day and valid_to >= first_day
    union all
    select 1, first_day, next_first_day, interest_rate_bp, year_days
    from years, parameters
    where interest_rate_bp is not null
),
cut as (
    select spans.case_no, max(spans.from_date, rates.from_date) as from_date,
        min(spans.to_date, rates.to_date) as to_date, rates.rate_bp, rates.year_days, spans.base_ore
    from principal_spans as spans
    cross join rates on rates.is_agreed = spans.is_agreed
        and rates.from_date < spans.to_date and rates.to_date > spans.from_date
),
exact as (
    select *, to_date - from_date as days,
        base_ore * (rate_bp * (to_date - from_date) * (133590 / year_days)) as numerator
    from cut
)
select accounts.case_id, from_date, to_date, days, rate_bp, year_days, base_ore, (numerator + 66795) / 133590, numerator
from exact
cross join accounts on accounts.case_no = exact.case_no;

-- 60_costs ------------------------------------------------------------------------------------------------------------

create temp table accrued (case_no integer primary key, provisional integer, interest integer);
insert into accrued                           -- a table of its own: its key is there already
select case_no, max(provisional), (2 * sum(numerator) + 1335900000) / 2671800000
from principal_spans
group by case_no;

create temp table case_money (
    case_no integer primary key, case_id text, credited integer, paid integer, rounded integer, unexplained integer,
    written_off integer, principal_open integer, settled_on integer, recovered integer, costs_dropped integer,
    last_step text, last_step_on integer, deadline integer, reached integer, ladder_deadline integer,
    reminders_sent integer, fees integer, compensation integer, interest integer, fee_paid integer,
    interest_paid integer, costs_waived integer, interest_waived integer, costs_settled_on integer,
    provisional integer, costs_open integer
);
insert into case_money
with
sums as (
    select
        case_principals.*,
        last_step, last_step_on, deadline, reached, ladder_deadline, reminders_sent,
        coalesce(ladders.fees, 0)                                        as fees,
        coalesce(compensations.amount, 0)                                as compensation,
        coalesce(accrued.interest, 0)                                    as interest,
        coalesce(cost_events.fee_paid, 0)                                as fee_paid,
        coalesce(cost_events.interest_paid, 0)                           as interest_paid,
        coalesce(cost_events.costs_waived, 0)                            as costs_waived,
        coalesce(cost_events.interest_waived, 0)                         as interest_waived,
        cost_events.last_on                                              as costs_settled_on,
        coalesce(accrued.provisional, 0)
            or coalesce(compensations.missing, 0)                        as provisional
    from case_principals
    left join accrued on accrued.case_no = case_principals.case_no
    left join ladders on ladders.case_id = case_principals.case_id
    left join cost_events on cost_events.case_id = case_principals.case_id
    left join compensations on compensations.case_id = case_principals.case_id
)
select
    *,
    iif(costs_dropped, 0,
        max(0, max(fees, compensation) + interest - fee_paid - interest_paid - costs_waived))
from sums;

create table costs (
    case_id text primary key, fees integer, compensation integer, interest integer, costs_paid integer,
    fee_paid integer, interest_paid integer, costs_waived integer, interest_waived integer, costs_open integer,
    provisional integer
) without rowid;
insert into costs
select
    case_id, fees, compensation, interest, fee_paid + interest_paid, fee_paid, interest_paid, costs_waived, interest_waived,
    costs_open, provisional
from case_money;

-- 65_circumstances ----------------------------------------------------------------------------------------------------

create temp table circumstances (
    case_id text primary key, covered integer, credit_hold text, is_ahead integer, is_reversed integer,
    is_refunded integer, reopened_today integer, is_reminded_twice integer
) without rowid;
insert into circumstances
with
covered as materialized (
    select case_id, sum(amount) as amount from credit_cover group by case_id
),
ahead as materialized (
    select accounts.case_id
    from customer_credits as credits
    cross join accounts on credits.dated_ahead_case_id = accounts.case_id
        or credits.dated_ahead_case_id is null and credits.customer_id = accounts.customer_id
    where credits.dated_ahead and not coalesce(accounts.credit_released_on >= credits.effective_on, 0)
    group by accounts.case_id
),
reopened as materialized (
    select
        reopenings.case_id,
        max(reopenings.reason <> 'refunded' and (
            reopenings.on_date = business_date
            or vouchers.voucher_key is not null and coalesce(accounts.answered_on < reopenings.on_date, 1)))
                                                                         as reversed_payment,
        max(reopenings.reason = 'refunded' and reopenings.was_settled
            and coalesce(accounts.answered_on < reopenings.on_date, 1))  as refunded,
        max(reopenings.on_date = business_date)                          as today
    from parameters
    cross join reopenings
    cross join accounts on accounts.case_id = reopenings.case_id
    left join journal_vouchers as vouchers
        on vouchers.case_id = reopenings.case_id and vouchers.settlement_key = reopenings.settlement_key
        and vouchers.state in ('sending', 'posted', 'confirmed', 'outcome_unknown', 'conflict')
        and not exists (select 1 from settlements where settlements.case_id = reopenings.case_id
                        and settlements.settlement_key = reopenings.settlement_key)
    where reopenings.on_date <= business_date
    group by reopenings.case_id
)
select
    accounts.case_id,
    coalesce(covered.amount, 0),
    credit_holds.hold,
    ahead.case_id is not null,
    coalesce(reopened.reversed_payment, 0),
    coalesce(reopened.refunded, 0),
    coalesce(reopened.today, 0),
    accounts.customer_no in (select customer_no from unclaimable where reason = 'ledger_reminder')
from accounts
left join covered on covered.case_id = accounts.case_id
left join credit_holds on credit_holds.case_id = accounts.case_id
left join ahead on ahead.case_id = accounts.case_id
left join reopened on reopened.case_id = accounts.case_id
where covered.case_id is not null or credit_holds.hold is not null or ahead.case_id is not null or reopened.case_id is not null
   or accounts.customer_no in (select customer_no from unclaimable where reason = 'ledger_reminder');

-- 70_states -----------------------------------------------------------------------------------------------------------

create temp table case_standing (
    case_no integer primary key, case_id text, counted_due_date integer, legal_kind text, provisional integer,
    last_step text, ladder_deadline integer, reached integer, reopened_today integer, limitation_date integer,
    principal_asked integer, closed_reason text, closed_on integer, state text, holds text, flags text
);
insert into case_standing
with
joined as (
    select
        accounts.case_no, accounts.case_id, accounts.principal, accounts.counted_due_date, accounts.closed,
        accounts.closed_as, accounts.closed_on, accounts.deleted_in_ledger_on, accounts.legal_kind, accounts.released,
        accounts.account_holds, accounts.account_flags,
        money.credited, money.principal_open, money.unexplained, money.settled_on, money.written_off, money.recovered,
        money.costs_open, money.provisional, money.costs_settled_on, money.last_step, money.ladder_deadline,
        coalesce(money.reached, 0)                                       as reached,
        covered, credit_hold, is_ahead, is_reversed, is_refunded, is_reminded_twice,
        coalesce(circumstances.reopened_today, 0)                        as reopened_today,
        coalesce(limitations.limitation_date, limit_day.next_business_day) as limitation_date
    from accounts
    cross join case_money as money on money.case_no = accounts.case_no
    left join circumstances on circumstances.case_id = accounts.case_id
    left join limitations on limitations.case_id = accounts.case_id
    left join later_days on later_days.day = accounts.original_due_date
    left join calendar as limit_day on limit_day.day = later_days.three_years_on
),
ended as (
    select
        *,
        case
            when closed                                  then closed_as
            when deleted_in_ledger_on is not null        then 'deleted_in_ledger'
            when credited >= principal                   then 'credited'
            when principal_open = 0 and costs_open = 0   then 'paid'
        end                                              as closed_reason,
        case
            when closed                                  then closed_on
            when deleted_in_ledger_on is not null        then deleted_in_ledger_on
            when credited >= principal                   then settled_on
            else max(coalesce(settled_on, costs_settled_on), coalesce(costs_settled_on, settled_on))
        end                                              as ended_on
    from joined
)
select
    case_no, case_id, counted_due_date, legal_kind, provisional, last_step, ladder_deadline, reached, reopened_today,
    limitation_date,
    max(0, principal_open - coalesce(covered, 0)),
    closed_reason,
    iif(closed_reason is not null, ended_on, null),
    case
        when closed_reason is not null                                   then 'closed'
        when principal_open = 0                                          then 'costs_open'
        when legal_kind is not null                                      then 'legal'
        when reached >= 4 and business_date > ladder_deadline + grace_days then 'legal_ready'
        when reached >= 4                                                then 'demanded'
        when reached = 3                                                 then 'noticed'
        when reached = 2                                                 then 'reminded'
        else 'overdue'
    end,
    case
        when closed_reason is not null                                   then ''
        when account_holds = '' and credit_hold is null and unexplained = 0 and business_date <= limitation_date
             and principal_open >= minimum_claim
             and not (coalesce(is_ahead, 0) or coalesce(is_refunded, 0) or coalesce(is_reversed, 0)) then ''
        else ltrim(account_holds
            || iif(principal_open > 0 and credit_hold is not null, ',' || credit_hold, '')
            || iif(principal_open > 0 and is_ahead, ',payment_dated_ahead', '')
            || iif(principal_open > 0 and is_refunded, ',refunded', '')
            || iif(principal_open > 0 and is_reversed, ',reversed_payment', '')
            || iif(business_date > limitation_date, ',time_barred', '')
            || iif(unexplained > 0 and not instr(released, ',settled_without_bank,'), ',settled_without_bank', '')
            || iif(principal_open > 0 and principal_open < minimum_claim and not instr(released, ',below_minimum,'),
                   ',below_minimum', ''), ',')
    end,
    case
        when account_flags = '' and written_off = 0 and not recovered and not coalesce(is_reminded_twice, 0)
             and (closed_reason is not null or limitation_date - business_date not between 0 and 180) then ''
        else ltrim(account_flags
            || iif(written_off > 0, ',written_off', '')
            || iif(recovered, ',recovered_after_write_off', '')
            || case when closed_reason is not null or business_date > limitation_date then ''
                    when limitation_date - business_date <= 30  then ',limitation_30'
                    when limitation_date - business_date <= 90  then ',limitation_90'
                    when limitation_date - business_date <= 180 then ',limitation_180' else '' end
            || iif(is_reminded_twice, ',double_reminding', ''), ',')
    end
from parameters
cross join ended;

-- 80_steps ------------------------------------------------------------------------------------------------------------

create temp table next_steps (
    case_id text primary key, rank integer, may_go integer, lead_case_id text, position integer, step text,
    planned_on integer
) without rowid;
insert into next_steps
with
wanted as (
    select
        case_standing.case_id, course.step, course.rank,
        max(
            counted_due_date + max(1, coalesce(course.after_days, 0)),
            iif(case_standing.reached >= 2, ladder_deadline + grace_days + 1,
                counted_due_date + coalesce(course.after_days, 14))) as wanted_on,
        iif(last_step is null, counted_due_date + friendly_after_days, null) as friendly_on
    from parameters
    cross join case_standing
    cross join course on course.reached = case_standing.reached
    where state in ('overdue', 'reminded', 'noticed')
),
moved as (
    select
        wanted.case_id, wanted.step, wanted.rank,
        iif(send_on_business_days, coalesce(day.next_business_day, wanted_on), wanted_on)                as planned_on,
        iif(send_on_business_days, coalesce(friendly_day.next_business_day, friendly_on), friendly_on)   as friendly_on
    from parameters
    cross join wanted
    left join calendar as day on day.day = wanted.wanted_on
    left join calendar as friendly_day on friendly_day.day = wanted.friendly_on
)
select
    case_id, rank, 1, '', 0,
    case
        when friendly_on < planned_on and business_date < planned_on     then 'friendly_reminder'
        when step in ('collection_notice', 'payment_demand')
             and max(planned_on, business_date) >= inkassolov_2026_from then 'enforcement_notice'
        else step
    end,
    iif(friendly_on < planned_on and business_date < planned_on, friendly_on, planned_on)
from parameters
cross join moved;

-- 84_published --------------------------------------------------------------------------------------------------------

create table case_states (
    tenant text, business_date integer, case_id text primary key, invoice_no text, kid text, customer_no text,
    customer_name text, orgnr text, debtor_kind text, due_date integer, currency text, principal integer,
    credited integer, paid integer, written_off integer, principal_open integer, interest integer, fees integer,
    compensation integer, costs_paid integer, costs_waived integer, costs_open integer, total_open integer, state text,
    closed_reason text, closed_on integer, holds text, flags text, last_step text, last_step_on integer,
    deadline integer, next_step text, next_step_on integer, limitation_date integer, loss_ground text,
    ledger_balance integer, provisional integer
) without rowid;
insert into case_states
select
    parameters.tenant, parameters.business_date, claims.case_id, claims.invoice_no, claims.kid, claims.customer_no,
    claims.customer_name, claims.orgnr, claims.debtor_kind, claims.due_date, claims.currency, claims.principal,
    money.credited, money.paid,
    money.written_off + money.rounded,
    money.principal_open,
    money.interest, money.fees, money.compensation,
    money.fee_paid + money.interest_paid,
    money.costs_waived, money.costs_open,
    money.principal_open + money.costs_open,
    standing.state, standing.closed_reason, standing.closed_on, standing.holds, standing.flags,
    money.last_step, money.last_step_on, money.deadline,
    iif(parameters.business_date <= limitation_date, next_steps.step, null),
    iif(parameters.business_date <= limitation_date, next_steps.planned_on, null),
    standing.limitation_date,
    case
        when standing.state = 'closed' then iif(standing.closed_reason = 'debtor_insolvent', 'insolvency', null)
        when money.principal_open = 0 then null
        when standing.legal_kind in ('enforcement_in_vain', 'nothing_to_seize') then 'enforcement_in_vain'
        when money.reminders_sent >= 3 and parameters.business_date >= later_days.half_year_on
            then 'six_months_three_reminders'
    end,
    claims.ledger_balance, standing.provisional
from parameters
cross join case_standing as standing
cross join case_money as money on money.case_no = standing.case_no
cross join claims on claims.rowid = standing.case_no
left join later_days on later_days.day = claims.due_date
left join next_steps on next_steps.case_id = standing.case_id;

create temp table due_steps as
select
    case_standing.case_id, accounts.customer_id, next_steps.lead_case_id, next_steps.position, next_steps.step,
    iif(step_settings.channel = 'email' and accounts.email is null, 'post', step_settings.channel) as channel,
    step_settings.deadline_days,
    iif(step_settings.fee_is_maximum, null, coalesce(step_settings.fee, 0)) as fee_setting,
    accounts.due_date, accounts.counted_due_date, coalesce(accounts.invoice_no, '') as invoice_no,
    iif(accounts.restarted_on is null, '', date(accounts.due_date * 86400, 'unixepoch')) as round,
    accounts.principal, case_standing.principal_asked, costs.fees, costs.compensation,
    costs.interest,
    costs.interest - costs.interest_paid - costs.interest_waived         as interest_open,
    costs.costs_paid + costs.costs_waived                                as costs_settled,
    accounts.no_fees, accounts.is_minor,
    case when accounts.upheld_on is not null then 'upheld'
         when accounts.dispute_settled_on is not null then 'refused' else 'none' end as dispute
from parameters
cross join next_steps
cross join accounts on accounts.case_id = next_steps.case_id
cross join case_standing on case_standing.case_no = accounts.case_no
cross join costs on costs.case_id = next_steps.case_id
cross join step_settings on step_settings.step = next_steps.step
left join calendar as today on today.day = parameters.business_date
where parameters.live and next_steps.may_go and next_steps.planned_on <= parameters.business_date
  and (today.is_business_day or not parameters.send_on_business_days)
  and not case_standing.provisional and not case_standing.reopened_today and case_standing.principal_asked > 0
  and case_standing.holds in ('', 'unknown_register');

create table planned_letters (
    letter_key text, case_id text, step text, channel text, planned_on integer, deadline integer, fee integer,
    interest integer, principal_original integer, principal_paid integer, principal integer, total integer,
    bears_fee integer
);

-- then: letters -------------------------------------------------------------------------------------------------------

-- 90_vouchers

create table planned_vouchers (
    voucher_key text, case_id text, settlement_key text, customer_id text, fee integer, interest integer, total integer,
    payment_date integer
);
insert into planned_vouchers
select
    'voucher:' || parameters.tenant || ':' || allocations.case_id || ':' || allocations.settlement_key,
    allocations.case_id, allocations.settlement_key, accounts.customer_id,
    sum(to_fee), sum(to_interest), sum(to_fee) + sum(to_interest),
    min(allocations.effective_on)
from parameters
cross join allocations
cross join accounts on accounts.case_id = allocations.case_id
cross join costs on costs.case_id = allocations.case_id
where parameters.live and to_fee + to_interest > 0 and allocations.effective_on >= connected_on and not costs.provisional
  and not exists (select 1 from journal_vouchers as vouchers
                  where vouchers.case_id = allocations.case_id and vouchers.settlement_key = allocations.settlement_key
                    and not coalesce(vouchers.reversed, 0) and vouchers.state not in ('intended', 'cancelled', 'rejected'))
group by allocations.case_id, allocations.settlement_key, accounts.customer_id;

commit;
