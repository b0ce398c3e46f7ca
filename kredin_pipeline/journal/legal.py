"""Legal documents: drafted, handed out, taken back signed or attested, filed; each change once and logged.

Belongs here: keeping drafts, their signatures and their log, and the order of the states. Not here: what a document
says and when it may be drafted (``letters.legal``), and whether a signature is good (``letters.signing``): the caller
of ``signed`` has checked it. The database refuses what is out of order, and every filing without a signature
(``legal_triggers``).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select, update

from kredin_pipeline.cases.decision_choices import LegalKind as LegalStep
from kredin_pipeline.journal import legal_reading as found_in
from kredin_pipeline.journal import schema
from kredin_pipeline.journal.columns import canonical_json
from kredin_pipeline.journal.errors import JournalError
from kredin_pipeline.journal.legal_reading import LegalReading
from kredin_pipeline.journal.legal_schema import (
    legal_attachments,
    legal_draft_cases,
    legal_drafts,
    legal_refusals,
    legal_signatures,
)
from kredin_pipeline.journal.legal_shapes import DraftMoved, LegalAttachment, LegalDraft
from kredin_pipeline.journal.legal_states import LEGAL_KINDS, UNSIGNED, LegalState, starts_of

__all__ = ["LegalRecords"]
_OSLO: Final = ZoneInfo("Europe/Oslo")
_PIPELINE: Final = "kredin"


class LegalRecords(LegalReading):
    """What is written of legal documents. Every method raises ``UnknownDraft`` for an id that is not there, and
    ``DraftMoved`` when the draft's state does not allow the change; then nothing is changed."""

    def draft(
        self,
        tenant: str,
        kind: str,
        case_ids: Sequence[str],
        pdf: bytes,
        snapshot: Mapping[str, object],
        attachments: Sequence[LegalAttachment],
        template: str,
        at: datetime,
        *,
        who: str = _PIPELINE,
    ) -> LegalDraft:
        """Keep a draft. The same content again gives the draft that is there, unless it was withdrawn.

        A new one withdraws each unsigned draft of the same kind that shares a case with it; one that is signed stays.
        Raises ``JournalError`` for an unknown kind or case, a file that is no PDF, or no case.
        """
        where = f"{tenant}: legal document {kind}"
        if kind not in LEGAL_KINDS:
            raise JournalError(f"{where}: no such kind; known are {', '.join(LEGAL_KINDS)}")
        if not case_ids or len(set(case_ids)) != len(case_ids):
            raise JournalError(f"{where}: found the cases {list(case_ids)}, want at least one, each once")
        if not pdf.startswith(b"%PDF-"):
            raise JournalError(f"{where}: found a file that does not begin with %PDF-, want a PDF")
        data = canonical_json(snapshot, where)
        parts = [(one.name, one.media_type, _sha256(one.content)) for one in attachments]
        content = _sha256(canonical_json([kind, list(case_ids), _sha256(pdf), data, parts, template], where).encode())
        with self.writing() as connection:
            self.hold_tenant(connection, tenant)
            same = select(legal_drafts.c.draft_id).where(
                legal_drafts.c.tenant == tenant,
                legal_drafts.c.content_sha256 == content,
                legal_drafts.c.state != "withdrawn",
            )
            there = connection.execute(same).scalar()
            if there is not None:
                return found_in.draft(connection, there)
            _know_cases(connection, tenant, case_ids)
            draft_id = _next_id(connection, tenant)
            for older in _unsigned(connection, tenant, kind, case_ids):
                _change(connection, older, "withdrawn", who, at, {"reason": f"replaced by {draft_id}"})
            row = {
                "draft_id": draft_id, "tenant": tenant, "kind": kind, "state": "drafted", "content_sha256": content,
                "pdf_sha256": _sha256(pdf), "pdf": pdf, "snapshot": data, "template": template,
                "case_count": len(case_ids), "attachment_count": len(attachments), "who": who, "drafted_at": at,
                "changed_at": at,
            }  # fmt: skip
            connection.execute(insert(legal_drafts).values(row))
            place = {"draft_id": draft_id, "tenant": tenant}
            connection.execute(
                insert(legal_draft_cases),
                [{**place, "position": number, "case_id": case} for number, case in enumerate(case_ids)],
            )
            for number, (one, (_, _, sha256)) in enumerate(zip(attachments, parts, strict=True)):
                there_too = {"position": number, "name": one.name, "media_type": one.media_type, "sha256": sha256}
                connection.execute(insert(legal_attachments).values({**place, **there_too, "content": one.content}))
            return found_in.draft(connection, draft_id)

    def hand_out(self, draft_id: str, who: str, at: datetime) -> LegalDraft:
        """Note that a person has taken the draft for signing; again for another copy of the same bytes."""
        return self._move(draft_id, "handed_out", who, at, {"reason": None})

    def signed(
        self,
        draft_id: str,
        content: bytes,
        signer: str,
        signed_on: date,
        evidence: Mapping[str, object],
        who: str,
        at: datetime,
    ) -> LegalDraft:
        """Keep the signed file (PAdES) with what its check found. The caller has checked it (``letters.signing``).

        Raises ``JournalError`` when the file does not begin with the draft's own bytes.
        """
        with self.writing() as connection:
            found = found_in.held(connection, draft_id)
            _may(found, "signed")
            pdf = found_in.pdf(connection, draft_id)
            if content[: len(pdf)] != pdf or len(content) == len(pdf):
                raise JournalError(f"legal document {draft_id}: the signed file does not begin with the draft's bytes")
            row = {
                "way": "pades", "signer": signer, "signed_on": signed_on, "media_type": "application/pdf",
                "evidence": canonical_json(evidence, f"legal document {draft_id}: evidence"), "content": content,
                "sha256": _sha256(content),
            }  # fmt: skip
            _sign(connection, found, row, who, at)
            return _change(connection, found, "signed", who, at, {"reason": f"signed by {signer}"})

    def attested(
        self,
        draft_id: str,
        who: str,
        role: str,
        on: date,
        note: str,
        at: datetime,
        *,
        scan: LegalAttachment | None = None,
        recorded_by: str | None = None,
    ) -> LegalDraft:
        """Keep a named person's word that the draft was signed on paper on a day (Oslo).

        Raises ``JournalError`` for an empty name, role or note, a day in the future or before the draft.
        """
        for name, value in (("who", who), ("role", role), ("note", note)):
            if not value.strip():
                raise JournalError(f"legal document {draft_id}: {name}: found nothing; an attestation names it")
        with self.writing() as connection:
            found = found_in.held(connection, draft_id)
            _may(found, "attested")
            _within(draft_id, "on", on, _oslo(found.drafted_at), "it was drafted", at)
            row = {
                "way": "paper", "signer": who.strip(), "role": role.strip(), "signed_on": on, "note": note.strip(),
                "evidence": "{}",
            }  # fmt: skip
            if scan is not None:
                row |= {"media_type": scan.media_type, "content": scan.content, "sha256": _sha256(scan.content)}
            by = recorded_by or who.strip()
            _sign(connection, found, row, by, at)
            reason = f"signed on paper {on.isoformat()}, by the word of {who.strip()} ({role.strip()})"
            return _change(connection, found, "attested", by, at, {"reason": reason})

    def filed(self, draft_id: str, on: date, reference: str, who: str, at: datetime) -> LegalDraft:
        """Note that the signed document was filed on a day (Oslo) under a reference; final.

        A petition or complaint becomes the legal step of each of its cases, as a decision. Raises ``JournalError`` for
        an empty reference, a day in the future or before the signature.
        """
        if not reference.strip():
            raise JournalError(f"legal document {draft_id}: reference: found nothing, want the other side's reference")
        with self.writing() as connection:
            found = found_in.held(connection, draft_id)
            _may(found, "filed")
            signature = select(legal_signatures.c.signed_on).where(legal_signatures.c.draft_id == draft_id)
            _within(draft_id, "on", on, connection.execute(signature).scalar_one(), "it was signed", at)
            values = {"filed_on": on, "filed_reference": reference.strip(), "reason": None}
            done = _change(connection, found, "filed", who, at, values)
            if found.kind in tuple(LegalStep):
                step = {"kind": found.kind, "reference": reference.strip(), "date": on, "document": draft_id}
                _decide(connection, found, "legal", step, who, at)
            return done

    def withdrawn(self, draft_id: str, why: str, who: str, at: datetime) -> LegalDraft:
        """Give a document up before it is filed; the reason is kept."""
        if not why.strip():
            raise JournalError(f"legal document {draft_id}: why: found nothing, want the reason")
        return self._move(draft_id, "withdrawn", who, at, {"reason": why.strip()})

    def refused(self, draft_id: str, content: bytes, why: str, who: str, at: datetime) -> None:
        """Log that a file was offered as signed and not taken: its hash, and why. The draft stays as it is."""
        with self.writing() as connection:
            found = found_in.held(connection, draft_id)
            row = {
                "draft_id": draft_id, "tenant": found.tenant, "sha256": _sha256(content), "reason": why, "who": who,
                "at": at,
            }  # fmt: skip
            connection.execute(insert(legal_refusals).values(row))

    def _move(self, draft_id: str, to: LegalState, who: str, at: datetime, values: Mapping[str, object]) -> LegalDraft:
        with self.writing() as connection:
            return _change(connection, found_in.held(connection, draft_id), to, who, at, values)


