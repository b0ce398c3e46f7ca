"""Journal and ledger, compared both ways: what we say we booked, and what the ledger shows of ours.

Belongs here: the comparison (``sql/ledger_gaps.sql``), which gaps stop the posting, and their words. Not here: reading
the journal, stopping, or a person's word on a gap.

========================= ============================================================================== ===============
gap                       what it is                                                                     posting
========================= ============================================================================== ===============
``unknown_in_ledger``     the ledger has a voucher of this integration that the outbox does not have,     stops
                          or has as cancelled or rejected
``missing_in_ledger``     booked by the outbox, and the ledger does not show it                           stops
``other_amounts``         booked, and what stands in the ledger under it is another sum, or stands twice  stops
``reversed_in_ledger``    booked, and reversed or corrected in the ledger by somebody else                goes on
``not_reversed``          reversed by the outbox, and it still stands in the ledger                       goes on
========================= ============================================================================== ===============

Why these stop: no ordinary work in a ledger removes a posted voucher, changes its sum, or makes one in our name. Where
that is seen, the journal has lost its memory (restored from an old backup, a second installation), or the ledger read
is not the ledger that was written to; the next voucher could then be a second one, or lie in the wrong books. Somebody
reversing a voucher is ordinary work, concerns that settlement alone, and makes no voucher of another one wrong.

A voucher of another system is not looked at: it was not created by this integration, and its reference is not ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, Protocol

import duckdb

from kredin_pipeline.cases.claims import replace_rows
from kredin_pipeline.ledger.schema import sql_text

About = Literal["unknown_in_ledger", "missing_in_ledger", "other_amounts", "reversed_in_ledger", "not_reversed"]
STOPPING: Final[frozenset[About]] = frozenset({"unknown_in_ledger", "missing_in_ledger", "other_amounts"})
VISIBLE_AFTER: Final = timedelta(seconds=60)
"""What was booked so long before a read began is in that read."""
_TABLE: Final = """
create or replace temp table journal_booked (
    key varchar, kind varchar, state varchar, reference varchar, reverses varchar, remote_id varchar,
    remote_no varchar, customer_no varchar, total decimal(18, 2), posting_date date, booked_by timestamptz
)
"""


class BookedRow(Protocol):
    """A named tuple with the columns of ``journal_booked``."""

    def _asdict(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Gap:
    """One difference. Amounts are kroner on the customer's account; ``key`` is None for what the outbox has not."""

    about: About
    key: str | None
    voucher_id: str | None
    voucher_no: str | None
    customer_no: str | None
    posting_date: date | None
    meant: Decimal | None
    found: Decimal | None
    state: str | None

    @property
    def subject(self) -> str:
        """What a person names it by: the outbox key, or the ledger's voucher id."""
        return self.key or self.voucher_id or "?"

    @property
    def stops(self) -> bool:
        """Whether no voucher leaves while nobody has looked at it."""
        return self.about in STOPPING

    def told(self, tenant: str) -> str:
        """What differs, and what to do."""
        where = f"voucher {self.voucher_no or self.voucher_id or 'without a number'}"
        whom = f"customer {self.customer_no or '?'}, {self.posting_date or 'no day'}"
        seen = f"kredin outbox seen {self.subject} --tenant {tenant} --why ..."
        if self.about == "unknown_in_ledger":
            has = f"has it as {self.state}" if self.state else "does not know it"
            return (
                f"{where} ({whom}, {_kroner(self.found)}) was created by this integration, and the outbox {has}: was "
                "the journal restored from a backup, or is the company connected twice? Reverse it in PowerOffice if "
                f"it is wrong; if it may stand: `{seen}`"
            )
        if self.about == "missing_in_ledger":
            return (
                f"{where} ({whom}, {_kroner(self.meant)}), outbox {self.key}, is {self.state} here, and the ledger "
                "does not show it: is this the right company, was its ledger restored? When it is explained: "
                f"`{seen}`"
            )
        if self.about == "other_amounts":
            return (
                f"{where} ({whom}), outbox {self.key}: {_kroner(self.meant)} was booked and {_kroner(self.found)} "
                f"stands in the ledger. Correct it in PowerOffice; if it may stand: `{seen}`"
            )
        if self.about == "reversed_in_ledger":
            return (
                f"{where} ({whom}, {_kroner(self.meant)}), outbox {self.key}, was reversed or corrected in PowerOffice "
                f"and not by us; the costs count as booked here. If that is right: `{seen}`"
            )
        return (
            f"{where} ({whom}), outbox {self.key}, was reversed by us, and {_kroner(self.found)} still stands in the "
            f"ledger. Reverse it in PowerOffice; if it may stand: `{seen}`"
        )


