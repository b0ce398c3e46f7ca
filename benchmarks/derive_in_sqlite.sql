-- derive_in_sqlite.sql · the derivation of the made-up ledger, written for SQLite: the same rules, the same tables
--
-- Integers everywhere: øre, basis points, days since 1970, and within the working tables the ledger entry's rowid in
-- place of its text id. Needs the inputs that derive_in_sqlite.py loads. What this ledger never has is not looked for:
-- decisions, vouchers of ours, corrections, refunds, recoveries, credits that cover another claim, changed balances.
-- Where SQLite has a shorter way to the same result than the product's own SQL, it is taken.

begin;

-- Law: one row per calendar day with everything that is looked up by a day, so that no date is computed twice ---------

create temp table rate_spans as               -- a period of interest ends with the rate or with the year
select row_number() over (order by from_day) as id, * from (
    select max(valid_from, first_day) as from_day, min(valid_to + 1, next_first_day) as to_day, rate_bp, year_days
    from interest_rates
    join (select min(day) as first_day, max(day) + 1 as next_first_day, year_days
          from calendar group by strftime('%Y', day * 86400, 'unixepoch')) on valid_from < next_first_day and valid_to >= first_day
);

create temp table days (
    day integer primary key, next_business_day integer, limitation_day integer, half_year_on integer,
    rate_span integer, rates_before integer
);
insert into days
with
moved as (            -- three years and six months on; the month's last day where it has no such date
    select calendar.*,
        min(unixepoch(day * 86400, 'unixepoch', '+36 months'),
            unixepoch(day * 86400, 'unixepoch', 'start of month', '+37 months', '-1 day')) / 86400    as three_years_on,
        min(unixepoch(day * 86400, 'unixepoch', '+6 months'),
            unixepoch(day * 86400, 'unixepoch', 'start of month', '+7 months', '-1 day')) / 86400     as half_year_on
    from calendar
)
select
    moved.day, moved.next_business_day, limit_day.next_business_day, half_year_on, rate_spans.id,
    coalesce(sum(rate_bp * (133590 / moved.year_days))
        over (order by moved.day rows between unbounded preceding and 1 preceding), 0)
from moved
left join calendar as limit_day on limit_day.day = three_years_on
left join rate_spans on moved.day >= rate_spans.from_day and moved.day < rate_spans.to_day
where moved.day between (select min(due_date) from ledger_entries) and (select business_date from parameters) + 10;

-- § 2: what each entry of the ledger is --------------------------------------------------------------------------------

create temp table journal_offsets (voucher_id text primary key, is_bank integer) without rowid;
insert into journal_offsets                   -- a journal is a payment only if the bank carries all of it
select voucher_id, on_bank * on_customers < 0 and abs(on_bank) >= abs(on_customers)
from (
    select voucher_id,
        sum(iif(customer_account_no is not null, amount, 0))                                    as on_customers,
        sum(iif(customer_account_no is null and account_no like '19%', amount, 0))              as on_bank
    from account_transactions
    group by voucher_id
);

create temp table cancelled (entry integer primary key);
insert into cancelled                         -- a reversal and the entry that it cancels, matched with one another
with
standing as (
    select rowid as entry, match_id, amount, voucher_type = 'ReversalVoucher' as is_reversal,
        row_number() over (partition by match_id, amount, voucher_type = 'ReversalVoucher' order by posting_date, rowid) as k
    from ledger_entries, parameters
    where match_id in (select match_id from ledger_entries where voucher_type = 'ReversalVoucher')
      and posting_date <= business_date and gone_on is null
),
pairs as (
    select reversal.entry as reversal, original.entry as original
    from standing as reversal
    join standing as original on original.match_id = reversal.match_id and original.amount = -reversal.amount
        and original.k = reversal.k and not original.is_reversal
    where reversal.is_reversal
)
select reversal from pairs union select original from pairs;

