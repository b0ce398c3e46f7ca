"""``kredin ui``: the Dagster UI of this installation, with the demo's sandbox behind it if there is one.

Belongs here: which processes serve the UI, and that all of them end together. Not here: what the UI shows
(`definitions`) and where Dagster keeps its runs (`instance`).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import typer

from kredin_pipeline.commands.output import fail, failures_told
from kredin_pipeline.environment import home_folder, load_environment
from kredin_pipeline.instance import prepare_home

WORKSPACE: Final = Path(__file__).resolve().parent.parent.parent / "workspace.yaml"
SECONDS_TO_END: Final = 20.0
# What Dagster says at every start about its own future, not about this graph.
ITS_OWN_AFFAIRS: Final = ("Parameter `backfill_policy`", "Function `dev_command` is superseded")


def serve_ui(port: int, host: str, *, web_only: bool = False) -> None:
    """Serve until interrupted; ``web_only`` leaves out the daemon, so that no schedule, sensor or queue works.

    Ends with exit code 0 after Ctrl-C, 1 when the port is taken, else with the server's own.
    """
    home = home_folder()
    with failures_told():
        environment = load_environment(home)
    _require_free(host, port)
    with ExitStack() as held:
        from kredin_pipeline.commands.demo import STATE, open_sandbox

        if (home / STATE).exists():
            held.enter_context(open_sandbox(home))
            typer.echo("The demo's sandbox runs behind it: runs that you start find their ledger.")
        typer.echo(f"Dagster UI: http://{host}:{port} in half a minute or so; stop with Ctrl-C")
        dagster_home = prepare_home(environment.dagster_folder, environment.pg_url)
        code = run_until_interrupted(
            server_command(port, host, web_only=web_only), server_variables(home, dagster_home)
        )
    raise typer.Exit(code)


def server_command(port: int, host: str, *, web_only: bool) -> list[str]:
    """The command that serves the graph of `workspace.yaml`: all of Dagster, or its web server alone."""
    served = ["dagster_webserver"] if web_only else ["dagster", "dev"]
    return [sys.executable, "-m", *served, "-w", str(WORKSPACE), "-h", host, "-p", str(port)]


def server_variables(home: Path, dagster_home: Path) -> dict[str, str]:
    """The process's variables with both homes, and without Dagster's remarks about its own future."""
    ignored = [f"ignore:{message}" for message in ITS_OWN_AFFAIRS]
    warnings = [os.environ["PYTHONWARNINGS"]] if os.environ.get("PYTHONWARNINGS") else []
    return {
        **os.environ,
        "KREDIN_HOME": str(home),
        "DAGSTER_HOME": str(dagster_home),
        "PYTHONWARNINGS": ",".join([*warnings, *ignored]),
    }


def run_until_interrupted(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run ``command`` in a process group of its own until it ends or we are asked to; then nothing of it is left.

    Ctrl-C, a closed terminal and SIGTERM all reach it as one interrupt. Gives its exit code, 0 after one of these.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Set also where the shell ignores it (a background job), or the servers would inherit that and never end.
        signal.signal(number, _interrupted)
    # Its working folder is not the project: Dagster would remark on the `dagster.yaml` that it finds there.
    server = subprocess.Popen(list(command), env=dict(variables), cwd=variables["DAGSTER_HOME"], start_new_session=True)
    try:
        return server.wait()
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave servers behind
        typer.echo("Ending ...")
        return 0
    finally:
        _end_group(server)


def _interrupted(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def _end_group(server: subprocess.Popen[bytes]) -> None:
    """Ask the server to end, then end what is left of its group; its group outlives it if a child does."""
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGINT)
            server.wait(SECONDS_TO_END)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def _require_free(host: str, port: int) -> None:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        fail(f"port {port} on {host} cannot be opened ({error.strerror}); choose another with --port")
