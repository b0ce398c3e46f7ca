"""What a SAF-T file cannot tell, in sentences: each says what is missing, how much it is about, and what would help.

Belongs here: words for what is unknown. Nothing in here is guessed, and nothing is left out because it looks bad.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from kredin_pipeline.cases.explaining.words import kr
from kredin_pipeline.sandbox.seeds.saft import SaftResult
from kredin_pipeline.sandbox.seeds.saft_content import SaftFile

if TYPE_CHECKING:
    from kredin_pipeline.commands.try_course import Course

REASONS: Final[Mapping[str, str]] = {
    "no_due_date": "no due date: neither on the line nor by the customer's payment terms",
    "before_import_from": "fell due before import_from (three years back, if nothing else is set)",
    "not_positive": "an invoice of zero or less",
    "opening_or_journal": "a journal, not an invoice",
    "credit_note": "a credit note",
    "payment": "a payment or repayment",
    "netting": "a credit of the customer",
}
"""Why a row that is open asks for nothing."""
_ALWAYS: Final = (
    "whether reminders or collection notices were sent already: every case starts at its first letter here",
    "who is bankrupt, wound up or disputes a claim: Enhetsregisteret is not asked, and disputes are not in the file",
)


def is_carried_forward(row: Mapping[str, Any], file: SaftFile) -> bool:
    """Whether an open row is an opening balance, without the invoices that are behind it."""
    return row["invoice_no"] is None and row["posting_date"] < file.period_from


def why_unclaimable(row: Mapping[str, Any], file: SaftFile) -> str:
    """Why an open row asks for nothing."""
    if is_carried_forward(row, file):
        return f"carried forward from before {file.period_from}; its invoices and due dates are not in the file"
    return REASONS.get(row["reason"], str(row["reason"]).replace("_", " "))


def unknown(
    file: SaftFile, posted: SaftResult, on: date, stands: Sequence[Mapping[str, Any]],
    credits: Sequence[Mapping[str, Any]], letters: Sequence[Mapping[str, Any]], played: Course,
) -> list[str]:  # fmt: skip
    """The sentences, most weighty first. ``stands``: open rows that are no claims; ``credits``: open credits;
    ``letters``: of the day and of the days after it."""
    told: list[str] = []
    if file.currency != "NOK":
        told.append(f"what the amounts are in kroner: the file is kept in {file.currency}, and so is every amount here")
    carried = [row for row in stands if is_carried_forward(row, file)]
    if carried:
        told.append(
            f"the invoices behind {_rows(carried)} carried forward from before {file.period_from}: export from an "
            "earlier day, back to the oldest open invoice, and they become cases"
        )
    undated = [row for row in stands if row["reason"] == "no_due_date" and row not in carried]
    if undated:
        told.append(
            f"when {_rows(undated)} fell due: the file has no DueDate on them and no payment terms on the customers; "
            "nothing is started on them"
        )
    if credits:
        total = sum((-row["balance"] for row in credits), Decimal(0))
        told.append(
            f"what {counted(len(credits), 'credit')} of {kr(total)} {'pays' if len(credits) == 1 else 'pay'} for: no "
            "CrossReference, ReferenceNumber or exact amount says; until they are matched they hold the letters to "
            "those customers, as they would in PowerOffice"
        )
    nowhere = {row["customer"] for row in letters if not _has_address(file, row)}
    if nowhere:
        told.append(
            f"where letters to {counted(len(nowhere), 'customer')} go ({_some(sorted(nowhere))}): no e-mail or postal "
            "address that the letter can go to; such a letter waits until there is one"
        )
    if on > file.period_to:
        told.append(f"what was paid or invoiced after {file.period_to}, the last day of the file")
    if posted.left_out:
        told.append(f"(left out on purpose: {posted.left_out} vouchers dated after {on})")
    if file.organization_no is None:
        told.append("the company's organisation number: letters would carry it")
    told += _ALWAYS
    if played.missing is not None:
        told.append(f"what letters ask from {played.until} on: {played.missing}")
    return told


def _has_address(file: SaftFile, letter: Mapping[str, Any]) -> bool:
    customer = file.customers[letter["customer"]]
    if customer.address is not None and {"line1", "city"} <= set(customer.address):
        return True
    return letter["channel"] == "email" and customer.email is not None


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    total = sum((row["balance"] for row in rows), Decimal(0))
    return f"{counted(len(rows), 'row')} of {kr(total)}"


def counted(number: int, word: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
