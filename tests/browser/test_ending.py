"""`kredin ui` ends together with everything it has started, and says why when it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest
from typer.testing import CliRunner

from kredin_pipeline.cli import app

# A server as `kredin ui` starts one: it has a child of its own that does not care about interrupts.
STUBBORN = "trap '' INT TERM; sleep 60 & echo $! > child; echo $$ > server; wait"
LIKE_KREDIN_UI = """
import os, sys
from kredin_pipeline.commands import ui
ui.SECONDS_TO_END = 0.5
sys.exit(ui.run_until_interrupted(["sh", "-c", sys.argv[1]], {**os.environ, "DAGSTER_HOME": os.getcwd()}))
"""


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_when_the_ui_is_asked_to_end(asked: signal.Signals, tmp_path: Path) -> None:
    ui = subprocess.Popen([sys.executable, "-c", LIKE_KREDIN_UI, STUBBORN], cwd=tmp_path, start_new_session=True)
    server = int(written(tmp_path / "server"))
    ui.send_signal(asked)
    assert ui.wait(20) == 0
    assert is_gone(server)


def test_the_exit_code_of_a_server_that_ended_by_itself_is_told(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", LIKE_KREDIN_UI, "exit 3"], cwd=tmp_path, check=False)
    assert ended.returncode == 3


def test_a_port_that_is_taken_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = CliRunner().invoke(app, ["--home", str(tmp_path), "ui", "--port", str(port)], env={"KREDIN_HOME": None})
    assert said.exit_code == 1
    assert f"port {port} on 127.0.0.1 cannot be opened" in said.output
    assert list(tmp_path.iterdir()) == []


def is_gone(group: int) -> bool:
    """Whether no process of the group is left, soon: a killed orphan is in the table until init has seen it."""
    until = monotonic() + 5
    while monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        sleep(0.05)
    return False


def written(file: Path) -> str:
    """What another process writes into ``file``, waited for."""
    until = monotonic() + 20
    while monotonic() < until:
        if file.exists() and file.read_text().endswith("\n"):
            return file.read_text()
        sleep(0.05)
    raise AssertionError(f"{file.name} was not written")
