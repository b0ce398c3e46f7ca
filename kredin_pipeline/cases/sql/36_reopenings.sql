-- 36_reopenings.sql · rules § 2: claims that were settled and are open again, when that was seen, and why
--
-- The ledger keeps no history of its matches. The log of balance changes does: a balance that went up has lost a
-- counter-entry, and the log knows which entries then shared the group. Where the log does not reach (a rebuilt book),
-- the KID of a refunded payment and our own vouchers still tell.

insert into reopenings by name
with
open_claims as (
    select claims.*, invoices.match_id
    from claims join principals using (entry_id) join invoices using (entry_id)
    where principals.principal_open > 0 and claims.deleted_in_ledger_on is null
),
steps as (            -- the balance of each claim, read by read
    select
        change.entry_id, change.seen_on, change.seen_at, change.balance,
        lag(change.balance) over read_by_read                                        as balance_before,
        last_value(change.match_id ignore nulls) over (read_by_read rows between unbounded preceding and 1 preceding)
                                                                                     as match_id_before
    from poweroffice_ledger_entry_changes as change
    join open_claims using (entry_id)
    cross join parameters
    where change.seen_on <= business_date
    window read_by_read as (partition by change.entry_id order by change.seen_at, change.seen_on)
),
rises as (
    select * from steps where balance > balance_before
),
partners as (         -- what had settled it, by the log
    select distinct rises.entry_id, rises.seen_at, change.entry_id as partner_id
    from rises
    join poweroffice_ledger_entry_changes as change
        on change.match_id = rises.match_id_before and change.entry_id <> rises.entry_id and change.seen_at <= rises.seen_at
),
refunded as (
    select shares.credit_id as entry_id, max(debit.posting_date) as refunded_on
    from shares join loose as debit on debit.entry_id = shares.debit_id and debit.role = 'refund'
    group by shares.credit_id
),
fates as (            -- what has become of it
    select
        partners.entry_id, partners.seen_at, partners.partner_id,
        case
            when refunded.entry_id is not null                                        then 'refunded'
            when entries.is_cancelled                                                 then 'reversed'
            when entries.entry_id is null                                             then 'deleted'
            when entries.match_id is null or entries.match_id is distinct from open_claims.match_id then 'unmatched'
        end                                                                           as reason
    from partners
    join open_claims using (entry_id)
    join poweroffice_ledger_entries as partner on partner.entry_id = partners.partner_id and partner.amount < 0
    left join entries on entries.entry_id = partners.partner_id
    left join refunded on refunded.entry_id = partners.partner_id
    where not coalesce(partner.is_write_off, false)  -- § 2: an undone write-off has reduced nothing, so it re-opens nothing
),
seen as (
    select rises.*, fates.partner_id, fates.reason
    from rises join fates using (entry_id, seen_at)
    where fates.reason is not null
    union all         -- a balance that went up for no reason that the log knows
    select rises.*, null, 'unmatched'
    from rises
    where not exists (from partners where partners.entry_id = rises.entry_id and partners.seen_at = rises.seen_at)
),
told as (
    select
        open_claims.case_id, seen.seen_on as on_date, seen.reason, seen.balance - seen.balance_before as amount,
        seen.balance_before = 0 as was_settled, seen.partner_id as entry_id
    from seen join open_claims using (entry_id)
),
by_kid as (           -- the debtor's payment was paid out again
    select
        open_claims.case_id, refunded.refunded_on as on_date, 'refunded' as reason,
        kroner(-payment.amount) as amount,
        -payment.amount >= (open_claims.principal * 100)::bigint as was_settled, payment.entry_id
    from refunded
    join entries as payment on payment.entry_id = refunded.entry_id and payment.kid is not null
    join open_claims on open_claims.customer_id = payment.customer_id and open_claims.kid = payment.kid
    where not exists (from settlements where settlements.entry_id = payment.entry_id)
),
by_voucher as (       -- a settlement that a voucher of ours rests on was reversed
    select
        open_claims.case_id, reversals.reversed_on as on_date, 'reversed' as reason,
        kroner(-payment.amount) as amount, true as was_settled, payment.entry_id
    from journal_vouchers
    join open_claims using (case_id)
    join reversals on reversals.original_id = journal_vouchers.settlement_key
    join entries as payment on payment.entry_id = journal_vouchers.settlement_key
    where not coalesce(journal_vouchers.reversed, false)
),
found as (
    from told
    union all
    from by_kid where not exists (from told where told.case_id = by_kid.case_id and told.entry_id = by_kid.entry_id)
    union all
    from by_voucher where not exists (from told where told.case_id = by_voucher.case_id and told.entry_id = by_voucher.entry_id)
)
select distinct *, entry_id as settlement_key from found;
