"""Imports in processes of their own that can be killed: a server that has loaded everything forks one for each order.

Belongs here: the server, the orders, the end by SIGKILL at a chosen step. Not here: what must be true afterwards.
An order is a line of JSON on standard input: ``home``, ``first``, ``last``, ``die_at`` (a pattern of a step that the
import tells of itself, null to live) and ``nth``. The answer is a line: the exit code, -9 for killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import date
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Any

from kredin_pipeline.commands.long_work import heard
from kredin_pipeline.commands.session import graph
from kredin_pipeline.environment import load_environment
from kredin_pipeline.jobs import run_history

TENANT = "fjell"


class _Fuse:
    """Ends the process when a step that fits has been told the ``nth`` time; nothing can catch or delay it."""

    def __init__(self, pattern: str | None, nth: int) -> None:
        self._pattern, self._left = pattern, nth

    def reached(self, step: str) -> None:
        if self._pattern is not None and fnmatchcase(step, self._pattern):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def carry_out(order: dict[str, Any]) -> int:
    """One import as the command runs it; gives the exit code."""
    os.environ["KREDIN_HOME"] = order["home"]
    defs, instance = graph(load_environment(Path(order["home"])))
    fuse = _Fuse(order["die_at"], order["nth"])
    with heard(fuse.reached):
        first, last = date.fromisoformat(order["first"]), date.fromisoformat(order["last"])
        outcome = run_history(defs, instance, TENANT, first, last)
    for message in outcome.messages:
        print(message, file=sys.stderr)
    return 0 if outcome.ok else 1


def main() -> None:
    """Answers orders until standard input ends."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 2
            try:
                code = carry_out(json.loads(line))
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    import_module("kredin_pipeline.definitions")  # what every import needs, loaded once
    main()
