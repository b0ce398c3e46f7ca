"""Two workers want the same item: one gets it. Threads and processes, SQLite and PostgreSQL."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from kredin_pipeline.journal import Journal, SecretBox, open_journal
from kredin_pipeline.journal.outbox import Intent
from tests.unit.journal.builders import DAY, NOW, voucher, with_tenant

ITEMS = [f"voucher:acme:K1:E{number}" for number in range(12)]


def fill(journal: Journal) -> None:
    intents = [Intent(key, "voucher", ["K1"], voucher(settlement=key[-2:]), DAY) for key in ITEMS]
    journal.intend_all("acme", intents, NOW)


def claim_all(url: str, key: str, worker: str) -> list[str]:
    """What one process does: open the journal for itself and take whatever it can get."""
    journal = open_journal(url, SecretBox(SecretStr(key)))
    won = [item for item in ITEMS if journal.claim_for_sending(item, worker, NOW)]
    journal.close()
    return won


def test_of_many_threads_one_wins_each_item(journal: Journal) -> None:
    fill(journal)

    def take(worker: int) -> list[str]:
        return [key for key in ITEMS if journal.claim_for_sending(key, f"w{worker}", NOW)]

    with ThreadPoolExecutor(6) as pool:
        won = [key for keys in pool.map(take, range(6)) for key in keys]
    assert sorted(won) == sorted(ITEMS)
    assert {item.attempts for item in journal.items("acme")} == {1}
    for key in ITEMS:
        assert [change.to_state for change in journal.history(key)] == ["intended", "sending"]


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_of_many_processes_one_wins_each_item(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    key = SecretBox.new_key().get_secret_value()
    url = f"sqlite:///{tmp_path / 'j.sqlite'}" if engine == "sqlite" else request.getfixturevalue("postgresql_url")
    journal = with_tenant(open_journal(url, SecretBox(SecretStr(key))))
    fill(journal)

    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        tries = [pool.submit(claim_all, url, key, f"p{number}") for number in range(3)]
        won = [item for attempt in tries for item in attempt.result(timeout=60)]
    assert sorted(won) == sorted(ITEMS)
    assert {item.state for item in journal.items("acme")} == {"sending"}
    journal.close()


def test_two_people_changing_settings_at_once_lose_neither_change(journal: Journal) -> None:
    changes = [{"grace_days": 5}, {"minimum_claim": "100.00"}, {"register": False}, {"interest": 0}]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda change: journal.change_settings("acme", change, "Kari", NOW), changes))

    settings = journal.tenant("acme").settings
    assert (settings.grace_days, settings.register, settings.interest) == (5, False, 0)
    assert [version.version for version in journal.settings_history("acme")] == [1, 2, 3, 4, 5]
