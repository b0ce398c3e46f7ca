"""One conversation with an SMTP server, step by step, so that a lost answer is told from a refusal.

Here belongs what each reply means for the letter. Source: RFC 5321 §§ 3.3, 4.2, 4.5.3.2, 6.1: a server is answerable
for a message from its 250 to the final dot on; before that nothing has been taken.

============================================== ========================================
what happened                                  outcome
============================================== ========================================
no connection, no greeting, log-in refused     ``NothingSent``
MAIL FROM refused (our address, not theirs)    ``NothingSent``
RCPT TO or DATA refused with 4xx               ``NothingSent``
RCPT TO or DATA refused with 5xx               ``Rejected``
final dot answered with 4xx / 5xx              ``NothingSent`` / ``Rejected``
no answer after the text was begun             ``OutcomeUnknown``
============================================== ========================================
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable
from typing import Literal, Self

from kredin_pipeline.letters.email_message import Envelope
from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected

Security = Literal["none", "starttls", "tls"]
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\n)")
_BROKEN = (OSError, smtplib.SMTPException)


class Mailer:
    """An open connection that sends one message after the other; a context manager. Not shared between threads."""

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        login: tuple[str, Callable[[], str]] | None,
        timeout_seconds: float,
    ) -> None:
        self._host, self._port, self._security = host, port, security
        self._login, self._timeout = login, timeout_seconds
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with contextlib.suppress(*_BROKEN):
                smtp.quit()

    def send(self, envelope: Envelope) -> None:
        """Hand one message over; returns when the server has taken it. Raises the outcomes of the module."""
        smtp = self._ready()
        try:
            self._introduce(smtp, envelope)
        except _BROKEN as error:
            self._drop()
            raise NothingSent(f"SMTP {self._host}: broken off before the text of the letter ({_name(error)})") from None
        try:
            smtp.send(_dotted(envelope.message))
            code, text = smtp.getreply()
        except _BROKEN as error:
            self._drop()
            raise OutcomeUnknown(
                f"SMTP {self._host}: no answer after the text of {envelope.message_id} was sent ({_name(error)})"
            ) from None
        if code == -1:  # smtplib's sign for a reply that is not one
            self._drop()
            raise OutcomeUnknown(f"SMTP {self._host}: an unreadable answer to {envelope.message_id}")
        self._judge(code, text, "the letter")

    def _introduce(self, smtp: smtplib.SMTP, envelope: Envelope) -> None:
        code, text = smtp.mail(envelope.mail_from)
        if code != 250:
            self._reset(smtp)
            raise NothingSent(f"SMTP {self._host}: refused our sender: {_shown(code, text)}", status=code)
        code, text = smtp.rcpt(envelope.rcpt_to)
        if code not in (250, 251):
            self._reset(smtp)
            self._judge(code, text, "the recipient")
        code, text = smtp.docmd("DATA")
        if code != 354:
            self._reset(smtp)
            self._judge(code, text, "DATA")

    def _judge(self, code: int, text: bytes, what: str) -> None:
        if 200 <= code < 300:
            return
        if code == 421:  # the server closes after this answer
            self._drop()
        outcome = Rejected if 500 <= code < 600 else NothingSent
        raise outcome(f"SMTP {self._host}: refused {what}: {_shown(code, text)}", status=code)

    def _ready(self) -> smtplib.SMTP:
        """The connection, opened if there is none and opened anew if the server has closed it."""
        if self._smtp is not None:
            with contextlib.suppress(*_BROKEN):
                if self._smtp.rset()[0] == 250:
                    return self._smtp
            self._drop()
        try:
            self._smtp = self._connected()
        except _BROKEN as error:
            status = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
            raise NothingSent(
                f"SMTP {self._host}:{self._port}: could not connect or log in ({_name(error)})", status=status
            ) from None
        return self._smtp

    def _connected(self) -> smtplib.SMTP:
        if self._security == "tls":
            smtp = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=ssl.create_default_context())
        else:
            smtp = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            smtp.ehlo_or_helo_if_needed()
            if self._security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if self._login is not None:
                user, password = self._login
                smtp.login(user, password())
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    @staticmethod
    def _reset(smtp: smtplib.SMTP) -> None:
        with contextlib.suppress(*_BROKEN):
            smtp.rset()


def _dotted(message: bytes) -> bytes:
    """The text as it crosses the wire: CRLF, a dot before every line that begins with one, and the final dot."""
    lines = _LINE_END.sub(b"\r\n", message)
    quoted = re.sub(rb"(?m)^\.", b"..", lines)
    return quoted + (b"" if quoted.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _shown(code: int, text: bytes) -> str:
    return f"{code} {text.decode('utf-8', 'replace')[:200]}"


def _name(error: BaseException) -> str:
    """What an error is called, and its code; never its text, which may repeat what was sent at log-in."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    return type(error).__name__
