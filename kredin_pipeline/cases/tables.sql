-- tables.sql · the tables of a derivation (rules §§ 1-8), in the order in which they are filled
--
-- Here belong the shapes: what a derivation is given (journal copies, parameters, law), what it finds (claims,
-- settlements, credits) and what it concludes (costs, states, letters, vouchers). No rule belongs here.
-- Money is DECIMAL(18,2) kroner, ids are text, dates are Oslo calendar dates. Tables that each derivation empties and
-- fills again carry no primary key: DuckDB refuses to delete and insert one key in one transaction; tests hold them
-- unique instead. Only `cases` is history; everything else is as of `parameters.business_date`.

-- Given: the journal, copied before each derivation ------------------------------------------------------------------

create table if not exists journal_cases (     -- one row per case ever opened; a case keeps its number for life (§ 1.3)
    case_id     varchar not null,
    voucher_id  varchar not null,
    invoice_no  varchar,
    customer_no varchar,
    orgnr       varchar,                       -- as it stood when the case was opened (§ 6)
    opened_on   date not null
);
create table if not exists journal_decisions ( -- append-only log of what people decided (§ 7)
    decision_id  varchar not null,
    seq          bigint not null,              -- order in the log
    case_id      varchar,                      -- null: about a customer
    customer_no  varchar,
    kind         varchar not null,
    payload      json,
    effective_on date not null,
    decided_at   timestamptz,
    decided_by   varchar
);
create table if not exists journal_letters (   -- one row per claim in a letter that really left (§ 4)
    letter_key varchar not null,
    case_id    varchar not null,
    step       varchar not null,
    channel    varchar,
    sent_on    date not null,
    deadline   date,
    fee        decimal(18, 2),
    interest   decimal(18, 2),
    principal  decimal(18, 2),
    total      decimal(18, 2),
    bears_fee  boolean
);
create table if not exists journal_vouchers (  -- fee and interest vouchers intended or posted (§ 5.4)
    voucher_key    varchar not null,
    case_id        varchar not null,
    settlement_key varchar not null,
    reference      varchar,                    -- ExternalImportReference
    state          varchar,
    fee            decimal(18, 2),
    interest       decimal(18, 2),
    total          decimal(18, 2),
    posting_date   date,
    voucher_id     varchar,
    voucher_no     varchar,
    reversed       boolean
);

create table if not exists journal_mark (      -- up to where the journal is copied; no row: not by changes
    mark varchar not null
);

-- Given: parameters and law ------------------------------------------------------------------------------------------

create table if not exists parameters (        -- exactly one row; what null means stands in cases/settings.py
    tenant                    varchar not null,
    business_date             date not null,
    connected_on              date not null,   -- day of the tenant's first run; settlements before it claimed nothing
    live                      boolean not null, -- the partition of today, not a past one or a backfill
    days_past_due             integer not null, -- days after the counted due date; at least 1, overdue starts the day after
    import_from               date,            -- earliest due date taken in, already resolved; null: no limit
    register                  boolean not null,
    course                    varchar not null, -- full | demand_only
    grace_days                integer not null,
    allocation                varchar not null, -- principal_first | costs_first
    interest                  varchar not null, -- statutory | none | agreed
    interest_rate_bp          integer,         -- agreed yearly rate in hundredths of a per cent; null unless agreed
    compensation              boolean not null,
    due_date_shift            boolean not null,
    send_on_business_days     boolean not null,
    one_letter_per_debtor     boolean not null,
    minimum_claim             decimal(18, 2) not null,
    contribution_margin       decimal(5, 4),
    rounding_write_off        decimal(18, 2) not null,
    part_payment_acknowledges boolean not null,
    inkassolov_2026_from      date,
    mode                      varchar not null, -- live | observe
    fee_account               varchar,
    interest_account          varchar
);
create table if not exists allocation_orders ( -- since when which order was set; a payment keeps that of its day (§ 5.1)
    since      date not null,                  -- 0001-01-01: from the beginning
    allocation varchar not null                -- principal_first | costs_first
);
create table if not exists step_settings (     -- the course of the tenant: TenantSettings.effective_steps, plus the § 4-18 notice
    step           varchar not null,
    position       integer not null,           -- order in the course
    follows        varchar,                    -- the step whose missed deadline it waits for; null: the first
    in_course      boolean not null,           -- false only for the enforcement_notice that waits for the 2026 regime
    after_days     integer,                    -- days after the counted due date; null: only the earlier deadline counts
    deadline_days  integer not null,
    fee_is_maximum boolean not null,           -- the legal maximum of the sending day
    fee            decimal(18, 2),             -- kroner, null when fee_is_maximum
    channel        varchar not null            -- email | post
);
create table if not exists interest_rates (    -- statutory late-payment rate (forsinkelsesrente), both days inclusive
    valid_from date not null,
    valid_to   date not null,
    rate_bp    integer not null                -- hundredths of a per cent: 12.25 % = 1225
);
create table if not exists calendar (
    day               date not null,
    is_business_day   boolean not null,
    next_business_day date not null,           -- the day itself when it is one
    year_days         integer not null         -- 365 or 366
);

