"""Legal documents: drafted when the law allows, never sent; a person signs (rules §§ 6, 7).

Belongs here: what runs in which order for a tenant's day, and what a person reads about it. Not here: which document is
right (`kredin_pipeline.cases.legal_ready`), what it says (`kredin_pipeline.letters.legal`), what becomes of the drafts
that are there (`resources.legal_drafting`), signatures (`kredin sign`).
"""

from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    BackfillPolicy,
    MaterializeResult,
    MetadataValue,
    MultiPartitionsDefinition,
    asset,
)

from assets.legal_told import tell, told_result, told_spec
from assets.letters import sender_of
from assets.metadata import kroner, markdown_table
from assets.run_span import refusal, span
from kredin_pipeline.journal import LegalDraft
from kredin_pipeline.letters.legal.content import from_json
from kredin_pipeline.letters.legal.gathering import Writer
from kredin_pipeline.letters.legal.reading import read
from resources.book import Book
from resources.clock import Clock
from resources.journal import JournalResource
from resources.legal_copies import InvoiceCopies
from resources.legal_drafting import Drafted, Drafting, standing_cases
from resources.post import Post
from resources.poweroffice import PowerOffice

GROUP = "legal"
OWNERS = ["team:receivables"]


def build_legal_assets(partitions: MultiPartitionsDefinition) -> list[AssetsDefinition]:
    """``legal_drafts``, cut by ``partitions``."""

    @asset(
        group_name=GROUP,
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        deps=["case_states", "sent_letters"],
        kinds={"pdf", "sqlite"},
        owners=OWNERS,
        description=(
            "Drafts of legal documents: an enforcement petition or conciliation complaint of a case that is "
            "`legal_ready`, a claim sheet for the estate of a debtor in bankruptcy. Nothing leaves: a person signs "
            "(`kredin sign`), and is told once by e-mail. In `observe` mode, in a backfill and for a past day nothing "
            "is drafted."
        ),
        check_specs=[
            AssetCheckSpec(
                "every_ready_case_has_its_draft",
                asset="legal_drafts",
                description="No ready case waits for a person, and no draft or signed document is overtaken by events.",
            ),
            told_spec("legal_drafts"),
        ],
    )
    def legal_drafts(  # pyright: ignore[reportUnknownParameterType]
        context: AssetExecutionContext,
        book: Book,
        journal: JournalResource,
        poweroffice: PowerOffice,
        post: Post,
        clock: Clock,
    ) -> MaterializeResult:  # pyright: ignore[reportMissingTypeArgument]
        run = span(context)
        opened = journal.open()
        tenant = opened.tenant(run.tenant)
        today = clock.today()
        refused = refusal(context, today, tenant.live)
        if refused is not None:
            return _result(Drafted(), told_result({}), refused)
        with book.session(run.tenant) as con:
            found = read(con, standing_cases(opened, tenant.name))
        if found.on != today:  # a past day was derived since: what it says is not what is open now
            late = told_result({}, f"the book is of {found.on}")
            return _result(Drafted(), late, f"the book was last derived for {found.on}; run today's case_states first")
        writer = Writer(tenant.name, sender_of(tenant).creditor, today, opened.law_tables().fees)
        copies = InvoiceCopies(poweroffice, tenant)
        done = Drafting(opened, found, writer, copies, clock.now()).unasked()
        return _result(done, tell(opened, tenant, done.waiting, post, clock, context.run.run_id), None)

    return [legal_drafts]


def _result(done: Drafted, told_to_the_user: AssetCheckResult, refused: str | None) -> MaterializeResult[Any]:
    waits = [one for one in done.waiting if one.needs_a_person]
    told = [f"case {one.case_id} (invoice {one.invoice_no}): {one.why}" for one in waits]
    told += list(done.problems.values())
    told += [f"{draft}: {'; '.join(lacking)}" for draft, lacking in done.missing.items()]
    return MaterializeResult(
        metadata={
            "dagster/row_count": len(done.drafted),
            "drafted": len(done.drafted),
            "stand": len(done.kept),
            "nothing_drafted_because": refused or "-",
            "documents": _drafts(done.drafted),
            "withdrawn": markdown_table(["document", "why"], sorted(done.withdrawn.items())),
            "waiting": markdown_table(
                ["case", "invoice", "debtor", "why"],
                [(one.case_id, one.invoice_no, one.debtor, one.why) for one in done.waiting],
            ),
        },
        check_results=[
            AssetCheckResult(
                check_name="every_ready_case_has_its_draft",
                passed=not told,
                severity=AssetCheckSeverity.WARN,
                description="; ".join(told) or "every ready case has its draft, and every draft its attachments",
                metadata={"wait_for_a_person": len(told)},
            ),
            told_to_the_user,
        ],
    )


def _drafts(drafts: list[LegalDraft]) -> MetadataValue:
    rows: list[tuple[str, ...]] = []
    for one in drafts:
        stated = from_json(one.snapshot["document"])
        rows.append((one.draft_id, one.kind, stated.debtor.name, ", ".join(one.case_ids), kroner(stated.total)))
    return markdown_table(["document", "kind", "debtor", "cases", "total"], rows)
