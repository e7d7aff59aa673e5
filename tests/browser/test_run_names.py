"""What is shown is named, and the copied link shows the same in a browser that has never been here."""

import contextlib
import re

import pytest
from playwright.sync_api import TimeoutError as TooLate
from playwright.sync_api import expect

from tests.browser.waiting import wait_until_charts_stand, wait_until_idle, wait_until_it_fits

SMALL = "meta_batch_size=4&hidden_dim=8&num_iterations=200"
NAME = "Ada's <b>start</b>"


def pictures(page):
    """What each picture of a page tells somebody who does not see it."""
    wait_until_charts_stand(page)
    return page.locator('[data-testid="stPlotlyChart"]').evaluate_all(
        """charts => charts.map(chart => (chart.closest("[aria-label]") ?? chart.querySelector("[aria-label]")).ariaLabel)"""
    )


def captions(page):
    return page.locator('[data-testid="stCaptionContainer"]').all_inner_texts()


def copied(page):
    """What "Copy link" copies."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def opened_elsewhere(open_page, link):
    page = open_page("/" + link.split("/", 3)[3])
    wait_until_idle(page)
    return page


@pytest.fixture
def trained(open_page):
    page = open_page(f"/train?{SMALL}")
    page.locator(".st-key-train button").click()
    expect(page.get_by_text("Take it along")).to_be_visible(timeout=240_000)
    wait_until_idle(page)
    return page


def test_a_run_its_name_and_the_sidebar_are_the_same_in_an_empty_browser(trained, open_page):
    page = trained
    field = page.get_by_role("textbox", name="Its name")
    field.fill(NAME)
    field.press("Enter")
    wait_until_idle(page)
    expect(page.get_by_text("Ada's <b>start</b> (MAML), 200 meta-iterations").first).to_be_visible()
    page.locator(".st-key-inner_steps input").fill("2")
    page.locator(".st-key-inner_steps input").press("Enter")
    said = page.get_by_text("The sidebar now says 2 inner steps; these pictures are of 1 inner step.")
    expect(said).to_be_visible()
    wait_until_idle(page)
    other = opened_elsewhere(open_page, copied(page))
    expect(other.get_by_text("The sidebar now says 2 inner steps; these pictures are of 1 inner step.")).to_be_visible()
    assert pictures(other) == pictures(page) and len(pictures(page)) == 3
    assert other.get_by_role("textbox", name="Its name").input_value() == NAME
    with other.context.expect_page() as exact:
        other.get_by_role("link", name="Open exactly what is shown").click()
    wait_until_idle(exact.value)
    assert pictures(exact.value) == pictures(page)
    expect(exact.value.locator(".st-key-inner_steps input")).to_have_value("1")
    assert exact.value.get_by_text("The sidebar now says").count() == 0


def test_a_learner_of_ones_own_is_the_same_on_other_pages_of_an_empty_browser(trained, open_page):
    page = trained
    page.get_by_role("textbox", name="Its name").fill("Ada")
    page.get_by_role("textbox", name="Its name").press("Enter")
    wait_until_idle(page)
    page.locator(".st-key-offer button").click()
    wait_until_idle(page)
    for name in ("Adapt", "Home"):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_title(f"{name} · MAML Lab")
        expect(page.get_by_text(re.compile(r"\bAda\b.*200 meta-iterations")).first).to_be_visible()
        wait_until_idle(page)
        other = opened_elsewhere(open_page, copied(page))
        expect(other.get_by_text(re.compile(r"\bAda\b.*200 meta-iterations")).first).to_be_visible()
        assert captions(other) == captions(page)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
@pytest.mark.parametrize("path", ["/adapt", "/compare"])
def test_names_of_runs_fit(path, width, scheme, open_page):
    page = open_page(path, width=width, scheme=scheme)
    wait_until_it_fits(page, width)
    assert any("70,000 meta-iterations" in caption for caption in captions(page))


STOPS = """() => [...document.querySelectorAll("button")].filter(
    button => button.innerText.trim().endsWith("Stop") && button.checkVisibility()).length"""


@pytest.mark.parametrize(
    ("path", "start"),
    [
        ("/train?num_iterations=10000000&hidden_dim=8", ".st-key-train button"),
        ("/compare?amount_iterations=20,000&seeds=5&methods=metacurvature&methods=imaml", ".st-key-compare button"),
        ("/gradients?race_iterations=10,000", ".st-key-race button"),
        ("/pitfalls?open_meta_step=true", ".st-key-run_meta_step button"),
        ("/parameter_space?space=The real network", ".st-key-walk_start button"),
        ("/notes", ".st-key-run_card button"),
        ("/your_tasks", ".st-key-judge button"),
    ],
)
def test_a_run_has_exactly_one_stop_from_its_start_to_its_end(path, start, open_page):
    page = open_page(path)
    page.locator(start).first.click()
    stop = page.locator('[class*="st-key-job_bar_"] button')
    expect(stop).to_be_visible()
    seen = set()
    for _ in range(40):
        seen.add(page.evaluate(STOPS))
        page.wait_for_timeout(50)
    assert seen in ({1}, {0, 1})  # a short run may have ended; there are never two
    if stop.is_visible() and stop.is_enabled():
        with contextlib.suppress(TooLate):  # it may end before the click comes
            stop.click(timeout=5_000)
    expect(page.locator('[class*="st-key-job_bar_"] button:enabled')).to_have_count(0)
