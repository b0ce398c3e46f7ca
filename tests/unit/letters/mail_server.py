"""A real SMTP server on a free port whose answers a test can choose."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Answers:
    """What the server says at RCPT and after the text, and what it has taken. ``hang_up`` closes without an answer."""

    def __init__(
        self, rcpt: str = "250 OK", data: str = "250 OK", *, mail: str = "250 OK", hang_up: bool = False
    ) -> None:
        self.rcpt, self.data, self.mail, self.hang_up = rcpt, data, mail, hang_up
        self.silent_seconds = 0.0
        self.taken: list[Envelope] = []
        self.connections = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self.mail.startswith("250"):
            envelope.mail_from = address
        return self.mail

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data.startswith("250"):
            self.taken.append(envelope)
        if self.silent_seconds:
            await asyncio.sleep(self.silent_seconds)
        if self.hang_up and server.transport is not None:
            server.transport.close()
        return self.data


@contextmanager
def mail_server(answers: Answers) -> Generator[tuple[str, int]]:
    """Host and port of a server that answers so."""
    with socket.socket() as free:  # the controller greets the port that it was given, so it cannot be 0
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    controller = Controller(answers, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield "127.0.0.1", port
    finally:
        controller.stop()
