"""The calculation beside a voucher: taken from the book when the voucher is planned, attached once it is confirmed.

Belongs here: which rows of the book it shows, and laying it beside the voucher exactly once. Not here: what the page
says (`kredin_pipeline.letters.calculation`).

The calculation lies in the voucher's own content, so it is the one that the amounts came from. The journal keeps the
PDF (``voucher_calculation``) when it lies in the ledger; that row is the state::

    confirmed, no row ── the ledger has no PDF there ── upload ── row
                      └─ it has one (ours, whose answer was lost, or an accountant's) ── row, nothing is replaced

A process that dies in between leaves no row, and the next run asks the ledger again. Nothing here ever changes or holds
a voucher.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb

from kredin_pipeline.journal import Journal, Tenant
from kredin_pipeline.ledger.voucher_lines import FeeAndInterestVoucher
from kredin_pipeline.letters.calculation import (
    Calculation,
    ChargedLetter,
    InterestPeriod,
    SharedPayment,
    from_json,
    render_calculation,
    to_json,
)
from kredin_pipeline.outcomes import NothingSent, OutcomeUnknown, Rejected
from resources.clock import Clock
from resources.http_errors import ReadFailure
from resources.poweroffice_client import PowerOfficeClient

KIND: Final = "voucher_calculation"
MOST_A_RUN: Final = 500
"""Uploads of one run, two requests each; what is left over waits for the next one."""


@dataclass
class Attached:
    """What a run did: outbox keys attached, found to have a PDF already, and what could not be, with why.

    ``stopped``: why the run did not go on to the others, None when it did.
    """

    attached: list[str] = field(default_factory=list[str])
    found: list[str] = field(default_factory=list[str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    waiting: int = 0
    stopped: str | None = None


def calculation_of(con: duckdb.DuckDBPyConnection, tenant: Tenant, voucher: FeeAndInterestVoucher) -> dict[str, object]:
    """The calculation behind a planned voucher, as plain JSON, from the day's derivation in the book."""
    case = [voucher.case_id]
    name, due_date, principal, fees, compensation, interest = _rows(
        con,
        "select coalesce(customer_name, ''), due_date, principal, fees, compensation, interest "
        "from claims join costs using (case_id) where case_id = ?",
        case,
    )[0]
    letters = _rows(con, "select step, sent_on, fee from journal_letters where case_id = ? order by 2, 1", case)
    periods = _rows(
        con,
        "select from_date, to_date, days, rate_percent, base, amount from interest_periods where case_id = ? "
        "order by from_date",
        case,
    )
    payments = _rows(
        con,
        "select min(effective_on), sum(to_principal), sum(to_interest), sum(to_fee), sum(to_credit), "
        "settlement_key = $2 from allocations where case_id = $1 group by settlement_key "
        "order by min(effective_on), settlement_key",
        [voucher.case_id, voucher.settlement_key],
    )
    return to_json(
        Calculation(
            company=tenant.settings.creditor_name or tenant.company_name,
            case_id=voucher.case_id,
            invoice_no=voucher.invoice_no,
            customer_no=voucher.customer_no,
            customer_name=name,
            due_date=due_date,
            principal=principal,
            payment_date=voucher.payment_date,
            fee=voucher.fee,
            interest=voucher.interest,
            total=voucher.total,
            fees_charged=fees,
            compensation=compensation,
            interest_accrued=interest,
            letters=tuple(ChargedLetter(*row) for row in letters),
            periods=tuple(InterestPeriod(*row) for row in periods),
            payments=tuple(SharedPayment(*row) for row in payments),
        )
    )


def attach(journal: Journal, tenant: Tenant, client: PowerOfficeClient, keys: Sequence[str], clock: Clock) -> Attached:
    """Lay the calculations of these confirmed vouchers beside them; what fails is told and tried by the next run.

    A missing privilege, or a ledger that cannot be reached, is told once and ends it for this run.
    """
    done = Attached(waiting=len(keys))
    for key in keys[:MOST_A_RUN]:
        item = journal.item(key)
        content = render_calculation(from_json(item.payload["calculation"]))
        voucher_id = str(item.remote_id)
        try:
            is_there = client.has_pdf(voucher_id)
            if not is_there:
                client.attach_pdf(voucher_id, f"beregning-{item.payload['invoice_no']}.pdf", content)
        except Rejected as refused:
            if refused.status == 403:
                done.stopped = refused.detail
                break
            done.failed[key] = refused.detail
            continue
        except (NothingSent, OutcomeUnknown, ReadFailure) as failure:
            done.stopped = str(failure)
            break
        snapshot = {"voucher_id": voucher_id, "voucher_no": item.remote_no, "was_there": is_there}
        journal.add_document(
            tenant.name, content, KIND, "application/pdf", snapshot, clock.now(), key=key, case_id=item.case_ids[0]
        )
        (done.found if is_there else done.attached).append(key)
        done.waiting -= 1
    return done


def _rows(con: duckdb.DuckDBPyConnection, query: str, values: list[str]) -> list[tuple[Any, ...]]:
    return con.execute(query, values).fetchall()
