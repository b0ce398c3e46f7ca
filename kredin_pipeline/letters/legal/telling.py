"""Telling the user once that legal steps are open: what the e-mail says, what was told before, and sending it.

Here belongs a message to the creditor's own people, never to a debtor. Not here: which documents there are
(``resources.legal_drafting``), the connection (``resources.post``), the outbox's own rules (``journal``).

One message tells all that is new. What was told is a document's kind and case, so that a draft made anew tells nothing
again; it is read from the messages in the outbox, so that nothing is told twice and nothing is forgotten. A lost answer
stays ``outcome_unknown`` until a person says whether the message arrived (`kredin outbox settle`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from textwrap import fill
from typing import Any, Final, Protocol

from kredin_pipeline.cases.explaining.standing import CHOICES
from kredin_pipeline.letters.dispatch import Doors, Mailer, Outbox
from kredin_pipeline.letters.email_message import Envelope, message_id
from kredin_pipeline.outcomes import NothingSent, Rejected, SendOutcome

KIND: Final = "message"
WAITS: Final = "waits_for_a_person"
MESSAGE_HEADER: Final = "X-Kredin-Message"
"""Marks what goes to the user; a letter to a debtor carries other headers."""
WIDTH: Final = 76
Told = tuple[str, str]
"""A document's kind, or ``WAITS``, and a case."""


@dataclass(frozen=True)
class Item:
    """Something to be told: a draft, or (``draft_id`` None) a ready case that waits for a person, with ``why``.

    ``total`` in kroner; ``what`` names the document.
    """

    kind: str
    case_ids: tuple[str, ...]
    invoices: tuple[str, ...]
    debtor: str
    what: str
    draft_id: str | None = None
    total: Decimal | None = None
    why: str | None = None

    @property
    def told(self) -> frozenset[Told]:
        """What is known once this was told."""
        return frozenset((self.kind, case) for case in self.case_ids)


class Message(Protocol):
    """An outbox item of kind ``message``."""

    @property
    def key(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...
    @property
    def planned_on(self) -> date: ...


@dataclass
class TellReport:
    """What became of the messages, by outbox key; the texts say why."""

    sent: list[str] = field(default_factory=list[str])
    dropped: list[str] = field(default_factory=list[str])
    waiting: dict[str, str] = field(default_factory=dict[str, str])


def untold(items: Iterable[Item], messages: Iterable[Message]) -> list[Item]:
    """The items of which some case was in no message yet. One that was dropped before it left has told nothing."""
    known: set[Told] = set()
    for one in messages:
        if one.state != "cancelled":
            known |= {(kind, case) for kind, case in one.payload["told"]}
    return [one for one in items if not one.told <= known]


def message_key(tenant: str, items: Sequence[Item], on: date) -> str:
    """One key for what is told: the tenant, the day, and the first document or case."""
    return f"message:{tenant}:{on.isoformat()}:{items[0].draft_id or items[0].case_ids[0]}"


def payload_of(to: str, company: str, items: Sequence[Item]) -> dict[str, object]:
    """The message as plain JSON values, as it lies in the outbox."""
    return {
        "to": to,
        "company": company,
        "told": sorted([list(pair) for one in items for pair in one.told]),
        "items": [
            {
                "kind": one.kind, "case_ids": list(one.case_ids), "invoices": list(one.invoices), "debtor": one.debtor,
                "what": one.what, "draft_id": one.draft_id, "why": one.why,
                "total": None if one.total is None else f"{one.total:.2f}",
            }
            for one in items
        ],
    }  # fmt: skip


def text_of(payload: Mapping[str, Any]) -> str:
    """What the user reads: each document or waiting case, and the choices (obligation C-6)."""
    items: list[Mapping[str, Any]] = list(payload["items"])
    parts = [_wrapped(f"{payload['company']}: legal steps are open for what stands below. Nothing has been sent to "
                      "anybody, and nothing is before a person has signed.")]  # fmt: skip
    parts += [_item(one) for one in items]
    if any(one["kind"] != "estate_claim" for one in items):
        parts.append("You may choose, for each case:")
        parts += [_wrapped(f"- {text}") for _, text, *_ in CHOICES]
    parts.append(_wrapped("This message is sent once. The list as it stands: kredin legal list"))
    return "\n\n".join(parts) + "\n"


def _item(one: Mapping[str, Any]) -> str:
    numbers = ", ".join(one["invoices"])
    about = f"{one['debtor']}, invoice {numbers} (case {', '.join(one['case_ids'])})"
    if one["draft_id"] is None:
        return _wrapped(f"{about}: no document could be drafted: {one['why']}.")
    first = _wrapped(f"{about}: {one['what']} over {_amount(one['total'])} kr is drafted as {one['draft_id']}.")
    steps = (f"read it: kredin legal show {one['draft_id']}", f"sign it: kredin sign draft {one['draft_id']} --to FILE")
    return "\n  ".join((first, *steps))


def _amount(text: str | None) -> str:
    return f"{Decimal(text or '0'):,.2f}".replace(",", " ")


def _wrapped(paragraph: str) -> str:
    return fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)


