"""``kredin debtors``: name, options and help.

Belongs here: what a user types. The work is in ``kredin_pipeline.commands.debtors``, imported when the command runs.
"""

from __future__ import annotations

from typing import Annotated

import typer


def debtors(
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="Name of the tenant.")],
    customer: Annotated[str | None, typer.Option(metavar="NO", help="Only this customer number.")] = None,
    changes: Annotated[bool, typer.Option("--changes", help="What changed in the register, the newest first.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List debtors as the register knows them: what holds them up, an estate's trustee, their last accounts."""
    from kredin_pipeline.commands.debtors import list_debtors

    list_debtors(tenant, customer, changes=changes, as_json=as_json)
