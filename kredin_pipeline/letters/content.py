"""Everything that a letter states, as values that add up.

Here belong the shape of a letter's content, its sums, and the check that they agree to the øre. Not here: which
letter is due and what it may charge (``cases``), the words around the figures (``wording``) and how they look
(``text``, ``pdf``).

A letter serves one debtor (skyldner) of one tenant and carries one or more claims; its own fee stands on one of them::

    LetterContent
      creditor, recipient
      claims ──┬─ ClaimInLetter   principal_original − settlements − on_account = principal
               │                  principal + interest + earlier fees + compensation + fee − deductions = total
               └─ ...

Amounts are kroner with two decimals; dates are calendar dates in Oslo; ids and numbers are text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from kredin_pipeline.cases.letter_texts import step_text

Step = Literal["friendly_reminder", "reminder", "collection_notice", "payment_demand", "enforcement_notice"]
Channel = Literal["email", "post"]
Language = Literal["nb", "nn", "en"]
Regime = Literal["1988", "2026"]

STEPS: tuple[Step, ...] = (
    "friendly_reminder",
    "reminder",
    "collection_notice",
    "payment_demand",
    "enforcement_notice",
)
ZERO = Decimal("0.00")


class LetterError(ValueError):
    """A letter that must not leave: names tenant, case, field, what was found and what is wanted."""


@dataclass(frozen=True)
class Creditor:
    """The sender (fordringshaver). ``bank_account`` None: the debtor is pointed to the account on the invoice.

    ``logo``: a picture as the setting ``creditor_logo`` keeps it (``cases.logo``).
    """

    name: str
    orgnr: str | None = None
    address: str | None = None
    email: str | None = None
    phone: str | None = None
    bank_account: str | None = None
    reply_to: str | None = None
    logo: str | None = None


@dataclass(frozen=True)
class Recipient:
    """The debtor as the letter addresses it; of a minor the guardian. No ``country_code`` means Norway."""

    customer_no: str
    name: str
    orgnr: str | None = None
    is_business: bool = True
    is_minor: bool = False
    email: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country_code: str | None = None

    @property
    def language(self) -> Language:
        """Bokmål for an address in Norway, English for one abroad; nynorsk is chosen by ``compose``."""
        return "nb" if (self.country_code or "NO").upper() == "NO" else "en"

    @property
    def has_postal_address(self) -> bool:
        """Whether a letter on paper can reach the debtor: a street or box, and a place."""
        return bool((self.address_line1 or self.address_line2) and (self.zip_code or self.city))


@dataclass(frozen=True)
class Settlement:
    """Something that reduced the claim before this letter. ``amount`` > 0 in kroner; ``on`` is the ledger's date.

    ``whole`` is the payment's whole amount when a part of it went to costs or to other claims, else None.
    """

    on: date
    kind: str
    amount: Decimal
    whole: Decimal | None = None


@dataclass(frozen=True)
class InterestPeriod:
    """One row of the interest calculation (rules § 3). ``amount`` is exact, not rounded; ``rate_percent`` is yearly."""

    from_date: date
    to_date: date
    days: int
    rate_percent: Decimal
    year_days: int
    base: Decimal
    amount: Decimal


@dataclass(frozen=True)
class EarlierFee:
    """A fee (gebyr) charged by an earlier letter of the same claim."""

    step: Step
    charged_on: date
    amount: Decimal


@dataclass(frozen=True)
class Deduction:
    """What comes off the costs: ``paid`` by the debtor or ``waived`` by the creditor. ``amount`` > 0 in kroner."""

    kind: Literal["paid", "waived"]
    amount: Decimal


@dataclass(frozen=True)
class ClaimInLetter:
    """One invoice in the letter, every line of it. ``compensation`` is what § 3 a gives beyond the fees.

    ``interest`` is what is asked; ``interest_accrued`` is the sum of the periods when some of it was paid or waived.

    ``on_account`` is an unmatched credit of the debtor that comes off what is asked. ``entry_id``, ``customer_no`` and
    ``ledger_balance`` are the picture of the ledger that the letter was made from; the last look compares with it.
    """

    case_id: str
    invoice_no: str
    kid: str | None
    invoice_date: date | None
    due_date: date
    principal_original: Decimal
    principal: Decimal
    total: Decimal
    interest: Decimal = ZERO
    interest_accrued: Decimal | None = None
    fee: Decimal = ZERO
    bears_fee: bool = False
    original_due_date: date | None = None
    currency: str = "NOK"
    currency_amount: Decimal | None = None
    settlements: tuple[Settlement, ...] = ()
    on_account: Decimal = ZERO
    periods: tuple[InterestPeriod, ...] = ()
    earlier_fees: tuple[EarlierFee, ...] = ()
    compensation: Decimal = ZERO
    deductions: tuple[Deduction, ...] = ()
    entry_id: str = ""
    customer_no: str = ""
    ledger_balance: Decimal = ZERO

    @property
    def settled(self) -> Decimal:
        """Sum of what has reduced the principal, kroner."""
        return sum((one.amount for one in self.settlements), ZERO)

    @property
    def fees_before(self) -> Decimal:
        """Sum of the fees of earlier letters, kroner."""
        return sum((one.amount for one in self.earlier_fees), ZERO)

    @property
    def deducted(self) -> Decimal:
        """Sum of costs paid or waived, kroner."""
        return sum((one.amount for one in self.deductions), ZERO)

    @property
    def currency_open(self) -> Decimal | None:
        """What is open in the invoice's own currency: exact while nothing is settled, else in the same proportion."""
        if self.currency == "NOK" or self.currency_amount is None or not self.principal_original:
            return None
        if self.principal == self.principal_original:
            return self.currency_amount
        return (self.currency_amount * self.principal / self.principal_original).quantize(Decimal("0.01"))


