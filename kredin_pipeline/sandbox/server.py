"""Starting a sandbox: in a thread of this process (tests, demo) or in the foreground (``kredin sandbox``)."""

from __future__ import annotations

import contextlib
import signal
import socket
import struct
from collections.abc import Callable
from threading import Thread, current_thread, main_thread
from time import monotonic, sleep
from types import FrameType, TracebackType
from typing import NoReturn, Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import storage
from .app import SandboxApp
from .control import Control
from .options import SandboxOptions
from .world import World

__all__ = ["RunningSandbox", "SandboxOptions", "serve", "start"]
_START_SECONDS = 15


class _CuttableProtocol(HttpToolsProtocol):
    """HTTP whose connection the application may cut (faults that lose an answer)."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["kredin.cut"] = self._cut  # type: ignore[typeddict-unknown-key]

    def _cut(self, reset: bool) -> None:
        raw = self.transport.get_extra_info("socket")
        if reset and raw is not None:  # zero linger: the peer sees a reset, not an orderly end
            with contextlib.suppress(OSError, ValueError):  # a caller that was killed is gone already
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class RunningSandbox:
    """A sandbox that listens. Use as a context manager, or call ``stop``."""

    def __init__(self, options: SandboxOptions) -> None:
        self.options = options
        self.world = World(options)
        if options.state_file is not None and options.state_file.exists():
            storage.load(self.world, options.state_file)
            if options.now is not None:
                self.world.clock.set(options.now)
        self._listener = socket.create_server((options.host, options.http_port), backlog=256)
        port = self._listener.getsockname()[1]
        self.base_url = f"http://{options.host}:{port}"
        self.world.base_url = self.base_url
        self.poweroffice_url = f"{self.base_url}/v2"
        self.token_url = f"{self.base_url}/OAuth/Token"
        self.register_url = f"{self.base_url}/enhetsregisteret/api"
        self.accounts_url = f"{self.base_url}/regnskapsregisteret"
        self.letter_drop_url = f"{self.base_url}/letter-drop"
        try:
            self.smtp_host, self.smtp_port = self.world.mailbox.start(options.host, options.smtp_port)
        except BaseException:
            self._listener.close()
            raise
        self.control = Control(self.base_url)
        self._server = uvicorn.Server(
            uvicorn.Config(
                SandboxApp(self.world), http=_CuttableProtocol, lifespan="off", log_level="warning", access_log=False,
                timeout_graceful_shutdown=1, timeout_keep_alive=120, date_header=False, server_header=False,
            )
        )  # fmt: skip
        self._thread: Thread | None = None

    def run(self) -> None:
        """Serve in this thread until ``stop`` is called or the process is asked to end."""
        try:
            self._server.run(sockets=[self._listener])
        finally:
            self.world.mailbox.stop()
            if self.options.state_file is not None:
                storage.save(self.world, self.options.state_file)

    def start(self) -> Self:
        """Serve in a thread; returns when the port answers. Raises ``RuntimeError`` when it does not."""
        self._thread = Thread(target=self.run, name="sandbox", daemon=True)
        self._thread.start()
        until = monotonic() + _START_SECONDS
        while not self._server.started:
            if monotonic() > until or not self._thread.is_alive():
                raise RuntimeError(f"the sandbox at {self.base_url} did not start within {_START_SECONDS} seconds")
            sleep(0.005)
        return self

    def stop(self) -> None:
        """Stop listening; with a state file, the world is written to it."""
        self.control.close()
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=_START_SECONDS)
            self._thread = None
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self.stop()


def start(options: SandboxOptions | None = None) -> RunningSandbox:
    """Start a sandbox in a thread of this process."""
    return RunningSandbox(options or SandboxOptions()).start()


def serve(options: SandboxOptions, on_ready: Callable[[RunningSandbox], None] | None = None) -> None:
    """Run a sandbox in the foreground until the process is interrupted; ``on_ready`` hears its addresses first.

    The port is open from then on; the first answers come a few milliseconds later.
    """
    sandbox = RunningSandbox(options)
    if current_thread() is main_thread():
        # uvicorn raises the signal again when it has shut down; without a handler that would end the process before
        # the state file is written.
        signal.signal(signal.SIGTERM, _leave)
    if on_ready is not None:
        on_ready(sandbox)
    with contextlib.suppress(KeyboardInterrupt):
        sandbox.run()


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise SystemExit(0)
