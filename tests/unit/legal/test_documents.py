"""Each legal document as its reader gets it: every statement that the law requires, by what stands in the PDF."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from pypdf import PdfReader

from kredin_pipeline.law.rates import fee_table
from kredin_pipeline.letters.legal.content import Kind, LegalClaim, LegalDocument, LegalError, basis, from_json, to_json
from kredin_pipeline.letters.legal.court import court_amounts
from kredin_pipeline.letters.legal.render import PAGES, page_of, render_calculation, render_legal
from kredin_pipeline.letters.legal.required import REQUIRED, missing

from .builders import CREDITOR, awkward, claim, document, sent

KINDS: tuple[Kind, ...] = tuple(PAGES)


def read(pdf: bytes) -> str:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.replace("\u00a0", " ").split())


def text_of(found: LegalDocument) -> str:
    """The words as they are laid out; that the PDF carries them is the first test's point."""
    return " ".join(page_of(found).text().replace("\u00a0", " ").split())


@pytest.mark.parametrize("kind", KINDS)
def test_the_pdf_states_all_that_the_law_requires_in_a_short_and_a_long_awkward_one(kind: Kind) -> None:
    for found in (document(kind, claim(), claim("1002", "2500.00", paid="500.00")), awkward(kind)):
        assert missing(found, read(render_legal(found))) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_that_loses_a_required_statement_is_found_out(kind: Kind) -> None:
    found = document(kind)
    page = page_of(found)
    for one in REQUIRED[kind]:
        words = one.says(found)
        if not words:
            continue
        without = "".join(page.text().split()).replace("".join(words[0].split()), "")
        assert any(lack.startswith(one.what) for lack in missing(found, without)), one.what


def test_the_same_content_gives_the_same_archivable_bytes() -> None:
    found = document()
    made = render_legal(found)
    assert made == render_legal(from_json(to_json(found)))
    root = PdfReader(io.BytesIO(made)).trailer["/Root"].get_object()
    assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root  # type: ignore[index]
    assert b"pdfaid" in root["/Metadata"].get_object().get_data()  # type: ignore[index]


def noticed(on: str, due: str = "2026-11-01") -> LegalClaim:
    """A claim whose notice of enforcement left on a day, and no payment demand."""
    notice = sent("enforcement_notice", date.fromisoformat(on))
    return replace(claim(fees="0.00"), due_date=date.fromisoformat(due), notice=notice, demand=None)


def test_c7_a_petition_may_be_dated_from_two_weeks_after_the_notice_and_for_a_year() -> None:
    def petition(on: str, one: LegalClaim) -> LegalDocument:
        return document("enforcement_petition", one, on=date.fromisoformat(on)).checked()

    for day in ("2026-12-10", "2027-12-09"):
        assert petition(day, noticed("2026-11-25")).dated.isoformat() == day
    for day in ("2026-11-25", "2026-12-09", "2027-12-10"):
        with pytest.raises(LegalError, match=f"found {day}, want a day from 2026-12-10 to 2027-12-09"):
            petition(day, noticed("2026-11-25"))
    with pytest.raises(LegalError, match="found 2026-11-25, want a day from 2026-11-26, the due date"):
        petition("2026-12-20", noticed("2026-11-25", due="2026-11-26"))
    with pytest.raises(LegalError, match="found none"):
        petition("2026-12-20", replace(claim(), notice=None))


def test_c8_no_petition_claims_costs_on_a_demand_of_more_than_six_months() -> None:
    assert document("enforcement_petition", on=date(2026, 10, 30)).checked().costs == Decimal("38.00")
    with pytest.raises(LegalError, match=r"costs: found 38\.00, want none"):
        document("enforcement_petition", on=date(2026, 11, 2)).checked()
    left_out = document("enforcement_petition", claim(carried=False), on=date(2026, 11, 2)).checked()
    assert (left_out.costs, left_out.costs_left_out) == (Decimal("0.00"), Decimal("38.00"))


def test_c8_an_old_demand_leaves_principal_and_interest_alone_and_says_why() -> None:
    found = document("enforcement_petition", claim(carried=False))
    text = text_of(found)
    assert (found.costs, found.total) == (Decimal("0.00"), Decimal("1040.98"))
    assert "Utenrettslige kostnader: 0,00" in text
    assert "en ny er nødvendig" in text and "38,00 kreves ikke" in text
    assert "en ny er nødvendig" not in text_of(document())


def test_c9_court_amounts_are_marked_by_how_sure_they_are() -> None:
    text = text_of(document("enforcement_petition"))
    assert "1 627,00" in text and "672,50" in text
    assert "Gebyr for utleggsforretning: satsen er ikke bekreftet" in text
    assert "Gebyr for forliksrådet: satsen er usikker" in text_of(document("conciliation_complaint"))
    notice = text_of(document("bankruptcy_notice"))
    assert "Gebyr for forkynning: satsen er ikke kjent" in notice and "som fastsatt" in notice
    (sure,) = court_amounts("conciliation_complaint", date(2023, 5, 2), fee_table())
    assert (sure.amount, sure.confidence) == (Decimal("1367.00"), "high")
    assert "bekreftet;" not in text_of(replace(document("conciliation_complaint"), court=(sure,)))


def test_invoices_after_the_opening_are_listed_apart_and_never_summed() -> None:
    found = document("estate_claim")
    text = text_of(found)
    apart = text.index("Fakturaer datert etter konkursåpningen")
    assert text.index("Faktura 1001") < apart < text.index("1099")
    assert found.total == Decimal("1078.98") and "1 078,98" in text
    assert "v/bostyrer Advokat Åse Sørbø Torget 2 5014 Bergen" in text
    assert found.estate is not None
    without = replace(found, estate=replace(found.estate, trustee=None))
    assert "v/bostyrer (ikke registrert ennå)" in text_of(without)
    late = replace(claim("1100"), invoice_date=date(2026, 6, 16))
    with pytest.raises(LegalError, match="2026-06-16, want at most 2026-06-15"):
        render_legal(document("estate_claim", late))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (document("enforcement_petition", replace(claim(), principal=Decimal("900.00"))), "principal: found 900.00"),
        (document("enforcement_petition", replace(claim(), costs=Decimal("39.00"))), "costs: found 39.00"),
        (replace(document(), creditor=replace(CREDITOR, orgnr=None)), "creditor_orgnr"),
        (replace(document(), estate=document("estate_claim").estate), "estate"),
        (replace(document(), debtor=replace(document().debtor, place="")), "post code"),
    ],
)
def test_a_document_that_does_not_add_up_is_not_made(found: LegalDocument, said: str) -> None:
    with pytest.raises(LegalError, match=said):
        render_legal(found)


def test_the_annex_shows_each_period_and_each_letter() -> None:
    text = read(render_calculation(document()))
    assert "02.03.2026 01.07.2026 121 12,25 % 1 000,00 40,98" in text
    assert "purring 17.03.2026 31.03.2026" in text
    assert "betalingsoppfordring med varsel etter tvangsfullbyrdelsesloven § 4-18 01.05.2026" in text


def test_what_only_grows_leaves_the_basis_and_what_changes_the_claim_does_not() -> None:
    first = document()
    tomorrow = replace(claim(), interest=Decimal("41.30"), interest_accrued=Decimal("41.30"), periods=())
    assert basis(document("enforcement_petition", tomorrow, on=date(2026, 7, 2))) == basis(first)
    for changed in (claim(paid="100.00"), claim(carried=False), replace(claim(), notice=None)):
        assert basis(document("enforcement_petition", changed)) != basis(first)
