"""``kredin try``: a company's own SAF-T export through the pipeline, without a key, leaving nothing behind.

Belongs here: the order of it and the day it stands on. Not here: reading and proving a file (``sandbox.seeds``), the
run (``try_run``), what it comes to (``try_report``), the layout (``try_words``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import typer

from kredin_pipeline.commands.output import fail, failures_told, progress, wrong_use
from kredin_pipeline.commands.session import assigned
from kredin_pipeline.commands.try_course import Course, course
from kredin_pipeline.commands.try_words import tell, tell_json, tell_refusal
from kredin_pipeline.law.calendar import next_business_day
from kredin_pipeline.sandbox.seeds.saft_content import SaftFile
from kredin_pipeline.sandbox.seeds.saft_reader import read_saft
from kredin_pipeline.sandbox.seeds.saft_xml import SaftError


def try_file(path: Path, on: date | None, assignments: Sequence[str], ahead: int, *, as_json: bool) -> None:
    """Print what the pipeline would do with a file's company on a day (Oslo), and what it would send in the ``ahead``
    days after. Exit code 1 with line, reason and what to do for a bad file; 2 for a day that cannot be."""
    settings = assigned(assignments)
    file = _read(path, as_json=as_json)
    from kredin_pipeline.commands.try_report import report
    from kredin_pipeline.commands.try_run import TENANT, ran

    day = _day(file, on)
    with failures_told(), ran(path, file, day, settings) as run:
        played = Course((), day, None)
        if ahead:
            with progress(f"Playing the {ahead} days after {day}"):
                played = course(run.book, run.session.journal, TENANT, day, ahead)
        tried = report(run.book, file, run.posted, day, played, run.messages)
        (tell_json if as_json else tell)(path, file, run.posted, tried, day)


def _read(path: Path, *, as_json: bool) -> SaftFile:
    try:
        with progress(f"Reading {path.name}"):
            return read_saft(path)
    except SaftError as error:
        tell_refusal(path, error, as_json=as_json)
        raise typer.Exit(1) from None
    except OSError as error:
        fail(f"{path}: cannot be opened ({error.strerror})")


def _day(file: SaftFile, asked: date | None) -> date:
    """The day asked for, else the first business day on which the file's last day is known (no letter leaves on a day
    off), never after today."""
    from resources.clock import Clock

    today = Clock(pinned=None).today()
    if asked is not None:
        if asked > today:
            wrong_use(f"--on: {asked} lies after today, {today}")
        if asked < file.period_from:
            wrong_use(f"--on: {asked} lies before the file begins, {file.period_from}")
        return asked
    last = file.last_day(today)
    if last < file.period_from:
        wrong_use(f"the file begins on {file.period_from}, after today, {today}; give a day with --on")
    return min(next_business_day(last), today)
