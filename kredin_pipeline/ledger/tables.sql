-- tables.sql · the mirror of a tenant's ledger and register, with its quarantine and its log of reads
--
-- Shapes only. Ids are text, money is DECIMAL(18,2) kroner, days are Oslo days. `first_seen_on`, `last_seen_on` and
-- `gone_on` are business dates of ours: when a row came, was last read in full, and was found to be gone from the ledger.
-- `version` is the row's change time on the wire in 100 ns since 1970, finer than a timestamp here can be: it says which
-- of two readings of a row is the newer one. What is mirrored has no primary key: keeping one would cost more than the
-- rest of the merge, which itself keeps one row an id; a contract counts them.

create table if not exists poweroffice_customers (
    customer_id                          varchar,
    customer_no                          varchar,
    name                                 varchar,
    legal_name                           varchar,
    first_name                           varchar,
    last_name                            varchar,
    is_person                            boolean,
    date_of_birth                        date,
    organization_number                  varchar,
    email_address                        varchar,
    invoice_email_address                varchar,
    payment_reminder_email_address       varchar,
    phone_number                         varchar,
    send_payment_reminders               boolean,
    do_not_add_late_payment_fees         boolean,
    do_not_add_late_payment_interest     boolean,
    do_not_automate_payment_notifications boolean,
    is_archived                          boolean,
    is_active                            boolean,
    currency_code                        varchar,
    payment_term                         integer,
    reminder_delivery_type               varchar,
    subledger_account_id                 varchar,
    address_line1                        varchar,
    address_line2                        varchar,
    zip_code                             varchar,
    city                                 varchar,
    country_code                         varchar,
    last_changed                         timestamptz,
    version                              bigint,
    first_seen_on                        date,
    last_seen_on                         date,
    gone_on                              date
);

create table if not exists poweroffice_contact_persons (
    contact_person_id varchar,
    customer_id       varchar,                     -- the contact, which may be a supplier too
    first_name        varchar,
    last_name         varchar,
    title             varchar,
    email_address     varchar,
    phone_number      varchar,
    is_default        boolean,
    is_active         boolean,
    last_changed      timestamptz,
    version           bigint,
    first_seen_on     date,
    last_seen_on      date,
    gone_on           date
);

create table if not exists poweroffice_ledger_entries (
    entry_id                          varchar,
    customer_id                       varchar,
    customer_no                       varchar,
    customer_name                     varchar,
    voucher_id                        varchar,
    voucher_no                        varchar,
    voucher_type                      varchar,
    voucher_date                      date,
    posting_date                      date,
    due_date                          date,
    invoice_no                        varchar,
    kid                               varchar,
    amount                            decimal(18, 2),
    balance                           decimal(18, 2),  -- the ledger's own, at the last day of the read
    currency_code                     varchar,
    currency_amount                   decimal(18, 2),
    match_id                          varchar,
    is_write_off                      boolean,
    custom_matching_reference         varchar,
    external_import_reference         varchar,
    is_created_by_current_integration boolean,
    paid_from_bank_account            varchar,
    created_at                        timestamptz,
    last_changed                      timestamptz,
    version                           bigint,
    first_seen_on                     date,
    last_seen_on                      date,
    gone_on                           date
);

-- Every change of a match or a balance that a read has seen, so that what happened between two days can be told.
create table if not exists poweroffice_ledger_entry_changes (
    entry_id varchar,
    seen_on  date,
    seen_at  timestamptz,
    amount   decimal(18, 2),
    balance  decimal(18, 2),
    match_id varchar,
    gone     boolean
);

create table if not exists poweroffice_outgoing_invoices (
    voucher_id             varchar,
    invoice_no             varchar,
    voucher_no             varchar,
    voucher_type           varchar,
    voucher_date           date,
    due_date               date,
    kid                    varchar,
    customer_id            varchar,
    customer_no            varchar,
    total_amount           decimal(18, 2),
    total_posted_amount    decimal(18, 2),
    balance                decimal(18, 2),
    currency_code          varchar,
    currency_exchange_rate decimal(18, 8),
    related_invoice_no     varchar,
    is_reversed            boolean,
    sent_at                timestamptz,
    invoice_delivery_type  varchar,
    customer_reference     varchar,
    balance_last_changed   timestamptz,
    last_changed           timestamptz,
    version                bigint,
    first_seen_on          date,
    last_seen_on           date,
    gone_on                date
);

