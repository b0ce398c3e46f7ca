"""What a loss on a claim means in the books: guidance for the bookkeeper, computed and never posted (rules § 8).

Belongs here: splitting a lost principal into loss and output VAT, what money after a loss is, what counts as lost at
all, and the sales that a loss takes to earn back. Not here: when a loss may be deducted (``loss_ground``, in
``sql/84_published.sql``) or what the ledger has written off (``settlements``). Fees and interest that were never posted
are no loss: there is nothing to reverse (WE-70). Amounts are kroner with two decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from kredin_pipeline.law.money import ZERO

DEFAULT_VAT_RATE: Final = Decimal(25)
"""Per cent; the ordinary rate. The rate that counts is the invoice's own."""
_ORE = Decimal("0.01")


@dataclass(frozen=True)
class LossEntry:
    """How a final loss is booked (konstatert tap): kroner that sum to zero, debits positive.

    ``loss`` is debited to the loss account (7830), ``output_vat`` to output VAT (utgående mva), which goes down by it;
    ``customers`` takes the claim off the customers (1500), a credit and so negative.
    """

    loss: Decimal
    output_vat: Decimal
    customers: Decimal


@dataclass(frozen=True)
class RecoveryEntry:
    """Money that came after the loss was booked: income again, and output VAT again at the invoice's rate."""

    bank: Decimal
    income: Decimal
    output_vat: Decimal


def loss_entry(principal_lost: Decimal, vat_rate: Decimal = DEFAULT_VAT_RATE) -> LossEntry:
    """A final loss of ``principal_lost`` kroner including VAT at ``vat_rate`` per cent (merverdiavgiftsloven § 4-7).

    12 500.00 at 25 % is a loss of 10 000.00 and 2 500.00 less output VAT (WE-70). Raises ``ValueError`` for a negative
    amount or rate.
    """
    net, vat = _split(principal_lost, vat_rate)
    return LossEntry(loss=net, output_vat=vat, customers=-(net + vat))


def recovery_entry(received: Decimal, vat_rate: Decimal = DEFAULT_VAT_RATE) -> RecoveryEntry:
    """``received`` kroner on a claim that was booked as lost: 1 250.00 at 25 % is 1 000.00 and 250.00 (WE-72).

    Raises ``ValueError`` for a negative amount or rate.
    """
    net, vat = _split(received, vat_rate)
    return RecoveryEntry(bank=net + vat, income=net, output_vat=vat)


def principal_lost(written_off: Decimal, principal_open: Decimal, loss_ground: str | None) -> Decimal:
    """The principal in kroner that is lost, or may be deducted as such; costs that were never paid take no part.

    What the ledger wrote off; else, when the loss may be deducted, what is open of the principal. A claim whose
    principal was paid has no loss, whatever was waived of its costs. Money after a write-off is a ``recovery_entry``.
    """
    if written_off > 0:
        return written_off
    return principal_open if loss_ground is not None else ZERO


def loss_left(lost: Decimal, recovered: Decimal, vat_rate: Decimal = DEFAULT_VAT_RATE) -> Decimal:
    """What of a lost principal is still lost, in kroner without VAT: it is this that sales have to earn back."""
    return loss_entry(max(ZERO, lost - recovered), vat_rate).loss


def sales_to_cover(loss: Decimal, contribution_margin: Decimal | None) -> Decimal | None:
    """Sales in kroner that earn ``loss`` back at a contribution margin (dekningsgrad) of 0 to 1; None when none is set.

    15 000.00 at 0.30 is 50 000.00 (rules § 8). Rounded half up to øre. Raises ``ValueError`` for a margin not above 0.
    """
    if contribution_margin is None:
        return None
    if contribution_margin <= 0:
        raise ValueError(f"contribution_margin: found {contribution_margin}, want a share above 0 such as 0.30")
    return (loss / contribution_margin).quantize(_ORE, ROUND_HALF_UP)


def _split(gross: Decimal, vat_rate: Decimal) -> tuple[Decimal, Decimal]:
    """Net and VAT of an amount that includes it; the VAT takes what rounding leaves."""
    if gross < 0 or vat_rate < 0:
        raise ValueError(f"loss guidance: found {gross} kroner at {vat_rate} %, want neither below zero")
    net = (gross * 100 / (100 + vat_rate)).quantize(_ORE, ROUND_HALF_UP)
    return net, gross.quantize(_ORE) - net
