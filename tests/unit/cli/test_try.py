"""``kredin try``: a company's own SAF-T file through the whole pipeline, from a key to nothing left behind.

The official sample and small files; the runs are real (Dagster, book, journal, a sandbox over HTTP).
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kredin_pipeline.cli import app
from kredin_pipeline.commands.try_course import Course, course
from kredin_pipeline.commands.try_report import DoesNotAgree, Tried, report
from kredin_pipeline.commands.try_run import Run, ran, throw_away_home
from kredin_pipeline.commands.try_words import tell, tell_json
from kredin_pipeline.jobs import run_day
from kredin_pipeline.sandbox.seeds.saft_content import SaftFile
from kredin_pipeline.sandbox.seeds.saft_reader import read_saft
from kredin_pipeline.sandbox.server import SandboxOptions, start
from tests.unit.orchestration.installation import TENANT, TODAY, install, open_installation
from tests.unit.sandbox_seeds.saft_files import customer, money, saft_text, sale

RUNNER = CliRunner()
OFFICIAL = Path(str(files("kredin_pipeline.sandbox.seeds").joinpath("data", "SAF-T_Financial_888888888_v1.10.xml")))
ON = date(2025, 3, 17)
SECRET = "a-real-key-of-the-users-own"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """The user's own installation and a folder for temporary files, both empty; its variables name a real key."""
    made = tmp_path_factory.mktemp("try")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("KREDIN_"):
                patch.delenv(name)
        patch.setenv("KREDIN_HOME", str(made / "home"))
        patch.setenv("KREDIN_POWEROFFICE_APPLICATION_KEY", SECRET)
        patch.setenv("KREDIN_JOURNAL_URL", f"sqlite:///{made / 'home' / 'journal.sqlite'}")
        patch.setenv("KREDIN_CLOCK", "2031-01-01T06:00:00+01:00")
        patch.setattr("tempfile.tempdir", str(made / "temporary"))
        (made / "temporary").mkdir()
        yield made


def everything(folder: Path) -> tuple[list[Path], dict[str, str]]:
    """The temporary files and the process's variables."""
    return sorted((folder / "temporary").iterdir()), dict(os.environ)


def tried(*words: str) -> Result:
    return RUNNER.invoke(app, ["try", *words])


@dataclass(frozen=True)
class Small:
    """The small file on 17 March, fourteen days after an invoice fell due: what was run, and what is told of it."""

    path: Path
    file: SaftFile
    run: Run
    played: Course
    tried: Tried


@pytest.fixture(scope="module")
def small(folder: Path) -> Generator[Small]:
    """C-1 owes two invoices and has paid a third, 20 has an opening balance and an unmatched credit, 30 no due date."""
    path = folder / "books.xml"
    path.write_text(
        saft_text(
            customer("C-1", "0", "1500") + customer("20", "250", "-150", "") + customer("30", "0", "800", ""),
            sale("T1", "2025-02-01", "C-1", "1000", ReferenceNumber="41", DueDate="2025-03-03")
            + sale("T2", "2025-02-01", "C-1", "700", ReferenceNumber="42", DueDate="2025-03-03")
            + money("T3", "2025-02-20", "C-1", "700", ReferenceNumber="42")
            + sale("T4", "2025-03-10", "C-1", "500", ReferenceNumber="A43", DueDate="2025-03-24")
            + money("T5", "2025-03-01", "20", "400")
            + sale("T6", "2025-03-05", "30", "800", ReferenceNumber="44"),
            last="2025-03-17",
        )
    )
    file = read_saft(path)
    with ran(path, file, ON, {"grace_days": "5"}) as run:
        played = course(run.book, run.session.journal, "try", ON, 60)
        yield Small(path, file, run, played, report(run.book, file, run.posted, ON, played, run.messages))


# --- what it would do ----------------------------------------------------------------------------------------------


