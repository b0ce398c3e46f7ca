"""The conciliation complaint (forliksklage, tvisteloven § 6-3), in words.

Here belongs what it says. What it must state is data in ``required``. It is the way when enforcement on a written
notice is not open: an objection was made, or the debtor is a public body. Reference § 8 (FR-1 to FR-8).
"""

from __future__ import annotations

from kredin_pipeline.letters import formats
from kredin_pipeline.letters.legal import layout
from kredin_pipeline.letters.legal.content import LegalDocument
from kredin_pipeline.letters.legal.layout import Page, Section

JUDGED_BY_ONE_PARTYS_WISH_BELOW = 200_000
"""Kroner: below this sum forliksrådet may judge when one party asks (tvisteloven § 6-10; reference FR-5)."""


def page(document: LegalDocument) -> Page:
    """The complaint as sections."""
    sections = [
        layout.creditor_section(document, "Klager"),
        layout.debtor_section(document, "Innklagede"),
        Section("Hva saken gjelder", _why(document)),
        Section("Varsel om kravet", _notice(document)),
        *layout.claim_sections(document, formats.short_day(document.dated)),
        layout.sums_section(document, f"Kravet i alt per {formats.day(document.dated)}"),
        Section("Påstand", _claims(document)),
        Section("Dom og fravær", _judgment(document)),
        layout.court_section(
            document, "Sakens kostnader", "Gebyret kreves dekket av innklagede (tvisteloven § 6-13)."
        ),
        layout.attachments_section(document),
    ]  # fmt: skip
    recipient = ("Forliksrådet", "i innklagedes kommune:", document.debtor.place)
    return layout.page(document, "Forliksklage", recipient, sections, "klageren")


def _why(document: LegalDocument) -> tuple[str, ...]:
    return (
        f"{document.creditor.name} krever betaling av {document.debtor.name} for {layout.invoices(document)}, som er "
        "forfalt og ikke betalt i sin helhet. Fakturaene viser hva som er levert, og er vedlagt eller kan legges fram.",
    )


def _notice(document: LegalDocument) -> tuple[str, ...]:
    letter = document.notice
    told = "" if letter is None else f" Det skjedde ved {layout.sent(letter)}."
    return (
        "Innklagede er skriftlig varslet om kravet og grunnlaget for det, med oppfordring til å ta stilling til det "
        f"(tvisteloven § 5-2).{told}",
    )


def _claims(document: LegalDocument) -> tuple[str, ...]:
    debtor, creditor = document.debtor.name, document.creditor.name
    found = [
        f"{debtor} dømmes til å betale {creditor} {layout.kroner(document.principal)} med tillegg av "
        f"forsinkelsesrente, {layout.kroner(document.interest)} til {formats.day(document.dated)} og etter den sats "
        "som gjelder til enhver tid fra da av til betaling skjer."
    ]
    if document.costs:
        found.append(f"{debtor} dømmes til å betale utenrettslige kostnader med {layout.kroner(document.costs)}.")
    found.append(f"{debtor} dømmes til å betale sakens kostnader.")
    return tuple(f"{number}. {each}" for number, each in enumerate(found, 1))


def _judgment(document: LegalDocument) -> tuple[str, ...]:
    wish = "Vi ber om fraværsdom hvis innklagede ikke svarer eller ikke møter (tvisteloven § 6-10)."
    if document.principal < JUDGED_BY_ONE_PARTYS_WISH_BELOW:
        return (wish, "Blir det ikke forlik, ber vi om at forliksrådet avsier dom i saken.")
    return (wish, "Kravet er på 200 000 kroner eller mer; dom ellers forutsetter at begge parter ønsker det.")
