"""Connecting a company from the launchpad: the same function as ``kredin connect``, as a Dagster job.

Belongs here: the described configuration and the job. Not here: what is checked (`resources.onboarding`). The client
key is never part of a run's configuration, which Dagster stores and shows: the run is told the name of an environment
variable that holds it.
"""

import os
from typing import Any

from dagster import Config, Failure, JobDefinition, OpExecutionContext, in_process_executor, job, op
from pydantic import Field, SecretStr

from kredin_pipeline.cases.settings import SettingsError
from kredin_pipeline.journal import JournalError
from resources.clock import Clock
from resources.journal import JournalResource
from resources.onboarding import OnboardingError, connect
from resources.poweroffice import PowerOffice

CONNECT_COMPANY = "connect_company"


class Company(Config):
    """The company to connect and what is known of it beforehand."""

    name: str = Field(description="A short name for the tenant, e.g. fjellheim.")
    client_key_variable: str = Field(
        default="KREDIN_CLIENT_KEY",
        description="Environment variable with the client key, copied in PowerOffice before OK is pressed.",
    )
    expected_organization_no: str | None = Field(
        default=None, description="Refuse if the key belongs to another organisation number."
    )
    who: str = Field(description="Who connects it; kept with the settings.")
    import_from: str | None = Field(default=None, description="Earliest due date taken in (YYYY-MM-DD).")
    days_past_due: int | None = Field(default=None, description="Days after due before an invoice is a case; else 1.")
    register_lookup: bool | None = Field(default=None, description="Look debtors up in Enhetsregisteret; else yes.")
    settings: dict[str, Any] = Field(
        default_factory=dict, description="Any other tenant setting by its name, e.g. {grace_days: 5}."
    )


def build_connect_job() -> JobDefinition:
    """The job ``connect_company``; the tenant starts in observe, and the sensor then imports its history."""

    @op(description="Checks key, company, privileges, accounts and modules, and stores the tenant in observe.")
    def connect_company_op(
        context: OpExecutionContext, config: Company, journal: JournalResource, poweroffice: PowerOffice, clock: Clock
    ) -> None:
        key = os.environ.get(config.client_key_variable, "")
        given = {
            "import_from": config.import_from,
            "days_past_due": config.days_past_due,
            "register": config.register_lookup,
        }
        settings = {**config.settings, **{name: value for name, value in given.items() if value is not None}}
        try:
            report = connect(
                journal.open(),
                poweroffice,
                config.name,
                SecretStr(key),
                config.expected_organization_no,
                settings=settings,
                who=config.who,
                clock=clock,
            )
        except (OnboardingError, SettingsError, JournalError) as refused:
            raise Failure(description=str(refused), allow_retries=False) from refused
        context.add_output_metadata(
            {
                "company": report.company_name,
                "organization_no": report.organization_no,
                "mode": report.settings.mode,
                "accounts": "; ".join(f"{number} {name}" for number, name in report.account_names.items()),
                "to do before going live": "\n".join(report.warnings) or "nothing",
            }
        )

    @job(
        name=CONNECT_COMPANY,
        executor_def=in_process_executor,
        description="Connect a company by its client key. It starts in observe; nothing leaves until it is taken live.",
    )
    def connect_company() -> None:
        connect_company_op()

    return connect_company
