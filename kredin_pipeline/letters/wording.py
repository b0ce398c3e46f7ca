"""What a letter says in words, in bokmål and English, step by step.

Here belong the sentences and the statute that wants each of them. Not here: figures and their order (``document``),
layout (``text``, ``pdf``). Every sentence is our own; what the law asks a step to state is in the collection-law
reference §§ 3-5 and 7:

==================== ==========================================================================================
step                 must state
==================== ==========================================================================================
friendly_reminder    no fee, no interest; nothing in law
reminder             amount and what it concerns; a deadline of 14 days if a second fee is to follow
collection_notice    in writing and unmistakably, that collection follows if it is not paid (inkassoloven § 9)
payment_demand       creditor, what it concerns, principal and additions apart, interest rate and from-date, that more
                     cost and legal steps may follow, a call to pay **or object** (inkassoloven § 10); and that
                     enforcement will be petitioned for (tvangsfullbyrdelsesloven § 4-18)
enforcement_notice   the § 4-18 notice alone
==================== ==========================================================================================

No letter may say that costs follow of themselves: that would hide the right to object (reference GP-4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kredin_pipeline.letters.content import Language, LetterContent, Step

TITLES: Final[Mapping[Language, Mapping[Step, str]]] = {
    "nb": {
        "friendly_reminder": "Betalingspåminnelse",
        "reminder": "Purring",
        "collection_notice": "Inkassovarsel",
        "payment_demand": "Betalingsoppfordring og varsel om tvangsfullbyrdelse",
        "enforcement_notice": "Varsel om tvangsfullbyrdelse",
    },
    "en": {
        "friendly_reminder": "Friendly payment reminder",
        "reminder": "Payment reminder (purring)",
        "collection_notice": "Notice of debt collection (inkassovarsel)",
        "payment_demand": "Payment demand and notice of enforcement (betalingsoppfordring)",
        "enforcement_notice": "Notice of enforcement (varsel om tvangsfullbyrdelse)",
    },
}

STEP_NAMES: Final[Mapping[Language, Mapping[Step, str]]] = {
    "nb": {
        "friendly_reminder": "betalingspåminnelse",
        "reminder": "purring",
        "collection_notice": "inkassovarsel",
        "payment_demand": "betalingsoppfordring",
        "enforcement_notice": "varsel om tvangsfullbyrdelse",
    },
    "en": {
        "friendly_reminder": "friendly reminder",
        "reminder": "reminder",
        "collection_notice": "notice of debt collection",
        "payment_demand": "payment demand",
        "enforcement_notice": "notice of enforcement",
    },
}

SETTLEMENT_NAMES: Final[Mapping[Language, Mapping[str, str]]] = {
    "nb": {
        "payment": "Betalt",
        "credit_note": "Kreditert",
        "netting": "Motregnet",
        "currency_difference": "Valutadifferanse",
        "reversal": "Tilbakeført",
        "unexplained": "Gjort opp",
        "rounding": "Avrunding",
        "refund": "Tilbakebetalt",
    },
    "en": {
        "payment": "Paid",
        "credit_note": "Credited",
        "netting": "Set off",
        "currency_difference": "Exchange difference",
        "reversal": "Reversed",
        "unexplained": "Settled",
        "rounding": "Rounding",
        "refund": "Refunded",
    },
}


@dataclass(frozen=True)
class Words:
    """The words around the figures: what stands before them, and what stands after."""

    opening: Sequence[str]
    closing: Sequence[str]


@dataclass(frozen=True)
class Figures:
    """What the sentences mention, already in the reader's notation. ``rate`` None: no interest is claimed."""

    total: str
    deadline: str
    fee: str | None
    rate: str | None
    interest_from: str | None


def words(content: LetterContent, figures: Figures) -> Words:
    """The sentences of the letter, in its language."""
    return _NORWEGIAN[content.step](content, figures) if content.language == "nb" else _english(content, figures)


# Bokmål -------------------------------------------------------------------------------------------------------------


def _you(content: LetterContent) -> str:
    return "dere" if content.recipient.is_business else "du"


def _you_object(content: LetterContent) -> str:
    return "dere" if content.recipient.is_business else "deg"


def _objection(content: LetterContent) -> str:
    you = _you(content)
    return (
        f"Mener {you} at kravet helt eller delvis er feil, så skriv til oss og si hvorfor, helst innen fristen. "
        f"Vi tar stilling til innvendingen og svarer før vi går videre, og vi krever ikke gebyr så lenge "
        f"den blir vurdert."
    )


def _interest_goes_on(figures: Figures) -> list[str]:
    if figures.rate is None:
        return []
    return [
        f"Forsinkelsesrenten er regnet av hovedstolen, jf. forsinkelsesrenteloven, og er nå {figures.rate} per år. "
        f"Blir {figures.total} betalt innen fristen, krever vi ikke rente for tiden etter dette brevet. "
        "Blir det betalt senere, løper renten videre til betaling skjer, med den satsen som til enhver tid gjelder."
    ]


