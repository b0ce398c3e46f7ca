"""``kredin sign``: legal documents on their way from draft to filing.

Belongs here: files in and out, and printing. Not here: the check of a signature (``kredin_pipeline.letters.signing``),
and what follows what (``kredin_pipeline.journal.legal``).
"""

from __future__ import annotations

from datetime import date
from mimetypes import guess_type
from pathlib import Path

import typer

from kredin_pipeline.commands.output import fail, failures_told, print_json, print_table
from kredin_pipeline.commands.session import Session, open_session
from kredin_pipeline.journal import LEGAL_KINDS, Journal, LegalAttachment, LegalDraft
from kredin_pipeline.journal.legal_states import LEGAL_STATES, LegalState

WAITING: tuple[LegalState, ...] = ("drafted", "handed_out", "signed", "attested")


def list_documents(tenant: str | None, *, everything: bool, draft_id: str | None, as_json: bool) -> None:
    """Print the documents that are not filed or withdrawn, or all, or one document's history."""
    with failures_told():
        session = open_session()
        if draft_id is not None:
            _history(session.journal, draft_id, as_json=as_json)
            return
        states = tuple(LEGAL_STATES) if everything else WAITING
        found = [one for name in session.names(tenant) for one in session.journal.legal.drafts(name, states)]
    if as_json:
        print_json([_row(one) for one in found])
        return
    columns = ("id", "tenant", "document", "state", "cases", "attachments", "drafted", "filed", "reference", "reason")
    rows = [
        (
            one.draft_id, one.tenant, LEGAL_KINDS[one.kind], one.state, one.case_ids, len(one.attachment_names),
            one.drafted_at.date(), one.filed_on, one.filed_reference, one.reason,
        )
        for one in found
    ]  # fmt: skip
    print_table("Legal documents", columns, rows, "No legal document waits for anything.")


def hand_out(draft_id: str, to: Path, attachments: Path | None, who: str, *, as_json: bool) -> None:
    """Write the draft, and what goes with it, and note that it was handed out."""
    with failures_told():
        session = open_session()
        legal = session.journal.legal
        files = {to: legal.pdf(draft_id)}
        if attachments is not None:
            for number, one in enumerate(legal.attachments(draft_id), 1):
                files[attachments / f"{number:02d} {Path(one.name).name}"] = one.content
        _refuse_to_overwrite(files)
        draft = legal.hand_out(draft_id, who, session.now())
        for file, content in files.items():
            _write(file, content)
    if as_json:
        print_json({**_row(draft), "files": [str(file) for file in files]})
        return
    for file in files:
        typer.echo(f"wrote {file}")
    typer.echo(f"{draft_id} is handed out; sign {to} as it is and bring it back: kredin sign signed {draft_id} FILE")


def take_back(draft_id: str, file: Path, who: str, *, dry_run: bool, as_json: bool) -> None:
    """Check the signed file and keep it. Exit code 1 with the reason when it is refused; the attempt is logged."""
    from resources.signing import take_signed, trust_from

    with failures_told():
        session = open_session()
        trust = trust_from(session.environment)
        taken = take_signed(session.journal, draft_id, _read(file), trust, who, session.now(), dry_run=dry_run)
    if as_json:
        print_json({**_row(taken.draft), "evidence": taken.checked.evidence, "recorded": not dry_run})
        return
    for one in taken.checked.evidence["signatures"]:
        typer.echo(f"signed by {one['signer']} at {one['signed_at'].isoformat()} (time of {one['time_is_of']})")
        typer.echo(f"  covers {one['covers']}; chain {' < '.join(reversed(one['chain']))}")
        typer.echo(f"  revocation: {one['revocation']}")
    _recorded(taken.draft, dry_run=dry_run)


