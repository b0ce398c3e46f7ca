-- 33_surpluses.sql · rules § 5.3: what was paid above a claim, and whose costs it may cover

-- § 5.3: the surplus of a payment is what stands open in the ledger, and what a voucher of ours has already taken
create or replace temp table surplus_amounts as
with
taken as (
    select shares.credit_id as entry_id, sum(shares.amount) as amount
    from shares join loose as debit on debit.entry_id = shares.debit_id and debit.role = 'own_voucher'
    group by shares.credit_id
)
select
    payment.entry_id, payment.customer_id, payment.match_id, payment.kid,
    coalesce(payment.invoice_no, payment.custom_matching_reference)    as named_invoice_no,
    payment.posting_date,
    (payment.unmatched + coalesce(taken.amount, 0) - coalesce(settling.amount, 0))::bigint as surplus
from loose as payment
left join taken using (entry_id)
left join (select credit_id as entry_id, sum(amount) as amount from shares where stage in ('group', 'recovery') group by all)
    as settling using (entry_id)
where payment.amount < 0 and payment.role = 'payment'
  and not payment.dated_ahead and not payment.is_cancelled
  and payment.unmatched + coalesce(taken.amount, 0) > coalesce(settling.amount, 0);

insert into surplus_claims by name
with
settled_claims as (   -- a surplus needs a claim whose principal is settled
    select claims.*
    from claims join principals using (entry_id)
    where principals.principal_open = 0 and deleted_in_ledger_on is null
      and customer_id in (select customer_id from surplus_amounts)
),
by_settlement as (    -- the payment has settled the claim
    select distinct surplus_amounts.entry_id, claim.case_id, claim.counted_due_date, claim.invoice_no
    from surplus_amounts
    join settlements on settlements.entry_id = surplus_amounts.entry_id
    join settled_claims as claim using (case_id)
),
by_kid as (           -- or it carries the KID of one that was settled before
    select surplus_amounts.entry_id, claim.case_id, claim.counted_due_date, claim.invoice_no
    from surplus_amounts
    join settled_claims as claim on claim.customer_id = surplus_amounts.customer_id and claim.kid = surplus_amounts.kid
    where not exists (   -- a KID that an open invoice shares says nothing
        from invoices join principals using (entry_id)
        where invoices.customer_id = surplus_amounts.customer_id and invoices.kid = surplus_amounts.kid
          and principals.principal_open > 0 and not invoices.is_gone)
),
by_number as (        -- or its invoice number
    select surplus_amounts.entry_id, claim.case_id, claim.counted_due_date, claim.invoice_no
    from surplus_amounts
    join settled_claims as claim
        on claim.customer_id = surplus_amounts.customer_id and claim.invoice_no = surplus_amounts.named_invoice_no
),
found as (
    from by_settlement
    union
    from by_kid where entry_id not in (select entry_id from by_settlement)
    union
    from by_number where entry_id not in (select entry_id from by_settlement) and entry_id not in (select entry_id from by_kid)
)
select entry_id, case_id,
    row_number() over (partition by entry_id order by counted_due_date, invoice_no, case_id) as share_rank
from found;

insert into surpluses by name
select
    surplus_claims.case_id,
    surplus_amounts.entry_id,
    surplus_amounts.entry_id                       as settlement_key,
    'payment'                                      as kind,
    kroner(surplus)               as amount,
    posting_date                                   as effective_on
from surplus_amounts
join surplus_claims using (entry_id)
where share_rank = 1;
