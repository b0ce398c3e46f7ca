"""Drafting a legal document from the launchpad: the same function as ``kredin legal draft``.

Belongs here: the described configuration and the job. Not here: drafting (`assets.legal_request`).
"""

from enum import StrEnum
from typing import Final

from dagster import Config, Failure, JobDefinition, OpExecutionContext, in_process_executor, job, op
from pydantic import Field

from assets.legal_request import case_ids, draft_on_request
from kredin_pipeline.journal import JournalError
from kredin_pipeline.letters.legal.content import LegalError
from resources.book import Book, BookIsBusy
from resources.clock import Clock
from resources.journal import JournalResource
from resources.poweroffice import MissingKeys, PowerOffice

DRAFT: Final = "draft_legal_document"


class Kind(StrEnum):
    """Which document; ``right_one`` is the one that the law points to."""

    right_one = "right_one"
    enforcement_petition = "enforcement_petition"
    conciliation_complaint = "conciliation_complaint"
    bankruptcy_notice = "bankruptcy_notice"
    estate_claim = "estate_claim"


class Draft(Config):
    """A document about one case, with the debtor's other cases that fit."""

    tenant: str = Field(description="Name of the tenant, e.g. fjellheim.")
    case: str = Field(description="Case id or invoice number.")
    kind: Kind = Field(default=Kind.right_one, description="Which document; the right one if left out.")
    who: str = Field(description="Who asks; kept for good.")


def build_legal_job() -> JobDefinition:
    """The job; a refusal fails the run with its reason and is not tried again."""
    says = "Draft a legal document now: one that was given up, or one that only a person asks for."

    @op(name=f"{DRAFT}_op", description=says)
    def draft_op(
        context: OpExecutionContext,
        config: Draft,
        book: Book,
        journal: JournalResource,
        poweroffice: PowerOffice,
        clock: Clock,
    ) -> None:
        try:
            opened = journal.open()
            tenant = opened.tenant(config.tenant)
            with book.read_only(tenant.name) as con:
                hits = case_ids(con, config.case)
                if len(hits) != 1:
                    raise LegalError(f"{tenant.name}: {config.case}: found {len(hits)} such cases, want one")
                kind = None if config.kind is Kind.right_one else config.kind.value
                made = draft_on_request(
                    con, opened, poweroffice, tenant, hits[0], kind, config.who, clock.now(), clock.today()
                )
        except (LegalError, JournalError, BookIsBusy, MissingKeys, FileNotFoundError) as error:
            raise Failure(str(error), allow_retries=False) from None
        context.add_output_metadata(
            {
                "document": made.draft_id,
                "kind": made.kind,
                "cases": ", ".join(made.case_ids),
                "could_not_be_had": "; ".join(made.snapshot.get("missing", ())) or "-",
            }
        )

    @job(name=DRAFT, description=says, executor_def=in_process_executor)
    def draft_legal_document() -> None:
        draft_op()

    return draft_legal_document