def _may(found: LegalDraft, to: LegalState) -> None:
    if found.state not in starts_of(to):
        raise DraftMoved(found.draft_id, found.state, to, found.reason)


def _change(
    connection: Connection, found: LegalDraft, to: LegalState, who: str, at: datetime, values: Mapping[str, object]
) -> LegalDraft:
    """One UPDATE from the states that allow it; of two people one wins."""
    if not who.strip():
        raise JournalError(f"legal document {found.draft_id}: who? The log needs a name")
    wanted = (legal_drafts.c.draft_id == found.draft_id, legal_drafts.c.state.in_(starts_of(to)))
    changed = {"state": to, "who": who.strip(), "changed_at": at, **values}
    if connection.execute(update(legal_drafts).where(*wanted).values(changed)).rowcount != 1:
        now = found_in.draft(connection, found.draft_id)
        raise DraftMoved(now.draft_id, now.state, to, now.reason)
    return found_in.draft(connection, found.draft_id)


def _sign(connection: Connection, found: LegalDraft, row: Mapping[str, object], who: str, at: datetime) -> None:
    """The signature's row, and the decision ``sign`` of each case (rules § 7)."""
    if not who.strip():
        raise JournalError(f"legal document {found.draft_id}: who? The log needs a name")
    place = {"draft_id": found.draft_id, "tenant": found.tenant, "recorded_by": who.strip(), "recorded_at": at}
    connection.execute(insert(legal_signatures).values({**row, **place}))
    said = {"document": found.draft_id, "kind": found.kind} | {
        name: row[name] for name in ("way", "signer", "signed_on")
    }
    _decide(connection, found, "sign", said, who, at)


