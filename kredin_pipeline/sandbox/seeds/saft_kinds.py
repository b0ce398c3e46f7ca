"""What a SAF-T transaction is in PowerOffice's words, and how its numbers fit the wire.

Belongs here: the kind of voucher, its document's number, and an account's digits, read from a transaction alone.
"""

from __future__ import annotations

from typing import Final

from .saft_content import SaftLine, SaftVoucher

SEVERAL: Final = "several documents"
"""A transaction with invoices and credits of several customers; each becomes a voucher of its own."""
LONGEST_NUMBER: Final = 18
"""Digits that fit the wire's int64."""


def reference_of(voucher: SaftVoucher, line: SaftLine) -> str:
    """The document's own number: ReferenceNumber, else SourceDocumentID, else the transaction's."""
    return line.reference or line.source_document or voucher.id


def has_sales(lines: list[SaftLine]) -> bool:
    """Whether income (accounts 3xxx) is booked on one of the lines."""
    return any(line.account.startswith("3") and line.amount for line in lines)


def kind_of(ours: list[SaftLine], others: list[SaftLine]) -> str:
    """What the transaction is in PowerOffice's words, from the accounts on its other side."""
    bank = any(line.account.startswith("19") and line.amount for line in others)
    sales, dated = has_sales(others), any(line.amount > 0 and (line.due or line.kid) for line in ours)
    debits, credits = any(i.amount > 0 for i in ours), any(i.amount < 0 for i in ours)
    if bank:
        if credits and not debits:
            return "IncomingOcrGiro" if any(line.kid for line in ours) else "BankJournal"
        return "BankJournal" if credits else "IncomingBankRemittance"
    if credits and debits:
        return SEVERAL if sales or dated else "ManualJournal"
    if credits:
        return "OutgoingCreditNote" if sales else "ManualJournal"
    # A due date or a KID is an invoice's, whatever account its other side is on (a batch on a clearing account).
    return "OutgoingInvoice" if sales or dated else "ManualJournal"


def account_number(written: str) -> str | None:
    """The leading digits of an account id such as ``1500:12``."""
    digits = written.split(":")[0].strip()
    return digits if digits.isascii() and digits.isdigit() else None


def is_number(text: str) -> bool:
    """Whether a text is a number that the wire carries."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
