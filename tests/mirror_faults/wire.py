"""The wire to the sandbox, on which answers are cut or exchanged, and between whose requests the ledger changes.

Belongs here: what the sandbox's own faults cannot show. Not here: when (`sequences`).
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Literal, get_args

import httpx

Mangling = Literal[
    "cut", "cut plain", "page of words", "object", "null", "array of numbers", "half a row", "an unreadable amount",
    "a wrong amount", "no balances",
]  # fmt: skip
MANGLINGS: tuple[Mangling, ...] = get_args(Mangling)
_AMOUNT = re.compile(rb'"Amount":-?[0-9.]+')
_BALANCE = re.compile(rb'"Balance":-?[0-9.]+,')


class Wire(httpx.HTTPTransport):
    """Counts requests from 1 and tells each to ``told``. ``before`` is called before some of them, ``mangled`` says
    whose 200 is spoiled: that of a request, the first one of a route, or (``route*``) each of them."""

    def __init__(
        self,
        mangled: Mapping[int | str, Mangling] | None = None,
        before: Mapping[int, Callable[[], None]] | None = None,
        told: Callable[[int], object] | None = None,
    ) -> None:
        super().__init__(verify=False)
        self._mangled: dict[int | str, Mangling] = dict(mangled or {})
        self._before = dict(before or {})
        self._told = told
        self._lock = Lock()
        self.requests = 0
        self.spoiled = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests += 1
            number = self.requests
            if self._told is not None:
                self._told(number)
            happens = self._before.pop(number, None)
            if happens is not None:
                happens()
        response = super().handle_request(request)
        if response.status_code != 200:
            return response
        route = request.url.path.rsplit("/", 1)[-1]
        with self._lock:
            mangling = self._mangled.pop(number, None) or self._mangled.pop(route, None)
            mangling = mangling or self._mangled.get(f"{route}*")
        if mangling is None:
            return response
        assert isinstance(response.stream, httpx.SyncByteStream)
        raw = b"".join(response.stream)
        response.close()
        headers = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
        body, compressed = _spoiled(mangling, raw, headers.get("content-encoding", "").lower() == "gzip")
        if not compressed:
            headers.pop("content-encoding", None)
        self.spoiled += 1
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))


def _spoiled(mangling: Mangling, raw: bytes, compressed: bool) -> tuple[bytes, bool]:
    """The body instead, and whether it is compressed."""
    plain = gzip.decompress(raw) if compressed else raw
    match mangling:
        case "cut":
            return raw[: len(raw) * 2 // 3], compressed
        case "cut plain":
            return plain[: len(plain) * 2 // 3], False
        case "page of words":
            return b"<html><body>Maintenance</body></html>", False
        case "object":
            return b'{"message": "no list today"}', False
        case "null":
            return b"null", False
        case "array of numbers":
            return b"[1, 2, 3]", False
        case "half a row":  # whole brackets around rows that are not whole
            return plain[: len(plain) // 2] + b"]", False
        case "an unreadable amount":
            return _AMOUNT.sub(b'"Amount":"mye"', plain, count=1), False
        case "a wrong amount":
            return _AMOUNT.sub(b'"Amount":17.25', plain, count=1), False
        case "no balances":
            return _BALANCE.sub(b"", plain), False
