"""The sandbox in a process of its own, every answer of which takes as long as the way to a server far away.

Belongs here: starting it and stopping it. It is the sandbox as it is: books that balance, references that are taken
once, tokens, privileges, the rate of the subscription; only the delay is added, before a request is looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from kredin_pipeline.sandbox.app import Receive, SandboxApp, Scope, Send
from kredin_pipeline.sandbox.options import SandboxOptions
from kredin_pipeline.sandbox.world import World


class Distant:
    """An application whose answers to the ledger's routes come ``seconds`` later."""

    def __init__(self, app: SandboxApp, seconds: float) -> None:
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/control/"):
            await asyncio.sleep(self._seconds)
        await self._app(scope, receive, send)


@contextmanager
def running(latency: float, rate: float) -> Generator[str]:
    """The address of a sandbox in another process; ``latency`` in seconds, ``rate`` in requests a second."""
    command = [sys.executable, "-m", __name__, "--latency", str(latency), "--rate", str(rate)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=30)


def main() -> None:
    """Serves until it is terminated; the first line printed is the address."""
    parser = argparse.ArgumentParser(prog="benchmarks.outbox_server")
    parser.add_argument("--latency", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    given = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    world = World(SandboxOptions(rate_per_second=given.rate, now="2025-03-10T06:00", log_requests=100))
    world.base_url = address
    app: Any = Distant(SandboxApp(world), given.latency)
    print(address, flush=True)
    config = uvicorn.Config(app, lifespan="off", log_level="warning", access_log=False, timeout_keep_alive=120)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
