-- 34_customer_credits.sql · rules § 2: what stands to a customer's credit and settles nothing yet

insert into customer_credits by name
with
used as (
    select credit_id as entry_id, sum(amount) as amount from shares group by credit_id
),
our_vouchers as (     -- a voucher of ours that nobody has matched, or that the mirror has not read yet, stands against its payment
    select own_settlement_key as entry_id, sum(unmatched)::bigint as amount
    from loose
    where role = 'own_voucher' and own_settlement_key is not null and amount > 0
      and not dated_ahead and not is_cancelled
    group by own_settlement_key
    union all
    select settlement_key, sum(total * 100)::bigint
    from journal_vouchers
    where state in ('posted', 'confirmed') and not coalesce(reversed, false)
      and settlement_key not in (select own_settlement_key from entries
                                 where own_settlement_key is not null and not is_cancelled)
    group by settlement_key
),
credits as (
    select
        loose.*,
        case when role = 'payment' then 'payment' else 'other' end             as kind,
        abs(loose.amount) - coalesce(used.amount, 0) - coalesce(our_vouchers.amount, 0) as left_over
    from loose        -- nothing is left over of a credit in a plain group
    left join used using (entry_id)
    left join our_vouchers using (entry_id)
    where loose.amount < 0 and role not in ('write_off', 'reversal') and not is_cancelled and not dated_ahead
),
dated_ahead as (      -- § 2: known on the business date, but dated after it
    select loose.*, case when role = 'payment' then 'payment' else 'other' end as kind, abs(amount) as left_over
    from loose, parameters
    where loose.amount < 0 and role not in ('write_off', 'reversal')
      and dated_ahead and booked_on <= business_date
),
ahead_of as (         -- the claims that it is already matched with
    select match_id, case_id, row_number() over (partition by match_id order by counted_due_date, case_id) as n
    from invoices join claims using (entry_id, case_id, counted_due_date)
    where match_id in (select match_id from dated_ahead)
)
select
    customer_id,
    entry_id,
    kind,
    kroner(left_over)             as amount,
    posting_date                                   as effective_on,
    dated_ahead,
    surplus_claims.case_id                         as surplus_case_id,
    null                                           as dated_ahead_case_id
from credits
left join surplus_claims using (entry_id)
where left_over > 0 and coalesce(surplus_claims.share_rank, 1) = 1
union all
select customer_id, entry_id, kind, kroner(left_over), posting_date, dated_ahead, null, ahead_of.case_id
from dated_ahead
left join ahead_of on ahead_of.match_id = dated_ahead.match_id and ahead_of.n = 1;
