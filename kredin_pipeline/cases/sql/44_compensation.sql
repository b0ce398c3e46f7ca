-- 44_compensation.sql · rules § 4.2 ⚙ compensation: from the day the claim is a case, of its due date's half-year

insert into compensations
select accounts.case_id, coalesce(compensation_rates.amount, 0) as amount, compensation_rates.amount is null as missing
from accounts
join claims using (case_id)
cross join parameters
left join compensation_rates on accounts.due_date between compensation_rates.valid_from and compensation_rates.valid_to
where parameters.compensation and claims.debtor_kind = 'business';
