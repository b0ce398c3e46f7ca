"""Which documents a tenant's day drafts, which stand, and which fall away; the days are really derived."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kredin_pipeline.journal import LegalDraft
from kredin_pipeline.letters.legal.content import LegalDocument, from_json

from .office import READY, TENANT, Office, at


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.journal.close()


def stated(draft: LegalDraft) -> LegalDocument:
    return from_json(draft.snapshot["document"])


def test_a_ready_case_gets_its_petition_once_with_everything_it_rests_on(office: Office) -> None:
    office.climb(1001)
    office.keep_letters()
    office.cabinet.copies[office.book.ledger.entries["1001"].voucher_id] = b"%PDF-1.4 invoice"

    (draft,) = office.draft(READY).drafted

    said = stated(draft)
    row = office.book.case(1001)
    assert (draft.kind, draft.state, draft.case_ids) == ("enforcement_petition", "drafted", (row["case_id"],))
    assert said.total == row["total_open"] and said.costs == Decimal("175.00")
    assert said.notice is not None and (said.notice.step, said.notice.sent_on) == ("payment_demand", date(2025, 4, 28))
    assert draft.attachment_names == ("beregning.pdf", "faktura-1001.pdf", "varsel-2025-04-28-1.pdf")
    kept = {one.name: one.content for one in office.journal.legal.attachments(draft.draft_id)}
    assert kept["faktura-1001.pdf"] == b"%PDF-1.4 invoice"
    assert kept["varsel-2025-04-28-1.pdf"] == b"%PDF-1.7 payment_demand"
    assert office.journal.legal.pdf(draft.draft_id).startswith(b"%PDF-")

    next_day = office.draft("2025-05-19")
    assert (next_day.drafted, next_day.kept, next_day.problems) == ([], [draft.draft_id], {})


def test_a_part_payment_makes_the_draft_anew_and_a_whole_one_withdraws_what_is_there(office: Office) -> None:
    office.climb(1001)
    (first,) = office.draft(READY).drafted
    notice = office.asked(1001, READY, "bankruptcy_notice")  # never by itself
    assert isinstance(notice, LegalDraft) and (notice.kind, notice.who) == ("bankruptcy_notice", "Kari")
    office.book.ledger.payment("P1", "1 000.00", dated="2025-05-19", for_=[1001])
    (second,) = office.draft("2025-05-19").drafted
    assert office.journal.legal.one(first.draft_id).reason == f"replaced by {second.draft_id}"
    assert stated(second).principal == Decimal("2000.00")
    assert "has changed since" in str(office.journal.legal.one(notice.draft_id).reason)

    office.book.ledger.payment("P2", "3 000.00", dated="2025-05-20", for_=[1001])
    report = office.draft("2025-05-20")
    assert list(report.withdrawn) == [second.draft_id] and "not legal_ready" in report.withdrawn[second.draft_id]
    assert {state for _, state in office.states()} == {"withdrawn"}


def test_what_a_person_signed_is_never_touched_only_told(office: Office) -> None:
    office.climb(1001)
    (draft,) = office.draft(READY).drafted
    office.journal.legal.hand_out(draft.draft_id, "Kari", at(READY))
    office.journal.legal.attested(draft.draft_id, "Kari", "styreleder", date(2025, 5, 16), "paper", at(READY))
    office.book.ledger.payment("P1", "1 000.00", dated="2025-05-19", for_=[1001])
    report = office.draft("2025-05-19")
    assert report.drafted == [] and "has changed since" in report.problems[draft.draft_id]
    assert office.states() == [("enforcement_petition", "attested")]


def test_what_a_person_gave_up_comes_back_only_when_asked_for(office: Office) -> None:
    office.climb(1001)
    (draft,) = office.draft(READY).drafted
    office.journal.legal.withdrawn(draft.draft_id, "we watch it", "Kari", at(READY))
    report = office.drafting(READY).unasked()
    assert (report.drafted, [one.name for one in report.waiting]) == ([], ["given_up"])
    again = office.asked(1001, READY)
    assert isinstance(again, LegalDraft) and again.draft_id != draft.draft_id


def test_after_an_objection_the_way_is_the_conciliation_board(office: Office) -> None:
    office.climb(1001)
    (petition,) = office.draft(READY).drafted
    office.book.decide(1001, "dispute", "2025-05-19", text="not delivered")
    held = office.draft("2025-05-19")
    assert list(held.withdrawn) == [petition.draft_id] and [one.name for one in held.waiting] == ["held"]
    office.book.decide(1001, "settle_dispute", "2025-05-20", outcome="refused", reason="delivery note")
    (complaint,) = office.draft("2025-05-20").drafted
    assert complaint.kind == "conciliation_complaint"


def test_a_public_body_is_sued_and_unmatched_money_or_an_unknown_debtor_waits_for_a_person(office: Office) -> None:
    office.climb(1001)
    office.book.con.execute("insert into brreg_units (orgnr, organisation_form) values ('999990134', 'KOMM')")
    (complaint,) = office.draft(READY).drafted
    assert (complaint.kind, stated(complaint).debtor.organisation_form) == ("conciliation_complaint", "KOMM")
    assert "public body" in str(office.asked(1001, READY, "enforcement_petition"))

    office.book.ledger.payment("P9", "100.00", dated="2025-05-19", for_=[])
    report = office.draft("2025-05-19")
    assert [one.name for one in report.waiting] == ["unmatched_credit"] and complaint.draft_id in report.withdrawn
    office.book.decide(1001, "release", "2025-05-20", hold="unallocated_payment")
    office.debtor(debtor_kind="unknown")
    assert [one.name for one in office.draft("2025-05-20").waiting] == ["unidentified"]


def test_a_bankruptcy_gives_a_claim_sheet_with_later_invoices_apart(office: Office) -> None:
    office.climb(1001)
    (petition,) = office.draft(READY).drafted
    office.book.ledger.invoice(1050, "700.00", due="2025-06-30", dated="2025-05-12")
    office.book.ledger.invoice(1060, "900.00", due="2025-07-05", dated="2025-06-04")
    office.debtor(register_hold="bankruptcy", register_hold_from=date(2025, 6, 2))
    report = office.draft("2025-06-10")
    assert list(report.withdrawn) == [petition.draft_id]
    (first,) = report.drafted
    said = stated(first)
    assert said.estate is not None and said.estate.trustee is None
    assert [(one.invoice_no, one.principal) for one in said.claims] == [
        ("1001", Decimal("3000.00")), ("1050", Decimal("700.00")),
    ]  # fmt: skip
    assert [(one.invoice_no, one.balance) for one in said.estate.later] == [("1060", Decimal("900.00"))]
    assert said.claims[0].periods[-1].to_date == date(2025, 6, 2)

    office.book.con.execute(
        "insert into brreg_roles (orgnr, role, name, address_line1, zip_code, city) "
        "values ('999990134', 'BOBE', 'Åse Sørbø', 'Torget 2', '5014', 'Bergen')"
    )
    (second,) = office.draft("2025-06-11").drafted
    estate = stated(second).estate
    assert estate is not None and estate.trustee is not None and estate.trustee.lines == ("Torget 2", "5014 Bergen")
    assert office.drafting("2025-06-12").unasked().kept == [second.draft_id]


def test_a_copy_that_could_not_be_had_is_told_and_fetched_when_it_can_be(office: Office) -> None:
    office.climb(1001)
    report = office.draft(READY)
    (first,) = report.drafted
    assert "copy of invoice 1001: PowerOffice has no PDF of it" in report.missing[first.draft_id]
    office.cabinet.copies[office.book.ledger.entries["1001"].voucher_id] = b"%PDF-1.4 invoice"
    (second,) = office.drafting(READY).unasked().drafted
    assert "faktura-1001.pdf" in second.attachment_names
    assert [one.state for one in office.journal.legal.drafts(TENANT)] == ["withdrawn", "drafted"]
