-- what_moves.sql · the cases whose row can be another one on another day, though nothing has come in
--
-- A principal that is open bears interest and may get a letter; a rate may be missing; limitation comes nearer (rules
-- § 8). Needs `scope_cases` (claims derived anew) and adds to it.

insert into scope_cases
with
moving as (
    select case_id
    from case_states
    cross join since
    cross join parameters
    where state <> 'closed'
      and (principal_open > 0 or provisional
           or limitation_date - 181 between since.business_date - 1 and parameters.business_date
           or limitation_date - 91 between since.business_date - 1 and parameters.business_date
           or limitation_date - 31 between since.business_date - 1 and parameters.business_date
           or limitation_date between since.business_date - 1 and parameters.business_date)
    union
    select case_id from journal_touched where about = 'letter'
)
select case_id from moving where case_id in (select case_id from claims) and case_id not in (select case_id from scope_cases);

-- what must be concluded with them: a surplus is shared out over several claims, a letter asks for several
create or replace temp table coupled_cases as
with
letters as (
    select case_id, letter_key from journal_letters
    where letter_key in (select letter_key from journal_letters where not bears_fee)
)
select case_id, 'entry ' || entry_id as key from surplus_claims
union all
select case_id, 'letter ' || letter_key from letters
union all
select surplus_case_id, 'credit ' || customer_id from customer_credits where surplus_case_id is not null
union all
select case_id, 'credit ' || customer_id from claims
where case_id in (select case_id from scope_cases)
  and customer_id in (select customer_id from customer_credits where surplus_case_id is not null);
