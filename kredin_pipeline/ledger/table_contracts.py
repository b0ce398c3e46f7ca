"""What the tables of the mirror and the register must be like before debtors and claims are made from them.

Belongs here: the contract of every table of ``tables.sql``, and what they owe one another. Not here: what a row on the
wire must be like (`contracts`), how tables are counted and rows named (`kredin_pipeline.contracts`).

A mirror table's contract is made from the wire's registry, so that a field is described once. Its rows were each held
to it when they came in; what is looked at every day is what is handed over: one row an id, balances, register units and
debtors.
"""

from __future__ import annotations

from typing import Final

import duckdb

from kredin_pipeline.contracts.counting import HandedOver, handed_over
from kredin_pipeline.contracts.rules import Compared, Edge, Kind, Owed, Rule, TableContract
from kredin_pipeline.ledger.contracts import CONDITIONS, RULES
from kredin_pipeline.ledger.wire import TABLES, WireTable
from kredin_pipeline.ledger.wire import Kind as WireKind

_KINDS: Final[dict[WireKind, Kind]] = {
    "id": "text", "text": "text", "money": "ore", "rate": "raw", "whole": "whole", "date": "day", "time": "time",
    "flag": "flag",
}  # fmt: skip
UNIT_STATUS: Final = ("registered", "deleted", "removed", "unknown", "not_available")
REGISTER_HOLDS: Final = ("bankruptcy", "forced_liquidation", "winding_up", "debtor_deleted")


def _day(name: str, required: bool = False) -> Rule:
    return Rule(name, "day", required)


def _flags(*names: str, required: bool = False) -> tuple[Rule, ...]:
    return tuple(Rule(name, "flag", required) for name in names)


def _texts(*names: str) -> tuple[Rule, ...]:
    return tuple(Rule(name, "text") for name in names)


def _money(*names: str) -> tuple[Rule, ...]:
    return tuple(Rule(name, "ore") for name in names)


def _mirrored(table: WireTable) -> TableContract:
    asked = {rule.name: rule for rule in RULES[table.resource]}
    rules = tuple(asked.get(column.name, Rule(column.name, _KINDS[column.kind])) for column in table.columns)
    ours = (_day("first_seen_on", True), _day("last_seen_on", True), _day("gone_on"), Rule("version", "whole", True))
    conditions = (*CONDITIONS.get(table.resource, ()), Compared("first_seen_on", "<=", ("last_seen_on",)))
    return TableContract(table.table, table.noun, (table.key,), (*rules, *ours), conditions)


MIRRORED: Final = tuple(_mirrored(table) for table in TABLES.values())
ONE_ROW_AN_ID: Final = tuple(
    TableContract(table.table, table.noun, (table.key,), (Rule(table.key, "id", True),)) for table in TABLES.values()
)
"""What the mirror owes every day whatever came in: no table of it has a key of its own."""

BALANCES: Final = TableContract("poweroffice_customer_balances", "balance of customer", ("as_of", "customer_id"), (
    _day("as_of", True), *_texts("customer_no"), Rule("customer_id", "digits", True), Rule("balance", "ore", True),
))  # fmt: skip
UNITS: Final = TableContract("brreg_units", "unit", ("orgnr",), (
    Rule("orgnr", "orgnr", True), Rule("status", "text", True, UNIT_STATUS), *_texts("name", "organisation_form"),
    Rule("main_orgnr", "orgnr"), *_flags("konkurs"), _day("konkursdato"), *_flags("under_avvikling"),
    _day("under_avvikling_dato"), *_flags("under_tvangsavvikling"), _day("tvang_dato"),
    _day("under_rekonstruksjon_dato"), _day("slettedato"), *_flags("is_sub_unit"),
    *_texts("language", "address_line1", "address_line2", "address_line3", "zip_code", "city", "country_code"),
    _day("fetched_on"), Rule("fetched_at", "time"), *_flags("stale"), _day("checked_on"), *_texts("last_accounts_year"),
    _day("roles_on"), _day("accounts_on"),
), enforced=True)  # fmt: skip
DEBTORS: Final = TableContract("debtors", "debtor", ("customer_id",), (
    Rule("customer_id", "id", True), *_texts("customer_no", "name", "orgnr"), Rule("main_orgnr", "orgnr"),
    Rule("debtor_kind", "text", True, ("business", "person", "unknown")), *_flags("is_minor", required=True),
    *_texts("email", "address_line1", "address_line2", "zip_code", "city"), Rule("country_code", "id", True),
    *_flags("excluded", "no_fees", "no_interest", required=True), Rule("register_hold", "text", False, REGISTER_HOLDS),
    _day("register_hold_from"), *_flags("unknown_register", "register_stale", required=True),
), enforced=True)  # fmt: skip

