"""A journal made from the tables and one made by the migrations are the same, and opening one is cheap."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from kredin_pipeline.journal import JournalError, SecretBox, open_journal
from kredin_pipeline.journal.engine import journal_engine, reading, writing
from kredin_pipeline.journal.migrate import HEAD, MIGRATIONS, bring_to_head, create_from_tables, migrate
from kredin_pipeline.journal.schema import metadata
from tests.unit.journal.builders import DAY, NOW


def made_from_tables(url: str) -> Engine:
    engine = journal_engine(url)
    with writing(engine) as connection:
        create_from_tables(connection)
    return engine


def made_by_migrations(url: str) -> Engine:
    engine = journal_engine(url)
    migrate(engine)
    return engine


def sqlite_shape(engine: Engine) -> dict[str, str]:
    with reading(engine) as connection:
        rows = connection.execute(text("select type, name, sql from sqlite_master where sql is not null"))
        return {f"{row.type} {row.name}": _pieces(row.sql) for row in rows}


def _pieces(sql: str) -> str:
    """A CREATE statement with a table's parts in one order: neither their order nor the white space has a meaning."""
    if not sql.lower().startswith("create table"):
        return " ".join(sql.lower().split())
    return " ".join(sorted(re.sub(r'[\s()"]', "", sql.lower()).split(",")))


def rows_of(engine: Engine, table: str) -> list[tuple[object, ...]]:
    with reading(engine) as connection:
        return sorted(tuple(row) for row in connection.execute(text(f"select * from {table}")))


def test_the_newest_revision_is_the_one_a_new_journal_is_stamped_with() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_tables_and_migrations_agree_in_sqlite(tmp_path: Path) -> None:
    direct = made_from_tables(f"sqlite:///{tmp_path / 'direct.sqlite'}")
    migrated = made_by_migrations(f"sqlite:///{tmp_path / 'migrated.sqlite'}")

    shape = sqlite_shape(direct)
    assert shape == sqlite_shape(migrated)
    assert sum(name.startswith("trigger") for name in shape) > 20
    for table in ("outbox_states", "outbox_allowed_transitions", "alembic_version"):
        assert rows_of(direct, table) == rows_of(migrated, table) != []
    with reading(migrated) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    direct.dispose()
    migrated.dispose()


@pytest.mark.postgres
def test_tables_and_migrations_agree_in_postgresql(postgresql_url: str, secrets: SecretBox) -> None:
    journal = open_journal(postgresql_url, secrets)

    with journal.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.execute(text("select version_num from alembic_version")).scalar() == HEAD
    journal.close()


@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_journal_of_an_earlier_release_keeps_what_it_holds(
    dialect: str, tmp_path: Path, secrets: SecretBox, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'old.sqlite'}" if dialect == "sqlite" else request.getfixturevalue("postgresql_url")
    old = journal_engine(url)
    migrate(old, "0002")
    row = {
        "name": "acme", "client_key_sealed": secrets.seal(SecretStr("key")), "company_name": "Acme AS",
        "organization_no": "999990126", "connected_on": DAY, "created_by": "Kari", "created_at": NOW,
    }  # fmt: skip
    with writing(old) as connection:
        connection.execute(metadata.tables["tenants"].insert(), row)
    old.dispose()

    journal = open_journal(url, secrets)

    assert journal.tenant_names() == ["acme"]
    journal.let_stand("acme", "unknown_in_ledger", "told", "why", "Kari", NOW, voucher_id="guid")
    with pytest.raises(DatabaseError, match="only grows"), journal.writing() as connection:
        connection.exec_driver_sql("delete from outbox_words")
    journal.close()


def test_opening_a_current_journal_runs_no_migration_and_is_cheap(
    tmp_path: Path, secrets: SecretBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'journal.sqlite'}"
    started = time.perf_counter()
    open_journal(url, secrets).close()
    created = time.perf_counter() - started

    def never(*_: object) -> None:
        raise AssertionError("a current journal needs no migration")

    monkeypatch.setattr("kredin_pipeline.journal.migrate.migrate", never)
    opened = min(_seconds_to_open(url, secrets) for _ in range(5))
    assert opened < 0.015
    assert created < 1.0  # about 15 ms; the bound is wide because a busy disk syncs slowly


def _seconds_to_open(url: str, secrets: SecretBox) -> float:
    started = time.perf_counter()
    open_journal(url, secrets).close()
    return time.perf_counter() - started


def test_sqlite_is_safe_against_power_loss_and_loose_references(tmp_path: Path, secrets: SecretBox) -> None:
    journal = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", secrets)
    with journal.reading() as connection:
        found = {name: connection.exec_driver_sql(f"pragma {name}").scalar() for name in
                 ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}  # fmt: skip
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    journal.close()


def test_a_journal_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path, secrets: SecretBox) -> None:
    url = f"sqlite:///{tmp_path / 'journal.sqlite'}"
    engine = made_from_tables(url)
    with writing(engine) as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))

    with pytest.raises(JournalError, match="newer version"):
        open_journal(url, secrets)
    assert rows_of(engine, "alembic_version") == [("9999",)]
    engine.dispose()


def test_another_database_is_refused_by_name(secrets: SecretBox) -> None:
    with pytest.raises(JournalError, match="found mysql, want sqlite"):
        open_journal("mysql://localhost/journal", secrets)


def test_two_processes_that_start_together_make_one_journal(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    url = f"sqlite:///{tmp_path / 'journal.sqlite'}"

    def start(_: int) -> None:
        engine = journal_engine(url)
        bring_to_head(engine)
        engine.dispose()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(start, range(8)))
    engine = journal_engine(url)
    assert rows_of(engine, "alembic_version") == [(HEAD,)]
    engine.dispose()
