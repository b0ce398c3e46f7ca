"""The assets in Dagster against a sandbox: an invoice copy over HTTP, one e-mail, nothing out of a past day."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Generator, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from dagster import ExecuteInProcessResult
from pypdf import PdfReader

from assets.legal import build_legal_assets
from kredin_pipeline.cases.claims import Parameters, load_parameters
from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import LegalDraft
from kredin_pipeline.legal_job import build_legal_job
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from resources.clock import Clock
from resources.http_errors import PermanentFailure
from resources.poweroffice import PowerOffice
from resources.poweroffice_documents import first_pdf
from tests.unit.letters.test_assets import APPLICATION_KEY, PARTITIONS, SUBSCRIPTION_KEY, TENANT, House, a_house

READY = date(2025, 5, 16)
NINE = datetime(2025, 5, 16, 7, tzinfo=UTC)
LEGAL = build_legal_assets(PARTITIONS)
SENT = {"reminder": date(2025, 3, 17), "payment_demand": date(2025, 4, 28)}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start(SandboxOptions(rate_per_second=0, fault_hold_seconds=1)) as running:
        yield running


@pytest.fixture
def house(sandbox: RunningSandbox, tmp_path: Path) -> Generator[House]:
    """One tenant with one case that is ready for legal steps on READY."""
    with a_house(sandbox, tmp_path) as made:
        made.journal.change_settings(
            TENANT, {"creditor_email": "post@fjellheim.example", "creditor_address": "Storgata 1, 0155 Oslo"}, "Kari",
            NINE,
        )  # fmt: skip
        voucher = next(
            one for one in sandbox.control.vouchers(made.client_key) if one["voucher_type"] == "OutgoingInvoice"
        )
        with made.book.session(TENANT) as con:
            con.execute("update claims set voucher_id = ?", [voucher["voucher_id"]])
            con.execute("update debtors set orgnr = '999990134', country_code = 'NO'")
        in_book(made)
        yield made


def in_book(house: House) -> None:
    """What a derivation of READY would have left of the case."""
    with house.book.session(TENANT) as con:
        load_parameters(con, Parameters.of(TENANT, READY, READY, True, TenantSettings.of()))
    for step, on in SENT.items():
        house.row("journal_letters", letter_key=f"letter:{TENANT}:K1:{step}", case_id="K1", step=step, channel="post",
                  sent_on=on, deadline=on + timedelta(days=14), fee=Decimal("35.00"), bears_fee=True)  # fmt: skip
    house.row(
        "case_states", tenant=TENANT, business_date=READY, case_id="K1", invoice_no="1001", customer_no="10001",
        due_date=date(2025, 3, 3), principal=Decimal(1000), credited=0, paid=0, written_off=0,
        principal_open=Decimal(1000), interest=Decimal("25.34"), fees=Decimal(70), compensation=0, costs_paid=0,
        costs_waived=0, costs_open=Decimal("95.34"), total_open=Decimal("1095.34"), state="legal_ready", holds=[],
        flags=[], ledger_balance=Decimal(1000), provisional=False,
    )  # fmt: skip


def drafts(house: House) -> list[LegalDraft]:
    return house.journal.legal.drafts(TENANT)


def mails(house: House) -> list[Any]:
    return [
        message_from_bytes(base64.b64decode(one["raw_base64"]), policy=policy.default)
        for one in house.sandbox.control.mailbox()
    ]


def test_a_ready_case_is_drafted_with_its_invoice_and_the_user_is_told_once(house: House) -> None:
    assert house.run(LEGAL, at=NINE, day=READY).success
    assert house.run(LEGAL, at=NINE + timedelta(hours=1), day=READY).success

    (draft,) = drafts(house)
    kept = {one.name: one.content for one in house.journal.legal.attachments(draft.draft_id)}
    assert list(kept) == ["beregning.pdf", "faktura-1001.pdf"]
    assert "Faktura 1001" in PdfReader(io.BytesIO(kept["faktura-1001.pdf"])).pages[0].extract_text()
    (mail,) = mails(house)
    assert (mail["To"], mail["Auto-Submitted"]) == ("post@fjellheim.example", "auto-generated")
    text = " ".join(str(mail.get_content()).split())
    assert "Dalnes AS, invoice 1001 (case K1): enforcement petition (utleggsbegjæring) over 1 095.34 kr" in text
    assert f"kredin sign draft {draft.draft_id} --to FILE" in text
    choices = [part.split()[0:2] for part in text.split("- ")[1:5]]
    assert choices == [["Prepare", "the"], ["Watch", "the"], ["Close", "it"], ["Close", "it"]]
    (item,) = house.journal.items(TENANT, "message")
    assert (item.state, item.case_ids) == ("confirmed", ("K1",))


def test_a_lost_answer_is_never_sent_again_by_itself(house: House) -> None:
    house.sandbox.control.fault(None, {"route": "SMTP", "kind": "reset_after_commit"})
    house.run(LEGAL, at=NINE, day=READY)
    result = house.run(LEGAL, at=NINE + timedelta(hours=1), day=READY)
    (item,) = house.journal.items(TENANT, "message")
    assert (item.state, item.attempts) == ("outcome_unknown", 1)
    assert len(mails(house)) == 1
    (told,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "the_user_was_told"]
    assert not told.passed and item.key in str(told.description)


def test_nothing_is_drafted_or_told_in_a_past_day_or_in_observe_mode(house: House) -> None:
    house.run(LEGAL, at=NINE + timedelta(days=3), day=READY)
    house.journal.change_settings(TENANT, {"mode": "observe"}, "Kari", NINE)
    house.run(LEGAL, at=NINE, day=READY)
    assert (drafts(house), mails(house), house.journal.items(TENANT)) == ([], [], [])


def test_a_privilege_that_is_missing_is_told_and_the_draft_is_made_without_the_copy(house: House) -> None:
    house.sandbox.control.change_company(house.client_key, privileges=["CustomerLedger"])
    result = house.run(LEGAL, at=NINE, day=READY)
    (draft,) = drafts(house)
    assert draft.attachment_names == ("beregning.pdf",)
    checks = [one.description or "" for one in result.get_asset_check_evaluations() if not one.passed]
    assert any("copy of invoice 1001" in one and "VoucherDocumentation" in one for one in checks)


def test_a_bankruptcy_notice_from_the_launchpad_and_a_refusal_that_fails_the_run(house: House) -> None:
    def draft(kind: str) -> ExecuteInProcessResult:
        config = {"tenant": TENANT, "case": "1001", "kind": kind, "who": "Kari"}
        return build_legal_job().execute_in_process(
            run_config={"ops": {"draft_legal_document_op": {"config": config}}},
            raise_on_error=False,
            resources={
                "book": house.book, "journal": house.journal_resource, "clock": Clock(pinned=NINE.isoformat()),
                "poweroffice": PowerOffice(clock=Clock(), api_url=house.sandbox.poweroffice_url,
                                           token_url=house.sandbox.token_url, application_key=APPLICATION_KEY,
                                           subscription_key=SUBSCRIPTION_KEY, requests_per_second=0),
            },
        )  # fmt: skip

    assert draft("bankruptcy_notice").success
    refused = draft("estate_claim")
    assert not refused.success
    failure = refused.failure_data_for_node("draft_legal_document_op")
    assert failure is not None and failure.error is not None
    assert "the register shows no estate of the debtor. Nothing was drafted" in failure.error.to_string()
    (made,) = drafts(house)
    assert (made.kind, made.who) == ("bankruptcy_notice", "Kari")
    assert "faktura-1001.pdf" in made.attachment_names


@pytest.mark.parametrize(
    ("packed", "wanted"),
    [
        ({"b.txt": b"text", "c.pdf": b"%PDF-1.4 c"}, b"%PDF-1.4 c"),
        ({"a.xml": b"<x/>"}, None),
        (b"no archive", "no archive that can be read"),
    ],
)
def test_the_pdf_of_a_download(packed: dict[str, bytes] | bytes, wanted: bytes | str | None) -> None:
    if isinstance(packed, dict):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for name, content in packed.items():
                archive.writestr(name, content)
        assert first_pdf(made.getvalue(), "V1") == wanted
        return
    with pytest.raises(PermanentFailure, match=str(wanted)):
        first_pdf(packed, "V1")
