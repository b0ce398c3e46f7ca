-- 30_claims.sql · rules § 1: what becomes a case

create or replace temp table match_groups as  -- of every entry, whatever its date: do the two sides of a group agree?
select
    match_id,
    bool_or(dated_ahead)                                            as has_dated_ahead,
    sum(case when amount > 0 then matched else -matched end) <> 0   as is_torn
from entries
where match_id is not null and not is_gone
group by match_id;

insert into claims by name
with
due as (              -- § 1.2 ⚙ days_past_due, ⚙ import_from; a case once opened is never dropped
    select invoices.*
    from invoices, parameters
    where in_journal
       or (overdue_on <= business_date and (import_from is null or original_due_date >= import_from)
           and (gone_on is null or gone_on > overdue_on))
),
settled_before as (   -- settlements only ever reduce, so what is open at all was open on that first day
    select due.entry_id, sum(settled.amount) as amount
    from due
    join invoice_settlements as settled
        on settled.entry_id = due.entry_id and settled.kind <> 'write_off' and settled.effective_on <= due.overdue_on
    where not due.in_journal
    group by due.entry_id
),
cases_found as (
    select due.*
    from due
    left join settled_before using (entry_id)
    where in_journal or due.amount > coalesce(settled_before.amount, 0)
),
matched_here as (     -- for groups with an entry dated ahead the ledger's balance of today is not that of the date
    select shares.debit_id as entry_id, sum(shares.amount) as amount
    from shares
    join cases_found on cases_found.entry_id = shares.debit_id
    join match_groups on match_groups.match_id = cases_found.match_id and match_groups.has_dated_ahead
    where shares.stage not in ('group', 'recovery')
    group by shares.debit_id
)
select
    found.case_id,
    found.voucher_id,
    found.entry_id,
    found.invoice_no,
    found.kid,
    found.customer_id,
    coalesce(debtors.customer_no, found.customer_no)                as customer_no,
    coalesce(debtors.name, found.customer_name)                     as customer_name,
    coalesce(found.registered_orgnr, debtors.orgnr)                 as orgnr,
    coalesce(debtors.debtor_kind, 'unknown')                        as debtor_kind,
    coalesce(found.voucher_date, found.posting_date)                as invoice_date,
    found.agreed_due_date                                           as due_date,
    found.original_due_date,
    found.counted_due_date,
    coalesce(found.currency_code, 'NOK')                            as currency,
    found.currency_amount,
    kroner(found.amount)                           as principal,
    case
        when found.gone_on is not null then 0
        when coalesce(match_groups.has_dated_ahead, false)
            then kroner(found.amount - coalesce(matched_here.amount, 0))
        else kroner(found.balance)
    end                                                             as ledger_balance,
    found.gone_on                                                   as deleted_in_ledger_on,
    found.overdue_on,
    found.in_journal,
    -- § 6: a changed number marks the case and leaves it on the old debtor
    found.registered_orgnr is not null and debtors.customer_id is not null
        and debtors.orgnr is distinct from found.registered_orgnr   as debtor_changed,
    -- § 2: two reads that contradict each other; the newer one says that less is owed, or a counter-entry is missing
    found.gone_on is null and coalesce(
        (coalesce(match_groups.is_torn, false) and found.matched > 0)
        or (parameters.live and not coalesce(match_groups.has_dated_ahead, false)
            and listed.gone_on is null and not found.is_foreign and listed.total_amount = kroner(found.amount)
            and listed.balance < kroner(found.balance) and listed.balance_last_changed >= found.last_changed), false) as ledger_conflict
from cases_found as found
cross join parameters
left join debtors on debtors.customer_id = found.customer_id
left join match_groups on match_groups.match_id = found.match_id
left join matched_here on matched_here.entry_id = found.entry_id
left join poweroffice_outgoing_invoices as listed on listed.voucher_id = found.voucher_id;

-- § 1.1: every entry that is no invoice to be claimed stands here with the reason, so that none is dropped uncounted
insert into unclaimable by name
select
    entries.entry_id,
    entries.voucher_id,
    entries.invoice_no,
    entries.customer_id,
    entries.customer_no,
    kroner(entries.amount)                                               as amount,
    case
        when entries.role = 'invoice'                        then 'before_import_from'
        when entries.role = 'netting' and entries.voucher_type = 'OutgoingInvoice' then 'not_positive'
        else entries.role
    end                                                                  as reason
from entries
cross join parameters
where not entries.dated_ahead and not entries.is_gone
  and (entries.role <> 'invoice'
       or entries.due_date < import_from and entries.entry_id not in (select entry_id from claims));
