"""Voucher documentation: which files a voucher has, the download as ZIP, the upload of a PDF (reference § 12)."""

from __future__ import annotations

import io
import zipfile

from ..ledger.money import kroner
from ..ledger.records import Voucher
from .listing import Listing, answer_list
from .multipart import uploaded_file
from .protocol import Answer, ApiError, Call, Json, bad_parameter, dumps
from .reads import is_invoice

NAMES = ("HasEhf", "HasImages", "HasPdf", "HasSalesOrderAttachments", "IsImported", "VoucherId", "VoucherNo",
         "VoucherType")  # fmt: skip


def _asked(call: Call) -> Voucher | None:
    books = call.company.books
    id_, number = call.query.text("id"), call.query.whole("voucherNo")
    if id_ is not None:
        return books.voucher_by_id(id_)
    if number is None:
        raise bad_parameter("Either id or voucherNo is required.")
    found = books.vouchers_numbered(number, number)
    return found[0] if found else None


def documentation(call: Call) -> Answer:
    voucher = _asked(call)
    rows: list[Json] = []
    if voucher is not None:
        rows.append(
            {
                "HasEhf": False, "HasImages": False, "HasPdf": _has_pdf(voucher), "HasSalesOrderAttachments": False,
                "IsImported": voucher.posted is not None, "VoucherId": call.company.books.voucher_id(voucher),
                "VoucherNo": voucher.no, "VoucherType": voucher.type,
            }
        )  # fmt: skip
    return answer_list(call, Listing(rows, dumps, NAMES, lambda _: 0, {}))


def _has_pdf(voucher: Voucher) -> bool:
    return voucher.documentation is not None or (is_invoice(voucher) and voucher.sent is not None)


def download(call: Call) -> Answer:
    if call.query.text("id") is None:
        raise bad_parameter("id is required.")
    kind = call.query.text("documentationType") or "All"
    if kind not in ("Ehf", "Pdf", "Images", "All"):
        raise bad_parameter(f"The value '{kind}' is not valid for documentationType.")
    voucher = _asked(call)
    if voucher is None or kind not in ("Pdf", "All") or not _has_pdf(voucher):
        return Answer(204)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        name = zipfile.ZipInfo(f"bilag-{voucher.no}.pdf", (2020, 1, 1, 0, 0, 0))
        archive.writestr(name, voucher.documentation or invoice_pdf(call.company.name, voucher))
    return Answer(200, packed.getvalue(), "application/zip")


def upload(call: Call) -> Answer:
    """PUT: only for vouchers that this integration created; a new file replaces the old."""
    id_ = call.query.text("id")
    if id_ is None:
        raise bad_parameter("id is required.")
    voucher = call.company.books.voucher_by_id(id_)
    if voucher is None or voucher.posted is None or voucher.application_key != call.application_key:
        raise ApiError(400, "VoucherDocumentation validation error(s)",
                       f"Voucher with id = {id_} was not created through the API by this integration.")  # fmt: skip
    content = uploaded_file(call)
    if not content.startswith(b"%PDF-"):
        raise ApiError(400, "VoucherDocumentation validation error(s)", "Only PDF files are accepted.")
    voucher.documentation = content
    return Answer(202)


def invoice_pdf(seller: str, voucher: Voucher) -> bytes:
    """A plain one-page PDF of an invoice, enough for a person to recognise it."""
    entry = voucher.entries[0]
    title = "Faktura" if entry.amount > 0 else "Kreditnota"
    rows = [
        f"{title} {entry.invoice_no}", seller, f"Til: {entry.customer.name} (kundenr. {entry.customer.no})",
        f"Fakturadato: {voucher.date}", f"Forfallsdato: {entry.due_date}", f"KID: {entry.kid or ''}",
        f"Sum inkl. mva: {kroner(entry.currency_amount)} {entry.currency}",
    ]  # fmt: skip
    text = "BT /F1 12 Tf 60 780 Td 18 TL " + " ".join(f"({_escaped(row)}) Tj T*" for row in rows) + " ET"
    stream = text.encode("cp1252", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    places: list[int] = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
