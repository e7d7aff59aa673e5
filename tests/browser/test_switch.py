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


def test_the_link_is_copied_as_it_stands_or_shown_to_be_copied(open_page):
    page = open_page("/your_tasks")
    page.get_by_role("radio", name="Over its spread").click()
    page.wait_for_url("**error_in=*")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.split("?")[0] == page.url.split("?")[0] and "error_in=Over+its+spread" in copied and "v=" in copied

    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()  # it says what it does again
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_label("The link")
    expect(field).to_have_value(copied)
    assert field.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == copied


def test_where_plotly_is_out_of_reach_python_draws(listened, frames):
    page = listened("/your_tasks")
    page.evaluate("delete window.Plotly")
    frames.clear()
    page.get_by_role("radio", name="Over its spread").click()
    page.wait_for_function(f"() => {AXIS}?.includes('spread')")
    assert frames and "error_in=Over+its+spread" in page.url
