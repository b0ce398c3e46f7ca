"""The outcomes of a send, as the journal's users know them; defined in ``kredin_pipeline.outcomes``."""

from __future__ import annotations

from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected, SendOutcome

__all__ = ["NothingSent", "OutcomeUnknown", "Rejected", "SendOutcome"]
