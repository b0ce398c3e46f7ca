"""The letter drop (brevboks): a folder or a web folder where a print house fetches letters.

Here belongs putting one file so that it is there whole or not at all, and reading it back. A file that lies there with
the same bytes counts as put; with other bytes it stays as it is and the put is refused.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import quote, urlsplit

import httpx

from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected

OTHER_CONTENT = 409
"""Status of a ``Rejected`` put because other bytes lie under the path."""


class LetterDrop(Protocol):
    """A place for files."""

    def put(self, path: str, content: bytes) -> None:
        """Store a file. Raises ``NothingSent``, ``OutcomeUnknown``, or ``Rejected`` (409: other bytes lie there)."""
        ...

    def get(self, path: str) -> bytes | None:
        """The bytes under a path, None when nothing lies there. Raises ``OutcomeUnknown`` when it cannot be read."""
        ...


def _checked(path: str) -> PurePosixPath:
    parts = PurePosixPath(path)
    if parts.is_absolute() or any(part in ("", ".", "..") or part.startswith(".") for part in parts.parts):
        raise Rejected(f"letter drop: found path {path!r}, want folder/file below the drop")
    return parts


class FolderDrop:
    """A folder on disk. A file is written beside its place, flushed to disk, and linked into its place at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, path: str, content: bytes) -> None:
        target = self._folder / _checked(path)
        try:
            if not self._folder.is_dir():
                raise NothingSent(f"letter drop {self._folder}: no such folder; create it or change letter_drop")
            target.parent.mkdir(exist_ok=True, parents=True)
            handle, partial = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(partial).chmod(0o640)
                self._place(Path(partial), target, content)
            finally:
                Path(partial).unlink(missing_ok=True)
            _flush_folder(target.parent)
        except OSError as error:
            raise NothingSent(f"letter drop: {path} could not be written: {error.strerror or error}") from None

    def _place(self, partial: Path, target: Path, content: bytes) -> None:
        try:
            os.link(partial, target)  # never over a file that is there; a rename would be
        except FileExistsError:
            if target.read_bytes() != content:
                raise Rejected(
                    f"letter drop: {target.name} lies there with other content", status=OTHER_CONTENT
                ) from None
        except OSError:  # a file system without links: the check and the rename are then two steps
            if target.exists():
                if target.read_bytes() != content:
                    raise Rejected(
                        f"letter drop: {target.name} lies there with other content", status=OTHER_CONTENT
                    ) from None
                return
            partial.replace(target)

    def get(self, path: str) -> bytes | None:
        try:
            return (self._folder / _checked(path)).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutcomeUnknown(f"letter drop: {path} could not be read: {error.strerror or error}") from None


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class WebDrop:
    """A folder behind HTTP: PUT stores (201) or finds the same bytes (200, 204) or others (409); GET reads."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self._url = url.rstrip("/")
        self._name = urlsplit(url).hostname or "?"  # shown in errors; a URL may carry a password
        self._client = client

    def put(self, path: str, content: bytes) -> None:
        where = f"letter drop {self._name}: PUT {path}"
        try:
            answer = self._client.put(self._at(path), content=content)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NothingSent(f"{where}: no connection ({type(error).__name__})") from None
        except httpx.HTTPError as error:
            raise OutcomeUnknown(f"{where}: no answer ({type(error).__name__})") from None
        if answer.status_code in (200, 201, 204):
            return
        if answer.status_code == OTHER_CONTENT:
            raise Rejected(f"{where}: 409, lies there with other content", status=OTHER_CONTENT)
        if answer.status_code >= 500 and answer.status_code != 503:
            raise OutcomeUnknown(f"{where}: {answer.status_code}", status=answer.status_code)
        raise NothingSent(f"{where}: {answer.status_code}", status=answer.status_code)

    def get(self, path: str) -> bytes | None:
        where = f"letter drop {self._name}: GET {path}"
        try:
            answer = self._client.get(self._at(path))
        except httpx.HTTPError as error:
            raise OutcomeUnknown(f"{where}: no answer ({type(error).__name__})") from None
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise OutcomeUnknown(f"{where}: {answer.status_code}", status=answer.status_code)
        return answer.content

    def _at(self, path: str) -> str:
        return f"{self._url}/{quote(_checked(path).as_posix())}"
