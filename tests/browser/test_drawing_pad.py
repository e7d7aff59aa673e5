"""Hands on the drawing pad: mouse, finger and keyboard; what is drawn stays, whatever the page does."""

import pytest
from playwright.sync_api import expect

from benchmarks.places import end
from tests.browser.conftest import start_app
from tests.browser.waiting import box_of, new_context, wait_until_idle

PAD = "canvas.pad"
SHARES = ".row .share"
# Ranking takes place in the browser: from pen up to the frame that shows it, and how often a frame shows it while it is down.
LISTENS = """board => {
    board.ups = []; board.frames = [];
    board.querySelector("canvas.pad").addEventListener("pointerup", () => { board.up = performance.now() }, true);
    board.addEventListener("frame", event => {
        const now = performance.now();
        board.frames.push(now);
        if (board.up && event.detail.path && !event.detail.isBusy) { board.ups.push(now - board.up); board.up = 0 }
    });
}"""


@pytest.fixture(scope="module")
def pad_app(tmp_path_factory):
    process, address = start_app(tmp_path_factory.mktemp("pad"), "tests/browser/pad_app.py")
    yield address
    end(process)


@pytest.fixture
def open_pad(pad_app, browser):
    """`open_pad(width, learner="means", **options)`: a pad in a fresh browser."""
    contexts = []

    def open_(width: int = 1280, learner: str = "means", **options):
        context, page = new_context(browser, viewport={"width": width, "height": 844}, **options)
        contexts.append(context)
        page.goto(f"{pad_app}?learner={learner}")
        wait_until_idle(page)
        page.locator(".board:not([inert])").wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()


def draw(page, *points: tuple[float, float], steps: int = 6) -> None:
    """A stroke by the mouse; points in shares of the pad."""
    box = box_of(page.locator(PAD))
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=steps)
    page.mouse.up()


def touch(page, *points: tuple[float, float]) -> None:
    """The same by a finger, as the browser itself hears it."""
    box = box_of(page.locator(PAD))
    places = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in points]
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": places[:1]})
    for place in places[1:]:
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


LINES = [((0.2, 0.2), (0.8, 0.8)), ((0.2, 0.5), (0.8, 0.5)), ((0.5, 0.2), (0.5, 0.8))]


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def expect_counts(page, *numbers: int) -> None:
    """So many examples of each class, as soon as a frame has shown it."""
    expect(page.locator(".row .count")).to_have_text([f"{number} of 5" for number in numbers])


def draw_three_classes(page, by=draw) -> None:
    """From the example to three classes of one's own, and a question like the second."""
    press(page, "Draw my own")
    for _ in range(2):
        press(page, "Remove the last")
    for line in LINES:
        by(page, *line)
        press(page, "Next")
    by(page, (0.15, 0.52), (0.85, 0.48))


def most_like(page) -> str:
    return page.locator(".verdict").inner_text()


def test_it_works_before_any_click(open_pad):
    page = open_pad()
    expect(page.locator(".verdict")).to_contain_text("Most like")
    expect_counts(page, 1, 1, 1, 1, 1)
    assert all("%" in share for share in page.locator(SHARES).all_inner_texts())
    expect(page.get_by_role("button", name="Draw my own")).to_be_visible()


def test_five_symbols_by_mouse_and_a_question(open_pad):
    page = open_pad()
    draw_three_classes(page)
    expect(page.locator(".verdict")).to_contain_text("Most like B")
    expect_counts(page, 1, 1, 1)
    expect(page.get_by_text("[1, 1, 1] and 1")).to_be_visible()  # Python has heard


def test_a_finger_draws_and_does_not_scroll(open_pad):
    page = open_pad(390, has_touch=True, is_mobile=True)
    scrolled = "document.querySelector('[data-testid=stMain]').scrollTop"
    draw_three_classes(page, by=touch)
    expect(page.locator(".verdict")).to_contain_text("Most like B")
    before = page.evaluate(scrolled)
    touch(page, (0.5, 0.9), (0.5, 0.5), (0.5, 0.1))
    assert page.evaluate(scrolled) == before
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_drawn_survives_a_rerun_and_a_reload(open_pad):
    page = open_pad()
    draw_three_classes(page)
    expect(page.get_by_text("[1, 1, 1] and 1")).to_be_visible()
    verdict = most_like(page)
    page.keyboard.press("r")  # Streamlit's own: run again
    wait_until_idle(page)
    assert most_like(page) == verdict
    expect_counts(page, 1, 1, 1)
    page.reload()
    wait_until_idle(page)
    expect(page.locator(".verdict")).to_have_text(verdict)
    expect_counts(page, 1, 1, 1)
    expect(page.get_by_text("[1, 1, 1] and 1")).to_be_visible()


def test_nothing_moves_or_resets_while_drawing(open_pad):
    page = open_pad()
    page.locator(PAD).evaluate("pad => { pad.mine = true }")
    parts = [page.locator(selector) for selector in (PAD, ".rows", ".verdict", ".strip")]
    places = [part.bounding_box() for part in parts]
    draw(page, (0.1, 0.1), (0.9, 0.2), (0.2, 0.9))
    page.wait_for_timeout(900)  # Python hears, and the page runs again
    wait_until_idle(page)
    draw(page, (0.5, 0.1), (0.5, 0.9))
    assert [part.bounding_box() for part in parts] == places
    assert page.locator(PAD).evaluate("pad => pad.mine === true"), "the same element all along"


