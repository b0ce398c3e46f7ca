"""Which credits of a customer settle which debits, as far as a SAF-T file tells.

Belongs here: the three rules and their order: CrossReference if it explains the closing balance, then ReferenceNumber,
then the exact amount; what none of them places stays open. Nothing is guessed. Not here: how a file is read or posted.
Source: the reading rules beside Skatteetaten's sample files.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..ledger import Company, Entry


@dataclass(frozen=True, slots=True)
class Item:
    """A posted line with what the file says about its settlement; ``dated`` is an ISO date."""

    entry: Entry
    dated: str
    cross_reference: str | None
    reference: str | None


def match_items(company: Company, items: Sequence[Item]) -> tuple[int, list[Item]]:
    """Match one customer's items. Gives how many groups were settled, and the credits that are still open."""
    matching = _Matching(company, items)
    matching.by_cross_reference()
    for group in _groups(items, lambda item: item.reference):
        matching.settle([item.entry for item in group])
    matching.by_exact_amount()
    return matching.settled, [item for item in items if item.entry.amount < 0 and item.entry.balance]


class _Matching:
    def __init__(self, company: Company, items: Sequence[Item]) -> None:
        self._company = company
        self._items = items
        self.settled = 0

    def by_cross_reference(self) -> None:
        """Cross references are believed when what they leave open is the closing balance and nothing else; otherwise
        only those of them that settle to zero."""
        groups = _groups(self._items, lambda item: item.cross_reference)
        if not groups:
            return
        in_groups = {id(item) for group in groups for item in group}
        left = [sum(item.entry.amount for item in group) for group in groups]
        left += [item.entry.amount for item in self._items if id(item) not in in_groups]
        explains = all(rest >= 0 for rest in left) or all(rest <= 0 for rest in left)
        for group in groups:
            if explains or not sum(item.entry.amount for item in group):
                self.settle([item.entry for item in group])

    def by_exact_amount(self) -> None:
        """Each credit with the oldest unmatched debit of its amount, the oldest credit first."""
        in_order = sorted(self._items, key=lambda item: (item.dated, item.entry.id))
        debits: dict[int, deque[Entry]] = defaultdict(deque)
        for item in in_order:
            if item.entry.amount > 0 and not item.entry.matched:
                debits[item.entry.amount].append(item.entry)
        for item in in_order:
            credit = item.entry
            if credit.amount < 0 and not credit.matched and debits.get(-credit.amount):
                self.settle([debits[-credit.amount].popleft(), credit])

    def settle(self, entries: Sequence[Entry]) -> None:
        if self._company.matching.match(entries):
            self.settled += 1


def _groups(items: Sequence[Item], key: Callable[[Item], str | None]) -> list[list[Item]]:
    """Items that share a key, in groups with both debits and credits."""
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        name = key(item)
        if name is not None:
            found[name].append(item)
    return [
        group
        for group in found.values()
        if any(i.entry.amount > 0 for i in group) and any(i.entry.amount < 0 for i in group)
    ]
