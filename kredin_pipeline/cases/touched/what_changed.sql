-- what_changed.sql · the rows, and through them the customers, that are not as the last derivation saw them
--
-- Needs `inputs`, `since` (one row: the day of the last derivation) and `journal_touched`. A customer is looked at row by
-- row only when its sum differs.

create or replace temp table customers_now as
select customer_id, bit_xor(h) as h, count(*) as rows_in from inputs group by customer_id;

create or replace temp table customers_touched as
select coalesce(held.customer_id, came.customer_id) as customer_id
from derived_customers as held
full join customers_now as came using (customer_id)
where held.h is distinct from came.h or held.rows_in is distinct from came.rows_in;

create or replace temp table inputs_now as
select * from inputs where customer_id in (select customer_id from customers_touched);

create or replace temp table rows_changed as
select coalesce(held.customer_id, came.customer_id) as customer_id, coalesce(held.source, came.source) as source,
    coalesce(held.row_id, came.row_id) as row_id
from (from derived_inputs where customer_id in (select customer_id from customers_touched)) as held
full join inputs_now as came
    on came.customer_id = held.customer_id and came.source = held.source and came.row_id = held.row_id
where held.h is distinct from came.h;

create or replace temp table fallen_due as    -- rules § 1.2: invoices that can become a case since that day
select entry.entry_id, entry.customer_id
from poweroffice_ledger_entries as entry
cross join parameters
cross join since
left join calendar on calendar.day = entry.due_date
where entry.amount > 0
  -- two weeks cover every shift of a due date over holidays
  and entry.due_date between since.business_date - days_past_due - 14 and parameters.business_date
  and case when due_date_shift then coalesce(calendar.next_business_day, entry.due_date) else entry.due_date end
      + days_past_due between since.business_date + 1 and parameters.business_date;

create or replace temp table case_entries as  -- the invoices of cases that came to the journal, or that count from now on
select entry.entry_id, entry.customer_id
from poweroffice_ledger_entries as entry
where entry.voucher_id in (
    select voucher_id from journal_cases, since, parameters
    where case_id in (select case_id from journal_touched where about = 'case')
       or opened_on > since.business_date and opened_on <= parameters.business_date);
