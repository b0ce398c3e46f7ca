"""The sentences of a letter in bokmål, part by part.

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
    "friendly_reminder": "Betalingspåminnelse",
    "reminder": "Purring",
    "collection_notice": "Inkassovarsel",
    "payment_demand": "Betalingsoppfordring og varsel om tvangsfullbyrdelse",
    "enforcement_notice": "Varsel om tvangsfullbyrdelse",
}
STEP_NAMES: Final[Mapping[Step, str]] = {
    "friendly_reminder": "betalingspåminnelse",
    "reminder": "purring",
    "collection_notice": "inkassovarsel",
    "payment_demand": "betalingsoppfordring",
    "enforcement_notice": "varsel om tvangsfullbyrdelse",
}
SETTLEMENT_NAMES: Final[Mapping[str, str]] = {
    "payment": "Betalt",
    "credit_note": "Kreditert",
    "netting": "Motregnet",
    "currency_difference": "Valutadifferanse",
    "reversal": "Tilbakeført",
    "unexplained": "Gjort opp",
    "rounding": "Avrunding",
    "refund": "Tilbakebetalt",
}


def _you(content: LetterContent) -> str:
    return "dere" if content.recipient.is_business else "du"


def _pay(_: LetterContent, figures: Figures) -> str:
    return f"Vi ber om at {figures.total} blir betalt innen {figures.deadline}."


def _forgotten(_: LetterContent, __: Figures) -> str:
    return "Vi kan ikke se at kravet nedenfor er betalt i sin helhet. Kanskje er det bare blitt glemt."


def _free(_: LetterContent, __: Figures) -> str:
    return "Denne påminnelsen er gratis, og det er ikke lagt til renter."


def _questions(content: LetterContent, _: Figures) -> str:
    return f"Er det noe {_you(content)} lurer på eller er uenig i, så ta kontakt med oss."


def _already_paid(content: LetterContent, _: Figures) -> str:
    return f"Er kravet betalt de siste dagene, kan {_you(content)} se bort fra dette brevet."


def _overdue(content: LetterContent, _: Figures) -> str:
    if content.step == "collection_notice":
        return "Kravet nedenfor er forfalt og ikke betalt i sin helhet."
    return "Kravet nedenfor er forfalt, og vi kan ikke se at det er betalt i sin helhet."


def _what_follows(content: LetterContent, _: Figures) -> str:
    if content.step == "collection_notice":
        return "Inkasso kan føre til flere kostnader."
    follows = (
        "kan vi varsle tvangsfullbyrdelse eller overlate kravet til et inkassoforetak"
        if content.regime == "2026"
        else "kan vi sende inkassovarsel"
    )
    return f"Blir kravet verken betalt eller bestridt innen fristen, {follows}. Det kan føre til flere kostnader."


def _fee(content: LetterContent, figures: Figures) -> str:
    if figures.fee is None:
        return f"Det er ikke lagt til gebyr for dette {_kind(content)}."
    return f"Gebyret for dette brevet er {figures.fee}, jf. inkassoforskriften §§ 1-1 til 1-3."


def _kind(content: LetterContent) -> str:
    return "varselet" if content.step == "enforcement_notice" else "brevet"


def _interest(_: LetterContent, figures: Figures) -> str:
    if figures.rate is None:
        return ""
    return (
        f"Forsinkelsesrenten er regnet av hovedstolen, jf. forsinkelsesrenteloven, og er nå {figures.rate} per år. "
        f"Blir {figures.total} betalt innen fristen, krever vi ikke rente for tiden etter dette brevet. "
        "Blir det betalt senere, løper renten videre til betaling skjer, med den satsen som til enhver tid gjelder."
    )


def _interest_basis(_: LetterContent, figures: Figures) -> str:
    if figures.rate is None or figures.interest_from is None:
        return ""
    return (
        f"Forsinkelsesrente løper av hovedstolen fra {figures.interest_from}. Satsen er nå {figures.rate} per år; "
        "hver periode står i oversikten."
    )


def _objection(content: LetterContent, _: Figures) -> str:
    return (
        f"Mener {_you(content)} at kravet helt eller delvis er feil, så skriv til oss og si hvorfor, helst innen "
        "fristen. Vi tar stilling til innvendingen og svarer før vi går videre, og vi krever ikke gebyr så lenge "
        "den blir vurdert."
    )


def _collection_notice(_: LetterContent, __: Figures) -> str:
    return "Dette er et inkassovarsel, jf. inkassoloven § 9."


def _collection_follows(content: LetterContent, _: Figures) -> str:
    return (
        f"Er kravet ikke betalt når fristen er ute, og har {_you(content)} ikke kommet med innvendinger mot det, vil "
        "det bli inndrevet ved inkasso."
    )


def _payment_demand(_: LetterContent, __: Figures) -> str:
    return (
        "Dette er en betalingsoppfordring, jf. inkassoloven § 10, og et varsel om tvangsfullbyrdelse, "
        "jf. tvangsfullbyrdelsesloven § 4-18."
    )


def _enforcement_notice(_: LetterContent, __: Figures) -> str:
    return "Dette er et varsel om tvangsfullbyrdelse, jf. tvangsfullbyrdelsesloven § 4-18."


def _creditor(content: LetterContent, _: Figures) -> str:
    return (
        f"Fordringshaver er {content.creditor.name}. Hva kravet gjelder, står nedenfor, med hovedstol og tillegg hver "
        "for seg."
    )


def _pay_or_object(content: LetterContent, figures: Figures) -> str:
    you = "dere" if content.recipient.is_business else "deg"
    return (
        f"Vi oppfordrer {you} til å betale {figures.total} innen {figures.deadline}, eller til å "
        "komme med innvendinger mot kravet innen samme frist."
    )


def _legal_steps(_: LetterContent, __: Figures) -> str:
    return (
        "Blir kravet verken betalt eller bestridt innen fristen, kan vi ta rettslige skritt. "
        "Det kan føre til flere kostnader."
    )


def _enforcement(_: LetterContent, __: Figures) -> str:
    return (
        "Varsel etter tvangsfullbyrdelsesloven § 4-18: Blir kravet ikke betalt innen fristen, vil vi begjære "
        "tvangsfullbyrdelse (utlegg) uten å varsle på nytt. Begjæringen blir tidligst sendt når to uker er gått fra "
        "dette varselet ble sendt og fristen er ute."
    )


def _position(content: LetterContent, _: Figures) -> str:
    you = _you(content)
    return (
        f"Bestrider {you} kravet, kan vi i stedet bringe det inn for forliksrådet. Vi ber derfor om at "
        f"{you} tar stilling til kravet og til grunnlaget for det, jf. tvisteloven § 5-2."
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
