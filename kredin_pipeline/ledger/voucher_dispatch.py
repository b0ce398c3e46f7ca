"""Exactly one voucher per settlement: sending, looking up, reading back (rules § 5.5).

Here belongs the order of the steps that keeps a voucher from being booked twice or not at all, whatever breaks. Not
here: HTTP (``resources``), the outbox's own rules (``kredin_pipeline.journal``), the lines (``voucher_lines``), how
many requests are under way (``voucher_sending``), and how the ledger is searched (``voucher_looking``).

The ledger has no idempotency key, but a voucher carries our reference and a repeated one is refused (PowerOffice
reference, Idempotency). So::

    intended ── claim ──> sending ── POST ──> posted ── read back ──> confirmed
                             │  no answer
                             └─────> outcome_unknown ── look-up finds it ──> posted, or conflict if it differs
                                            └── a later run's look-ups find nothing ──> intended again, same reference

A look-up right after a lost answer may miss a voucher that the ledger is slow to show. The run that lost the answer
therefore waits and looks several times, but never concludes absence; only a later run does. Should even that be wrong,
the repeated reference is refused, and the refusal leads to a look-up.

**Taking over.** A run that finds an item ``sending`` cannot know whether the run that claimed it is dead, slow, or on a
machine that came apart from this one; no length of time proves it. So it may take the item over at any time, and the
rule is made such that a living holder loses nothing by it:

- The taker sends nothing before it has looked for ten seconds (``LOOK_UP_WAITS``), or once, if the claim is older than
  ``SETTLED_AFTER``, and found nothing in the ledger's lines nor in the customer's ledger. What it finds is noted as
  posted, whoever sent it.
- If both then send, they send the same reference: the ledger takes one and refuses the other, and the refused one looks
  up and finds the first. The same holds for a reversal. There is never a second reference for one settlement.
- What a holder *concludes* from its own request (nothing sent, refused, no answer) names the holder, and the journal
  refuses it once another worker has claimed. What a look-up concludes (not there) names the number of attempts it knew
  of, and the journal refuses it after a further one. So nobody's conclusion ends another one's attempt.
- What anybody *knows* (the ledger has taken it, under this id) is true whoever holds the item, and is noted from any
  state. If the taker has meanwhile put the item back, or dropped it because its settlement fell away, the holder's
  answer makes it posted all the same (``adopt``), and the day's plan reverses what should not stand.

A change that the journal refuses for this reason is told in ``report.moved``; the run goes on with the other items.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from kredin_pipeline.ledger.voucher_content import content_of as content_of
from kredin_pipeline.ledger.voucher_content import voucher_of as voucher_of
from kredin_pipeline.ledger.voucher_doors import Clock as Clock
from kredin_pipeline.ledger.voucher_doors import Item as Item
from kredin_pipeline.ledger.voucher_doors import Ledger as Ledger
from kredin_pipeline.ledger.voucher_doors import Outbox as Outbox
from kredin_pipeline.ledger.voucher_doors import VoucherReport as VoucherReport
from kredin_pipeline.ledger.voucher_lines import FoundLine, VoucherError, difference, manual_journal
from kredin_pipeline.ledger.voucher_looking import Looking, Seen
from kredin_pipeline.ledger.voucher_sending import Answer, Request, Sending
from kredin_pipeline.outcomes import ItemMoved, OutcomeUnknown, Rejected

LOOK_UP_WAITS: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0, 4.0)
"""Seconds before each look-up after an answer that was lost just now; ten in all."""
SETTLED_AFTER = timedelta(seconds=60)
"""What was sent longer ago than this is visible if it is there: one look-up is enough."""
IN_FLIGHT = 8
"""Requests under way at once: at 10 requests a second, enough for answers that take 0.8 s."""
CONFIRMED_AT_ONCE = 200
"""Vouchers whose read-back is noted in one transaction; what is lost with a crash is read again."""
NOT_SEEN = "no answer, and not visible in the ledger yet; the next run looks again"
REFUSED_BEFORE = "refused on an earlier day, tried again"
"""Why an item that the ledger refused is intended again; its earlier attempts have known ends."""


class VoucherDispatch:
    """One run's work on the vouchers of one tenant. ``worker`` names the run in the outbox's log, and no other run.

    With ``in_flight`` 1, or a single item, everything happens in the caller's thread.
    """

    def __init__(
        self, outbox: Outbox, ledger: Ledger, clock: Clock, worker: str, *, in_flight: int = IN_FLIGHT
    ) -> None:
        self._outbox, self._ledger, self._clock, self._worker = outbox, ledger, clock, worker
        self._in_flight = in_flight
        self.report = VoucherReport()
        self._looking = Looking(ledger, _judged, self.report.unread)
        self._proved_absent: set[str] = set()
        self._lost: list[Item] = []
        self._refused: list[tuple[Item, Rejected]] = []

    def settle_earlier(self, items: Sequence[Item]) -> None:
        """Look up what an earlier run left without an answer; what is proved absent becomes intended again."""
        waiting = [item for item in items if item.state == "outcome_unknown" or self._taken_over(item)]
        old = [item for item in waiting if self._is_old(item)]
        settled = {item.key for item in old}
        absent = self._look_up(old, LOOK_UP_WAITS[:1])
        absent += self._look_up([item for item in waiting if not self._is_old(item)], LOOK_UP_WAITS)
        for item in self._looking.absent_for_sure(absent):
            if self._noted(item, lambda item=item: self._put_back(item)):
                self.report.requeued.append(item.key)
                self._proved_absent |= {item.key} & settled
        self.report.put_in_order([item.key for item in items])

    def send(self, items: Sequence[Item]) -> None:
        """Send what is intended, several at once, then look for those that were refused or whose answer was lost."""
        work: list[tuple[Item, Request]] = []
        for item in items:
            try:
                work.append((item, self._request(item)))
            except VoucherError as error:
                self.report.not_sent[item.key] = str(error)
        sending = Sending(
            at_once=self._in_flight,
            claim=self._claimed,
            settle=self._answered,
            give_back=self._not_sent,
            sleep=self._clock.sleep,
        )
        try:
            for key, why in sending.run(work).items():
                self.report.not_sent.setdefault(key, why)
            self._settle_refusals()
            self._look_up(self._lost, LOOK_UP_WAITS)
            settled = {*self.report.posted, *self.report.conflicts}
            for item in self._lost:
                if item.key in settled:
                    self.report.unknown.pop(item.key, None)
                else:
                    self.report.unknown.setdefault(item.key, NOT_SEEN)
        finally:
            self._lost, self._refused = [], []
            self.report.put_in_order([item.key for item in items])

    def confirm(self, items: Sequence[Item]) -> None:
        """Read posted items back and fill in the ledger's number. One that is not visible yet waits for a later run."""
        posted = [item for item in items if item.state == "posted"]
        seen = self._looking.see(posted)
        there: dict[str, str | None] = {}
        for item in posted:
            found = seen.get(item.key)
            if found is None:
                continue
            if found.verdict == "different":
                self._differs(item, found)
            elif found.verdict == "absent" or (item.remote_no or found.remote_no) is None:
                self.report.not_visible.append(item.key)
            else:
                there[item.key] = None if item.remote_no else found.remote_no
        keys = list(there)
        for begin in range(0, len(keys), CONFIRMED_AT_ONCE):
            some = {key: there[key] for key in keys[begin : begin + CONFIRMED_AT_ONCE]}
            self.report.confirmed += self._outbox.confirm_many(some, self._clock.now())
        for key in there.keys() - set(self.report.confirmed):
            self.report.moved[key] = "another run has read it back, or moved it, meanwhile"
        self.report.put_in_order([item.key for item in items])

    # --- one request, from claim to answer -----------------------------------------------------------------------

    def _request(self, item: Item) -> Request:
        """The call that carries the item out, built before the item is claimed."""
        if item.kind == "reversal":
            voucher_id = str(item.payload["voucher_id"])
            return lambda: (self._ledger.reverse(voucher_id), None)
        voucher, accounts, posting_date = voucher_of(item.key, item.payload)
        body = manual_journal(voucher, accounts, posting_date)
        return lambda: self._ledger.post(body)

    def _claimed(self, items: Sequence[Item]) -> list[Item]:
        won = set(self._outbox.claim_many([item.key for item in items], self._worker, self._clock.now()))
        for item in items:
            if item.key in won:
                self.report.not_sent.pop(item.key, None)
            else:
                self.report.moved.setdefault(item.key, "another run has claimed it, or it is no longer to be sent")
        return [item for item in items if item.key in won]

    def _answered(self, answer: Answer) -> None:
        item, error = answer.item, answer.error
        if answer.remote is not None:
            self._posted(item, *answer.remote)
        elif isinstance(error, Rejected):
            self._refused.append((item, error))
        else:
            lost = isinstance(error, OutcomeUnknown)
            self._no_answer(item, error.detail if lost else f"broke off: {type(error).__name__}")
            if error is not None and not lost:
                raise error

    def _not_sent(self, item: Item, why: str) -> None:
        now = self._clock.now()
        if self._noted(item, lambda: self._outbox.mark_nothing_sent(item.key, why, now, held_by=self._worker)):
            self.report.not_sent[item.key] = why

    def _no_answer(self, item: Item, why: str) -> None:
        self._lost.append(item)
        now = self._clock.now()
        self._noted(item, lambda: self._outbox.mark_outcome_unknown(item.key, why, now, held_by=self._worker))

    def _settle_refusals(self) -> None:
        """A refusal may mean that an earlier attempt had arrived after all; the ledger itself says which.

        Neither the code nor the text of the refusal of a repeat is documented. So "refused and not there" is final only
        when no earlier attempt can still be on its way to being shown.
        """
        seen = self._looking.see([item for item, _ in self._refused])
        absent = [
            item
            for item, outcome in self._refused
            if item.key in seen and seen[item.key].verdict == "absent"
            if not _names_a_repeat(outcome) and not self._may_be_on_its_way(item)
        ]
        sure = {item.key for item in self._looking.absent_for_sure(absent)}
        for item, outcome in self._refused:
            found = seen.get(item.key)
            if found is not None and found.verdict == "same":
                self._posted(item, found.remote_id, found.remote_no)
            elif item.key in sure:
                self._rejected(item, outcome.detail)
            else:
                self._no_answer(item, outcome.detail)
                self.report.unknown[item.key] = (
                    f"{outcome.detail}; whether an earlier attempt stands in the ledger is not clear yet: "
                    "the next run looks again"
                )

    def _rejected(self, item: Item, why: str) -> None:
        now = self._clock.now()
        if self._noted(item, lambda: self._outbox.mark_rejected(item.key, why, now, held_by=self._worker)):
            self.report.rejected[item.key] = why

    def _may_be_on_its_way(self, item: Item) -> bool:
        """Whether an attempt before this one has an end that nobody knows, not long enough ago."""
        if item.attempts == 0 or item.key in self._proved_absent or item.reason == REFUSED_BEFORE:
            return False
        return not self._is_old(item)

    # --- looking -------------------------------------------------------------------------------------------------

    def _look_up(self, items: Sequence[Item], waits: Sequence[float]) -> list[Item]:
        """Look for all items after each wait and record what is found; gives those that the last look-up did not find.

        Of an item that the ledger could not be asked about, nothing is known and nothing is concluded.
        """
        left, absent = list(items), list[Item]()
        for wait in waits:
            if not left:
                break
            if wait:
                self._clock.sleep(wait)
            seen = self._looking.see(left)
            absent = [item for item in left if item.key in seen and seen[item.key].verdict == "absent"]
            for item in left:
                found = seen.get(item.key)
                if found is not None and found.verdict == "same":
                    self._posted(item, found.remote_id, found.remote_no)
                elif found is not None and found.verdict == "different":
                    self._differs(item, found)
            left = [item for item in left if item.key not in seen or seen[item.key].verdict == "absent"]
        return absent

    def _taken_over(self, item: Item) -> bool:
        """Whether an item that another run holds is ours to look up from now on."""
        if item.state != "sending":
            return False
        why, now = "the run that sent it ended before the answer", self._clock.now()
        return self._noted(
            item,
            lambda: self._outbox.mark_outcome_unknown(item.key, why, now, worker=self._worker, held_by=item.worker),
        )

    def _put_back(self, item: Item) -> None:
        why = "looked up by its reference: not in the ledger"
        self._outbox.requeue(item.key, why, self._clock.now(), attempts=item.attempts)

    def _is_old(self, item: Item) -> bool:
        return self._clock.now() - item.changed_at >= SETTLED_AFTER

    # --- noting --------------------------------------------------------------------------------------------------

    def _posted(self, item: Item, remote_id: str, remote_no: str | None) -> None:
        """The ledger has it, whatever another run has made of the item meanwhile."""
        now = self._clock.now()
        try:
            self._outbox.mark_posted(item.key, remote_id, remote_no, now)
        except ItemMoved as moved:
            self.report.moved[item.key] = str(moved)
            try:
                self._outbox.adopt(item.key, remote_id, remote_no, self._worker, now)
            except ItemMoved as conflict:
                self.report.conflicts[item.key] = (
                    f"voucher {remote_no or remote_id} stands in the ledger, but {conflict}"
                )
                return
        self.report.posted.append(item.key)

    def _differs(self, item: Item, found: Seen) -> None:
        self.report.conflicts[item.key] = found.detail
        self._noted(item, lambda: self._outbox.mark_conflict(item.key, found.detail, self._clock.now()))

    def _noted(self, item: Item, change: Callable[[], None]) -> bool:
        """Whether the journal took a change; if another run has moved the item, that is told and nothing breaks."""
        try:
            change()
        except ItemMoved as moved:
            self.report.moved[item.key] = str(moved)
            return False
        return True


