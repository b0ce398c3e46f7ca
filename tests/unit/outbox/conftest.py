"""An installation with one letter and one voucher of the day, held by the brake, for a person's ways in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kredin_pipeline.jobs import RunOutcome, run_day
from kredin_pipeline.journal import OutboxItem
from kredin_pipeline.ledger.voucher_content import voucher_of
from kredin_pipeline.ledger.voucher_lines import manual_journal
from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from resources.poweroffice import PowerOffice
from tests.unit.orchestration.installation import TENANT, TODAY, Installation, install, open_installation

NOW = f"{TODAY}T06:00"


@dataclass
class Office:
    """The installation of ``tests.unit.orchestration``, and what a person does with it."""

    house: Installation
    sandbox: RunningSandbox

    def run(self) -> RunOutcome:
        return run_day(self.house.definitions, self.house.instance, TENANT, TODAY)

    def set(self, **settings: Any) -> None:
        self.house.journal.change_settings(TENANT, settings, "test", self.now)

    @property
    def now(self) -> Any:
        return self.house.control.now()

    @property
    def poweroffice(self) -> PowerOffice:
        return self.house.definitions.resources["poweroffice"]  # pyright: ignore[reportReturnType, reportOptionalSubscript]

    def item(self, kind: str) -> OutboxItem:
        (found,) = self.house.journal.items(TENANT, kind)  # pyright: ignore[reportArgumentType]
        return found

    def post(self, item: OutboxItem, **other: Any) -> str:
        """What the posting run sends, sent past it; gives the voucher's number."""
        voucher, accounts, day = voucher_of(item.key, item.payload)
        body = {**manual_journal(voucher, accounts, day), **other}
        tenant = self.house.journal.tenant(TENANT)
        with self.poweroffice.connected(tenant.client_key, TENANT) as client:
            return str(client.post_manual_journal(body).no)

    def lost(self, kind: str) -> OutboxItem:
        """The day's letter or voucher, tried ten minutes ago without an answer."""
        item, before = self.item(kind), self.now - timedelta(minutes=10)
        assert self.house.journal.claim_for_sending(item.key, "w", before)
        self.house.journal.mark_outcome_unknown(item.key, "no answer", before)
        return self.item(kind)


@dataclass
class Held:
    """A day that was run with both limits at 0, so that its letter and its voucher are intended: where tests begin."""

    sandbox: RunningSandbox
    folder: Path
    world: Path
    client_key: str
    first: RunOutcome


@pytest.fixture(scope="session")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    folder, world = tmp_path_factory.mktemp("held") / "home", tmp_path_factory.mktemp("world") / "world.json.gz"
    folder.mkdir()
    with start(SandboxOptions(rate_per_second=0, register_default="active")) as sandbox:
        house = install(sandbox, folder, NOW)
        house.journal.change_settings(
            TENANT, {"daily_letter_limit": 0, "daily_voucher_limit": 0}, "test", house.control.now()
        )
        first = run_day(house.definitions, house.instance, TENANT, TODAY)
        _close(house)
        house.control.save(world)
        yield Held(sandbox, folder, world, house.client_key, first)


@pytest.fixture
def office(held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An office of its own after that day; the command line finds the same home, ledger and clock."""
    for name in list(os.environ):
        if name.startswith("KREDIN_"):
            monkeypatch.delenv(name)
    sandbox, home = held.sandbox, tmp_path / "home"
    shutil.copytree(held.folder, home)
    sandbox.control.load(held.world)
    sandbox.control.clear_requests()
    house = open_installation(sandbox, home, held.client_key)
    for name, value in {
        "HOME": str(home),
        "CLOCK": f"{TODAY}T06:00:00+01:00",
        "USER": "Kari",
        "POWEROFFICE_URL": sandbox.poweroffice_url,
        "POWEROFFICE_TOKEN_URL": sandbox.token_url,
        "POWEROFFICE_APPLICATION_KEY": DEFAULT_APPLICATION_KEY,
        "POWEROFFICE_SUBSCRIPTION_KEY": DEFAULT_SUBSCRIPTION_KEY,
        "POWEROFFICE_REQUESTS_PER_SECOND": "0",
        "LETTER_DROP": sandbox.letter_drop_url,
    }.items():
        monkeypatch.setenv(f"KREDIN_{name}", value)
    yield Office(house, sandbox)
    _close(house)


def _close(house: Installation) -> None:
    house.book.close()
    house.journal.close()
    house.instance.dispose()
