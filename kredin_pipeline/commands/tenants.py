"""``kredin tenants``: who is connected, with which settings, and the step from observe to live."""

from __future__ import annotations

import json
from collections.abc import Sequence

import typer

from kredin_pipeline.cases.logo import with_short_logo
from kredin_pipeline.commands.output import (
    failures_told,
    onboarding_failures_told,
    print_json,
    print_table,
    progress,
)
from kredin_pipeline.commands.session import assigned, doors, open_session


def list_tenants(*, as_json: bool) -> None:
    """Print every tenant; no key is shown."""
    with failures_told():
        found = open_session().journal.tenants()
    if as_json:
        print_json(
            [
                {
                    "name": tenant.name, "company_name": tenant.company_name,
                    "organization_no": tenant.organization_no, "connected_on": tenant.connected_on,
                    "mode": tenant.settings.mode, "course": tenant.settings.course,
                }
                for tenant in found
            ]
        )  # fmt: skip
        return
    rows = [
        (tenant.name, tenant.company_name, tenant.organization_no, tenant.connected_on, tenant.settings.mode)
        for tenant in found
    ]
    columns = ("name", "company", "organisation no", "connected", "mode")
    print_table("Tenants", columns, rows, "No company is connected: run `kredin connect`.")


def show_tenant(name: str, *, history: bool) -> None:
    """Print a tenant's settings as JSON, or a table of every change."""
    with failures_told():
        journal = open_session().journal
        if not history:
            settings = with_short_logo(json.loads(journal.tenant(name).settings.to_json()))
            typer.echo(json.dumps(settings, indent=2, ensure_ascii=False))
            return
        changes = journal.settings_history(name)
    rows = [
        (
            change.version,
            change.changed_at,
            change.changed_by,
            json.dumps(with_short_logo(change.changes), ensure_ascii=False),
        )
        for change in changes
    ]
    print_table(f"Settings of {name}", ("version", "at", "by", "changed"), rows, "")


def set_settings(name: str, assignments: Sequence[str], who: str) -> None:
    """Change settings; all of them or none. What vouchers need is looked up in PowerOffice before it is taken."""
    changes = assigned(assignments)
    with onboarding_failures_told():
        from resources import onboarding

        session = open_session()
        asked = onboarding.POSTING_KEYS & set(changes)
        ledgers = doors(session.environment).poweroffice if asked else None
        with progress("Checking"):
            onboarding.change_settings(session.journal, name, changes, who=who, clock=session, poweroffice=ledgers)
    typer.echo(f"{name}: {', '.join(assignments)}")


def go_live(name: str, who: str) -> None:
    """Check everything that posting needs, then let letters and vouchers leave."""
    with onboarding_failures_told():
        from kredin_pipeline.commands.connect import require_application_keys, tell
        from resources import onboarding

        session = open_session()
        session.journal.tenant(name)
        require_application_keys(session.environment)
        made = doors(session.environment)
        with progress("Asking PowerOffice"):
            report = onboarding.go_live(session.journal, made.poweroffice, name, who=who, clock=made.clock)
    tell(report, as_json=False)


def observe(name: str, who: str) -> None:
    """Let nothing leave from now on."""
    with failures_told():
        session = open_session()
        session.journal.change_settings(name, {"mode": "observe"}, who, session.now())
    typer.echo(f"{name}: observe; nothing leaves the house")
