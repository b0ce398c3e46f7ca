"""``kredin rebuild``: a tenant's book made anew from the ledger and the journal, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer

from kredin_pipeline.commands.long_work import long_work
from kredin_pipeline.commands.output import fail, failures_told, print_table, progress
from kredin_pipeline.commands.session import Session, open_session

if TYPE_CHECKING:
    from kredin_pipeline.rebuilding import Rebuilt, Wanted

MOST_SHOWN: Final = 40


def rebuild_book(tenant: str, *, dry_run: bool, accept: bool) -> None:
    """Rebuild and tell. Exit code 1 when the old book stays: not proved, or (without ``accept``) another case table."""
    with failures_told():
        session = open_session()
        name = session.journal.tenant(tenant).name
    with progress("Loading the graph"):
        wanted = _wanted(session, name)
    from kredin_pipeline.rebuilding import RebuildFailed, rebuild
    from resources.book import BookIsBusy

    try:
        with long_work(f"{name}: making the book anew"):
            made = rebuild(wanted, dry_run=dry_run, accept=accept)
    except (RebuildFailed, BookIsBusy) as error:
        fail(f"{error}\nThe old book is in use as before.")
    finally:
        wanted.old.close(name)
    _tell(made)
    if made.differences and not dry_run and not accept:
        fail(
            f"{name}: the case table of {made.day} would be another one, so the old book stays. Run the day "
            f"(`kredin run --tenant {name}`) so that both stand on the same ledger, and try again; or give "
            "--accept-differences"
        )
    if dry_run:
        typer.echo(f"{name}: a dry run; the old book is in use as before")
    else:
        typer.echo(f"{name}: the new book is in use")


def _wanted(session: Session, tenant: str) -> Wanted:
    from kredin_pipeline.configured import resources_from
    from kredin_pipeline.definitions import build_definitions
    from kredin_pipeline.partitions import DEFAULT_FIRST_DAY
    from kredin_pipeline.rebuilding import Wanted, new_book

    made = resources_from(session.environment)
    new = new_book(made.book, tenant)
    definitions = build_definitions(
        clock=made.clock, book=new, journal=made.journal, poweroffice=made.poweroffice, register=made.register,
        post=made.post, environment=session.environment,
    )  # fmt: skip
    first_day = session.environment.first_day or DEFAULT_FIRST_DAY
    return Wanted(
        tenant, session.now(), session.today(), first_day, definitions, new, made.book, made.journal.open()
    )  # fmt: skip


def _tell(made: Rebuilt) -> None:
    typer.echo(
        f"{made.tenant}: {made.cases} cases on {made.day}; the days from {made.first} to {made.last} can be read as of "
        "then, from today's knowledge"
    )
    for warning in made.warnings:
        typer.echo(f"  {warning}")
    if made.kept:
        told = ", ".join(f"{count} of {table}" for table, count in made.kept.items())
        typer.echo(f"  handed over, because neither ledger nor journal knows it: {told}")
    if made.lost:
        typer.echo(
            f"  {len(made.lost)} cases of the journal are not in the table, because the ledger has their invoices no "
            f"more: {', '.join(made.lost[:10])}"
        )
    if not made.compared:
        typer.echo("  there was no book to compare with; which matches were undone earlier begins anew with this one")
    elif not made.differences:
        typer.echo(f"  the case table of {made.day} is the same, in every column")
    else:
        rows = [(one.invoice_no, one.column, one.before, one.after) for one in made.differences[:MOST_SHOWN]]
        print_table(
            f"Differences on {made.day}: {len(made.differences)}",
            ["invoice", "column", "old book", "new book"],
            rows,
            "",
        )
