-- 12_invoices.sql · rules §§ 1, 3, 4.8: the invoices of the ledger, their case numbers and the days that count
--
-- One row per entry that can become a claim, overdue or not. Money in integer øre.

-- 56 bits in twelve characters (claims.case_id_of in Python): a number to print and to dictate, and no two alike
create or replace temp macro case_id_of(tenant, voucher_id) as
    'K' || lpad(upper(to_base(('0x' || left(sha256(tenant || ':' || voucher_id), 15))::bigint % 131621703842267136, 36)), 11, '0');

create or replace temp table invoices as
with
named as (            -- § 1.3: the number follows the ledger's invoice for life
    select
        entries.*,
        journal_cases.case_id is not null and journal_cases.opened_on <= business_date          as in_journal,
        coalesce(journal_cases.case_id,
                 case_id_of(tenant, entries.voucher_id))                                        as case_id,
        case when journal_cases.opened_on <= business_date then journal_cases.orgnr end        as registered_orgnr
    from entries
    cross join parameters
    left join journal_cases using (voucher_id)
    where role = 'invoice' and not dated_ahead
),
agreements as (       -- § 4.8: the newest agreement about the due date stands
    select
        case_id,
        arg_max(try_cast(coalesce(payload ->> '$.due', payload ->> '$.due_date', payload ->> '$.new_due_date',
                                  payload ->> '$.until') as date), seq) as due_date,
        arg_max(effective_on, seq)                                      as agreed_on
    from journal_decisions, parameters
    where kind in ('new_due_date', 'due_date') and effective_on <= business_date
    group by case_id
),
days as (
    select
        named.*,
        named.due_date                                                  as original_due_date,
        coalesce(agreements.due_date, named.due_date)                   as agreed_due_date,
        agreements.agreed_on
    from named
    left join agreements using (case_id)
),
counted as (          -- § 3: a due date on a day off counts from the next business day ⚙ due_date_shift
    select
        days.*,
        case when due_date_shift then coalesce(agreed.next_business_day, agreed_due_date) else agreed_due_date end
            as counted_due_date,
        case when due_date_shift then coalesce(original.next_business_day, original_due_date) else original_due_date end
            as original_counted
    from days
    cross join parameters
    left join calendar as agreed on agreed.day = agreed_due_date
    left join calendar as original on original.day = original_due_date
)
select
    counted.* exclude (due_date, original_counted, agreed_on, role, voucher_type, is_cancelled, own_settlement_key,
                       custom_matching_reference, dated_ahead, booked_on),
    case              -- § 1.2 ⚙ days_past_due; an agreement made after that day does not undo the case
        when agreed_on > original_counted + days_past_due then original_counted + days_past_due
        else counted_due_date + days_past_due
    end                                                                  as overdue_on
from counted, parameters;