create temp view classified as                -- §§ 1.1, 2, in the order of the rule: the first that fits
select
    rowid as entry, *,
    case
        when amount < 0 then case
            when is_write_off                                                           then 'write_off'
            when voucher_type = 'ReversalVoucher'                                       then 'reversal'
            when voucher_type = 'OutgoingCreditNote'                                    then 'credit_note'
            when is_own                                                                 then 'own_voucher'
            when voucher_type in ('IncomingOcrGiro', 'BankJournal', 'IncomingPayments', 'CashJournal',
                                  'IncomingBankRemittance', 'OutgoingPayments')
                or coalesce((select is_bank from journal_offsets as offsets
                             where offsets.voucher_id = ledger_entries.voucher_id), 0)  then 'payment'
            when currency_code <> 'NOK' and currency_amount = 0                         then 'currency_difference'
            when voucher_type in ('OutgoingInvoice', 'Settlement', 'NegativeSettlement',
                                  'OutgoingPaymentReminder', 'OutgoingNoticeOfDebtCollection',
                                  'OutgoingPaymentDemand', 'OutgoingWarrantOfExecution') then 'netting'
            else 'unexplained'
        end
        else case
            when is_own                                                                 then 'own_voucher'
            when voucher_type in ('OutgoingPaymentReminder', 'OutgoingNoticeOfDebtCollection',
                                  'OutgoingPaymentDemand', 'OutgoingWarrantOfExecution') then 'ledger_reminder'
            when voucher_type = 'ReversalVoucher'                                       then 'reversal'
            when voucher_type in ('OutgoingInvoice', 'OutgoingCreditNote') and amount = 0 then 'not_positive'
            when voucher_type = 'OutgoingInvoice' and due_date is not null              then 'invoice'
            when voucher_type in ('OutgoingPayments', 'IncomingBankRemittance', 'BankJournal', 'IncomingPayments',
                                  'IncomingOcrGiro', 'CashJournal')
                or coalesce((select is_bank from journal_offsets as offsets
                             where offsets.voucher_id = ledger_entries.voucher_id), 0)  then 'refund'
            when due_date is null                                                       then 'no_due_date'
            when invoice_no is not null and amount > 0                                  then 'invoice'
            else 'journal'
        end
    end                                                                                 as role,
    max(0, abs(amount) - abs(balance))                                                  as matched,
    min(abs(balance), abs(amount))                                                      as unmatched
from ledger_entries
where gone_on is null and posting_date <= (select business_date from parameters);

-- § 2: what met what ---------------------------------------------------------------------------------------------------

create temp table members (                   -- the match groups, each side in the order in which it is laid end to end
    match_id text, is_debit integer, sort_day integer, seq integer, entry integer, role text, capacity integer, kid text,
    primary key (match_id, is_debit, sort_day, seq, entry)
) without rowid;
insert into members
select match_id, amount > 0, iif(amount > 0, coalesce(due_date, posting_date), posting_date), cast(entry_id as integer),
    entry, role, matched, kid
from classified
where match_id is not null and matched > 0 and entry not in (select entry from cancelled)
order by 1, 2, 3, 4, 5;

create temp table uneven (match_id text primary key, invoices integer, is_torn integer) without rowid;
insert into uneven                            -- groups in which there is a choice, or whose sides do not agree
select match_id, sum(role = 'invoice'), sum(iif(is_debit, capacity, -capacity)) <> 0
from members
group by match_id
having sum(is_debit) > 1 and count(*) - sum(is_debit) > 1 or sum(iif(is_debit, capacity, -capacity)) <> 0;

create temp table shares (debit integer, credit integer, role text, posted integer, amount integer, is_named integer);
insert into shares                            -- first by KID, where the group has several invoices
with
sides as (
    select match_id, is_debit, entry, role, kid, capacity, sort_day,
        sum(capacity) over (partition by match_id, is_debit, kid order by sort_day, seq, entry rows unbounded preceding) as upto
    from uneven
    cross join members using (match_id)
    where invoices > 1 and kid is not null and role = iif(is_debit, 'invoice', 'payment')
)
select debit.entry, credit.entry, credit.role, credit.sort_day,
    min(debit.upto, credit.upto) - max(debit.upto - debit.capacity, credit.upto - credit.capacity) as amount, 1
from sides as debit
join sides as credit on credit.match_id = debit.match_id and credit.kid = debit.kid and not credit.is_debit
    and credit.upto > debit.upto - debit.capacity and debit.upto > credit.upto - credit.capacity
where debit.is_debit;
insert into shares                            -- then what is left, oldest due first
with
used(entry, amount) as materialized (
    select debit, sum(amount) from shares group by debit union all select credit, sum(amount) from shares group by credit
),
remaining as (
    select members.*, members.capacity - coalesce(used.amount, 0) as left_over
    from uneven
    cross join members using (match_id)
    left join used using (entry)
    where members.capacity > coalesce(used.amount, 0)
),
sides as materialized (
    select match_id, is_debit, entry, role, left_over, sort_day,
        sum(left_over) over (partition by match_id, is_debit order by sort_day, seq, entry rows unbounded preceding) as upto
    from remaining
)
select debit.entry, credit.entry, credit.role, credit.sort_day,
    min(debit.upto, credit.upto) - max(debit.upto - debit.left_over, credit.upto - credit.left_over), 0
from sides as debit
join sides as credit on credit.match_id = debit.match_id and not credit.is_debit
    and credit.upto > debit.upto - debit.left_over and debit.upto > credit.upto - credit.left_over
where debit.is_debit;

-- § 1: invoices, and what settled each ---------------------------------------------------------------------------------

create unique index temp.cases_by_voucher on journal_cases_copy (voucher_id);

commit;
