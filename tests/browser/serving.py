"""A web server over an installation's data, and a Chromium that looks at it.

Belongs here: starting and ending both. Not here: what is on the pages (`test_ui`, `pictures`).
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import BrowserContext, Locator, Page, sync_playwright

from kredin_pipeline.commands.ui import server_command, server_variables

SECONDS_TO_START = 120
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class WebServer:
    """Dagster's web server over the data in ``home``, on a free port. Ends with all its processes."""

    def __init__(self, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        self._log = home / "webserver.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                server_command(port, "127.0.0.1", web_only=True),
                env=server_variables(home, home / "dagster"),
                cwd=home,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return when it answers. Raises ``RuntimeError`` with what it said when it ended or took too long."""
        until = monotonic() + SECONDS_TO_START
        while monotonic() < until and self._process.poll() is None:
            with suppress(URLError, OSError), urlopen(f"{self.url}/server_info", timeout=5):
                return
            sleep(0.2)
        raise RuntimeError(f"the web server did not answer within {SECONDS_TO_START} s: {self._log.read_text()[-3000:]}")

    def stop(self) -> None:
        """End it and its code server."""
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(self._process.pid, signal.SIGINT)
            self._process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def chromium() -> str | None:
    """The Chromium of this machine, None when there is none."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "/usr/bin/chromium")]
    return next((path for path in found if path), None)


@contextmanager
def browser(executable: str, width: int, height: int) -> Generator[BrowserContext]:
    """A fresh browser window of ``width`` × ``height`` pixels."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_FLAGS))
        context = running.new_context(viewport={"width": width, "height": height}, locale="en-GB")
        context.set_default_timeout(30_000)
        yield context
        running.close()


def open_page(context: BrowserContext) -> Page:
    """A new page on which Dagster's greeting to newcomers is skipped whenever it comes up."""

    def skip(greeting: Locator) -> None:
        greeting.page.get_by_role("button", name="Skip").click()

    page = context.new_page()
    page.add_locator_handler(page.get_by_text("Join the Dagster community"), skip)
    return page
