"""Searches, paging, change feeds, bulk files and snapshots."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import date
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kredin_pipeline.sandbox.register.numbers import has_valid_check_digit, invented_numbers

from .contract import BASE, Site, assert_follows_contract

NUMBERS = list(islice(invented_numbers(99_999_100), 120))
UNITS = BASE + "/enheter"
FEED = BASE + "/oppdateringer/enheter"


def test_a_search_by_numbers_returns_only_what_is_found_and_pages_by_twenty() -> None:
    site = Site("active")
    answer = site.get("/enheter", organisasjonsnummer=",".join(NUMBERS[:30]))
    assert_follows_contract(answer, UNITS)
    assert answer.json()["page"] == {"size": 20, "totalElements": 30, "totalPages": 2, "number": 0}
    assert len(answer.json()["_embedded"]["enheter"]) == 20  # size must be set: the default cuts the list
    rest = site.http.get(answer.json()["_links"]["next"]["href"])
    assert len(rest.json()["_embedded"]["enheter"]) == 10 and "next" not in rest.json()["_links"]


def test_a_search_leaves_out_what_a_direct_look_up_would_explain() -> None:
    site = Site("active")
    dead, branch, gone, hidden, throttled, broken, alive = NUMBERS[:7]
    site.register.set_unit(dead, slettedato="2026-01-01")
    site.register.set_unit(branch, overordnetEnhet=alive)
    for number, code in ((gone, 404), (hidden, 410), (throttled, 429), (broken, 500)):
        site.register.set_status(number, code)

    answer = site.get("/enheter", organisasjonsnummer=",".join(NUMBERS[:7]), size=100)

    assert [u["organisasjonsnummer"] for u in answer.json()["_embedded"]["enheter"]] == [alive]
    assert site.get(f"/enheter/{throttled}").status_code == 429 and site.get(f"/enheter/{broken}").status_code == 500
    subs = site.get("/underenheter", organisasjonsnummer=",".join(NUMBERS[:7]))
    assert_follows_contract(subs, BASE + "/underenheter")
    assert [u["organisasjonsnummer"] for u in subs.json()["_embedded"]["underenheter"]] == [branch]


def test_deleted_units_show_in_a_search_only_when_the_register_is_told_so() -> None:
    site = Site(deleted_in_search=True)
    site.register.set_unit(NUMBERS[0], slettedato="2026-01-01")
    hits = site.get("/enheter", organisasjonsnummer=NUMBERS[0]).json()["_embedded"]["enheter"]
    assert hits[0]["respons_klasse"] == "SlettetEnhet"


def test_a_list_may_come_as_one_parameter_for_each_number() -> None:
    answer = Site("active").get("/enheter", organisasjonsnummer=NUMBERS[:3])
    assert [u["organisasjonsnummer"] for u in answer.json()["_embedded"]["enheter"]] == NUMBERS[:3]


def test_an_empty_search_has_no_embedded_key() -> None:
    answer = Site().get("/enheter", navn="zzqxjvvqqxw")
    assert_follows_contract(answer, UNITS)
    assert set(answer.json()) == {"_links", "page"} and set(answer.json()["_links"]) == {"self"}


@pytest.mark.parametrize(
    ("parameters", "blamed"),
    [
        ({"orgnr": "999990746"}, ["orgnr"]),
        ({"underRekonstruksjonsforhandling": "true"}, ["underRekonstruksjonsforhandling"]),
        ({"naeringskode": "49410"}, ["naeringskode"]),
        ({"konkurs": "True"}, ["konkurs"]),
        ({"size": "20000"}, ["size", "page"]),
        ({"size": "100", "page": "100"}, ["size", "page"]),
        ({"size": "0"}, ["size", "page"]),
        ({"organisasjonsnummer": "999990746,12"}, ["organisasjonsnummer"]),
        ({"fraStiftelsesdato": "01.02.2020"}, ["fraStiftelsesdato"]),
        ({"sort": "navn"}, ["sort"]),
        ({"navnMetodeForSoek": "EKSAKT"}, ["navnMetodeForSoek"]),
    ],
)
def test_unknown_parameters_and_bad_values_are_refused(parameters: dict[str, str], blamed: list[str]) -> None:
    answer = Site().get("/enheter", **parameters)
    assert answer.status_code == 400
    assert_follows_contract(answer, UNITS)
    assert answer.json()["valideringsfeil"][0]["parametere"] == blamed


def test_the_last_page_of_the_window_is_allowed() -> None:
    assert Site().get("/enheter", size=100, page=99).status_code == 200


def test_sub_units_have_no_bankruptcy_filter() -> None:
    assert Site().get("/underenheter", konkurs="true").status_code == 400


def test_filters_select_by_what_the_units_are() -> None:
    site = Site()
    a, b, c = NUMBERS[:3]
    site.register.set_unit(a, navn="ELKJØP NORDVIK AS", konkurs=True, konkursdato="2026-02-01")
    site.register.set_unit(b, navn="NORDVIK BYGG AS", antallAnsatte=3, stiftelsesdato="2010-05-01",
                           naeringskode1={"kode": "49.410", "beskrivelse": "Godstransport"})  # fmt: skip
    site.register.set_unit(c, organisasjonsform="ENK", navn="HANSEN NORDVIK", antallAnsatte=0)

    def found(**parameters: str) -> set[str]:
        units = site.get("/enheter", **parameters).json().get("_embedded", {}).get("enheter", [])
        return {unit["organisasjonsnummer"] for unit in units}

    assert found(konkurs="true") == {a}
    assert found(navn="nordvik") == {a, b, c}
    assert found(navn="elkjop") == set()  # ø is not folded
    assert found(navn="NORDVIK", navnMetodeForSoek="FORTLOEPENDE") == {b}
    assert found(organisasjonsform="ENK,NUF") == {c}
    assert found(naeringskode="49.41") == {b}
    assert found(fraAntallAnsatte="1", tilAntallAnsatte="4") == {b}  # the filter sees the hidden count
    assert found(fraStiftelsesdato="2010-01-01", tilStiftelsesdato="2010-12-31") == {b}


def test_the_feed_is_read_by_an_inclusive_id_cursor_with_gaps_until_nothing_is_embedded() -> None:
    site = Site()
    for number in NUMBERS[:50]:
        site.register.set_unit(number)

    cursor, seen = 1, list[int]()
    while True:
        answer = site.get("/oppdateringer/enheter", oppdateringsid=cursor, size=20)
        assert_follows_contract(answer, FEED)
        if "_embedded" not in answer.json():
            break
        lines = answer.json()["_embedded"]["oppdaterteEnheter"]
        seen += [line["oppdateringsid"] for line in lines]
        cursor = seen[-1] + 1

    assert len(seen) == 50 and seen == sorted(set(seen))
    assert seen[-1] - seen[0] > 50  # sparse: an id difference is no count
    again = site.get("/oppdateringer/enheter", oppdateringsid=seen[-1]).json()
    assert again["page"]["totalElements"] == 1
    newest = site.get("/oppdateringer/enheter", sort="id,DESC", size=1).json()["_embedded"]["oppdaterteEnheter"]
    assert newest[0]["oppdateringsid"] == seen[-1]


def test_the_feed_tells_the_five_kinds_of_change_and_patches_only_on_demand() -> None:
    site = Site()
    number, other = NUMBERS[:2]
    site.register.set_unit(number)
    site.register.set_unit(other)
    site.register.announce_unknown(other)
    site.register.set_unit(number, konkurs=True, konkursdato="2026-08-26")
    site.register.dissolve(number, date(2026, 9, 15))
    site.register.remove(other)

    def lines(**parameters: str) -> list[dict[str, object]]:
        answer = site.get("/oppdateringer/enheter", **parameters)
        assert_follows_contract(answer, FEED)
        return answer.json()["_embedded"]["oppdaterteEnheter"]

    assert [line["endringstype"] for line in lines()] == ["Ny", "Ny", "Ukjent", "Endring", "Sletting", "Fjernet"]
    assert not any("endringer" in line for line in lines())
    [changed] = [line for line in lines(includeChanges="true") if "endringer" in line]
    assert {"op": "replace", "path": "/konkurs", "value": True} in changed["endringer"]  # type: ignore[operator]
    assert {"op": "add", "path": "/konkursdato", "value": "2026-08-26"} in changed["endringer"]  # type: ignore[operator]
    assert [line["endringstype"] for line in lines(organisasjonsnummer=number)] == ["Ny", "Endring", "Sletting"]
    assert site.get(f"/enheter/{number}").json()["respons_klasse"] == "SlettetEnhet"
    assert site.get(f"/enheter/{other}").status_code == 410


def test_the_feed_takes_only_a_full_timestamp() -> None:
    site = Site()
    site.register.set_unit(NUMBERS[0])
    site.clock.advance(3600)
    site.register.set_unit(NUMBERS[1])
    assert site.get("/oppdateringer/enheter", dato="2026-11-23").status_code == 400
    later = site.get("/oppdateringer/enheter", dato="2026-11-23T09:00:00.000Z").json()
    assert [e["organisasjonsnummer"] for e in later["_embedded"]["oppdaterteEnheter"]] == [NUMBERS[1]]


def test_the_role_feed_is_a_bare_array_after_an_id() -> None:
    site = Site("active")
    site.register.bankrupt(NUMBERS[0], date(2026, 8, 26))
    site.register.set_roles(NUMBERS[1], [])
    answer = site.get("/oppdateringer/roller", afterId=4400000, size=100)
    assert_follows_contract(answer, BASE + "/oppdateringer/roller")
    assert [one["data"]["organisasjonsnummer"] for one in answer.json()] == NUMBERS[:2]
    assert len(site.get("/oppdateringer/roller", afterId=answer.json()[0]["id"]).json()) == 1


def test_a_change_of_name_is_remembered() -> None:
    site = Site()
    site.register.set_unit(NUMBERS[0], navn="FIKTIV FJAS AS")
    site.register.set_unit(NUMBERS[0], navn="FIKTIV ROLS AS")
    [past] = site.get(f"/enheter/{NUMBERS[0]}").json()["historiskeNavn"]
    assert (past["navn"], past["tilDato"]) == ("FIKTIV FJAS AS", "2026-11-23 09:00:00")


def test_the_bulk_file_holds_current_units_only_and_refuses_plain_json() -> None:
    site = Site()
    site.register.set_unit(NUMBERS[0], vedtektsfestetFormaal=["To", "linjer"])
    site.register.set_unit(NUMBERS[1], slettedato="2026-01-01")
    accept = "application/vnd.brreg.enhetsregisteret.enhet.v2+gzip"

    answer = site.get("/enheter/lastned", accept=accept)
    [record] = json.loads(gzip.decompress(answer.content))
    assert record["organisasjonsnummer"] == NUMBERS[0] and record["links"] == [] and "_links" not in record
    assert answer.headers["last-modified"] == "Mon Nov 23 09:00:00 CET 2026" and answer.headers["etag"]
    assert site.get("/enheter/lastned", accept="application/json").status_code == 400
    [row] = csv.DictReader(io.StringIO(gzip.decompress(site.get("/enheter/lastned/csv").content).decode()))
    assert row["vedtektsfestetFormaal"] == "To\nlinjer" and row["organisasjonsform.kode"] == "AS"


def test_legal_forms_are_listed_with_their_own_letters() -> None:
    answer = Site().get("/organisasjonsformer")
    assert_follows_contract(answer, BASE + "/organisasjonsformer")
    assert "SÆR" in {form["kode"] for form in answer.json()["_embedded"]["organisasjonsformer"]}


def test_a_snapshot_brings_everything_back_and_a_reset_nothing() -> None:
    site, other = Site("active"), Site()
    site.register.set_unit(NUMBERS[0], navn="FIKTIV AS")
    site.register.set_unit(NUMBERS[2], overordnetEnhet=NUMBERS[0])
    site.register.bankrupt(NUMBERS[0], date(2026, 8, 26), trustee="Adv. Test")
    site.register.set_status(NUMBERS[1], 410)
    stored = json.loads(json.dumps(site.register.dump()))

    other.register.load(stored)

    paths = (f"/enheter/{NUMBERS[0]}", f"/enheter/{NUMBERS[0]}/roller", f"/enheter/{NUMBERS[1]}",
             f"/underenheter/{NUMBERS[2]}", f"/enheter/{NUMBERS[5]}",
             "/oppdateringer/enheter?includeChanges=true")  # fmt: skip
    for path in paths:
        assert site.get(path).content == other.get(path).content, path
    other.register.reset()
    assert [other.get(path).status_code for path in paths] == [404, 404, 404, 404, 404, 200]
    assert "_embedded" not in other.get(paths[-1]).json()


@given(st.integers(min_value=80_000_000, max_value=99_999_999))
def test_no_single_wrong_digit_passes_the_check_of_an_organisation_number(stem: int) -> None:
    number = next(invented_numbers(stem - stem % 10), None)
    if number is None:
        return
    assert has_valid_check_digit(number)
    for place in range(9):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert not has_valid_check_digit(wrong)
