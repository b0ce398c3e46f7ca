-- debtors.sql · rules § 6: who the debtors are, from the ledger's customers and what the register says of them
--
-- $1 business date, $2 whether the tenant uses the register (off: nothing of it holds, nothing is stale). One row per
-- customer of the ledger, also of one that is known from its entries alone.

with
numbers as (          -- an organisation number as the register knows it: nine digits, whatever stands around them
    select customer_id, nullif(regexp_replace(coalesce(organization_number, ''), '[^0-9]', '', 'g'), '') as digits
    from poweroffice_customers
),
default_persons as (  -- whom the company writes to when the customer itself has no e-mail
    select customer_id, min(nullif(trim(email_address), '')) as email
    from poweroffice_contact_persons
    where is_default and coalesce(is_active, true) and gone_on is null
    group by customer_id
),
customers as (
    select
        customer.customer_id, customer.customer_no, customer.is_person, customer.date_of_birth,
        coalesce(nullif(trim(customer.name), ''), nullif(trim(concat_ws(' ', customer.first_name, customer.last_name)), ''),
                 customer.legal_name)                                         as name,
        case when length(numbers.digits) = 9 then numbers.digits else customer.organization_number end as orgnr,
        coalesce(nullif(trim(customer.payment_reminder_email_address), ''),
                 nullif(trim(customer.invoice_email_address), ''), nullif(trim(customer.email_address), ''),
                 default_persons.email)                                       as email,
        nullif(trim(customer.address_line1), '')                              as address_line1,
        nullif(trim(customer.address_line2), '')                              as address_line2,
        nullif(trim(customer.zip_code), '')                                   as zip_code,
        nullif(trim(customer.city), '')                                       as city,
        upper(nullif(trim(customer.country_code), ''))                        as country_code,
        coalesce(not customer.send_payment_reminders, false)                  as no_reminders,
        coalesce(customer.do_not_add_late_payment_fees, false)                as no_fees,
        coalesce(customer.do_not_add_late_payment_interest, false)            as no_interest
    from poweroffice_customers as customer
    join numbers using (customer_id)
    left join default_persons using (customer_id)
    union all by name
    select customer_id, any_value(customer_no) as customer_no, any_value(customer_name) as name
    from poweroffice_ledger_entries
    where customer_id is not null and customer_id not in (select customer_id from poweroffice_customers)
    group by customer_id
),
oldest_open as (      -- a claim against a minor stays one when the debtor comes of age
    select customer_id, min(voucher_date) as dated
    from poweroffice_ledger_entries
    where voucher_type = 'OutgoingInvoice' and balance > 0 and gone_on is null
    group by customer_id
),
in_quarantine as (    -- of whom a row could not be believed: what they owe is not known, so nothing is sent to them
    select distinct json_extract_string(raw, '$.CustomerId') as customer_id
    from quarantine
    where table_name = 'poweroffice_ledger_entries' and released_at is null and json_valid(raw)
),
found as (            -- the unit asked for, and the legal person: itself, or the main unit behind a sub-unit
    select
        customers.*,
        own.status                                                            as unit_status,
        coalesce(own.is_sub_unit, false)                                      as is_sub_unit,
        own.main_orgnr                                                        as main_orgnr,
        legal,
        coalesce(own.stale, false) or coalesce(legal.stale, false)            as is_stale
    from customers
    left join brreg_units as own on $2 and own.orgnr = customers.orgnr
    left join brreg_units as legal on $2 and legal.orgnr = case when own.is_sub_unit then own.main_orgnr else own.orgnr end
),
judged as (
    select
        found.*,
        case          -- § 6, the strongest first
            when legal.status = 'deleted'    then 'debtor_deleted'
            when legal.konkurs               then 'bankruptcy'
            when legal.under_tvangsavvikling then 'forced_liquidation'
            when legal.under_avvikling       then 'winding_up'
        end                                                                   as register_hold
    from found
)
select
    customer_id,
    judged.customer_no,
    case when is_sub_unit then coalesce(legal.name, judged.name) else judged.name end as name,
    judged.orgnr,
    case when is_sub_unit then judged.main_orgnr
         when unit_status in ('registered', 'deleted') then judged.orgnr end  as main_orgnr,
    case
        when is_person                   then 'person'
        when judged.orgnr is not null    then 'business'
        else 'unknown'
    end                                                                       as debtor_kind,
    coalesce(date_of_birth + interval 18 year > least($1::date, coalesce(oldest_open.dated, $1::date)), false) as is_minor,
    email,
    -- a claim against a sub-unit is one against its main unit, and goes to that one's address
    case when use_register then legal.address_line1 else judged.address_line1 end                  as address_line1,
    case when use_register then nullif(concat_ws(', ', legal.address_line2, legal.address_line3), '')
         else judged.address_line2 end                                                             as address_line2,
    case when use_register then legal.zip_code else judged.zip_code end                            as zip_code,
    case when use_register then legal.city else judged.city end                                    as city,
    coalesce(case when use_register then legal.country_code else judged.country_code end, 'NO')    as country_code,
    coalesce(no_reminders, false) or in_quarantine.customer_id is not null                         as excluded,
    coalesce(no_fees, false)                                                  as no_fees,
    coalesce(no_interest, false)                                              as no_interest,
    register_hold,
    case register_hold
        when 'debtor_deleted'     then legal.slettedato
        when 'bankruptcy'         then legal.konkursdato
        when 'forced_liquidation' then legal.tvang_dato
        when 'winding_up'         then legal.under_avvikling_dato
    end                                                                       as register_hold_from,
    coalesce(unit_status = 'unknown' or (is_sub_unit and (judged.main_orgnr is null or legal.status = 'unknown')), false)
                                                                              as unknown_register,
    is_stale                                                                  as register_stale
from judged
cross join lateral (
    select legal.address_line1 is not null or legal.city is not null as has_register_address
) as addressed
cross join lateral (
    select has_register_address and (is_sub_unit or (judged.address_line1 is null and judged.zip_code is null))
        as use_register
) as chosen
left join oldest_open using (customer_id)
left join in_quarantine using (customer_id)
