"""How a case is played, shown with a stand-in for the pipeline that does what the test tells it.

The sandbox, its mailbox, its letter drop and the journal are the real ones; only the run itself is replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from smtplib import SMTP
from typing import Any
from urllib.request import Request, urlopen

import pytest

from kredin_pipeline.jobs import RunOutcome
from kredin_pipeline.letters.content import ClaimInLetter, Creditor, LetterContent, Recipient
from kredin_pipeline.letters.email_message import compose
from kredin_pipeline.letters.pdf import render_pdf
from kredin_pipeline.letters.post_batch import PaperLetter, manifest, manifest_path
from kredin_pipeline.sandbox.server import RunningSandbox
from tests.acceptance import playing
from tests.acceptance.playing import CaseFailed, Player
from tests.acceptance.reading import OSLO, read_cases

ZERO = Decimal("0.00")


class StandIn:
    """Instead of a run: publishes what the ledger shows, and does what ``then`` says."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.runs: list[str] = []
        self.faults: list[int] = []
        self.outcome = RunOutcome(True, "run", [])
        self.then: Callable[[str, date], None] = lambda tenant, day: None
        self.rows: dict[tuple[str, date], list[dict[str, Any]]] = {}
        self.player: Player | None = None

    def run_day(self, defs: object, instance: object, tenant: str, day: date) -> RunOutcome:
        self.runs.append(f"{tenant} {day} {self.sandbox.control.now().astimezone(OSLO):%d %H:%M}")
        self.faults.append(len(self.sandbox.control.faults()))
        self.publish(tenant, day)
        self.then(tenant, day)
        return self.outcome

    def run_history(self, defs: object, instance: object, tenant: str, first: date, last: date) -> RunOutcome:
        self.runs.append(f"{tenant} {first}..{last} {self.sandbox.control.now().astimezone(OSLO):%d %H:%M}")
        for day in (first, last):
            self.publish(tenant, day)
        return self.outcome

    def publish(self, tenant: str, day: date) -> None:
        assert self.player is not None
        entries = self.sandbox.control.ledger(self.player.client_keys[tenant], day.isoformat())
        self.rows[tenant, day] = [
            {"invoice_no": entry["invoice_no"], "principal_open": Decimal(entry["balance"]), "orgnr": None}
            for entry in entries
            if entry["voucher_type"] == "OutgoingInvoice"
        ]

    def published(self, tenant: str, day: date) -> list[dict[str, Any]]:
        days = [known for name, known in self.rows if name == tenant and known <= day]
        return self.rows[tenant, max(days)] if days else []


@pytest.fixture
def play(sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., StandIn]:
    """Plays a case's text with a stand-in that ``prepare`` may change; raises what the player raises."""

    def run(text: str, prepare: Callable[[StandIn], None] = lambda stand_in: None) -> StandIn:
        stand_in = StandIn(sandbox)
        prepare(stand_in)
        monkeypatch.setattr(playing, "run_day", stand_in.run_day)
        monkeypatch.setattr(playing, "run_history", stand_in.run_history)
        monkeypatch.setattr(Player, "_definitions", lambda player: None)  # type: ignore[misc]
        monkeypatch.setattr(Player, "_published", lambda player, tenant, day: stand_in.published(tenant, day))  # type: ignore[misc]
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        stand_in.player = Player(read_cases(text, "t.yaml")[0], sandbox, folder)
        stand_in.player.play()
        return stand_in

    return run


CASE = """
case: T-1
title: a test
runs: {runs}
world:
  - {{on: 2025-02-10, event: invoice, no: 1001, customer: 10001, amount: 1000.00, due: 2025-03-03}}
  - {{on: 2025-03-17T05:58, event: fault, route: GET /Customers, kind: status, code: 403}}
  - {{on: 2025-03-17T12:00, event: payment, id: P1, customer: 10001, amount: 400.00, for: [1001]}}
expect:
"""


def case(runs: str, *rows: str) -> str:
    return CASE.format(runs=runs) + "".join(f"  - {{{row}}}\n" for row in rows)


PAPER = {"reminder": "email", "payment_demand": "post"}


