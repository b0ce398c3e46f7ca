"""The command line of a tenant's history: ``kredin rebuild``. The work is in ``kredin_pipeline.commands``."""

from __future__ import annotations

from typing import Annotated

import typer


def rebuild(
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="Name of the tenant.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make it and compare, and leave the old book in use.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept-differences", help="Exchange the books also when the case table is another one.")
    ] = False,
) -> None:
    """Make a tenant's book anew from the ledger and the journal; sends and posts nothing.

    The old book stays in use until the new one's mirror is proved whole and its case table is the same.
    """
    from kredin_pipeline.commands.rebuild import rebuild_book

    rebuild_book(tenant, dry_run=dry_run, accept=accept)
