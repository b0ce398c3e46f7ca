"""A journal to the made-up ledger: its cases and letters as a company's daily runs would have left them.

Belongs here: filling a SQLite journal in bulk, past the triggers that allow only one step at a time. Not here: what is
measured with it (``derive``).
"""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
from pydantic import SecretStr

from benchmarks.derive_ledger import TENANT
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import Journal, SecretBox, open_journal

AT = datetime(2026, 11, 24, 5, tzinfo=UTC)
CONNECTED_ON = date(2023, 1, 1)


def make_journal(file: Path, book: duckdb.DuckDBPyConnection) -> Journal:
    """A journal at ``file`` that holds what the book's copies ``journal_cases`` and ``journal_letters`` say."""
    file.unlink(missing_ok=True)
    journal = open_journal(f"sqlite:///{file}", SecretBox(SecretBox.new_key()))
    journal.add_tenant(
        TENANT, SecretStr("made-up"), "Kreditor AS", "999990126", CONNECTED_ON, TenantSettings(), "bench", AT
    )
    with sqlite3.connect(file) as con:
        stored_at = con.execute("select created_at from tenants").fetchone()[0]
        for (name,) in con.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            con.execute(f"drop trigger {name}")
        con.executemany(
            f"insert into cases select '{TENANT}', ?, ?, ?, ?, ?, ?, '{stored_at}'",
            book.execute(
                "select case_id, voucher_id, invoice_no, customer_no, orgnr, opened_on::varchar from journal_cases"
            ).fetchall(),
        )
        letters = book.execute(
            "select letter_key, case_id, step, channel, sent_on::varchar, deadline::varchar, fee::varchar, "
            "interest::varchar, principal::varchar, total::varchar from journal_letters"
        ).fetchall()
        con.executemany(
            "insert into outbox (key, tenant, kind, state, reference, payload, planned_on, attempts, remote_id, "
            f"sent_on, created_at, changed_at) values (?, '{TENANT}', 'letter', 'confirmed', ?, ?, ?, 1, ?, ?, "
            f"'{stored_at}', '{stored_at}')",
            ((row[0], row[0], _payload(row), row[4], row[0], row[4]) for row in letters),
        )
        con.executemany(f"insert into outbox_cases values (?, 0, '{TENANT}', ?)", ((row[0], row[1]) for row in letters))
        con.executemany(
            "insert into outbox_transitions (key, tenant, from_state, to_state, at) "
            f"values (?, '{TENANT}', 'posted', 'confirmed', '{stored_at}')",
            ((row[0],) for row in letters),
        )
    con.close()
    return journal


def _payload(row: tuple[str, ...]) -> str:
    _, case_id, step, channel, _, deadline, fee, interest, principal, total = row
    claim = {
        "case_id": case_id, "fee": fee, "interest": interest, "principal": principal, "total": total, "bears_fee": True,
    }  # fmt: skip
    return json.dumps({"step": step, "channel": channel, "deadline": deadline, "claims": [claim]})
