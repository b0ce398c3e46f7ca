"""The shapes in which the journal answers about legal documents. Times are UTC, days are Oslo days, hashes SHA-256."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kredin_pipeline.journal.errors import JournalError
from kredin_pipeline.journal.legal_states import LegalKind, LegalState, SignedWay, legal_may_become
from kredin_pipeline.outcomes import ItemMoved


class UnknownDraft(JournalError):
    """No legal document has this id."""

    def __init__(self, draft_id: str) -> None:
        self.draft_id = draft_id
        super().__init__(f"legal document {draft_id}: no such draft; look at `kredin sign list`")


class DraftMoved(JournalError, ItemMoved):
    """A draft is not in a state from which the wanted change may be made. Nothing was changed."""

    def __init__(self, draft_id: str, found: str, wanted: str, reason: str | None) -> None:
        self.draft_id, self.found, self.wanted = draft_id, found, wanted
        may = ", ".join(legal_may_become(found)) or "nothing: it is final"
        told = f" ({reason})" if found == "withdrawn" and reason else ""
        hint = ""
        if wanted in ("signed", "attested") and found == "drafted":
            hint = "; hand it out first: `kredin sign draft`"
        elif wanted == "filed" and found in ("drafted", "handed_out"):
            hint = "; nothing is filed unsigned: `kredin sign signed` or `kredin sign attest` comes first"
        super().__init__(
            f"legal document {draft_id}: is {found}{told}, cannot become {wanted}; "
            f"from {found} it may become {may}{hint}"
        )


@dataclass(frozen=True)
class LegalAttachment:
    """A document that goes with a legal document: ``name`` as the reader sees it, e.g. ``faktura-1001.pdf``."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class LegalDraft:
    """A legal document as drafted, and how far it has come; its bytes are asked for by themselves (``pdf``).

    ``snapshot``: the data it was made from; ``template``: name and version of what made it; ``reason`` and ``who``
    belong to its last change.
    """

    draft_id: str
    tenant: str
    kind: LegalKind
    state: LegalState
    case_ids: tuple[str, ...]
    pdf_sha256: str
    snapshot: Mapping[str, Any]
    template: str
    attachment_names: tuple[str, ...]
    reason: str | None
    who: str
    filed_on: date | None
    filed_reference: str | None
    drafted_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class LegalSignature:
    """How a draft was signed. ``pades``: ``evidence`` says what the check found, ``content`` is the signed file.

    ``paper``: ``signer`` is the person whose word it is, with ``role`` and ``note``; ``content`` a scan, if any.
    """

    draft_id: str
    way: SignedWay
    signer: str
    role: str | None
    signed_on: date
    note: str | None
    evidence: Mapping[str, Any]
    media_type: str | None
    sha256: str | None
    content: bytes | None
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True)
class LegalChange:
    """One row of a draft's history: a change of state, or (``refused`` set) a file that was not taken as signed."""

    from_state: LegalState | None
    to_state: LegalState | None
    refused: str | None
    reason: str | None
    who: str
    at: datetime
