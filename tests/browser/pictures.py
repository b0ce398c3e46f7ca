"""Takes the pictures in `docs/pictures` from the Dagster UI over the demo's data: run it after `make demo`.

    .venv/bin/python -m tests.browser.pictures

Look at them before they are kept. The data are those of KREDIN_HOME, which is `.kredin` when it is not set.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, expect

from kredin_pipeline.environment import home_folder, load_environment
from kredin_pipeline.instance import prepare_home
from tests.browser.serving import LINEAGE, WebServer, chromium, open_page

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "pictures"
SECONDS_TO_DRAW = 3  # the graph moves into its place after it has appeared


def main() -> None:
    """Serve the data, look at two pages, write two files."""
    executable = chromium()
    if executable is None:
        sys.exit("no Chromium on this machine")
    home = home_folder()
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = WebServer(home, prepare_home(load_environment(home).dagster_folder))
    try:
        server.wait()
        with open_page(executable, 1600, 1160) as page:
            page.goto(server.url)
            page.get_by_role("button", name="Hide navigation").click()
            lineage(page, server.url)
            asset(page, server.url)
    finally:
        server.stop()


def lineage(page: Page, url: str) -> None:
    """The whole graph with every group unfolded, without the list beside it."""
    page.goto(url + LINEAGE)
    page.get_by_role("button", name="panel_show_right", exact=True).click()
    expect(page.locator("foreignObject").filter(has_text="case_states").last).to_be_visible()
    page.wait_for_timeout(SECONDS_TO_DRAW * 1000)
    page.mouse.dblclick(1400, 1100)  # on nothing: the graph takes the room that the list has left
    page.wait_for_timeout(SECONDS_TO_DRAW * 1000)
    page.screenshot(path=FOLDER / "lineage.png")


def asset(page: Page, url: str) -> None:
    """What the last run said of the case states; the long list of columns is folded away."""
    page.set_viewport_size({"width": 1600, "height": 1000})
    page.goto(f"{url}/assets/case_states")
    expect(page.get_by_text("planned_letters", exact=True)).to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    page.wait_for_timeout(SECONDS_TO_DRAW * 1000)
    page.screenshot(path=FOLDER / "asset.png")


if __name__ == "__main__":
    main()
