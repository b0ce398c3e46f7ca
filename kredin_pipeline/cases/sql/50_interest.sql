-- 50_interest.sql · rules § 3: late interest of each case, exact and rounded once
--
-- Integers all the way: øre x basis points x days x (133590 / year_days), over the common denominator 133590 x 10 000.
-- With R(d) = the rates of all days before d, a span of principal costs base x (R(to) - R(from)): the rate table stays
-- out of the hot path. A day without a rate adds nothing and is counted, which makes the figure provisional.

create or replace temp table rate_sums as
with
days as (
    select calendar.day, calendar.year_days, interest_rates.rate_bp
    from calendar
    cross join parameters
    left join interest_rates on calendar.day between interest_rates.valid_from and interest_rates.valid_to
    where calendar.day between (select min(interest_from) from accounts) and business_date
)
select
    day,
    coalesce(sum(coalesce(rate_bp, 0)::bigint * (133590 // year_days)) over before_it, 0)::hugeint as statutory,
    coalesce(sum(coalesce(interest_rate_bp, 0)::bigint * (133590 // year_days)) over before_it, 0)::hugeint as agreed,
    coalesce(sum((rate_bp is null)::integer) over before_it, 0)::bigint                            as unknown_days
from days, parameters
window before_it as (order by day rows between unbounded preceding and 1 preceding);

create or replace temp table principal_spans as
with
changes as (
    select case_no, interest_from as on_date, principal_ore as ore from accounts
    union all
    select case_no, counts_on, -ore from reductions
    union all
    select accounts.case_no, counts_on, -(amount * 100)::bigint from credit_cover join accounts using (case_id)
),
running as (          -- the sum takes in every change of a day; all but one row of that day end where they begin
    select case_no, on_date, (sum(ore) over by_date)::bigint as base_ore, lead(on_date) over by_date as next_on
    from changes
    window by_date as (partition by case_no order by on_date)
),
spans as (
    select running.case_no, accounts.accrual = 'agreed' as is_agreed, running.on_date as from_date,
        least(running.next_on, accounts.interest_until) as to_date, running.base_ore
    from running
    join accounts on accounts.case_no = running.case_no and accounts.accrual <> 'none'
    where running.base_ore > 0 and running.on_date < least(running.next_on, accounts.interest_until)
)
select spans.*,
    spans.base_ore::hugeint * case when is_agreed then ends.agreed - starts.agreed
                                   else ends.statutory - starts.statutory end          as numerator,
    not is_agreed and ends.unknown_days > starts.unknown_days                          as provisional
from spans
join rate_sums as starts on starts.day = spans.from_date
join rate_sums as ends on ends.day = spans.to_date;

insert into interest_periods
with
years as (
    select min(day) as first_day, max(day) + 1 as next_first_day, any_value(year_days) as year_days
    from calendar
    where day between (select min(from_date) from principal_spans) and (select max(to_date) from principal_spans)
    group by year(day)
),
rates as (            -- a period ends with the rate or with the year
    select false as is_agreed, greatest(valid_from, first_day) as from_date,
        least(valid_to + 1, next_first_day) as to_date, rate_bp, year_days
    from years
    join interest_rates on valid_from < next_first_day and valid_to >= first_day
    union all
    select true, first_day, next_first_day, interest_rate_bp, year_days
    from years, parameters
    where interest_rate_bp is not null
),
cut as (
    select spans.case_no, greatest(spans.from_date, rates.from_date) as from_date,
        least(spans.to_date, rates.to_date) as to_date, rates.rate_bp, rates.year_days, spans.base_ore
    from principal_spans as spans
    join rates on rates.is_agreed = spans.is_agreed
        and rates.from_date < spans.to_date and rates.to_date > spans.from_date
),
exact as (
    select *, to_date - from_date as days,
        base_ore::hugeint * (rate_bp::bigint * (to_date - from_date) * (133590 // year_days)) as numerator
    from cut
)
select
    accounts.case_id, from_date, to_date, days,
    (rate_bp::decimal(8, 0) * 0.01)::decimal(6, 2)                                                   as rate_percent,
    year_days,
    kroner(base_ore)                                                                                 as base,
    (((numerator + 66795) // 133590)::decimal(28, 0) * 0.000001)::decimal(18, 6)                     as amount,
    numerator
from exact
join accounts using (case_no);
