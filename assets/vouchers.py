"""Vouchers: fees and interest that debtors have paid, booked in the ledger exactly once (rules §§ 5.4, 5.5, 9).

Belongs here: what runs in which order for a tenant's day. Not here: the plan (`voucher_plan`), the check of accounts
(`voucher_preflight`), what was taken back (`voucher_undo`), the page beside a voucher (`calculations`), what a person
reads (`voucher_report`), and how a voucher is sent and a lost answer settled (`kredin_pipeline.ledger`).
"""

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    BackfillPolicy,
    MaterializeResult,
    MultiPartitionsDefinition,
    asset,
)

from assets.calculations import KIND as CALCULATION
from assets.calculations import Attached, attach
from assets.holding import agree, outbox_numbers, vouchers_held
from assets.letters import connected
from assets.run_span import refusal, span
from assets.voucher_door import LedgerDoor as LedgerDoor
from assets.voucher_door import types_of
from assets.voucher_plan import (
    KINDS,
    PlannedVouchers,
    drop_fallen,
    drop_stale,
    open_items,
    read_plan,
    reversal_intents,
    try_refused_again,
    voucher_intents,
)
from assets.voucher_preflight import checked
from assets.voucher_report import (
    CONFIRMED_CHECKS,
    POSTED_CHECKS,
    Posting,
    confirmed_result,
    planned_result,
    posted_result,
)
from assets.voucher_undo import note_undone, settle_tasks, tasks, undone_here
from kredin_pipeline.ledger.voucher_dispatch import VoucherDispatch, VoucherReport
from resources.book import Book
from resources.clock import Clock
from resources.journal import JournalResource
from resources.poweroffice import PowerOffice
from resources.settling import compared

GROUP = "vouchers"
OWNERS = ["team:receivables"]


