-- finding.sql · the temporary tables that most ledgers leave empty; their files run only when there is something to read

create or replace temp table journal_offsets (voucher_id varchar, is_bank boolean, is_currency boolean);            -- 10
create or replace temp table corrections (voucher_id varchar, root_type varchar, is_write_off boolean);
create or replace temp table reversals (reversal_id varchar, original_id varchar, reversed_on date);
create or replace temp table classified (entry_id varchar, role varchar, is_goodwill boolean);                      -- 13
