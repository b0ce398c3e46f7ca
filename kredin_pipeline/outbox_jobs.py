"""A person's word on the outbox from the launchpad: the same functions as ``kredin outbox`` and ``kredin brake``.

Belongs here: the described configurations and the jobs. Not here: looking up (`resources.settling`) and judging
(`kredin_pipeline.journal.words`, `kredin_pipeline.journal.brake`).
"""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from typing import Final

from dagster import Config, Failure, JobDefinition, OpExecutionContext, in_process_executor, job, op
from pydantic import Field

from kredin_pipeline.journal import JournalError
from resources.book import Book, BookIsBusy
from resources.clock import Clock
from resources.journal import JournalResource
from resources.post import Post
from resources.poweroffice import MissingKeys, PowerOffice
from resources.settling import let_stand, weighed

SETTLE: Final = "settle_outbox_item"
SEEN: Final = "let_differences_stand"
RELEASE: Final = "release_brake"
_WHO: Final = Field(description="Who says so; kept for good.")
_WHY: Final = Field(description="Why, in words; kept for good.")
_DRY: Final = Field(default=False, description="Say what it would do and record nothing.")


class SettledAs(StrEnum):
    """What a person says of an item."""

    posted = "posted"
    not_sent = "not_sent"


class Kind(StrEnum):
    """What a limit counts."""

    letters = "letters"
    vouchers = "vouchers"


class Settle(Config):
    """A word on one item whose answer was lost, or that is in conflict."""

    key: str = Field(description="The item's key, as `kredin outbox` shows it.")
    said: SettledAs = Field(description="posted: it left; not_sent: it did not, which is looked up first.")
    remote_id: str | None = Field(default=None, description="Id on the other side, e.g. of a voucher booked by hand.")
    number: str | None = Field(default=None, description="The ledger's number of a voucher.")
    why: str = _WHY
    who: str = _WHO
    dry_run: bool = _DRY


class Seen(Config):
    """A word on conflicts, refusals and differences between journal and ledger: somebody has looked, and they stand."""

    tenant: str = Field(description="Name of the tenant, e.g. fjellheim.")
    subjects: list[str] = Field(
        default_factory=list[str],
        description="Outbox keys, or voucher ids of the ledger; every difference to the ledger if left out.",
    )
    why: str = _WHY
    who: str = _WHO
    dry_run: bool = _DRY


class Release(Config):
    """More letters or vouchers may leave on a day than the tenant's limit."""

    tenant: str = Field(description="Name of the tenant, e.g. fjellheim.")
    kind: Kind = Field(description="What may leave.")
    on: str | None = Field(default=None, description="The day (YYYY-MM-DD, Oslo); today if left out.")
    up_to: int = Field(description="How many may leave that day in all.")
    why: str = _WHY
    who: str = _WHO
    dry_run: bool = _DRY


def build_outbox_jobs() -> list[JobDefinition]:
    """The jobs; a refusal fails the run with its reason and is not tried again."""
    return [_settle_job(), _seen_job(), _release_job()]


def _settle_job() -> JobDefinition:
    says = "Say whether a letter or voucher whose answer was lost has left; it is looked up first."

    @op(name=f"{SETTLE}_op", description=says)
    def settle_op(
        context: OpExecutionContext,
        config: Settle,
        journal: JournalResource,
        poweroffice: PowerOffice,
        post: Post,
        clock: Clock,
    ) -> None:
        with _told():
            opened, now = journal.open(), clock.now()
            said = "posted" if config.said is SettledAs.posted else "not_sent"
            word = weighed(
                opened, config.key, said, now, poweroffice, post, remote_id=config.remote_id, remote_no=config.number
            )
            if word.refused_because is not None:
                raise JournalError(f"{word.item.tenant}: {word.refused_because}. Nothing was changed")
            if not config.dry_run:
                opened.settle(word, config.why, config.who, now)
        context.add_output_metadata(
            {
                "was": word.item.state,
                "becomes": word.to,
                "look_up": word.evidence.told,
                "will": "\n".join(word.effects),
                "recorded": _recorded(config.dry_run, config.who),
            }
        )

    @job(name=SETTLE, executor_def=in_process_executor, description=says)
    def settle_outbox_item() -> None:
        settle_op()

    return settle_outbox_item


def _seen_job() -> JobDefinition:
    says = "Say that conflicts, refusals or differences between journal and ledger were looked at, and that they stand."

    @op(name=f"{SEEN}_op", description=says)
    def seen_op(context: OpExecutionContext, config: Seen, journal: JournalResource, book: Book, clock: Clock) -> None:
        with _told():
            found = let_stand(
                book, journal.open(), config.tenant, config.subjects, config.why, config.who, clock.now(),
                dry_run=config.dry_run,
            )  # fmt: skip
        context.add_output_metadata(
            {
                "stands": "\n".join(f"{one.subject}: {one.told}" for one in found),
                "recorded": _recorded(config.dry_run, config.who),
            }
        )

    @job(name=SEEN, executor_def=in_process_executor, description=says)
    def let_differences_stand() -> None:
        seen_op()

    return let_differences_stand


def _release_job() -> JobDefinition:
    says = "Let more letters or vouchers leave on a day than the tenant's limit, for that day and kind alone."

    @op(name=f"{RELEASE}_op", description=says)
    def release_op(context: OpExecutionContext, config: Release, journal: JournalResource, clock: Clock) -> None:
        with _told():
            opened = journal.open()
            on = clock.today() if config.on is None else _day(config.on)
            kind = "letters" if config.kind is Kind.letters else "vouchers"
            before = opened.brake_of(config.tenant, kind, on)
            opened.release_brake(
                before, config.up_to, config.why, config.who, clock.now(), dry_run=config.dry_run
            )  # fmt: skip
        context.add_output_metadata(
            {
                "before": before.told,
                "now": before.released_up_to(config.up_to).told,
                "recorded": _recorded(config.dry_run, config.who),
            }
        )

    @job(name=RELEASE, executor_def=in_process_executor, description=says)
    def release_brake() -> None:
        release_op()

    return release_brake


@contextmanager
def _told() -> Generator[None]:
    """A refusal as the run's failure, with its reason."""
    try:
        yield
    except (JournalError, BookIsBusy, MissingKeys) as refused:
        raise Failure(description=str(refused), allow_retries=False) from refused


def _recorded(dry_run: bool, who: str) -> str:
    return "nothing (dry run)" if dry_run else f"for {who}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise JournalError(f"on: found {text!r}, want YYYY-MM-DD") from None
