"""A letter as a reader meets it: address, words, tables and sums, in order, in the reader's notation.

Here belongs what the e-mail's text and the PDF have in common, so that they cannot say different things. Not here: the
sentences (``wording``), the notation (``formats``), the layouts (``text``, ``pdf``).

Figures that our own systems and the debtor's read alike stand on lines of their own under fixed Norwegian names:
``Sak``, ``Hovedstol``, ``Renter``, ``Gebyr``, ``Sum``, ``Betalingsfrist``. In an English letter they are repeated under
those names at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from kredin_pipeline.letters import formats
from kredin_pipeline.letters.content import ClaimInLetter, Language, LetterContent
from kredin_pipeline.letters.wording import SETTLEMENT_NAMES, STEP_NAMES, TITLES, Figures, words


@dataclass(frozen=True)
class Line:
    """One line of an account: what it is, and the amount or date. ``strong`` marks a sum."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True)
class ClaimBlock:
    """One claim: heading, its lines, and the rows of the interest calculation under ``interest_heading``."""

    heading: str
    lines: tuple[Line, ...]
    interest_columns: tuple[str, ...]
    interest_rows: tuple[tuple[str, ...], ...]
    interest_sums: tuple[Line, ...]
    interest_note: str | None


@dataclass(frozen=True)
class LetterDocument:
    """The whole letter, in the order in which it is read."""

    language: Language
    title: str
    sender: tuple[str, ...]
    recipient: tuple[str, ...]
    facts: tuple[Line, ...]
    opening: tuple[str, ...]
    claims: tuple[ClaimBlock, ...]
    sums_heading: str
    sums: tuple[Line, ...]
    payment_heading: str
    payment_columns: tuple[str, ...]
    payment_rows: tuple[tuple[str, ...], ...]
    payment_note: str
    closing: tuple[str, ...]
    signature: tuple[str, ...]
    figures_heading: str
    figures: tuple[Line, ...]


_NB: Final[Mapping[str, str]] = {
    "date": "Dato",
    "customer": "Kundenummer",
    "case": "Sak",
    "orgnr": "Org.nr.",
    "phone": "Telefon",
    "guardian": "Til verge for",
    "invoice": "Faktura",
    "invoice_date": "Fakturadato",
    "due": "Forfall",
    "agreed_due": "Avtalt nytt forfall",
    "original": "Opprinnelig beløp",
    "part_of": "av",
    "settled_interest": "Av dette betalt eller frafalt",
    "on_account": "Innbetalt, ikke fordelt på faktura",
    "open": "Åpen hovedstol",
    "currency": "Åpen hovedstol i fakturaens valuta",
    "interest": "Forsinkelsesrenter",
    "earlier_fee": "Gebyr for {step} {day}",
    "fee": "Gebyr for dette brevet",
    "compensation": "Standardkompensasjon ut over gebyrene (forsinkelsesrenteloven § 3 a)",
    "paid": "Renter og gebyr som er betalt",
    "waived": "Renter og gebyr som er frafalt",
    "claim_sum": "Sum for fakturaen",
    "from": "Fra",
    "to": "Til",
    "days": "Dager",
    "rate": "Sats per år",
    "base": "Av",
    "amount": "Rente",
    "interest_heading": "Renteberegning",
    "interest_note": "Hver linje er vist avrundet; summen er regnet uavrundet og avrundet én gang.",
    "sums": "Samlet krav i kroner",
    "payment": "Betaling",
    "account": "Konto",
    "kid": "KID",
    "pay": "Beløp",
    "by": "Betalingsfrist",
    "no_kid": "merk med fakturanummeret",
    "same_account": "kontoen på fakturaen",
    "currency_note": (
        "Hovedstolen kan betales i fakturaens valuta; renter og gebyr er i norske kroner. "
        "Beløpene i kroner er som i regnskapet."
    ),
    "greeting": "Med vennlig hilsen",
    "figures": "",
}
_EN: Final[Mapping[str, str]] = {
    "date": "Date",
    "customer": "Customer number",
    "case": "Case",
    "orgnr": "Org. no.",
    "phone": "Telephone",
    "guardian": "To the guardian of",
    "invoice": "Invoice",
    "invoice_date": "Invoice date",
    "due": "Due date",
    "agreed_due": "Agreed new due date",
    "original": "Original amount",
    "part_of": "of",
    "settled_interest": "Of this paid or waived",
    "on_account": "Paid on account, not allocated to an invoice",
    "open": "Open principal",
    "currency": "Open principal in the invoice's currency",
    "interest": "Late-payment interest",
    "earlier_fee": "Fee for the {step} of {day}",
    "fee": "Fee for this letter",
    "compensation": "Standard compensation beyond the fees (forsinkelsesrenteloven § 3 a)",
    "paid": "Interest and fees already paid",
    "waived": "Interest and fees waived",
    "claim_sum": "Sum for the invoice",
    "from": "From",
    "to": "To",
    "days": "Days",
    "rate": "Rate a year",
    "base": "Of",
    "amount": "Interest",
    "interest_heading": "Calculation of interest",
    "interest_note": "Each line is shown rounded; the sum is calculated unrounded and rounded once.",
    "sums": "Total claim in Norwegian kroner",
    "payment": "Payment",
    "account": "Account",
    "kid": "KID (reference)",
    "pay": "Amount",
    "by": "Deadline",
    "no_kid": "state the invoice number",
    "same_account": "the account on the invoice",
    "currency_note": (
        "The principal may be paid in the invoice's currency; interest and fees are in Norwegian kroner. "
        "The amounts in kroner are as in the books."
    ),
    "greeting": "Yours sincerely",
    "figures": "The figures under their Norwegian names",
}
LABELS: Final[Mapping[Language, Mapping[str, str]]] = {"nb": _NB, "en": _EN}


