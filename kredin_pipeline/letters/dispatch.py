"""Letters out of the house: the last look, sending, and what follows from each answer (rules §§ 4.3, 4.5, 9).

Here belongs the order of steps that lets every letter leave at most once and charge at most once. Not here: the
connections (``resources.post``), the outbox's own rules (``kredin_pipeline.journal``), the texts.

::

    intended ── claim ──> sending ── taken ──> posted ── document kept, read back ──> confirmed
       │                     ├── nothing sent ──> intended (a later run writes it anew with that day's sums)
       │                     ├── refused ──> rejected (the next day by another way)
       │                     └── no answer ──> outcome_unknown
       └── the last look finds a change ──> cancelled, nothing is charged

A lost answer is settled by channel:

- **paper**: the letter drop is read. The letter has left if its file and a manifest that names it lie there; else it
  has not, and is intended again. A manifest is what a print house works from, so a file without one is no letter.
- **e-mail**: nobody can be asked whether a mail server kept a message whose answer was lost. It stays
  ``outcome_unknown``, is never sent again by itself, and charges nothing until a person says whether it left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from kredin_pipeline.letters.content import LetterContent, LetterError
from kredin_pipeline.letters.email_message import Envelope, compose
from kredin_pipeline.letters.intents import Item, credits_of, letter_of
from kredin_pipeline.letters.last_look import Picture, reason_to_drop
from kredin_pipeline.letters.pdf import render_pdf
from kredin_pipeline.letters.post_batch import (
    PaperLetter,
    listed_files,
    manifest,
    manifest_path,
)
from kredin_pipeline.outcomes import NothingSent, Rejected, SendOutcome

GIVE_UP_AFTER = 3
"""So many letters in a row that a door turned away end the sending through it for this run."""
MOST_MANIFESTS = 10_000


class Outbox(Protocol):
    """What of the journal is needed; every change is refused by the journal if the item is in another state."""

    def claim_for_sending(self, key: str, worker: str, at: datetime) -> bool: ...
    def mark_posted(
        self, key: str, remote_id: str, remote_no: str | None, at: datetime, *, sent_on: date | None = None
    ) -> None: ...
    def mark_confirmed(self, key: str, at: datetime) -> None: ...
    def mark_outcome_unknown(self, key: str, reason: str, at: datetime, *, worker: str | None = None) -> None: ...
    def mark_rejected(self, key: str, reason: str, at: datetime) -> None: ...
    def mark_nothing_sent(self, key: str, reason: str, at: datetime) -> None: ...
    def cancel(self, key: str, reason: str, at: datetime) -> None: ...
    def requeue(self, key: str, reason: str, at: datetime) -> None: ...
    def add_document(
        self,
        tenant: str,
        content: bytes,
        kind: str,
        media_type: str,
        snapshot: dict[str, object],
        at: datetime,
        *,
        key: str | None = None,
        case_id: str | None = None,
    ) -> str: ...


class Mailer(Protocol):
    """An open connection to a mail server. ``send`` raises the outcomes."""

    def send(self, envelope: Envelope) -> None: ...


class LetterBox(Protocol):
    """The letter drop. ``put`` raises the outcomes; ``get`` raises ``OutcomeUnknown`` when it cannot be read."""

    def put(self, path: str, content: bytes) -> None: ...
    def get(self, path: str) -> bytes | None: ...


class Doors(Protocol):
    """Both ways out. Opening one raises ``NothingSent`` when it is not set up."""

    @property
    def sender(self) -> str: ...
    def mailer(self) -> AbstractContextManager[Mailer]: ...
    def letter_box(self) -> AbstractContextManager[LetterBox]: ...


@dataclass
class LetterReport:
    """What became of the letters, by outbox key; the texts say why. ``sent`` are those that left in this run."""

    sent: list[LetterContent] = field(default_factory=list[LetterContent])
    found: list[str] = field(default_factory=list[str])
    requeued: list[str] = field(default_factory=list[str])
    dropped: dict[str, str] = field(default_factory=dict[str, str])
    unknown: dict[str, str] = field(default_factory=dict[str, str])
    rejected: dict[str, str] = field(default_factory=dict[str, str])
    not_sent: dict[str, str] = field(default_factory=dict[str, str])


class LetterDispatch:
    """One run's work on the letters of one tenant. ``worker`` names the run in the log; ``now`` gives aware UTC."""

    def __init__(self, outbox: Outbox, doors: Doors, now: Callable[[], datetime], worker: str) -> None:
        self._outbox, self._doors, self._now, self._worker = outbox, doors, now, worker
        self.report = LetterReport()

    def settle_earlier(self, items: Sequence[Item]) -> None:
        """Settle what earlier runs left: letters without an answer, and letters that were taken but not confirmed."""
        for item in items:
            if item.state == "sending":
                self._outbox.mark_outcome_unknown(
                    item.key, "the run that sent it ended before the answer", self._now(), worker=self._worker
                )
        waiting = [item for item in items if item.state in ("sending", "outcome_unknown")]
        paper = [item for item in waiting if letter_of(item).channel == "post"]
        for item in waiting:
            if item not in paper:
                self.report.unknown[item.key] = "by e-mail, no answer: a person has to say whether it left"
        if paper:
            self._look_into_the_drop(paper)
        for item in items:
            if item.state == "posted":
                self._keep_and_confirm(item.key, letter_of(item), None)

    def last_look(self, items: Sequence[Item], picture: Picture) -> list[Item]:
        """Drop what no longer fits, with its reason; gives what may leave."""
        fit: list[Item] = []
        for item in items:
            reason = reason_to_drop(letter_of(item), credits_of(item), picture)
            if reason is None:
                fit.append(item)
                continue
            self._outbox.cancel(item.key, reason, self._now())
            self.report.dropped[item.key] = reason
        return fit

    def send(self, items: Sequence[Item]) -> None:
        """Send letters that passed the last look: e-mails one by one, paper as one batch with its manifest."""
        letters: list[tuple[Item, LetterContent, bytes]] = []
        for item in items:
            try:
                content = letter_of(item)
                letters.append((item, content, render_pdf(content)))
            except LetterError as error:
                self.report.not_sent[item.key] = str(error)
        self._send_by_mail([one for one in letters if one[1].channel == "email"])
        self._send_on_paper(
            [(item, PaperLetter(content, pdf)) for item, content, pdf in letters if content.channel == "post"]
        )

    # E-mail ---------------------------------------------------------------------------------------------------------

    def _send_by_mail(self, letters: Sequence[tuple[Item, LetterContent, bytes]]) -> None:
        if not letters:
            return
        try:
            with self._doors.mailer() as mailer:
                failures_in_a_row = 0
                for item, content, pdf in letters:
                    if failures_in_a_row >= GIVE_UP_AFTER:
                        self.report.not_sent[item.key] = "not tried: the mail server could not be reached"
                        continue
                    through = self._mail_one(mailer, item, content, pdf)
                    failures_in_a_row = 0 if through else failures_in_a_row + 1
        except NothingSent as outcome:  # the door itself is not set up
            for item, _, _ in letters:
                self.report.not_sent[item.key] = outcome.detail

    def _mail_one(self, mailer: Mailer, item: Item, content: LetterContent, pdf: bytes) -> bool:
        """False when the server turned it away unread."""
        try:
            envelope = compose(content, pdf, self._doors.sender, self._now())
        except LetterError as error:
            self.report.not_sent[item.key] = str(error)
            return True
        if not self._outbox.claim_for_sending(item.key, self._worker, self._now()):
            return True  # another worker has it
        try:
            mailer.send(envelope)
        except SendOutcome as outcome:
            return self._failed(item.key, outcome)
        except Exception as error:
            self._outbox.mark_outcome_unknown(item.key, f"broke off: {type(error).__name__}", self._now())
            raise
        self._left(item, content, envelope.message_id, pdf)
        return True

    def _failed(self, key: str, outcome: SendOutcome) -> bool:
        if isinstance(outcome, NothingSent):
            self._outbox.mark_nothing_sent(key, outcome.detail, self._now())
            self.report.not_sent[key] = outcome.detail
            return False
        if isinstance(outcome, Rejected):
            self._outbox.mark_rejected(key, outcome.detail, self._now())
            self.report.rejected[key] = outcome.detail
            return True
        self._outbox.mark_outcome_unknown(key, outcome.detail, self._now())
        self.report.unknown[key] = outcome.detail
        return True

    # Paper ----------------------------------------------------------------------------------------------------------

    def _send_on_paper(self, letters: Sequence[tuple[Item, PaperLetter]]) -> None:
        if not letters:
            return
        try:
            with self._doors.letter_box() as box:
                self._drop_batch(box, letters)
        except NothingSent as outcome:  # the door itself is not set up
            for item, _ in letters:
                self.report.not_sent.setdefault(item.key, outcome.detail)

    def _drop_batch(self, box: LetterBox, letters: Sequence[tuple[Item, PaperLetter]]) -> None:
        """Files first, then one manifest that names them; a letter counts as left with the manifest."""
        there: list[tuple[Item, PaperLetter]] = []
        failures_in_a_row = 0
        for item, letter in letters:
            if failures_in_a_row >= GIVE_UP_AFTER:
                self.report.not_sent[item.key] = "not tried: the letter drop could not be reached"
                continue
            if not self._outbox.claim_for_sending(item.key, self._worker, self._now()):
                continue
            try:
                box.put(letter.path, letter.pdf)
                there.append((item, letter))
                failures_in_a_row = 0
            except SendOutcome as outcome:
                failures_in_a_row = 0 if self._failed(item.key, outcome) else failures_in_a_row + 1
            except Exception as error:
                self._abandon([item, *(one for one, _ in there)], error)
                raise
        if not there:
            return
        try:
            self._drop_manifest(box, [letter for _, letter in there])
        except SendOutcome as outcome:
            for item, _ in there:
                # The file alone is no letter, so a manifest that was turned away means that nothing has left.
                self._failed(item.key, NothingSent(outcome.detail) if isinstance(outcome, Rejected) else outcome)
            return
        except Exception as error:
            self._abandon([item for item, _ in there], error)
            raise
        for item, letter in there:
            self._left(item, letter.content, letter.path, letter.pdf)

    def _abandon(self, items: Sequence[Item], error: Exception) -> None:
        for item in items:
            self._outbox.mark_outcome_unknown(item.key, f"broke off: {type(error).__name__}", self._now())

    def _drop_manifest(self, box: LetterBox, letters: Sequence[PaperLetter]) -> None:
        """The batch's manifest under the day's first free number; several tenants may write on one day."""
        day = letters[0].content.dated
        content = manifest(letters)
        for number in range(1, MOST_MANIFESTS):
            path = manifest_path(day, number)
            if box.get(path) is not None:
                continue
            try:
                box.put(path, content)
                return
            except Rejected as outcome:
                if outcome.status != 409:  # 409: somebody took the number between the two calls
                    raise
        raise NothingSent(f"letter drop: no free manifest number below {MOST_MANIFESTS} for {day}")

    def _look_into_the_drop(self, items: Sequence[Item]) -> None:
        """Settle letters on paper whose answer was lost by what lies in the drop."""
        try:
            with self._doors.letter_box() as box:
                listed: dict[date, dict[str, str]] = {}
                for item in items:
                    content = letter_of(item)
                    if content.dated not in listed:
                        listed[content.dated] = listed_files(read_manifests(box, content.dated))
                    path = listed[content.dated].get(content.letter_key)
                    lies_there = box.get(path) if path is not None else None
                    if path is not None and lies_there is not None:
                        self._outbox.mark_posted(item.key, path, None, self._now(), sent_on=content.dated)
                        self.report.found.append(item.key)
                        self._keep_and_confirm(item.key, content, lies_there)
                    else:
                        self._outbox.requeue(item.key, "looked up: not in the letter drop", self._now())
                        self.report.requeued.append(item.key)
        except SendOutcome as outcome:
            for item in items:
                if item.key not in self.report.found and item.key not in self.report.requeued:
                    self.report.unknown[item.key] = outcome.detail

    # After it left --------------------------------------------------------------------------------------------------

    def _left(self, item: Item, content: LetterContent, remote_id: str, pdf: bytes) -> None:
        self._outbox.mark_posted(item.key, remote_id, None, self._now(), sent_on=content.dated)
        self.report.sent.append(content)
        self._keep_and_confirm(item.key, content, pdf)

    def _keep_and_confirm(self, key: str, content: LetterContent, pdf: bytes | None) -> None:
        """Keep the document as it left, then confirm; a run that ends between the two is finished by the next."""
        made = render_pdf(content) if pdf is None else pdf
        self._outbox.add_document(
            content.tenant, made, content.step, "application/pdf", snapshot(content), self._now(), key=key
        )
        self._outbox.mark_confirmed(key, self._now())


def snapshot(content: LetterContent) -> dict[str, object]:
    """The figures of a letter for the document's record; amounts as text."""
    return {
        "letter_key": content.letter_key,
        "cases": list(content.case_ids),
        "invoices": list(content.invoice_nos),
        "step": content.step,
        "channel": content.channel,
        "dated": content.dated.isoformat(),
        "deadline": content.deadline.isoformat(),
        "principal": f"{content.principal:.2f}",
        "interest": f"{content.interest:.2f}",
        "fee": f"{content.fee:.2f}",
        "total": f"{content.total:.2f}",
        "regime": content.regime,
    }


def read_manifests(box: LetterBox, day: date) -> list[bytes]:
    """Every manifest of a day that lies in the letter drop. Raises ``OutcomeUnknown`` when it cannot be read."""
    found: list[bytes] = []
    for number in range(1, MOST_MANIFESTS):
        content = box.get(manifest_path(day, number))
        if content is None:
            break
        found.append(content)
    return found