@dataclass(frozen=True)
class LetterContent:
    """A letter: one debtor, one step, one deadline, one or more claims. ``dated`` is the day it leaves.

    ``opening`` and ``closing`` are the creditor's own texts (``cases.letter_texts``); None: the standard ones.
    """

    letter_key: str
    tenant: str
    step: Step
    channel: Channel
    language: Language
    regime: Regime
    dated: date
    deadline: date
    creditor: Creditor
    recipient: Recipient
    claims: tuple[ClaimInLetter, ...]
    opening: str | None = None
    closing: str | None = None

    @property
    def principal(self) -> Decimal:
        """Open principal (hovedstol) of all claims, kroner."""
        return sum((claim.principal for claim in self.claims), ZERO)

    @property
    def interest(self) -> Decimal:
        """Interest (renter) of all claims, kroner."""
        return sum((claim.interest for claim in self.claims), ZERO)

    @property
    def fee(self) -> Decimal:
        """The fee of this letter, kroner; it stands on one claim."""
        return sum((claim.fee for claim in self.claims), ZERO)

    @property
    def fees_before(self) -> Decimal:
        """Fees of earlier letters, kroner."""
        return sum((claim.fees_before for claim in self.claims), ZERO)

    @property
    def compensation(self) -> Decimal:
        """Standard compensation beyond the fees, kroner (forsinkelsesrenteloven § 3 a)."""
        return sum((claim.compensation for claim in self.claims), ZERO)

    @property
    def deducted(self) -> Decimal:
        """Costs paid or waived, kroner."""
        return sum((claim.deducted for claim in self.claims), ZERO)

    @property
    def total(self) -> Decimal:
        """What the letter asks for, kroner."""
        return sum((claim.total for claim in self.claims), ZERO)

    @property
    def case_ids(self) -> tuple[str, ...]:
        """Case numbers, the one that keeps the fee first."""
        return tuple(claim.case_id for claim in self.claims)

    @property
    def invoice_nos(self) -> tuple[str, ...]:
        """Invoice numbers, in the order of the claims."""
        return tuple(claim.invoice_no for claim in self.claims)

    def checked(self) -> LetterContent:
        """This letter, after its sums, its texts and the law's bounds have been checked. Raises ``LetterError``."""
        if not self.claims:
            raise LetterError(f"{self.tenant}: letter {self.letter_key} carries no claim")
        if self.step not in STEPS:
            raise LetterError(f"{self.tenant}: letter {self.letter_key}, step: found {self.step!r}, want {STEPS}")
        if not self.recipient.name.strip():
            raise LetterError(f"{self.tenant}: customer {self.recipient.customer_no}, name: found nothing, want a name")
        for claim in self.claims:
            self._check_claim(claim)
        bearers = [claim.case_id for claim in self.claims if claim.fee]
        if len(bearers) > 1:
            raise self._error(self.claims[0], "fee", f"a fee on {len(bearers)} claims", "one fee in a letter")
        self._check_law()
        try:
            step_text(self.step, self.opening, self.closing)
        except ValueError as error:
            raise LetterError(
                f"{self.tenant}: setting letter_texts.{self.language}.{error}. The letter of case "
                f"{self.claims[0].case_id} does not leave."
            ) from None
        return self

    def _check_claim(self, claim: ClaimInLetter) -> None:
        principal = claim.principal_original - claim.settled - claim.on_account
        if principal != claim.principal:
            raise self._error(claim, "principal", f"{claim.principal}", f"{principal}, the sum of its lines")
        if claim.principal < 0 or claim.total <= 0:
            raise self._error(claim, "total", f"{claim.total}", "an amount above zero")
        total = claim.principal + claim.interest + claim.fees_before + claim.compensation + claim.fee - claim.deducted
        if total != claim.total:
            raise self._error(claim, "total", f"{claim.total}", f"{total}, the sum of its lines")

    def _check_law(self) -> None:
        claim = self.claims[0]
        if self.step == "friendly_reminder" and (self.fee or self.interest):
            raise self._error(claim, "fee", f"{self.fee} and interest {self.interest}", "a friendly reminder without")
        if self.step == "enforcement_notice" and self.fee:
            raise self._error(claim, "fee", f"{self.fee}", "none: a § 4-18 notice is free")
        if self.recipient.is_minor and (self.fee or self.fees_before):
            raise self._error(claim, "fee", f"{self.fee + self.fees_before}", "none: the debtor is a minor")
        if self.regime == "2026" and self.step in ("collection_notice", "payment_demand"):
            raise self._error(claim, "step", self.step, "enforcement_notice: only a licensed company may send it now")
        if self.deadline <= self.dated:
            raise self._error(claim, "deadline", f"{self.deadline}", f"a day after {self.dated}")
        wants_two_weeks = self.step in ("collection_notice", "payment_demand", "enforcement_notice")
        if wants_two_weeks and (self.deadline - self.dated).days < 14:
            raise self._error(claim, "deadline", f"{self.deadline}", f"at least 14 days after {self.dated}")

    def _error(self, claim: ClaimInLetter, field: str, found: str, wanted: str) -> LetterError:
        return LetterError(
            f"{self.tenant}: {self.step} for case {claim.case_id} (invoice {claim.invoice_no}), {field}: "
            f"found {found}, want {wanted}. The letter does not leave."
        )


@cache
def _adapter() -> TypeAdapter[LetterContent]:
    return TypeAdapter(LetterContent)


def to_json(content: LetterContent) -> dict[str, object]:
    """The content as plain JSON values: amounts as text with their decimals, dates as ISO text."""
    return _adapter().dump_python(content, mode="json")


def from_json(values: object) -> LetterContent:
    """The content back from ``to_json``. Raises ``LetterError`` naming the first field that does not fit."""
    try:
        return _adapter().validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "letter"
        raise LetterError(f"stored letter, {where}: {first['msg']}") from None
