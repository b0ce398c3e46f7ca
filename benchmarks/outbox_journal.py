"""What a durable intent and its mark cost in the journal, and in a plain table of SQLite without anything around it.

Both do the same for every voucher, with the same number of durable commits, each of which waits for the disk (write-
ahead log, ``synchronous = full``):

=============== ===================================== ==========================================================
step            the journal                           the plain table
=============== ===================================== ==========================================================
intent          ``intend_all``                        INSERT of key, content, state, time
claim           ``claim_many`` / ``claim_for_sending`` UPDATE of state, worker, time by key
mark            ``mark_posted``                       UPDATE of state, ledger's id and number, time by key
=============== ===================================== ==========================================================

- *As a run does it*: the intents of a round in one transaction, claims in groups of ``IN_FLIGHT``, marks one by one.
- *One by one*: each step of each voucher in a transaction of its own, three for a voucher.
- *As a run does it, beside a transaction each*: the plain table inserts and marks every voucher in a transaction of its
  own (two commits for a voucher, no claim), as a program without groups would; the journal works as in the first.

The content is made beforehand, for both. The plain table has one index (its key), and nothing is checked. What the
journal does beside it, in the same transactions: checks the content's amounts, finds the tenant, the cases and what
lies there already, writes which cases an item is about, logs every change of state with its content and time, and has
the database refuse any change that is not allowed; five tables, their indexes and foreign keys. A commit of ours
therefore writes six to ten pages where the plain table's writes one or two, so the ratio is the better the longer the
disk takes to say that a commit is safe.

Rounds of the two alternate, each on a file of its own that keeps growing, and the median round counts.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import CaseRow, Journal, SecretBox, open_journal, voucher_reference
from kredin_pipeline.journal.outbox import Intent
from kredin_pipeline.ledger.voucher_dispatch import IN_FLIGHT

TENANT, CASE = "acme", "K1"
DAY = date(2025, 3, 10)
NOW = datetime(2025, 3, 10, 5, 0, tzinfo=UTC)
WORKER = "benchmark"


def new_journal(folder: Path) -> Journal:
    """A journal with one tenant and one case."""
    journal = open_journal(f"sqlite:///{folder / 'journal.sqlite'}", SecretBox(SecretBox.new_key()))
    journal.add_tenant(TENANT, SecretStr("key"), "Acme AS", "999990126", DAY, TenantSettings.of(), "benchmark", NOW)
    journal.open_cases(TENANT, [CaseRow(CASE, "v-1", "1001", "10001", "999990134", DAY)], NOW)
    return journal


def keys_of(first: int, count: int) -> list[str]:
    """Keys of that many vouchers, ``first`` to tell them from others."""
    return [f"voucher:{TENANT}:{CASE}:{number:012d}" for number in range(first, first + count)]


def content(key: str) -> dict[str, object]:
    """A voucher's content as the posting writes it, amounts and ids as text."""
    return {
        "case_id": CASE, "invoice_no": "1001", "customer_no": "10001", "settlement_key": key.rpartition(":")[2],
        "fee": "35.00", "interest": "47.95", "total": "82.95", "payment_date": "2025-03-10",
        "posting_date": "2025-03-10", "reference": voucher_reference(key), "tenant": TENANT,
        "subledger_account_id": "900014601", "fee_account": "3950", "fee_account_id": "7001",
        "interest_account": "8050", "interest_account_id": "7002", "no_vat_id": "11",
    }  # fmt: skip


class PlainTable:
    """The peer: one table, one index, the same commits."""

    def __init__(self, file: Path) -> None:
        self.con = sqlite3.connect(file, isolation_level=None)
        self.con.execute("pragma journal_mode = wal")
        self.con.execute("pragma synchronous = full")
        self.con.execute(
            "create table outbox (key text primary key, content text not null, state text not null, worker text, "
            "remote_id text, remote_no text, changed_at text not null)"
        )

    def intend(self, rows: list[tuple[str, str]]) -> None:
        at = NOW.isoformat()
        self.con.execute("begin immediate")
        self.con.executemany(
            "insert into outbox (key, content, state, changed_at) values (?, ?, 'intended', ?)",
            [(key, text, at) for key, text in rows],
        )
        self.con.execute("commit")

    def claim(self, keys: list[str]) -> None:
        self.con.execute("begin immediate")
        self.con.executemany(
            "update outbox set state = 'sending', worker = ?, changed_at = ? where key = ?",
            [(WORKER, NOW.isoformat(), key) for key in keys],
        )
        self.con.execute("commit")

    def mark(self, key: str) -> None:
        self.con.execute("begin immediate")
        self.con.execute(
            "update outbox set state = 'posted', remote_id = ?, remote_no = ?, changed_at = ? where key = ?",
            (f"guid-{key}", "901", NOW.isoformat(), key),
        )
        self.con.execute("commit")


