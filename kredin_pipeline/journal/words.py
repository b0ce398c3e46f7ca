"""What only a person can say about the outbox: whether a thing left whose answer was lost, and what may stand.

Belongs here: judging such a word against the item's state and what a look-up showed (``Evidence``), telling beforehand
what it does, and keeping it for good, in one transaction with the change of state. Not here: the look-up itself
(``resources.settling``), and comparing journal and ledger (``kredin_pipeline.ledger.voucher_reconciliation``).

======== ===================================== =======================================================================
word     of an item that is                    refused when
======== ===================================== =======================================================================
posted   ``outcome_unknown``                   a voucher or reversal that the ledger does not show as it was meant
not_sent ``outcome_unknown``, ``conflict``     the look-up finds it, could not be made, or came too soon after the try;
                                               only an e-mail needs none, because there is nobody to ask
stands   ``conflict``, ``rejected``, or a gap  it is neither
======== ===================================== =======================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from kredin_pipeline.journal import schema
from kredin_pipeline.journal.errors import JournalError, TransitionRefused, UnknownItem
from kredin_pipeline.journal.records import OutboxItem
from kredin_pipeline.journal.states import ALLOWED_TRANSITIONS, State, may_become
from kredin_pipeline.journal.store import Store

Settled = Literal["posted", "not_sent"]
Said = Literal["posted", "not_sent", "stands"]
SURE_AFTER: Final = timedelta(seconds=60)
"""A look-up sooner after the last try may miss what the other side is slow to show."""
_OSLO: Final = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True)
class Evidence:
    """What a look-up on the other side showed of an item: ``told`` says what was asked and answered.

    ``unasked``: it could not be asked; ``nobody_knows``: there is nobody to ask (an e-mail). ``is_by_hand``: what was
    found is a voucher that somebody else booked for it, without our reference.
    """

    shows: Literal["same", "different", "absent", "unasked", "nobody_knows"]
    told: str
    remote_id: str | None = None
    remote_no: str | None = None
    is_by_hand: bool = False


@dataclass(frozen=True)
class WeighedWord:
    """A word as judged, before anything is written. ``effects`` say what it will do; None refused: it may be taken."""

    item: OutboxItem
    said: Settled
    evidence: Evidence
    remote_id: str | None
    remote_no: str | None
    effects: tuple[str, ...]
    refused_because: str | None

    @property
    def to(self) -> State:
        """The state that the item takes. A voucher booked by hand is never read back by our reference: it has been."""
        return _to(self.said, self.evidence)


@dataclass(frozen=True)
class Word:
    """A word that was kept. ``key`` or ``voucher_id`` is its subject, ``about`` the state or gap that it is about."""

    seq: int
    key: str | None
    voucher_id: str | None
    about: str
    said: Said
    remote_id: str | None
    remote_no: str | None
    evidence: str
    why: str
    said_by: str
    said_at: datetime


@dataclass(frozen=True)
class Standing:
    """What a person let stand: ``keys`` of conflicts and refusals that have not changed since, and ``gaps`` as
    (about, subject)."""

    keys: frozenset[str]
    gaps: frozenset[tuple[str, str]]


def weigh_word(
    item: OutboxItem,
    said: Settled,
    evidence: Evidence,
    at: datetime,
    *,
    remote_id: str | None = None,
    remote_no: str | None = None,
) -> WeighedWord:
    """Judge whether an item may be settled as ``posted`` or ``not_sent``; writes nothing. ``at`` is an aware time."""
    named = remote_id or evidence.remote_id
    number = remote_no or evidence.remote_no
    refused = _refusal(item, said, evidence, at, remote_id)
    if said == "posted" and refused is None and named is None:
        named = f"said to have left: {item.key}"  # a letter without an answer has no name on the other side
    effects = () if refused else _effects(item, said, number, evidence)
    return WeighedWord(item, said, evidence, named, number, effects, refused)


class Words(Store):
    def settle(self, weighed: WeighedWord, why: str, who: str, at: datetime) -> None:
        """Keep the word and change the item's state, in one transaction; the reason in the item's log says who.

        Raises ``JournalError`` with the reason when it was refused, ``TransitionRefused`` when the item has moved.
        """
        item = weighed.item
        if weighed.refused_because is not None:
            raise JournalError(f"{item.tenant}: {weighed.refused_because}. Nothing was changed")
        _need(item.key, why, who)
        to = weighed.to
        word = f"{who} said {weighed.said.replace('_', ' ')}: {why.strip()} ({weighed.evidence.told})"
        values: dict[str, Any] = {"state": to, "reason": word, "changed_at": at}
        if weighed.said == "posted":
            sent_on = item.planned_on if item.kind == "letter" else at.astimezone(_OSLO).date()
            values |= {"remote_id": weighed.remote_id, "sent_on": sent_on}
            values |= {"remote_no": weighed.remote_no} if weighed.remote_no else {}
        else:
            values["worker"] = None
        table = schema.outbox
        with self.writing() as connection:
            self.hold_tenant(connection, item.tenant)
            here = (table.c.key == item.key, table.c.state == item.state, table.c.attempts == item.attempts)
            if connection.execute(update(table).where(*here).values(**values)).rowcount != 1:
                found = connection.execute(select(table.c.state).where(table.c.key == item.key)).scalar()
                if found is None:
                    raise UnknownItem(item.key)
                raise TransitionRefused(item.key, found, to, may_become(found))
            _keep(connection, item.tenant, item.key, None, item.state, weighed, why, who, at)

    def let_stand(
        self,
        tenant: str,
        about: str,
        told: str,
        why: str,
        who: str,
        at: datetime,
        *,
        key: str | None = None,
        voucher_id: str | None = None,
    ) -> None:
        """Keep that somebody has looked at a conflict, a refusal (``about`` its state) or a gap, and that it stands.

        No state changes: nothing is sent for it, and it is no alarm any more. Raises ``JournalError``.
        """
        subject = key or voucher_id or "nothing"
        _need(subject, why, who)
        evidence = Evidence("nobody_knows", told)
        weighed = _Stands(evidence)
        with self.writing() as connection:
            self.hold_tenant(connection, tenant)
            if key is not None:
                here = (schema.outbox.c.key == key, schema.outbox.c.tenant == tenant)
                if connection.execute(select(schema.outbox.c.key).where(*here)).first() is None:
                    raise UnknownItem(key)
            _keep(connection, tenant, key, voucher_id, about, weighed, why, who, at)

    def words(self, tenant: str) -> list[Word]:
        """Every word of a tenant, oldest first."""
        table = schema.outbox_words
        with self.reading() as connection:
            rows = connection.execute(select(table).where(table.c.tenant == tenant).order_by(table.c.seq))
            return [
                Word(
                    row.seq, row.key, row.voucher_id, row.about, row.said, row.remote_id, row.remote_no, row.evidence,
                    row.why, row.said_by, row.said_at,
                )
                for row in rows
            ]  # fmt: skip

    def standing(self, tenant: str) -> Standing:
        """What a person let stand, for the checks to leave out."""
        words = [word for word in self.words(tenant) if word.said == "stands"]
        newest = {word.key: word for word in words if word.key is not None and word.about in ("conflict", "rejected")}
        table = schema.outbox
        with self.reading() as connection:
            rows = connection.execute(
                select(table.c.key, table.c.state, table.c.changed_at).where(
                    table.c.tenant == tenant, table.c.state.in_(("conflict", "rejected"))
                )
            ).all()
        return Standing(
            frozenset(
                row.key
                for row in rows
                if row.key in newest
                and newest[row.key].about == row.state
                and newest[row.key].said_at >= row.changed_at
            ),
            frozenset((word.about, word.key or word.voucher_id or "") for word in words),
        )


@dataclass(frozen=True)
class _Stands:
    evidence: Evidence
    said: Said = "stands"
    remote_id: str | None = None
    remote_no: str | None = None


def _keep(
    connection: Connection,
    tenant: str,
    key: str | None,
    voucher_id: str | None,
    about: str,
    word: WeighedWord | _Stands,
    why: str,
    who: str,
    at: datetime,
) -> None:
    row = {
        "tenant": tenant, "key": key, "voucher_id": voucher_id, "about": about, "said": word.said,
        "remote_id": word.remote_id, "remote_no": word.remote_no, "evidence": word.evidence.told, "why": why.strip(),
        "said_by": who.strip(), "said_at": at,
    }  # fmt: skip
    connection.execute(insert(schema.outbox_words).values(row))


def _need(subject: str, why: str, who: str) -> None:
    if not why.strip() or not who.strip():
        raise JournalError(f"outbox {subject}: who says so, and why? The log needs both")


def _to(said: Settled, evidence: Evidence) -> State:
    if said == "not_sent":
        return "intended"
    return "confirmed" if evidence.is_by_hand else "posted"


def _refusal(item: OutboxItem, said: Settled, evidence: Evidence, at: datetime, remote_id: str | None) -> str | None:
    """Why the word cannot be taken, None when it can."""
    is_unsure = item.state in ("outcome_unknown", "conflict")
    if not is_unsure or (item.state, _to(said, evidence)) not in ALLOWED_TRANSITIONS:
        return f"outbox {item.key} is {item.state}: {_instead(item)}"
    if evidence.shows == "unasked":
        return f"outbox {item.key}: {evidence.told}; nothing is concluded from that, try again"
    if said == "posted":
        if item.kind in ("letter", "message"):
            return None  # a person has seen it, or its answer; the drop may have been emptied meanwhile
        if evidence.shows != "same":
            return f"outbox {item.key}: {evidence.told}"
        if remote_id is not None and evidence.remote_id is not None and remote_id.lower() != evidence.remote_id.lower():
            return f"outbox {item.key}: --remote-id: found {remote_id}, but the ledger says {evidence.remote_id}"
        return None
    if item.remote_id is not None:
        return (
            f"outbox {item.key} was booked as {item.remote_no or item.remote_id}; it cannot be sent again under the "
            f"same reference. Let it stand: `kredin outbox seen {item.key} --tenant {item.tenant} --why ...`"
        )
    if evidence.shows in ("same", "different"):
        return f"outbox {item.key}: {evidence.told}"
    if evidence.shows == "absent" and at - item.changed_at < SURE_AFTER:
        wait = f"{SURE_AFTER.total_seconds():.0f} s"
        return f"outbox {item.key}: it was tried less than {wait} ago, and may not be visible yet; look again then"
    return None


def _instead(item: OutboxItem) -> str:
    """What to do with an item in a state that nobody settles by a word."""
    return {
        "intended": "nothing has left; the next run of the day sends it",
        "sending": "a run holds it; the next run looks up whether it arrived",
        "posted": "it has left already, and the next run reads it back",
        "confirmed": "it has left and was read back",
        "conflict": (
            "what lies on the other side is not what was meant, so it cannot count as sent. Take that away there and "
            f"say `--as not-sent`, or let it stand: `kredin outbox seen {item.key} --tenant {item.tenant} --why ...`"
        ),
        "rejected": (
            "nothing is on the other side; a run on a later day tries it again. To leave it: "
            f"`kredin outbox seen {item.key} --tenant {item.tenant} --why ...`"
        ),
        "cancelled": "it was dropped before anything left",
    }.get(item.state, "it is known whether it left")


def _effects(item: OutboxItem, said: Settled, number: str | None, evidence: Evidence) -> tuple[str, ...]:
    if item.kind == "message":
        return (
            "Counts as sent: nobody is told again." if said == "posted" else "Counts as never sent: the next run sends "
            "it, if what it tells still stands.",
        )  # fmt: skip
    if said == "posted":
        if item.kind == "letter":
            return (
                f"Counts as sent on {item.planned_on}: its fee is charged, and its deadline counts from that day.",
                "The next run keeps its document; the same step is never sent again.",
            )
        return (
            f"Counts as booked as voucher {number or 'without a number yet'}; nothing more is posted for it.",
            "It was booked by hand and counts as read back."
            if evidence.is_by_hand
            else "The next run reads it back from the ledger, line by line.",
        )
    if item.kind == "letter":
        return (
            "Counts as never sent: nothing is charged for it.",
            "If the step is still due, the next run writes the letter anew with that day's sums and sends it.",
        )
    return (
        "Counts as never booked.",
        "The next run posts it under the same reference, if its settlement still brings in what it would book.",
    )
