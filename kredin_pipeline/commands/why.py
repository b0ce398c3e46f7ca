"""``kredin why``: which rows, decisions, rules and periods made the state of a case, in readable sections.

Belongs here: finding the tenant and the day, and the layout. Not here: any sentence about a case
(``kredin_pipeline.cases.explaining``).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

import typer

from kredin_pipeline.commands.cases import open_book
from kredin_pipeline.commands.output import fail, failures_told, print_json, print_table, shown, wrong_use
from kredin_pipeline.commands.session import Session, open_session

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from kredin_pipeline.cases.explaining import Comparison, Explanation, Statement
    from kredin_pipeline.cases.explaining.comparing import Change
    from kredin_pipeline.cases.explaining.shapes import Sum

WIDTH: Final = 110
_STAYS: Final = "\u00a0"


@dataclass(frozen=True)
class Asked:
    """What is asked of a case: its tenant (None: found by the case), the day (None: the book's last), the day to
    compare with, and the VAT rate of the invoice in per cent."""

    tenant: str | None
    on: date | None
    compared_to: date | None
    vat_rate: Decimal
    as_json: bool


def asked(tenant: str | None, on: date | None, compared_to: date | None, vat: str, *, as_json: bool) -> Asked:
    """What was typed, the VAT rate read exactly. Ends with exit code 2 when it is no rate."""
    try:
        rate = Decimal(vat.strip().removesuffix("%"))
    except InvalidOperation:
        wrong_use(f"--vat: found {vat!r}, want per cent such as 25 or 15")
    if not rate.is_finite() or not 0 <= rate <= 100:
        wrong_use(f"--vat: found {vat!r}, want 0 to 100 per cent")
    return Asked(tenant, on, compared_to, rate, as_json)


def why(wanted: str, question: Asked) -> None:
    """Print why a case stands as it does, or what changed between two days. Exit code 1 when there is no such case."""
    from kredin_pipeline.cases.explaining import CaseNotFound, NotACaseThen, find_case

    with failures_told():
        session = open_session()
        answers: list[tuple[str, Answer]] = []
        reasons: list[str] = []
        for name in session.names(question.tenant):
            with open_book(session, name) as book:
                if book is None:
                    reasons.append(f"{name}: no run has made a book yet")
                    continue
                try:
                    case_id = find_case(book, wanted).case_id
                    answers.append((name, _answer(session, book, name, wanted, case_id, question)))
                except CaseNotFound as error:
                    reasons.append(f"{name}: {error}")
                except NotACaseThen as error:
                    fail(f"{name}: {error}")
    if not answers:
        fail("; ".join(reasons) or f"{wanted}: no tenant is connected")
    if len(answers) > 1:
        fail(f"{wanted}: found at {', '.join(name for name, _ in answers)}; say which with --tenant")
    _, answer = answers[0]
    if question.as_json:
        print_json(answer.as_json())
    else:
        answer.show()


@dataclass(frozen=True)
class Answer:
    """An explanation, what the row published that day says otherwise, and a comparison if one was asked for."""

    told: Explanation
    otherwise: Mapping[str, tuple[Any, Any]]
    comparison: Comparison | None

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            **asdict(self.told),
            "agrees": self.told.agrees,
            "published_otherwise": {
                column: {"published": published, "with_todays_knowledge": now}
                for column, (published, now) in self.otherwise.items()
            },
        }
        if self.comparison is not None:
            found["comparison"] = asdict(self.comparison)
        return found

    def show(self) -> None:
        if self.comparison is not None:
            _show_comparison(self.comparison)
        else:
            _show(self.told, self.otherwise)


def _answer(
    session: Session, book: DuckDBPyConnection, tenant: str, wanted: str, case_id: str | None, question: Asked
) -> Answer:
    from kredin_pipeline.cases.claims import stored_parameters
    from kredin_pipeline.cases.explaining import compare, explain, published_otherwise

    held = stored_parameters(book)
    if held is None:
        fail(f"{tenant}: no day was derived yet; run one with `kredin run --tenant {tenant}`")
    on = question.on or held.business_date
    said = session.journal.decisions(tenant, case_id) if case_id is not None else []
    law = session.journal.law_tables()
    told = explain(book, wanted, on, law=law, vat_rate=question.vat_rate, attempts=said)
    otherwise = published_otherwise(book, told)
    if question.compared_to is None:
        return Answer(told, otherwise, None)
    other = explain(book, wanted, question.compared_to, law=law, vat_rate=question.vat_rate, attempts=said)
    earlier, later = sorted((told, other), key=lambda one: one.on)
    return Answer(told, otherwise, compare(earlier, later))


# Sections -------------------------------------------------------------------------------------------------------------


def _show(told: Explanation, otherwise: Mapping[str, tuple[Any, Any]]) -> None:
    row = told.row
    typer.secho(f"Case {told.case_id}, invoice {told.invoice_no}, {told.tenant}, on {told.on}", bold=True)
    where = f"{row['state']}" + (f" ({row['closed_reason']})" if row["closed_reason"] else "")
    typer.echo(
        f"{where}; principal open {shown(row['principal_open'])}, costs open {shown(row['costs_open'])}, "
        f"total {shown(row['total_open'])} kr"
    )
    _say(told.notes)
    _show_otherwise(told, otherwise)
    _section("The claim", told.claim.statements)
    _section("What happened, in the order of time", told.happened, dated=True)
    _section("The customer's own credit", [each.statement for each in told.credits])
    _section("Interest (forsinkelsesrente)", told.interest.statements)
    print_table(
        "", ("from", "to", "days", "% a year", "year", "on", "exact", "begins because", "rate from"),
        [(each.from_date, each.to_date, each.days, each.rate_percent, each.year_days, each.base, each.exact, each.began,
          each.source) for each in told.interest.periods], "  No period bears interest.",
    )  # fmt: skip
    _show_sum("What is left of the principal (hovedstol)", told.principal)
    _show_sum("What is left of the costs (fees and interest)", told.costs)
    _section("Where it stands", (*told.state, *told.flags))
    for hold in told.holds:
        _say([hold.cause])
        typer.echo(_wrapped(f"Ends: {hold.ends}.", "      "))
    _section("What comes next", told.next_step.statements)
    _section("What a person may choose", told.choices)
    _section("How long it can be claimed (foreldelse)", told.limitation.statements)
    if told.loss is not None:
        _section("If it is lost (guidance; nothing is posted)", told.loss.statements)
    typer.echo()
    if told.agrees:
        typer.echo("Every sum shown here gives the published figure.")
    else:
        typer.secho("A sum shown here does not give the published figure: report this as a fault.", fg="red", err=True)


def _show_otherwise(told: Explanation, otherwise: Mapping[str, tuple[Any, Any]]) -> None:
    if not otherwise:
        return
    typer.secho(f"\nPublished on {told.on} were other figures", bold=True)
    for column, (published, now) in otherwise.items():
        typer.echo(f"  {column}: published that day: {_value(published)}; with today's knowledge: {_value(now)}")
    late = [row for row in told.ledger_rows if row.known_on is not None and row.known_on > told.on]
    for row in late:
        typer.echo(f"  Known only since {row.known_on}: entry {row.entry_id}, voucher {row.voucher_no}, {row.kind}.")
    if not late:
        typer.echo("  A match, a decision, the debtor's data or a setting became known or changed later.")


def _show_comparison(found: Comparison) -> None:
    head = f"Case {found.case_id}, invoice {found.invoice_no}, {found.tenant}: {found.earlier_on} → {found.later_on}"
    typer.secho(head, bold=True)
    if not found.changes:
        typer.echo("  No published column differs.")
    told: dict[tuple[Statement, ...], list[Change]] = {}
    for change in found.changes:
        told.setdefault(change.because, []).append(change)
    for because, changes in told.items():  # columns that one thing explains stand together
        typer.echo()
        for change in changes:
            typer.secho(f"{change.column}: {_value(change.before)} → {_value(change.after)}", bold=True)
        _say(because)
    _section("What came between, in the order of time", found.between, dated=True)


def _show_sum(title: str, shown_sum: Sum) -> None:
    typer.secho(f"\n{title}", bold=True)
    for at, line in enumerate(shown_sum.lines):
        sign = " " if at == 0 else "−" if line.amount < 0 else "+"
        typer.echo(f"  {sign} {shown(abs(line.amount)):>16}  {line.label}")
    typer.echo(f"  = {shown(shown_sum.total):>16}  open {shown_sum.statements[0].basis}")
    _say(shown_sum.statements if not shown_sum.agrees else shown_sum.statements[1:])


def _section(title: str, statements: Iterable[Statement], *, dated: bool = False) -> None:
    held = list(statements)
    if held:
        typer.secho(f"\n{title}", bold=True)
        _say(held, dated=dated)


def _say(statements: Iterable[Statement], *, dated: bool = False) -> None:
    for one in statements:
        head = f"{one.on.isoformat() if one.on else '':10}  " if dated else ""
        typer.echo(_wrapped(f"{one.text} {one.basis}", f"  {head}"))


def _wrapped(text: str, head: str) -> str:
    """The text under a hanging head, wrapped to the terminal, or to 110 characters when the output is none.

    An amount, and a section sign with its number, stay on one line.
    """
    width = min(get_terminal_size().columns, WIDTH) if sys.stdout.isatty() else WIDTH
    held = re.sub(r"(?<=§) |(?<=§§) |(?<=\d) (?=\d{3}\b)| (?=kr\b)", _STAYS, text)
    wrapped = fill(held, max(width, 60), initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False)
    return wrapped.replace(_STAYS, " ")


def _value(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(each) for each in value) or "none"
    return shown(value) or "none"
