"""Looking for vouchers by their reference, all at once (PowerOffice reference, Idempotency, §§ 8, 10).

Belongs here: which days are read for which vouchers, and when "not there" may be believed. Not here: what follows from
it (``voucher_dispatch``), and the reading itself (``resources``).

The ledger cannot be asked for a reference: a window of posting dates is read and sifted. So the windows of many
vouchers are read as one where they meet, but no read is longer than a month, which the ledger would be slow to answer.
A window that could not be read says nothing about any voucher in it.

"Not there" is believed only when the ledger's lines and the customer's own ledger both say so: they are two routes, and
one may lag behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from kredin_pipeline.ledger.voucher_doors import Item, Ledger
from kredin_pipeline.ledger.voucher_lines import FoundLine, VoucherError

LOOK_UP_DAYS: Final = timedelta(days=3)
"""A voucher is looked for so many days before and after its posting date."""
LONGEST_WINDOW: Final = timedelta(days=31)


@dataclass(frozen=True)
class Seen:
    """What a look-up says about one item."""

    verdict: Literal["absent", "same", "different"]
    remote_id: str = ""
    remote_no: str | None = None
    detail: str = ""


class Looking:
    """Look-ups in one ledger. ``judge`` compares an item with the lines found; ``unread`` is told what nobody knows."""

    def __init__(
        self, ledger: Ledger, judge: Callable[[Item, Sequence[FoundLine]], Seen], unread: dict[str, str]
    ) -> None:
        self._ledger, self._judge, self._unread = ledger, judge, unread

    def see(self, items: Sequence[Item]) -> dict[str, Seen]:
        """What the ledger shows, by outbox key; an item that the ledger could not be asked about is missing."""
        found: dict[str, Seen] = {}
        for group in in_windows(items):
            try:
                shown = self._ledger.find_all({_reference(item): posting_date(item) for item in group})
            except Exception as error:
                self._nothing_known(group, error)
                continue
            lines = {reference.lower(): rows for reference, rows in shown.items()}
            for item in group:
                try:
                    found[item.key] = self._judge(item, lines.get(_reference(item).lower(), ()))
                    self._unread.pop(item.key, None)  # an earlier look-up may have failed
                except VoucherError as error:
                    self._unread[item.key] = str(error)
        return found

    def absent_for_sure(self, items: Sequence[Item]) -> list[Item]:
        """Of items whose lines were not found, those that the customer's own ledger does not show either.

        A reversal has no reference of its own there; for it the lines decide alone.
        """
        asked = [item for item in items if item.payload.get("customer_no") and item.kind != "reversal"]
        unsure = {item.key for item in asked}
        for group in in_windows(asked):
            first, last = _days(group)
            customers = {_reference(item): str(item.payload["customer_no"]) for item in group}
            try:
                shown = {one.lower() for one in self._ledger.seen_on_customers(customers, first, last)}
            except Exception as error:
                self._nothing_known(group, error)
                continue
            for item in group:
                if _reference(item).lower() in shown:
                    self._unread[item.key] = "the customer's ledger shows it, but its lines could not be read yet"
                else:
                    unsure.discard(item.key)
        return [item for item in items if item.key not in unsure]

    def _nothing_known(self, items: Sequence[Item], error: Exception) -> None:
        for item in items:
            self._unread[item.key] = f"the ledger could not be asked: {error}"


def in_windows(items: Sequence[Item]) -> list[list[Item]]:
    """The items in groups that one read each answers: windows that meet, together no longer than a month."""
    groups: list[list[Item]] = []
    for item in sorted(items, key=posting_date):
        if groups:
            first, last = _days(groups[-1])
            day = posting_date(item)
            if day - LOOK_UP_DAYS <= last + timedelta(days=1) and day + LOOK_UP_DAYS - first <= LONGEST_WINDOW:
                groups[-1].append(item)
                continue
        groups.append([item])
    return groups


def posting_date(item: Item) -> date:
    """The day that an item's voucher is dated in the ledger."""
    return date.fromisoformat(str(item.payload["posting_date"]))


def _days(group: Sequence[Item]) -> tuple[date, date]:
    """The window of a group, which is in order of dates."""
    return posting_date(group[0]) - LOOK_UP_DAYS, posting_date(group[-1]) + LOOK_UP_DAYS


def _reference(item: Item) -> str:
    return str(item.payload["reference"])
