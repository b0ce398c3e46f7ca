"""A print house's inbox: files are put under a path and stay as they came.

Storing, listing and handing out files belong here; what a batch must contain does not. The HTTP part is a small
application to be mounted at ``/letter-drop``: PUT stores (201), PUT of the same bytes again is 204, of other bytes 409;
GET gives a file, GET of a folder (a path that ends in ``/``) the list of what lies below it.
"""

from __future__ import annotations

import hashlib
import mimetypes
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .clock import SandboxClock


@dataclass(frozen=True)
class DroppedFile:
    """One file as it was put. ``stored_at`` is aware UTC by the sandbox clock."""

    path: str
    content: bytes
    stored_at: datetime

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def described(self) -> dict[str, Any]:
        """path, size (bytes), sha256 (hex), stored_at (ISO, UTC)."""
        return {
            "path": self.path,
            "size": len(self.content),
            "sha256": self.sha256,
            "stored_at": self.stored_at.isoformat(),
        }


class BadPath(ValueError):
    """A path that names no file inside the drop."""


class LetterDrop:
    """The files of one inbox, with an optional ``folder`` on disk that shows the same. Safe from several threads."""

    def __init__(self, clock: SandboxClock, folder: Path | None = None) -> None:
        self._clock = clock
        self._folder = folder
        self._files: dict[str, DroppedFile] = {}
        self._lock = Lock()

    def put(self, path: str, content: bytes) -> int:
        """Store a file; the HTTP status says what happened: 201 stored, 204 the same bytes lay there already,
        409 other bytes lie there and stay. Raises ``BadPath``."""
        name = checked(path)
        with self._lock:
            before = self._files.get(name)
            if before is not None:
                return 204 if before.content == content else 409
            self._files[name] = DroppedFile(name, content, self._clock.now())
            self._mirror(name, content)
        return 201

    def file(self, path: str) -> bytes | None:
        """The bytes under a path, or None."""
        found = self._files.get(checked(path))
        return None if found is None else found.content

    def files(self, below: str = "") -> list[DroppedFile]:
        """Files below a folder (all by default), by path."""
        prefix = below.strip("/")
        with self._lock:
            listed = sorted(self._files.values(), key=lambda one: one.path)
        return [one for one in listed if not prefix or one.path.startswith(prefix + "/")]

    def clear(self) -> None:
        """Empty the drop. Files that it had put into its folder are removed from there, nothing else is."""
        with self._lock:
            if self._folder is not None:
                for name in self._files:
                    (self._folder / name).unlink(missing_ok=True)
            self._files.clear()

    reset = clear

    def dump(self) -> list[dict[str, Any]]:
        """All files as plain JSON values, for ``load``."""
        return [
            {
                "path": one.path,
                "stored_at": one.stored_at.isoformat(),
                "content_base64": b64encode(one.content).decode(),
            }
            for one in self.files()
        ]

    def load(self, stored: Sequence[Mapping[str, Any]]) -> None:
        self.clear()
        with self._lock:
            for one in stored:
                name, content = checked(one["path"]), b64decode(one["content_base64"])
                self._files[name] = DroppedFile(name, content, datetime.fromisoformat(one["stored_at"]))
                self._mirror(name, content)

    def _mirror(self, name: str, content: bytes) -> None:
        if self._folder is None:
            return
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".part")
        partial.write_bytes(content)
        partial.replace(target)  # a reader of the folder never sees half a file


def checked(path: str) -> str:
    """The path without a leading slash. Raises ``BadPath`` when a part is empty, hidden or points upwards."""
    name = path.removeprefix("/")
    parts = name.split("/")
    if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        raise BadPath(f"letter drop: found path {path!r}, want folder/file with no empty or hidden part")
    return name


def letter_drop_app(drop: LetterDrop) -> Starlette:
    """The drop over HTTP, to be mounted at ``/letter-drop``."""

    async def put(request: Request) -> Response:
        try:
            return Response(status_code=drop.put(request.path_params["path"], await request.body()))
        except BadPath as error:
            return JSONResponse({"error": str(error)}, 400)

    def get(request: Request) -> Response:
        path: str = request.path_params["path"]
        if not path or path.endswith("/"):
            return JSONResponse([one.described() for one in drop.files(path)])
        try:
            content = drop.file(path)
        except BadPath as error:
            return JSONResponse({"error": str(error)}, 400)
        if content is None:
            return Response(status_code=404)
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return Response(content, headers={"Content-Type": kind})

    return Starlette(
        routes=[Route("/{path:path}", put, methods=["PUT"]), Route("/{path:path}", get, methods=["GET", "HEAD"])]
    )
