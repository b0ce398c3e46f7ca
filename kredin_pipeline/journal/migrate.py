"""Bringing a journal's tables to the newest shape, cheaply when they already have it.

A new SQLite file is made straight from the tables in one transaction and stamped with the newest revision; any other
journal is taken there by its migrations. A test holds that both ways end in the same tables and triggers.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from kredin_pipeline.journal.engine import reading, writing
from kredin_pipeline.journal.errors import JournalError
from kredin_pipeline.journal.legal_schema import metadata  # with the tables that are added there
from kredin_pipeline.journal.schema import STATE_ROWS, outbox_allowed_transitions, outbox_states
from kredin_pipeline.journal.states import ALLOWED_TRANSITIONS
from kredin_pipeline.journal.triggers import REVISIONS, statements

HEAD: Final = "0006"
"""The newest revision in ``migrations/versions``; a test compares the two."""
MIGRATIONS: Final = Path(__file__).parent / "migrations"


def bring_to_head(engine: Engine) -> None:
    """Make or migrate the tables; does nothing but one look when they are current.

    Raises ``JournalError`` when the journal was written by a newer version of the program.
    """
    found = _revision(engine)
    if found == HEAD:
        return
    if found is None and engine.dialect.name == "sqlite":
        with writing(engine) as connection:
            if not inspect(connection).has_table("alembic_version"):
                create_from_tables(connection)
        if _revision(engine) == HEAD:
            return
    migrate(engine)


def create_from_tables(connection: Connection) -> None:
    """Every table, row of states and trigger of an empty journal, and the stamp of the newest revision."""
    metadata.create_all(connection, checkfirst=False)
    fill_states(connection)
    for revision in REVISIONS:
        make_triggers(connection, revision)
    connection.execute(
        text(
            "create table alembic_version (version_num varchar(32) not null, "
            "constraint alembic_version_pkc primary key (version_num))"
        )
    )
    connection.execute(text("insert into alembic_version (version_num) values (:head)"), {"head": HEAD})


def fill_states(connection: Connection) -> None:
    """The states and the allowed changes between them, as the program knows them."""
    connection.execute(outbox_states.insert(), STATE_ROWS)
    connection.execute(
        outbox_allowed_transitions.insert(),
        [{"from_state": start, "to_state": to} for start, to in sorted(ALLOWED_TRANSITIONS)],
    )


def make_triggers(connection: Connection, revision: str = "0001") -> None:
    """The triggers that a revision brings, in this dialect; the first brings those of the first tables."""
    for statement in statements(connection.dialect.name, revision):
        # Without parameters the driver leaves the percent signs of a trigger's message alone.
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def migrate(engine: Engine, revision: str = "head") -> None:
    """Run the migrations with Alembic, whose scripts lie in this package."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":  # two processes that start together migrate one after the other
            connection.execute(text("select pg_advisory_xact_lock(7351204)"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            shown = engine.url.render_as_string(hide_password=True)
            raise JournalError(
                f"journal {shown}: cannot be migrated ({error}); it was probably written by a newer version: upgrade"
            ) from error


def _revision(engine: Engine) -> str | None:
    with reading(engine) as connection:
        if engine.dialect.name == "sqlite":
            exists = connection.exec_driver_sql("select 1 from sqlite_master where name = 'alembic_version'").first()
        else:
            exists = connection.execute(text("select to_regclass('alembic_version')")).scalar()
        if not exists:
            return None
        return connection.execute(text("select version_num from alembic_version")).scalar()
