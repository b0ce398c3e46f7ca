"""Vouchers: fees and interest that debtors have paid, booked in the ledger exactly once (rules §§ 5.4, 5.5, 9).

Belongs here: what runs in which order for a tenant's day, the check of the accounts before anything is posted, and what
a person reads about it. Not here: a voucher's lines and how a lost answer is settled (`kredin_pipeline.ledger`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    BackfillPolicy,
    Failure,
    MaterializeResult,
    MultiPartitionsDefinition,
    asset,
)

from assets.letters import connected, reason_table
from assets.metadata import kroner, markdown_table
from assets.run_span import refusal, span
from kredin_pipeline.journal import Journal, OutboxItem, Tenant, voucher_reference
from kredin_pipeline.journal.outbox import Intent
from kredin_pipeline.ledger.voucher_dispatch import VoucherDispatch, VoucherReport, content_of, voucher_of
from kredin_pipeline.ledger.voucher_lines import (
    NO_VAT,
    Accounts,
    FeeAndInterestVoucher,
    FoundLine,
    first_open_day,
    missing_accounts,
)
from resources.book import Book
from resources.clock import OSLO, Clock
from resources.journal import JournalResource
from resources.poweroffice import PowerOffice
from resources.poweroffice_client import PowerOfficeClient

GROUP = "vouchers"
OWNERS = ["team:receivables"]
FELL_AWAY = "settlement_fell_away"
KINDS = ("voucher", "reversal")


@dataclass(frozen=True)
class PlannedReversal:
    """A voucher of ours whose settlement fell away; ``key`` is the reversal's own outbox key."""

    key: str
    voucher_key: str
    case_id: str
    voucher_id: str


@dataclass(frozen=True)
class PlannedVouchers:
    """The day's plan from the book. ``subledger_ids`` maps a voucher's key to its customer's sub-ledger account."""

    vouchers: tuple[FeeAndInterestVoucher, ...]
    subledger_ids: Mapping[str, str | None]
    reversals: tuple[PlannedReversal, ...]


class LedgerDoor:
    """PowerOffice as ``voucher_dispatch`` sees it: wire rows become lines with text ids and decimal amounts."""

    def __init__(self, client: PowerOfficeClient) -> None:
        self._client = client

    def find(self, reference: str, around: date) -> list[FoundLine]:
        """The visible lines with our reference (PowerOffice reference § 10)."""
        return [
            FoundLine(
                voucher_id=str(row["VoucherId"]),
                voucher_no=str(row["VoucherNo"]) if row.get("VoucherNo") else None,
                account_no=str(row["AccountNo"]),
                customer_no=str(row["CustomerAccountNo"]) if row.get("CustomerAccountNo") else None,
                amount=Decimal(str(row["Amount"])).quantize(Decimal("0.01")),
                is_reversed=row.get("IsReversed") is True,
            )
            for row in self._client.find_voucher(reference, around)
            if row.get("ExternalImportReference") == reference and not row.get("ReversedVoucherId")
        ]

    def post(self, body: Mapping[str, object]) -> tuple[str, str | None]:
        """Post a manual journal, once."""
        posted = self._client.post_manual_journal(body)
        return posted.id, posted.no

    def reverse(self, voucher_id: str) -> str:
        """Reverse a voucher, once."""
        return self._client.reverse_voucher(voucher_id)


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
            "settlement fell away, committed to the outbox as intents. A missing account stops the run here, before "
            "anything is posted."
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
            return _planned(planned, 0, {}, refused)
        intents = _reversal_intents(opened, planned, today)
        if planned.vouchers:
            with connected(poweroffice, tenant) as client:
                intents += _voucher_intents(client, tenant, planned, today)
        _try_refused_again(opened, tenant.name, {intent.key for intent in intents}, clock)
        opened.intend_all(tenant.name, intents, clock.now())
        dropped = _drop_stale(opened, tenant.name, {intent.key for intent in intents}, clock)
        return _planned(planned, len(intents), dropped, None)

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
        check_specs=[
            AssetCheckSpec(
                "every_voucher_is_booked_once",
                asset="posted_vouchers",
                description="No voucher was refused, lost its answer, or lies in the ledger with other amounts.",
            )
        ],
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
        refused = refusal(context, clock.today(), tenant.live)
        if refused is not None:
            return _posted(VoucherReport(), {}, refused)
        dropped: dict[str, str] = {}
        report = VoucherReport()
        if _open(opened, tenant.name, ("sending", "outcome_unknown", "intended")):
            with connected(poweroffice, tenant) as client:
                dispatch = VoucherDispatch(opened, LedgerDoor(client), clock, context.run.run_id)
                dispatch.settle_earlier(_open(opened, tenant.name, ("sending", "outcome_unknown")))
                if dispatch.report.requeued:
                    with book.session(run.tenant) as con:
                        dropped = _drop_fallen(con, opened, dispatch.report.requeued, clock)
                dispatch.send(_open(opened, tenant.name, ("intended",)))
                report = dispatch.report
        for item in opened.items(run.tenant, None, ("conflict", "rejected")):
            if item.kind in KINDS:
                report.rejected.setdefault(item.key, item.reason or item.state)
        return _posted(report, dropped, None)

    @asset(
        group_name=GROUP,
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        deps=["posted_vouchers"],
        kinds={"poweroffice"},
        owners=OWNERS,
        description=(
            "Posted vouchers read back from the ledger: the number is filled in and the amounts are compared. One that "
            "is not visible yet waits for a later run."
        ),
        check_specs=[
            AssetCheckSpec(
                "the_ledger_has_what_was_meant",
                asset="confirmed_vouchers",
                description="Each voucher read back has the amounts, customer and accounts of the one that was posted.",
            )
        ],
    )
    def confirmed_vouchers(  # pyright: ignore[reportUnknownParameterType]
        context: AssetExecutionContext, journal: JournalResource, poweroffice: PowerOffice, clock: Clock
    ) -> MaterializeResult:  # pyright: ignore[reportMissingTypeArgument]
        run = span(context)
        opened = journal.open()
        tenant = opened.tenant(run.tenant)
        refused = refusal(context, clock.today(), tenant.live)
        report = VoucherReport()
        waiting = [] if refused else _open(opened, tenant.name, ("posted",))
        if waiting:
            with connected(poweroffice, tenant) as client:
                dispatch = VoucherDispatch(opened, LedgerDoor(client), clock, context.run.run_id)
                dispatch.confirm(waiting)
                report = dispatch.report
        return _confirmed(report, refused)

    return [fee_and_interest_vouchers, posted_vouchers, confirmed_vouchers]


