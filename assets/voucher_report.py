"""What a person reads about a day's vouchers in the UI and at the end of a run.

Belongs here: metadata and check results of the voucher assets. Not here: what is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, MaterializeResult, MetadataValue

from assets.calculations import Attached
from assets.holding import Held, agree_spec, limit_spec, nothing_asked, within_limit
from assets.letters import reason_table
from assets.metadata import kroner, markdown_table
from assets.voucher_plan import PlannedVouchers
from kredin_pipeline.ledger.voucher_dispatch import VoucherReport

BOOKED_ONCE = "every_voucher_is_booked_once"
NOTHING_TO_REVERSE = "no_voucher_waits_to_be_reversed_by_hand"
AS_MEANT = "the_ledger_has_what_was_meant"
DOCUMENTED = "calculations_are_attached"

POSTED_CHECKS = [
    AssetCheckSpec(
        BOOKED_ONCE,
        asset="posted_vouchers",
        description="No voucher was refused, lost its answer, or lies in the ledger with other amounts or reversed.",
    ),
    AssetCheckSpec(
        NOTHING_TO_REVERSE,
        asset="posted_vouchers",
        description="No voucher stands whose payment is gone and that we may not reverse ourselves.",
    ),
    limit_spec("posted_vouchers", "vouchers"),
]
CONFIRMED_CHECKS = [
    AssetCheckSpec(
        AS_MEANT,
        asset="confirmed_vouchers",
        description="Each voucher read back has the amounts, customer and accounts of the one that was posted.",
    ),
    AssetCheckSpec(
        DOCUMENTED,
        asset="confirmed_vouchers",
        description="Each confirmed voucher has its calculation beside it, if the setting attach_calculation is on.",
    ),
    agree_spec("confirmed_vouchers"),
]


@dataclass
class Posting:
    """What a posting run did and found. ``tasks``: reversals for a person; ``held`` is None in a refused run."""

    report: VoucherReport = field(default_factory=VoucherReport)
    dropped: dict[str, str] = field(default_factory=dict[str, str])
    tasks: dict[str, str] = field(default_factory=dict[str, str])
    refused: str | None = None
    held: Held | None = None


def planned_result(
    planned: PlannedVouchers, intended: int, dropped: Mapping[str, str], reversed_by_hand: int, refused: str | None
) -> MaterializeResult[Any]:
    """The plan in numbers and kroner, and voucher by voucher."""
    zero = Decimal(0)
    metadata: dict[str, Any] = {
        "planned": len(planned.vouchers),
        "reversals": len(planned.reversals),
        "intended": intended,
        "nothing_intended_because": refused or "-",
        "fees": kroner(sum((one.fee for one in planned.vouchers), zero)),
        "interest": kroner(sum((one.interest for one in planned.vouchers), zero)),
        "total": kroner(sum((one.total for one in planned.vouchers), zero)),
        "dropped": reason_table(dropped),
        "found_reversed_by_a_person": reversed_by_hand,
        "vouchers": markdown_table(
            ["case", "invoice", "customer", "fee", "interest", "total", "paid on"],
            [
                [
                    one.case_id,
                    one.invoice_no,
                    one.customer_no,
                    kroner(one.fee),
                    kroner(one.interest),
                    kroner(one.total),
                    one.payment_date.isoformat(),
                ]
                for one in planned.vouchers
            ],
        ),
    }
    return MaterializeResult(metadata=metadata)


def posted_result(done: Posting, numbers: MetadataValue) -> MaterializeResult[Any]:
    """What left, what waits and why, and the tasks for a person."""
    report, held = done.report, done.held
    stuck = {**report.unread, **report.unknown, **report.not_sent, **report.faults}
    return MaterializeResult(
        metadata={
            "dagster/row_count": len(report.posted),
            "posted": len(report.posted),
            "looked_up_and_sent_again": len(report.requeued),
            "nothing_posted_because": done.refused or "-",
            "dropped": reason_table(done.dropped),
            "waiting": reason_table(stuck),
            "moved_by_another_run": reason_table(report.moved),
            "to_be_reversed_by_a_person": reason_table(done.tasks),
            "held_because": "-" if held is None else held.why,
            "outbox": numbers,
        },
        check_results=[
            _check(BOOKED_ONCE, stuck, error=bool(report.faults), fine="every voucher is booked"),
            _check(NOTHING_TO_REVERSE, done.tasks, error=False, fine="no voucher waits to be reversed by hand"),
            nothing_asked("vouchers") if held is None else within_limit(held.brake),
        ],
    )


def confirmed_result(
    report: VoucherReport, attached: Attached, refused: str | None, comparison: AssetCheckResult
) -> MaterializeResult[Any]:
    """What was read back, and what was laid beside it."""
    unattached = dict(attached.failed)
    if attached.stopped is not None:
        unattached["attach_calculation"] = (
            f"{attached.waiting} calculations wait: {attached.stopped}. The vouchers themselves are booked; without "
            "the right, switch it off: attach_calculation=false"
        )
    return MaterializeResult(
        metadata={
            "dagster/row_count": len(report.confirmed),
            "confirmed": len(report.confirmed),
            "not_visible_yet": len(report.not_visible),
            "nothing_confirmed_because": refused or "-",
            "could_not_be_read": reason_table(report.unread),
            "calculations_attached": len(attached.attached),
            "had_a_pdf_already": len(attached.found),
            "calculations_waiting": attached.waiting,
        },
        check_results=[
            _check(AS_MEANT, report.conflicts, error=True, fine="what was read back is as meant"),
            _check(DOCUMENTED, unattached, error=False, fine="nothing that should be attached could not be"),
            comparison,
        ],
    )


def _check(name: str, faults: Mapping[str, str], *, error: bool, fine: str) -> AssetCheckResult:
    return AssetCheckResult(
        check_name=name,
        passed=not faults,
        severity=AssetCheckSeverity.ERROR if error else AssetCheckSeverity.WARN,
        description="; ".join(f"{key}: {why}" for key, why in faults.items()) or fine,
        metadata={"vouchers": len(faults)},
    )
