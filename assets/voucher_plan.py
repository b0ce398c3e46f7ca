"""A day's vouchers from the book, as intents for the outbox, and what lies there and is no longer planned.

Belongs here: reading the plan, the keys, and which earlier items are tried again or dropped. Not here: which settlement
brought in costs (`kredin_pipeline.cases`), the ledger's ids (`assets.voucher_preflight`), and sending.

A settlement has one voucher. Only where that one was reversed, and the settlement then came back (a payment that was
unmatched and matched again, or a person's word), it gets another: under a key and a reference of its own, ``KEY:2``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from assets.calculations import calculation_of
from assets.voucher_preflight import Ready
from kredin_pipeline.journal import Journal, OutboxItem, Tenant, voucher_reference
from kredin_pipeline.journal.outbox import Intent
from kredin_pipeline.ledger.voucher_content import WIRE_TYPES, content_of, type_of, voucher_of
from kredin_pipeline.ledger.voucher_dispatch import REFUSED_BEFORE
from kredin_pipeline.ledger.voucher_lines import FeeAndInterestVoucher
from resources.clock import OSLO, Clock

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

    @property
    def homeless(self) -> list[str]:
        """Customers to whom the ledger gives no sub-ledger account."""
        return sorted({one.customer_no for one in self.vouchers if not self.subledger_ids[one.key]})


def read_plan(con: duckdb.DuckDBPyConnection, tenant: str) -> PlannedVouchers:
    """The vouchers and reversals that the derivation of the day has planned."""
    rows = con.execute(
        """
        with reversed as (
            select case_id, settlement_key, count(*) as times
            from journal_vouchers
            where coalesce(reversed, false) and state in ('posted', 'confirmed', 'conflict')
            group by all
        )
        select planned.voucher_key || case when times is null then '' else ':' || (times + 1) end,
            planned.case_id, coalesce(claims.invoice_no, planned.case_id), claims.customer_no,
            planned.settlement_key, planned.fee, planned.interest, planned.total, planned.payment_date,
            customers.subledger_account_id
        from planned_vouchers as planned
        join claims using (case_id)
        left join poweroffice_customers as customers on customers.customer_id = planned.customer_id
        left join reversed on reversed.case_id = planned.case_id and reversed.settlement_key = planned.settlement_key
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


def voucher_intents(
    con: duckdb.DuckDBPyConnection, tenant: Tenant, planned: PlannedVouchers, ready: Ready, today: date
) -> list[Intent]:
    """Intents with the ledger's ids and the open day on them, and the calculation if it is to be attached."""
    intents: list[Intent] = []
    for voucher in planned.vouchers:
        content = content_of(
            voucher.checked(),
            ready.ids.on(str(planned.subledger_ids[voucher.key])),
            ready.posting_date(voucher.payment_date),
        )
        content["voucher_type"] = WIRE_TYPES[tenant.settings.voucher_type]
        if tenant.settings.attach_calculation:
            content["calculation"] = calculation_of(con, tenant, voucher)
        intents.append(Intent(voucher.key, "voucher", [voucher.case_id], content, today))
    return intents


def reversal_intents(journal: Journal, planned: PlannedVouchers, today: date) -> list[Intent]:
    """Intents for the reversals; each names the voucher as the ledger does."""
    intents: list[Intent] = []
    for reversal in planned.reversals:
        posted = journal.item(reversal.voucher_key)
        content = {
            "case_id": reversal.case_id,
            "invoice_no": posted.payload.get("invoice_no"),
            "customer_no": posted.payload.get("customer_no"),
            "voucher_id": posted.remote_id or reversal.voucher_id,
            "voucher_no": posted.remote_no,
            "voucher_type": type_of(posted.payload),
            "reference": posted.reference,
            "posting_date": posted.payload["posting_date"],
            "total": posted.payload["total"],
        }
        intents.append(
            Intent(reversal.key, "reversal", [reversal.case_id], content, today, reverses=reversal.voucher_key)
        )
    return intents


def try_refused_again(journal: Journal, tenant: str, intents: Sequence[Intent], clock: Clock) -> None:
    """What the ledger refused is tried again when the cause may be gone.

    That is on a later day, or at once when it would now be posted otherwise: on another day because the books were
    locked meanwhile, on another account. What is no longer planned goes back too, to be dropped.
    """
    planned = {intent.key: intent for intent in intents}
    for item in journal.items(tenant, "voucher", ("rejected",)):
        intent = planned.get(item.key)
        if intent is None:
            journal.requeue(item.key, "refused, and no longer planned", clock.now())
        elif _differs(intent.payload, item.payload):
            journal.requeue(item.key, "refused, tried again with other content", clock.now())
        elif item.changed_at.astimezone(OSLO).date() < clock.today():
            journal.requeue(item.key, REFUSED_BEFORE, clock.now())


def drop_stale(journal: Journal, tenant: str, planned: set[str], clock: Clock) -> dict[str, str]:
    """Drop what was intended earlier and is no longer planned: its settlement fell away before it was posted."""
    dropped: dict[str, str] = {}
    for item in open_items(journal, tenant, ("intended",)):
        if item.key not in planned:
            journal.cancel(item.key, FELL_AWAY, clock.now())
            dropped[item.key] = FELL_AWAY
    return dropped


def drop_fallen(con: duckdb.DuckDBPyConnection, journal: Journal, keys: Sequence[str], clock: Clock) -> dict[str, str]:
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


def open_items(journal: Journal, tenant: str, states: Sequence[Any]) -> list[OutboxItem]:
    """Vouchers and reversals in some states, vouchers first."""
    return [item for kind in KINDS for item in journal.items(tenant, kind, states)]


def _differs(new: Mapping[str, object], old: Mapping[str, Any]) -> bool:
    """Whether the voucher would be another one; the calculation beside it makes none."""
    return {key: value for key, value in new.items() if key != "calculation"} != {
        key: value for key, value in old.items() if key != "calculation"
    }
