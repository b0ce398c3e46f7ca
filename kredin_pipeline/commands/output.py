"""How commands speak: JSON with exact amounts, tables, one-line errors, and the exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import NoReturn, cast

import typer


def fail(message: str) -> NoReturn:
    """End with exit code 1 and a line that says why."""
    typer.secho(f"error: {message}", err=True, fg=typer.colors.RED)
    raise typer.Exit(1)


def wrong_use(message: str) -> NoReturn:
    """End with exit code 2: the command was given something it cannot take."""
    raise typer.BadParameter(message)


@contextmanager
def failures_told() -> Generator[None, None, None]:
    """Turn the errors a user can act on into one line and exit code 1; any other error keeps its traceback."""
    from kredin_pipeline.cases.settings import SettingsError
    from kredin_pipeline.environment import EnvironmentFault
    from kredin_pipeline.journal.errors import JournalError

    try:
        yield
    except (SettingsError, EnvironmentFault, JournalError) as error:
        fail(str(error))


@contextmanager
def onboarding_failures_told() -> Generator[None, None, None]:
    """``failures_told``, and what PowerOffice or the onboarding checks refuse (imports the resources)."""
    from resources.onboarding import OnboardingError
    from resources.poweroffice import MissingKeys

    try:
        with failures_told():
            yield
    except (OnboardingError, MissingKeys) as error:
        fail(str(error))


def exact_json(value: object) -> str:
    """JSON text in which an amount is a number with exactly its own decimals (``7000.00``), never a float.

    Ids and days are strings; tuples and sets are lists.
    """
    if isinstance(value, bool | str | int | None):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return json.dumps(value.isoformat())
    if isinstance(value, Mapping):
        items = cast(Mapping[object, object], value).items()
        return "{" + ", ".join(f"{json.dumps(str(key))}: {exact_json(item)}" for key, item in items) + "}"
    if isinstance(value, Iterable):
        return "[" + ", ".join(exact_json(item) for item in cast(Iterable[object], value)) + "]"
    raise TypeError(f"cannot print a {type(value).__name__} as JSON")


def print_json(value: object) -> None:
    """One JSON text; a list has one row per line."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        rows = cast(Sequence[object], value)
        typer.echo("[" + ",\n ".join(exact_json(row) for row in rows) + "]")
    else:
        typer.echo(exact_json(value))


def shown(value: object) -> str:
    """A value as a table shows it: kroner with a thin grouping, lists with commas, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,f}".replace(",", " ")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(item) for item in cast(Iterable[object], value))
    return str(value)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """A table, or ``empty`` when there is no row. Amounts stand to the right."""
    if not rows:
        typer.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for index, column in enumerate(columns):
        amounts = any(isinstance(row[index], Decimal) for row in rows)
        table.add_column(column, justify="right" if amounts else "left", overflow="fold")
    for row in rows:
        table.add_row(*(shown(value) for value in row))
    # Piped output keeps its columns: the width is then the table's own and not that of a guessed screen.
    Console(width=None if sys.stdout.isatty() else 240).print(table)


@contextmanager
def progress(text: str) -> Generator[None, None, None]:
    """A moving sign on the terminal while long work runs; nothing when the output is not a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield
