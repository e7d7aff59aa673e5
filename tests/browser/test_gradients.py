"""The Gradients page in a real browser: numbers read from the page."""

import time

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.waiting import wait_until_it_fits

ANGLE = """[...document.querySelectorAll('[data-testid="stMetric"]')]
    .find(metric => metric.innerText.includes("Angle")).innerText.split("\\n").pop()"""


def angle(page) -> str:
    return page.evaluate(ANGLE)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_stands_at_both_widths_and_in_both_themes(open_page, width, scheme):
    page = open_page("/gradients", width=width, scheme=scheme)
    expect(page.locator('[data-testid="stPlotlyChart"]')).to_have_count(11)
    wait_until_it_fits(page, width)
    expect(page.get_by_text("Yes: relative error")).to_be_visible()
    assert angle(page).endswith("°")


def test_a_link_says_what_is_shown(open_page):
    page = open_page("/gradients?inner_steps=3&adapt_lr=0.0002&seed=4")
    first = angle(page)
    assert 0 < float(first.removesuffix("°")) < 60
    other = open_page("/gradients?inner_steps=3&adapt_lr=0.001&seed=4")
    assert float(angle(other).removesuffix("°")) > float(first.removesuffix("°"))


@pytest.mark.acceptance
def test_a_sidebar_change_is_answered_within_300_ms(open_page):
    page = open_page("/gradients", ready=False)
    page.get_by_text("Yes: relative error").wait_for(timeout=180_000)  # all is compiled
    page.locator('[data-testid="stSidebar"] input[type="range"]').first.focus()
    seconds = []
    for index in range(30):
        before = angle(page)
        began = time.perf_counter()
        page.keyboard.press("ArrowLeft" if index % 6 < 3 else "ArrowRight")
        page.wait_for_function(f"({ANGLE}) !== {before!r}", polling="raf")
        seconds.append(time.perf_counter() - began)
        page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    print(f"95th percentile {np.percentile(seconds, 95):.3f} s, median {np.median(seconds):.3f} s")
    assert np.percentile(seconds, 95) <= 0.3
