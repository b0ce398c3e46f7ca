"""Letters: planned → written → sent, each at most once, and only on the day itself (rules §§ 4.3 to 4.5, 9).

Belongs here: what runs in which order for a tenant's day, and what a person reads about it. Not here: what a letter
says or how a lost answer is settled (`kredin_pipeline.letters`), connections (`resources.post`).
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
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
    MaterializeResult,
    MetadataValue,
    MultiPartitionsDefinition,
    asset,
)

from assets.holding import day_of_letters, limit_spec, nothing_asked, outbox_numbers, within_limit
from assets.metadata import kroner, markdown_table
from assets.run_span import refusal, span
from kredin_pipeline.journal import Decision, Journal, OutboxItem, Tenant
from kredin_pipeline.journal.outbox import Intent
from kredin_pipeline.letters.compose import Composed, Sender, compose_letters
from kredin_pipeline.letters.content import Creditor, LetterContent
from kredin_pipeline.letters.dispatch import LetterDispatch, LetterReport
from kredin_pipeline.letters.intents import IntentPlan, letter_of, plan_intents
from kredin_pipeline.letters.last_look import OpenItem, Picture, open_picture
from resources.book import Book
from resources.clock import Clock
from resources.enhetsregisteret import Enhetsregisteret, UnitAnswer, is_orgnr
from resources.http_errors import ReadFailure, run_failure
from resources.journal import JournalResource
from resources.post import Post
from resources.poweroffice import PowerOffice
from resources.poweroffice_client import PowerOfficeClient

GROUP = "letters"
OWNERS = ["team:receivables"]
WITHOUT_EFFECT = frozenset({"note", "sign"})
"""Decisions that change nothing about a letter that is about to leave."""


def build_letter_assets(partitions: MultiPartitionsDefinition) -> list[AssetsDefinition]:
    """``letters`` (written into the outbox) and ``sent_letters`` (out of the house), cut by ``partitions``."""

    @asset(
        group_name=GROUP,
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        deps=["case_states"],
        kinds={"duckdb", "sqlite"},
        owners=OWNERS,
        description=(
            "The letters (*brev*) of the day, written out line by line and committed to the outbox as intents. In "
            "`observe` mode, in a backfill and for a past day they are only counted."
        ),
        check_specs=[
            AssetCheckSpec(
                "every_letter_can_be_written",
                asset="letters",
                description="Each planned letter has an address, and sums that its lines explain to the øre.",
            )
        ],
    )
    def letters(  # pyright: ignore[reportUnknownParameterType]
        context: AssetExecutionContext, book: Book, journal: JournalResource, post: Post, clock: Clock
    ) -> MaterializeResult:  # pyright: ignore[reportMissingTypeArgument]
        run = span(context)
        opened = journal.open()
        tenant = opened.tenant(run.tenant)
        today = clock.today()
        refused = refusal(context, today, tenant.live)
        composed = Composed((), {}, ())
        if run.last == today and not run.is_range:
            with book.session(run.tenant) as con:
                composed = compose_letters(con, today, sender_of(tenant))
        if refused is not None:
            return _written(composed, None, refused)
        dispatch = LetterDispatch(opened, post, clock.now, context.run.run_id)
        dispatch.settle_earlier(opened.open_items(run.tenant, "letter", ("sending", "outcome_unknown", "posted")))
        outbox = opened.items(run.tenant, "letter")
        plan = plan_intents(composed.letters, composed.open_credits, outbox, today, dispatch.report.requeued)
        commit(opened, tenant.name, plan, today, clock.now())
        return _written(composed, plan, None)

    @asset(
        group_name=GROUP,
        partitions_def=partitions,
        backfill_policy=BackfillPolicy.single_run(),
        deps=["letters"],
        kinds={"email", "pdf"},
        owners=OWNERS,
        description=(
            "The letters that left the house today, by e-mail or through the letter drop, after a last look at the "
            "ledger and at what people decided. Nothing ever leaves from a backfill, a past day or `observe` mode."
        ),
        check_specs=[
            AssetCheckSpec(
                "every_letter_has_left",
                asset="sent_letters",
                description="No letter waits for a door that is closed, a refusal, or an answer that was lost.",
            ),
            limit_spec("sent_letters", "letters"),
        ],
    )
    def sent_letters(  # pyright: ignore[reportUnknownParameterType]
        context: AssetExecutionContext,
        book: Book,
        journal: JournalResource,
        poweroffice: PowerOffice,
        register: Enhetsregisteret,
        post: Post,
        clock: Clock,
    ) -> MaterializeResult:  # pyright: ignore[reportMissingTypeArgument]
        run = span(context)
        opened = journal.open()
        tenant = opened.tenant(run.tenant)
        today = clock.today()
        refused = refusal(context, today, tenant.live)
        if refused is not None:
            return _sent(LetterReport(), refused, nothing_asked("letters"), outbox_numbers(opened, tenant.name, today))
        waiting = opened.open_items(run.tenant, "letter", ("intended",))
        dispatch = LetterDispatch(opened, post, clock.now, context.run.run_id)
        todays = [item for item in waiting if item.planned_on == today]
        leaving: list[OutboxItem] = []
        if todays:
            picture = picture_now(tenant, todays, poweroffice, opened, today)
            if tenant.settings.register_enabled:
                with book.session(run.tenant) as con:
                    known = holds_in_book(con)
                picture = replace(picture, held_orgnrs=holds_now(todays, register, clock, known))
            fit = {item.key for item in dispatch.last_look(todays, picture)}
            leaving = [item for item in todays if item.key in fit]
        brake = day_of_letters(opened, tenant, today, leaving)
        if brake.held:
            dispatch.report.not_sent.update({item.key: "held by the daily limit" for item in leaving})
        elif leaving:
            dispatch.send(leaving)
        for item in opened.items(run.tenant, "letter", ("outcome_unknown",)):
            dispatch.report.unknown.setdefault(item.key, item.reason or "no answer")
        return _sent(dispatch.report, None, within_limit(brake), outbox_numbers(opened, tenant.name, today))

    return [letters, sent_letters]


@contextmanager
def connected(poweroffice: PowerOffice, tenant: Tenant) -> Generator[PowerOfficeClient]:
    """The tenant's ledger; a read that fails for good ends the run with status and route, and is not retried."""
    with poweroffice.connected(tenant.client_key, tenant.name) as client:
        try:
            yield client
        except ReadFailure as error:
            raise run_failure(error) from error


