"""Everything that a legal document states, as values that add up to the øre.

Here belong the shape of its content, its sums, and their check. Not here: whether the law allows the document
(``cases.legal_ready``), its words (``petition`` and the modules beside it) and its look (``legal.typ``)::

    LegalDocument
      creditor, debtor, estate (claim sheet only)
      claims ──┬─ LegalClaim   principal_original − settlements = principal
               │               fees + compensation − costs_settled = costs
               │               principal + interest + costs (if carried) = total
               └─ ...
      court    ── CourtAmount  what the law adds when the document is filed, never part of a claim

Amounts are kroner with two decimals, days are Oslo days, ids and numbers are text.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Literal, cast

from pydantic import TypeAdapter, ValidationError

from kredin_pipeline.law.enforcement import demand_carries_costs, petition_window
from kredin_pipeline.law.rates import Confidence
from kredin_pipeline.letters.content import (
    ZERO,
    Creditor,
    EarlierFee,
    InterestPeriod,
    LetterError,
    Settlement,
)

Kind = Literal["enforcement_petition", "conciliation_complaint", "bankruptcy_notice", "estate_claim"]


class LegalError(LetterError):
    """A legal document that must not be drafted: names tenant, document, field, what was found and what is wanted."""


@dataclass(frozen=True)
class Party:
    """A debtor, or the trustee of its estate (bostyrer). ``lines`` are the address as it is written on an envelope."""

    name: str
    orgnr: str | None = None
    lines: tuple[str, ...] = ()
    place: str = ""
    """Post code and place: what the venue follows from."""
    is_business: bool = True
    organisation_form: str | None = None


@dataclass(frozen=True)
class SentLetter:
    """A letter that left: step, day, deadline in it, and how it travelled; ``key`` names its document."""

    key: str
    step: str
    sent_on: date
    deadline: date | None
    channel: str | None


@dataclass(frozen=True)
class LegalClaim:
    """One invoice in the document. ``case_id`` is empty for an invoice that has not become a case (estate only).

    ``interest`` is what is claimed of ``interest_accrued``; ``costs`` what is claimed of the letters' fees and the
    standard compensation beyond them, after ``costs_settled`` (paid, waived or withdrawn). ``costs_carried`` is false
    when the payment demand is too old to carry out-of-court costs (inkassoloven § 11; obligation C-8): they are then
    stated and not claimed.
    """

    case_id: str
    invoice_no: str
    voucher_id: str
    kid: str | None
    invoice_date: date | None
    due_date: date
    principal_original: Decimal
    principal: Decimal
    settlements: tuple[Settlement, ...] = ()
    interest_accrued: Decimal = ZERO
    interest: Decimal = ZERO
    periods: tuple[InterestPeriod, ...] = ()
    fees: tuple[EarlierFee, ...] = ()
    compensation: Decimal = ZERO
    costs_settled: Decimal = ZERO
    costs: Decimal = ZERO
    costs_carried: bool = True
    notice: SentLetter | None = None
    demand: SentLetter | None = None
    letters: tuple[SentLetter, ...] = ()

    @property
    def costs_claimed(self) -> Decimal:
        """The out-of-court costs that this document claims, kroner."""
        return self.costs if self.costs_carried else ZERO

    @property
    def total(self) -> Decimal:
        """Principal, interest and costs claimed, kroner."""
        return self.principal + self.interest + self.costs_claimed


@dataclass(frozen=True)
class LaterInvoice:
    """An open invoice dated after an estate was opened: no claim on the estate's dividend, listed apart (rules § 6)."""

    invoice_no: str
    invoice_date: date
    due_date: date | None
    balance: Decimal


@dataclass(frozen=True)
class CourtAmount:
    """What the law adds by the document itself. ``amount`` None: no figure is known; never guessed.

    ``confidence`` is that of the stored figure (``law.rates``); anything but ``high`` is marked in the draft.
    """

    name: str
    statute: str
    amount: Decimal | None
    confidence: Confidence


@dataclass(frozen=True)
class Estate:
    """A debtor's estate: the day it was opened, and its trustee (None: the register names none yet)."""

    opened_on: date
    trustee: Party | None
    later: tuple[LaterInvoice, ...] = ()