STANDING: Final = (
    TableContract("poweroffice_ledger_entry_changes", "change of entry", (), (
        Rule("entry_id", "digits", True), _day("seen_on", True), Rule("seen_at", "time", True),
        Rule("amount", "ore", True), Rule("balance", "ore", True), *_texts("match_id"), *_flags("gone", required=True),
    )),
    TableContract("quarantine", "row in quarantine", (), (
        Rule("table_name", "id", True), *_texts("record_id"), Rule("reasons", "id", True), Rule("raw", "id", True),
        _day("seen_on", True), Rule("seen_at", "time", True), Rule("released_at", "time"),
    )),
    TableContract("wire_drift", "drift", ("about",), (
        Rule("about", "id", True), Rule("resource", "id", True), _day("first_seen_on", True),
        _day("last_seen_on", True),
    ), (Compared("first_seen_on", "<=", ("last_seen_on",)),), enforced=True),
    TableContract("sync_state", "progress", ("resource",), (
        Rule("resource", "id", True), Rule("cursor", "time"), _day("business_date"), Rule("completed_at", "time"),
        _day("last_full_on"), *_texts("pages_digest"), Rule("pages_rows", "whole", least=0),
    ), enforced=True),
    TableContract("sync_log", "read", (), (
        Rule("resource", "id", True), _day("business_date", True), Rule("started_at", "time", True),
        Rule("completed_at", "time", True), *_flags("full_read", required=True),
        Rule("requests", "whole", True, least=0), Rule("pages", "whole", True, least=0),
        Rule("rows_in", "whole", True, least=0), Rule("rows_kept", "whole", True, least=0),
        Rule("rows_quarantined", "whole", True, least=0), *_texts("note"),
    ), (Compared("rows_in", "=", ("rows_kept", "rows_quarantined")),)),
    TableContract("brreg_feeds", "feed", ("feed",), (
        Rule("feed", "text", True, ("enheter", "underenheter", "roller")), *_texts("last_id"),
        Rule("complete_at", "time"), _day("business_date"),
    ), enforced=True),
    TableContract("brreg_roles", "role", (), (
        Rule("orgnr", "orgnr", True), Rule("role", "id", True),
        *_texts("name", "address_line1", "address_line2", "address_line3", "zip_code", "city", "country_code"),
        _day("since"), _day("fetched_on"),
    )),
    TableContract("brreg_accounts", "accounts of", ("orgnr",), (
        Rule("orgnr", "orgnr", True), Rule("outcome", "text", False, ("filed", "none_filed", "not_available")),
        _day("period_from"), _day("period_to"), *_texts("currency_code"),
        *_money("revenue", "operating_result", "result", "equity", "debt", "assets"), _day("fetched_on"),
    ), (Compared("period_from", "<=", ("period_to",)),), enforced=True),
    TableContract("brreg_changes", "change of unit", (), (
        Rule("orgnr", "orgnr", True), _day("seen_on", True), Rule("seen_at", "time", True), Rule("field", "id", True),
        *_texts("before", "after"),
    )),
)  # fmt: skip

CONTRACTS: Final = (*MIRRORED, BALANCES, UNITS, DEBTORS, *STANDING)
"""The contract of every table of ``tables.sql``."""

EVERY_CUSTOMER: Final = Edge(
    (Owed("debtors", "customer_id", "debtor", "customer", "one debtor for each customer of the ledger"),),
    """
    select coalesce(debtors.customer_id, customers.customer_id) as record, debtors.customer_id as debtor,
        customers.customer_id as customer
    from debtors
    full join (
        select customer_id from poweroffice_customers
        union
        select customer_id from poweroffice_ledger_entries where customer_id is not null
    ) as customers on customers.customer_id = debtors.customer_id
    """,
)
"""Customers in, debtors out: each once."""


def mirror(con: duckdb.DuckDBPyConnection) -> HandedOver:
    """The mirror as it is handed over: each row once, and the balances that it is proved by."""
    return handed_over(con, (*ONE_ROW_AN_ID, BALANCES))


def debtors(con: duckdb.DuckDBPyConnection) -> HandedOver:
    """Register units and debtors, as claims are made from them."""
    return handed_over(con, (UNITS, DEBTORS), (EVERY_CUSTOMER,))


def everything(con: duckdb.DuckDBPyConnection) -> HandedOver:
    """Every table of ``tables.sql``, the mirror whole; for tests and after a rebuild."""
    return handed_over(con, CONTRACTS, (EVERY_CUSTOMER,))
