"""``kredin demo``: two companies, their past, and two live days against the sandbox, told so that a person follows.

Belongs here: the order of the story and its summary. Not here: the companies themselves (`sandbox.seeds`), connecting
(`resources.onboarding`) or running (`jobs`): the demo uses what every installation uses, over HTTP.

The days are pinned, so that the demo works the same when the real date has passed the stored rates. Started again, it
finds its world as it left it, runs the last day once more, and sends and posts nothing new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from rich.console import Console

from kredin_pipeline.commands.demo_summary import Counts, count, tell_summary
from kredin_pipeline.commands.output import fail, onboarding_failures_told, progress
from kredin_pipeline.commands.session import Session, doors, graph, open_session
from kredin_pipeline.environment import Environment, home_folder, load_environment, write_environment
from resources import onboarding

if TYPE_CHECKING:
    from kredin_pipeline.sandbox.server import RunningSandbox

OSLO: Final = ZoneInfo("Europe/Oslo")
STATE: Final = "sandbox-state.json.gz"
WHO: Final = "demo"
SAFT_FILE: Final = "SAF-T_Financial_888888888_v1.10.xml"
SAFT_DAY: Final = date(2017, 4, 28)
SAFT_FIRST_DAY: Final = date(2017, 1, 2)
HISTORY_DAYS: Final = 1096


@dataclass(frozen=True)
class DemoCompany:
    """A tenant of the demo and the day that is its today."""

    tenant: str
    today: date


SAFT: Final = DemoCompany("saft-example", SAFT_DAY)


def run_demo() -> None:
    """Play the demo; exit code 1 with the reason when a run fails."""
    from kredin_pipeline.sandbox.seeds.demo_company import DEMO_DAY, DEMO_NEXT_DAY

    console = Console()
    home = home_folder()
    first_time = not (home / STATE).exists()
    trade = DemoCompany("demo", DEMO_NEXT_DAY)
    with open_sandbox(home) as sandbox:
        if first_time:
            console.print(
                "[bold]First run.[/] The sandbox is PowerOffice Go, Enhetsregisteret, a mailbox and a letter drop."
            )
            _saft_company(console, sandbox, home)
            _trading_company(console, sandbox, home, DEMO_DAY, DEMO_NEXT_DAY)
        else:
            console.print("[bold]Not the first run.[/] The last day is run once more; nothing new may leave.")
        before = count(sandbox.control)
        if not first_time:
            _at(sandbox, DEMO_NEXT_DAY)
            _run(console, home, trade)
        after = count(sandbox.control)
        sandbox.control.save(home / STATE)
        tell_summary(console, open_session(), _environment(home, trade.today), sandbox, [trade, SAFT])
    if not first_time:
        _nothing_new(console, before, after)


def open_sandbox(home: Path) -> RunningSandbox:
    """The demo's sandbox on the ports it had before, so that addresses that were written down stay true."""
    from kredin_pipeline.sandbox.server import SandboxOptions, start

    wanted: dict[str, int] = {}
    with suppress(OSError, ValueError):
        wanted = json.loads((home / "sandbox-ports.json").read_text())
    home.mkdir(parents=True, exist_ok=True)
    options = SandboxOptions(
        http_port=int(wanted.get("http", 0)),
        smtp_port=int(wanted.get("smtp", 0)),
        letter_drop_dir=home / "letter-drop",
        state_file=home / STATE,
    )
    try:
        sandbox = start(options)
    except OSError:  # somebody else has the port by now
        sandbox = start(SandboxOptions(letter_drop_dir=options.letter_drop_dir, state_file=options.state_file))
    port = int(sandbox.base_url.rsplit(":", 1)[1])
    (home / "sandbox-ports.json").write_text(json.dumps({"http": port, "smtp": sandbox.smtp_port}))
    _announce(sandbox, home)
    return sandbox


def _announce(sandbox: RunningSandbox, home: Path) -> None:
    from kredin_pipeline.sandbox.control import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY

    write_environment(
        home,
        {
            "poweroffice_url": sandbox.poweroffice_url,
            "poweroffice_token_url": sandbox.token_url,
            "poweroffice_application_key": DEFAULT_APPLICATION_KEY,
            "poweroffice_subscription_key": DEFAULT_SUBSCRIPTION_KEY,
            "poweroffice_requests_per_second": "9",
            "register_url": sandbox.register_url,
            "smtp_host": sandbox.smtp_host,
            "smtp_port": str(sandbox.smtp_port),
            "smtp_security": "none",
            "smtp_sender": "krav@kredin.example",
            "letter_drop": sandbox.letter_drop_url,
            "first_day": SAFT_FIRST_DAY.isoformat(),
        },
    )


