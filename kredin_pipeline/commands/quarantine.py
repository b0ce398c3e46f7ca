"""``kredin quarantine``: the rows that broke a contract: look at them, read them again, or say that one needs no more
attention."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import NoReturn

import duckdb
import typer

from kredin_pipeline.commands.output import fail, failures_told, print_json, print_table, wrong_use
from kredin_pipeline.commands.session import Session, open_session
from kredin_pipeline.ledger import quarantine
from kredin_pipeline.ledger.landing import BrokenFrame
from kredin_pipeline.ledger.quarantine import Held
from kredin_pipeline.ledger.quarantine_retry import retry
from resources.book import Book, BookIsBusy

_COLUMNS = ("table", "record", "reasons", "seen on")


def list_quarantine(tenant: str, *, as_json: bool, released: bool = False) -> None:
    """List what waits, and what was released where that is asked for. Exit code 1 when the tenant has no book."""
    with failures_told():
        session = open_session()
        session.journal.tenant(tenant)
    rows = _read(session, tenant, None, released=released)
    if as_json:
        print_json([_shown(row) for row in rows])
        return
    columns = (*_COLUMNS, "released at") if released else _COLUMNS
    cells = [
        (row.table, row.record_id, row.reasons, row.seen_on, *([row.released_at] if released else [])) for row in rows
    ]
    print_table(f"{tenant}: {_counted(rows)}", columns, cells, "Nothing is set aside.")


def show_row(tenant: str | None, record_id: str, *, as_json: bool) -> None:
    """Show every reading of a record that was set aside, with its raw text. Exit code 1 when there is none."""
    session, tenant = _one_tenant(tenant)
    rows = _read(session, tenant, record_id, released=True)
    if not rows:
        fail(f"{tenant}: no row {record_id} was ever set aside; `kredin quarantine list` shows what waits")
    if as_json:
        print_json([_shown(row, raw=True) for row in rows])
        return
    for row in rows:
        state = "waits" if row.released_at is None else f"released {row.released_at:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"{row.table}, record {row.record_id or 'without an id'}, seen on {row.seen_on}, {state}")
        for reason in row.reasons.split("; "):
            typer.echo(f"  {reason}")
        typer.echo(_indented(row.raw))


def retry_rows(tenant: str | None, record_id: str | None) -> None:
    """Read rows again through today's contract; the good ones go into the mirror, which the next run proves.

    Exit code 1 when nothing waits, and when nothing could be taken.
    """
    session, tenant = _one_tenant(tenant)
    with _writing(session, tenant) as con:
        try:
            result = retry(con, session.today(), session.now(), record_id)
        except BrokenFrame as broken:
            fail(f"{tenant}: {broken}")
    if not result.taken and not result.refused:
        _nothing_waits(tenant, record_id)
    for row in result.refused:
        typer.echo(f"{tenant}: {row.table} {row.record_id or 'without an id'} stays: {row.reasons}")
    if not result.taken:
        fail(f"{tenant}: none of the {len(result.refused)} rows is in good order; correct them in PowerOffice")
    typer.echo(
        f"{tenant}: {_counted(result.taken)} now good, {result.changed} of them news to the mirror; "
        f"{len(result.refused)} stay."
        + (f" Run the day to prove the mirror: kredin run --tenant {tenant}" if result.changed else "")
    )


def release_row(tenant: str | None, record_id: str) -> None:
    """Release a row; the tenant may be left out where there is only one. Exit code 1 when none of that id waits."""
    session, tenant = _one_tenant(tenant)
    with _writing(session, tenant) as con:
        released = quarantine.release(con, record_id, session.now())
    if not released:
        _nothing_waits(tenant, record_id)
    typer.echo(
        f"{tenant}: row {record_id} released. It stays out of the mirror until PowerOffice sends it in good order."
    )


def _one_tenant(tenant: str | None) -> tuple[Session, str]:
    with failures_told():
        session = open_session()
        names = session.names(tenant)
    if len(names) != 1:
        wrong_use(f"--tenant: ids are each ledger's own; name one of {', '.join(names) or 'none, nobody is connected'}")
    return session, names[0]


@contextmanager
def _writing(session: Session, tenant: str) -> Generator[duckdb.DuckDBPyConnection]:
    book = Book(folder=str(session.environment.books))
    try:
        with book.session(tenant) as con:
            yield con
    except BookIsBusy as error:
        fail(str(error))
    finally:
        book.close()


def _read(session: Session, tenant: str, record_id: str | None, *, released: bool) -> list[Held]:
    try:
        with Book(folder=str(session.environment.books)).read_only(tenant) as con:
            return quarantine.held(con, record_id, released=released)
    except (FileNotFoundError, BookIsBusy) as error:
        fail(str(error))


def _nothing_waits(tenant: str, record_id: str | None) -> NoReturn:
    what = "no row" if record_id is None else f"no row {record_id}"
    fail(f"{tenant}: {what} waits in quarantine; `kredin quarantine list` shows what does")


def _counted(rows: Sequence[Held]) -> str:
    of_table = Counter(row.table for row in rows)
    rest = f" ({', '.join(f'{count} of {table}' for table, count in sorted(of_table.items()))})" if rows else ""
    return f"{len(rows)} row{'' if len(rows) == 1 else 's'} set aside{rest}"


def _shown(row: Held, *, raw: bool = False) -> dict[str, object]:
    shown = asdict(row)
    if not raw:
        del shown["raw"]
    return {"table": shown.pop("table"), "record": shown.pop("record_id"), **shown}


def _indented(raw: str) -> str:
    """The raw text one field a line, every value exactly as it came."""
    try:
        found = json.loads(raw, parse_float=_AsItCame, parse_int=_AsItCame)
    except ValueError:
        return f"    {raw}"
    if not isinstance(found, dict):
        return f"    {raw}"
    return "\n".join(f"    {name}: {_text(value)}" for name, value in found.items())  # pyright: ignore


class _AsItCame(str):
    """A number's own digits."""


def _text(value: object) -> str:
    return str(value) if isinstance(value, _AsItCame) else json.dumps(value, ensure_ascii=False)