def document(content: LetterContent) -> LetterDocument:
    """The letter as it is read. Raises ``LetterError`` when its sums do not agree."""
    content = content.checked()
    language = content.language
    label = LABELS[language]
    said = words(content, _figures(content))
    in_kroner = all(claim.currency == "NOK" for claim in content.claims)
    return LetterDocument(
        language=language,
        title=TITLES[language][content.step],
        sender=_sender(content),
        recipient=_recipient(content),
        facts=_facts(content),
        opening=tuple(said.opening),
        claims=tuple(_claim(claim, content) for claim in content.claims),
        sums_heading=label["sums"],
        sums=_sums(content),
        payment_heading=label["payment"],
        payment_columns=(label["invoice"], label["account"], label["kid"], label["pay"]),
        payment_rows=_payment(content),
        payment_note="" if in_kroner else label["currency_note"],
        closing=tuple(said.closing),
        signature=(label["greeting"], content.creditor.name),
        figures_heading=label["figures"],
        figures=_key_figures(content) if language == "en" else (),
    )


def _figures(content: LetterContent) -> Figures:
    """What the sentences mention. Of several claims the earliest start and the newest rate stand for all."""
    language = content.language
    periods = [period for claim in content.claims for period in claim.periods]
    claimed = bool(periods) and content.interest > 0
    newest = max(periods, key=lambda period: period.to_date) if claimed else None
    first = min((period.from_date for period in periods), default=None)
    return Figures(
        total=formats.money(content.total, language),
        deadline=formats.day(content.deadline, language),
        fee=formats.money(content.fee, language) if content.fee else None,
        rate=formats.percent(newest.rate_percent, language) if newest else None,
        interest_from=formats.day(first, language) if claimed and first else None,
    )


def _sender(content: LetterContent) -> tuple[str, ...]:
    creditor, label = content.creditor, LABELS[content.language]
    lines = [creditor.name, *_address_lines(creditor.address)]
    if creditor.orgnr:
        lines.append(f"{label['orgnr']} {formats.organisation_number(creditor.orgnr)}")
    if creditor.phone:
        lines.append(f"{label['phone']} {creditor.phone}")
    if creditor.email:
        lines.append(creditor.email)
    return tuple(lines)


def _address_lines(address: str | None) -> list[str]:
    return [part.strip() for part in (address or "").replace("\n", ",").split(",") if part.strip()]


def _recipient(content: LetterContent) -> tuple[str, ...]:
    to = content.recipient
    name = f"{LABELS[content.language]['guardian']} {to.name}" if to.is_minor else to.name
    place = " ".join(part for part in (to.zip_code, to.city) if part)
    country = (to.country_code or "NO").upper()
    lines = [name, to.address_line1, to.address_line2, place, country if country != "NO" else None]
    if to.orgnr:
        lines.append(f"{LABELS[content.language]['orgnr']} {formats.organisation_number(to.orgnr)}")
    return tuple(line for line in lines if line)


def _facts(content: LetterContent) -> tuple[Line, ...]:
    label = LABELS[content.language]
    return (
        Line(label["date"], formats.day(content.dated, content.language)),
        Line(label["customer"], content.recipient.customer_no),
        Line(label["case"], ", ".join(content.case_ids)),
    )


def _claim(claim: ClaimInLetter, content: LetterContent) -> ClaimBlock:
    language = content.language
    label = LABELS[language]

    def shown(value: Decimal) -> str:
        return formats.amount(value, language)

    lines: list[Line] = []
    if claim.invoice_date is not None:
        lines.append(Line(label["invoice_date"], formats.short_day(claim.invoice_date, language)))
    moved = claim.original_due_date is not None and claim.original_due_date != claim.due_date
    lines.append(Line(label["due"], formats.short_day(claim.original_due_date or claim.due_date, language)))
    if moved:
        lines.append(Line(label["agreed_due"], formats.short_day(claim.due_date, language)))
    lines.append(Line(label["original"], shown(claim.principal_original)))
    for settlement in claim.settlements:
        name = SETTLEMENT_NAMES[language].get(settlement.kind, SETTLEMENT_NAMES[language]["unexplained"])
        part_of = f" ({label['part_of']} {shown(settlement.whole)})" if settlement.whole is not None else ""
        said = f"{name} {formats.short_day(settlement.on, language)}{part_of}"
        lines.append(Line(said, shown(-settlement.amount)))
    if claim.on_account:
        lines.append(Line(label["on_account"], shown(-claim.on_account)))
    lines.append(Line(label["open"], shown(claim.principal), strong=True))
    if claim.currency_open is not None:
        lines.append(Line(label["currency"], formats.money(claim.currency_open, language, claim.currency)))
    if content.step != "friendly_reminder":
        lines += _cost_lines(claim, content)
    return ClaimBlock(
        heading=f"{label['invoice']} {claim.invoice_no}",
        lines=tuple(lines),
        interest_columns=tuple(label[name] for name in ("from", "to", "days", "rate", "base", "amount")),
        interest_rows=_interest_rows(claim, language) if claim.interest else (),
        interest_sums=_interest_sums(claim, language),
        interest_note=label["interest_note"] if claim.interest and len(claim.periods) > 1 else None,
    )


