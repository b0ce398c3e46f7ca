"""A sandbox as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from kredin_pipeline.sandbox.control import Control
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions

PROGRAM = """
import sys
from pathlib import Path
from kredin_pipeline.sandbox.server import SandboxOptions, serve
serve(SandboxOptions(state_file=Path(sys.argv[1]), now="2025-03-10"), lambda s: print(s.base_url, flush=True))
"""


def test_a_terminated_sandbox_keeps_its_world_in_the_state_file(tmp_path: Path) -> None:
    state = tmp_path / "world.jsonl"
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(state)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        control = Control(process.stdout.readline().strip())
        key = control.add_company("Fjellheim AS", "999990002")
        control.event(key, {"event": "invoice", "no": 1001, "customer": 10001, "amount": 12000, "due": "2025-03-24"})
        vouchers = control.vouchers(key)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert json.loads(state.read_text().splitlines()[0])["kredin_sandbox"] == 1
    with RunningSandbox(SandboxOptions(state_file=state)).start() as again:
        assert again.control.vouchers(key) == vouchers
