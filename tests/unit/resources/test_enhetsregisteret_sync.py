"""Night after night: what is asked of the register, what is kept, and that nothing which changed is missed."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kredin_pipeline.ledger.debtors import build_debtors
from kredin_pipeline.sandbox.register.synthesis import filing
from kredin_pipeline.sandbox.server import RunningSandbox
from resources.enhetsregisteret import Enhetsregisteret, UnitAnswer
from resources.enhetsregisteret_sync import ACCOUNTS_A_DAY
from tests.unit.ledger.pages import customer, load
from tests.unit.resources.debtors import NUMBERS, Debtors

FEED, SUB_FEED, ROLE_FEED = "oppdateringer/enheter", "oppdateringer/underenheter", "oppdateringer/roller"
NEVER = NUMBERS[-1]
LATER = "2025-03-02T05:00:00.0000000+00:00"


@pytest.fixture
def debtors(sandbox: RunningSandbox, tmp_path: Path) -> Debtors:
    return Debtors(sandbox, tmp_path)


def statuses(debtors: Debtors) -> dict[str, str]:
    return dict(debtors.rows("select orgnr, status from brreg_units"))


# --- which way, and how many requests ------------------------------------------------------------------------------


def test_the_first_night_searches_for_all_and_the_next_one_reads_the_feed_alone(debtors: Debtors) -> None:
    assert debtors.night("2025-03-10") == ["enheter"] * 3
    assert debtors.night("2025-03-11") == [FEED]
    assert debtors.night("2025-03-11") == []  # all is known that day
    assert [one.route for one in debtors.reports] == ["look-ups", "feed", "none"]
    assert debtors.rows("select distinct checked_on, fetched_on from brreg_units") == [
        (date(2025, 3, 11), date(2025, 3, 10))
    ]


def test_where_one_search_holds_all_it_is_asked_instead_of_the_feed(sandbox: RunningSandbox, tmp_path: Path) -> None:
    few = Debtors(sandbox, tmp_path, count=3)
    assert [few.night(f"2025-03-{day}") for day in (10, 11, 12)] == [["enheter"]] * 3


def test_without_a_number_nothing_is_asked(sandbox: RunningSandbox, tmp_path: Path) -> None:
    debtors = Debtors(sandbox, tmp_path, count=1)
    load(
        debtors.con,
        tmp_path,
        [customer(OrganizationNumber=None, LastChangedDateTimeOffset=LATER)],
        resource="customers",
    )
    assert debtors.night("2025-03-10") == []


def test_only_what_the_feed_names_is_looked_up(debtors: Debtors) -> None:
    debtors.night("2025-03-10")
    debtors.on("2025-03-11")
    debtors.register.bankrupt(debtors.numbers[4], date(2025, 3, 10), trustee="Adv. Kari Vik")
    debtors.register.set_unit(NEVER, navn="EN ANNENS KUNDE AS")
    asked = debtors.night("2025-03-11")
    assert asked == [FEED, "enheter", f"enheter/{debtors.numbers[4]}/roller"]
    assert debtors.reports[-1].named == 1
    assert debtors.rows("select orgnr, konkursdato from brreg_units where konkurs") == [
        (debtors.numbers[4], date(2025, 3, 10))
    ]
    assert debtors.night("2025-03-12") == [FEED, f"enheter/{debtors.numbers[4]}/roller"]


def test_a_debtor_who_is_new_or_back_is_looked_up_and_one_who_has_paid_is_not(debtors: Debtors) -> None:
    debtors.owe([7], "0.00")
    debtors.night("2025-03-10")
    assert debtors.numbers[7] not in statuses(debtors)
    debtors.owe([7])
    debtors.owe([6], "0.00")
    assert debtors.night("2025-03-11") == [FEED, "enheter"]
    debtors.on("2025-03-12")
    debtors.register.bankrupt(debtors.numbers[6], date(2025, 3, 11))  # nobody watches it: the feed's word is lost
    assert debtors.night("2025-03-12") == [FEED]
    debtors.owe([6])
    debtors.night("2025-03-13")
    assert debtors.rows("select orgnr from brreg_units where konkurs") == [(debtors.numbers[6],)]


def test_what_was_not_seen_for_a_week_is_looked_up_whatever_the_feed_says(debtors: Debtors) -> None:
    debtors.night("2025-03-10")
    for day in range(11, 17):
        assert debtors.night(f"2025-03-{day}") == [FEED]
    assert debtors.night("2025-03-17") == ["enheter"] * 3
    assert debtors.night("2025-03-18") == [FEED]


# --- feeds that are no use -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "code": 503},
        {"kind": "status", "code": 400},
        {"kind": "empty_200"},
    ],
)
def test_a_feed_that_fails_is_replaced_by_look_ups(debtors: Debtors, fault: dict[str, Any]) -> None:
    debtors.night("2025-03-10")
    debtors.on("2025-03-11")
    debtors.register.bankrupt(debtors.numbers[2], date(2025, 3, 10))
    debtors.sandbox.control.fault(None, {"route": f"/{FEED}", **fault})
    assert debtors.night("2025-03-11")[:4] == [FEED, "enheter", "enheter", "enheter"]
    assert debtors.reports[-1].route == "look-ups" and "feed" in debtors.reports[-1].why
    assert debtors.rows("select orgnr from brreg_units where konkurs") == [(debtors.numbers[2],)]
    assert debtors.night("2025-03-12")[0] == FEED


def test_what_a_failed_feed_would_have_said_is_read_the_next_night(debtors: Debtors) -> None:
    gone = debtors.numbers[2]
    debtors.register.dissolve(gone, date(2025, 3, 1))
    debtors.night("2025-03-10")
    debtors.night("2025-03-11")
    debtors.on("2025-03-12")
    debtors.register.remove(gone)  # no search shows it before or after
    debtors.sandbox.control.fault(None, {"route": f"/{FEED}", "kind": "status", "code": 503})
    debtors.night("2025-03-12")
    assert statuses(debtors)[gone] == "deleted"
    debtors.night("2025-03-13")
    assert statuses(debtors)[gone] == "removed"


def test_a_feed_that_is_longer_than_the_searches_it_spares_is_left(debtors: Debtors) -> None:
    debtors.night("2025-03-10")
    debtors.on("2025-03-11")
    debtors.feed_page = 5
    for number in NUMBERS[10:30]:
        debtors.register.set_unit(number)
    debtors.register.dissolve(debtors.numbers[0], date(2025, 3, 10))
    debtors.night("2025-03-11")
    assert "more lines" in debtors.reports[-1].why and statuses(debtors)[debtors.numbers[0]] == "deleted"
    assert debtors.night("2025-03-12") == [FEED]  # read from the night on which all was looked up


def test_a_feed_of_several_pages_is_read_by_id_to_its_end(debtors: Debtors) -> None:
    debtors.night("2025-03-10")
    debtors.night("2025-03-11")
    debtors.on("2025-03-12")
    debtors.feed_page = 2
    for number in (NUMBERS[20], NUMBERS[21], NUMBERS[22], debtors.numbers[3], debtors.numbers[3]):
        debtors.register.set_unit(number, navn=f"NYTT {len(debtors.register.events(False))} AS")
    assert debtors.night("2025-03-12") == [FEED, FEED, FEED, "enheter"]
    cursors = [one["query"].split("&")[0] for one in debtors.requests() if one["path"].endswith(FEED)]
    assert len(set(cursors)) == 3 and all(one.startswith(("oppdateringsid=", "dato=")) for one in cursors)
    assert debtors.reports[-1].named == 1
    assert debtors.night("2025-03-13") == [FEED]  # nothing is read twice


def test_a_night_that_breaks_off_before_its_end_leaves_the_cursor_where_it_was(
    debtors: Debtors, monkeypatch: pytest.MonkeyPatch
) -> None:
    debtors.night("2025-03-10")
    debtors.night("2025-03-11")
    debtors.on("2025-03-12")
    debtors.register.bankrupt(debtors.numbers[1], date(2025, 3, 11))
    before = debtors.rows("from brreg_feeds order by feed"), debtors.rows("from brreg_units order by orgnr")

    def dies(*_: Any) -> None:
        raise RuntimeError("the process ends here")

    with monkeypatch.context() as broken:
        broken.setattr("resources.enhetsregisteret_sync.write_cursors", dies)
        with pytest.raises(RuntimeError):
            debtors.night("2025-03-12")
    assert (debtors.rows("from brreg_feeds order by feed"), debtors.rows("from brreg_units order by orgnr")) == before
    debtors.night("2025-03-12")
    assert debtors.rows("select orgnr from brreg_units where konkurs") == [(debtors.numbers[1],)]


def test_a_number_that_could_not_be_asked_about_is_asked_again_and_not_taken_as_seen(debtors: Debtors) -> None:
    debtors.night("2025-03-10")
    debtors.on("2025-03-11")
    debtors.register.bankrupt(debtors.numbers[5], date(2025, 3, 10))
    debtors.register.set_status(debtors.numbers[5], 503)
    debtors.night("2025-03-11")
    assert debtors.reports[-1].stale == [debtors.numbers[5]]
    assert debtors.rows("select orgnr from brreg_units where stale") == [(debtors.numbers[5],)]
    debtors.register.set_status(debtors.numbers[5], None)
    debtors.night("2025-03-12")  # the feed has nothing new to say
    assert debtors.rows("select orgnr, stale from brreg_units where konkurs") == [(debtors.numbers[5], False)]


# --- sub-units, deleted, removed -----------------------------------------------------------------------------------


def test_a_sub_unit_is_watched_with_its_main_unit_by_both_feeds(debtors: Debtors) -> None:
    branch, owner, buyer = debtors.numbers[0], NUMBERS[30], NUMBERS[31]
    debtors.register.set_unit(owner, navn="EIER AS")
    debtors.register.set_unit(buyer, navn="KJØPER AS")
    debtors.register.set_unit(branch, overordnetEnhet=owner)
    debtors.night("2025-03-10")
    assert debtors.night("2025-03-11") == [FEED, SUB_FEED]

    debtors.on("2025-03-12")
    debtors.register.bankrupt(owner, date(2025, 3, 11))
    assert debtors.night("2025-03-12") == [FEED, SUB_FEED, "enheter", f"enheter/{owner}/roller"]
    build_debtors(debtors.con, True, date(2025, 3, 12))
    assert debtors.rows(f"select main_orgnr, register_hold from debtors where orgnr = '{branch}'") == [
        (owner, "bankruptcy")
    ]

    debtors.on("2025-03-13")  # the branch is sold: the register's word on who owes from then on
    debtors.register.set_unit(branch, overordnetEnhet=buyer)
    assert debtors.night("2025-03-13")[:4] == [FEED, SUB_FEED, "underenheter", "enheter"]
    build_debtors(debtors.con, True, date(2025, 3, 13))
    assert debtors.rows(f"select main_orgnr, register_hold from debtors where orgnr = '{branch}'") == [(buyer, None)]
    assert debtors.rows("select field, before, after from brreg_changes where field = 'main_orgnr'") == [
        ("main_orgnr", owner, buyer)
    ]


def test_what_was_deleted_or_unknown_before_costs_no_request_of_its_own(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    few = Debtors(sandbox, tmp_path, count=3)
    few.register.dissolve(few.numbers[0], date(2025, 2, 1))
    few.register.set_status(few.numbers[1], 404)
    assert len(few.night("2025-03-10")) == 4  # the search, and three that explain it
    assert few.night("2025-03-11") == ["enheter", "underenheter"]  # the unknown one could be either by now
    assert statuses(few) == dict(zip(few.numbers, ("deleted", "unknown", "registered"), strict=True))
    few.register.set_status(few.numbers[1], None)
    few.night("2025-03-12")
    assert statuses(few)[few.numbers[1]] == "registered"


def test_a_deletion_keeps_what_the_register_forgets_with_it(debtors: Debtors) -> None:
    company = debtors.numbers[3]
    debtors.register.bankrupt(company, date(2025, 2, 20), trustee="Adv. Kari Vik")
    debtors.night("2025-03-10")
    debtors.on("2025-03-11")
    debtors.register.dissolve(company, date(2025, 3, 10))
    debtors.night("2025-03-11")
    assert debtors.rows("select field, before, after from brreg_changes order by field") == [
        ("slettedato", None, "2025-03-10"),
        ("status", "registered", "deleted"),
    ]
    assert debtors.rows("select orgnr, name from brreg_roles") == [(company, "Adv. Kari Vik")]


@pytest.mark.parametrize("answers", [True, False])
def test_410_purges_units_roles_accounts_and_the_log_even_when_only_the_feed_says_so(
    debtors: Debtors, answers: bool
) -> None:
    company = debtors.numbers[3]
    debtors.night("2025-03-10")
    debtors.on("2025-03-11")
    debtors.register.set_unit(company, navn="HEMMELIGHETEN AS")
    debtors.register.bankrupt(company, date(2025, 3, 10), trustee="Adv. Hemmeligheten")
    debtors.night("2025-03-11", accounts=True)
    kept = ("brreg_units", "brreg_roles", "brreg_accounts", "brreg_changes")
    assert all(debtors.rows(f"from {table} where orgnr = '{company}'") for table in kept)

    debtors.owe([3], "0.00")  # not even watched any more
    debtors.on("2025-03-12")
    debtors.register.remove(company)
    if not answers:
        debtors.register.set_status(company, 503)
    debtors.night("2025-03-12", accounts=True)

    assert debtors.reports[-1].erased == [company]
    assert [len(debtors.rows(f"from {table} where orgnr = '{company}'")) for table in kept] == [1, 0, 0, 0]
    assert "HEMMELIGHETEN" not in str([debtors.rows(f"from {table}") for table in kept]).upper()
    assert debtors.rows(f"select status, konkurs, roles_on from brreg_units where orgnr = '{company}'") == [
        ("removed", None, None)
    ]


# --- trustees of estates -------------------------------------------------------------------------------------------


def test_the_claim_sheet_goes_to_the_trustee_of_the_day(debtors: Debtors) -> None:
    first, second, third = debtors.numbers[:3]
    debtors.register.bankrupt(first, date(2025, 2, 20), trustee="Adv. Kari Vik")
    debtors.register.force_liquidation(second, date(2025, 2, 21))
    debtors.register.bankrupt(third, date(2025, 2, 22), trustee="Adv. Ola Dal")
    debtors.night("2025-03-10")
    assert debtors.night("2025-03-11") == [FEED, ROLE_FEED]

    debtors.on("2025-03-12")
    debtors.register.bankrupt(third, date(2025, 2, 22), trustee="Adv. Siri Li")
    assert debtors.night("2025-03-12") == [FEED, ROLE_FEED, f"enheter/{third}/roller"]
    build_debtors(debtors.con, True, date(2025, 3, 12))
    told = debtors.rows("select orgnr, register_hold, trustee_name from debtor_estate order by orgnr")
    assert [(told[0]), (told[2])] == [(first, "bankruptcy", "Adv. Kari Vik"), (third, "bankruptcy", "Adv. Siri Li")]
    assert told[1][:2] == (second, "forced_liquidation")
    (address,) = debtors.rows(
        f"select trustee_address_line1, trustee_zip_code, trustee_city from debtor_estate where orgnr = '{third}'"
    )
    assert all(address)

    debtors.on("2025-03-13")
    debtors.register.set_unit(third, konkurs=False)
    debtors.night("2025-03-13")
    assert debtors.rows(f"from brreg_roles where orgnr = '{third}'") == []


def test_roles_that_could_not_be_read_are_read_the_next_night(debtors: Debtors) -> None:
    company, other = debtors.numbers[:2]
    debtors.register.bankrupt(company, date(2025, 2, 20), trustee="Adv. Kari Vik")
    debtors.register.bankrupt(other, date(2025, 2, 20))
    debtors.night("2025-03-10")
    debtors.on("2025-03-11")
    debtors.register.bankrupt(company, date(2025, 2, 20), trustee="Adv. Ola Dal")
    debtors.sandbox.control.fault(None, {"route": f"/enheter/{company}/roller", "kind": "status", "code": 503})
    debtors.night("2025-03-11")
    assert debtors.rows(f"select name from brreg_roles where orgnr = '{company}'") == [("Adv. Kari Vik",)]
    debtors.night("2025-03-12")
    assert debtors.rows(f"select name from brreg_roles where orgnr = '{company}'") == [("Adv. Ola Dal",)]


# --- accounts ------------------------------------------------------------------------------------------------------


def credit(debtors: Debtors) -> dict[str, tuple[Any, ...]]:
    build_debtors(debtors.con, True, date(2025, 3, 10))
    rows = debtors.rows("select orgnr, accounts_year, currency_code, equity, result, in_words from debtor_credit")
    return {row[0]: row[1:] for row in rows}


def test_the_last_own_accounts_are_told_in_figures_and_words(debtors: Debtors) -> None:
    poor, foreign, bank, silent, sound = debtors.numbers[:5]
    loss = filing(poor, "AS", 2024)
    loss["egenkapitalGjeld"]["egenkapital"]["sumEgenkapital"] = -250_000
    loss["resultatregnskapResultat"]["aarsresultat"] = -1234.5
    group = filing(poor, "AS", 2024, kind="KONSERN")
    debtors.register.set_accounts(poor, [group, filing(poor, "AS", 2023), loss, filing(poor, "AS", 2022)])
    usd = filing(foreign, "AS", 2024, currency="USD")
    del usd["resultatregnskapResultat"]["aarsresultat"]
    debtors.register.set_accounts(foreign, [usd])
    debtors.register.set_accounts(bank, "bank")
    debtors.register.set_unit(silent, sisteInnsendteAarsregnskap=None)

    asked = debtors.night("2025-03-10", accounts=True)

    assert (
        len([path for path in asked if path.startswith("regnskapsregisteret")]) == 7
    )  # nothing is asked of the silent
    told = credit(debtors)
    assert told[poor] == (
        "2024", "NOK", Decimal("-250000.00"), Decimal("-1234.50"),
        "equity is negative; a loss for the year; last accounts are of 2024",
    )  # fmt: skip
    assert told[foreign][3:] == (
        None, "equity is positive; result not stated; last accounts are of 2024; figures in USD",
    )  # fmt: skip
    assert told[bank][-1] == "filed for 2024, not shown by the service"
    assert told[silent][-1] == "no accounts filed"
    assert told[sound][-1].startswith("equity is positive")
    assert debtors.night("2025-03-11", accounts=True) == [FEED]  # accounts come once a year


def test_accounts_are_read_again_when_the_unit_has_filed_newer_ones(debtors: Debtors) -> None:
    debtors.night("2025-03-10", accounts=True)
    debtors.on("2025-03-20")
    company = debtors.numbers[2]
    debtors.register.set_unit(company, sisteInnsendteAarsregnskap="2025")
    asked = debtors.night("2025-03-20", accounts=True)
    assert [one for one in asked if "regnskap" in one] == [f"regnskapsregisteret/regnskap/{company}"]
    assert credit(debtors)[company][0] == "2025"


def test_accounts_are_opt_in_and_forgotten_when_switched_off(debtors: Debtors) -> None:
    assert not [path for path in debtors.night("2025-03-10") if "regnskap" in path]
    debtors.night("2025-03-11", accounts=True)
    assert len(debtors.rows("from brreg_accounts")) == 8
    debtors.night("2025-03-12")
    assert debtors.rows("from brreg_accounts") == []


def test_accounts_take_so_many_requests_a_night_and_stop_when_turned_away(
    debtors: Debtors, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ACCOUNTS_A_DAY == 50
    monkeypatch.setattr("resources.enhetsregisteret_sync.ACCOUNTS_A_DAY", 5)
    debtors.sandbox.control.fault(
        None, {"route": "/regnskapsregisteret/regnskap/{orgnr}", "kind": "status", "code": 429, "after": 2}
    )
    debtors.night("2025-03-10", accounts=True)
    assert [one.accounts for one in debtors.reports] == [2]
    debtors.night("2025-03-11", accounts=True)
    debtors.night("2025-03-12", accounts=True)
    assert [one.accounts for one in debtors.reports] == [2, 5, 1]


# --- any history ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(int(os.environ.get("KREDIN_REGISTER_HISTORIES", "2"))))
def test_after_any_history_the_book_says_what_a_direct_look_up_says(
    sandbox: RunningSandbox, tmp_path: Path, seed: int
) -> None:
    """Whatever happened to whom, whichever feed failed: a watched row that is not stale is the register's own word."""
    random = Random(seed)
    debtors = Debtors(sandbox, tmp_path, count=10)
    places = [*debtors.numbers, *NUMBERS[30:34]]
    for number in places[10:]:
        debtors.register.set_unit(number, navn="OVER AS")
    for number in debtors.numbers[7:]:
        debtors.register.set_unit(number, overordnetEnhet=random.choice(places[10:]))
    routes: set[str] = set()
    for night in range(10, 24):
        day = date(2025, 3, night)
        debtors.on(day.isoformat())
        for number in random.sample(places, random.randint(0, 4)):
            happens(debtors, number, day, random)
        debtors.owe([random.randrange(10)], random.choice(["0.00", "100.00"]))
        if random.random() < 0.3:
            route = random.choice([f"/{FEED}", f"/{SUB_FEED}", "/underenheter"])
            debtors.sandbox.control.fault(None, {"route": route, "kind": "status", "code": 503})
        debtors.night(day.isoformat())
        debtors.sandbox.control.clear_faults()
        routes.add(debtors.reports[-1].route)
        assert unlike_the_register(debtors) == [], f"seed {seed}, {day}"
    assert routes == {"look-ups", "feed"}


