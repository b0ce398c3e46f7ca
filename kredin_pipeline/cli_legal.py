"""``kredin legal``: names, options and help.

Belongs here: what a user types. The work is in ``kredin_pipeline.commands.legal``, imported when a command runs.
"""

from __future__ import annotations

from enum import StrEnum
from getpass import getuser
from typing import Annotated

import typer

legal_app = typer.Typer(
    help="Cases ready for legal steps, what their documents say, and drafting one that is not drafted by itself.",
    no_args_is_help=True,
)

Tenant = Annotated[str | None, typer.Option("--tenant", "-t", help="Name of the tenant; all if left out.")]
Who = Annotated[
    str,
    typer.Option("--who", "--by", envvar="KREDIN_USER", default_factory=getuser, show_default="you", help="Who asks."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


class Kind(StrEnum):
    """A legal document."""

    enforcement_petition = "enforcement_petition"
    conciliation_complaint = "conciliation_complaint"
    bankruptcy_notice = "bankruptcy_notice"
    estate_claim = "estate_claim"


@legal_app.command("list")
def list_(tenant: Tenant = None, as_json: Json = False) -> None:
    """List the cases ready for legal steps: the document of each, or why it has none, and what you may choose."""
    from kredin_pipeline.commands.legal import list_ready

    list_ready(tenant, as_json=as_json)


@legal_app.command()
def show(
    document: Annotated[str, typer.Argument(metavar="ID", help="The document's id, as `kredin legal list` shows it.")],
    as_json: Json = False,
) -> None:
    """Show what a document says and what goes with it. It is handed out for signing by `kredin sign draft`."""
    from kredin_pipeline.commands.legal import show_document

    show_document(document, as_json=as_json)


@legal_app.command()
def draft(
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="Case id or invoice number.")],
    who: Who,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Which document; the right one if left out.")] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Draft a document now: one that was given up, or one that only a person asks for, as a bankruptcy notice."""
    from kredin_pipeline.commands.legal import draft_document

    draft_document(case_id, None if kind is None else kind.value, tenant, who, as_json=as_json)
