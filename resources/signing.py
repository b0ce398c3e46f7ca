"""A signed legal document is taken back: checked, kept, or refused and logged.

Belongs here: the one way in for the command line and Dagster's jobs alike. Not here: the check itself
(``kredin_pipeline.letters.signing``), and what the journal keeps (``kredin_pipeline.journal.legal``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from kredin_pipeline.cases.signers import read_signers
from kredin_pipeline.environment import Environment
from kredin_pipeline.journal import DraftMoved, Journal, JournalError, LegalDraft
from kredin_pipeline.letters.signing import Checked, Refusal, SignatureRefused, check_signed
from kredin_pipeline.letters.signing_trust import Trust, TrustFault, read_trust

_OSLO: Final = ZoneInfo("Europe/Oslo")


class SignedFileRefused(JournalError):
    """A file is not taken as the signed document; ``reason`` is a ``Refusal``, or the state of the draft."""

    def __init__(self, draft: LegalDraft, reason: str, told: str, *, logged: bool) -> None:
        self.draft_id, self.reason, self.told = draft.draft_id, reason, told
        kept = "; the attempt is in the log" if logged else " (dry run)"
        super().__init__(
            f"{draft.tenant}: legal document {draft.draft_id}: refused ({reason}): {told}. Nothing was changed{kept}"
        )


@dataclass(frozen=True)
class Taken:
    """A document that was taken back signed, and what the check found."""

    draft: LegalDraft
    checked: Checked


def trust_from(environment: Environment) -> Trust:
    """The roots and the policy of this installation. Raises ``JournalError`` for a folder that cannot be used."""
    try:
        return read_trust(environment.signing_roots, environment.signing_revocation)
    except TrustFault as fault:
        raise JournalError(f"{fault}. Nothing was changed") from None


def take_signed(
    journal: Journal, draft_id: str, content: bytes, trust: Trust, who: str, at: datetime, *, dry_run: bool = False
) -> Taken:
    """Check a signed file against its draft and keep it; ``at`` is the time of receipt (aware).

    Raises ``SignedFileRefused`` with the reason, which is logged (unless ``dry_run``), and ``UnknownDraft``.
    """
    draft = journal.legal.one(draft_id)
    pdf = journal.legal.pdf(draft_id)
    try:
        if draft.state != "handed_out":
            raise SignatureRefused(Refusal.wrong_state, str(DraftMoved(draft_id, draft.state, "signed", draft.reason)))
        words = journal.tenant(draft.tenant).settings.signers
        checked = check_signed(pdf, content, None if words is None else read_signers(words), trust, at)
    except SignatureRefused as refused:
        told = refused.told
        if refused.reason == Refusal.other_content and (other := _of_another(journal, draft, content)) is not None:
            told = f"what was signed is another document, {other.draft_id} ({other.kind}, {other.state})"
        if not dry_run:
            journal.legal.refused(draft_id, content, f"{refused.reason}: {told}", who, at)
        raise SignedFileRefused(draft, refused.reason, told, logged=not dry_run) from None
    if not dry_run:
        signed_on = checked.signed_at.astimezone(_OSLO).date()
        draft = journal.legal.signed(draft_id, content, checked.signer, signed_on, checked.evidence, who, at)
    return Taken(draft, checked)


def _of_another(journal: Journal, draft: LegalDraft, content: bytes) -> LegalDraft | None:
    for other in journal.legal.drafts(draft.tenant):
        if other.draft_id != draft.draft_id and content.startswith(journal.legal.pdf(other.draft_id)):
            return other
    return None
