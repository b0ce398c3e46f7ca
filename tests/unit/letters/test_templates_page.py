"""The page itself, for a short, a long and an awkward letter: what stands where, what is archivable and readable.

What is checked of PDF/A-2a and PDF/UA-1 is what can be seen in the file without a validator: the claims in its
metadata, output intent, embedded fonts, tags, language, title, alternative texts, nothing that runs or is hidden. The
typesetter itself refuses to write a file that it knows to break either standard.
"""

from __future__ import annotations

import base64
import io
import struct
import zlib
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pytest
from pypdf import PdfReader

from kredin_pipeline.cases.logo import LARGEST, kept
from kredin_pipeline.cases.settings import SettingsError, TenantSettings
from kredin_pipeline.letters.content import STEPS, Language, LetterContent, Step
from kredin_pipeline.letters.document import figures
from kredin_pipeline.letters.pdf import render_pdf
from kredin_pipeline.letters.wording import missing

from .builders import CREDITOR, DEBTOR, FEES, claim, letter
from .test_what_the_law_wants import flat, printed

MM: Final = 72 / 25.4
SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><path d="M0 0H40V10H0Z" fill="#123"/></svg>'
NAME: Final = "Ærlig Østlandske Åsgårdstrand Båtbyggeri og Mølleverksted AS"  # 60 characters
SENDER: Final = replace(
    CREDITOR,
    name="Sørøst-Finnmark Ærfugl og Ålefangstsamvirkelag i Øksfjord SA",  # 60 characters
    address="Strandgata 123 A, Oppgang Ø, Postboks 1234 Sentrum, 9550 Øksfjord",
    email="fakturaavdelingen.kundereskontro@sorost-finnmark-aerfugl.example.no",
    bank_account=None,
    logo=kept(SVG),
)
ABROAD: Final = replace(
    DEBTOR,
    name=NAME,
    address_line1="c/o Søren Ångström-Øverbye, Kungsängsgatan 123 B, lgh 1402",
    address_line2="Box 4711, Avdelning för leverantörsreskontra",
    zip_code="SE-753 22",
    city="Uppsala Åkersberga Östra",
    country_code="SE",
)


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x20\x60\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def short(step: Step) -> LetterContent:
    return replace(letter(step), language="nn")


def long(step: Step) -> LetterContent:
    """Thirty invoices, each with interest; one fee."""
    interest = "0.00" if step == "friendly_reminder" else "5.03"
    claims = (claim(str(1001 + at), interest=interest, fee=FEES[step] if at == 0 else "0.00") for at in range(30))
    return letter(step, *claims, creditor=replace(CREDITOR, logo=kept(png(300, 60))))


def awkward(step: Step) -> LetterContent:
    """Abroad, sixty characters a name, no KID, no account, no fee, no interest."""
    return letter(step, claim(kid=None), recipient=ABROAD, creditor=SENDER)


CASES: Final = {"short": short, "long": long, "awkward": awkward}
EVERY: Final = [(case, step) for case in CASES for step in STEPS]


@cache
def made(case: str, step: Step) -> tuple[LetterContent, PdfReader]:
    content = CASES[case](step)
    return content, PdfReader(io.BytesIO(render_pdf(content)))


def text_of(reader: PdfReader) -> str:
    return flat("\n".join(page.extract_text() for page in reader.pages))


def placed(reader: PdfReader) -> list[tuple[float, float, str]]:
    """What stands where on the first page: millimetres from the left and from the top, and the text."""
    found: list[tuple[float, float, str]] = []
    height = float(reader.pages[0].mediabox.height)

    def see(text: str, cm: list[float], tm: list[float], *_: Any) -> None:
        x, y = tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        if text.strip():
            found.append((x / MM, (height - y) / MM, text.strip()))

    reader.pages[0].extract_text(visitor_text=see)
    return found


@pytest.mark.parametrize(("case", "step"), EVERY)
def test_nothing_required_is_lost_on_a_short_long_or_awkward_page(case: str, step: Step) -> None:
    content, reader = made(case, step)
    text = text_of(reader)

    assert missing(content, figures(content), text) == ()
    for number in content.invoice_nos:
        assert f"{'Invoice' if content.language == 'en' else 'Faktura'} {number}" in text
    assert "�" not in text


@pytest.mark.parametrize(("case", "step"), EVERY)
def test_the_window_shows_the_address_and_nothing_else(case: str, step: Step) -> None:
    content, reader = made(case, step)
    to = content.recipient
    address = flat(f"{to.name} {to.address_line1} {to.address_line2 or ''} {to.zip_code} {to.city} SWEDEN")
    seen = [(x, y, text) for x, y, text in placed(reader) if x < 120 and 30.5 < y < 82]

    assert flat(to.name).split()[0] in flat(" ".join(text for _, _, text in seen))
    for x, y, text in seen:
        assert flat(text) in address, text
        assert 23.9 < x < 101 and 46 < y < 65, (x, y, text)


