"""A scripted ledger behind a wire: rows in pages, filtered by customer number, with the limits that a test gives it.

No expectation belongs here.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from kredin_pipeline.ledger.landing import LandedResource
from tests.unit.resources.doors import Wire

Fault = Exception | int


@dataclass
class Ledger:
    """Rows of ``(id, customer number)``. ``ceiling``: rows that one list gives over all its pages; beyond it a page is
    refused with 400, or the list just ends (``silent``). ``too_many``: a list of more rows gets no answer in time.
    ``faults``: what page numbers meet, one after the other, before they are answered."""

    rows: list[tuple[int, int]]
    latency: float = 0.0
    ceiling: int | None = None
    silent: bool = False
    too_many: int | None = None
    total: Callable[[int], int] | None = None
    faults: dict[int, list[Fault]] = field(default_factory=dict[int, list[Fault]])

    def customers(self) -> list[int]:
        return sorted({customer for _, customer in self.rows})

    def filtered(self, asked: httpx.QueryParams) -> list[tuple[int, int]]:
        low, _, high = asked.get("customerNos", "0-").partition("-")
        return [row for row in self.rows if int(low) <= row[1] <= int(high or 10**9)]


class LedgerWire(Wire):
    """Answers Statement and Customers from a ``Ledger``, to several threads at once; notes the most under way."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(httpx.Response(204))
        self.ledger, self.lock = ledger, threading.Lock()
        self.under_way = self.most = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/OAuth/Token":
            return super().__call__(request)
        with self.lock:
            self.requests.append(request)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            waiting = self.ledger.faults.get(int(request.url.params.get("PageNumber", "1")), [])
            fault = waiting.pop(0) if waiting else None
        try:
            time.sleep(self.ledger.latency)
            if isinstance(fault, Exception):
                raise fault
            return _answer(fault) if fault is not None else self._page(request.url)
        finally:
            with self.lock:
                self.under_way -= 1

    def _page(self, url: httpx.URL) -> httpx.Response:
        asked, ledger = url.params, self.ledger
        if "PageNumber" not in asked:
            return _answer(200, b"{}")
        number, size = int(asked["PageNumber"]), int(asked["PageSize"])
        if url.path == "/v2/Customers":
            nos = ledger.customers()
            return _json([{"Number": nos[-1] if "desc" in asked["OrderBy"] else nos[0]}] if nos else [])
        rows = ledger.filtered(asked)
        if ledger.too_many is not None and len(rows) > ledger.too_many and size > 1:
            raise httpx.ReadTimeout("too much")
        headers = {} if ledger.total is None else {"X-Total-Count": str(ledger.total(len(rows)))}
        if ledger.ceiling is not None:
            if not ledger.silent and (number - 1) * size >= ledger.ceiling:
                return _answer(400, b'{"title": "Invalid resourceParameter", "detail": "too far"}')
            rows = rows[: ledger.ceiling]
        page = rows[(number - 1) * size : number * size]
        return _json([{"Id": one, "CustomerAccountNo": customer} for one, customer in page], headers)


def _answer(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(body), headers=headers)  # unread, as one from a socket


def _json(rows: list[dict[str, int]], headers: dict[str, str] | None = None) -> httpx.Response:
    return _answer(200, json.dumps(rows).encode(), headers) if rows else _answer(204)


def landed_rows(landed: LandedResource) -> list[dict[str, Any]]:
    """Every row that was landed, in the order of its pages."""
    return [row for path in landed.paths for row in json.loads(gzip.decompress(Path(path).read_bytes()))]
