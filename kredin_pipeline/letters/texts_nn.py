"""The sentences of a letter in nynorsk, part by part.

Here belongs what each part says; which parts a letter has, and in which order, is in ``texts``. A part that says
nothing for a letter (no interest is claimed) is empty. ``kredin_pipeline.law.letter_parts`` tells which statute wants
which part; no part may say that costs follow of themselves: that would hide the right to object (reference GP-4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kredin_pipeline.letters.content import LetterContent, Step
from kredin_pipeline.letters.texts_figures import Figures, Part

TITLES: Final[Mapping[Step, str]] = {
    "friendly_reminder": "Betalingspåminning",
    "reminder": "Purring",
    "collection_notice": "Inkassovarsel",
    "payment_demand": "Betalingsoppfordring og varsel om tvangsfullbyrding",
    "enforcement_notice": "Varsel om tvangsfullbyrding",
}
STEP_NAMES: Final[Mapping[Step, str]] = {
    "friendly_reminder": "betalingspåminning",
    "reminder": "purring",
    "collection_notice": "inkassovarsel",
    "payment_demand": "betalingsoppfordring",
    "enforcement_notice": "varsel om tvangsfullbyrding",
}
SETTLEMENT_NAMES: Final[Mapping[str, str]] = {
    "payment": "Betalt",
    "credit_note": "Kreditert",
    "netting": "Motrekna",
    "currency_difference": "Valutadifferanse",
    "reversal": "Tilbakeført",
    "unexplained": "Gjort opp",
    "rounding": "Avrunding",
    "refund": "Tilbakebetalt",
}


def _you(content: LetterContent) -> str:
    return "de" if content.recipient.is_business else "du"


def _pay(_: LetterContent, figures: Figures) -> str:
    return f"Vi ber om at {figures.total} blir betalt innan {figures.deadline}."


def _forgotten(_: LetterContent, __: Figures) -> str:
    return "Vi kan ikkje sjå at kravet nedanfor er betalt fullt ut. Kanskje er det berre gløymt."


def _free(_: LetterContent, __: Figures) -> str:
    return "Denne påminninga er gratis, og det er ikkje lagt til renter."


def _questions(content: LetterContent, _: Figures) -> str:
    return f"Er det noko {_you(content)} lurer på eller er usamd i, så ta kontakt med oss."


def _already_paid(content: LetterContent, _: Figures) -> str:
    return f"Er kravet betalt dei siste dagane, kan {_you(content)} sjå bort frå dette brevet."


def _overdue(content: LetterContent, _: Figures) -> str:
    if content.step == "collection_notice":
        return "Kravet nedanfor har forfalle og er ikkje betalt fullt ut."
    return "Kravet nedanfor har forfalle, og vi kan ikkje sjå at det er betalt fullt ut."


def _what_follows(content: LetterContent, _: Figures) -> str:
    if content.step == "collection_notice":
        return "Inkasso kan føre til fleire kostnader."
    follows = (
        "kan vi varsle tvangsfullbyrding eller overlate kravet til eit inkassoføretak"
        if content.regime == "2026"
        else "kan vi sende inkassovarsel"
    )
    return f"Blir kravet verken betalt eller bestride innan fristen, {follows}. Det kan føre til fleire kostnader."


def _fee(content: LetterContent, figures: Figures) -> str:
    if figures.fee is None:
        return f"Det er ikkje lagt til gebyr for dette {_kind(content)}."
    return f"Gebyret for dette brevet er {figures.fee}, jf. inkassoforskrifta §§ 1-1 til 1-3."


def _kind(content: LetterContent) -> str:
    return "varselet" if content.step == "enforcement_notice" else "brevet"


def _interest(_: LetterContent, figures: Figures) -> str:
    if figures.rate is None:
        return ""
    return (
        f"Forseinkingsrenta er rekna av hovudstolen, jf. forseinkingsrentelova, og er no {figures.rate} per år. "
        f"Blir {figures.total} betalt innan fristen, krev vi ikkje rente for tida etter dette brevet. "
        "Blir det betalt seinare, går renta vidare til betaling skjer, med den satsen som til kvar tid gjeld."
    )


def _interest_basis(_: LetterContent, figures: Figures) -> str:
    if figures.rate is None or figures.interest_from is None:
        return ""
    return (
        f"Forseinkingsrente går av hovudstolen frå {figures.interest_from}. Satsen er no {figures.rate} per år; "
        "kvar periode står i oversikta."
    )


def _objection(content: LetterContent, _: Figures) -> str:
    return (
        f"Meiner {_you(content)} at kravet heilt eller delvis er feil, så skriv til oss og sei kvifor, helst innan "
        "fristen. Vi tek stilling til innvendinga og svarer før vi går vidare, og vi krev ikkje gebyr så lenge "
        "ho blir vurdert."
    )


def _collection_notice(_: LetterContent, __: Figures) -> str:
    return "Dette er eit inkassovarsel, jf. inkassolova § 9."


def _collection_follows(content: LetterContent, _: Figures) -> str:
    return (
        f"Er kravet ikkje betalt når fristen er ute, og har {_you(content)} ikkje kome med innvendingar mot det, vil "
        "det bli drive inn ved inkasso."
    )


def _payment_demand(_: LetterContent, __: Figures) -> str:
    return (
        "Dette er ei betalingsoppfordring, jf. inkassolova § 10, og eit varsel om tvangsfullbyrding, "
        "jf. tvangsfullbyrdelseslova § 4-18."
    )


def _enforcement_notice(_: LetterContent, __: Figures) -> str:
    return "Dette er eit varsel om tvangsfullbyrding, jf. tvangsfullbyrdelseslova § 4-18."


def _creditor(content: LetterContent, _: Figures) -> str:
    return (
        f"Fordringshavar er {content.creditor.name}. Kva kravet gjeld, står nedanfor, med hovudstol og tillegg kvar "
        "for seg."
    )


def _pay_or_object(content: LetterContent, figures: Figures) -> str:
    you = "dykk" if content.recipient.is_business else "deg"
    return (
        f"Vi oppmodar {you} om å betale {figures.total} innan {figures.deadline}, eller om å "
        "kome med innvendingar mot kravet innan same frist."
    )


def _legal_steps(_: LetterContent, __: Figures) -> str:
    return (
        "Blir kravet verken betalt eller bestride innan fristen, kan vi ta rettslege steg. "
        "Det kan føre til fleire kostnader."
    )


def _enforcement(_: LetterContent, __: Figures) -> str:
    return (
        "Varsel etter tvangsfullbyrdelseslova § 4-18: Blir kravet ikkje betalt innan fristen, vil vi krevje "
        "tvangsfullbyrding (utlegg) utan å varsle på nytt. Kravet om utlegg blir tidlegast sendt når to veker er gått "
        "frå dette varselet vart sendt og fristen er ute."
    )


def _position(content: LetterContent, _: Figures) -> str:
    you = _you(content)
    return (
        f"Bestrid {you} kravet, kan vi i staden bringe det inn for forliksrådet. Vi ber derfor om at "
        f"{you} tek stilling til kravet og til grunnlaget for det, jf. tvistelova § 5-2."
    )


PARTS: Final[Mapping[str, Part]] = {
    "pay": _pay,
    "forgotten": _forgotten,
    "free": _free,
    "questions": _questions,
    "already_paid": _already_paid,
    "overdue": _overdue,
    "what_follows": _what_follows,
    "fee": _fee,
    "interest": _interest,
    "interest_basis": _interest_basis,
    "objection": _objection,
    "collection_notice": _collection_notice,
    "collection_follows": _collection_follows,
    "payment_demand": _payment_demand,
    "enforcement_notice": _enforcement_notice,
    "creditor": _creditor,
    "pay_or_object": _pay_or_object,
    "legal_steps": _legal_steps,
    "enforcement": _enforcement,
    "position": _position,
}
