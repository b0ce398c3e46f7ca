"""Telling how far long work has come: pages, rows and days, as they are done.

Belongs here: hearing what the work says of itself (the loggers ``kredin.progress`` and ``kredin.storage``) and showing
it. Not here: saying it (`kredin_pipeline.ledger`, `assets`, `instance_storage`).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import typer

LOGGERS: Final = ("kredin.progress", "kredin.storage")


class _Hearer(logging.Handler):
    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(record.getMessage())


@contextmanager
def long_work(text: str) -> Generator[None, None, None]:
    """While the block runs: on a terminal one line that moves, else one line on standard error for each step done."""
    if not sys.stderr.isatty():
        with heard(lambda done: typer.echo(f"{text}: {done}", err=True)):
            yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text) as line, heard(lambda done: line.update(f"{text}: {done}")):
        yield


@contextmanager
def heard(tell: Callable[[str], None]) -> Generator[None, None, None]:
    """Hands every step that is done in the block to ``tell``."""
    hearer = _Hearer(tell)
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(hearer)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(hearer)
            logger.setLevel(level)