create table if not exists poweroffice_account_transactions (
    transaction_id            varchar,
    voucher_id                varchar,
    voucher_no                varchar,
    voucher_type              varchar,
    account_no                varchar,
    amount                    decimal(18, 2),
    customer_account_no       varchar,
    sub_ledger_entry_id       varchar,
    posting_date              date,
    reversed_voucher_id       varchar,
    correction_of_voucher_id  varchar,
    is_reversed               boolean,
    external_import_reference varchar,
    vat_code                  varchar,
    description               varchar,
    last_changed              timestamptz,
    version                   bigint,
    first_seen_on             date,
    last_seen_on              date,
    gone_on                   date
);

create table if not exists poweroffice_customer_balances (
    as_of       date,
    customer_no varchar,
    customer_id varchar,
    balance     decimal(18, 2)
);

create table if not exists quarantine (
    table_name  varchar,
    record_id   varchar,
    reasons     varchar,
    raw         varchar,
    seen_on     date,
    seen_at     timestamptz,
    released_at timestamptz
);

-- What the wire sent that the contracts do not know: told on the first day, then only listed.
create table if not exists wire_drift (
    about         varchar primary key,
    resource      varchar,
    first_seen_on date,
    last_seen_on  date
);

create table if not exists sync_state (
    resource      varchar primary key,
    cursor        timestamptz,
    business_date date,
    completed_at  timestamptz,
    last_full_on  date,
    pages_digest  varchar,  -- of the last pages merged without a fault: the same pages again bring nothing new
    pages_rows    bigint
);

create table if not exists sync_log (
    resource         varchar,
    business_date    date,
    started_at       timestamptz,
    completed_at     timestamptz,
    full_read        boolean,
    requests         integer,
    pages            integer,
    rows_in          bigint,
    rows_kept        bigint,
    rows_quarantined bigint,
    note             varchar
);

create table if not exists brreg_units (
    orgnr                      varchar primary key,
    status                     varchar,   -- registered | deleted | removed | unknown | not_available
    name                       varchar,
    organisation_form          varchar,
    main_orgnr                 varchar,   -- the main unit of a sub-unit
    konkurs                    boolean,
    konkursdato                date,
    under_avvikling            boolean,
    under_avvikling_dato       date,
    under_tvangsavvikling      boolean,
    tvang_dato                 date,
    under_rekonstruksjon_dato  date,
    slettedato                 date,
    is_sub_unit                boolean,
    language                   varchar,
    address_line1              varchar,
    address_line2              varchar,
    address_line3              varchar,
    zip_code                   varchar,
    city                       varchar,
    country_code               varchar,
    fetched_on                 date,      -- answered by the register itself
    fetched_at                 timestamptz,
    stale                      boolean,
    checked_on                 date,      -- known to be true: answered, or not named by a change feed that was read
    last_accounts_year         varchar,   -- as the unit's own record says; null: none filed
    roles_on                   date,      -- when its trustees and its accounts were read
    accounts_on                date
);
alter table brreg_units add column if not exists checked_on date;
alter table brreg_units add column if not exists last_accounts_year varchar;
alter table brreg_units add column if not exists roles_on date;
alter table brreg_units add column if not exists accounts_on date;

-- The register's change feeds: up to where they are known. Without an id, all was looked up at that moment.
create table if not exists brreg_feeds (
    feed          varchar primary key,    -- enheter | underenheter | roller
    last_id       varchar,
    complete_at   timestamptz,
    business_date date
);

