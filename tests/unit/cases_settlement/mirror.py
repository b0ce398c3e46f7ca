"""The mirror's tables, as the ledger part of the pipeline creates them."""

from __future__ import annotations

from importlib.resources import files

import duckdb

_TABLES = """
create table poweroffice_ledger_entries(entry_id varchar primary key, customer_id varchar, customer_no varchar,
  customer_name varchar, voucher_id varchar, voucher_no varchar, voucher_type varchar, voucher_date date,
  posting_date date, due_date date, invoice_no varchar, kid varchar, amount decimal(18,2), balance decimal(18,2),
  currency_code varchar, currency_amount decimal(18,2), match_id varchar, is_write_off boolean,
  custom_matching_reference varchar, external_import_reference varchar, is_created_by_current_integration boolean,
  paid_from_bank_account varchar, created_at timestamptz, last_changed timestamptz, first_seen_on date,
  last_seen_on date, gone_on date);
create table poweroffice_ledger_entry_changes(entry_id varchar, seen_on date, seen_at timestamptz,
  amount decimal(18,2), balance decimal(18,2), match_id varchar, gone boolean);
create table poweroffice_outgoing_invoices(voucher_id varchar primary key, invoice_no varchar, voucher_no varchar,
  voucher_type varchar, voucher_date date, due_date date, kid varchar, customer_id varchar, customer_no varchar,
  total_amount decimal(18,2), total_posted_amount decimal(18,2), balance decimal(18,2), currency_code varchar,
  currency_exchange_rate decimal(18,8), related_invoice_no varchar, is_reversed boolean, sent_at timestamptz,
  invoice_delivery_type varchar, customer_reference varchar, balance_last_changed timestamptz,
  last_changed timestamptz, first_seen_on date, last_seen_on date, gone_on date);
create table poweroffice_account_transactions(transaction_id varchar primary key, voucher_id varchar,
  voucher_no varchar, voucher_type varchar, account_no varchar, amount decimal(18,2), customer_account_no varchar,
  sub_ledger_entry_id varchar, posting_date date, reversed_voucher_id varchar, correction_of_voucher_id varchar,
  is_reversed boolean, external_import_reference varchar, vat_code varchar, description varchar,
  last_changed timestamptz);
create table debtors(customer_id varchar primary key, customer_no varchar, name varchar, orgnr varchar,
  main_orgnr varchar, debtor_kind varchar, is_minor boolean, email varchar, address_line1 varchar,
  address_line2 varchar, zip_code varchar, city varchar, country_code varchar, excluded boolean, no_fees boolean,
  no_interest boolean, register_hold varchar, register_hold_from date, unknown_register boolean,
  register_stale boolean);
"""


def create_mirror(con: duckdb.DuckDBPyConnection) -> None:
    tables = files("kredin_pipeline.ledger").joinpath("tables.sql")
    con.execute(tables.read_text(encoding="utf-8") if tables.is_file() else _TABLES)
