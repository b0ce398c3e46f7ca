"""Landing a list of PowerOffice page by page: where it ends, when it has to be cut, where a broken read goes on.

Belongs here: the loop over pages and windows. Not here: routes and filters (`poweroffice_client`), how a list is cut
(`poweroffice_windows`), several requests at once (`poweroffice_read_ahead`), what becomes of pages (`landing`).

A list is cut in halves when PowerOffice refuses a later page of it, when it ends at exactly the most rows that one read
may return, or when it does not answer in time (reference §§ 4, 10, 17). Rows that came before the cut come once more
with their half; the mirror keeps each once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

from kredin_pipeline.ledger.landing import LandedResource
from resources.http_errors import PassingFailure, PermanentFailure
from resources.poweroffice_read_ahead import ReadAhead
from resources.poweroffice_transport import Page, Transport
from resources.poweroffice_windows import Axis, Window

LARGEST_PAGE: Final = 20_000
"""MaxPageSize, and the most rows that one read may return where a server counts over pages (reference § 4)."""
MOST_CUTS: Final = 64
"""So often is one list cut at most; each cut costs the requests of the window that was cut once more."""
_TOO_FAR: Final = frozenset({400, 413, 416, 422})
_PROBE_CUTS: Final = 4
"""A list that does not answer in time is first asked for a sixteenth of it."""
MOST_PAUSES: Final = 3
"""So often does one list go on after a pause; it has to bring pages in between."""
PAUSE: Final = 30.0
"""Seconds of a pause."""
LONGEST_WAITING: Final = 900.0
"""Seconds that the reading of one list may spend waiting between tries, over all its pages."""


class Sink(Protocol):
    """Where pages go, in their order."""

    def add(self, page: Page) -> int:
        """Keep a page; gives the most rows it can hold."""
        ...

    def whole(self, claimed: int | None) -> None:
        """The pages since the last call are a whole list; ``claimed``: how many rows the server said it has."""
        ...

    def cut(self) -> None:
        """The pages since the last ``whole`` come once more, in other pieces."""
        ...


class _Landing:
    """Pages to disk. Rows that come twice are the mirror's to tell."""

    def __init__(self, landed: LandedResource) -> None:
        self._landed = landed

    def add(self, page: Page) -> int:
        return self._landed.add_page(page.body, page.gzipped)

    def whole(self, claimed: int | None) -> None:
        if claimed is not None:
            self._landed.claimed_total = (self._landed.claimed_total or 0) + claimed

    def cut(self) -> None:
        return


class _Rows:
    """Pages as rows, each once."""

    def __init__(self, path: str) -> None:
        self.rows: list[dict[str, Any]] = []
        self._path, self._whole = path, 0

    def add(self, page: Page) -> int:
        found = rows_of(page, self._path)
        self.rows += found
        return len(found)

    def whole(self, claimed: int | None) -> None:
        self._whole = len(self.rows)

    def cut(self) -> None:
        del self.rows[self._whole :]


class _Reading:
    """One list being read: where its pages go and the windows that are left, the first with its next page."""

    def __init__(self, sink: Sink, path: str, parts: Sequence[Mapping[str, str]], axis: Axis) -> None:
        self.sink, self.path, self.parts, self.axis = sink, path, parts, axis
        self.left = [Window(part) for part in range(len(parts))]
        self.pages = self.cuts = self.breaks = 0

    def cut(self, pieces: Sequence[Window]) -> None:
        """The first window is read in these pieces instead. Raises ``PermanentFailure`` when that has no end."""
        self.cuts += 1
        if self.cuts > MOST_CUTS:
            raise PermanentFailure(
                f"PowerOffice: GET {self.path}: cut {MOST_CUTS} times and still more rows than one read gives; "
                "ask PowerOffice how much one read may return"
            )
        self.sink.cut()
        self.left[:1] = pieces


