"""``kredin brake``: how many letters and vouchers of a day have left and wait, and letting more leave.

Belongs here: finding the day's numbers, and printing. Not here: the limit (``kredin_pipeline.journal.brake``).
"""

from __future__ import annotations

from datetime import date

import typer

from kredin_pipeline.commands.output import failures_told, print_json, print_table
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.journal.brake import KINDS, BrakeKind, DayOfSending


def show_brake(tenant: str | None, on: date | None, *, as_json: bool) -> None:
    """Print the day's numbers of one or all tenants."""
    with failures_told():
        session = open_session()
        day = on or session.today()
        rows = [session.journal.brake_of(name, kind, day) for name in session.names(tenant) for kind in KINDS]
    if as_json:
        print_json([_row(one) for one in rows])
        return
    columns = ("tenant", "kind", "on", "have left", "wait", "limit", "follows from", "released up to", "held")
    cells = [
        (
            one.tenant, one.kind, one.on, one.left, one.waiting, one.limit.number, one.limit.why, one.released,
            one.held,
        )
        for one in rows
    ]  # fmt: skip
    print_table("Brake", columns, cells, "No company is connected yet.")


def release(
    tenant: str, kind: BrakeKind, on: date | None, up_to: int, why: str, who: str, *, dry_run: bool, as_json: bool
) -> None:
    """Let up to so many leave on that day. Exit code 1 with the reason when it cannot be."""
    with failures_told():
        session = open_session()
        before = session.journal.brake_of(tenant, kind, on or session.today())
        session.journal.release_brake(before, up_to, why, who, session.now(), dry_run=dry_run)
        after = before.released_up_to(up_to)
    if as_json:
        print_json({**_row(after), "recorded": not dry_run, "who": who})
        return
    typer.echo(before.told if not before.held else f"{tenant}: {before.numbers}; the limit is {before.limit.number}.")
    left = f"{after.left + after.waiting} are still too many" if after.held else "those that wait may leave"
    typer.echo(f"  Up to {up_to} {kind} may leave on {before.on}: {left}.")
    typer.echo("Nothing was recorded (dry run)." if dry_run else f"Recorded for {who}; run the day again.")


def _row(one: DayOfSending) -> dict[str, object]:
    return {
        "tenant": one.tenant, "kind": one.kind, "on": one.on, "left": one.left, "waiting": one.waiting,
        "limit": one.limit.number, "limit_follows_from": one.limit.why, "released_up_to": one.released,
        "held": one.held,
    }  # fmt: skip
