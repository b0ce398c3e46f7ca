"""The calculation that goes with a legal document (vedlegg: beregning): interest by period, and the letters sent.

Here belongs what the annex shows; its figures are those of the document.
"""

from __future__ import annotations

from kredin_pipeline.letters import formats
from kredin_pipeline.letters.legal import layout
from kredin_pipeline.letters.legal.content import LegalClaim, LegalDocument
from kredin_pipeline.letters.legal.layout import Page, Section, Table


def page(document: LegalDocument) -> Page:
    """The annex as sections; nobody signs it."""
    sections: list[Section] = []
    for one in document.claims:
        sections += [_interest(one), _letters(one)]
    return Page(
        title="Beregning av kravet",
        author=document.creditor.name,
        recipient=(document.creditor.name, f"mot {document.debtor.name}"),
        facts=(("Dato", formats.day(document.dated)), ("Vår referanse", layout.references(document))),
        sections=(*sections, layout.sums_section(document)),
        sign=(),
        footer=f"{document.creditor.name} · Beregning av kravet",
    )


def _interest(one: LegalClaim) -> Section:
    heading = f"Faktura {one.invoice_no}: rente"
    if not one.periods:
        return Section(heading, ("Det er ikke beregnet rente.",))
    sums = [("Rente i alt", layout.amount(one.interest_accrued))]
    if one.interest != one.interest_accrued:
        sums += [
            ("Betalt eller frafalt", layout.amount(one.interest - one.interest_accrued)),
            ("Rente som kreves", layout.amount(one.interest)),
        ]
    note = "Hver linje er vist avrundet; summen er regnet uavrundet og avrundet én gang."
    return Section(heading, table=layout.periods_table(one.periods), sums=tuple(sums), notes=(note,))


def _letters(one: LegalClaim) -> Section:
    heading = f"Faktura {one.invoice_no}: brev"
    if not one.letters:
        return Section(heading, ("Det er ikke sendt brev.",))
    rows = tuple(
        (layout.STEPS.get(each.step, each.step), formats.short_day(each.sent_on),
         formats.short_day(each.deadline) if each.deadline else "")
        for each in one.letters
    )  # fmt: skip
    return Section(heading, table=Table(("Brev", "Sendt", "Frist"), rows, 1))
