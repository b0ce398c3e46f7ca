"""Adding a figure of the law from the launchpad: the same function as ``kredin rates add``, as a Dagster job.

Belongs here: the described configuration and the job. Not here: what may be added (`kredin_pipeline.law.figures`).
"""

from datetime import date

from dagster import Config, Failure, JobDefinition, OpExecutionContext, in_process_executor, job, op
from pydantic import Field

from kredin_pipeline.journal import JournalError
from kredin_pipeline.law.coverage import covered
from kredin_pipeline.law.figures import KINDS, days_named
from resources.clock import Clock
from resources.journal import JournalResource

ADD_FIGURE = "add_figure"


class LawFigure(Config):
    """A rate or fee of the law for days that have none."""

    kind: str = Field(description=f"One of {', '.join(KINDS)}.")
    valid_from: str = Field(description="First day (YYYY-MM-DD).")
    valid_to: str | None = Field(default=None, description="Last day (YYYY-MM-DD); until further notice if left out.")
    value: str = Field(description="Per cent a year for late_interest, else kroner; at most two decimals.")
    source: str = Field(description="Where it is published, e.g. FOR-2026-06-25-1372.")
    confidence: str = Field(default="high", description="How sure the source is: high, medium, low or unknown.")
    who: str = Field(description="Who adds it; kept with the figure.")
    replaces: int | None = Field(default=None, description="Number of an added figure that was wrong.")
    confirm_unusual: bool = Field(default=False, description="Take a value that is far from the one before.")


def build_add_figure_job() -> JobDefinition:
    """The job ``add_figure``; the figure counts for every tenant from the next run on."""

    @op(description="Holds the figure against its kind and the stored ones, and keeps it for the whole installation.")
    def add_figure_op(context: OpExecutionContext, config: LawFigure, journal: JournalResource, clock: Clock) -> None:
        opened = journal.open()
        first = _day("valid_from", config.valid_from)
        last = None if config.valid_to is None else _day("valid_to", config.valid_to)
        try:
            kept = opened.add_figure(
                config.kind, first, last, config.value, config.source, config.confidence, config.who, clock.now(),
                replaces=config.replaces, confirm_unusual=config.confirm_unusual,
            )  # fmt: skip
        except JournalError as refused:
            raise Failure(description=str(refused), allow_retries=False) from refused
        law = opened.law_tables()
        context.add_output_metadata(
            {
                "figure": kept.figure_id,
                "what": f"{kept.given.named}: {kept.given.value}",
                "covered now": ", ".join(map(days_named, covered(config.kind, law.rates, law.fees))),
            }
        )

    @job(
        name=ADD_FIGURE,
        executor_def=in_process_executor,
        description="Add a rate or fee of the law, for days that have none; the next run of each tenant uses it.",
    )
    def add_figure() -> None:
        add_figure_op()

    return add_figure


def _day(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Failure(description=f"{field}: found {text!r}, want YYYY-MM-DD", allow_retries=False) from None
