"""One company's day at PowerOffice: what is read, in which order, and how nothing is lost.

Belongs here: the order of reads and what follows from what they bring. Not here: the routes (`poweroffice_client`), the
rows (`kredin_pipeline.ledger`). Three steps, which the assets call one by one or ``sync_ledger`` in a row::

    land      pages of the ledger and the customers, to disk; cursors are read, none is moved
    merge     the pages into the mirror, in one transaction with their cursors
    complete  what is missing is asked for directly; balances; if they differ, the whole ledger once more; then the
              invoices, customers and vouchers that the changed entries point to

Why nothing is lost: cursors overlap and move only with their rows; a row that no read brought shows in the customer's
balance; what only a full read can show (a row that is gone) is looked for every seventh business day and whenever the
balances differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from kredin_pipeline.ledger.completeness import CompletenessResult, completeness, store_balances
from kredin_pipeline.ledger.landing import BrokenFrame, LandedResource, drop_old_pages
from kredin_pipeline.ledger.mirror import LoadResult, load_pages
from kredin_pipeline.ledger.sync_state import (
    OVERLAP,
    Progress,
    advance,
    full_read_done,
    log_read,
    mark_proved,
    progress,
    take_turn,
    withdraw_proof,
)
from resources.clock import Clock
from resources.poweroffice_client import PowerOfficeClient
from resources.poweroffice_follow_up import (
    confirm_missing_customers,
    confirm_missing_entries,
    invoices_to_read,
    transactions_to_read,
    unknown_customers,
)

ENTRIES, CUSTOMERS, INVOICES, TRANSACTIONS = (
    "ledger_entries", "customers", "outgoing_invoices", "account_transactions",
)  # fmt: skip


@dataclass(frozen=True)
class SyncSettings:
    """How a tenant's ledger is read. ``overlap`` counts as an hour at least; a full read comes every ``full_every``."""

    tenant: str
    overlap: timedelta = OVERLAP
    full_every: timedelta = timedelta(days=7)
    keep_pages: timedelta = timedelta(days=30)


@dataclass
class Landed:
    """What ``land`` left on disk for one business date. ``requests`` counts tokens and repetitions too."""

    business_date: date
    started_at: datetime
    folder: Path
    entries: LandedResource
    customers: LandedResource
    requests: int = 0


@dataclass
class SyncReport:
    """What a day's read brought. ``results`` by resource, added up over its reads; ``notes`` for a person."""

    tenant: str
    business_date: date
    requests: int = 0
    full_read: bool = False
    read_again: bool = False
    results: dict[str, LoadResult] = field(default_factory=dict[str, LoadResult])
    gone: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    notes: list[str] = field(default_factory=list[str])
    completeness: CompletenessResult | None = None

    @property
    def ok(self) -> bool:
        """Whether the mirror was proved whole."""
        return self.completeness is not None and self.completeness.ok

    @property
    def changed_customer_ids(self) -> set[str]:
        """Customers of whom anything changed."""
        return {one for result in self.results.values() for one in result.changed_customer_ids}

    def add(self, result: LoadResult) -> None:
        """Add one read to the report."""
        self.notes += [note for note in result.drift if note not in self.notes]
        self.notes += [one.shown(self.tenant, result.kept) for one in result.examples]
        known = self.results.setdefault(result.resource, LoadResult(result.resource))
        known.pages += result.pages
        known.rows_in += result.rows_in
        known.kept += result.kept
        known.quarantined += result.quarantined
        known.changed += result.changed
        known.changed_customer_ids |= result.changed_customer_ids
        known.moved_from |= result.moved_from
        known.missing = result.missing


def sync_ledger(
    client: PowerOfficeClient,
    con: duckdb.DuckDBPyConnection,
    pages_folder: Path,
    clock: Clock,
    business_date: date,
    settings: SyncSettings,
) -> SyncReport:
    """All three steps.

    Raises ``ReadFailure`` or ``BrokenFrame``; the mirror is then as it was, or whole up to a step, and not proved.
    """
    landed = land(client, con, pages_folder, clock, business_date, settings)
    report = merge(con, landed, settings)
    return complete(con, client, clock, landed, report, settings)


