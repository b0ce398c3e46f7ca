"""What the settings make of a voucher: its kind, department and project, its text, and the page beside it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr
from pypdf import PdfReader

from assets.calculations import KIND, attach
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import CaseRow, Journal, SecretBox, open_journal
from kredin_pipeline.letters.calculation import Calculation, ChargedLetter, SharedPayment, render_calculation, to_json
from kredin_pipeline.outcomes import OutcomeUnknown, Rejected
from resources.clock import Clock
from tests.unit.posting.company import COSTS, LATER, NEXT, POSTED, REMINDED, TENANT
from tests.unit.posting.conftest import Found

D = Decimal
DEPARTMENT = {
    "CreatedDateTimeOffset": "2020-01-01T00:00:00.0000000+00:00", "Id": 71, "IsActive": True, "Code": "10",
    "LastChangedDateTimeOffset": "2020-01-01T00:00:00.0000000+00:00", "Name": "Salg",
}  # fmt: skip


def test_a_bank_journal_with_department_project_and_calculation(founded: Found) -> None:
    company = founded(
        voucher_type="bank_journal", voucher_department="10", voucher_project="5.1", attach_calculation=True
    )
    project = DEPARTMENT | {"Id": 82, "Code": "5.1", "ProjectStatus": "Active", "CustomerNo": None}
    company.control.account(company.key, "3950", "Purregebyr", department_required=True, project_required=True)
    company.overdue(4601)
    company.run(REMINDED)
    company.paid_with_costs(4601)

    failed = company.run(POSTED)

    assert not failed.ok
    assert any("voucher_department: found 10, which is not among" in one for one in failed.messages)
    assert any("voucher_project: found 5.1, which is not among" in one for one in failed.messages)
    assert (company.ours(), company.items(), company.posts("Vouchers/")) == ([], {}, 0)

    company.control.change_company(company.key, departments=[DEPARTMENT], projects=[project])
    company.event("2025-03-03T05:00", "lock_date", date="2025-02-27")
    company.privileges("VoucherDocumentation_Full")
    posted = company.run(NEXT, at="07:00")

    (voucher,) = company.ours()
    assert posted.ok
    (told,) = posted.messages
    assert "1 calculations wait" in told and "VoucherDocumentation_Full" in told
    assert (voucher["voucher_type"], voucher["posting_date"]) == ("BankJournal", "2025-02-28")
    number = company.case(4601)["case_id"]
    subject = f"faktura 4601, sak {number}, betalt 27.02.2025"
    assert voucher["description"] == f"Purregebyr og forsinkelsesrente, {subject}"
    assert [(x["account_no"], x["amount"], x["department_id"], x["project_id"]) for x in voucher["lines"]] == [
        ("1500", "82.95", None, None), ("3950", "-35.00", 71, 82), ("8050", "-47.95", 71, 82)]  # fmt: skip
    assert not voucher["has_pdf"] and company.item(4601).state == "confirmed"

    company.privileges()
    attached = company.run(LATER)

    assert attached.ok and attached.messages == []
    assert company.ours()[0]["has_pdf"] and company.posts("VoucherDocumentation") == 1
    (kept,) = company.journal.documents(TENANT, key=company.item(4601).key)
    page = " ".join(PdfReader(io.BytesIO(kept.content)).pages[0].extract_text().replace("\u00a0", " ").split())
    for text in (
        "Faktura: 4601", "Bokført: 82,95", "purring 17.02.2025 35,00",
        "03.02.2025 27.02.2025 24 12,50 % 10 000,00 82,19", "27.02.2025 * 10 000,00 47,95 35,00 0,00",
    ):  # fmt: skip
        assert text in page, page


# The page beside a voucher, exactly once -----------------------------------------------------------------------------


class Documentation:
    """The ledger's side of attachments; ``answers`` are raised by the next uploads, after they were carried out."""

    def __init__(self) -> None:
        self.pages: dict[str, list[bytes]] = {}
        self.answers: list[Exception] = []

    def has_pdf(self, voucher_id: str) -> bool:
        return voucher_id in self.pages

    def attach_pdf(self, voucher_id: str, name: str, content: bytes) -> None:
        assert name == "beregning-4601.pdf"
        answer = self.answers.pop(0) if self.answers else None
        if not isinstance(answer, Rejected):
            self.pages.setdefault(voucher_id, []).append(content)
        if answer is not None:
            raise answer


