"""An installation with one tenant whose book is a real file: a mirror, a derivation on the real journal, a day's table.

Belongs here: making it and running a day without PowerOffice. Not here: what must be true (the tests).
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import duckdb
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from assets.cases import derive_day
from kredin_pipeline.cases import published
from kredin_pipeline.cases.derive import DerivationSummary
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.cli import app
from kredin_pipeline.commands.session import Session, open_session
from kredin_pipeline.journal import CaseRow
from tests.unit.cases.whole import Book
from tests.unit.journal.builders import CLIENT_KEY

TENANT = "acme"
RUNNER = CliRunner()


def kredin(*words: str) -> Result:
    return RUNNER.invoke(app, list(words))


def set_up(home: Path, patch: pytest.MonkeyPatch, clock: str, book: Book, **settings: object) -> Session:
    """The tenant ``acme``, connected a year before ``clock``, with the ledger of ``book`` as its mirror."""
    for name in list(os.environ):
        if name.startswith("KREDIN_"):
            patch.delenv(name)
    patch.setenv("KREDIN_HOME", str(home))
    patch.setenv("KREDIN_CLOCK", clock)
    session = open_session()
    today = session.today()
    session.journal.add_tenant(
        TENANT, SecretStr(CLIENT_KEY), "Acme AS", "999990126", today.replace(year=today.year - 1),
        TenantSettings.of(settings), "Kari", session.now(),
    )  # fmt: skip
    book.ledger.read(today.isoformat())
    book.derive(today.isoformat(), live=False)
    session.environment.books.mkdir(parents=True)
    book.con.execute(f"attach '{file_of(session)}' as book")
    book.con.execute("copy from database memory to book")
    book.con.execute("detach book")
    return session


def file_of(session: Session) -> Path:
    return session.environment.books / f"{TENANT}.duckdb"


def run_day(session: Session, on: date | None = None) -> DerivationSummary:
    """A run's derivation and publishing; letters stay planned. New cases get their number in the journal."""
    day = on or session.today()
    with duckdb.connect(str(file_of(session))) as con:
        summary = derive_day(con, session.journal, session.journal.tenant(TENANT), day, live=True)
        published.publish(con, day)
    session.journal.open_cases(
        TENANT,
        [
            CaseRow(new.case_id, new.voucher_id, new.invoice_no, new.customer_no, new.orgnr, new.opened_on)
            for new in summary.new_cases
        ],
        session.now(),
    )
    return summary