def _cost_lines(claim: ClaimInLetter, content: LetterContent) -> list[Line]:
    language = content.language
    label = LABELS[language]
    lines: list[Line] = []
    if claim.interest:
        lines.append(Line(label["interest"], formats.amount(claim.interest, language)))
    for earlier in claim.earlier_fees:
        name = label["earlier_fee"].format(
            step=STEP_NAMES[language][earlier.step], day=formats.short_day(earlier.charged_on, language)
        )
        lines.append(Line(name, formats.amount(earlier.amount, language)))
    if claim.fee:
        lines.append(Line(label["fee"], formats.amount(claim.fee, language)))
    if claim.compensation:
        lines.append(Line(label["compensation"], formats.amount(claim.compensation, language)))
    for deduction in claim.deductions:
        lines.append(Line(label[deduction.kind], formats.amount(-deduction.amount, language)))
    lines.append(Line(label["claim_sum"], formats.amount(claim.total, language), strong=True))
    return lines


def _interest_rows(claim: ClaimInLetter, language: Language) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            formats.short_day(period.from_date, language),
            formats.short_day(period.to_date, language),
            str(period.days),
            formats.percent(period.rate_percent, language),
            formats.amount(period.base, language),
            formats.amount(period.amount, language),
        )
        for period in claim.periods
    )


def _interest_sums(claim: ClaimInLetter, language: Language) -> tuple[Line, ...]:
    label = LABELS[language]
    if not claim.interest:
        return ()
    asked = Line(label["interest"], formats.amount(claim.interest, language))
    accrued = claim.interest_accrued
    if accrued is None or accrued == claim.interest:
        return (asked,)
    return (
        Line(label["interest_heading"], formats.amount(accrued, language)),
        Line(label["settled_interest"], formats.amount(claim.interest - accrued, language)),
        asked,
    )


def _sums(content: LetterContent) -> tuple[Line, ...]:
    return _key_figures(content)[1:] if content.language == "nb" else _english_sums(content)


def _key_figures(content: LetterContent) -> tuple[Line, ...]:
    """The figures under the names that are the same in every letter, in Norwegian notation."""
    lines = [
        Line("Sak", ", ".join(content.case_ids)),
        Line("Hovedstol", formats.amount(content.principal)),
        Line("Renter", formats.amount(content.interest)),
    ]
    if content.fees_before:
        lines.append(Line("Tidligere gebyr", formats.amount(content.fees_before)))
    lines.append(Line("Gebyr", formats.amount(content.fee)))
    if content.compensation:
        lines.append(Line("Standardkompensasjon ut over gebyr", formats.amount(content.compensation)))
    if content.deducted:
        lines.append(Line("Fradrag", formats.amount(-content.deducted)))
    lines.append(Line("Sum", formats.amount(content.total), strong=True))
    lines.append(Line("Betalingsfrist", formats.short_day(content.deadline), strong=True))
    return tuple(lines)


def _english_sums(content: LetterContent) -> tuple[Line, ...]:
    def shown(value: Decimal) -> str:
        return formats.amount(value, "en")

    lines = [Line("Principal", shown(content.principal)), Line("Interest", shown(content.interest))]
    if content.fees_before:
        lines.append(Line("Earlier fees", shown(content.fees_before)))
    lines.append(Line("Fee", shown(content.fee)))
    if content.compensation:
        lines.append(Line("Standard compensation beyond fees", shown(content.compensation)))
    if content.deducted:
        lines.append(Line("Deductions", shown(-content.deducted)))
    lines.append(Line("Total", shown(content.total), strong=True))
    lines.append(Line("Deadline", formats.day(content.deadline, "en"), strong=True))
    return tuple(lines)


def _payment(content: LetterContent) -> tuple[tuple[str, ...], ...]:
    label = LABELS[content.language]
    account = content.creditor.bank_account
    shown_account = formats.account_number(account) if account else label["same_account"]
    return tuple(
        (
            claim.invoice_no,
            shown_account,
            claim.kid or label["no_kid"],
            formats.money(claim.total, content.language),
        )
        for claim in content.claims
    )
