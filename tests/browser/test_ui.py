"""What a person finds in the Dagster UI after a day's run: the graph, the figures of an asset, its checks.

The data are made with the commands that a user types, against a sandbox with one company and two invoices.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from typer.testing import CliRunner

from kredin_pipeline.cli import app
from kredin_pipeline.commands.sandbox import announce
from kredin_pipeline.environment import write_environment
from kredin_pipeline.instance import EVENTS_PER_BATCH, prepare_home
from kredin_pipeline.sandbox.server import RunningSandbox, SandboxOptions, start
from tests.browser.serving import GROUPS, LINEAGE, WebServer, chromium, open_page

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)

TODAY_AT_SIX = "2025-03-17T06:00:00+01:00"
INVOICES = (  # number, sent on, due, amount
    ("1001", "2025-02-14", "2025-02-28", "12000.00"),
    ("1002", "2025-02-28", "2025-03-14", "5000.00"),
)


@dataclass(frozen=True)
class Ui:
    """The UI's address, a page on it, and the addresses that the browser has asked."""

    url: str
    page: Page
    asked: list[str] = field(default_factory=list[str])

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page


@pytest.fixture
def ui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Ui]:
    """The UI over one company's day. The server starts while the day is run, to save a reader's time."""
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium on this machine: install Debian's `chromium` (as root, `make test` does)")
    for name in [name for name in os.environ if name.startswith(("KREDIN_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
    dagster_home = tmp_path / "dagster"
    monkeypatch.setenv("KREDIN_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(dagster_home))
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", EVENTS_PER_BATCH)
    prepare_home(dagster_home)
    with start(SandboxOptions(rate_per_second=0)) as sandbox:
        client_key = one_company(sandbox, tmp_path)
        server = WebServer(tmp_path, dagster_home)
        try:
            live_day(client_key)
            server.wait()
            with open_page(executable, 1600, 1000) as page:
                found = Ui(server.url, page)
                page.on("request", lambda request: found.asked.append(request.url))
                yield found
        finally:
            server.stop()


def one_company(sandbox: RunningSandbox, home: Path) -> str:
    """A company with an invoice 17 days overdue and one 3 days overdue; gives its client key."""
    client_key = sandbox.control.add_company("Fjellheim AS", "999990126")
    for number, sent, due, amount in INVOICES:
        invoice = {"event": "invoice", "on": sent, "no": number, "customer": number, "amount": amount, "due": due}
        sandbox.control.event(client_key, invoice)
    sandbox.control.set_clock(TODAY_AT_SIX)
    announce(sandbox, home)
    rates = {"poweroffice_requests_per_second": "0", "register_requests_per_second": "0"}
    write_environment(home, {"clock": TODAY_AT_SIX, "first_day": "2025-03-01", **rates})
    return client_key


def live_day(client_key: str) -> None:
    """Connect the company, take it live, run its day: the older invoice gets its reminder."""
    for words in (
        ["connect", "fjellheim", "--client-key", client_key, "--who", "Kari"],
        ["tenants", "live", "fjellheim", "--who", "Kari"],
        ["run", "--tenant", "fjellheim"],
    ):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"kredin {words[0]}: {done.output}"


def test_a_person_finds_the_graph_the_figures_and_the_checks_of_a_day(ui: Ui) -> None:
    """One story in one test, because its data and its server cost more than all the pages together."""
    the_whole_graph_is_drawn(ui)
    an_asset_opened_from_the_graph_tells_its_figures(ui)
    the_published_table_shows_the_letter_that_left(ui)
    the_checks_of_the_ledger_are_told_and_passed(ui)
    schedule_and_sensor_are_on(ui)
    assert [url for url in ui.asked if not url.removeprefix("blob:").startswith(f"{ui.url}/")] == []


def the_whole_graph_is_drawn(ui: Ui) -> None:
    page = ui.open(LINEAGE)
    for group in GROUPS:
        expect(page.locator("foreignObject").get_by_text(group, exact=True).first).to_be_visible()
    for name in (
        "claims",
        "settlements",
        "interest_periods",
        "case_states",
        "debtors",
        "sent_letters",
        "posted_vouchers",
    ):
        expect(node(page, name)).to_be_visible()
    expect(node(page, "poweroffice_ledger_entries")).to_be_visible()


def an_asset_opened_from_the_graph_tells_its_figures(ui: Ui) -> None:
    node(ui.page, "case_states").click()
    ui.page.get_by_role("link", name="View in Asset Catalog").click()
    expect(ui.page).to_have_url(re.compile(r"/assets/case_states"))
    expect(row_count(ui.page)).to_have_text(re.compile(r"^Row count\s*2$"))
    expect(ui.page.get_by_text("2025-03-17|fjellheim").first).to_be_visible()
    expect(table_row(ui.page, "overdue", "2")).to_be_visible()
    expect(metadata(ui.page, "principal_open", r"17\s000,00 kr")).to_be_visible()
    expect(metadata(ui.page, "planned_letters", "1")).to_be_visible()


def the_published_table_shows_the_letter_that_left(ui: Ui) -> None:
    page = ui.open("/assets/cases")
    expect(row_count(page)).to_have_text(re.compile(r"^Row count\s*2$"))
    expect(table_row(page, "overdue", "1")).to_be_visible()
    expect(table_row(page, "reminded", "1")).to_be_visible()


def the_checks_of_the_ledger_are_told_and_passed(ui: Ui) -> None:
    page = ui.open("/assets/poweroffice_ledger_entries?view=checks&checkDetail=mirror_is_whole")
    expect(page.get_by_text("rows_in_are_kept_or_quarantined")).to_be_attached()
    expect(page.get_by_text("fjellheim: 2 customers: the mirror's 17,000.00 kr is the ledger's")).to_be_visible()
    expect(page.get_by_text("Passed", exact=True)).to_be_visible()


def schedule_and_sensor_are_on(ui: Ui) -> None:
    page = ui.open("/automation")
    for name in ("daily_at_six", "new_tenants"):
        switch = page.get_by_role("link", name=name).locator("xpath=following::input[@type='checkbox'][1]")
        expect(switch).to_be_checked()


def node(page: Page, asset: str) -> Locator:
    """The asset in the drawn graph; names that are too long for their box are shortened in the middle by the page."""
    first, last = asset[:4], asset.rpartition("_")[2]
    shown = re.compile(f"^({re.escape(asset)}|{first}[a-z_]*….*{last})$")
    return page.locator("foreignObject").filter(has=page.get_by_text(shown))


def row_count(page: Page) -> Locator:
    return page.get_by_text("Row count", exact=True).locator("xpath=..")


def metadata(page: Page, key: str, value: str) -> Locator:
    """The entry ``key`` with ``value``, among the metadata that the last run left on an asset."""
    return page.get_by_role("row", name=re.compile(rf"^{key} materialization .*\s{value}$"))


def table_row(page: Page, *beginning: str) -> Locator:
    """A row of a table within the metadata that begins with these cells."""
    return page.get_by_role("row", name=re.compile("^" + r"\s+".join(beginning) + r"\b"))