# The plan -------------------------------------------------------------------------------------------------------------


def read_plan(con: duckdb.DuckDBPyConnection, tenant: str) -> PlannedVouchers:
    """The vouchers and reversals that the derivation of the day has planned."""
    rows = con.execute(
        """
        select planned.voucher_key, planned.case_id, coalesce(claims.invoice_no, planned.case_id), claims.customer_no,
            planned.settlement_key, planned.fee, planned.interest, planned.total, planned.payment_date,
            customers.subledger_account_id
        from planned_vouchers as planned
        join claims using (case_id)
        left join poweroffice_customers as customers on customers.customer_id = planned.customer_id
        order by planned.payment_date, planned.voucher_key
        """
    ).fetchall()
    vouchers: list[FeeAndInterestVoucher] = []
    subledger_ids: dict[str, str | None] = {}
    for key, case_id, invoice_no, customer_no, settlement_key, fee, interest, total, payment_date, subledger_id in rows:
        vouchers.append(
            FeeAndInterestVoucher(
                key=key,
                reference=voucher_reference(key),
                tenant=tenant,
                case_id=case_id,
                invoice_no=invoice_no,
                customer_no=customer_no or "",
                settlement_key=settlement_key,
                fee=fee,
                interest=interest,
                total=total,
                payment_date=payment_date,
            )
        )
        subledger_ids[key] = subledger_id
    reversals = con.execute(
        "select reversal_key, voucher_key, case_id, voucher_id from planned_reversals order by reversal_key"
    ).fetchall()
    return PlannedVouchers(tuple(vouchers), subledger_ids, tuple(PlannedReversal(*row) for row in reversals))


def _voucher_intents(client: PowerOfficeClient, tenant: Tenant, planned: PlannedVouchers, today: date) -> list[Intent]:
    """Intents with the ledger's ids and the open day on them. Raises ``Failure`` naming each setting at fault."""
    fee_account, interest_account = tenant.settings.fee_account, tenant.settings.interest_account
    chart = {
        str(row["AccountNo"]): str(row["Id"])
        for row in client.accounts([number for number in (fee_account, interest_account) if number])
        if row.get("IsActive") is not False
    }
    faults = missing_accounts(planned.vouchers, fee_account, interest_account, chart)
    no_vat = next((str(row["Id"]) for row in client.vat_codes() if str(row.get("Code")) == NO_VAT), None)
    if no_vat is None:
        faults.append(f"VAT code {NO_VAT} (no VAT): the ledger does not list it")
    homeless = sorted(one.customer_no for one in planned.vouchers if not planned.subledger_ids[one.key])
    if homeless:
        faults.append(f"customer {', '.join(homeless)}: the ledger gives no sub-ledger account")
    if faults or no_vat is None:
        raise Failure(
            description=f"{tenant.name}: {'; '.join(faults)}. Nothing was posted; see `kredin tenants set`.",
            allow_retries=False,
        )
    lock_date = client.lock_date()
    return [
        Intent(
            voucher.key,
            "voucher",
            [voucher.case_id],
            content_of(
                voucher.checked(),
                Accounts(
                    subledger_id=str(planned.subledger_ids[voucher.key]),
                    fee_account_no=fee_account,
                    fee_account_id=chart.get(fee_account or ""),
                    interest_account_no=interest_account,
                    interest_account_id=chart.get(interest_account or ""),
                    no_vat_id=no_vat,
                ),
                first_open_day(voucher.payment_date, lock_date),
            ),
            today,
        )
        for voucher in planned.vouchers
    ]


