"""Deciding on a case from the launchpad: the same function as ``kredin decide``, one Dagster job for each kind.

Belongs here: the described configuration of each kind and its job. Not here: what may be decided and what it does
(`kredin_pipeline.cases`), or logging it (`kredin_pipeline.journal.deciding`).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from dagster import Config, Failure, JobDefinition, OpExecutionContext, in_process_executor, job, op
from pydantic import Field

from kredin_pipeline.cases.decision_choices import ChargedStep, CloseReason, LegalKind, Outcome, SettlementClass
from kredin_pipeline.journal import Journal, JournalError
from kredin_pipeline.journal.deciding import Weighed, record, weigh
from resources.book import Book, BookIsBusy
from resources.clock import Clock
from resources.deciding import facts_of, foretold
from resources.journal import JournalResource

_DAY = "(YYYY-MM-DD)"
_STEP = Field(default=None, description="Which letter; the newest that carries a fee if left out.")


class Decision(Config):
    """What every decision needs. Each field of a kind that is not listed here is part of what was decided."""

    tenant: str = Field(description="Name of the tenant, e.g. fjellheim.")
    case: str = Field(description="Case id or invoice number.")
    who: str = Field(description="Who decides this; kept in the log.")
    note: str | None = Field(default=None, description="Why, in words; kept in the log.")
    dry_run: bool = Field(default=False, description="Say what it would do and record nothing.")

    def payload(self) -> dict[str, object]:
        """What was decided, under the names by which the log knows it."""
        said = self.model_dump(exclude={"tenant", "case", "who", "dry_run", "customer_no"}, exclude_none=True)
        return {_STORED.get(key, key): value.value if isinstance(value, Enum) else value for key, value in said.items()}


_STORED: Final = {"others": "with", "what": "as", "day": "from"}


class OfCustomer(Decision):
    """A decision about a customer, named by one of its cases or by its number."""

    case: str | None = Field(default=None, description="Case id or invoice number of the customer, or:")  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    customer_no: str | None = Field(default=None, description="The customer's number.")


class Pause(Decision):
    """Letters stop."""

    until: str | None = Field(default=None, description=f"Last day of the pause {_DAY}; until resumed if left out.")


class SettleDispute(Decision):
    """A dispute has ended."""

    outcome: Outcome = Field(description="How it ended.")
    amount: str | None = Field(default=None, description="By how much the claim was wrong, in kroner, e.g. 120.50.")


class Close(Decision):
    """A case ends."""

    reason: CloseReason = Field(description="Why it ends.")


class WaiveCosts(Decision):
    """Costs are given up."""

    amount: str | None = Field(default=None, description="Kroner, e.g. 120.50; all that is open today if left out.")


class Acknowledge(Decision):
    """The debtor acknowledged the claim."""

    date: str | None = Field(default=None, description=f"Day of the acknowledgement {_DAY}; today if left out.")


class NewDueDate(Decision):
    """A later due date was agreed."""

    due: str = Field(description=f"The new due date {_DAY}.")


class Merge(Decision):
    """Cases get common letters."""

    others: list[str] = Field(description="The cases to join with it, by case id or invoice number.")


class Classify(Decision):
    """What an entry of the ledger was."""

    what: SettlementClass = Field(description="Of a settlement: the first three; of a credit note: the last two.")
    entry_id: str | None = Field(default=None, description="The ledger's entry id, where there are several.")


class Release(Decision):
    """A hold is lifted."""

    hold: str | None = Field(default=None, description="E.g. unallocated_payment; all that can be lifted if left out.")


class InterestFrom(Decision):
    """Interest counts from a later day."""

    day: str = Field(description=f"First day of interest {_DAY}, after the due date. Say why in the note.")


class WithdrawFee(Decision):
    """The fee of a letter is taken back."""

    step: ChargedStep | None = _STEP


class PaidInTime(Decision):
    """The bank had the order before the deadline."""

    paid_on: str = Field(
        description=f"The day on which the bank had the order {_DAY}. Say how it is known in the note."
    )
    step: ChargedStep | None = _STEP


class Legal(Decision):
    """A legal step was filed or decided."""

    kind: LegalKind = Field(description="What was filed or decided.")
    reference: str | None = Field(default=None, description="The court's or authority's case number.")
    date: str | None = Field(default=None, description=f"Its day {_DAY}; today if left out.")


KINDS: Final[Mapping[str, tuple[type[Decision], str]]] = {
    "pause": (Pause, "Stop letters, until a day or until somebody resumes; interest keeps running."),
    "resume": (Decision, "End a pause, or go on after a refund or a reversed payment."),
    "dispute": (Decision, "The debtor objects: stop letters and fees until the dispute is settled."),
    "settle_dispute": (SettleDispute, "End a dispute. Upheld, even in part: fees charged so far are withdrawn."),
    "close": (Close, "End a case for good: no letter, fee or interest after today."),
    "reopen": (Decision, "Open a case that a person closed, at the step that it was on."),
    "waive_costs": (WaiveCosts, "Give up open fees and interest: an amount, or all that is open today."),
    "exclude": (OfCustomer, "Send no letter to a customer."),
    "include": (OfCustomer, "End the exclusion of a customer."),
    "acknowledge": (Acknowledge, "The debtor acknowledged the claim: limitation starts anew."),
    "new_due_date": (NewDueDate, "A later due date was agreed: interest and letters start anew from it."),
    "merge": (Merge, "Send common letters for cases of one debtor; the first one named keeps the fee."),
    "unmerge": (Decision, "Take a case out of a merge; the first-named one parts them all."),
    "classify": (Classify, "Say what an unexplained settlement was, or of which kind a credit note is."),
    "release": (Release, "Lift a hold by its name, or every hold that a release can lift."),
    "interest_from": (InterestFrom, "Count interest from a later day than the due date."),
    "withdraw_fee": (WithdrawFee, "Take back the fee of a letter that has left."),
    "paid_in_time": (PaidInTime, "The bank had the order in time: take back the fee of the letter that left after it."),
    "legal": (Legal, "Record that a legal step was filed or decided."),
}
"""What a person can decide from the launchpad: its configuration, and what it is."""


def build_decision_jobs() -> list[JobDefinition]:
    """One job ``decide_<kind>`` for each kind; a refusal fails the run with its reason and is not tried again."""
    return [_build_job(kind, config, says) for kind, (config, says) in KINDS.items()]


def _build_job(kind: str, config_class: type[Decision], says: str) -> JobDefinition:
    name = f"decide_{kind}"

    # The schema is handed over and not annotated, because the class is a value here.
    schema: Any = config_class.to_config_schema()

    @op(name=f"{name}_op", description=says, config_schema=schema)
    def decide_op(context: OpExecutionContext, journal: JournalResource, book: Book, clock: Clock) -> None:
        asked = config_class(**context.op_config)
        context.add_output_metadata(_decided(kind, asked, journal.open(), book, clock))

    @job(name=name, executor_def=in_process_executor, description=f"{says} The attempt is logged, also when refused.")
    def decide_job() -> None:
        decide_op()

    return decide_job


def _decided(kind: str, asked: Decision, journal: Journal, book: Book, clock: Clock) -> dict[str, Any]:
    """Record the decision and give the run's metadata. Raises ``Failure`` with the reason when it is refused."""
    now = clock.now()
    customer_no = asked.customer_no if isinstance(asked, OfCustomer) else None
    try:
        with facts_of(book, asked.tenant, clock.today()) as facts:
            weighed = weigh(
                journal, asked.tenant, asked.case, kind, asked.payload(), now, facts, customer_no=customer_no
            )
            changes = foretold(journal, weighed, facts, asked.who, now) if asked.dry_run else {}
        if asked.dry_run:
            if weighed.refused_because is not None:
                raise Failure(f"{asked.tenant}: {weighed.refused_because}. Nothing was recorded", allow_retries=False)
            told = "\n".join(f"{name}: {old} -> {new}" for name, (old, new) in changes.items())
            return {**_metadata(weighed), "as of today": told or "nothing changes", "recorded": "nothing (dry run)"}
        recorded = record(journal, weighed, asked.who, now)
    except (JournalError, BookIsBusy) as refused:
        raise Failure(description=str(refused), allow_retries=False) from refused
    return {**_metadata(weighed), "recorded": ", ".join(recorded.decision_ids), "who": asked.who}


def _metadata(weighed: Weighed) -> dict[str, Any]:
    case = weighed.case
    about = {"customer": weighed.customer_no} if case is None else {"case": case.case_id, "invoice": case.invoice_no}
    return {"will": "\n".join(weighed.effects), **{key: value or "" for key, value in about.items()}}
