"""One sandbox for the obligations of a worker; every player resets it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    """Without rate limit; every organisation number is an active company until a case says else."""
    with start(SandboxOptions(rate_per_second=0, register_default="active")) as running:
        yield running
