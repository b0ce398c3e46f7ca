"""An office with one reminded claim, for most of the tests of decisions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import Journal, load_secret_box, open_journal
from tests.unit.decisions.office import TENANT, Office

CONNECTED = datetime(2025, 2, 1, 5, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", load_secret_box(tmp_path, None))
    settings = TenantSettings.of()
    opened.add_tenant(
        TENANT, SecretStr("key"), "Fjellheim AS", "999990126", CONNECTED.date(), settings, "test", CONNECTED
    )
    yield opened
    opened.close()


@pytest.fixture
def empty_office(journal: Journal) -> Office:
    """No invoice and no run yet; connected on 1 February 2025."""
    return Office(journal=journal, connected_on=date(2025, 2, 1))


@pytest.fixture
def office(empty_office: Office) -> Office:
    """Invoice 1001 of 10 000.00, due on Monday 3 March 2025, reminded on the 17th with a fee of 35.00 until the 31st.

    1002 is the same customer's, due on the 10th and not reminded yet; 2001 is another customer's.
    """
    ledger = empty_office.ledger
    ledger.invoice(1001, "10 000.00", due="2025-03-03", dated="2025-02-10")
    ledger.invoice(1002, "2 000.00", due="2025-03-10", dated="2025-02-10")
    ledger.invoice(2001, "3 000.00", due="2025-03-10", dated="2025-02-10", customer=10002)
    empty_office.run("2025-03-17")
    return empty_office
