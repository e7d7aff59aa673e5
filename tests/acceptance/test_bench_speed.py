"""How fast the sine bench is in a headless Chromium beside the server, against its targets: `make acceptance`.

A frame is everything between a move and the picture's new shape: three learners adapt to five points, each step of the one in
focus is predicted at 201 inputs, and the picture is changed. An answer is the engine's numbers, from letting go.
"""

import pytest

from tests.browser.benches import measure, percentile_95, wait_for_python
from tests.browser.waiting import wait_until_idle

pytestmark = pytest.mark.acceptance

FRAME_TARGET, ANSWER_TARGET = 16.0, 300.0  # milliseconds, 95th percentile


@pytest.mark.parametrize("path", ["/", "/adapt"])
def test_a_frame_and_an_answer(app, browser, path):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{app}{path}")
    wait_until_idle(page)
    wait_for_python(page)
    measure(page, drags=4, moves=20)  # the browser compiles what it runs often
    speed = measure(page, drags=30, moves=30)
    context.close()
    figures = {"frame": (percentile_95(speed.frames), FRAME_TARGET), "answer": (percentile_95(speed.answers), ANSWER_TARGET)}
    for what, (figure, target) in figures.items():
        verdict = "ok   " if figure <= target else "SHORT"
        print(f"\n{verdict} bench on {path}, {what}, 95th percentile: {figure:.1f} ms (target: {target:g})", end="")
    assert all(figure <= target for figure, target in figures.values())
