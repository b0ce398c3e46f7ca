-- working.sql · the temporary tables that stay empty on most days; their files run only when there is something to read

create or replace temp table decided (         -- 40: the newest word on each subject, one row per case
    case_id varchar, paused boolean, disputed boolean, upheld_on date, dispute_settled_on date, closed boolean,
    closed_reason varchar, closed_on date, restarted_on date, interest_from date, answered_on date,
    credit_released_on date, released varchar[], legal_kind varchar, waives boolean,
    interrupts boolean);
create or replace temp table merged (case_id varchar, lead_case_id varchar, position bigint);
create or replace temp table kept_out (customer_id varchar);
create or replace temp table case_letters (    -- 42: the letters that left
    case_id varchar, letter_key varchar, step varchar, sent_on date, deadline date, principal decimal(18, 2),
    total decimal(18, 2), fee decimal(18, 2), bears_fee boolean, rank integer, counts boolean, asks_less boolean,
    fee_stands boolean);
create or replace temp table ladders (
    case_id varchar, last_step varchar, last_step_on date, deadline date, reached integer, ladder_deadline date,
    reminders_sent bigint, fees decimal(18, 2));
create or replace temp table kept_letters (case_id varchar, sent_on date, kept_on date, costs_asked_ore bigint);
create or replace temp table compensations (case_id varchar, amount decimal(18, 2), missing boolean);
create or replace temp table eventful (case_id varchar);
create or replace temp table cost_events (     -- allocation.py: costs paid and given up, and the day of the last of them
    case_id varchar, fee_paid decimal(18, 2), interest_paid decimal(18, 2), costs_waived decimal(18, 2),
    interest_waived decimal(18, 2), last_on date);
create or replace temp table limitations (case_id varchar, limitation_date date);
create or replace temp table credit_cover (case_id varchar, counts_on date, amount decimal(18, 2));  -- changes of it
create or replace temp table credit_pools (customer_id varchar, payments decimal(18, 2), others decimal(18, 2), newest_on date);
create or replace temp table credit_holds (case_id varchar, hold varchar);
create or replace temp table course (           -- 80: what comes after each step; ranks as in law, 1 = friendly reminder
    reached integer, step varchar, rank integer, after_days integer, friendly_after_days integer);
create or replace temp table circumstances (   -- 65
    case_id varchar, covered decimal(18, 2), credit_hold varchar, is_ahead boolean, is_reversed boolean,
    is_refunded boolean, reopened_today boolean, is_reminded_twice boolean);
