"""Opening the Dagster instance that the command line, the tests and the UI share.

Belongs here: where Dagster keeps its runs and how it is told. Not here: the choice of engine (`instance_storage`).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dagster import DagsterInstance
from pydantic import SecretStr

CONFIGURATION = Path(__file__).resolve().parent.parent / "dagster.yaml"
EVENTS_PER_BATCH = "1000"


def prepare_home(home: Path, pg_url: SecretStr | None = None) -> Path:
    """Make ``home`` the folder where Dagster keeps its runs, configured by the project's one `dagster.yaml`.

    ``pg_url``: PostgreSQL for Dagster's own storage, if the installation's environment names one.
    """
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(CONFIGURATION, home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    if pg_url is not None:
        os.environ["KREDIN_PG_URL"] = pg_url.get_secret_value()
    # A ranged run writes thousands of events; in batches they cost a fifteenth (measured on SQLite).
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", EVENTS_PER_BATCH)
    return home


def open_instance(home: Path, pg_url: SecretStr | None = None) -> DagsterInstance:
    """The instance kept in ``home``; on PostgreSQL when ``pg_url`` is given or `KREDIN_PG_URL` is set."""
    prepare_home(home, pg_url)
    return DagsterInstance.get()