def _decide(
    connection: Connection, found: LegalDraft, kind: str, payload: Mapping[str, object], who: str, at: datetime
) -> None:
    text = canonical_json(payload, f"legal document {found.draft_id}: decision {kind}")
    row = {"tenant": found.tenant, "kind": kind, "payload": text, "effective_on": _oslo(at), "decided_by": who.strip()}
    connection.execute(
        insert(schema.decisions),
        [{**row, "case_id": case, "decision_id": uuid4().hex, "decided_at": at} for case in found.case_ids],
    )


def _within(draft_id: str, field: str, day: date, first: date, what: str, at: datetime) -> None:
    today = _oslo(at)
    if day < first or day > today:
        raise JournalError(
            f"legal document {draft_id}: {field}: found {day.isoformat()}, want a day from {first.isoformat()} "
            f"({what}) to today ({today.isoformat()})"
        )


def _unsigned(connection: Connection, tenant: str, kind: str, case_ids: Sequence[str]) -> list[LegalDraft]:
    shares = select(legal_draft_cases.c.draft_id).where(
        legal_draft_cases.c.tenant == tenant, legal_draft_cases.c.case_id.in_(case_ids)
    )
    return found_in.drafts(
        connection,
        legal_drafts.c.tenant == tenant,
        legal_drafts.c.kind == kind,
        legal_drafts.c.state.in_(UNSIGNED),
        legal_drafts.c.draft_id.in_(shares),
    )


def _know_cases(connection: Connection, tenant: str, case_ids: Sequence[str]) -> None:
    here = select(schema.cases.c.case_id).where(schema.cases.c.tenant == tenant, schema.cases.c.case_id.in_(case_ids))
    known = set(connection.execute(here).scalars())
    if missing := [case for case in case_ids if case not in known]:
        raise JournalError(f"{tenant}: case {', '.join(missing)} is not in the journal; look at `kredin cases`")


def _next_id(connection: Connection, tenant: str) -> str:
    count: Any = connection.execute(select(func.count()).where(legal_drafts.c.tenant == tenant)).scalar_one()
    return f"{tenant}-L{int(count) + 1}"


def _oslo(at: datetime) -> date:
    return at.astimezone(_OSLO).date()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
