"""One sandbox for these tests, and a company in it that each test starts anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from tests.unit.posting.company import Company, found

Found = Callable[..., Company]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    with start(SandboxOptions(rate_per_second=0, register_default="active", fault_hold_seconds=3)) as running:
        yield running


@pytest.fixture
def founded(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Found]:
    made: list[Company] = []

    def make(**settings: object) -> Company:
        made.append(found(sandbox, tmp_path, **settings))
        return made[-1]

    yield make
    for one in made:
        one.resource.close()
        one.instance.dispose()
    sandbox.control.set_options(references_in_capitals=False)
