"""Several requests under way at once: claimed before they leave, never too many, and none in vain."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from kredin_pipeline.ledger.voucher_doors import Item
from kredin_pipeline.ledger.voucher_sending import GIVE_UP_AFTER, Answer, Request, Sending
from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown
from tests.unit.ledger.vouchers_under_way import AnItem


class Run:
    """A sending whose journal is three lists. ``answers`` makes each request's answer from its number."""

    def __init__(
        self, count: int, answer: Callable[[int], Exception | None], at_once: int = 4, seconds: float = 0.002
    ) -> None:
        self.seconds = seconds
        self.claims: list[list[str]] = []
        self.settled: list[Answer] = []
        self.given_back: list[str] = []
        self.slept: list[float] = []
        self.sent: list[str] = []
        self.threads: set[int] = set()
        self.under_way = self.most_under_way = 0
        self.unclaimed: list[str] = []
        self._lock, self._answer = threading.Lock(), answer
        self.items = [AnItem(str(number)) for number in range(count)]
        self.sending = Sending(
            at_once=at_once, claim=self._claim, settle=self.settled.append, give_back=self._give_back,
            sleep=self.slept.append,
        )  # fmt: skip

    def go(self) -> dict[str, str]:
        return self.sending.run([(item, self._request(item)) for item in self.items])

    @property
    def booked(self) -> list[str]:
        return [one.item.key for one in self.settled if one.remote is not None]

    def _claim(self, items: Sequence[Item]) -> Sequence[Item]:
        self.claims.append([item.key for item in items])
        return items

    def _give_back(self, item: Item, why: str) -> None:
        self.given_back.append(item.key)

    def _request(self, item: Item) -> Request:
        def request() -> tuple[str, str | None]:
            with self._lock:
                number = len(self.sent)
                self.sent.append(item.key)
                self.threads.add(threading.get_ident())
                if not any(item.key in group for group in self.claims):
                    self.unclaimed.append(item.key)
                self.under_way += 1
                self.most_under_way = max(self.most_under_way, self.under_way)
            time.sleep(self.seconds)
            with self._lock:
                self.under_way -= 1
            error = self._answer(number)
            if error is not None:
                raise error
            return f"V{item.key}", None

        return request


def away(number: int) -> Exception | None:
    return NothingSent("503", status=503)


def test_everything_is_claimed_before_it_leaves_in_groups_of_what_is_under_way() -> None:
    run = Run(50, lambda number: None)

    assert run.go() == {}

    assert run.unclaimed == []
    assert sorted(run.booked, key=int) == [str(number) for number in range(50)]
    assert run.most_under_way == 4
    assert max(map(len, run.claims)) == 4 and len(run.claims) <= 50 / 4 + 4
    assert [key for group in run.claims for key in group] == [str(number) for number in range(50)]


def test_a_ledger_that_is_away_is_asked_three_times_however_many_could_be_under_way() -> None:
    run = Run(20, away, at_once=8)

    left = run.go()

    assert len(run.sent) == GIVE_UP_AFTER
    assert run.booked == []
    assert set(left) | set(run.given_back) == {item.key for item in run.items}
    assert len(left) >= 17


def test_a_ledger_that_goes_away_is_not_sent_more_than_was_at_hand_and_every_claim_is_given_back() -> None:
    run = Run(80, lambda number: away(number) if number >= 10 else None, at_once=8)

    left = run.go()

    assert 10 + GIVE_UP_AFTER <= len(run.sent) <= 10 + 2 * 8
    claimed = {key for group in run.claims for key in group}
    assert claimed == {*run.booked, *run.given_back}
    assert set(left) | set(run.booked) | set(run.given_back) == {item.key for item in run.items}


def test_what_was_turned_away_is_waited_for_and_tried_again_in_the_same_run() -> None:
    run = Run(6, lambda number: NothingSent("429", status=429, asked_wait=7.0) if number == 1 else None)

    assert run.go() == {}

    assert sorted(run.booked) == [str(number) for number in range(6)]
    assert run.slept == [7.0]


def test_a_wait_longer_than_a_run_has_patience_for_ends_the_sending() -> None:
    run = Run(9, lambda number: NothingSent("429", status=429, asked_wait=3600.0), at_once=1)
    assert len(run.go()) == 8
    assert (run.slept, len(run.sent)) == ([], 1)


def test_the_threads_go_on_while_the_journal_waits_for_its_disk() -> None:
    run = Run(40, lambda number: None)
    went_on = threading.Event()

    def settle(answer: Answer) -> None:
        noted = len(run.settled)
        run.settled.append(answer)
        until = time.monotonic() + 0.5
        while not went_on.is_set() and noted >= 8 and time.monotonic() < until:
            if len(run.sent) > noted + 4:  # four threads, and one of them has begun anew before this answer is noted
                went_on.set()
            time.sleep(0.001)

    run.sending._settle = settle  # pyright: ignore[reportPrivateUsage]
    run.go()

    assert went_on.is_set()
    assert run.most_under_way == 4


def test_one_item_and_one_at_a_time_stay_in_the_callers_thread() -> None:
    for run in (Run(1, lambda number: None), Run(5, lambda number: None, at_once=1)):
        run.go()
        assert run.threads == {threading.get_ident()}
    assert run.claims == [["0"], ["1"], ["2"], ["3"], ["4"]]


def test_what_another_worker_has_claimed_is_not_sent() -> None:
    run = Run(6, lambda number: None)
    run.sending._claim = lambda items: [item for item in items if item.key != "2"]  # pyright: ignore[reportPrivateUsage]
    run.go()
    assert sorted(run.sent) == ["0", "1", "3", "4", "5"]


def test_an_answer_that_cannot_be_noted_stops_the_sending_and_loses_no_other_answer() -> None:
    run = Run(30, lambda number: None)

    def settle(answer: Answer) -> None:
        if answer.item.key == "5":
            raise ValueError("the journal cannot take it")
        run.settled.append(answer)

    run.sending._settle = settle  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(ValueError, match="cannot take it"):
        run.go()

    assert len(run.sent) < 30
    claimed = {key for group in run.claims for key in group}
    assert claimed == {*run.booked, *run.given_back, "5"}
    assert set(run.sent) - {"5"} == set(run.booked)


def test_a_lost_answer_is_an_answer_and_the_others_go_on() -> None:
    run = Run(12, lambda number: OutcomeUnknown("read time-out") if number == 3 else None)
    run.go()
    assert len(run.booked) == 11
    assert [type(one.error) for one in run.settled if one.error] == [OutcomeUnknown]
