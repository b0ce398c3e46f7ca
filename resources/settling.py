"""A person settles what no run can: an item whose answer was lost, a conflict, a gap between journal and ledger.

Belongs here: reading what the other side, or the mirror, shows of it, for the command line and Dagster's jobs alike.
Not here: what follows from that (``kredin_pipeline.ledger``, ``kredin_pipeline.journal.words``), and what a run looks
up by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

import duckdb

from kredin_pipeline.journal import Journal, JournalError, OutboxItem
from kredin_pipeline.journal.words import Evidence, Settled, WeighedWord, weigh_word
from kredin_pipeline.ledger.voucher_evidence import (
    CustomerEntry,
    Shown,
    by_hand_shown,
    entry_of,
    is_reversed,
    reversal_shown,
    voucher_shown,
    with_reference,
)
from kredin_pipeline.ledger.voucher_reconciliation import Gap, Reconciliation, reconcile
from kredin_pipeline.letters.content import LetterError
from kredin_pipeline.letters.dispatch import read_manifests
from kredin_pipeline.letters.intents import letter_of
from kredin_pipeline.letters.post_batch import listed_files
from kredin_pipeline.outcomes import SendOutcome
from resources.book import Book
from resources.http_errors import ReadFailure
from resources.post import Post
from resources.poweroffice import PowerOffice
from resources.poweroffice_client import PowerOfficeClient

AROUND: Final = timedelta(days=3)
"""Days on each side of a voucher's posting date in which it is looked for; its date never changes."""
BY_HAND: Final = timedelta(days=366)
"""So far from the day that was meant a voucher booked by hand may be dated."""


@dataclass(frozen=True)
class Looked:
    """What a person let stand: its subject, its state or gap, and what it is in words."""

    subject: str
    about: str
    told: str


def weighed(
    journal: Journal,
    key: str,
    said: Settled,
    at: datetime,
    poweroffice: PowerOffice,
    post: Post,
    *,
    remote_id: str | None = None,
    remote_no: str | None = None,
) -> WeighedWord:
    """Look an item up on the other side and judge a person's word on it; writes nothing.

    Raises ``UnknownItem``, ``UnknownTenant`` or ``MissingKeys``; a look-up that fails refuses the word.
    """
    item = journal.item(key)
    if item.state not in ("outcome_unknown", "conflict"):
        evidence = Evidence("unasked", "nothing was looked up")  # the state alone refuses it
    elif item.kind == "letter":
        evidence = letter_evidence(post, item)
    elif item.kind == "message":
        evidence = Evidence("nobody_knows", "by e-mail, nobody can be asked whether it arrived")
    else:
        tenant = journal.tenant(item.tenant)
        with poweroffice.connected(tenant.client_key, tenant.name) as client:
            evidence = ledger_evidence(client, item, remote_id=remote_id, remote_no=remote_no)
    return weigh_word(item, said, evidence, at, remote_id=remote_id, remote_no=remote_no)


def compared(con: duckdb.DuckDBPyConnection, journal: Journal, tenant: str) -> Reconciliation:
    """Journal and ledger, both ways, from what the mirror holds; what a person let stand is apart."""
    return reconcile(con, tenant, journal.booked(tenant), journal.standing(tenant).gaps)


