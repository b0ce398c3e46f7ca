"""What Dagster loads: the whole graph with its resources, jobs, schedule and sensor.

Belongs here: putting the parts together. `build_definitions` makes a fresh set, so that tests can bring other
resources or another first day. Not here: any asset, rule or address.
"""

from __future__ import annotations

import warnings
from datetime import date

from dagster import BetaWarning, Definitions, in_process_executor

from assets.cases import build_case_assets
from assets.ledger import build_ledger_assets
from assets.legal import build_legal_assets
from assets.letters import build_letter_assets
from assets.register import build_register_assets
from assets.vouchers import build_voucher_assets
from kredin_pipeline.configured import resources_from
from kredin_pipeline.decision_jobs import build_decision_jobs
from kredin_pipeline.environment import Environment, load_environment
from kredin_pipeline.figures_job import build_add_figure_job
from kredin_pipeline.jobs import daily_job, history_job
from kredin_pipeline.legal_job import build_legal_job
from kredin_pipeline.onboarding_job import build_connect_job
from kredin_pipeline.outbox_jobs import build_outbox_jobs
from kredin_pipeline.partitions import DEFAULT_FIRST_DAY, day_and_tenant
from kredin_pipeline.schedules import build_daily_schedule
from kredin_pipeline.sensors import build_new_tenant_sensor
from kredin_pipeline.sign_job import build_sign_jobs
from resources.book import Book
from resources.clock import Clock
from resources.enhetsregisteret import Enhetsregisteret
from resources.journal import JournalResource
from resources.post import Post
from resources.poweroffice import PowerOffice


def build_definitions(
    *,
    clock: Clock | None = None,
    book: Book | None = None,
    journal: JournalResource | None = None,
    poweroffice: PowerOffice | None = None,
    register: Enhetsregisteret | None = None,
    post: Post | None = None,
    first_day: date | None = None,
    days_ahead: int = 1,
    environment: Environment | None = None,
) -> Definitions:
    """The graph over the given resources; what is not given is made from the environment.

    ``first_day`` is the first partition; ``days_ahead`` how many days past the real today exist (tests that play a
    later year need more than today).
    """
    # Backfill policies are beta in Dagster; that is known (docs/decisions.md) and no news to whoever runs a day.
    warnings.filterwarnings("ignore", category=BetaWarning)
    needed = (clock, book, journal, poweroffice, register, post)
    settings = environment or (load_environment() if any(resource is None for resource in needed) else None)
    if settings is not None:
        made = resources_from(settings)
        clock, book = clock or made.clock, book or made.book
        journal, poweroffice = journal or made.journal, poweroffice or made.poweroffice
        register, post = register or made.register, post or made.post
    start = first_day or (settings.first_day if settings is not None else None) or DEFAULT_FIRST_DAY
    partitions = day_and_tenant(start, days_ahead)
    return Definitions(
        assets=[
            *build_ledger_assets(partitions),
            *build_register_assets(partitions),
            *build_case_assets(partitions),
            *build_letter_assets(partitions),
            *build_voucher_assets(partitions),
            *build_legal_assets(partitions),
        ],
        jobs=[
            daily_job,
            history_job,
            build_connect_job(),
            build_add_figure_job(),
            *build_decision_jobs(),
            *build_outbox_jobs(),
            *build_sign_jobs(),
            build_legal_job(),
        ],
        schedules=[build_daily_schedule()],
        sensors=[build_new_tenant_sensor(start)],
        executor=in_process_executor,
        resources={
            "clock": clock,
            "book": book,
            "journal": journal,
            "poweroffice": poweroffice,
            "register": register,
            "post": post,
        },
    )


def __getattr__(name: str) -> Definitions:
    """`defs`, what Dagster's servers load; made when it is asked for, so that an import alone reads no environment."""
    if name == "defs":
        return build_definitions()
    raise AttributeError(name)
