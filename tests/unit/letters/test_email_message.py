"""A letter as an e-mail: it reads back as it was written, and one letter is one message."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest

from kredin_pipeline.letters.content import LetterContent, LetterError
from kredin_pipeline.letters.email_message import Envelope, compose, file_name, list_id, message_id
from kredin_pipeline.letters.pdf import render_pdf
from kredin_pipeline.letters.text import render_text

from .builders import CREDITOR, claim, letter

AT = datetime(2026, 3, 17, 5, 10, tzinfo=UTC)
SENDER = "krav@kredin.example"


class Reader(HTMLParser):
    """What a reader sees of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data


def mail(content: LetterContent) -> tuple[Envelope, EmailMessage]:
    envelope = compose(content, render_pdf(content), SENDER, AT)
    return envelope, message_from_bytes(envelope.message, policy=default)


def test_text_and_pdf_come_back_as_they_were_written() -> None:
    content = letter("collection_notice", claim("1001", fee="38.00"), claim("1002"))
    _, read = mail(content)

    body = read.get_body(("plain",))
    attached = list(read.iter_attachments())
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == render_text(content)
    assert [part.get_content_type() for part in attached] == ["application/pdf"]
    assert attached[0].get_content() == render_pdf(content)
    assert attached[0].get_filename() == "fjellheim-K0000001001-collection_notice.pdf"


def test_html_says_what_the_text_says_and_asks_for_nothing_from_elsewhere() -> None:
    awkward = replace(CREDITOR, name="Blåbær & Sønner <AS>")
    content = letter("payment_demand", claim("1001", fee="38.00"), claim("1002"), creditor=awkward)
    _, read = mail(content)

    body = read.get_body(("html",))
    assert body is not None
    page = body.get_content()
    seen = Reader()
    seen.feed(page)
    for value in re.findall(r"[0-9][0-9\u00a0. ]*,[0-9]{2}", render_text(content)):
        assert value in seen.text
    words = {word.rstrip(":").casefold() for word in render_text(content).split() if word.strip("-=")}
    assert {word for word in words if word not in seen.text.casefold()} == set()
    assert "Blåbær & Sønner <AS>" in seen.text
    assert not re.search(r"https?:|src=|href=|<script|<style|@import|url\(", page)
    assert [read.get_content_type(), *(part.get_content_type() for part in read.iter_parts())] == [
        "multipart/mixed", "multipart/alternative", "application/pdf",
    ]  # fmt: skip


def test_a_tenants_letters_carry_one_list_id() -> None:
    _, first = mail(letter("reminder"))
    _, other = mail(letter("collection_notice"))

    assert first["List-Id"] == other["List-Id"] == "<fjellheim.letters.kredin.example>"
    assert list_id("Blåbær Øst", "kredin.example") == "<bl-b-r--st.letters.kredin.example>"
    assert list_id("ÆØÅ", "kredin.example") == "<tenant.letters.kredin.example>"


def test_the_headers_name_letter_step_and_invoices() -> None:
    content = letter("reminder", claim("1001", fee="38.00"), claim("1002"))
    _, read = mail(content)

    assert read["X-Kredin-Letter"] == "letter:fjellheim:K0000001001:reminder"
    assert read["X-Kredin-Step"] == "reminder"
    assert read["X-Kredin-Cases"] == "1001,1002"
    assert read["Subject"] == "Purring, faktura 1001, 1002"


def test_it_leaves_from_our_address_in_the_creditors_name_and_answers_go_to_the_creditor() -> None:
    envelope, read = mail(letter("reminder", creditor=replace(CREDITOR, reply_to="regnskap@fjellheim.example")))

    assert (envelope.mail_from, envelope.rcpt_to) == (SENDER, "faktura@dalnes.example")
    assert read["From"] == "Fjellheim Verksted AS <krav@kredin.example>"
    assert read["Reply-To"] == "Fjellheim Verksted AS <regnskap@fjellheim.example>"


def test_every_attempt_at_one_letter_carries_one_message_id_and_other_letters_another() -> None:
    first, _ = mail(letter("reminder"))
    again, _ = mail(letter("reminder"))
    other, _ = mail(letter("collection_notice"))

    assert first == again
    assert first.message_id == message_id("letter:fjellheim:K0000001001:reminder", "kredin.example")
    assert other.message_id != first.message_id


def test_the_message_crosses_any_server_as_seven_bit_lines() -> None:
    envelope, _ = mail(letter("reminder", creditor=replace(CREDITOR, name="Blåbærøya Ærlig & Sønn AS")))

    assert all(byte < 128 for byte in envelope.message)
    assert b"\n" not in envelope.message.replace(b"\r\n", b"")
    assert max(len(line) for line in envelope.message.split(b"\r\n")) <= 998


def test_a_domain_with_norwegian_letters_is_written_as_the_wire_wants_it() -> None:
    content = letter("reminder")
    envelope, _ = mail(replace(content, recipient=replace(content.recipient, email="post@blåbær.example")))

    assert envelope.rcpt_to == "post@xn--blbr-roah.example"


@pytest.mark.parametrize("address", [None, "", "nobody", "@x.no", "a b@x.no", "ærlig@x.no", "a@x.no\r\nBcc: b@y.no"])
def test_an_address_that_cannot_be_written_stops_the_letter_and_names_the_customer(address: str | None) -> None:
    content = letter("reminder")
    wrong = replace(content, recipient=replace(content.recipient, email=address))

    with pytest.raises(LetterError, match=r"fjellheim: customer 10001, email: found .*want an e-mail address"):
        compose(wrong, b"", SENDER, AT)


def test_a_line_break_in_a_name_makes_no_header() -> None:
    _, read = mail(letter("reminder", creditor=replace(CREDITOR, name="Fjellheim\r\nBcc: spy@x.example")))

    assert read["Bcc"] is None


def test_a_key_becomes_a_file_name_that_every_system_takes() -> None:
    assert file_name("letter:fjellheim:K01:reminder:2026-04-01") == "fjellheim-K01-reminder-2026-04-01.pdf"
    assert file_name("letter:a/../b:K01:reminder") == "a-..-b-K01-reminder.pdf"
