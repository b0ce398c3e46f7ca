"""The shape of a legal document's page, and the parts that several documents share.

Here belong sections of text, sums and tables, in bokmål (the language of the authorities that read them). Not here: the
words of one document (``petition``, ``complaint``, ``bankruptcy``, ``estate``), and where things stand (``legal.typ``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from kredin_pipeline.law.rates import Confidence
from kredin_pipeline.letters import formats
from kredin_pipeline.letters.content import InterestPeriod
from kredin_pipeline.letters.legal.content import CourtAmount, LegalClaim, LegalDocument, Party, SentLetter

STEPS: Final[Mapping[str, str]] = {
    "friendly_reminder": "betalingspåminnelse",
    "reminder": "purring",
    "collection_notice": "inkassovarsel",
    "payment_demand": "betalingsoppfordring med varsel etter tvangsfullbyrdelsesloven § 4-18",
    "enforcement_notice": "varsel etter tvangsfullbyrdelsesloven § 4-18",
}
CHANNELS: Final[Mapping[str, str]] = {"post": "med post", "email": "på e-post"}
SETTLED: Final[Mapping[str, str]] = {
    "payment": "Betalt",
    "credit_note": "Kreditert",
    "netting": "Motregnet",
    "currency_difference": "Valutadifferanse",
    "rounding": "Avrundet",
    "reversal": "Reversert",
}
SURENESS: Final[Mapping[Confidence, str]] = {
    "high": "",
    "medium": "satsen er ikke bekreftet",
    "low": "satsen er usikker",
    "unknown": "satsen er ikke kjent",
}
"""How a court amount is marked by the confidence of its figure (obligation C-9)."""

MANY: Final = 3
Pair = tuple[str, str]


@dataclass(frozen=True)
class Table:
    """Columns and rows of text; from column ``numbers_from`` on they stand to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers_from: int