-- Found: claims and what has happened to them (10..39) ---------------------------------------------------------------

create table if not exists claims (            -- one row per case (§ 1)
    case_id              varchar not null,
    voucher_id           varchar not null,
    entry_id             varchar not null,
    invoice_no           varchar,
    kid                  varchar,
    customer_id          varchar,
    customer_no          varchar,
    customer_name        varchar,
    orgnr                varchar,              -- as first registered on the case
    debtor_kind          varchar,              -- business | person | unknown
    invoice_date         date,
    due_date             date not null,        -- the agreed one if it was moved, never shifted
    original_due_date    date not null,        -- the invoice's own
    counted_due_date     date not null,        -- due_date moved on to a business day when due_date_shift
    currency             varchar,
    currency_amount      decimal(18, 2),       -- the invoice in its own currency
    principal            decimal(18, 2) not null,
    ledger_balance       decimal(18, 2) not null, -- the ledger's own balance as of the business date
    deleted_in_ledger_on date,
    overdue_on           date not null,        -- first day on which it could become a case (counted due + days_past_due)
    in_journal           boolean not null,     -- a case number was opened on or before the business date
    debtor_changed       boolean not null,     -- the customer's organisation number is another one now
    ledger_conflict      boolean not null      -- ledger entry and invoice list disagree on the balance of today
);
create table if not exists unclaimable (       -- every entry that looks like a claim and is none (§ 1.1)
    entry_id    varchar not null,
    voucher_id  varchar,
    invoice_no  varchar,
    customer_id varchar,
    customer_no varchar,
    amount      decimal(18, 2) not null,
    reason      varchar not null               -- not_positive | no_due_date | before_import_from | own_voucher |
                                               -- ledger_reminder | opening_or_journal (own_reminder raises double_reminding)
);
create table if not exists settlements (       -- one row per claim, settling entry and kind (§ 2)
    case_id           varchar not null,
    entry_id          varchar not null,
    settlement_key    varchar not null,
    kind              varchar not null,        -- payment | credit_note | netting | write_off | reversal | currency_difference |
                                               -- own_voucher | unexplained | rounding
    amount            decimal(18, 2) not null, -- > 0; write_off does not reduce the principal, everything else does
    effective_on      date not null,           -- the entry's posting date
    interest_from_due boolean not null,        -- a correction: the principal is smaller from the due date on
    after_write_off   boolean not null         -- a recovery: the ledger had written the amount off (recovered_after_write_off)
);
create table if not exists surpluses (         -- what a payment leaves above the principal (§ 5.3), own vouchers included
    case_id        varchar not null,           -- of several claims in the payment's group the earliest due
    entry_id       varchar not null,
    settlement_key varchar not null,
    kind           varchar not null,           -- payment
    amount         decimal(18, 2) not null,    -- > 0: still open in the ledger, or taken by a voucher of ours
    effective_on   date not null
);
create table if not exists surplus_claims (    -- which claims a surplus may cover the costs of, in order
    entry_id   varchar not null,
    case_id    varchar not null,
    share_rank integer not null                -- 1: the claim that the row in surpluses names
);
create table if not exists customer_credits (  -- unmatched credits of a customer, net of what settles a claim
    customer_id     varchar,
    entry_id        varchar not null,
    kind            varchar not null,          -- payment | other
    amount          decimal(18, 2) not null,   -- > 0; less vouchers of ours that stand open against the same payment
    effective_on    date not null,
    dated_ahead     boolean not null,          -- dated after the business date: counts for nothing yet
    surplus_case_id varchar,                   -- the claim whose surplus this is: costs not yet booked come off it
    dated_ahead_case_id varchar                -- dated ahead and matched with this claim
);
create table if not exists reopenings (        -- a claim that was settled, or more settled, and is open again (§ 2)
    case_id     varchar not null,
    on_date     date not null,                 -- the day on which it was seen
    reason      varchar not null,              -- reversed | refunded | unmatched | deleted
    amount      decimal(18, 2) not null,       -- by how much more is open
    was_settled boolean not null,              -- the claim had been settled in full
    entry_id    varchar,                       -- the credit that no longer settles it
    settlement_key varchar                     -- the same, as in settlements and vouchers
);