def land(
    client: PowerOfficeClient,
    con: duckdb.DuckDBPyConnection,
    pages_folder: Path,
    clock: Clock,
    business_date: date,
    settings: SyncSettings,
) -> Landed:
    """Read the ledger and the customers to disk, what changed or, when it is time, everything.

    A read always begins at page 1, in a folder of its own; a folder of a broken run is never gone on with.
    ``pages_folder`` is the business date's folder (``Book.pages_folder``).
    """
    drop_old_pages(pages_folder.parent, business_date - settings.keep_pages)
    started_at = clock.now()
    folder = _new_folder(pages_folder, started_at)
    known = progress(con)
    before = client.requests
    entries = _resource(ENTRIES, folder, started_at, known.get(ENTRIES), business_date, settings)
    customers = _resource(CUSTOMERS, folder, started_at, known.get(CUSTOMERS), business_date, settings)
    client.land_ledger_entries(entries, business_date).finish()
    client.land_customers(customers).finish()
    return Landed(business_date, started_at, folder, entries, customers, client.requests - before)


def merge(con: duckdb.DuckDBPyConnection, landed: Landed, settings: SyncSettings) -> SyncReport:
    """Merge what was landed, with its cursors, in one transaction: all of it or nothing."""
    report = SyncReport(settings.tenant, landed.business_date, landed.requests, full_read=landed.entries.full)
    with _Transaction(con):
        withdraw_proof(con)
        for one in (landed.entries, landed.customers):
            _load(con, one, landed.business_date, report)
    return report


def complete(
    con: duckdb.DuckDBPyConnection,
    client: PowerOfficeClient,
    clock: Clock,
    landed: Landed,
    report: SyncReport,
    settings: SyncSettings,
) -> SyncReport:
    """Follow up what the merge brought and prove the mirror whole; ``report`` is gone on with and given back.

    A difference that stays after one more full read is in ``report.completeness``: nothing may then go out.
    """
    before = client.requests
    _follow_customers(con, client, clock, landed, report)
    _read_balances(con, client, report)
    if report.full_read:
        _follow_missing_entries(con, client, clock, report)
    found = completeness(con, landed.business_date)
    if not found.ok or (found.loose and _is_turn_of_loose(con, report, settings)):
        _read_again(con, client, clock, landed, report)
        found = completeness(con, landed.business_date)
    report.completeness = found
    _follow_entries(con, client, clock, landed, report, settings)
    report.requests += client.requests - before
    if found.loose:
        some = ", ".join(found.loose[:5])
        report.notes.append(f"balances do not add up to amounts for customer {some}: a match may have been missed")
    report.notes.append(found.message)
    if found.ok:
        mark_proved(con, landed.business_date, clock.now())
    return report


# --- the parts of complete -----------------------------------------------------------------------------------------


def _read_balances(con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, report: SyncReport) -> None:
    balances = client.customer_balances(report.business_date)
    with _Transaction(con):
        store_balances(con, report.business_date, balances)


def _is_turn_of_loose(con: duckdb.DuckDBPyConnection, report: SyncReport, settings: SyncSettings) -> bool:
    """Balances that do not add up are a reason to read in full, but not every day if it does not help."""
    return not report.full_read and take_turn(con, "loose balances", report.business_date, settings.full_every)


def _read_again(
    con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, clock: Clock, landed: Landed, report: SyncReport
) -> None:
    """Read the whole ledger once more: a page may have been short, shifted or behind, or a document is gone."""
    entries = LandedResource(ENTRIES, landed.folder / "again", True, clock.now())
    client.land_ledger_entries(entries, landed.business_date).finish()
    with _Transaction(con):
        _load(con, entries, landed.business_date, report)
    report.full_read = report.read_again = True
    _read_balances(con, client, report)
    _follow_missing_entries(con, client, clock, report)


def _follow_missing_entries(
    con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, clock: Clock, report: SyncReport
) -> None:
    """Ask directly for what the full read did not bring; a read that missed something does not count as full."""
    found = confirm_missing_entries(con, client, report.results[ENTRIES].missing, report.business_date)
    with _Transaction(con):
        found.mark(con, report.business_date, clock.now())
        full_read_done(con, ENTRIES, None if found.still_there else report.business_date)
    if found.still_there:
        report.notes.append(
            f"{report.tenant}: the full read was incomplete: {len(found.still_there)} entries that it did not bring "
            f"are still in the ledger (the first is {found.still_there[0]}); nothing is closed by it, and the next "
            "read is in full again"
        )
    if found.gone:
        report.gone.setdefault(ENTRIES, []).extend(found.gone)
        report.results[ENTRIES].changed_customer_ids |= found.customers