def test_undo_erase_and_clear(open_pad):
    page = open_pad()
    draw_three_classes(page)
    seen = page.locator(".slot.query")
    press(page, "Clear drawing")
    expect(seen).to_have_attribute("aria-label", "The question, not drawn yet")
    press(page, "Undo")
    expect(seen).to_have_attribute("aria-label", "The question")
    press(page, "Eraser")
    draw(page, (0.5, 0.3), (0.5, 0.7), steps=20)
    expect(seen).to_have_attribute("aria-label", "The question, not drawn yet")
    press(page, "Eraser")
    press(page, "Undo")
    expect(seen).to_have_attribute("aria-label", "The question")
    press(page, "Clear class B")
    expect_counts(page, 1, 0, 1)
    press(page, "Clear all")
    expect_counts(page, 0, 0, 0)
    press(page, "Undo")
    press(page, "Undo")
    expect_counts(page, 1, 1, 1)


def test_several_examples_of_a_class(open_pad):
    page = open_pad()
    draw_three_classes(page)
    page.get_by_role("button", name="A, example 2, not drawn yet").click()
    draw(page, (0.1, 0.2), (0.9, 0.7))
    expect_counts(page, 2, 1, 1)
    press(page, "Add a class")
    expect_counts(page, 2, 1, 1, 0)


def test_drawings_beyond_the_first_are_held_back_and_asked_about(open_pad):
    page = open_pad()
    draw_three_classes(page)
    learn_from, score = page.locator(".holding select"), page.locator(".holding .score")
    expect(score).to_have_text("")
    learn_from.select_option("1")
    expect(score).to_contain_text("Draw more than 1 of a class")
    for way, line in enumerate(LINES):
        page.get_by_role("button", name=f"{'ABC'[way]}, example 2, not drawn yet").click()
        draw(page, *line)
    expect(score).to_have_text("Right about 3 of the 3 held back (100 %).")
    expect(page.get_by_role("button", name="A, example 2, held back, taken for A")).to_have_class("slot held hit")
    page.reload()
    wait_until_idle(page)
    expect(score).to_have_text("Right about 3 of the 3 held back (100 %).")
    expect(learn_from).to_have_value("1")
    learn_from.select_option("5")
    expect(score).to_have_text("")
    expect(page.locator(".slot.held")).to_have_count(0)


def test_the_bars_of_a_learner_that_steps_stand_after_any_step(open_pad):
    page = open_pad(learner="zero")
    step, shares = page.locator(".step input"), page.locator(SHARES)
    expect(page.locator(".legend .when")).to_have_text("after step 4 of 4")
    after = shares.all_inner_texts()
    step.fill("0")
    expect(page.locator(".legend .when")).to_have_text("after step 0 of 4")
    expect(shares).to_have_text(["20 %"] * 5)  # nothing is known of the task
    step.press("End")
    expect(shares).to_have_text(after)
    expect(open_pad().locator(".step")).to_be_hidden()


def test_by_keyboard_alone(open_pad):
    page = open_pad()
    page.locator(PAD).focus()
    page.keyboard.press("Delete")
    expect(page.locator(".slot.query")).to_have_attribute("aria-label", "The question, not drawn yet")
    page.keyboard.press("Space")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator(".slot.query")).to_have_attribute("aria-label", "The question")
    expect(page.locator(".verdict")).to_contain_text("%")
    page.keyboard.press("2")
    expect(page.locator(".target")).to_have_text("class B, example 2")
    page.keyboard.press("q")
    page.keyboard.press("Control+z")
    expect(page.locator(".slot.query")).to_have_attribute("aria-label", "The question, not drawn yet")


@pytest.mark.parametrize("learner", ["means", "zero"])
def test_bars_live_while_the_pen_is_down_and_soon_after_it_is_up(open_pad, learner):
    page = open_pad(learner=learner)
    page.locator(".board").evaluate(LISTENS)
    for turn in range(20):
        draw(page, (0.3, 0.2 + turn / 100), (0.7, 0.3), (0.4, 0.8), steps=10)
    ups, frames = page.locator(".board").evaluate("board => [board.ups, board.frames]")
    assert len(ups) >= 15 and sorted(ups)[int(0.95 * (len(ups) - 1))] < 300
    assert len(frames) > 5 * (frames[-1] - frames[0]) / 1000, "at least five a second"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ink_can_be_seen_in_both_themes(open_pad, scheme):
    page = open_pad(color_scheme=scheme)
    draw(page, (0.2, 0.5), (0.8, 0.5))
    ink, paper = page.locator(PAD).evaluate(
        """pad => {
            const pixel = pad.getContext("2d").getImageData(pad.width / 2, pad.height / 2, 1, 1).data;
            const probe = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
            probe.fillStyle = getComputedStyle(pad).backgroundColor;
            probe.fillRect(0, 0, 1, 1);
            const luminance = ([r, g, b]) => (r + g + b) / 3;
            return [luminance(pixel), luminance(probe.getImageData(0, 0, 1, 1).data)];
        }"""
    )
    assert abs(ink - paper) > 120
