"""Connecting, changing settings and going live: what is stored, and what each mistake is answered with."""

from __future__ import annotations

import traceback
from collections.abc import Generator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from kredin_pipeline.cases.settings import SettingsError
from kredin_pipeline.journal import Journal, SecretBox, open_journal
from resources import onboarding
from resources.onboarding import ConnectReport, OnboardingError
from tests.unit.cli.ledgers import KEY, FakeLedger, FixedClock, account, permanent_failure

CLOCK = FixedClock()


@pytest.fixture
def journal(tmp_path: Path) -> Generator[Journal, None, None]:
    journal = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", SecretBox(SecretBox.new_key()))
    yield journal
    journal.close()


def connect(
    journal: Journal, ledger: FakeLedger, key: str = KEY, expect: str | None = None, **settings: Any
) -> ConnectReport:
    return onboarding.connect(
        journal, ledger, "fjellheim", SecretStr(key), expect, settings=settings, who="Kari", clock=CLOCK
    )


def test_a_new_tenant_is_stored_in_observe_with_the_companys_own_sender_fields(journal: Journal) -> None:
    report = connect(journal, FakeLedger(), f"  {KEY.upper()}\n", "NO 999 990 126 MVA", days_past_due=10)

    assert (report.company_name, report.organization_no) == ("Fjellheim AS", "999990126")
    assert report.account_names == {"3950": "Purregebyr", "8050": "Annen renteinntekt"}
    tenant = journal.tenant("fjellheim")
    assert tenant.client_key.get_secret_value() == KEY
    assert (tenant.connected_on, tenant.settings.mode, tenant.settings.days_past_due) == (
        date(2025, 3, 17),
        "observe",
        10,
    )
    assert (tenant.settings.creditor_name, tenant.settings.creditor_address) == (
        "Fjellheim AS", "Elvegata 1, 7010 Trondheim",
    )  # fmt: skip


def test_the_account_to_pay_to_is_the_companys_main_one_unless_another_is_given(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.valid.append("ClientBankAccount")
    assert connect(journal, ledger).settings.bank_account == "86011117947"


def test_an_account_that_was_given_stays(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.valid.append("ClientBankAccount")
    assert connect(journal, ledger, bank_account="15032080119").settings.bank_account == "15032080119"


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        ((400, "POST /OAuth/Token", "invalid_client: client integration not found"), "does not know this client key"),
        ((401, "POST /OAuth/Token", "subscription key"), "KREDIN_POWEROFFICE_SUBSCRIPTION_KEY"),
        ((403, "GET /OrganizationSettings", ""), "a privilege is missing"),
    ],
)
def test_what_poweroffice_refuses_is_answered_with_what_to_do(
    journal: Journal, failure: tuple[int, str, str], says: str
) -> None:
    ledger = FakeLedger()

    def refuse() -> Mapping[str, Any]:
        raise permanent_failure(*failure)

    ledger.client_information = refuse
    with pytest.raises(OnboardingError, match=says) as told:
        connect(journal, ledger)
    assert KEY not in str(told.value)


def test_mode_live_at_connecting_is_not_taken(journal: Journal) -> None:
    assert connect(journal, FakeLedger(), mode="live").settings.mode == "observe"


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "client key: is empty"),
        ("   ", "client key: is empty"),
        (KEY[:30], "client key: has 30 characters, want 36"),
        (KEY.replace("-", "_"), "client key: has characters that no key has"),
    ],
)
def test_a_key_copied_after_ok_is_told_from_a_key(journal: Journal, key: str, says: str) -> None:
    ledger = FakeLedger()
    with pytest.raises(OnboardingError, match=says) as told:
        connect(journal, ledger, key)
    assert "copy the client key before you press OK" in str(told.value)
    assert ledger.asked_with == []
    if key.strip():
        assert key not in "".join(traceback.format_exception_only(told.value))


