"""The command line ``kredin``: names, options and help of every command.

Belongs here: what a user types. The work is in ``kredin_pipeline.commands``, imported when a command runs, so that
``kredin --help`` answers at once.
"""

from __future__ import annotations

from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from kredin_pipeline.cli_decide import decide_app, decisions
from kredin_pipeline.cli_history import rebuild
from kredin_pipeline.cli_legal import legal_app
from kredin_pipeline.cli_outbox import brake_app, outbox_app
from kredin_pipeline.cli_quarantine import quarantine_app
from kredin_pipeline.cli_rates import rates_app, what_if
from kredin_pipeline.cli_register import debtors
from kredin_pipeline.cli_sign import sign_app
from kredin_pipeline.cli_try import try_

app = typer.Typer(
    name="kredin",
    help="Overdue invoices paid by themselves: from PowerOffice Go to reminder, demand and voucher, by law.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
tenants_app = typer.Typer(help="Who is connected, and with which settings.", no_args_is_help=True)
app.add_typer(tenants_app, name="tenants")

app.add_typer(quarantine_app, name="quarantine")
app.add_typer(decide_app, name="decide")
app.add_typer(rates_app, name="rates")
app.add_typer(outbox_app, name="outbox")
app.add_typer(brake_app, name="brake")
app.add_typer(sign_app, name="sign")
app.add_typer(legal_app, name="legal")

Tenant = Annotated[str | None, typer.Option("--tenant", "-t", help="Name of the tenant; all if left out.")]
OneTenant = Annotated[str, typer.Option("--tenant", "-t", help="Name of the tenant.")]
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Business date (Oslo); today if left out.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Who = Annotated[
    str,
    typer.Option("--who", envvar="KREDIN_USER", default_factory=getuser, show_default="you", help="Who decides this."),
]
Assignments = Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="Settings, e.g. grace_days=5.")]


@app.callback()
def with_home(
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar="KREDIN_HOME", help="Folder of this installation; ./.kredin if left out."),
    ] = None,
) -> None:
    if home is not None:
        import os

        os.environ["KREDIN_HOME"] = str(home.expanduser().resolve())


@app.command()
def sandbox(
    seed: Annotated[str, typer.Option(help="What it holds: demo, empty, or saft:FILE (a SAF-T export).")] = "demo",
    entries: Annotated[int | None, typer.Option(min=1, help="A made-up ledger of this many entries instead.")] = None,
    http_port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8140,
    smtp_port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8125,
    state: Annotated[Path | None, typer.Option(help="File that keeps the state between starts.")] = None,
    clock: Annotated[
        str | None, typer.Option(metavar="TIME", help="Pinned time with offset, e.g. 2025-03-17T06:00:00+01:00.")
    ] = None,
) -> None:
    """Serve a local PowerOffice, register, mailbox and letter drop until Ctrl-C.

    Its addresses and keys are written to this installation's environment.env, where every other command finds them.
    """
    from kredin_pipeline.commands.sandbox import serve_sandbox

    serve_sandbox(seed=seed, entries=entries, http_port=http_port, smtp_port=smtp_port, state=state, clock=clock)