def _fee_basis(content: LetterContent, figures: Figures) -> list[str]:
    if figures.fee is None:
        if content.step == "friendly_reminder":
            return []
        return ["Det er ikke lagt til gebyr for dette brevet."]
    return [f"Gebyret for dette brevet er {figures.fee}, jf. inkassoforskriften §§ 1-1 til 1-3."]


def _already_paid(content: LetterContent) -> str:
    return f"Er kravet betalt de siste dagene, kan {_you(content)} se bort fra dette brevet."


def _friendly_reminder(content: LetterContent, figures: Figures) -> Words:
    return Words(
        opening=[
            "Vi kan ikke se at kravet nedenfor er betalt i sin helhet. Kanskje er det bare blitt glemt. "
            f"Vi ber om at {figures.total} blir betalt innen {figures.deadline}."
        ],
        closing=[
            "Denne påminnelsen er gratis, og det er ikke lagt til renter.",
            f"Er det noe {_you(content)} lurer på eller er uenig i, så ta kontakt med oss.",
            _already_paid(content),
        ],
    )


def _reminder(content: LetterContent, figures: Figures) -> Words:
    if content.regime == "2026":
        follows = (
            "Blir kravet verken betalt eller bestridt innen fristen, kan vi varsle tvangsfullbyrdelse eller overlate "
            "kravet til et inkassoforetak. Det kan føre til flere kostnader."
        )
    else:
        follows = (
            "Blir kravet verken betalt eller bestridt innen fristen, kan vi sende inkassovarsel. "
            "Det kan føre til flere kostnader."
        )
    return Words(
        opening=[
            "Kravet nedenfor er forfalt, og vi kan ikke se at det er betalt i sin helhet. "
            f"Vi ber om at {figures.total} blir betalt innen {figures.deadline}."
        ],
        closing=[
            *_fee_basis(content, figures),
            *_interest_goes_on(figures),
            follows,
            _objection(content),
            _already_paid(content),
        ],
    )


def _collection_notice(content: LetterContent, figures: Figures) -> Words:
    return Words(
        opening=[
            "Dette er et inkassovarsel, jf. inkassoloven § 9. Kravet nedenfor er forfalt og ikke betalt i sin helhet.",
            f"Vi ber om at {figures.total} blir betalt innen {figures.deadline}. Er kravet ikke betalt når fristen er "
            f"ute, og har {_you(content)} ikke kommet med innvendinger mot det, vil det bli inndrevet ved inkasso.",
        ],
        closing=[
            "Inkasso kan føre til flere kostnader.",
            *_fee_basis(content, figures),
            *_interest_goes_on(figures),
            _objection(content),
            _already_paid(content),
        ],
    )


def _enforcement(content: LetterContent) -> list[str]:
    return [
        "Varsel etter tvangsfullbyrdelsesloven § 4-18: Blir kravet ikke betalt innen fristen, vil vi begjære "
        "tvangsfullbyrdelse (utlegg) uten å varsle på nytt. Begjæringen blir tidligst sendt når to uker er gått fra "
        "dette varselet ble sendt og fristen er ute.",
        f"Bestrider {_you(content)} kravet, kan vi i stedet bringe det inn for forliksrådet. Vi ber derfor om at "
        f"{_you(content)} tar stilling til kravet og til grunnlaget for det, jf. tvisteloven § 5-2.",
    ]


def _interest_basis(figures: Figures) -> list[str]:
    if figures.rate is None or figures.interest_from is None:
        return []
    return [
        f"Forsinkelsesrente løper av hovedstolen fra {figures.interest_from}. Satsen er nå {figures.rate} per år; "
        "hver periode står i oversikten."
    ]


def _demand_opening(content: LetterContent, figures: Figures) -> str:
    return (
        f"Vi oppfordrer {_you_object(content)} til å betale {figures.total} innen {figures.deadline}, eller til å "
        "komme med innvendinger mot kravet innen samme frist."
    )


def _payment_demand(content: LetterContent, figures: Figures) -> Words:
    return Words(
        opening=[
            "Dette er en betalingsoppfordring, jf. inkassoloven § 10, og et varsel om tvangsfullbyrdelse, "
            f"jf. tvangsfullbyrdelsesloven § 4-18. Fordringshaver er {content.creditor.name}. Hva kravet gjelder, "
            "står nedenfor, med hovedstol og tillegg hver for seg.",
            _demand_opening(content, figures),
        ],
        closing=[
            "Blir kravet verken betalt eller bestridt innen fristen, kan vi ta rettslige skritt. "
            "Det kan føre til flere kostnader.",
            *_enforcement(content),
            *_fee_basis(content, figures),
            *_interest_basis(figures),
            *_interest_goes_on(figures),
            _objection(content),
            _already_paid(content),
        ],
    )


