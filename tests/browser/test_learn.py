"""The Learn page in a real browser: a question answered by acting, by mouse and by keyboard, all of it in the first screen."""

import json
import re

import pytest
from playwright.sync_api import expect

from dashboard.page_parts.learn.lessons import LESSONS
from tests.browser.test_history import go
from tests.browser.waiting import box_of, middle, wait_until_charts_stand, wait_until_idle, wait_until_it_fits

MAIN = '[data-testid="stMain"]'
STEP = ".st-key-step"
VERDICT = f'{STEP} [data-testid="stAlert"]'
# What the first screen holds.
PARTS = {
    "question": f'{STEP} [data-testid="stMarkdown"]',
    "picture": f'{STEP} .stage, {STEP} [data-testid="stPlotlyChart"]',
    "verdict": VERDICT,
}


def plane(page, key):
    return page.locator(f".st-key-_plane_widget_{key}")


def now(page, key):
    page.wait_for_selector(f".st-key-_plane_widget_{key} .plane[data-now]")
    return json.loads(plane(page, key).locator(".plane").get_attribute("data-now"))


def heading(page, number):
    return page.get_by_role("heading", name=f"{number}. {LESSONS[number - 1].title}", exact=True)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_every_step_begins_at_the_top_with_question_picture_and_verdict_in_view(open_page, width, height):
    """From the first to the last by On, which stands at the bottom."""
    page = open_page("/learn", width=width, height=height)
    for number in range(1, len(LESSONS) + 1):
        heading(page, number).wait_for()
        wait_until_idle(page)
        wait_until_charts_stand(page)
        assert page.locator(MAIN).evaluate("main => main.scrollTop") == 0
        for name, selector in PARTS.items():
            part = page.locator(selector).first
            part.wait_for()
            box = part.bounding_box()
            assert box["y"] >= 0 and box["height"] > 20, (number, name, box)
            assert box["y"] + box["height"] <= height, (number, name, box)
        if (number, width) == (1, 1280):  # and both loops
            box = page.locator(f"{STEP} .loops").first.bounding_box()
            assert box["y"] + box["height"] <= height, box
        if number < len(LESSONS):
            on = page.get_by_role("button", name=f"On: {LESSONS[number].title}")
            on.scroll_into_view_if_needed()
            assert page.locator(MAIN).evaluate("main => main.scrollTop") > 100
            on.click()


def test_who_presses_on_with_a_key_goes_on_from_the_top(open_page):
    page = open_page("/learn?lesson=4")
    page.get_by_role("button", name="On: ").press("Enter")
    heading(page, 5).wait_for()
    page.wait_for_function("document.activeElement.dataset.testid === 'stMain'")
    page.wait_for_url("**lesson=5*")


def test_what_the_page_does_for_me_does_not_count_and_a_reload_keeps_that(open_page):
    page = open_page("/learn?lesson=5")
    page.get_by_role("button", name="Do it for me").click()
    expect(page.locator(VERDICT)).to_contain_text("Done for you")
    expect(page.get_by_text("0 of 8 answered, 1 done for you")).to_be_visible()
    page.wait_for_url("**learn_done=5*")
    assert "answered=" not in page.url
    page.reload()
    wait_until_idle(page)
    expect(page.locator(VERDICT)).to_contain_text("Done for you")
    page.get_by_role("button", name="Reset this step").click()
    expect(page.locator(VERDICT)).to_contain_text("Not there yet.")


def test_six_points_say_why_they_do_not_count(open_page):
    page = open_page("/learn")
    for _ in range(5):
        page.get_by_role("button", name="Add point").click()
    expect(page.locator(VERDICT)).to_contain_text("6 points are more than the 5 that are allowed")
    expect(page.locator(VERDICT)).not_to_contain_text("Answered.")


def test_a_step_shows_the_controls_that_it_uses(open_page):
    """And what it does not use answers neither to the pointer nor to the Tab key."""
    page = open_page("/learn")
    assert shown(page) == {"Add point", "Remove point", "SVG", "PNG", "CSV"}
    assert page.locator(f"{STEP} .handle.point").is_enabled()
    assert not page.locator(f"{STEP} .handle.wave").first.is_visible()
    page = open_page("/learn?lesson=2")
    assert shown(page) == {"Inner step size α = 0.001", "SVG", "PNG", "CSV"}
    assert not page.locator(f"{STEP} .handle.point").first.is_enabled()
    page = open_page("/learn?lesson=5")
    now(page, "learn_jacobian")
    assert shown(page) == {"Inner step size α", "SVG", "PNG"}
    assert plane(page, "learn_jacobian").get_by_label("Theta, the start").get_attribute("tabindex") == "-1"


def shown(page) -> set[str]:
    """What the buttons and the sliders of the picture are called."""
    page.locator(f"{STEP} .in-lesson").wait_for()
    found = page.locator(f"{STEP} .in-lesson :is(button:not(.handle):not(.name), input[type=range])")
    name_of = "each => each.ariaLabel || each.labels?.[0]?.innerText || each.innerText"
    return {name.strip() for name in found.evaluate_all(f"all => all.filter(each => each.checkVisibility()).map({name_of})")}


def test_the_step_and_its_bench_are_there_again_after_another_page(open_page):
    page = open_page("/learn?lesson=8")
    page.get_by_role("button", name="Add point").click()
    expect(page.locator(VERDICT)).to_contain_text("6 points lie in the picture")
    page.wait_for_url("**learn_limits=*")
    spelled = re.search(r"learn_limits=([^&]+)", page.url)[1]
    go(page, "Notes")
    assert "learn_limits" not in page.url
    go(page, "Learn")
    heading(page, 8).wait_for()
    expect(page.locator(VERDICT)).to_contain_text("6 points lie in the picture")
    page.wait_for_url(f"**learn_limits={spelled}*")
    assert "lesson=8" in page.url


def test_the_second_order_question_is_answered_with_the_arrow_keys(open_page):
    page = open_page("/learn?lesson=5")
    expect(page.locator(VERDICT)).to_contain_text("Not there yet.")
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
