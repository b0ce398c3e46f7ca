"""How ``kredin try`` tells what it found: tables for a person, one JSON text for a machine.

Belongs here: layout. Not here: any figure (``try_report``) or sentence about what is unknown (``try_unknown``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import typer

from kredin_pipeline.cases.explaining import words
from kredin_pipeline.commands.output import print_json, print_table, shown
from kredin_pipeline.commands.try_report import AGES, Tried
from kredin_pipeline.commands.try_unknown import counted
from kredin_pipeline.sandbox.seeds.saft import SaftResult
from kredin_pipeline.sandbox.seeds.saft_content import SaftFile
from kredin_pipeline.sandbox.seeds.saft_xml import SaftError

Row = dict[str, Any]
_ROWS: Final = 25
"""Rows of a table on the screen; JSON has all of them."""
_FAULTS: Final = 20
_ZERO: Final = Decimal("0.00")


def tell(path: Path, file: SaftFile, posted: SaftResult, tried: Tried, on: date) -> None:
    """Print the report."""
    typer.secho(f"{file.company_name or path.stem}, {_number(file)}: {path.name}, SAF-T {file.version}", bold=True)
    made = (
        f"made {file.created} by {file.software}" if file.created else f"made by {file.software or 'an unknown system'}"
    )
    typer.echo(f"  {file.period_from} to {file.period_to}, {made}")
    typer.echo(
        f"  {counted(posted.customers, 'customer')}, {counted(file.voucher_count, 'voucher')}, "
        f"{counted(posted.invoices, 'invoice')}; each voucher sums to zero, {_proved(tried)}"
    )
    for note in posted.notes:
        typer.secho(f"  note: {note}", fg=typer.colors.YELLOW)
    _in_short(tried, on)
    _customers(tried, on)
    _cases(tried, on)
    _letters(tried, on)
    _open_rows(tried)
    typer.secho("What the file cannot tell", bold=True)
    for sentence in tried.unknown:
        typer.echo(f"  - {sentence}")
    if tried.stops:
        typer.secho("What a person would have to mend", bold=True)
        for sentence in tried.stops[:_ROWS]:
            typer.echo(f"  - {sentence}")
        _more(tried.stops)
    typer.echo("\nNothing was sent, posted or kept: the sandbox and the home of this run are gone.")


def tell_json(path: Path, file: SaftFile, posted: SaftResult, tried: Tried, on: date) -> None:
    """Print everything as one JSON text; amounts as numbers with their own decimals."""
    print_json(
        {
            "file": path.name, "company": file.company_name, "organization_no": file.organization_no,
            "version": file.version, "software": file.software, "created": file.created, "currency": file.currency,
            "period_from": file.period_from, "period_to": file.period_to, "on": on,
            "vouchers": file.voucher_count, "entries": posted.entries, "invoices": posted.invoices,
            "matched": posted.matched, "left_out": posted.left_out, "notes": posted.notes, **asdict(tried),
        }
    )  # fmt: skip


def tell_refusal(path: Path, error: SaftError, *, as_json: bool) -> None:
    """Say what is wrong, where, and what to do, on standard error; with ``as_json`` on standard output too."""
    if as_json:
        faults = [{"line": fault.line, "reason": fault.reason} for fault in error.faults]
        print_json(
            {"file": path.name, "refused": True, "faults": faults, "more": error.more, "what_to_do": error.advice}
        )
    typer.secho(f"error: {path.name} was not read", err=True, fg=typer.colors.RED)
    for fault in error.faults[:_FAULTS]:
        typer.echo(f"  {fault}", err=True)
    rest = len(error.faults) - _FAULTS + error.more
    if rest > 0:
        typer.echo(f"  ... and {rest} more", err=True)
    typer.echo(f"{error.advice} Nothing was read from the file.", err=True)


# --- the parts -----------------------------------------------------------------------------------------------------


def _number(file: SaftFile) -> str:
    return f"organisation number {file.organization_no}" if file.organization_no else "no organisation number"


def _proved(tried: Tried) -> str:
    stated = [row for row in tried.customers if row["in_file"] is not None]
    equal = sum(row["balance"] == row["in_file"] for row in stated)
    return f"{equal} of {counted(len(tried.customers), 'customer')} at the file's own closing balance"


def _in_short(tried: Tried, on: date) -> None:
    owed, interest, fees = (_sum(tried.cases, key) for key in ("principal_open", "interest", "fees"))
    held = sum(bool(row["holds"]) for row in tried.cases)
    typer.secho(f"\nOn {on}", bold=True)
    typer.echo(
        f"  {words.kr(owed)} is overdue in {counted(len(tried.cases), 'case')} ({held} held), with interest of "
        f"{words.kr(interest)} and fees of {words.kr(fees)}; {counted(len(tried.letters), 'letter')} would be sent"
    )
    if tried.course_until > on:
        fees = _sum(tried.course, "fee")
        typer.echo(
            f"  until {tried.course_until}, if nobody pays: {counted(len(tried.course), 'more letter')}, "
            f"their fees {words.kr(fees)}"
        )
    typer.echo()


def _sum(rows: Sequence[Row], key: str) -> Decimal:
    return sum((row[key] for row in rows), _ZERO)


def _customers(tried: Tried, on: date) -> None:
    ages = [name for name, _ in AGES]
    columns = ["customer", "name", "balance", "not due", *(f"{name} days" for name in ages), "no due date", "credits"]
    keys = ["balance", "not_due", *ages, "no_due_date", "credits"]
    standing = [row for row in tried.customers if any(row[key] for key in keys)]
    standing.sort(key=lambda row: (-row["balance"], row["customer"]))
    rows = [[row["customer"], row["customer_name"], *(row[key] or None for key in keys)] for row in standing[:_ROWS]]
    if rows:
        rows.append(["", "all", *(_sum(standing, key) for key in keys)])
    print_table(f"Customer ledger (reskontro) on {on}", columns, rows, "No customer owes anything.")
    _more(standing)
    settled = len(tried.customers) - len(standing)
    if settled:
        typer.echo(f"  {counted(settled, 'customer')} with nothing open")


def _cases(tried: Tried, on: date) -> None:
    columns = (
        "invoice",
        "customer",
        "due",
        "days",
        "open",
        "interest",
        "fees",
        "total",
        "state",
        "next",
        "on",
        "held by",
    )
    cases = tried.cases
    rows = [
        [
            row["invoice"], f"{row['customer']} {row['customer_name']}", row["due_date"], row["days_overdue"],
            row["principal_open"], row["interest"], row["fees"], row["total_open"], words.spoken(row["state"]),
            words.spoken(row["next_step"] or ""), row["next_step_on"], ", ".join(map(words.spoken, row["holds"])),
        ]
        for row in cases[:_ROWS]
    ]  # fmt: skip
    if rows:
        sums = [_sum(cases, key) for key in ("principal_open", "interest", "fees", "total_open")]
        rows.append(["all", "", "", "", *sums, "", "", "", ""])
    print_table(f"Cases on {on}", columns, rows, f"Cases on {on}: nothing is overdue.")
    _more(cases)
    if tried.not_due:
        total = _sum(tried.not_due, "open")
        first, last = (pick(row["due_date"] for row in tried.not_due) for pick in (min, max))
        typer.echo(
            f"  {counted(len(tried.not_due), 'invoice')} of {words.kr(total)} not overdue yet, due {first} to {last}"
        )


def _letters(tried: Tried, on: date) -> None:
    _letter_table(f"Would be sent on {on}", tried.letters, f"Nothing would be sent on {on}.")
    if tried.course_until > on:
        none = f"Nothing would be sent after that until {tried.course_until}."
        title = f"And then, if nobody pays, until {tried.course_until}"
        (_letter_table if len(tried.course) <= _ROWS else _days_table)(title, tried.course, none)


def _letter_table(title: str, letters: Sequence[Row], empty: str) -> None:
    columns = ("on", "letter", "by", "to", "invoices", "principal", "interest", "fee", "total", "deadline")
    rows = [
        [
            row["on"], words.spoken(row["step"]), row["channel"], f"{row['customer']} {row['customer_name']}",
            ", ".join(row["invoices"]), row["principal"], row["interest"], row["fee"], row["total"], row["deadline"],
        ]
        for row in letters[:_ROWS]
    ]  # fmt: skip
    print_table(title, columns, rows, empty)
    _more(letters)


def _days_table(title: str, letters: Sequence[Row], empty: str) -> None:
    """Many letters as one row for each day and step."""
    days: dict[tuple[date, str], list[Row]] = {}
    for letter in letters:
        days.setdefault((letter["on"], letter["step"]), []).append(letter)
    keys = ("principal", "interest", "fee", "total")
    rows = [
        [on, words.spoken(step), len(found), *(_sum(found, key) for key in keys)] for (on, step), found in days.items()
    ]
    rows.append(["all", "", len(letters), "", "", _sum(letters, "fee"), ""])
    print_table(title, ("on", "letter", "letters", "principal", "interest", "fees", "total"), rows, empty)


def _open_rows(tried: Tried) -> None:
    columns = ("customer", "invoice", "dated", "open", "why it asks for nothing")
    rows = [
        [row["customer"], row["invoice"], row["dated"], row["open"], row["why"]] for row in tried.unclaimable[:_ROWS]
    ]
    print_table("Open, but nothing can be claimed", columns, rows, "Every open debit can be claimed.")
    _more(tried.unclaimable)
    if tried.open_credits:
        rows = [[row["customer"], row["dated"], row["amount"]] for row in tried.open_credits[:_ROWS]]
        print_table("Credits that settle nothing", ("customer", "dated", "amount"), rows, "")
        _more(tried.open_credits)


def _more(rows: Sequence[object]) -> None:
    if len(rows) > _ROWS:
        typer.echo(f"  ... and {shown(len(rows) - _ROWS)} more; --json has all of them")
