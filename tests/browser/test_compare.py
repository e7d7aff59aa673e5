"""The Compare page in a real browser: a short comparison, its numbers read from the page."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.waiting import wait_until_idle, wait_until_it_fits


def said(page, start: str) -> str:
    """What a figure whose alternative text begins with `start` tells somebody who does not see it."""
    return page.locator(f'[aria-label^="{start}"]').first.get_attribute("aria-label")


def loss_of(page, name: str) -> float:
    return float(re.search(rf"{re.escape(name)} ([\d.]+)", said(page, "Mean loss after")).group(1))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_stands_at_both_widths_and_in_both_themes(open_page, width, scheme):
    page = open_page("/compare", width=width, scheme=scheme)
    expect(page.locator('[data-testid="stPlotlyChart"]')).to_have_count(4)
    wait_until_it_fits(page, width)
    assert loss_of(page, "Oracle") < loss_of(page, "MAML") < loss_of(page, "Pretrained")


def test_two_methods_race_and_the_link_shows_how_it_went(open_page):
    link = "/compare?methods=MAML&methods=ANIL&amount_iterations=200&hidden_dim=10&after=2"
    page = open_page(link)
    page.locator(".st-key-compare button").click()
    page.locator('[aria-label^="Held-out loss after 2 steps"]').first.wait_for(timeout=120_000)
    expect(page.locator('[class*="st-key-job_bar_"] button:enabled')).to_have_count(0)  # Stop: it has ended
    wait_until_idle(page)  # until then charts of a look before stand beside those of the end
    expect(page.locator('[data-testid="stPlotlyChart"]')).to_have_count(5)
    maml, anil = loss_of(page, "MAML"), loss_of(page, "ANIL")
    assert f"MAML {maml:.2f}" in said(page, "Held-out loss after 2 steps")
    difference = re.search(r"(ANIL|MAML) ([+-][\d.]+)", said(page, "Paired differences"))
    sign = 1 if difference.group(1) == "ANIL" else -1
    assert float(difference.group(2)) == pytest.approx(sign * (anil - maml), abs=0.02)
    other = open_page("/compare" + page.url.split("/compare")[1])
    assert loss_of(other, "MAML") == maml
