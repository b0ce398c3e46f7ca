"""What holds a tenant's letters or vouchers back for a day: the brake, and a journal and ledger that disagree.

Belongs here: asking before anything leaves, and what a person reads about it. Not here: the limit
(`kredin_pipeline.journal.brake`), the comparison (`kredin_pipeline.ledger.voucher_reconciliation`), and sending.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, MetadataValue

from assets.metadata import kroner, markdown_table
from kredin_pipeline.journal import Journal, OutboxItem, Tenant
from kredin_pipeline.journal.brake import BrakeKind, DayOfSending
from kredin_pipeline.ledger.voucher_reconciliation import Reconciliation
from resources.settling import compared

WITHIN_LIMIT = "within_the_daily_limit"
AGREE = "journal_and_ledger_agree"


@dataclass(frozen=True)
class Held:
    """What was asked before vouchers leave. ``held`` says whether none does."""

    brake: DayOfSending
    ledger: Reconciliation

    @property
    def held(self) -> bool:
        """Whether nothing leaves."""
        return self.brake.held or (self.ledger.stops and self.brake.waiting > 0)

    @property
    def why(self) -> str:
        """Why nothing leaves, one line for each cause."""
        causes = [self.brake.told] * self.brake.held + [self.ledger.told] * self.ledger.stops
        return "\n".join(causes) if self.held else "-"

    def refused(self, items: Sequence[OutboxItem]) -> dict[str, str]:
        """The items that stay intended, by key, with why."""
        if not self.held:
            return {}
        reason = "held by the daily limit" if self.brake.held else "held: journal and ledger disagree"
        return {item.key: reason for item in items}


def day_of_letters(journal: Journal, tenant: Tenant, today: date, items: Sequence[OutboxItem]) -> DayOfSending:
    """The brake for the letters that passed the last look and would leave now."""
    limit = tenant.settings.daily_letter_limit
    return journal.day_of_sending(tenant.name, "letters", today, limit, [item.key for item in items])


def vouchers_held(
    con: duckdb.DuckDBPyConnection, journal: Journal, tenant: Tenant, today: date, items: Sequence[OutboxItem]
) -> Held:
    """The brake and the comparison for the vouchers and reversals that would be posted now."""
    limit = tenant.settings.daily_voucher_limit
    brake = journal.day_of_sending(tenant.name, "vouchers", today, limit, [item.key for item in items])
    return Held(brake, compared(con, journal, tenant.name))


def limit_spec(asset: str, kind: BrakeKind) -> AssetCheckSpec:
    """The check that the brake is not on."""
    return AssetCheckSpec(
        WITHIN_LIMIT,
        asset=asset,
        description=f"The day's {kind} are within the tenant's limit; else none leaves until a person releases them.",
    )


def within_limit(day: DayOfSending) -> AssetCheckResult:
    """The brake in numbers, with the command that releases it."""
    return AssetCheckResult(
        check_name=WITHIN_LIMIT,
        passed=not day.held,
        severity=AssetCheckSeverity.ERROR,
        description=day.told,
        metadata={
            "have_left_today": day.left,
            "waiting": day.waiting,
            "limit": day.limit.number,
            "limit_follows_from": day.limit.why,
            "released_up_to": "-" if day.released is None else day.released,
        },
    )


def nothing_asked(kind: BrakeKind) -> AssetCheckResult:
    """The same check of a run from which nothing may leave."""
    return AssetCheckResult(
        check_name=WITHIN_LIMIT, passed=True, description=f"no {kind} may leave from this run, so none were counted"
    )


def agree_spec(asset: str) -> AssetCheckSpec:
    """The check that journal and ledger agree."""
    return AssetCheckSpec(
        AGREE,
        asset=asset,
        description=(
            "Every voucher of ours in the ledger is known here, and every one that is booked here stands in the ledger "
            "with its amount."
        ),
    )


def agree(found: Reconciliation) -> AssetCheckResult:
    """The comparison in numbers, kroner and words."""
    return AssetCheckResult(
        check_name=AGREE,
        passed=not found.gaps,
        severity=AssetCheckSeverity.ERROR,
        description=found.told,
        metadata={
            "booked_here": found.in_journal,
            "gaps": len(found.gaps),
            "posting_stops": found.stops,
            "looked_at_and_left": len(found.seen),
            "ledger_read_at": "never" if found.read_at is None else found.read_at.isoformat(timespec="seconds"),
            "differences": markdown_table(
                ["what", "outbox key", "voucher", "customer", "posted on", "meant", "found"],
                [
                    (
                        gap.about,
                        gap.key,
                        gap.voucher_no or gap.voucher_id,
                        gap.customer_no,
                        gap.posting_date,
                        "" if gap.meant is None else kroner(gap.meant),
                        "" if gap.found is None else kroner(gap.found),
                    )
                    for gap in found.gaps
                ],
            ),
        },
    )


def outbox_numbers(journal: Journal, tenant: str, today: date) -> MetadataValue:
    """The outbox by state for the UI: in all, and what was handed over today."""
    rows: list[Sequence[Any]] = [
        (row.state, row.letters, row.letters_today, row.vouchers, row.vouchers_today, row.meaning)
        for row in journal.outbox_numbers(tenant, today)
    ]
    return markdown_table(["state", "letters", "today", "vouchers", "today", "meaning"], rows)