def test_the_awkward_letter_names_the_country_last_and_loses_no_letter_of_a_name() -> None:
    text = text_of(made("awkward", "payment_demand")[1])
    assert "Uppsala Åkersberga Östra SWEDEN" in text
    assert NAME in text and SENDER.name in text
    assert "kundereskontro@ sorost-finnmark-aerfugl.example.no" in text
    assert "No fee has been added for this letter." in text


def test_thirty_invoices_are_one_sum_and_each_keeps_its_row_of_payment() -> None:
    content, reader = made("long", "collection_notice")
    text = text_of(reader)
    assert "Sum: 30 188,90" in text  # 30 × 1 005.03 + 38
    assert text.count("1234 56 78903") == 30
    assert f"Side 1 av {len(reader.pages)}" in text
    assert ", ".join(content.case_ids[:3]) in text


@pytest.mark.parametrize(("case", "step"), EVERY)
def test_the_file_is_archivable_and_readable_aloud(case: str, step: Step) -> None:
    content, reader = made(case, step)
    root: Any = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_data().decode("utf-8")

    for claimed in ("<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>", "<pdfuaid:part>1<"):
        assert claimed in metadata
    assert not reader.is_encrypted and not {"/OpenAction", "/AA", "/AcroForm"} & set(root)
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root
    assert str(root["/Lang"])[:2] == content.language
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None and reader.metadata.title
    for page in reader.pages:
        fonts: Any = page["/Resources"]["/Font"]  # type: ignore[index]
        for font in fonts.values():
            (inner,) = font.get_object()["/DescendantFonts"]
            embedded = set(inner.get_object()["/FontDescriptor"])
            assert {"/FontFile2", "/FontFile3"} & embedded


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_screen_reader_is_told_the_logo_the_headings_and_the_tables(language: Language) -> None:
    content = replace(letter("payment_demand", creditor=SENDER), language=language)
    reader = PdfReader(io.BytesIO(render_pdf(content)))
    root: Any = reader.trailer["/Root"]
    kinds: dict[str, Any] = {}

    def walk(node: Any) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif hasattr(node, "get") and node.get("/S") is not None:
            kinds[str(node["/S"])] = node
            if "/K" in node:
                walk(node["/K"])

    walk(root["/StructTreeRoot"]["/K"])
    assert {"/H1", "/H2", "/P", "/Table", "/TH", "/TD", "/Figure"} <= set(kinds)
    assert kinds["/Figure"]["/Alt"] == SENDER.name


# The logo -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", [SVG, png(300, 60)], ids=["svg", "png"])
def test_a_logo_stands_in_the_letter_and_stays_out_of_the_window(picture: bytes) -> None:
    settings = TenantSettings.of({"creditor_logo": kept(picture)})
    assert TenantSettings.from_json(settings.to_json()) == settings
    content = letter(creditor=replace(CREDITOR, logo=settings.creditor_logo))

    assert len(render_pdf(content)) > len(render_pdf(letter()))
    assert printed(content) == printed(letter())


@pytest.mark.parametrize(
    ("picture", "fault"),
    [
        (b"GIF89a", "neither a PNG nor an SVG"),
        (b"<svg" + b" " * LARGEST, "want at most 32768"),
        (png(300, 60)[:-20], "damaged or cut short"),
        (png(300, 60).replace(b"IDAT", b"IDAX"), "damaged or cut short"),
        (png(4000, 1), "4000 × 1, want 1 to 3000"),
        (SVG.replace(b"<path", b"<script/><path"), "found <script>"),
        (SVG.replace(b"<path", b"<text>AS</text><path"), "turn text into paths"),
        (SVG.replace(b"#123", b"url(http://x.no/a)"), "runs or fetches"),
        (SVG.replace(b"<path", b'<path onclick="x()"'), "runs or fetches"),
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG, "document type"),
        (SVG[:-3], "cannot be read"),
        (SVG.replace(b"viewBox", b"box"), "no SVG with a size"),
    ],
)
def test_a_picture_that_cannot_stand_in_a_letter_is_refused_with_the_reason(picture: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        kept(picture)
    kind = "png" if picture.startswith(b"\x89") else "svg+xml"
    with pytest.raises(SettingsError, match="creditor_logo: found"):
        TenantSettings.of({"creditor_logo": f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"})


def test_a_path_is_no_logo_and_the_refusal_says_how_to_give_one() -> None:
    with pytest.raises(SettingsError, match=r"creditor_logo=@logo\.png"):
        TenantSettings.of({"creditor_logo": "logo.png"})