@dataclass(frozen=True)
class Section:
    """A heading with paragraphs, then facts (label and value), a table, sums, and notes; what is empty is left out."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[Pair, ...] = ()
    table: Table | None = None
    sums: tuple[Pair, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """A whole document. ``sign`` are the lines under the place for a signature; empty: nobody signs it."""

    title: str
    author: str
    recipient: tuple[str, ...]
    facts: tuple[Pair, ...]
    sections: tuple[Section, ...]
    sign: tuple[str, ...]
    footer: str

    def text(self) -> str:
        """All words of the page, in their order: what ``required`` looks through."""
        parts: list[str] = [self.title, *self.recipient, *_pairs(self.facts)]
        for section in self.sections:
            parts += [section.heading, *section.paragraphs, *_pairs(section.facts)]
            if section.table is not None:
                parts += [*section.table.columns, *(cell for row in section.table.rows for cell in row)]
            parts += [*_pairs(section.sums), *section.notes]
        return "\n".join([*parts, *self.sign])


def _pairs(pairs: Iterable[Pair]) -> list[str]:
    return [f"{label}: {value}" for label, value in pairs]


# Words and figures ----------------------------------------------------------------------------------------------------


def amount(value: Decimal) -> str:
    """Kroner with two decimals."""
    return formats.amount(value)


def kroner(value: Decimal) -> str:
    """Kroner with their unit, for running text."""
    return formats.money(value)


def sent(letter: SentLetter) -> str:
    """``purring, sendt 17. mars 2025 med post, frist 31. mars 2025``."""
    how = f" {CHANNELS[letter.channel]}" if letter.channel in CHANNELS else ""
    until = f", frist {formats.day(letter.deadline)}" if letter.deadline is not None else ""
    return f"{STEPS.get(letter.step, letter.step)}, sendt {formats.day(letter.sent_on)}{how}{until}"


def listed(words: Sequence[str]) -> str:
    """``a``, ``a og b``, ``a, b og c``."""
    return " og ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def references(document: LegalDocument) -> str:
    """The cases, or the first of many and how many more; each invoice states its own."""
    first, *more = document.case_ids
    return ", ".join(document.case_ids) if len(more) < MANY else f"{first} og {len(more)} til"


def invoices(document: LegalDocument) -> str:
    """``faktura 1001`` or ``fakturaene 1001 og 1002``."""
    numbers = [one.invoice_no for one in document.claims]
    return f"faktura {numbers[0]}" if len(numbers) == 1 else f"fakturaene {listed(numbers)}"


# Sections that several documents share --------------------------------------------------------------------------------


def creditor_section(document: LegalDocument, role: str) -> Section:
    """Who claims: name, number, address, contact, and where to pay."""
    who = document.creditor
    facts = [
        ("Navn", who.name),
        ("Organisasjonsnummer", formats.organisation_number(who.orgnr or "")),
        ("Adresse", " ".join((who.address or "").split("\n"))),
        ("E-post", who.email or ""),
        ("Telefon", who.phone or ""),
        ("Bankkonto", formats.account_number(who.bank_account) if who.bank_account else ""),
    ]
    return Section(role, facts=tuple((label, value) for label, value in facts if value))


def debtor_section(document: LegalDocument, role: str) -> Section:
    """Against whom: name, number or that it is a person, address."""
    who = document.debtor
    facts = [("Navn", who.name)]
    if who.orgnr:
        facts.append(("Organisasjonsnummer", formats.organisation_number(who.orgnr)))
    if who.organisation_form:
        facts.append(("Organisasjonsform", who.organisation_form))
    if not who.is_business:
        facts.append(("Skyldneren er", "privatperson; fødselsnummer er ikke kjent for fordringshaver"))
    elif who.organisation_form == "ENK":
        facts.append(("Skyldneren er", "innehaveren av enkeltpersonforetaket, personlig"))
    facts.append(("Adresse", ", ".join(who.lines) or who.place))
    return Section(role, facts=tuple(facts))


def claim_sections(document: LegalDocument, interest_to: str) -> list[Section]:
    """Each invoice with its lines: what it concerns, principal, interest and costs apart."""
    return [_claim(one, interest_to) for one in document.claims]


def _claim(one: LegalClaim, interest_to: str) -> Section:
    facts: list[Pair] = []
    if one.invoice_date is not None:
        facts.append(("Fakturadato", formats.short_day(one.invoice_date)))
    facts.append(("Forfall", formats.short_day(one.due_date)))
    if one.kid:
        facts.append(("KID", one.kid))
    if one.case_id:
        facts.append(("Vår referanse", one.case_id))
    sums: list[Pair] = [("Opprinnelig hovedstol", amount(one.principal_original))]
    sums += [
        (f"{SETTLED.get(each.kind, each.kind)} {formats.short_day(each.on)}", amount(-each.amount))
        for each in one.settlements
    ]
    sums.append(("Hovedstol", amount(one.principal)))
    if one.interest_accrued:
        sums.append((f"Forsinkelsesrente til {interest_to}", amount(one.interest)))
    sums += [
        (f"Gebyr, {STEPS.get(each.step, each.step).split(' med ')[0]} {formats.short_day(each.charged_on)}",
         amount(each.amount))
        for each in one.fees
    ]  # fmt: skip
    if one.compensation:
        sums.append(("Standardkompensasjon ut over gebyrene (forsinkelsesrenteloven § 3 a)", amount(one.compensation)))
    if one.costs_settled:
        sums.append(("Kostnader betalt eller frafalt", amount(-one.costs_settled)))
    if not one.costs_carried and one.costs:
        sums.append(("Utenrettslige kostnader som ikke kreves her", amount(-one.costs)))
    sums.append(("Sum for fakturaen", amount(one.total)))
    return Section(f"Faktura {one.invoice_no}", facts=tuple(facts), sums=tuple(sums))


def sums_section(document: LegalDocument, heading: str = "Kravet i alt") -> Section:
    """Principal, interest, costs and their sum over all invoices."""
    return Section(
        heading,
        sums=(
            ("Hovedstol", amount(document.principal)),
            ("Forsinkelsesrente", amount(document.interest)),
            ("Utenrettslige kostnader", amount(document.costs)),
            ("Sum", kroner(document.total)),
        ),
    )


def court_section(document: LegalDocument, heading: str, lead: str) -> Section | None:
    """What the court adds, each amount marked by how sure its figure is; None when there is nothing."""
    if not document.court:
        return None
    rows = tuple(
        (one.name, one.statute, SURENESS[one.confidence] or "bekreftet",
         "som fastsatt" if one.amount is None else amount(one.amount))
        for one in document.court
    )  # fmt: skip
    notes = [_mark(one) for one in document.court if one.confidence != "high"]
    sums = (("Sum av kjente satser", amount(document.court_total)),) if len(document.court) > 1 else ()
    return Section(
        heading, (lead,), table=Table(("Post", "Hjemmel", "Sats", "Kroner"), rows, 3), sums=sums, notes=tuple(notes)
    )


def _mark(one: CourtAmount) -> str:
    return f"{one.name}: {SURENESS[one.confidence]}; beløpet kreves slik det blir fastsatt etter {one.statute}."


def periods_table(periods: Sequence[InterestPeriod]) -> Table:
    """The calculation of interest: one row a period (rules § 3)."""
    rows = tuple(
        (formats.short_day(one.from_date), formats.short_day(one.to_date), str(one.days),
         formats.percent(one.rate_percent), amount(one.base), amount(one.amount))
        for one in periods
    )  # fmt: skip
    return Table(("Fra", "Til", "Dager", "Sats per år", "Av", "Rente"), rows, 2)


def attachments_section(document: LegalDocument) -> Section:
    """What goes with the document, numbered."""
    rows = tuple(f"{number}. {name}" for number, name in enumerate(document.attachments, 1))
    return Section("Vedlegg", rows or ("Ingen vedlegg.",))


def address_of(party: Party) -> tuple[str, ...]:
    """A party as an envelope shows it."""
    return (party.name, *party.lines)


def page(
    document: LegalDocument, title: str, recipient: Sequence[str], sections: Sequence[Section | None], role: str
) -> Page:
    """A page from its parts; ``role`` is what the signer signs for."""
    return Page(
        title=title,
        author=document.creditor.name,
        recipient=tuple(recipient),
        facts=(
            ("Dato", formats.day(document.dated)),
            ("Vår referanse", references(document)),
        ),
        sections=tuple(one for one in sections if one is not None),
        sign=("Sted og dato", f"For {role} {document.creditor.name}", "Underskrift"),
        footer=f"{document.creditor.name} · {title}",
    )
