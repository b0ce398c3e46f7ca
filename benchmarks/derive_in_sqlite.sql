-- derive_in_sqlite.sql · the derivation of the made-up ledger, written for SQLite: the same rules, the same tables
--
-- Integers everywhere: øre, basis points, days since 1970, and within the working tables the ledger entry's rowid in
-- place of its text id. Needs the inputs that derive_in_sqlite.py loads. What this ledger never has is not looked for:
-- decisions, vouchers of ours, corrections, refunds, recoveries, credits that cover another claim, changed balances.
-- Where SQLite has a shorter way to the same result than the product's own SQL, it is taken.

begin;

-- Law: one row per calendar day with everything that is looked up by a day, so that no date is computed twice ---------

create temp table rate_spans (
    id integer primary key, from_day integer, to_day integer, rate_bp integer, year_days integer
);
insert into rate_spans                        -- a period of interest ends with the rate or with the year
with
years as (
    select min(day) as first_day, max(day) + 1 as next_first_day, year_days
    from calendar
    group by strftime('%Y', day * 86400, 'unixepoch')
)
select
    row_number() over (order by valid_from, first_day), max(valid_from, first_day), min(valid_to + 1, next_first_day),
    rate_bp, year_days
from interest_rates
join years on valid_from < next_first_day and valid_to >= first_day;

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
where moved.day <= (select business_date from parameters);

-- § 2: what each entry of the ledger is -------------------------------------------------------------------------------

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
        row_number() over (partition by match_id, amount, voucher_type = 'ReversalVoucher'
                           order by posting_date, rowid) as k
    from ledger_entries
    where match_id in (select match_id from ledger_entries where voucher_type = 'ReversalVoucher')
      and posting_date <= (select business_date from parameters) and gone_on is null
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

-- § 2: what met what --------------------------------------------------------------------------------------------------

create temp table members (                   -- the match groups, each side in the order in which it is laid end to end
    match_id text, is_debit integer, sort_day integer, seq integer, entry integer, role text, capacity integer,
    kid text,
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
        sum(capacity) over (partition by match_id, is_debit, kid order by sort_day, seq, entry
                            rows unbounded preceding) as upto
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
    select debit, sum(amount) from shares group by debit
    union all
    select credit, sum(amount) from shares group by credit
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
        sum(left_over) over (partition by match_id, is_debit order by sort_day, seq, entry
                             rows unbounded preceding) as upto
    from remaining
)
select debit.entry, credit.entry, credit.role, credit.sort_day,
    min(debit.upto, credit.upto) - max(debit.upto - debit.left_over, credit.upto - credit.left_over), 0
from sides as debit
join sides as credit on credit.match_id = debit.match_id and not credit.is_debit
    and credit.upto > debit.upto - debit.left_over and debit.upto > credit.upto - credit.left_over
where debit.is_debit;

-- § 1: invoices, and what moved the principal of each -----------------------------------------------------------------

create unique index cases_by_voucher on journal_cases (voucher_id);

create temp table invoices (
    entry integer primary key, case_id text, opened_on integer, match_id text, due_date integer,
    counted_due_date integer, amount integer, matched integer
);
insert into invoices
select
    classified.entry, coalesce(cases.case_id, new_case_id(tenant, classified.voucher_id)),
    iif(opened_on <= business_date, opened_on, null),
    match_id, due_date, days.next_business_day, amount, matched
from classified
cross join parameters
left join journal_cases as cases on cases.voucher_id = classified.voucher_id
left join days on days.day = due_date
where role = 'invoice' and classified.entry not in (select entry from cancelled);

create temp table movements (                 -- a row for the invoice itself (credit 0), one for each settling entry
    entry integer, counts_on integer, credit integer, kind text, effective_on integer, amount integer,
    base_change integer,
    primary key (entry, counts_on, credit)
) without rowid;
insert into movements
select entry, counted_due_date, 0, 'invoice', counted_due_date, amount, amount from invoices;
insert into movements
with
met as (              -- even groups with one debit or one credit: each takes all that is matched of the other side
    select invoices.entry, counted_due_date, credit.entry as credit, credit.role as kind,
        credit.sort_day as effective_on, min(credit.capacity, invoices.matched) as amount
    from invoices
    cross join members as credit on credit.match_id = invoices.match_id and credit.is_debit = 0
    where invoices.matched > 0 and invoices.match_id not in (select match_id from uneven)
    union all
    select invoices.entry, counted_due_date, shares.credit, role, posted, sum(shares.amount)
    from shares
    join invoices on invoices.entry = shares.debit
    group by shares.debit, shares.credit
)
select
    entry,
    iif(kind in ('credit_note', 'reversal'), counted_due_date, max(effective_on, counted_due_date)),
    credit, kind, effective_on, amount, iif(kind in ('write_off', 'own_voucher'), 0, -amount)
