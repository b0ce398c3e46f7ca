"""One unit at a time: the outcomes of a look-up, roles, accounts."""

from __future__ import annotations

import json
from datetime import date

import pytest

from kredin_pipeline.sandbox.faults import Faults

from .contract import BASE, Site, assert_follows_contract, reference_folder

COMPANY, BRANCH, ESTATE, TRADER = "999990746", "999993338", "999991114", "999990371"
UNIT = BASE + "/enheter/{orgnr}"
SUB_UNIT = BASE + "/underenheter/{orgnr}"
ROLES = BASE + "/enheter/{orgnr}/roller"
ACCOUNTS = "/regnskapsregisteret/regnskap/{orgnr}"


def test_an_active_unit_answers_its_full_body_with_every_flag() -> None:
    site = Site()
    site.register.set_unit(COMPANY, navn="FIKTIV VASKERI AS", antallAnsatte=3)

    answer = site.get(f"/enheter/{COMPANY}")

    assert_follows_contract(answer, UNIT)
    body = answer.json()
    assert body["navn"] == "FIKTIV VASKERI AS" and body["respons_klasse"] == "Enhet"
    assert (body["konkurs"], body["underAvvikling"], body["underTvangsavviklingEllerTvangsopplosning"]) == (False,) * 3
    assert body["historiskeNavn"] == [] and body["paategninger"] == []
    assert "konkursdato" not in body and "antallAnsatte" not in body  # 1-4 employees are hidden
    assert body["harRegistrertAntallAnsatte"] is True
    assert None not in body.values()


def test_an_unknown_number_and_a_sub_unit_number_answer_404_with_an_empty_body() -> None:
    site = Site()
    site.register.set_unit(BRANCH, overordnetEnhet=COMPANY)

    for number in (COMPANY, BRANCH, "999999999"):
        answer = site.get(f"/enheter/{number}")
        assert (answer.status_code, answer.content) == (404, b"")
    branch = site.get(f"/underenheter/{BRANCH}")
    assert_follows_contract(branch, SUB_UNIT)
    assert branch.json()["overordnetEnhet"] == COMPANY and branch.json()["organisasjonsform"]["kode"] == "BEDR"
    assert "konkurs" not in branch.json() and "forretningsadresse" not in branch.json()


def test_a_dissolved_unit_answers_200_with_the_reduced_body_and_no_flags() -> None:
    site = Site()
    site.register.set_unit(COMPANY, konkurs=True, konkursdato="2026-08-26")
    site.register.dissolve(COMPANY, date(2026, 9, 15))

    answer = site.get(f"/enheter/{COMPANY}")

    assert_follows_contract(answer, UNIT)
    assert set(answer.json()) == {
        "organisasjonsnummer", "navn", "organisasjonsform", "historiskeNavn", "slettedato", "_links", "respons_klasse",
    }  # fmt: skip
    assert (answer.json()["respons_klasse"], answer.json()["slettedato"]) == ("SlettetEnhet", "2026-09-15")


def test_a_closed_branch_answers_slettet_under_enhet_and_names_no_parent() -> None:
    site = Site()
    site.register.set_unit(BRANCH, overordnetEnhet=COMPANY)
    site.register.set_unit(BRANCH, slettedato="2026-09-21", nedleggelsesdato="2026-09-01")

    answer = site.get(f"/underenheter/{BRANCH}")

    assert_follows_contract(answer, SUB_UNIT)
    assert answer.json()["respons_klasse"] == "SlettetUnderEnhet" and "overordnetEnhet" not in answer.json()


@pytest.mark.parametrize("code", [404, 410, 429, 500])
def test_a_status_that_was_set_answers_every_look_up_until_the_unit_is_set_again(code: int) -> None:
    site = Site("active", retry_after=7)
    site.register.set_status(COMPANY, code)

    for path, contract in ((f"/enheter/{COMPANY}", UNIT), (f"/underenheter/{COMPANY}", SUB_UNIT)):
        answer = site.get(path)
        assert answer.status_code == code
        assert_follows_contract(answer, contract) if code != 429 else None
    if code == 429:
        assert site.get(f"/enheter/{COMPANY}").headers["retry-after"] == "7"
    if code == 410:
        assert set(answer.json()) == {"organisasjonsnummer", "slettedato", "_links"}
    site.register.set_unit(COMPANY)
    assert site.get(f"/enheter/{COMPANY}").status_code == 200


