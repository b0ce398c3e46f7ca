"""Each step says what the statute wants of it, in both languages (collection-law reference §§ 3-5, 7)."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from pypdf import PdfReader

from kredin_pipeline.letters.content import STEPS, LetterContent, LetterError, Step
from kredin_pipeline.letters.pdf import render_pdf
from kredin_pipeline.letters.text import render_text

from .builders import abroad, claim, letter


def flat(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def said(content: LetterContent) -> str:
    return flat(render_text(content))


def printed(content: LetterContent) -> str:
    pages = PdfReader(io.BytesIO(render_pdf(content))).pages
    return flat("\n".join(page.extract_text() for page in pages))


def test_a_collection_notice_says_unmistakably_that_collection_follows_and_by_when() -> None:
    text = said(letter("collection_notice"))

    assert "INKASSOVARSEL" in text
    assert "inkassoloven § 9" in text
    assert "vil det bli inndrevet ved inkasso" in text
    assert "innen 31. mars 2026" in text


def test_a_reminder_is_not_dressed_up_as_a_collection_notice() -> None:
    text = said(letter("reminder"))

    assert text.count("inkassovarsel") == 1
    assert "kan vi sende inkassovarsel" in text
    assert "bli inndrevet ved inkasso" not in text


def test_a_payment_demand_calls_on_the_debtor_to_pay_or_object() -> None:
    text = said(letter("payment_demand"))

    assert "inkassoloven § 10" in text
    assert "Vi oppfordrer dere til å betale kr 1 118,03 innen 31. mars 2026" in text  # 1 000 + 5.03 + 113
    assert "eller til å komme med innvendinger mot kravet innen samme frist" in text
    assert "kan vi ta rettslige skritt. Det kan føre til flere kostnader" in text
    assert "Fordringshaver er Fjellheim Verksted AS" in text


def test_a_payment_demand_states_rate_and_start_of_interest_and_additions_apart() -> None:
    text = said(letter("payment_demand"))

    assert "Forsinkelsesrente løper av hovedstolen fra 2. mars 2026. Satsen er nå 12,25 % per år" in text
    assert "Hovedstol: 1 000,00 Renter: 5,03 Gebyr: 113,00 Sum: 1 118,03" in text


@pytest.mark.parametrize("step", ["payment_demand", "enforcement_notice"])
def test_notice_before_enforcement_names_the_statute_the_petition_and_the_two_weeks(step: Step) -> None:
    text = said(letter(step))

    assert "Varsel etter tvangsfullbyrdelsesloven § 4-18" in text
    assert "vil vi begjære tvangsfullbyrdelse" in text
    assert "tidligst sendt når to uker er gått fra dette varselet ble sendt" in text


def test_the_notice_of_the_new_act_is_neither_demand_nor_collection_notice_and_is_free() -> None:
    text = said(letter("enforcement_notice", regime="2026")).lower()

    assert "betalingsoppfordring" not in text
    assert "inkasso" not in text
    assert "det er ikke lagt til gebyr for dette varselet" in text


def test_under_the_new_act_a_reminder_no_longer_announces_our_own_collection_notice() -> None:
    text = said(letter("reminder", regime="2026"))

    assert "inkassovarsel" not in text
    assert "varsle tvangsfullbyrdelse eller overlate kravet til et inkassoforetak" in text


@pytest.mark.parametrize("step", [step for step in STEPS if step != "friendly_reminder"])
def test_every_charged_letter_tells_how_to_object_and_that_no_fee_runs_meanwhile(step: Step) -> None:
    text = said(letter(step))

    assert "så skriv til oss og si hvorfor" in text
    assert "vi krever ikke gebyr så lenge den blir vurdert" in text


@pytest.mark.parametrize("step", STEPS)
def test_no_letter_says_that_costs_follow_of_themselves(step: Step) -> None:
    text = said(letter(step))

    assert "vil føre til" not in text
    assert "vil medføre" not in text


def test_a_friendly_reminder_shows_neither_fee_nor_interest() -> None:
    text = said(letter("friendly_reminder"))

    assert "Denne påminnelsen er gratis" in text
    assert "Renter: 0,00 Gebyr: 0,00 Sum: 1 000,00" in text
    assert "per år" not in text


def test_a_person_is_addressed_as_one_and_a_minor_through_the_guardian() -> None:
    content = letter("reminder", claim(interest="5.03"))
    person = replace(content.recipient, is_business=False, orgnr=None, name="Kari Dal", is_minor=True)
    text = said(replace(content, recipient=person))

    assert "Til verge for Kari Dal" in text
    assert "Mener du at kravet" in text


@pytest.mark.parametrize("step", STEPS)
def test_an_address_abroad_gets_english_with_the_figures_under_their_norwegian_names(step: Step) -> None:
    text = render_text(abroad(letter(step)))

    assert "Principal: 1,000.00" in text
    assert "Hovedstol: 1\u00a0000,00" in text
    assert "Betalingsfrist: 31.03.2026" in text


def test_english_demand_has_the_same_force() -> None:
    text = said(abroad(letter("payment_demand")))

    assert "to pay NOK 1,118.03 by 31 March 2026, or to object to the claim within the same time" in text
    assert "we will petition for enforcement" in text
    assert "Late-payment interest on the principal runs from 2 March 2026. The rate is now 12.25% a year" in text


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("foreign", [False, True])
def test_paper_and_mail_state_the_same_figures(step: Step, foreign: bool) -> None:
    content = letter(step, claim(interest="0.00" if step == "friendly_reminder" else "5.03", paid="400.00"))
    content = abroad(content) if foreign else content
    text, paper = said(content), printed(content)

    for line in ("Hovedstol: 600,00", "Betalingsfrist: 31.03.2026", "K0000001001", "00100420", "1234 56 78903"):
        assert line in text
        assert line in paper
    assert f"Sum: {'600,00' if step == 'friendly_reminder' else '605,03'}" in paper


def test_a_letter_whose_sums_disagree_does_not_leave_and_names_the_claim() -> None:
    wrong = letter("reminder", replace(claim(interest="5.03", fee="38.00"), total=Decimal("1043.02")))

    with pytest.raises(
        LetterError, match=r"fjellheim: reminder for case K0000001001 .*total: found 1043.02, want 1043.03"
    ):
        render_text(wrong)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (letter("collection_notice", deadline=date(2026, 3, 30)), "deadline"),
        (letter("payment_demand", regime="2026"), "step"),
        (letter("enforcement_notice", claim(fee="38.00")), "fee"),
        (letter("friendly_reminder", claim(interest="1.00")), "fee"),
        (letter("reminder", claim("1", fee="38.00"), claim("2", fee="38.00")), "fee"),
    ],
)
def test_a_letter_against_the_law_does_not_leave(content: LetterContent, field: str) -> None:
    with pytest.raises(LetterError, match=f", {field}: found"):
        content.checked()


def test_a_minor_is_never_charged() -> None:
    content = letter("reminder")
    with pytest.raises(LetterError, match="the debtor is a minor"):
        replace(content, recipient=replace(content.recipient, is_minor=True)).checked()
