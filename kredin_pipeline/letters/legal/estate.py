"""The claim sheet for an estate (boets fordringsanmeldelse), in words: to the trustee of a debtor in bankruptcy.

Here belongs what it says. What it must state is data in ``required``. Interest is claimed up to the opening; invoices
dated after it are listed apart and are no part of the sum (rules § 6; reference § 6).
"""

from __future__ import annotations

from kredin_pipeline.letters import formats
from kredin_pipeline.letters.legal import layout
from kredin_pipeline.letters.legal.content import Estate, LegalDocument
from kredin_pipeline.letters.legal.layout import Page, Section, Table


def page(document: LegalDocument) -> Page:
    """The claim sheet as sections. Raises ``ValueError`` for a document without an estate."""
    estate = document.estate
    if estate is None:
        raise ValueError(f"{document.tenant}: a claim sheet needs an estate")
    opened = formats.day(estate.opened_on)
    sections = [
        layout.creditor_section(document, "Fordringshaver"),
        layout.debtor_section(document, "Skyldner"),
        Section(
            "Melding av krav",
            (
                f"Det ble åpnet konkurs hos {document.debtor.name} {opened}. {document.creditor.name} melder kravet "
                "nedenfor i boet.",
                "Kravet meldes som uprioritert. Det er ikke sikret ved pant. Forsinkelsesrente er regnet til "
                "konkursåpningen; rente etter den dagen har etterprioritet og er ikke med.",
            ),
        ),
        *layout.claim_sections(document, formats.short_day(estate.opened_on)),
        layout.sums_section(document, f"Meldt krav per {opened}"),
        _later(document, estate),
        Section("Utbetaling", (_payment(document),)),
        layout.attachments_section(document),
    ]
    return layout.page(
        document, "Melding av krav i konkursbo", _recipient(document, estate), sections, "fordringshaver"
    )


def _recipient(document: LegalDocument, estate: Estate) -> tuple[str, ...]:
    name = f"Konkursboet etter {document.debtor.name}"
    if estate.trustee is None:
        return (name, "v/bostyrer (ikke registrert ennå)")
    return (name, f"v/bostyrer {estate.trustee.name}", *estate.trustee.lines)


def _later(document: LegalDocument, estate: Estate) -> Section:
    heading = "Fakturaer datert etter konkursåpningen"
    if not estate.later:
        return Section(heading, ("Ingen åpne fakturaer er datert etter konkursåpningen.",))
    rows = tuple(
        (one.invoice_no, formats.short_day(one.invoice_date),
         formats.short_day(one.due_date) if one.due_date else "", layout.amount(one.balance))
        for one in estate.later
    )  # fmt: skip
    return Section(
        heading,
        (
            "Disse fakturaene gjelder tiden etter åpningen. De er ikke med i det meldte kravet; "
            f"{document.creditor.name} tar forbehold om at de er krav mot boet selv (massekrav).",
        ),
        table=Table(("Faktura", "Dato", "Forfall", "Åpent"), rows, 3),
    )


def _payment(document: LegalDocument) -> str:
    account = document.creditor.bank_account
    where = f"til konto {formats.account_number(account)}" if account else "til kontoen som står på fakturaene"
    return f"Dividende bes utbetalt {where}, merket {layout.references(document)}."