def _judged(item: Item, lines: Sequence[FoundLine]) -> Seen:
    return _reversal_seen(lines) if item.kind == "reversal" else _voucher_seen(item, lines)


def _voucher_seen(item: Item, lines: Sequence[FoundLine]) -> Seen:
    if not lines:
        return Seen("absent")
    voucher, accounts, _ = voucher_of(item.key, item.payload)
    first = lines[0]
    if any(line.is_reversed for line in lines):
        detail = f"voucher {first.voucher_no or first.voucher_id} carries the reference and was reversed in the ledger"
        return Seen("different", first.voucher_id, first.voucher_no, detail)
    differs = difference(voucher, accounts, lines)
    if differs is not None:
        return Seen("different", first.voucher_id, first.voucher_no, f"{differs}; nothing more is posted")
    return Seen("same", first.voucher_id, first.voucher_no)


def _reversal_seen(lines: Sequence[FoundLine]) -> Seen:
    if not lines:  # the voucher was read back before: a ledger that does not show it now says nothing of its reversal
        raise VoucherError("the voucher to be reversed is not shown; whether it is reversed cannot be told")
    reversed_lines = [line for line in lines if line.is_reversed]
    if not reversed_lines:
        return Seen("absent")
    return Seen("same", reversed_lines[0].voucher_id, reversed_lines[0].voucher_no)


def _names_a_repeat(outcome: Rejected) -> bool:
    """Whether a refusal speaks of the reference, or of a conflict, rather than of the voucher's content."""
    text = outcome.detail.lower()
    return outcome.status == 409 or "externalimportreference" in text.replace(" ", "")