-- Concluded (40..99) -------------------------------------------------------------------------------------------------

create table if not exists interest_periods (  -- the calculation is data (§ 3)
    case_id      varchar not null,
    from_date    date not null,
    to_date      date not null,
    days         integer not null,
    rate_percent decimal(6, 2) not null,
    year_days    integer not null,
    base         decimal(18, 2) not null,
    amount       decimal(18, 6) not null,
    numerator    hugeint not null
);
create table if not exists costs (
    case_id         varchar not null,
    fees            decimal(18, 2) not null,
    compensation    decimal(18, 2) not null,
    interest        decimal(18, 2) not null,
    costs_paid      decimal(18, 2) not null,
    fee_paid        decimal(18, 2) not null,
    interest_paid   decimal(18, 2) not null,
    costs_waived    decimal(18, 2) not null,
    interest_waived decimal(18, 2) not null,
    costs_open      decimal(18, 2) not null,
    provisional     boolean not null
);
create table if not exists allocations (
    case_id        varchar not null,
    settlement_key varchar not null,
    effective_on   date not null,
    to_fee         decimal(18, 2) not null,
    to_interest    decimal(18, 2) not null,
    to_principal   decimal(18, 2) not null,
    to_credit      decimal(18, 2) not null
);
create table if not exists case_states (       -- the published row of a case
    tenant          varchar not null,
    business_date   date not null,
    case_id         varchar not null,
    invoice_no      varchar,
    kid             varchar,
    customer_no     varchar,
    customer_name   varchar,
    orgnr           varchar,
    debtor_kind     varchar,
    due_date        date not null,
    currency        varchar,
    principal       decimal(18, 2) not null,
    credited        decimal(18, 2) not null,
    paid            decimal(18, 2) not null,
    written_off     decimal(18, 2) not null,
    principal_open  decimal(18, 2) not null,
    interest        decimal(18, 2) not null,
    fees            decimal(18, 2) not null,
    compensation    decimal(18, 2) not null,
    costs_paid      decimal(18, 2) not null,
    costs_waived    decimal(18, 2) not null,
    costs_open      decimal(18, 2) not null,
    total_open      decimal(18, 2) not null,
    state           varchar not null,
    closed_reason   varchar,
    closed_on       date,
    holds           varchar[] not null,
    flags           varchar[] not null,
    last_step       varchar,
    last_step_on    date,
    deadline        date,
    next_step       varchar,
    next_step_on    date,
    limitation_date date,
    loss_ground     varchar,
    ledger_balance  decimal(18, 2) not null,
    provisional     boolean not null
);
create table if not exists planned_letters (
    letter_key         varchar not null,
    case_id            varchar not null,
    step               varchar not null,
    channel            varchar not null,
    planned_on         date not null,
    deadline           date not null,
    fee                decimal(18, 2) not null,
    interest           decimal(18, 2) not null,
    principal_original decimal(18, 2) not null,
    principal_paid     decimal(18, 2) not null,
    principal          decimal(18, 2) not null,
    total              decimal(18, 2) not null,
    bears_fee          boolean not null
);
create table if not exists planned_vouchers (
    voucher_key    varchar not null,
    case_id        varchar not null,
    settlement_key varchar not null,
    customer_id    varchar,
    fee            decimal(18, 2) not null,
    interest       decimal(18, 2) not null,
    total          decimal(18, 2) not null,
    payment_date   date not null
);

-- The published history: case_states of every business date that was derived -----------------------------------------

create table if not exists cases as select * from case_states where false;
