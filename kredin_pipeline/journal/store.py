"""What every part of the journal stands on: the engine, the box for secrets, and the two kinds of transaction."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Select, select

from kredin_pipeline.journal import engine as connections
from kredin_pipeline.journal import schema
from kredin_pipeline.journal.errors import UnknownTenant
from kredin_pipeline.journal.secrets import SecretBox


class Store:
    """The engine of a journal whose tables are current, and the box its secrets are sealed with."""

    def __init__(self, engine: Engine, secrets: SecretBox) -> None:
        self.engine = engine
        self._secrets = secrets

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.engine.url.render_as_string(hide_password=True)})"

    def close(self) -> None:
        """Give back every connection; the journal can be used again afterwards."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Generator[Connection, None, None]:
        with connections.reading(self.engine) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection, None, None]:
        with connections.writing(self.engine) as connection:
            yield connection

    @staticmethod
    def require_tenant(connection: Connection, name: str) -> None:
        """Raises ``UnknownTenant`` with the known names."""
        Store._require(connection, name, select(schema.tenants.c.name).where(schema.tenants.c.name == name))

    @staticmethod
    def hold_tenant(connection: Connection, name: str) -> None:
        """Like ``require_tenant``, and other writers of the same tenant wait until this transaction ends.

        In SQLite every writing transaction holds the whole journal already.
        """
        query = select(schema.tenants.c.name).where(schema.tenants.c.name == name)
        Store._require(connection, name, query.with_for_update(key_share=True))

    @staticmethod
    def _require(connection: Connection, name: str, query: Select[Any]) -> None:
        if connection.execute(query).first() is not None:
            return
        names = list(connection.execute(select(schema.tenants.c.name).order_by(schema.tenants.c.name)).scalars())
        raise UnknownTenant(name, names)
