"""One sandbox for all tests of the doors; each test begins with an empty world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from tests.unit.resources.company import Company


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    options = SandboxOptions(rate_per_second=0, dates_with_time="sometimes", fault_hold_seconds=1.0)
    with start(options) as running:
        yield running


@pytest.fixture
def company(sandbox: RunningSandbox, tmp_path: Path) -> Company:
    return Company(sandbox, tmp_path)
