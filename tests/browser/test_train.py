"""The Train page in a real browser: numbers are read from the page, no pixels."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.waiting import wait_until_charts_stand, wait_until_idle, wait_until_it_fits

SMALL = "meta_batch_size=4&hidden_dim=8"
# Long enough to be caught in the act on any machine, and stopped by the test.
LONG = f"{SMALL}&num_iterations=10000000"


def train(page):
    page.locator(".st-key-train button").click()


def numbers(page):
    """What the page's metrics say, by their labels; all of one moment, as a run goes on."""
    metrics = page.locator('[data-testid="stMetric"]')
    expect(metrics.first).to_be_visible(timeout=180_000)
    said = metrics.evaluate_all(
        """metrics => metrics.map(metric => ["Label", "Value"].map(
            part => metric.querySelector(`[data-testid="stMetric${part}"]`).innerText.trim()
        ))"""
    )
    return {label: float(value) for label, value in said}


def points(page, chart):
    """How many points the lines of a chart have."""
    return page.evaluate(
        "key => document.querySelector(`.st-key-${key} .js-plotly-plot`)?.data?.map(line => line.x.length ?? 0) ?? []", chart
    )


def test_nothing_that_a_link_says_is_a_link_on_the_page(open_page):
    page = open_page("/train?method=http://a.org&model=www.a.org&loss=me@a.org&tasks=%5Ba%5D(https://a.org)")
    notes = page.locator('[data-testid="stAlert"]').filter(has_text="set aside")
    expect(notes).to_have_count(4)
    expect(notes.locator("a")).to_have_count(0)


def test_the_page_opens_with_the_shipped_learner(open_page):
    page = open_page("/train")
    expect(page.get_by_role("heading", name="Train")).to_be_visible()
    expect(page.locator(".st-key-shipped_curve .js-plotly-plot")).to_be_visible()
    expect(page.locator(".st-key-shipped_family .js-plotly-plot")).to_be_visible()
    expect(
        page.locator('[data-testid="stSidebarNav"]').get_by_role("link", name="Gradients")
    ).to_be_visible()  # the app's own navigation


def test_a_run_is_trained_to_its_end(open_page):
    page = open_page(f"/train?{SMALL}&num_iterations=200")
    train(page)
    expect(page.get_by_text("Take it along")).to_be_visible(timeout=240_000)
    wait_until_idle(page)
    expect(page.get_by_text("200 of 200 iterations")).to_be_visible()
    shown = numbers(page)
    assert set(shown) == {"Meta-loss", "Held out, before", "After 1 step", "After 10 steps"}
    assert all(0 < value < 100 for value in shown.values())
    expect(page.locator(".st-key-fan .js-plotly-plot")).to_be_visible()
    wait_until_charts_stand(page)
    assert len(points(page, "fan")) == 11
    assert re.search(r"[?&]job=[\w-]{16}", page.url)
    with page.expect_download() as download:
        page.get_by_role("button", name="Python script").click()
    assert "num_iterations=200" in Path(download.value.path()).read_text()


def test_stop_ends_the_run_and_keeps_what_was_learned(open_page):
    page = open_page(f"/train?{LONG}")
    train(page)
    numbers(page)  # it has begun
    page.locator(".st-key-stop button").click()
    expect(page.get_by_text(re.compile("Stopped at iteration [0-9]+"))).to_be_visible()
    expect(page.get_by_text("Take it along")).to_be_visible()


def test_a_reload_finds_the_run_again_and_it_goes_on(open_page):
    page = open_page(f"/train?{LONG}")
    train(page)
    numbers(page)
    page.wait_for_url(re.compile("job="))
    address = page.url
    page.reload()
    numbers(page)
    assert page.url == address
    first = _iteration(page)
    page.wait_for_function(f"before => ![undefined, before].includes({ITERATION})", arg=first)
    page.locator(".st-key-stop button").click()
    expect(page.get_by_text("Take it along")).to_be_visible()


ITERATION = "document.body.innerText.match(/([0-9,]+) of 10,000,000/)?.[1]"


def _iteration(page):
    return page.wait_for_function(ITERATION).json_value()


def test_a_bad_value_is_answered_with_one_sentence(open_page):
    page = open_page("/train")
    field = page.locator(".st-key-inner_steps input")
    field.fill("-1")
    field.press("Enter")
    expect(page.locator('[data-testid="stAlert"]')).to_contain_text("inner_steps must be a whole number ≥ 0")
    expect(page.locator(".st-key-shipped_curve .js-plotly-plot")).to_be_visible()


def test_a_link_with_bad_values_opens_with_the_defaults(open_page):
    page = open_page("/train?inner_lr=abc&k_shot=0&meta_lr=0.0123&utm_source=mail")
    alerts = " ".join(page.locator('[data-testid="stAlert"]').all_inner_texts())
    assert "inner_lr" in alerts
    assert "k_shot" in alerts
    assert "utm_source" in alerts
    expect(page.locator(".st-key-meta_lr")).to_contain_text("0.0123")
    assert "inner_lr" not in page.url
    assert "meta_lr=0.0123" in page.url


def test_values_go_along_to_other_pages_and_back(open_page):
    page = open_page("/train?meta_lr=0.0123")
    page.locator('[data-testid="stSidebarNav"]').get_by_role("link", name="Home").click()
    page.wait_for_url(re.compile(r"/\?.*meta_lr=0\.0123"))
    wait_until_idle(page)
    page.reload()
    wait_until_idle(page)
    page.locator('[data-testid="stSidebarNav"]').get_by_role("link", name="Train").click()
    expect(page.locator(".st-key-meta_lr")).to_contain_text("0.0123")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_telephone(open_page, scheme):
    page = open_page("/train", width=390, scheme=scheme)
    expect(page.locator(".st-key-shipped_family .js-plotly-plot")).to_be_visible()
    wait_until_it_fits(page, 390)
