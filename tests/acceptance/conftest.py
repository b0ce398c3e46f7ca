"""One sandbox per worker; every case resets it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    """A sandbox without rate limit in which every organisation number is an active company until a case says else."""
    with start(SandboxOptions(rate_per_second=0, register_default="active")) as running:
        yield running
