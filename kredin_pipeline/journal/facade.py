"""The journal as the rest of the program sees it: one class, put together from its parts, and how it is opened."""

from kredin_pipeline.journal.booked import BookedRows
from kredin_pipeline.journal.brake import Brakes
from kredin_pipeline.journal.changes import Changes
from kredin_pipeline.journal.documents import Documents
from kredin_pipeline.journal.engine import journal_engine
from kredin_pipeline.journal.figures import Figures
from kredin_pipeline.journal.legal import LegalRecords
from kredin_pipeline.journal.migrate import bring_to_head
from kredin_pipeline.journal.secrets import SecretBox
from kredin_pipeline.journal.words import Words


class Journal(Changes, Documents, Figures, Brakes, Words, BookedRows):
    """Tenants, settings, cases, decisions, outbox, brake, documents, added figures. Safe to share between threads."""

    @property
    def legal(self) -> LegalRecords:
        """Legal documents: drafts, signatures, filings."""
        return LegalRecords(self.engine, self._secrets)


def open_journal(url: str, secrets: SecretBox) -> Journal:
    """Open the journal at a SQLite or PostgreSQL URL, making or migrating its tables first.

    Raises ``JournalError`` when the URL is of another kind or the journal was written by a newer version.
    """
    engine = journal_engine(url)
    try:
        bring_to_head(engine)
    except BaseException:
        engine.dispose()
        raise
    return Journal(engine, secrets)
