"""The Learn page in a real browser: a question answered by acting, by mouse and by keyboard."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.waiting import box_of, middle, wait_until_it_fits


def plane(page, key):
    return page.locator(f".st-key-_plane_widget_{key}")


def now(page, key):
    page.wait_for_selector(f".st-key-_plane_widget_{key} .plane[data-now]")
    return json.loads(plane(page, key).locator(".plane").get_attribute("data-now"))


def test_the_second_order_question_is_answered_with_the_arrow_keys(open_page):
    page = open_page("/learn?lesson=5")
    expect(page.get_by_text("Not there yet.")).to_be_visible()
    slider = plane(page, "learn_jacobian").get_by_role("slider", name="Inner step size α")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    page.get_by_text("Answered.", exact=True).wait_for()
    assert now(page, "learn_jacobian")["inner_lr"] > 0.5
    page.wait_for_function("() => location.search.includes('answered=5')")


def test_the_outer_loop_is_done_by_hand(open_page):
    """Theta is dragged onto the star, which the picture shows."""
    page = open_page("/learn?lesson=3")
    place = plane(page, "learn_loops")
    handle = place.get_by_label("Theta, the start").locator(".dot")
    star = place.locator(".stage g polygon").last
    now(page, "learn_loops")  # it is drawn
    box_of(place.locator(".stage"))
    start, end = middle(handle), middle(star)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=10)
    page.mouse.up()
    page.get_by_text("Answered.", exact=True).wait_for()
    page.get_by_role("button", name="On: The meta-objective").click()
    page.get_by_text("4. The meta-objective").wait_for()
    page.wait_for_url("**lesson=4*")


@pytest.mark.parametrize(("lesson", "width", "scheme"), [(1, 390, "dark"), (5, 390, "light"), (6, 1280, "dark")])
def test_the_lessons_stand_at_both_widths_and_in_both_themes(open_page, lesson, width, scheme):
    page = open_page(f"/learn?lesson={lesson}", width=width, scheme=scheme)
    wait_until_it_fits(page, width)
    assert page.locator(".katex-error").count() == 0
