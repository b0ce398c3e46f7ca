"""The environment: a file in the home, the process over it, and no secret in any text."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kredin_pipeline.environment import EnvironmentFault, load_environment, write_environment


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("KREDIN_"):
            monkeypatch.delenv(name)


def test_without_anything_the_files_lie_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environment = load_environment()
    home = tmp_path.resolve() / ".kredin"
    assert environment.home == home
    assert environment.journal_location == f"sqlite:///{home / 'journal.sqlite'}"
    assert (environment.dagster_folder, environment.books) == (home / "dagster", home / "books")
    assert environment.poweroffice_url == "https://goapi.poweroffice.net/v2"
    assert environment.missing_poweroffice_keys() == [
        "KREDIN_POWEROFFICE_APPLICATION_KEY",
        "KREDIN_POWEROFFICE_SUBSCRIPTION_KEY",
    ]


def test_what_was_written_is_found_and_the_process_wins_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_environment(tmp_path, {"poweroffice_url": "http://127.0.0.1:1/v2", "smtp_port": "8125"})
    write_environment(tmp_path, {"smtp_port": None, "clock": "2025-03-17T06:00:00+01:00"})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    environment = load_environment(tmp_path)
    assert (environment.poweroffice_url, environment.smtp_port) == ("http://127.0.0.1:1/v2", 587)
    assert environment.clock == "2025-03-17T06:00:00+01:00"

    monkeypatch.setenv("KREDIN_POWEROFFICE_URL", "http://127.0.0.1:2/v2")
    monkeypatch.setenv("KREDIN_JOURNAL_URL", "postgresql://kredin@db/journal")
    environment = load_environment(tmp_path)
    assert environment.poweroffice_url == "http://127.0.0.1:2/v2"
    assert environment.journal_location == "postgresql://kredin@db/journal"


def test_home_comes_from_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KREDIN_HOME", str(tmp_path / "elsewhere"))
    write_environment(tmp_path / "elsewhere", {"smtp_host": "mail.example"})
    environment = load_environment()
    assert (environment.home, environment.smtp_host) == (tmp_path / "elsewhere", "mail.example")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("KREDIN_CLOCK", "2025-03-17T06:00:00", "KREDIN_CLOCK: has no offset"),
        ("KREDIN_CLOCK", "yesterday", "KREDIN_CLOCK: want an ISO time"),
        ("KREDIN_SMTP_PORT", "mail", "KREDIN_SMTP_PORT"),
        ("KREDIN_POWEROFFICE_REQUESTS_PER_SECOND", "-1", "KREDIN_POWEROFFICE_REQUESTS_PER_SECOND"),
        ("KREDIN_SMTP_SECURITY", "ssl", "KREDIN_SMTP_SECURITY"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(EnvironmentFault, match=says):
        load_environment(tmp_path)


def test_no_secret_is_in_any_text_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("SECRET_KEY", "PG_URL", "POWEROFFICE_APPLICATION_KEY", "POWEROFFICE_SUBSCRIPTION_KEY", "SMTP_PASSWORD")
    for name in names:
        monkeypatch.setenv(f"KREDIN_{name}", "hush-hush")
    environment = load_environment(tmp_path)
    assert "hush-hush" not in repr(environment) + str(environment) + environment.model_dump_json()
    assert environment.smtp_password is not None
    assert environment.smtp_password.get_secret_value() == "hush-hush"


def test_what_cannot_be_written_safely_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="KREDIN_NOPE: no such variable"):
        write_environment(tmp_path, {"nope": "1"})
    with pytest.raises(EnvironmentFault, match="KREDIN_SMTP_HOST: a line break"):
        write_environment(tmp_path, {"smtp_host": "a\nKREDIN_CLOCK=x"})
