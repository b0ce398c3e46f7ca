"""A legal document as a PDF (A4, PDF/A-2a, PDF/UA-1), and the annex with its calculation.

Here belongs the choice of the page and the last check before it is a file: nothing is made that lacks what the law
requires. Same content, same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Final

from kredin_pipeline.letters.legal import annex, bankruptcy, complaint, estate, petition
from kredin_pipeline.letters.legal.content import Kind, LegalDocument, LegalError
from kredin_pipeline.letters.legal.layout import Page
from kredin_pipeline.letters.legal.required import missing
from kredin_pipeline.letters.pdf import typeset

TEMPLATE: Final = "legal/legal.typ"
VERSION: Final = 1
"""Raised with every change of words or layout; a draft keeps the version that it was made with."""

PAGES: Final[Mapping[Kind, Callable[[LegalDocument], Page]]] = {
    "enforcement_petition": petition.page,
    "conciliation_complaint": complaint.page,
    "bankruptcy_notice": bankruptcy.page,
    "estate_claim": estate.page,
}


def template_of(kind: Kind) -> str:
    """Name and version of what makes a document."""
    return f"legal/{kind} {VERSION}"


def page_of(document: LegalDocument) -> Page:
    """The document's page. Raises ``LegalError`` when its sums do not agree or a required statement is missing."""
    page = PAGES[document.kind](document.checked())
    lacks = missing(document, page.text())
    if lacks:
        raise LegalError(
            f"{document.tenant}: {document.kind} for {', '.join(document.case_ids)} lacks {'; '.join(lacks)}. "
            "Nothing is drafted."
        )
    return page


def render_legal(document: LegalDocument) -> bytes:
    """The document as PDF. Raises ``LegalError``."""
    return typeset(TEMPLATE, "page", asdict(page_of(document)), document.dated)


def render_calculation(document: LegalDocument) -> bytes:
    """The annex with periods and letters as PDF."""
    return typeset(TEMPLATE, "page", asdict(annex.page(document)), document.dated)
