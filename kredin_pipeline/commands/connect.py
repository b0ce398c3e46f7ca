"""``kredin connect``: a company's key is checked, the company shown, and the tenant stored in observe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import typer
from pydantic import SecretStr

from kredin_pipeline.commands.output import fail, onboarding_failures_told, print_json, progress
from kredin_pipeline.commands.session import assigned, doors, open_session
from kredin_pipeline.environment import Environment
from resources import onboarding


def connect_tenant(
    name: str,
    client_key: str,
    who: str,
    expected: str | None,
    given: Mapping[str, object],
    assignments: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Check and store a tenant and say what was found. Exit code 1 with what to do when anything is refused."""
    settings = {**assigned(assignments), **given}
    with onboarding_failures_told():
        key = onboarding.checked_key(SecretStr(client_key))
        session = open_session()
        require_application_keys(session.environment)
        made = doors(session.environment)
        with progress("Asking PowerOffice"):
            report = onboarding.connect(
                session.journal, made.poweroffice, name, key, expected, settings=settings, who=who, clock=made.clock
            )
    tell(report, as_json=as_json)
    if not as_json:
        typer.echo(f"\nNothing leaves the house yet. Import the past: kredin import --tenant {name}")
        typer.echo(f"Look at the cases: kredin cases --tenant {name}. Then: kredin tenants live {name}")


def require_application_keys(environment: Environment) -> None:
    """Fail when the installation itself has no keys to PowerOffice, naming the variables."""
    if missing := environment.missing_poweroffice_keys():
        fail(
            f"{' and '.join(missing)} not set; PowerOffice gives them to the integration's developer. Set them in the "
            "environment or in environment.env in KREDIN_HOME, or start `kredin sandbox`, which writes its own"
        )


def tell(report: onboarding.ConnectReport, *, as_json: bool) -> None:
    """Show whose key it is, its accounts and modules, and what live will need."""
    if as_json:
        print_json(
            {
                "tenant": report.tenant, "company_name": report.company_name,
                "organization_no": report.organization_no, "mode": report.settings.mode, "modules": report.modules,
                "privileges": report.privileges, "accounts": report.account_names, "warnings": report.warnings,
            }
        )  # fmt: skip
        return
    typer.secho(f"{report.tenant}: {report.company_name}, organisation number {report.organization_no}", bold=True)
    typer.echo(f"  mode      {report.settings.mode}")
    for number, account in report.account_names.items():
        typer.echo(f"  account   {number} {account}")
    typer.echo(f"  modules   {', '.join(report.modules) or 'none'}")
    for warning in report.warnings:
        typer.secho(f"  note      {warning}", fg=typer.colors.YELLOW)
