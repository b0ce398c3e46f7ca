"""``kredin ui``: the Dagster UI of this installation, with the demo's sandbox behind it if there is one."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import typer

from kredin_pipeline.environment import home_folder, load_environment
from kredin_pipeline.instance import prepare_home

PROJECT = Path(__file__).resolve().parent.parent.parent


def serve_ui(port: int, host: str) -> None:
    """Serve webserver and daemon until interrupted. Ends with their exit code."""
    home = home_folder()
    with ExitStack() as held:
        from kredin_pipeline.commands.demo import STATE, open_sandbox

        if (home / STATE).exists():
            held.enter_context(open_sandbox(home))
            typer.echo("The demo's sandbox is running behind it: runs that you start find their ledger.")
        environment = load_environment(home)
        dagster_home = prepare_home(environment.dagster_folder)
        typer.echo(f"Dagster UI: http://{host}:{port} (stop with Ctrl-C)")
        command = [
            sys.executable,
            "-m",
            "dagster",
            "dev",
            "-w",
            str(PROJECT / "workspace.yaml"),
            "-h",
            host,
            "-p",
            str(port),
        ]
        variables = {**os.environ, "DAGSTER_HOME": str(dagster_home), "KREDIN_HOME": str(home)}
        ended = subprocess.run(command, cwd=PROJECT, env=variables, check=False)
    raise typer.Exit(ended.returncode)
