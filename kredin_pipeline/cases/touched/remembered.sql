-- remembered.sql · what the book's last derivation stood on, so that the next one can tell what has changed since

create table if not exists derivation (        -- at most one row
    business_date date not null,
    print         varchar not null             -- settings, figures and code; a derivation with another print starts anew
);
create table if not exists derived_customers ( -- the rows of each customer's that were read, in one figure
    customer_id varchar not null,
    h           ubigint not null,
    rows_in     bigint not null
);
