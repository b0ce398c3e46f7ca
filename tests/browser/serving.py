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
from tempfile import TemporaryFile
from time import monotonic, sleep
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

from kredin_pipeline.commands.ui import server_command, server_variables

SECONDS_TO_START = 120
GROUPS = ("ledger", "register", "cases", "letters", "vouchers")
LINEAGE = "/asset-groups?expanded=" + "%2C".join(f"global%40global%3A{group}" for group in GROUPS)
"""The page of the whole graph with every group unfolded."""

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
    """Dagster's web server over the data in ``home``, on a free port; no daemon, so nothing runs by itself."""

    def __init__(self, home: Path, dagster_home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        greeted = dagster_home / ".nux" / "nux.yaml"  # else Dagster covers its first page with a greeting
        greeted.parent.mkdir(parents=True, exist_ok=True)
        greeted.write_text("seen: 1\n")
        self._said = TemporaryFile("w+")  # noqa: SIM115 - closed by stop
        self._process = subprocess.Popen(
            server_command(port, "127.0.0.1", web_only=True),
            env=server_variables(home, dagster_home),
            cwd=dagster_home,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait(self) -> None:
        """Return when it answers. Raises ``RuntimeError`` with what it said when it ended or took too long."""
        until = monotonic() + SECONDS_TO_START
        while monotonic() < until and self._process.poll() is None:
            with suppress(OSError), urlopen(f"{self.url}/server_info", timeout=5):
                return
            sleep(0.2)
        self._said.seek(0)
        raise RuntimeError(f"the web server gave no answer within {SECONDS_TO_START} s: {self._said.read()[-3000:]}")

    def stop(self) -> None:
        """End it and its code server at once; it only reads."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._said.close()


def chromium() -> str | None:
    """The Chromium of this machine, None when there is none."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "/usr/bin/chromium")]
    return next((path for path in found if path), None)


@contextmanager
def open_page(executable: str, width: int, height: int) -> Generator[Page]:
    """A page of ``width`` × ``height`` pixels in a fresh browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_FLAGS))
        try:
            page = browser.new_page(viewport={"width": width, "height": height}, locale="en-GB")
            page.set_default_timeout(30_000)
            yield page
        finally:
            browser.close()