def test_the_answer_to_throttling_carries_no_retry_after_unless_told_so() -> None:
    site = Site("active")
    site.register.set_status(COMPANY, 429)
    assert "retry-after" not in site.get(f"/enheter/{COMPANY}").headers


def test_a_malformed_number_is_refused_in_the_validation_shape() -> None:
    for number in ("12345678", "1234567890", "99999074x", "٩٩٩٩٩٠٧٤٦"):
        answer = Site("active").get(f"/enheter/{number}")
        assert answer.status_code == 400, number
        assert_follows_contract(answer, UNIT)
        assert answer.json()["antallFeil"] == 1 and answer.json()["sti"].endswith(number)


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_a_media_type_version_that_is_not_offered_answers_406(version: str) -> None:
    site = Site("active")
    accept = f"application/vnd.brreg.enhetsregisteret.enhet.{version}+json"
    assert site.get(f"/enheter/{COMPANY}", accept=accept).status_code == 406
    assert site.get("/enheter", accept=accept).status_code == 406
    assert site.get(f"/enheter/{COMPANY}", accept=f"{accept}, */*;q=0.1").status_code == 200


def test_the_vendor_type_is_answered_when_it_was_asked_for() -> None:
    accept = "application/vnd.brreg.enhetsregisteret.enhet.v2+json;charset=UTF-8"
    answer = Site("active").get(f"/enheter/{COMPANY}", accept=accept)
    assert answer.headers["content-type"] == accept
    assert_follows_contract(answer, UNIT)


def test_a_bankrupt_company_has_a_trustee_and_an_estate_that_nothing_links_to_it() -> None:
    site = Site()
    site.register.set_unit(COMPANY, navn="FIKTIV VASKERI AS", antallAnsatte=12)
    site.register.bankrupt(COMPANY, date(2026, 8, 26), estate=ESTATE, trustee="Adv. Testfornavn Eksempelsen")

    body = site.get(f"/enheter/{COMPANY}").json()
    roles = site.get(f"/enheter/{COMPANY}/roller")
    estate = site.get(f"/enheter/{ESTATE}")

    assert (body["konkurs"], body["konkursdato"], body["registrertIMvaregisteret"]) == (True, "2026-08-26", False)
    assert_follows_contract(roles, ROLES)
    [trustee] = [g for g in roles.json()["rollegrupper"] if g["type"]["kode"] == "BOBE"]
    assert trustee["roller"][0]["type"]["kode"] == "BOBE"
    holder = trustee["roller"][0]["bostyrer"]
    assert holder["navn"] == "Adv. Testfornavn Eksempelsen" and "land" not in holder["postadresse"]
    assert_follows_contract(estate, UNIT)
    assert estate.json()["organisasjonsform"]["kode"] == "KBO" and estate.json()["navn"].endswith("KONKURSBO")
    assert (
        COMPANY not in estate.text.replace(f"{BASE}", "") and site.get(f"/enheter/{ESTATE}/roller").status_code == 404
    )


def test_forced_liquidation_shows_its_reason_and_a_trustee() -> None:
    site = Site()
    site.register.set_unit(COMPANY)
    site.register.force_liquidation(COMPANY, date(2026, 6, 4))

    body = site.get(f"/enheter/{COMPANY}").json()
    groups = {g["type"]["kode"] for g in site.get(f"/enheter/{COMPANY}/roller").json()["rollegrupper"]}

    assert body["underTvangsavviklingEllerTvangsopplosning"] is True
    assert body["tvangsopplostPgaManglendeRegnskapDato"] == "2026-06-04"
    assert {"BOBE", "DAGL", "STYR"} <= groups


def test_a_sole_trader_has_a_proprietor_and_no_founding_date_or_board() -> None:
    site = Site()
    site.register.set_unit(TRADER, organisasjonsform="ENK", navn="PRØVESEN EKSEMPELFOTO")

    unit = site.get(f"/enheter/{TRADER}")
    roles = site.get(f"/enheter/{TRADER}/roller")

    assert_follows_contract(unit, UNIT)
    assert "stiftelsesdato" not in unit.json() and unit.json()["organisasjonsform"]["kode"] == "ENK"
    assert [g["type"]["kode"] for g in roles.json()["rollegrupper"]] == ["INNH"]
    assert site.accounts(TRADER).status_code == 404


