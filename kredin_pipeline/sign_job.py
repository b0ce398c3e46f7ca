"""Legal documents from the launchpad: the same functions as ``kredin sign``.

Belongs here: the described configurations and the jobs. Not here: the check of a signature (`resources.signing`), and
what follows what (`kredin_pipeline.journal.legal`).
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import date
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Final

from dagster import Config, Failure, JobDefinition, OpExecutionContext, in_process_executor, job, op
from pydantic import Field

from kredin_pipeline.environment import load_environment
from kredin_pipeline.journal import JournalError, LegalAttachment, LegalDraft
from resources.clock import Clock
from resources.journal import JournalResource
from resources.signing import take_signed, trust_from

HAND_OUT: Final = "hand_out_legal_document"
TAKE_BACK: Final = "take_back_signed_document"
ATTEST: Final = "attest_paper_signature"
FILED: Final = "note_legal_filing"
WITHDRAW: Final = "withdraw_legal_document"
_WHO: Final = Field(description="Who does so; kept for good.")
_ON: Final = Field(default=None, description="The day (YYYY-MM-DD, Oslo); today if left out.")


class Document(Config):
    """One legal document."""

    document: str = Field(description="The document's id, as `kredin sign list` shows it, e.g. fjellheim-L7.")
    who: str = _WHO


class HandOut(Document):
    """A draft that a person takes for signing."""

    to: str = Field(description="File that the PDF is written to, on the machine that runs this; it must not exist.")


class TakeBack(Document):
    """A document that comes back signed (PAdES)."""

    file: str = Field(description="The signed PDF, on the machine that runs this.")
    dry_run: bool = Field(default=False, description="Check the signature and record nothing.")


class Attest(Document):
    """A named person's word that a document was signed on paper."""

    who: str = Field(description="The person whose word it is; kept for good.")
    role: str = Field(description="That person's role, e.g. styreleder.")
    on: str | None = _ON
    note: str = Field(description="What was signed where, in words; kept for good.")
    scan: str | None = Field(default=None, description="A scan of the signed paper, on the machine that runs this.")


class Filed(Document):
    """A signed document that was sent to the court, authority, estate or debtor."""

    on: str | None = _ON
    reference: str = Field(description="The other side's reference.")


class Withdraw(Document):
    """A document that is given up before it is filed."""

    why: str = Field(description="Why, in words; kept for good.")


def build_sign_jobs() -> list[JobDefinition]:
    """The jobs; a refusal fails the run with its reason and is not tried again."""
    return [
        _job(HAND_OUT, "Hand out a draft for signing: its PDF is written as it must be signed.", HandOut, _hand_out),
        _job(
            TAKE_BACK, "Take a document back signed; refused unless it is our draft, rightly signed.", TakeBack, _take
        ),
        _job(ATTEST, "Keep a named person's word that a document was signed on paper.", Attest, _attest),
        _job(FILED, "Note that a signed document was filed, with date and reference.", Filed, _filed),
        _job(WITHDRAW, "Give a legal document up before it is filed.", Withdraw, _withdraw),
    ]


Work = Callable[[Any, JournalResource, Clock], tuple[LegalDraft, Mapping[str, Any]]]


def _job(name: str, says: str, config_type: type[Document], work: Work) -> JobDefinition:
    def run(context: OpExecutionContext, config: Document, journal: JournalResource, clock: Clock) -> None:
        with _told():
            draft, more = work(config, journal, clock)
        context.add_output_metadata({"document": draft.draft_id, "state": draft.state, "tenant": draft.tenant, **more})

    run.__annotations__["config"] = config_type  # what the launchpad shows and checks
    made = op(name=f"{name}_op", description=says)(run)

    @job(name=name, executor_def=in_process_executor, description=says)
    def of_one_document() -> None:
        made()

    return of_one_document


def _hand_out(config: HandOut, journal: JournalResource, clock: Clock) -> tuple[LegalDraft, Mapping[str, Any]]:
    legal, to = journal.open().legal, Path(config.to)
    pdf = legal.pdf(config.document)
    if to.exists() and to.read_bytes() != pdf:
        raise JournalError(f"{to}: there is another file of that name; choose another one. Nothing was changed")
    draft = legal.hand_out(config.document, config.who, clock.now())
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(pdf)
    return draft, {"file": str(to)}


def _take(config: TakeBack, journal: JournalResource, clock: Clock) -> tuple[LegalDraft, Mapping[str, Any]]:
    trust = trust_from(load_environment(Path(journal.home)))
    content = Path(config.file).read_bytes()
    taken = take_signed(
        journal.open(), config.document, content, trust, config.who, clock.now(), dry_run=config.dry_run
    )
    return taken.draft, {
        "signed_by": taken.checked.signer,
        "signed_at": taken.checked.signed_at.isoformat(),
        "recorded": "nothing (dry run)" if config.dry_run else f"for {config.who}",
    }


def _attest(config: Attest, journal: JournalResource, clock: Clock) -> tuple[LegalDraft, Mapping[str, Any]]:
    scan = None
    if config.scan is not None:
        file = Path(config.scan)
        scan = LegalAttachment(file.name, guess_type(file.name)[0] or "application/octet-stream", file.read_bytes())
    draft = journal.open().legal.attested(
        config.document, config.who, config.role, _day(config.on, clock), config.note, clock.now(), scan=scan
    )
    return draft, {"attested_by": f"{config.who} ({config.role})"}


def _filed(config: Filed, journal: JournalResource, clock: Clock) -> tuple[LegalDraft, Mapping[str, Any]]:
    day = _day(config.on, clock)
    draft = journal.open().legal.filed(config.document, day, config.reference, config.who, clock.now())
    return draft, {"filed_on": day.isoformat(), "reference": config.reference}


def _withdraw(config: Withdraw, journal: JournalResource, clock: Clock) -> tuple[LegalDraft, Mapping[str, Any]]:
    return journal.open().legal.withdrawn(config.document, config.why, config.who, clock.now()), {"why": config.why}


@contextmanager
def _told() -> Generator[None]:
    """A refusal, or a file that is not there, as the run's failure with its reason."""
    try:
        yield
    except (JournalError, OSError) as refused:
        raise Failure(description=str(refused), allow_retries=False) from refused


def _day(text: str | None, clock: Clock) -> date:
    if text is None:
        return clock.today()
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise JournalError(f"on: found {text!r}, want YYYY-MM-DD") from None
