"""``kredin run`` and ``kredin import``: one day, or a tenant's past, in this process."""

from __future__ import annotations

from datetime import date, timedelta

import typer

from kredin_pipeline.commands.long_work import long_work
from kredin_pipeline.commands.output import fail, failures_told, progress
from kredin_pipeline.commands.session import graph, open_session


def run_one_day(tenant: str | None, on: date | None) -> None:
    """Run the day for one or all tenants; one tenant's failure stops no other. Exit code 1 if any failed."""
    with failures_told():
        session = open_session()
        names = session.names(tenant)
        day = on or session.today()
    if not names:
        fail("no tenant is connected; run `kredin connect`")
    if day > session.today():
        fail(f"{day} lies after today, {session.today()}")
    from kredin_pipeline.jobs import run_day

    failed: list[str] = []
    with progress("Loading the graph"):
        defs, instance = graph(session.environment)
    for name in names:
        with progress(f"{name}: {day}"):
            outcome = run_day(defs, instance, name, day)
        _tell(name, str(day), outcome.ok, outcome.messages)
        if not outcome.ok:
            failed.append(name)
    if failed:
        raise typer.Exit(1)


def import_history(tenant: str, first: date | None, last: date | None) -> None:
    """Import the past of one tenant as one run; without days, from its import_from to yesterday.

    Ends with exit code 1 when the run fails, or when the days lie outside the daily partitions.
    """
    from kredin_pipeline.jobs import run_history
    from kredin_pipeline.partitions import DEFAULT_FIRST_DAY

    with failures_told():
        session = open_session()
        found = session.journal.tenant(tenant)
    today = session.today()
    last = last or today - timedelta(days=1)
    if last > today:
        fail(f"{tenant}: the import would end on {last}, after today, {today}")
    earliest = session.environment.first_day or DEFAULT_FIRST_DAY
    if first is not None and first < earliest:
        fail(
            f"{tenant}: the import would begin on {first}, before the first daily partition, {earliest}; set "
            "KREDIN_FIRST_DAY to an earlier day"
        )
    chosen = first or found.settings.import_start(found.connected_on)
    if chosen is None:
        fail(f"{tenant}: import_from is not set, so there is no first day; give one with --from")
    first = max(chosen, earliest)
    if first > last:
        fail(f"{tenant}: the import would begin on {first}, after its last day, {last}")
    with progress("Loading the graph"):
        defs, instance = graph(session.environment)
    with long_work(f"{tenant}: {first} to {last}"):
        outcome = run_history(defs, instance, tenant, first, last)
    _tell(tenant, f"{first} to {last}", outcome.ok, outcome.messages)
    if not outcome.ok:
        raise typer.Exit(1)


def _tell(tenant: str, days: str, ok: bool, messages: list[str]) -> None:
    typer.secho(f"{tenant}: {days} {'done' if ok else 'failed'}", fg=None if ok else typer.colors.RED, err=not ok)
    for message in messages:
        typer.echo(f"  {message}", err=not ok)