def happens(debtors: Debtors, number: str, day: date, random: Random) -> None:
    """Something happens to a unit, if it can."""
    register, above = debtors.register, random.choice(NUMBERS[30:34])
    match random.randrange(7):
        case 0:
            register.remove(number)
        case 1:
            register.set_status(number, None)
        case 2 if register.status_of(number) is None and (unit := register.find(number, False)):
            register.set_unit(number, slettedato=unit.fields.get("slettedato") or day.isoformat())
        case 3 if register.find(number, True):
            register.set_unit(number, overordnetEnhet=above, slettedato=None, navn=f"AVD {day} {number}")
        case 4 if not register.find(number, True):
            register.bankrupt(number, day)
        case _:
            register.set_unit(number, navn=f"NYTT NAVN {day} {number} AS", slettedato=None)


def unlike_the_register(debtors: Debtors) -> list[tuple[Any, Any]]:
    """Rows known that day and not stale, each with the answer of a look-up that knows nothing, where they differ."""
    columns = ", ".join(one.name for one in fields(UnitAnswer))
    rows = debtors.rows(
        f"select {columns} from brreg_units where not stale and checked_on = (select max(checked_on) from brreg_units)"
    )
    kept = [UnitAnswer(*row) for row in rows]
    door = Enhetsregisteret(api_url=debtors.sandbox.register_url, requests_per_second=0, attempts=1)
    told = {one.orgnr: one for one in door.look_up([one.orgnr for one in kept])}
    unseen = ("deleted", "removed")  # no search shows these: where the feed was not read that night, within a week
    for one in kept:
        if one.status in unseen and told[one.orgnr].status in unseen:
            told[one.orgnr] = one
    wanted = [(one, replace(told[one.orgnr], main_orgnr=one.main_orgnr)
               if one.status == "deleted" and one.is_sub_unit else told[one.orgnr]) for one in kept]  # fmt: skip
    return [(one, other) for one, other in wanted if one != other]
