-- conclusions.sql · tables beside tables.sql that the conclusions (40 to 99) keep in the book

create table if not exists planned_reversals (   -- vouchers of ours whose settlement fell away; reversed once, by their own key (§ 2)
    reversal_key   varchar not null,
    voucher_key    varchar not null,
    case_id        varchar not null,
    settlement_key varchar not null,
    voucher_id     varchar,
    voucher_no     varchar,
    total          decimal(18, 2) not null
);
create table if not exists imported_ranges (     -- the past that a historical import covers; read as of any of its days
    first_day   date not null,
    last_day    date not null,
    imported_at timestamptz
);