def copy_signed(draft_id: str, to: Path) -> None:
    """Write the kept signed file, or the scan of the signed paper, once more."""
    with failures_told():
        session = open_session()
        kept = session.journal.legal.signature(draft_id)
        if kept is None or kept.content is None:
            what = "no signature is kept yet" if kept is None else "it was signed on paper, and no scan is kept"
            fail(f"{draft_id}: {what}; look at `kredin sign list --history {draft_id}`")
        _refuse_to_overwrite({to: kept.content})
        _write(to, kept.content)
    typer.echo(f"wrote {to} as it was kept on {kept.recorded_at.date()} (SHA-256 {kept.sha256})")


def attest(draft_id: str, who: str, role: str, on: date | None, note: str, scan: Path | None, *, as_json: bool) -> None:
    """Keep a named person's word that the document was signed on paper."""
    with failures_told():
        session = open_session()
        kept = None
        if scan is not None:
            media_type = guess_type(scan.name)[0] or "application/octet-stream"
            kept = LegalAttachment(scan.name, media_type, _read(scan))
        day = on or session.today()
        draft = session.journal.legal.attested(draft_id, who, role, day, note, session.now(), scan=kept)
    _told(draft, as_json=as_json)


def file_document(draft_id: str, on: date | None, reference: str, who: str, *, as_json: bool) -> None:
    """Note that the signed document was filed."""
    with failures_told():
        session = open_session()
        draft = session.journal.legal.filed(draft_id, on or session.today(), reference, who, session.now())
    _told(draft, as_json=as_json)


def withdraw(draft_id: str, why: str, who: str, *, as_json: bool) -> None:
    """Give a document up before it is filed."""
    with failures_told():
        session: Session = open_session()
        draft = session.journal.legal.withdrawn(draft_id, why, who, session.now())
    _told(draft, as_json=as_json)


def _told(draft: LegalDraft, *, as_json: bool) -> None:
    if as_json:
        print_json(_row(draft))
    else:
        _recorded(draft, dry_run=False)


def _recorded(draft: LegalDraft, *, dry_run: bool) -> None:
    if dry_run:
        typer.echo(f"{draft.draft_id} would be signed. Nothing was recorded (dry run).")
        return
    filed = f" on {draft.filed_on}, reference {draft.filed_reference}" if draft.state == "filed" else ""
    typer.echo(f"{draft.draft_id} is {draft.state}{filed}; recorded for {draft.who}.")


def _row(draft: LegalDraft) -> dict[str, object]:
    return {
        "id": draft.draft_id, "tenant": draft.tenant, "kind": draft.kind, "state": draft.state,
        "case_ids": draft.case_ids, "attachments": draft.attachment_names, "template": draft.template,
        "pdf_sha256": draft.pdf_sha256, "drafted_at": draft.drafted_at, "changed_at": draft.changed_at,
        "filed_on": draft.filed_on, "reference": draft.filed_reference, "reason": draft.reason, "who": draft.who,
    }  # fmt: skip


def _history(journal: Journal, draft_id: str, *, as_json: bool) -> None:
    draft, changes = journal.legal.one(draft_id), journal.legal.log(draft_id)
    if as_json:
        signature = journal.legal.signature(draft_id)
        rows = [
            {"at": one.at, "from": one.from_state, "to": one.to_state, "refused_file": one.refused,
             "reason": one.reason, "who": one.who}
            for one in changes
        ]  # fmt: skip
        print_json({**_row(draft), "history": rows, "evidence": None if signature is None else signature.evidence})
        return
    rows = [(one.at, one.to_state or "refused", one.who, one.reason) for one in changes]
    title = f"{draft_id}: {LEGAL_KINDS[draft.kind]}, cases {', '.join(draft.case_ids)}"
    print_table(title, ("at", "state", "by", "reason"), rows, "No history.")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"{file}: cannot be read ({error.strerror}). Nothing was changed")


def _refuse_to_overwrite(files: dict[Path, bytes]) -> None:
    for file, content in files.items():
        if file.exists() and _read(file) != content:
            fail(f"{file}: there is another file of that name; choose another one. Nothing was changed")


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        fail(f"{file}: cannot be written ({error.strerror}); hand it out again to another place")