def test_a_case_has_its_interest_and_the_letter_its_fee_to_the_ore(small: Small) -> None:
    [case] = small.tried.cases
    assert (case["invoice"], case["customer"], case["days_overdue"]) == ("41", "C-1", 14)
    # 1000.00 x 12.50 % x 14 / 365 = 4.7945
    assert (case["principal_open"], case["interest"], case["fees"]) == (Decimal("1000.00"), Decimal("4.79"), 0)
    [letter] = small.tried.letters
    assert (letter["step"], letter["on"], letter["invoices"]) == ("reminder", ON, ["41"])
    assert (letter["fee"], letter["total"]) == (Decimal("35.00"), Decimal("1039.79"))


def test_the_days_to_come_are_told_with_their_letters_if_nobody_pays(small: Small) -> None:
    told = [(one["on"], one["step"], one["invoices"], one["fee"]) for one in small.tried.course]
    assert told[:2] == [
        # the deadline of 31 March and five days of grace end on a Saturday
        (date(2025, 4, 7), "collection_notice", ["41"], Decimal("35.00")),
        (date(2025, 4, 7), "reminder", ["A43"], Decimal("35.00")),
    ]
    notice = small.tried.course[0]
    # 1000.00 x 12.50 % x 35 / 365 = 11.9863; the reminder's fee is still owed
    assert (notice["interest"], notice["total"]) == (Decimal("11.99"), Decimal("1081.99"))
    assert [step for _, step, invoices, _ in told if invoices == ["41"]][:2] == ["collection_notice", "payment_demand"]
    assert small.tried.course_until == ON + timedelta(days=60)


def test_every_customer_has_its_age_and_the_files_own_balance(small: Small) -> None:
    rows = {row["customer"]: row for row in small.tried.customers}
    assert [row["balance"] for row in rows.values()] == [1500, -150, 800]
    assert all(row["balance"] == row["in_file"] for row in rows.values())
    assert (rows["C-1"]["1-30"], rows["C-1"]["not_due"]) == (1000, 500)
    assert (rows["20"]["no_due_date"], rows["20"]["credits"]) == (250, 400)
    assert rows["30"]["no_due_date"] == 800
    assert [(row["invoice"], row["open"]) for row in small.tried.not_due] == [("A43", 500)]


def test_what_cannot_be_known_is_listed_and_said(small: Small) -> None:
    reasons = {row["customer"]: (row["reason"], row["why"]) for row in small.tried.unclaimable}
    assert reasons["30"] == ("no_due_date", "no due date: neither on the line nor by the customer's payment terms")
    assert reasons["20"][1].startswith("carried forward from before 2025-01-01")
    assert [(row["customer"], row["amount"]) for row in small.tried.open_credits] == [("20", 400)]
    text = "\n".join(small.tried.unknown)
    assert "1 row of 250.00 kr carried forward" in text and "1 row of 800.00 kr fell due" in text
    assert "1 credit of 400.00 kr pays for" in text and "sent already" in text
    assert "where letters to 1 customer go (C-1)" in text
    [stop] = small.tried.stops  # by the file's own number, without our words for checks and tenants
    assert stop.startswith("customer C-1, postal address: found none")


def test_everything_is_in_the_json_with_exact_amounts(small: Small, capsys: pytest.CaptureFixture[str]) -> None:
    tell_json(small.path, small.file, small.run.posted, small.tried, ON)
    told = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert told["cases"][0]["interest"] == Decimal("4.79") and told["on"] == "2025-03-17"
    assert len(told["course"]) == len(small.tried.course) and told["unknown"] == small.tried.unknown
    assert (told["vouchers"], told["invoices"], told["matched"], told["left_out"]) == (6, 4, 1, 0)


def test_many_letters_are_told_by_day(small: Small, capsys: pytest.CaptureFixture[str]) -> None:
    letters = small.tried.course * 20
    tell(small.path, small.file, small.run.posted, replace(small.tried, course=letters), ON)
    told = capsys.readouterr().out
    assert "│ 2025-04-07 │ collection notice │ 20" in told
    assert f"until 2025-05-16, if nobody pays: {len(letters)} more letters" in told


def test_a_mirror_that_is_not_the_file_is_our_fault_and_said(small: Small) -> None:
    wrong = replace(small.run.posted, closing={**small.run.posted.closing, "30": Decimal("799.00")})
    with pytest.raises(DoesNotAgree, match=r"customer 30: the mirror has 800\.00, the file's lines give 799\.00"):
        report(small.run.book, small.file, wrong, ON, small.played, ())


