"""Fields of a SAF-T record as values: amounts, days, whole numbers, addresses, organisation numbers.

Belongs here: how one field is written, and the fault when it is not. Not here: which fields a record has.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from .saft_xml import Element, Fault

_ORE: Final = Decimal("0.01")
_MOST: Final = Decimal(10) ** 15  # kroner; the ledger's amounts have 16 digits before the point


class Unreadable(Exception):
    """One element that cannot be read."""

    def __init__(self, element: Element, reason: str) -> None:
        super().__init__(reason)
        self.fault = Fault(element.line, reason)


def balance_of(element: Element, which: str) -> Decimal | None:
    """Kroner, debit positive, of ``Opening`` or ``Closing``; None when neither column is there."""
    debit = amount_at(element, f"{which}DebitBalance")
    credit = amount_at(element, f"{which}CreditBalance")
    if debit is None and credit is None:
        return None
    return (debit or Decimal(0)) - (credit or Decimal(0))


def address_of(element: Element) -> dict[str, str] | None:
    """The postal address if there is one, else the first with a place in it."""
    usable = [one for one in element.all("Address") if one.text("City") or one.text("StreetName")]
    postal = [one for one in usable if one.text("AddressType") == "PostalAddress"]
    if not usable:
        return None
    chosen = (postal or usable)[0]
    parts = {
        "line1": " ".join(text for text in (chosen.text("StreetName"), chosen.text("Number")) if text),
        "line2": chosen.text("AdditionalAddressDetail") or "",
        "zip": chosen.text("PostalCode") or "",
        "city": chosen.text("City") or "",
        "country": chosen.text("Country") or "NO",
    }
    return {key: value for key, value in parts.items() if value}


def amount_at(element: Element, path: str) -> Decimal | None:
    """Kroner at a path. Raises ``Unreadable``."""
    found = element.find(path)
    return None if found is None else amount_of(found, path)


def amount_of(element: Element, path: str) -> Decimal | None:
    """Kroner in an element that a fault calls ``path``. Raises ``Unreadable``."""
    text = "".join(element.texts).strip()
    if not text:
        return None
    try:
        value = Decimal(text)
        if value.is_finite() and abs(value) < _MOST and value == value.quantize(_ORE):
            return value
    except InvalidOperation:
        pass
    raise Unreadable(element, f"{path}: found {text!r}, want an amount with at most two decimals, such as 1250.50")


def whole_at(element: Element | None, path: str, most: int = 999) -> int | None:
    """A whole number at a path. Raises ``Unreadable``."""
    text = None if element is None else element.text(path)
    if text is None or element is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and int(text) <= most):
        raise Unreadable(element.find(path) or element, f"{path}: found {text!r}, want a whole number up to {most}")
    return int(text)


def date_at(element: Element, path: str) -> date | None:
    """The ISO date at a path; a time behind it is left out. Raises ``Unreadable``."""
    text = element.text(path)
    if text is None:
        return None
    try:
        day = date.fromisoformat(text[:10])
        if text[4:5] == text[7:8] == "-" and 1900 <= day.year < 2200:
            return day
    except ValueError:
        pass
    raise Unreadable(element.find(path) or element, f"{path}: found {text!r}, want an ISO date such as 2025-01-31")


def nine_digits(text: str | None) -> str | None:
    """The organisation number in a registration number such as ``NO 987 654 325 MVA``; None when there is none."""
    cleaned = (text or "").upper().replace(" ", "").removeprefix("NO").removesuffix("MVA")
    return cleaned if len(cleaned) == 9 and cleaned.isascii() and cleaned.isdigit() else None
