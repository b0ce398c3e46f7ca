"""The brake: more letters or vouchers on a day than a tenant's limit, and nothing of that kind leaves until a person
has said so.

Belongs here: the limit and how it follows from a tenant's own history, whether a day is within it, and the log of
releases. Not here: stopping (the assets that send ask before they do), and what a letter or voucher is.

A day is an Oslo day and is counted over every run. What counts is each item that was handed to the other side that day
and is not known to have come back: taken, confirmed, without an answer, or found with other content. Nothing leaves,
and not the first of them, because which of too many letters are right is what nobody knows yet.

The limit without a setting is the largest of

- ``LEAST``, so that a new tenant's first days and a small tenant's odd day do not ask;
- ``TIMES`` the highest day of the ``HISTORY_DAYS`` before. They hold a whole quarter's due dates: a month's end, the
  backlog of a holiday and growth stay within three times the highest, a fault that reminds every customer does not;
- the highest day among them that a person released, once: what somebody has looked at and found right is no surprise
  the second time, but three times it still is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, insert, literal_column, select

from kredin_pipeline.journal import schema
from kredin_pipeline.journal.errors import JournalError
from kredin_pipeline.journal.states import DELIVERED, POSSIBLY_DELIVERED
from kredin_pipeline.journal.tenants import Tenants

BrakeKind = Literal["letters", "vouchers"]
KINDS: Final[Mapping[BrakeKind, tuple[str, ...]]] = {"letters": ("letter",), "vouchers": ("voucher", "reversal")}
"""What counts under each limit; a reversal is a voucher too."""
SETTINGS: Final[Mapping[BrakeKind, str]] = {"letters": "daily_letter_limit", "vouchers": "daily_voucher_limit"}
LEAST: Final = 100
TIMES: Final = 3
HISTORY_DAYS: Final = 90
_OSLO: Final = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True)
class Limit:
    """How many may leave on a day, and where the number comes from."""

    number: int
    why: str


@dataclass(frozen=True)
class Release:
    """A person's word that up to ``up_to`` may leave on a day."""

    kind: BrakeKind
    on: date
    up_to: int
    limit_was: int
    why: str
    released_by: str
    released_at: datetime


@dataclass(frozen=True)
class DayOfSending:
    """One kind on one Oslo day of one tenant. ``left`` were handed over already, ``waiting`` would be now."""

    tenant: str
    kind: BrakeKind
    on: date
    limit: Limit
    released: int | None
    left: int
    waiting: int

    @property
    def allowed(self) -> int:
        """How many may leave on this day in all."""
        return self.limit.number if self.released is None else max(self.limit.number, self.released)

    @property
    def held(self) -> bool:
        """Whether nothing more leaves."""
        return self.waiting > 0 and self.left + self.waiting > self.allowed

    @property
    def numbers(self) -> str:
        """What has left and what waits."""
        return f"{self.left} {self.kind} have left on {self.on} and {self.waiting} wait"

    def released_up_to(self, number: int) -> DayOfSending:
        """The same day with that many allowed."""
        return replace(self, released=number)

    @property
    def told(self) -> str:
        """The numbers, and what to do when they are too many."""
        bound = f"{self.limit.number} ({self.limit.why})"
        if self.released is not None:
            bound += f", released up to {self.released}"
        if not self.held:
            return f"{self.tenant}: {self.numbers}; the limit is {bound}"
        command = f"kredin brake release {self.tenant} --kind {self.kind} --on {self.on} --up-to"
        return (
            f"{self.tenant}: {self.numbers}, but the limit is {bound}. None of those that wait leaves, they stay "
            f"intended. Look at them (`kredin outbox --tenant {self.tenant}`); if they are right: "
            f"`{command} {self.left + self.waiting} --why ...`, and run the day again. "
            f"If this is an ordinary day, set {SETTINGS[self.kind]}"
        )


def limit_of(
    kind: BrakeKind, setting: int | None, left_per_day: Mapping[date, int], released_days: Collection[date], on: date
) -> Limit:
    """The limit of a day: the tenant's setting, else what follows from its history (see the module).

    ``left_per_day`` counts earlier Oslo days; those outside the ``HISTORY_DAYS`` before ``on`` are not looked at.
    """
    if setting is not None:
        return Limit(setting, f"setting {SETTINGS[kind]}")
    first = on - timedelta(days=HISTORY_DAYS)
    days = {day: count for day, count in left_per_day.items() if first <= day < on}
    usual = max(((count, day) for day, count in days.items() if day not in released_days), default=None)
    known = max(((count, day) for day, count in days.items() if day in released_days), default=None)
    limits = [Limit(LEAST, f"the least that is allowed without the setting {SETTINGS[kind]}")]
    if usual is not None:
        limits.append(Limit(TIMES * usual[0], f"{TIMES} times the {usual[0]} of {usual[1]}"))
    if known is not None:
        limits.append(Limit(known[0], f"as many as were released on {known[1]}"))
    return max(limits, key=lambda one: one.number)


