"""What a read of the ledger leaves on disk: the pages as they came, and a manifest that says what was asked.

Belongs here: the files of one read and their manifest. Not here: fetching (`resources`) and reading them into the
book (`mirror`). Pages are gzip JSON arrays, one file each, named so that they sort in the order in which they came::

    pages/<tenant>/<business date>/<read>/ledger_entries-000001.json.gz
                                          ledger_entries.manifest.json     written last: without it the read broke off
"""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from isal import igzip

_progress = logging.getLogger("kredin.progress")
_FIRST_RECORD_WITHIN = 262_144  # bytes in which a page's first record must end


class BrokenFrame(Exception):
    """A page whose shape is not the one the reading was made for; the read stops and nothing of it is kept."""


@dataclass
class LandedResource:
    """The pages of one resource in one read.

    ``full``: everything was asked for, not only what changed; only then does a row that is missing mean anything.
    ``cursor``: the change time that was asked for (aware UTC), None in a full read. ``fields``: the wire names of the
    first record of each page, ``absent`` those of them that some first record lacks. ``claimed_total``: a count the
    server gave, if it did; never believed. ``digest``: of the pages of a read of changes.
    """

    resource: str
    folder: Path
    full: bool
    started_at: datetime
    cursor: datetime | None = None
    files: list[str] = field(default_factory=list[str])
    requests: int = 0
    fields: list[str] = field(default_factory=list[str])
    absent: list[str] = field(default_factory=list[str])
    claimed_total: int | None = None
    digest: str | None = None

    @property
    def paths(self) -> list[str]:
        """The page files, in the order in which they came."""
        return [str(self.folder / name) for name in self.files]

    def add_page(self, body: bytes, gzipped: bytes | None = None) -> int:
        """Keep one page; gives the most rows it can hold (see ``rows_at_most``).

        ``gzipped`` is the body as the server compressed it, kept as it is. Raises ``BrokenFrame`` when the page
        holds no objects.
        """
        names = _first_record(body, self.resource)
        if self.files:
            lacking = set(self.fields) ^ set(names)
            self.absent += sorted(lacking - set(self.absent))
        self.fields += [name for name in names if name not in self.fields]
        if not self.full:
            self.digest = sha256((self.digest or "").encode() + body).hexdigest()
        name = f"{self.resource}-{len(self.files) + 1:06}.json.gz"
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(gzipped if gzipped is not None else igzip.compress(body, 1, mtime=0))
        self.files.append(name)
        if self.full and len(self.files) > 1 and (len(self.files) <= 10 or len(self.files) % 10 == 0):
            _progress.info("%s: %d pages read", self.resource, len(self.files))
        return rows_at_most(body)

    def finish(self) -> LandedResource:
        """Write the manifest: from now on the read counts as whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{self.resource}.manifest"
        content = {**asdict(self), "folder": None}
        draft.write_text(json.dumps(content, default=_iso, indent=1), encoding="utf-8")
        draft.replace(self.folder / f"{self.resource}.manifest.json")
        return self


def read_manifest(folder: Path, resource: str) -> LandedResource:
    """What a finished read left in ``folder``. Raises ``FileNotFoundError`` when it never finished."""
    found = cast(dict[str, Any], json.loads((folder / f"{resource}.manifest.json").read_text(encoding="utf-8")))
    times = {name: datetime.fromisoformat(found[name]) if found[name] else None for name in ("started_at", "cursor")}
    return LandedResource(**{**found, **times, "folder": folder})  # pyright: ignore[reportArgumentType]


def rows_at_most(body: bytes) -> int:
    """An upper bound of the rows of a JSON array of objects, without parsing it: each row closes with a brace.

    A bound below the page size proves that a page is the last; an object inside a row, or a brace in a text, costs one
    request too many at most.
    """
    return body.count(b"}")


def drop_old_pages(pages: Path, keep_from: date) -> list[str]:
    """Delete the folders of business dates before ``keep_from`` below a tenant's ``pages`` folder; gives the names."""
    dropped: list[str] = []
    for folder in sorted(pages.iterdir()) if pages.is_dir() else []:
        try:
            old = date.fromisoformat(folder.name) < keep_from
        except ValueError:
            continue
        if old:
            shutil.rmtree(folder)
            dropped.append(folder.name)
    return dropped


def _first_record(body: bytes, resource: str) -> list[str]:
    start = body.find(b"{")
    if start < 0:
        if body.strip() == b"[]":
            return []
        raise BrokenFrame(f"{resource}: a page is a JSON list without records; want objects")
    text = body[start : start + _FIRST_RECORD_WITHIN].decode("utf-8", "replace")
    try:
        record, _ = json.JSONDecoder().raw_decode(text)
    except ValueError as error:
        raise BrokenFrame(f"{resource}: the first record of a page is not whole JSON ({error})") from error
    return list(cast(dict[str, Any], record))


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
