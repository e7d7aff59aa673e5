"""The bench in a real browser: one check of its mathematics against the engine, and every way to move something."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from benchmarks.places import end
from dashboard.engine_calls import sine_bench
from tests.browser.bench_learners import SCENE, learners
from tests.browser.benches import BENCH, card, drag, losses, measure, percentile_95, point, read_losses, wait_for_python
from tests.browser.conftest import start_app
from tests.browser.waiting import box_of, middle, new_context, wait_until_idle

PARITY = 1e-4
MAML = "MAML"


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    """The address of a page with one learner of each kind."""
    process, address = start_app(tmp_path_factory.mktemp("bench"), script="tests/browser/bench_app.py")
    yield address
    end(process)


@pytest.fixture
def every_kind(laboratory, browser):
    context, page = new_context(browser, viewport={"width": 1280, "height": 1200})
    page.goto(laboratory)
    wait_until_idle(page)
    wait_for_python(page)
    yield page
    context.close()


def curves_after_ten_steps(page) -> dict[str, list[float]]:
    """What the page has computed, by the learners' names: from the frame that a tenth step asks for."""
    page.locator(BENCH).evaluate("bench => bench.addEventListener('frame', event => { bench.last = event.detail.curves })")
    page.get_by_role("slider", name="Gradient steps").press("ArrowRight")
    page.wait_for_function("bench => bench.last?.shipped?.[10]", arg=page.locator(BENCH).element_handle())
    return page.locator(BENCH).evaluate(
        "bench => Object.fromEntries(Object.entries(bench.last).map(([name, curves]) => [name, Array.from(curves[10])]))"
    )


def test_the_browser_and_the_engine_agree_after_ten_steps(every_kind):
    made = learners()
    answers = sine_bench.answers(SCENE, made)
    curves = curves_after_ten_steps(every_kind)
    assert set(curves) == set(made)
    apart = {name: float(np.abs(np.array(curves[name]) - answers[name].path[10]).max()) for name in made}
    print("\nfarthest apart after ten steps:", ", ".join(f"{name} {gap:.1e}" for name, gap in apart.items()))
    assert max(apart.values()) < PARITY
    moved = {name: float(np.abs(answers[name].path[10] - answers[name].path[0]).max()) for name in made}
    assert min(moved.values()) > 100 * PARITY  # what was compared has gone somewhere
    for name in made:
        assert re.search("computed by JAX" if name == "by_python" else "✓ confirmed", card(every_kind, name).inner_text())


def test_a_learner_that_python_computes_answers_when_the_visitor_lets_go(every_kind):
    page = every_kind
    wait_for_python(page)
    before = card(page, "by_python").locator(".loss").inner_text()
    assert "IMAML" in page.locator(f"{BENCH} .hint").inner_text()
    x, y = middle(point(page, 3))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y + 60, steps=4)
    says(page, "answers when you let go")
    expect(page.locator(f"{BENCH} path.stale")).to_have_count(1)
    page.mouse.up()
    wait_for_python(page)
    expect(page.locator(f"{BENCH} path.stale")).to_have_count(0)
    assert card(page, "by_python").locator(".loss").inner_text() != before


def test_a_point_is_dragged_and_python_confirms(open_page):
    page = open_page("/")
    wait_for_python(page)
    old = losses(page, MAML)
    drag(page, point(page, 1), 30, -120)
    wait_for_python(page)
    assert losses(page, MAML)[1] > 2 * old[1]
    page.wait_for_url("**home_bench=1*")
    assert re.search(r"above the wave", point(page, 1).get_attribute("aria-label"))
    again = open_page(page.evaluate("location.pathname + location.search"))
    wait_for_python(again)
    assert losses(again, MAML) == losses(page, MAML)
    assert point(again, 1).get_attribute("aria-label") == point(page, 1).get_attribute("aria-label")


def test_the_wave_is_dragged_and_its_points_follow(open_page):
    page = open_page("/")
    wait_for_python(page)
    drag(page, page.locator(f"{BENCH} .handle.phase"), 60, 5)
    drag(page, page.locator(f"{BENCH} .handle.amplitude"), 0, 40)
    wait_for_python(page)
    assert all("on the wave" in label for label in labels(page))
    phase = page.get_by_role("slider", name="Phase of the wave")
    amplitude = page.get_by_role("slider", name="Amplitude of the wave")
    assert float(phase.get_attribute("aria-valuenow")) < 0.6 or float(phase.get_attribute("aria-valuenow")) > 6
    assert 0.1 <= float(amplitude.get_attribute("aria-valuenow")) != 3.0


