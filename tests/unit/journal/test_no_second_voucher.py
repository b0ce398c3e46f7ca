"""No path, whatever breaks and whoever is first, leads to a second voucher for one settlement.

Two workers drive one settlement through the journal towards a ledger that refuses a repeated reference, as PowerOffice
does. Answers get lost, workers die, plans change; hypothesis looks for the order of events that books twice, or that
forgets a voucher that was booked.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kredin_pipeline.journal import ALLOWED_TRANSITIONS, SecretBox, TransitionRefused, open_journal
from tests.unit.journal.builders import DAY, NOW, voucher, with_tenant

KEY = "voucher:acme:K1:E9"
SECRETS = SecretBox(SecretBox.new_key())
WORKERS = st.sampled_from(["w1", "w2"])


class TwoWorkers(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name) / 'journal.sqlite'}"
        self.journals = {worker: open_journal(url, SECRETS) for worker in ("w1", "w2")}
        self.journal = with_tenant(self.journals["w1"])
        self.ledger: list[str] = []  # references of vouchers that stand in the ledger
        self.holding: set[str] = set()  # workers that won the item and have not let go of it
        self.seconds = 0
        self.journal.intend(KEY, "acme", "voucher", ["K1"], voucher(), DAY, NOW)

    def teardown(self) -> None:
        for journal in self.journals.values():
            journal.close()
        self.folder.cleanup()

    def now(self):
        self.seconds += 1
        return NOW + timedelta(seconds=self.seconds)

    def state(self) -> str:
        return self.journal.item(KEY).state

    @rule(worker=WORKERS)
    def plan_again(self, worker: str) -> None:
        self.journals[worker].intend(KEY, "acme", "voucher", ["K1"], voucher(interest="5.13"), DAY, self.now())

    @rule(worker=WORKERS)
    def drop(self, worker: str) -> None:
        try:
            self.journals[worker].cancel(KEY, "settlement fell apart", self.now())
        except TransitionRefused:
            assert self.state() != "intended"

    @rule(worker=WORKERS)
    def claim(self, worker: str) -> None:
        before = self.state()
        won = self.journals[worker].claim_for_sending(KEY, worker, self.now())
        assert won == (before == "intended")
        if won:
            assert not self.holding, "a second worker holds what the first may be sending"
            self.holding.add(worker)

    @precondition(lambda self: self.holding)
    @rule(answer=st.sampled_from(["ok", "lost", "lost before", "refused", "unreachable"]))
    def send(self, answer: str) -> None:
        worker = self.holding.pop()
        journal, at = self.journals[worker], self.now()
        reference = journal.item(KEY).reference
        repeated = reference in self.ledger
        if answer in ("ok", "lost") and not repeated:
            self.ledger.append(reference)
        if answer == "unreachable":
            journal.mark_nothing_sent(KEY, "connection refused", at)
        elif answer in ("lost", "lost before"):
            journal.mark_outcome_unknown(KEY, "read time-out", at)
        elif answer == "refused" and not repeated:
            journal.mark_rejected(KEY, "books are locked", at)
        elif repeated:
            journal.mark_outcome_unknown(KEY, "the ledger has this reference", at)
        else:
            journal.mark_posted(KEY, "guid-1", None, at)

    @precondition(lambda self: self.holding)
    @rule(booked=st.booleans())
    def the_worker_is_killed(self, booked: bool) -> None:
        worker = self.holding.pop()
        reference = self.journals[worker].item(KEY).reference
        if booked and reference not in self.ledger:
            self.ledger.append(reference)

    @precondition(lambda self: not self.holding)
    @rule(worker=WORKERS)
    def a_later_run_looks_up(self, worker: str) -> None:
        journal = self.journals[worker]
        if self.state() == "sending":
            journal.mark_outcome_unknown(KEY, "the worker is gone", self.now(), worker=worker)
        if self.state() == "rejected":
            journal.requeue(KEY, "the books are open", self.now())
        if self.state() == "outcome_unknown":
            if journal.item(KEY).reference in self.ledger:
                journal.mark_posted(KEY, "guid-1", "90001", self.now())
            else:
                journal.requeue(KEY, "not in the ledger", self.now())
        if self.state() == "posted":
            journal.mark_confirmed(KEY, self.now())

    @rule(worker=WORKERS)
    def try_to_send_it_once_more(self, worker: str) -> None:
        """What a faulty caller would do: nothing it can call brings a booked voucher back to the start."""
        if self.state() in ("posted", "confirmed"):
            for act in (self.journals[worker].requeue, self.journals[worker].mark_nothing_sent):
                try:
                    act(KEY, "again", self.now())
                except TransitionRefused:
                    continue
                raise AssertionError("a booked voucher was put back")

    @invariant()
    def one_voucher_at_most(self) -> None:
        assert len(self.ledger) <= 1

    @invariant()
    def what_is_booked_is_never_forgotten(self) -> None:
        if self.ledger:
            assert self.state() in ("sending", "outcome_unknown", "posted", "confirmed")
        if self.state() in ("posted", "confirmed"):
            assert self.ledger == [self.journal.item(KEY).reference]

    @invariant()
    def the_log_tells_one_unbroken_story(self) -> None:
        changes = self.journal.history(KEY)
        assert [change.from_state for change in changes[1:]] == [change.to_state for change in changes[:-1]]
        assert {(change.from_state, change.to_state) for change in changes[1:]} <= ALLOWED_TRANSITIONS
        assert changes[-1].to_state == self.state()


TestTwoWorkers = TwoWorkers.TestCase
TestTwoWorkers.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