def _reversal_intents(journal: Journal, planned: PlannedVouchers, today: date) -> list[Intent]:
    intents: list[Intent] = []
    for reversal in planned.reversals:
        posted = journal.item(reversal.voucher_key)
        content = {
            "case_id": reversal.case_id,
            "voucher_id": posted.remote_id or reversal.voucher_id,
            "reference": posted.reference,
            "posting_date": posted.payload["posting_date"],
            "total": posted.payload["total"],
        }
        intents.append(
            Intent(reversal.key, "reversal", [reversal.case_id], content, today, reverses=reversal.voucher_key)
        )
    return intents


def _try_refused_again(journal: Journal, tenant: str, planned: set[str], clock: Clock) -> None:
    """What the ledger refused on an earlier day is tried again once a day: the cause may be gone by now."""
    for item in journal.items(tenant, None, ("rejected",)):
        if item.key in planned and item.changed_at.astimezone(OSLO).date() < clock.today():
            journal.requeue(item.key, "refused on an earlier day, tried again", clock.now())


def _drop_stale(journal: Journal, tenant: str, planned: set[str], clock: Clock) -> dict[str, str]:
    """Drop what was intended earlier and is no longer planned: its settlement fell away before it was posted."""
    dropped: dict[str, str] = {}
    for item in _open(journal, tenant, ("intended",)):
        if item.key not in planned:
            journal.cancel(item.key, FELL_AWAY, clock.now())
            dropped[item.key] = FELL_AWAY
    return dropped


def _drop_fallen(con: duckdb.DuckDBPyConnection, journal: Journal, keys: Sequence[str], clock: Clock) -> dict[str, str]:
    """Of vouchers proved absent, drop those whose settlement no longer brings in what they would book."""
    brought_in = {
        (case_id, settlement_key): (fee, interest)
        for case_id, settlement_key, fee, interest in con.execute(
            "select case_id, settlement_key, sum(to_fee), sum(to_interest) from allocations group by all"
        ).fetchall()
    }
    dropped: dict[str, str] = {}
    for key in keys:
        item = journal.item(key)
        if item.kind != "voucher":
            continue
        voucher, _, _ = voucher_of(item.key, item.payload)
        if brought_in.get((voucher.case_id, voucher.settlement_key)) != (voucher.fee, voucher.interest):
            journal.cancel(key, FELL_AWAY, clock.now())
            dropped[key] = FELL_AWAY
    return dropped


def _open(journal: Journal, tenant: str, states: Sequence[Any]) -> list[OutboxItem]:
    """Vouchers and reversals in some states, vouchers first."""
    return [item for kind in KINDS for item in journal.items(tenant, kind, states)]


# What a person reads --------------------------------------------------------------------------------------------------


def _planned(
    planned: PlannedVouchers, intended: int, dropped: Mapping[str, str], refused: str | None
) -> MaterializeResult[Any]:
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


def _posted(report: VoucherReport, dropped: Mapping[str, str], refused: str | None) -> MaterializeResult[Any]:
    stuck = {**report.unread, **report.unknown, **report.not_sent, **report.faults}
    return MaterializeResult(
        metadata={
            "dagster/row_count": len(report.posted),
            "posted": len(report.posted),
            "looked_up_and_sent_again": len(report.requeued),
            "nothing_posted_because": refused or "-",
            "dropped": reason_table(dropped),
            "waiting": reason_table(stuck),
        },
        check_results=[
            _check("every_voucher_is_booked_once", stuck, error=bool(report.faults), fine="every voucher is booked")
        ],
    )


def _confirmed(report: VoucherReport, refused: str | None) -> MaterializeResult[Any]:
    return MaterializeResult(
        metadata={
            "dagster/row_count": len(report.confirmed),
            "confirmed": len(report.confirmed),
            "not_visible_yet": len(report.not_visible),
            "nothing_confirmed_because": refused or "-",
            "could_not_be_read": reason_table(report.unread),
        },
        check_results=[
            _check("the_ledger_has_what_was_meant", report.conflicts, error=True, fine="what was read back is as meant")
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
