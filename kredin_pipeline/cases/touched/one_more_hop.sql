-- one_more_hop.sql · entries that hang together with those found so far; run until no row is added

insert into scope_entries
select distinct entry_id
from coupled
where key in (select key from coupled where entry_id in (select entry_id from scope_entries))
  and entry_id not in (select entry_id from scope_entries);