def letter(tenant: str, on: date, step: Any = "reminder") -> LetterContent:
    """A letter over 1 035.00 for invoice 1001."""
    claim = ClaimInLetter(
        case_id="K0123456789", invoice_no="1001", kid=None, invoice_date=on, due_date=on,
        principal_original=Decimal("1000.00"), principal=Decimal("1000.00"), total=Decimal("1035.00"),
        fee=Decimal("35.00"), bears_fee=True,
    )  # fmt: skip
    recipient = Recipient(
        "10001", "Kunde AS", email="kunde@example.no", address_line1="Vei 1", zip_code="0150", city="Oslo"
    )
    return LetterContent(
        f"letter:{tenant}:K0123456789:{step}", tenant, step, PAPER[step], "nb", "1988", on, date(2025, 3, 31),  # type: ignore[arg-type]
        Creditor("Fjellheim AS"), recipient, (claim,),
    )  # fmt: skip


def mail(stand_in: StandIn) -> Callable[[str, date], None]:
    """Sends a reminder by e-mail on every run."""

    def send(tenant: str, day: date) -> None:
        content = letter(tenant, day)
        envelope = compose(content, render_pdf(content), "brev@kredin.example", datetime.now(UTC))
        with SMTP(stand_in.sandbox.smtp_host, stand_in.sandbox.smtp_port, timeout=5) as server:
            server.sendmail(envelope.mail_from, [envelope.rcpt_to], envelope.message)

    return send


def paper(stand_in: StandIn, tamper: Callable[[bytes], bytes] = lambda pdf: pdf) -> Callable[[str, date], None]:
    """Puts a demand and its manifest into the letter drop on every run."""

    def drop(tenant: str, day: date) -> None:
        content = letter(tenant, day, "payment_demand")
        paper_letter = PaperLetter(content, render_pdf(content))
        files = {paper_letter.path: tamper(paper_letter.pdf), manifest_path(day, 1): manifest([paper_letter])}
        for path, body in files.items():
            urlopen(Request(f"{stand_in.sandbox.letter_drop_url}/{path}", body, method="PUT"), timeout=5).close()

    return drop


REMINDER = "{case: 1001, cases: [1001], step: reminder, channel: email, fee: 35.00, interest: 0.00, principal: 1000.00, total: 1035.00, deadline: 2025-03-31}"  # noqa: E501


def test_runs_and_events_happen_in_order_and_leftover_faults_end_with_the_day(play: Callable[..., StandIn]) -> None:
    runs = "[2025-03-17, 2025-03-17T08:00, 2025-03-18T00:30, {backfill: [2025-03-01, 2025-03-03], on: 2025-03-19}]"
    stand_in = play(
        case(
            runs,
            "on: 2025-03-17, case: 1001, principal_open: 1000.00",
            "on: 2025-03-18, case: 1001, principal_open: 600.00, orgnr: null",
            "on: 2025-03-03, case: 1001, principal_open: 1000.00",
            "on: 2025-03-18, run: ok",
            "on: 2025-03-18, no_case: 1002",
        )
    )
    assert stand_in.runs == [
        "kreditor 2025-03-17 17 06:00",
        "kreditor 2025-03-17 17 08:00",
        "kreditor 2025-03-18 18 00:30",
        "kreditor 2025-03-01..2025-03-03 19 06:00",
    ]
    assert stand_in.faults == [1, 1, 0]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("case: 1001, principal_open: 1000.01", "principal_open: expected 1000.01, found 1000.00"),
        ("case: 1001, principal_open: 1000.01", "the whole row: {invoice_no: 1001"),
        ("case: 1001, orgnr: '999990002'", "orgnr: expected 999990002, found null"),
        ("case: 1002, principal_open: 1.00", "expected one case 1002, found 0; published on 2025-03-17: 1001"),
        ("no_case: 1001", "expected no case 1001, found {invoice_no: 1001"),
        ("run: failed", "run: expected failed, found ok"),
        ("message_has: interest_account", "expected a message with 'interest_account'"),
        ("letters: [{case: 1001}]", "missing   {case: 1001}"),
        ("vouchers: [{case: 1001}]", "missing   {case: 1001}"),
        ("quarantined: 1", "quarantined: expected 1, found 0"),
    ],
)
def test_a_wrong_expectation_fails_and_says_how(play: Callable[..., StandIn], row: str, said: str) -> None:
    with pytest.raises(CaseFailed) as caught:
        play(case("[2025-03-17]", f"on: 2025-03-17, {row}"))
    assert said in str(caught.value)
    assert str(caught.value).startswith("T-1: a test (t.yaml)") and f"- {{on: 2025-03-17, {row.split(':')[0]}" in str(
        caught.value
    )


