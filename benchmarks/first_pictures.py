"""`python -m benchmarks.first_pictures [--visits 5] [--pages home,train] [--no-cold]`: how long each page's picture takes.

A headless Chromium on the server's machine. Cold: a link to a server that has just started and has compiled nothing. Then one
warm server: links in an empty browser, in turns with one to a Streamlit app of one slider and one chart, which is the floor;
and clicks in the navigation, from Notes, or to Notes from Train. Medians over the visits; a time ends when the page's first
picture is drawn (on Notes, its board of checks), and processor time is the server's up to then, its engine's included.
"""

import argparse
import shutil
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import machine, measuring
from benchmarks.load import FLOOR
from benchmarks.visitors import Server

COLD_TARGET, CLICK_TARGET, LINK_TARGET = 2.5, 0.4, 1.3  # seconds, seconds, times the floor
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
PLOTLY = ", ".join(
    f".js-plotly-plot .{kind}layer {mark}" for kind, mark in (("scatter", "path"), ("bar", "path"), ("heatmap", "image"))
)
BENCH = "svg.picture path.truth[d]"
# By address, the page's name in the navigation and what its first picture is made of.
PAGES = {
    "": ("Home", BENCH),
    "learn": ("Learn", BENCH),
    "parameter_space": ("Parameter space", ".plane[data-now]"),
    "gradients": ("Gradients", PLOTLY),
    "pitfalls": ("Pitfalls", PLOTLY),
    "train": ("Train", PLOTLY),
    "adapt": ("Adapt", PLOTLY),
    "compare": ("Compare", PLOTLY),
    "characters": ("Characters", ".board:not([inert]) .first polyline[points]"),
    "runs": ("Runs", f".st-key-no_runs, {PLOTLY}"),
    "your_tasks": ("Your tasks", PLOTLY),
    "notes": ("Notes", "h3:has-text('The browser')"),
}
WAIT = 120_000  # milliseconds, at the most
LOOK = 0.02  # seconds between two looks whether a picture is there
IDLE = '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'


class Wait(NamedTuple):
    """For a picture.

    seconds: until it stood.
    cpu_seconds: of the server meanwhile.
    """

    seconds: float
    cpu_seconds: float


def main() -> int:
    """Measures, writes down and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--visits", type=int, default=5, help="of each page, warm, by link and by click")
    parser.add_argument("--pages", default="", help="their addresses, Home's being home; all where none is named")
    parser.add_argument("--no-cold", action="store_true", help="warm visits alone")
    parser.add_argument("--out", default="benchmarks/results", help="folder for first_pictures.json")
    options = parser.parse_args()
    pages = ["" if page == "home" else page for page in options.pages.split(",")] if options.pages else list(PAGES)
    with chromium() as browser:
        content = {"machine": machine.describe()} | measured(browser, pages, visits=options.visits, cold=not options.no_cold)
    print("\n".join(table(content)))
    measuring.save(content, options.out, "first_pictures.json")
    return 0


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser, closed in the end."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        sys.exit("This drives a real browser: install the Debian package `chromium`.")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


def measured(browser: Browser, pages: list[str], *, visits: int, cold: bool) -> dict[str, Any]:
    """All waits by kind ("cold", "link", "click") and page; the floor is the page "floor" of the links.

    Args:
      browser: headless.
      pages: addresses.
      visits: warm ones of each page.
      cold: whether to measure servers that have just started, too: one for each page.
    """
    found: dict[str, dict[str, list[Wait]]] = {kind: defaultdict(list) for kind in ("cold", "link", "click")}
    for page in [*pages, "floor"] if cold else []:
        server = Server(FLOOR if page == "floor" else "streamlit_app.py")
        try:
            found["cold"][page or "home"].append(by_link(browser, server, page))
        finally:
            server.stop()
    with ExitStack() as servers:
        app, floor = (Server(script) for script in ("streamlit_app.py", FLOOR))
        for server in (app, floor):
            servers.callback(server.stop)
        for page in pages:
            by_link(browser, app, page, rest=4.0)  # the first visitor's engine gets ready behind the picture
        for _ in range(visits):
            for page in pages:
                found["link"]["floor"].append(by_link(browser, floor, "floor"))
                found["link"][page or "home"].append(by_link(browser, app, page))
            for page, wait in by_clicks(browser, app, pages).items():
                found["click"][page or "home"].append(wait)
    return {kind: dict(waits) for kind, waits in found.items()}


def by_link(browser: Browser, server: Server, page: str, *, rest: float = 0.5) -> Wait:
    """Opens a link in a browser that knows nothing of the app; afterwards the server has `rest` seconds for itself."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    tab = context.new_page()
    began, cpu = time.perf_counter(), server.cpu_seconds()
    tab.goto(f"http://127.0.0.1:{server.port}/{'' if page == 'floor' else page}", wait_until="commit")
    _wait_for(tab, PLOTLY if page == "floor" else PAGES[page][1])
    wait = Wait(time.perf_counter() - began, server.cpu_seconds() - cpu)
    _settle(tab, rest)
    context.close()
    return wait


