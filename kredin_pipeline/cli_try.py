"""``kredin try``: name, options and help.

Belongs here: what a user types. The work is in ``kredin_pipeline.commands.try_file``, imported when the command runs.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def try_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.xml", exists=True, dir_okay=False, readable=True,
            help="SAF-T Financial (SAF-T Regnskap), as any Norwegian accounting system exports it.",
        ),
    ],
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="DATE", help="Business date (Oslo); the end of the file if left out."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Another setting; may be repeated.")
    ] = None,
    ahead: Annotated[
        int, typer.Option(min=0, max=366, metavar="DAYS", help="Days played after that if nobody pays; 0 for none.")
    ] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:  # fmt: skip
    """Show what would happen with a company's own books: read a SAF-T export, without any key.

    Its customer ledger, cases, interest and fees, what would be sent and when, and what the file cannot tell. Nothing
    is sent, nothing is kept, and no installation is touched.
    """
    from kredin_pipeline.commands.try_file import try_file

    try_file(file, on.date() if on else None, settings or [], ahead, as_json=as_json)
