"""``kredin quarantine``: names, options and help.

Belongs here: what a user types. The work is in ``kredin_pipeline.commands``, imported when a command runs.
"""

from __future__ import annotations

from typing import Annotated

import typer

quarantine_app = typer.Typer(help="Rows that broke a contract and were set aside.", no_args_is_help=True)

Tenant = Annotated[
    str | None, typer.Option("--tenant", "-t", help="Name of the tenant; may be left out where there is only one.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Record = Annotated[str, typer.Argument(metavar="ID", help="The id that `kredin quarantine list` shows.")]


@quarantine_app.command("list")
def list_(
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="Name of the tenant.")],
    released: Annotated[bool, typer.Option("--released", help="Those that were released as well.")] = False,
    as_json: Json = False,
) -> None:
    """List the rows that are set aside, with their reasons."""
    from kredin_pipeline.commands.quarantine import list_quarantine

    list_quarantine(tenant, as_json=as_json, released=released)


@quarantine_app.command()
def show(record_id: Record, tenant: Tenant = None, as_json: Json = False) -> None:
    """Show a row as it came, field by field, with what is wrong with it."""
    from kredin_pipeline.commands.quarantine import show_row

    show_row(tenant, record_id, as_json=as_json)


@quarantine_app.command()
def retry(
    record_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="One row; all that wait if left out.")] = None,
    tenant: Tenant = None,
) -> None:
    """Read rows again by today's contract; the good ones go into the mirror, and the next run proves it."""
    from kredin_pipeline.commands.quarantine import retry_rows

    retry_rows(tenant, record_id)


@quarantine_app.command()
def release(record_id: Record, tenant: Tenant = None) -> None:
    """Say that a row needs no more attention; it comes in when PowerOffice sends it in good order."""
    from kredin_pipeline.commands.quarantine import release_row

    release_row(tenant, record_id)
