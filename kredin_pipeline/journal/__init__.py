"""The journal: what cannot be computed again. Tenants and settings, cases' numbers, decisions, the outbox, documents,
legal documents
and their signatures, and the figures of the law that were added since the release.

Here belong the tables, their migrations, the rules the database itself enforces, and reading and writing them. What a
decision means, when a letter is due or what a voucher holds does not belong here: the journal keeps, it does not judge.

``open_journal(url, secrets)`` gives a ``Journal``; SQLite and PostgreSQL behave alike.
"""

from kredin_pipeline.journal.errors import (
    JournalError,
    SecretUnreadable,
    TransitionRefused,
    UnknownItem,
    UnknownTenant,
)
from kredin_pipeline.journal.facade import Journal, open_journal
from kredin_pipeline.journal.figures import AddedFigure
from kredin_pipeline.journal.legal import LegalRecords
from kredin_pipeline.journal.legal_shapes import (
    DraftMoved,
    LegalAttachment,
    LegalChange,
    LegalDraft,
    LegalSignature,
    UnknownDraft,
)
from kredin_pipeline.journal.legal_states import LEGAL_KINDS, LegalKind, LegalState
from kredin_pipeline.journal.records import (
    CaseRow,
    Decision,
    Document,
    JournalRows,
    LetterRow,
    OutboxItem,
    SettingsChange,
    Tenant,
    Transition,
    VoucherRow,
    voucher_reference,
)
from kredin_pipeline.journal.secrets import SecretBox, load_secret_box
from kredin_pipeline.journal.states import ALLOWED_TRANSITIONS, DecisionKind, ItemKind, State

__all__ = [
    "ALLOWED_TRANSITIONS",
    "LEGAL_KINDS",
    "AddedFigure",
    "CaseRow",
    "Decision",
    "DecisionKind",
    "Document",
    "DraftMoved",
    "ItemKind",
    "Journal",
    "JournalError",
    "JournalRows",
    "LegalAttachment",
    "LegalChange",
    "LegalDraft",
    "LegalKind",
    "LegalRecords",
    "LegalSignature",
    "LegalState",
    "LetterRow",
    "OutboxItem",
    "SecretBox",
    "SecretUnreadable",
    "SettingsChange",
    "State",
    "Tenant",
    "Transition",
    "TransitionRefused",
    "UnknownDraft",
    "UnknownItem",
    "UnknownTenant",
    "VoucherRow",
    "load_secret_box",
    "open_journal",
    "voucher_reference",
]
