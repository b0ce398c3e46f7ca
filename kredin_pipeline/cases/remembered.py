"""What the last derivation stood on, and what has changed since: so that a day costs what changed, not what there is.

Belongs here: the book's memory of the derived inputs and the comparison with them (SQL in ``touched/``). Not here:
deriving a part (``parts``). When anything but rows has changed (settings, figures, our own code, the year, the kind of
run) nothing is compared: the day is then derived whole, which gives the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from functools import lru_cache
from importlib.resources import files

import duckdb

from kredin_pipeline.cases.claims import Parameters, sql_text
from kredin_pipeline.cases.conclusions import LawTables
from kredin_pipeline.law.rates import fee_rows

_LEDGER = "poweroffice_ledger_entries"
WORTH_WHOLE = 0.3
"""Above this share of changed entries a whole derivation is cheaper."""


def fingerprint(parameters: Parameters, law: LawTables) -> str:
    """One figure of everything but rows and the day that a derivation depends on."""
    said = [
        (field.name, getattr(parameters, field.name)) for field in fields(Parameters) if field.name != "business_date"
    ]
    early = parameters.business_date < parameters.connected_on
    read = (said, early, parameters.business_date.year, law.rates.rows, fee_rows(law.fees), _code())
    return hashlib.sha256(repr(read).encode()).hexdigest()


def remember(con: duckdb.DuckDBPyConnection, parameters: Parameters, print_: str) -> None:
    """The mirror as it stands, of every customer, and the day: after a derivation, whole or not."""
    con.execute(sql_text("touched/remembered.sql"))
    con.execute(sql_text("touched/inputs.sql"))
    con.execute("delete from derived_customers")
    con.execute("insert into derived_customers from customers_now")
    con.execute("delete from derivation")
    if not _shares_groups(con, _LEDGER):
        con.execute("insert into derivation values (?, ?)", [parameters.business_date, print_])


def remember_touched(con: duckdb.DuckDBPyConnection, parameters: Parameters, print_: str) -> None:
    """The same after a derivation of what ``find_touched`` found."""
    con.execute(
        """
        delete from derived_customers where customer_id in (select customer_id from customers_touched);
        insert into derived_customers
        from customers_here where customer_id in (select customer_id from customers_touched)
        """
    )
    con.execute("update derivation set business_date = ?, print = ?", [parameters.business_date, print_])


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """The next derivation is whole, whatever has changed."""
    con.execute(sql_text("touched/remembered.sql"))
    con.execute("delete from derivation")


def is_remembered(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the book knows what its last derivation stood on."""
    made = con.execute(
        "select count(*) from duckdb_tables() where table_name = 'derivation' and not temporary"
    ).fetchone()
    return made != (0,) and con.execute("select 1 from derivation").fetchone() is not None


def derived_in_part(con: duckdb.DuckDBPyConnection) -> str | None:
    """A query of the cases that the last derivation of this connection made anew; None when that was all of them."""
    made = con.execute("select 1 from duckdb_tables() where table_name = 'scope_cases' and temporary").fetchone()
    return None if made is None else "select case_id from scope_cases"


def find_touched(con: duckdb.DuckDBPyConnection, parameters: Parameters, print_: str) -> bool:
    """Fills ``scope_customers`` with those that must be derived anew, and leaves what ``remember_touched`` needs.

    False when the day must be derived whole: another fingerprint, an earlier day, too much that changed, or a match
    group over several customers. Needs ``journal_touched``.
    """
    if not is_remembered(con):
        return False
    held = con.execute("select business_date, print from derivation").fetchone()
    if held is None or held[1] != print_ or held[0] > parameters.business_date:
        return False
    con.execute("create or replace temp table since as select business_date from derivation")
    con.execute(sql_text("touched/inputs.sql"))
    con.execute(sql_text("touched/what_changed.sql"))
    in_scope = "coalesce(customer_id, '') in (select customer_id from scope_customers)"
    con.execute(f"create or replace temp table scope_entries as select * from {_LEDGER} where {in_scope}")
    share = con.execute(f"select (select count(*) from scope_entries) / (select count(*) from {_LEDGER})").fetchone()
    assert share is not None
    return share[0] <= WORTH_WHOLE and not _shares_groups(con, "scope_entries")


def find_moving(con: duckdb.DuckDBPyConnection) -> None:
    """Adds to ``scope_cases`` every case whose row may differ from that of the last derivation's day."""
    con.execute(sql_text("touched/what_moves.sql"))
    grown, known = 0, -1
    while grown != known:
        con.execute(sql_text("touched/one_more_case.sql"))
        counted = con.execute("select count(*) from scope_cases").fetchone()
        known, grown = grown, counted[0] if counted is not None else 0


def _shares_groups(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether a match group reaches over several customers: outside what the comparison can follow."""
    found = con.execute(
        f"select 1 from {table} where match_id is not null "
        "group by match_id having min(customer_id) <> max(customer_id) limit 1"
    ).fetchone()
    return found is not None


@lru_cache(maxsize=1)
def _code() -> str:
    """A figure of our own rules: another release derives everything anew."""
    digest = hashlib.sha256()
    for package in ("kredin_pipeline.cases", "kredin_pipeline.law"):
        root = files(package)
        for folder in (root, root / "sql", root / "touched"):
            if folder.is_dir():
                for file in sorted(folder.iterdir(), key=lambda one: one.name):
                    if file.name.endswith((".py", ".sql")):
                        digest.update(file.read_bytes())
    return digest.hexdigest()