@dataclass(frozen=True)
class LegalDocument:
    """One legal document against one debtor. ``dated`` is the day that its interest is computed to."""

    kind: Kind
    tenant: str
    dated: date
    creditor: Creditor
    debtor: Party
    claims: tuple[LegalClaim, ...]
    court: tuple[CourtAmount, ...] = ()
    estate: Estate | None = None
    attachments: tuple[str, ...] = ()

    @property
    def principal(self) -> Decimal:
        """Open principal (hovedstol), kroner."""
        return sum((one.principal for one in self.claims), ZERO)

    @property
    def interest(self) -> Decimal:
        """Interest claimed, kroner."""
        return sum((one.interest for one in self.claims), ZERO)

    @property
    def costs(self) -> Decimal:
        """Out-of-court costs claimed, kroner."""
        return sum((one.costs_claimed for one in self.claims), ZERO)

    @property
    def costs_left_out(self) -> Decimal:
        """Out-of-court costs that the document may not claim, kroner (obligation C-8)."""
        return sum((one.costs for one in self.claims if not one.costs_carried), ZERO)

    @property
    def total(self) -> Decimal:
        """Everything claimed on ``dated``, without what the court adds, kroner."""
        return sum((one.total for one in self.claims), ZERO)

    @property
    def court_total(self) -> Decimal:
        """The court amounts whose figure is known, kroner."""
        return sum((one.amount for one in self.court if one.amount is not None), ZERO)

    @property
    def case_ids(self) -> tuple[str, ...]:
        """The cases, in the order of the claims."""
        return tuple(one.case_id for one in self.claims if one.case_id)

    @property
    def notice(self) -> SentLetter | None:
        """The latest notice of enforcement among the claims (tvangsfullbyrdelsesloven § 4-18)."""
        found = [one.notice for one in self.claims if one.notice is not None]
        return max(found, key=lambda letter: letter.sent_on) if found else None

    def checked(self) -> LegalDocument:
        """This document, after its sums were checked. Raises ``LegalError``."""
        if not self.claims:
            raise self._error("claims", "none", "at least one invoice")
        if not self.debtor.name.strip():
            raise self._error("debtor", "no name", "a name")
        if not self.debtor.place.strip():
            raise self._error("debtor's address", "no post code and place", "the place that the venue follows from")
        if not (self.creditor.orgnr or "").strip() or not (self.creditor.address or "").strip():
            raise self._error("creditor", "no number or address", "creditor_orgnr and creditor_address in the settings")
        if (self.kind == "estate_claim") != (self.estate is not None):
            raise self._error("estate", f"{self.estate}", "an estate in a claim sheet and nowhere else")
        for one in self.claims:
            self._check(one)
        return self

    def _check(self, one: LegalClaim) -> None:
        principal = one.principal_original - sum((each.amount for each in one.settlements), ZERO)
        if principal != one.principal:
            raise self._error(f"invoice {one.invoice_no}, principal", f"{one.principal}", f"{principal}, its lines")
        costs = sum((each.amount for each in one.fees), ZERO) + one.compensation - one.costs_settled
        if costs != one.costs:
            raise self._error(f"invoice {one.invoice_no}, costs", f"{one.costs}", f"{costs}, the sum of its lines")
        if one.principal < 0 or one.costs < 0 or not ZERO <= one.interest <= one.interest_accrued:
            raise self._error(f"invoice {one.invoice_no}", f"{one.total}", "amounts of zero or more")
        if self.kind == "enforcement_petition":
            self._check_notice(one)
        if self.estate is not None and one.invoice_date is not None and one.invoice_date > self.estate.opened_on:
            wanted = f"at most {self.estate.opened_on.isoformat()}, the opening"
            raise self._error(f"invoice {one.invoice_no}, dated", one.invoice_date.isoformat(), wanted)

    def _check_notice(self, one: LegalClaim) -> None:
        """The days of tvangsfullbyrdelsesloven § 4-18 and inkassoloven § 11 (obligations C-7, C-8)."""
        where = f"invoice {one.invoice_no}, "
        if one.notice is None:
            raise self._error(f"{where}notice", "none", "a notice under § 4-18 that has left")
        window = petition_window(one.notice.sent_on, one.due_date)
        if window is None:
            wanted = f"a day from {one.due_date.isoformat()}, the due date"
            raise self._error(f"{where}notice", one.notice.sent_on.isoformat(), wanted)
        if not window.allows(self.dated):
            wanted = f"a day from {window.first.isoformat()} to {window.last.isoformat()} (§ 4-18)"
            raise self._error(f"{where}date of the petition", self.dated.isoformat(), wanted)
        demanded = one.demand is not None and demand_carries_costs(one.demand.sent_on, self.dated)
        if one.costs_claimed and not demanded:
            wanted = "none without a payment demand of the last six months (inkassoloven § 11)"
            raise self._error(f"{where}costs", f"{one.costs_claimed}", wanted)

    def _error(self, field: str, found: str, wanted: str) -> LegalError:
        cases = ", ".join(self.case_ids) or "no case"
        return LegalError(
            f"{self.tenant}: {self.kind} for {cases}, {field}: found {found}, want {wanted}. Nothing is drafted."
        )


@cache
def _adapter() -> TypeAdapter[LegalDocument]:
    return TypeAdapter(LegalDocument)


def to_json(document: LegalDocument) -> dict[str, Any]:
    """The content as plain JSON values: amounts as text with their decimals, days as ISO text."""
    return cast(dict[str, Any], _adapter().dump_python(document, mode="json"))


def from_json(values: object) -> LegalDocument:
    """The content back from ``to_json``. Raises ``LegalError`` naming the first field that does not fit."""
    try:
        return _adapter().validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "document"
        raise LegalError(f"stored legal document, {where}: {first['msg']}") from None


def basis(document: LegalDocument) -> str:
    """SHA-256 of all that makes a draft right or wrong, and not of what only grows with time.

    Left out: the day, the interest up to it, the court's amounts and the attachments. A draft stays as long as its
    basis does; a payment, a new notice, another address or costs that may no longer be claimed make a new one.
    """
    values = to_json(document)
    for name in ("dated", "court", "attachments"):
        values.pop(name)
    for one in values["claims"]:
        for name in ("interest", "interest_accrued", "periods"):
            one.pop(name)
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