def build_voucher_assets(partitions: MultiPartitionsDefinition) -> list[AssetsDefinition]:
    """``fee_and_interest_vouchers``, ``posted_vouchers`` and ``confirmed_vouchers``, cut by ``partitions``."""

    @asset(
        group_name=GROUP,
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        deps=["case_states"],
        kinds={"duckdb", "sqlite"},
        owners=OWNERS,
        description=(
            "One voucher (*bilag*) for each settlement that brought in fees or interest, and the reversal of one whose "
            "settlement fell away, committed to the outbox as intents. A missing account, or one that cannot take such "
            "a voucher, stops the run here, before anything is posted."
        ),
    )
    def fee_and_interest_vouchers(  # pyright: ignore[reportUnknownParameterType]
        context: AssetExecutionContext,
        book: Book,
        journal: JournalResource,
        poweroffice: PowerOffice,
        clock: Clock,
    ) -> MaterializeResult:  # pyright: ignore[reportMissingTypeArgument]
        run = span(context)
        opened = journal.open()
        tenant = opened.tenant(run.tenant)
        today = clock.today()
        refused = refusal(context, today, tenant.live)
        planned = PlannedVouchers((), {}, ())
        if run.last == today and not run.is_range:
            with book.session(run.tenant) as con:
                planned = read_plan(con, tenant.name)
        if refused is not None:
            return planned_result(planned, 0, {}, 0, refused)
        intents = reversals = reversal_intents(opened, planned, today)
        made_by_hand: list[str] = []
        if planned.vouchers or opened.items(tenant.name, "reversal", ("rejected",)):
            with connected(poweroffice, tenant) as client:
                made_by_hand = settle_tasks(opened, tenant.name, client, reversals, clock, context.run.run_id)
                if planned.vouchers:
                    ready = checked(client, tenant, planned.vouchers, planned.homeless)
                    with book.session(run.tenant) as con:
                        intents = reversals + voucher_intents(con, tenant, planned, ready, today)
        try_refused_again(opened, tenant.name, intents, clock)
        opened.intend_all(tenant.name, intents, clock.now())
        dropped = drop_stale(opened, tenant.name, {intent.key for intent in intents}, clock)
        return planned_result(planned, len(intents), dropped, len(made_by_hand), None)

    @asset(
        group_name=GROUP,
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        deps=["fee_and_interest_vouchers"],
        kinds={"poweroffice"},
        owners=OWNERS,
        description=(
            "The vouchers that the ledger has taken. An answer that was lost is looked up by the voucher's reference "
            "before anything else happens; what earlier runs left open comes first."
        ),
        check_specs=POSTED_CHECKS,
    )
    def posted_vouchers(  # pyright: ignore[reportUnknownParameterType]
        context: AssetExecutionContext,
        book: Book,
        journal: JournalResource,
        poweroffice: PowerOffice,
        clock: Clock,
    ) -> MaterializeResult:  # pyright: ignore[reportMissingTypeArgument]
        run = span(context)
        opened = journal.open()
        tenant = opened.tenant(run.tenant)
        today = clock.today()
        done = Posting(refused=refusal(context, today, tenant.live))
        if done.refused is not None:
            return posted_result(done, outbox_numbers(opened, tenant.name, today))
        waiting = open_items(opened, tenant.name, ("sending", "outcome_unknown", "intended"))
        if waiting:
            with connected(poweroffice, tenant) as client:
                door = LedgerDoor(client, types_of(waiting))
                dispatch = VoucherDispatch(opened, door, clock, context.run.run_id)
                dispatch.settle_earlier(open_items(opened, tenant.name, ("sending", "outcome_unknown")))
                if dispatch.report.requeued:
                    with book.session(run.tenant) as con:
                        done.dropped = drop_fallen(con, opened, dispatch.report.requeued, clock)
                leaving = open_items(opened, tenant.name, ("intended",))
                with book.session(run.tenant) as con:
                    done.held = vouchers_held(con, opened, tenant, today, leaving)
                if not done.held.held:
                    dispatch.send(leaving)
                done.report = dispatch.report
                done.report.not_sent.update(done.held.refused(leaving))
        else:
            with book.session(run.tenant) as con:
                done.held = vouchers_held(con, opened, tenant, today, [])
        note_undone(opened, done.held.ledger.gaps, clock)
        standing = opened.standing(tenant.name).keys | undone_here(opened, tenant.name)
        done.tasks = tasks(opened, tenant.name, standing)
        for item in opened.items(run.tenant, None, ("conflict", "rejected")):
            if item.kind in KINDS and item.key not in standing and item.key not in done.tasks:
                done.report.rejected.setdefault(item.key, item.reason or item.state)
        for key in done.tasks:
            done.report.rejected.pop(key, None)  # told as a task, not as a fault as well
        return posted_result(done, outbox_numbers(opened, tenant.name, today))

    @asset(
        group_name=GROUP,
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        deps=["posted_vouchers"],
        kinds={"poweroffice"},
        owners=OWNERS,
        description=(
            "Posted vouchers read back from the ledger: the number is filled in and the amounts are compared. One that "
            "is not visible yet waits for a later run. The calculation is laid beside it if the setting says so."
        ),
        check_specs=CONFIRMED_CHECKS,
    )
    def confirmed_vouchers(  # pyright: ignore[reportUnknownParameterType]
        context: AssetExecutionContext, book: Book, journal: JournalResource, poweroffice: PowerOffice, clock: Clock
    ) -> MaterializeResult:  # pyright: ignore[reportMissingTypeArgument]
        run = span(context)
        opened = journal.open()
        tenant = opened.tenant(run.tenant)
        refused = refusal(context, clock.today(), tenant.live)
        report, attached = VoucherReport(), Attached()
        waiting = [] if refused else open_items(opened, tenant.name, ("posted",))
        if waiting:
            with connected(poweroffice, tenant) as client:
                dispatch = VoucherDispatch(opened, LedgerDoor(client, types_of(waiting)), clock, context.run.run_id)
                dispatch.confirm(waiting)
                report = dispatch.report
        if refused is None and tenant.settings.attach_calculation:
            bare = opened.vouchers_without(tenant.name, CALCULATION, "calculation")
            if bare:
                with connected(poweroffice, tenant) as client:
                    attached = attach(opened, tenant, client, bare, clock)
        with book.session(run.tenant) as con:
            comparison = agree(compared(con, opened, tenant.name))
        return confirmed_result(report, attached, refused, comparison)

    return [fee_and_interest_vouchers, posted_vouchers, confirmed_vouchers]
