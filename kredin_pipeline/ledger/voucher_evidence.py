"""What the customer ledger shows of one voucher or reversal whose answer was lost, for a person's word on it.

Belongs here: what follows from the entries that were read. Not here: reading them (``resources.settling``), and what
the posting run concludes by itself (``voucher_dispatch``), line by line; here the customer's sum counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal


@dataclass(frozen=True)
class CustomerEntry:
    """One entry of the customer ledger as read now (PowerOffice reference § 8); debit is positive, kroner."""

    voucher_id: str
    voucher_no: str | None
    voucher_type: str
    reference: str | None
    customer_no: str
    amount: Decimal
    match_id: str | None
    posting_date: date


@dataclass(frozen=True)
class Shown:
    """What the ledger shows; ``told`` says it with numbers. ``is_by_hand``: found by its number, not our reference."""

    shows: Literal["same", "different", "absent"]
    told: str
    remote_id: str | None = None
    remote_no: str | None = None
    is_by_hand: bool = False


def entry_of(row: Mapping[str, Any]) -> CustomerEntry:
    """The wire's row with ids as text and the amount decimal."""
    return CustomerEntry(
        voucher_id=str(row["VoucherId"]),
        voucher_no=str(row["VoucherNo"]) if row.get("VoucherNo") else None,
        voucher_type=str(row["VoucherType"]),
        reference=str(row["ExternalImportReference"]) if row.get("ExternalImportReference") else None,
        customer_no=str(row.get("CustomerAccountNo") or ""),
        amount=Decimal(str(row["Amount"])).quantize(Decimal("0.01")),
        match_id=str(row["MatchId"]) if row.get("MatchId") else None,
        posting_date=date.fromisoformat(str(row["PostingDate"])[:10]),
    )


def with_reference(entries: Sequence[CustomerEntry], reference: str) -> list[CustomerEntry]:
    """The entries that carry our reference; the ledger may give it in other capitals."""
    return [one for one in entries if (one.reference or "").lower() == reference.lower()]


def is_reversed(entry: CustomerEntry, partners: Sequence[CustomerEntry]) -> bool:
    """Whether a reversal voucher among those matched with an entry takes it back whole."""
    return any(one.voucher_type == "ReversalVoucher" and one.amount == -entry.amount for one in partners)


def voucher_shown(
    total: Decimal, reference: str, found: Sequence[CustomerEntry], reversed_ids: Collection[str]
) -> Shown:
    """A voucher by our reference. One that was reversed is not there any more; two that stand are never the one."""
    standing = [one for one in found if one.voucher_id not in reversed_ids]
    if not standing:
        gone = f"; voucher {_nos(found)} carried it and was reversed" if found else ""
        return Shown("absent", f"the ledger has no voucher that stands with the reference {reference}{gone}")
    first = standing[0]
    amount = sum((one.amount for one in standing), Decimal(0))
    if len({one.voucher_id for one in standing}) > 1 or amount != total:
        told = (
            f"the ledger has voucher {_nos(standing)} with {amount:.2f} kr on the customer, meant were {total:.2f} kr"
        )
        return Shown("different", told, first.voucher_id, first.voucher_no)
    told = f"the ledger has it as voucher {_nos(standing)} with {amount:.2f} kr on customer {first.customer_no}"
    return Shown("same", told, first.voucher_id, first.voucher_no)


def by_hand_shown(total: Decimal, named: str, found: Sequence[CustomerEntry], customer_no: str) -> Shown:
    """A voucher that somebody booked for it by hand, named by its number or id, among the customer's entries."""
    if not found:
        return Shown("absent", f"customer {customer_no} has no entry of voucher {named}")
    amount = sum((one.amount for one in found), Decimal(0))
    first = found[0]
    if amount != total:
        told = f"voucher {named} has {amount:.2f} kr on customer {customer_no}, meant were {total:.2f} kr"
        return Shown("different", told, first.voucher_id, first.voucher_no)
    told = f"voucher {_nos(found)} was booked by hand with {amount:.2f} kr on customer {customer_no}"
    return Shown("same", told, first.voucher_id, first.voucher_no, is_by_hand=True)


def reversal_shown(voucher_id: str, found: Sequence[CustomerEntry], reversed_ids: Collection[str]) -> Shown:
    """A reversal: whether the voucher that it takes back still stands."""
    if not found:
        return Shown("different", f"the ledger does not show the voucher {voucher_id} that is to be reversed")
    first = found[0]
    if first.voucher_id in reversed_ids:
        return Shown("same", f"voucher {_nos(found)} is reversed in the ledger", first.voucher_id, first.voucher_no)
    return Shown("absent", f"voucher {_nos(found)} still stands in the ledger")


def _nos(entries: Sequence[CustomerEntry]) -> str:
    return ", ".join(dict.fromkeys(one.voucher_no or one.voucher_id for one in entries))
