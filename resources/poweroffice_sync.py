"""One company's day at PowerOffice: what is read, in which order, and how nothing is lost.

Belongs here: the order of reads and what follows from what they bring. Not here: the routes (`poweroffice_client`), the
rows (`kredin_pipeline.ledger`). Three steps, which the assets call one by one or ``sync_ledger`` in a row::

    land      pages of the ledger and the customers, to disk; cursors are read, none is moved
    merge     the pages into the mirror, with their cursors
    complete  what is missing is asked for directly; balances; if they differ, the whole ledger once more; then the
              invoices, customers and vouchers that the changed entries point to

What ``merge`` and ``complete`` write is one transaction: a run that breaks anywhere leaves yesterday's mirror.

Why nothing is lost: a list that brings anything new is read until two readings agree; cursors overlap and move only
with their rows; a row that no read brought shows in the customer's balance; what only a full read can show (a row that
is gone, an address, which moves no change time) is looked for every seventh business day and, of the ledger, whenever
the balances differ.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb

from kredin_pipeline.ledger import quarantine
from kredin_pipeline.ledger.completeness import CompletenessResult, completeness, store_balances
from kredin_pipeline.ledger.landing import BrokenFrame, LandedResource, drop_old_pages
from kredin_pipeline.ledger.mirror import LoadResult, load_pages
from kredin_pipeline.ledger.open_items import open_differences
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
from resources.poweroffice_agreement import agreed
from resources.poweroffice_client import PowerOfficeClient
from resources.poweroffice_follow_up import (
    confirm_missing_customers,
    confirm_missing_entries,
    confirm_missing_persons,
    invoices_to_read,
    transactions_to_read,
    unknown_customers,
)
from resources.poweroffice_report import Landed, SyncReport, SyncSettings

ENTRIES, CUSTOMERS, PERSONS, INVOICES, TRANSACTIONS = (
    "ledger_entries", "customers", "contact_persons", "outgoing_invoices", "account_transactions",
)  # fmt: skip


def sync_ledger(
    client: PowerOfficeClient,
    con: duckdb.DuckDBPyConnection,
    pages_folder: Path,
    clock: Clock,
    business_date: date,
    settings: SyncSettings,
) -> SyncReport:
    """All three steps; what they bring is committed when the mirror has been proved whole, all of it or nothing.

    When the proof fails, the mirror stays the one that was proved last, and the report says what differs; what was set
    aside and the log of reads are kept for a person. Raises ``ReadFailure`` or ``BrokenFrame``; the book is then as it
    was.
    """
    landed = land(client, con, pages_folder, clock, business_date, settings)
    con.execute("begin")
    try:
        report = complete(con, client, clock, landed, merge(con, landed, settings), settings)
        if report.ok:
            con.execute("commit")
            return report
        refused = quarantine.waiting(con)
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has rolled back already
            con.execute("rollback")
        raise
    con.execute("rollback")
    with transaction(con):
        quarantine.put_aside(con, refused, business_date, landed.started_at)
        for result in report.results.values():
            log_read(
                con, result, business_date, landed.started_at, clock.now(), full=report.full_read, requests=0,
                note=f"not kept: {report.completeness.message}" if report.completeness else "not kept",
            )  # fmt: skip
    return report


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
    before = client.traffic.copy()
    entries = _resource(ENTRIES, folder, started_at, known.get(ENTRIES), business_date, settings)
    customers = _resource(CUSTOMERS, folder, started_at, known.get(CUSTOMERS), business_date, settings)
    persons = _resource(PERSONS, folder, started_at, known.get(PERSONS), business_date, settings)
    if entries.full:  # proved by the balances
        client.land_ledger_entries(entries, business_date)
    else:
        entries = agreed(entries, lambda one: client.land_ledger_entries(one, business_date), _digest(known, ENTRIES))
    entries.finish()
    customers = agreed(customers, client.land_customers, _digest(known, CUSTOMERS)).finish()
    rows = known[PERSONS].pages_rows if PERSONS in known else None  # many companies have none at all
    persons = agreed(persons, client.land_contact_persons, _digest(known, PERSONS), rows).finish()
    quiet = entries.digest is not None and entries.digest == _digest(known, ENTRIES)
    return Landed(business_date, started_at, folder, entries, customers, persons, client.traffic.since(before), quiet)


def merge(con: duckdb.DuckDBPyConnection, landed: Landed, settings: SyncSettings) -> SyncReport:
    """Merge what was landed, with its cursors; in the caller's transaction."""
    report = SyncReport(settings.tenant, landed.business_date, landed.traffic.copy(), full_read=landed.entries.full)
    withdraw_proof(con)
    for one in (landed.entries, landed.customers, landed.persons):
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
    """Follow up what the merge brought and prove the mirror whole, in the transaction of the merge; ``report`` is gone
    on with and given back.

    A difference that stays after one more full read is in ``report.completeness``: nothing may then go out.
    """
    before = client.traffic.copy()
    _follow_persons(con, client, clock, landed, report)
    _read_balances(con, client, report)
    if report.full_read:
        _follow_missing_entries(con, client, clock, report)
    found = _compared(con, client, landed)
    if not found.ok or (found.loose and _is_turn_of_loose(con, report, settings)):
        _read_again(con, client, clock, landed, report)
        found = _compared(con, client, landed)
    report.completeness = found
    _follow_customers(con, client, clock, landed, report)  # a second read may have moved entries, too
    _follow_entries(con, client, clock, landed, report, settings)
    report.traffic.add(client.traffic.since(before))
    if found.loose:
        some = ", ".join(found.loose[:5])
        report.notes.append(f"balances do not add up to amounts for customer {some}: a match may have been missed")
    report.notes.append(found.message)
    if found.ok:
        mark_proved(con, landed.business_date, clock.now())
    return report