def as_a_run_does(folder: Path, rounds: int, a_round: int) -> tuple[float, float]:
    """Seconds of the journal and of the plain table for ``rounds`` rounds, intents and claims in groups."""

    def plain(table: PlainTable, keys: list[str], texts: list[str]) -> None:
        table.intend(list(zip(keys, texts, strict=True)))
        for begin in range(0, len(keys), IN_FLIGHT):
            table.claim(keys[begin : begin + IN_FLIGHT])
            for key in keys[begin : begin + IN_FLIGHT]:
                table.mark(key)

    return _alternating(folder, rounds, a_round, _a_run, plain)


def beside_a_transaction_each(folder: Path, rounds: int, a_round: int) -> tuple[float, float]:
    """Seconds of the journal as a run uses it, and of a plain table with two commits for each voucher."""

    def plain(table: PlainTable, keys: list[str], texts: list[str]) -> None:
        for key, text in zip(keys, texts, strict=True):
            table.intend([(key, text)])
            table.mark(key)

    return _alternating(folder, rounds, a_round, _a_run, plain)


def _a_run(journal: Journal, intents: list[Intent]) -> None:
    journal.intend_all(TENANT, intents, NOW)
    keys = [intent.key for intent in intents]
    for begin in range(0, len(keys), IN_FLIGHT):
        journal.claim_many(keys[begin : begin + IN_FLIGHT], WORKER, NOW)
        for key in keys[begin : begin + IN_FLIGHT]:
            journal.mark_posted(key, f"guid-{key}", "901", NOW)


def one_by_one(folder: Path, rounds: int, a_round: int) -> tuple[float, float]:
    """Seconds of the journal and of the plain table for ``rounds`` rounds, three commits for each voucher."""

    def ours(journal: Journal, intents: list[Intent]) -> None:
        for intent in intents:
            journal.intend_all(TENANT, [intent], NOW)
            journal.claim_for_sending(intent.key, WORKER, NOW)
            journal.mark_posted(intent.key, f"guid-{intent.key}", "901", NOW)

    def plain(table: PlainTable, keys: list[str], texts: list[str]) -> None:
        for key, text in zip(keys, texts, strict=True):
            table.intend([(key, text)])
            table.claim([key])
            table.mark(key)

    return _alternating(folder, rounds, a_round, ours, plain)


def _alternating(
    folder: Path,
    rounds: int,
    a_round: int,
    ours: Callable[[Journal, list[Intent]], None],
    plain: Callable[[PlainTable, list[str], list[str]], None],
) -> tuple[float, float]:
    folder.mkdir()
    journal, table = new_journal(folder), PlainTable(folder / "plain.sqlite")
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        keys = keys_of(number * a_round, a_round)
        intents = [Intent(key, "voucher", [CASE], content(key), DAY) for key in keys]
        texts = [json.dumps(intent.payload) for intent in intents]
        begin = time.perf_counter()
        ours(journal, intents)
        between = time.perf_counter()
        plain(table, keys, texts)
        end = time.perf_counter()
        seconds[0].append(between - begin)
        seconds[1].append(end - between)
    _same(journal, table, rounds * a_round)
    journal.close()
    table.con.close()
    return median(seconds[0]) * rounds, median(seconds[1]) * rounds


def _same(journal: Journal, table: PlainTable, wanted: int) -> None:
    """Both hold the same vouchers, posted under the same ids; else the measurement is worth nothing."""
    ours = {(item.key, item.state, item.remote_id, item.remote_no) for item in journal.items(TENANT)}
    theirs = set(table.con.execute("select key, state, remote_id, remote_no from outbox").fetchall())
    if ours != theirs or len(ours) != wanted or {state for _, state, _, _ in ours} != {"posted"}:
        raise SystemExit(f"the journal holds {len(ours)} vouchers, the plain table {len(theirs)}, or they differ")
