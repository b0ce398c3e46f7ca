"""``kredin sign`` and its jobs: from draft to filing, every refusal with its reason and in the log."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult
from typer.testing import CliRunner, Result

from kredin_pipeline.cli import app
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.journal import Journal, LegalAttachment
from kredin_pipeline.sign_job import ATTEST, FILED, HAND_OUT, TAKE_BACK, WITHDRAW, build_sign_jobs
from resources.clock import Clock
from resources.journal import JournalResource
from tests.unit.journal.builders import DAY, with_tenant
from tests.unit.signing.conftest import House
from tests.unit.signing.people import NOW, signed

RUNNER = CliRunner()
ID = "acme-L1"


@dataclass
class Office:
    """An installation with one drafted petition, and a folder for files."""

    journal: Journal
    house: House
    folder: Path

    def sign(self, *words: str) -> Result:
        return RUNNER.invoke(app, ["sign", *words])

    def file(self, name: str, content: bytes) -> str:
        file = self.folder / name
        file.write_bytes(content)
        return str(file)

    def state(self, draft_id: str = ID) -> str:
        return self.journal.legal.one(draft_id).state


@pytest.fixture
def office(house: House, roots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    for name in list(os.environ):
        if name.startswith("KREDIN_"):
            monkeypatch.delenv(name)
    environment = {"HOME": tmp_path / "home", "CLOCK": NOW.isoformat(), "USER": "Kari", "SIGNING_ROOTS": roots}
    for name, value in environment.items():
        monkeypatch.setenv(f"KREDIN_{name}", str(value))
    journal = with_tenant(open_session().journal)
    journal.change_settings("acme", {"signers": "email: kari@fjellheim.no"}, "test", NOW)
    notice = LegalAttachment("varsel.pdf", "application/pdf", b"%PDF-1.7 notice")
    for kind, case, pdf in (
        ("enforcement_petition", "K1", house.draft), ("conciliation_complaint", "K2", house.other_draft),
    ):  # fmt: skip
        journal.legal.draft("acme", kind, [case], pdf, {"total": "1039.79"}, [notice], "petition 1", NOW)
    yield Office(journal, house, tmp_path)
    journal.close()


def exact(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_a_petition_goes_from_draft_to_filing(office: Office) -> None:
    listed = exact(office.sign("list", "--json"))
    assert [(one["id"], one["state"]) for one in listed] == [(ID, "drafted"), ("acme-L2", "drafted")]

    to = office.folder / "out" / "petition.pdf"
    assert office.sign("draft", ID, "--to", str(to), "--attachments", str(to.parent / "bilag")).exit_code == 0
    assert to.read_bytes() == office.house.draft
    assert (to.parent / "bilag" / "01 varsel.pdf").read_bytes() == b"%PDF-1.7 notice"

    back = office.file("signed.pdf", signed(to.read_bytes(), office.house.kari))
    tried = office.sign("signed", ID, back, "--dry-run")
    assert tried.exit_code == 0 and "Nothing was recorded" in tried.output and office.state() == "handed_out"
    done = office.sign("signed", ID, back)
    assert done.exit_code == 0 and "covers the whole file; chain" in done.output, done.output
    assert exact(office.sign("filed", ID, "--reference", "25-0101", "--json"))["filed_on"] == str(DAY)

    assert office.sign("copy", ID, "--to", str(to.parent / "again.pdf")).exit_code == 0
    assert (to.parent / "again.pdf").read_bytes() == Path(back).read_bytes()
    nothing = office.sign("copy", "acme-L2", "--to", str(to.parent / "none.pdf"))
    assert nothing.exit_code == 1 and "no signature is kept yet" in nothing.output

    history = exact(office.sign("list", "--history", ID, "--json"))
    assert [one["to"] for one in history["history"]] == ["drafted", "handed_out", "signed", "filed"]
    assert history["evidence"]["signatures"][0]["signer"].startswith("Kari Nordmann")
    legal = [one for one in office.journal.decisions("acme", "K1") if one.kind == "legal"]
    assert [(one.payload["kind"], one.payload["reference"]) for one in legal] == [("enforcement_petition", "25-0101")]
    assert [one["id"] for one in exact(office.sign("list", "--json"))] == ["acme-L2"]


def test_every_refused_file_is_logged_with_its_reason_and_nothing_is_signed(office: Office) -> None:
    kari, ola, draft = office.house.kari, office.house.ola, office.house.draft
    early = office.sign("signed", ID, office.file("early.pdf", signed(draft, kari)))
    assert early.exit_code == 1 and "hand it out first" in early.output
    office.sign("draft", ID, "--to", str(office.folder / "petition.pdf"))
    told = early
    files = {
        "wrong_person": signed(draft, ola),
        "not_a_pdf": b"signed by me",
        "not_signed": draft,
        "other_content": signed(office.house.other_draft, kari),
    }
    for reason, content in files.items():
        told = office.sign("signed", ID, office.file(f"{reason}.pdf", content))
        assert told.exit_code == 1 and f"refused ({reason})" in told.output, told.output
    assert "is another document, acme-L2" in told.output
    assert office.state() == "handed_out"
    logged = [one.reason or "" for one in office.journal.legal.log(ID) if one.refused]
    assert [reason.partition(":")[0] for reason in logged] == ["wrong_state", *files]

    filed = office.sign("filed", ID, "--reference", "25-0101")
    assert filed.exit_code == 1 and "nothing is filed unsigned" in filed.output and office.state() == "handed_out"


def test_without_roots_or_signers_only_paper_is_left(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.sign("draft", ID, "--to", str(office.folder / "petition.pdf"))
    back = office.file("signed.pdf", signed(office.house.draft, office.house.kari))
    office.journal.change_settings("acme", {"signers": None}, "test", NOW)
    assert "refused (no_signers)" in office.sign("signed", ID, back).output
    office.journal.change_settings("acme", {"signers": "name: Kari Nordmann"}, "test", NOW)
    monkeypatch.delenv("KREDIN_SIGNING_ROOTS")
    assert "refused (no_roots)" in office.sign("signed", ID, back).output
    monkeypatch.setenv("KREDIN_SIGNING_ROOTS", str(office.folder / "nowhere"))
    assert "want a folder" in office.sign("signed", ID, back).output

    words = ["attest", ID, "--who", "Kari Nordmann", "--role", "styreleder", "--note", "signed at the office"]
    done = office.sign(*words, "--on", str(DAY), "--scan", office.file("scan.pdf", b"%PDF- scan"))
    assert done.exit_code == 0, done.output
    kept = office.journal.legal.signature(ID)
    assert kept is not None
    assert (kept.way, kept.signer, kept.role, kept.content) == ("paper", "Kari Nordmann", "styreleder", b"%PDF- scan")
    assert office.sign("filed", ID, "--reference", "25-0101").exit_code == 0


def test_a_file_of_another_name_is_not_overwritten_and_a_withdrawn_one_is_not_signed(office: Office) -> None:
    there = office.file("letter.pdf", b"something else")
    refused = office.sign("draft", ID, "--to", there)
    assert refused.exit_code == 1 and "there is another file" in refused.output and office.state() == "drafted"
    assert office.sign("withdraw", ID, "--why", "paid").exit_code == 0
    told = office.sign("signed", ID, office.file("signed.pdf", signed(office.house.draft, office.house.kari)))
    assert told.exit_code == 1 and "is withdrawn (paid)" in told.output
    assert "no such draft" in office.sign("draft", "acme-L9", "--to", there).output


def test_the_jobs_do_the_same_from_the_launchpad(office: Office) -> None:
    jobs = {one.name: one for one in build_sign_jobs()}
    home = office.folder / "home"
    journal = JournalResource(url=f"sqlite:///{home / 'journal.sqlite'}", home=str(home))
    resources = {"journal": journal, "clock": Clock(pinned=NOW.isoformat())}

    with DagsterInstance.ephemeral() as instance:

        def run(name: str, document: str, **config: Any) -> ExecuteInProcessResult:
            ops = {f"{name}_op": {"config": {"document": document, "who": "Kari", **config}}}
            quiet = {"console": {"config": {"log_level": "CRITICAL"}}}
            return jobs[name].execute_in_process(
                run_config={"ops": ops, "loggers": quiet}, resources=resources, instance=instance, raise_on_error=False
            )

        to = office.folder / "petition.pdf"
        assert run(HAND_OUT, ID, to=str(to)).success
        wrong = run(TAKE_BACK, ID, file=office.file("wrong.pdf", signed(to.read_bytes(), office.house.ola)))
        assert not wrong.success
        failure = next(event for event in wrong.all_events if event.is_step_failure)
        assert "refused (wrong_person)" in str(failure.step_failure_data.user_failure_data)
        assert run(TAKE_BACK, ID, file=office.file("good.pdf", signed(to.read_bytes(), office.house.kari))).success
        assert run(FILED, ID, reference="25-0101").success
        assert office.state() == "filed"
        run(HAND_OUT, "acme-L2", to=str(office.folder / "complaint.pdf"))
        assert run(ATTEST, "acme-L2", role="styreleder", note="on paper").success
        assert run(WITHDRAW, "acme-L2", why="paid").success
        assert office.state("acme-L2") == "withdrawn"
    journal.close()


def test_every_field_of_the_launchpad_says_what_it_means() -> None:
    from kredin_pipeline.sign_job import Attest, Filed, HandOut, TakeBack, Withdraw

    for config in (HandOut, TakeBack, Attest, Filed, Withdraw):
        assert all(field.description for field in config.model_fields.values())
