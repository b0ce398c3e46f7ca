"""What a person finds in the Dagster UI after a day's run: the graph, the figures of an asset, its checks.

The data are made with the commands that a user types, against a sandbox with one company and two invoices.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from typer.testing import CliRunner

from kredin_pipeline.cli import app
from kredin_pipeline.commands.sandbox import announce
from kredin_pipeline.environment import write_environment
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from tests.browser.serving import WebServer, browser, chromium, open_page

pytestmark = pytest.mark.browser

CHROMIUM = chromium()
TODAY = "2025-03-17"
INVOICES = (
    {"event": "invoice", "on": "2025-02-14", "no": "1001", "customer": "10001", "amount": "12000.00", "due": "2025-02-28"},
    {"event": "invoice", "on": "2025-02-28", "no": "1002", "customer": "10002", "amount": "5000.00", "due": "2025-03-14"},
)
GROUPS = {"ledger": 7, "register": 2, "cases": 5, "letters": 2, "vouchers": 3}


@dataclass(frozen=True)
class Ui:
    """The UI's address, a page on it, and the addresses that the browser has asked for."""

    url: str
    page: Page
    asked: list[str]

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Generator[Ui]:
    """The UI over one company's day: the server starts while the day is run."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install Debian's `chromium` (as root, `make test` does)")
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as variables, start(SandboxOptions(rate_per_second=0)) as sandbox:
        for name in [name for name in os.environ if name.startswith(("KREDIN_", "DAGSTER_"))]:
            variables.delenv(name)
        variables.setenv("KREDIN_HOME", str(home))
        variables.setenv("DAGSTER_HOME", str(home / "dagster"))
        client_key = one_company(sandbox, home)
        server = WebServer(home)
        try:
            live_day(client_key)
            server.wait()
            with browser(CHROMIUM, 1600, 1000) as context:
                asked: list[str] = []
                context.on("request", lambda request: asked.append(request.url))
                yield Ui(server.url, open_page(context), asked)
        finally:
            server.stop()


def one_company(sandbox: RunningSandbox, home: Path) -> str:
    """A company with an invoice 17 days overdue and one 3 days overdue, at six o'clock of ``TODAY``."""
    client_key = sandbox.control.add_company("Fjellheim AS", "999990126")
    sandbox.control.events(client_key, [dict(invoice) for invoice in INVOICES])
    sandbox.control.set_clock(f"{TODAY}T06:00:00+01:00")
    announce(sandbox, home)
    write_environment(
        home,
        {
            "clock": f"{TODAY}T06:00:00+01:00",
            "first_day": "2025-03-01",
            "poweroffice_requests_per_second": "0",
            "register_requests_per_second": "0",
        },
    )
    (home / "dagster").mkdir()
    return client_key


def live_day(client_key: str) -> None:
    """Connect the company, take it live, run its day."""
    who = ["--who", "Kari"]
    for words in (
        ["connect", "fjellheim", "--client-key", client_key, *who],
        ["tenants", "live", "fjellheim", *who],
        ["run", "--tenant", "fjellheim"],
    ):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"kredin {words[0]}: {done.output}"


def test_the_lineage_page_shows_every_group_and_asset(ui: Ui) -> None:
    expanded = "%2C".join(f"global%40global%3A{group}" for group in GROUPS)
    page = ui.open(f"/asset-groups?expanded={expanded}")
    for group in GROUPS:
        expect(page.get_by_text(group, exact=True).first).to_be_visible()
    print(page.content()[:200000])


def test_dump(ui: Ui) -> None:
    Path("/tmp/kredin/nodes.html").write_text(ui.page.content())
    for path in ("/assets/case_states", "/assets/cases", "/assets/poweroffice_ledger_entries", "/assets/poweroffice_ledger_entries?view=checks"):
        page = ui.open(path)
        page.wait_for_timeout(4000)
        print(path, page.inner_text("body"))
        page.screenshot(path="/tmp/kredin/d_%s.png" % path.replace("/", "_"))
    print(ui.asked)
    assert 0