from met;

create temp table roundings as                -- ⚙ rounding_write_off: a small Avskriv on a claim otherwise settled
select entry
from movements
cross join parameters
where credit > 0 and entry in (select entry from movements where kind = 'write_off')
group by entry
having sum(base_change) < 0 and sum(iif(kind = 'write_off', amount, 0)) < rounding_write_off
   and sum(amount) = (select amount from invoices where invoices.entry = movements.entry);
update movements set kind = 'rounding', base_change = -amount
where kind = 'write_off' and entry in (select entry from roundings);

-- Interest is linear in what moves the base: the sum over the movements of change x (rates until today less rates until
-- then) is the sum over the spans of base x rates. One pass therefore gives principal and interest of every invoice.
create temp table money (
    entry integer primary key, credited integer, paid integer, rounded integer, unexplained integer,
    written_off integer, settled_on integer, interest_numerator integer
);
insert into money
select
    entry,
    sum(iif(kind in ('credit_note', 'reversal'), amount, 0)),
    sum(iif(kind in ('payment', 'netting', 'currency_difference'), amount, 0)),
    sum(iif(kind = 'rounding', amount, 0)),
    sum(iif(kind = 'unexplained', amount, 0)),
    sum(iif(kind = 'write_off', amount, 0)),
    max(iif(base_change < 0 and kind <> 'unexplained', effective_on, null)),
    sum(base_change * (today.rates_before - coalesce(days.rates_before, today.rates_before)))
from movements
cross join parameters
cross join days as today on today.day = business_date
left join days on days.day = counts_on
group by entry;

-- Published: claims, settlements, what is unclaimable -----------------------------------------------------------------

create table claims (
    entry integer primary key, case_id text, voucher_id text, entry_id text, invoice_no text, kid text,
    customer_id text, customer_no text, customer_name text, orgnr text, debtor_kind text, invoice_date integer,
    due_date integer,
    original_due_date integer, counted_due_date integer, currency text, currency_amount integer, principal integer,
    ledger_balance integer, deleted_in_ledger_on integer, overdue_on integer, in_journal integer,
    debtor_changed integer, ledger_conflict integer, is_case integer, no_interest integer, excluded integer,
    unknown_register integer,
    register_stale integer, is_minor integer, no_fees integer, email text
);
insert into claims
with
found as (
    select invoices.*, opened_on is not null as in_journal, counted_due_date + days_past_due as overdue_on,
        max(counted_due_date + days_past_due, iif(business_date < connected_on, 0, connected_on)) as first_day
    from invoices
    cross join parameters
)
select
    found.entry, found.case_id, ledger.voucher_id, ledger.entry_id, ledger.invoice_no, ledger.kid, ledger.customer_id,
    coalesce(debtors.customer_no, ledger.customer_no), coalesce(debtors.name, ledger.customer_name), debtors.orgnr,
    coalesce(debtors.debtor_kind, 'unknown'), coalesce(ledger.voucher_date, ledger.posting_date), found.due_date,
    found.due_date, found.counted_due_date, coalesce(ledger.currency_code, 'NOK'), ledger.currency_amount, found.amount,
    ledger.balance, null, found.overdue_on, found.in_journal, 0,
    coalesce(found.match_id in (select match_id from uneven where is_torn) and found.matched > 0
        or live and listed.gone_on is null and listed.total_amount = found.amount and listed.balance < ledger.balance
           and listed.balance_last_changed >= ledger.last_changed, 0),
    found.in_journal and found.opened_on > found.due_date
        or found.first_day <= business_date
           and (select coalesce(sum(amount), 0) from movements
                where movements.entry = found.entry and credit > 0 and kind <> 'own_voucher'
                  and effective_on <= first_day)
               < found.amount,
    coalesce(debtors.no_interest, 0), coalesce(debtors.excluded, 0), coalesce(debtors.unknown_register, 0),
    coalesce(debtors.register_stale, 0), coalesce(debtors.is_minor, 0), coalesce(debtors.no_fees, 0),
    nullif(trim(debtors.email), '')
