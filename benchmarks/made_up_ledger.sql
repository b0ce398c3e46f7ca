-- made_up_ledger.sql · a customer ledger of any size, the same every time, straight into the mirror's tables
--
-- Needs the one-row table `size` (invoices, customers, today) and the tables of `cases/tables.sql`. Three tenths of the
-- entries are invoices over three years, all paid late; the rest is what settled them: two or three instalments each with
-- the invoice's KID, and by `fate`, of a thousand: 30 never paid in full, 40 ended by a credit note, 10 by an Avskriv, 2
-- by a journal on 7830, 20 overpaid (by customers of their own, so that no credit covers another claim), 10 with a
-- payment that bounced. One in 33 pairs of invoices was paid together, in one match group.

create or replace temp table made_invoices as
with
numbered as (
    select i, hash(i * 7 + 1) as h, hash(i * 7 + 2) as h2, (i // 2) % 33 = 0 as joint, i // 2 as pair
    from size, range(invoices) as t(i)
)
select
    i,
    (50000 + h % 4950000)::bigint                                        as total,
    case when joint then 500 else (h2 % 1000)::integer end               as fate,
    2 + (i % 3 = 0)::integer                                             as parts,
    case when not joint and h2 % 1000 between 96 and 115 then customers + i::integer  -- whoever overpays has one invoice
         else (hash((case when joint then pair * 2 else i end) * 7 + 3) % customers)::integer end as customer,
    case when joint then 'J' || pair else 'M' || i end                   as match_id,
    (today - 1095 + (i * 1080 // invoices)::integer)::date               as due_date
from numbered, size;

create or replace temp table made_credits as
with
parted as (
    select
        i, part, parts, total, fate, customer, match_id, due_date,
        part = parts - 1                                                 as is_last,
        case when part < parts - 1 then total // (parts + (fate < 30)::integer)
             when fate < 30 then total // (parts + 1)
             else total - (parts - 1) * (total // parts) end             as share,
        (2 + (hash(i * 7 + 4) % 20)::integer + 12 * part)::integer                as late
    from made_invoices, range(3) as t(part)
    where part < parts
)
select
    i, part, customer,
    fate between 116 and 125 and parts = 3                               as bounced,
    case when fate between 116 and 125 and parts = 3 and part < 2 then 'R' || i else match_id end as match_id,
    case
        when fate between 116 and 125 and parts = 3 then case part when 0 then share when 1 then -share else total end
        when fate between 96 and 115 and is_last then share + 5000
        else share
    end                                                                  as amount,
    case when fate between 96 and 115 and is_last then 5000 else 0 end   as unmatched,
    case
        when fate between 116 and 125 and parts = 3 and part = 1 then 'ReversalVoucher'
        when is_last and fate between 126 and 165 then 'OutgoingCreditNote'
        when is_last and fate between 84 and 95 then 'ManualJournal'
        else 'IncomingOcrGiro'
    end                                                                  as voucher_type,
    is_last and fate between 84 and 93                                   as is_write_off,
    is_last and fate between 94 and 95                                   as is_journal,
    least(due_date + late, today)                                        as posted
from parted, size;

insert into poweroffice_ledger_entries by name
select
    (1000000 + i)::varchar as entry_id, (200000 + customer)::varchar as customer_id, (10000 + customer)::varchar as customer_no,
    'Kunde ' || customer as customer_name, 'v' || i as voucher_id, (1000000 + i)::varchar as voucher_no,
    'OutgoingInvoice' as voucher_type, due_date - 14 as voucher_date, due_date - 14 as posting_date, due_date,
    (1000000 + i)::varchar as invoice_no, '0' || (1000000 + i) as kid, (total * 0.01)::decimal(18, 2) as amount,
    case when fate < 30 then ((total - parts * (total // (parts + 1))) * 0.01)::decimal(18, 2) else 0 end as balance,
    'NOK' as currency_code, match_id, false as is_write_off, false as is_created_by_current_integration,
    (due_date - 14)::timestamp at time zone 'Europe/Oslo' as created_at, due_date - 14 as first_seen_on,
    (due_date - 14)::timestamp at time zone 'Europe/Oslo' as last_changed
from made_invoices;

insert into poweroffice_ledger_entries by name
select
    (100000000 + i * 3 + part)::varchar as entry_id, (200000 + customer)::varchar as customer_id,
    (10000 + customer)::varchar as customer_no, 'Kunde ' || customer as customer_name,
    'c' || (i * 3 + part) as voucher_id, (5000000 + i * 3 + part)::varchar as voucher_no, voucher_type,
    posted as voucher_date, posted as posting_date,
    case when voucher_type = 'OutgoingCreditNote' then (90000000 + i)::varchar end as invoice_no,
    case when voucher_type = 'IncomingOcrGiro' then '0' || (1000000 + i) end as kid,
    (amount * -0.01)::decimal(18, 2) as amount, (unmatched * -0.01)::decimal(18, 2) as balance,
    'NOK' as currency_code, match_id, is_write_off, false as is_created_by_current_integration,
    posted::timestamp at time zone 'Europe/Oslo' as created_at, posted as first_seen_on,
    posted::timestamp at time zone 'Europe/Oslo' as last_changed
from made_credits;

insert into poweroffice_outgoing_invoices by name
select
    voucher_id, invoice_no, voucher_no, voucher_type, voucher_date, due_date, kid, customer_id, customer_no,
    amount as total_amount, amount as total_posted_amount, balance, currency_code, false as is_reversed,
    case when voucher_type = 'OutgoingCreditNote' then (invoice_no::bigint - 89000000)::varchar end as related_invoice_no,
    last_changed as balance_last_changed, last_changed, first_seen_on
from poweroffice_ledger_entries
where voucher_type in ('OutgoingInvoice', 'OutgoingCreditNote');

insert into poweroffice_account_transactions by name
select
    voucher_id || side as transaction_id, voucher_id, voucher_type,
    case side when 'a' then '1500' else '7830' end as account_no,
    case side when 'a' then customer_no end as customer_account_no,
    case side when 'a' then amount else -amount end as amount, posting_date
from poweroffice_ledger_entries, (values ('a'), ('b')) as t(side)
where voucher_type = 'ManualJournal' and not is_write_off;

insert into debtors by name
select
    (200000 + c)::varchar as customer_id, (10000 + c)::varchar as customer_no, 'Kunde ' || c as name,
    case when c % 5 <> 4 then (910000000 + c)::varchar end as orgnr,
    case when c % 5 <> 4 then 'business' else 'person' end as debtor_kind,
    false as is_minor, 'post@kunde' || c || '.no' as email, 'Gata ' || c as address_line1, '0150' as zip_code, 'Oslo' as city,
    'NO' as country_code, false as excluded, false as no_fees, false as no_interest, false as unknown_register,
    false as register_stale
from (select distinct customer as c from made_invoices);

-- the journal's copies: a case for every invoice that has fallen due, and the letters that the daily runs have sent
create or replace temp macro case_id_of(tenant, voucher_id) as  -- as in sql/12_invoices.sql
    'K' || lpad(upper(to_base(('0x' || left(sha256(tenant || ':' || voucher_id), 15))::bigint % 131621703842267136, 36)), 11, '0');

insert into journal_cases by name
select case_id_of('bench', voucher_id) as case_id, voucher_id, invoice_no, customer_no,
    due_date + 1 as opened_on
from poweroffice_ledger_entries, size
where voucher_type = 'OutgoingInvoice' and due_date < today - 4;

insert into journal_letters by name
with
standing as (
    select
        invoice.voucher_id, any_value(invoice.due_date) as due_date, any_value(invoice.amount) as amount,
        case when any_value(invoice.balance) > 0 or bool_or(credit.voucher_type = 'ManualJournal') then date '9999-12-31'
             else max(credit.posting_date) end                           as settled_on
    from poweroffice_ledger_entries as invoice
    join poweroffice_ledger_entries as credit on credit.match_id = invoice.match_id and credit.amount < 0
    where invoice.voucher_type = 'OutgoingInvoice'
    group by invoice.voucher_id
),
steps as (
    select * from (values ('reminder', 14, 'email'), ('collection_notice', 32, 'email'), ('payment_demand', 50, 'post'))
        as t(step, after_days, channel)
)
select
    'letter:bench:' || voucher_id || ':' || step as letter_key, case_id,
    step, channel, due_date + after_days as sent_on, due_date + after_days + 14 as deadline, 35 as fee, 0 as interest,
    amount as principal, amount + 135 as total, true as bears_fee
from standing join journal_cases using (voucher_id), steps, size
where due_date + after_days < least(settled_on, today - 4);
