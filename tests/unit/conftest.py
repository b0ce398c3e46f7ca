"""Every exchange with a sandbox in these tests is held against the OpenAPI descriptions, whatever the test is about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kredin_pipeline.sandbox.server import RunningSandbox
from tests.contract.traffic import findings

_running: list[RunningSandbox] = []


@pytest.fixture(scope="session", autouse=True)
def known_sandboxes() -> Iterator[None]:
    """Keep account of the sandboxes that run in this process."""
    start, stop = RunningSandbox.start, RunningSandbox.stop

    def noted_start(self: RunningSandbox) -> RunningSandbox:
        started = start(self)
        _running.append(started)
        return started

    def noted_stop(self: RunningSandbox) -> None:
        if self in _running:
            _running.remove(self)
        stop(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunningSandbox, "start", noted_start)
        patch.setattr(RunningSandbox, "stop", noted_stop)
        yield


@pytest.fixture(autouse=True)
def traffic_is_in_the_descriptions() -> Iterator[None]:
    """After a test: what it and the sandbox said to each other is allowed by the descriptions."""
    yield
    wrong = [text for sandbox in _running for text in findings(sandbox.control.requests())]
    assert not wrong, "not in the OpenAPI descriptions:\n" + "\n".join(wrong[:20])
