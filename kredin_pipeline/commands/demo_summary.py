"""What the demo says at its end: what came in, what stands open, what left, and where to look next.

Belongs here: counting what arrived in the sandbox and telling it. Everything is counted where it arrived (mailbox,
letter drop, ledger) or read from the published case table, never from what a run says about itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from rich.table import Table

from assets.metadata import kroner
from kredin_pipeline.cases import published
from kredin_pipeline.commands.output import fail
from kredin_pipeline.commands.session import Session
from kredin_pipeline.configured import resources_from
from kredin_pipeline.environment import Environment

if TYPE_CHECKING:
    from kredin_pipeline.sandbox.control import Control
    from kredin_pipeline.sandbox.server import RunningSandbox


class Shown(Protocol):
    """A tenant and its today."""

    @property
    def tenant(self) -> str: ...
    @property
    def today(self) -> date: ...


@dataclass(frozen=True)
class Counts:
    """What has left the house so far, counted where it arrived."""

    emails: int
    letters_by_post: int
    vouchers: int


def count(control: Control) -> Counts:
    """Messages in the mailbox, letters in the letter drop, and our vouchers in every company's ledger."""
    papers = [file for file in control.letter_drop_files() if str(file["path"]).endswith(".pdf")]
    vouchers = [voucher for company in control.companies() for voucher in our_vouchers(control, company["client_key"])]
    return Counts(len(control.mailbox()), len(papers), len(vouchers))


def our_vouchers(control: Control, client_key: str) -> list[dict[str, Any]]:
    """The un-reversed vouchers that the pipeline posted in a company's ledger."""
    return [
        voucher
        for voucher in control.vouchers(client_key)
        if voucher["created_by_integration"] and not voucher["is_reversed"]
    ]


def tell_summary(
    console: Console, session: Session, environment: Environment, sandbox: RunningSandbox, companies: Sequence[Shown]
) -> None:
    """Print the summary. Fails when no voucher stands in a ledger or one does not balance: then it is no demo."""
    control = sandbox.control
    counts = count(control)
    console.print()
    for company in companies:
        _tell_cases(console, environment, company)
    console.print(
        f"[bold]Left the house:[/] {counts.emails} letters by e-mail, {counts.letters_by_post} on paper, "
        f"{counts.vouchers} vouchers in the ledger."
    )
    posted = [
        (company["name"], voucher)
        for company in control.companies()
        for voucher in our_vouchers(control, company["client_key"])
    ]
    if not posted:
        fail("no voucher of fee and interest stands in the sandbox's ledger")
    _tell_vouchers(console, posted)
    home = environment.home
    console.print("\n[bold]Where to look next[/]")
    console.print("  make ui                          the same data in the Dagster UI")
    console.print(f"  .venv/bin/kredin cases --tenant {companies[0].tenant}   the case table; --json for machines")
    tenants = len(session.journal.tenant_names())
    console.print(f"  .venv/bin/kredin outbox          every letter and voucher with its state ({tenants} tenants)")
    console.print(f"  {home.name}/letter-drop             the letters on paper, as PDF")


def _tell_cases(console: Console, environment: Environment, company: Shown) -> None:
    with resources_from(environment).book.read_only(company.tenant) as con:
        rows = published.rows(con, company.today)
    states = Counter(str(row["state"]) for row in rows)
    open_rows = [row for row in rows if row["state"] != "closed"]
    table = Table(title=f"{company.tenant} on {company.today}", title_justify="left")
    for heading in ("state", "cases", "principal open", "costs open"):
        table.add_column(heading, justify="left" if heading == "state" else "right")
    for state, number in sorted(states.items()):
        of_state = [row for row in rows if row["state"] == state]
        table.add_row(
            state, str(number), kroner(_sum(of_state, "principal_open")), kroner(_sum(of_state, "costs_open"))
        )
    console.print(table)
    held = Counter(hold for row in open_rows for hold in row["holds"])
    flagged = Counter(flag for row in open_rows for flag in row["flags"])
    if held:
        console.print("  held: " + ", ".join(f"{name} {number}" for name, number in sorted(held.items())))
    if flagged:
        console.print("  flags: " + ", ".join(f"{name} {number}" for name, number in sorted(flagged.items())))


def _tell_vouchers(console: Console, posted: Sequence[tuple[str, dict[str, Any]]]) -> None:
    table = Table(title="Fee and interest, back in the ledger", title_justify="left")
    for heading in ("company", "voucher", "posting date", "lines", "sum"):
        table.add_column(heading)
    for name, voucher in posted:
        lines = [(str(line["account_no"]), Decimal(str(line["amount"]))) for line in voucher["lines"]]
        total = sum((amount for _, amount in lines), Decimal(0))
        if total != 0:
            fail(f"voucher {voucher['voucher_no']} of {name} does not balance: its lines sum to {total}")
        table.add_row(
            name,
            str(voucher["voucher_no"]),
            str(voucher["posting_date"]),
            ", ".join(f"{account} {amount}" for account, amount in lines),
            str(total),
        )
    console.print(table)


def _sum(rows: Sequence[dict[str, Any]], column: str) -> Decimal:
    return sum((Decimal(row[column]) for row in rows), Decimal(0))