@app.command()
def connect(
    name: Annotated[str, typer.Argument(help="A short name for the tenant, e.g. fjellheim.")],
    client_key: Annotated[
        str,
        typer.Option(
            envvar="KREDIN_CLIENT_KEY",
            prompt="Client key (klientnøkkel)",
            hide_input=True,
            show_envvar=True,
            help="Copied in PowerOffice before OK is pressed. Asked for, unseen, if left out.",
        ),
    ],
    who: Who,
    expect: Annotated[
        str | None, typer.Option("--organization-no", help="Refuse if the key belongs to another company.")
    ] = None,
    import_from: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Earliest due date taken in.")
    ] = None,
    days_past_due: Annotated[
        int | None, typer.Option(min=0, help="Days after due before an invoice is a case.")
    ] = None,
    register: Annotated[
        bool | None, typer.Option("--register/--no-register", help="Look debtors up in Enhetsregisteret.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Connect a company: check its key, rights, accounts and modules, and store it. It starts in observe."""
    from kredin_pipeline.commands.connect import connect_tenant

    given: dict[str, object] = {}
    if import_from is not None:
        given["import_from"] = import_from.date().isoformat()
    if days_past_due is not None:
        given["days_past_due"] = days_past_due
    if register is not None:
        given["register"] = register
    connect_tenant(name, client_key, who, expect, given, settings or [], as_json=as_json)


@tenants_app.command("list")
def tenants_list(as_json: Json = False) -> None:
    """List the connected companies."""
    from kredin_pipeline.commands.tenants import list_tenants

    list_tenants(as_json=as_json)


@tenants_app.command("show")
def tenants_show(name: str, history: Annotated[bool, typer.Option(help="Every change so far.")] = False) -> None:
    """Show a tenant's settings, or how they came about."""
    from kredin_pipeline.commands.tenants import show_tenant

    show_tenant(name, history=history)


@tenants_app.command("set")
def tenants_set(name: str, assignments: Assignments, who: Who) -> None:
    """Change settings: ``kredin tenants set fjellheim grace_days=5 steps.reminder.fee=20.00 interest_account=null``."""
    from kredin_pipeline.commands.tenants import set_settings

    set_settings(name, assignments, who)


@tenants_app.command("live")
def tenants_live(name: str, who: Who) -> None:
    """Let letters and vouchers leave for this tenant, after a last check of its accounts and rights."""
    from kredin_pipeline.commands.tenants import go_live

    go_live(name, who)


@tenants_app.command("observe")
def tenants_observe(name: str, who: Who) -> None:
    """Compute everything, let nothing leave."""
    from kredin_pipeline.commands.tenants import observe

    observe(name, who)


@app.command()
def run(tenant: Tenant = None, on: Day = None) -> None:
    """Run a day: read the ledger, derive the cases, and (live, today only) send letters and post vouchers."""
    from kredin_pipeline.commands.run import run_one_day

    run_one_day(tenant, on.date() if on else None)


@app.command("import")
def import_(
    tenant: OneTenant,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="First day; the tenant's import_from."),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="Last day; yesterday.")
    ] = None,
) -> None:
    """Import a tenant's past as one run. Sends and posts nothing."""
    from kredin_pipeline.commands.run import import_history

    import_history(tenant, first.date() if first else None, last.date() if last else None)


@app.command()
def cases(
    tenant: Tenant = None,
    on: Day = None,
    state: Annotated[list[str] | None, typer.Option(help="Only cases in this state; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """List the published cases of a day."""
    from kredin_pipeline.commands.cases import list_cases

    list_cases(tenant, on.date() if on else None, state or [], as_json=as_json)


@app.command()
def case(
    case_id: Annotated[str, typer.Argument(metavar="ID", help="Case id or invoice number.")],
    tenant: Tenant = None,
    on: Day = None,
    as_json: Json = False,
) -> None:
    """Show one case: its settlements, interest periods, letters, vouchers and decisions."""
    from kredin_pipeline.commands.cases import show_case

    show_case(case_id, tenant, on.date() if on else None, as_json=as_json)


@app.command()
def why(
    case_id: Annotated[str, typer.Argument(metavar="ID", help="Case id or invoice number.")],
    tenant: Tenant = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="The day explained; the last run's.")
    ] = None,
    compared_to: Annotated[
        datetime | None,
        typer.Option(
            "--compared-to", formats=["%Y-%m-%d"], metavar="DATE", help="Say what changed between the two days."
        ),
    ] = None,
    vat: Annotated[
        str, typer.Option(metavar="PERCENT", help="The invoice's VAT rate, for the guidance on a loss.")
    ] = "25",
    as_json: Json = False,
) -> None:
    """Tell why a case stands as it does: the rows, decisions, rules and periods behind every figure."""
    from kredin_pipeline.commands.why import asked, why

    days = (on.date() if on else None, compared_to.date() if compared_to else None)
    why(case_id, asked(tenant, *days, vat, as_json=as_json))


@app.command()
def demo() -> None:
    """Play two companies against the sandbox: import, two live days, letters and vouchers, and a summary."""
    from kredin_pipeline.commands.demo import run_demo

    run_demo()


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web server.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    web_only: Annotated[bool, typer.Option("--web-only", help="Without the daemon: nothing runs by itself.")] = False,
) -> None:
    """Serve the Dagster UI of this installation until Ctrl-C."""
    from kredin_pipeline.commands.ui import serve_ui

    serve_ui(port, host, web_only=web_only)


app.command()(decisions)
app.command()(debtors)
app.command("what-if")(what_if)
app.command()(rebuild)
app.command("try")(try_)


def main() -> None:
    """Entry point: exit code 0 done, 1 the work failed (said why), 2 used wrongly."""
    app()


if __name__ == "__main__":
    main()
