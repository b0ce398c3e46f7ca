"""The register's answers: what each means, that a failure is never an answer, and what is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kredin_pipeline.sandbox.server import RunningSandbox
from resources.enhetsregisteret import Enhetsregisteret, UnitAnswer, is_orgnr
from resources.enhetsregisteret_answers import answer_of
from resources.enhetsregisteret_door import GIVE_UP_AFTER
from resources.enhetsregisteret_kept import keep_answers
from resources.enhetsregisteret_sync import register_sync
from tests.unit.ledger.pages import TODAY, a_book, customer, entry, load
from tests.unit.resources.doors import PatientClock

NOW = datetime(2025, 3, 10, 5, 0, tzinfo=UTC)
CLOCK = PatientClock(pinned=NOW.isoformat())
SOUND, BANKRUPT, BRANCH, ABOVE, GONE, HIDDEN, NOBODY = (
    "999990002", "999990010", "999990061", "999990088", "999990029", "999990037", "999990045",
)  # fmt: skip


@pytest.fixture
def register(sandbox: RunningSandbox) -> Enhetsregisteret:
    control = sandbox.control
    control.reset()
    key = control.add_company("Fjellheim AS", "999990118")

    def says(orgnr: str, **keys: Any) -> None:
        control.event(key, {"on": "2025-03-01", "event": "register", "orgnr": orgnr, **keys})

    says(SOUND, set={"navn": "SOLVIKA AS"})
    says(BANKRUPT, set={"konkurs": True, "konkursdato": "2025-02-27"})
    says(ABOVE, set={"navn": "OVER AS", "underAvvikling": True, "underAvviklingDato": "2025-02-20"})
    says(BRANCH, set={"overordnetEnhet": ABOVE})
    says(GONE, set={"slettedato": "2025-01-31"})
    says(HIDDEN, status=410)
    control.clear_requests()
    return Enhetsregisteret(clock=CLOCK, api_url=sandbox.register_url, requests_per_second=0, attempts=2)


def test_each_kind_of_answer_is_told_apart(register: Enhetsregisteret) -> None:
    answers = {one.orgnr: one for one in register.look_up([SOUND, BANKRUPT, BRANCH, GONE, HIDDEN, NOBODY, "123"])}
    assert {orgnr: one.status for orgnr, one in answers.items()} == {
        SOUND: "registered", BANKRUPT: "registered", BRANCH: "registered", ABOVE: "registered", GONE: "deleted",
        HIDDEN: "removed", NOBODY: "unknown", "123": "unknown",
    }  # fmt: skip
    assert (answers[BANKRUPT].konkurs, answers[BANKRUPT].konkursdato) == (True, date(2025, 2, 27))
    assert (answers[BRANCH].is_sub_unit, answers[BRANCH].main_orgnr) == (True, ABOVE)
    assert (answers[ABOVE].under_avvikling, answers[ABOVE].is_sub_unit) == (True, False)
    assert answers[GONE].slettedato == date(2025, 1, 31)
    assert answers[HIDDEN] == UnitAnswer(HIDDEN, "removed")


def test_a_healthy_round_is_one_request_for_all(register: Enhetsregisteret, sandbox: RunningSandbox) -> None:
    register.look_up([SOUND, BANKRUPT])
    (request,) = sandbox.control.requests()
    assert request["accept"] == "application/vnd.brreg.enhetsregisteret.enhet.v2+json"
    assert "size=2" in request["query"] and "kredin-pipeline" in request["user_agent"]


@pytest.mark.parametrize("status", [429, 500])
def test_a_register_that_fails_for_a_number_leaves_it_unanswered(
    register: Enhetsregisteret, sandbox: RunningSandbox, status: int
) -> None:
    key = sandbox.control.companies()[0]["client_key"]
    sandbox.control.event(key, {"on": "2025-03-02", "event": "register", "orgnr": SOUND, "status": status})
    assert {one.orgnr: one.status for one in register.look_up([SOUND, BANKRUPT])} == {
        SOUND: "not_available",
        BANKRUPT: "registered",
    }


@pytest.mark.parametrize("search", [400, 503])
def test_a_register_that_is_down_is_not_asked_for_each_number(monkeypatch: pytest.MonkeyPatch, search: int) -> None:
    asked: list[str] = []

    def down(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(search if request.url.path.endswith("enheter") else 503)

    scripted = httpx.Client(transport=httpx.MockTransport(down))
    monkeypatch.setattr(Enhetsregisteret, "_http", lambda _: scripted)
    numbers = [number for n in range(900_000_000, 900_009_000) if is_orgnr(number := str(n))][:800]
    register = Enhetsregisteret(clock=CLOCK, api_url="https://r.example/api", requests_per_second=0, attempts=1)
    assert {one.status for one in register.look_up(numbers)} == {"not_available"}
    assert len(asked) <= 16 + GIVE_UP_AFTER  # the searches, and a few numbers at most


def test_html_with_status_200_is_no_answer(register: Enhetsregisteret, sandbox: RunningSandbox) -> None:
    sandbox.control.fault(None, {"route": "/enheter", "kind": "empty_200", "times": 20})
    assert [one.status for one in register.look_up([SOUND])] == ["not_available"]


@pytest.mark.parametrize("number", ["923609016", "984851006", "974760673", "999999999"])
def test_real_numbers_have_a_right_check_digit(number: str) -> None:
    assert is_orgnr(number)


@given(st.integers(0, 8), st.integers(1, 9))
def test_a_single_wrong_digit_is_noticed(place: int, by: int) -> None:
    digits = "923609016"
    wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    assert not is_orgnr(wrong)


def test_an_address_with_gaps_and_abroad_is_read() -> None:
    answer = answer_of(
        {
            "organisasjonsnummer": SOUND, "respons_klasse": "Enhet", "nyttFelt": {"x": 1},
            "postadresse": {
                "landkode": "DE", "poststed": "DE-92711 Parkstein", "adresse": ["c/o Ola", None, "", "A 1", "B", "C"],
            },
        }
    )  # fmt: skip
    assert answer is not None
    assert (answer.address_line1, answer.address_line2, answer.address_line3) == ("c/o Ola", "A 1", "B, C")
    assert (answer.zip_code, answer.city, answer.country_code) == (None, "DE-92711 Parkstein", "DE")


# --- what is kept --------------------------------------------------------------------------------------------------


def kept(con: Any, orgnr: str) -> tuple[Any, ...]:
    found = con.execute("select status, name, stale, main_orgnr from brreg_units where orgnr = ?", [orgnr]).fetchone()
    assert found is not None
    return found


def test_without_an_answer_the_last_good_one_stays_and_is_stale() -> None:
    con = a_book()
    keep_answers(con, [UnitAnswer(SOUND, "registered", False, "SOLVIKA AS")], TODAY, NOW)
    keep_answers(con, [UnitAnswer(SOUND, "not_available"), UnitAnswer(NOBODY, "not_available")], TODAY, NOW)
    assert kept(con, SOUND) == ("registered", "SOLVIKA AS", True, None)
    assert kept(con, NOBODY) == ("not_available", None, True, None)
    keep_answers(con, [UnitAnswer(SOUND, "registered", False, "SOLVIKA BAKERI AS")], TODAY, NOW)
    assert kept(con, SOUND) == ("registered", "SOLVIKA BAKERI AS", False, None)


def test_410_empties_the_row_and_a_later_answer_fills_it_again() -> None:
    """Obligation D-4: nothing of the copy stays."""
    con = a_book()
    good = UnitAnswer(SOUND, "registered", False, "SOLVIKA AS", "AS", address_line1="Storgata 1", konkurs=False)
    keep_answers(con, [good], TODAY, NOW)
    keep_answers(con, [UnitAnswer(SOUND, "removed")], TODAY, NOW)
    row = con.execute(
        "select * exclude (orgnr, status, fetched_on, fetched_at, checked_on, stale) from brreg_units"
    ).fetchone()
    assert row is not None and set(row) == {None}
    assert "SOLVIKA" not in str(con.execute("from brreg_units").fetchall())
    keep_answers(con, [good], TODAY, NOW)
    assert kept(con, SOUND)[:2] == ("registered", "SOLVIKA AS")


def test_a_deleted_branch_keeps_the_main_unit_that_was_known() -> None:
    con = a_book()
    keep_answers(con, [UnitAnswer(BRANCH, "registered", True, "AVD", main_orgnr=ABOVE)], TODAY, NOW)
    keep_answers(con, [UnitAnswer(BRANCH, "deleted", True, "AVD")], TODAY, NOW)
    assert kept(con, BRANCH) == ("deleted", "AVD", False, ABOVE)


def test_the_day_asks_about_debtors_with_open_claims_and_cases_once(register: Enhetsregisteret, tmp_path: Path) -> None:
    con = a_book()
    people = [customer(10018, OrganizationNumber=SOUND), customer(10019, OrganizationNumber="NO 999 990 010 MVA"),
              customer(10020, OrganizationNumber=GONE), customer(10021)]  # fmt: skip
    load(con, tmp_path, people, resource="customers")
    entries = [
        entry(1, "100.00"),
        entry(2, "100.00", CustomerId=4_400_001),
        entry(3, "100.00", "0.00", CustomerId=4_400_002),
    ]
    load(con, tmp_path, entries)
    report = register_sync(con, register, CLOCK, TODAY, also=[BRANCH])
    asked = {row[0] for row in con.execute("select orgnr from brreg_units").fetchall()}
    assert asked == {SOUND, BANKRUPT, BRANCH, ABOVE} and report.by_status == {"registered": 4}
    assert register_sync(con, register, CLOCK, TODAY, also=[BRANCH]).asked == 0
    assert register_sync(con, register, CLOCK, date(2025, 3, 11)).asked == 2
