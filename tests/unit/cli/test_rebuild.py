"""``kredin rebuild``: a book made anew from ledger and journal gives the same case table, or the old one stays."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kredin_pipeline.cli import app
from kredin_pipeline.environment import write_environment
from kredin_pipeline.jobs import run_day
from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from resources.book import Book
from tests.unit.orchestration.installation import TENANT, TODAY, Installation
from tests.unit.orchestration.lived import NOW, Lived, live, table


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start(SandboxOptions(rate_per_second=0, register_default="active")) as running:
        yield running


@pytest.fixture(scope="module")
def lived(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The past, with ``NOW`` run as well: the book has seen what was undone and what was deleted."""
    past = live(sandbox, tmp_path_factory.mktemp("past"))
    house = past.copy(tmp_path_factory.mktemp("until now") / "home")
    assert run_day(house.definitions, house.instance, TENANT, NOW).ok
    house.book.close()
    house.instance.dispose()
    folder = Path(house.book.folder).parent
    return Lived(sandbox, folder, past.client_key, house.letters(), house.vouchers())


@pytest.fixture
def house(
    lived: Lived, sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """A copy that the command line works in."""
    for name in [name for name in os.environ if name.startswith(("KREDIN_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
    made = lived.copy(tmp_path / "home")
    write_environment(
        tmp_path / "home",
        {
            "poweroffice_url": sandbox.poweroffice_url, "poweroffice_token_url": sandbox.token_url,
            "poweroffice_application_key": DEFAULT_APPLICATION_KEY,
            "poweroffice_subscription_key": DEFAULT_SUBSCRIPTION_KEY, "poweroffice_requests_per_second": "0",
            "register_url": sandbox.register_url, "register_requests_per_second": "0",
            "letter_drop": sandbox.letter_drop_url, "clock": f"{NOW}T06:00:00+01:00", "first_day": "2025-01-01",
        },
    )  # fmt: skip
    monkeypatch.setenv("KREDIN_HOME", str(tmp_path / "home"))
    yield made
    made.book.close()
    made.instance.dispose()


def kredin(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def by_invoice(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["invoice_no"]: row for row in rows}


def journal_rows(house: Installation) -> list[object]:
    kept = house.journal
    return [kept.cases(TENANT), kept.delivered_letters(TENANT), kept.vouchers(TENANT), kept.items(TENANT, "letter")]


def file_of(house: Installation) -> Path:
    return Book(folder=house.book.folder).path(TENANT)


def test_the_book_made_anew_has_the_same_case_table_and_nothing_leaves(house: Installation, lived: Lived) -> None:
    before, journal, old = table(house, NOW), journal_rows(house), file_of(house).stat().st_ino
    house.book.close()

    done = kredin("rebuild", "--tenant", TENANT)

    assert done.exit_code == 0, done.output
    assert "the same, in every column" in done.output and "the new book is in use" in done.output
    assert file_of(house).stat().st_ino != old
    assert table(house, NOW) == before
    rows = by_invoice(before)
    assert (rows["1001"]["last_step"], "paused" in str(rows["1001"]["holds"])) == ("reminder", True)
    assert rows["1002"]["costs_paid"] > 0 and rows["1003"]["principal_open"] == 900
    assert rows["1004"]["closed_reason"] == "deleted_in_ledger"
    assert {row["business_date"] for row in table(house, TODAY)} == {TODAY}  # derived as of then, when it is read
    assert (house.letters(), house.vouchers()) == (lived.letters, lived.vouchers)
    assert journal_rows(house) == journal
    assert [path.name for path in file_of(house).parent.iterdir() if "rebuild" in path.name] == []


def test_a_deleted_book_comes_back_from_the_ledger_and_the_journal(house: Installation) -> None:
    before = by_invoice(table(house, NOW))
    house.book.close()
    for path in file_of(house).parent.glob(f"{TENANT}*"):
        path.unlink()
    shutil.rmtree(file_of(house).parent / "pages")

    done = kredin("rebuild", "--tenant", TENANT)

    assert done.exit_code == 0, done.output
    after = by_invoice(table(house, NOW))
    assert {no: after[no] for no in ("1001", "1002")} == {no: before[no] for no in ("1001", "1002")}
    assert "no more: 1004" in done.output  # only the book that is gone had seen it


def test_another_case_table_is_shown_and_the_old_book_stays_until_somebody_accepts_it(house: Installation) -> None:
    before = table(house, NOW)
    house.book.close()
    content = file_of(house).read_bytes()
    paid = {"event": "payment", "id": "P9", "customer": 10001, "amount": "100.00", "for": [1001], "on": str(NOW)}
    house.control.event(house.client_key, paid)

    refused = kredin("rebuild", "--tenant", TENANT)

    assert refused.exit_code == 1 and "1001" in refused.output and "principal_open" in refused.output
    assert file_of(house).read_bytes() == content
    assert kredin("rebuild", "--tenant", TENANT, "--dry-run").exit_code == 0
    assert table(house, NOW) == before
    house.book.close()
    accepted = kredin("rebuild", "--tenant", TENANT, "--accept-differences")
    assert accepted.exit_code == 0, accepted.output
    was, now = by_invoice(before)["1001"], by_invoice(table(house, NOW))["1001"]
    assert was["paid"] + 100 == now["paid"]


def test_a_ledger_that_cannot_be_read_leaves_the_old_book_in_use(house: Installation) -> None:
    before = table(house, NOW)
    house.book.close()
    house.control.fault(
        house.client_key, {"route": "GET /Customerledger/Statement", "kind": "status", "code": 403, "times": 99}
    )

    done = kredin("rebuild", "--tenant", TENANT)

    house.control.clear_faults()
    assert done.exit_code == 1 and "The old book is in use as before" in done.output
    assert table(house, NOW) == before
    assert not (file_of(house).parent / f"rebuilding-{TENANT}").exists()