-- Who stands for a unit that a court administers: the trustee (bostyrer). No other role is kept.
create table if not exists brreg_roles (
    orgnr         varchar,
    role          varchar,                -- BOBE
    name          varchar,
    address_line1 varchar,
    address_line2 varchar,
    address_line3 varchar,
    zip_code      varchar,
    city          varchar,
    country_code  varchar,
    since         date,
    fetched_on    date
);

-- A unit's own last filed accounts, in whole units of their currency. For people to read; no rule moves on them.
create table if not exists brreg_accounts (
    orgnr            varchar primary key,
    outcome          varchar,             -- filed | none_filed | not_available
    period_from      date,
    period_to        date,
    currency_code    varchar,
    revenue          decimal(18, 2),
    operating_result decimal(18, 2),
    result           decimal(18, 2),
    equity           decimal(18, 2),
    debt             decimal(18, 2),
    assets           decimal(18, 2),
    fetched_on       date
);

-- What changed in a unit's record from one answer to the next.
create table if not exists brreg_changes (
    orgnr   varchar,
    seen_on date,
    seen_at timestamptz,
    field   varchar,
    before  varchar,
    after   varchar
);

create table if not exists debtors (
    customer_id        varchar primary key,
    customer_no        varchar,
    name               varchar,
    orgnr              varchar,           -- the ledger's
    main_orgnr         varchar,           -- the legal person behind it
    debtor_kind        varchar,           -- business | person | unknown
    is_minor           boolean,
    email              varchar,
    address_line1      varchar,
    address_line2      varchar,
    zip_code           varchar,
    city               varchar,
    country_code       varchar,
    excluded           boolean,
    no_fees            boolean,
    no_interest        boolean,
    register_hold      varchar,           -- bankruptcy | forced_liquidation | winding_up | debtor_deleted
    register_hold_from date,
    unknown_register   boolean,
    register_stale     boolean
);

-- To whom the claim on a debtor's estate is addressed.
create view if not exists debtor_estate as
select
    debtors.customer_id, debtors.customer_no, debtors.name, coalesce(debtors.main_orgnr, debtors.orgnr) as orgnr,
    register_hold, register_hold_from, role.name as trustee_name, role.address_line1 as trustee_address_line1,
    role.address_line2 as trustee_address_line2, role.address_line3 as trustee_address_line3,
    role.zip_code as trustee_zip_code, role.city as trustee_city, role.country_code as trustee_country_code,
    role.fetched_on as trustee_read_on
from debtors
join brreg_roles as role on role.orgnr = coalesce(debtors.main_orgnr, debtors.orgnr)
where register_hold in ('bankruptcy', 'forced_liquidation');

-- What a debtor's last accounts say, in words beside the figures.
create view if not exists debtor_credit as
select
    debtors.customer_id, debtors.customer_no, debtors.name, unit.orgnr,
    year(accounts.period_to)::varchar as accounts_year, unit.last_accounts_year as last_year_filed,
    accounts.currency_code, accounts.revenue, accounts.operating_result, accounts.result, accounts.equity,
    accounts.debt, accounts.assets,
    case
        when unit.last_accounts_year is null or accounts.outcome = 'none_filed' then 'no accounts filed'
        when accounts.outcome is null then 'not read yet'
        when accounts.outcome = 'not_available' then 'filed for ' || unit.last_accounts_year || ', not shown by the service'
        else concat_ws('; ',
            case when accounts.equity < 0 then 'equity is negative'
                 when accounts.equity >= 0 then 'equity is positive' else 'equity not stated' end,
            case when accounts.result < 0 then 'a loss for the year'
                 when accounts.result >= 0 then 'a profit for the year' else 'result not stated' end,
            'last accounts are of ' || year(accounts.period_to),
            case when accounts.currency_code <> 'NOK' then 'figures in ' || accounts.currency_code end)
    end as in_words,
    accounts.fetched_on as read_on
from debtors
join brreg_units as unit
    on unit.orgnr = coalesce(debtors.main_orgnr, debtors.orgnr) and unit.status = 'registered'
left join brreg_accounts as accounts on accounts.orgnr = unit.orgnr;