def envelope_of(key: str, payload: Mapping[str, Any], sender: str, at: datetime) -> Envelope:
    """The message as an e-mail from our own address; every attempt has the same Message-ID.

    Raises ``ValueError`` for an address that cannot be written on an e-mail.
    """
    to = str(payload["to"]).strip()
    for address in (to, sender):
        user, _, domain = address.rpartition("@")
        if not user or not domain or not address.isascii() or any(sign.isspace() for sign in address):
            raise ValueError(f"found {address!r}, want an e-mail address such as post@firma.no")
    items: list[Mapping[str, Any]] = list(payload["items"])
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr(("Kredin", sender))
    message["To"] = to
    debtors = list(dict.fromkeys(str(one["debtor"]) for one in items))
    more = f" and {len(debtors) - 1} more" if len(debtors) > 1 else ""
    message["Subject"] = " ".join(f"Legal steps are open: {debtors[0]}{more}".split())
    message["Date"] = format_datetime(at)
    identity = message_id(key, sender.rpartition("@")[2])
    message["Message-ID"] = identity
    message["Content-Language"] = "en"
    message["Auto-Submitted"] = "auto-generated"
    message[MESSAGE_HEADER] = key
    message.set_content(text_of(payload), cte="quoted-printable")
    return Envelope(mail_from=sender, rcpt_to=to, message_id=identity, message=message.as_bytes())


class Telling:
    """One run's messages of one tenant. ``worker`` names the run in the log; ``now`` gives aware UTC."""

    def __init__(self, outbox: Outbox, doors: Doors, now: Callable[[], datetime], worker: str) -> None:
        self._outbox, self._doors, self._now, self._worker = outbox, doors, now, worker
        self.report = TellReport()

    def settle_earlier(self, tenant: str, messages: Iterable[Message]) -> None:
        """Messages that an earlier run left without an answer, or taken and not confirmed."""
        for one in messages:
            if one.state == "sending":
                why = "the run that sent it ended before the answer"
                self._outbox.mark_outcome_unknown(one.key, why, self._now(), worker=self._worker)
            if one.state in ("sending", "outcome_unknown"):
                self.report.waiting[one.key] = "by e-mail, no answer: a person has to say whether it arrived"
            if one.state == "posted":
                self._keep_and_confirm(tenant, one)

    def send(self, tenant: str, messages: Sequence[Message], standing: Collection[Told]) -> None:
        """Send what is intended; a message of which nothing stands any more is dropped."""
        fit: list[Message] = []
        for one in messages:
            if {(kind, case) for kind, case in one.payload["told"]} & set(standing):
                fit.append(one)
            else:
                self._outbox.cancel(one.key, "what it tells stands no more", self._now())
                self.report.dropped.append(one.key)
        if not fit:
            return
        try:
            with self._doors.mailer() as mailer:
                for one in fit:
                    self._send_one(tenant, one, mailer)
        except NothingSent as outcome:  # the door itself is not set up
            for one in fit:
                self.report.waiting.setdefault(one.key, outcome.detail)

    def _send_one(self, tenant: str, one: Message, mailer: Mailer) -> None:
        try:
            envelope = envelope_of(one.key, one.payload, self._doors.sender, self._now())
        except ValueError as error:
            self.report.waiting[one.key] = str(error)
            return
        if not self._outbox.claim_for_sending(one.key, self._worker, self._now()):
            return  # another worker has it
        try:
            mailer.send(envelope)
        except SendOutcome as outcome:
            self.report.waiting[one.key] = outcome.detail
            if isinstance(outcome, NothingSent):
                self._outbox.mark_nothing_sent(one.key, outcome.detail, self._now())
            elif isinstance(outcome, Rejected):
                self._outbox.mark_rejected(one.key, outcome.detail, self._now())
            else:
                self._outbox.mark_outcome_unknown(one.key, outcome.detail, self._now())
            return
        except Exception as error:
            self._outbox.mark_outcome_unknown(one.key, f"broke off: {type(error).__name__}", self._now())
            raise
        self._outbox.mark_posted(one.key, envelope.message_id, None, self._now())
        self.report.sent.append(one.key)
        self._keep_and_confirm(tenant, one)

    def _keep_and_confirm(self, tenant: str, one: Message) -> None:
        content = text_of(one.payload).encode()
        stated: dict[str, object] = {"to": one.payload["to"], "told": one.payload["told"]}
        self._outbox.add_document(tenant, content, KIND, "text/plain", stated, self._now(), key=one.key)
        self._outbox.mark_confirmed(one.key, self._now())
