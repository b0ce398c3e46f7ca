"""Journals on both engines, one sandbox that outlives every kill, and the process that runs are forked from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kredin_pipeline.journal import SecretBox, open_journal
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from tests.crash import runs
from tests.crash.story import Place
from tests.crash.worker import Addresses
from tests.unit.journal.conftest import database, postgresql_server

__all__ = ["postgresql_server"]


@pytest.fixture(scope="session")
def crash_sandbox() -> Iterator[RunningSandbox]:
    runs.be_ready()
    with start(SandboxOptions(now="2025-03-17T06:00", rate_per_second=0, fault_hold_seconds=1.0)) as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path, crash_sandbox: RunningSandbox) -> Iterator[Place]:
    """An empty journal on each engine, and the sandbox."""
    if request.param == "sqlite":
        yield from _place(f"sqlite:///{tmp_path / 'journal.sqlite'}", crash_sandbox)
        return
    with database(request.getfixturevalue("postgresql_server")) as url:
        yield from _place(url, crash_sandbox)


def _place(url: str, sandbox: RunningSandbox) -> Iterator[Place]:
    sandbox.control.reset()
    journal = open_journal(url, SecretBox(SecretBox.new_key()))
    addresses = Addresses(url, sandbox.base_url, sandbox.poweroffice_url, sandbox.token_url)
    yield Place(sandbox, journal, addresses)
    journal.close()
