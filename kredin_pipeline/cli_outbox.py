"""``kredin outbox`` and ``kredin brake``: names, options and help.

Belongs here: what a user types. The work is in ``kredin_pipeline.commands``, imported when a command runs.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from getpass import getuser
from typing import Annotated

import typer

outbox_app = typer.Typer(
    help="Letters and vouchers on their way out, and a person's word on what no run can settle.",
    invoke_without_command=True,
)
brake_app = typer.Typer(
    help="More letters or vouchers on a day than the tenant's limit: none leaves until somebody releases them.",
    invoke_without_command=True,
)

Tenant = Annotated[str | None, typer.Option("--tenant", "-t", help="Name of the tenant; all if left out.")]
OneTenant = Annotated[str, typer.Option("--tenant", "-t", help="Name of the tenant.")]
Who = Annotated[
    str,
    typer.Option(
        "--who", "--by", envvar="KREDIN_USER", default_factory=getuser, show_default="you", help="Who says so."
    ),
]
Why = Annotated[str, typer.Option("--why", "-n", help="Why, in words; kept for good.")]
Day = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], metavar="DATE", help="The day (Oslo); today if left out."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would do and record nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


class SettledAs(StrEnum):
    """What a person says of an item."""

    posted = "posted"
    not_sent = "not-sent"


class Kind(StrEnum):
    """What a limit counts."""

    letters = "letters"
    vouchers = "vouchers"


@outbox_app.callback()
def outbox(
    context: typer.Context,
    tenant: Tenant = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is confirmed, rejected or cancelled.")] = False,
    key: Annotated[str | None, typer.Option(help="The whole history of one item.")] = None,
    as_json: Json = False,
) -> None:
    """List letters and vouchers on their way out, or one item's history; or settle what only a person can."""
    if context.invoked_subcommand is None:
        from kredin_pipeline.commands.outbox import list_outbox

        list_outbox(tenant, everything=everything, key=key, as_json=as_json)


@outbox_app.command()
def settle(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The item's key, as `kredin outbox` shows it.")],
    said: Annotated[SettledAs, typer.Option("--as", help="Whether it left or not.")],
    why: Why,
    who: Who,
    remote_id: Annotated[
        str | None, typer.Option("--remote-id", help="Id on the other side, e.g. of a voucher booked by hand.")
    ] = None,
    number: Annotated[str | None, typer.Option("--number", help="The ledger's number of a voucher.")] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say whether a letter or voucher whose answer was lost has left. It is looked up first; an e-mail cannot be."""
    from kredin_pipeline.commands.outbox import settle_item

    word = "posted" if said is SettledAs.posted else "not_sent"
    settle_item(key, word, why, who, remote_id=remote_id, remote_no=number, dry_run=dry_run, as_json=as_json)


@outbox_app.command()
def seen(
    tenant: OneTenant,
    why: Why,
    who: Who,
    subjects: Annotated[
        list[str] | None, typer.Argument(metavar="[WHAT]...", help="Outbox keys, or voucher ids of the ledger.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every difference between journal and ledger.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say that you have looked at a conflict, a refusal, or a difference to the ledger, and that it stands."""
    from kredin_pipeline.commands.outbox import leave_as_it_is

    leave_as_it_is(subjects or [], tenant, why, who, everything=everything, dry_run=dry_run, as_json=as_json)


@outbox_app.command()
def again(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The voucher's key, as `kredin outbox` shows it.")],
    why: Why,
    who: Who,
) -> None:
    """Book the costs of a voucher that somebody reversed in PowerOffice again, under a new reference."""
    from kredin_pipeline.commands.outbox import book_again

    book_again(key, why, who)


@brake_app.callback()
def brake(context: typer.Context, tenant: Tenant = None, on: Day = None, as_json: Json = False) -> None:
    """Show how many letters and vouchers have left on a day, how many wait, and the limit."""
    if context.invoked_subcommand is None:
        from kredin_pipeline.commands.brake import show_brake

        show_brake(tenant, _date(on), as_json=as_json)


@brake_app.command()
def release(
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="Name of the tenant.")],
    kind: Annotated[Kind, typer.Option("--kind", help="What may leave.")],
    up_to: Annotated[int, typer.Option("--up-to", min=1, metavar="N", help="How many may leave that day in all.")],
    why: Why,
    who: Who,
    on: Day = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let more leave on a day than the limit, for that day and kind alone; who and why are kept for good."""
    from kredin_pipeline.commands.brake import release as let

    let(tenant, kind.value, _date(on), up_to, why, who, dry_run=dry_run, as_json=as_json)


def _date(day: datetime | None) -> date | None:
    return None if day is None else day.date()