def _enforcement_notice(content: LetterContent, figures: Figures) -> Words:
    return Words(
        opening=[
            "Dette er et varsel om tvangsfullbyrdelse, jf. tvangsfullbyrdelsesloven § 4-18. Fordringshaver er "
            f"{content.creditor.name}. Hva kravet gjelder, står nedenfor, med hovedstol og tillegg hver for seg.",
            _demand_opening(content, figures),
        ],
        closing=[
            *_enforcement(content),
            "Det er ikke lagt til gebyr for dette varselet.",
            *_interest_basis(figures),
            *_interest_goes_on(figures),
            _objection(content),
            _already_paid(content),
        ],
    )


_NORWEGIAN = {
    "friendly_reminder": _friendly_reminder,
    "reminder": _reminder,
    "collection_notice": _collection_notice,
    "payment_demand": _payment_demand,
    "enforcement_notice": _enforcement_notice,
}


# English ------------------------------------------------------------------------------------------------------------

_OBJECTION_EN = (
    "If you believe that all or part of the claim is wrong, write to us and tell us why, preferably before the "
    "deadline. We will consider the objection and answer before we go on, and we charge no fee while it is being "
    "considered."
)
_PAID_EN = "If you have paid within the last few days, please disregard this letter."
_COSTS_EN = "This may lead to further costs."


def _english(content: LetterContent, figures: Figures) -> Words:
    pay = f"We ask that {figures.total} be paid by {figures.deadline}."
    fee = (
        f"The fee for this letter is {figures.fee} (Debt Collection Regulations, inkassoforskriften §§ 1-1 to 1-3)."
        if figures.fee is not None
        else "No fee has been added for this letter."
    )
    interest: list[str] = []
    basis: list[str] = []
    if figures.rate is not None:
        interest = [
            "Late-payment interest is calculated on the principal (forsinkelsesrenteloven) and is now "
            f"{figures.rate} a year. If {figures.total} is paid by the deadline, we claim no interest for the time "
            "after this letter. If it is paid later, interest runs on until payment at the rate in force at any time."
        ]
        if figures.interest_from is not None:
            basis = [
                f"Late-payment interest on the principal runs from {figures.interest_from}. The rate is now "
                f"{figures.rate} a year; each period is listed above."
            ]
    call = (
        f"We call on you to pay {figures.total} by {figures.deadline}, or to object to the claim within the same time."
    )
    enforcement = [
        "Notice under tvangsfullbyrdelsesloven (the Enforcement Act) § 4-18: if the claim is not paid by the "
        "deadline, we will petition for enforcement (utlegg, attachment) without further notice. The petition will be "
        "sent at the earliest when two weeks have passed since this notice was sent and the deadline has passed.",
        "If you dispute the claim, we may instead bring it before the Conciliation Board (forliksrådet). We therefore "
        "ask you to state your position on the claim and its basis (tvisteloven § 5-2).",
    ]
    creditor = (
        f"The creditor is {content.creditor.name}. What the claim concerns is stated below, with principal and "
        "additions apart."
    )
    if content.step == "friendly_reminder":
        return Words(
            [f"We cannot see that the claim below has been paid in full. It may simply have been forgotten. {pay}"],
            [
                "This reminder is free of charge, and no interest has been added.",
                "If you have questions or disagree, please contact us.",
                _PAID_EN,
            ],
        )
    if content.step == "reminder":
        follows = (
            "we may give notice of enforcement or hand the claim to a debt collection company"
            if content.regime == "2026"
            else "we may send a notice of debt collection (inkassovarsel)"
        )
        return Words(
            [f"The claim below is overdue, and we cannot see that it has been paid in full. {pay}"],
            [
                fee,
                *interest,
                f"If the claim is neither paid nor disputed by the deadline, {follows}. {_COSTS_EN}",
                _OBJECTION_EN,
                _PAID_EN,
            ],
        )
    if content.step == "collection_notice":
        return Words(
            [
                "This is a notice of debt collection (inkassovarsel) under inkassoloven § 9. The claim below is "
                "overdue and has not been paid in full.",
                f"{pay} If the claim has not been paid when the deadline has passed, and you have not objected to it, "
                "it will be collected by debt collection (inkasso).",
            ],
            ["Debt collection may lead to further costs.", fee, *interest, _OBJECTION_EN, _PAID_EN],
        )
    if content.step == "payment_demand":
        return Words(
            [
                "This is a payment demand (betalingsoppfordring) under inkassoloven § 10 and a notice of enforcement "
                f"under tvangsfullbyrdelsesloven § 4-18. {creditor}",
                call,
            ],
            [
                f"If the claim is neither paid nor disputed by the deadline, we may take legal steps. {_COSTS_EN}",
                *enforcement,
                fee,
                *basis,
                *interest,
                _OBJECTION_EN,
                _PAID_EN,
            ],
        )
    return Words(
        [f"This is a notice of enforcement under tvangsfullbyrdelsesloven § 4-18. {creditor}", call],
        [*enforcement, "No fee has been added for this notice.", *basis, *interest, _OBJECTION_EN, _PAID_EN],
    )
