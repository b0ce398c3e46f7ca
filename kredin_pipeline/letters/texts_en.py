"""The sentences of a letter in English, for debtors abroad, part by part.

Here belongs what each part says, with the Norwegian term and statute beside it; see ``texts_nb`` for what a part is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kredin_pipeline.letters.content import LetterContent, Step
from kredin_pipeline.letters.texts_figures import Figures, Part

TITLES: Final[Mapping[Step, str]] = {
    "friendly_reminder": "Friendly payment reminder",
    "reminder": "Payment reminder (purring)",
    "collection_notice": "Notice of debt collection (inkassovarsel)",
    "payment_demand": "Payment demand and notice of enforcement (betalingsoppfordring)",
    "enforcement_notice": "Notice of enforcement (varsel om tvangsfullbyrdelse)",
}
STEP_NAMES: Final[Mapping[Step, str]] = {
    "friendly_reminder": "friendly reminder",
    "reminder": "reminder",
    "collection_notice": "notice of debt collection",
    "payment_demand": "payment demand",
    "enforcement_notice": "notice of enforcement",
}
SETTLEMENT_NAMES: Final[Mapping[str, str]] = {
    "payment": "Paid",
    "credit_note": "Credited",
    "netting": "Set off",
    "currency_difference": "Exchange difference",
    "reversal": "Reversed",
    "unexplained": "Settled",
    "rounding": "Rounding",
    "refund": "Refunded",
}


def _always(sentence: str) -> Part:
    return lambda content, figures: sentence


def _pay(_: LetterContent, figures: Figures) -> str:
    return f"We ask that {figures.total} be paid by {figures.deadline}."


def _overdue(content: LetterContent, _: Figures) -> str:
    if content.step == "collection_notice":
        return "The claim below is overdue and has not been paid in full."
    return "The claim below is overdue, and we cannot see that it has been paid in full."


def _what_follows(content: LetterContent, _: Figures) -> str:
    if content.step == "collection_notice":
        return "Debt collection may lead to further costs."
    follows = (
        "we may give notice of enforcement or hand the claim to a debt collection company"
        if content.regime == "2026"
        else "we may send a notice of debt collection (inkassovarsel)"
    )
    return f"If the claim is neither paid nor disputed by the deadline, {follows}. This may lead to further costs."


def _fee(content: LetterContent, figures: Figures) -> str:
    if figures.fee is None:
        return f"No fee has been added for this {'notice' if content.step == 'enforcement_notice' else 'letter'}."
    return f"The fee for this letter is {figures.fee} (Debt Collection Regulations, inkassoforskriften §§ 1-1 to 1-3)."


def _interest(_: LetterContent, figures: Figures) -> str:
    if figures.rate is None:
        return ""
    return (
        "Late-payment interest is calculated on the principal (forsinkelsesrenteloven) and is now "
        f"{figures.rate} a year. If {figures.total} is paid by the deadline, we claim no interest for the time "
        "after this letter. If it is paid later, interest runs on until payment at the rate in force at any time."
    )


def _interest_basis(_: LetterContent, figures: Figures) -> str:
    if figures.rate is None or figures.interest_from is None:
        return ""
    return (
        f"Late-payment interest on the principal runs from {figures.interest_from}. The rate is now "
        f"{figures.rate} a year; each period is listed above."
    )


def _creditor(content: LetterContent, _: Figures) -> str:
    return (
        f"The creditor is {content.creditor.name}. What the claim concerns is stated below, with principal and "
        "additions apart."
    )


def _pay_or_object(_: LetterContent, figures: Figures) -> str:
    return (
        f"We call on you to pay {figures.total} by {figures.deadline}, or to object to the claim within the same time."
    )


PARTS: Final[Mapping[str, Part]] = {
    "pay": _pay,
    "forgotten": _always(
        "We cannot see that the claim below has been paid in full. It may simply have been forgotten."
    ),
    "free": _always("This reminder is free of charge, and no interest has been added."),
    "questions": _always("If you have questions or disagree, please contact us."),
    "already_paid": _always("If you have paid within the last few days, please disregard this letter."),
    "overdue": _overdue,
    "what_follows": _what_follows,
    "fee": _fee,
    "interest": _interest,
    "interest_basis": _interest_basis,
    "objection": _always(
        "If you believe that all or part of the claim is wrong, write to us and tell us why, preferably before the "
        "deadline. We will consider the objection and answer before we go on, and we charge no fee while it is being "
        "considered."
    ),
    "collection_notice": _always("This is a notice of debt collection (inkassovarsel) under inkassoloven § 9."),
    "collection_follows": _always(
        "If the claim has not been paid when the deadline has passed, and you have not objected to it, it will be "
        "collected by debt collection (inkasso)."
    ),
    "payment_demand": _always(
        "This is a payment demand (betalingsoppfordring) under inkassoloven § 10 and a notice of enforcement under "
        "tvangsfullbyrdelsesloven § 4-18."
    ),
    "enforcement_notice": _always("This is a notice of enforcement under tvangsfullbyrdelsesloven § 4-18."),
    "creditor": _creditor,
    "pay_or_object": _pay_or_object,
    "legal_steps": _always(
        "If the claim is neither paid nor disputed by the deadline, we may take legal steps. This may lead to further "
        "costs."
    ),
    "enforcement": _always(
        "Notice under tvangsfullbyrdelsesloven (the Enforcement Act) § 4-18: if the claim is not paid by the deadline, "
        "we will petition for enforcement (utlegg, attachment) without further notice. The petition will be sent at "
        "the earliest when two weeks have passed since this notice was sent and the deadline has passed."
    ),
    "position": _always(
        "If you dispute the claim, we may instead bring it before the Conciliation Board (forliksrådet). We therefore "
        "ask you to state your position on the claim and its basis (tvisteloven § 5-2)."
    ),
}