# --- the parts of complete -----------------------------------------------------------------------------------------


def _read_balances(con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, report: SyncReport) -> None:
    store_balances(con, report.business_date, client.customer_balances(report.business_date))


def _compared(con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, landed: Landed) -> CompletenessResult:
    """Sums per customer, and entry by entry what is open; on a quiet day the entries are those proved last."""
    found = completeness(con, landed.business_date)
    if not found.ok or landed.quiet:
        return found
    return replace(found, open_items=open_differences(con, client.open_balances(landed.business_date)))


def _is_turn_of_loose(con: duckdb.DuckDBPyConnection, report: SyncReport, settings: SyncSettings) -> bool:
    """Balances that do not add up are a reason to read in full, but not every day if it does not help."""
    return not report.full_read and take_turn(con, "loose balances", report.business_date, settings.full_every)


def _read_again(
    con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, clock: Clock, landed: Landed, report: SyncReport
) -> None:
    """Read the whole ledger once more: a page may have been short, shifted or behind, or a document is gone."""
    entries = LandedResource(ENTRIES, landed.folder / "again", True, clock.now())
    client.land_ledger_entries(entries, landed.business_date).finish()
    _load(con, entries, landed.business_date, report)
    if landed.customers.full:  # one may have been merged since; entries of it that never came tell of no move
        customers = LandedResource(CUSTOMERS, landed.folder / "again", True, clock.now())
        _load(con, agreed(customers, client.land_customers).finish(), landed.business_date, report)
    report.full_read = report.read_again = True
    _read_balances(con, client, report)
    _follow_missing_entries(con, client, clock, report)


def _follow_missing_entries(
    con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, clock: Clock, report: SyncReport
) -> None:
    """Ask directly for what the full read did not bring; a read that missed something does not count as full."""
    found = confirm_missing_entries(con, client, report.results[ENTRIES].missing, report.business_date)
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
    found.mark(con, report.business_date, clock.now())
    if landed.customers.full:
        full_read_done(con, CUSTOMERS, report.business_date)
    if found.gone:
        report.gone[CUSTOMERS] = found.gone


def _follow_persons(
    con: duckdb.DuckDBPyConnection, client: PowerOfficeClient, clock: Clock, landed: Landed, report: SyncReport
) -> None:
    """Ask for contact persons that a full read did not bring."""
    if not landed.persons.full:
        return
    found = confirm_missing_persons(con, client, report.results[PERSONS].missing)
    found.mark(con, report.business_date, clock.now())
    full_read_done(con, PERSONS, report.business_date)
    if found.gone:
        report.gone[PERSONS] = found.gone
        report.results[PERSONS].changed_customer_ids |= found.customers


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
        _land_and_load(con, agreed(customers, lambda one: client.land_customers(one, nos)), report)
    known = progress(con).get(INVOICES)
    newest = invoices_to_read(con, None if known is None else known.cursor)
    invoices = _resource(INVOICES, landed.folder, clock.now(), known, landed.business_date, settings)
    if newest is not None or invoices.full:
        digest = None if known is None else known.pages_digest
        _land_and_load(con, agreed(invoices, client.land_outgoing_invoices, digest), report)
    moved = bool(report.results[ENTRIES].moved_from)  # a ledger may leave the old number in the lines: not every day
    due = take_turn(con, "lines of moved entries", report.business_date, settings.full_every)
    wanted = transactions_to_read(con, also_moved=moved or due)
    if wanted is not None:
        transactions = LandedResource(TRANSACTIONS, landed.folder, False, clock.now())
        read = agreed(
            transactions,
            lambda one: client.land_account_transactions(one, wanted.voucher_nos, wanted.first, wanted.last),
        )
        _land_and_load(con, read, report)


def _land_and_load(con: duckdb.DuckDBPyConnection, landed: LandedResource, report: SyncReport) -> None:
    landed.finish()
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
    if landed.claimed_total not in (None, result.rows_in):
        report.claims[landed.resource] = (landed.claimed_total or 0, result.rows_in)
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


def _digest(known: Mapping[str, Progress], resource: str) -> str | None:
    found = known.get(resource)
    return None if found is None else found.pages_digest


def _new_folder(pages_folder: Path, started_at: datetime) -> Path:
    name = f"{started_at:%H%M%S}"
    for number in range(1, 1000):
        folder = pages_folder / (name if number == 1 else f"{name}-{number}")
        if not folder.exists():
            return folder
    raise FileExistsError(f"{pages_folder}: a thousand reads began in the same second")


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    """One DuckDB transaction: everything in it, or nothing."""
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")
