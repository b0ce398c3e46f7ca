"""The mailbox over real SMTP, with a good and a bad line."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from time import monotonic
from typing import Any

import pytest

from kredin_pipeline.sandbox.clock import SandboxClock
from kredin_pipeline.sandbox.faults import Faults
from kredin_pipeline.sandbox.mailbox import Mailbox

LETTER = b"%PDF-1.7 \x00\xff" * 40_000


class Line:
    """A mailbox that listens, and a sender."""

    def __init__(self) -> None:
        self.clock = SandboxClock("2026-11-23T06:00")
        self.faults = Faults()
        self.mailbox = Mailbox(self.clock, self.faults, hold_seconds=0.4)
        self.host, self.port = self.mailbox.start()

    def send(self, name: str = "one", timeout: float = 5.0) -> Any:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "faktura@nidaros.example", "å@kunde.example", "Purring"
        message["Message-ID"] = f"<{name}@kredin.example>"
        message.set_content("Betalingsfrist 7. desember\n.\npå en linje for seg\n")
        message.add_attachment(LETTER, maintype="application", subtype="pdf", filename="brev.pdf")
        with smtplib.SMTP(self.host, self.port, timeout=timeout) as smtp:
            return smtp.send_message(message, to_addrs=["a@kunde.example", "b@kunde.example"])

    def fault(self, kind: str, **more: Any) -> None:
        self.faults.add({"route": "SMTP", "kind": kind, **more}, "some-client-key")

    def arrived(self) -> list[str | None]:
        return [one.message_id for one in self.mailbox.messages]


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.mailbox.stop()


def test_a_letter_arrives_byte_for_byte_with_the_sandbox_time(line: Line) -> None:
    line.send()
    [one] = line.mailbox.messages
    assert one.received_at == line.clock.now()
    assert (one.mail_from, one.rcpt_tos) == ("faktura@nidaros.example", ("a@kunde.example", "b@kunde.example"))
    from email import message_from_bytes
    from email.policy import default

    text, pdf = message_from_bytes(one.raw, policy=default).iter_parts()
    assert pdf.get_content() == LETTER  # type: ignore[attr-defined]
    assert "\n.\n" in text.get_content().replace("\r\n", "\n")  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", [451, 550])
def test_a_refused_letter_is_not_kept_and_the_next_one_is(line: Line, code: int) -> None:
    line.fault("status", code=code)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        line.send("refused")
    assert refused.value.smtp_code == code
    line.send("next")
    assert line.arrived() == ["<next@kredin.example>"]


def test_a_time_out_keeps_nothing_and_a_time_out_after_the_letter_was_taken_keeps_it(line: Line) -> None:
    line.mailbox.hold_seconds = 20
    for kind in ("timeout", "timeout_after_commit"):
        line.fault(kind)
        begun = monotonic()
        with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
            line.send(kind, timeout=0.3)
        assert monotonic() - begun < 5
    assert line.arrived() == ["<timeout_after_commit@kredin.example>"]


def test_a_line_cut_after_the_letter_was_taken_leaves_the_sender_without_an_answer(line: Line) -> None:
    line.fault("reset_after_commit")
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        line.send("cut")
    line.send("again")
    assert line.arrived() == ["<cut@kredin.example>", "<again@kredin.example>"]


def test_a_fault_can_let_some_letters_pass_first(line: Line) -> None:
    line.fault("status", code=451, after=1, times=1)
    line.send("first")
    with pytest.raises(smtplib.SMTPDataError):
        line.send("second")
    line.send("third")
    assert line.arrived() == ["<first@kredin.example>", "<third@kredin.example>"]


def test_a_kind_that_mail_does_not_know_stays_planned(line: Line) -> None:
    line.fault("empty_200")
    line.send()
    assert len(line.arrived()) == 1 and [one["kind"] for one in line.faults.planned()] == ["empty_200"]


def test_what_arrived_survives_a_snapshot_and_not_a_reset(line: Line) -> None:
    line.send()
    before = line.mailbox.messages
    stored = json.loads(json.dumps(line.mailbox.dump()))
    line.mailbox.reset()
    assert line.arrived() == []
    line.mailbox.load(stored)
    assert line.mailbox.messages == before


def test_a_stopped_mailbox_answers_nobody_and_can_start_again(line: Line) -> None:
    line.mailbox.stop()
    with pytest.raises(OSError):
        line.send()
    line.host, line.port = line.mailbox.start()
    line.send()
    assert len(line.arrived()) == 1


def test_a_taken_port_is_told_to_the_caller(line: Line) -> None:
    other = Mailbox(line.clock)
    with pytest.raises(OSError):
        other.start(line.host, line.port)
    with pytest.raises(RuntimeError, match="start"):
        _ = other.address