def test_an_ordinary_board_has_a_chair_and_a_resigned_member_that_is_marked() -> None:
    roles = Site("active").get(f"/enheter/{COMPANY}/roller").json()["rollegrupper"]
    [board] = [g for g in roles if g["type"]["kode"] == "STYR"]
    assert [(r["type"]["kode"], r["avregistrert"]) for r in board["roller"]] == [("LEDE", False), ("MEDL", True)]


def test_by_default_active_every_valid_number_is_an_ordinary_company_and_the_same_one_each_time() -> None:
    first, second = Site("active"), Site("active")
    answers = [site.get(f"/enheter/{COMPANY}") for site in (first, second)]
    assert answers[0].content == answers[1].content
    assert_follows_contract(answers[0], UNIT)
    assert first.get("/enheter/999990747").status_code == 404  # wrong check digit: the number cannot exist
    assert first.get("/enheter/999999999").status_code == 404
    assert first.get(f"/underenheter/{COMPANY}").status_code == 404


def test_public_bodies_stay_main_units_below_another_one() -> None:
    site = Site()
    site.register.set_unit("974760673", organisasjonsform="ORGL", overordnetEnhet="912660680")
    body = site.get("/enheter/974760673").json()
    assert body["overordnetEnhet"] == "912660680" and body["_links"]["overordnetEnhet"]["href"].endswith("912660680")


def test_addresses_of_every_awkward_kind_pass_through_untouched() -> None:
    site = Site()
    foreign = {"land": "Tyskland", "landkode": "DE", "poststed": "DE-92711 Parkstein", "adresse": ["Beispielstraße 17"]}
    odd = {"postnummer": "7079", "poststed": "FLATÅSEN", "adresse": ["c/o Test Eksempelsen", "", None]}
    site.register.set_unit(COMPANY, organisasjonsform="NUF", forretningsadresse=foreign, postadresse=odd)
    empty = {"land": "Norge", "landkode": "NO", "postnummer": "7079", "poststed": "FLATÅSEN", "adresse": []}
    site.register.set_unit(TRADER, forretningsadresse=empty)

    body = site.get(f"/enheter/{COMPANY}").json()

    assert body["forretningsadresse"] == foreign
    assert body["postadresse"] == {"land": "Norge", "landkode": "NO", **odd}
    assert site.get(f"/enheter/{TRADER}").json()["forretningsadresse"]["adresse"] == []


def test_a_broken_service_can_be_played_in_every_way_of_the_checklist() -> None:
    site = Site("active", slow_seconds=0.01, extra_keys=True)
    assert "nyttFeltFraTjenesten" in site.get(f"/enheter/{COMPANY}").json()
    site.register.set_status(COMPANY, "html_200")
    assert site.get(f"/enheter/{COMPANY}").headers["content-type"].startswith("text/html")
    site.register.set_status(COMPANY, "truncated")
    with pytest.raises(json.JSONDecodeError):
        site.get(f"/enheter/{COMPANY}").json()
    site.register.set_status(COMPANY, "slow")
    assert site.get(f"/enheter/{COMPANY}").status_code == 200


def test_a_mistyped_field_or_number_is_refused_with_its_name() -> None:
    site = Site()
    with pytest.raises(ValueError, match="konkursDato"):
        site.register.set_unit(COMPANY, konkursDato="2026-08-26")
    with pytest.raises(ValueError, match="12345"):
        site.register.set_unit("12345")
    with pytest.raises(ValueError, match="no field konkurs"):
        site.register.set_unit(BRANCH, overordnetEnhet=COMPANY, konkurs=True)
    with pytest.raises(ValueError, match="status 418"):
        site.register.set_status(COMPANY, 418)


