"""``kredin connect`` against the sandbox's real socket: a token proves the key, its own settings the company."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kredin_pipeline.cli import app
from kredin_pipeline.commands.sandbox import announce, fill, read_seed
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.environment import write_environment
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start

ORGNR = "999990126"
PRIVILEGES = ["Customer", "CustomerLedger", "OutgoingInvoice", "AccountTransaction", "GeneralLedgerAccount"]
RUNNER = CliRunner()


@pytest.fixture(scope="module")
def sandbox() -> Generator[RunningSandbox, None, None]:
    with start(SandboxOptions(now="2025-03-17T05:00:00+01:00", rate_per_second=0)) as running:
        yield running


@pytest.fixture(autouse=True)
def home(sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("KREDIN_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("KREDIN_HOME", str(tmp_path))
    sandbox.control.reset()
    announce(sandbox, tmp_path)
    write_environment(tmp_path, {"poweroffice_requests_per_second": "0"})
    return tmp_path


def connect(key: str, *words: str) -> Result:
    return RUNNER.invoke(app, ["connect", "fjellheim", "--who", "Kari", "--client-key", key, *words])


def test_a_company_is_connected_by_its_key_and_taken_live(sandbox: RunningSandbox) -> None:
    key = sandbox.control.add_company("Fjellheim AS", ORGNR)
    done = connect(key, "--organization-no", ORGNR, "--days-past-due", "10")

    assert done.exit_code == 0, done.output
    assert f"Fjellheim AS, organisation number {ORGNR}" in done.output
    assert "3950 Purregebyr" in done.output
    tenant = open_session().journal.tenant("fjellheim")
    assert (tenant.company_name, tenant.organization_no, tenant.connected_on.isoformat()) == (
        "Fjellheim AS",
        ORGNR,
        "2025-03-17",
    )
    assert (tenant.settings.mode, tenant.settings.days_past_due) == ("observe", 10)

    live = RUNNER.invoke(app, ["tenants", "live", "fjellheim", "--who", "Kari"])
    assert live.exit_code == 0, live.output
    assert open_session().journal.tenant("fjellheim").live


def test_a_key_of_another_environment_is_unknown_here(sandbox: RunningSandbox) -> None:
    sandbox.control.add_company("Fjellheim AS", ORGNR)
    done = connect("0b6e7f7e-6a4f-4f0e-9d53-5f6a3f7c1d2e")
    assert done.exit_code == 1
    assert "PowerOffice does not know this client key" in done.output
    assert "0b6e7f7e" not in done.output


def test_the_key_of_another_company_is_refused(sandbox: RunningSandbox) -> None:
    key = sandbox.control.add_company("Dalnes AS", "999990134")
    done = connect(key, "--organization-no", ORGNR)
    assert done.exit_code == 1
    assert f"belongs to Dalnes AS, organisation number 999990134, but {ORGNR} was expected" in done.output
    assert open_session().journal.tenant_names() == []


def test_a_missing_privilege_is_named_before_it_is_a_403(sandbox: RunningSandbox) -> None:
    key = sandbox.control.add_company("Fjellheim AS", ORGNR, privileges=PRIVILEGES)
    done = connect(key)
    assert done.exit_code == 1
    assert "privilege CommonServices: is not granted to this integration" in done.output
    assert [request["status"] for request in sandbox.control.requests() if request["status"] == 403] == []


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("fee_account=3951", "fee_account: 3951 is not in the company's chart of accounts"),
        ("fee_account=1500", "fee_account: 1500 is a control account"),
        ("interest_account=3000", "interest_account: 3000 is locked to VAT code 3"),
    ],
)
def test_an_account_that_cannot_take_the_voucher_is_refused(sandbox: RunningSandbox, setting: str, says: str) -> None:
    key = sandbox.control.add_company("Fjellheim AS", ORGNR)
    sandbox.control.account(key, "3000", "Salgsinntekt", vat_code="3", vat_locked=True)
    done = connect(key, "--set", setting)
    assert (done.exit_code, says in done.output) == (1, True), done.output
    assert open_session().journal.tenant_names() == []


def test_an_inactive_account_is_refused_when_it_is_set_afterwards(sandbox: RunningSandbox) -> None:
    key = sandbox.control.add_company("Fjellheim AS", ORGNR)
    assert connect(key).exit_code == 0
    sandbox.control.account(key, "3960", "Inkassoinntekter", active=False)
    done = RUNNER.invoke(app, ["tenants", "set", "fjellheim", "fee_account=3960", "--who", "Ola"])
    assert (done.exit_code, "3960 is not active" in done.output) == (1, True), done.output
    assert open_session().journal.tenant("fjellheim").settings.fee_account == "3950"


def test_a_sandbox_of_a_wanted_size_tells_its_keys(
    sandbox: RunningSandbox, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(sandbox, read_seed("demo", 100))
    announce(sandbox, home)
    (company,) = sandbox.control.companies()
    assert company["client_key"] in capsys.readouterr().out
    assert len(sandbox.control.ledger(company["client_key"])) == 100
    assert connect(company["client_key"]).exit_code == 0
