"""A ledger's pages in memory, served over HTTP as fast as a process can, or as a distant server would.

Belongs here: the pages, and a server for them in a process of its own. It answers the token and one list, page by
page, gzip where it is asked for; it can take its time for each answer, keep to a rate, and it counts what was asked.
Not here: anything of PowerOffice's meaning; the sandbox is for that, and is too slow for a million rows.
"""

from __future__ import annotations

import argparse
import gzip
import json
import socketserver
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from importlib.resources import files
from urllib.parse import SplitResult, parse_qs, urlsplit

import duckdb

LIST = "/v2/Customerledger/Statement"
PAGE_SIZE = 1000
BURST = 10.0
"""Requests that the server lets through at once after a quiet time."""


def made_pages(entries: int, page_size: int = PAGE_SIZE) -> list[bytes]:
    """A ledger of so many entries as pages of JSON arrays, the same every time."""
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    text = files("benchmarks").joinpath("extract_pages.sql").read_text(encoding="utf-8")
    rows = con.execute(text, [entries])
    pages: list[bytes] = []
    while held := rows.fetchmany(page_size):
        pages.append(("[" + ",".join(row[0] for row in held) + "]").encode())
    con.close()
    return pages


class _Pages(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, pages: list[bytes], latency: float, rate: float) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.plain = pages
        self.zipped = [gzip.compress(page, 5, mtime=0) for page in pages]
        self.latency, self.rate = latency, rate
        self.asked: Counter[int] = Counter()
        self.refused = 0
        self._left, self._at = BURST, time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether the rate lets one more request through now."""
        if not self.rate:
            return True
        with self._lock:
            now = time.monotonic()
            self._left = min(BURST, self._left + (now - self._at) * self.rate)
            self._at = now
            if self._left < 1.0 - 1e-6:
                self.refused += 1
                return False
            self._left -= 1.0
            return True


class _Connection(socketserver.StreamRequestHandler):
    server: _Pages  # pyright: ignore[reportIncompatibleVariableOverride]
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while line := self.rfile.readline():
            method, target, _ = line.decode("latin-1").split(" ", 2)
            headers: dict[str, str] = {}
            while (header := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = header.decode("latin-1").partition(":")
                headers[name.strip().lower()] = value.strip()
            self.rfile.read(int(headers.get("content-length", "0")))
            self._answer(method, urlsplit(target), headers)

    def _answer(self, method: str, target: SplitResult, headers: dict[str, str]) -> None:
        path, query = target.path, parse_qs(target.query)
        if path == "/OAuth/Token":
            return self._send(
                200, json.dumps({"access_token": "t", "token_type": "bearer", "expires_in": 1200}).encode()
            )
        if path == "/asked":
            told = {"asked": dict(self.server.asked), "refused": self.server.refused}
            self.server.asked, self.server.refused = Counter(), 0
            return self._send(200, json.dumps(told).encode())
        if method != "GET" or path.lower() != LIST.lower():
            return self._send(404, b'{"title": "no such list"}')
        if not self.server.take():
            return self._send(
                429, b'{"statusCode": "429", "message": "Rate limit is exceeded. Try again in 1 seconds."}'
            )
        if self.server.latency:
            time.sleep(self.server.latency)
        number = int(query.get("PageNumber", ["1"])[0])
        self.server.asked[number] += 1
        if not 1 <= number <= len(self.server.plain):
            return self._send(204, b"")
        if "gzip" in headers.get("accept-encoding", ""):
            return self._send(200, self.server.zipped[number - 1], "Content-Encoding: gzip\r\n")
        return self._send(200, self.server.plain[number - 1])

    def _send(self, status: int, body: bytes, more: str = "") -> None:
        head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        self.request.sendall(head.encode("latin-1") + body)


@contextmanager
def serving(entries: int, page_size: int = PAGE_SIZE, *, latency: float = 0, rate: float = 0) -> Generator[str]:
    """The address of such a server in another process; ``latency`` in seconds, ``rate`` in requests a second."""
    given = ["--entries", entries, "--page-size", page_size, "--latency", latency, "--rate", rate]
    command = [sys.executable, "-m", __name__, *map(str, given)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=30)


def main() -> None:
    """Serves until it is terminated; the first line printed is the address."""
    parser = argparse.ArgumentParser(prog="benchmarks.extract_server")
    parser.add_argument("--entries", type=int, required=True)
    parser.add_argument("--page-size", type=int, required=True)
    parser.add_argument("--latency", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    given = parser.parse_args()
    server = _Pages(made_pages(given.entries, given.page_size), given.latency, given.rate)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