def says(page, words: str) -> None:
    """Waits until the bench does."""
    page.locator(BENCH).get_by_text(words).first.wait_for()


def labels(page) -> list[str]:
    return page.locator(f"{BENCH} .handle.point").evaluate_all("points => points.map(point => point.ariaLabel)")


def test_everything_by_keyboard(open_page):
    page = open_page("/")
    wait_for_python(page)
    handle = page.get_by_role("button", name="Support point 2 of 5")
    handle.focus()
    x = float(re.search(r"x (-?[\d.]+)", handle.get_attribute("aria-label"))[1])
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowUp"):
        page.keyboard.press(key)
    label = page.get_by_role("button", name="Support point 2 of 5").get_attribute("aria-label")
    assert float(re.search(r"x (-?[\d.]+)", label)[1]) == pytest.approx(x + 0.2, abs=0.011)
    assert "0.60 above the wave" in label
    assert "Support point 2" in page.locator(f"{BENCH} .live").inner_text()
    page.wait_for_url("**home_bench=1*")
    page.keyboard.press("Delete")
    assert len(labels(page)) == 4 and "Removed" in page.locator(f"{BENCH} .live").inner_text()
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.ariaLabel").startswith("Support point 2 of 4")
    page.get_by_role("slider", name="Amplitude of the wave").press("ArrowUp")
    page.get_by_role("button", name="Add point").press("Enter")
    assert len(labels(page)) == 5 and labels(page)[-1].endswith("on the wave")
    wait_for_python(page)
    before, after = losses(page, MAML)
    page.get_by_role("slider", name="Gradient steps").press("Home")
    says(page, "k = 0")
    assert losses(page, MAML) == (before, before) != (before, after)


# The script of a component arrives when the test says so.
SCRIPTS_WAIT = """
window.scriptsMayRun = new Promise(go => { window.runScripts = go });
const urlOf = URL.createObjectURL.bind(URL);
URL.createObjectURL = blob => blob.type !== "text/javascript" ? urlOf(blob) : urlOf(
  new Blob([`await window.scriptsMayRun; export { default } from "${urlOf(blob)}";`], { type: blob.type })
);
"""


def test_the_bench_is_there_once_however_fast_python_answers(app, browser):
    """Twice before its script has arrived; a visitor's changes in quick succession do the same on a busy machine."""
    context, page = new_context(browser, viewport={"width": 1280, "height": 900})
    page.add_init_script(SCRIPTS_WAIT)
    page.goto(app)
    wait_until_idle(page)
    page.get_by_role("button", name="Other points").click()
    expect(page.get_by_role("spinbutton", name="Seed of the points")).to_have_value("18")
    wait_until_idle(page)
    page.evaluate("runScripts()")
    expect(page.locator(f"{BENCH} .handle.point")).to_have_count(5)
    page.get_by_role("button", name="Add point").press("Enter")
    page.wait_for_url("**home_bench=*")
    wait_for_python(page)
    expect(page.locator(f"{BENCH} .handle.point")).to_have_count(6)
    for name in ("Amplitude of the wave", "Phase of the wave, radians"):
        expect(page.get_by_role("slider", name=name)).to_have_count(1)
    context.close()


def test_double_click_adds_a_point_where_it_is_and_never_too_many(open_page):
    page = open_page("/")
    wait_for_python(page)
    box = box_of(page.locator(f"{BENCH} .stage"))
    page.mouse.dblclick(box["x"] + 0.6 * box["width"], box["y"] + 0.9 * box["height"])
    assert len(labels(page)) == 6 and "below the wave" in labels(page)[-1]
    button = page.get_by_role("button", name="Add point")
    while button.is_enabled():
        button.click()
    assert len(labels(page)) == 20


def test_a_tap_adds_a_point_and_a_finger_drags_it(app, browser):
    context, page = new_context(browser, viewport={"width": 390, "height": 900}, has_touch=True, is_mobile=True)
    page.goto(app)
    wait_until_idle(page)
    wait_for_python(page)
    box = box_of(page.locator(f"{BENCH} .stage"))
    page.touchscreen.tap(box["x"] + 0.6 * box["width"], box["y"] + 0.85 * box["height"])
    assert len(labels(page)) == 6
    old = labels(page)[-1]
    x, y = middle(point(page, 6))
    finger = context.new_cdp_session(page)
    for kind, at in (("touchStart", [(x, y)]), ("touchMove", [(x, y - 15)]), ("touchMove", [(x, y - 60)]), ("touchEnd", [])):
        touches = [{"x": left, "y": top} for left, top in at]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    wait_for_python(page)
    assert labels(page)[-1] != old
    assert page.locator(f"{BENCH} .handle").first.bounding_box()["width"] == 44
    context.close()


