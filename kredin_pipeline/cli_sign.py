"""``kredin sign``: names, options and help.

Belongs here: what a user types. The work is in ``kredin_pipeline.commands.sign``, imported when a command runs.
"""

from __future__ import annotations

from datetime import date, datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

sign_app = typer.Typer(
    help="Legal documents: hand out the draft, take it back signed, note that it was filed. Nothing is filed unsigned.",
    no_args_is_help=True,
)

Document = Annotated[str, typer.Argument(metavar="ID", help="The document's id, as `kredin sign list` shows it.")]
Tenant = Annotated[str | None, typer.Option("--tenant", "-t", help="Name of the tenant; all if left out.")]
Who = Annotated[
    str,
    typer.Option("--who", "--by", envvar="KREDIN_USER", default_factory=getuser, show_default="you", help="Who does."),
]
Day = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], metavar="DATE", help="The day (Oslo); today if left out."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@sign_app.command("list")
def list_(
    tenant: Tenant = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is filed or withdrawn.")] = False,
    history: Annotated[
        str | None, typer.Option("--history", metavar="ID", help="The whole history of one document.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the documents that wait for a signature or for filing, or one document's history."""
    from kredin_pipeline.commands.sign import list_documents

    list_documents(tenant, everything=everything, draft_id=history, as_json=as_json)


@sign_app.command()
def draft(
    document: Document,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where the PDF is written.")],
    who: Who,
    attachments: Annotated[
        Path | None, typer.Option("--attachments", metavar="FOLDER", help="Write what goes with it here as well.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Hand out a draft for signing: its PDF is written as it must be signed, to the byte."""
    from kredin_pipeline.commands.sign import hand_out

    hand_out(document, to, attachments, who, as_json=as_json)


@sign_app.command()
def signed(
    document: Document,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The signed PDF (PAdES).", exists=True, dir_okay=False)],
    who: Who,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the signature and record nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Take a document back signed; a file that is not our draft, or not signed by whom it should be, is refused."""
    from kredin_pipeline.commands.sign import take_back

    take_back(document, file, who, dry_run=dry_run, as_json=as_json)


@sign_app.command()
def copy(
    document: Document,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where the signed file is written.")],
) -> None:
    """Write the signed file that is kept once more, to file it or to look at it."""
    from kredin_pipeline.commands.sign import copy_signed

    copy_signed(document, to)


@sign_app.command()
def attest(
    document: Document,
    who: Annotated[str, typer.Option("--who", help="The person whose word it is that the document was signed.")],
    role: Annotated[str, typer.Option("--role", help="That person's role, e.g. styreleder.")],
    note: Annotated[str, typer.Option("--note", "-n", help="What was signed where, in words; kept for good.")],
    on: Day = None,
    scan: Annotated[
        Path | None,
        typer.Option("--scan", help="A scan of the signed paper, kept with it.", exists=True, dir_okay=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Keep a named person's word that a document was signed on paper."""
    from kredin_pipeline.commands.sign import attest as keep

    keep(document, who, role, _date(on), note, scan, as_json=as_json)


@sign_app.command()
def filed(
    document: Document,
    reference: Annotated[str, typer.Option("--reference", help="The court's, authority's or estate's reference.")],
    who: Who,
    on: Day = None,
    as_json: Json = False,
) -> None:
    """Note that a signed document was filed; a petition or complaint becomes the case's legal step."""
    from kredin_pipeline.commands.sign import file_document

    file_document(document, _date(on), reference, who, as_json=as_json)


@sign_app.command()
def withdraw(
    document: Document,
    why: Annotated[str, typer.Option("--why", "-n", help="Why, in words; kept for good.")],
    who: Who,
    as_json: Json = False,
) -> None:
    """Give a document up before it is filed."""
    from kredin_pipeline.commands.sign import withdraw as give_up

    give_up(document, why, who, as_json=as_json)


def _date(day: datetime | None) -> date | None:
    return None if day is None else day.date()
