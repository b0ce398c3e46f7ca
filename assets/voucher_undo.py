"""Vouchers taken back: by us, by a person for us, and by a person without us (rules § 2, § 5.5).

Belongs here: what becomes of a reversal that we may not make ourselves, and of a voucher that was undone in the ledger.
Not here: when a voucher is to be reversed (`kredin_pipeline.cases`), and making the call (`kredin_pipeline.ledger`).

A reversal that is refused stays ``rejected`` and is one task for a person, told in the same words by every run. Each
run looks whether the voucher has been reversed in PowerOffice meanwhile; then the task ends by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from assets.metadata import kroner
from assets.voucher_door import LedgerDoor, types_of
from kredin_pipeline.journal import Journal, OutboxItem
from kredin_pipeline.journal.outbox import Intent
from kredin_pipeline.ledger.voucher_dispatch import REFUSED_BEFORE
from kredin_pipeline.ledger.voucher_lines import FoundLine
from kredin_pipeline.ledger.voucher_reconciliation import Gap
from resources.clock import OSLO, Clock
from resources.poweroffice_client import PowerOfficeClient

PRIVILEGE = "ReverseVoucher_Full"
BY_HAND = "found reversed in PowerOffice"


def settle_tasks(
    journal: Journal,
    tenant: str,
    client: PowerOfficeClient,
    intents: Sequence[Intent],
    clock: Clock,
    worker: str,
) -> list[str]:
    """Reversals refused earlier: those that a person has made count as confirmed, and their keys are given.

    Of the others, one that is no longer planned is intended again, to be dropped; one that may succeed now is tried
    again, once a day: not while the privilege is still missing. ``intents``: today's reversals.
    """
    refused = journal.items(tenant, "reversal", ("rejected",))
    if not refused:
        return []
    planned = {intent.key for intent in intents}
    door = LedgerDoor(client, types_of(refused))
    allowed = PRIVILEGE in (client.client_information().get("ValidPrivileges") or ())
    done: list[str] = []
    for item in refused:
        found = [line for line in _lines(door, item) if line.is_reversed]
        if found:
            _note_made(journal, item, found[0], clock, worker)
            done.append(item.key)
        elif item.key not in planned:
            journal.requeue(item.key, "refused, and no longer planned", clock.now())
        elif allowed and item.changed_at.astimezone(OSLO).date() < clock.today():
            journal.requeue(item.key, REFUSED_BEFORE, clock.now())
    return done


def _lines(door: LedgerDoor, item: OutboxItem) -> Sequence[FoundLine]:
    reference = str(item.payload["reference"])
    shown = door.find_all({reference: date.fromisoformat(str(item.payload["posting_date"]))})
    return shown.get(reference, ())


def _note_made(journal: Journal, item: OutboxItem, line: FoundLine, clock: Clock, worker: str) -> None:
    """Through the same states as a reversal of ours; nothing is sent on the way."""
    journal.requeue(item.key, BY_HAND, clock.now())
    if journal.claim_for_sending(item.key, worker, clock.now()):
        journal.mark_posted(item.key, line.voucher_id, line.voucher_no, clock.now())
        journal.mark_confirmed(item.key, clock.now())


def tasks(journal: Journal, tenant: str, standing: Iterable[str]) -> dict[str, str]:
    """What a person has to reverse in PowerOffice, by outbox key; less those of which somebody said that they stand."""
    let = set(standing)
    return {
        item.key: _task(item.payload, item.reason or "refused")
        for item in journal.items(tenant, "reversal", ("rejected",))
        if item.key not in let
    }


def undone_here(journal: Journal, tenant: str) -> set[str]:
    """Keys of vouchers whose reversal is in the ledger and in the outbox: nothing is left to decide about them."""
    return {str(item.reverses) for item in journal.items(tenant, "reversal", ("posted", "confirmed"))}


def _task(content: Mapping[str, object], reason: str) -> str:
    number = content.get("voucher_no") or content["voucher_id"]
    of = ", ".join(
        part
        for part in (
            f"invoice {content['invoice_no']}" if content.get("invoice_no") else "",
            f"case {content['case_id']}",
            kroner(Decimal(str(content["total"]))),
            f"posted on {content['posting_date']}",
        )
        if part
    )
    return (
        f"reverse voucher {number} in PowerOffice ({of}): the payment that it rests on is gone, and we may not reverse "
        f"it: {reason}. When it is reversed there, the next run notices"
    )


def note_undone(journal: Journal, gaps: Iterable[Gap], clock: Clock) -> dict[str, str]:
    """Vouchers that somebody has reversed or corrected in PowerOffice without us become conflicts; gives key and why.

    The costs were paid, and the ledger no longer has them as income: whether that is right only a person knows. Nothing
    is posted again. ``gaps``: the comparison of journal and ledger.
    """
    noted: dict[str, str] = {}
    for gap in gaps:
        if gap.about == "reversed_in_ledger" and gap.key is not None and gap.state in ("posted", "confirmed"):
            noted[gap.key] = undone_reason(gap.voucher_no, gap.meant)
            journal.mark_conflict(gap.key, noted[gap.key], clock.now())
    return noted


def undone_reason(voucher_no: str | None, total: Decimal | None) -> str:
    """Why such a voucher is a conflict, in words that also say what can be done."""
    return (
        f"voucher {voucher_no or 'without a number'} was reversed or corrected in PowerOffice, not by us; "
        f"{kroner(total)} that was paid is not booked as income. Nothing is posted again by itself: `kredin outbox "
        "seen` lets that stand, `kredin outbox again` books it anew"
    )
