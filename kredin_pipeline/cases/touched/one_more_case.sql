-- one_more_case.sql · cases that hang together with those found so far; run until no row is added

insert into scope_cases
select distinct case_id
from coupled_cases
where key in (select key from coupled_cases where case_id in (select case_id from scope_cases))
  and case_id not in (select case_id from scope_cases);
