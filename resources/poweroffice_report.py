"""What a day's read of PowerOffice is told and what it tells: its settings, what it landed, its report.

Belongs here: the shapes. Not here: the reading (`poweroffice_sync`) and how the report is shown (`assets.ledger`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from kredin_pipeline.ledger.completeness import CompletenessResult
from kredin_pipeline.ledger.landing import LandedResource
from kredin_pipeline.ledger.mirror import LoadResult
from kredin_pipeline.ledger.sync_state import OVERLAP
from resources.poweroffice_traffic import Traffic


@dataclass(frozen=True)
class SyncSettings:
    """How a tenant's ledger is read. ``overlap`` counts as an hour at least; a full read comes every ``full_every``."""

    tenant: str
    overlap: timedelta = OVERLAP
    full_every: timedelta = timedelta(days=7)
    keep_pages: timedelta = timedelta(days=30)


@dataclass
class Landed:
    """What ``land`` left on disk for one business date. ``traffic``: what that cost; ``quiet``: the
    entries are the very same pages as the last ones that were merged."""

    business_date: date
    started_at: datetime
    folder: Path
    entries: LandedResource
    customers: LandedResource
    persons: LandedResource
    traffic: Traffic = field(default_factory=Traffic)
    quiet: bool = False


@dataclass
class SyncReport:
    """What a day's read brought. ``results`` by resource, added up over its reads; ``notes`` for a person.

    ``traffic``: requests by route, repetitions and waiting. ``claims``: by resource, how many rows the server said a
    list has and how many came, where the two differ.
    """

    tenant: str
    business_date: date
    traffic: Traffic = field(default_factory=Traffic)
    full_read: bool = False
    read_again: bool = False
    results: dict[str, LoadResult] = field(default_factory=dict[str, LoadResult])
    gone: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    claims: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    notes: list[str] = field(default_factory=list[str])
    completeness: CompletenessResult | None = None

    @property
    def ok(self) -> bool:
        """Whether the mirror was proved whole."""
        return self.completeness is not None and self.completeness.ok

    @property
    def requests(self) -> int:
        """Requests sent, tokens and repetitions included."""
        return self.traffic.requests

    def about_reading(self) -> dict[str, int | float | str]:
        """What the read cost, in words and numbers for a person: ``requests``, ``requests_by_route``, ``repeated``
        (tries after the first), ``waited_seconds`` (between tries), ``paced_seconds`` (for the rate), and, only where a
        server's count was wrong, ``claimed_rows``."""
        by_route = sorted(self.traffic.by_route.items(), key=lambda one: (-one[1], one[0]))
        claims = [f"{name}: {claimed} claimed, {came} came" for name, (claimed, came) in sorted(self.claims.items())]
        about: dict[str, int | float | str] = {
            "requests": self.requests,
            "requests_by_route": ", ".join(f"{route} {count}" for route, count in by_route),
            "repeated": self.traffic.repeated,
            "waited_seconds": round(self.traffic.waited, 1),
            "paced_seconds": round(self.traffic.paced, 1),
        }
        return about | ({"claimed_rows": "; ".join(claims)} if claims else {})

    @property
    def changed_customer_ids(self) -> set[str]:
        """Customers of whom anything changed."""
        return {one for result in self.results.values() for one in result.changed_customer_ids}

    def add(self, result: LoadResult) -> None:
        """Add one read to the report."""
        self.notes += [note for note in result.drift if note not in self.notes]
        self.notes += [one.shown(self.tenant, result.kept) for one in result.examples]
        known = self.results.setdefault(result.resource, LoadResult(result.resource))
        known.pages += result.pages
        known.rows_in += result.rows_in
        known.kept += result.kept
        known.quarantined += result.quarantined
        known.changed += result.changed
        known.changed_customer_ids |= result.changed_customer_ids
        known.moved_from |= result.moved_from
        known.missing = result.missing
        known.drift += [note for note in result.drift if note not in known.drift]