def test_the_official_example_is_told_and_nothing_is_left_behind(folder: Path) -> None:
    before = everything(folder)
    done = tried(str(OFFICIAL), "--ahead", "0")
    assert done.exit_code == 0, done.output
    assert "6 of 6 customers at the file's own closing balance" in done.output
    assert "│ 1001     │ Leker på Nett          │  265 500.00 │" in done.output
    assert "721 398.75 kr is overdue in 3 cases (3 held), with interest of 1 066.20 kr" in done.output
    assert "unallocated payment" in done.output and "Nothing would be sent on 2017-05-02." in done.output
    assert "account 1920: opening and lines give 724407.00" in done.output
    assert "Nothing was sent, posted or kept" in done.output
    assert everything(folder) == before and not (folder / "home").exists()


def test_the_course_foreseen_is_the_course_that_a_live_company_takes(folder: Path, tmp_path: Path) -> None:
    with start(SandboxOptions(rate_per_second=0)) as sandbox:
        made = install(sandbox, tmp_path, f"{TODAY}T06:00")
        assert run_day(made.definitions, made.instance, TENANT, TODAY).ok
        with made.book.session(TENANT) as con:
            [(day, [foreseen])] = course(con, made.journal, TENANT, TODAY, 18).days
        made.control.set_clock(f"{day}T06:00")
        later = open_installation(sandbox, tmp_path, made.client_key)
        assert run_day(later.definitions, later.instance, TENANT, day).ok
        letter = later.journal.export_rows(TENANT).letters[-1]
        made.book.close()
    assert letter.step == "collection_notice" and letter.sent_on == day == date(2025, 4, 4)
    same = ("step", "channel", "deadline", "fee", "interest", "principal", "total", "bears_fee")
    assert [foreseen[name] for name in same] == [getattr(letter, name) for name in same]


# --- bad files and wrong use ---------------------------------------------------------------------------------------


def test_a_bad_file_is_refused_with_every_line_reason_and_what_to_do(folder: Path) -> None:
    path = folder / "bad.xml"
    path.write_text(saft_text(customer("1", "0", "11"), sale("T1", "2025-01-10", "1", "10")))
    before = everything(folder)
    done = tried(str(path), "--json")
    assert done.exit_code == 1
    refused = json.loads(done.stdout)
    assert refused["refused"] is True and refused["faults"][0]["line"] == 6
    assert "line 6: customer 1: opening 0 and lines 10 give 10, the file's closing balance is 11" in done.stderr
    assert "Mend it in the accounting system" in done.stderr
    assert everything(folder) == before


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--on", "2016-12-31"], "lies before the file begins"),
        (["--on", "2999-01-01"], "lies after today"),
        (["--set", "grace_days"], "want KEY=VALUE"),
    ],
)
def test_a_day_or_setting_that_cannot_be_is_wrong_use(folder: Path, words: list[str], reason: str) -> None:
    done = tried(str(OFFICIAL), *words)
    assert done.exit_code == 2 and reason in " ".join(done.output.split())


def test_a_setting_that_is_refused_ends_the_try_and_leaves_nothing(folder: Path) -> None:
    before = everything(folder)
    done = tried(str(OFFICIAL), "--set", "grace_days=soon")
    assert done.exit_code == 1 and "grace_days" in done.output
    assert everything(folder) == before


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals go to the main thread")
def test_a_process_that_is_told_to_end_removes_its_home(folder: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, throw_away_home() as home:
        (home / "x").touch()
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 143 and not home.exists()
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_failure_puts_the_variables_back(folder: Path) -> None:
    before = dict(os.environ)
    with pytest.raises(RuntimeError), throw_away_home() as home:
        assert not [name for name in os.environ if name.startswith("KREDIN_") and name != "KREDIN_HOME"]
        os.environ["DAGSTER_HOME"] = str(home)
        raise RuntimeError
    assert dict(os.environ) == before and not home.exists()
