"""``kredin legal``: cases ready for legal steps, their documents in words, and drafting on request.

Belongs here: finding what is meant, and printing. Not here: what the law allows (``cases.legal_ready``), drafting
(``resources.legal_drafting``), handing out and signatures (``kredin sign``).
"""

from __future__ import annotations

from typing import Any

import typer

from kredin_pipeline.cases.explaining.standing import CHOICES
from kredin_pipeline.commands.cases import open_book
from kredin_pipeline.commands.output import fail, failures_told, onboarding_failures_told, print_json, print_table
from kredin_pipeline.commands.session import Session, open_session
from kredin_pipeline.journal import LEGAL_KINDS, LegalDraft
from kredin_pipeline.journal.legal_states import UNSIGNED
from kredin_pipeline.letters.legal.content import Kind, LegalError, from_json
from kredin_pipeline.letters.legal.gathering import groups
from kredin_pipeline.letters.legal.reading import Found, read
from kredin_pipeline.letters.legal.render import page_of


def list_ready(tenant: str | None, *, as_json: bool) -> None:
    """Print every ready case with its document, or why there is none."""
    rows: list[dict[str, Any]] = []
    with failures_told():
        session = open_session()
        for name in session.names(tenant):
            with open_book(session, name) as book:
                if book is not None:
                    rows += _ready(session, name, read(book))
    if as_json:
        print_json([{**row, "choices": [name for name, *_ in CHOICES]} for row in rows])
        return
    columns = ("tenant", "case_id", "invoice_no", "debtor", "document", "id", "state", "why")
    found = [tuple(row[column] for column in columns) for row in rows]
    print_table("Ready for legal steps", columns, found, "No case is ready for legal steps.")
    if rows:
        typer.echo("You may choose:")
        for name, text, *_ in CHOICES:
            typer.echo(f"  {name}: {text}")


def show_document(draft_id: str, *, as_json: bool) -> None:
    """Print what a document says, what goes with it, and what could not be had."""
    with failures_told():
        draft = open_session().journal.legal.one(draft_id)
    said = from_json(draft.snapshot["document"])
    missing = list(draft.snapshot.get("missing", ()))
    if as_json:
        print_json({**_row(draft), "missing": missing, "document": draft.snapshot["document"]})
        return
    typer.echo(f"{draft_id}: {LEGAL_KINDS[draft.kind]}, {draft.state}\n")
    typer.echo(page_of(said).text())
    typer.echo(f"\ngoes with it: {', '.join(draft.attachment_names)}")
    for one in missing:
        typer.echo(f"could not be had: {one}")
    if draft.state in UNSIGNED:
        typer.echo(f"sign it: kredin sign draft {draft_id} --to FILE")


def draft_document(wanted: str, kind: Kind | None, tenant: str | None, who: str, *, as_json: bool) -> None:
    """Draft a document about a case. Exit code 1 with the reason when the law does not allow it now."""
    from assets.legal_request import draft_on_request
    from kredin_pipeline.configured import resources_from

    with onboarding_failures_told():
        session = open_session()
        name, case_id = _meant(session, wanted, tenant)
        poweroffice, owner = resources_from(session.environment).poweroffice, session.journal.tenant(name)
        with open_book(session, name) as book:
            assert book is not None  # the case was found in it
            try:
                made = draft_on_request(
                    book, session.journal, poweroffice, owner, case_id, kind, who, session.now(), session.today()
                )
            except LegalError as error:
                fail(str(error))
    if as_json:
        print_json({**_row(made), "missing": list(made.snapshot.get("missing", ()))})
        return
    typer.echo(f"{made.draft_id}: {LEGAL_KINDS[made.kind]} for {', '.join(made.case_ids)}; read it: kredin legal show")
    for one in made.snapshot.get("missing", ()):
        typer.echo(f"could not be had: {one}")


def _meant(session: Session, wanted: str, tenant: str | None) -> tuple[str, str]:
    """The tenant and the case id; of several with the same number none is guessed."""
    from assets.legal_request import case_ids

    hits: list[tuple[str, str]] = []
    for name in session.names(tenant):
        with open_book(session, name) as book:
            hits += [] if book is None else [(name, case_id) for case_id in case_ids(book, wanted)]
    if not hits:
        fail(f"{wanted}: no such case or invoice number {f'at {tenant}' if tenant else 'at any tenant'}")
    if len(hits) > 1:
        told = ", ".join(f"{case_id} at {name}" for name, case_id in hits)
        fail(f"{wanted}: found {told}; say which by case id and --tenant")
    return hits[0]


def _ready(session: Session, tenant: str, found: Found) -> list[dict[str, Any]]:
    drafts: dict[str, LegalDraft] = {}
    for one in session.journal.legal.drafts(tenant):
        if one.state != "withdrawn":
            drafts |= dict.fromkeys(one.case_ids, one)
    due, waiting = groups(found, session.today())
    chosen = {case: group.kind for group in due for case in group.case_ids}
    why = {one.case_id: one.why for one in waiting}
    rows: list[dict[str, Any]] = []
    for one in found.cases:
        case = one.facts.case_id
        draft = drafts.get(case)
        if case not in chosen and case not in why and draft is None:
            continue
        rows.append({
            "tenant": tenant, "case_id": case, "invoice_no": one.claim.invoice_no, "debtor": one.debtor.name,
            "document": chosen.get(case) if draft is None else draft.kind,
            "id": None if draft is None else draft.draft_id, "state": None if draft is None else draft.state,
            "why": why.get(case),
        })  # fmt: skip
    return rows


def _row(draft: LegalDraft) -> dict[str, object]:
    return {
        "id": draft.draft_id, "tenant": draft.tenant, "kind": draft.kind, "state": draft.state,
        "case_ids": draft.case_ids, "attachments": draft.attachment_names, "template": draft.template,
        "drafted_at": draft.drafted_at, "reason": draft.reason, "who": draft.who,
    }  # fmt: skip