def _saft_company(console: Console, sandbox: RunningSandbox, home: Path) -> None:
    from kredin_pipeline.sandbox.seeds.saft_reader import read_saft

    path = Path(str(files("kredin_pipeline.sandbox.seeds").joinpath("data", SAFT_FILE)))
    _at(sandbox, SAFT_DAY)
    header = read_saft(path)
    key = sandbox.control.add_company(header.company_name, header.organization_no or "888888888")
    with progress("Filling the ledger from the official SAF-T example"):
        sandbox.control.seed(key, "saft", path=str(path))
    _at(sandbox, SAFT_DAY)
    _connect(console, home, SAFT, key, {"import_from": SAFT_FIRST_DAY.isoformat()})
    _import(console, home, SAFT, SAFT_FIRST_DAY)
    _run(console, home, SAFT)


def _trading_company(console: Console, sandbox: RunningSandbox, home: Path, first: date, second: date) -> None:
    from kredin_pipeline.sandbox.seeds.demo_company import DEMO_COMPANY_NAME, demo_organization_no

    _at(sandbox, first)
    key = sandbox.control.add_company(DEMO_COMPANY_NAME, demo_organization_no())
    with progress("Filling the ledger of the demo company"):
        sandbox.control.seed(key, "demo", today=first.isoformat())
    _at(sandbox, first)
    today = DemoCompany("demo", first)
    _connect(console, home, today, key, {})
    _import(console, home, today, first - timedelta(days=HISTORY_DAYS))
    _run(console, home, today)
    _at(sandbox, second)
    happened = sandbox.control.seed(key, "demo_next_day", today=second.isoformat())
    console.print(f"  overnight {len(happened)} things were booked in the ledger: payments, a write-off, a credit note")
    _at(sandbox, second)
    _run(console, home, DemoCompany("demo", second))


def _connect(console: Console, home: Path, company: DemoCompany, key: str, settings: Mapping[str, Any]) -> None:
    session = _session(home, company.today)
    made = doors(session.environment)
    with onboarding_failures_told():
        report = onboarding.connect(
            session.journal,
            made.poweroffice,
            company.tenant,
            SecretStr(key),
            settings=settings,
            who=WHO,
            clock=made.clock,
        )
        onboarding.go_live(session.journal, made.poweroffice, company.tenant, who=WHO, clock=made.clock)
    console.print(
        f"[bold]{company.tenant}[/]: connected {report.company_name}, organisation number {report.organization_no}"
    )


def _import(console: Console, home: Path, company: DemoCompany, first: date) -> None:
    from kredin_pipeline.jobs import run_history

    last = company.today - timedelta(days=1)
    defs, instance = graph(_environment(home, company.today))
    with progress(f"{company.tenant}: importing {first} to {last} in one run"):
        outcome = run_history(defs, instance, company.tenant, first, last)
    _ended(company, f"{first} to {last}", outcome.ok, outcome.messages)
    console.print(f"  imported {(last - first).days + 1} days in one run")


def _run(console: Console, home: Path, company: DemoCompany) -> None:
    from kredin_pipeline.jobs import run_day

    defs, instance = graph(_environment(home, company.today))
    with progress(f"{company.tenant}: {company.today}"):
        outcome = run_day(defs, instance, company.tenant, company.today)
    _ended(company, str(company.today), outcome.ok, outcome.messages)
    console.print(f"  ran the day {company.today}")


def _ended(company: DemoCompany, days: str, ok: bool, messages: list[str]) -> None:
    if not ok:
        fail(f"{company.tenant}: {days} failed: " + "; ".join(messages))


def _nothing_new(console: Console, before: Counts, after: Counts) -> None:
    if after != before:
        fail(f"a second run of the same day changed what left the house: {before} became {after}")
    console.print("Nothing new was sent or posted.")


def _at(sandbox: RunningSandbox, day: date) -> None:
    """Both the sandbox and every later run stand at six o'clock of ``day``."""
    sandbox.control.set_clock(_six(day))


def _six(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, tzinfo=OSLO)


def _environment(home: Path, day: date) -> Environment:
    write_environment(home, {"clock": _six(day).isoformat()})
    return load_environment(home)


def _session(home: Path, day: date) -> Session:
    _environment(home, day)
    return open_session()
