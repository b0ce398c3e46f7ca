"""Where letters and vouchers arrive: the sandbox's mailbox, letter drop and ledger, read like their receivers would.

Belongs here: turning what arrived into the columns of the format, and the checks that hold for every letter and every
voucher. Not here: what was expected. A letter on paper counts when a manifest names it and its file lies there.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from email import message_from_bytes
from email.policy import default as email_policy
from typing import Any, cast

from pypdf import PdfReader

from tests.acceptance.reading import OSLO

ZERO = Decimal("0.00")
FIGURES = {"Hovedstol": "principal", "Renter": "interest", "Gebyr": "fee", "Sum": "total"}
DEADLINE = "Betalingsfrist"
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_AMOUNT = re.compile(r"[-−]?\d{1,3}(?:[\s\u00a0\u202f]?\d{3})*,\d{2}")


class WrongArrival(AssertionError):
    """Something arrived that must not arrive in this shape, whatever a case expects."""


@dataclass(frozen=True)
class Arrived:
    """One letter: whose it is, when it arrived (Oslo), and its row in the format's columns."""

    tenant: str
    at: datetime
    row: Mapping[str, Any]


def norwegian_amount(text: str) -> Decimal:
    """Kroner of `1 039,79` (any space between groups). Raises ``WrongArrival`` for anything else."""
    if not _AMOUNT.fullmatch(text.strip()):
        raise WrongArrival(f"a letter's amount: found {text!r}, want kroner such as 1 039,79")
    return Decimal(_SPACES.sub("", text).replace("−", "-").replace(",", "."))


def norwegian_day(text: str) -> date:
    """The day of `06.03.2024`. Raises ``WrongArrival`` for anything else."""
    found = re.fullmatch(r"(\d{2})\.(\d{2})\.(\d{4})", text.strip())
    if found is None:
        raise WrongArrival(f"a letter's date: found {text!r}, want a day such as 06.03.2024")
    return date(int(found[3]), int(found[2]), int(found[1]))


def figures_of_text(text: str) -> dict[str, Any]:
    """Principal, interest, fee, total and deadline of a letter's text, each from a line of its own.

    Raises ``WrongArrival`` when one is missing or there twice with different values.
    """
    found: dict[str, Any] = {}
    for label, column in {**FIGURES, DEADLINE: "deadline"}.items():
        values = set(re.findall(rf"(?m)^{label}:[ \t]*(.+?)[ \t]*$", text))
        if len(values) != 1:
            raise WrongArrival(f"letter, line {label}: found {sorted(values) or 'none'}, want exactly one value")
        value = values.pop()
        found[column] = norwegian_day(value) if label == DEADLINE else norwegian_amount(value)
    return found


