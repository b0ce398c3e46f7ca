"""Lists on the wire: order, page, projection, and the faults that make a page lie.

Here belongs what happens between the filtered rows and the answer (reference § 4, Paging and Projection).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .protocol import Answer, Call, bad_parameter

Row = TypeVar("Row")


@dataclass(slots=True)
class Listing(Generic[Row]):
    """Filtered rows in order of id. ``write`` gives one row's JSON text; ``keys`` order rows without writing them;
    ``changed`` is what ``late_visible`` looks at."""

    rows: Sequence[Row]
    write: Callable[[Row], str]
    names: Sequence[str]
    changed: Callable[[Row], int]
    keys: Mapping[str, Callable[[Row], Any]]


def answer_list(call: Call, listing: Listing[Row]) -> Answer:
    """The asked page as a bare array; 204 without a body when it has no row."""
    query = call.query
    ceiling = call.world.options.page_ceiling
    number = 1 if (n := query.whole("PageNumber")) is None else n
    size = min(5000, ceiling) if (s := query.whole("PageSize")) is None else s
    if number < 1:
        raise bad_parameter("PageNumber must be 1 or higher.", "Invalid resourceParameter")
    if not 1 <= size <= ceiling:
        raise bad_parameter(f"PageSize must be between 1 and {ceiling}.", "Invalid resourceParameter")
    wanted = _projection(query.text("Fields"), listing.names)
    rows = _ordered(listing, query.text("OrderBy"))
    if call.fault is not None and call.fault.kind == "late_visible":
        rows = [row for row in rows if not call.hidden(listing.changed(row))]
    rows = _within_ceiling(call, rows, (number - 1) * size)
    page = _page(call, rows, number, size)
    if not page:
        return Answer(204)
    texts = [listing.write(row) for row in page]
    if wanted is not None:
        texts = [_project(text, wanted) for text in texts]
    return Answer(200, ("[" + ",".join(texts) + "]").encode())


def _within_ceiling(call: Call, rows: Sequence[Row], start: int) -> Sequence[Row]:
    """The rows that one list gives over all its pages (options ``read_ceiling``)."""
    ceiling = call.world.options.read_ceiling
    if not ceiling or len(rows) <= ceiling:
        return rows
    if start >= ceiling and call.world.options.read_ceiling_refuses:
        raise bad_parameter(f"No more than {ceiling} rows can be read.", "Invalid resourceParameter")
    return rows[:ceiling]


def _page(call: Call, rows: Sequence[Row], number: int, size: int) -> Sequence[Row]:
    """The page, with what a row fault does to it.

    ``short_page``: its last rows are missing (a third, at least one), though more may follow. ``repeated_rows``: rows
    of the page before (or of this one, when it is the first) come once more. ``shifted_page``: a row before the border
    went away between two requests, so this page starts one row later; on a first page that is also the last, one row
    is missing; on a first page with others after it the fault waits for the second.
    """
    start = (number - 1) * size
    page = rows[start : start + size]
    fault = call.fault
    if fault is None or not page:
        return page
    if fault.kind == "short_page":
        return page[: len(page) - max(1, len(page) // 3)]
    if fault.kind == "repeated_rows":
        again = max(1, min(len(page) // 3, 50))
        return [*rows[start - again : start], *page] if number > 1 else [*page, *page[:again]]
    if fault.kind == "shifted_page":
        if number > 1:
            return rows[start + 1 : start + 1 + size]
        if start + size < len(rows):
            call.world.faults.give_back(fault)
            return page
        middle = len(page) // 2
        return [*page[:middle], *page[middle + 1 :]]
    return page


def _projection(fields: str | None, names: Sequence[str]) -> list[str] | None:
    if fields is None:
        return None
    known = {name.lower(): name for name in names}
    wanted: list[str] = []
    for part in fields.split(","):
        name = known.get(part.strip().lower())
        if name is None:
            raise bad_parameter("Fields property in resourceParameter is not formatted correct.",
                                "Invalid resourceParameter")  # fmt: skip
        wanted.append(name)
    return wanted


def _project(text: str, wanted: Sequence[str]) -> str:
    row: dict[str, Any] = json.loads(text, parse_float=_Exact)
    return "{" + ",".join(f'"{name}":{_text(row.get(name))}' for name in wanted) + "}"


class _Exact(str):
    """A number kept as it was written."""


def _text(value: Any) -> str:
    return value if isinstance(value, _Exact) else json.dumps(value, ensure_ascii=False)


def _ordered(listing: Listing[Row], order: str | None) -> Sequence[Row]:
    if order is None:
        return listing.rows
    known = {name.lower(): name for name in listing.names}
    wanted: list[tuple[str, bool]] = []
    for part in order.split(","):
        words = part.split()
        name = known.get(words[0].lower()) if words else None
        if name is None or len(words) > 2 or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
            raise bad_parameter("OrderBy property in resourceParameter is not formatted correct.",
                                "Invalid resourceParameter")  # fmt: skip
        wanted.append((name, len(words) == 2 and words[1].lower() == "desc"))
    if wanted == [("Id", False)]:
        return listing.rows
    rows = list(listing.rows)
    for name, descending in reversed(wanted):
        key = listing.keys.get(name) or _written_key(listing.write, name)
        rows.sort(key=lambda row, key=key: _sortable(key(row)), reverse=descending)
    return rows


def _written_key(write: Callable[[Row], str], name: str) -> Callable[[Row], Any]:
    return lambda row: json.loads(write(row))[name]


def _sortable(value: Any) -> tuple[int, Any]:
    """Nulls first; booleans and numbers before texts."""
    if value is None:
        return (0, 0)
    return (2, str(value)) if isinstance(value, str) else (1, value)
