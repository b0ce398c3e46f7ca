-- tables.sql · the mirror of a tenant's ledger and register, with its quarantine and its log of reads
--
-- Shapes only. Ids are text, money is DECIMAL(18,2) kroner, days are Oslo days. `first_seen_on`, `last_seen_on` and
-- `gone_on` are business dates of ours: when a row came, was last read in full, and was found to be gone from the ledger.
-- `version` is the row's change time on the wire in 100 ns since 1970, finer than a timestamp here can be: it says which
-- of two readings of a row is the newer one.

create table if not exists poweroffice_customers (
    customer_id                          varchar primary key,
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
    first_seen_on                        date,
    last_seen_on                         date,
    gone_on                              date,
    version                              bigint
);

create table if not exists poweroffice_ledger_entries (
    entry_id                          varchar primary key,
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
    first_seen_on                     date,
    last_seen_on                      date,
    gone_on                           date,
    version                           bigint
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
    voucher_id             varchar primary key,
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
    first_seen_on          date,
    last_seen_on           date,
    gone_on                date,
    version                bigint
);

create table if not exists poweroffice_account_transactions (
    transaction_id            varchar primary key,
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
    first_seen_on             date,
    last_seen_on              date,
    gone_on                   date,
    version                   bigint
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
    fetched_on                 date,
    fetched_at                 timestamptz,
    stale                      boolean
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
