"""What the law requires of each step stands in every language, on the page and in the mail, whatever a creditor wrote.

The phrases here are written from the statutes, not from the code: the code's own list must find the same letters whole.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from kredin_pipeline.cases.letter_texts import STANDARD, step_text
from kredin_pipeline.cases.settings import SettingsError, TenantSettings
from kredin_pipeline.law.letter_parts import REQUIRED, required_parts
from kredin_pipeline.letters.content import STEPS, Language, LetterContent, LetterError, Regime, Step
from kredin_pipeline.letters.document import figures
from kredin_pipeline.letters.text import render_text
from kredin_pipeline.letters.wording import missing

from .builders import claim, letter
from .test_what_the_law_wants import flat, printed, said

PHRASES: Final[dict[str, tuple[str, str, str]]] = {  # part → bokmål, nynorsk, English
    "pay": ("blir betalt innen 31. mars 2026", "blir betalt innan 31. mars 2026", "be paid by 31 March 2026"),
    "objection": ("skriv til oss og si hvorfor", "skriv til oss og sei kvifor", "write to us and tell us why"),
    "collection_notice": ("et inkassovarsel, jf. inkassoloven § 9", "eit inkassovarsel, jf. inkassolova § 9",
                          "inkassovarsel) under inkassoloven § 9"),
    "collection_follows": ("vil det bli inndrevet ved inkasso", "vil det bli drive inn ved inkasso",
                           "it will be collected by debt collection"),
    "payment_demand": ("en betalingsoppfordring, jf. inkassoloven § 10",
                       "ei betalingsoppfordring, jf. inkassolova § 10",
                       "betalingsoppfordring) under inkassoloven § 10"),
    "creditor": ("Fordringshaver er Fjellheim Verksted AS", "Fordringshavar er Fjellheim Verksted AS",
                 "The creditor is Fjellheim Verksted AS"),
    "pay_or_object": ("eller til å komme med innvendinger mot kravet innen samme frist",
                      "eller om å kome med innvendingar mot kravet innan same frist",
                      "or to object to the claim within the same time"),
    "legal_steps": ("kan vi ta rettslige skritt. Det kan føre til flere kostnader",
                    "kan vi ta rettslege steg. Det kan føre til fleire kostnader",
                    "we may take legal steps. This may lead to further costs"),
    "enforcement_notice": ("et varsel om tvangsfullbyrdelse, jf. tvangsfullbyrdelsesloven § 4-18",
                           "eit varsel om tvangsfullbyrding, jf. tvangsfullbyrdelseslova § 4-18",
                           "a notice of enforcement under tvangsfullbyrdelsesloven § 4-18"),
    "enforcement": ("vil vi begjære tvangsfullbyrdelse (utlegg)", "vil vi krevje tvangsfullbyrding (utlegg)",
                    "we will petition for enforcement (utlegg, attachment)"),
    "position": ("forliksrådet. Vi ber derfor om at dere tar stilling",
                 "forliksrådet. Vi ber derfor om at de tek stilling", "(forliksrådet). We therefore ask you to state"),
    "interest_basis": ("løper av hovedstolen fra 2. mars 2026. Satsen er nå 12,25 %",
                       "går av hovudstolen frå 2. mars 2026. Satsen er no 12,25 %",
                       "runs from 2 March 2026. The rate is now 12.25%"),
    "sums": ("Hovedstol: 1 000,00", "Hovedstol: 1 000,00", "Principal: 1,000.00"),
    "claims": ("Faktura 1001", "Faktura 1001", "Invoice 1001"),
    "payment": ("00100420", "00100420", "00100420"),
}  # fmt: skip
LANGUAGES: Final[tuple[Language, ...]] = ("nb", "nn", "en")
SENT: Final[list[tuple[Step, Regime]]] = [(step, regime) for step, regime in REQUIRED]  # type: ignore[misc]


def written(step: Step, regime: Regime, language: Language) -> LetterContent:
    content = letter(step, regime=regime)
    to = replace(content.recipient, country_code="SE") if language == "en" else content.recipient
    return replace(content, language=language, recipient=to)


def test_the_list_covers_every_letter_that_a_creditor_may_send() -> None:
    assert {step for step, _ in REQUIRED} == set(STEPS) == set(STANDARD)
    refused = {(step, "2026") for step in ("collection_notice", "payment_demand")}
    assert set(REQUIRED) == {(step, regime) for step in STEPS for regime in ("1988", "2026")} - refused
    for step, regime in refused:
        with pytest.raises(LetterError, match="only a licensed company"):
            letter(step, regime=regime).checked()  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("step", "regime"), SENT)
def test_mail_and_page_state_what_the_step_requires(step: Step, regime: Regime, language: Language) -> None:
    content = written(step, regime, language)
    text, page = said(content), printed(content)

    for part in required_parts(step, regime):
        phrase = PHRASES[part.name][LANGUAGES.index(language)]
        assert phrase in text, (part.name, part.statute)
        assert phrase in page, (part.name, part.statute)
    assert missing(content, figures(content), page) == ()


@pytest.mark.parametrize(("step", "regime"), SENT)
def test_a_page_that_lost_a_sentence_is_missed_by_its_name(step: Step, regime: Regime) -> None:
    content = written(step, regime, "nb")
    whole = said(content)
    for part in required_parts(step, regime):
        if part.place == "words":
            torn = whole.replace(PHRASES[part.name][0], "")
            assert [one.name for one in missing(content, figures(content), torn)] == [part.name]


@pytest.mark.parametrize("language", ("nb", "nn"))
def test_the_figures_that_machines_read_keep_their_names_in_both_forms_of_norwegian(language: Language) -> None:
    lines = [flat(line) for line in render_text(written("payment_demand", "1988", language)).splitlines()]
    for line in ("Sak: K0000001001", "Hovedstol: 1 000,00", "Renter: 5,03", "Gebyr: 113,00", "Sum: 1 118,03",
                 "Betalingsfrist: 31.03.2026"):  # fmt: skip
        assert line in lines


def test_nynorsk_has_no_sentence_of_bokmaal() -> None:
    bokmaal = {
        " ikke ",
        " hver ",
        " innen ",
        " dere ",
        " fra ",
        " flere ",
        " hvorfor ",
        "loven ",
        " nå ",
        " et ",
        " en ",
    }
    for step, regime in SENT:
        text = said(written(step, regime, "nn"))
        assert [word for word in bokmaal if word in text] == []


def test_no_interest_leaves_no_empty_sentence_and_nothing_missing() -> None:
    content = letter("payment_demand", claim(fee="113.00"))
    assert "Satsen" not in said(content)
    assert missing(content, figures(content), said(content)) == ()


# What a creditor writes ---------------------------------------------------------------------------------------------


def own(step: Step, **texts: str) -> TenantSettings:
    return TenantSettings.of({"letter_texts": {"nb": {step: texts}}})


@pytest.mark.parametrize("step", STEPS)
def test_a_text_without_a_required_part_is_refused_by_name_and_statute(step: Step) -> None:
    standard = STANDARD[step]
    needed = {part.name: part.statute for regime in ("1988", "2026") for part in REQUIRED.get((step, regime), ())
              if part.place == "words"}  # fmt: skip
    for name, statute in needed.items():
        torn = {
            place: "\n\n".join(getattr(standard, place)).replace(f"{{{name}}}", "") for place in ("opening", "closing")
        }
        with pytest.raises(SettingsError) as refused:
            own(step, **torn)
        assert f"letter_texts: found a fault in nb.{step}: found a text without {{{name}}}" in str(refused.value)
        assert statute in str(refused.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{pay} {pray}", "found {pray}, want one of"),
        ("{pay} {pay}", "found {pay} more than once"),
        ("{pay} {", "found a brace that names no part"),
        ("{pay} \x07", "found a control character"),
        ("{pay}" + "x" * 4000, "found 4005 characters, want at most 4000"),
    ],
)
def test_a_text_that_cannot_be_printed_as_meant_is_refused(text: str, fault: str) -> None:
    with pytest.raises(SettingsError, match="letter_texts") as refused:
        own("reminder", opening=text)
    assert fault in str(refused.value)


def test_a_creditors_own_words_stand_around_the_required_parts() -> None:
    settings = own(
        "reminder", opening="Hei #stoppe *AS*! {pay}", closing="{objection}\n\n{interest}\n\nHilsen Kari på Ø."
    )
    assert settings.letter_texts is not None
    text = settings.letter_texts.of("nb", "reminder")
    assert text is not None
    content = replace(letter("reminder"), opening=text.opening, closing=text.closing)

    assert "Hei #stoppe *AS*! Vi ber om at kr 1 043,03 blir betalt innen 31. mars 2026." in printed(content)
    assert "Hilsen Kari på Ø." in said(content)
    assert "forfalt, og vi kan ikke se" not in said(content)
    assert missing(content, figures(content), printed(content)) == ()


def test_a_changed_step_keeps_the_other_texts_and_null_brings_the_standard_back() -> None:
    settings = own("reminder", opening="Hei! {pay}").changed(
        {"letter_texts": {"nn": {"reminder": {"opening": "Hei, de! {pay}"}}}}
    )
    assert settings.letter_texts is not None
    assert [settings.letter_texts.of(one, "reminder") is not None for one in LANGUAGES] == [True, True, False]
    assert TenantSettings.from_json(settings.to_json()) == settings
    assert settings.changed({"letter_texts": None}).letter_texts is None


def test_a_stored_letter_whose_text_lost_a_part_does_not_leave() -> None:
    with pytest.raises(LetterError, match=r"letter_texts.nb.collection_notice: .*\{collection_follows\}"):
        render_text(replace(letter("collection_notice"), opening="{collection_notice} {pay}"))


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        ("x", "found no groups of texts"),
        ({"se": {}}, "found 'se', want one of nb, nn, en"),
        ({"nb": "x"}, "want steps, such as nb.reminder.opening"),
        ({"nb": {"purring": {}}}, "nb.purring: no such letter"),
        ({"nb": {"reminder": "x"}}, "nb.reminder: want opening or closing"),
        ({"nb": {"reminder": {"start": "x"}}}, "nb.reminder.start: want opening or closing"),
        ({"nb": {"reminder": {"opening": 3}}}, "nb.reminder.opening: want text"),
    ],
)
def test_texts_in_another_shape_are_refused_by_where_they_stand(texts: object, fault: str) -> None:
    with pytest.raises(SettingsError) as refused:
        TenantSettings.of({"letter_texts": texts})
    assert fault in str(refused.value)


def test_a_stored_text_that_no_longer_suffices_stops_its_letters_and_not_the_tenant() -> None:
    stored = own("reminder", opening="Hei! {pay}").to_json().replace("Hei! {pay}", "Hei!")
    settings = TenantSettings.from_json(stored)

    with pytest.raises(SettingsError, match=r"\{pay\}"):
        settings.changed({"grace_days": 5})
    assert settings.changed({"letter_texts": None}).letter_texts is None


def test_the_standard_texts_pass_their_own_check() -> None:
    for step, text in STANDARD.items():
        assert step_text(step, "\n\n".join(text.opening), "\n\n".join(text.closing)) == text


def test_the_page_about_letters_names_every_part_and_where_it_is_required() -> None:
    page = (Path(__file__).parents[3] / "docs" / "letters.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:4] for line in page.splitlines() if line.startswith("| `")]
    required = {name: where for names, _, where in rows for name in re.findall(r"`(\w+)`", names)}

    assert set(required) == {name for text in STANDARD.values() for name in text.parts()}
    words = {part.name for parts in REQUIRED.values() for part in parts if part.place == "words"}
    assert {name for name, where in required.items() if where.strip() != "none"} == words
