"""Letters on paper: where their files lie in the letter drop, and the list the print house works from.

Here belong paths and the manifest's rows. Not here: writing them (``resources.post``). A letter counts as left when its
file **and** a manifest that names it are in the drop: a print house prints what the manifest lists.

``2025-03-17/fjellheim-K0123456789-payment_demand-1a2b3c4d.pdf``, ``2025-03-17/manifest-1.csv``
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from kredin_pipeline.letters.content import LetterContent
from kredin_pipeline.letters.email_message import file_name

COLUMNS: Final = (
    "letter_key",
    "tenant",
    "step",
    "invoice_nos",
    "file",
    "sha256",
    "customer_no",
    "dated",
    "deadline",
    "principal",
    "interest",
    "fee",
    "earlier_fees",
    "total",
)
"""Columns of a manifest. Amounts are kroner with a decimal point, days are ISO dates, invoice numbers part by space."""


@dataclass(frozen=True)
class PaperLetter:
    """One letter of a batch: its content, its bytes, and where they go."""

    content: LetterContent
    pdf: bytes

    @property
    def path(self) -> str:
        """Path in the letter drop: the day the letter is dated, its key, and the beginning of the file's hash.

        With the hash, a letter that was put there, never listed, and written anew the same day has a path of its own.
        """
        name = file_name(self.content.letter_key).removesuffix(".pdf")
        return f"{self.content.dated.isoformat()}/{name}-{self.sha256[:8]}.pdf"

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, hex."""
        return hashlib.sha256(self.pdf).hexdigest()


def manifest_path(day: date, number: int) -> str:
    """Path of the day's n-th manifest; numbers begin at 1 and have no gaps."""
    return f"{day.isoformat()}/manifest-{number}.csv"


def manifest(letters: Sequence[PaperLetter]) -> bytes:
    """The manifest of a batch as CSV (UTF-8, comma, one heading row)."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for letter in letters:
        content = letter.content
        writer.writerow(
            {
                "letter_key": content.letter_key,
                "tenant": content.tenant,
                "step": content.step,
                "invoice_nos": " ".join(content.invoice_nos),
                "file": letter.path.rpartition("/")[2],
                "sha256": letter.sha256,
                "customer_no": content.recipient.customer_no,
                "dated": content.dated.isoformat(),
                "deadline": content.deadline.isoformat(),
                "principal": f"{content.principal:.2f}",
                "interest": f"{content.interest:.2f}",
                "fee": f"{content.fee:.2f}",
                "earlier_fees": f"{content.fees_before:.2f}",
                "total": f"{content.total:.2f}",
            }
        )
    return out.getvalue().encode()


def listed_files(manifests: Iterable[bytes]) -> dict[str, str]:
    """Letter key → path of its file, of every letter that manifests name; rows without them are not ours."""
    found: dict[str, str] = {}
    for content in manifests:
        for row in csv.DictReader(io.StringIO(content.decode())):
            key, name, dated = row.get("letter_key"), row.get("file"), row.get("dated")
            if key and name and dated:
                found[key] = f"{dated}/{name}"
    return found
