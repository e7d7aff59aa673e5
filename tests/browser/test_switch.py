"""Switches in a real browser: the picture changes, the address says so, and nothing is sent."""

import pytest
from playwright.sync_api import expect

from tests.browser.waiting import wait_until_idle

AXIS = "document.querySelector('.st-key-errors .js-plotly-plot')?._fullLayout?.xaxis.title.text"


@pytest.fixture
def frames():
    """What browsers have sent through their WebSockets since they were listened to."""
    return []


@pytest.fixture
def listened(open_page, frames):
    """`listened(path)`: a page whose frames are counted."""

    def open_(path):
        page = open_page("/", ready=False)
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: frames.append(frame)))
        page.goto(page.url.rstrip("/") + path)
        wait_until_idle(page)
        page.wait_for_selector(".js-plotly-plot .main-svg")
        page.wait_for_load_state("networkidle")
        return page

    return open_


def test_a_switch_sends_nothing_and_lives_on_in_the_address(listened, frames):
    page = listened("/your_tasks")
    page.wait_for_function(f"() => {AXIS}?.includes('vibration')")
    assert len(frames) > 0
    frames.clear()
    page.get_by_role("radio", name="Over its spread").click()
    page.wait_for_function(f"() => {AXIS}?.includes('spread')")
    expect(page.get_by_role("radio", name="Over its spread")).to_be_checked()
    page.wait_for_timeout(500)  # what is sent is sent by now
    assert frames == [] and "error_in=Over+its+spread" in page.url

    page.get_by_text("Quick look", exact=True).click()  # Python runs, and draws what is shown
    page.wait_for_url("**effort=Quick+look*")
    wait_until_idle(page)
    assert frames and "error_in=Over+its+spread" in page.url
    page.wait_for_function(f"() => {AXIS}?.includes('spread')")
    page.reload()
    wait_until_idle(page)
    page.wait_for_function(f"() => {AXIS}?.includes('spread')")
    expect(page.get_by_role("radio", name="Over its spread")).to_be_checked()

    page.get_by_role("radio", name="Over its spread").press("ArrowRight")
    page.wait_for_function(f"() => {AXIS}?.includes('vibration')")
    expect(page.get_by_role("radio", name="In its own units")).to_be_focused()
    assert "error_in" not in page.url


def test_where_plotly_is_out_of_reach_python_draws(listened, frames):
    page = listened("/your_tasks")
    page.evaluate("delete window.Plotly")
    frames.clear()
    page.get_by_role("radio", name="Over its spread").click()
    page.wait_for_function(f"() => {AXIS}?.includes('spread')")
    assert frames and "error_in=Over+its+spread" in page.url