def test_every_row_that_differs_is_told_not_only_the_first(play: Callable[..., StandIn]) -> None:
    with pytest.raises(CaseFailed) as caught:
        play(case("[2025-03-17]", "on: 2025-03-17, case: 1001, orgnr: '1'", "on: 2025-03-17, run: failed"))
    assert str(caught.value).count("\n- ") == 2


def test_a_letter_by_e_mail_is_read_where_it_arrives(play: Callable[..., StandIn]) -> None:
    def prepare(stand_in: StandIn) -> None:
        stand_in.then = mail(stand_in)

    play(case("[2025-03-17]", f"on: 2025-03-17, letters: [{REMINDER}]"), prepare)
    with pytest.raises(CaseFailed, match="unexpected"):
        play(case("[2025-03-17]", "on: 2025-03-17, letters: []"), prepare)
    with pytest.raises(CaseFailed, match=r"fee: expected 38.00, found 35.00"):
        play(case("[2025-03-17]", "on: 2025-03-17, letters: [{case: 1001, fee: 38.00}]"), prepare)


def test_letters_count_for_the_whole_day_and_for_no_other(play: Callable[..., StandIn]) -> None:
    def prepare(stand_in: StandIn) -> None:
        stand_in.then = mail(stand_in)

    both = f"on: 2025-03-17, letters: [{REMINDER}, {REMINDER}]"
    play(case("[2025-03-16, 2025-03-17, 2025-03-17T08:00]", both), prepare)


def test_a_letter_on_paper_is_read_in_the_letter_drop(play: Callable[..., StandIn]) -> None:
    demand = REMINDER.replace("reminder", "payment_demand").replace("email", "post")

    def prepare(stand_in: StandIn) -> None:
        stand_in.then = paper(stand_in)

    def tampered(stand_in: StandIn) -> None:
        stand_in.then = paper(stand_in, lambda pdf: pdf + b"%")

    play(case("[2025-03-17]", f"on: 2025-03-17, letters: [{demand}]"), prepare)
    with pytest.raises(CaseFailed, match="is not the file that the manifest names"):
        play(case("[2025-03-17]", f"on: 2025-03-17, letters: [{demand}]"), tampered)


def test_a_failed_run_is_what_it_must_be_when_the_case_says_so(play: Callable[..., StandIn]) -> None:
    def prepare(stand_in: StandIn) -> None:
        stand_in.outcome = RunOutcome(False, "run", ["PowerOffice: GET /Customers: 403"])

    play(case("[2025-03-17]", 'on: 2025-03-17, run: failed, message_has: "403"'), prepare)
    with pytest.raises(CaseFailed, match=r"said: PowerOffice: GET /Customers: 403"):
        play(case("[2025-03-17]", "on: 2025-03-17, run: ok"), prepare)


def test_several_tenants_have_their_own_ledgers_rows_and_letters(play: Callable[..., StandIn]) -> None:
    text = """
case: T-2
title: two tenants
runs: [2025-03-17]
tenants: {A: {}, B: {}}
world:
  - {on: 2025-02-10, tenant: A, event: invoice, no: 1001, customer: 1, amount: 1000.00, due: 2025-03-03}
  - {on: 2025-02-10, tenant: B, event: invoice, no: 1001, customer: 1, amount: 500.00, due: 2025-03-03}
expect:
  - {on: 2025-03-17, tenant: A, case: 1001, principal_open: 1000.00}
  - {on: 2025-03-17, tenant: B, case: 1001, principal_open: 500.00}
  - {on: 2025-03-17, tenant: A, letters: [{case: 1001}]}
  - {on: 2025-03-17, tenant: B, letters: [{case: 1001}]}
"""

    def prepare(stand_in: StandIn) -> None:
        stand_in.then = mail(stand_in)

    assert [run[:1] for run in play(text, prepare).runs] == ["A", "B"]
