"""Which cases there are, and which of them are known to fail.

Belongs here: finding the folder and reading the list of expected failures. Not here: playing.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from tests.acceptance.reading import Case, FormatError, read_folder

PROJECT = Path(__file__).resolve().parents[2]
EXPECTED_FAILURES = Path(__file__).with_name("expected_failures.txt")


def cases_folder() -> Path:
    """``$KREDIN_CASES``, by default the shared cases beside the project; relative paths count from the project."""
    return (PROJECT / os.environ.get("KREDIN_CASES", "../shared/acceptance/cases")).resolve()


@cache
def all_cases() -> tuple[list[Case], list[FormatError]]:
    """Every case and every format error below the folder."""
    return read_folder(cases_folder())


def read_expected_failures(text: str) -> dict[str, str]:
    """Case id to reason, from lines `ID reason`; `#` begins a comment.

    Raises ``FormatError`` for a line without a reason and for an id that stands twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        plain = line.partition("#")[0].strip()
        if not plain:
            continue
        case_id, _, reason = plain.partition(" ")
        if not reason.strip():
            raise FormatError(f"expected_failures.txt, line {number}: found {case_id} alone, want `ID reason`")
        if case_id in found:
            raise FormatError(f"expected_failures.txt, line {number}: {case_id} stands there twice")
        found[case_id] = reason.strip()
    return found


def expected_failures() -> dict[str, str]:
    """The list that belongs to this state of the pipeline."""
    return read_expected_failures(EXPECTED_FAILURES.read_text(encoding="utf-8"))
