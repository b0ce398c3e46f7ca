"""What the law adds when a document is filed: court fees and the cost of writing, each with how sure the figure is.

Belongs here: which amounts go with which document. Not here: the figures (``law.rates``, rounded down to kroner as
rettsgebyrloven § 6 a wants; obligation C-9). A day without a figure gives an amount of None, never another year's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from kredin_pipeline.law.money import ZERO
from kredin_pipeline.law.rates import (
    BANKRUPTCY_NOTICE_FEE,
    CONCILIATION_FEE,
    ENFORCEMENT_FEE,
    ENFORCEMENT_WRITING_COST,
    FeeTable,
    NoRate,
)
from kredin_pipeline.letters.legal.content import CourtAmount, Kind

AMOUNTS: Final[Mapping[Kind, tuple[tuple[str, str, str], ...]]] = {
    "enforcement_petition": (
        (ENFORCEMENT_FEE, "Gebyr for utleggsforretning", "rettsgebyrloven § 14"),
        (ENFORCEMENT_WRITING_COST, "Kostnad ved å skrive begjæringen", "forskrift i kraft 1. februar 2021"),
    ),
    "conciliation_complaint": ((CONCILIATION_FEE, "Gebyr for forliksrådet", "rettsgebyrloven § 7"),),
    "bankruptcy_notice": ((BANKRUPTCY_NOTICE_FEE, "Gebyr for forkynning", "rettsgebyrloven § 25"),),
    "estate_claim": (),
}
"""Document → (kind of figure, what it is called, statute); reference EN-10, EN-11, FR-8, BK-3."""


def court_amounts(kind: Kind, on: date, fees: FeeTable) -> tuple[CourtAmount, ...]:
    """The amounts of a document dated ``on``, kroner."""
    return tuple(_amount(figure, name, statute, on, fees) for figure, name, statute in AMOUNTS[kind])


def _amount(figure: str, name: str, statute: str, on: date, fees: FeeTable) -> CourtAmount:
    try:
        found = fees.figure(figure, on)
    except NoRate:
        return CourtAmount(name, statute, None, "unknown")
    return CourtAmount(name, statute, (found.amount or ZERO).quantize(ZERO), found.confidence)