def by_clicks(browser: Browser, server: Server, pages: list[str]) -> dict[str, Wait]:
    """One visitor goes through the pages in their order, having come to the last of them by its link."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"http://127.0.0.1:{server.port}/{pages[-1]}", wait_until="commit")
    _wait_for(tab, PAGES[pages[-1]][1])
    _settle(tab, 0.5)
    waits = {page: _click(tab, server, page) for page in pages}
    context.close()
    return waits


def _click(tab: Page, server: Server, page: str) -> Wait:
    """From a click in the navigation to a picture that was not there before it."""
    name, picture = PAGES[page]
    link = tab.locator(f'[data-testid="stSidebarNavLink"]:has-text("{name}")')
    tab.locator(picture).evaluate_all("before => before.forEach(each => each.setAttribute('data-before', ''))")
    new = ", ".join(f"{mark}:not([data-before])" for mark in picture.split(", "))
    began, cpu = time.perf_counter(), server.cpu_seconds()
    link.click()
    _wait_for(tab, new)
    wait = Wait(time.perf_counter() - began, server.cpu_seconds() - cpu)
    _settle(tab, 0.3)
    return wait


def _wait_for(tab: Page, picture: str) -> None:
    """Until it is there; Playwright's own waiting looks twice a second only."""
    until = time.monotonic() + WAIT / 1000
    while not tab.query_selector(picture):
        if time.monotonic() > until:
            raise TimeoutError(f"No {picture} came within {WAIT / 1000:.0f} s.")
        time.sleep(LOOK)


def _settle(tab: Page, seconds: float) -> None:
    """Until the script has ended, and so many seconds more."""
    tab.wait_for_selector(IDLE, timeout=WAIT)
    tab.wait_for_timeout(1000 * seconds)


def table(content: dict[str, Any]) -> list[str]:
    """Lines of Markdown: what each page waits, and how much of it the server computed."""
    floor = statistics.median(wait.seconds for wait in content["link"]["floor"])
    lines = [
        "| page | cold server | link, warm: seconds, times the floor, server's CPU | click: seconds, server's CPU |",
        "|---|---|---|---|",
    ]
    for page, links in content["link"].items():
        seconds, cpu = middle(links)
        cold = "; ".join(f"{wait.seconds:.1f} s" for wait in content["cold"].get(page, [])) or "-"
        clicks = content["click"].get(page)
        click = "-" if clicks is None else "{:.2f} s, {:.2f} s".format(*middle(clicks))
        lines.append(f"| {page} | {cold} | {seconds:.2f} s, {seconds / floor:.2f}, {cpu:.2f} s | {click} |")
    return lines


def middle(waits: list[Wait]) -> tuple[float, float]:
    """Medians of seconds and processor seconds."""
    return statistics.median(wait.seconds for wait in waits), statistics.median(wait.cpu_seconds for wait in waits)


if __name__ == "__main__":
    sys.exit(main())
