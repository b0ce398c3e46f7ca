"""The register's change feeds: which numbers changed since a cursor, and that a feed has been read to its end.

Belongs here: walking a feed by its cursor. Not here: what is done about a number that it names
(`enhetsregisteret_sync`). A feed that fails, or is longer than it is worth, is never one that said nothing changed.
Source: Enhetsregisteret reference §§ 2.3, 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, cast

from resources.enhetsregisteret_door import RegisterDoor
from resources.http_errors import PassingFailure

Feed = Literal["enheter", "underenheter", "roller"]
FEEDS: Final[tuple[Feed, ...]] = ("enheter", "underenheter", "roller")
FEED_PAGE: Final = 10_000
"""Lines of one page, the most there may be."""
OVERLAP: Final = timedelta(hours=1)
"""A read by time begins this long before the moment up to which everything is known: clocks differ."""
_SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    "enheter": ("oppdaterteEnheter", "application/vnd.brreg.enhetsregisteret.oppdatering.enhet.v1+json"),
    "underenheter": ("oppdaterteUnderenheter", "application/vnd.brreg.enhetsregisteret.oppdatering.underenhet.v1+json"),
}


@dataclass(frozen=True)
class Cursor:
    """Up to where a feed is known: the last line's id, else the moment (aware UTC) up to which all was looked up."""

    complete_at: datetime
    last_id: str | None = None


@dataclass(frozen=True)
class Changes:
    """What a feed named: number → the last kind of change (``Ny``, ``Endring``, ``Sletting``, ``Fjernet``, ``Ukjent``,
    ``Roller``); ``last_id`` is the cursor's next value."""

    named: dict[str, str] = field(default_factory=dict[str, str])
    last_id: str | None = None
    pages: int = 0


class FeedTooLong(Exception):
    """There is more in the feed since the cursor than reading it is worth."""


def read_changes(door: RegisterDoor, feed: Feed, cursor: Cursor, at_most: int, page: int = FEED_PAGE) -> Changes:
    """Everything that a feed says since the cursor, read by id and never by the feed's own next link, which ends in a
    400 after 10,000 lines.

    Raises ``FeedTooLong`` when that is more than ``at_most`` pages, a ``ReadFailure`` when any page fails.
    """
    named: dict[str, str] = {}
    last, pages = cursor.last_id, 0
    while True:
        lines, left = (
            _page_of_roles(door, cursor, last, page) if feed == "roller" else _page(door, feed, cursor, last, page)
        )
        pages += 1
        for at, orgnr, kind in lines:
            if last is not None and at <= int(last):
                raise PassingFailure(
                    f"Enhetsregisteret: feed {feed}: line {at} comes after line {last}, want rising ids"
                )
            named[orgnr], last = kind, str(at)
        if not left:
            return Changes(named, last, pages)
        if pages + -(-left // page) > at_most:
            raise FeedTooLong(f"feed {feed}: {left} more lines after {pages} pages, want at most {at_most} pages")


def _page(
    door: RegisterDoor, feed: str, cursor: Cursor, last: str | None, page: int
) -> tuple[list[tuple[int, str, str]], int]:
    """One page's lines, and how many lines there are after them. Caught up: no lines, and a count that says so."""
    key, accept = _SHAPES[feed]
    since = {"dato": _moment(cursor.complete_at - OVERLAP)} if last is None else {"oppdateringsid": str(int(last) + 1)}
    body = door.get_object(f"/oppdateringer/{feed}", accept, {**since, "size": str(page)})
    rows = cast(list[Any], (body.get("_embedded") or {}).get(key) or [])
    total = (body.get("page") or {}).get("totalElements")
    if not isinstance(total, int) or (total > 0 and not rows):
        raise PassingFailure(
            f"Enhetsregisteret: feed {feed}: found {total!r} lines and {len(rows)} of them, want a page"
        )
    try:
        lines = [
            (int(row["oppdateringsid"]), str(row["organisasjonsnummer"]), str(row["endringstype"])) for row in rows
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise PassingFailure(f"Enhetsregisteret: feed {feed}: a line without id, number or kind ({error!r})") from None
    return lines, max(0, total - len(rows))


def _page_of_roles(
    door: RegisterDoor, cursor: Cursor, last: str | None, page: int
) -> tuple[list[tuple[int, str, str]], int]:
    """As ``_page``; a full page of this feed may have another one after it, which it does not count."""
    since = {"afterTime": _moment(cursor.complete_at - OVERLAP)} if last is None else {"afterId": last}
    rows = door.get_list("/oppdateringer/roller", "application/json", {**since, "size": str(page)})
    try:
        lines = [(int(row["id"]), str(row["data"]["organisasjonsnummer"]), "Roller") for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise PassingFailure(f"Enhetsregisteret: feed roller: a line without id or number ({error!r})") from None
    return lines, page if len(rows) >= page else 0


def _moment(at: datetime) -> str:
    """The only form that the feed takes: UTC with three decimals."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