def sender_of(tenant: Tenant) -> Sender:
    """The creditor as the tenant's settings describe it; what is not set comes from the company's registration."""
    chosen = tenant.settings
    return Sender(
        tenant=tenant.name,
        creditor=Creditor(
            name=chosen.creditor_name or tenant.company_name,
            orgnr=chosen.creditor_orgnr or tenant.organization_no,
            address=chosen.creditor_address,
            email=chosen.creditor_email,
            phone=chosen.creditor_phone,
            bank_account=chosen.bank_account,
            reply_to=chosen.reply_to,
            logo=chosen.creditor_logo,
        ),
        new_act_from=chosen.inkassolov_2026_from,
        norwegian=chosen.letter_language,
        texts=chosen.letter_texts,
    )


def commit(journal: Journal, tenant: str, plan: IntentPlan, today: date, at: datetime) -> None:
    """Write the plan into the outbox; an intent is committed before anything can leave."""
    for key in plan.requeue:
        journal.requeue(key, "refused by e-mail, tried another way", at)
    journal.intend_all(
        tenant, [Intent(one.key, "letter", one.case_ids, one.payload, today) for one in plan.intents], at
    )
    for key, reason in plan.cancel.items():
        journal.cancel(key, reason, at)


def picture_now(
    tenant: Tenant, items: Sequence[OutboxItem], poweroffice: PowerOffice, journal: Journal, today: date
) -> Picture:
    """What the ledger and the people say at the moment of sending; the ledger is asked once for all letters."""
    customers = sorted({claim.customer_no for item in items for claim in letter_of(item).claims})
    with connected(poweroffice, tenant) as client:
        rows = client.open_items(today, customers)
    balances, credits = open_picture(_open_items(rows))
    written_at = min(item.changed_at for item in items)
    newer = [one for one in journal.decisions(tenant.name) if one.decided_at > written_at and _counts(one)]
    return Picture(
        balances=balances,
        credits=credits,
        decided_cases=frozenset(one.case_id for one in newer if one.case_id),
        decided_customers=frozenset(one.customer_no for one in newer if one.customer_no and not one.case_id),
    )