class Lister:
    """Reads lists over one connection. ``page_size`` and ``ceiling`` in rows."""

    def __init__(self, transport: Transport, page_size: int, ceiling: int = LARGEST_PAGE) -> None:
        self._transport, self._page_size, self._ceiling = transport, page_size, ceiling

    def land(self, landed: LandedResource, path: str, parts: Sequence[Mapping[str, str]], axis: Axis) -> LandedResource:
        """Land every page of the lists that ``parts`` filter, one after the other, each cut along ``axis`` if need be.

        What is broken off by a failure that passes, after pages have come, goes on at its page after a pause; another
        call begins at page 1 (obligation S-8). Raises ``ReadFailure``.
        """
        before = self._transport.traffic.requests
        try:
            self._read(_Reading(_Landing(landed), path, parts, axis))
        finally:
            landed.requests += self._transport.traffic.requests - before
        return landed

    def rows(self, path: str, params: Mapping[str, str], axis: Axis) -> list[dict[str, Any]]:
        """Every row of a list, each once, amounts as ``Decimal``; else as ``land``."""
        sink = _Rows(path)
        self._read(_Reading(sink, path, [params], axis))
        return sink.rows

    def _read(self, reading: _Reading) -> None:
        before = self._transport.traffic.waited
        with ReadAhead(self._transport) as ahead:
            while reading.left:
                pages = reading.pages
                try:
                    self._window(reading, ahead)
                except PassingFailure:
                    reading.breaks += 1
                    waited = self._transport.traffic.waited - before
                    if reading.pages == pages or reading.breaks > MOST_PAUSES or waited > LONGEST_WAITING:
                        raise
                    self._transport.pause(PAUSE)

    def _window(self, reading: _Reading, ahead: ReadAhead) -> None:
        """Read what is left of the first window, or cut it."""
        window, axis = reading.left[0], reading.axis
        asked = {**reading.parts[window.part], **axis.params(window)}
        asked |= {"OrderBy": "Id asc", "PageSize": str(self._page_size)}
        pages = ahead.pages(reading.path, asked, window.page)
        claimed: int | None = None
        while True:
            try:
                page = pages.next(tries=2 if window.cuts and window.page == 1 else None)
            except PassingFailure as failure:
                pieces = self._smaller(reading.path, asked, window, axis) if failure.timed_out else None
                if pieces is None:
                    raise
                return reading.cut(pieces)
            except PermanentFailure as failure:
                pieces = axis.halves(window) if window.page > 1 and failure.status in _TOO_FAR else None
                if pieces is None:
                    raise
                return reading.cut(pieces)
            claimed = page.claimed_total if page.claimed_total is not None else claimed
            # The loop ends on the data: only a page that cannot be full is the last, whatever a count says.
            if page.empty or reading.sink.add(page) < self._page_size:
                break
            reading.pages += 1
            window = reading.left[0] = window.at(window.page + 1)
        pages.drop()
        pieces = axis.halves(window) if self._ends_at_the_ceiling(page, window.page) else None
        if pieces is not None:
            return reading.cut(pieces)
        reading.sink.whole(claimed)
        del reading.left[0]

    def _smaller(self, path: str, asked: Mapping[str, str], window: Window, axis: Axis) -> Sequence[Window] | None:
        """What to ask for instead of a window that got no answer in time: None, unless a small part of it is
        answered at once. A server that answers nothing at all is not asked again and again."""
        pieces = [window.at(1)]
        for _ in range(_PROBE_CUTS):
            halves = axis.halves(pieces[0])
            if halves is None:
                break
            pieces[:1] = halves
        if len(pieces) == 1:
            return None
        probe = {**asked, **axis.params(pieces[0]), "PageNumber": "1", "PageSize": "1"}
        try:
            self._transport.get(path, probe, tries=1)
        except PassingFailure:
            return None
        return pieces

    def _ends_at_the_ceiling(self, last: Page, number: int) -> bool:
        """Whether a window of ``number`` pages ended at exactly the most rows that one read may return: there may be
        more behind."""
        before = (number - 1) * self._page_size
        if last.empty or before == self._ceiling:
            return before == self._ceiling
        if not before < self._ceiling <= before + self._page_size:
            return False
        return before + len(rows_of(last, "a list")) == self._ceiling


def rows_of(page: Page, path: str) -> list[dict[str, Any]]:
    """The rows of a page, amounts as ``Decimal``; none for 204. Raises ``PassingFailure`` if it is no list of rows."""
    if page.status == 204:
        return []
    rows: list[Any] = parsed(page, path)
    if not all(isinstance(row, dict) for row in rows):
        raise PassingFailure(f"PowerOffice: GET {path} answered {page.status} with a list of something else than rows")
    return rows


def parsed(page: Page, path: str) -> Any:
    """The body of a page, amounts as ``Decimal``. Raises ``PassingFailure`` for broken JSON."""
    try:
        return json.loads(page.body, parse_float=Decimal)
    except ValueError as error:
        raise PassingFailure(f"PowerOffice: GET {path} answered {page.status} with broken JSON: {error}") from error
