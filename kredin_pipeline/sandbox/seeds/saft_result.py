"""What a SAF-T file came to when it was posted, and what it could not tell."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass
class SaftResult:
    """What was taken in and what the file cannot tell. Amounts in kroner, customer and invoice numbers as text.

    without_due_date: invoice (or ``opening <customer>``) and amount of every debit whose due date is unknown.
    unmatched: credits that no rule could place, as ``customer voucher amount``.
    renumbered_customers, renumbered_invoices: our number -> what the file calls it, for numbers that were not unique or
    not numbers.
    closing: balance per customer, equal to the file's when nothing was left out.
    left_out: vouchers with a customer that are dated after the day asked for.
    """

    company_name: str
    organization_no: str | None
    period_from: date
    period_to: date
    customers: int = 0
    entries: int = 0
    invoices: int = 0
    matched: int = 0
    without_due_date: list[tuple[str, Decimal]] = field(default_factory=list[tuple[str, Decimal]])
    unmatched: list[str] = field(default_factory=list[str])
    renumbered_customers: dict[str, str] = field(default_factory=dict[str, str])
    renumbered_invoices: dict[str, str] = field(default_factory=dict[str, str])
    closing: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    notes: list[str] = field(default_factory=list[str])
    left_out: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; amounts and dates as text."""
        return plain_values(asdict(self))


def plain_values(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): plain_values(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(one) for one in value]
    return str(value) if isinstance(value, Decimal | date) else value
