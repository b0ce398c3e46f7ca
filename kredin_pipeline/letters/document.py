"""A letter as a reader meets it: address, words, tables and sums, in order, in the reader's notation.

Here belongs what the e-mail's text and the PDF have in common, so that they cannot say different things. Not here: the
sentences (``wording``), the notation (``formats``), the layouts (``text``, ``pdf``).

Figures that our own systems and the debtor's read alike stand on lines of their own under fixed Norwegian names:
``Sak``, ``Hovedstol``, ``Renter``, ``Gebyr``, ``Sum``, ``Betalingsfrist``. In an English letter they are repeated under
those names at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from kredin_pipeline.letters import formats
from kredin_pipeline.letters.content import ClaimInLetter, Language, LetterContent
from kredin_pipeline.letters.texts import SETTLEMENT_NAMES, STEP_NAMES, TITLES, words
from kredin_pipeline.letters.texts_figures import Figures
from kredin_pipeline.letters.texts_labels import LABELS

__all__ = ["LABELS", "ClaimBlock", "LetterDocument", "Line", "document", "figures"]


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


def document(content: LetterContent) -> LetterDocument:
    """The letter as it is read. Raises ``LetterError`` when its sums do not agree."""
    content = content.checked()
    language = content.language
    label = LABELS[language]
    said = words(content, figures(content))
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


def figures(content: LetterContent) -> Figures:
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
    lines = [name, to.address_line1, to.address_line2, place, formats.country(country) if country != "NO" else None]
    return tuple(line for line in lines if line)


def _facts(content: LetterContent) -> tuple[Line, ...]:
    label, orgnr = LABELS[content.language], content.recipient.orgnr
    return (
        Line(label["date"], formats.day(content.dated, content.language)),
        Line(label["customer"], content.recipient.customer_no),
        *((Line(label["their_orgnr"], formats.organisation_number(orgnr)),) if orgnr else ()),
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
        return (asked,) if len(claim.periods) > 1 else ()  # one row is its own sum
    return (
        Line(label["interest_heading"], formats.amount(accrued, language)),
        Line(label["settled_interest"], formats.amount(claim.interest - accrued, language)),
        asked,
    )


def _sums(content: LetterContent) -> tuple[Line, ...]:
    return _key_figures(content)[1:] if content.language != "en" else _english_sums(content)


def _key_figures(content: LetterContent) -> tuple[Line, ...]:
    """The figures under the names that are the same in every letter, in Norwegian notation."""
    label = LABELS["nb" if content.language == "en" else content.language]
    lines = [
        Line("Sak", ", ".join(content.case_ids)),
        Line("Hovedstol", formats.amount(content.principal)),
        Line("Renter", formats.amount(content.interest)),
    ]
    if content.fees_before:
        lines.append(Line(label["earlier_fees"], formats.amount(content.fees_before)))
    lines.append(Line("Gebyr", formats.amount(content.fee)))
    if content.compensation:
        lines.append(Line(label["compensation_sum"], formats.amount(content.compensation)))
    if content.deducted:
        lines.append(Line(label["deductions"], formats.amount(-content.deducted)))
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
