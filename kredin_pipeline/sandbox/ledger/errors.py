"""What the ledger refuses. The HTTP layer turns these into ProblemDetails; events show the text as it is."""

from __future__ import annotations


class LedgerError(ValueError):
    """A posting or change that the books do not allow. ``title`` and ``status`` are what the API answers."""

    status = 400
    title = "Voucher validation error(s)"

    def __init__(self, detail: str, title: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if title is not None:
            self.title = title


class NotInLedger(LedgerError):
    """Something named does not exist: a customer, an account, a document."""

    status = 404
    title = "Object(s) not found"


class LedgerConflict(LedgerError):
    """In use, already posted or already reversed."""

    status = 409
    title = "Object conflict"


class DuplicateReference(LedgerError):
    """An ExternalImportReference that a standing voucher already has (reference § 4, Idempotency)."""
