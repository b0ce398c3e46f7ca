"""``kredin sandbox``: the outside world on this machine, and the addresses and keys by which the rest finds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import typer

from kredin_pipeline.commands.output import fail, failures_told, progress, wrong_use
from kredin_pipeline.environment import home_folder, write_environment

if TYPE_CHECKING:
    from kredin_pipeline.sandbox.server import RunningSandbox

_OSLO = ZoneInfo("Europe/Oslo")
SIZE_COMPANY = ("Målebånd Handel AS", "999300018")


@dataclass(frozen=True)
class Seed:
    """What a fresh sandbox is filled with."""

    kind: Literal["demo", "empty", "saft", "size"]
    file: Path | None = None
    entries: int = 0


def serve_sandbox(
    *, seed: str, entries: int | None, http_port: int, smtp_port: int, state: Path | None, clock: str | None
) -> None:
    """Serve until interrupted. A state file that exists is continued and not seeded again."""
    wanted = read_seed(seed, entries)
    home = home_folder()
    pinned = _moment(clock) if clock else None
    from kredin_pipeline.sandbox.server import SandboxOptions, serve

    if pinned is None and (state is None or not state.exists()):
        pinned = _day_of(wanted)
    options = SandboxOptions(
        http_port=http_port,
        smtp_port=smtp_port,
        state_file=state,
        now=None if pinned is None else pinned.isoformat(),
        letter_drop_dir=home / "letter-drop",
    )

    def ready(sandbox: RunningSandbox) -> None:
        if not sandbox.world.companies:
            with progress("Filling the sandbox"):
                fill(sandbox, wanted)
        with failures_told():
            announce(sandbox, home)

    try:
        serve(options, ready)
    except OSError as error:
        fail(f"port {http_port} or {smtp_port} cannot be opened ({error.strerror}); choose others, or 0 for free ones")


def read_seed(seed: str, entries: int | None) -> Seed:
    """``demo``, ``empty``, ``saft:FILE``, or a number of entries. Ends with exit code 2 for anything else."""
    if entries is not None:
        if entries < 10:
            wrong_use(f"--entries: found {entries}, want at least 10")
        return Seed("size", entries=entries)
    if seed in ("demo", "empty"):
        return Seed("demo" if seed == "demo" else "empty")
    kind, _, path = seed.partition(":")
    if kind != "saft" or not path:
        wrong_use(f"--seed: found {seed!r}, want demo, empty or saft:FILE")
    file = Path(path).expanduser()
    if not file.is_file():
        wrong_use(f"--seed: there is no file {file}")
    return Seed("saft", file=file)


def fill(sandbox: RunningSandbox, seed: Seed) -> None:
    """Make the seed's company and its ledger, straight in the world that is about to be served."""
    world = sandbox.world
    if seed.kind == "demo":
        from kredin_pipeline.sandbox.seeds.demo_company import DEMO_COMPANY_NAME, demo_organization_no, seed_demo

        company = world.add_company(DEMO_COMPANY_NAME, demo_organization_no())
        seed_demo(company, world.register, company.clock.today())
    elif seed.kind == "size":
        from kredin_pipeline.sandbox.seeds.size import seed_size

        seed_size(world.add_company(*SIZE_COMPANY), seed.entries)
    elif seed.kind == "saft" and seed.file is not None:
        from kredin_pipeline.sandbox.seeds.saft import seed_saft
        from kredin_pipeline.sandbox.seeds.saft_reader import SaftError, read_saft

        try:
            header = read_saft(seed.file)
            company = world.add_company(header.company_name, header.organization_no or SIZE_COMPANY[1])
            seed_saft(company, seed.file)
        except SaftError as error:
            fail(str(error))


def announce(sandbox: RunningSandbox, home: Path) -> None:
    """Write where the sandbox is to ``environment.env`` and print it with the companies' client keys."""
    from kredin_pipeline.sandbox.ledger import DEFAULT_APPLICATION_KEY, DEFAULT_SUBSCRIPTION_KEY

    pinned = sandbox.options.now
    file = write_environment(
        home,
        {
            "poweroffice_url": sandbox.poweroffice_url,
            "poweroffice_token_url": sandbox.token_url,
            "poweroffice_application_key": DEFAULT_APPLICATION_KEY,
            "poweroffice_subscription_key": DEFAULT_SUBSCRIPTION_KEY,
            "register_url": sandbox.register_url,
            "smtp_host": sandbox.smtp_host,
            "smtp_port": str(sandbox.smtp_port),
            "smtp_security": "none",
            "smtp_sender": "krav@kredin.example",
            "letter_drop": sandbox.letter_drop_url,
            "clock": None if pinned is None else _run_time(pinned),
        },
    )
    typer.secho(f"Sandbox at {sandbox.base_url}, mail on {sandbox.smtp_host}:{sandbox.smtp_port}", bold=True)
    typer.echo(f"Addresses and keys are in {file.name} in KREDIN_HOME; every command uses them from now on.")
    for company in sandbox.world.companies.values():
        typer.echo(f"  {company.name}, organisation number {company.organization_no}: client key {company.client_key}")
    typer.echo("Stop with Ctrl-C.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        wrong_use(f"--clock: found {text!r}, want for example 2025-03-17T06:00:00+01:00")
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=_OSLO)


def _day_of(seed: Seed) -> datetime | None:
    """The morning on which a seed's story stands; the real time for one that has none."""
    if seed.kind == "demo":
        from kredin_pipeline.sandbox.seeds.demo_company import DEMO_DAY

        return _morning(DEMO_DAY)
    if seed.kind == "saft" and seed.file is not None:
        from kredin_pipeline.sandbox.seeds.saft_reader import SaftError, read_saft

        try:
            return _morning(read_saft(seed.file).period_to)
        except SaftError as error:
            fail(str(error))
    return None


def _morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 5, tzinfo=_OSLO)


def _run_time(pinned: str) -> str:
    """The daily run's time, six o'clock in Oslo, on the sandbox's day (or the sandbox's own time if it is later)."""
    moment = datetime.fromisoformat(pinned).astimezone(_OSLO)
    return max(moment, moment.replace(hour=6, minute=0, second=0, microsecond=0)).isoformat()
