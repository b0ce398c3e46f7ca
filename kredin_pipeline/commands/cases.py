"""``kredin cases`` and ``kredin case``: the published rows of a day, and everything behind one of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import typer

from kredin_pipeline.commands.output import fail, failures_told, print_json, print_table, shown
from kredin_pipeline.commands.session import Session, open_session

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = dict[str, Any]

_LISTED: Final = (
    "invoice_no", "customer_name", "due_date", "principal_open", "interest", "costs_open", "total_open", "state",
    "last_step", "next_step", "next_step_on", "holds",
)  # fmt: skip
_BEHIND: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "settlements": ("effective_on", ("effective_on", "kind", "amount", "settlement_key")),
    "interest_periods": ("from_date", ("from_date", "to_date", "days", "rate_percent", "year_days", "base", "amount")),
}


def list_cases(tenant: str | None, on: date | None, states: Sequence[str], *, as_json: bool) -> None:
    """Print the case table of one or all tenants as published for a day, or the newest before it."""
    with failures_told():
        session = open_session()
        found: list[Row] = []
        for name in session.names(tenant):
            with open_book(session, name) as book:
                found += _published(session, book, on or session.today()) if book is not None else []
    if states:
        found = [row for row in found if row["state"] in states]
    if as_json:
        print_json(found)
        return
    columns: Sequence[str] = _LISTED if tenant else ("tenant", *_LISTED)
    rows: list[list[object]] = [[row[column] for column in columns] for row in found]
    told = [row for row in found if row["provisional"]]
    if told:  # beside the interest that it is about
        columns, at = [*columns], columns.index("interest") + 1
        columns.insert(at, "provisional")
        for cells, row in zip(rows, found, strict=True):
            cells.insert(at, _mark(row))
    print_table(f"Cases on {on or session.today()}", columns, rows, "No case is published for that day.")
    for why in dict.fromkeys(row["provisional_because"] for row in told):
        typer.echo(f"provisional: {why}")


def show_case(wanted: str, tenant: str | None, on: date | None, *, as_json: bool) -> None:
    """Print one case with its settlements, interest periods, letters, vouchers and decisions."""
    with failures_told():
        session = open_session()
        hits: list[tuple[str, Row, dict[str, list[Row]]]] = []
        for name in session.names(tenant):
            with open_book(session, name) as book:
                if book is None:
                    continue
                for row in _published(session, book, on or session.today()):
                    if wanted in (row["case_id"], row["invoice_no"]):
                        hits.append((name, row, _derived_behind(session, book, row)))
        if not hits:
            fail(f"{wanted}: no such case or invoice number {f'at {tenant}' if tenant else 'at any tenant'}")
        if len(hits) > 1:
            fail(f"{wanted}: found at {', '.join(name for name, _, _ in hits)}; say which with --tenant")
        name, row, behind = hits[0]
        behind |= _kept_behind(session, name, str(row["case_id"]))
        sales = _sales_to_cover_the_loss(session, name, row, behind)
        row |= {} if sales is None else {"sales_to_cover_loss": sales}
    if as_json:
        print_json({**row, **behind})
        return
    for key, value in row.items():
        if value not in (None, [], ""):
            typer.echo(f"{key:20} {shown(value)}")
    for title, rows in behind.items():
        if rows:
            print_table(title.replace("_", " ").capitalize(), list(rows[0]), [list(one.values()) for one in rows], "")


@contextmanager
def open_book(session: Session, tenant: str) -> Generator[DuckDBPyConnection | None, None, None]:
    """The tenant's book for reading, None while it has had no run. Ends with exit code 1 while a run writes it."""
    import duckdb

    file = session.environment.books / f"{tenant}.duckdb"
    if not file.exists():
        yield None
        return
    try:
        connection = duckdb.connect(str(file), read_only=True)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise
        fail(f"{tenant}: a run is writing the book ({str(error).rsplit('held in', 1)[-1].strip()}); try again after it")
    try:
        yield connection
    finally:
        connection.close()


def _published(session: Session, book: DuckDBPyConnection, on: date) -> list[Row]:
    """The rows of a day. One that is provisional says until which day rates are known, and what to do about it."""
    from kredin_pipeline.cases import published
    from kredin_pipeline.law.coverage import last_day_with_a_rate, why_provisional

    law = session.journal.law_tables()
    try:
        rows = published.rows(book, on, law)
    except published.NothingPublished:
        return []
    claimed = book.execute("select bool_or(compensation) from parameters").fetchone() == (True,)
    for row in rows:
        row["rates_known_to"], row["provisional_because"] = None, None
        if row["provisional"]:
            due, until = row["due_date"], row["business_date"]
            owed = claimed and row["debtor_kind"] == "business"
            why, command = why_provisional(law.rates, law.fees, due, until, owed)
            row["rates_known_to"] = last_day_with_a_rate(law.rates, due, until)
            row["provisional_because"] = why if command is None else f"{why}; add it with: {command}"
    return rows


def _mark(row: Row) -> str:
    if not row["provisional"]:
        return ""
    return "provisional" if row["rates_known_to"] is None else f"rates to {row['rates_known_to']}"


def _derived_behind(session: Session, book: DuckDBPyConnection, row: Row) -> dict[str, list[Row]]:
    """Settlements and interest periods of a case as of the day its row is for."""
    from kredin_pipeline.cases.aside import derived_as_of

    found: dict[str, list[Row]] = {}
    derived = book.execute("select business_date from parameters").fetchone()
    stands = derived is not None and derived[0] == row["business_date"]
    law = session.journal.law_tables()
    with nullcontext() if stands else derived_as_of(book, row["business_date"], law):
        for table, (order, columns) in _BEHIND.items():
            query = f"select {', '.join(columns)} from {table} where case_id = ? order by {order}"
            rows = book.execute(query, [row["case_id"]]).fetchall()
            found[table] = [dict(zip(columns, values, strict=True)) for values in rows]
    return found


def _sales_to_cover_the_loss(
    session: Session, tenant: str, row: Row, behind: Mapping[str, Sequence[Row]]
) -> Decimal | None:
    """The sales that a lost claim takes to earn back (rules § 8), None when nothing is lost or no margin is set."""
    from kredin_pipeline.cases import loss_guidance

    off = sum((each["amount"] for each in behind["settlements"] if each["kind"] == "write_off"), Decimal(0))
    lost = loss_guidance.principal_lost(off, row["principal_open"], row["loss_ground"])
    left = loss_guidance.loss_left(min(lost, row["principal_open"]), Decimal(0))
    margin = session.journal.tenant(tenant).settings.contribution_margin
    return loss_guidance.sales_to_cover(left, margin) if left else None


def _kept_behind(session: Session, tenant: str, case_id: str) -> dict[str, list[Row]]:
    """Letters, vouchers and decisions of a case, from the journal."""
    rows = session.journal.export_rows(tenant)
    return {
        "letters": [row._asdict() for row in rows.letters if row.case_id == case_id],
        "vouchers": [row._asdict() for row in rows.vouchers if row.case_id == case_id],
        "decisions": [
            {
                "effective_on": decision.effective_on, "kind": decision.kind, "by": decision.decided_by,
                "at": decision.decided_at, "payload": dict(decision.payload), "refused": decision.refused_because,
            }
            for decision in session.journal.decisions(tenant, case_id)
        ],
    }  # fmt: skip
