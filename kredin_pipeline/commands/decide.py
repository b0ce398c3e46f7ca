"""``kredin decide`` and ``kredin decisions``: a person's word is judged, told and kept; the log is listed.

Belongs here: finding the tenant, opening the book for reading, and printing. Not here: judging
(``kredin_pipeline.cases.decisions``) or logging (``kredin_pipeline.journal.deciding``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from kredin_pipeline.commands.output import fail, failures_told, print_json, print_table, shown
from kredin_pipeline.commands.session import Session, open_session

BOOK_WAIT_SECONDS = 5.0


@dataclass(frozen=True)
class Asked:
    """How a decision is made: whose case it is (None: found by the case), who decides, and how it is answered."""

    tenant: str | None
    who: str
    dry_run: bool
    as_json: bool


def decide(
    asked: Asked, kind: str, case: str | None, payload: Mapping[str, object], *, customer_no: str | None = None
) -> None:
    """Record a decision and print what it will do. Exit code 1, with the reason, when it is refused.

    ``case`` is a case id or an invoice number. A dry run records nothing, a refused attempt neither, and shows the case
    as it stands today and as it would stand.
    """
    from kredin_pipeline.journal.deciding import DecisionRefused, record, weigh
    from resources.book import Book, BookIsBusy
    from resources.deciding import facts_of, foretold

    given = {key: value for key, value in payload.items() if value is not None}
    with failures_told():
        session = open_session()
        tenant = _tenant(session, asked.tenant, case)
        now, today = session.now(), session.today()
        book = Book(folder=str(session.environment.books), lock_wait_seconds=BOOK_WAIT_SECONDS)
        try:
            with facts_of(book, tenant, today) as facts:
                weighed = weigh(session.journal, tenant, case, kind, given, now, facts, customer_no=customer_no)
                changes = foretold(session.journal, weighed, facts, asked.who, now) if asked.dry_run else {}
        except BookIsBusy as error:
            fail(f"{error} Nothing was recorded.")
        answer: dict[str, Any] = {
            "tenant": tenant,
            "kind": kind,
            "case_id": None if weighed.case is None else weighed.case.case_id,
            "invoice_no": None if weighed.case is None else weighed.case.invoice_no,
            "customer_no": weighed.customer_no,
            "payload": [dict(one) for one in weighed.payloads],
            "will": list(weighed.effects),
            "refused": weighed.refused_because,
            "recorded": [],
            "who": asked.who,
            "at": now,
        }
        if asked.dry_run:
            answer["changes"] = {name: {"now": old, "then": new} for name, (old, new) in changes.items()}
            _told(answer, as_json=asked.as_json)
            if weighed.refused_because is not None:
                fail(f"{tenant}: {weighed.refused_because}. Nothing was recorded (dry run)")
            return
        try:
            answer["recorded"] = list(record(session.journal, weighed, asked.who, now).decision_ids)
        except DecisionRefused:
            if asked.as_json:
                _told(answer, as_json=True)
            raise
    _told(answer, as_json=asked.as_json)


def list_decisions(tenant: str | None, case: str | None, *, as_json: bool) -> None:
    """Print the log of decisions, refused attempts among them, in the order in which they were made."""
    with failures_told():
        session = open_session()
        rows: list[dict[str, Any]] = []
        for name in session.names(tenant):
            invoices = {row.case_id: row.invoice_no for row in session.journal.cases(name)}
            for made in session.journal.decisions(name):
                invoice_no = invoices.get(made.case_id or "")
                if case is None or case in (made.case_id, invoice_no, made.payload.get("case")):
                    rows.append(
                        {
                            "tenant": name, "decided_at": made.decided_at, "who": made.decided_by, "kind": made.kind,
                            "case_id": made.case_id, "invoice_no": invoice_no, "customer_no": made.customer_no,
                            "payload": dict(made.payload), "effective_on": made.effective_on,
                            "refused": made.refused_because, "decision_id": made.decision_id,
                        }
                    )  # fmt: skip
    if as_json:
        print_json(rows)
        return
    columns = ("tenant", "decided_at", "who", "kind", "invoice_no", "customer_no", "said", "refused")
    said = [
        {**row, "said": ", ".join(f"{key} {shown(value)}" for key, value in row["payload"].items())} for row in rows
    ]
    print_table("Decisions", columns, [[row[name] for name in columns] for row in said], "Nobody has decided anything.")


def _tenant(session: Session, tenant: str | None, case: str | None) -> str:
    """The tenant meant: the one named, the only one, or the one that has the case."""
    names = session.names(tenant)
    if len(names) == 1:
        return names[0]
    if not names:
        fail("no company is connected yet; run `kredin connect`")
    having = [
        name for name in names if any(case in (row.case_id, row.invoice_no) for row in session.journal.cases(name))
    ]
    if case is None or len(having) != 1:
        found = f"found at {', '.join(having)}" if having else "found at none"
        fail(f"{case or 'a customer'}: {found} of {', '.join(names)}; say which with --tenant")
    return having[0]


def _told(answer: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    if answer["refused"] is not None:
        return
    subject = f"case {answer['case_id']} (invoice {answer['invoice_no']})" if answer["case_id"] else ""
    typer.echo(f"{answer['tenant']}: {answer['kind']} {subject or 'customer ' + str(answer['customer_no'])}")
    for sentence in answer["will"]:
        typer.echo(f"  {sentence}")
    if "changes" in answer:
        rows: Sequence[Sequence[object]] = [[key, one["now"], one["then"]] for key, one in answer["changes"].items()]
        print_table("As of today", ("", "now", "then"), rows, "  Nothing changes as of today.")
        typer.echo("Nothing was recorded (dry run).")
    else:
        ids = ", ".join(answer["recorded"])
        typer.echo(f"Recorded for {answer['who']} as decision {ids}; it counts from the next run on.")
