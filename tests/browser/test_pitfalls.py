"""The Pitfalls page in a real browser: a cell is clicked, a card opened, a link followed."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.waiting import box_of, wait_until_charts_stand, wait_until_idle, wait_until_it_fits


def place_of(page, row, column):
    """The middle of a cell of the map."""
    box_of(page.locator(".st-key-map .js-plotly-plot"))
    return page.evaluate(
        """([row, column]) => {
            const plot = document.querySelector('.st-key-map .js-plotly-plot'), layout = plot._fullLayout
            const box = plot.getBoundingClientRect()
            const along = (axis, value) => axis._offset + axis.d2p(value)
            return [box.x + along(layout.xaxis, column), box.y + along(layout.yaxis, row)]
        }""",
        [row, column],
    )


def click_cell(page, row, column):
    place = place_of(page, row, column)
    page.mouse.move(*place)
    page.mouse.click(*place)


def test_a_tap_on_a_cell_opens_that_cell(open_page):
    """On a touch screen no pointer hovers before it presses, and Plotly takes the cell that was last hovered over."""
    page = open_page("/pitfalls", width=390, has_touch=True, is_mobile=True)
    for row, column, words in (
        (4, 7, "α = 0.002 and 7 steps"),
        (2, 2, "α = 0.0005 and 2 steps"),
        (3, 10, "α = 0.001 and 10 steps"),
    ):
        page.touchscreen.tap(*place_of(page, row, column))
        expect(page.get_by_role("link", name=f"Train with {words}")).to_be_visible()
        wait_until_idle(page)


def test_a_click_on_a_cell_opens_it_and_its_link_opens_train(open_page):
    page = open_page("/pitfalls")
    expect(page.locator(".st-key-map .js-plotly-plot")).to_be_visible()
    click_cell(page, 4, 7)  # the fifth size
    link = page.get_by_role("link", name="Train with α = 0.002 and 7 steps")
    expect(link).to_be_visible()
    wait_until_idle(page)
    box_of(link)
    with page.context.expect_page() as opened:
        link.click()
    train = opened.value
    expect(train.locator(".st-key-inner_steps input")).to_have_value("7", timeout=60_000)
    expect(train.locator(".st-key-inner_lr")).to_contain_text("0.002")
    assert "/train?" in train.url


def test_a_card_opens_and_its_link_opens_the_broken_run(open_page):
    page = open_page("/pitfalls")
    page.get_by_text("No task diversity").click()
    expect(page.get_by_text("Tasks that are nearly alike can be learned by heart")).to_be_visible()
    page.wait_for_url(re.compile("open_no_diversity=true"))
    wait_until_idle(page)  # the address is there before the card is
    wait_until_charts_stand(page)  # a chart that is drawn above it moves the link away from under the mouse
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the broken run in Train").click()
    train = opened.value
    expect(train.locator(".st-key-amplitude input")).to_have_value("4,5", timeout=60_000)
    expect(train.locator(".st-key-phase input")).to_have_value("0,0.5")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_telephone(open_page, scheme):
    page = open_page("/pitfalls?open_step_too_large=true", width=390, scheme=scheme)
    expect(page.locator(".st-key-sizes_step_too_large .js-plotly-plot")).to_be_visible()
    wait_until_it_fits(page, 390)