class Brakes(Tenants):
    def brake_of(self, tenant: str, kind: BrakeKind, on: date) -> DayOfSending:
        """The brake of a tenant's Oslo day for everything that is intended and would leave on it."""
        setting = getattr(self.tenant(tenant).settings, SETTINGS[kind])
        return self.day_of_sending(tenant, kind, on, setting, self.waiting_to_leave(tenant, kind, on))

    def day_of_sending(
        self, tenant: str, kind: BrakeKind, on: date, setting: int | None, waiting: Collection[str]
    ) -> DayOfSending:
        """The brake of a tenant's Oslo day for the items with these keys, which are about to leave.

        An item that another run has taken meanwhile counts once.
        """
        with self.reading() as connection:
            self.require_tenant(connection, tenant)
            releases = _releases(connection, tenant, kind)
            first = on if setting is not None else on - timedelta(days=HISTORY_DAYS)
            sent = _sent(connection, tenant, kind, first, on)
        today = sent.pop(on, set())
        limit = limit_of(
            kind, setting, {day: len(keys) for day, keys in sent.items()}, {one.on for one in releases}, on
        )
        released = max((one.up_to for one in releases if one.on == on), default=None)
        return DayOfSending(tenant, kind, on, limit, released, len(today), len(set(waiting) - today))

    def waiting_to_leave(self, tenant: str, kind: BrakeKind, on: date) -> list[str]:
        """Keys of what is intended and would leave on that day: a letter on its day, a voucher on any."""
        table = schema.outbox
        query = select(table.c.key).where(
            table.c.tenant == tenant, table.c.kind.in_(KINDS[kind]), table.c.state == "intended"
        )
        if kind == "letters":
            query = query.where(table.c.planned_on == on)
        with self.reading() as connection:
            return list(connection.execute(query.order_by(table.c.key)).scalars())

    def release_brake(
        self, day: DayOfSending, up_to: int, why: str, who: str, at: datetime, *, dry_run: bool = False
    ) -> Release:
        """Allow up to ``up_to`` of a kind on that day, and log who said so and why.

        Raises ``JournalError`` for a day that is over, a number that allows nothing new, or a missing reason or name;
        nothing is logged then, nor in a dry run.
        """
        subject = f"{day.tenant}: {day.kind} on {day.on}"
        today = at.astimezone(_OSLO).date()
        if day.on < today:
            raise JournalError(f"{subject}: that day is over (today is {today}); nothing leaves on it any more")
        if up_to <= day.allowed:
            raise JournalError(
                f"{subject}: up to {up_to} is nothing new, {day.allowed} may leave already ({day.limit.why})"
            )
        if not why.strip() or not who.strip():
            raise JournalError(f"{subject}: who releases them, and why? The log needs both")
        release = Release(day.kind, day.on, up_to, day.limit.number, why.strip(), who.strip(), at)
        if not dry_run:
            row = {
                "tenant": day.tenant, "kind": day.kind, "on_day": day.on, "up_to": up_to,
                "limit_was": day.limit.number, "why": release.why, "released_by": release.released_by,
                "released_at": at,
            }  # fmt: skip
            with self.writing() as connection:
                self.require_tenant(connection, day.tenant)
                connection.execute(insert(schema.brake_releases).values(row))
        return release

    def brake_releases(self, tenant: str) -> list[Release]:
        """Every release of a tenant, oldest first."""
        with self.reading() as connection:
            return [one for kind in KINDS for one in _releases(connection, tenant, kind)]


def _releases(connection: Connection, tenant: str, kind: BrakeKind) -> list[Release]:
    table = schema.brake_releases
    query = select(table).where(table.c.tenant == tenant, table.c.kind == kind).order_by(table.c.seq)
    return [
        Release(kind, row.on_day, row.up_to, row.limit_was, row.why, row.released_by, row.released_at)
        for row in connection.execute(query)
    ]


def handed_over(connection: Connection, tenant: str, kind: BrakeKind, on: date) -> dict[str, str]:
    """Key to state of what was handed over on an Oslo day and is not known to have come back."""
    return {row.key: row.state for row in connection.execute(_handed_over(tenant, kind, on, on))}


def _sent(connection: Connection, tenant: str, kind: BrakeKind, first: date, last: date) -> dict[date, set[str]]:
    """Keys of what was handed over on each Oslo day; an item that was tried on several days counts on the last."""
    latest: dict[str, date] = {}
    for row in connection.execute(_handed_over(tenant, kind, first, last)):
        day = row.at.astimezone(_OSLO).date()
        latest[row.key] = max(day, latest.get(row.key, day))
    found: dict[date, set[str]] = {}
    for key, day in latest.items():
        found.setdefault(day, set()).add(key)
    return found


def _handed_over(tenant: str, kind: BrakeKind, first: date, last: date) -> Select[Any, Any, Any]:
    """The log is asked and not ``sent_on``: it has what is without an answer, and what a later look-up found keeps the
    day on which it left."""
    log, outbox = schema.outbox_transitions, schema.outbox
    return (
        select(log.c.key, log.c.at, outbox.c.state)
        .join(outbox, outbox.c.key == log.c.key)
        .where(
            log.c.tenant == tenant,
            literal_column("outbox_transitions.to_state = 'sending'"),  # as text, so that the partial index serves
            log.c.at >= midnight(first),
            log.c.at < midnight(last + timedelta(days=1)),
            outbox.c.kind.in_(KINDS[kind]),
            outbox.c.state.in_([*DELIVERED, *POSSIBLY_DELIVERED]),
        )
    )


def midnight(day: date) -> datetime:
    """When an Oslo day begins."""
    return datetime.combine(day, time(), _OSLO)
