"""``kredin quarantine``: the rows that broke a contract, and a person's word that one needs no more attention."""

from __future__ import annotations

from kredin_pipeline.commands.output import fail, failures_told, print_json, print_table, wrong_use
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.ledger import quarantine
from resources.book import Book, BookIsBusy

_COLUMNS = ("table", "record", "reasons", "seen on")
_WAITING = (
    "select table_name, record_id, reasons, seen_on from quarantine where released_at is null "
    "order by seen_on, record_id"
)


def list_quarantine(tenant: str, *, as_json: bool) -> None:
    """List what waits. Exit code 1 when the tenant has no book."""
    with failures_told():
        session = open_session()
        session.journal.tenant(tenant)
    try:
        with Book(folder=str(session.environment.books)).read_only(tenant) as con:
            rows = con.execute(_WAITING).fetchall()
    except (FileNotFoundError, BookIsBusy) as error:
        fail(str(error))
    if as_json:
        print_json([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
    else:
        print_table(f"{tenant}: rows set aside", _COLUMNS, rows, "Nothing is set aside.")


def release_row(tenant: str | None, record_id: str) -> None:
    """Release a row; the tenant may be left out where there is only one. Exit code 1 when none of that id waits."""
    with failures_told():
        session = open_session()
        names = session.names(tenant)
    if len(names) != 1:
        wrong_use(f"--tenant: ids are each ledger's own; name one of {', '.join(names) or 'none, nobody is connected'}")
    (tenant,) = names
    book = Book(folder=str(session.environment.books))
    try:
        with book.session(tenant) as con:
            released = quarantine.release(con, record_id, session.now())
    except BookIsBusy as error:
        fail(str(error))
    finally:
        book.close()
    if not released:
        fail(f"{tenant}: no row {record_id} waits in quarantine; `kredin quarantine list` shows what does")
    print(f"{tenant}: row {record_id} released. It stays out of the mirror until PowerOffice sends it in good order.")
