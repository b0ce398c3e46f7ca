"""Kroner in and out: whole øre inside, exact decimal text on the wire."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from .errors import LedgerError

type_of_amount = Decimal | int | float | str


def ore(amount: type_of_amount) -> int:
    """Øre of an amount in kroner. Raises ``LedgerError`` when it has more than two decimals or is no number."""
    try:
        scaled = Decimal(str(amount)) * 100
    except ArithmeticError as error:
        raise LedgerError(f"amount {amount!r} is not a number") from error
    whole = int(scaled)
    if whole != scaled:
        raise LedgerError(f"amount {amount} has more than two decimals")
    return whole


def kroner(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)


def wire(amount: int) -> str:
    """Øre as a JSON number in kroner: ``-1250.05``."""
    return f"{amount // 100}.{amount % 100:02d}" if amount >= 0 else f"-{-amount // 100}.{-amount % 100:02d}"


def net_of(gross: int, rate: Decimal) -> int:
    """Øre without VAT of a gross amount, rounded half up (away from zero)."""
    if not rate:
        return gross
    return int((Decimal(gross) / (1 + rate)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
