"""A voucher that somebody reversed in PowerOffice is to be booked again, by a person's word.

Belongs here: asking the ledger whether it is really gone, and noting its reversal as made. The next run then plans the
costs under a new key and reference. Not here: planning (`assets.voucher_plan`), and letting a conflict stand
(`kredin_pipeline.journal.words`).
"""

from __future__ import annotations

from datetime import date, datetime

from kredin_pipeline.journal import Journal, JournalError, OutboxItem
from kredin_pipeline.journal.outbox import Intent
from kredin_pipeline.ledger.voucher_content import type_of
from resources.clock import OSLO
from resources.poweroffice import PowerOffice
from resources.poweroffice_client import PowerOfficeClient


def book_again(journal: Journal, poweroffice: PowerOffice, key: str, why: str, who: str, at: datetime) -> OutboxItem:
    """Note that a conflict's voucher was reversed in the ledger; gives the reversal that was noted.

    Raises ``JournalError`` when the item is no such conflict, or while anything stands in the ledger under its
    reference: the costs would then be booked twice. Raises ``ReadFailure`` when the ledger cannot be asked.
    """
    item = journal.item(key)
    if item.kind != "voucher" or item.state != "conflict":
        raise JournalError(f"outbox {key}: is a {item.kind} in state {item.state}, want a voucher in conflict")
    if not why.strip() or not who.strip():
        raise JournalError(f"outbox {key}: who says so, and why? The log needs both")
    tenant = journal.tenant(item.tenant)
    voucher_id, number = _reversed(poweroffice.client(tenant.client_key, tenant.name), item)
    reversal = f"{key}:reversal"
    content = {
        "case_id": item.payload["case_id"],
        "invoice_no": item.payload.get("invoice_no"),
        "customer_no": item.payload.get("customer_no"),
        "voucher_id": voucher_id,
        "voucher_no": number,
        "voucher_type": type_of(item.payload),
        "reference": item.reference,
        "posting_date": item.payload["posting_date"],
        "total": item.payload["total"],
        "said_by": who.strip(),
        "why": why.strip(),
    }
    today = at.astimezone(OSLO).date()
    journal.intend_all(item.tenant, [Intent(reversal, "reversal", item.case_ids, content, today, reverses=key)], at)
    if journal.claim_for_sending(reversal, f"{who.strip()}: {why.strip()}", at):
        journal.mark_posted(reversal, voucher_id, number, at)
        journal.mark_confirmed(reversal, at)
    return journal.item(reversal)


def _reversed(client: PowerOfficeClient, item: OutboxItem) -> tuple[str, str | None]:
    """Id and number of the voucher that carries our reference, once every one that does is reversed."""
    day = date.fromisoformat(str(item.payload["posting_date"]))
    rows = client.find_vouchers({item.reference: day}, (type_of(item.payload),)).get(item.reference, [])
    originals = [row for row in rows if not row.get("ReversedVoucherId")]
    if not originals:
        raise JournalError(f"outbox {item.key}: the ledger shows no voucher with its reference around {day}")
    standing = {str(row.get("VoucherNo") or row["VoucherId"]) for row in originals if row.get("IsReversed") is not True}
    if standing:
        raise JournalError(
            f"outbox {item.key}: voucher {', '.join(sorted(standing))} stands in the ledger; reverse it in PowerOffice "
            "first, or let the conflict stand: `kredin outbox seen`. Nothing was changed"
        )
    first = originals[0]
    return str(first["VoucherId"]), str(first["VoucherNo"]) if first.get("VoucherNo") else None
