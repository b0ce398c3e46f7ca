"""``kredin outbox``: what is on its way out, how an item came to be where it is, and a person's word on it.

Belongs here: finding what is meant, and printing. Not here: looking up and judging (``resources.settling``,
``kredin_pipeline.journal.words``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from kredin_pipeline.commands.output import fail, failures_told, onboarding_failures_told, print_json, print_table
from kredin_pipeline.commands.session import open_session
from kredin_pipeline.journal import Journal, OutboxItem
from kredin_pipeline.journal.states import OPEN, STATES
from kredin_pipeline.journal.words import Settled

BOOK_WAIT_SECONDS = 5.0


def list_outbox(tenant: str | None, *, everything: bool, key: str | None, as_json: bool) -> None:
    """Print the open items of one or all tenants, or one item's history."""
    with failures_told():
        session = open_session()
        if key is not None:
            _history(session.journal, key, as_json=as_json)
            return
        states = tuple(STATES) if everything else (*OPEN, "conflict")
        items = [item for name in session.names(tenant) for item in session.journal.items(name, states=states)]
    if as_json:
        print_json([_row(item) for item in items])
        return
    columns = ("tenant", "kind", "state", "cases", "planned", "tries", "number", "since", "reason", "key")
    rows = [
        (
            item.tenant, item.kind, item.state, item.case_ids, item.planned_on, item.attempts, item.remote_no,
            item.changed_at, item.reason, item.key,
        )
        for item in items
    ]  # fmt: skip
    print_table("Outbox", columns, rows, "Nothing is on its way out.")


def settle_item(
    key: str,
    said: Settled,
    why: str,
    who: str,
    *,
    remote_id: str | None,
    remote_no: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Settle an item by a person's word. Exit code 1 with the reason when the state or the other side contradicts."""
    from kredin_pipeline.configured import resources_from
    from resources.settling import weighed

    with onboarding_failures_told():
        session = open_session()
        made = resources_from(session.environment)
        word = weighed(
            session.journal, key, said, session.now(), made.poweroffice, made.post,
            remote_id=remote_id, remote_no=remote_no,
        )  # fmt: skip
        answer: dict[str, Any] = {
            "key": key,
            "tenant": word.item.tenant,
            "was": word.item.state,
            "becomes": word.to if word.refused_because is None else None,
            "look_up": word.evidence.told,
            "will": list(word.effects),
            "refused": word.refused_because,
            "recorded": False,
            "who": who,
        }
        if word.refused_because is not None:
            if as_json:
                print_json(answer)
            fail(f"{word.item.tenant}: {word.refused_because}. Nothing was changed")
        if not dry_run:
            session.journal.settle(word, why, who, session.now())
            answer["recorded"] = True
    if as_json:
        print_json(answer)
        return
    typer.echo(f"{answer['tenant']}: {key} is {answer['was']}; {answer['look_up']}")
    for sentence in word.effects:
        typer.echo(f"  {sentence}")
    _recorded(dry_run=dry_run, who=who)


def leave_as_it_is(
    subjects: Sequence[str], tenant: str, why: str, who: str, *, everything: bool, dry_run: bool, as_json: bool
) -> None:
    """Keep that somebody has looked at conflicts, refusals or gaps and lets them stand."""
    from resources.book import Book, BookIsBusy
    from resources.settling import let_stand

    if bool(subjects) == everything:
        fail("name what was looked at, by outbox key or voucher id, or say --all for every difference")
    with failures_told():
        session = open_session()
        book = Book(folder=str(session.environment.books), lock_wait_seconds=BOOK_WAIT_SECONDS)
        try:
            found = let_stand(book, session.journal, tenant, subjects, why, who, session.now(), dry_run=dry_run)
        except BookIsBusy as error:
            fail(f"{error} Nothing was recorded.")
    if as_json:
        rows: list[Mapping[str, object]] = [
            {"subject": one.subject, "about": one.about, "what": one.told, "recorded": not dry_run, "who": who}
            for one in found
        ]
        print_json(rows)
        return
    for one in found:
        typer.echo(f"{tenant}: {one.subject} stands: {one.told}")
    _recorded(dry_run=dry_run, who=who)


def book_again(key: str, why: str, who: str) -> None:
    """Let the next run book a voucher again that was reversed in PowerOffice; the ledger is asked first."""
    from kredin_pipeline.configured import resources_from
    from resources import booking_again

    with onboarding_failures_told():
        session = open_session()
        made = resources_from(session.environment)
        booking_again.book_again(session.journal, made.poweroffice, key, why, who, session.now())
    typer.echo(f"{key}: its reversal in PowerOffice is noted; the next run books what was paid under a new reference.")


def _recorded(*, dry_run: bool, who: str) -> None:
    typer.echo("Nothing was recorded (dry run)." if dry_run else f"Recorded for {who}; it counts from the next run on.")


def _row(item: OutboxItem) -> dict[str, object]:
    return {
        "key": item.key, "tenant": item.tenant, "kind": item.kind, "state": item.state, "case_ids": item.case_ids,
        "reference": item.reference, "reverses": item.reverses, "planned_on": item.planned_on,
        "attempts": item.attempts, "remote_id": item.remote_id, "remote_no": item.remote_no, "sent_on": item.sent_on,
        "reason": item.reason, "changed_at": item.changed_at,
    }  # fmt: skip


def _history(journal: Journal, key: str, *, as_json: bool) -> None:
    item = journal.item(key)
    changes = journal.history(key)
    said = [word for word in journal.words(item.tenant) if word.key == key]
    if as_json:
        print_json(
            [
                {"from": change.from_state, "to": change.to_state, "at": change.at, "worker": change.worker,
                 "reason": change.reason}
                for change in changes
            ]
        )  # fmt: skip
        return
    rows = [(change.at, change.to_state, change.worker, change.reason) for change in changes]
    rows += [(word.said_at, f"said: {word.said}", word.said_by, word.why) for word in said if word.said == "stands"]
    print_table(f"{key} (reference {item.reference})", ("at", "state", "by", "reason"), sorted(rows), "No history.")
