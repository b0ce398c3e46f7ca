"""The user is told once that legal steps are open: intended in the outbox, then sent by e-mail (rules § 7).

Belongs here: the order of the steps, and what a person reads about them. Not here: what the message says and when a
document counts as told (`kredin_pipeline.letters.legal.telling`).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec

from kredin_pipeline.journal import LEGAL_KINDS, Journal, LegalDraft, OutboxItem, Tenant
from kredin_pipeline.letters.legal.content import from_json
from kredin_pipeline.letters.legal.gathering import Waiting
from kredin_pipeline.letters.legal.telling import KIND, WAITS, Item, Telling, message_key, payload_of, untold
from resources.clock import Clock
from resources.legal_drafting import STANDING
from resources.post import Post

TOLD = "the_user_was_told"


def told_spec(asset: str) -> AssetCheckSpec:
    """The check that ``tell`` answers."""
    return AssetCheckSpec(
        TOLD,
        asset=asset,
        description="Every drafted document was told to the creditor's address, and no answer was lost.",
    )


def tell(
    journal: Journal, tenant: Tenant, waiting: Iterable[Waiting], post: Post, clock: Clock, worker: str
) -> AssetCheckResult:
    """Tell what is new of the drafts that stand and the cases that wait, once; what an earlier run left is settled
    first."""
    telling = Telling(journal, post, clock.now, worker)
    telling.settle_earlier(tenant.name, journal.items(tenant.name, KIND, ("sending", "outcome_unknown", "posted")))
    items = items_of(journal.legal.drafts(tenant.name, STANDING), waiting)
    messages = journal.items(tenant.name, KIND)
    fresh = untold(items, messages)
    to = tenant.settings.reply_to or tenant.settings.creditor_email
    if not to:
        return told_result(telling.report.waiting, _nobody(tenant, fresh) if fresh else None)
    address(journal, tenant, messages, to, clock.now())
    intend(journal, tenant, fresh, to, clock.today(), clock.now())
    standing = {pair for one in items for pair in one.told}
    telling.send(tenant.name, journal.items(tenant.name, KIND, ("intended",)), standing)
    return told_result(telling.report.waiting)


def told_result(waiting: dict[str, str], problem: str | None = None) -> AssetCheckResult:
    """The check: what was not told, with why."""
    told = [f"{key}: {why}" for key, why in waiting.items()] + ([problem] if problem else [])
    return AssetCheckResult(
        check_name=TOLD,
        passed=not told,
        severity=AssetCheckSeverity.WARN,
        description="; ".join(told) or "everything that is drafted was told",
        metadata={"untold": len(told)},
    )


def items_of(drafts: Iterable[LegalDraft], waiting: Iterable[Waiting]) -> list[Item]:
    """What there is to tell: the drafts that stand, and the ready cases that only a person can take further."""
    found: list[Item] = []
    for one in drafts:
        said = from_json(one.snapshot["document"])
        invoices = tuple(claim.invoice_no for claim in said.claims)
        what = LEGAL_KINDS[one.kind]
        found.append(Item(one.kind, one.case_ids, invoices, said.debtor.name, what, one.draft_id, said.total))
    found += [
        Item(WAITS, (one.case_id,), (one.invoice_no,), one.debtor, "", why=one.why)
        for one in waiting
        if one.needs_a_person
    ]
    return found


def intend(journal: Journal, tenant: Tenant, items: Sequence[Item], to: str, today: date, at: datetime) -> None:
    """Commit one message about what is new; nothing when there is nothing."""
    if not items:
        return
    cases = list(dict.fromkeys(case for one in items for case in one.case_ids))
    payload = payload_of(to, tenant.settings.creditor_name or tenant.company_name, items)
    journal.intend(message_key(tenant.name, items, today), tenant.name, KIND, cases, payload, today, at)


def address(journal: Journal, tenant: Tenant, messages: Iterable[OutboxItem], to: str, at: datetime) -> None:
    """A message that did not leave goes to the address that is set now; one that was refused only to another."""
    for one in messages:
        if one.state not in ("intended", "rejected") or one.payload["to"] == to:
            continue
        if one.state == "rejected":
            journal.requeue(one.key, "refused, tried at another address", at)
        journal.intend(one.key, tenant.name, KIND, one.case_ids, {**one.payload, "to": to}, one.planned_on, at)


def _nobody(tenant: Tenant, fresh: Sequence[Item]) -> str:
    cases = ", ".join(case for one in fresh for case in one.case_ids)
    return (
        f"{tenant.name}: setting creditor_email: found none, want an address to tell that legal steps are open for "
        f"{cases}; set it: kredin tenants set {tenant.name} creditor_email=..."
    )