CALCULATION = Calculation(
    "Fjellheim AS", "K1", "4601", "14601", "#let [Ola] & Sønn", date(2025, 2, 3), D("10000.00"), date(2025, 2, 27),
    D("35.00"), D("47.95"), D("82.95"), D("35.00"), D("0.00"), D("82.19"),
    (ChargedLetter("reminder", date(2025, 2, 17), D("35.00")),), (),
    (SharedPayment(date(2025, 2, 27), D("10000.00"), D("47.95"), D("35.00"), D("0.00"), True),),
)  # fmt: skip
CLOCK = Clock(pinned="2025-02-28T06:00:00+01:00")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal with two confirmed vouchers that want a page, and one that does not."""
    opened = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", SecretBox(SecretBox.new_key()))
    opened.add_tenant(TENANT, SecretStr("k"), "F", "999990002", date(2025, 1, 1), TenantSettings.of(), "t", CLOCK.now())
    opened.open_cases(TENANT, [CaseRow("K1", "V1", "4601", "14601", None, date(2025, 2, 4))], CLOCK.now())
    for number, calculation in ((1, True), (2, True), (3, False)):
        key, (fee, interest, total) = f"voucher:{TENANT}:K1:E{number}", COSTS
        content: dict[str, Any] = {
            "case_id": "K1", "invoice_no": "4601", "settlement_key": f"E{number}", "fee": fee, "interest": interest,
            "total": total,
        }  # fmt: skip
        content |= {"calculation": to_json(CALCULATION)} if calculation else {}
        opened.intend(key, TENANT, "voucher", ["K1"], content, date(2025, 2, 28), CLOCK.now())
        opened.claim_for_sending(key, "w", CLOCK.now())
        opened.mark_posted(key, f"guid-{number}", str(900 + number), CLOCK.now())
        opened.mark_confirmed(key, CLOCK.now())
    yield opened
    opened.close()


def one_run(journal: Journal, ledger: Documentation) -> tuple[int, int, str | None]:
    """What a run attaches and finds, and why it stopped."""
    bare = journal.vouchers_without(TENANT, KIND, "calculation")
    done = attach(journal, journal.tenant(TENANT), cast(Any, ledger), bare, CLOCK)
    return len(done.attached), len(done.found), done.stopped


def test_each_page_is_attached_once_whatever_breaks_in_between(journal: Journal) -> None:
    ledger = Documentation()
    ledger.answers = [OutcomeUnknown("PUT /VoucherDocumentation: the connection broke")]

    assert one_run(journal, ledger) == (0, 0, "PUT /VoucherDocumentation: the connection broke")
    assert journal.documents(TENANT) == []
    assert one_run(journal, ledger) == (1, 1, None)
    assert one_run(journal, ledger) == (0, 0, None)

    assert {key: len(pages) for key, pages in ledger.pages.items()} == {"guid-1": 1, "guid-2": 1}
    kept = journal.documents(TENANT)
    assert [(one.key, one.snapshot["was_there"]) for one in kept] == [
        (f"voucher:{TENANT}:K1:E1", True), (f"voucher:{TENANT}:K1:E2", False)]  # fmt: skip
    assert ledger.pages["guid-2"] == [kept[1].content] == [render_calculation(CALCULATION)]


def test_what_an_accountant_laid_there_is_not_replaced(journal: Journal) -> None:
    ledger = Documentation()
    ledger.pages["guid-1"] = [b"%PDF-1.7 theirs"]

    assert one_run(journal, ledger) == (1, 1, None)
    assert ledger.pages["guid-1"] == [b"%PDF-1.7 theirs"]


def test_a_missing_right_is_met_once_a_run_and_a_refused_page_holds_no_other(journal: Journal) -> None:
    ledger = Documentation()
    ledger.answers = [Rejected("403 the privilege is not granted", status=403)]
    assert one_run(journal, ledger) == (0, 0, "403 the privilege is not granted")
    assert ledger.pages == {}

    ledger.answers = [Rejected("400 not created by this integration", status=400)]
    assert one_run(journal, ledger) == (1, 0, None)
    assert list(ledger.pages) == ["guid-2"]