def let_stand(
    book: Book,
    journal: Journal,
    tenant: str,
    subjects: Sequence[str],
    why: str,
    who: str,
    at: datetime,
    *,
    dry_run: bool = False,
) -> list[Looked]:
    """Keep that somebody has looked at these conflicts, refusals and gaps, named by outbox key or voucher id.

    No subject means every gap between journal and ledger. Raises ``JournalError`` when one is none of these, and then
    keeps nothing; ``BookIsBusy`` while a run writes.
    """
    journal.tenant(tenant)
    found: list[Looked] = []
    items = {item.key: item for item in journal.items(tenant, None, ("conflict", "rejected"))}
    gaps: Sequence[Gap] = ()
    if book.path(tenant).exists():
        with book.read_only(tenant) as con:
            gaps = compared(con, journal, tenant).gaps
    for subject in dict.fromkeys(subjects):
        here = [gap for gap in gaps if gap.subject == subject]
        item = items.get(subject)
        if not here and item is None:
            known = ", ".join([*(gap.subject for gap in gaps), *items]) or "none"
            raise JournalError(f"{tenant}: {subject}: no conflict, refusal or difference; there are {known}")
        found += [Looked(subject, gap.about, gap.told(tenant)) for gap in here]
        if item is not None:
            found.append(Looked(subject, item.state, f"{item.state}: {item.reason or 'no reason kept'}"))
    if not subjects:
        found = [Looked(gap.subject, gap.about, gap.told(tenant)) for gap in gaps]
        if not found:
            raise JournalError(f"{tenant}: journal and ledger do not differ; there is nothing to look at")
    without_item = {gap.subject for gap in gaps if gap.key is None}
    if not why.strip() or not who.strip():
        raise JournalError(f"{tenant}: who has looked, and why may it stand? The log needs both")
    if not dry_run:
        for one in found:
            subject = {"voucher_id" if one.subject in without_item else "key": one.subject}
            journal.let_stand(tenant, one.about, one.told, why, who, at, **subject)
    return found


def ledger_evidence(
    client: PowerOfficeClient, item: OutboxItem, *, remote_id: str | None = None, remote_no: str | None = None
) -> Evidence:
    """What the ledger shows of a voucher or reversal by our reference; with a number or id, of one booked by hand."""
    try:
        shown = _reversal(client, item) if item.kind == "reversal" else _voucher(client, item, remote_id, remote_no)
    except ReadFailure as error:
        return Evidence("unasked", f"the ledger could not be asked: {error}")
    return Evidence(**asdict(shown))


def letter_evidence(post: Post, item: OutboxItem) -> Evidence:
    """What the letter drop shows of a letter on paper. An e-mail nobody can be asked about."""
    try:
        content = letter_of(item)
        if content.channel == "email":
            return Evidence("nobody_knows", "by e-mail, nobody can be asked whether it arrived")
        with post.letter_box() as box:
            path = listed_files(read_manifests(box, content.dated)).get(content.letter_key)
            if path is None or box.get(path) is None:
                return Evidence("absent", "the letter drop has no manifest and file of it")
            return Evidence("same", f"the letter drop has it as {path}", path)
    except (SendOutcome, LetterError) as error:
        return Evidence("unasked", f"the letter drop could not be asked: {error}")


def _voucher(client: PowerOfficeClient, item: OutboxItem, remote_id: str | None, remote_no: str | None) -> Shown:
    total, reference = Decimal(str(item.payload["total"])), item.reference
    found = with_reference(_posted_around(client, item), reference)
    shown = voucher_shown(total, reference, found, _reversed(client, found))
    named = remote_no or remote_id
    if shown.shows != "absent" or named is None:
        return shown
    customer_no = str(item.payload["customer_no"])
    day = _day(item)
    rows = [entry_of(row) for row in client.statement(day - BY_HAND, day + BY_HAND, [customer_no])]
    named_rows = [
        one
        for one in rows
        if (remote_no is None or one.voucher_no == remote_no)
        and (remote_id is None or one.voucher_id.lower() == remote_id.lower())
    ]
    return by_hand_shown(total, named, named_rows, customer_no)


def _reversal(client: PowerOfficeClient, item: OutboxItem) -> Shown:
    voucher_id = str(item.payload["voucher_id"])
    found = [one for one in _posted_around(client, item) if one.voucher_id.lower() == voucher_id.lower()]
    return reversal_shown(voucher_id, found, _reversed(client, found))


def _posted_around(client: PowerOfficeClient, item: OutboxItem) -> list[CustomerEntry]:
    """Entries of all customers: one that was merged into another has taken its entries along."""
    day = _day(item)
    return [entry_of(row) for row in client.statement(day - AROUND, day + AROUND)]


def _reversed(client: PowerOfficeClient, entries: list[CustomerEntry]) -> set[str]:
    return {
        one.voucher_id
        for one in entries
        if one.match_id is not None
        and is_reversed(one, [entry_of(row) for row in client.entries_by_match_id(one.match_id)])
    }


def _day(item: OutboxItem) -> date:
    return date.fromisoformat(str(item.payload["posting_date"]))
