"""Every acceptance case, one test each: `pytest tests/acceptance -n 2`, one case: `-k WE-21a`."""

from __future__ import annotations

from pathlib import Path

import pytest

from kredin_pipeline.sandbox.server import RunningSandbox
from tests.acceptance.catalogue import all_cases, cases_folder, expected_failures
from tests.acceptance.playing import CaseFailed, Player
from tests.acceptance.reading import Case
from tests.contract.traffic import findings

CASES, FORMAT_ERRORS = all_cases()
KNOWN = expected_failures()


def _parameter(case: Case) -> object:
    marks = [pytest.mark.xfail(raises=CaseFailed, strict=True, reason=KNOWN[case.id])] if case.id in KNOWN else []
    return pytest.param(case, id=case.id, marks=marks)


@pytest.mark.parametrize("case", [_parameter(case) for case in CASES])
def test_case(case: Case, sandbox: RunningSandbox, tmp_path: Path) -> None:
    try:
        Player(case, sandbox, tmp_path).play()
    finally:
        wrong = findings(sandbox.control.requests())
    assert not wrong, "the traffic of this case is not in the OpenAPI descriptions:\n" + "\n".join(wrong[:20])


def test_every_case_is_in_the_format() -> None:
    assert CASES, f"no case found below {cases_folder()}; set KREDIN_CASES to the folder of the acceptance cases"
    assert not FORMAT_ERRORS, "\n".join(str(error) for error in FORMAT_ERRORS)


def test_every_expected_failure_is_a_case() -> None:
    unknown = sorted(set(KNOWN) - {case.id for case in CASES})
    assert not unknown, f"expected_failures.txt names cases that do not exist: {', '.join(unknown)}"
