-- extract_pages.sql · one JSON text per ledger entry, as PowerOffice writes it, the same every time
--
-- $1: number of entries. Every documented field is there, also the empty ones; three entries of ten are invoices.

with
numbered as (
    select i, hash(i * 11 + 1) as h, i % 10 < 3 as is_invoice, (1000 + hash(i // 3) % 4000000)::bigint as ore
    from range($1) as t(i)
),
rows as (
    select
        i,
        case when is_invoice then ore else -ore end                                      as ore,
        case when h % 10 < 3 then (case when is_invoice then ore else -ore end) else 0 end as open_ore,
        is_invoice,
        h,
        date '2023-01-01' + (i * 1000 // $1)::integer                                    as day,
        10000 + hash(i // 4) % 20000                                                     as customer
    from numbered
)
select to_json({
    'Id': 1000000 + i,
    'Amount': (ore / 100)::decimal(18, 2),
    'Balance': (open_ore / 100)::decimal(18, 2),
    'Cid': case when is_invoice then lpad((i * 37)::varchar, 12, '0') end,
    'CreatedDateTimeOffset': strftime(day, '%Y-%m-%d') || 'T08:15:' || lpad((h % 60)::varchar, 2, '0') || '.1234560+00:00',
    'CreatedFromImportJournalId': null::varchar,
    'CurrencyAmount': (ore / 100)::decimal(18, 2),
    'CurrencyCode': 'NOK',
    'CustomMatchingReference': null::varchar,
    'CustomerAccountNo': customer,
    'CustomerExternalNo': null::bigint,
    'CustomerId': 500000 + customer,
    'CustomerName': 'Kunde ' || customer || ' Fjellheim Ærfugl AS',
    'DepartmentCode': null::varchar,
    'DepartmentId': null::bigint,
    'DueDate': case when is_invoice then strftime(day + 14, '%Y-%m-%d') end,
    'ExternalImportReference': null::varchar,
    'InvoiceNo': case when is_invoice then 20000 + i end,
    'IsCreatedByCurrentIntegration': false,
    'IsWriteOff': false,
    'LastChangedDateTimeOffset': strftime(day + 30, '%Y-%m-%d') || 'T' || lpad((h % 24)::varchar, 2, '0') || ':02:40.5500000+00:00',
    'LocationCode': null::varchar,
    'MatchId': case when open_ore = 0 then 700000 + i // 4 end,
    'PaidFromBankAccount': case when not is_invoice then '15030012345' end,
    'PostingDate': strftime(day, '%Y-%m-%d'),
    'ProjectCode': null::varchar,
    'ProjectId': null::bigint,
    'VoucherDate': strftime(day, '%Y-%m-%d'),
    'VoucherId': substr(md5((i // 2)::varchar), 1, 8) || '-' || substr(md5((i // 2)::varchar), 9, 4) || '-4'
        || substr(md5((i // 2)::varchar), 14, 3) || '-8' || substr(md5((i // 2)::varchar), 18, 3) || '-'
        || substr(md5((i // 2)::varchar), 21, 12),
    'VoucherNo': 30000 + i // 2,
    'VoucherType': case when is_invoice then 'OutgoingInvoice' else 'IncomingOcrGiro' end
})::varchar
from rows
order by i