@dataclass(frozen=True)
class Reconciliation:
    """A comparison. ``read_at`` is when the mirror's last read began (UTC), None when it was never read.

    ``gaps`` are those nobody has said a word on, ``seen`` those a person let stand.
    """

    tenant: str
    read_at: datetime | None
    in_journal: int
    gaps: tuple[Gap, ...]
    seen: tuple[Gap, ...] = ()

    @property
    def stops(self) -> bool:
        """Whether no voucher of this tenant leaves."""
        return any(gap.stops for gap in self.gaps)

    @property
    def told(self) -> str:
        """The whole comparison in words; a gap that stops comes first."""
        if self.read_at is None:
            return f"{self.tenant}: the ledger has not been read yet, so nothing was compared"
        if not self.gaps:
            seen = f", {len(self.seen)} differences were looked at and stand" if self.seen else ""
            return f"{self.tenant}: {self.in_journal} vouchers of ours, and the ledger agrees{seen}"
        halt = "No voucher leaves until somebody has looked. " if self.stops else ""
        ordered = sorted(self.gaps, key=lambda gap: not gap.stops)
        return f"{self.tenant}: {halt}" + "; ".join(gap.told(self.tenant) for gap in ordered)


def reconcile(
    con: duckdb.DuckDBPyConnection,
    tenant: str,
    booked: Sequence[BookedRow],
    seen: Collection[tuple[str, str]] = (),
) -> Reconciliation:
    """Compare the outbox's vouchers with the mirror in the book; writes temporary tables only.

    ``seen`` are (``about``, ``subject``) of the gaps that a person let stand.
    """
    read_at = _read_at(con)
    rows: list[Mapping[str, Any]] = [row._asdict() for row in booked]  # pyright: ignore[reportPrivateUsage]
    con.execute(_TABLE)
    if rows:
        columns = list(rows[0])
        replace_rows(con, "journal_booked", columns, [[row[name] for name in columns] for row in rows])
    if read_at is None:
        return Reconciliation(tenant, None, 0, ())
    found = con.execute(sql_text("sql/ledger_gaps.sql"), [read_at - VISIBLE_AFTER]).fetchall()
    gaps = [Gap(*row) for row in found]
    known = set(seen)
    count = sum(row["kind"] == "voucher" and row["state"] in ("posted", "confirmed") for row in rows)
    return Reconciliation(tenant, read_at, count, *_parted(gaps, known))


def _parted(gaps: Iterable[Gap], seen: Collection[tuple[str, str]]) -> tuple[tuple[Gap, ...], tuple[Gap, ...]]:
    listed = list(gaps)
    return (
        tuple(gap for gap in listed if (gap.about, gap.subject) not in seen),
        tuple(gap for gap in listed if (gap.about, gap.subject) in seen),
    )


def _read_at(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the last read of the ledger's entries began."""
    found = con.execute("select completed_at from sync_state where resource = 'ledger_entries'").fetchone()
    return None if found is None else found[0]


def _kroner(amount: Decimal | None) -> str:
    return f"{amount or 0:.2f} kr"
