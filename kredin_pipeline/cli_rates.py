"""``kredin rates`` and ``kredin what-if``: names, options and help.

Belongs here: what a user types. The work is in ``kredin_pipeline.commands``, imported when a command runs.
"""

from __future__ import annotations

from datetime import datetime
from getpass import getuser
from typing import Annotated

import typer

rates_app = typer.Typer(
    help="The figures of the law: late interest, fees and tariffs, each with its days and its source.",
    invoke_without_command=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Who = Annotated[
    str,
    typer.Option("--who", envvar="KREDIN_USER", default_factory=getuser, show_default="you", help="Who says so."),
]
Kind = Annotated[
    str, typer.Argument(metavar="KIND", help="late_interest, collection_rate, standard_compensation, court_fee, ...")
]


@rates_app.callback()
def rates(
    context: typer.Context,
    kind: Annotated[str | None, typer.Option("--kind", help="One kind only, e.g. late_interest.")] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Only the figures in force that day.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the figures of the law, what each kind covers and until when."""
    if context.invoked_subcommand is None:
        from kredin_pipeline.commands.rates import list_rates

        list_rates(kind, on.date() if on else None, as_json=as_json)


@rates_app.command()
def add(
    kind: Kind,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="First day.")],
    value: Annotated[str, typer.Option("--value", help="Per cent a year for late interest, else kroner.")],
    source: Annotated[str, typer.Option("--source", help="Where it is published, e.g. FOR-2026-06-25-1372.")],
    who: Who,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="Last day; until further notice if left out."),
    ] = None,
    confidence: Annotated[str, typer.Option(help="How sure the source is: high, medium, low or unknown.")] = "high",
    replaces: Annotated[
        int | None, typer.Option(metavar="ID", help="Withdraw this added figure in the same step.")
    ] = None,
    confirm_unusual: Annotated[
        bool, typer.Option("--confirm-unusual", help="Take a value that is far from the one before.")
    ] = False,
) -> None:
    """Add a figure for days that have none: it counts for every tenant from the next run on."""
    from kredin_pipeline.commands.rates import add_rate

    add_rate(
        kind, first.date(), last.date() if last else None, value, source, confidence, who,
        replaces=replaces, confirm_unusual=confirm_unusual,
    )  # fmt: skip


@rates_app.command()
def withdraw(
    figure_id: Annotated[int, typer.Argument(metavar="ID", help="The number that `kredin rates` shows.")],
    why: Annotated[str, typer.Option("--why", help="What is wrong with it; kept in the log.")],
    who: Who,
) -> None:
    """Withdraw a figure that was added wrongly. The row stays in the log; the release's own cannot be withdrawn."""
    from kredin_pipeline.commands.rates import withdraw_rate

    withdraw_rate(figure_id, why, who)


def what_if(
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="Name of the tenant.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Another setting; may be repeated.")
    ] = None,
    rate: Annotated[
        list[str] | None,
        typer.Option(metavar="FROM:TO=PERCENT", help="Another late interest rate; may be repeated."),
    ] = None,
    figure: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND:FROM:TO=KRONER", help="Another figure, without TO until further notice."),
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Business date (Oslo); today if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what would differ on a day with other settings or figures: letters, vouchers, sums. Records nothing."""
    from kredin_pipeline.commands.what_if import ask

    ask(tenant, settings or [], rate or [], figure or [], on.date() if on else None, as_json=as_json)