def test_accounts_are_404_when_nothing_is_filed_and_500_for_a_bank() -> None:
    site = Site("active")
    site.register.set_unit(TRADER, naeringskode1={"kode": "64.190", "beskrivelse": "Banker"})
    one = site.accounts(COMPANY)
    assert_follows_contract(one, ACCOUNTS)
    assert len(one.json()) == 1 and "regnkapsprinsipper" in one.json()[0]
    assert_follows_contract(site.accounts(TRADER), ACCOUNTS)
    assert site.accounts(TRADER).status_code == 500 and site.accounts(TRADER).json()["status"] == "500"
    site.register.set_accounts(COMPANY, [])
    assert_follows_contract(site.accounts(COMPANY), ACCOUNTS)
    assert site.accounts(COMPANY).status_code == 404
    assert site.http.get(BASE + f"/regnskap/{COMPANY}").status_code == 404  # another root


def test_accounts_of_six_filings_in_another_currency_are_filtered_by_kind_and_year() -> None:
    from kredin_pipeline.sandbox.register.synthesis import filing

    site = Site("active")
    filings = [filing(COMPANY, "ASA", y, "USD", k) for y in (2023, 2024, 2025) for k in ("KONSERN", "SELSKAP")]
    site.register.set_accounts(COMPANY, filings)
    assert_follows_contract(site.accounts(COMPANY), ACCOUNTS)
    assert len(site.accounts(COMPANY).json()) == 6
    [found] = site.accounts(COMPANY, regnskapstype="SELSKAP", år="2024").json()
    assert (found["valuta"], found["regnskapsperiode"]["tilDato"]) == ("USD", "2024-12-31")


def test_the_bodies_carry_the_keys_of_the_published_samples() -> None:
    folder = reference_folder() / "brreg-samples"
    site = Site()
    for name in ("01-enhet-active-asa", "03-enhet-enk", "05-enhet-as-konkurs", "10-enhet-as-rekonstruksjon-paategning",
                 "13-underenhet-bedr", "15-enhet-nuf-foreign-address", "16-enhet-utla-home-register"):  # fmt: skip
        sample = json.loads((folder / f"{name}.json").read_text("utf-8"))
        number = sample["organisasjonsnummer"]
        unset = dict.fromkeys(("antallAnsatte", "naeringskode1", "institusjonellSektorkode", "stiftelsesdato",
                               "registreringsdatoMerverdiavgiftsregisteret", "vedtektsdato", "vedtektsfestetFormaal",
                               "sisteInnsendteAarsregnskap", "kapital", "aktivitet", "forretningsadresse",
                               "beliggenhetsadresse", "registreringsdatoForetaksregisteret"))  # fmt: skip
        fields = {k: v for k, v in sample.items() if k not in ("_links", "respons_klasse", "organisasjonsnummer")}
        if "beliggenhetsadresse" in sample:
            unset = dict.fromkeys(("antallAnsatte", "naeringskode1"))
        site.register.set_unit(number, **(unset | fields))
        collection = "underenheter" if "beliggenhetsadresse" in sample else "enheter"
        body = site.get(f"/{collection}/{number}").json()
        assert set(body) == set(sample), name
        assert list(body) == list(sample), name


def test_each_request_is_logged_with_its_accept_and_user_agent() -> None:
    site = Site("active")
    site.get(f"/enheter/{COMPANY}", accept="*/*")
    assert [(r["path"], r["accept"], r["user_agent"], r["status"]) for r in site.seen] == [
        (f"{BASE}/enheter/{COMPANY}", "*/*", "kredin-tests", 200)
    ]


def test_a_flag_that_is_taken_away_is_false_and_a_list_is_empty_never_absent() -> None:
    site = Site()
    site.register.set_unit(COMPANY, konkurs=True, konkursdato="2026-08-26")
    site.register.set_unit(COMPANY, konkurs=False, underAvvikling=None, paategninger=None, stiftelsesdato=None)
    body = site.get(f"/enheter/{COMPANY}").json()
    assert_follows_contract(site.get(f"/enheter/{COMPANY}"), UNIT)
    assert (body["konkurs"], body["underAvvikling"], body["paategninger"]) == (False, False, [])
    assert "konkursdato" not in body and "stiftelsesdato" not in body


def test_the_application_shows_planned_refusals_when_it_stands_alone() -> None:
    faults = Faults()
    site = Site("active", faults=faults)
    faults.add({"route": "GET /enheter/{orgnr}", "kind": "status", "code": 503})
    assert [site.get(f"/enheter/{COMPANY}").status_code for _ in range(2)] == [503, 200]
