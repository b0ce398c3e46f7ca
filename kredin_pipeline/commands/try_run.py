"""A company's own books through the whole pipeline, in a home and a sandbox that are thrown away.

Belongs here: the home that leaves nothing behind, and the run. Not here: what is read from its book (``try_report``) or
how it is told (``try_words``). The tenant only observes and every address is on this machine, so nothing can leave.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import current_thread, main_thread
from types import FrameType
from typing import TYPE_CHECKING, Final, NoReturn
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from kredin_pipeline.commands.output import fail, onboarding_failures_told, progress
from kredin_pipeline.commands.session import Session, doors, open_session
from kredin_pipeline.environment import write_environment
from kredin_pipeline.sandbox.seeds.saft import SaftResult, post_saft
from kredin_pipeline.sandbox.seeds.saft_content import SaftFile
from kredin_pipeline.sandbox.seeds.saft_xml import SaftError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TENANT: Final = "try"
NO_NUMBER: Final = "999300018"
"""Stands in for a company's organisation number when the file has none; the sandbox wants one."""
_OSLO: Final = ZoneInfo("Europe/Oslo")
_OURS: Final = ("KREDIN_", "DAGSTER_")


@dataclass(frozen=True)
class Run:
    """One day that was run: what was posted from the file, the book it made, and what the run's checks said."""

    on: date
    posted: SaftResult
    session: Session
    book: DuckDBPyConnection
    messages: tuple[str, ...]


@contextmanager
def throw_away_home() -> Generator[Path]:
    """A home of its own for the block; afterwards the folder is gone and the process's variables are as they were.

    No variable of the user's installation is seen inside: neither its keys, nor its journal, nor its mail server.
    """
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(_OURS)}
    before = signal.signal(signal.SIGTERM, _leave) if current_thread() is main_thread() else None
    try:
        with TemporaryDirectory(prefix="kredin-try-", ignore_cleanup_errors=True) as folder:
            os.environ["KREDIN_HOME"] = folder
            yield Path(folder)
    finally:
        for name in [name for name in os.environ if name.startswith(_OURS)]:
            del os.environ[name]
        os.environ.update(kept)
        if before is not None:
            signal.signal(signal.SIGTERM, before)


@contextmanager
def ran(path: Path, file: SaftFile, on: date, settings: Mapping[str, object]) -> Generator[Run]:
    """Run the day ``on`` (Oslo) for the file's company, connected that morning; the book is open in the block.

    Ends with exit code 1 and the reason when the file has no customer ledger, a setting is refused or the run fails.
    """
    from kredin_pipeline.configured import resources_from
    from kredin_pipeline.sandbox.ledger import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY
    from kredin_pipeline.sandbox.server import SandboxOptions, start

    morning = datetime(on.year, on.month, on.day, 5, tzinfo=_OSLO)
    with throw_away_home() as home:
        options = SandboxOptions(now=morning.isoformat(), rate_per_second=0, letter_drop_dir=home / "letter-drop")
        with start(options) as sandbox:
            company = sandbox.world.add_company(file.company_name or path.stem, file.organization_no or NO_NUMBER)
            try:
                posted = post_saft(company, file, path, until=on)
            except SaftError as error:
                fail(str(error))
            write_environment(
                home,
                {
                    "poweroffice_url": sandbox.poweroffice_url,
                    "poweroffice_token_url": sandbox.token_url,
                    "poweroffice_application_key": DEFAULT_APPLICATION_KEY,
                    "poweroffice_subscription_key": DEFAULT_SUBSCRIPTION_KEY,
                    "poweroffice_requests_per_second": "0",
                    "register_url": sandbox.register_url,
                    "letter_drop": sandbox.letter_drop_url,
                    "clock": morning.replace(hour=6).isoformat(),
                    "first_day": on.isoformat(),
                },
            )
            session = open_session()
            _connect(session, company.client_key, settings)
            messages = _run(session, on)
            book = resources_from(session.environment).book
            try:
                with book.session(TENANT) as con:
                    yield Run(on, posted, session, con, messages)
            finally:
                book.close()
                session.journal.close()


def _connect(session: Session, client_key: str, settings: Mapping[str, object]) -> None:
    from resources import onboarding

    made = doors(session.environment)
    with onboarding_failures_told():
        onboarding.connect(
            session.journal, made.poweroffice, TENANT, SecretStr(client_key),
            settings={"register": False, **settings}, who=TENANT, clock=made.clock,
        )  # fmt: skip


def _run(session: Session, on: date) -> tuple[str, ...]:
    from dagster import DagsterInstance

    from kredin_pipeline.definitions import build_definitions
    from kredin_pipeline.jobs import run_day

    home = session.environment.home
    with progress("Loading the graph"):
        definitions = build_definitions(environment=session.environment)
    # In memory: nobody will look at this run in the UI, and Dagster's own storage takes seconds to make.
    with DagsterInstance.ephemeral(tempdir=str(home / "dagster")) as instance, progress(f"Running {on}"):
        outcome = run_day(definitions, instance, TENANT, on)
    if not outcome.ok:
        fail("; ".join(outcome.messages) or f"the run of {on} failed")
    return tuple(outcome.messages)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """An ordinary end, so that the home is removed."""
    del frame
    raise SystemExit(128 + number)
