"""How the filters of PowerOffice Go are written: change times, number ranges, comma lists.

Belongs here: texts of query parameters. Not here: which route takes which (`poweroffice_client`). Source: PowerOffice
reference § 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

LONGEST_LIST: Final = 1400
"""Characters of a comma list in a URL; longer ones are asked for in parts (reference § 4)."""


def wire_time(moment: datetime) -> str:
    """A change time as PowerOffice compares it: UTC with seven digits; the plus sign is escaped with the query."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond:06}0+00:00"


def ranges_of(numbers: Sequence[str]) -> list[str]:
    """Numbers as the filters take them, runs without a gap written ``a-b``; nothing is asked for that was not named."""
    found: list[str] = []
    first = last = None
    for number in sorted({int(one) for one in numbers}):
        if last is not None and number == last + 1:
            last = number
            continue
        if first is not None and last is not None:
            found.append(_range(first, last))
        first = last = number
    if first is not None and last is not None:
        found.append(_range(first, last))
    return found


def in_parts(values: Sequence[str]) -> Iterator[str]:
    """The values as comma lists, each short enough for a URL."""
    part: list[str] = []
    length = 0
    for value in values:
        if part and length + len(value) + 1 > LONGEST_LIST:
            yield ",".join(part)
            part, length = [], 0
        part.append(value)
        length += len(value) + 1
    if part:
        yield ",".join(part)


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