def test_learners_are_switched_off_and_another_ones_steps_are_drawn(open_page):
    page = open_page("/")
    page.get_by_role("checkbox", name="Show Random initialisation").uncheck()
    page.get_by_role("button", name="Pretrained on all tasks").click()
    page.wait_for_url("**fpretrained*")
    assert "hrandom" in page.url
    wait_until_idle(page)
    expect(page.locator(f"{BENCH} path.after")).to_have_count(2)
    expect(card(page, "Random").locator(".loss")).to_have_text("–")
    page.get_by_role("button", name="Reset the bench").click()
    page.wait_for_url(lambda address: "home_bench" not in address)
    wait_until_idle(page)
    expect(page.locator(f"{BENCH} path.after")).to_have_count(3)


def test_a_step_size_that_is_too_long_diverges_without_a_word_in_the_console(open_page):
    page = open_page("/")
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    rate = page.get_by_role("slider", name="Inner step size")
    rate.press("End")
    says(page, "α = 1")
    wait_for_python(page)
    assert losses(page, MAML)[1] == float("inf") and errors == []
    expect(page.get_by_text("too long a step for MAML")).to_be_visible()


def test_nothing_shifts_while_a_point_is_dragged(open_page):
    page = open_page("/")
    wait_for_python(page)
    x, y = middle(point(page, 1))
    height = box_of(page.locator(BENCH))["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    for down in range(-200, 200, 40):
        page.mouse.move(x, y + down)
        assert page.locator(BENCH).bounding_box()["height"] == height
    page.mouse.up()


def saved(page, kind, path):
    with page.expect_download() as download:
        page.locator(f'{BENCH} [data-save="{kind}"]').click()
    download.value.save_as(path / "saved")
    return (path / "saved").read_bytes()


def test_the_numbers_are_saved(open_page, tmp_path):
    page = open_page("/")
    wait_for_python(page)
    rows = saved(page, "csv", tmp_path).decode().splitlines()
    assert rows[0] == "series,step,x,y" and sum(row.startswith("truth,") for row in rows) == 201
    assert sum(row.startswith("support point,") for row in rows) == 5 and any(row.startswith("maml,10,") for row in rows)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_saved_picture_says_what_it_shows_dark_on_white(open_page, tmp_path, scheme):
    page = open_page("/", scheme=scheme)
    wait_for_python(page)
    svg = saved(page, "svg", tmp_path).decode()
    for text in ("A sine wave from 5 points, after 10 gradient steps", "radians; step size α = ", "truth", "support points"):
        assert text in svg
    for label in (MAML, "Pretrained on all tasks", "Random initialisation"):
        before, after = losses(page, label)
        assert f"{label}: error {before:.2f} → {after:.3f}" in svg or f"{label}: error {before:.2f} → {after:.2f}" in svg
    assert "x, radians" in svg and svg.count("<circle") == 6  # five points, and one in the legend
    writing = re.findall(r'<text[^>]*fill="([^"]+)"', svg)
    assert len(writing) > 15 and all(luminance(colour) < 0.4 for colour in writing)
    png = Image.open(io.BytesIO(saved(page, "png", tmp_path)))
    assert png.getpixel((0, 0))[:3] == (255, 255, 255) and png.width == 2 * float(re.search(r'width="([\d.]+)"', svg)[1])


def luminance(colour):
    if colour.startswith("#"):
        red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    else:  # rgb(..) or color(srgb ..)
        red, green, blue = (float(part) for part in re.findall(r"[\d.]+", colour)[:3])
        red, green, blue = (red / 255, green / 255, blue / 255) if colour.startswith("rgb") else (red, green, blue)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_frame_and_an_answer_are_timed(open_page):
    """Bounds are held by the acceptance tests, on a machine that is quiet."""
    page = open_page("/")
    wait_for_python(page)
    speed = measure(page, drags=6, moves=20)
    assert len(speed.frames) > 20 and len(speed.answers) == 6 and min(speed.frames) > 0
    print(f"\nframe {percentile_95(speed.frames):.1f} ms, answer {percentile_95(speed.answers):.0f} ms at the 95th percentile")


def test_numbers_are_spelled_as_python_spells_them():
    assert read_losses("2.32 → 0.038") == (2.32, 0.038) and read_losses("1,234 → diverged") == (1234.0, float("inf"))
