"""Every page for everybody: no serious finding of axe-core in both themes, nothing wider than a phone, all by keyboard.

The pages are those that `streamlit_app.py` registers, so that a new one is covered without a word here.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT
from tests.browser.waiting import new_context, wait_for, wait_until_charts_stand, wait_until_idle, wait_until_it_fits

axe = pytest.importorskip("axe_playwright_python.base", reason="These tests need the package `axe-playwright-python`.")
AXE = Path(axe.AXE_FILE_PATH).read_text(encoding="utf-8")
PATHS = ["/", *(f"/{path}" for path in re.findall(r'url_path="(\w+)"', (ROOT / "streamlit_app.py").read_text()))]

# Streamlit's own shell, which the app cannot change; everything else is judged.
SHELL = [
    '[data-testid="stToolbar"]',  # the menu in the corner
    '[data-testid="stSidebarNavItems"]',  # the list of pages, whose groups lie between list and items
    '[data-testid="stSidebarHeader"]',  # the arrow that folds the sidebar
    '[data-testid="stSidebarCollapsedControl"]',  # and the one that unfolds it
    ".katex-display",  # its formulas scroll where they are too wide, and Chromium lets the keyboard reach what scrolls
    ".modebar",  # Plotly's bar over a chart; what it does, "Save" below the chart does too
]


def findings(page) -> list[str]:
    """What axe-core calls serious or critical, one line each with the elements that are meant."""
    page.evaluate(AXE)
    report = page.evaluate(
        "shell => axe.run({exclude: shell.map(selector => [selector])}, {resultTypes: ['violations']})", SHELL
    )
    return [
        f"{rule['impact']} {rule['id']}: {node['html'][:200]} ({node['failureSummary'][:200]})"
        for rule in report["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def overflow(page) -> int:
    """By how many pixels the page, or its main part, is wider than the screen."""
    return page.evaluate(
        "(main => Math.max(document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth))"
        "(document.querySelector('[data-testid=stMain]'))"
    )


@pytest.fixture(scope="module", params=["light", "dark"])
def tour(request, app, browser):
    """One visitor for all pages in one theme: `tour(path)` shows a page on a phone's width, ready to be judged."""
    context, page = new_context(browser, viewport={"width": 390, "height": 900}, color_scheme=request.param)

    def show(path: str):
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"{app}{path}")
        wait_until_idle(page)
        wait_until_charts_stand(page)
        return page

    yield show
    context.close()


@pytest.mark.parametrize("path", PATHS)
def test_nothing_serious_on_any_page_and_nothing_wider_than_a_phone(tour, path):
    page = tour(path)
    expect(page.locator("h1"), "The page is shown.").to_have_count(1)
    assert page.locator('[data-testid="stException"]').count() == 0
    assert findings(page) == []
    unnamed = '[data-testid="stPlotlyChart"]:not([aria-label]):not(:has([aria-label]))'
    assert page.locator(unnamed).count() == 0, "A chart says nothing to who does not see it."
    page.set_viewport_size({"width": 390, "height": 900})
    wait_for(lambda: overflow(page) <= 0, page, "everything as narrow as a phone")  # charts take their new width


FOCUSED = """(element => ["A", "BUTTON", "INPUT"].includes(element?.tagName)
  ? [element.getAttribute("aria-label"), ...element.innerText.split("\\n")] : [])(document.activeElement)"""


def tab_to(page, name: str, most: int = 80) -> None:
    """Presses Tab until the link, button or field of that name has the focus, as somebody without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if name in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"{most} presses of Tab did not reach {name!r}.")


def test_a_page_is_reached_and_a_training_started_by_keyboard_alone(open_page):
    page = open_page("/")
    tab_to(page, "Train")
    page.keyboard.press("Enter")
    page.wait_for_url("**/train*")
    expect(page).to_have_title("Train · MAML Lab")
    wait_until_idle(page)
    tab_to(page, "Meta-iterations (`num_iterations`)")
    page.keyboard.press("Control+a")
    page.keyboard.type("300")
    page.keyboard.press("Enter")
    page.wait_for_url("**num_iterations=300*")
    wait_until_idle(page)
    tab_to(page, "Train")
    page.keyboard.press("Enter")
    page.wait_for_url("**job=*")
    page.get_by_text("Take it along").wait_for(timeout=120_000)


TARGETS = """() => {
    const all = (root, found = []) => {
        for (const element of root.querySelectorAll("*")) {
            found.push(element);
            if (element.shadowRoot) all(element.shadowRoot, found);
        }
        return found;
    };
    return all(document.querySelector('[data-testid="stMain"]'))
        .filter(element => element.matches("button, summary, input, [data-testid='stPageLink'] a") && element.checkVisibility())
        .map(element => (element.closest("label") ?? element).getBoundingClientRect().height);
}"""


@pytest.mark.parametrize("path", ["/", "/adapt"])
def test_what_is_touched_is_as_high_as_a_finger_and_nothing_stands_on_a_legend(app, browser, path):
    context, page = new_context(browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    try:
        page.goto(f"{app}{path}")
        wait_until_idle(page)
        wait_until_it_fits(page, 390)
        heights = page.evaluate(TARGETS)
        assert len(heights) > 10 and min(heights) >= 40
        assert not any(bar.is_visible() for bar in page.locator(".modebar-container").all())
    finally:
        context.close()
