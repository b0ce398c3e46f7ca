-- 22_named.sql · rules § 2: in a group with a choice, the pairs that name one another

-- pass `named`: a payment goes to the invoice whose KID it carries (WE-42), a credit note to the invoice it was made for
create or replace temp table debit_side as
select match_id || ':' || kid as share_key, entry_id, capacity, due as sort_day, seq as sort_no
from remaining() join crowded using (match_id)
where is_debit and role = 'invoice' and kid is not null and invoices > 1;
create or replace temp table credit_side as
select match_id || ':' || kid as share_key, entry_id, capacity, posted as sort_day, seq as sort_no
from remaining() join crowded using (match_id)
where not is_debit and role = 'payment' and kid is not null and invoices > 1;
insert into shares select *, 'named' from shared_out('debit_side', 'credit_side');

create or replace temp table debit_side as
select match_id || ':' || invoice_no as share_key, entry_id, capacity, due as sort_day, seq as sort_no
from remaining() join crowded using (match_id)
where is_debit and role = 'invoice' and invoice_no is not null and invoices > 1;
create or replace temp table credit_side as
select members.match_id || ':' || note.related_invoice_no as share_key, members.entry_id, members.capacity,
    members.posted as sort_day, members.seq as sort_no
from remaining() as members
join crowded on crowded.match_id = members.match_id
join loose on loose.entry_id = members.entry_id
join poweroffice_outgoing_invoices as note on note.voucher_id = loose.voucher_id
where not members.is_debit and members.role = 'credit_note' and note.related_invoice_no is not null and crowded.invoices > 1;
insert into shares select *, 'named' from shared_out('debit_side', 'credit_side');
