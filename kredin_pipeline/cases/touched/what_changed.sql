-- what_changed.sql · the customers who are not as the last derivation saw them
--
-- Needs `since` (one row: the day of the last derivation) and `journal_touched`. Leaves `scope_customers`.

create or replace temp table customers_here as from customers_now;

create or replace temp table customers_touched as
select coalesce(held.customer_id, came.customer_id) as customer_id
from derived_customers as held
full join customers_here as came using (customer_id)
where held.h is distinct from came.h or held.rows_in is distinct from came.rows_in;

create or replace temp table fallen_due as    -- rules § 1.2: invoices that can become a case since that day
select entry.customer_id
from poweroffice_ledger_entries as entry
cross join parameters
cross join since
left join calendar on calendar.day = entry.due_date
where entry.amount > 0
  -- two weeks cover every shift of a due date over holidays
  and entry.due_date between since.business_date - days_past_due - 14 and parameters.business_date
  and case when due_date_shift then coalesce(calendar.next_business_day, entry.due_date) else entry.due_date end
      + days_past_due between since.business_date + 1 and parameters.business_date;

create or replace temp table scope_customers as
with
opened as (           -- cases that came to the journal, or that count from now on
    select voucher_id
    from journal_cases, since, parameters
    where case_id in (select case_id from journal_touched where about = 'case')
       or opened_on > since.business_date and opened_on <= parameters.business_date
),
decided as (          -- what a person decided may begin or end on any day
    select case_id from journal_decisions where case_id is not null
    union
    select case_id from journal_touched where about in ('voucher', 'decision')
)
select customer_id from customers_touched
union
select coalesce(customer_id, '') from fallen_due
union
select coalesce(customer_id, '') from poweroffice_ledger_entries where voucher_id in (select voucher_id from opened)
union
select coalesce(customer_id, '') from claims where case_id in (select case_id from decided)
union
select coalesce(customer_id, '') from claims
where customer_no in (select customer_no from journal_decisions where case_id is null);