def letter_row(step: str, invoice_nos: Sequence[str], channel: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """A letter in the format's columns; the first invoice is the one that keeps the fee."""
    if not invoice_nos:
        raise WrongArrival(f"letter {step}: it names no case")
    return {"case": invoice_nos[0], "cases": list(invoice_nos), "step": step, "channel": channel, **figures}


def tenant_of(letter_key: str) -> str:
    """The tenant named in a letter's key, ``letter:{tenant}:{case_id}:{step}``, with a round after a moved due date."""
    parts = letter_key.split(":")
    if len(parts) not in (4, 5) or parts[0] != "letter":
        raise WrongArrival(f"letter key: found {letter_key!r}, want letter:tenant:case:step")
    return parts[1]


def is_to_the_user(raw: bytes) -> bool:
    """Whether an e-mail tells the creditor's own people something, and is no letter to a debtor."""
    message = message_from_bytes(raw, policy=email_policy)
    return bool(message.get("X-Kredin-Message")) and not message.get("X-Kredin-Letter")


def email_letter(raw: bytes, received_at: datetime) -> Arrived:
    """A letter as it lies in the mailbox. Raises ``WrongArrival`` when it is not one of ours or lacks a part."""
    message = message_from_bytes(raw, policy=email_policy)
    headers = {name: str(message.get(f"X-Kredin-{name}", "")) for name in ("Letter", "Step", "Cases")}
    if not all(headers.values()):
        raise WrongArrival(f"e-mail {message.get('Message-ID')}: found headers {headers}, want all three")
    text = message.get_body(("plain",))
    if text is None:
        raise WrongArrival(f"e-mail {headers['Letter']}: no plain text part")
    figures = figures_of_text(text.get_content())
    documents = [
        part.get_content() for part in message.iter_attachments() if part.get_content_type() == "application/pdf"
    ]
    if len(documents) != 1:
        raise WrongArrival(f"e-mail {headers['Letter']}: found {len(documents)} PDF files, want the letter itself")
    check_pdf(cast(bytes, documents[0]), figures, headers["Letter"])
    invoice_nos = [no.strip() for no in headers["Cases"].split(",") if no.strip()]
    row = letter_row(headers["Step"], invoice_nos, "email", figures)
    return Arrived(tenant_of(headers["Letter"]), received_at.astimezone(OSLO), row)


def paper_letters(manifest: bytes, stored_at: datetime, file: Callable[[str], bytes | None]) -> list[Arrived]:
    """The letters that one manifest hands to the print house; ``file`` gives what lies beside it.

    Raises ``WrongArrival`` when a file is missing, is another one, or says other sums than the manifest.
    """
    letters: list[Arrived] = []
    for row in csv.DictReader(io.StringIO(manifest.decode("utf-8"))):
        key, content = row["letter_key"], file(row["file"])
        if content is None:
            raise WrongArrival(f"letter drop: {key} is in the manifest, but {row['file']} does not lie beside it")
        if hashlib.sha256(content).hexdigest() != row["sha256"]:
            raise WrongArrival(f"letter drop: {row['file']} is not the file that the manifest names")
        figures: dict[str, Any] = {column: Decimal(row[column]) for column in FIGURES.values()}
        figures["deadline"] = date.fromisoformat(row["deadline"])
        check_pdf(content, figures, key)
        letter = letter_row(row["step"], re.split(r"[\s,;]+", row["invoice_nos"].strip()), "post", figures)
        letters.append(Arrived(tenant_of(key), stored_at.astimezone(OSLO), letter))
    return letters


def check_pdf(content: bytes, figures: Mapping[str, Any], key: str) -> None:
    """Raises ``WrongArrival`` unless the PDF states the same sums and the same deadline after their names."""
    if not content.startswith(b"%PDF"):
        raise WrongArrival(f"letter {key}: its file is no PDF")
    text = _SPACES.sub(" ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))
    for label, column in FIGURES.items():
        shown = {norwegian_amount(found) for found in re.findall(rf"\b{label}:? ({_AMOUNT.pattern})", text)}
        if figures[column] not in shown:
            raise WrongArrival(f"letter {key}: {label} is {figures[column]}, its PDF says {sorted(shown) or 'nothing'}")
    if f"{figures['deadline']:%d.%m.%Y}" not in text:
        raise WrongArrival(f"letter {key}: the deadline {figures['deadline']} is not in its PDF")


@dataclass(frozen=True)
class Accounts:
    """The tenant's income accounts, by which a voucher's lines are told apart."""

    fee: str
    interest: str


def our_vouchers(
    vouchers: Iterable[Mapping[str, Any]], accounts: Accounts, invoice_of: Mapping[str, str]
) -> list[tuple[date, dict[str, Any]]]:
    """Our un-reversed vouchers as (posting date, row of the format), from everything that stands in the ledger.

    ``invoice_of`` maps an ExternalImportReference to the invoice it was made for. Raises ``WrongArrival`` when one does
    not balance by itself, carries no reference or another's, has VAT, or books on an account that is not ours to use.
    """
    rows: list[tuple[date, dict[str, Any]]] = []
    references: set[str] = set()
    for voucher in vouchers:
        if not voucher["created_by_integration"] or str(voucher["voucher_type"]) == "ReversalVoucher":
            continue
        reference = voucher["external_import_reference"]
        name = f"voucher {voucher['voucher_no'] or voucher['voucher_id']}"
        if not reference:
            raise WrongArrival(f"{name}: no ExternalImportReference")
        if reference in references:
            raise WrongArrival(f"{name}: its ExternalImportReference {reference} is another voucher's")
        references.add(reference)
        row = _voucher_row(name, voucher, accounts)
        row["case"] = invoice_of.get(reference, f"unknown reference {reference}")
        if not voucher["is_reversed"]:
            rows.append((cast(date, row["posting_date"]), row))
    return rows


def _voucher_row(name: str, voucher: Mapping[str, Any], accounts: Accounts) -> dict[str, Any]:
    sums = {"customer": ZERO, accounts.fee: ZERO, accounts.interest: ZERO}
    for line in cast(list[Mapping[str, Any]], voucher["lines"]):
        amount = Decimal(str(line["amount"])).quantize(ZERO)
        place = "customer" if line.get("customer_no") else str(line["account_no"])
        if place not in sums:
            raise WrongArrival(f"{name}: {amount} on account {place}, want {accounts.fee} and {accounts.interest} only")
        if str(line.get("vat_code") or "0") != "0":
            raise WrongArrival(f"{name}: VAT code {line['vat_code']} on {place}, want none")
        sums[place] += amount
    if sum(sums.values()) != ZERO:
        raise WrongArrival(f"{name}: its lines sum to {sum(sums.values())}, want 0.00")
    return {
        "case": "",
        "fee": -sums[accounts.fee],
        "interest": -sums[accounts.interest],
        "total": sums["customer"],
        "posting_date": date.fromisoformat(str(voucher["posting_date"])[:10]),
    }
