"""A tenant's book made anew from the ledger and the journal, beside the one that is in use, and put in its place.

Belongs here: making it, proving it, the exchange. Not here: how it is asked for and told (`commands.rebuild`). The new
book is read and derived by the graph's own assets, as a historical import is: nothing is sent, nothing is booked, and
the journal is only read. It takes the old one's place when its mirror was proved whole and its case table is the same.

Files: ``<books>/rebuilding-<tenant>/`` holds the new book until the exchange, which is one rename; a run that is killed
leaves the old book in use and that folder, which the next one clears away.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from dagster import DagsterInstance, Definitions

from assets.cases import derive_day, in_one
from kredin_pipeline.cases import published
from kredin_pipeline.jobs import run_history
from kredin_pipeline.journal import Journal
from kredin_pipeline.ledger.sync_state import is_proved
from kredin_pipeline.ledger.witnessed import hand_over_after, hand_over_before
from resources.book import Book

Row = Mapping[str, Any]


class RebuildFailed(Exception):
    """The new book could not be made or proved; the old one is in use as before. The message says why."""


@dataclass(frozen=True)
class Difference:
    """One cell in which the two case tables differ; ``column`` is ``case`` when one of them lacks the row."""

    invoice_no: str
    case_id: str
    column: str
    before: object
    after: object


@dataclass
class Rebuilt:
    """What was made. ``day``: of the newest case table, which was compared when ``compared``.

    ``first`` to ``last``: the days that can be read as of then. ``kept``: rows by table that only the old book knew.
    ``lost``: cases of the journal whose invoice the ledger no longer has. ``warnings``: checks that were not passed.
    """

    tenant: str
    day: date
    first: date
    last: date
    cases: int = 0
    compared: bool = False
    exchanged: bool = False
    differences: list[Difference] = field(default_factory=list[Difference])
    kept: dict[str, int] = field(default_factory=dict[str, int])
    lost: list[str] = field(default_factory=list[str])
    warnings: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Wanted:
    """What is to be made. ``definitions``: the graph over the new book; ``now``: this moment (aware UTC), ``today`` its
    day in Oslo; ``first_day``: the first daily partition."""

    tenant: str
    now: datetime
    today: date
    first_day: date
    definitions: Definitions
    new: Book
    old: Book
    journal: Journal


def new_book(old: Book, tenant: str) -> Book:
    """An empty place beside the old book for the new one; what a broken rebuild left there is cleared away."""
    folder = old.path(tenant).parent / f"rebuilding-{tenant}"
    # Made, not copied: Dagster would go on giving the copy the old one's configuration.
    made = Book(
        folder=str(folder), lock_wait_seconds=old.lock_wait_seconds, threads=old.threads, memory_mb=old.memory_mb
    )
    made.close(tenant)
    shutil.rmtree(folder, ignore_errors=True)
    return made


def rebuild(wanted: Wanted, *, dry_run: bool = False, accept: bool = False) -> Rebuilt:
    """Make the tenant's book anew and, unless ``dry_run``, put it in the old one's place.

    With ``accept`` also when the newest case table is another one. The old book is held meanwhile: a run of the tenant
    waits. Raises ``RebuildFailed``, ``BookIsBusy``, ``UnknownTenant``.
    """
    tenant, path = wanted.tenant, wanted.old.path(wanted.tenant)
    with ExitStack() as held:
        old = _readable(wanted, held) if path.exists() else None
        try:
            made, rows = _make(wanted, old)
            if old is not None:
                made.compared = True
                made.differences = differences(_newest(old, wanted, made.day), rows)
            if made.differences and not accept and not dry_run:
                return made
            if not dry_run:
                _exchange(wanted, old)
                made.exchanged = True
            return made
        finally:
            wanted.new.close(tenant)
            shutil.rmtree(wanted.new.path(tenant).parent, ignore_errors=True)


def differences(before: Sequence[Row], after: Sequence[Row]) -> list[Difference]:
    """The cells in which two case tables differ, by invoice."""
    old, new = ({str(row["case_id"]): row for row in rows} for rows in (before, after))
    found: list[Difference] = []
    for case_id in sorted(old.keys() | new.keys()):
        was, now = old.get(case_id), new.get(case_id)
        shown = str((was or now or {}).get("invoice_no") or case_id)
        if was is None or now is None:
            found.append(Difference(shown, case_id, "case", was and was["state"], now and now["state"]))
            continue
        found += [Difference(shown, case_id, name, was[name], now[name]) for name in was if was[name] != now.get(name)]
    return found


def _readable(wanted: Wanted, held: ExitStack) -> duckdb.DuckDBPyConnection | None:
    """The old book, opened for writing so that nobody else has it; None when it is no book any more."""
    try:
        return held.enter_context(wanted.old.session(wanted.tenant))
    except duckdb.Error as error:
        if "lock" in str(error).lower():
            raise
        return None


def _make(wanted: Wanted, old: duckdb.DuckDBPyConnection | None) -> tuple[Rebuilt, list[dict[str, Any]]]:
    """The new book, closed, with the rows of its newest case table."""
    tenant, file = wanted.tenant, wanted.new.path(wanted.tenant)
    made = _days(wanted, old)
    with wanted.new.session(tenant):
        pass  # its tables
    if old is not None:
        wanted.new.close(tenant)
        made.kept = {table: count for table, count in hand_over_before(old, file).items() if count}
    with DagsterInstance.ephemeral() as instance:
        # One day is enough: the days before are derived when they are read.
        outcome = run_history(wanted.definitions, instance, tenant, made.last, made.last)
    if not outcome.ok:
        raise RebuildFailed(f"{tenant}: the new book was not finished: {'; '.join(outcome.messages)}")
    made.warnings = outcome.messages
    if old is not None:
        wanted.new.close(tenant)
        hand_over_after(old, file)
    stored = wanted.journal.tenant(tenant)
    with wanted.new.session(tenant) as con:
        if not is_proved(con, wanted.today):
            raise RebuildFailed(f"{tenant}: the new book's mirror was not proved whole on {wanted.today}")
        derive_day(con, wanted.journal, stored, made.day, live=made.day == wanted.today)
        with in_one(con):
            published.withdraw(con, made.first, made.last)
            published.mark_imported(con, made.first, made.last, wanted.now)
            published.publish(con, made.day)
        rows = published.rows(con, made.day, wanted.journal.law_tables())
    wanted.new.close(tenant)
    made.cases = len(rows)
    there = {row["case_id"] for row in rows}
    made.lost = [str(one.invoice_no or one.case_id) for one in wanted.journal.cases(tenant) if one.case_id not in there]
    return made, rows


def _days(wanted: Wanted, old: duckdb.DuckDBPyConnection | None) -> Rebuilt:
    """From the first day that either book covers to the day before today; and the day of the newest case table."""
    tenant = wanted.journal.tenant(wanted.tenant)
    start = tenant.settings.import_start(tenant.connected_on) or tenant.connected_on
    newest, earliest = None, None
    if old is not None and _has_cases(old):
        found = old.execute(
            "select max(business_date), least(min(business_date), (select min(first_day) from imported_ranges)) "
            "from cases"
        ).fetchone()
        newest, earliest = found or (None, None)
        ranged = old.execute("select max(last_day) from imported_ranges").fetchone()
        if newest is None and ranged is not None:
            newest = ranged[0]
    day = newest or wanted.today
    first = max(wanted.first_day, min(one for one in (start, earliest, day) if one is not None))
    last = max(day, wanted.today - timedelta(days=1), first)
    return Rebuilt(wanted.tenant, day, first, last)


def _has_cases(con: duckdb.DuckDBPyConnection) -> bool:
    made = con.execute(
        "select count(*) from duckdb_tables() where table_name in ('cases', 'imported_ranges') and not temporary"
    ).fetchone()
    return made == (2,)


def _newest(old: duckdb.DuckDBPyConnection, wanted: Wanted, day: date) -> list[dict[str, Any]]:
    try:
        return published.rows(old, day, wanted.journal.law_tables())
    except published.NothingPublished:
        return []


def _exchange(wanted: Wanted, old: duckdb.DuckDBPyConnection | None) -> None:
    """One rename, while the old book is still held; what it has in its log is written first, so that closing it is
    no more than closing."""
    tenant = wanted.tenant
    path, new = wanted.old.path(tenant), wanted.new.path(tenant)
    if old is not None:
        old.execute("force checkpoint")
    elif path.exists():
        path.replace(path.with_name(f"{path.name}.unreadable"))
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    new.replace(path)
    wanted.old.close(tenant)
    _keep_pages(wanted.new.pages_folder(tenant, wanted.today), wanted.old.pages_folder(tenant, wanted.today))


def _keep_pages(made: Path, kept: Path) -> None:
    """The pages of the new book's read, beside those of the day's other reads."""
    for read in sorted(made.iterdir()) if made.is_dir() else []:
        kept.mkdir(parents=True, exist_ok=True)
        place = kept / f"{read.name}-rebuilt"
        number = 1
        while place.exists():
            number += 1
            place = kept / f"{read.name}-rebuilt-{number}"
        shutil.move(read, place)
