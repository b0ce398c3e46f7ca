"""Journals to test against: a fresh SQLite file, and a database on a real PostgreSQL server if one can be started."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from kredin_pipeline.journal import Journal, SecretBox, open_journal
from kredin_pipeline.journal.schema import metadata
from tests.unit.journal.builders import with_tenant


@pytest.fixture(scope="session")
def secrets() -> SecretBox:
    return SecretBox(SecretBox.new_key())


@pytest.fixture
def empty(tmp_path: Path, secrets: SecretBox) -> Generator[Journal, None, None]:
    journal = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", secrets)
    yield journal
    journal.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def journal(request: pytest.FixtureRequest, tmp_path: Path, secrets: SecretBox) -> Generator[Journal, None, None]:
    """A journal with the tenant ``acme`` and its cases K1 to K4, on each engine."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'journal.sqlite'}"
    else:
        url = request.getfixturevalue("migrated_postgresql_url")
    journal = with_tenant(open_journal(url, secrets))
    yield journal
    journal.close()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Generator[str, None, None]:
    """An empty database of its own on the server of this test session."""
    with database(postgresql_server) as url:
        yield url


@pytest.fixture
def migrated_postgresql_url(shared_database: str) -> str:
    """The session's migrated database, emptied (past the triggers that refuse it, as only a superuser can)."""
    engine = create_engine(shared_database)
    with engine.begin() as connection:
        connection.execute(text("set session_replication_role = replica"))
        fixed = ("outbox_states", "outbox_allowed_transitions")
        names = ", ".join(name for name in metadata.tables if name not in fixed)
        connection.execute(text(f"truncate {names} restart identity"))
        connection.execute(text("set session_replication_role = origin"))
    engine.dispose()
    return shared_database


@pytest.fixture(scope="session")
def shared_database(postgresql_server: str, secrets: SecretBox) -> Generator[str, None, None]:
    with database(postgresql_server) as url:
        open_journal(url, secrets).close()
        yield url


@contextmanager
def database(server: str) -> Generator[str, None, None]:
    name = f"journal_{uuid4().hex[:12]}"
    admin = create_engine(f"{server}&dbname=postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
        yield f"{server}&dbname={name}"
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture(scope="session")
def postgresql_server() -> Generator[str, None, None]:
    """A throw-away server on a Unix socket, without its safety nets (it holds nothing worth keeping)."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if not folders:
        pytest.skip("no PostgreSQL server is installed (looked in /usr/lib/postgresql/*/bin)")
    binaries = folders[-1]
    as_user = _unprivileged()
    home = Path(tempfile.mkdtemp(prefix="kredin-pg-"))  # a short path: a socket's name has at most 107 characters
    if as_user:
        shutil.chown(home, user="postgres")
    try:
        make = [*as_user, str(binaries / "initdb"), "-D", f"{home}/data", "-U", "kredin"]
        make += ["-A", "trust", "-N", "-E", "UTF8", "--locale", "C"]
        subprocess.run(make, check=True, capture_output=True, cwd="/")
        options = f"-k {home} -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        control = [*as_user, str(binaries / "pg_ctl"), "-D", f"{home}/data", "-w", "-l", f"{home}/log"]
        subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd="/")
        try:
            yield f"postgresql+psycopg2://kredin@/?host={home}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd="/")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root; then it is started as the user its package made."""
    if os.geteuid() != 0:
        return []
    runuser = shutil.which("runuser", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if runuser is None:
        pytest.skip("PostgreSQL does not run as root and there is no runuser to start it as another user")
    if subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode != 0:
        pytest.skip("PostgreSQL does not run as root and there is no user called postgres")
    return [runuser, "-u", "postgres", "--"]
