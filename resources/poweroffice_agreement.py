"""A list counts as read when two readings of it in a row say the same.

Belongs here: reading again until that is so. Not here: what is read (`poweroffice_client`), when (`poweroffice_sync`).

A page may come short, shifted or behind without any sign of it, and the ledger may change between two pages (reference
§ 15, 17; obligation S-3). What an entry is missing shows in its customer's balance; a customer's new address, an
invoice's header, a match that leaves the sums alone, or an invoice and its payment of one day show nowhere. So lists
that no balance proves are read a second time whenever they bring anything new; a quiet day costs nothing more.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from kredin_pipeline.ledger.landing import LandedResource
from resources.http_errors import PassingFailure

MOST_READINGS: Final = 5
"""A ledger that is another one each time is not read on; the run is tried again later."""


def agreed(
    landed: LandedResource,
    read: Callable[[LandedResource], object],
    known_digest: str | None = None,
    known_rows: int | None = None,
) -> LandedResource:
    """The reading that the next one confirmed; ``read`` lands one into what it is given.

    ``known_digest`` and ``known_rows``: of the pages that were merged last; when the same ones come again, or none
    where there was none, nothing is new and they need no confirmation. Requests of all readings are in the result.
    Raises ``PassingFailure`` when no two readings in a row say the same, and what ``read`` raises.
    """
    read(landed)
    if landed.digest is not None and landed.digest == known_digest:
        return landed
    if not landed.full and not landed.files and known_rows == 0:
        return landed
    said, requests = rows_digest(landed), landed.requests
    for number in range(2, MOST_READINGS + 1):
        again = LandedResource(
            landed.resource, landed.folder.parent / f"{landed.folder.name}-reading-{number}", landed.full,
            landed.started_at, landed.cursor,
        )  # fmt: skip
        read(again)
        requests += again.requests
        said_before, said = said, rows_digest(again)
        if said == said_before:
            again.requests = requests
            return again
    raise PassingFailure(
        f"PowerOffice: {landed.resource} was read {MOST_READINGS} times in a row and was another list each time; "
        "nothing of it is kept. Run the day again when less is being booked"
    )


def rows_digest(landed: LandedResource) -> str:
    """Of the rows in the order in which they came, however they were cut into pages."""
    digest = sha256()
    for path in landed.paths:
        rows = gzip.decompress(Path(path).read_bytes()).strip()[1:-1].strip()
        digest.update(rows + b"," if rows else b"")
    return digest.hexdigest()