def _follow_customers(
    con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, clock: Clock, landed: Landed, report: SyncReport
) -> None:
    """Ask for customers that a full read did not bring, and for those that entries were moved away from."""
    customers, entries = report.results[CUSTOMERS], report.results[ENTRIES]
    asked = list(dict.fromkeys([*(customers.missing if landed.customers.full else ()), *sorted(entries.moved_from)]))
    if not asked and not landed.customers.full:
        return
    found = confirm_missing_customers(con, client, asked)
    with _Transaction(con):
        found.mark(con, report.business_date, clock.now())
        if landed.customers.full:
            full_read_done(con, CUSTOMERS, report.business_date)
    if found.gone:
        report.gone[CUSTOMERS] = found.gone


def _follow_entries(
    con: duckdb.DuckDBPyConnection,
    client: PowerOfficeClient,
    clock: Clock,
    landed: Landed,
    report: SyncReport,
    settings: SyncSettings,
) -> None:
    """Read what the mirrored entries point to and the mirror lacks; what is lacking is seen anew in every run, so that
    a broken one leaves no gap."""
    nos = unknown_customers(con)
    if nos:
        customers = LandedResource(CUSTOMERS, landed.folder / "named", False, clock.now())
        _land_and_load(con, client.land_customers(customers, nos), report)
    known = progress(con).get(INVOICES)
    newest = invoices_to_read(con, None if known is None else known.cursor)
    invoices = _resource(INVOICES, landed.folder, clock.now(), known, landed.business_date, settings)
    if newest is not None or invoices.full:
        _land_and_load(con, client.land_outgoing_invoices(invoices), report)
    wanted = transactions_to_read(con)
    if wanted is not None:
        transactions = LandedResource(TRANSACTIONS, landed.folder, False, clock.now())
        client.land_account_transactions(transactions, wanted.voucher_nos, wanted.first, wanted.last)
        _land_and_load(con, transactions, report)


def _land_and_load(con: duckdb.DuckDBPyConnection, landed: LandedResource, report: SyncReport) -> None:
    landed.finish()
    with _Transaction(con):
        _load(con, landed, report.business_date, report)
        if landed.full:
            full_read_done(con, landed.resource, report.business_date)


def _load(
    con: duckdb.DuckDBPyConnection, landed: LandedResource, business_date: date, report: SyncReport
) -> LoadResult:
    """Merge one landed resource, move its cursor, and log it; in the caller's transaction."""
    known = progress(con).get(landed.resource) or Progress()
    if landed.digest is not None and landed.digest == known.pages_digest:  # a quiet day: only the overlap came
        rows = known.pages_rows
        result = LoadResult(landed.resource, len(landed.files), rows_in=rows, kept=rows)
    else:
        try:
            result = load_pages(con, landed, business_date, landed.started_at)
        except BrokenFrame as error:
            raise BrokenFrame(f"{report.tenant}: {error}") from error
    by_numbers = landed.resource in (CUSTOMERS, TRANSACTIONS) and landed.cursor is None and not landed.full
    if not by_numbers:
        advance(
            con, landed.resource, result.newest, landed.started_at, business_date, empty_is_all=landed.full,
            digest=None if result.quarantined else landed.digest, rows=result.rows_in,
        )  # fmt: skip
    log_read(
        con, result, business_date, landed.started_at, landed.started_at, full=landed.full, requests=landed.requests,
        note="; ".join(result.drift),
    )  # fmt: skip
    report.add(result)
    return result


def _resource(
    name: str,
    folder: Path,
    started_at: datetime,
    known: Progress | None,
    business_date: date,
    settings: SyncSettings,
) -> LandedResource:
    """What is to be asked for: everything the first time and when the last full read is too old, else changes."""
    last_full_on = known.last_full_on if known is not None else None
    full = last_full_on is None or business_date - last_full_on >= settings.full_every
    cursor = None if full or known is None else known.asked_from(max(settings.overlap, OVERLAP))
    return LandedResource(name, folder, full or cursor is None, started_at, cursor)


def _new_folder(pages_folder: Path, started_at: datetime) -> Path:
    name = f"{started_at:%H%M%S}"
    for number in range(1, 1000):
        folder = pages_folder / (name if number == 1 else f"{name}-{number}")
        if not folder.exists():
            return folder
    raise FileExistsError(f"{pages_folder}: a thousand reads began in the same second")


class _Transaction:
    """One DuckDB transaction: everything in it, or nothing."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def __enter__(self) -> None:
        self._con.execute("begin")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._con.execute("commit" if kind is None else "rollback")