from found
cross join parameters
cross join ledger_entries as ledger on ledger.rowid = found.entry
left join debtors on debtors.customer_id = ledger.customer_id
left join outgoing_invoices as listed on listed.voucher_id = ledger.voucher_id
where found.in_journal
   or found.overdue_on <= business_date and (import_from is null or found.due_date >= import_from)
      and found.amount > (select coalesce(sum(amount), 0) from movements
                          where movements.entry = found.entry and base_change < 0 and effective_on <= found.overdue_on);

create table unclaimable (
    entry_id text, voucher_id text, invoice_no text, customer_id text, customer_no text, amount integer, reason text
);
insert into unclaimable
select entry_id, voucher_id, invoice_no, customer_id, customer_no, amount,
    iif(role = 'netting' and voucher_type = 'OutgoingInvoice', 'not_positive',
        iif(role = 'invoice', 'before_import_from', role))
from classified
cross join parameters
where role <> 'invoice' or due_date < import_from and entry not in (select entry from claims);

create table settlements (
    case_id text, entry_id text, settlement_key text, kind text, amount integer, effective_on integer,
    interest_from_due integer, after_write_off integer
);
insert into settlements
select claims.case_id, credit.entry_id, credit.entry_id, kind, movements.amount, effective_on,
    kind in ('credit_note', 'reversal'), 0
from movements
cross join claims on claims.entry = movements.entry
cross join ledger_entries as credit on credit.rowid = movements.credit
where movements.credit > 0;

-- § 5.3: what is paid above the principal -----------------------------------------------------------------------------

create temp table open_credits (
    entry integer primary key, entry_id text, customer_id text, role text, left_over integer, posted integer
);
insert into open_credits
select entry, entry_id, customer_id, role, unmatched, posting_date
from classified
where amount < 0 and unmatched > 0 and role not in ('write_off', 'reversal')
  and entry not in (select entry from cancelled);

create table surpluses (                      -- one claim each: who overpays here has one invoice
    case_id text, entry_id text primary key, settlement_key text, kind text, amount integer, effective_on integer,
    claim integer unique
);
insert into surpluses
select claims.case_id, open_credits.entry_id, open_credits.entry_id, 'payment', left_over, posted, claims.entry
from movements
join open_credits on open_credits.entry = movements.credit and open_credits.role = 'payment'
join money on money.entry = movements.entry
join claims on claims.entry = movements.entry
where movements.credit in (select entry from open_credits) and principal - credited - paid - rounded = 0;

create table surplus_claims (entry_id text, case_id text, share_rank integer);
insert into surplus_claims select entry_id, case_id, 1 from surpluses;

create table customer_credits (
    customer_id text, entry_id text, kind text, amount integer, effective_on integer, dated_ahead integer,
    surplus_case_id text, dated_ahead_case_id text
);
insert into customer_credits
select customer_id, open_credits.entry_id, iif(role = 'payment', 'payment', 'other'), left_over, posted, 0,
    surpluses.case_id, null
from open_credits
left join surpluses on surpluses.entry_id = open_credits.entry_id;

-- §§ 4.1, 4.2, 4.6: the letters that left -----------------------------------------------------------------------------

create index claims_by_case on claims (case_id);

create temp table case_letters (
    claim integer, sent_on integer, rank integer, step text, deadline integer, principal integer, total integer,
    fee integer,
    primary key (claim, sent_on, rank)
) without rowid;
insert into case_letters
select claims.entry, sent_on,
    case step when 'friendly_reminder' then 1 when 'reminder' then 2 when 'collection_notice' then 3
              when 'payment_demand' then 4 when 'enforcement_notice' then 5 end,
    step, coalesce(deadline, sent_on), coalesce(letters.principal, 0), coalesce(total, 0),
    iif(bears_fee, coalesce(fee, 0), 0)
from journal_letters as letters
cross join parameters
cross join claims on claims.case_id = letters.case_id
where sent_on <= business_date and is_case
order by 1, 2, 3;

