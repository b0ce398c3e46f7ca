"""How an attempt to change the world outside can end when it did not simply succeed.

Here belong the three outcomes that every door with a side effect (ledger, mail, letter drop) tells apart, because what
may happen next depends on them and on nothing else. Not here: failures of reads, which change nothing and may be tried
again freely.

========================== ================================ =====================================================
outcome                    what is known                    what may follow
========================== ================================ =====================================================
``NothingSent``            nothing was done, the fault      the same intent is tried again, now or in a later run
                           passes by itself
``Rejected``               nothing was done, and the same   a person or another way; never a blind repetition
                           request would be refused again
``OutcomeUnknown``         it may or may not be done        a look-up by reference before anything else happens
========================== ================================ =====================================================
"""

from __future__ import annotations


class SendOutcome(Exception):
    """Base of the three outcomes; ``detail`` is fit for a log: it names the door and the answer, never a secret."""

    def __init__(self, detail: str, *, status: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        """Status code of the answer (HTTP or SMTP), None when there was none."""


class NothingSent(SendOutcome):
    """The request did not reach the other side or was turned away unread (connection refused, 429, 503, SMTP 4xx).

    ``asked_wait``: seconds that the other side wants to be given before the next request, None if it does not say.
    """

    def __init__(self, detail: str, *, status: int | None = None, asked_wait: float | None = None) -> None:
        super().__init__(detail, status=status)
        self.asked_wait = asked_wait


class Rejected(SendOutcome):
    """The other side understood the request and refused it (HTTP 400/409, SMTP 5xx)."""


class OutcomeUnknown(SendOutcome):
    """The request went out and no answer came (read time-out, connection broken): it may have been carried out."""


class ItemMoved(Exception):
    """Another run has changed the item meanwhile, and what was to be noted no longer fits. Nothing was changed."""
