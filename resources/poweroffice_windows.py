"""Parts of a list that PowerOffice does not give at once: when a list is cut, and into what.

Belongs here: windows and how they are halved. Not here: reading them (`poweroffice_paging`).

The customer ledger is cut by customer number and never by posting date: the balance of an entry is the one at the last
day asked for (reference § 5), so a window that ended earlier would show a paid invoice as open. Lists whose rows have
no such balance may be cut by day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol


@dataclass(frozen=True)
class Window:
    """A part of a list and the page that comes next. ``part``: which of several questions it belongs to. ``low`` and
    ``high`` bound it on its axis, both included; None is no bound. ``cuts``: how often it has been halved."""

    part: int = 0
    low: int | None = None
    high: int | None = None
    page: int = 1
    cuts: int = 0

    def at(self, page: int) -> Window:
        """The same window, with another page next."""
        return replace(self, page=page)


class Axis(Protocol):
    """Along what a list can be cut."""

    def params(self, window: Window) -> dict[str, str]:
        """The filter of a window; it replaces what the question has under the same names."""
        ...

    def halves(self, window: Window) -> tuple[Window, Window] | None:
        """The window cut in two, both from page 1; None when it cannot be cut."""
        ...


class Uncut:
    """A list without a filter by which it could be cut."""

    def params(self, window: Window) -> dict[str, str]:
        return {}

    def halves(self, window: Window) -> tuple[Window, Window] | None:
        return None


class ByCustomerNo:
    """By customer number, which the customer ledger, the customers and the invoices can be filtered by.

    ``bounds`` gives the lowest and highest number in use, None when there is no customer; it is asked when a list is
    cut, once. The outer windows stay open, so that a number beyond the bounds is in one of them.
    """

    def __init__(self, bounds: Callable[[], tuple[int, int] | None]) -> None:
        self._bounds = bounds
        self._known: tuple[int, int] | None = None

    def params(self, window: Window) -> dict[str, str]:
        if window.low is None and window.high is None:
            return {}
        return {"customerNos": f"{window.low or 1}-{'' if window.high is None else window.high}"}

    def halves(self, window: Window) -> tuple[Window, Window] | None:
        if self._known is None:
            self._known = self._bounds()
        if self._known is None:
            return None
        low = self._known[0] if window.low is None else window.low
        high = self._known[1] if window.high is None else window.high
        return _halved(window, low, high)


class ByDay:
    """By day, for the routes with a mandatory period (``fromDate``, ``toDate``) whose rows have no balance at a day."""

    def __init__(self, first: date, last: date) -> None:
        self._first, self._last = first.toordinal(), last.toordinal()

    def params(self, window: Window) -> dict[str, str]:
        low = self._first if window.low is None else window.low
        high = self._last if window.high is None else window.high
        return {"fromDate": date.fromordinal(low).isoformat(), "toDate": date.fromordinal(high).isoformat()}

    def halves(self, window: Window) -> tuple[Window, Window] | None:
        low = self._first if window.low is None else window.low
        high = self._last if window.high is None else window.high
        return _halved(window, low, high)


def _halved(window: Window, low: int, high: int) -> tuple[Window, Window] | None:
    if low >= high:
        return None
    middle = (low + high) // 2
    cuts = window.cuts + 1
    return (
        replace(window, high=middle, page=1, cuts=cuts),
        replace(window, low=middle + 1, page=1, cuts=cuts),
    )