create temp table ladders (
    claim integer primary key, newest integer, last_step text, last_step_on integer, deadline integer, reached integer,
    reminders_sent integer, fees integer
);
insert into ladders                           -- beside one max() the columns are those of its row: the newest letter
select
    claim, max(sent_on * 10 + rank), step, sent_on, deadline,
    case when sum(rank = 5) > 0 then 5 when sum(rank = 4) > 0 then 4 when sum(rank = 3) > 0 then 3
         when sum(rank = 2) > 0 then 2 else 0 end,
    sum(rank > 1), sum(fee)
from case_letters
group by claim;

create temp table kept_letters as             -- what the letter asked was paid by its deadline plus grace
select letters.claim, letters.sent_on
from parameters
cross join case_letters as letters
cross join movements
where movements.entry = letters.claim and movements.credit > 0
  and movements.kind in ('payment', 'credit_note', 'netting', 'currency_difference')
  and movements.effective_on between letters.sent_on and letters.deadline + grace_days
  and not exists (select 1 from case_letters as later
                  where later.claim = letters.claim and later.sent_on > letters.sent_on
                    and later.sent_on <= movements.effective_on)
group by letters.claim, letters.sent_on, letters.rank
having sum(movements.amount) + coalesce((select amount from surpluses where surpluses.claim = letters.claim), 0)
    >= letters.total;

-- § 3: interest -------------------------------------------------------------------------------------------------------

create table interest_periods (
    case_id text, from_day integer, to_day integer, days integer, rate_bp integer, year_days integer, base integer,
    amount_in_millionths integer, numerator integer
);
insert into interest_periods
with
running as (
    select entry, counts_on as from_day,
        sum(base_change) over (partition by entry order by counts_on, credit rows unbounded preceding) as base,
        lead(counts_on) over (partition by entry order by counts_on, credit)              as next_day
    from movements
    where base_change <> 0
),
spans as (
    select entry, from_day, min(coalesce(next_day, business_date), business_date) as to_day, base
    from running
    cross join parameters
    where base > 0
),
cut as (
    select case_id, max(spans.from_day, rate_spans.from_day) as from_day,
        min(spans.to_day, rate_spans.to_day) as to_day, rate_bp, year_days, base
    from spans
    cross join claims on claims.entry = spans.entry
    cross join days as first_day on first_day.day = spans.from_day
    cross join days as last_day on last_day.day = spans.to_day - 1
    cross join rate_spans on rate_spans.id between first_day.rate_span and last_day.rate_span
    where spans.from_day < spans.to_day and is_case and not no_interest
),
exact as (
    select *, to_day - from_day as days, base * rate_bp * (to_day - from_day) * (133590 / year_days) as numerator
    from cut
)
select case_id, from_day, to_day, days, rate_bp, year_days, base, (numerator + 66795) / 133590, numerator from exact;

-- §§ 5.1 to 5.3: payments shared out, costs ---------------------------------------------------------------------------

create temp table cost_events (claim integer primary key, fee_paid integer, interest_paid integer, last_on integer);
create table allocations (
    case_id text, settlement_key text, effective_on integer, to_fee integer, to_interest integer, to_principal integer,
    to_credit integer
);
create temp table shared_out as
with
owed as (             -- fees charged and interest accrued up to the day of the payment
    select surpluses.*,
        iif(effective_on < connected_on, 0, (select coalesce(sum(fee), 0) from case_letters as letters
            where letters.claim = surpluses.claim and letters.sent_on <= surpluses.effective_on))    as owed_fee,
        iif(effective_on < connected_on or no_interest, 0, (
            select (2 * sum(base_change * (until.rates_before - days.rates_before)) + 1335900000) / 2671800000
            from movements
            join days on days.day = movements.counts_on
            where movements.entry = surpluses.claim and movements.counts_on <= until.day))           as owed_interest
    from surpluses
    cross join parameters
    join claims on claims.entry = surpluses.claim
    join days as until on until.day = surpluses.effective_on
    where is_case
),
fees_first as (
    select *, min(amount, owed_fee) as to_fee from owed
)
select *, min(amount - to_fee, owed_interest) as to_interest from fees_first;
insert into cost_events
select claim, to_fee, to_interest, effective_on from shared_out where to_fee + to_interest > 0;
create temp table surplus_shares (
    credit_id text primary key, to_fee integer, to_interest integer, to_credit integer
) without rowid;
insert into surplus_shares select entry_id, to_fee, to_interest, amount - to_fee - to_interest from shared_out;
insert into allocations
select case_id, settlement_key, effective_on, coalesce(to_fee, 0), coalesce(to_interest, 0), amount,
    coalesce(to_credit, 0)