def test_the_key_of_another_company_is_refused_by_its_number(journal: Journal) -> None:
    with pytest.raises(OnboardingError, match="belongs to Fjellheim AS, organisation number 999990126, but 999990134"):
        connect(journal, FakeLedger(), expect="999990134")
    assert journal.tenant_names() == []


def test_a_company_connected_twice_would_send_every_letter_twice(journal: Journal) -> None:
    connect(journal, FakeLedger())
    with pytest.raises(OnboardingError, match="already connected as fjellheim"):
        onboarding.connect(journal, FakeLedger(), "again", SecretStr(KEY), who="Kari", clock=CLOCK)


def test_a_privilege_that_was_never_granted_and_one_without_its_module_are_told_apart(journal: Journal) -> None:
    ledger = FakeLedger(valid=["Customer", "OutgoingInvoice", "AccountTransaction_Full", "GeneralLedgerAccount"])
    ledger.blocked = ["CommonServices"]
    with pytest.raises(OnboardingError) as told:
        connect(journal, ledger)
    assert "privilege CommonServices: needs a PowerOffice module" in str(told.value)
    assert "privilege CustomerLedger: is not granted to this integration; ask PowerOffice" in str(told.value)
    assert journal.tenant_names() == []


@pytest.mark.parametrize(
    ("chart", "says"),
    [
        ([account(8050, "Renter")], "fee_account: 3950 is not in the company's chart"),
        ([account(3950, "Gebyr", IsActive=False), account(8050, "Renter")], "fee_account: 3950 is not active"),
        ([account(3950, "Gebyr", IsVatCodeLocked=True, VatCode="3"), account(8050, "R")], "is locked to VAT code 3"),
        (
            [account(3950, "Gebyr"), account(8050, "R", IsProjectRequired=True)],
            "interest_account: 8050 demands a project",
        ),
    ],
)
def test_an_account_that_cannot_take_the_voucher_is_named(
    journal: Journal, chart: list[dict[str, Any]], says: str
) -> None:
    with pytest.raises(OnboardingError, match=says):
        connect(journal, FakeLedger(chart=chart))
    assert journal.tenant_names() == []


def test_department_and_project_are_looked_up_when_they_are_set(journal: Journal) -> None:
    ledger = FakeLedger(chart=[account(3950, "Gebyr", IsDepartmentRequired=True), account(8050, "Renter")])
    ledger.dimensions = [{"Id": 7, "Code": "10"}, {"Id": 8, "Code": "5", "ProjectStatus": "Archived"}]
    with pytest.raises(OnboardingError, match="3950 demands a department on every line, and voucher_department is not"):
        connect(journal, ledger)
    with pytest.raises(OnboardingError, match="privilege Department: is not granted"):
        connect(journal, ledger, voucher_department="10")
    ledger.valid += ["Department", "Project"]
    connect(journal, ledger, voucher_department="10")
    for change, says in (
        ({"voucher_department": "11"}, "voucher_department: found 11, which is not among the company's departments"),
        ({"voucher_project": "5"}, "voucher_project: found 5, which is not active"),
        ({"voucher_department": None}, "demands a department"),
    ):
        with pytest.raises(OnboardingError, match=says):
            onboarding.change_settings(journal, "fjellheim", change, who="K", clock=CLOCK, poweroffice=ledger)
    assert journal.tenant("fjellheim").settings.voucher_department == "10"


def test_a_live_tenant_takes_no_kind_of_voucher_that_it_may_not_post(journal: Journal) -> None:
    ledger = FakeLedger()
    connect(journal, ledger)
    onboarding.go_live(journal, ledger, "fjellheim", who="Kari", clock=CLOCK)
    change = {"voucher_type": "bank_journal"}
    with pytest.raises(OnboardingError, match="privilege BankVoucher_Full: is not granted"):
        onboarding.change_settings(journal, "fjellheim", change, who="Kari", clock=CLOCK, poweroffice=ledger)
    ledger.valid += ["BankVoucher_Full"]
    changed = onboarding.change_settings(journal, "fjellheim", change, who="Kari", clock=CLOCK, poweroffice=ledger)
    assert changed.voucher_type == "bank_journal"