def holds_in_book(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Organisation number → the register's hold as the letters were planned with it."""
    rows = con.execute(
        "select coalesce(main_orgnr, orgnr), register_hold from debtors where register_hold is not null"
    ).fetchall()
    return {orgnr: hold for orgnr, hold in rows if orgnr}


def holds_now(
    items: Sequence[OutboxItem], register: Enhetsregisteret, clock: Clock, known: Mapping[str, str]
) -> dict[str, str]:
    """What the register says against a debtor now and did not when the letters were planned (rules §§ 4.5, 6).

    A hold that a person has released is known and stops nothing; a register that does not answer stops nothing either.
    """
    orgnrs = {letter_of(item).recipient.orgnr for item in items}
    wanted = sorted(orgnr for orgnr in orgnrs if orgnr and is_orgnr(orgnr))
    if not wanted:
        return {}
    try:
        answers = register.look_up(wanted, clock)
    except ReadFailure:
        return {}
    found = {answer.orgnr: _hold(answer, clock.today()) for answer in answers}
    return {orgnr: hold for orgnr, hold in found.items() if hold is not None and known.get(orgnr) != hold}


def _hold(unit: UnitAnswer, today: date) -> str | None:
    """The strongest hold that stands today (rules § 6)."""
    states = (
        ("debtor_deleted", unit.status == "deleted", unit.slettedato),
        ("bankruptcy", unit.konkurs, unit.konkursdato),
        ("forced_liquidation", unit.under_tvangsavvikling, unit.tvang_dato),
        ("winding_up", unit.under_avvikling, unit.under_avvikling_dato),
    )
    return next((name for name, stands, since in states if stands and (since is None or since <= today)), None)


def _counts(decision: Decision) -> bool:
    return decision.refused_because is None and decision.kind not in WITHOUT_EFFECT


def _open_items(rows: Iterable[Mapping[str, Any]]) -> list[OpenItem]:
    """The wire's rows; ids become text and balances decimal by their shortest text (PowerOffice reference § 8)."""
    return [
        OpenItem(
            entry_id=str(row["Id"]),
            customer_no=str(row.get("CustomerAccountNo") or ""),
            balance=Decimal(str(row["Balance"])).quantize(Decimal("0.01")),
        )
        for row in rows
    ]


def _written(composed: Composed, plan: IntentPlan | None, refused: str | None) -> MaterializeResult[Any]:
    problems = [*composed.problems, *(plan.problems if plan else ())]
    return MaterializeResult(
        metadata={
            "planned": len(composed.letters),
            "intended": len(plan.intents) if plan else 0,
            "dropped": len(plan.cancel) if plan else 0,
            "left_alone": len(plan.left_alone) if plan else 0,
            "nothing_intended_because": refused or "-",
            "letters": letter_table(composed.letters),
            **sums(composed.letters),
        },
        check_results=[
            AssetCheckResult(
                check_name="every_letter_can_be_written",
                passed=not problems,
                severity=AssetCheckSeverity.ERROR,
                description="; ".join(problems) or "every planned letter is written",
                metadata={"letters_that_wait": len(problems)},
            )
        ],
    )


def _sent(
    report: LetterReport, refused: str | None, brake: AssetCheckResult, numbers: MetadataValue
) -> MaterializeResult[Any]:
    stuck = {**report.not_sent, **report.rejected, **report.unknown}
    return MaterializeResult(
        metadata={
            "dagster/row_count": len(report.sent),
            "sent": len(report.sent),
            "nothing_sent_because": refused or "-",
            "letters": letter_table(report.sent),
            "dropped": reason_table(report.dropped),
            "waiting": reason_table(stuck),
            "outbox": numbers,
            **sums(report.sent),
        },
        check_results=[
            AssetCheckResult(
                check_name="every_letter_has_left",
                passed=not stuck,
                severity=AssetCheckSeverity.WARN,
                description="; ".join(f"{key}: {why}" for key, why in stuck.items()) or "every letter has left",
                metadata={"waiting": len(stuck)},
            ),
            brake,
        ],
    )


def sums(letters: Sequence[LetterContent]) -> dict[str, str]:
    """What the letters ask for, as a person reads it."""
    return {
        "principal": kroner(sum((one.principal for one in letters), Decimal(0))),
        "interest": kroner(sum((one.interest for one in letters), Decimal(0))),
        "fees": kroner(sum((one.fee for one in letters), Decimal(0))),
        "total": kroner(sum((one.total for one in letters), Decimal(0))),
    }


def letter_table(letters: Sequence[LetterContent]) -> MetadataValue:
    """One row per letter for the UI."""
    headings = ["cases", "invoices", "step", "channel", "principal", "interest", "fee", "total", "deadline"]
    return markdown_table(
        headings,
        [
            [
                ", ".join(one.case_ids),
                ", ".join(one.invoice_nos),
                one.step,
                one.channel,
                kroner(one.principal),
                kroner(one.interest),
                kroner(one.fee),
                kroner(one.total),
                one.deadline.isoformat(),
            ]
            for one in letters
        ],
    )


def reason_table(reasons: Mapping[str, str]) -> MetadataValue:
    """Outbox keys with why, for the UI."""
    return markdown_table(["outbox key", "why"], sorted(reasons.items()))
