"""A letter as an e-mail: plain text and HTML with the PDF attached, ready for an SMTP server.

Here belong the MIME parts, the headers and the envelope. Not here: the connection (``resources.post``). The Message-ID
follows from the letter's key, so every attempt at one letter carries the same one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from kredin_pipeline.letters.content import LetterContent, LetterError
from kredin_pipeline.letters.document import LABELS, document
from kredin_pipeline.letters.html import render_html
from kredin_pipeline.letters.text import render_document
from kredin_pipeline.letters.wording import TITLES

LETTER_HEADER = "X-Kredin-Letter"
STEP_HEADER = "X-Kredin-Step"
CASES_HEADER = "X-Kredin-Cases"


@dataclass(frozen=True)
class Envelope:
    """What the SMTP server is told, and the message as it crosses the wire (CRLF, 7-bit)."""

    mail_from: str
    rcpt_to: str
    message_id: str
    message: bytes


def message_id(letter_key: str, domain: str) -> str:
    """The Message-ID of a letter, with its angle brackets: a hash of the key, at our own domain."""
    return f"<{hashlib.sha256(letter_key.encode()).hexdigest()[:32]}@{domain}>"


def file_name(letter_key: str) -> str:
    """The PDF's file name: the key without its first word, ``fjellheim-K0123456789-reminder.pdf``."""
    plain = letter_key.removeprefix("letter:")
    return "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in plain) + ".pdf"


def list_id(tenant: str, domain: str) -> str:
    """What mail programs sort a tenant's letters by (RFC 2919): a name of ours for the tenant, at our own domain."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in tenant.lower()).strip("-")
    return f"<{plain or 'tenant'}.letters.{domain}>"


def compose(content: LetterContent, pdf: bytes, sender: str, at: datetime) -> Envelope:
    """The letter as an e-mail from ``sender`` (our own address; answers go to the creditor), dated ``at`` (aware).

    Raises ``LetterError`` when the debtor's address or the sender's cannot be written on an e-mail.
    """
    to = _address(content, "", content.recipient.email, "email")
    own = _address(content, content.creditor.name, sender, "sender")
    message = EmailMessage(policy=SMTP)
    message["From"] = own
    message["To"] = to
    answers = content.creditor.reply_to or content.creditor.email
    if answers:
        message["Reply-To"] = _address(content, content.creditor.name, answers, "reply_to")
    invoice = LABELS[content.language]["invoice"].lower()
    message["Subject"] = f"{TITLES[content.language][content.step]}, {invoice} {', '.join(content.invoice_nos)}"
    message["Date"] = format_datetime(at)
    identity = message_id(content.letter_key, own.domain)
    message["Message-ID"] = identity
    message["Content-Language"] = content.language
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = list_id(content.tenant, own.domain)
    message[LETTER_HEADER] = content.letter_key
    message[STEP_HEADER] = content.step
    message[CASES_HEADER] = ",".join(content.invoice_nos)
    page = document(content)
    message.set_content(render_document(page), cte="quoted-printable")
    message.add_alternative(render_html(page), subtype="html", cte="quoted-printable")
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=file_name(content.letter_key))
    message.set_boundary(f"=_{identity[1:33]}")
    for part in message.iter_parts():  # text and HTML; a boundary of chance would make every attempt another message
        if part.is_multipart():
            part.set_boundary(f"=_{identity[1:33]}_")
    return Envelope(own.addr_spec, to.addr_spec, identity, message.as_bytes())


def _address(content: LetterContent, name: str, address: str | None, field: str) -> Address:
    """An address that SMTP without extensions can carry. The domain may be written with Norwegian letters."""
    user, at, domain = (address or "").strip().rpartition("@")
    try:
        if not (user and at and domain) or any(sign.isspace() for sign in f"{user}{domain}"):
            raise ValueError("not an address")
        made = Address(" ".join(name.split()), user, domain.encode("idna").decode("ascii"))
        made.addr_spec.encode("ascii")
    except ValueError:  # UnicodeError and the header registry's parse errors are ValueErrors
        who = f"customer {content.recipient.customer_no}, " if field == "email" else "setting "
        raise LetterError(
            f"{content.tenant}: {who}{field}: found {address!r}, want an e-mail address such as post@firma.no. "
            f"Letter {content.letter_key} does not leave by e-mail."
        ) from None
    return made