from settlements
left join surplus_shares on credit_id = settlement_key
where kind = 'payment';

create table costs (
    claim integer primary key, case_id text, fees integer, compensation integer, interest integer, costs_paid integer,
    fee_paid integer, interest_paid integer, costs_waived integer, interest_waived integer, costs_open integer,
    provisional integer
);
insert into costs
with
sums as (
    select claims.entry, case_id, principal, credited, coalesce(fees, 0) as fees,
        iif(no_interest, 0, (2 * interest_numerator + 1335900000) / 2671800000) as interest,
        coalesce(fee_paid, 0) as fee_paid, coalesce(interest_paid, 0) as interest_paid
    from claims
    cross join money on money.entry = claims.entry
    left join ladders on ladders.claim = claims.entry
    left join cost_events on cost_events.claim = claims.entry
    where is_case
)
select entry, case_id, fees, 0, interest, fee_paid + interest_paid, fee_paid, interest_paid, 0, 0,
    iif(credited >= principal, 0, max(0, fees + interest - fee_paid - interest_paid)), 0
from sums;

-- §§ 2, 4, 8: states, next steps, the published row -------------------------------------------------------------------

create table case_states (
    claim integer primary key, tenant text, business_date integer, case_id text, invoice_no text, kid text,
    customer_no text, customer_name text, orgnr text, debtor_kind text, due_date integer, currency text,
    principal integer, credited integer, paid integer, written_off integer, principal_open integer, interest integer,
    fees integer, compensation integer,
    costs_paid integer, costs_waived integer, costs_open integer, total_open integer, state text, closed_reason text,
    closed_on integer, holds text, flags text, last_step text, last_step_on integer, deadline integer, next_step text,
    next_step_on integer, limitation_date integer, loss_ground text, ledger_balance integer, provisional integer
);
insert into case_states
with
joined as (
    select
        claims.*, money.credited, money.paid, money.rounded, money.unexplained, money.written_off, money.settled_on,
        costs.fees, costs.interest, costs.costs_paid, costs.costs_open, cost_events.last_on,
        max(0, principal - credited - paid - rounded) as principal_open,
        last_step, last_step_on, deadline, coalesce(reached, 0) as reached,
        coalesce(reminders_sent, 0) as reminders_sent, limitation_day, half_year_on
    from claims
    cross join money on money.entry = claims.entry
    cross join costs on costs.claim = claims.entry
    cross join days on days.day = claims.original_due_date
    left join ladders on ladders.claim = claims.entry
    left join cost_events on cost_events.claim = claims.entry
),
ended as (
    select *,
        case when credited >= principal then 'credited'
             when principal_open = 0 and costs_open = 0 then 'paid' end as closed_reason
    from joined
),
standing as (
    select *,
        case
            when closed_reason is not null                                   then 'closed'
            when principal_open = 0                                          then 'costs_open'
            when reached >= 4 and business_date > deadline + grace_days      then 'legal_ready'
            when reached >= 4                                                then 'demanded'
            when reached = 3                                                 then 'noticed'
            when reached = 2                                                 then 'reminded'
            else 'overdue'
        end as state
    from ended
    cross join parameters
),
next_steps as (       -- a day, and any later run sends it; never before the day after the due date
    select standing.*,
        course.step as following,
        iif(course.step is null, null, (select next_business_day from calendar where day = max(
            counted_due_date + max(1, coalesce(course.after_days, 0)),
            iif(standing.reached >= 2, deadline + grace_days + 1, counted_due_date + coalesce(course.after_days, 14)))))
            as following_on
    from standing
    left join course on course.reached = standing.reached and state in ('overdue', 'reminded', 'noticed')
)
select
    entry, tenant, business_date, case_id, invoice_no, kid, customer_no, customer_name, orgnr, debtor_kind, due_date,
    currency, principal, credited, paid, written_off + rounded, principal_open, interest, fees, 0, costs_paid, 0,
    costs_open, principal_open + costs_open, state, closed_reason,
    case when closed_reason = 'credited' then settled_on
         when closed_reason is not null then max(coalesce(settled_on, last_on), coalesce(last_on, settled_on)) end,
    iif(closed_reason is not null, '', ltrim(
        iif(excluded, ',excluded', '') || iif(ledger_conflict, ',ledger_conflict', '')
        || iif(unknown_register, ',unknown_register', '')
        || iif(business_date > limitation_day, ',time_barred', '') || iif(unexplained > 0, ',settled_without_bank', '')
        || iif(principal_open > 0 and principal_open < minimum_claim, ',below_minimum', ''), ',')),
    ltrim(
        iif(register_stale, ',register_stale', '') || iif(written_off > 0, ',written_off', '')
        || case when closed_reason is not null or business_date > limitation_day then ''
                when limitation_day - business_date <= 30  then ',limitation_30'
                when limitation_day - business_date <= 90  then ',limitation_90'
                when limitation_day - business_date <= 180 then ',limitation_180' else '' end, ','),
    last_step, last_step_on, deadline,
    iif(business_date <= limitation_day, following, null), iif(business_date <= limitation_day, following_on, null),
    limitation_day,
    case when state <> 'closed' and principal_open > 0 and reminders_sent >= 3 and business_date >= half_year_on
         then 'six_months_three_reminders' end,
    ledger_balance, 0
