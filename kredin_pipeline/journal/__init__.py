"""The journal: what cannot be computed again. Tenants and settings, cases' numbers, decisions, the outbox, documents,
and the figures of the law that were added since the release.

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
    "AddedFigure",
    "CaseRow",
    "Decision",
    "DecisionKind",
    "Document",
    "ItemKind",
    "Journal",
    "JournalError",
    "JournalRows",
    "LetterRow",
    "OutboxItem",
    "SecretBox",
    "SecretUnreadable",
    "SettingsChange",
    "State",
    "Tenant",
    "Transition",
    "TransitionRefused",
    "UnknownItem",
    "UnknownTenant",
    "VoucherRow",
    "load_secret_box",
    "open_journal",
    "voucher_reference",
]
