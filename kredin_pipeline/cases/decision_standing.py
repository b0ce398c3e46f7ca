"""What is known of a case at the moment when a person decides on it (rules § 7).

Belongs here: one value that puts together the newest published row, the log, the letters that left and the entries
that settle it, and the questions that judging and telling both ask of it. Not here: finding these (``resources``,
``journal``), judging (``decisions``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Protocol

from kredin_pipeline.cases import decision_log as said_before
from kredin_pipeline.cases.decision_choices import CloseReason
from kredin_pipeline.cases.decision_log import Said, Word, as_word

CLOSE_REASONS: Final = tuple(CloseReason)


class Letter(Protocol):
    """One claim in a letter that left, as the journal gives it; ``fee`` in kroner, ``deadline`` an Oslo day."""

    @property
    def letter_key(self) -> str: ...
    @property
    def case_id(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def sent_on(self) -> date: ...
    @property
    def deadline(self) -> date | None: ...
    @property
    def fee(self) -> Decimal: ...
    @property
    def bears_fee(self) -> bool: ...


@dataclass(frozen=True)
class Entry:
    """An entry of the ledger that settles (part of) the claim, as the book's last run read it; kroner, Oslo day."""

    entry_id: str
    kind: str
    amount: Decimal
    effective_on: date


@dataclass(frozen=True)
class Standing:
    """What is known of a case at the moment of a decision. None and empty mean: not known, so not judged.

    ``on`` is the Oslo day of the decision, ``row`` the newest published row, ``log`` the tenant's decisions that count
    in their order, ``letters`` the claims in every letter of the tenant that left with this case in it, ``entries``
    what settles the claim, ``siblings`` the cases of the same customer, whatever number it had.
    """

    case_id: str
    on: date
    invoice_no: str | None = None
    customer_no: str | None = None
    row: Mapping[str, Any] | None = None
    log: Sequence[Said] = ()
    letters: Sequence[Letter] = ()
    entries: Sequence[Entry] | None = None
    siblings: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The case as messages call it."""
        return f"case {self.case_id}" + (f" (invoice {self.invoice_no})" if self.invoice_no else "")

    @property
    def holds(self) -> tuple[str, ...]:
        """What holds the case: as published, with the log's newest word on pauses and disputes."""
        published = () if self.row is None else tuple(self.row.get("holds") or ())
        by_log = {
            "paused": (said_before.PAUSES, said_before.paused(self.log, self.case_id, self.on)),
            "disputed": (said_before.DISPUTES, said_before.disputed(self.log, self.case_id)),
        }
        spoken_of = [
            hold for hold, (kinds, _) in by_log.items() if said_before.newest(self.log, self.case_id, kinds, hold)
        ]
        held = [hold for hold, (_, word) in by_log.items() if word is not None]
        return (*held, *(hold for hold in published if hold not in spoken_of))

    @property
    def closed(self) -> str | None:
        """Why the case is closed, by a person's newest word or as published; None when it is open."""
        word = said_before.closed_by_person(self.log, self.case_id)
        if word is not None:
            return as_word(word.payload.get("reason"))
        if self.row is None or self.row["state"] != "closed":
            return None
        reason = str(self.row.get("closed_reason") or "closed")
        reopened = said_before.newest(self.log, self.case_id, ("close", "reopen")) is not None
        return None if reopened and reason in CLOSE_REASONS else reason

    @property
    def due_date(self) -> date | None:
        """The due date that counts: the newest agreement, else the published one."""
        agreed = said_before.agreed_due_date(self.log, self.case_id)
        return agreed or (None if self.row is None else self.row.get("due_date"))

    @property
    def own_letters(self) -> list[Letter]:
        """This case's part of each letter, oldest first."""
        return sorted((one for one in self.letters if one.case_id == self.case_id), key=lambda one: one.sent_on)

    @property
    def exclusion(self) -> Word | None:
        """The exclusion of its customer by a person, if one stands."""
        return said_before.excluded(self.log, self.customer_no, [self.case_id, *self.siblings])

    @property
    def excluded(self) -> bool:
        """Whether the customer gets no letters, by a person's word or PowerOffice's."""
        return self.exclusion is not None or "excluded" in self.holds
