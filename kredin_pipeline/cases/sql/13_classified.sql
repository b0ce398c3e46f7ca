-- 13_classified.sql · rules § 7 classify: a person's word on a journal or a credit note

insert into classified
with
words as (
    select
        seq, case_id, effective_on,
        payload ->> '$.entry_id'                                         as entry_id,
        case lower(coalesce(payload ->> '$.as', payload ->> '$.classification', payload ->> '$.reason', payload ->> '$.kind'))
            when 'paid' then 'payment'
            when 'payment' then 'payment'
            when 'written off' then 'write_off'
            when 'written_off' then 'write_off'
            when 'write_off' then 'write_off'
            when 'credited' then 'credit_note'
            when 'credit_note' then 'credit_note'
            when 'goodwill' then 'goodwill'
            when 'correction' then 'correction'
        end                                                              as word
    from journal_decisions, parameters
    where kind = 'classify' and effective_on <= business_date
),
meant as (            -- the entry named, or those of the claim's match group that stood when it was decided
    select words.seq, words.word, entries.entry_id
    from words
    join invoices using (case_id)
    join entries on entries.match_id = invoices.match_id and not entries.dated_ahead
    where words.word is not null and (words.entry_id is null and entries.posting_date <= words.effective_on
                                      or words.entry_id = entries.entry_id)
      and case when words.word in ('goodwill', 'correction') then entries.role = 'credit_note'
               else entries.role = 'unexplained' end
)
select
    entry_id,
    arg_max(word, seq) filter (where word not in ('goodwill', 'correction'))          as role,
    coalesce(arg_max(word, seq) filter (where word in ('goodwill', 'correction')) = 'goodwill', false) as is_goodwill
from meant
group by entry_id;

update entries set role = classified.role
from classified
where classified.entry_id = entries.entry_id and classified.role is not null;