def test_a_control_account_is_refused(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.chart.append(account(1500, "Kundefordringer", GeneralLedgerAccountType="Asset"))
    with pytest.raises(OnboardingError, match="fee_account: 1500 is a control account"):
        connect(journal, ledger, fee_account=1500)


def test_a_chart_without_vat_code_zero_is_refused(journal: Journal) -> None:
    with pytest.raises(OnboardingError, match="VAT code 0"):
        connect(journal, FakeLedger(vat=[{"Id": 103, "Code": "3"}]))


def test_settings_are_refused_before_anything_is_asked(journal: Journal) -> None:
    ledger = FakeLedger()
    with pytest.raises(SettingsError, match="unknown setting gracedays"):
        connect(journal, ledger, gracedays=3)
    with pytest.raises(OnboardingError, match=r"steps.reminder.fee: found 36.00, want 0 to 35.00"):
        connect(journal, ledger, steps={"reminder": {"fee": "36.00"}})
    assert ledger.asked_with == []


def test_observing_needs_no_right_to_post_but_live_does(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.valid = ledger.valid[:-2]
    report = connect(journal, ledger)
    assert any("privilege ManualVoucher_Full: is not granted" in warning for warning in report.warnings)

    with pytest.raises(OnboardingError, match="privilege ManualVoucher_Full: is not granted"):
        onboarding.go_live(journal, ledger, "fjellheim", who="Kari", clock=CLOCK)
    assert journal.tenant("fjellheim").live is False
    ledger.valid += ["ManualVoucher_Full"]
    report = onboarding.go_live(journal, ledger, "fjellheim", who="Kari", clock=CLOCK)
    assert report.settings.live
    assert any("ReverseVoucher_Full" in warning and "by a person" in warning for warning in report.warnings)
    assert journal.tenant("fjellheim").live is True
    onboarding.observe(journal, "fjellheim", who="Ola", clock=CLOCK)
    assert [change.changed_by for change in journal.settings_history("fjellheim")] == ["Kari", "Kari", "Ola"]


def test_live_is_refused_while_an_account_is_not_set(journal: Journal) -> None:
    ledger = FakeLedger()
    assert any("interest_account: not set" in w for w in connect(journal, ledger, interest_account=None).warnings)
    with pytest.raises(OnboardingError, match="interest_account: not set"):
        onboarding.go_live(journal, ledger, "fjellheim", who="Kari", clock=CLOCK)


def change(journal: Journal, ledger: FakeLedger | None = None, **changes: object) -> None:
    onboarding.change_settings(journal, "fjellheim", changes, who="Ola", clock=CLOCK, poweroffice=ledger)


def test_settings_change_afterwards_within_the_law_and_the_chart(journal: Journal) -> None:
    ledger = FakeLedger()
    connect(journal, ledger)
    change(journal, steps={"reminder": {"fee": "35.00"}}, minimum_claim=100)
    with pytest.raises(OnboardingError, match=r"steps.payment_demand.fee: found 105.01"):
        change(journal, steps={"payment_demand": {"fee": "105.01"}})
    with pytest.raises(OnboardingError, match="fee_account: 3951 is not in the company's chart"):
        change(journal, ledger, fee_account=3951)
    with pytest.raises(OnboardingError, match="kredin tenants live fjellheim"):
        change(journal, mode="live")

    settings = journal.tenant("fjellheim").settings
    assert settings.effective_steps()[0].fee == Decimal("35.00")
    assert (settings.minimum_claim, settings.fee_account, settings.mode) == (Decimal(100), "3950", "observe")


def test_a_company_without_an_organisation_number_cannot_claim(journal: Journal) -> None:
    ledger = FakeLedger()
    ledger.organization["OrganizationNumber"] = None
    with pytest.raises(OnboardingError, match="has no organisation number in PowerOffice"):
        connect(journal, ledger)
