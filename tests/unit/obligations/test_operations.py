"""Obligations on operations that no other test carries by its number (O-1, O-3 and O-5 stand with their parts)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from kredin_pipeline.cases.derive import derive
from kredin_pipeline.law.interest import BalanceStep, interest_to
from kredin_pipeline.law.rates import statutory_rates
from tests.unit.cases.whole import Book

ROWS = 200_000
DUE, TODAY = date(2025, 3, 19), date(2025, 3, 20)


def test_o4_small_sums_agree_row_by_row_and_in_all() -> None:
    """Obligation O-4: 200 000 claims of 0.10 for one day at 12.50 %, exact in every row, and no binary float."""
    book = Book()
    book.derive(str(DUE))
    book.con.execute(
        """
        insert into poweroffice_ledger_entries by name
        select i::varchar as entry_id, 'c-10001' as customer_id, '10001' as customer_no,
            '0b0d1f3c-1111-4222-8333-' || lpad(i::varchar, 12, '0') as voucher_id, i::varchar as voucher_no,
            'OutgoingInvoice' as voucher_type, $2 - 14 as voucher_date, $2 - 14 as posting_date, $2 as due_date,
            (10000 + i)::varchar as invoice_no, 0.10 as amount, 0.10 as balance, 'NOK' as currency_code,
            $2::timestamptz as created_at, $2::timestamptz as last_changed, $2 as first_seen_on, $2 as last_seen_on
        from range($1) as numbers(i)
        """,
        [ROWS, DUE],
    )
    derive(book.con, book.world(str(TODAY)))

    (period,) = interest_to([BalanceStep(DUE, 10)], statutory_rates(), TODAY).periods
    found = book.con.execute(
        "select count(*), count(distinct numerator), min(numerator), sum(numerator), min(rate_percent), "
        "typeof(any_value(amount)) from interest_periods"
    ).fetchone()
    assert found == (ROWS, 1, period.numerator, ROWS * period.numerator, Decimal("12.50"), "DECIMAL(18,6)")
    floats = book.con.execute(
        "select table_name, column_name from duckdb_columns() where data_type in ('DOUBLE', 'FLOAT') "
        "and schema_name = 'main' and not internal"
    ).fetchall()
    assert floats == []
