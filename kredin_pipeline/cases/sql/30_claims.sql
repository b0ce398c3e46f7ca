-- 30_claims.sql · rules § 1: what becomes a case

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
    select entry_id, sum(amount) as amount
    from (
        select due.entry_id, settled.amount
        from due
        join invoice_settlements as settled
            on settled.entry_id = due.entry_id and settled.kind <> 'write_off' and settled.effective_on <= due.overdue_on
        where not due.in_journal
        union all
        select due.entry_id, credit.matched
        from due
        join match_groups as plain on plain.debit_id = due.entry_id and plain.is_plain
        join entries as credit
            on credit.match_id = plain.match_id and credit.amount < 0 and credit.posting_date <= due.overdue_on
        where not due.in_journal
    )
    group by entry_id
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
),
crooked as (          -- the groups of which more than the ledger's balance must be known; few
    select match_id, has_dated_ahead, is_torn from match_groups where has_dated_ahead or is_torn
),
contradicted as (     -- § 2: two reads that contradict each other; the newer one says that less is owed
    select found.entry_id
    from cases_found as found
    join poweroffice_outgoing_invoices as listed on listed.voucher_id = found.voucher_id
    where found.balance > 0 and listed.gone_on is null and not found.is_foreign
      and listed.total_amount = kroner(found.amount) and listed.balance < kroner(found.balance)
      and listed.balance_last_changed >= found.last_changed
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
        when coalesce(crooked.has_dated_ahead, false)
            then kroner(found.amount - coalesce(matched_here.amount, 0))
        else kroner(found.balance)
    end                                                             as ledger_balance,
    found.gone_on                                                   as deleted_in_ledger_on,
    found.overdue_on,
    found.in_journal,
    -- § 6: a changed number marks the case and leaves it on the old debtor
    found.registered_orgnr is not null and debtors.customer_id is not null
        and debtors.orgnr is distinct from found.registered_orgnr   as debtor_changed,
    -- § 2: as said above, or a counter-entry is missing
    found.gone_on is null and coalesce(
        (coalesce(crooked.is_torn, false) and found.matched > 0)
        or (parameters.live and not coalesce(crooked.has_dated_ahead, false) and contradicted.entry_id is not null),
        false)                                                      as ledger_conflict
from cases_found as found
cross join parameters
left join debtors on debtors.customer_id = found.customer_id
left join crooked on crooked.match_id = found.match_id
left join contradicted on contradicted.entry_id = found.entry_id
left join matched_here on matched_here.entry_id = found.entry_id;

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
