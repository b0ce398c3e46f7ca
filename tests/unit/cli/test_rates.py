"""``kredin rates``: figures listed, added and withdrawn; and that every run, check and list goes by them."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dagster import AssetCheckSeverity, DagsterInstance, RunConfig

from assets.case_checks import figures_are_final, rates_reach_ahead
from kredin_pipeline.cases import published
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.commands.session import Session, open_session
from kredin_pipeline.figures_job import LawFigure, build_add_figure_job
from resources import onboarding
from resources.clock import Clock
from resources.journal import JournalResource
from resources.onboarding import OnboardingError
from tests.unit.cases.whole import Book
from tests.unit.cli.figures_home import TENANT, file_of, kredin, run_day, set_up

D = Decimal
DAY = date(2027, 1, 15)
NEXT_RATE = ("rates", "add", "late_interest", "--from", "2027-01-01", "--to", "2027-06-30", "--value", "11,75",
             "--source", "FOR-2026-12-18", "--who", "Kari")  # fmt: skip


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Session, None, None]:
    """WE-16: 50 000.00 due 2026-12-01, read on 2027-01-15, for which no rate is stored."""
    book = Book()
    book.ledger.invoice(1001, "50 000.00", due="2026-12-01")
    session = set_up(tmp_path, monkeypatch, "2027-01-15T06:30:00+01:00", book)
    yield session
    session.journal.close()


def exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def planned(session: Session) -> list[Any]:
    with duckdb.connect(str(file_of(session)), read_only=True) as con:
        return con.execute("select step, interest, total from planned_letters").fetchall()


# Obligation interest 5 ------------------------------------------------------------------------------------------------


def test_i5_provisional_is_visible_until_the_row_is_added_and_nothing_else_has_to_change(house: Session) -> None:
    summary = run_day(house)
    assert (summary.provisional, planned(house)) == (1, [])
    (row,) = exact(kredin("cases", "--json").output)
    assert (row["interest"], row["provisional"], row["rates_known_to"]) == (D("520.21"), True, "2026-12-31")
    assert "no rate for 2027-01-01; the last day with a rate is 2026-12-31" in row["provisional_because"]
    listed = kredin("cases").output
    assert "rates to 2026-12-31" in listed
    assert "kredin rates add late_interest --from 2027-01-01 --to 2027-06-30" in listed
    assert exact(kredin("case", "1001", "--json").output)["rates_known_to"] == "2026-12-31"

    assert kredin(*NEXT_RATE).exit_code == 0
    (published_before,) = exact(kredin("cases", "--json").output)
    assert (published_before["interest"], published_before["provisional"]) == (D("520.21"), True)
    assert published_before["provisional_because"] == (
        "the figures are stored now; the next run of the day makes it final"
    )

    assert run_day(house).provisional == 0
    (row,) = exact(kredin("cases", "--json").output)
    assert (row["interest"], row["provisional"], row["rates_known_to"], row["provisional_because"]) == (
        D("745.55"), False, None, None,
    )  # fmt: skip
    assert planned(house) == [("reminder", D("745.55"), D("50783.55"))]
    assert "rates to" not in kredin("cases").output


def test_a_past_day_that_is_derived_when_it_is_asked_for_goes_by_the_added_row(house: Session) -> None:
    run_day(house, date(2026, 12, 30))
    with duckdb.connect(str(file_of(house))) as con:
        published.mark_imported(con, date(2027, 1, 1), date(2027, 1, 10), house.now())
    asked = ("cases", "--on", "2027-01-08", "--json")
    assert [(row["interest"], row["provisional"]) for row in exact(kredin(*asked).output)] == [(D("520.21"), True)]
    kredin(*NEXT_RATE)
    (row,) = exact(kredin(*asked).output)
    assert (row["interest"], row["provisional"]) == (D("632.88"), False)
    periods = exact(kredin("case", "1001", "--on", "2027-01-08", "--json").output)["interest_periods"]
    assert [(period["to_date"], period["rate_percent"]) for period in periods] == [
        ("2027-01-01", D("12.25")), ("2027-01-08", D("11.75")),
    ]  # fmt: skip


def test_a_withdrawn_row_makes_the_next_run_provisional_again(house: Session) -> None:
    kredin(*NEXT_RATE)
    assert run_day(house).provisional == 0
    done = kredin("rates", "withdraw", "1", "--why", "typed from a rumour", "--who", "Ola")
    assert (done.exit_code, "withdrawn" in done.output) == (0, True)
    assert run_day(house).provisional == 1


# The checks -----------------------------------------------------------------------------------------------------------


def test_the_check_on_figures_fails_as_an_error_and_names_day_and_command(house: Session) -> None:
    summary = run_day(house)
    with duckdb.connect(str(file_of(house)), read_only=True) as con:
        found = figures_are_final(con, summary, house.journal.law_tables())
        silent = figures_are_final(con, replace(summary, problems=()), house.journal.law_tables())
    for result in (found, silent):
        assert (result.passed, result.severity) == (False, AssetCheckSeverity.ERROR)
    assert "the last day with a rate is 2026-12-31: kredin rates add late_interest" in str(found.description)
    assert "the last day with a rate is 2026-12-31" in str(silent.description)
    kredin(*NEXT_RATE)
    with duckdb.connect(str(file_of(house)), read_only=True) as con:  # still the row of the run before
        stale = figures_are_final(con, replace(summary, problems=()), house.journal.law_tables())
    assert (stale.passed, "1 cases are provisional on 2027-01-15" in str(stale.description)) == (False, True)
    summary = run_day(house)
    with duckdb.connect(str(file_of(house)), read_only=True) as con:
        assert figures_are_final(con, summary, house.journal.law_tables()).passed


def test_a_warning_comes_45_days_before_and_goes_with_the_row(house: Session) -> None:
    journal = house.journal
    plain, claiming = TenantSettings.of(), TenantSettings.of({"compensation": True})
    assert rates_reach_ahead(date(2026, 11, 15), claiming, journal).passed
    warned = rates_reach_ahead(date(2026, 11, 25), plain, journal)
    assert (warned.passed, warned.severity) == (False, AssetCheckSeverity.WARN)
    assert "late interest (forsinkelsesrente): runs out on 2026-12-31, 36 days left" in str(warned.description)
    assert "kredin rates add late_interest --from 2027-01-01 --to 2027-06-30" in str(warned.description)
    assert "compensation" not in str(warned.description)
    assert "standard compensation" in str(rates_reach_ahead(date(2026, 11, 25), claiming, journal).description)
    kredin(*NEXT_RATE)
    assert rates_reach_ahead(date(2026, 11, 25), plain, journal).passed
    assert not rates_reach_ahead(date(2027, 5, 20), plain, journal).passed


# The command ----------------------------------------------------------------------------------------------------------


def test_the_list_says_what_each_kind_covers_and_who_added_what(house: Session) -> None:
    kredin(*NEXT_RATE)
    done = kredin("rates", "--kind", "late_interest")
    assert done.exit_code == 0, done.output
    assert "late interest (forsinkelsesrente): 2004-01-01 to 2027-06-30" in done.output
    assert "FOR-2026-12-18" in done.output and "Kari" in done.output
    whole = kredin("rates").output
    for text in (
        "collection rate (inkassosats): 2006-01-01 to 2007-12-31",
        "court fee (rettsgebyr)",
        "standard compensation (standardkompensasjon)",
        "letter fee of the 2026 act (purregebyr): no figure is stored",
        "agency_light_consumer_0-500",
        "amount not known",
    ):
        assert text in whole


def test_json_has_every_figure_with_its_own_decimals_and_the_covered_days(house: Session) -> None:
    kredin(*NEXT_RATE)
    kredin("rates", "withdraw", "1", "--why", "wrong", "--who", "Ola")
    kredin(*NEXT_RATE)
    found = exact(kredin("rates", "--kind", "late_interest", "--json").output)
    assert found["covered"] == [{"kind": "late_interest", "from": "2004-01-01", "to": "2027-06-30"}]
    last, gone = found["figures"][-2:]
    assert last == {
        "kind": "late_interest", "from": "2027-01-01", "to": "2027-06-30", "value": D("11.75"), "unit": "per cent",
        "source": "FOR-2026-12-18", "confidence": "high", "id": 2, "added_by": "Kari", "counts": True, "note": None,
    }  # fmt: skip
    assert (gone["id"], gone["counts"], gone["note"]) == (1, False, "withdrawn by Ola: wrong")


def test_the_figures_in_force_on_a_day(house: Session) -> None:
    found = exact(kredin("rates", "--on", "2026-12-31", "--json").output)["figures"]
    in_force = {row["kind"]: row["value"] for row in found}
    assert (in_force["late_interest"], in_force["collection_rate"], in_force["standard_compensation"]) == (
        D("12.25"), D("750.00"), D("430.00"),
    )  # fmt: skip
    shown = kredin("rates", "--on", "2027-01-01").output
    assert "without a figure on 2027-01-01: late interest (forsinkelsesrente): 2004-01-01 to 2026-12-31" in shown


def test_a_later_collection_rate_ends_the_open_one_and_says_so(house: Session) -> None:
    done = kredin("rates", "add", "collection_rate", "--from", "2027-02-01", "--value", "780", "--source", "FOR-Y")
    assert done.exit_code == 0, done.output
    assert "750 kr (FOR-2025-12-19-2709), until further notice, then ends on 2027-01-31." in done.output
    rows = exact(kredin("rates", "--kind", "collection_rate", "--json").output)["figures"]
    assert [(row["from"], row["to"], row["value"]) for row in rows[-2:]] == [
        ("2026-01-01", "2027-01-31", D("750.00")), ("2027-02-01", None, D("780.00")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("late_interest", "--from", "2026-07-01", "--to", "2026-12-31", "--value", "13"), 1, "is stored already"),
        (("late_interest", "--from", "2027-01-01", "--to", "2027-06-30", "--value", "35"), 1, "--confirm-unusual"),
        (("salary", "--from", "2027-01-01", "--value", "13"), 1, "kind: found 'salary'"),
        (("court_fee", "--from", "2027-01-01", "--value", "1400", "--confidence", "sure"), 1, "confidence: found"),
        (("court_fee", "--from", "yesterday", "--value", "1400"), 2, "yesterday"),
    ],
)
def test_what_cannot_be_added_is_said_and_nothing_is_kept(
    house: Session, words: tuple[str, ...], code: int, says: str
) -> None:
    done = kredin("rates", "add", *words, "--source", "x")
    assert (done.exit_code, says in done.output) == (code, True), done.output
    assert house.journal.figures() == []


def test_a_kind_or_number_that_is_not_there_is_told(house: Session) -> None:
    assert kredin("rates", "--kind", "rent").exit_code == 2
    done = kredin("rates", "withdraw", "7", "--why", "wrong")
    assert (done.exit_code, "figure 7: no such added figure; known are none" in done.output) == (1, True)
    kredin("rates", "add", "late_interest", "--from", "2027-01-01", "--to", "2027-06-30", "--value", "35",
           "--source", "x", "--confirm-unusual")  # fmt: skip
    assert [row.given.value for row in house.journal.figures()] == [D("35.00")]


# Settings and the launchpad -------------------------------------------------------------------------------------------


def test_a_fee_is_held_against_the_added_figures(house: Session) -> None:
    def set_fee() -> None:
        onboarding.change_settings(
            house.journal, TENANT, {"steps": {"reminder": {"fee": "50.00"}}}, who="Kari", clock=house
        )

    with pytest.raises(OnboardingError, match=r"found 50.00, want 0 to 38.00"):
        set_fee()
    kredin("rates", "add", "collection_rate", "--from", "2027-01-01", "--value", "1000", "--source", "x")
    set_fee()
    kredin("rates", "withdraw", "1", "--why", "wrong")
    done = kredin("rates", "add", "collection_rate", "--from", "2027-01-01", "--to", "2027-01-10", "--value", "780",
                  "--source", "x")  # fmt: skip
    assert done.exit_code == 0, done.output
    with pytest.raises(OnboardingError) as told:
        onboarding.change_settings(
            house.journal, TENANT, {"steps": {"reminder": {"fee": "10.00"}}}, who="Kari", clock=house
        )
    assert "the legal maximum is not known: no collection rate (inkassosats) for 2027-01-15" in str(told.value)
    assert "kredin rates add collection_rate --from 2027-01-15" in str(told.value)


def test_the_launchpad_adds_the_same_figure_and_refuses_the_same(house: Session) -> None:
    environment = open_session().environment
    resources = {
        "journal": JournalResource(url=environment.journal_location, home=str(environment.home)),
        "clock": Clock(pinned=environment.clock),
    }
    asked = LawFigure(
        kind="late_interest", valid_from="2027-01-01", valid_to="2027-06-30", value="11.75", source="FOR-X", who="Kari"
    )

    def launch(figure: LawFigure) -> str:
        with DagsterInstance.ephemeral() as instance:
            result = build_add_figure_job().execute_in_process(
                run_config=RunConfig(ops={"add_figure_op": figure}), resources=resources, instance=instance,
                raise_on_error=False,
            )  # fmt: skip
        failed = [event for event in result.all_events if event.is_step_failure]
        return str(failed[0].step_failure_data.user_failure_data) if failed else ""

    try:
        assert launch(asked) == ""
        (kept,) = house.journal.figures()
        assert (kept.added_by, kept.given.rate().basis_points, kept.added_at) == ("Kari", 1175, house.now())
        assert "a figure is stored already" in launch(asked)
        assert "valid_from: found 'soon', want YYYY-MM-DD" in launch(asked.model_copy(update={"valid_from": "soon"}))
        assert len(house.journal.figures()) == 1
    finally:
        resources["journal"].close()
