"""What an installation is told from outside: where its files lie, which servers it talks to, which keys it holds.

Belongs here: the names of the environment's variables, their defaults and their file (``KREDIN_HOME/environment.env``,
so that what ``kredin sandbox`` or the demo wrote is found by every other command). A variable in the process wins over
the file. Not here: what a tenant chooses (``cases.settings``), and building resources from this (``definitions``).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "KREDIN_"
FILE: Final = "environment.env"
DEFAULT_HOME: Final = ".kredin"
PRODUCTION: Final = "https://goapi.poweroffice.net"
REGISTER: Final = "https://data.brreg.no/enhetsregisteret/api"


class EnvironmentFault(ValueError):
    """A variable that cannot be used: names the variable and what is wanted, never a secret value."""


class Environment(BaseSettings):
    """Every variable, as ``KREDIN_<NAME>``. Keys and passwords never show themselves."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True, env_ignore_empty=True
    )

    home: Path = Path(DEFAULT_HOME)
    journal_url: str = ""
    """Default: ``journal.sqlite`` in home."""
    pg_url: SecretStr | None = None
    """PostgreSQL for Dagster's own storage."""
    secret_key: SecretStr | None = None
    """Fernet key that seals client keys; default: the key file in home."""
    dagster_home: Path | None = None
    book_folder: Path | None = None

    poweroffice_url: str = f"{PRODUCTION}/v2"
    poweroffice_token_url: str = f"{PRODUCTION}/OAuth/Token"
    poweroffice_application_key: SecretStr | None = None
    poweroffice_subscription_key: SecretStr | None = None
    poweroffice_requests_per_second: float = Field(default=5.0, ge=0)
    """0 means no limit of ours."""
    poweroffice_page_size: int = Field(default=5000, ge=1, le=100_000)
    poweroffice_read_timeout_seconds: float = Field(default=60.0, gt=0)

    register_url: str = REGISTER
    register_requests_per_second: float = Field(default=5.0, ge=0)

    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_sender: str | None = None
    """Our own address, from which letters leave; answers go to the creditor."""
    letter_drop: str | None = None
    """Folder or http(s) URL of the print house's inbox; default: ``letter-drop`` in home."""

    letter_drop_user: str | None = None
    letter_drop_password: SecretStr | None = None

    signing_roots: Path | None = None
    """Folder with the certificates (PEM) of the roots that signatures must lead to; none: no signature is believed."""
    signing_revocation: Literal["if_known", "required"] = "if_known"
    """Whether a signature must show that its certificate is not revoked, or only must not be shown as revoked."""

    clock: str | None = None
    """A pinned time (ISO with offset) instead of the real clock; for the sandbox and the demo."""
    first_day: date | None = None
    """First daily partition."""

    @model_validator(mode="after")
    def _clock_has_offset(self) -> Self:
        if self.clock is not None:
            try:
                pinned = datetime.fromisoformat(self.clock)
            except ValueError:
                raise ValueError("clock: want an ISO time with offset such as 2025-03-17T06:00:00+01:00") from None
            if pinned.tzinfo is None:
                raise ValueError("clock: has no offset; want for example 2025-03-17T06:00:00+01:00")
        return self

    @property
    def journal_location(self) -> str:
        """The journal's URL, the SQLite file in home if none is given."""
        return self.journal_url or f"sqlite:///{(self.home / 'journal.sqlite').resolve()}"

    @property
    def dagster_folder(self) -> Path:
        return (self.dagster_home or self.home / "dagster").resolve()

    @property
    def books(self) -> Path:
        """The folder with one DuckDB file per tenant."""
        return (self.book_folder or self.home / "books").resolve()

    @property
    def letter_drop_location(self) -> str:
        return self.letter_drop or str((self.home / "letter-drop").resolve())

    def missing_poweroffice_keys(self) -> list[str]:
        """The variables without which PowerOffice cannot be asked anything."""
        wanted = {
            "KREDIN_POWEROFFICE_APPLICATION_KEY": self.poweroffice_application_key,
            "KREDIN_POWEROFFICE_SUBSCRIPTION_KEY": self.poweroffice_subscription_key,
        }
        return [name for name, key in wanted.items() if key is None or not key.get_secret_value().strip()]


def home_folder(given: Path | None = None) -> Path:
    """KREDIN_HOME: given, else from the process's environment, else ``.kredin`` in the working folder."""
    return (given or Path(os.environ.get(f"{PREFIX}HOME") or DEFAULT_HOME)).expanduser().resolve()


def load_environment(home: Path | None = None) -> Environment:
    """The environment of an installation: the process's variables over the file in its home.

    Raises ``EnvironmentFault`` naming each variable that cannot be used.
    """
    folder = home_folder(home)
    file = folder / FILE
    try:
        return Environment(home=folder, _env_file=file if file.exists() else None)  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        lines = [f"{_variable(fault['loc'], fault['msg'])}" for fault in error.errors(include_input=False)]
        raise EnvironmentFault("; ".join(lines)) from None


def write_environment(home: Path, values: Mapping[str, str | None]) -> Path:
    """Set variables in the home's file (mode 0600), keep the others, drop those that are None; gives the file.

    Names are without the prefix, as the fields of ``Environment`` (``poweroffice_url``).
    """
    home.mkdir(parents=True, exist_ok=True)
    file = home / FILE
    found = dict(_lines(file.read_text())) if file.exists() else {}
    for name, value in values.items():
        if name not in Environment.model_fields:
            raise EnvironmentFault(f"{PREFIX}{name.upper()}: no such variable")
        if value is None:
            found.pop(f"{PREFIX}{name.upper()}", None)
            continue
        if "\n" in value or "'" in value:
            raise EnvironmentFault(f"{PREFIX}{name.upper()}: a line break or quote cannot be written to {FILE}")
        found[f"{PREFIX}{name.upper()}"] = value
    text = "".join(f"{name}='{value}'\n" for name, value in sorted(found.items()))
    draft = file.with_name(f".{FILE}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:  # noqa: PTH123
        opened.write(text)
    draft.replace(file)
    return file


def _lines(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            found.append((name.strip(), value.strip().strip("'\"")))
    return found


def _variable(where: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    if not where:
        name, _, rest = text.partition(": ")
        return f"{PREFIX}{name.upper()}: {rest}"
    return f"{PREFIX}{str(where[0]).upper()}: {text[:1].lower()}{text[1:]}"
