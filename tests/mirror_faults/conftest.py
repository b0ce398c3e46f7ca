"""One ledger for all fault runs, and one player of sequences over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kredin_pipeline.sandbox.server import SandboxOptions, start
from tests.mirror_faults import killing
from tests.mirror_faults.ledgers import Ledger
from tests.mirror_faults.sequences import Player


@pytest.fixture(scope="session")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    killing.be_ready()
    options = SandboxOptions(
        rate_per_second=0, dates_with_time="sometimes", fault_hold_seconds=0.5, log_requests=100, log_bodies_up_to=0
    )
    with start(options) as sandbox:
        yield Player(Ledger(sandbox, tmp_path_factory.mktemp("mirror")))
