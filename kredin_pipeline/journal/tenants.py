"""Tenants (kreditorer), their sealed keys, and every version of their settings."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from kredin_pipeline.cases.settings import SettingsError, TenantSettings
from kredin_pipeline.journal import schema
from kredin_pipeline.journal.columns import canonical_json
from kredin_pipeline.journal.errors import JournalError, UnknownTenant
from kredin_pipeline.journal.legal_schema import LEGAL_TABLES
from kredin_pipeline.journal.records import SettingsChange, Tenant
from kredin_pipeline.journal.store import Store

_NAME: Final = re.compile(r"[A-Za-zÆØÅæøå0-9][\wÆØÅæøå-]{0,59}")
"""A tenant's name becomes a partition key, a file name and a tag, so it stays one plain word."""


class Tenants(Store):
    def add_tenant(
        self,
        name: str,
        client_key: SecretStr,
        company_name: str,
        organization_no: str,
        connected_on: date,
        settings: TenantSettings,
        who: str,
        at: datetime,
    ) -> Tenant:
        """Store a new tenant with its key sealed and its first settings.

        Raises ``JournalError`` when the name is taken (also in other capitals) or is no plain word.
        """
        if not _NAME.fullmatch(name):
            raise JournalError(f"tenant name: found {name!r}, want letters, digits, - and _, at most 60, no spaces")
        sealed = self._secrets.seal(client_key)
        with self.writing() as connection:
            taken = select(schema.tenants.c.name).where(func.lower(schema.tenants.c.name) == name.lower())
            found = connection.execute(taken).scalar()
            if found is not None:
                raise JournalError(f"{name}: a tenant called {found} is already connected; choose another name")
            row = {
                "name": name, "client_key_sealed": sealed, "company_name": company_name,
                "organization_no": organization_no, "connected_on": connected_on, "created_by": who, "created_at": at,
            }  # fmt: skip
            connection.execute(insert(schema.tenants).values(row))
            _append_settings(connection, name, 1, settings, {"connected": True}, who, at)
        return Tenant(name, client_key, company_name, organization_no, connected_on, settings)

    def tenants(self) -> list[Tenant]:
        """Every tenant with its current settings, by name."""
        with self.reading() as connection:
            return [self._tenant(row) for row in connection.execute(_current().order_by(schema.tenants.c.name))]

    def tenant_names(self) -> list[str]:
        """The names alone; opens no secret."""
        with self.reading() as connection:
            return list(connection.execute(select(schema.tenants.c.name).order_by(schema.tenants.c.name)).scalars())

    def tenant(self, name: str) -> Tenant:
        """One tenant. Raises ``UnknownTenant``, or ``SecretUnreadable`` when its key was sealed with another key."""
        with self.reading() as connection:
            row = connection.execute(_current().where(schema.tenants.c.name == name)).first()
            if row is None:
                self.require_tenant(connection, name)
                raise UnknownTenant(name, [])
            return self._tenant(row)

    def change_settings(self, name: str, changes: Mapping[str, object], who: str, at: datetime) -> TenantSettings:
        """Change some settings and keep every earlier version; nothing is stored when nothing differs.

        Raises ``UnknownTenant``, or ``SettingsError`` naming tenant and key, and then changes nothing.
        """
        with self.writing() as connection:
            self.hold_tenant(connection, name)
            row = connection.execute(_newest().where(schema.settings_history.c.tenant == name)).one()
            current = TenantSettings.from_json(row.settings)
            try:
                wanted = current.changed(changes)
            except SettingsError as error:
                raise SettingsError(f"{name}: {error}") from None
            if wanted != current:
                _append_settings(connection, name, row.version + 1, wanted, changes, who, at)
            return wanted

    def settings_history(self, name: str) -> list[SettingsChange]:
        """Every version of a tenant's settings, oldest first."""
        history = schema.settings_history
        with self.reading() as connection:
            self.require_tenant(connection, name)
            rows = connection.execute(select(history).where(history.c.tenant == name).order_by(history.c.version))
            return [
                SettingsChange(
                    row.version, json.loads(row.changes), TenantSettings.from_json(row.settings), row.changed_by,
                    row.changed_at,
                )
                for row in rows
            ]  # fmt: skip

    def replace_client_key(self, name: str, client_key: SecretStr, who: str, at: datetime) -> None:
        """Seal a new client key (the extension was added anew in PowerOffice); the change is logged, not the key."""
        sealed = self._secrets.seal(client_key)
        with self.writing() as connection:
            self.hold_tenant(connection, name)
            connection.execute(
                update(schema.tenants).where(schema.tenants.c.name == name).values(client_key_sealed=sealed)
            )
            row = connection.execute(_newest().where(schema.settings_history.c.tenant == name)).one()
            settings = TenantSettings.from_json(row.settings)
            _append_settings(connection, name, row.version + 1, settings, {"client_key": "replaced"}, who, at)

    def purge_tenant(self, name: str, reason: str, who: str, at: datetime) -> dict[str, int]:
        """Erase everything of one tenant, and nothing of any other; who did it and why stays in ``purges``.

        Gives the number of rows erased per table. Raises ``JournalError`` while something of it may be on its way out.
        """
        erased: dict[str, int] = {}
        items = select(schema.outbox.c.key).where(schema.outbox.c.tenant == name)
        with self.writing() as connection:
            self.hold_tenant(connection, name)
            busy = items.where(schema.outbox.c.state.in_(["sending", "outcome_unknown"]))
            if held := connection.execute(busy).scalars().first():
                raise JournalError(f"{name}: {held} may be on its way out; let it be looked up before the tenant goes")
            row = {"tenant": name, "reason": reason, "purged_by": who, "purged_at": at, "open": 1}
            connection.execute(insert(schema.purges).values(row))
            reversals = delete(schema.outbox).where(schema.outbox.c.kind == "reversal", schema.outbox.c.tenant == name)
            for table in (
                *LEGAL_TABLES, schema.documents, schema.outbox_words, schema.brake_releases, schema.outbox_transitions,
                schema.outbox_cases,
            ):  # fmt: skip
                erased[table.name] = connection.execute(delete(table).where(table.c.tenant == name)).rowcount
            erased["outbox"] = connection.execute(reversals).rowcount
            erased["outbox"] += connection.execute(delete(schema.outbox).where(schema.outbox.c.tenant == name)).rowcount
            for table in (schema.decisions, schema.cases, schema.settings_history):
                erased[table.name] = connection.execute(delete(table).where(table.c.tenant == name)).rowcount
            erased["tenants"] = connection.execute(delete(schema.tenants).where(schema.tenants.c.name == name)).rowcount
            connection.execute(update(schema.purges).where(schema.purges.c.tenant == name).values(open=0))
        return erased

    def _tenant(self, row: Row[Any]) -> Tenant:
        return Tenant(
            row.name,
            self._secrets.open(row.client_key_sealed, row.name),
            row.company_name,
            row.organization_no,
            row.connected_on,
            TenantSettings.from_json(row.settings),
        )


def _newest() -> Select[Any]:
    history = schema.settings_history
    later = history.alias()
    newest = select(func.max(later.c.version)).where(later.c.tenant == history.c.tenant).scalar_subquery()
    return select(history).where(history.c.version == newest)


def _current() -> Select[Any]:
    newest = _newest().subquery()
    return select(schema.tenants, newest.c.settings).join(newest, newest.c.tenant == schema.tenants.c.name)


def _append_settings(
    connection: Connection,
    name: str,
    version: int,
    settings: TenantSettings,
    changes: Mapping[str, object],
    who: str,
    at: datetime,
) -> None:
    row = {
        "tenant": name, "version": version, "settings": settings.to_json(),
        "changes": canonical_json(changes, f"{name}: settings", floats=True), "changed_by": who, "changed_at": at,
    }  # fmt: skip
    try:
        connection.execute(insert(schema.settings_history).values(row))
    except IntegrityError as error:
        raise JournalError(f"{name}: settings were changed by someone else just now; look and try again") from error
