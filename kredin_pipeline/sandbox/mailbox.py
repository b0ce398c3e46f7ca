"""A mailbox that takes every letter: an SMTP server that keeps what arrived, with the faults of a bad line.

Receiving and keeping belong here; what a letter must say does not.
Source: RFC 5321 (replies to DATA), the acceptance format's ``fault`` event with route ``SMTP``.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default as email_policy
from threading import Event, Lock, Thread
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from .clock import SandboxClock
from .faults import Fault, Faults

_STORED = "250 2.0.0 OK: stored"
_REPLIES = {
    421: "421 4.3.2 Service not available, closing transmission channel",
    450: "450 4.2.1 Mailbox unavailable, try again later",
    451: "451 4.3.0 Local error in processing, try again later",
    452: "452 4.3.1 Insufficient system storage",
    550: "550 5.1.1 Mailbox unavailable",
    552: "552 5.2.2 Mailbox full",
    554: "554 5.7.1 Message refused",
}
_MAIL_FAULTS = frozenset({"status", "timeout", "timeout_after_commit", "reset_after_commit"})
_LARGEST_MESSAGE = 64 * 1024 * 1024  # bytes


@dataclass(frozen=True)
class ReceivedMail:
    """One message as it arrived. ``received_at`` is aware UTC by the sandbox clock; ``raw`` the message's bytes."""

    received_at: datetime
    mail_from: str
    rcpt_tos: tuple[str, ...]
    message_id: str | None
    raw: bytes

    def as_json(self) -> dict[str, Any]:
        """Plain values, ``raw`` as ``raw_base64``."""
        return {
            "received_at": self.received_at.isoformat(),
            "mail_from": self.mail_from,
            "rcpt_tos": list(self.rcpt_tos),
            "message_id": self.message_id,
            "raw_base64": b64encode(self.raw).decode(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ReceivedMail:
        return cls(
            datetime.fromisoformat(stored["received_at"]),
            stored["mail_from"],
            tuple(stored["rcpt_tos"]),
            stored["message_id"],
            b64decode(stored["raw_base64"]),
        )


class Mailbox:
    """An SMTP server in a thread of its own. Everything that was accepted is in ``messages``, in order of arrival.

    A planned fault with route ``SMTP`` shows on the next message: ``status`` (its code answers DATA, nothing is kept),
    ``timeout`` (nothing is kept, no answer), ``timeout_after_commit`` and ``reset_after_commit`` (kept, but the answer
    never comes). Kinds that make no sense for mail stay planned and show nowhere.
    """

    def __init__(self, clock: SandboxClock, faults: Faults | None = None, hold_seconds: float = 30.0) -> None:
        self._clock = clock
        self._faults = faults or Faults()
        self.hold_seconds = hold_seconds
        self._messages: list[ReceivedMail] = []
        self._lock = Lock()
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._address: tuple[str, int] | None = None

    # --- the server --------------------------------------------------------------------------------------------

    def start(self, host: str = "127.0.0.1", port: int = 0) -> tuple[str, int]:
        """Listen and return host and port (port 0: any free one). Raises ``OSError`` when the port is taken."""
        if self._thread is not None:
            raise RuntimeError("the mailbox is already listening")
        ready, failure = Event(), list[BaseException]()
        self._thread = Thread(target=self._run, args=(host, port, ready, failure), name="mailbox", daemon=True)
        self._thread.start()
        ready.wait()
        if failure:
            self._thread.join()
            self._thread = None
            raise failure[0]
        return self.address

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on. Raises ``RuntimeError`` before ``start``."""
        if self._address is None:
            raise RuntimeError("the mailbox is not listening; call start first")
        return self._address

    def stop(self) -> None:
        """Stop listening and cut what is open; what arrived stays. Does nothing when it is not listening."""
        if self._thread is None or self._loop is None or self._stop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._thread, self._loop, self._stop, self._address = None, None, None, None

    def _run(self, host: str, port: int, ready: Event, failure: list[BaseException]) -> None:
        try:
            asyncio.run(self._serve(host, port, ready))
        except BaseException as error:
            failure.append(error)
            ready.set()

    async def _serve(self, host: str, port: int, ready: Event) -> None:
        loop = asyncio.get_running_loop()
        open_sessions: set[SMTP] = set()

        def session() -> SMTP:
            protocol = SMTP(
                _Handler(self), hostname="mailbox.sandbox", loop=loop, enable_SMTPUTF8=True,
                data_size_limit=_LARGEST_MESSAGE, timeout=300,
            )  # fmt: skip
            open_sessions.difference_update([one for one in open_sessions if _is_over(one)])
            open_sessions.add(protocol)
            return protocol

        server = await loop.create_server(session, host, port)
        name = server.sockets[0].getsockname()
        self._loop, self._stop, self._address = loop, asyncio.Event(), (host, int(name[1]))
        ready.set()
        try:
            await self._stop.wait()
        finally:
            server.close()
            for protocol in open_sessions:
                _cut(protocol)

    # --- what arrived ------------------------------------------------------------------------------------------

    @property
    def messages(self) -> list[ReceivedMail]:
        with self._lock:
            return list(self._messages)

    def clear(self) -> None:
        """Throw away what arrived."""
        with self._lock:
            self._messages.clear()

    reset = clear

    def dump(self) -> list[dict[str, Any]]:
        """What arrived, as plain JSON values for ``load``."""
        return [one.as_json() for one in self.messages]

    def load(self, stored: Sequence[Mapping[str, Any]]) -> None:
        kept = [ReceivedMail.from_json(one) for one in stored]
        with self._lock:
            self._messages = kept

    def keep(self, mail_from: str, rcpt_tos: Sequence[str], raw: bytes) -> ReceivedMail:
        """Keep a message that arrived now."""
        message_id = message_from_bytes(raw, policy=email_policy).get("Message-ID")
        one = ReceivedMail(
            self._clock.now(), mail_from, tuple(rcpt_tos), None if message_id is None else str(message_id).strip(), raw
        )
        with self._lock:
            self._messages.append(one)
        return one

    def fault(self) -> Fault | None:
        """The fault that the message in hand must show."""
        planned = self._faults.take("SMTP", "")
        if planned is not None and planned.kind not in _MAIL_FAULTS:
            self._faults.give_back(planned)
            return None
        return planned


class _Handler:
    """What aiosmtpd calls when a message has been sent."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self._mailbox.fault()
        if fault is not None and fault.kind == "status":
            code = fault.code or 451
            return _REPLIES.get(code, f"{code} refused by a planned fault")
        if fault is None or fault.kind != "timeout":
            content = envelope.content
            raw = content.encode() if isinstance(content, str) else content or b""
            self._mailbox.keep(envelope.mail_from or "", [str(to) for to in envelope.rcpt_tos], raw)
        if fault is None:
            return _STORED
        if fault.kind != "reset_after_commit":
            await self._hold(server)
        _cut(server)
        return _STORED  # nobody is there to read it

    async def _hold(self, server: SMTP) -> None:
        """Say nothing until the caller goes away or the time is over."""
        deadline = asyncio.get_running_loop().time() + self._mailbox.hold_seconds
        while asyncio.get_running_loop().time() < deadline:
            if server.transport is None or server.transport.is_closing():
                return
            await asyncio.sleep(0.05)


def _is_over(session: SMTP) -> bool:
    return session.transport is not None and session.transport.is_closing()


def _cut(session: SMTP) -> None:
    """Drop the line without a word."""
    if isinstance(session.transport, asyncio.Transport):
        session.transport.abort()
