"""``kredin decide`` and ``kredin decisions``: names, options and help, one command for each kind of decision.

Belongs here: what a user types. The work is in ``kredin_pipeline.commands.decide``, imported when a command runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from getpass import getuser
from typing import Annotated

import typer

from kredin_pipeline.cases.decision_choices import ChargedStep, CloseReason, LegalKind, Outcome, SettlementClass

decide_app = typer.Typer(
    help="Decide on a case: each command says what it will do, and every attempt is kept in a log.",
    no_args_is_help=True,
)


Case = Annotated[str, typer.Argument(metavar="CASE", help="Case id or invoice number.")]
AnyCase = Annotated[str | None, typer.Argument(metavar="[CASE]", help="Case id or invoice number.")]
Customer = Annotated[str | None, typer.Option("--customer", help="The customer's number, in place of a case.")]
Tenant = Annotated[
    str | None, typer.Option("--tenant", "-t", help="Name of the tenant; found by the case if left out.")
]
Who = Annotated[
    str,
    typer.Option("--who", envvar="KREDIN_USER", default_factory=getuser, show_default="you", help="Who decides this."),
]
Why = Annotated[str, typer.Option("--note", "-n", help="Why, in words; kept in the log.")]
Note = Annotated[str | None, typer.Option("--note", "-n", help="Why, in words; kept in the log.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would do and record nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Amount = Annotated[str | None, typer.Option("--amount", metavar="KRONER", help="Kroner, e.g. 120.50.")]
Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="DATE")]
OfStep = Annotated[
    ChargedStep | None, typer.Option("--step", help="Which letter; the newest that carries a fee if left out.")
]


def _decide(
    kind: str,
    case: str | None,
    payload: Mapping[str, object],
    tenant: str | None,
    who: str,
    note: str | None,
    dry_run: bool,
    as_json: bool,
    customer_no: str | None = None,
) -> None:
    from kredin_pipeline.commands.decide import Asked, decide

    asked = Asked(tenant, who, dry_run, as_json)
    decide(asked, kind, case, {**payload, "note": note}, customer_no=customer_no)


def _iso(day: datetime | None) -> str | None:
    return None if day is None else day.date().isoformat()


@decide_app.command()
def pause(
    case: Case,
    who: Who,
    note: Why,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Last day of the pause; until resumed if left out."),
    ] = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Stop letters, until a day or until somebody resumes; interest keeps running."""
    _decide("pause", case, {"until": _iso(until)}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def resume(
    case: Case, who: Who, note: Note = None, tenant: Tenant = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """End a pause, or go on after a refund or a reversed payment."""
    _decide("resume", case, {}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def dispute(
    case: Case, who: Who, note: Why, tenant: Tenant = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """The debtor objects: stop letters and fees until the dispute is settled."""
    _decide("dispute", case, {}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def settle_dispute(
    case: Case,
    outcome: Annotated[Outcome, typer.Argument(help="How it ended.")],
    who: Who,
    note: Why,
    amount: Amount = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """End a dispute. Upheld, even in part: fees charged so far are withdrawn and later letters carry none."""
    _decide(
        "settle_dispute", case, {"outcome": outcome.value, "amount": amount}, tenant, who, note, dry_run, as_json
    )  # fmt: skip


@decide_app.command()
def close(
    case: Case,
    reason: Annotated[CloseReason, typer.Argument(help="Why it ends.")],
    who: Who,
    note: Note = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """End a case for good: no letter, fee or interest after today."""
    _decide("close", case, {"reason": reason.value}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def reopen(
    case: Case, who: Who, note: Why, tenant: Tenant = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Open a case that a person closed, at the step that it was on."""
    _decide("reopen", case, {}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def waive_costs(
    case: Case,
    who: Who,
    note: Why,
    amount: Amount = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Give up open fees and interest: an amount, or all that is open today."""
    _decide("waive_costs", case, {"amount": amount}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def exclude(
    who: Who,
    note: Why,
    case: AnyCase = None,
    customer: Customer = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send no letter to a customer, named by one of its cases or by its number."""
    _decide("exclude", case, {}, tenant, who, note, dry_run, as_json, customer)


@decide_app.command()
def include(
    who: Who,
    note: Note = None,
    case: AnyCase = None,
    customer: Customer = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """End the exclusion of a customer."""
    _decide("include", case, {}, tenant, who, note, dry_run, as_json, customer)


@decide_app.command()
def acknowledge(
    case: Case,
    who: Who,
    note: Why,
    date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Day of the acknowledgement; today if left out."),
    ] = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """The debtor acknowledged the claim: limitation starts anew from that day."""
    _decide("acknowledge", case, {"date": _iso(date)}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def new_due_date(
    case: Case, due: Day, who: Who, note: Note = None, tenant: Tenant = None, dry_run: DryRun = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """A later due date was agreed: interest and letters start anew from it."""
    _decide("new_due_date", case, {"due": _iso(due)}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def merge(
    case: Case,
    others: Annotated[list[str], typer.Argument(metavar="OTHERS...", help="The cases to join with it.")],
    who: Who,
    note: Note = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send common letters for cases of one debtor; the first one named keeps the fee."""
    _decide("merge", case, {"with": others}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def unmerge(
    case: Case, who: Who, note: Note = None, tenant: Tenant = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Take a case out of a merge; the first-named one parts them all."""
    _decide("unmerge", case, {}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def classify(
    case: Case,
    what: Annotated[
        SettlementClass, typer.Argument(help="paid, written_off, credited; a credit note: goodwill, correction.")
    ],
    who: Who,
    entry: Annotated[
        str | None, typer.Option("--entry", help="The ledger's entry id, where there are several.")
    ] = None,
    note: Note = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say what an unexplained settlement was, or of which kind a credit note is."""
    _decide("classify", case, {"as": what.value, "entry_id": entry}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def release(
    case: Case,
    who: Who,
    hold: Annotated[
        str | None,
        typer.Argument(metavar="[HOLD]", help="E.g. unallocated_payment; every hold that can be lifted if left out."),
    ] = None,
    note: Note = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Lift a hold by its name, or every hold that a release can lift."""
    _decide("release", case, {"hold": hold}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def interest_from(
    case: Case, day: Day, who: Who, note: Why, tenant: Tenant = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Count interest from a later day than the due date, e.g. when the invoice was sent late."""
    _decide("interest_from", case, {"from": _iso(day)}, tenant, who, note, dry_run, as_json)


@decide_app.command()
def withdraw_fee(
    case: Case, who: Who, note: Why, step: OfStep = None, tenant: Tenant = None, dry_run: DryRun = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Take back the fee of a letter that has left."""
    payload = {"step": None if step is None else step.value}
    _decide("withdraw_fee", case, payload, tenant, who, note, dry_run, as_json)


@decide_app.command()
def paid_in_time(
    case: Case,
    paid_on: Day,
    who: Who,
    note: Why,
    step: OfStep = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """The bank had the order by the deadline on that day: take back the fee of the letter that left after it."""
    payload = {"paid_on": _iso(paid_on), "step": None if step is None else step.value}
    _decide("paid_in_time", case, payload, tenant, who, note, dry_run, as_json)


@decide_app.command()
def legal(
    case: Case,
    kind: Annotated[LegalKind, typer.Argument(help="What was filed or decided.")],
    who: Who,
    reference: Annotated[
        str | None, typer.Option("--reference", help="The court's or authority's case number.")
    ] = None,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Its day; today if left out.")
    ] = None,
    note: Note = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Record that a legal step was filed or decided."""
    payload = {"kind": kind.value, "reference": reference, "date": _iso(date)}
    _decide("legal", case, payload, tenant, who, note, dry_run, as_json)


def decisions(case: AnyCase = None, tenant: Tenant = None, as_json: Json = False) -> None:
    """List what people decided, refused attempts among it, of all cases or one."""
    from kredin_pipeline.commands.decide import list_decisions

    list_decisions(tenant, case, as_json=as_json)
