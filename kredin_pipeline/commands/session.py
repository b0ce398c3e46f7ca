"""What commands open: the environment, the journal, the clock; and how ``key=value`` becomes settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from kredin_pipeline.commands.from_file import from_file
from kredin_pipeline.commands.output import wrong_use
from kredin_pipeline.environment import Environment, load_environment
from kredin_pipeline.journal import Journal, load_secret_box, open_journal

if TYPE_CHECKING:
    from dagster import DagsterInstance, Definitions

    from resources.clock import Clock
    from resources.poweroffice import PowerOffice


@dataclass(frozen=True)
class Session:
    """One command's view of the installation."""

    environment: Environment
    journal: Journal

    def now(self) -> datetime:
        """The installation's time (UTC): the pinned one if there is one."""
        if self.environment.clock is not None:
            return datetime.fromisoformat(self.environment.clock).astimezone(UTC)
        return datetime.now(UTC)

    def today(self) -> date:
        """The business date: the calendar date in Oslo."""
        return self.now().astimezone(ZoneInfo("Europe/Oslo")).date()

    def names(self, tenant: str | None) -> list[str]:
        """The named tenant, or all. Raises ``UnknownTenant`` with the known names."""
        return self.journal.tenant_names() if tenant is None else [self.journal.tenant(tenant).name]


def open_session() -> Session:
    """The environment and its journal. Raises ``EnvironmentFault`` or ``JournalError``."""
    environment = load_environment()
    secrets = load_secret_box(environment.home, environment.secret_key)
    return Session(environment, open_journal(environment.journal_location, secrets))


def graph(environment: Environment) -> tuple[Definitions, DagsterInstance]:
    """Dagster's definitions and instance of this installation (slow to import, hence here)."""
    from kredin_pipeline.definitions import build_definitions
    from kredin_pipeline.instance import open_instance

    return build_definitions(environment=environment), open_instance(environment.dagster_folder, environment.pg_url)


@dataclass(frozen=True)
class Doors:
    """The two doors that commands use themselves; runs open theirs through the definitions."""

    clock: Clock
    poweroffice: PowerOffice


def doors(environment: Environment) -> Doors:
    """The clock and PowerOffice of this installation, without loading the graph."""
    from resources.clock import Clock
    from resources.poweroffice import PowerOffice

    clock = Clock(pinned=environment.clock)
    poweroffice = PowerOffice(
        clock=clock,
        api_url=environment.poweroffice_url,
        token_url=environment.poweroffice_token_url,
        home=str(environment.home),  # where it finds the integration's own keys
        requests_per_second=environment.poweroffice_requests_per_second,
        page_size=environment.poweroffice_page_size,
        read_timeout_seconds=environment.poweroffice_read_timeout_seconds,
    )
    return Doors(clock, poweroffice)


def assigned(assignments: Sequence[str]) -> dict[str, object]:
    """``key=value`` words as settings: ``null`` is not set, ``true``/``false`` are yes and no, dots go into groups.

    ``creditor_logo`` and ``letter_texts`` may come from a file (``key=@FILE``).
    """
    found: dict[str, object] = {}
    for word in assignments:
        key, separator, text = word.partition("=")
        if not separator or not key.strip():
            wrong_use(f"found {word!r}, want KEY=VALUE such as grace_days=5")
        *groups, last = key.strip().split(".")
        place = found
        for group in groups:
            inner = place.setdefault(group, {})
            if not isinstance(inner, dict):
                wrong_use(f"{key}: {group} was given a value of its own as well")
            place = inner  # pyright: ignore[reportUnknownVariableType]
        given = from_file(key.strip(), text.strip())
        place[last] = {"null": None, "true": True, "false": False}.get(given, given)
    return found