from next_steps;

-- §§ 4.2 to 4.4, 5.4: the letters and vouchers of the day -------------------------------------------------------------

create table planned_letters (
    letter_key text, case_id text, step text, channel text, planned_on integer, deadline integer, fee integer,
    interest integer, principal_original integer, principal_paid integer, principal integer, total integer,
    bears_fee integer
);
insert into planned_letters
with
due as (
    select
        states.*, claims.customer_id, claims.counted_due_date, claims.is_minor, claims.no_fees, course.deadline_days,
        maximum_fee, iif(course.channel = 'email' and claims.email is null, 'post', course.channel) as channel
    from case_states as states
    join claims on claims.entry = states.claim
    join course on course.step = states.next_step
    join calendar on calendar.day = states.business_date and is_business_day
    where next_step_on <= business_date and holds in ('', 'unknown_register') and principal_open > 0
),
grouped as (          -- claims of one debtor whose same step goes today: one letter, its fee on the earliest due
    select *, row_number() over letter as place, first_value(case_id) over letter as bearer
    from due
    window letter as (partition by customer_id, next_step, channel
                      order by due_date, length(invoice_no), invoice_no, case_id)
),
earlier as (
    select grouped.*,
        sum(letters.rank in (2, 3) and letters.fee > 0 and letters.sent_on >= business_date - 184)      as small_fees,
        sum(letters.rank = 4 and letters.fee > 0 and letters.sent_on >= business_date - 184)            as demands,
        sum(letters.rank in (2, 3) and letters.deadline - letters.sent_on >= 14
            and business_date > letters.deadline)                                                       as missed
    from grouped
    left join case_letters as letters on letters.claim = grouped.claim
    group by grouped.claim
),
charged as (          -- a second small fee, and that of the demand, need a missed deadline; two small ones at most
    select earlier.*, costs.interest_paid,
        case
            when place > 1 or is_minor or no_fees or business_date < counted_due_date + 14             then 0
            when next_step = 'reminder'                                                                then maximum_fee
            when next_step = 'collection_notice' and small_fees < 2 and (small_fees = 0 or missed > 0) then maximum_fee
            when next_step = 'payment_demand' and demands = 0 and missed > 0                           then maximum_fee
            else 0
        end as fee
    from earlier
    join costs on costs.claim = earlier.claim
)
select
    'letter:' || tenant || ':' || bearer || ':' || next_step, case_id, next_step, channel, business_date,
    last_day.next_business_day, fee, interest - interest_paid, principal, principal - principal_open, principal_open,
    principal_open + fees + fee + interest - costs_paid, place = 1
from charged
join calendar as last_day on last_day.day = business_date + deadline_days;

create table planned_vouchers (
    voucher_key text, case_id text, settlement_key text, customer_id text, fee integer, interest integer, total integer,
    payment_date integer
);
insert into planned_vouchers
select 'voucher:' || tenant || ':' || shared_out.case_id || ':' || settlement_key, shared_out.case_id, settlement_key,
    customer_id, to_fee, to_interest, to_fee + to_interest, effective_on
from shared_out
cross join parameters
join claims on claims.entry = shared_out.claim
where live and to_fee + to_interest > 0 and effective_on >= connected_on;

commit;
