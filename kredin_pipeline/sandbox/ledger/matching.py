"""Settlement between entries: which credit has settled which debit, and from when.

A match group is a set of entries that share a MatchId; inside it, allocations say how much of a credit went to which
debit. Balances follow from the allocations alone, so taking them away brings the balances back (reference §§ 5, 15).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .books import Books
from .errors import LedgerError
from .identity import MATCH_ID_FROM
from .records import Allocation, Entry, MatchGroup


class Matching:
    """Match and unmatch entries of one company's books."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.groups: dict[int, MatchGroup] = {}
        self._next_id = MATCH_ID_FROM

    def match(self, entries: Sequence[Entry]) -> int:
        """Match entries with one another, oldest due first on the debit side, and return the øre settled.

        Entries without a balance stay out. Nothing happens (0) when no debit meets a credit. Raises ``LedgerError``
        for entries of several customers.
        """
        open_entries = [entry for entry in dict.fromkeys(entries) if entry.amount != entry.matched]
        debits = [e for e in open_entries if e.amount > 0]
        credits = [e for e in open_entries if e.amount < 0]
        if not debits or not credits:
            return 0
        if len({id(entry.customer) for entry in open_entries}) > 1:
            names = ", ".join(sorted({entry.customer.no for entry in open_entries}))
            raise LedgerError(f"Only entries of one customer can be matched; these belong to {names}.")
        if len(debits) > 1:
            debits.sort(key=lambda e: (e.due_date or e.posting_date, e.id))
        if len(credits) > 1:
            credits.sort(key=lambda e: (e.posting_date, e.id))
        settled = 0
        for credit in credits:
            for debit in debits:
                amount = min(debit.amount - debit.matched, credit.matched - credit.amount)
                if amount > 0:
                    self._allocate(debit, credit, amount)
                    settled += amount
        self._join(open_entries)
        self.books.touch(open_entries)
        return settled

    def allocate(self, debit: Entry, credit: Entry, amount: int) -> None:
        """Match exactly so much of two entries (øre)."""
        self._allocate(debit, credit, amount)
        self._join([debit, credit])
        self.books.touch([debit, credit])

    def unmatch(self, entries: Sequence[Entry]) -> None:
        """Undo the matches among these entries; a single entry leaves all its matches.

        Raises ``LedgerError`` when they are not matched.
        """
        chosen = list(dict.fromkeys(entries))
        links = {
            id(link): link
            for entry in chosen
            for link in entry.links
            if len(chosen) == 1 or (link.debit in chosen and link.credit in chosen)
        }
        if not links:
            raise LedgerError(f"Entries {', '.join(str(e.id) for e in chosen)} are not matched with one another.")
        self._release(links.values())

    def release_entries(self, entries: Iterable[Entry]) -> None:
        """Undo every match that one of these entries is in."""
        links = {id(link): link for entry in entries for link in entry.links}
        if links:
            self._release(links.values())

    # --- inside ------------------------------------------------------------------------------------------------

    def _allocate(self, debit: Entry, credit: Entry, amount: int) -> None:
        link = Allocation(debit, credit, amount, max(debit.posting_date, credit.posting_date))
        debit.links += (link,)
        credit.links += (link,)
        debit.matched += amount
        credit.matched -= amount

    def _join(self, entries: Sequence[Entry]) -> None:
        """Put the entries, and the groups they were in, in one group; the oldest id stays."""
        groups = {entry.group.id: entry.group for entry in entries if entry.group is not None}
        if groups:
            keep = groups.pop(min(groups))
        else:
            keep = MatchGroup(self._next_id, [])
            self._next_id += 1
            self.groups[keep.id] = keep
        moved: list[Entry] = []
        for other in groups.values():
            moved += other.members
            del self.groups[other.id]
        for entry in [*moved, *entries]:
            if entry.group is not keep:
                entry.group = keep
                keep.members.append(entry)
        if moved:
            self.books.touch(entry for entry in moved if entry not in entries)

    def _release(self, links: Iterable[Allocation]) -> None:
        groups: dict[int, MatchGroup] = {}
        touched: dict[int, Entry] = {}
        for link in links:
            for entry in (link.debit, link.credit):
                entry.links = tuple(other for other in entry.links if other is not link)
                touched[entry.id] = entry
                if entry.group is not None:
                    groups[entry.group.id] = entry.group
            link.debit.matched -= link.amount
            link.credit.matched += link.amount
        for group in groups.values():
            for entry in self._regroup(group):
                touched[entry.id] = entry
        self.books.touch(touched[key] for key in sorted(touched))

    def _regroup(self, group: MatchGroup) -> list[Entry]:
        """Split a group into what still hangs together; returns the entries whose MatchId changed."""
        before = list(group.members)
        left = {entry.id: entry for entry in before if entry.links}
        changed: list[Entry] = []
        for entry in before:
            if not entry.links:
                entry.group = None
                changed.append(entry)
        first = True
        group.members = []
        while left:
            part = [left.pop(min(left))]
            for entry in part:
                for link in entry.links:
                    other = link.credit if link.debit is entry else link.debit
                    if other.id in left:
                        part.append(left.pop(other.id))
            if first:
                group.members = part
                first = False
                continue
            split = MatchGroup(self._next_id, part)
            self._next_id += 1
            self.groups[split.id] = split
            for entry in part:
                entry.group = split
            changed += part
        if first:
            del self.groups[group.id]
        return changed
