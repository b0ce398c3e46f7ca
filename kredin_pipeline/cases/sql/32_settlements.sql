-- 32_settlements.sql · rules § 2: what has happened to each claim, and what was paid above it

insert into settlements by name
select
    claims.case_id,
    settled.credit_id                              as entry_id,
    settled.credit_id                              as settlement_key,
    settled.kind,
    kroner(settled.amount)        as amount,
    settled.effective_on,
    settled.interest_from_due,
    settled.after_write_off
from invoice_settlements as settled
join claims using (entry_id)
union all by name
select                -- in a plain group every credit settles the one invoice
    claims.case_id,
    credit.entry_id,
    credit.entry_id                                as settlement_key,
    credit.role                                    as kind,
    kroner(credit.matched)                         as amount,
    credit.posting_date                            as effective_on,
    credit.role in ('credit_note', 'reversal')     as interest_from_due,
    false                                          as after_write_off
from match_groups as plain
join claims on claims.entry_id = plain.debit_id
join entries as credit on credit.match_id = plain.match_id and credit.amount < 0
where plain.is_plain;
