"""Several requests under way at once, each claimed and committed before its first byte leaves (rules § 5.5).

Belongs here: how many, in which order, claimed when, and when to stop. Not here: what a request is, and what its answer
means for the item (``voucher_dispatch``); the subscription's rate, which the requests share (``resources``).

All writing to the journal happens in the caller's thread; the other threads only carry requests, and have the next ones
at hand, so that they go on while the journal waits for its disk. An item is claimed shortly before it leaves, in one
transaction with at most as many others as are under way at once, so that a crash leaves no more than three times that
many to be looked up. What was claimed and then not started is given back.

A ledger that does not take requests is not asked in vain: until it has answered once, and again after a failure, no
more are under way than would make ``GIVE_UP_AFTER`` failures in a row; what lies at hand then is taken back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final

from kredin_pipeline.ledger.voucher_doors import Item
from kredin_pipeline.outcomes import NothingSent

GIVE_UP_AFTER: Final = 3
"""So many requests in a row that did not reach the ledger end the sending for this run."""
TRIES: Final = 3
"""So often one item is tried in one run while nothing of it reached the ledger."""
LEAST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds to wait after the ledger turned a request away, if it names none; and the most that a run waits."""
TURNED_AWAY: Final = (429, 503)
NOT_TRIED: Final = "not tried: the ledger could not be reached"

Request = Callable[[], tuple[str, str | None]]


@dataclass(frozen=True)
class Answer:
    """How one request ended: with the ledger's id and number, or with an error."""

    item: Item
    remote: tuple[str, str | None] | None
    error: Exception | None


class Sending:
    """One run's requests. ``claim`` commits the intent of some items and gives those that are ours; ``settle`` notes an
    answer; ``give_back`` notes that nothing of an item was sent, and why; ``sleep`` waits."""

    def __init__(
        self,
        *,
        at_once: int,
        claim: Callable[[Sequence[Item]], Sequence[Item]],
        settle: Callable[[Answer], None],
        give_back: Callable[[Item, str], None],
        sleep: Callable[[float], None],
    ) -> None:
        self._most, self._claim, self._settle = max(1, at_once), claim, settle
        self._give_back, self._sleep = give_back, sleep
        self._waiting: deque[tuple[Item, Request]] = deque()
        self._claimed: deque[tuple[Item, Request]] = deque()
        self._under_way: dict[Future[tuple[str, str | None]], tuple[Item, Request]] = {}
        self._tries: dict[str, int] = {}
        self._failures, self._reached, self._stopped = 0, False, False
        self._broke: Exception | None = None

    def run(self, work: Sequence[tuple[Item, Request]]) -> dict[str, str]:
        """Sends everything; gives the keys of what was not tried to the end, with the reason.

        Raises what broke a request off, or its noting, in a way that nobody foresaw, once the other answers are noted.
        """
        self._waiting.extend(work)
        if self._most == 1 or len(work) <= 1:
            self._most = 1
            self._go(_InThisThread())
        else:
            pool = ThreadPoolExecutor(min(self._most, len(work)), thread_name_prefix="voucher")
            try:
                self._go(pool)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        if self._broke is not None:
            raise self._broke
        return {item.key: NOT_TRIED for item, _ in self._waiting}

    def _go(self, executor: Executor) -> None:
        while True:
            try:
                self._claim_next()
            except Exception as error:
                self._stop(error)
            self._start(executor)
            if not self._under_way:
                break
            self._hear()
        while self._claimed:  # nothing more is started: what is left of the last claim has not left us
            item, request = self._claimed.popleft()
            self._noted(lambda item=item: self._give_back(item, NOT_TRIED))
            self._waiting.append((item, request))

    def _room(self) -> int:
        """How many may be under way now."""
        if self._stopped:
            return 0
        if self._failures or not self._reached:
            return min(self._most, max(0, GIVE_UP_AFTER - self._failures))
        return self._most

    @property
    def _answering(self) -> bool:
        """Whether the ledger takes what is sent, as far as one can tell."""
        return self._reached and not self._failures and not self._stopped

    def _claim_next(self) -> None:
        """Claims the next group once the last one has left; ahead of its turn only while the ledger answers."""
        while not self._claimed and self._waiting:
            ahead = self._room() if self._answering else self._room() - len(self._under_way)
            group = [self._waiting.popleft() for _ in range(min(ahead, len(self._waiting)))]
            if not group:
                return
            ours = {item.key for item in self._claim([item for item, _ in group])}
            self._claimed.extend(one for one in group if one[0].key in ours)

    def _start(self, executor: Executor) -> None:
        at_hand = self._most if self._answering and self._most > 1 else 0  # as many again as the threads carry
        while self._claimed and len(self._under_way) < self._room() + at_hand:
            one = self._claimed.popleft()
            self._under_way[executor.submit(one[1])] = one

    def _take_back(self) -> None:
        """Takes back what lies at hand and no thread has begun with."""
        for future, one in reversed(list(self._under_way.items())):
            if future.cancel():
                del self._under_way[future]
                self._claimed.appendleft(one)

    def _hear(self) -> None:
        """Waits for an answer and notes it; of several, the one whose request left first."""
        done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
        future = next(one for one in self._under_way if one in done)
        item, request = self._under_way.pop(future)
        error = future.exception()
        if isinstance(error, NothingSent):
            self._not_reached(item, request, error)
            return
        self._failures, self._reached = 0, True
        if error is not None and not isinstance(error, Exception):
            raise error
        answer = Answer(item, None if error else future.result(), error)
        self._noted(lambda: self._settle(answer))

    def _not_reached(self, item: Item, request: Request, error: NothingSent) -> None:
        self._noted(lambda: self._give_back(item, error.detail))
        self._failures += 1
        self._take_back()
        self._tries[item.key] = self._tries.get(item.key, 0) + 1
        asked = error.asked_wait or 0.0
        if self._failures >= GIVE_UP_AFTER or asked > LONGEST_PAUSE:
            self._stopped = True
        if self._tries[item.key] < TRIES and not self._stopped:
            self._waiting.append((item, request))
        if error.status in TURNED_AWAY and not self._stopped and (self._waiting or self._claimed):
            self._sleep(max(LEAST_PAUSE, asked))

    def _noted(self, note: Callable[[], None]) -> None:
        """Notes one answer; if that breaks, nothing more is started, and the other answers are noted all the same."""
        try:
            note()
        except Exception as error:
            self._stop(error)

    def _stop(self, error: Exception) -> None:
        self._stopped, self._broke = True, self._broke or error
        self._take_back()


class _InThisThread(Executor):
    """One request at a time, in the caller's own thread; what ends the process passes through."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
