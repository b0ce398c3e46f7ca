"""Several pages of one list under way at once, handed over in their order.

Belongs here: how many are asked for ahead, and what becomes of one that fails. Not here: what a page means and when a
list ends (`poweroffice_paging`).

The first pages are asked for one by one, so that an ordinary quiet day costs one request and a short list none too
many. Then so many pages are under way as the answers' latency and the allowed rate make worth while: none ahead when
the server answers at once. A page that fails ahead is asked for again when its turn has come, alone: nothing is handed
over out of order, nobody hammers a server that asks for quiet, and the tries and waits of a page are counted once.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from types import TracebackType
from typing import Final, Self

from resources.http_errors import PassingFailure
from resources.poweroffice_transport import Page, Transport

MOST_UNDER_WAY: Final = 6
"""Requests under way at once at most, however slow the answers are."""
ONE_BY_ONE: Final = 3
"""So many pages are read one by one, at the beginning of a list and after a failure."""
AT_ONCE: Final = 0.01
"""Seconds within which an answer came at once: another thread would cost more than it saves."""


class ReadAhead:
    """The threads of one landing; a context manager. They begin with the first page that is asked for ahead."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def pages(self, path: str, params: Mapping[str, str], first: int) -> PagesInOrder:
        """The pages of a list from number ``first`` on."""
        return PagesInOrder(self._transport, self, path, params, first)

    def submit(self, path: str, params: Mapping[str, str], dropped: Event) -> Future[Page]:
        """One try of a page, in another thread; not sent any more once ``dropped`` is set."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(MOST_UNDER_WAY, thread_name_prefix="read-ahead")
        return self._pool.submit(self._transport.once, path, params, wanted=lambda: not dropped.is_set())


class PagesInOrder:
    """The pages of one list; ``next`` gives them one by one. Give up by ``drop``."""

    def __init__(self, transport: Transport, pool: ReadAhead, path: str, params: Mapping[str, str], first: int) -> None:
        self._transport, self._pool, self._path, self._params = transport, pool, path, params
        self._next_asked = self._next_given = first
        self._ahead: deque[Future[Page]] = deque()
        self._wanted = self._in_a_row = 0
        self._latency = 0.0
        self._dropped = Event()

    def next(self, tries: int | None = None) -> Page:
        """The next page. ``tries``: fewer than usual. Raises ``ReadFailure``; the page is then still the next one."""
        try:
            page = self._next(tries)
        except BaseException:
            self.drop()
            raise
        self._next_given += 1
        self._learn(page)
        return page

    def drop(self) -> None:
        """Nothing that is under way is wanted any more; the next page is asked for anew."""
        self._dropped.set()
        for future in self._ahead:
            future.cancel()
        self._ahead.clear()
        self._dropped = Event()
        self._next_asked, self._wanted, self._in_a_row = self._next_given, 0, 0

    def _next(self, tries: int | None) -> Page:
        self._ask_ahead()
        failed: PassingFailure | None = None
        if self._ahead:
            try:
                return self._ahead.popleft().result()
            except PassingFailure as failure:
                failed, self._in_a_row = failure, 0
        else:
            self._next_asked = self._next_given + 1
        return self._transport.get(self._path, self._numbered(self._next_given), failed=failed, tries=tries)

    def _ask_ahead(self) -> None:
        while len(self._ahead) < self._wanted:
            self._ahead.append(self._pool.submit(self._path, self._numbered(self._next_asked), self._dropped))
            self._next_asked += 1

    def _learn(self, page: Page) -> None:
        self._latency = page.seconds if not self._latency else 0.7 * self._latency + 0.3 * page.seconds
        self._in_a_row += 1
        if self._in_a_row < ONE_BY_ONE or self._latency < AT_ONCE:
            self._wanted = 0
            return
        rate = self._transport.per_second
        self._wanted = min(math.ceil(self._latency * rate) + 2, MOST_UNDER_WAY) if rate else MOST_UNDER_WAY

    def _numbered(self, number: int) -> dict[str, str]:
        return {**self._params, "PageNumber": str(number)}
